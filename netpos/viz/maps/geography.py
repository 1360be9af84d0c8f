"""Where countries stand on a map of the world on which Europe is enlarged, and the shapes below.

Half of the countries that matter in most networks are in Europe, which is a fiftieth of the world.
Longitudes and latitudes are therefore stretched near the middle of Europe, each on its own, so that
north stays up and nothing folds over (a Cartesian fisheye view). Everything is computed from the
shapes of the world map that come along; nothing is fetched.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netpos import countries
from netpos.countries import data_path
from netpos.countries.codes import UNIONS
from netpos.countries.places import POINTS
from netpos.viz.maps.layout import Placed, rows

Floats = NDArray[np.float64]

#: Middle of what is enlarged, degrees east and north; width of it, degrees; how strongly.
EAST, NORTH = (12.0, 16.0, 8.0), (50.0, 9.0, 6.0)

#: Drawing units per degree far from Europe, of longitude and of latitude.
PER_DEGREE = (2.2, 3.8)

#: Drawing units between any two nodes, and between those without a place on the map.
GAP, SPACING = 30.0, 84.0

#: Bends of a border of less than this many drawing units are left out.
DETAIL = 2.0

ANTARCTICA = "010"


@dataclass(frozen=True)
class Land:
    """The shapes of countries as one SVG path in whole drawing units, and middles by code."""

    path: str
    middles: dict[str, tuple[float, float]]


def project(degrees: Floats) -> Floats:
    r"""Return drawing units, y down, of points in degrees east and north.

    .. math:: x = k\\left(\\lambda + a w \\arctan\\frac{\\lambda - c}{w}\\right)

    and the same for latitudes: c is the middle of what is enlarged, w its width, and 1 + a how much
    larger it is there than far away. Monotone, so that west stays west of east.

    References
    ----------
    Sarkar and Brown (1992), Graphical fisheye views of graphs, CHI '92: 83-91,
    doi:10.1145/142750.142763

    Examples
    --------
    >>> x, y = project(np.array([[4.9, 52.4], [10.0, 51.0]])).T  # Amsterdam, and Thuringia
    >>> bool(x[0] < x[1]), bool(y[0] < y[1])  # further west, further up
    (True, True)
    """
    out = np.empty_like(degrees)
    for axis, (middle, width, more) in enumerate((EAST, NORTH)):
        far = degrees[:, axis] - middle
        out[:, axis] = PER_DEGREE[axis] * (far + more * width * np.arctan(far / width))
    out[:, 1] = -out[:, 1]
    return out


@cache
def land() -> Land:
    """Read the shapes that come along: each country's path, and the middle of its largest part."""
    world: dict[str, Any] = json.loads(data_path("world-110m.json").read_text(encoding="utf-8"))
    scale, shift = (np.array(world["transform"][key]) for key in ("scale", "translate"))
    arcs = [np.cumsum(np.array(arc), axis=0) * scale + shift for arc in world["arcs"]]
    plain = [_plainer(arc) for arc in arcs]
    codes = dict(countries.countries().select("numeric", "iso2").iter_rows())
    parts, middles = [], {}
    for shape in world["objects"]["countries"]["geometries"]:
        if shape.get("id") == ANTARCTICA:
            continue
        polygons = shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]
        code = codes.get(shape.get("id"))
        if code is not None:
            outlines = (_joined(arcs, polygon[0]) for polygon in polygons)
            middles[code] = max(_middle(line) for line in outlines)[1]
        for polygon in polygons:
            for ring in polygon:
                line = np.rint(project(_joined(plain, ring))).astype(np.int64)
                parts.append(_path(line))
    points = {code: _at(*place) for code, place in POINTS.items()}
    middles = {**points, **middles}
    for union in UNIONS:  # a bloc as one country stands amid its members
        inside = np.array([middles[code] for code in countries.union_members(union)])
        middles[union] = (float(inside[:, 0].mean()), float(inside[:, 1].mean()))
    return Land("".join(parts), middles)


def geographic(codes: Sequence[str], sizes: Sequence[float]) -> Placed | None:
    """Place countries where they are, pushed apart until none is under another.

    Parameters
    ----------
    codes
        Of the nodes.
    sizes
        The largest that half the width of each node may become, drawing units.

    Returns
    -------
    Placed or None
        What has no place (a code that is no country's) stands in rows below; None where no code
        has one.

    Examples
    --------
    >>> placed = geographic(["BE", "NL", "US", "??"], [9.0, 9.0, 40.0, 7.0])
    >>> placed.x[2] < placed.x[1], placed.y[1] < placed.y[0], placed.y[3] > placed.apart
    (True, True, True)
    """
    middles = land().middles
    here = [i for i, code in enumerate(codes) if code in middles]
    if not here:
        return None
    where = np.zeros((len(codes), 2))
    half = np.array(sizes, dtype=np.float64)[here]
    where[here] = _apart(np.array([middles[codes[i]] for i in here]), half)
    elsewhere = [i for i, code in enumerate(codes) if code not in middles]
    below = float(where[here, 1].max()) + 1.1 * SPACING
    where[elsewhere] = rows(len(elsewhere), len(codes), below + 0.6 * SPACING, SPACING)
    x, y = np.rint(where).astype(int).T.tolist()
    return Placed(x, y, apart=round(below) if elsewhere else None)


def _apart(where: Floats, half: Floats) -> Floats:
    """Push those too near each other apart in small steps, the larger of two by less.

    Steps have no fixed end: there is room outside, so they come to one.
    """
    from scipy.spatial import KDTree

    at = where + np.arange(len(where))[:, None] * [1e-4, -1e-4]  # two at one point part as well
    reach = 2 * float(half.max()) + GAP + 2
    heavy = half**2
    while True:
        pairs = KDTree(at).query_pairs(reach, output_type="ndarray")
        one, other = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))].T
        gap = at[one] - at[other]
        far = np.sqrt((gap**2).sum(axis=1))
        wanted = half[one] + half[other] + GAP + 1.5  # whole numbers take up to 1.42 away
        near = far < wanted
        if not near.any():
            return at
        one, other, far = one[near], other[near], far[near]
        push = gap[near] * ((wanted[near] * 1.004 - far) / far)[:, None]
        part = (heavy[other] / (heavy[one] + heavy[other]))[:, None]
        move = np.zeros_like(at)
        np.add.at(move, one, push * part)
        np.add.at(move, other, -push * (1 - part))
        many = np.bincount(np.concatenate([one, other]), minlength=len(at))
        at = at + move / np.sqrt(np.maximum(1, many))[:, None]


def _at(east: float, north: float) -> tuple[float, float]:
    x, y = project(np.array([[east, north]]))[0]
    return float(x), float(y)


def _joined(arcs: Sequence[Floats], ring: Sequence[int]) -> Floats:
    """Put the arcs of a ring one after the other; a negative number runs backwards.

    A ring goes on past 180 degrees, and does not jump to the other edge of the map.
    """
    lines = [arcs[k] if k >= 0 else arcs[~k][::-1] for k in ring]
    line = np.concatenate([lines[0], *(line[1:] for line in lines[1:])])
    east = np.degrees(np.unwrap(np.radians(line[:, 0])))
    return np.column_stack([east - 360.0 * np.round((east.mean() - 12.0) / 360.0), line[:, 1]])


def _middle(ring: Floats) -> tuple[float, tuple[float, float]]:
    """Return area on the globe and middle, drawing units, of a ring in degrees."""
    flat = np.column_stack([np.radians(ring[:, 0]), np.sin(np.radians(ring[:, 1]))])
    x, y = project(ring).T
    u, v = np.roll(x, -1), np.roll(y, -1)
    cross = x * v - u * y
    twice = float(cross.sum())
    middle = (float(x.mean()), float(y.mean()))
    if twice:
        middle = (
            float(((x + u) * cross).sum() / (3 * twice)),
            float(((y + v) * cross).sum() / (3 * twice)),
        )
    return abs(
        float((flat[:, 0] * np.roll(flat[:, 1], -1) - np.roll(flat[:, 0], -1) * flat[:, 1]).sum())
    ), middle


def _plainer(degrees: Floats) -> Floats:
    """Leave out the bends of a line that cannot be seen (Douglas and Peucker)."""
    line = project(degrees)
    keep = np.zeros(len(line), dtype=bool)
    keep[[0, -1]] = True
    open_parts = [(0, len(line) - 1)]
    while open_parts:
        first, last = open_parts.pop()
        if last - first < 2:
            continue
        a, b = line[first], line[last]
        along = b - a
        length = float(np.hypot(*along))
        off = line[first + 1 : last] - a
        far = (
            np.abs(along[0] * off[:, 1] - along[1] * off[:, 0]) / length
            if length > 1e-9
            else np.hypot(off[:, 0], off[:, 1])
        )
        most = int(far.argmax())
        if far[most] > DETAIL:
            middle = first + 1 + most
            keep[middle] = True
            open_parts += [(first, middle), (middle, last)]
    return degrees[keep]


def _path(line: NDArray[np.int64]) -> str:
    """Write a ring as steps from point to point, empty where it has no width."""
    steps = np.diff(line, axis=0)
    steps = steps[(steps != 0).any(axis=1)]
    if len(steps) < 3:
        return ""
    moves = "".join(f"{x} {y}" if k == 0 else f" {x} {y}" for k, (x, y) in enumerate(steps[:-1]))
    return f"M{line[0, 0]} {line[0, 1]}l{moves}z".replace(" -", "-")
