// Pick two images, watch the path being found. Everything from outside (names of files and classes) is set as text.
const byId = (id) => document.getElementById(id);
const known = JSON.parse(byId("data").textContent);
const held = { a: null, c: null };
let listed = 0, current = null, asked = 0;

async function ask(address, options = {}) {
  const answer = await fetch(address, { ...options, headers: { "X-Isthmus-Token": known.token, ...(options.headers ?? {}) } });
  const read = answer.headers.get("content-type")?.includes("json") ? await answer.json() : { message: await answer.text() };
  if (!answer.ok) throw new Error(read.message);
  return read;
}
const say = (text) => { byId("state").textContent = text; };
const failed = (error) => say(error.message);

// ---- the images
function thumbnail(image) {
  const button = node("button", { class: "thumbnail", title: image.name, "data-number": image.number });
  button.append(node("img", { src: image.picture, alt: "" }), node("span", {}, image.class), node("small", {}, image.loss === null ? "no number" : "loss " + short(Number(image.loss.toPrecision(2)))));
  button.addEventListener("click", () => hold(image));
  return button;
}
async function list(anew) {
  if (anew) { listed = 0; byId("gallery").replaceChildren(); }
  const turn = ++asked, word = encodeURIComponent(byId("word").value);
  const found = await ask(`/api/images?first=${listed}&count=48&word=${word}`);
  if (turn !== asked) return;
  byId("gallery").append(...found.images.map(thumbnail));
  listed += found.images.length;
  byId("total").textContent = `${found.total} inputs`;
  byId("further").hidden = listed >= found.total;
}
function hold(image) {
  if (held.a !== null && held.c !== null) { held.a = held.c = null; show("c"); }  // the third begins anew
  const place = held.a === null ? "a" : "c";
  held[place] = image;
  show(place);
  if (held.a !== null && held.c !== null) connect(); else say("Pick another input.");
}
function show(place) {
  const box = byId("slot-" + place).querySelector(".held"), image = held[place];
  box.replaceChildren();
  if (image === null) return;
  const away = node("button", { "aria-label": `take ${image.name} away` }, "×");
  away.addEventListener("click", () => { held[place] = null; show(place); say("Pick two inputs."); });
  box.append(node("img", { src: image.picture, alt: image.name }), node("div", {}, `${image.class}, ${image.name}`), away);
}

// ---- the work
async function follow(job, done) {
  current = job.job;
  while (job.job === current && (job.state === "waiting" || job.state === "running")) {
    say(`${job.what}: ${job.evaluations.toLocaleString("en")} evaluations`);
    await new Promise((go) => setTimeout(go, 120));
    job = await ask("/api/jobs/" + job.job);
  }
  if (job.job !== current) return;
  if (job.state === "done") { say(`${job.what}: done, ${job.evaluations.toLocaleString("en")} evaluations`); done(job); } else say(job.message || job.state);
}
async function connect() {
  try {
    byId("path").hidden = true;
    byId("more").replaceChildren();
    const begun = await ask("/api/connect", { method: "POST", body: JSON.stringify({ a: held.a.number, c: held.c.number, target: byId("target").value }) });
    await follow(begun, draw);
  } catch (error) { failed(error); }
}
function draw(job) {
  const pair = job.result.pairs[0], values = { data: job.result, pair: 0, t: pair.peak ?? 0.5 }, heard = {};
  const model = {  // as the widget of a notebook has it
    get: (name) => values[name],
    set: (name, value) => { values[name] = value; for (const call of heard["change:" + name] ?? []) call(); },
    save_changes: () => {},
    on: (name, call) => { (heard[name] ??= []).push(call); },
    off: () => {},
  };
  byId("verdict").textContent = `${pair.classes[pair.target] ?? "class " + pair.target}: ${pair.outcome}`;
  const place = node("div");
  byId("view").replaceChildren(place);
  render({ model, el: place });
  byId("path").hidden = false;
  document.body.dataset.ready = job.job;
  for (const what of ["certify", "attribute", "transfer"]) {
    const button = byId(what);
    if (button) button.onclick = () => further(what, job.job);
  }
}
async function further(what, number_of) {
  try {
    const begun = await ask(`/api/jobs/${number_of}/${what}`, { method: "POST" });
    await follow(begun, (job) => {
      if (what === "certify") { draw(job); return; }
      const box = byId("more");
      if (what === "attribute") {
        const table = node("table");
        table.append(...(job.result.named ?? []).map((line) => {
          const row = node("tr", { class: "still" });
          row.append(node("td", { class: "text" }, line[0]), node("td", {}, line[1]));
          return row;
        }));
        const due = job.result.named ? table : node("img", { src: job.result.attribution, alt: "what is due to each pixel: red raised the logit, blue lowered it", class: "map" });
        box.replaceChildren(due, node("p", { class: "hint" }, job.result.text));
      } else {
        const table = node("table"), head = node("tr");
        for (const name of ["network", "straight path", "path found", "keeps the class"]) head.append(node("th", { class: "plain" }, name));
        table.append(head, ...job.result.transfer.map(([name, straight, found, kept]) => {
          const row = node("tr", { class: "still" });
          for (const text of [name, number(straight), number(found), kept ? "yes" : "no"]) row.append(node("td", {}, text));
          return row;
        }));
        box.replaceChildren(table);
      }
      document.body.dataset.more = what;
    });
  } catch (error) { failed(error); }
}

// ---- files
async function take(files) {
  for (const file of files) {
    try { say(`reading ${file.name}`); hold(await ask("/api/images?name=" + encodeURIComponent(file.name), { method: "POST", body: file })); }
    catch (error) { failed(error); }
  }
}
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => { event.preventDefault(); take(event.dataTransfer.files); });
byId("files").addEventListener("change", (event) => take(event.target.files));
byId("word").addEventListener("input", () => list(true).catch(failed));
byId("target").addEventListener("change", () => { if (held.a && held.c) connect(); });
byId("further").addEventListener("click", () => list(false).catch(failed));
byId("close").addEventListener("click", async () => { try { await ask("/api/close", { method: "POST" }); say("Closed. This page can go."); document.body.dataset.closed = "yes"; } catch (error) { failed(error); } });
list(true).catch(failed);
