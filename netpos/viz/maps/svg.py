"""The still drawing of a map: for print, for the report, for a page without scripts."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Collection
from html import escape
from typing import Any, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.tables import Links
from netpos.viz.maps.bends import bends, pulled
from netpos.viz.maps.data import words
from netpos.viz.maps.layout import ASPECT, Placed
from netpos.viz.maps.picture import Picture, ordered, picture

#: Colours of maps, the same in the page: told apart in any colour vision, see the tests.
#: Left, top, right and bottom side.
Box: TypeAlias = tuple[float, float, float, float]

PALETTE: dict[str, Any] = {
    "core": ["#a9b1ba", "#56b4e9", "#0072b2"],
    "bloc": ["#0072b2", "#e69f00", "#999999"],
    "community": [
        "#3f90da", "#ffa90e", "#bd1f01", "#832db6", "#a96b59", "#e76300", "#b9ac70", "#92dadd",
        "#717581",
    ],
    "given": "#6a1b9a",
    "received": "#1b7f5c",
    "focal": "#cc1a0a",
    "halo": "#fadcd6",
    "link": "#8f9bab",
    "edge": "#33415a",
    "ink": "#1b2433",
    "paper": "#ffffff",
    "disc": "#e4eff8",
    "ring": "#dbe1e8",
    "soft": "#5a6678",
    "land": "#e9edf1",
}  # fmt: skip

#: Half the width of the smallest and the largest node, and of the widest link, drawing units.
SMALLEST, LARGEST, WIDEST = 7.0, 40.0, 8.0

#: Most links of a still drawing, the strongest.
STILL_LINKS = {"country": 400, "organisation": 200}

#: Most signs of a label; the rest of the name is in the panel.
LABEL = 24


def node_size(value: float | None, largest: float) -> float:
    """Return half the width of a node: its area follows the value.

    Examples
    --------
    >>> node_size(100.0, 100.0), node_size(25.0, 100.0), node_size(None, 100.0)
    (40.0, 20.0, 7.0)
    """
    if not value or largest <= 0:
        return SMALLEST
    return max(SMALLEST, LARGEST * math.sqrt(value / largest))


def link_width(weight: float, largest: float) -> float:
    """Return width of a link: the square root of its share in the largest.

    Examples
    --------
    >>> link_width(100.0, 100.0), link_width(0.01, 100.0)
    (8.0, 0.6)
    """
    return max(0.6, WIDEST * math.sqrt(weight / largest)) if largest > 0 else 0.6


def plain(text: str) -> str:
    """Take out signs that XML does not allow and shorten a name to the length of a label.

    Examples
    --------
    >>> plain("a" + chr(0) + "b"), len(plain("x" * 300))
    ('ab', 24)
    """
    clean = "".join(c for c in text if c >= " " and c not in "\x7f\ufffe\uffff")
    return clean if len(clean) <= LABEL else clean[: LABEL - 1].rstrip() + "…"


def map_svg(
    links: Links,
    focal: str = "NL",
    *,
    core: Collection[str] | None = None,
    indicators: pl.DataFrame | None = None,
    year: int | None = None,
    lang: str = "en",
    seed: int = 0,
    width: int = 900,
    height: int = 640,
) -> str:
    """Draw a network without any script: main links, nodes on rings round the core, names.

    Parameters
    ----------
    links
        Countries or organisations and the links between them.
    focal
        Country to mark.
    core, indicators, year
        As in `network_map`.
    lang
        ``en`` or ``nl``.
    seed
        Of the force layout, which organisations are drawn by.
    width, height
        Of the drawing, in pixels at its natural size.

    Returns
    -------
    str
        An ``<svg>`` element, the same bytes for the same links in any order.

    Examples
    --------
    >>> table = pl.DataFrame({"citing": ["NL"], "cited": ["DE"], "weight": [3.0]})
    >>> drawing = map_svg(Links.from_table(table))
    >>> drawing.count("<circle"), "Netherlands" in drawing  # two countries, one ring of focus
    (3, True)
    """
    shown = picture(
        ordered(links), focal=focal, core=core, indicators=indicators, year=year, seed=seed
    )
    return draw(shown, lang=lang, width=width, height=height)


def draw(shown: Picture, *, lang: str, width: int, height: int) -> str:
    """Draw a picture that is already worked out; see `map_svg`."""
    said = words(lang)
    radial = shown.kind == "country"
    placed = shown.radial if radial else shown.force
    title = escape(said[f"title_{shown.kind}"])
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-label="{title}" font-family="sans-serif">'
        f'<rect width="{width}" height="{height}" fill="{PALETTE["paper"]}"/>'
    )
    if not shown.ids:
        note = escape(said[f"empty_0_{shown.kind}"])
        middle = f'x="{width / 2:g}" y="{height / 2:g}" text-anchor="middle" font-size="15"'
        return f'{head}<text {middle} fill="{PALETTE["ink"]}">{note}</text></svg>'
    wide, high = placed.x, placed.y
    edge = LARGEST + 30
    left, top = min(wide) - edge, min(high) - edge
    scale = min(width / (max(wide) - left + edge), height / (max(high) - top + edge), 1.6)
    dx = (width - scale * (min(wide) + max(wide))) / 2
    dy = (height - scale * (min(high) + max(high))) / 2
    at = [
        (round(x * scale + dx, 1), round(y * scale + dy, 1))
        for x, y in zip(placed.x, placed.y, strict=True)
    ]
    largest = max(shown.received, default=0.0)
    shrink = max(scale, 0.45)
    halves = [node_size(v, largest) for v in shown.received]
    sizes = [half * shrink for half in halves]
    count = min(shown.edges.main, STILL_LINKS[shown.kind])
    bent = bends(
        shown.edges.citing[:count],
        shown.edges.cited[:count],
        np.column_stack([placed.x, placed.y]).astype(np.float64),
        np.array(halves),
    )
    parts = [head]
    if radial:
        parts += _rings(shown, scale, dx, dy, lang)
    if placed.apart is not None:
        key = "ring_far" if radial and shown.has_core else "ring_alone"
        parts.append(
            f'<text x="{dx:.1f}" y="{placed.apart * scale + dy:.1f}" text-anchor="middle" '
            f'font-size="12" font-weight="700" fill="{PALETTE["soft"]}">{escape(said[key])}</text>'
        )
    parts += _links(shown, bent, at, sizes, shrink)
    parts += _nodes(shown, at, sizes)
    parts += _labels(shown, at, sizes, lang, width, height)
    return "".join([*parts, "</svg>"])


def _rings(shown: Picture, scale: float, dx: float, dy: float, lang: str) -> list[str]:
    def ellipse(radius: float, style: str) -> str:
        rx, ry = radius * scale * ASPECT, radius * scale
        return f'<ellipse cx="{dx:.1f}" cy="{dy:.1f}" rx="{rx:.1f}" ry="{ry:.1f}" {style}/>'

    placed, said = shown.radial, words(lang)
    rings = [ring.radius for ring in placed.rings if len(ring.members) > 1]
    parts = [ellipse(r, f'fill="none" stroke="{PALETTE["ring"]}"') for r in reversed(rings)]
    if shown.has_core:
        parts.append(ellipse(placed.core_radius, f'fill="{PALETTE["disc"]}"'))
    if len(placed.sectors) > 1 and rings:
        for (group, begin, _), (x, y) in zip(placed.sectors, sector_spots(placed), strict=True):
            cos, sin = math.cos(begin), math.sin(begin)
            inner, outer = placed.core_radius * scale, max(rings) * scale
            parts.append(
                f'<line x1="{dx + inner * ASPECT * cos:.1f}" y1="{dy + inner * sin:.1f}" '
                f'x2="{dx + outer * ASPECT * cos:.1f}" y2="{dy + outer * sin:.1f}" '
                f'stroke="{PALETTE["ring"]}" stroke-dasharray="3 5"/>'
            )
            parts.append(
                f'<text x="{dx + x * scale:.1f}" y="{dy + y * scale:.1f}" text-anchor="middle" '
                f'font-size="12" font-weight="700" fill="{PALETTE["soft"]}">'
                f"{escape(said[f'bloc_{group}'])}</text>"
            )
    return parts


def sector_spots(placed: Placed) -> list[tuple[float, float]]:
    """Tell where the names of the sectors stand: outside the rim, where the nodes leave most room.

    Examples
    --------
    >>> from netpos.viz.maps.layout import Ring
    >>> placed = Placed([90, -50], [0, 0], [Ring(90.0, (0, 1))], 0.0, [(0, -1.57, 1.57)])
    >>> [(round(x), round(y)) for x, y in sector_spots(placed)]
    [(90, -72)]
    """
    rim = max((ring.radius for ring in placed.rings if len(ring.members) > 1), default=0.0)
    east, south = np.array(placed.x, dtype=float), np.array(placed.y, dtype=float)
    spots = []
    for _, begin, end in placed.sectors:
        best, where = -1.0, (0.0, 0.0)
        for step in range(1, 24):
            angle = begin + (end - begin) * step / 24
            x, y = 1.13 * rim * ASPECT * math.cos(angle), 1.13 * rim * math.sin(angle)
            far = np.hypot((x - east) / 1.6, y - south)
            room = float(far.min()) if far.size else 0.0
            corner = min(abs(math.cos(angle)), abs(math.sin(angle)))  # the diagonals have room
            worth = round(min(room, 60.0) + 60.0 * corner, 6)
            if worth > best:
                best, where = worth, (x, y)
        spots.append(where)
    return spots


def _links(
    shown: Picture,
    bent: NDArray[np.float64],
    at: list[tuple[float, float]],
    sizes: list[float],
    shrink: float,
) -> list[str]:
    """Return the strongest of the main links, grouped by colour and opacity, those in focus on
    top.
    """
    edges, count = shown.edges, len(bent)
    largest = float(edges.weight[0]) if count else 0.0
    focal = set(shown.focal)
    groups: dict[tuple[str, float], list[str]] = {}
    spots = np.array(at)
    ends = edges.citing[:count], edges.cited[:count]
    via = pulled(spots[ends[0]], spots[ends[1]], bent).tolist()
    weights = edges.weight[:count].tolist()
    for i, j, w, aside in zip(ends[0].tolist(), ends[1].tolist(), weights, via, strict=True):
        colour = "given" if i in focal else "received" if j in focal else "link"
        opacity = 0.85 if colour != "link" else round(0.34 + 0.38 * math.sqrt(w / largest), 1)
        arc = _arc(at[i], at[j], aside, sizes[j], link_width(w, largest) * shrink)
        groups.setdefault((colour, opacity), []).append(arc)
    order = sorted(groups, key=lambda key: (key[0] != "link", key[1], key[0]))
    return [
        f'<g stroke="{PALETTE[colour]}" fill="{PALETTE[colour]}" opacity="{opacity:g}">'
        + "".join(reversed(groups[colour, opacity]))
        + "</g>"
        for colour, opacity in order
    ]


def _arc(
    a: tuple[float, float], b: tuple[float, float], aside: list[float], size: float, width: float
) -> str:
    """Return a bent line from the citing to the cited node, with its head at the border of that."""
    (x1, y1), (x2, y2), (bx, by) = a, b, aside
    back = math.hypot(x2 - bx, y2 - by)
    if back < 1:
        return ""
    ux, uy = (x2 - bx) / back, (y2 - by) / back
    tx, ty = x2 - ux * (size + 1), y2 - uy * (size + 1)
    long, half = 3.5 + 1.5 * width, 1.2 + 0.75 * width
    ex, ey = tx - ux * long, ty - uy * long
    line = f"M{x1:.0f} {y1:.0f}Q{bx:.0f} {by:.0f} {ex:.1f} {ey:.1f}"
    head = (
        f"M{tx:.1f} {ty:.1f}L{ex - uy * half:.1f} {ey + ux * half:.1f}"
        f"L{ex + uy * half:.1f} {ey - ux * half:.1f}Z"
    )
    return (
        f'<path d="{line}" fill="none" stroke-width="{width:.1f}"/><path d="{head}" stroke="none"/>'
    )


def _nodes(shown: Picture, at: list[tuple[float, float]], sizes: list[float]) -> list[str]:
    by, level = ("core", shown.core) if shown.has_core else ("bloc", shown.bloc)
    focal = set(shown.focal)
    parts = []
    for i in sorted(range(len(at)), key=lambda i: (i in focal, -sizes[i], i)):
        (x, y), r = at[i], sizes[i]
        if i in focal:
            parts.append(
                f'<circle cx="{x}" cy="{y}" r="{r + 5:.1f}" fill="{PALETTE["paper"]}" '
                f'stroke="{PALETTE["focal"]}" stroke-width="3.5"/>'
            )
        ink = f'fill="{PALETTE[by][level[i]]}" stroke="{PALETTE["edge"]}"'
        parts.append(shape(shown.bloc[i], x, y, r, ink))
    return parts


def shape(bloc: int, x: float, y: float, r: float, style: str) -> str:
    """Draw a node: a circle for the EU, a square for OECD or NATO, a triangle for others."""
    if bloc == 1:
        s = r * 0.88
        return (
            f'<rect x="{x - s:.1f}" y="{y - s:.1f}" width="{2 * s:.1f}" height="{2 * s:.1f}" '
            f"{style}/>"
        )
    if bloc == 2:
        h = r * 1.15
        points = f"{x:.1f},{y - h:.1f} {x + h:.1f},{y + h * 0.8:.1f} {x - h:.1f},{y + h * 0.8:.1f}"
        return f'<polygon points="{points}" {style}/>'
    return f'<circle cx="{x}" cy="{y}" r="{r:.1f}" {style}/>'


def _labels(
    shown: Picture,
    at: list[tuple[float, float]],
    sizes: list[float],
    lang: str,
    width: int,
    height: int,
) -> list[str]:
    focal = set(shown.focal)
    names = shown.names[lang]
    room = _Room(
        [(x - r, y - r, x + r, y + r) for (x, y), r in zip(at, sizes, strict=True)], len(at)
    )
    order = sorted(range(len(at)), key=lambda i: (i not in focal, -shown.core[i], -sizes[i], i))
    parts = []
    for i in order:
        (x, y), r = at[i], sizes[i]
        font = 14.0 if i in focal else 11.0
        for text in dict.fromkeys((plain(names[i]), plain(shown.ids[i]))):
            wide = text_width(text) * font * (1.08 if i in focal else 1.0)
            pad = 7 if i in focal else 3
            spots = (
                (x - wide / 2, y + r + pad),
                (x - wide / 2, y - r - pad - font),
                (x + r + pad, y - font / 2),
                (x - r - pad - wide, y - font / 2),
            )
            boxes = [(a, b, a + wide, b + font) for a, b in spots]
            free = room.free(boxes, i, width, height)
            if not free and i in focal:
                free = boxes[:1]
            if free:
                box = free[0]
                room.take(box)
                weight = ' font-weight="700"' if i in focal else ""
                ink = PALETTE["focal"] if i in focal else PALETTE["ink"]
                parts.append(
                    f'<text x="{(box[0] + box[2]) / 2:.1f}" y="{box[1] + font * 0.84:.1f}" '
                    f'text-anchor="middle" font-size="{font:g}"{weight} fill="{ink}" '
                    f'stroke="{PALETTE["paper"]}" stroke-width="3" paint-order="stroke" '
                    f'stroke-linejoin="round" unicode-bidi="isolate">{escape(text)}</text>'
                )
                break
    return parts


class _Room:
    """Boxes that are taken, as columns with room for more."""

    def __init__(self, boxes: list[Box], more: int) -> None:
        self.sides = np.empty((4, len(boxes) + more))
        self.sides[:, : len(boxes)] = np.array(boxes, dtype=np.float64).reshape(len(boxes), 4).T
        self.taken = len(boxes)

    def take(self, box: Box) -> None:
        """Take one more."""
        self.sides[:, self.taken] = box
        self.taken += 1

    def free(self, boxes: list[Box], own: int, width: int, height: int) -> list[Box]:
        """Return the boxes that lie inside and on none that is taken but their own."""
        left, top, right, bottom = np.array(boxes).T[:, :, None]
        begin, above, end, below = self.sides[:, : self.taken]
        over: NDArray[np.bool_] = (left < end) & (top < below) & (begin < right) & (above < bottom)
        over[:, own] = False
        return [
            box
            for box, hit in zip(boxes, np.any(over, axis=1).tolist(), strict=True)
            if not hit
            and not (box[0] < 2 or box[1] < 2 or box[2] > width - 2 or box[3] > height - 2)
        ]


def text_width(text: str) -> float:
    """Estimate the width of a text in ems, a little on the large side.

    Examples
    --------
    >>> text_width("il") < text_width("MW") < text_width("中国")
    True
    """
    wide = {"W": 2.0, "F": 2.0}
    return sum(
        wide.get(unicodedata.east_asian_width(c), 1.0)
        * (
            0.32
            if c in "iIljtf.,:'|! ()"
            else 0.85
            if c in "mwMW"
            else 0.66
            if c.isupper()
            else 0.56
        )
        for c in text
    )
