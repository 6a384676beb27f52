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

// ---- axes
function axis(values) {
  const finite = values.filter((v) => v !== null);
  const high = Math.max(...finite, FLOOR), low = Math.min(...finite);
  const logarithmic = low >= 0 && high > 100 * Math.max(low, FLOOR);
  if (logarithmic) {
    const top = Math.log10(high) + 0.15, bottom = Math.log10(Math.max(low, FLOOR)) - 0.15;
    const ticks = [];
    for (let power = Math.ceil(bottom); power <= top; power++) ticks.push(10 ** power);
    return { ticks, place: (v) => (Math.log10(Math.max(v, FLOOR)) - bottom) / (top - bottom) };
  }
  const span = (high - low) || 1, top = high + 0.08 * span, bottom = low >= 0 && low < 0.5 * high ? 0 : low - 0.08 * span;
  const raw = (top - bottom) / 4, power = 10 ** Math.floor(Math.log10(raw)), step = [1, 2, 5, 10].find((k) => k * power >= raw) * power;
  const ticks = [];
  for (let v = Math.ceil(bottom / step) * step; v <= top; v += step) ticks.push(Number(v.toPrecision(6)));
  return { ticks, place: (v) => (v - bottom) / (top - bottom) };
}
