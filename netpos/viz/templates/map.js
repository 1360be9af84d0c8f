/* The page: controls in, picture, panel, table and address out. */

const App = {};

App.set = function set(changes) {
  Object.assign(state, changes);
  App.refresh();
};

App.choose = function choose(target) {
  if (target && target.node !== undefined && state.compare === target.node) state.compare = -1;
  App.set({ chosen: target });
  byId("said").textContent = target ? say("panel_shown", { name: targetName(target) }) : "";
  if (target) byId("panel").scrollTop = 0;
};

function targetName({ node, link }) {
  return link ? say("link_title", { citing: nameOf(link[0]), cited: nameOf(link[1]) }) : nameOf(node);
}

App.refresh = function refresh() {
  const chosen = selection();
  renderControls(chosen);
  renderPanel();
  if (state.view === "map") Picture.update(chosen);
  renderTable(chosen);
  byId("legend").replaceChildren(...legendElement(chosen));
  byId("legend").hidden = state.view !== "map";
  writeFragment();
};

const sorted = new Map();

/** All nodes in the order of their names in the language of the page. */
function byName() {
  if (!sorted.has(state.lang)) {
    const collate = new Intl.Collator(locale()).compare;
    sorted.set(state.lang,
      [...NODES].sort((a, b) => collate(nameOf(a.i), nameOf(b.i)) || a.i - b.i));
  }
  return sorted.get(state.lang);
}

/* --- words on the page --------------------------------------------------------------------------- */

function factsText() {
  const { period, data_date: date, coverage } = DATA.facts;
  return [
    period && period[state.lang],
    date && say("data_short", { date }),
    coverage !== null && say("coverage_short", { share: percent(coverage) }),
  ].filter(Boolean).join(" · ");
}

function translate() {
  document.documentElement.lang = state.lang;
  document.title = DATA.title[state.lang];
  byId("title").textContent = DATA.title[state.lang];
  byId("facts").textContent = factsText();
  document.querySelectorAll("[data-t]").forEach((e) => { e.textContent = say(e.dataset.t); });
  document.querySelectorAll("[data-t-label]").forEach((e) =>
    e.setAttribute("aria-label", say(e.dataset.tLabel)));
  document.querySelectorAll("[data-t-placeholder]").forEach((e) => {
    e.placeholder = say(e.dataset.tPlaceholder);
  });
  byId("context").replaceChildren(...DATA.context.map(({ label, value }) => make("div",
    { class: /\n|^.{151}/.test(value[state.lang]) ? "wide" : null },
    make("dt", {}, label[state.lang]), make("dd", { dir: "auto" }, ...contextValue(value[state.lang])))));
  const names = byName();
  byId("names").replaceChildren(...names.map((node) => make("option", {
    value: nameOf(node.i), label: DATA.kind === "country" ? node.id : null })));
  const partner = byId("partner");
  partner.replaceChildren(make("option", { value: "-1" }, say("partners_all")),
    ...names.map((node) => make("option", { value: node.i }, nameOf(node.i))));
  byId("share").replaceChildren(...SHARES.map((share) => make("option", { value: share },
    share ? say("share_value", { value: percent(share) }) : say("share_all"))));
  byId("boxes").replaceChildren(...names.map((node) => {
    const box = make("input", { type: "checkbox", value: node.i });
    return make("label", {}, box, name(node.i));
  }));
}

function emptyNote(chosen) {
  const whole = DATA.periods[0];
  if (!NODES.length) return say(`empty_0_${DATA.kind}`);
  if (NODES.length === 1) return say(`empty_1_${DATA.kind}`);
  if (!whole.total) return say(`empty_isolated_${DATA.kind}`, { n: number(NODES.length) });
  return chosen.links.length ? "" : say("empty_filter");
}

function ceilingNotes() {
  const notes = [];
  const period = DATA.periods[state.period];
  const held = periodLinks(state.period).length;
  if (NODES.length < DATA.nodes_total) {
    notes.push(say("ceiling_nodes", { shown: number(NODES.length), total: number(DATA.nodes_total) }));
  }
  if (held < period.total) {
    const key = state.period ? "ceiling_period" : "ceiling_links";
    notes.push(say(key, {
      shown: number(held), total: number(period.total), period: periodName(state.period) }));
  }
  if (notes.length) {
    const table = DATA.links_file && say("ceiling_table", { file: DATA.links_file });
    const file = DATA.graph_file && say("ceiling_file", { file: DATA.graph_file });
    notes.push(table || file || say("ceiling_file_unnamed"));
  }
  return notes;
}

function noticeText(chosen) {
  const notes = [emptyNote(chosen), ...ceilingNotes()];
  if (!DATA.focal.length && NODES.length) notes.push(say("no_focal", { name: DATA.focal_name[state.lang] }));
  return notes.filter(Boolean).join("\n");
}

/* --- controls ---------------------------------------------------------------------------------------- */

function renderControls(chosen) {
  document.body.dataset.view = state.view;
  document.querySelector(`#view-switch input[value="${state.view}"]`).checked = true;
  document.querySelector(`#lang-switch input[value="${state.lang}"]`).checked = true;
  document.querySelector(`#table-switch input[value="${state.table}"]`).checked = true;
  byId("map-view").hidden = state.view !== "map";
  byId("table-view").hidden = state.view !== "table";
  const slider = (id, value, text, most) => {
    const input = byId(id);
    input.max = most;
    input.value = value;
    input.setAttribute("aria-valuetext", text);
    byId(`${id}-value`).textContent = text;
  };
  byId("period-field").hidden = DATA.periods.length < 2;
  slider("period", state.period, periodName(state.period), DATA.periods.length - 1);
  const least = THRESHOLDS[state.threshold];
  slider("threshold", state.threshold, state.threshold
    ? say("threshold_value", { value: number(least) }) : say("threshold_all"), THRESHOLDS.length - 1);
  byId("main").checked = state.main;
  ["layout", "colour", "size", "width"].forEach((key) => { byId(key).value = state[key]; });
  byId("partner").value = String(state.partner);
  byId("share").value = String(state.share);
  byId("balance").value = state.balance;
  byId("boxes").querySelectorAll("input").forEach((box) => {
    box.checked = !state.off.has(Number(box.value));
  });
  byId("filter-count").textContent = say("filter_count", {
    shown: number(NODES.length - state.off.size), total: number(NODES.length) });
  const count = `${countText(chosen)} · ${nodeCountText(chosen)}`;
  byId("count").textContent = count;
  byId("network").setAttribute("aria-label", say("canvas_label", { count }));
  const notice = noticeText(chosen);
  byId("notice").textContent = notice;
  byId("notice").hidden = !notice;
}

/** The first line of what a map rests on, and the others, which paper has no room for. */
function contextValue(text) {
  const at = text.indexOf("\n");
  return at < 0 ? [text] : [text.slice(0, at), make("span", { class: "screen" }, text.slice(at))];
}

/**
 * Find a node by its whole code, its name in either language or what people type for it, else by
 * how its name begins or what it holds, its names before what else people type.
 */
function find(text) {
  const plain = (s) => s.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/\./g, "").trim();
  const wanted = plain(text);
  if (!wanted) return -1;
  const names = (node) => [node.names[state.lang], node.names.en, node.names.nl].map(plain);
  const typed = (node) => ((DATA.typed || {})[node.id] || []).map(plain);
  const tests = [
    (node) => plain(node.id) === wanted,
    (node) => names(node).includes(wanted) || typed(node).includes(wanted),
    (node) => names(node).some((s) => s.startsWith(wanted)),
    (node) => names(node).some((s) => s.includes(wanted)),
    (node) => typed(node).some((s) => s.startsWith(wanted)),
    (node) => typed(node).some((s) => s.includes(wanted)),
  ];
  for (const test of tests) {
    const found = byName().find(test);
    if (found) return found.i;
  }
  return -1;
}

let searched = ""; // what the field held when it was last looked for

function search() {
  const text = byId("search").value;
  searched = text;
  if (!text.trim()) return;
  const i = find(text);
  byId("search-answer").textContent = i < 0 ? say("search_none", { text: text.trim() }) : "";
  if (i < 0) return;
  state.off.delete(i);
  if (!selection().nodes.some((node) => node.i === i)) state.balance = "all";
  if (state.partner >= 0 && !selection().nodes.some((node) => node.i === i)) state.partner = -1;
  App.choose({ node: i });
  if (state.view === "map") Picture.show(i);
  else {
    const row = document.querySelector("#rows tr.chosen");
    if (row) row.scrollIntoView({ block: "nearest" });
  }
}

function listen() {
  byId("controls").addEventListener("submit", (event) => event.preventDefault());
  byId("search").addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    search();
  });
  byId("search").addEventListener("change", () => {
    // not again on leaving the field: the panel would be built anew under a click on it
    const text = byId("search").value;
    if (text !== searched && find(text) >= 0) search();
  });
  byId("period").addEventListener("input", (e) => App.set({ period: Number(e.target.value) }));
  byId("threshold").addEventListener("input", (e) => App.set({ threshold: Number(e.target.value) }));
  byId("main").addEventListener("change", (e) => App.set({ main: e.target.checked }));
  byId("partner").addEventListener("change", (e) => {
    const partner = Number(e.target.value);
    state.off.delete(partner);
    // all of a country's links can be read at once; those of everybody cannot
    App.set({ partner, main: partner < 0 });
    if (state.view === "map") Picture.fit();
  });
  byId("share").addEventListener("change", (e) => App.set({ share: Number(e.target.value) }));
  byId("balance").addEventListener("change", (e) => App.set({ balance: e.target.value }));
  ["layout", "colour", "size", "width"].forEach((key) => byId(key).addEventListener("change", (e) => {
    if (key === "layout") state.moved = new Map(); // moved in the other layout
    App.set({ [key]: e.target.value });
    if (key === "layout" && state.view === "map") Picture.fit(false);
  }));
  byId("boxes").addEventListener("change", (event) => {
    const i = Number(event.target.value);
    if (event.target.checked) state.off.delete(i);
    else state.off.add(i);
    App.refresh();
  });
  byId("filter-all").addEventListener("click", () => App.set({ off: new Set() }));
  byId("filter-none").addEventListener("click", () =>
    App.set({ off: new Set(NODES.map((node) => node.i)) }));
  document.querySelectorAll("#view-switch input").forEach((e) => e.addEventListener("change", () => {
    App.set({ view: e.value });
    if (e.value === "map") Picture.fit(false);
  }));
  document.querySelectorAll("#table-switch input").forEach((e) =>
    e.addEventListener("change", () => App.set({ table: e.value })));
  document.querySelectorAll("#lang-switch input").forEach((e) => e.addEventListener("change", () => {
    state.lang = e.value;
    translate();
    App.refresh();
  }));
  byId("skip").addEventListener("click", (event) => {
    event.preventDefault();
    App.set({ view: "table" });
    byId("table").focus();
  });
  byId("zoom-in").addEventListener("click", () => Picture.zoom(1.35));
  byId("zoom-out").addEventListener("click", () => Picture.zoom(1 / 1.35));
  byId("zoom-fit").addEventListener("click", () => Picture.fit());
  byId("save-png").addEventListener("click", savePng);
  byId("save-svg").addEventListener("click", saveSvg);
  byId("save-links").addEventListener("click", saveLinks);
  byId("save-nodes").addEventListener("click", saveNodes);
  byId("print").addEventListener("click", () => window.print());
  byId("reset").addEventListener("click", () => {
    state = { ...freshState(), lang: state.lang };
    byId("search").value = "";
    searched = "";
    App.refresh();
    Picture.fit(false);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && state.chosen) App.choose(null);
  });
  window.addEventListener("beforeprint", preparePrint);
  window.addEventListener("hashchange", () => {
    readFragment();
    translate();
    App.refresh();
  });
}

if (!SIZES.includes("families")) byId("size").querySelector('[value="families"]').remove();
byId("width-field").hidden = WIDTHS.length < 2;
document.documentElement.classList.add("ready");
readFragment();
translate();
listen();
App.refresh();
Picture.fit(false);
document.documentElement.dataset.usable = "true";
