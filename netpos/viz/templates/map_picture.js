/* The interactive picture: vis-network draws nodes and links, we draw the ground and the names. */

const SHAPES = ["dot", "square", "triangle"];
const Picture = {};
let network = null;
let shownNodes = null;
let hidesLinks = false;

function valueOf(node, what) {
  return DATA.periods[state.period][what][node.i];
}

const sizesOf = new Map();

/** Half the width of each node: its area follows the value, on the scale of the period. */
function nodeSize(node) {
  const key = `${state.period} ${state.size}`;
  if (!sizesOf.has(key)) {
    const values = DATA.periods[state.period][state.size];
    const largest = values.reduce((most, value) => Math.max(most, value || 0), 0);
    sizesOf.set(key, values.map((value) => (value && largest
      ? Math.max(STYLE.smallest, STYLE.largest * Math.sqrt(value / largest)) : STYLE.smallest)));
  }
  return sizesOf.get(key)[node.i];
}

function nodeColour(node) {
  if (state.colour === "core") return STYLE.core[coreLevel(node)] || "#ffffff";
  if (state.colour === "bloc") return STYLE.bloc[node.bloc < 0 ? 2 : node.bloc];
  return node.community < 0 ? "#ffffff" : STYLE.community[node.community];
}

/** What the width of a link follows; 0, the thinnest line, where nothing can be expected of it. */
function strength(link) {
  return state.width === "ratio" ? link.ratio ?? 0 : link.weight;
}

function heaviest(links) {
  return links.reduce((most, link) => Math.max(most, strength(link)), 0);
}

function linkWidth(weight, most) {
  return most > 0 ? Math.max(0.6, STYLE.widest * Math.sqrt(weight / most)) : 0.6;
}

/** The nodes whose links are coloured: those of the chosen country, else of the focal ones. */
function inFocus() {
  if (state.chosen && state.chosen.link) return new Set();
  if (state.chosen) return new Set([state.chosen.node]);
  return new Set(DATA.focal);
}

/** How a link looks: given, received, chosen, or one of the others; others fade when many. */
function linkLook(link, focus, most, many) {
  const chosen = state.chosen && state.chosen.link &&
    state.chosen.link[0] === link.from && state.chosen.link[1] === link.to;
  if (chosen) return { colour: STYLE.ink, opacity: 1, width: linkWidth(strength(link), most) + 2 };
  const width = linkWidth(strength(link), most);
  if (focus.has(link.from)) return { colour: STYLE.given, opacity: 0.9, width };
  if (focus.has(link.to)) return { colour: STYLE.received, opacity: 0.9, width };
  // beside a choice all the rest steps back
  const base = state.chosen ? 0.05 : many > 1200 ? 0.14 : 0.34;
  const more = state.chosen ? 0.05 : 0.38;
  return { colour: STYLE.link, opacity: base + more * Math.sqrt(most ? strength(link) / most : 0), width };
}

/* --- bends: a link that would pass behind a node goes round it, else it reads as two ---------------- */

/** Roundness of links in the order tried; the other way round where no link runs back. */
const BENDS = [0.16, 0.3, 0.06, 0.44];

/** Above this many links times nodes every link has the first bend. */
const MOST_BENT = 150000;

/** The point that pulls a curve aside, as vis-network places it; a negative bend: to the other side. */
function pulled(a, b, bend) {
  const far = Math.abs(bend) / 2 + 0.5;
  const length = Math.hypot(b.x - a.x, b.y - a.y);
  const turn = Math.atan2(a.y - b.y, b.x - a.x) + (bend < 0 ? 1 - far : far) * Math.PI;
  return { x: a.x + far * length * Math.sin(turn), y: a.y + far * length * Math.cos(turn) };
}

/** How many of the nodes the curve from a to b passes behind; counting ends at `enough`. */
function passes(a, b, bend, nodes, enough) {
  const via = pulled(a, b, bend);
  const [left, right] = [Math.min(a.x, b.x, via.x), Math.max(a.x, b.x, via.x)];
  const [top, bottom] = [Math.min(a.y, b.y, via.y), Math.max(a.y, b.y, via.y)];
  let points = null; // worked out for the first node that is near
  let behind = 0;
  for (const node of nodes) {
    const { x, y, r } = node;
    if (x + r <= left || x - r >= right || y + r <= top || y - r >= bottom) continue;
    if (!points) {
      points = [];
      for (let t = 0.06; t < 0.95; t += 0.04) {
        const [p, q, w] = [(1 - t) ** 2, 2 * t * (1 - t), t ** 2];
        points.push(p * a.x + q * via.x + w * b.x, p * a.y + q * via.y + w * b.y);
      }
    }
    for (let k = 0; k < points.length; k += 2) {
      const [dx, dy] = [points[k] - x, points[k + 1] - y];
      if (dx * dx + dy * dy < r * r) {
        behind += 1;
        break;
      }
    }
    if (behind >= enough) break;
  }
  return behind;
}

/** The bend of each link shown, by its key. */
function bendsOf(chosen) {
  const { links, nodes } = chosen;
  if (links.length * nodes.length > MOST_BENT) return new Map();
  const spots = new Map(nodes.map((node) =>
    [node.i, { ...position(node), r: nodeSize(node) + 3, i: node.i }]));
  const all = [...spots.values()];
  const there = new Set(links.map((link) => link.key));
  return new Map(links.map(({ key, from, to }) => {
    const [a, b] = [spots.get(from), spots.get(to)];
    const [x, y] = [(a.x + b.x) / 2, (a.y + b.y) / 2];
    const reach = 0.62 * Math.hypot(b.x - a.x, b.y - a.y);
    const near = all.filter((node) => node.i !== from && node.i !== to &&
      Math.hypot(node.x - x, node.y - y) < reach + node.r);
    const tried = there.has(linkKey(to, from)) ? BENDS : BENDS.flatMap((bend) => [bend, -bend]);
    let [best, least] = [BENDS[0], Infinity];
    for (const bend of tried) {
      const behind = near.length ? passes(a, b, bend, near, least) : 0;
      if (behind < least) [best, least] = [bend, behind];
      if (!behind) break;
    }
    return [key, best];
  }));
}

/** What stays bright beside a choice: it, and what it has links with; null where nothing is chosen. */
function beside(links) {
  if (!state.chosen) return null;
  const ends = state.chosen.link || [state.chosen.node];
  const near = new Set(ends);
  if (state.chosen.link) return near;
  links.forEach((link) => {
    if (link.from === ends[0]) near.add(link.to);
    if (link.to === ends[0]) near.add(link.from);
  });
  return near;
}

/** Where a node stands: where the reader moved it, else where it was placed. */
function position(node) {
  return state.moved.get(node.i) || home(node);
}

function home(node) {
  const flat = DATA.nodes[state.layout];
  return { x: flat[2 * node.i], y: flat[2 * node.i + 1] };
}

/** Set up vis-network with its first data; every later view goes through `setData`. */
function startNetwork(data) {
  network = new vis.Network(byId("network"), data, {
    autoResize: true,
    physics: false,
    layout: { improvedLayout: false, randomSeed: 1 },
    interaction: {
      hover: true, dragNodes: true, hideEdgesOnDrag: false, hideEdgesOnZoom: false,
      selectConnectedEdges: false, selectable: true, zoomSpeed: 0.6, tooltipDelay: 1e9,
      keyboard: false,
    },
    nodes: { chosen: false, borderWidth: 1, font: { size: 0 }, labelHighlightBold: false },
    edges: {
      chosen: false, selectionWidth: 0, hoverWidth: 0, arrowStrikethrough: false,
      smooth: { enabled: true, type: "curvedCW", roundness: BENDS[0] },
    },
  });
  byId("network").firstElementChild.tabIndex = -1; // the table is the way for the keyboard
  network.on("beforeDrawing", drawGround);
  network.on("afterDrawing", drawNames);
  network.on("click", (at) => {
    network.unselectAll();
    if (at.nodes.length) App.choose({ node: at.nodes[0] });
    else if (at.edges.length) {
      App.choose({ link: String(at.edges[0]).split(">").map(Number) });
    } else App.choose(null);
  });
  network.on("dragging", ({ nodes }) => nodes.forEach((i) => state.moved.set(i, network.getPosition(i))));
  network.on("dragEnd", ({ nodes }) => {
    network.unselectAll();
    if (nodes.length) App.refresh();
  });
  network.on("hoverNode", (at) => showTip(nodeTip(NODES[at.node]), at.event));
  network.on("hoverEdge", (at) => showTip(linkTip(at.edge), at.event));
  ["blurNode", "blurEdge", "dragStart", "zoom"].forEach((name) => network.on(name, hideTip));
}

Picture.update = function update(chosen) {
  const focus = inFocus();
  const most = heaviest(chosen.links);
  const many = chosen.links.length;
  const visible = new Set(chosen.nodes.map((node) => node.i));
  const near = beside(chosen.links);
  const nodes = NODES.filter((node) => visible.has(node.i)).map((node) => ({
    id: node.i,
    ...position(node),
    shape: SHAPES[Math.max(node.bloc, 0)],
    size: nodeSize(node),
    color: { background: nodeColour(node), border: STYLE.edge },
    opacity: near && !near.has(node.i) ? 0.3 : 1,
  }));
  const bends = bendsOf(chosen);
  const links = chosen.links.map((link) => {
    const bend = bends.get(link.key) || BENDS[0];
    const look = linkLook(link, focus, most, many);
    const accent = look.colour !== STYLE.link;
    return {
      id: link.key,
      from: link.from,
      to: link.to,
      width: look.width,
      color: { color: look.colour, opacity: look.opacity, inherit: false },
      arrows: { to: { enabled: accent || many <= 1200, scaleFactor: (5.5 - 1.1 * look.width) / 15 } },
      ...(many > 2500 ? { smooth: false } : bend === BENDS[0] ? {} : { smooth: {
        enabled: true, type: bend < 0 ? "curvedCCW" : "curvedCW", roundness: Math.abs(bend) } }),
      order: (accent ? 1e12 : 0) + strength(link),
    };
  }).sort((a, b) => a.order - b.order);
  shownNodes = new vis.DataSet(nodes);
  const data = { nodes: shownNodes, edges: new vis.DataSet(links) };
  if (network) network.setData(data);
  else startNetwork(data);
  const hide = many > 2500; // moving about stays quick
  if (hide !== hidesLinks) {
    hidesLinks = hide;
    network.setOptions({ interaction: { hideEdgesOnDrag: hide, hideEdgesOnZoom: hide } });
  }
};

/* --- the ground: core, rings, sectors ------------------------------------------------------------ */

function drawGround(pen) {
  pen.save();
  if (DATA.ground[state.layout] && NODES.length > 1) drawRings(pen);
  if (state.layout === "geography") drawLand(pen);
  drawApart(pen);
  drawFocus(pen);
  pen.restore();
}

let landPath = null;

function drawLand(pen) {
  landPath = landPath || new Path2D(DATA.land);
  pen.fillStyle = STYLE.land;
  pen.fill(landPath);
  pen.lineWidth = 1 / network.getScale();
  pen.strokeStyle = STYLE.paper;
  pen.stroke(landPath);
}

function drawRings(pen) {
  const scale = network.getScale();
  const oval = (radius) => {
    pen.beginPath();
    pen.ellipse(0, 0, radius * STYLE.aspect, radius, 0, 0, 2 * Math.PI);
  };
  pen.lineWidth = 1 / scale;
  pen.strokeStyle = STYLE.ring;
  const { rings, core_radius: core, sectors } = ground();
  rings.forEach((radius) => {
    oval(radius);
    pen.stroke();
  });
  if (DATA.has_core && state.layout === "radial") {
    oval(core);
    pen.fillStyle = STYLE.disc;
    pen.fill();
  }
  pen.setLineDash([3 / scale, 5 / scale]);
  const rim = Math.max(0, ...rings);
  sectors.forEach(({ begin }) => {
    const [x, y] = [STYLE.aspect * Math.cos(begin), Math.sin(begin)];
    pen.beginPath();
    pen.moveTo(core * x, core * y);
    pen.lineTo(rim * x, rim * y);
    pen.stroke();
  });
  pen.setLineDash([]);
  pen.font = `700 ${12.5 / scale}px ${FONT}`;
  pen.textAlign = "center";
  pen.fillStyle = STYLE.soft;
  sectors.forEach(({ bloc, name: [x, y] }) => pen.fillText(say(`bloc_${bloc}`), x, y));
}

/** Say what the nodes below the picture are: no path joins them to the others. */
function apartText() {
  if (state.layout === "centre") return say("ring_centre", { name: nameOf(DATA.focal[0]) });
  if (state.layout === "geography") return say("ring_geography");
  return say(state.layout === "radial" && DATA.has_core ? "ring_far" : "ring_alone");
}

function showsApart(nodes) {
  const top = DATA.apart[state.layout];
  return top !== null && nodes.some((node) => home(node).y > top);
}

function drawApart(pen) {
  const top = DATA.apart[state.layout];
  if (!showsApart(shownNodes.getIds().map((i) => NODES[i]))) return;
  const scale = network.getScale();
  pen.font = `700 ${12.5 / scale}px ${FONT}`;
  pen.textAlign = "center";
  pen.fillStyle = STYLE.soft;
  pen.fillText(apartText(), 0, top);
}

/** A strong mark for the country in focus, a ring round the chosen one; again above the links. */
function drawFocus(pen, above = false) {
  const scale = network.getScale();
  const shown = new Set(shownNodes.getIds());
  const ring = (i, colour, far, width, fill) => {
    if (!shown.has(i)) return;
    const { x, y } = position(NODES[i]);
    pen.beginPath();
    pen.arc(x, y, nodeSize(NODES[i]) + far / scale, 0, 2 * Math.PI);
    if (!above) {
      pen.fillStyle = fill;
      pen.fill();
    }
    pen.lineWidth = width / scale;
    pen.strokeStyle = colour;
    if (width) pen.stroke();
  };
  const chosen = [state.compare];
  if (state.chosen && state.chosen.node !== undefined) chosen.push(state.chosen.node);
  chosen.filter((i) => i >= 0 && !DATA.focal.includes(i))
    .forEach((i) => ring(i, STYLE.ink, 6, 2, "#ffffff"));
  const many = DATA.focal.length > 8;
  DATA.focal.forEach((i) => {
    if (!many && !above) ring(i, STYLE.focal, 13, 0, STYLE.halo);
    ring(i, STYLE.focal, many ? 2 : 5, many ? 2 : 3.5, "#ffffff");
  });
}

/* --- names: as many as fit, the important ones first ----------------------------------------------- */

function cleanLabel(text) {
  const plain = text.replace(/[\u0000-\u001f\u007f\ufffe\uffff]/g, "");
  const signs = [...plain];
  return signs.length <= STYLE.label ? plain
    : signs.slice(0, STYLE.label - 1).join("").trimEnd() + "…";
}

/** How many of the largest nodes get their name even over small nodes. */
const ALWAYS_NAMED = 10;

/** From which half width, in pixels, a node can carry its code. */
const CARRIES = 5;

/** Places for names that touch no other name, no sector's name and no node (those of the largest:
 * no large node); a code where the name has no room, on the node itself where nothing beside it is
 * free: a larger country is not left without while a smaller one has its name. */
function placeLabels(spots, measure, frame, others = []) {
  const taken = [...spots.map(({ x, y, r }) => [x - r, y - r, x + r, y + r]), ...others];
  const meet = (box, other) =>
    box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3];
  const hit = (box, own) => taken.some((other) => other !== own && meet(box, other));
  const hitLarge = (box, k) => taken.some((other, i) => i !== k &&
    (i >= spots.length || spots[i].r > 0.6 * spots[k].r) && meet(box, other));
  const largest = new Set(spots.map((spot, k) => k)
    .sort((a, b) => spots[b].r - spots[a].r || a - b).slice(0, ALWAYS_NAMED));
  const order = spots.map((spot, k) => k).sort((a, b) =>
    spots[b].rank - spots[a].rank || largest.has(b) - largest.has(a) || spots[b].r - spots[a].r || a - b);
  const labels = [];
  order.forEach((k) => {
    const { node, x, y, r, font, strong } = spots[k];
    const names = [...new Set([cleanLabel(nameOf(node.i)), cleanLabel(node.id)])];
    for (const text of names) {
      const wide = measure(text, font, strong);
      const pad = strong ? 8 : 3;
      const places = [
        [x - wide / 2, y + r + pad], [x - wide / 2, y - r - pad - font],
        [x + r + pad, y - font / 2], [x - r - pad - wide, y - font / 2],
      ].map(([a, b]) => [a, b, a + wide, b + font]);
      const inside = (box) => !frame || (box[0] >= 2 && box[1] >= 2 &&
        box[2] <= frame[0] - 2 && box[3] <= frame[1] - 2);
      let box = places.find((place) => inside(place) && !hit(place, taken[k]));
      if (!box && largest.has(k)) {
        box = places.find((place) => inside(place) && !hitLarge(place, k));
      }
      if (!box && strong) box = places[0];
      if (!box && text === names[names.length - 1] && DATA.kind === "country" && r >= CARRIES) {
        const on = [x - wide / 2, y - font / 2, x + wide / 2, y + font / 2];
        if (inside(on) && !hit(on, taken[k])) box = on;
      }
      if (box) {
        taken.push(box);
        labels.push({ node, text, x: (box[0] + box[2]) / 2, y: box[1] + font * 0.82, font, strong });
        return;
      }
    }
  });
  return labels;
}

/** Where the words on the ground stand; `place` turns drawing units into pixels. */
function sectorBoxes(measure, place, nodes) {
  const texts = ground().sectors.map(({ bloc, name: [x, y] }) => [say(`bloc_${bloc}`), { x, y }]);
  if (showsApart(nodes)) texts.push([apartText(), { x: 0, y: DATA.apart[state.layout] }]);
  return texts.map(([text, spot]) => {
    const at = place(spot);
    const half = measure(text, 12.5, true) / 2 + 2;
    return [at.x - half, at.y - 12, at.x + half, at.y + 4];
  });
}

/** Among many nodes in focus only the ten largest have their names written first. */
const FOCUS_NAMED = new Set([...DATA.focal]
  .sort((a, b) => DATA.periods[0].received[b] - DATA.periods[0].received[a] || a - b).slice(0, 10));

function labelRank(node) {
  const chosen = state.chosen || {};
  if (node.focal && DATA.focal.length === 1) return 5;
  if (chosen.node === node.i || state.compare === node.i) return 4;
  if (chosen.link && chosen.link.includes(node.i)) return 4;
  if (FOCUS_NAMED.has(node.i)) return 3;
  return coreLevel(node) === 2 ? 2 : 1;
}

const widths = new Map();

function measureWith(pen) {
  return (text, font, strong) => {
    const key = `${strong ? "b" : "n"}${font}${text}`;
    if (!widths.has(key)) {
      pen.font = `${strong ? "700 " : ""}${font}px ${FONT}`;
      widths.set(key, pen.measureText(text).width);
    }
    return widths.get(key);
  };
}

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Arial, sans-serif';

function drawNames(pen) {
  drawFocus(pen, true);
  const ratio = window.devicePixelRatio || 1;
  const scale = network.getScale();
  const frame = [pen.canvas.width / ratio, pen.canvas.height / ratio];
  pen.save();
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  const spots = shownNodes.getIds().map((i) => {
    const node = NODES[i];
    const at = network.canvasToDOM(position(node));
    const rank = labelRank(node);
    return { node, x: at.x, y: at.y, r: nodeSize(node) * scale, rank, strong: rank > 3,
      font: rank > 3 ? 15 : 12 };
  }).filter(({ x, y }) => x > -60 && y > -30 && x < frame[0] + 60 && y < frame[1] + 30);
  const most = Math.max(DATA.kind === "country" ? 250 : 70, Math.round(70 * scale * scale * 4));
  const best = spots.sort((a, b) => b.rank - a.rank || b.r - a.r || a.node.i - b.node.i);
  const labels = placeLabels(best.slice(0, most), measureWith(pen), frame, sectorBoxes(
    measureWith(pen), (at) => network.canvasToDOM(at), shownNodes.getIds().map((i) => NODES[i])));
  pen.textAlign = "center";
  pen.lineJoin = "round";
  labels.reverse().forEach(({ node, text, x, y, font, strong }) => {
    pen.font = `${strong ? "700 " : ""}${font}px ${FONT}`;
    pen.lineWidth = 3.5;
    pen.strokeStyle = "rgba(255,255,255,0.92)";
    pen.strokeText(text, x, y);
    pen.fillStyle = node.focal ? STYLE.focal : STYLE.ink;
    pen.fillText(text, x, y);
  });
  pen.restore();
}

/* --- tips and moving about ---------------------------------------------------------------------------- */

function nodeTip(node) {
  const facts = ["received", "given"].map((what) =>
    `${indicatorName(what)}: ${number(valueOf(node, what))}`);
  return [nameOf(node.i), ...facts].join("\n");
}

function linkTip(key) {
  const [from, to] = String(key).split(">").map(Number);
  const link = linkBetween(from, to);
  return say("link_title", { citing: nameOf(from), cited: nameOf(to) }) +
    (link ? `: ${number(link.weight)}` : "") +
    (link && state.width === "ratio" ? `\n${say("link_ratio")}: ${ratioText(link)}` : "");
}

function showTip(text, event) {
  const tip = byId("tip");
  const box = byId("map-view").getBoundingClientRect();
  tip.textContent = text;
  tip.hidden = false;
  const x = event.clientX - box.left;
  const y = event.clientY - box.top;
  tip.style.left = `${Math.min(x + 14, box.width - tip.offsetWidth - 8)}px`;
  tip.style.top = `${Math.max(4, y - tip.offsetHeight - 12)}px`;
}

function hideTip() {
  byId("tip").hidden = true;
}

function calm() {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches
    ? false : { duration: 300, easingFunction: "easeInOutQuad" };
}

Picture.fit = function fit(animate = true) {
  if (!shownNodes || !shownNodes.length) return;
  const box = byId("network");
  network.setSize("100%", "100%"); // the frame may have changed since it was last measured
  const nodes = shownNodes.getIds().map((i) => ({ ...position(NODES[i]), r: nodeSize(NODES[i]) }));
  const wide = measureWith(document.createElement("canvas").getContext("2d"));
  let [left, right, top, bottom, scale] = [0, 0, 0, 0, 1];
  // names of sectors keep their size in pixels: the room that they take depends on the scale
  for (let pass = 0; pass < 2; pass += 1) {
    const xs = nodes.flatMap(({ x, r }) => [x - r - 40, x + r + 40]);
    const ys = nodes.flatMap(({ y, r }) => [y - r - 22, y + r + 30]);
    if (DATA.ground[state.layout]) {
      const rim = Math.max(0, ...ground().rings);
      ys.push(-rim - 8, rim + 8);
      ground().sectors.forEach(({ bloc, name: [x, y] }) => {
        const half = (wide(say(`bloc_${bloc}`), 12.5, true) / 2 + 8) / scale;
        ys.push(y - 20 / scale, y + 10);
        xs.push(x - half, x + half);
      });
    }
    [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    scale = Math.min(box.clientWidth / (right - left), box.clientHeight / (bottom - top), 1.8);
  }
  network.moveTo({
    position: { x: (left + right) / 2, y: (top + bottom) / 2 }, scale, animation: animate && calm(),
  });
};

Picture.zoom = function zoom(times) {
  network.moveTo({ scale: network.getScale() * times, animation: calm() });
};

Picture.show = function show(i) {
  const scale = Math.max(network.getScale(), 0.7);
  network.moveTo({ position: position(NODES[i]), scale, animation: calm() });
};
