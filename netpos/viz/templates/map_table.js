/* The table: what the picture shows, as rows; the route for keyboard and screen reader. */

const ROWS = 3000; // more are shown when asked for
let everyRow = false;

function tableColumns(chosen) {
  const period = DATA.periods[state.period];
  if (state.table === "links") {
    return [
      { key: "citing", title: say("column_citing"), text: (l) => nameOf(l.from), id: (l) => NODES[l.from].id },
      { key: "cited", title: say("column_cited"), text: (l) => nameOf(l.to), id: (l) => NODES[l.to].id },
      { key: "weight", title: say("column_weight"), value: (l) => l.weight, show: number },
      { key: "citations", title: say("column_citations"), value: (l) => l.pairs, show: number },
      { key: "share", title: say("column_share"), show: percent,
        value: (l) => (period.given[l.from] ? l.weight / period.given[l.from] : null) },
    ];
  }
  const degree = { from: new Map(), to: new Map() };
  chosen.links.forEach((link) => ["from", "to"].forEach((end) =>
    degree[end].set(link[end], (degree[end].get(link[end]) || 0) + 1)));
  const country = DATA.kind === "country";
  return [
    { key: "name", title: say("column_name"), text: (n) => nameOf(n.i), id: (n) => n.id },
    { key: "code", title: say(country ? "column_code" : "column_country"),
      text: (n) => (country ? n.id : n.country || "") },
    { key: "class", title: say("column_class"), text: (n) => blocName(n) },
    ...(DATA.has_core ? [{ key: "core", title: say("column_core") + coreSpan(),
      value: coreLevel, show: coreName }] : []),
    { key: "received", title: indicatorName("received"), value: (n) => period.received[n.i], show: number },
    { key: "given", title: indicatorName("given"), value: (n) => period.given[n.i], show: number },
    { key: "families", title: indicatorName("families"), value: (n) => period.families[n.i], show: number },
    { key: "pagerank", title: indicatorName("pagerank"), value: (n) => period.pagerank[n.i], show: percent },
    { key: "links_in", title: say("column_links_in"), value: (n) => degree.to.get(n.i) || 0, show: number },
    { key: "links_out", title: say("column_links_out"), value: (n) => degree.from.get(n.i) || 0, show: number },
  ];
}

/** The rows of the table in the order chosen; unknown values come last. */
function tableRows(chosen, columns) {
  const items = state.table === "links" ? chosen.links : chosen.nodes;
  const [key, way] = state.sort[state.table];
  const column = columns.find((c) => c.key === key) || columns[0];
  const collate = new Intl.Collator(locale()).compare;
  const tie = state.table === "links"
    ? (a, b) => a.from - b.from || a.to - b.to : (a, b) => a.i - b.i;
  return [...items].sort((a, b) => {
    if (column.text) return way * collate(column.text(a), column.text(b)) || tie(a, b);
    const [x, y] = [column.value(a), column.value(b)];
    if (x === null || y === null) return (x === null) - (y === null) || tie(a, b);
    return way * (x - y) || tie(a, b);
  });
}

function renderTable(chosen) {
  const holder = byId("table");
  if (state.view !== "table") {
    holder.replaceChildren();
    return;
  }
  const columns = tableColumns(chosen);
  const rows = tableRows(chosen, columns);
  const [sorted, way] = state.sort[state.table];
  const heads = columns.map((column) => {
    const mine = column.key === sorted;
    const button = make("button", { type: "button" },
      column.title, make("span", { "aria-hidden": "true" }, mine ? (way < 0 ? " ▼" : " ▲") : ""));
    button.addEventListener("click", () => {
      const first = column.text ? 1 : -1;
      state.sort[state.table] = [column.key, mine ? -way : first];
      App.refresh();
    });
    return make("th", {
      scope: "col", class: column.text ? null : "num", "data-column": column.key,
      "aria-sort": mine ? (way < 0 ? "descending" : "ascending") : "none",
    }, button);
  });
  const caption = state.table === "links"
    ? say("table_caption_links", { count: countText(chosen) })
    : say("table_caption_nodes", { count: nodeCountText(chosen) });
  const shown = everyRow ? rows : rows.slice(0, ROWS);
  const table = make("table", { id: "rows" }, make("caption", {}, caption),
    make("thead", {}, make("tr", {}, ...heads)),
    make("tbody", {}, ...shown.map((item) => tableRow(item, columns))));
  const held = holder.contains(document.activeElement)
    ? document.activeElement.closest("[data-key], [data-column]") : null;
  holder.replaceChildren(table);
  if (held) keepFocus(table, held.dataset);
  if (rows.length > shown.length) {
    const more = make("button", { type: "button", class: "more", id: "more-rows" },
      say("table_more", { n: number(rows.length - shown.length) }));
    more.addEventListener("click", () => {
      everyRow = true;
      renderTable(selection());
    });
    holder.append(more);
  }
}

/** The keyboard stays on the row or heading where it was before the table was drawn again. */
function keepFocus(table, { key, column }) {
  const same = [...table.querySelectorAll("[data-key], [data-column]")].find((element) =>
    element.dataset.key === key && element.dataset.column === column);
  if (same) same.querySelector("button").focus();
}

function tableRow(item, columns) {
  const link = state.table === "links";
  const target = link ? { link: [item.from, item.to] } : { node: item.i };
  const row = make("tr", {
    "data-key": link ? item.key : item.i,
    class: JSON.stringify(state.chosen) === JSON.stringify(target) ? "chosen" : null,
  });
  columns.forEach((column, k) => {
    const text = column.text ? column.text(item) : column.show(column.value(item));
    if (k === 0) {
      const button = make("button", { type: "button", class: "link" }, make("bdi", {}, text));
      button.addEventListener("click", () => App.choose(target));
      if (link) {
        button.setAttribute("aria-label",
          say("link_title", { citing: nameOf(item.from), cited: nameOf(item.to) }));
      }
      row.append(make("td", {}, button));
    } else if (column.text) row.append(make("td", {}, make("bdi", {}, text)));
    else row.append(make("td", { class: "num" }, text));
  });
  return row;
}
