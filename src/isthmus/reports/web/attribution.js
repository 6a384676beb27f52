// ---- what is due to each place of an input, or to each of its parts
const RAISED = [200, 40, 48], LOWERED = [44, 108, 190];
const signed = (value) => (value > 0 ? "+" : value < 0 ? "\u2212" : "") + number(Math.abs(value));
const due = byId("due"), [start, end] = data.ends;

function pictured([index, caption], extra = null) {
  const figure = element("figure"), frame = element("div", { class: "over" });
  frame.append(element("img", { src: data.pictures[index], alt: caption, class: data.small ? "pixels" : "" }));
  if (extra) frame.append(extra);
  figure.append(frame, element("figcaption", {}, caption));
  return figure;
}

if (data.cells.length) {
  const rows = data.cells.length, columns = data.cells[0].length, values = data.cells.flat();
  const order = values.map((value, place) => place).sort((one, other) => Math.abs(values[other]) - Math.abs(values[one]));
  const canvas = element("canvas", { width: columns, height: rows, tabindex: "0", role: "img", "aria-label": "what is due to each place: red raised the logit, blue lowered it" });
  const map = pictured(end, canvas), image = map.querySelector("img"), paper = canvas.getContext("2d");
  map.querySelector("figcaption").replaceChildren("what is due to each place");
  due.append(pictured(start), pictured(end), map);
  const ramp = element("div", { class: "ramp", "aria-hidden": "true" });
  ramp.append(element("span", {}, signed(-data.scale)), element("i"), element("span", {}, signed(data.scale)));
  map.append(ramp);
  const share = byId("share"), under = byId("under"), here = byId("here");
  let chosen = null;
  const draw = () => {
    const count = Math.max(1, Math.round(values.length * share.value / 100)), shown = new Set(order.slice(0, count));
    const pixels = paper.createImageData(columns, rows);
    let sum = 0;
    values.forEach((value, place) => {
      if (!shown.has(place)) return;
      sum += value;
      const color = value > 0 ? RAISED : LOWERED;
      pixels.data.set([...color, 255 * Math.min(1, Math.abs(value) / data.scale)], 4 * place);
    });
    paper.putImageData(pixels, 0, 0);
    image.style.opacity = under.value / 100;
    byId("share-said").value = `${share.value} % of the places: ${signed(sum)} of ${signed(data.change)}`;
    byId("under-said").value = `${under.value} %`;
  };
  const say = () => {
    if (chosen === null) { here.textContent = "Point at the map, or focus it and use the arrow keys, to read a value."; return; }
    const row = Math.floor(chosen / columns), column = chosen % columns, side = data.block;
    const where = side === 1 ? `pixel ${column}, ${row}` : `pixels ${column * side} to ${(column + 1) * side - 1}, ${row * side} to ${(row + 1) * side - 1}`;
    here.textContent = `${where} (across, down): ${signed(values[chosen])} logits`;
  };
  canvas.addEventListener("pointermove", (event) => {
    const box = canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / box.width * columns), row = Math.floor((event.clientY - box.top) / box.height * rows);
    if (column >= 0 && column < columns && row >= 0 && row < rows) { chosen = row * columns + column; say(); }
  });
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = (chosen ?? order[0] - step) + step;
    if (next >= 0 && next < values.length) { chosen = next; say(); }
  });
  share.addEventListener("input", draw);
  under.addEventListener("input", draw);
  draw(); say();
} else {
  due.append(pictured(start), pictured(end));
  if (data.named.length) {
    const most = Math.max(...data.named.map(([, value]) => Math.abs(value))) || 1, list = element("div", { class: "parts" });
    for (const [part, value] of data.named) {
      const row = element("div", { class: "part" }), bar = element("i", { class: value > 0 ? "raised" : "lowered" });
      bar.style.width = `${50 * Math.abs(value) / most}%`;
      const room = element("span", { class: "room" });
      room.append(bar);
      row.append(element("span", { title: part }, part), room, element("span", {}, signed(value)));
      list.append(row);
    }
    due.after(list);
  }
}
document.body.dataset.ready = "attribution";
