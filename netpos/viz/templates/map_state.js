"use strict";
/* What the page knows and what the reader chose. Names only ever become text, never markup. */

const DATA = JSON.parse(document.getElementById("map-data").textContent);
const NODES = DATA.nodes.id.map((id, i) => ({
  i,
  id,
  names: { en: DATA.nodes.en[i], nl: (DATA.nodes.nl || DATA.nodes.en)[i] },
  country: DATA.nodes.country ? DATA.nodes.country[i] : id,
  bloc: DATA.nodes.bloc[i],
  core: DATA.nodes.core[i],
  community: DATA.nodes.community[i],
  focal: DATA.focal.includes(i),
}));
const NUMBER_OF = new Map(NODES.map((node) => [node.id, node.i]));
const STYLE = DATA.style;
const LAYOUTS = ["radial", "force", "centre", "geography"].filter((name) => DATA.nodes[name]);
const NO_GROUND = { rings: [], core_radius: 0, sectors: [] };
const COLOURS = DATA.has_core ? ["core", "bloc", "community"] : ["bloc", "community"];
/** What the width of a link can stand for: citations, or citations over those expected. */
const WIDTHS = DATA.has_ratios ? ["weight", "ratio"] : ["weight"];
const SIZES = ["received", "pagerank", "families"]
  .filter((key) => key !== "families" || DATA.nodes.families.some((value) => value !== null));

/* --- periods: links are unpacked when a period is first shown ------------------------------ */

function linkKey(from, to) {
  return `${from}>${to}`;
}

function ratioOf(period, from, to) {
  return (period.ratios || {})[linkKey(from, to)] || [null, null, null];
}

function periodLinks(at) {
  const period = DATA.periods[at];
  if (!period.unpacked) {
    const flat = period.links;
    period.unpacked = [];
    period.byKey = new Map();
    for (let k = 0; k < flat.length; k += 4) {
      const link = {
        key: linkKey(flat[k], flat[k + 1]),
        from: flat[k],
        to: flat[k + 1],
        weight: flat[k + 2],
        pairs: flat[k + 3],
        main: k / 4 < period.main,
        // citations over those expected, and the ends of its interval
        ratio: ratioOf(period, flat[k], flat[k + 1])[0],
        between: ratioOf(period, flat[k], flat[k + 1]).slice(1),
      };
      period.unpacked.push(link);
      period.byKey.set(link.key, link);
    }
  }
  return period.unpacked;
}

function linkBetween(from, to) {
  periodLinks(state.period);
  return DATA.periods[state.period].byKey.get(linkKey(from, to)) || null;
}

/* --- thresholds: 1, 1.5, 2, 3, 5, 7 times powers of ten, over all periods ------------------- */

const THRESHOLDS = (() => {
  let low = Infinity;
  let high = 0;
  DATA.periods.forEach((period) => {
    for (let k = 2; k < period.links.length; k += 4) {
      low = Math.min(low, period.links[k]);
      high = Math.max(high, period.links[k]);
    }
  });
  const steps = [0];
  if (high > 0) {
    for (let e = Math.floor(Math.log10(low)); e <= Math.log10(high); e += 1) {
      [1, 1.5, 2, 3, 5, 7].forEach((m) => {
        const step = Number((m * 10 ** e).toPrecision(2));
        if (step > low && step <= high) steps.push(step);
      });
    }
  }
  return steps;
})();

/** Shares of all that a node cites, of which a link must have at least one to be shown. */
const SHARES = [0, 0.01, 0.02, 0.05, 0.1, 0.2];
/** Which nodes are shown by their balance: all, those cited more than they cite, or the others. */
const BALANCES = ["all", "more", "less"];

/* --- what the reader chose ------------------------------------------------------------------ */

function freshState() {
  return {
    view: "map",
    table: "links",
    layout: LAYOUTS[DATA.kind === "country" ? 0 : 1],
    colour: COLOURS[0],
    size: "received",
    width: WIDTHS[0],
    period: 0,
    main: true,
    threshold: 0, // a place in THRESHOLDS
    partner: -1,
    share: 0,
    balance: "all",
    moved: new Map(), // places that nodes were moved to in this layout
    off: new Set(),
    chosen: NODES.length && DATA.kind === "country" && DATA.focal.length
      ? { node: DATA.focal[0] } : null,
    compare: -1,
    sort: { links: ["weight", -1], nodes: ["received", -1] },
    lang: DATA.lang,
  };
}

let state = freshState();

const coreLevels = new Map();

/** 2 core, 1 near it, 0 further away, in the period shown where that is known, else over the whole
 * span; -1: the table of the period has no answer for the country. */
function coreLevel(node) {
  if (!coreLevels.has(state.period)) {
    const { columns } = indicatorTable();
    coreLevels.set(state.period, state.period && coreOfPeriod() ? NODES.map(({ i }) => {
      if (columns.core[i] === null) return -1;
      return columns.core[i] ? 2 : columns.near_core && columns.near_core[i] ? 1 : 0;
    }) : NODES.map(({ core }) => core));
  }
  return coreLevels.get(state.period)[node.i];
}

/** Whether the core is known for the period shown, and not for the whole span alone. */
function coreOfPeriod() {
  const { columns, own } = indicatorTable();
  return own && Boolean(columns.core);
}

/** What to add to a statement on the core that holds for the whole span alone. */
function coreSpan() {
  return coreOfPeriod() ? "" : wholeSpan();
}

function coreName(level) {
  return say(["core_unknown", "outside_core", "near_core", "in_core"][level + 1]);
}

/** The links and nodes that pass the filters: the one answer that picture, table and files use. */
function selection() {
  const all = periodLinks(state.period);
  const least = THRESHOLDS[state.threshold];
  const { given, received } = DATA.periods[state.period];
  const stays = (i) => !state.off.has(i) && (state.balance === "all" ||
    (state.balance === "more" ? 1 : -1) * ((received[i] || 0) - (given[i] || 0)) > 0);
  const links = all.filter((link) =>
    (!state.main || link.main) && link.weight >= least &&
    stays(link.from) && stays(link.to) &&
    (!state.share || link.weight >= state.share * given[link.from] * (1 - 1e-9)) &&
    (state.partner < 0 || link.from === state.partner || link.to === state.partner));
  let nodes = NODES.filter((node) => stays(node.i));
  if (state.partner >= 0) {
    const near = new Set([state.partner]);
    links.forEach((link) => near.add(link.from).add(link.to));
    nodes = nodes.filter((node) => near.has(node.i));
  }
  if (state.threshold || state.share) {
    // what a filter on links leaves without any goes, but not what the reader looks at
    const held = new Set(state.chosen || DATA.focal.length === 1 ? inFocus() : []);
    [state.compare, ...((state.chosen || {}).link || [])].forEach((i) => held.add(i));
    links.forEach((link) => held.add(link.from).add(link.to));
    nodes = nodes.filter((node) => held.has(node.i));
  }
  const weight = links.reduce((sum, link) => sum + link.weight, 0);
  const period = DATA.periods[state.period];
  return { links, nodes, total: period.total, share: period.weight ? weight / period.weight : 0 };
}

/** Rings and sectors of the layout shown. */
function ground() {
  return (NODES.length > 1 && DATA.ground[state.layout]) || NO_GROUND;
}

/* --- words and numbers ----------------------------------------------------------------------- */

function say(key, fill = {}) {
  const text = DATA.words[state.lang][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in fill ? String(fill[name]) : whole));
}

function nameOf(i) {
  return NODES[i].names[state.lang];
}

function locale() {
  return state.lang === "nl" ? "nl-NL" : "en-GB";
}

function number(value) {
  if (value === null || value === undefined) return say("unknown");
  const whole = Math.abs(value) >= 1000 || Number.isInteger(value);
  return formatter(whole ? "maximumFractionDigits" : "maximumSignificantDigits", whole ? 0 : 3)
    .format(value);
}

const formatters = new Map();

function formatter(option, digits) {
  const key = `${state.lang} ${option} ${digits}`;
  if (!formatters.has(key)) {
    const options = { [option]: digits };
    if (option === "maximumFractionDigits") options.minimumFractionDigits = digits;
    formatters.set(key, new Intl.NumberFormat(locale(), options));
  }
  return formatters.get(key);
}

function percent(share) {
  if (share === null || share === undefined) return say("unknown");
  const digits = share >= 0.1 || share === 0 ? 0 : 1;
  const value = share > 0 && share < 0.0005 ? 0.001 : share;
  const text = formatter("maximumFractionDigits", digits).format(100 * value);
  return (share > 0 && share < 0.0005 ? "< " : "") + text + " %";
}

function coverShare(share, shown, total) {
  // never "100 %" while something is left out
  return shown < total && share > 0.995 ? "> 99 %" : percent(share);
}

function periodName(at) {
  const key = DATA.periods[at].key;
  if (at > 0) return key;
  return key === "all" ? say("period_all") : say("period_whole", { key });
}

function className(node) {
  return node.bloc < 0 ? say("class_none") : say(`class_${node.bloc}`);
}

function blocName(node) {
  return node.bloc < 0 ? say("unknown") : say(`bloc_${node.bloc}`);
}

function countText(chosen) {
  return say("count", {
    shown: number(chosen.links.length),
    total: number(chosen.total),
    share: coverShare(chosen.share, chosen.links.length, chosen.total),
  });
}

function nodeCountText(chosen) {
  return say(`count_nodes_${DATA.kind}`, {
    shown: number(chosen.nodes.length), total: number(NODES.length),
  });
}

function filterText() {
  const parts = [
    say("filter_period", { value: periodName(state.period) }),
    say(state.main ? "filter_main" : "filter_every"),
  ];
  if (state.threshold) parts.push(say("filter_min", { value: number(THRESHOLDS[state.threshold]) }));
  if (state.partner >= 0) parts.push(say("filter_partners", { name: nameOf(state.partner) }));
  if (state.moved.size) parts.push(say("filter_moved", { n: number(state.moved.size) }));
  if (state.share) parts.push(say("filter_share", { value: percent(state.share) }));
  if (state.balance !== "all") parts.push(say(`filter_balance_${state.balance}_${DATA.kind}`));
  if (state.off.size > 8) parts.push(say("filter_off_many", { n: number(state.off.size) }));
  else if (state.off.size) {
    const names = [...state.off].sort((a, b) => a - b).map(nameOf).join(", ");
    parts.push(say("filter_off", { names }));
  }
  return parts.join(" · ");
}

/* --- the view in the address, so that it can be sent ------------------------------------------ */

function writeFragment() {
  const plain = freshState();
  const out = new URLSearchParams();
  ["view", "table", "layout", "colour", "size", "width", "lang"].forEach((key) => {
    if (state[key] !== plain[key]) out.set(key, state[key]);
  });
  if (state.period) out.set("period", DATA.periods[state.period].key);
  if (!state.main) out.set("links", "all");
  if (state.threshold) out.set("min", THRESHOLDS[state.threshold]);
  if (state.partner >= 0) out.set("partner", NODES[state.partner].id);
  if (state.share) out.set("share", state.share);
  if (state.balance !== "all") out.set("balance", state.balance);
  state.moved.forEach(({ x, y }, i) => out.append("at", `${Math.round(x)},${Math.round(y)},${NODES[i].id}`));
  const on = NODES.filter((node) => !state.off.has(node.i));
  if (state.off.size && on.length < state.off.size) {
    (on.length ? on : [{ id: "" }]).forEach((node) => out.append("on", node.id));
  } else [...state.off].forEach((i) => out.append("off", NODES[i].id));
  const chosen = state.chosen;
  if (JSON.stringify(chosen) !== JSON.stringify(plain.chosen)) {
    if (!chosen) out.set("country", "");
    else if (chosen.link) chosen.link.forEach((i) => out.append("link", NODES[i].id));
    else out.set("country", NODES[chosen.node].id);
  }
  if (state.compare >= 0) out.set("compare", NODES[state.compare].id);
  ["links", "nodes"].forEach((table) => {
    const [column, way] = state.sort[table];
    if (String(state.sort[table]) !== String(plain.sort[table])) {
      out.set(`sort_${table}`, `${way < 0 ? "-" : ""}${column}`);
    }
  });
  const text = out.toString();
  try {
    history.replaceState(null, "", text ? `#${text}` : "#");
  } catch {
    /* inside a notebook's frame there is no address to write to */
  }
}

/** Read a view from the address; what does not fit this page is passed over. */
function readFragment() {
  const given = new URLSearchParams(location.hash.slice(1));
  const next = freshState();
  const node = (text) => (NUMBER_OF.has(text) ? NUMBER_OF.get(text) : -1);
  const pick = (key, allowed) => {
    if (allowed.includes(given.get(key))) next[key] = given.get(key);
  };
  pick("view", ["map", "table"]);
  pick("table", ["links", "nodes"]);
  pick("layout", LAYOUTS);
  pick("colour", COLOURS);
  pick("size", SIZES);
  pick("width", WIDTHS);
  pick("lang", ["en", "nl"]);
  const period = DATA.periods.findIndex((p) => p.key === given.get("period"));
  if (period >= 0) next.period = period;
  next.main = given.get("links") !== "all";
  const least = Number(given.get("min"));
  if (least > 0) {
    const place = THRESHOLDS.findIndex((step) => step >= least * (1 - 1e-9));
    next.threshold = place < 0 ? THRESHOLDS.length - 1 : place;
  }
  next.partner = node(given.get("partner"));
  pick("balance", BALANCES);
  if (SHARES.includes(Number(given.get("share")))) next.share = Number(given.get("share"));
  given.getAll("at").forEach((text) => {
    const [, x, y, id] = /^(-?\d{1,5}),(-?\d{1,5}),(.*)$/s.exec(text) || [];
    if (NUMBER_OF.has(id)) next.moved.set(NUMBER_OF.get(id), { x: Number(x), y: Number(y) });
  });
  if (given.has("on")) {
    const on = new Set(given.getAll("on").map(node));
    NODES.forEach(({ i }) => { if (!on.has(i)) next.off.add(i); });
  }
  given.getAll("off").map(node).forEach((i) => { if (i >= 0) next.off.add(i); });
  const ends = given.getAll("link").map(node);
  if (given.has("country")) {
    const i = node(given.get("country"));
    if (i >= 0) next.chosen = { node: i };
    else if (given.get("country") === "") next.chosen = null;
  } else if (ends.length === 2 && ends[0] >= 0 && ends[1] >= 0) next.chosen = { link: ends };
  next.compare = node(given.get("compare"));
  ["links", "nodes"].forEach((table) => {
    const text = given.get(`sort_${table}`) || "";
    const column = text.replace(/^-/, "");
    if (/^[a-z_]+$/.test(column)) next.sort[table] = [column, text.startsWith("-") ? -1 : 1];
  });
  state = next;
}

/* --- building elements: text goes in as text ---------------------------------------------------- */

function make(tag, attributes = {}, ...content) {
  const element = document.createElement(tag);
  Object.entries(attributes).forEach(([key, value]) => {
    if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(key, value === true ? "" : value);
    }
  });
  element.append(...content.filter((part) => part !== null && part !== undefined));
  return element;
}

function draw(tag, attributes = {}, ...content) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
  element.append(...content);
  return element;
}

function byId(id) {
  return document.getElementById(id);
}
