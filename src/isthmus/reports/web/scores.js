// ---- verdicts: a table, and the curves of the inputs that it shows
function curvesOf(row, kind) {  // described as the charts of other pages are
  const band = data.bands[kind], x = band.low.map((_, i) => i / Math.max(1, band.low.length - 1)), plain = { name: "", dash: "", marker: "", faint: 0, hollow: false };
  const line = (y, color, width, name = "") => ({ ...plain, kind: "curve", x, y, color, width, name });
  const axis = { label: "", scale: "linear", low: 0, high: 1, ticks: [[0, "the input"], [1, kind]], rows: false };
  return {
    keys: [], keysTitle: "", pictures: [],
    panels: [{ title: "", framed: true, equal: false, covered: false, keys: [], keysTitle: "", x: axis, y: { ...axis, scale: "log", low: data.lowest, high: data.highest, ticks: null },
      marks: [{ kind: "area", x, low: band.low, high: band.high, color: "var(--direct)", alpha: 0.3 }, line(band.middle, "var(--direct)", 2, "clean, median"), ...row.curves[kind].map((y) => line(y, "var(--found)", 1.4, "this input"))] }],
  };
}
function verdictOf(row) {
  const article = element("article", { class: "verdict" + (row.verdict === "flagged" ? " flagged" : "") }), body = element("div"), words = element("p"), drawings = element("div", { class: "drawings" });
  words.append(`Seen as ${row.class}; ${row.p_value === null ? "no score" : "p = " + number(row.p_value)}: `, element("b", { class: row.verdict === "flagged" ? "bad" : "good" }, row.verdict));
  body.append(element("h3", {}, row.input), words, drawings);
  article.append(element("img", { src: row.picture, alt: row.input }), body);
  return [article, () => { for (const kind of Object.keys(row.curves)) drawChartIn(drawings, curvesOf(row, kind), "loss on the way to " + kind); }];
}
pagedTable(byId("rows"), [["input", "input", "text"], ["class", "seen as", "text"], ["score", "score"], ["p_value", "p-value"], ["verdict", "verdict", "text"]], data.rows, {
  page: 10, file: "scores.csv",
  look: (row, key) => key === "verdict" && row.verdict === "flagged" ? "bad" : "",
  chosen: (rows) => {
    redrawn.length = 0;  // drawings of the page before are gone
    const made = rows.filter((row) => row.curves !== null).map(verdictOf);
    byId("verdicts").replaceChildren(...made.map(([article]) => article));
    for (const [, draw] of made) draw();
  },
});
document.body.dataset.ready = "scores";
