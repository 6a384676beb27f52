// ---- charts: panels that were described as data, drawn at the width that there is
let drawnPanels = 0;
const DASHES = { dashed: "6 4", dotted: "2 3", dashdot: "8 3 2 3" };
const finite = (v) => v !== null && v !== undefined;

function spread(panel, which) {  // what the marks of a panel reach along an axis
  const found = [], other = which === "x" ? 0 : 1;
  for (const mark of panel.marks) {
    const along = (mark.upright === true) === (which === "y");
    if (mark.kind === "curve") found.push(...mark[which]);
    else if (mark.kind === "area") found.push(...(which === "x" ? mark.x : [...mark.low, ...mark.high]));
    else if (mark.kind === "whisker") found.push(...(along ? [mark.value, mark.low, mark.high] : [mark.at]));
    else if (mark.kind === "box") found.push(...(along ? mark.quantiles : [mark.at - mark.thick / 2, mark.at + mark.thick / 2]));
    else if (mark.kind === "rule") found.push(...(mark.upright === (which === "x") ? [mark.at] : []));
    else if (mark.kind === "words") found.push(mark[which]);
    else if (mark.kind === "contours") for (const line of mark.lines) found.push(...line[other]);
    else found.push(mark.extent[2 * other], mark.extent[2 * other + 1]);
  }
  return found.filter(finite);
}
function scaleOf(panel, which) {
  const given = panel[which], covered = panel.marks.some((mark) => mark.kind === "cells");
  let values = spread(panel, which);
  if (given.scale === "log") values = values.filter((v) => v > 0);
  if (!values.length) values = given.scale === "log" ? [0.1, 1] : [0, 1];
  const lowest = values.reduce((a, b) => Math.min(a, b)), highest = values.reduce((a, b) => Math.max(a, b));
  const even = given.scale === "log" ? (v) => Math.log10(Math.max(v, 1e-300)) : given.scale === "symlog" ? (v) => Math.sign(v) * (Math.abs(v) <= 1 ? Math.abs(v) : 1 + Math.log2(Math.abs(v))) : (v) => v;
  let low = even(given.low ?? lowest), high = even(given.high ?? highest);
  const pad = covered ? 0 : 0.05 * Math.abs(high - low) || 0.5;
  if (!finite(given.low)) low -= pad;
  if (!finite(given.high)) high += pad;
  const ticks = given.ticks ?? (given.scale === "log" ? powers(Math.min(low, high), Math.max(low, high)) : rounds(Math.min(low, high), Math.max(low, high))).map((v) => [v, number(v)]);
  const place = (v) => (even(v) - low) / (high - low);
  return { place, ticks: ticks.filter(([v]) => place(v) > -1e-6 && place(v) < 1 + 1e-6), floor: given.scale === "log" ? 10 ** Math.min(low, high) : null };
}

function frameOf(panel, width) {  // where the plot lies within the drawing
  const x = scaleOf(panel, "x"), y = scaleOf(panel, "y"), named = panel.y.rows;
  const longest = Math.max(0, ...y.ticks.map(([, text]) => lengthOf(text)));
  const above = named && longest > 0.42 * width;  // the names of rows stand above them then
  const right = 16;
  let left = (above ? 6 : longest + 12) + (panel.y.label ? 20 : 0), top = 10;
  const lines = Math.max(1, ...y.ticks.map(([, text]) => text.split("\n").length));
  let inner = width - left - right;
  const across = x.ticks.some(([, text]) => text.includes("\n")) ? 30 : 16;
  let tall = named ? y.ticks.length * (above ? 30 + 16 * lines : Math.max(28, 16 * lines + 10)) : Math.min(330, Math.max(200, 0.62 * width));
  let wide = inner;
  if (panel.equal) {
    const ends = (which) => { const values = spread(panel, which); return Math.max(...values) - Math.min(...values); };
    tall = Math.min(460, inner * ends("y") / ends("x"));
    wide = Math.min(inner, tall * ends("x") / ends("y"));
  } else if (panel.marks.some((mark) => mark.kind === "cells")) tall = Math.min(420, 0.8 * inner);
  const lying = panel.y.label && lengthOf(panel.y.label) > tall;  // it would not fit beside the plot, and stands above it
  if (lying) { left -= 20; inner += 20; top += 18; if (!panel.equal) wide = inner; }
  const bottom = top + tall;
  const up = (v) => bottom - y.place(v) * tall, over = (v) => left + x.place(v) * wide;
  return { x: over, y: up, ticks: { x: x.ticks, y: y.ticks }, floors: { x: x.floor, y: y.floor }, left, right: left + wide, top, bottom, above, lying, width, height: bottom + across + (panel.x.label ? 26 : 6) };
}

function drawPanel(root, panel) {
  const width = Math.max(240, root.clientWidth || 480), frame = frameOf(panel, width), { x, y } = frame;
  const name = "panel-" + drawnPanels++, shown = [];
  blank(root, width, frame.height);
  const clip = svg("clipPath", { id: name }), hatch = svg("pattern", { id: name + "-hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
  clip.append(svg("rect", { x: frame.left - 5, y: frame.top - 5, width: frame.right - frame.left + 10, height: frame.bottom - frame.top + 10 }));
  hatch.append(svg("line", { x1: 0, x2: 0, y1: 0, y2: 6, stroke: "#555", "stroke-opacity": 0.7, "stroke-width": 1 }));
  const taken = [], curves = panel.marks.filter((mark) => mark.kind === "curve" && mark.width).map((mark) => mark.x.map((v, i) => [x(v), y(mark.y[i])]).filter((point) => point.every(Number.isFinite)));
  const defs = svg("defs"), plot = svg("g", { "clip-path": `url(#${name})` }), words = svg("g");
  defs.append(clip, hatch); root.append(defs);
  drawAxes(root, panel, frame);
  const tell = (px, py, text) => shown.push([px, py, text]);
  const later = [];  // what contours say stands where nothing else does
  for (const mark of panel.marks) MARKS[mark.kind](mark, { plot, words, frame, x, y, tell, hatch: `url(#${name}-hatch)`, panel, taken, curves, later });
  for (const say of later) say();
  root.append(plot, words);
  return shown;
}
function drawAxes(root, panel, frame) {
  const { x, y, left, right, top, bottom } = frame;
  const lined = !panel.marks.some((mark) => mark.kind === "cells");
  if (lined && !panel.y.rows) for (const [v] of frame.ticks.y) root.append(svg("line", { x1: left, x2: right, y1: y(v), y2: y(v), class: "grid" }));
  if (lined && panel.y.rows) linesUpright(root, frame.ticks.x, x, top, bottom);
  for (const [v, text] of frame.ticks.y) {
    const lines = text.split("\n"), begin = frame.above ? y(v) - 14 - 15 * (lines.length - 1) : y(v) + 4 - 7.5 * (lines.length - 1);
    lines.forEach((line, i) => root.append(svg("text", { x: frame.above ? left : left - 8, y: begin + 15 * i, "text-anchor": frame.above ? "start" : "end", class: (panel.y.rows && !i ? "" : "faint") + (frame.above ? " clear" : "") }, line)));
  }
  labelsBelow(root, frame.ticks.x, x, bottom + 17, frame.width);
  root.append(svg("path", { d: panel.y.rows ? `M${left},${bottom}H${right}` : `M${left},${top}V${bottom}H${right}`, stroke: "var(--faint)", fill: "none" }));
  if (panel.x.label) root.append(svg("text", { x: (left + right) / 2, y: frame.height - 6, "text-anchor": "middle" }, panel.x.label));
  if (frame.lying) root.append(svg("text", { x: 0, y: 14 }, panel.y.label));
  else if (panel.y.label) root.append(svg("text", { x: 12, y: (top + bottom) / 2, transform: `rotate(-90 12 ${(top + bottom) / 2})`, "text-anchor": "middle" }, panel.y.label));
}

const SHAPES = {
  o: (r) => `M${-r},0a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0`, s: (r) => `M${-r},${-r}H${r}V${r}H${-r}Z`, D: (r) => `M0,${-1.3 * r}L${1.3 * r},0L0,${1.3 * r}L${-1.3 * r},0Z`,
  "^": (r) => `M0,${-1.2 * r}L${1.2 * r},${r}L${-1.2 * r},${r}Z`, x: (r) => `M${-r},${-r}L${r},${r}M${-r},${r}L${r},${-r}`,
};
function marker(kind, px, py, color, hollow, size = 5.5) {
  const look = kind === "x" ? { fill: "none", stroke: color, "stroke-width": 2 } : { fill: hollow ? "var(--ground)" : color, stroke: color, "stroke-width": 1.4 };
  return svg("path", { d: SHAPES[kind](size / 2 + 0.6), transform: `translate(${px.toFixed(1)},${py.toFixed(1)})`, ...look });
}
const line = (mark) => ({ stroke: mark.color, "stroke-width": mark.width, fill: "none", "stroke-linejoin": "round", ...(mark.dash ? { "stroke-dasharray": DASHES[mark.dash] } : {}), ...(mark.faint ? { "stroke-opacity": 1 - mark.faint } : {}) });
function way(xs, ys, { x, y, frame }) {  // interrupted where a number is none; on a logarithmic axis what is too low runs along its end
  let d = "", pen = "M";
  const lift = (v, floor) => floor === null ? v : Math.max(v, floor);
  xs.forEach((v, i) => {
    if (!finite(v) || !finite(ys[i])) { pen = "M"; return; }
    d += `${pen}${x(lift(v, frame.floors.x)).toFixed(1)},${y(lift(ys[i], frame.floors.y)).toFixed(1)}`; pen = "L";
  });
  return d;
}
const interval = (mark) => number(mark.value) + (finite(mark.low) ? ` (${number(mark.low)} to ${number(mark.high)})` : "");
const MARKS = {
  curve(mark, on) {
    const { plot, x, y, tell, panel } = on;
    if (mark.width) plot.append(svg("path", { d: way(mark.x, mark.y, on), ...line(mark) }));
    mark.x.forEach((v, i) => {
      if (!finite(v) || !finite(mark.y[i])) return;
      const hollow = Array.isArray(mark.hollow) ? mark.hollow[i] : mark.hollow;
      if (mark.marker) plot.append(marker(mark.marker, x(v), y(mark.y[i]), mark.color, hollow, mark.size));
      const named = panel.y.rows ? panel.y.ticks?.find(([place]) => Math.abs(place - mark.y[i]) < 0.5)?.[1] : null;
      if (mark.name || named) tell(x(v), y(mark.y[i]), named ? `${named.replaceAll("\n", ", ")}: ${number(v)}` : `${mark.name}: ${number(mark.y[i])} at ${panel.x.ticks?.find(([place]) => place === v)?.[1] ?? number(v)}`);
    });
  },
  area(mark, on) {
    const there = mark.x.map((_, i) => i).filter((i) => finite(mark.low[i]) && finite(mark.high[i])), back = [...there].reverse();
    const outline = way([...there, ...back].map((i) => mark.x[i]), [...there.map((i) => mark.high[i]), ...back.map((i) => mark.low[i])], on);
    if (outline) on.plot.append(svg("path", { d: outline + "Z", fill: mark.color, "fill-opacity": mark.alpha }));
  },
  whisker(mark, { plot, x, y, tell, panel }) {
    const point = (v) => mark.upright ? [x(mark.at), y(v)] : [x(v), y(mark.at)];
    if (finite(mark.low) && finite(mark.high)) plot.append(svg("path", { d: `M${point(mark.low)}L${point(mark.high)}`, stroke: mark.color, "stroke-width": mark.width, fill: "none" }));
    if (!finite(mark.value)) return;
    if (mark.marker) plot.append(marker(mark.marker, ...point(mark.value), mark.color, mark.hollow));
    const row = mark.name || (panel.y.rows ? panel.y.ticks?.reduce((a, b) => Math.abs(b[0] - mark.at) < Math.abs(a[0] - mark.at) ? b : a)[1].replaceAll("\n", ", ") : "");
    tell(...point(mark.value), (row ? row + ": " : "") + interval(mark));
  },
  box(mark, { plot, x, y, tell }) {
    if (mark.quantiles.some((v) => !finite(v))) return;
    const along = (v) => mark.upright ? y(v) : x(v), aside = (v) => mark.upright ? x(v) : y(v);
    const [a, b, c, d, e] = mark.quantiles.map(along), [p, q, middle] = [aside(mark.at - mark.thick / 2), aside(mark.at + mark.thick / 2), aside(mark.at)];
    const path = (u, v) => mark.upright ? `M${middle},${u}V${v}` : `M${u},${middle}H${v}`;
    plot.append(svg("path", { d: path(a, b) + path(d, e), stroke: mark.color, fill: "none" }));
    const [low, high, begin, end] = [Math.min(b, d), Math.max(b, d), Math.min(p, q), Math.max(p, q)];
    plot.append(svg("rect", { ...(mark.upright ? { x: begin, width: end - begin, y: low, height: Math.max(1, high - low) } : { x: low, width: Math.max(1, high - low), y: begin, height: end - begin }), fill: mark.color, "fill-opacity": 0.5, stroke: mark.color }));
    plot.append(svg("path", { d: mark.upright ? `M${begin},${c}H${end}` : `M${c},${begin}V${end}`, stroke: "var(--ink)", "stroke-width": 2 }));
    const text = `${mark.name ? mark.name + ": " : ""}median ${number(mark.quantiles[2])}, quarters ${number(mark.quantiles[1])} to ${number(mark.quantiles[3])}, 5 to 95 % ${number(mark.quantiles[0])} to ${number(mark.quantiles[4])}`;
    tell(...(mark.upright ? [middle, c] : [c, middle]), text);
  },
  rule(mark, { plot, words, frame, x, y }) {
    const across = mark.upright ? `M${x(mark.at)},${frame.top}V${frame.bottom}` : `M${frame.left},${y(mark.at)}H${frame.right}`;
    plot.append(svg("path", { d: across, ...line(mark) }));
    if (mark.words) words.append(svg("text", { ...(mark.upright ? { x: x(mark.at) - 4, y: frame.top + 12 } : { x: frame.right - 3, y: y(mark.at) - 5 }), "text-anchor": "end", class: "clear", style: `fill:${mark.color}` }, mark.words));
  },
  words(mark, { plot, words, x, y, panel, taken, curves }) {
    if (mark.dot) plot.append(svg("circle", { cx: x(mark.x), cy: y(mark.y), r: 5, fill: mark.color, stroke: panel.covered ? "#fff" : "var(--ground)", "stroke-width": 1.5 }));
    const rim = panel.covered ? "fill:#1b1f24;stroke:#fff;stroke-opacity:.8" : "";
    const [px, py] = [x(mark.x), y(mark.y)];
    wordsAmong(words, mark.text, [[px + 7, py - 7, "start"], [px - 7, py - 7, "end"], [px + 7, py + 16, "start"], [px - 7, py + 16, "end"], [px, py - 11, "middle"]], curves, taken, { class: "clear", style: "font-weight:650;" + rim });
  },
  cells(mark, { plot, frame, x, y }) {
    const [a, b, c, d] = mark.extent;
    plot.append(svg("image", { href: mark.picture, x: Math.min(x(a), x(b)), y: y(d), width: Math.abs(x(b) - x(a)), height: Math.abs(y(c) - y(d)), preserveAspectRatio: "none", style: "image-rendering:pixelated" }));
  },
  hatched(mark, { plot, x, y, hatch }) {
    const [a, b, c, d] = mark.extent, [rows, columns] = mark.shape, over = (k) => x(a + k * (b - a) / columns), up = (k) => y(c + k * (d - c) / rows);
    const outline = mark.runs.map(([row, begin, end]) => `M${over(begin).toFixed(1)},${up(row).toFixed(1)}H${over(end).toFixed(1)}V${up(row + 1).toFixed(1)}H${over(begin).toFixed(1)}Z`).join("");
    if (outline) plot.append(svg("path", { d: outline, fill: hatch }));
  },
  contours(mark, on) {
    for (const [xs, ys] of mark.lines) on.plot.append(svg("path", { d: way(xs, ys, on), ...line(mark) }));
    const [xs, ys] = mark.lines.reduce((a, b) => b[0].length > a[0].length ? b : a);
    const places = [0.5, 0.3, 0.7, 0.15, 0.85].map((share) => Math.floor(share * xs.length)).map((k) => [on.x(xs[k]), on.y(ys[k]) + 3, "middle"]);
    const rim = on.panel.covered ? "fill:#1b1f24;stroke:#fff;stroke-opacity:.75;" : "";
    if (mark.words) on.later.push(() => wordsAmong(on.words, mark.words, places, on.curves, on.taken, { class: "clear", style: rim + "font-size:10px;stroke-width:3px" }, true));
  },
};

function legendOf(keys, title) {
  const row = element("div", { class: "keys" });
  if (title) row.append(element("span", { class: "hint" }, title));
  for (const key of keys) {
    const entry = element("span"), drawing = svg("svg", { width: 26, height: 12, viewBox: "0 0 26 12", "aria-hidden": "true" });
    if (key.filled) drawing.append(svg("rect", { x: 6, y: 0, width: 14, height: 12, rx: 2, fill: key.color }));
    if (key.line) drawing.append(svg("line", { x1: 0, x2: 26, y1: 6, y2: 6, stroke: key.color, "stroke-width": 2, ...(key.dash ? { "stroke-dasharray": DASHES[key.dash] } : {}) }));
    if (key.marker) drawing.append(marker(key.marker, 13, 6, key.color, key.hollow));
    entry.append(drawing, key.name); row.append(entry);
  }
  return row;
}

// Values near the pointer, in words that were set as text.
function telling(figure, root, shown) {
  const tip = element("div", { class: "tip", role: "status", hidden: "" });
  figure.append(tip);
  const hide = () => { tip.hidden = true; };
  const show = (event) => {
    const box = root.getBoundingClientRect(), ratio = box.width / root.viewBox.baseVal.width || 1;
    const px = (event.clientX - box.left) / ratio, py = (event.clientY - box.top) / ratio;
    let best = null, least = 28;
    for (const each of shown()) { const away = Math.hypot(each[0] - px, each[1] - py); if (away < least) { least = away; best = each; } }
    if (best === null) return hide();
    tip.textContent = best[2]; tip.hidden = false;
    const outer = figure.getBoundingClientRect(), at = box.left - outer.left + best[0] * ratio;
    tip.style.left = Math.max(0, Math.min(outer.width - tip.offsetWidth, at - tip.offsetWidth / 2)) + "px";
    tip.style.top = box.top - outer.top + best[1] * ratio - tip.offsetHeight - 10 + "px";
  };
  root.addEventListener("pointermove", show); root.addEventListener("pointerdown", show); root.addEventListener("pointerleave", hide);
}

function drawChartIn(place, chart, label) {
  const rows = chart.panels.some((panel) => panel.y.rows), odd = chart.panels.length % 2 === 1 && rows;
  const grid = element("div", { class: "charts" + (chart.panels.length > 2 && chart.panels.length !== 4 && !rows ? " three" : "") }), draws = [];
  for (const panel of chart.panels) {
    const figure = element("figure", { class: "charted" + (odd && panel === chart.panels.at(-1) ? " alone" : "") });
    if (panel.title) figure.append(element("h3", {}, panel.title));
    if (panel.framed) {
      const root = svg("svg", { role: "img", "aria-label": panel.title || label });
      let shown = [];
      figure.append(root);
      grid.append(figure);
      const draw = () => { shown = drawPanel(root, panel); };
      draws.push(draw);
      telling(figure, root, () => shown);
      saving(figure, panel.title || label);
      if (panel.keys.length && !chart.keys.length) figure.append(legendOf(panel.keys, panel.keysTitle));
    } else for (const mark of panel.marks) figure.append(element("p", { class: "hint" }, mark.text));
    grid.append(figure);
  }
  place.append(grid);
  if (chart.keys.length) place.append(legendOf(chart.keys, chart.keysTitle));
  if (chart.pictures.length) place.append(gallery(chart.pictures));
  redrawn.push(...draws);
  for (const draw of draws) draw();
}
function gallery(pictures) {
  const row = element("div", { class: "gallery" });
  for (const each of pictures) {
    const figure = element("figure"), image = element("img", { src: each.picture, alt: each.words, style: `border-color:${each.color}` });
    if (each.small) image.className = "pixels";
    figure.append(image, element("figcaption", {}, each.words)); row.append(figure);
  }
  return row;
}
for (const place of document.querySelectorAll("[data-chart]")) drawChartIn(place, data.charts[Number(place.dataset.chart)], place.getAttribute("aria-label") ?? "");
