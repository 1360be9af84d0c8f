/* The panel: one country, two side by side, or a link and the families behind it. */

const INDICATORS = DATA.indicator_words;
const RANK_COLUMNS = {
  families: "family_rank", received: "received_rank", value: "value_rank",
  families_international: "international_rank",
};

function indicatorName(key) {
  const entry = INDICATORS.find((indicator) => indicator.key === key);
  return entry ? entry[state.lang][0] : key;
}

/** Indicators of the period shown, or those of the whole span; what the links tell is in both. */
function indicatorTable() {
  const own = DATA.periods[state.period].key in DATA.indicators;
  const period = DATA.periods[own ? state.period : 0];
  const { received, given, pagerank, families } = period;
  const told = { received, given, pagerank, families };
  if (families.every((value) => value === null)) delete told.families;
  return { columns: { ...told, ...DATA.indicators[period.key] }, own };
}

function formatted(value, format) {
  if (value === null || value === undefined) return say("unknown");
  if (format === "percent") return percent(value);
  if (format === "boolean") return say(value ? "yes" : "no");
  if (format === "signed") return (value > 0 ? "+" : "") + number(value).replace(/^-/, "−");
  if (format === "integer") return number(Math.round(value));
  return number(value);
}

/** Competition rank among all with a value: 1 = the largest, or the nearest. */
function rankOf(indicator, columns, i) {
  if (!indicator.rank) return null;
  const values = columns[indicator.key].filter((v) => v !== null);
  const value = columns[indicator.key][i];
  if (value === null) return null;
  const given = columns[RANK_COLUMNS[indicator.key]];
  const better = values.filter((v) => (indicator.rank === "low" ? v < value : v > value)).length;
  const rank = given && given[i] !== null ? given[i] : better + 1;
  return say("rank_of", { rank: number(rank), total: number(values.length) });
}

function measurable(columns, i) {
  return !(columns.measurable && columns.measurable[i] === 0);
}

function name(i) {
  return make("bdi", {}, nameOf(i));
}

function nodeButton(i) {
  const button = make("button", { type: "button", class: "link" }, name(i));
  button.addEventListener("click", () => App.choose({ node: i }));
  return button;
}

function renderPanel() {
  const panel = byId("panel");
  const held = panel.contains(document.activeElement) ? document.activeElement.id : null;
  const open = byId("more-indicators") && byId("more-indicators").open;
  panel.replaceChildren();
  if (!state.chosen) {
    const hint = DATA.kind === "country" ? "panel_none" : "panel_none_organisation";
    panel.append(make("h2", {}, say("panel")), make("p", { class: "sub" }, say(hint)));
  } else if (state.chosen.link) panel.append(...linkPanel(...state.chosen.link));
  else panel.append(...nodePanel(state.chosen.node));
  if (open && byId("more-indicators")) byId("more-indicators").open = true;
  // the keyboard stays where it was: on the same control, else on the panel
  if (held !== null) ((held && byId(held)) || panel).focus();
}

function panelHead(title, focal = false) {
  const close = make("button", { type: "button", id: "close", "aria-label": say("close") }, "×");
  close.addEventListener("click", () => App.choose(null));
  const heading = make("h2", focal ? { class: "focal" } : {}, title);
  return make("div", { class: "bar" }, heading, close);
}

function aboutNode(node) {
  const parts = [];
  if (DATA.kind === "country") parts.push(node.id);
  else if (node.country) parts.push(say("country_of", { name: node.country }));
  parts.push(className(node));
  if (DATA.has_core) parts.push(coreText(node));
  return parts.join(" · ");
}

/** Membership of the core in the period shown where that is known, else over the whole span. */
function coreText(node) {
  return coreName(coreLevel(node)) + coreSpan();
}

/** What to add to a statement on the whole span while a shorter period is shown. */
function wholeSpan() {
  return state.period ? ` (${say("period_all").toLowerCase()})` : "";
}

function nodePanel(i) {
  const node = NODES[i];
  const other = state.compare >= 0 && state.compare !== i ? state.compare : -1;
  const parts = [panelHead(name(i), node.focal), make("p", { class: "sub" }, aboutNode(node))];
  const select = make("select", { id: "compare" },
    make("option", { value: "-1" }, say("compare_none")),
    ...byName().filter((n) => n.i !== i).map((n) => make("option", { value: n.i }, nameOf(n.i))));
  select.value = String(other);
  select.addEventListener("change", () => App.set({ compare: Number(select.value) }));
  parts.push(make("div", { class: "choose" },
    make("label", { for: "compare" }, say("compare_with")), select));
  if (other >= 0) {
    parts.push(...indicatorSection([i, other]));
    parts.push(make("h3", {}, `${nameOf(i)} – ${nameOf(other)}`), pairTable(i, other), baseLine());
    return parts;
  }
  // on whom it builds and who builds on it is what a reader asks first
  parts.push(...partnerSection(i, "given"), ...partnerSection(i, "received"), baseLine());
  parts.push(...indicatorSection([i]), moveSection(i));
  return parts;
}

/** Buttons that move a node in the picture, as dragging it does. */
function moveSection(i) {
  const button = (id, sign, act) => {
    const one = make("button", { type: "button", id, "aria-label": say(id) }, sign);
    one.addEventListener("click", act);
    return one;
  };
  const step = (id, sign, dx, dy) => button(id, sign, () => {
    const { x, y } = position(NODES[i]);
    state.moved.set(i, { x: x + 20 * dx, y: y + 20 * dy });
    App.refresh();
  });
  return make("fieldset", { id: "move", class: "move" }, make("legend", {}, say("move")),
    step("move_left", "←", -1, 0), step("move_up", "↑", 0, -1),
    step("move_down", "↓", 0, 1), step("move_right", "→", 1, 0),
    button("move_back", say("move_back"), () => {
      state.moved.delete(i);
      App.refresh();
    }));
}

/** Which citations the links are: the sources of an indicator may be counted more widely. */
function baseLine() {
  const line = DATA.context.find((one) => one.label.en === "Scope");
  const base = line ? line.value[state.lang] : "";
  return make("p", { class: "sub", id: "base" }, base ? say("base", { base }) : "");
}

/** Indicators of one node with interval and rank, or of two side by side. */
function indicatorSection(who) {
  const { columns, own } = indicatorTable();
  const present = INDICATORS.filter((indicator) => columns[indicator.key]);
  if (!present.length) return [make("p", { class: "sub" }, say("indicators_none"))];
  const notes = own ? [] : [make("p", { class: "warn" }, say("indicators_all"))];
  if (who.some((i) => !measurable(columns, i))) {
    notes.push(make("p", { class: "warn" }, say("not_measurable")));
  }
  const headline = present.filter((indicator) => indicator.headline);
  const rest = present.filter((indicator) => !indicator.headline);
  const parts = [...notes, indicatorRows(headline, columns, who, "indicators")];
  if (rest.length) {
    parts.push(make("details", { class: "field", id: "more-indicators" },
      make("summary", {}, say("more_indicators")),
      indicatorRows(rest, columns, who, "indicators-more")));
  }
  return parts;
}

function indicatorRows(indicators, columns, who, id) {
  const heads = who.length === 1
    ? [say("value"), say("rank")] : who.map((i) => nameOf(i));
  const head = make("tr", {}, make("th", { scope: "col" }, say("indicator")),
    ...heads.map((text) => make("th", { scope: "col", class: "num" }, text)));
  const rows = indicators.map((indicator) => {
    const [label, about] = indicator[state.lang];
    const cells = [];
    who.forEach((i) => {
      const ranked = measurable(columns, i) ? rankOf(indicator, columns, i) : null;
      const cell = make("td", { class: "num" }, formatted(columns[indicator.key][i], indicator.format));
      const span = interval(indicator, columns, i);
      if (span) cell.append(make("span", { class: "between", title: say("interval") }, span));
      if (who.length === 1) cells.push(cell, make("td", { class: "num" }, ranked || "", rankSpan(indicator, columns, i)));
      else {
        if (ranked) cell.append(make("span", { class: "between" }, ranked));
        cells.push(cell);
      }
    });
    return make("tr", { "data-indicator": indicator.key }, make("th", { scope: "row" },
      make("span", { class: "what" }, label), make("span", { class: "def" }, about)), ...cells);
  });
  return make("table", { id }, make("thead", {}, head), make("tbody", {}, ...rows));
}

function interval(indicator, columns, i) {
  const [low, high] = ["low", "high"].map((end) => columns[`${indicator.key}_${end}`]);
  if (!low || !high || low[i] === null || high[i] === null) return null;
  return `[${formatted(low[i], indicator.format)}; ${formatted(high[i], indicator.format)}]`;
}

function rankSpan(indicator, columns, i) {
  const column = RANK_COLUMNS[indicator.key];
  const [low, high] = ["low", "high"].map((end) => columns[`${column}_${end}`]);
  if (!low || !high || low[i] === null || high[i] === null || !measurable(columns, i)) return null;
  return make("span", { class: "between", title: say("interval") },
    `[${number(low[i])}; ${number(high[i])}]`);
}

/** The ten partners with most citations in one direction; shares are of all partners. */
function partnerSection(i, way) {
  const mine = periodLinks(state.period)
    .filter((link) => (way === "given" ? link.from : link.to) === i)
    .sort((a, b) => b.weight - a.weight || a.from - b.from || a.to - b.to);
  const total = DATA.periods[state.period][way][i];
  const parts = [make("h3", { class: `dir-${way}` }, say(`partners_${way}`))];
  if (!mine.length) return [...parts, make("p", { class: "sub" }, say("no_partners"))];
  const rows = mine.slice(0, 10).map((link) => {
    const j = way === "given" ? link.to : link.from;
    const share = total ? link.weight / total : null;
    const value = make("button", { type: "button", class: "link" }, number(link.weight));
    value.setAttribute("aria-label", say("link_title", {
      citing: nameOf(link.from), cited: nameOf(link.to) }) + `: ${number(link.weight)}`);
    value.addEventListener("click", () => App.choose({ link: [link.from, link.to] }));
    return make("tr", {}, make("td", {}, nodeButton(j)), make("td", { class: "num" }, value),
      make("td", { class: "num share" }, percent(share)));
  });
  const head = make("tr", {}, make("th", { scope: "col" },
    say("top_of", { shown: number(rows.length), total: number(mine.length) })),
  make("th", { scope: "col", class: "num" }, say("link_weight")),
  make("th", { scope: "col", class: "num" }, say("partner_share")));
  return [...parts, make("table", { id: `partners-${way}` }, make("thead", {}, head),
    make("tbody", {}, ...rows))];
}

/** Citations both ways between two nodes: one under the other, so that long names have room. */
function pairTable(i, j) {
  const period = DATA.periods[state.period];
  const bodies = [[i, j], [j, i]].map(([from, to]) => {
    const link = linkBetween(from, to);
    const share = (all) => (link && all ? percent(link.weight / all) : say("unknown"));
    const open = make("button", { type: "button", class: "link" },
      say("link_title", { citing: nameOf(from), cited: nameOf(to) }));
    open.addEventListener("click", () => App.choose({ link: [from, to] }));
    const facts = [
      [say("link_weight"), number(link ? link.weight : 0)],
      [say("link_of_given", { name: nameOf(from) }), share(period.given[from])],
      [say("link_of_received", { name: nameOf(to) }), share(period.received[to])],
    ];
    return make("tbody", {}, make("tr", {}, make("th", { scope: "rowgroup", colspan: 2 }, open)),
      ...facts.map(([what, value]) => make("tr", {}, make("th", { scope: "row" }, what),
        make("td", { class: "num" }, value))));
  });
  return make("table", { id: "pair" }, ...bodies);
}

function linkPanel(from, to) {
  const parts = [
    panelHead(make("span", {}, name(from), " → ", name(to))),
    make("p", { class: "sub" }, say("filter_period", { value: periodName(state.period) })),
  ];
  [[from, to], [to, from]].forEach(([a, b]) => {
    parts.push(make("h3", {}, say("link_title", { citing: nameOf(a), cited: nameOf(b) })));
    const link = linkBetween(a, b);
    if (!link) {
      parts.push(make("p", { class: "sub" }, say("families_none")));
      return;
    }
    const period = DATA.periods[state.period];
    const facts = [
      [say("link_weight"), number(link.weight)],
      [say("link_pairs"), number(link.pairs)],
      [say("link_share_given", { name: nameOf(a) }), percent(link.weight / period.given[a])],
      [say("link_share_received", { name: nameOf(b) }), percent(link.weight / period.received[b])],
      ...(DATA.has_ratios ? [[say("link_ratio"), ratioText(link)]] : []),
    ];
    parts.push(make("table", { class: "facts-table" }, make("tbody", {}, ...facts.map(([what, value]) =>
      make("tr", {}, make("th", { scope: "row" }, what), make("td", { class: "num" }, value))))));
    parts.push(...familiesBehind(a, b));
  });
  const buttons = [from, to].map((i) => nodeButton(i));
  parts.push(make("p", { class: "choose" }, buttons[0], " · ", buttons[1]));
  return parts;
}

/** Citations over those expected, with the interval where there is one. */
function ratioText(link) {
  const [low, high] = link.between;
  if (link.ratio === null) return say("unknown");
  return low === null ? `${number(link.ratio)} (${say("no_interval")})`
    : `${number(link.ratio)} (${number(low)} – ${number(high)})`;
}

function familiesBehind(from, to) {
  const known = state.period ? null : DATA.evidence[linkKey(from, to)];
  if (known && known.length) {
    return [make("p", { class: "def" }, `${say("families_behind")}. ${say("families_first", { n: number(known.length) })}`),
      make("ol", {}, ...known.map((one) => make("li", {}, familyText(...one))))];
  }
  const asked = DATA.explain ? "families_behind_none" : "families_behind_absent";
  return [make("p", { class: "def" }, `${say("families_behind")}. ${say(asked)}`),
    ...(DATA.explain ? [make("code", {}, explainCall(from, to))] : [])];
}

/** A family as lists name it: title, who filed it, year, document; natural persons are not named. */
function familyText(family, lens, title = "", who = "", year = "", person = "") {
  const owners = [who.replace(/\+$/, `, ${say("and_others")}`), person && say("a_person")];
  const shown = lens && lens !== family ? `${lens} (${say("family", { id: family })})` : family;
  return [title, owners.filter(Boolean).join(", "), year, shown].filter(Boolean).join(" · ");
}

function explainCall(from, to) {
  const quoted = (text) => (/^[\w./-]+$/.test(text) ? text : `'${text.replace(/'/g, "'\\''")}'`);
  const { results, technology } = DATA.explain;
  const key = DATA.periods[state.period].key;
  const period = key === DATA.periods[0].key ? "" : ` --period ${quoted(key)}`;
  return `netpos explain ${quoted(results)} --technology ${quoted(technology)}${period} ` +
    `--citing ${quoted(NODES[from].id)} --cited ${quoted(NODES[to].id)}`;
}
