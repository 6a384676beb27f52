// ---- the graph of one class at a time: a tree, and the path between two inputs
const state = { group: 0, a: 0, b: 0, second: false };
const group = () => data.groups[state.group];
const loss = (value) => value === null ? "not finite" : short(value);

// ---- the minimax path: in a tree there is one way only
function route(a, b) {
  const { nodes, edges } = group(), near = nodes.map(() => []), before = nodes.map(() => null);
  edges.forEach((edge, row) => { near[edge.i].push([edge.j, row]); near[edge.j].push([edge.i, row]); });
  const queue = [a]; before[a] = [-1, -1];
  for (const node of queue) for (const [next, row] of near[node]) if (before[next] === null) { before[next] = [node, row]; queue.push(next); }
  if (before[b] === null) return null;
  const steps = [];
  for (let node = b; node !== a; node = before[node][0]) steps.unshift({ to: node, edge: edges[before[node][1]] });
  return steps;
}

// ---- drawings
function plane(id, height, left = 52) {
  const root = byId(id).querySelector("svg"), width = Math.max(260, root.clientWidth);
  blank(root, width, height);
  return { root, width, left, right: width - 10, top: 10, bottom: height - 34 };
}
const within = (scale) => scale.ticks.filter((tick) => scale.place(tick) > -0.01 && scale.place(tick) < 1.01);
function levels(area, scale, title) {
  const y = (value) => area.bottom - Math.min(1, Math.max(0, scale.place(value))) * (area.bottom - area.top);
  linesAcross(area.root, labelled(within(scale), short), y, area.left, area.right);
  area.root.append(svg("text", { x: 4, y: area.bottom + 28, class: "faint" }, title));
  return y;
}
function drawTree() {
  const { nodes } = group(), area = plane("tree", 340);
  const y = levels(area, axis(nodes.flatMap((n) => n.level === null ? [n.loss] : [n.loss, n.level])), "loss (" + data.unit + "), upwards");
  const x = (node) => area.left + 8 + (area.right - area.left - 16) * (nodes.length > 1 ? node.x / (nodes.length - 1) : 0.5);
  const stems = new Map();
  for (const node of nodes) if (node.parent >= 0) {
    const parent = nodes[node.parent];
    area.root.append(svg("line", { class: "grid", x1: x(node), x2: x(parent), y1: y(node.level), y2: y(node.level) }));
    stems.set(parent, Math.min(stems.get(parent) ?? Infinity, y(node.level)));
  }
  for (const [node, end] of stems) area.root.append(svg("line", { class: "grid", x1: x(node), x2: x(node), y1: y(node.loss), y2: end }));
  nodes.forEach((node, k) => {
    const colour = node.seen === null ? "var(--found)" : "var(--bad)";
    if (node.parent >= 0) area.root.append(svg("line", { x1: x(node), x2: x(node), y1: y(node.loss), y2: y(node.level), stroke: colour, "stroke-width": 1.6 }));
    const chosen = k === state.a || k === state.b;
    const dot = svg("circle", { class: "dot", cx: x(node), cy: y(node.loss), r: chosen ? 7 : nodes.length > 200 ? 2.5 : 4, fill: chosen ? "var(--peak)" : colour, stroke: "var(--ground)", "stroke-width": chosen ? 2 : 0.5 });
    dot.append(svg("title", {}, `${node.name}: loss ${loss(node.loss)}`));
    dot.addEventListener("click", () => pick(k));
    area.root.append(dot);
  });
}
function curve(area, xs, ys, attributes) {
  area.root.append(svg("polyline", { points: xs.map((x, k) => `${x},${ys[k]}`).join(" "), fill: "none", ...attributes }));
}
function drawShare() {
  const { share } = group(), area = plane("share", 340), scale = axis(share.level);
  const x = (value) => area.left + Math.min(1, Math.max(0, scale.place(value))) * (area.right - area.left), y = (value) => area.bottom - value * (area.bottom - area.top);
  linesAcross(area.root, SHARES, y, area.left, area.right);
  labelsBelow(area.root, labelled(within(scale), short), x, area.bottom + 15, area.width);
  area.root.append(svg("text", { class: "faint", x: area.right, y: area.bottom + 30, "text-anchor": "end" }, "level (" + data.unit + ")"));
  const xs = share.level.map(x);
  curve(area, xs, share.inside.map(y), { stroke: "var(--direct)", "stroke-width": 1.4, "stroke-dasharray": "2 3" });
  const told = share.random.map((value, k) => [xs[k], value]).filter(([, value]) => value !== null);
  if (told.length) curve(area, told.map(([at]) => at), told.map(([, value]) => y(value)), { stroke: "var(--peak)", "stroke-width": 1.8, "stroke-dasharray": "6 4" });
  curve(area, xs, share.largest.map(y), { stroke: "var(--found)", "stroke-width": 2.2 });
}
function drawPath(steps) {
  const { nodes } = group(), area = plane("chart", 190);
  const points = [{ at: 0, loss: nodes[state.a].loss, node: state.a }];
  for (const step of steps ?? []) { const at = points.at(-1).at; points.push({ at: at + 0.5, loss: step.edge.max }, { at: at + 1, loss: nodes[step.to].loss, node: step.to }); }
  const y = levels(area, axis(points.map((p) => p.loss)), "loss (" + data.unit + ") at the inputs, and the highest between them");
  const end = points.at(-1).at || 1, x = (p) => area.left + 8 + (area.right - area.left - 16) * p.at / end;
  curve(area, points.map(x), points.map((p) => y(p.loss)), { stroke: "var(--found)", "stroke-width": 2 });
  for (const p of points) area.root.append(svg("circle", { cx: x(p), cy: y(p.loss), r: p.node === undefined ? 3 : 5, fill: p.node === undefined ? "var(--peak)" : "var(--found)", stroke: "var(--ground)" }));
}

// ---- pictures
function tile(picture, caption, extra = "") {
  const box = element("div", { class: "tile " + extra }), image = element("img", { src: data.pictures[picture], alt: "" });
  image.addEventListener("load", () => image.classList.toggle("pixels", image.naturalWidth <= 64));
  box.append(image, element("span", {}, caption));
  return box;
}
function drawTiles() {
  byId("tiles").replaceChildren(...group().nodes.map((node, k) => {
    const button = element("button", { title: node.name, "aria-label": `${node.name}, loss ${loss(node.loss)}`, "data-node": k });
    button.append(tile(node.picture, loss(node.loss) + (node.seen === null ? "" : " " + node.seen) + (node.apart ? " apart" : ""), node.seen === null ? "" : "strange"));
    button.addEventListener("click", () => pick(k));
    return button;
  }));
}
function drawChain(steps) {
  const { nodes } = group(), boxes = [tile(nodes[state.a].picture, `${loss(nodes[state.a].loss)}`, "end")];
  for (const step of steps ?? []) {
    boxes.push(tile(step.edge.peak, `highest ${loss(step.edge.max)}${step.edge.led ? ", led around" : ""}`, "peak"));
    boxes.push(tile(nodes[step.to].picture, `${loss(nodes[step.to].loss)}`, step.to === state.b ? "end" : ""));
  }
  byId("chain").replaceChildren(...boxes);
}

function drawSaddles() {
  const { nodes, saddles } = group();
  byId("narrow").hidden = !data.measured;
  byId("some-saddles").hidden = saddles.length === 0; byId("no-saddles").hidden = saddles.length > 0;
  byId("saddles").replaceChildren(...saddles.map((each) => {
    const a = nodes[each.i], b = nodes[each.j], names = [a.name, "", `highest ${loss(each.max)}`, "", b.name];
    const strip = element("div", { class: "chain scroll" }), place = element("button", { class: "saddle", "aria-label": `path from ${a.name} to ${b.name}` });
    strip.append(...each.strip.map((picture, k) => tile(picture, names[k], k === 2 ? "peak" : k % 4 === 0 ? "end" : "")));
    const bends = each.directions === 0 ? "" : each.flat ? "Across the edge the loss is flat, as far as can be told." : each.negative === 0 ? "In no direction looked at does the loss curve downward across the edge." : `Across the edge the loss curves downward in ${each.negative === each.directions ? `all ${each.directions}` : `${each.negative} of ${each.directions}`} directions looked at: there are ways around it.`;
    place.append(strip, element("p", {}, `Holds ${each.sizes[0]} inputs to the other ${each.sizes[1]}. ${bends} Beside ${group().name} the network sees ${each.other} (${number(100 * each.probability)} %).`));
    place.addEventListener("click", () => { state.a = each.i; state.b = each.j; state.second = false; show(); byId("path").scrollIntoView({ behavior: "smooth" }); });
    return place;
  }));
}

// ---- choosing
function show() {
  const { nodes } = group(), a = nodes[state.a], b = nodes[state.b], steps = route(state.a, state.b);
  byId("ends").textContent = state.a === state.b ? a.name : `${a.name} → ${b.name}`;
  if (steps === null) byId("verdict").textContent = "No path is known between them on this page.";
  else if (!steps.length) byId("verdict").textContent = `Loss ${loss(a.loss)}. Choose a second input.`;
  else {
    const highest = Math.max(...steps.map((step) => step.edge.max)), ends = Math.max(a.loss, b.loss);
    byId("verdict").textContent = `Minimax ${loss(highest)}, ` + (highest <= ends + 0.01 ? "no more than the higher end" : `${loss(highest - ends)} above the higher end`) + `: through ${steps.length - 1} other input${steps.length === 2 ? "" : "s"}.`;
  }
  drawTree(); drawChain(steps); drawPath(steps);
  document.querySelectorAll("#tiles button").forEach((button, k) => button.classList.toggle("chosen", k === state.a || k === state.b));
  setAddress(`#path-${state.group}-${state.a}-${state.b}`);
  document.body.dataset.ready = `${state.group}-${state.a}-${state.b}`;
}
function pick(k) {
  if (state.second) { state.b = k; state.second = false; } else { state.a = state.b = k; state.second = true; }
  show();
}
function enter(k, a = null, b = null) {
  state.group = k;
  const { nodes, members } = group();
  // What opens first: the lowest input and the one whose way to it is the longest.
  let far = 0, most = -1;
  nodes.forEach((_, node) => { const steps = route(0, node); if (steps !== null && steps.length > most) { most = steps.length; far = node; } });
  state.a = a !== null && nodes[a] ? a : 0; state.b = b !== null && nodes[b] ? b : far; state.second = false;
  byId("class").textContent = `${group().name}: ${members} input${members === 1 ? "" : "s"}` + (members > nodes.length ? `, the lowest ${nodes.length} here` : "");
  byId("group").value = k;
  drawShare(); drawSaddles(); drawTiles(); show();
}
data.groups.forEach((each, k) => byId("group").append(element("option", { value: k }, each.name)));
byId("group").addEventListener("change", (event) => enter(Number(event.target.value)));
const fromAddress = () => { const match = /^#path-(\d+)-(\d+)-(\d+)$/.exec(location.hash); return match ? match.slice(1).map(Number) : null; };
redrawn.push(() => { if (data.groups.length) { drawShare(); show(); } });
if (data.groups.length) { const start = fromAddress(); if (start && data.groups[start[0]]) enter(...start); else enter(0); }
