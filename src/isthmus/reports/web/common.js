"use strict";
// Everything that came from outside (names of files and classes) is set as text, never as HTML.
const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const FLOOR = 1e-6;
const redrawn = [];  // drawings that follow the width of the window
addEventListener("resize", () => { for (const draw of redrawn) draw(); });

function element(name, attributes = {}, text = null) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== null) node.textContent = text;
  return node;
}
function svg(name, attributes = {}, text = null) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== null) node.textContent = text;
  return node;
}
const className = (index, pair) => pair.classes[index] ?? "class " + index;
const number = (value, digits = 3) => value === null ? "not finite" : value === 0 ? "0" : Number(value.toPrecision(digits)).toString();

function setAddress(hash) {  // a page in a frame of a notebook has no address of its own
  try { history.replaceState(null, "", hash); } catch { return; }
}

// ---- files
function offer(name, parts, type) {
  const link = element("a", { href: URL.createObjectURL(new Blob(parts, { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
// Rows as a file for spreadsheets; what these would take for a formula is quoted.
function csvText(header, rows) {
  const cell = (value) => {
    const text = String(value ?? ""), plain = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? "'" + text : text;
    return /[",\n\r]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
  };
  return [header, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}
// A drawing as a file that needs no style sheet: what the page says of its looks is written into it.
const LOOKS = ["fill", "fill-opacity", "stroke", "stroke-opacity", "stroke-width", "stroke-dasharray", "stroke-linejoin", "paint-order", "font-family", "font-size", "font-weight", "text-anchor", "opacity", "image-rendering"];
function svgFile(root) {
  const copy = root.cloneNode(true), [, , width, height] = root.getAttribute("viewBox").split(" ");
  const here = [root, ...root.querySelectorAll("*")], there = [copy, ...copy.querySelectorAll("*")];
  here.forEach((node, i) => {
    const looks = getComputedStyle(node);
    there[i].removeAttribute("style"); there[i].removeAttribute("class");
    for (const look of LOOKS) if (looks.getPropertyValue(look)) there[i].setAttribute(look, looks.getPropertyValue(look));
  });
  here.forEach((node, i) => { if (node.classList.contains("cursor")) there[i].remove(); });  // where a slider stands is no part of it
  const ground = svg("rect", { width, height, fill: getComputedStyle(document.body).backgroundColor });
  copy.prepend(ground);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg"); copy.setAttribute("width", width); copy.setAttribute("height", height);
  return new XMLSerializer().serializeToString(copy);
}
function saving(figure, title) {  // a button that writes the drawing of a figure
  const button = element("button", { class: "save", type: "button", title: "save the drawing as SVG", "aria-label": "save the drawing as SVG: " + title }, "SVG");
  button.addEventListener("click", () => offer((title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "figure") + ".svg", [svgFile(figure.querySelector("svg"))], "image/svg+xml"));
  figure.append(button);
}

for (const figure of document.querySelectorAll("figure")) {
  const drawing = figure.querySelector(":scope > svg");
  if (drawing) saving(figure, drawing.getAttribute("aria-label"));
}
