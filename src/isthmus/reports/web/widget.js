// A pair under a slider, in a cell of a notebook. Lives in a shadow root, so that no style goes in or out.
// What came from outside (names of classes) is set as text, never as HTML.
// As wide as the window allows, so that letters keep their size.
const FLOOR = 1e-6, WIDTH = Math.max(300, Math.min(560, innerWidth - 56)), HEIGHT = 170, LEFT = 56, RIGHT = 10, TOP = 8, BOTTOM = 24;
const COLORS = { direct: "#7f7f7f", found: "#0072b2", peak: "#e69f00", bypass: "#009e73" };
const STYLE = `
:host { display: block; max-width: 46em; color: inherit; font: inherit; }
.card { border: 1px solid rgba(128,128,128,.35); border-radius: 6px; padding: .6em .9em; line-height: 1.45; }
.row { display: flex; flex-wrap: wrap; gap: .8em; align-items: flex-start; }
.quiet { opacity: .75; font-size: .92em; }
figure { margin: 0; width: 150px; font-size: .85em; }
canvas { width: 150px; height: auto; display: block; border-bottom: 3px solid transparent; }
canvas.pixels { image-rendering: pixelated; }
/* The thumb stands below the cursor: beside the margins of the curves, 8 px are half a thumb. */
input[type=range] { display: block; margin: .2em 0 .5em calc(${100 * LEFT / WIDTH}% - 8px); width: calc(${100 - 100 * (LEFT + RIGHT) / WIDTH}% + 16px); accent-color: #0072b2; }
select { max-width: 100%; font: inherit; color: inherit; background: transparent; border: 1px solid rgba(128,128,128,.5); border-radius: 4px; }
select option { color: #111; background: #fff; }
svg { width: 100%; height: auto; display: block; }
svg text { fill: currentColor; font-size: 11px; }
svg line.grid { stroke: currentColor; opacity: .13; }`;

const node = (name, attributes = {}, text = null) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== null) made.textContent = text;
  return made;
};
const svg = (name, attributes = {}, text = null) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== null) made.textContent = text;
  return made;
};
const number = (value) => value === null ? "not finite" : value === 0 ? "0" : Number(value.toPrecision(3)).toString();
const short = (v) => v && (Math.abs(v) < 1e-3 || Math.abs(v) >= 1e5) ? v.toExponential(0).replace("e+", "e") : number(v);
const clamp = (t) => Math.min(1, Math.max(0, t));

function before(places, t) {  // number of the interval that holds t, and how far t lies in it
  let i = 1;
  while (i < places.length - 1 && places[i] < t) i++;
  const width = places[i] - places[i - 1];
  return [i, width > 0 ? clamp((t - places[i - 1]) / width) : 0];
}
function lossAt(profile, t) {
  const [i, s] = before(profile.t, t), u = profile.loss[i - 1], v = profile.loss[i];
  return u === null || v === null ? null : (1 - s) * u + s * v;
}
function likeliest(profile, t) {
  const [i, s] = before(profile.t, t);
  return profile.top[s < 0.5 ? i - 1 : i][0] ?? [null, 0];
}

function chartOf(pair, unit) {
  const root = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": "loss along both paths" });
  const values = [...pair.direct.loss, ...pair.found.loss].filter((v) => v !== null);
  if (pair.threshold !== null && pair.threshold <= 1e4 * Math.max(...values, FLOOR)) values.push(pair.threshold);
  const lowest = Math.min(...values, Infinity), highest = Math.max(...values, FLOOR);
  const logarithmic = lowest >= 0 && highest > 100 * Math.max(lowest, FLOOR);
  const even = (v) => logarithmic ? Math.log10(Math.max(v, FLOOR)) : v;
  const margin = Math.max(0.06 * (even(highest) - even(lowest)), 1e-6 * Math.abs(even(highest))) || 0.5, low = even(lowest) - margin, high = even(highest) + margin;
  const x = (t) => LEFT + t * (WIDTH - LEFT - RIGHT);
  const y = (v) => HEIGHT - BOTTOM - (even(v) - low) / (high - low) * (HEIGHT - TOP - BOTTOM);
  const ticks = [];
  if (logarithmic) { const every = Math.max(1, Math.ceil((high - low) / 5)); for (let p = Math.ceil(low); p <= high; p++) if (p % every === 0) ticks.push(10 ** p); }
  else { const raw = (high - low) / 4, power = 10 ** Math.floor(Math.log10(raw)), step = power * [1, 2, 5, 10].find((k) => k * power >= raw); for (let k = 0, v = Math.ceil(low / step) * step; k < 9 && v + k * step <= high; k++) ticks.push(Number((v + k * step).toPrecision(6))); }
  for (const tick of ticks) root.append(svg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(tick), y2: y(tick), class: "grid" }), svg("text", { x: LEFT - 6, y: y(tick) + 4, "text-anchor": "end" }, short(tick)));
  root.append(svg("text", { transform: `translate(9 ${(HEIGHT - BOTTOM) / 2}) rotate(-90)`, "text-anchor": "middle" }, `loss (${unit})`));
  for (const t of [0, 0.25, 0.5, 0.75, 1]) root.append(svg("text", { x: x(t), y: HEIGHT - 8, "text-anchor": "middle" }, "" + t));
  if (values.includes(pair.threshold)) root.append(svg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(pair.threshold), y2: y(pair.threshold), stroke: "currentColor", "stroke-dasharray": "5 4" }));
  for (const key of ["direct", "found"]) {
    const points = pair[key].t.map((t, i) => [t, pair[key].loss[i]]).filter(([, v]) => v !== null).map(([t, v]) => `${x(t)},${y(v)}`);
    root.append(svg("polyline", { points: points.join(" "), fill: "none", stroke: COLORS[key], "stroke-width": 2 }));
  }
  if (pair.directMax !== null) root.append(svg("circle", { cx: x(pair.peak), cy: y(pair.directMax), r: 4.5, fill: COLORS.peak }));
  const cursor = svg("line", { y1: TOP, y2: HEIGHT - BOTTOM, stroke: "currentColor", opacity: 0.6 });
  root.append(cursor);
  return { root, x, cursor };
}

function paint(canvas, begin, end, weight) {
  if (!begin.naturalWidth || !end.naturalWidth) return;
  canvas.width = begin.naturalWidth; canvas.height = begin.naturalHeight;
  canvas.classList.toggle("pixels", begin.naturalWidth <= 64);
  const context = canvas.getContext("2d");
  context.drawImage(begin, 0, 0);
  context.globalAlpha = weight; context.drawImage(end, 0, 0); context.globalAlpha = 1;
}

function render({ model, el }) {
  const shadow = el.attachShadow({ mode: "open" });
  const data = model.get("data"), images = new Map();
  const picture = (k) => { if (!images.has(k)) { const image = new Image(); image.src = data.pictures[k]; images.set(k, image); } return images.get(k); };
  const choice = node("select", { "aria-label": "pair" });
  data.pairs.forEach((pair) => choice.append(node("option", { value: pair.id }, `pair ${pair.id}: ${pair.classes[pair.target] ?? "class " + pair.target}, ${pair.outcome}`)));
  const slider = node("input", { type: "range", min: 0, max: 1000, step: 1, "aria-label": "position along both paths" });
  const place = node("div"), card = node("div", { class: "card" }), row = node("div", { class: "row" });
  const shown = {};
  for (const [key, name] of [["direct", "direct path"], ["found", "path found"]]) {
    const canvas = node("canvas"), words = node("figcaption"), figure = node("figure");
    canvas.style.borderBottomColor = COLORS[key];
    figure.append(canvas, node("div", {}, name), words); row.append(figure);
    shown[key] = { canvas, words };
  }
  const note = node("div", { class: "quiet" });
  choice.hidden = data.pairs.length === 1;
  card.append(choice, note, place, slider, row);
  shadow.append(node("style", {}, STYLE), card);
  let chart = null;

  function move() {
    const pair = data.pairs[model.get("pair")], t = model.get("t");
    slider.value = Math.round(1000 * t);
    slider.setAttribute("aria-valuetext", "t = " + t.toFixed(2));
    chart.cursor.setAttribute("x1", chart.x(t)); chart.cursor.setAttribute("x2", chart.x(t));
    for (const key of ["direct", "found"]) {
      const path = pair[key], [i, between] = before(path.places ?? path.vertices, t), loss = lossAt(path, t), [index, p] = likeliest(path, t);
      const s = path.places === undefined ? between : Math.round(between); // such pictures do not blend
      paint(shown[key].canvas, picture(path.pictures[i - 1]), picture(path.pictures[i]), s);
      const reading = path.readings === undefined ? "" : ": " + path.readings[s < 0.5 ? i - 1 : i];
      const seen = index === null ? "" : `, ${pair.classes[index] ?? "class " + index} (${(100 * p).toFixed(0)} %)`;
      shown[key].words.textContent = `loss ${number(loss)}${seen}${reading}`;
    }
  }
  function choose() {
    const pair = data.pairs[model.get("pair")];
    choice.value = pair.id;
    chart = chartOf(pair, data.unit);
    place.replaceChildren(chart.root);
    note.textContent = `Highest loss ${number(pair.directMax)} on the direct path, ${number(pair.max)} on the path found; threshold (dashed) ${number(pair.threshold)}.` + (pair.certificate === null ? "" : ` ${pair.certificate}.`);
    move();
    Promise.allSettled([...pair.direct.pictures, ...pair.found.pictures].map((k) => picture(k).decode())).then(() => { move(); card.dataset.ready = pair.id; });
  }
  const go = (t) => { model.set("t", clamp(t)); model.save_changes(); };
  slider.addEventListener("input", () => go(slider.value / 1000));
  place.addEventListener("pointermove", (event) => {
    if (event.buttons === 0) return;
    const box = chart.root.getBoundingClientRect();
    go(((event.clientX - box.left) / box.width * WIDTH - LEFT) / (WIDTH - LEFT - RIGHT));
  });
  choice.addEventListener("change", () => { model.set("pair", Number(choice.value)); model.set("t", data.pairs[Number(choice.value)].peak ?? 0.5); model.save_changes(); });
  const onPair = () => choose(), onPlace = () => move();
  model.on("change:pair", onPair); model.on("change:t", onPlace);
  choose();
  return () => { model.off("change:pair", onPair); model.off("change:t", onPlace); };
}
export default { render };
