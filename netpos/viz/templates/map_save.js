/* Files and print: what is shown, as a picture or as rows. */

function save(blob, ending) {
  const file = `${DATA.file}${ending}`;
  const address = URL.createObjectURL(blob);
  const anchor = make("a", { href: address, download: file });
  document.body.append(anchor);
  anchor.click();
  anchor.remove();
  setTimeout(() => URL.revokeObjectURL(address), 20000);
  byId("search-answer").textContent = say("saved", { file });
}

function svgText(chosen) {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${
    new XMLSerializer().serializeToString(pictureSvg(chosen))}\n`;
}

function saveSvg() {
  save(new Blob([svgText(selection())], { type: "image/svg+xml" }), ".svg");
}

/** PNG at twice the size, drawn from the SVG, so that the two never differ. */
function savePng() {
  const image = new Image();
  const address = URL.createObjectURL(new Blob([svgText(selection())], { type: "image/svg+xml" }));
  image.addEventListener("load", () => {
    const sheet = document.createElement("canvas");
    sheet.width = 2 * image.naturalWidth;
    sheet.height = 2 * image.naturalHeight;
    sheet.getContext("2d").drawImage(image, 0, 0, sheet.width, sheet.height);
    URL.revokeObjectURL(address);
    sheet.toBlob((blob) => save(blob, ".png"), "image/png");
  });
  image.src = address;
}

function csvCell(value) {
  const text = value === null || value === undefined ? "" : String(value);
  return /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replace(/"/g, '""')}"` : text;
}

function csvText(head, rows) {
  return [head, ...rows].map((row) => row.map(csvCell).join(",")).join("\n") + "\n";
}

function saveLinks() {
  const chosen = selection();
  const key = DATA.periods[state.period].key;
  const rows = [...chosen.links]
    .sort((a, b) => b.weight - a.weight || a.from - b.from || a.to - b.to)
    .map((l) => [key, NODES[l.from].id, NODES[l.to].id, l.weight, l.pairs]);
  const text = csvText(["period", "citing", "cited", "weight", "citations"], rows);
  save(new Blob([text], { type: "text/csv;charset=utf-8" }), "-links.csv");
}

function saveNodes() {
  const chosen = selection();
  const period = DATA.periods[state.period];
  const rows = chosen.nodes.map((n) => [
    period.key, n.id, nameOf(n.i), ...(DATA.kind === "country" ? [] : [n.country]),
    n.bloc < 0 ? null : ["EU", "OECD/NATO", "other"][n.bloc],
    ...(DATA.has_core ? [[null, "outside", "near", "core"][coreLevel(n) + 1]] : []),
    period.families[n.i], period.received[n.i], period.given[n.i], period.pagerank[n.i],
  ]);
  const head = ["period", DATA.kind, "name", ...(DATA.kind === "country" ? [] : ["country"]),
    "membership", ...(DATA.has_core ? ["core"] : []), "families", "received", "given", "pagerank"];
  const ending = DATA.kind === "country" ? "-countries.csv" : "-organisations.csv";
  save(new Blob([csvText(head, rows)], { type: "text/csv;charset=utf-8" }), ending);
}

/** The sheet of paper: the view as it is, its legend and its filters. */
function preparePrint() {
  const chosen = selection();
  byId("print-figure").replaceChildren(pictureSvg(chosen, { width: 1000, height: 475, alone: false }));
  byId("print-notes").replaceChildren(
    make("div", { class: "legend" }, ...legendElement(chosen)),
    make("p", {}, make("strong", {}, `${say("filters")}: `),
      `${filterText()} · ${say("filter_layout", { value: layoutName() })} · ${countText(chosen)} · ${nodeCountText(chosen)}`));
}

function layoutName() {
  if (state.layout !== "radial") return say(`layout_${state.layout}`);
  return say(DATA.has_core ? "layout_radial" : "layout_radial_plain");
}
