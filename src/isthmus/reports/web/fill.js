// ---- surfaces: loss over (u, v) before and after, and the input at (u, v)
const state = { surface: 0, u: 0.5, v: 0.5 };
const loaded = new Map();
function picture(k) {
  if (!loaded.has(k)) { const image = new Image(); image.src = data.pictures[k]; loaded.set(k, image); }
  return loaded.get(k);
}
const chosen = () => data.surfaces[state.surface];

// ---- the table
function drawTable() {
  byId("table").tBodies[0].replaceChildren(...data.surfaces.map((each, k) => {
    const row = element("tr", { tabindex: 0 });
    const cells = [[k, "text"], [each.class, "text"], [number(each.flatMax)], [number(each.max)], [number(each.threshold)], [number(100 * each.flatAbove) + " %"], [each.area === null ? "–" : "× " + number(each.area)], [each.cost.toLocaleString("en")], [each.outcome + (each.proven ? ", proven" : ""), "text wide " + (each.filled ? "good" : "bad")]];
    for (const [text, kind] of cells) row.append(element("td", kind ? { class: kind } : {}, String(text)));
    row.addEventListener("click", () => choose(k, true));
    row.addEventListener("keydown", (event) => { if (event.key === "Enter") choose(k, true); });
    return row;
  }));
}

// ---- maps
const COLOURS = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];  // dark to light, even to the eye
function colour(share) {
  const place = Math.min(1, Math.max(0, share)) * (COLOURS.length - 1), k = Math.min(COLOURS.length - 2, Math.floor(place)), s = place - k;
  return COLOURS[k].map((value, c) => Math.round((1 - s) * value + s * COLOURS[k + 1][c]));
}
function drawMap(id, grid, scale, threshold) {
  const canvas = byId(id), size = canvas.width, context = canvas.getContext("2d"), image = context.createImageData(size, size);
  for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) {
    const value = mixed(grid, x / (size - 1), 1 - y / (size - 1)), at = 4 * (y * size + x);
    const striped = value > threshold && (x + y) % 8 < 2, [r, g, b] = striped ? [255, 255, 255] : colour(scale.place(value));
    image.data.set([r, g, b, 255], at);
  }
  context.putImageData(image, 0, 0);
}
function outline(id, cells) {
  const canvas = byId(id), context = canvas.getContext("2d"), size = canvas.width - 1;
  context.lineWidth = 0.5;
  for (const [u0, v0, u1, v1, upper, decided] of cells) {
    const place = [u0 * size, (1 - v1) * size, (u1 - u0) * size, (v1 - v0) * size];
    context.strokeStyle = decided ? "rgba(255, 255, 255, 0.45)" : "rgba(255, 60, 60, 0.9)"; context.strokeRect(...place);
    if (!decided) { context.fillStyle = "rgba(255, 60, 60, 0.35)"; context.fillRect(...place); }
  }
}
function provenAt(cells, u, v) {
  const cell = cells.find(([u0, v0, u1, v1]) => u0 <= u && u <= u1 && v0 <= v && v <= v1);
  return cell === undefined ? "" : cell[4] === null ? "; nothing proven here" : `; proven: at most ${number(cell[4])}`;
}
function mixed(grid, u, v) {
  const last = grid.length - 1, x = Math.min(u * last, last - 1e-9), y = Math.min(v * last, last - 1e-9), i = Math.floor(x), j = Math.floor(y), s = x - i, t = y - j;
  return (1 - t) * ((1 - s) * grid[j][i] + s * grid[j][i + 1]) + t * ((1 - s) * grid[j + 1][i] + s * grid[j + 1][i + 1]);
}
function mark(id) {
  const canvas = byId(id), context = canvas.getContext("2d"), size = canvas.width;
  context.beginPath(); context.arc(state.u * (size - 1), (1 - state.v) * (size - 1), 5, 0, 7);
  context.lineWidth = 3; context.strokeStyle = "#000"; context.stroke(); context.lineWidth = 1.5; context.strokeStyle = "#fff"; context.stroke();
}

// ---- the input at (u, v), blended from four of a lattice
function paint(id, lattice, side) {
  const canvas = byId(id), context = canvas.getContext("2d");
  const x = Math.min(state.u * (side - 1), side - 1 - 1e-9), y = Math.min(state.v * (side - 1), side - 1 - 1e-9), i = Math.floor(x), j = Math.floor(y), s = x - i, t = y - j;
  const four = [[i, j, (1 - s) * (1 - t)], [i + 1, j, s * (1 - t)], [i, j + 1, (1 - s) * t], [i + 1, j + 1, s * t]].map(([a, b, weight]) => [picture(lattice[b][a]), weight]);
  if (four.some(([image]) => !image.naturalWidth)) return;
  const [first] = four[0];
  if (canvas.width !== first.naturalWidth || canvas.height !== first.naturalHeight) { canvas.width = first.naturalWidth; canvas.height = first.naturalHeight; }
  canvas.classList.toggle("pixels", first.naturalWidth <= 64);
  let sum = 0;
  for (const [image, weight] of four) { sum += weight; if (weight > 0) { context.globalAlpha = weight / sum; context.drawImage(image, 0, 0); } }
  context.globalAlpha = 1;
}
function move(u, v) {
  state.u = Math.min(1, Math.max(0, u)); state.v = Math.min(1, Math.max(0, v));
  byId("u").value = Math.round(1000 * state.u); byId("v").value = Math.round(1000 * state.v);
  const each = chosen(), scale = axis([...each.before.flat(), ...each.after.flat(), each.threshold]);
  for (const [name, grid] of [["before", each.before], ["after", each.after]]) {
    drawMap("map-" + name, grid, scale, each.threshold);
    if (name === "after") outline("map-after", each.cells);
    mark("map-" + name);
    const here = mixed(grid, state.u, state.v);
    byId("now-" + name).textContent = `loss ${number(here)}` + (here <= each.threshold ? "" : ", above the threshold") + (name === "after" ? provenAt(each.cells, state.u, state.v) : "");
  }
  paint("image-plain", each.plain, each.side); paint("image-found", each.found, each.side);
}
function choose(k, scroll = false) {
  if (!data.surfaces[k]) return;
  state.surface = k;
  const each = chosen();
  byId("name").textContent = `Loop ${k}: ${each.class}`;
  byId("verdict").textContent = `${each.outcome[0].toUpperCase() + each.outcome.slice(1)}. Corners ${each.names.join(", ")}. Highest loss ${number(each.flatMax)} on the plain surface, ${number(each.max)} on the one found (threshold ${number(each.threshold)}); ${each.moved} nodes moved` +
    (each.area === null ? "" : `, area × ${number(each.area)}`) + (each.eightBits === null ? "" : `; rounded to 8 bits ${number(each.eightBits)}`) + (each.certificate === null ? "." : `. ${each.certificate}.`);
  [...byId("table").tBodies[0].rows].forEach((row, number) => row.classList.toggle("chosen", number === k));
  byId("proof").textContent = !each.parts ? "" : !each.cells.length ? `The proof has ${each.parts.toLocaleString("en")} cells, too many to draw.` : "White lines are the cells of the proof" + (each.cells.some((cell) => !cell[5]) ? "; red ones were left undecided." : ".");
  setAddress("#loop-" + k);
  move(...(each.filled ? [0.5, 0.5] : each.peak));
  Promise.allSettled([...each.plain.flat(), ...each.found.flat()].map((n) => picture(n).decode())).then(() => { if (state.surface === k) { move(state.u, state.v); document.body.dataset.ready = k; } });
  if (scroll) byId("surface").scrollIntoView({ behavior: "smooth", block: "start" });
}
byId("u").addEventListener("input", (event) => move(event.target.value / 1000, state.v));
byId("v").addEventListener("input", (event) => move(state.u, event.target.value / 1000));
for (const name of ["map-before", "map-after"]) byId(name).addEventListener("pointermove", (event) => {
  const box = byId(name).getBoundingClientRect();
  move((event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height);
});
byId("previous").addEventListener("click", () => choose((state.surface + data.surfaces.length - 1) % data.surfaces.length));
byId("next").addEventListener("click", () => choose((state.surface + 1) % data.surfaces.length));
document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest?.("table")) return;
  const step = event.shiftKey ? 0.1 : 0.01, way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
  if (way) { event.preventDefault(); move(state.u + step * way[0], state.v + step * way[1]); }
});
const fromAddress = () => { const match = /^#loop-(\d+)$/.exec(location.hash); return match ? Number(match[1]) : null; };
addEventListener("hashchange", () => { const k = fromAddress(); if (k !== null) choose(k); });
drawTable();
if (data.surfaces.length) choose(data.surfaces[fromAddress() ?? -1] ? fromAddress() : Math.max(0, data.surfaces.findIndex((each) => each.moved)));
else byId("surface").hidden = true;
