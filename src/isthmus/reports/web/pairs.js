// ---- pairs: a table, and one of them under a slider
const state = { pair: 0, t: 0, sort: "id", down: false, zoom: [0, 1] };
const loaded = new Map();
function picture(number) {  // decoded when a pair that shows it is chosen
  if (!loaded.has(number)) { const image = new Image(); image.src = data.pictures[number]; loaded.set(number, image); }
  return loaded.get(number);
}
const picturesOf = (pair) => [...pair.direct.pictures, ...pair.found.pictures, ...(pair.difference === undefined ? [] : [pair.difference])].map(picture);

// ---- the table
const columns = [
  ["id", "pair", (p) => p.number ?? p.id],
  ...(data.pairs.some((p) => p.group) ? [["group", "group", (p) => p.group, "text"], ["rank", "rank", (p) => p.rank, "text"]] : []), ["a", "A", (p) => p.a, "name"], ["c", "C", (p) => p.c, "name"],
  ["target", "target", (p) => className(p.target, p), "text"],
  ["directMax", "direct max", (p) => p.directMax], ["max", "found max", (p) => p.max],
  ["threshold", "threshold", (p) => p.threshold],
  ["outcome", "outcome", (p) => p.directConnected ? "direct" : p.outcome, "text"],
  ["class", "keeps class", (p) => p.classConnected ? "yes" : "no"],
  ["deviation", "deviation", (p) => p.deviation, "percent"], ["rounds", "rounds", (p) => p.rounds],
  ["cost", "cost", (p) => p.cost],
];
function cellText(value, kind) {
  if (value === null) return "not finite";
  if (kind === "name") return value.length > 18 ? "…" + value.slice(-17) : value;  // files differ at their ends
  if (kind === "percent") return number(100 * value) + " %";
  return typeof value === "number" ? number(value, Number.isInteger(value) ? 9 : 3) : value;
}
// Pairs of which every word of the filter stands in some cell.
function shownPairs() {
  const words = byId("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  const text = (pair) => columns.map(([, , value]) => String(value(pair) ?? "")).join(" ").toLowerCase();
  const found = words.length ? data.pairs.filter((pair) => { const held = text(pair); return words.every((word) => held.includes(word)); }) : [...data.pairs];
  byId("counted").textContent = words.length ? `${found.length} of ${data.pairs.length} pairs` : "";
  return found;
}
function csv() {
  const rows = [...byId("table").tBodies[0].rows].map((row) => data.pairs[Number(row.dataset.id)]);
  return csvText(columns.map(([, label]) => label), rows.map((pair) => columns.map(([, , value]) => value(pair))));
}
function drawTable() {
  const head = element("tr");
  for (const [key, label, , kind] of columns) {
    const cell = element("th", { class: kind === "text" || kind === "name" ? "text" : "", "aria-sort": state.sort === key ? (state.down ? "descending" : "ascending") : "none" });
    const button = element("button", {}, label + (state.sort === key ? (state.down ? " ↓" : " ↑") : ""));
    button.addEventListener("click", () => { state.down = state.sort === key ? !state.down : false; state.sort = key; drawTable(); });
    cell.append(button); head.append(cell);
  }
  byId("table").tHead.replaceChildren(head);
  const read = columns.find(([key]) => key === state.sort)[2];
  const order = shownPairs().sort((p, q) => {
    const x = read(p), y = read(q);
    const sign = typeof x === "string" ? x.localeCompare(y) : (x ?? Infinity) - (y ?? Infinity);
    return (state.down ? -sign : sign) || p.id - q.id;
  });
  byId("table").tBodies[0].replaceChildren(...order.map((pair) => {
    const row = element("tr", { "data-id": pair.id, tabindex: 0 });
    for (const [key, , value, kind] of columns) {
      const text = cellText(value(pair), kind);
      const isText = kind === "text" || kind === "name";
      row.append(element("td", { class: (isText ? "text " : "") + (key === "outcome" ? pair.state : ""), title: isText ? value(pair) : "" }, text));
    }
    row.addEventListener("click", () => choose(pair.id, true));
    row.addEventListener("keydown", (event) => { if (event.key === "Enter") choose(pair.id, true); });
    return row;
  }));
  markRow();
}
function markRow() {
  for (const row of byId("table").tBodies[0].rows) row.classList.toggle("chosen", Number(row.dataset.id) === state.pair);
}

// ---- the loss curves of one pair
let cursors = {}, chart = null;
const BANDS = ["#cc79a7", "#d8c830", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#999999"];
function drawChart() {
  const pair = data.pairs[state.pair], root = byId("chart").firstElementChild, width = root.clientWidth || 600;
  const left = 62, right = 40, plot = 250, rows = pair.found.vertices.length === 2 ? ["direct"] : ["direct", "found"], certified = pair.density !== null;
  const height = plot + 44 + 24 * (rows.length + certified);
  blank(root, width, height);
  const [from, to] = state.zoom, seen = (profile) => profile.loss.filter((_, i) => profile.t[Math.min(i + 1, profile.t.length - 1)] >= from && profile.t[Math.max(i - 1, 0)] <= to);
  const scale = axis([...seen(pair.direct), ...seen(pair.found), ...(from === 0 && to === 1 ? [pair.threshold] : [])]);
  const x = (t) => left + (t - from) / (to - from) * (width - left - right), y = (v) => 10 + (1 - scale.place(v)) * (plot - 10);
  chart = { x, y, t: (px) => from + (px - left) / (width - left - right) * (to - from), width };
  const clip = svg("clipPath", { id: "plot" });
  clip.append(svg("rect", { x: left - (from > 0 ? 0 : 8), y: 0, width: width - left - right + (from > 0 ? 0 : 8) + (to < 1 ? 0 : 8), height: plot + 2 }));
  const within = (begin, end) => [x(Math.max(begin, from)), x(Math.min(end, to))];  // the part of a stretch that is seen
  const curves = svg("g", { "clip-path": "url(#plot)" });
  root.append(clip);
  linesAcross(root, labelled(scale.ticks, short), y, left, width - right);
  root.append(svg("text", { x: 14, y: plot / 2, transform: `rotate(-90 14 ${plot / 2})`, "text-anchor": "middle" }, `loss (${data.unit})`));
  const threshold = y(pair.threshold);
  curves.append(svg("line", { x1: left, x2: width - right, y1: threshold, y2: threshold, stroke: "var(--ink)", "stroke-dasharray": "5 4" }));
  root.append(curves);
  const inside = (v) => Math.min(Math.max(v, 10), plot);
  for (const [begin, end, low, high] of pair.band ?? []) {
    const box = svg("rect", { x: x(begin), width: Math.max(0.5, x(end) - x(begin)), y: inside(y(high)), height: Math.max(1, inside(y(low ?? high)) - inside(y(high))), fill: "var(--found)", "fill-opacity": 0.22 });
    box.append(svg("title", {}, `proven: the loss lies between ${number(low)} and ${number(high)} here`));
    curves.append(box);
  }
  const lines = [[[left, threshold], [width - right, threshold]]], taken = [];  // what words must not stand on
  for (const [key, color] of [["direct", "var(--direct)"], ["found", "var(--found)"]]) {
    const points = pair[key].t.map((t, i) => [x(t), pair[key].loss[i] === null ? null : y(pair[key].loss[i])]).filter((p) => p[1] !== null);
    lines.push(points);
    curves.append(svg("polyline", { points: points.map((p) => p.join(",")).join(" "), fill: "none", stroke: color, "stroke-width": 2.2 }));
    for (const [px, py] of points) curves.append(svg("circle", { cx: px, cy: py, r: 2, fill: color }));
  }
  const inView = (t) => t >= from && t <= to;
  if (pair.directMax !== null && inView(pair.peak)) {
    root.append(svg("circle", { cx: x(pair.peak), cy: y(pair.directMax), r: 6, fill: "var(--peak)" }));
    const cx = x(pair.peak), cy = y(pair.directMax);
    wordsAmong(root, "B", [[Math.max(cx, left + 8), Math.max(cy - 13, 12), "middle"], [cx + 10, cy + 14, "start"], [cx - 10, cy + 14, "end"], [cx + 10, cy - 5, "start"], [cx - 10, cy - 5, "end"], [cx, cy + 20, "middle"]], lines, taken, { class: "clear" });
  }
  pair.found.rounds.forEach((round, i) => {
    if (!round) return;
    if (!inView(pair.found.vertices[i])) return;
    const t = pair.found.vertices[i], cx = x(t), cy = at(pair.found, t).y ?? y(0);
    root.append(svg("path", { d: `M${cx - 6},${cy}L${cx},${cy - 6}L${cx + 6},${cy}L${cx},${cy + 6}Z`, fill: "var(--bypass)" }));
    wordsAmong(root, round === 1 ? "B′" : "round " + round, [[cx, Math.min(cy + 21, plot + 2), "middle"], [cx, cy - 11, "middle"], [cx + 10, cy + 15, "start"], [cx - 10, cy + 15, "end"], [cx + 10, cy - 5, "start"], [cx - 10, cy - 5, "end"]], lines, taken, { class: "clear" });
  });
  if (threshold >= 0 && threshold <= plot) {
    const above = threshold - 5, below = threshold + 14;
    wordsAmong(root, "threshold", [[width - right, above, "end"], [width - right, below, "end"], [left + 4, above, "start"], [left + 4, below, "start"], ...[0.5, 0.7, 0.3].flatMap((share) => [above, below].map((at) => [left + share * (width - left - right), at, "middle"]))].filter(([, at]) => at > 8 && at < plot), lines.slice(1), taken, { class: "faint clear" });
  }
  rows.forEach((key, row) => {
    const top = plot + 8 + 24 * row, colors = {};
    let used = 0;
    root.append(svg("text", { x: left - 8, y: top + 14, "text-anchor": "end", style: `font-weight:650;fill:var(--${key})` }, key));  // as its curve
    for (const [begin, end, index] of pair[key].bands) {
      colors[index] ??= index === pair.target ? "var(--target)" : BANDS[used++ % BANDS.length];
      const [low, high] = within(begin, end);
      if (end < from || begin > to) continue;
      const rect = svg("rect", { x: low, y: top, width: Math.max(1, high - low), height: 19, style: `fill:${colors[index]}` });
      rect.append(svg("title", {}, className(index, pair)));
      root.append(rect);
      const said = fitting(className(index, pair), high - low);
      if (said) root.append(svg("text", { x: (low + high) / 2, y: top + 14, "text-anchor": "middle", style: index === pair.target ? "" : "fill:#111" }, said));
    }
  });
  const bottom = plot + 8 + 24 * (rows.length + certified);
  if (certified) {
    const base = bottom - 5, most = Math.max(...pair.density), share = 1 / pair.density.length;
    root.append(svg("text", { x: left - 8, y: base - 5, "text-anchor": "end" }, "parts"));
    pair.density.forEach((count, i) => {
      const tall = count && Math.max(1.5, 19 * count / most);
      if (!inView((i + 0.5) * share)) return;
      const bar = svg("rect", { x: x(i * share), y: base - tall, width: Math.max(0.6, x(share) - x(0) - 0.6), height: tall, class: "pieces" });
      bar.append(svg("title", {}, `${count.toLocaleString("en")} parts in which the certifier looked begin here`));
      root.append(bar);
    });
  }
  labelsBelow(root, labelled(from === 0 && to === 1 ? [0, 0.25, 0.5, 0.75, 1] : rounds(from, to), String), x, bottom + 14, width);
  root.append(svg("text", { x: (left + width - right) / 2, y: bottom + 30, "text-anchor": "middle" }, "arc length / path length" + (width < 640 ? "" : "; bands: predicted class" + (certified ? "; bars: where the certifier looked" : "") + ((pair.band ?? []).length ? "; shaded: proven" : ""))));
  cursors = { line: svg("line", { class: "cursor", y1: 6, y2: bottom, stroke: "var(--ink)", "stroke-opacity": 0.5 }), direct: svg("circle", { class: "cursor", r: 8, fill: "none", stroke: "var(--direct)", "stroke-width": 2.5 }), found: svg("circle", { class: "cursor", r: 8, fill: "none", stroke: "var(--found)", "stroke-width": 2.5 }) };
  root.append(cursors.line, cursors.direct, cursors.found);
}
// Part of the chart, around a place: the slider then runs over this part, so that its thumb stays below the cursor.
function zoom(factor, around = state.t) {
  const [from, to] = state.zoom, wide = Math.min(1, Math.max(0.002, (to - from) * factor)), share = Math.min(1, Math.max(0, (around - from) / (to - from)));
  const begin = Math.min(1 - wide, Math.max(0, around - share * wide));
  state.zoom = factor === Infinity || wide === 1 ? [0, 1] : [begin, begin + wide];
  byId("slider").min = 1000 * state.zoom[0]; byId("slider").max = 1000 * state.zoom[1];
  byId("slider").step = wide < 0.5 ? "any" : 1;
  byId("whole").hidden = state.zoom[0] === 0 && state.zoom[1] === 1;
  drawChart(); move(Math.min(state.zoom[1], Math.max(state.zoom[0], state.t)));
}
function hover(event) {
  const tip = byId("tip"), root = byId("chart").firstElementChild, box = root.getBoundingClientRect(), t = chart.t((event.clientX - box.left) * chart.width / box.width);
  const pair = data.pairs[state.pair], [from, to] = state.zoom;
  tip.hidden = !(t >= from && t <= to) || event.pointerType !== "mouse";
  if (tip.hidden) return;
  const seen = (key) => { const here = at(pair[key], t), [most] = here.probabilities.sort((p, q) => q[1] - p[1]); return `${key} ${number(here.loss)}${most ? " · " + className(most[0], pair) : ""}`; };
  tip.replaceChildren(...[`t = ${number(t)}`, seen("direct"), ...(pair.found.vertices.length === 2 ? [] : [seen("found")])].map((text) => element("div", {}, text)));
  const outer = byId("chart").getBoundingClientRect(), side = event.clientX - outer.left;
  tip.style.left = (side > outer.width / 2 ? side - tip.offsetWidth - 14 : side + 14) + "px";
  tip.style.top = event.clientY - outer.top + 12 + "px";
}
function at(profile, t) {
  let i = 1;
  while (i < profile.t.length - 1 && profile.t[i] < t) i++;
  const width = profile.t[i] - profile.t[i - 1], s = width > 0 ? Math.min(1, Math.max(0, (t - profile.t[i - 1]) / width)) : 0;
  const mix = (u, v) => u === null || v === null ? null : (1 - s) * u + s * v;
  const drawn = chart !== null && profile.loss[i - 1] !== null && profile.loss[i] !== null ? mix(chart.y(profile.loss[i - 1]), chart.y(profile.loss[i])) : null;  // on the line as it is drawn
  const begin = new Map(profile.top[i - 1]), end = new Map(profile.top[i]);
  const probabilities = [...new Set([...begin.keys(), ...end.keys()])].map((index) => [index, mix(begin.get(index) ?? 0, end.get(index) ?? 0)]);
  return { loss: mix(profile.loss[i - 1], profile.loss[i]), y: drawn, probabilities };
}

// ---- the slider
function drawInput(key) {
  const pair = data.pairs[state.pair], path = pair[key], t = state.t, places = path.places ?? path.vertices;
  let i = 1;
  while (i < places.length - 1 && places[i] < t) i++;
  const width = places[i] - places[i - 1], between = width > 0 ? (t - places[i - 1]) / width : 0;
  const s = path.places === undefined ? between : Math.round(between); // such pictures do not blend: the nearer is shown
  paint(byId("image-" + key), picture(path.pictures[i - 1]), picture(path.pictures[i]), s);
  byId("reading-" + key).textContent = path.readings === undefined ? "" : path.readings[s < 0.5 ? i - 1 : i];
  const here = at(path, t);
  byId("now-" + key).textContent = `loss ${number(here.loss)}` + (here.loss !== null && here.loss <= pair.threshold ? "" : ", above the threshold");
  const bars = here.probabilities.sort((p, q) => q[1] - p[1]).slice(0, 5).map(([index, p]) => {
    const bar = element("div", { class: "bar" + (index === pair.target ? " target" : "") });
    const length = element("i"); length.style.width = 100 * p + "%";
    bar.append(element("span", { title: className(index, pair) }, className(index, pair)), length, element("span", {}, (100 * p).toFixed(1) + " %"));
    return bar;
  });
  byId("bars-" + key).replaceChildren(...bars);
  if (here.loss !== null) { cursors[key].setAttribute("cx", chart.x(t)); cursors[key].setAttribute("cy", here.y); }
}
function paint(canvas, begin, end, weight) {
  if (!begin.naturalWidth || !end.naturalWidth) return;
  if (canvas.width !== begin.naturalWidth || canvas.height !== begin.naturalHeight) { canvas.width = begin.naturalWidth; canvas.height = begin.naturalHeight; }
  canvas.classList.toggle("pixels", begin.naturalWidth <= 64);
  const context = canvas.getContext("2d");
  context.globalAlpha = 1; context.drawImage(begin, 0, 0);
  context.globalAlpha = weight; context.drawImage(end, 0, 0);
}
function move(t) {
  state.t = Math.min(state.zoom[1], Math.max(state.zoom[0], t));
  byId("slider").value = 1000 * state.t;
  byId("slider").setAttribute("aria-valuetext", "t = " + state.t.toFixed(2));
  cursors.line.setAttribute("x1", chart.x(state.t)); cursors.line.setAttribute("x2", chart.x(state.t));
  drawInput("direct"); drawInput("found");
}

// ---- one pair
const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);
function choose(id, scroll = false) {
  if (!data.pairs[id]) return;
  if (state.pair !== id) state.zoom = [0, 1];
  state.pair = id;
  const pair = data.pairs[id];
  byId("name").textContent = `Pair ${pair.number ?? id}: ${pair.a} → ${pair.c}, target ${className(pair.target, pair)}`;
  // As many digits as it takes to tell the losses from the threshold.
  const losses = [pair.directMax, pair.max, ...(pair.own ?? []).map(([, value]) => value).filter((value) => typeof value === "number")];
  const same = (digits) => losses.some((v) => v !== null && v !== pair.threshold && number(v, digits) === number(pair.threshold, digits));
  let fine = 3;
  while (fine < 9 && same(fine)) fine++;
  byId("verdict").textContent = `${pair.group ? pair.group + ", " + pair.rank + ": " : ""}${pair.group ? pair.outcome : sentence(pair.outcome)}. Highest loss ${number(pair.directMax, fine)} on the direct path, ${number(pair.max, fine)} on the path found (threshold ${number(pair.threshold, fine)}); ` +
    `${pair.rounds} round${pair.rounds === 1 ? "" : "s"}, ${pair.steps} step${pair.steps === 1 ? "" : "s"}, ${pair.cost} forward-equivalents; deviation ${pair.deviation === null ? "not finite" : number(100 * pair.deviation) + " %"}` + (pair.certificate === null ? "." : `. ${pair.certified ? "Certified" : "Shown"}: ${pair.certificate}.`) +
    (pair.own ?? []).map(([name, value]) => ` ${sentence(name.replaceAll("_", " "))}: ${typeof value === "number" ? number(value, fine) : typeof value === "boolean" ? (value ? "yes" : "no") : value ?? "–"}.`).join("");
  byId("difference").hidden = pair.difference === undefined;
  if (pair.difference !== undefined) {
    byId("now-difference").textContent = `what moves the peak off the barrier: ${pair.change}`;
  }
  if (pair.strip !== undefined) { byId("strip").hidden = false; byId("strip").lastElementChild.src = pair.strip; }
  state.t = pair.peak ?? 0.5;
  zoom(1); markRow();
  setAddress("#pair-" + (pair.number ?? id));
  Promise.allSettled(picturesOf(pair).map((image) => image.decode())).then(() => {
    if (state.pair !== id) return;
    if (pair.difference !== undefined) paint(byId("image-difference"), picture(pair.difference), picture(pair.difference), 0);
    move(state.t);
    document.body.dataset.ready = id;
  });
  if (scroll) byId("pair").scrollIntoView({ behavior: "smooth", block: "start" });
}
function fromAddress() {  // by the number that the table shows
  const match = /^#pair-(\d+)$/.exec(location.hash), place = match ? data.pairs.findIndex((pair) => (pair.number ?? pair.id) === Number(match[1])) : -1;
  return place < 0 ? null : place;
}
byId("filter").addEventListener("input", drawTable);
byId("csv").addEventListener("click", () => offer("pairs.csv", [csv()], "text/csv"));
byId("slider").addEventListener("input", (event) => move(event.target.value / 1000));
byId("chart").addEventListener("pointermove", (event) => {
  hover(event);
  if (event.pointerType === "mouse" && event.buttons === 0) return;
  scrub(event);
});
byId("chart").addEventListener("pointerdown", (event) => { if (event.target.closest("svg")) scrub(event); });
byId("chart").addEventListener("pointerleave", () => { byId("tip").hidden = true; });
byId("chart").addEventListener("wheel", (event) => {  // with the key that zooms pages, so that one can still scroll past
  if (!event.ctrlKey && !event.metaKey) return;
  event.preventDefault();
  const box = byId("chart").firstElementChild.getBoundingClientRect();
  zoom(event.deltaY > 0 ? 1.25 : 0.8, chart.t((event.clientX - box.left) * chart.width / box.width));
}, { passive: false });
byId("closer").addEventListener("click", () => zoom(0.5));
byId("wider").addEventListener("click", () => zoom(2));
byId("whole").addEventListener("click", () => zoom(Infinity));
function scrub(event) {
  const box = byId("chart").firstElementChild.getBoundingClientRect();
  move(chart.t((event.clientX - box.left) * chart.width / box.width));
}
byId("previous").addEventListener("click", () => choose((state.pair + data.pairs.length - 1) % data.pairs.length));
byId("next").addEventListener("click", () => choose((state.pair + 1) % data.pairs.length));
document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.target.matches?.("input:not([type=range]), select, textarea")) return;
  const inTable = event.target.closest?.("table");
  if (event.key === "ArrowLeft" || event.key === "ArrowRight") { event.preventDefault(); move(state.t + (event.key === "ArrowRight" ? 1 : -1) * (event.shiftKey ? 0.1 : 0.01) * (state.zoom[1] - state.zoom[0])); }
  if ("+-0".includes(event.key)) { event.preventDefault(); zoom(event.key === "+" ? 0.5 : event.key === "-" ? 2 : Infinity); }
  if ((event.key === "ArrowUp" || event.key === "ArrowDown") && !inTable && event.target === byId("slider")) {
    event.preventDefault(); choose((state.pair + (event.key === "ArrowDown" ? 1 : data.pairs.length - 1)) % data.pairs.length);
  }
});
addEventListener("hashchange", () => { const id = fromAddress(); if (id !== null) choose(id); });
redrawn.push(() => { if (data.pairs.length) { drawChart(); move(state.t); } });
drawTable();
if (data.pairs.length) {
  const start = fromAddress();
  const barrier = (pair) => pair.directGap ?? -1, telling = data.pairs.reduce((best, pair) => barrier(pair) > barrier(best) ? pair : best);
  choose(start ?? data.first ?? telling.id, start !== null);
} else byId("pair").hidden = true;
