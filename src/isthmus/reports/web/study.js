// ---- how many are connected
const share = (value) => value === null ? "–" : number(100 * value, 3) + " %";
function drawShares() {
  const root = byId("shares").firstElementChild, width = root.clientWidth || 600;
  const longest = 20 + lengthOf(data.groups.map((group) => group.label).join("\n")), narrow = longest > 0.42 * width;
  const left = narrow ? 8 : longest, right = narrow ? 8 : 20, row = narrow ? 46 : 32, height = data.groups.length * row + 44;
  const x = (v) => left + v * (width - left - right);
  blank(root, width, height);
  const bottom = data.groups.length * row + 4;
  linesUpright(root, SHARES, x, 2, bottom); labelsBelow(root, SHARES, x, bottom + 16, width);
  data.groups.forEach((group, index) => {
    const top = index * row + (narrow ? 18 : 6), bar = 20;
    root.append(svg("text", narrow ? { x: left, y: top - 4 } : { x: left - 10, y: top + 14, "text-anchor": "end" }, group.label));
    let from = 0;
    group.after.forEach(([value], round) => {
      if (value === null) return;
      const part = svg("rect", { x: x(from), y: top, width: Math.max(0, x(value) - x(from)), height: bar, style: round === 0 ? "fill:var(--direct)" : `fill:var(--found);fill-opacity:${Math.max(0.35, 1 - 0.25 * (round - 1))}` });
      part.append(svg("title", {}, `${group.label}: ${share(value)} ${round === 0 ? "by the direct path" : "after round " + round}`));
      root.append(part); from = value;
    });
    const rest = svg("rect", { x: x(from), y: top, width: Math.max(0, x(1) - x(from)), height: bar, style: "fill:var(--bad);fill-opacity:.25" });
    rest.append(svg("title", {}, `${group.label}: ${share(1 - from)} not connected`));
    root.append(rest);
    const [, low, high] = group.after[group.after.length - 1];
    if (low !== null && high - low > 0.001) root.append(svg("path", { d: `M${x(low)},${top + 4}v12M${x(low)},${top + 10}H${x(high)}M${x(high)},${top + 4}v12`, stroke: "var(--ink)", fill: "none" }));
    const [direct] = group.after[0];
    if (direct !== null && x(direct) - x(0) > 52) root.append(svg("text", { x: x(0) + 6, y: top + 14, style: "fill:#fff" }, share(direct)));
  });
  const legend = [["by the direct path", "fill:var(--direct)"], ["after round 1", "fill:var(--found)"], ["2, 3, ...", "fill:var(--found);fill-opacity:.6"], ["not connected", "fill:var(--bad);fill-opacity:.25"]];
  let at = left, line = bottom + 24;
  for (const [text, style] of legend) {
    const long = 28 + lengthOf(text);
    if (at > left && at + long > width) { at = left; line += 18; }
    root.append(svg("rect", { x: at, y: line, width: 12, height: 12, style }), svg("text", { x: at + 16, y: line + 10, class: "faint" }, text));
    at += long;
  }
  root.setAttribute("viewBox", `0 0 ${width} ${line + 20}`); root.setAttribute("height", line + 20);
}

// ---- how high the barriers are
const BOX_FLOOR = 1e-4;
function drawBoxes(id, title, before, after) {
  const root = byId(id).firstElementChild, width = root.clientWidth || 500, row = 58, left = 14, right = 18;
  const groups = [...data.groups, ...data.paper], height = groups.length * row + 54;
  const x0 = Math.log10(BOX_FLOOR);
  const highest = Math.max(1e-3, ...groups.flatMap((g) => [g.quantiles[before]?.[4], g.quantiles[after]?.[4]]).filter((v) => v !== undefined && v !== null));
  const x1 = Math.log10(highest) + 0.1, place = (v) => left + (Math.log10(Math.max(v, BOX_FLOOR)) - x0) / (x1 - x0) * (width - left - right);
  blank(root, width, height);
  root.append(svg("text", { x: left, y: 14, style: "font-weight:600" }, title));
  const bottom = groups.length * row + 22;
  const ticks = labelled(powers(x0, x1), (tick) => (tick <= BOX_FLOOR ? "≤ " : "") + short(tick));
  linesUpright(root, ticks, place, 22, bottom); labelsBelow(root, ticks, place, bottom + 16, width);
  const box = (q, y, color, label, outlined) => {
    if (!q || q[2] === null) return;
    const [a, b, c, d, e] = q.map(place), fill = outlined ? "none" : color;
    const part = svg("g", {});
    part.append(svg("path", { d: `M${a},${y + 6}H${b}M${d},${y + 6}H${e}M${a},${y + 2}v8M${e},${y + 2}v8`, stroke: color, fill: "none" }));
    part.append(svg("rect", { x: b, y, width: Math.max(1, d - b), height: 12, style: `fill:${fill};stroke:${color};fill-opacity:.45` }));
    part.append(svg("line", { x1: c, x2: c, y1: y - 1, y2: y + 13, stroke: "var(--ink)", "stroke-width": 2 }));
    part.append(svg("title", {}, `${label}: ${q.map((v) => number(v)).join(", ")} (5, 25, 50, 75, 95 %)`));
    root.append(part);
  };
  groups.forEach((group, index) => {
    const top = index * row + 26;
    root.append(svg("text", { x: left, y: top + 12 }, `${group.label} (${group.pairs.toLocaleString("en")})`));
    box(group.quantiles[before], top + 18, "var(--direct)", group.label + ", direct", index >= data.groups.length);
    box(group.quantiles[after], top + 35, "var(--found)", group.label + ", found", false);
  });
  root.append(svg("text", { x: width - right, y: bottom + 30, "text-anchor": "end", class: "faint" }, data.unit));
}
const drawBarriers = () => {
  drawBoxes("box-gap", "gap: max loss above the higher end", "direct_gap", "gap");
  drawBoxes("box-max", "max loss", "direct_max_loss", "max_loss");
};

// ---- by class
const classColumns = ["class", "pairs", "direct", "connected", "keeps class", "gap before", "gap", "max before", "max", "deviation", "cost"];
const isShare = new Set([2, 3, 4, 9]);
const chosen = { group: 0, sort: 0, down: false };
function drawClasses() {
  const head = element("tr");
  classColumns.forEach((label, index) => {
    const cell = element("th", { class: index === 0 ? "text" : "", "aria-sort": chosen.sort === index ? (chosen.down ? "descending" : "ascending") : "none" });
    const button = element("button", {}, label + (chosen.sort === index ? (chosen.down ? " ↓" : " ↑") : ""));
    button.addEventListener("click", () => { chosen.down = chosen.sort === index ? !chosen.down : index > 0; chosen.sort = index; drawClasses(); });
    cell.append(button); head.append(cell);
  });
  byId("classes").tHead.replaceChildren(head);
  const rows = data.classRows.filter((row) => row[0] === chosen.group).map((row) => row.slice(1));
  rows.sort((p, q) => {
    const u = p[chosen.sort], v = q[chosen.sort];
    const sign = typeof u === "string" ? u.localeCompare(v, "en", { numeric: true }) : (u ?? -Infinity) - (v ?? -Infinity);
    return chosen.down ? -sign : sign;
  });
  byId("classes").tBodies[0].replaceChildren(...rows.map((row) => {
    const line = element("tr", { class: "still" });
    row.forEach((value, index) => line.append(element("td", { class: index === 0 ? "text" : "", title: index === 0 ? value : "" }, index === 0 ? value : value === null ? "–" : isShare.has(index) ? share(value) : number(value))));
    return line;
  }));
}
data.groups.forEach((group, index) => byId("group").append(element("option", { value: index }, group.label)));
byId("group").addEventListener("change", (event) => { chosen.group = Number(event.target.value); drawClasses(); });
redrawn.push(drawShares, drawBarriers);
drawShares(); drawBarriers(); drawClasses();
if (!data.pairs.length) document.body.dataset.ready = "none";
