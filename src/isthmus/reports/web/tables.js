// ---- tables: sorted by a click, filtered by words, a page at a time
// columns: [key, label, kind]; kind "text" stands left, "share" is in per cent. look(row, key) may give a class.
function pagedTable(place, columns, rows, { page = 25, file = "table.csv", look = () => "", chosen = () => {} } = {}) {
  const state = { sort: null, down: false, from: 0, words: [] };
  const bar = element("p", { class: "asked" }), filter = element("input", { type: "search", placeholder: "filter", "aria-label": "show only rows with these words" });
  const save = element("button", { title: "the rows as they are sorted and filtered" }, "CSV"), counted = element("span", { class: "hint", role: "status" });
  const scroll = element("div", { class: "scroll whole" }), table = element("table"), head = element("thead"), body = element("tbody");
  const pager = element("p", { class: "pager" }), before = element("button", { "aria-label": "earlier rows" }, "‹"), after = element("button", { "aria-label": "later rows" }, "›"), where = element("span", { class: "hint", role: "status" });
  bar.append(filter, " ", save, " ", counted); table.append(head, body); scroll.append(table); pager.append(before, where, after); place.append(bar, scroll, pager);
  const text = (value, kind) => value === null || value === undefined ? "–" : typeof value === "boolean" ? (value ? "yes" : "no") : typeof value === "number" ? (kind === "share" ? number(100 * value) + " %" : number(value, Number.isInteger(value) ? 9 : 3)) : value;
  const shown = () => {
    const held = (row) => columns.map(([key, , kind]) => text(row[key], kind)).join(" ").toLowerCase();
    const found = state.words.length ? rows.filter((row) => { const all = held(row); return state.words.every((word) => all.includes(word)); }) : [...rows];
    if (state.sort !== null) found.sort((p, q) => {
      const x = p[state.sort], y = q[state.sort];
      const sign = typeof x === "string" || typeof y === "string" ? String(x ?? "").localeCompare(String(y ?? ""), "en", { numeric: true }) : Number(x ?? Infinity) - Number(y ?? Infinity);
      return (state.down ? -sign : sign) || 0;
    });
    return found;
  };
  function draw() {
    const found = shown(), last = Math.max(0, Math.floor((found.length - 1) / page) * page);
    state.from = Math.min(state.from, last);
    const titles = element("tr");
    for (const [key, label, kind] of columns) {
      const cell = element("th", { class: kind === "text" ? "text" : "", "aria-sort": state.sort === key ? (state.down ? "descending" : "ascending") : "none" });
      const button = element("button", {}, label + (state.sort === key ? (state.down ? " ↓" : " ↑") : ""));
      button.addEventListener("click", () => { state.down = state.sort === key ? !state.down : false; state.sort = key; state.from = 0; draw(); });
      cell.append(button); titles.append(cell);
    }
    head.replaceChildren(titles);
    const part = found.slice(state.from, state.from + page);
    body.replaceChildren(...part.map((row) => {
      const line = element("tr", { class: "still" });
      for (const [key, , kind] of columns) line.append(element("td", { class: (kind === "text" ? "text wide " : "") + look(row, key), title: kind === "text" ? String(row[key] ?? "") : "" }, text(row[key], kind)));
      return line;
    }));
    counted.textContent = state.words.length ? `${found.length.toLocaleString("en")} of ${rows.length.toLocaleString("en")} rows` : "";
    pager.hidden = found.length <= page;
    where.textContent = found.length ? ` ${(state.from + 1).toLocaleString("en")} to ${Math.min(state.from + page, found.length).toLocaleString("en")} of ${found.length.toLocaleString("en")} ` : " none ";
    before.disabled = state.from === 0; after.disabled = state.from >= last;
    chosen(part);
  }
  filter.addEventListener("input", () => { state.words = filter.value.toLowerCase().split(/\s+/).filter(Boolean); state.from = 0; draw(); });
  save.addEventListener("click", () => offer(file, [csvText(columns.map(([, label]) => label), shown().map((row) => columns.map(([key]) => row[key])))], "text/csv"));
  before.addEventListener("click", () => { state.from -= page; draw(); });
  after.addEventListener("click", () => { state.from += page; draw(); });
  draw();
  return { draw, shown };
}
