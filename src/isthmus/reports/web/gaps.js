// ---- the gaps of all pairs
function drawGaps() {
  const root = byId("gaps").firstElementChild, width = root.clientWidth || 600, left = width < 560 ? 62 : 110, height = 118;
  blank(root, width, height);
  const gaps = data.pairs.flatMap((p) => [p.directGap, p.gap]).filter((v) => v !== null);
  const floor = 1e-4, scale = axis([...gaps.map((v) => Math.max(v, floor)), 2 * floor]);
  const x = (v) => left + scale.place(Math.max(v, floor)) * (width - left - 20);
  const ticks = labelled(scale.ticks, (tick) => (tick <= floor ? "≤ " : "") + short(tick));
  linesUpright(root, ticks, x, 8, 84); labelsBelow(root, ticks, x, 100, width);
  root.append(svg("text", { x: width - 20, y: 115, "text-anchor": "end", class: "faint" }, `gap (${data.unit})`));
  for (const [label, y, key, color] of [["direct", 26, "directGap", "var(--direct)"], ["found", 64, "gap", "var(--found)"]]) {
    root.append(svg("text", { x: left - 12, y: y + 4, "text-anchor": "end" }, label));
    for (const pair of data.pairs) {
      if (pair[key] === null) continue;
      const dot = svg("circle", { cx: x(pair[key]), cy: y + ((pair.id * 7919) % 23) - 11, r: 4, fill: color, "fill-opacity": 0.55, style: "cursor:pointer" });
      dot.append(svg("title", {}, `pair ${pair.id}: ${number(pair[key])}`));
      dot.addEventListener("click", () => choose(pair.id, true));
      root.append(dot);
    }
  }
}
redrawn.push(drawGaps);
drawGaps();
