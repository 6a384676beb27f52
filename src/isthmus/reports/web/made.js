// ---- inputs that were made: a table, and the pictures of the rows that it shows
function triple(row) {
  const article = element("article", { class: "triple" + (row.success === false ? " flagged" : "") }), line = element("div", { class: "side" });
  for (const [number, caption] of row.pictures) {
    const figure = element("figure"), image = element("img", { src: data.pictures[number], alt: caption, class: data.small ? "pixels" : "" });
    figure.append(image, element("figcaption", {}, caption)); line.append(figure);
  }
  article.append(element("h3", {}, row.title), line);
  return article;
}
pagedTable(byId("rows"), data.columns, data.rows, {
  page: 12, file: "rows.csv",
  look: (row, key) => key === "success" ? (row.success ? "good" : "bad") : key === "valid" && row.valid === false ? "bad" : "",
  chosen: (rows) => byId("pictures").replaceChildren(...rows.filter((row) => row.pictures.length).map(triple)),
});
document.body.dataset.ready = "made";
