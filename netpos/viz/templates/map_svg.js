/* The same picture as SVG: for the legend, for print, for files. */

/** A node's sign: a circle for the EU, a square for OECD or NATO, a triangle for others. */
function sign(bloc, x, y, r, look) {
  if (bloc === 1) {
    const s = r * 0.88;
    return draw("rect", { x: x - s, y: y - s, width: 2 * s, height: 2 * s, ...look });
  }
  if (bloc === 2) {
    const h = r * 1.15;
    const points = `${x},${y - h} ${x + h},${y + h * 0.8} ${x - h},${y + h * 0.8}`;
    return draw("polygon", { points, ...look });
  }
  return draw("circle", { cx: x, cy: y, r, ...look });
}

/** What the signs mean, for the view as it is: {kind, text, ...}. */
function legendKeys(chosen) {
  const keys = [];
  const present = (field, value) => chosen.nodes.some((node) =>
    (field === "core" ? coreLevel(node) : node[field]) === value);
  const plain = { stroke: STYLE.edge };
  if (state.colour === "core") {
    [2, 1, 0, -1].filter((level) => present("core", level)).forEach((level) => {
      const text = (level < 0 ? say("core_unknown") : say(`core_${level}`)) + coreSpan();
      keys.push({ bloc: 0, look: { ...plain, fill: STYLE.core[level] || "#ffffff" }, text });
    });
  } else if (state.colour === "community") {
    STYLE.community.forEach((fill, c) => {
      if (!present("community", c)) return;
      const heads = (DATA.heads[c] || []).map((i) =>
        (DATA.kind === "country" ? NODES[i].id : cleanLabel(nameOf(i))));
      const count = DATA.kind === "country" ? 3 : 1;
      const text = heads.length ? `${heads.slice(0, count).join(", ")} …` : say("community_rest");
      keys.push({ bloc: 0, look: { ...plain, fill }, text: text + wholeSpan() });
    });
  }
  [0, 1, 2].filter((bloc) => present("bloc", bloc)).forEach((bloc) => {
    const fill = state.colour === "bloc" ? STYLE.bloc[bloc] : "#ffffff";
    keys.push({ bloc, look: { ...plain, fill }, text: say(`bloc_${bloc}`) });
  });
  if (DATA.focal.length) {
    const name = DATA.focal_name[state.lang];
    const one = DATA.focal.length === 1 && DATA.kind === "country";
    const text = one || DATA.focal_code === NODES[DATA.focal[0]].id
      ? nameOf(DATA.focal[0]) : say("focal_mark_organisation", { name });
    keys.push({
      bloc: 0, text, look: { fill: "#ffffff", stroke: STYLE.focal, "stroke-width": 3 },
    });
  }
  const focus = [...inFocus()];
  if (focus.length && chosen.links.length) {
    const name = focus.length === 1 ? nameOf(focus[0]) : DATA.focal_name[state.lang];
    keys.push({ line: STYLE.given, text: say("legend_given", { name }) });
    keys.push({ line: STYLE.received, text: say("legend_received", { name }) });
  }
  const most = heaviest(chosen.links);
  if (most) {
    const least = state.width === "ratio" ? 0 : 1; // ratios below 1 mean something as well
    const steps = [most, most / 10, most / 100].filter((v) => v >= least || v === most);
    keys.push({
      widths: steps.map((v) => linkWidth(v, most)),
      text: `${say(`legend_width${state.width === "ratio" ? "_ratio" : ""}`)} (${steps.map((v) => number(Number(v.toPrecision(2)))).join(", ")})`,
    });
  }
  keys.push({ text: say(`legend_size_${state.size}`) });
  keys.push({ wide: true, text: [say("legend_arrow"), ringNote()].filter(Boolean).join(". ") });
  return keys;
}

function ringNote() {
  if (state.layout === "force") return "";
  if (state.layout === "geography") return say("ring_note_geography");
  if (state.layout === "centre") {
    return say("ring_note_centre", { name: nameOf(DATA.focal[0]) }) +
      (state.period ? ` ${say("places_whole")}` : "");
  }
  return say(DATA.has_core ? "ring_note" : "ring_note_organisation") +
    (state.period ? ` ${say("places_whole")}` : "");
}

function keySign(key) {
  if (key.widths) {
    const lines = key.widths.map((width, k) => draw("line", {
      x1: 1, x2: 33, y1: 5 + k * 6, y2: 5 + k * 6, stroke: STYLE.link, "stroke-width": width * 0.7,
    }));
    return { wide: 34, sign: draw("g", {}, ...lines) };
  }
  if (key.line) {
    return {
      wide: 30,
      sign: draw("g", {},
        draw("line", { x1: 1, x2: 22, y1: 8, y2: 8, stroke: key.line, "stroke-width": 3 }),
        draw("path", { d: "M29 8L20 3.4L20 12.6Z", fill: key.line })),
    };
  }
  if (key.look) return { wide: 16, sign: sign(key.bloc, 8, 8, 6, key.look) };
  return { wide: 0, sign: null };
}

function legendElement(chosen) {
  return legendKeys(chosen).map((key) => {
    const { wide, sign: drawn } = keySign(key);
    const svg = drawn && draw("svg", { width: wide, height: 18, "aria-hidden": "true" }, drawn);
    return make("span", { class: key.wide ? "key wide" : "key" }, svg, make("span", {}, key.text));
  });
}

/** Draw the view: nodes, links, names; with heading, legend and filters when it must stand alone. */
function pictureSvg(chosen, { width = 1400, height = 900, alone = true } = {}) {
  const head = alone ? 74 : 6;
  const keys = alone ? legendKeys(chosen) : [];
  const measure = measureWith(document.createElement("canvas").getContext("2d"));
  const rows = alone ? legendRows(keys, measure, width - 48) : [];
  const foot = alone ? rows.length * 21 + 46 : 6;
  const svg = draw("svg", {
    xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${width} ${height}`, width, height,
    role: "img", "font-family": FONT.replace(/"/g, "'"),
  });
  svg.append(draw("rect", { width, height, fill: STYLE.paper }));
  const note = emptyNote(chosen);
  if (chosen.nodes.length) {
    svg.append(pictureBody(chosen, measure, { width, top: head, height: height - head - foot }));
  }
  if (note && !chosen.links.length) {
    svg.append(textAt(note, width / 2, chosen.nodes.length ? height - foot - 14 : height / 2,
      { "font-size": 15, "text-anchor": "middle" }));
  }
  if (alone) {
    const title = fitText(DATA.title[state.lang], 22, true, width - 48, measure);
    svg.append(textAt(title, 24, 34, { "font-size": 22, "font-weight": 700 }));
    const badge = DATA.synthetic ? `${say("synthetic")} · ` : "";
    svg.append(textAt(fitText(badge + factsText(), 13, false, width - 48, measure), 24, 56,
      { "font-size": 13, fill: DATA.synthetic ? "#7a2e00" : "#4a5567" }));
    rows.forEach((row, k) => row.forEach(({ x, key, wide, sign: drawn }) => {
      const g = draw("g", { transform: `translate(${24 + x} ${height - foot + 4 + k * 21})` });
      if (drawn) g.append(drawn);
      g.append(textAt(key.text, wide ? wide + 6 : 0, 12.5, { "font-size": 12, fill: "#4a5567" }));
      svg.append(g);
    }));
    const line = `${filterText()} · ${countText(chosen)}`;
    svg.append(textAt(fitText(line, 12, false, width - 48, measure), 24, height - 16,
      { "font-size": 12 }));
  }
  return svg;
}

function legendRows(keys, measure, room) {
  const rows = [[]];
  let x = 0;
  keys.forEach((key) => {
    const drawn = keySign(key);
    const wide = (drawn.wide ? drawn.wide + 6 : 0) + measure(key.text, 12, false) + 22;
    if (x + wide > room && rows[rows.length - 1].length) {
      rows.push([]);
      x = 0;
    }
    rows[rows.length - 1].push({ x, key, ...drawn });
    x += wide;
  });
  return rows;
}

function fitText(text, font, strong, room, measure) {
  const clean = text.replace(/[\u0000-\u001f\u007f\ufffe\uffff]/g, " ");
  if (measure(clean, font, strong) <= room) return clean;
  const signs = [...clean];
  let low = 0;
  let high = signs.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (measure(`${signs.slice(0, middle).join("")}…`, font, strong) <= room) low = middle;
    else high = middle - 1;
  }
  return `${signs.slice(0, low).join("")}…`;
}

function textAt(text, x, y, look = {}) {
  return draw("text", { x, y, fill: STYLE.ink, "unicode-bidi": "isolate", ...look }, text);
}

function pictureBody(chosen, measure, { width, top, height }) {
  const spots = chosen.nodes.map((node) => ({ node, ...position(node), r: nodeSize(node) }));
  const radial = Boolean(DATA.ground[state.layout]) && NODES.length > 1;
  const xs = spots.flatMap(({ x, r }) => [x - r - 46, x + r + 46]);
  const ys = spots.flatMap(({ y, r }) => [y - r - 24, y + r + 24]);
  if (radial) {
    const rim = Math.max(0, ...ground().rings);
    ys.push(-rim - 8, rim + 8);
    ground().sectors.forEach(({ name: [x, y] }) => {
      ys.push(y - 20, y + 10);
      xs.push(x - 70, x + 70);
    });
  }
  const left = Math.min(...xs);
  const high = Math.min(...ys);
  const wide = Math.max(...xs) - left;
  const tall = Math.max(...ys) - high;
  const scale = Math.min(width / wide, height / tall, 1.7);
  const dx = (width - scale * wide) / 2 - left * scale;
  const dy = top + (height - scale * tall) / 2 - high * scale;
  const shrink = Math.max(scale, 0.45);
  const at = new Map();
  spots.forEach((spot) => {
    spot.x = spot.x * scale + dx;
    spot.y = spot.y * scale + dy;
    spot.r *= shrink;
    spot.rank = labelRank(spot.node);
    spot.strong = spot.rank > 3;
    spot.font = spot.strong ? 15 : 12;
    at.set(spot.node.i, spot);
  });
  const body = draw("g");
  if (radial) body.append(...ringsSvg(scale, dx, dy));
  if (state.layout === "geography") body.append(landSvg(scale, dx, dy));
  if (showsApart(chosen.nodes)) {
    body.append(softText(apartText(), dx, dy + DATA.apart[state.layout] * scale));
  }
  body.append(...linksSvg(chosen, at, shrink), ...nodesSvg(spots, beside(chosen.links)));
  placeLabels(spots, measure, null, sectorBoxes(measure,
    ({ x, y }) => ({ x: x * scale + dx, y: y * scale + dy }), chosen.nodes)).reverse().forEach(({ node, text, x, y, font, strong }) => {
    body.append(textAt(text, x, y, {
      "font-size": font, "font-weight": strong ? 700 : 400, "text-anchor": "middle",
      fill: node.focal ? STYLE.focal : STYLE.ink, stroke: STYLE.paper, "stroke-width": 3,
      "paint-order": "stroke", "stroke-linejoin": "round",
    }));
  });
  return body;
}

function landSvg(scale, dx, dy) {
  return draw("path", { d: DATA.land, fill: STYLE.land, stroke: STYLE.paper,
    "stroke-width": (1 / scale).toFixed(2), transform: `translate(${dx} ${dy}) scale(${scale})` });
}

function ringsSvg(scale, dx, dy) {
  const oval = (radius, look) => draw("ellipse", {
    cx: dx, cy: dy, rx: radius * STYLE.aspect * scale, ry: radius * scale, ...look,
  });
  const { rings, core_radius: core, sectors } = ground();
  const parts = rings.map((radius) => oval(radius, { fill: "none", stroke: STYLE.ring }));
  if (DATA.has_core && state.layout === "radial") parts.push(oval(core, { fill: STYLE.disc }));
  const rim = Math.max(0, ...rings) * scale;
  sectors.forEach(({ bloc, begin, name: [x, y] }) => {
    const [cos, sin] = [STYLE.aspect * Math.cos(begin), Math.sin(begin)];
    const inner = core * scale;
    parts.push(draw("line", {
      x1: dx + inner * cos, y1: dy + inner * sin, x2: dx + rim * cos, y2: dy + rim * sin,
      stroke: STYLE.ring, "stroke-dasharray": "3 5",
    }), softText(say(`bloc_${bloc}`), dx + x * scale, dy + y * scale));
  });
  return parts;
}

function softText(text, x, y) {
  return textAt(text, x, y, {
    "font-size": 12.5, "font-weight": 700, "text-anchor": "middle", fill: STYLE.soft });
}

function linksSvg(chosen, at, shrink) {
  const focus = inFocus();
  const most = heaviest(chosen.links);
  const round = (value) => Math.round(value * 10) / 10;
  const bends = bendsOf(chosen);
  return chosen.links.map((link) => {
    const look = linkLook(link, focus, most, chosen.links.length);
    const [a, b] = [at.get(link.from), at.get(link.to)];
    const length = Math.hypot(b.x - a.x, b.y - a.y);
    if (length < 1) return null;
    const width = look.width * shrink;
    const { x: mx, y: my } = pulled(a, b, bends.get(link.key) || BENDS[0]);
    const back = Math.hypot(b.x - mx, b.y - my);
    const [ux, uy] = [(b.x - mx) / back, (b.y - my) / back];
    const [tx, ty] = [b.x - ux * (b.r + 1), b.y - uy * (b.r + 1)];
    const long = 3.5 + 1.5 * width;
    const [ex, ey] = [tx - ux * long, ty - uy * long];
    const half = 1.2 + 0.75 * width;
    const g = draw("g", { opacity: look.opacity.toFixed(2) },
      draw("path", {
        d: `M${round(a.x)} ${round(a.y)}Q${round(mx)} ${round(my)} ${round(ex)} ${round(ey)}`,
        fill: "none", stroke: look.colour, "stroke-width": round(width),
      }),
      draw("path", {
        d: `M${round(tx)} ${round(ty)}L${round(ex - uy * half)} ${round(ey + ux * half)}` +
          `L${round(ex + uy * half)} ${round(ey - ux * half)}Z`,
        fill: look.colour,
      }));
    return { order: (look.colour === STYLE.link ? 0 : 1e12) + strength(link), g };
  }).filter(Boolean).sort((a, b) => a.order - b.order).map(({ g }) => g);
}

function nodesSvg(spots, near) {
  const parts = [];
  [...spots].sort((a, b) => b.r - a.r || a.node.i - b.node.i).forEach(({ node, x, y, r }) => {
    const ring = node.focal ? { stroke: STYLE.focal, "stroke-width": 4, far: 6 }
      : state.chosen && state.chosen.node === node.i || state.compare === node.i
        ? { stroke: STYLE.ink, "stroke-width": 1.8, far: 6 } : null;
    if (ring) {
      const { far, ...look } = ring;
      parts.push(draw("circle", { cx: x, cy: y, r: r + far, fill: "#ffffff", ...look }));
    }
    const fade = near && !near.has(node.i) ? { opacity: 0.3 } : {};
    parts.push(sign(node.bloc, x, y, r, { fill: nodeColour(node), stroke: STYLE.edge, ...fade }));
  });
  return parts;
}
