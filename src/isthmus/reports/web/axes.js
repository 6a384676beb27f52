// ---- axes: where a number lies, and the lines and labels that every drawing has
function axis(values) {
  const finite = values.filter((v) => v !== null);
  const high = Math.max(...finite, FLOOR), low = Math.min(...finite);
  const logarithmic = low >= 0 && high > 100 * Math.max(low, FLOOR);
  if (logarithmic) {
    const top = Math.log10(high) + 0.15, bottom = Math.log10(Math.max(low, FLOOR)) - 0.15;
    return { ticks: powers(bottom, top), place: (v) => (Math.log10(Math.max(v, FLOOR)) - bottom) / (top - bottom) };
  }
  const span = (high - low) || 1, top = high + 0.08 * span, bottom = low >= 0 && low < 0.5 * high ? 0 : low - 0.08 * span;
  return { ticks: rounds(bottom, top), place: (v) => (v - bottom) / (top - bottom) };
}
function powers(low, high) {  // of ten, between two of their exponents; with 2 and 5 between them where there would be one
  const whole = [];
  for (let power = Math.ceil(low - 1e-9); power <= high + 1e-9; power++) whole.push(10 ** power);
  if (whole.length > 1) return whole.length > 6 ? whole.filter((v) => Math.round(Math.log10(v)) % 2 === 0) : whole;
  const within = [];
  for (let power = Math.floor(low); power <= high; power++) for (const digit of [1, 2, 5]) if (Math.log10(digit * 10 ** power) >= low && Math.log10(digit * 10 ** power) <= high) within.push(digit * 10 ** power);
  return within.length > 1 ? within : rounds(10 ** low, 10 ** high);
}
function rounds(low, high) {  // the coarsest round numbers of which there are three at least
  if (!(high > low)) return [low];
  for (let power = Math.ceil(Math.log10(high - low)); ; power--) for (const digit of [5, 2, 1]) {
    const step = digit * 10 ** power, first = Math.ceil(low / step - 1e-9), last = Math.floor(high / step + 1e-9);
    if (last - first >= 2) return Array.from({ length: last - first + 1 }, (_, k) => Number(((first + k) * step).toPrecision(6)));
  }
}
const LETTER = 6.7;  // width of one, in the mean, at 12 pixels
const lengthOf = (text) => LETTER * Math.max(0, ...String(text).split("\n").map((line) => line.length));
const short = (value) => value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(Math.abs(Math.log10(Math.abs(value)) % 1) < 1e-9 ? 0 : 1) : number(value, 2);
// What of some words fits between two places: all, their first letters, or nothing.
function fitting(text, room) {
  const letters = Math.floor((room - 6) / LETTER);
  return letters >= text.length ? text : letters > 3 ? text.slice(0, letters - 1) + "…" : text.slice(0, Math.max(0, letters));
}
const labelled = (ticks, say = number) => ticks.map((tick) => [tick, say(tick)]);
const SHARES = labelled([0, 0.25, 0.5, 0.75, 1], (tick) => 100 * tick + " %");

function blank(root, width, height) {
  root.setAttribute("viewBox", `0 0 ${width} ${height}`); root.setAttribute("height", height); root.replaceChildren();
}
// Lines across from `left` to `right`, each with its label before it.
function linesAcross(root, ticks, y, left, right) {
  for (const [tick, text] of ticks) {
    root.append(svg("line", { x1: left, x2: right, y1: y(tick), y2: y(tick), class: "grid" }));
    root.append(svg("text", { x: left - 7, y: y(tick) + 4, "text-anchor": "end", class: "faint" }, text));
  }
}
const linesUpright = (root, ticks, x, top, bottom) => { for (const [tick] of ticks) root.append(svg("line", { x1: x(tick), x2: x(tick), y1: top, y2: bottom, class: "grid" })); };
// Labels below, within the drawing; those that would stand on others are left out.
function labelsBelow(root, ticks, x, y, width) {
  let reached = -Infinity;
  for (const [tick, text] of ticks) {
    const half = lengthOf(text) / 2, at = Math.max(half, Math.min(width - half, x(tick)));
    if (at - half < reached) continue;
    reached = at + half + 6;
    text.split("\n").forEach((line, i) => root.append(svg("text", { x: at, y: y + 14 * i, "text-anchor": "middle", class: "faint" }, line)));
  }
}
// Words stand where no line runs through them and no others stand: at the first of some places [x, y, anchor] that is free,
// or at the one where the least is in the way. `curves` are lists of points, `taken` the boxes of words, to which theirs is added.
function wordsAmong(root, text, places, curves, taken, attributes = {}, optional = false) {
  const wide = lengthOf(text), boxes = places.map(([x, y, anchor]) => {
    const left = anchor === "end" ? x - wide : anchor === "middle" ? x - wide / 2 : x;
    return [left - 2, y - 11, left + wide + 2, y + 4];
  });
  const crossed = ([left, top, right, bottom]) => {
    let count = 100 * taken.filter((each) => each[0] < right && left < each[2] && each[1] < bottom && top < each[3]).length;
    for (const points of curves) for (let k = 1; k < points.length; k++) {
      const [[x0, y0], [x1, y1]] = [points[k - 1], points[k]];
      if (Math.max(x0, x1) < left || Math.min(x0, x1) > right || Math.max(y0, y1) < top || Math.min(y0, y1) > bottom) continue;
      const steps = Math.ceil(Math.hypot(x1 - x0, y1 - y0) / 2) || 1;
      for (let i = 0; i <= steps; i++) { const x = x0 + (x1 - x0) * i / steps, y = y0 + (y1 - y0) * i / steps; if (x > left && x < right && y > top && y < bottom) count++; }
    }
    return count;
  };
  let best = null, least = Infinity;
  boxes.forEach((box, k) => { const count = least > 0 ? crossed(box) : Infinity; if (count < least) { least = count; best = k; } });
  if (best === null || (optional && least > 0)) return;
  taken.push(boxes[best]);
  root.append(svg("text", { x: places[best][0], y: places[best][1], "text-anchor": places[best][2], ...attributes }, text));
}
