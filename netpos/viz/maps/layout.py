"""Positions of the nodes of a map: computed once, seeded, the same whatever the row order.

Three layouts. *Radial* says how near each node is to the core: the core in the middle, around it
rings in order of distance, one sector per group (bloc or community). *Around* one node: the same
with that node in the middle, rings by what is exchanged with it. *Force* says who exchanges
with whom: linked nodes attract each other. Coordinates are whole numbers in drawing units, y down.
"""

from __future__ import annotations

import hashlib
import math
import random
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Width of a drawing over its height: labels are wide, and so are screens and sheets.
ASPECT = 1.25

#: Drawing units between the middles of two rings, and between neighbours on a ring.
GAP, SPACING = 92.0, 94.0

#: Units of free room on either side of the border between two sectors.
MARGIN = 22.0

#: Positions made last, by what they were made of: graph files, maps and pages draw the same.
_PLACED: dict[bytes, Placed] = {}
_MOST_PLACED = 64


@dataclass(frozen=True)
class Ring:
    """A ring of the radial layout: its radius (vertical half axis) and who is on it."""

    radius: float
    members: tuple[int, ...]


@dataclass(frozen=True)
class Placed:
    """Positions; for the radial layout also the rings and the sectors (group, from, to angle).

    ``apart`` is the height below which stand the nodes that no path joins to the others, None
    where there are none.
    """

    x: list[int]
    y: list[int]
    rings: list[Ring] = field(default_factory=list)
    core_radius: float = 0.0
    sectors: list[tuple[int, float, float]] = field(default_factory=list)
    apart: int | None = None


def radial(distance: Floats, group: Ints, exchange: Floats) -> Placed:
    """Place nodes on rings by distance to the core, in one sector per group.

    A node is never on an inner ring of one that is nearer. On its ring, in its sector, it stands
    towards the nodes with which it exchanges most, which keeps long crossings down.

    Parameters
    ----------
    distance
        Distance to the core per node: 0 in the core, NaN where no path leads there.
    group
        Sector per node, 0, 1, 2, ...
    exchange
        Symmetric strengths S, nodes × nodes.

    Returns
    -------
    Placed

    Examples
    --------
    >>> placed = radial(np.array([0.0, 0.4, np.nan]), np.array([0, 0, 0]), np.ones((3, 3)))
    >>> placed.x[0], placed.y[0], [ring.members for ring in placed.rings], placed.apart
    (0, 0, [(1,)], 196)
    """
    n = len(distance)
    strength = exchange.sum(axis=1)
    core = [int(i) for i in np.lexsort((-strength, group)) if distance[i] == 0.0]
    outside = [int(i) for i in np.lexsort((np.arange(n), distance)) if distance[i] > 0.0]
    alone = np.flatnonzero(np.isnan(distance))
    angle, radius = np.zeros(n), np.zeros(n)
    core_radius = _place_core(core, angle, radius)
    sectors = _sectors(group, outside)
    spacing, gap = (SPACING, GAP) if n <= 120 else (52.0, 64.0)
    rings: list[Ring] = []
    at = core_radius + gap * 0.8 if core else 0.0
    members = outside
    while members:
        if at == 0.0 and len(members) > 1:
            at = gap
        ring = _fill_ring(members, group, sectors, at, spacing)
        rings.append(Ring(round(at, 1), tuple(ring)))
        members = members[len(ring) :]
        radius[ring] = at
        at += gap
    _place_rings(rings, group, sectors, exchange, angle, radius)
    where = np.column_stack([radius * np.cos(angle) * ASPECT, radius * np.sin(angle)])
    rim = max((ring.radius for ring in rings), default=core_radius)
    below = rim + gap * 0.5 if core or rings else 0.0
    where[alone] = rows(len(alone), n, below + gap * 0.6, spacing)
    x, y = np.rint(where).astype(int).T.tolist() if n else ([], [])
    apart = round(below) if len(alone) and below else None
    return Placed(x, y, rings, round(core_radius, 1), sectors, apart)


def around(node: int, group: Ints, exchange: Floats) -> Placed | None:
    """Place one node in the middle, the others on rings: the more is exchanged with it, the nearer.

    Nodes that exchange nothing with it stand in rows below; None where no node exchanges with it.

    Examples
    --------
    >>> exchange = np.array([[0.0, 9.0, 2.0], [9.0, 0.0, 0.0], [2.0, 0.0, 0.0]])
    >>> placed = around(2, np.array([0, 0, 0]), exchange)
    >>> (placed.x[2], placed.y[2]), placed.rings[0].members, placed.apart is not None
    ((0, 0), (0,), True)
    """
    with_it = exchange[node].copy()
    with_it[node] = 0.0
    if not (with_it > 0).any():
        return None
    distance = nearer_by(with_it)
    distance[node] = 0.0
    return radial(distance, group, exchange)


def nearer_by(volume: Floats) -> Floats:
    """Return a stand-in for distance: less volume is further out, none is nowhere."""
    return np.where(volume > 0, 1.0 / np.where(volume > 0, volume, 1.0), np.nan)


def rows(count: int, nodes: int, top: float, spacing: float) -> Floats:
    """Places in centred rows, for nodes that no path joins to the others."""
    columns = max(1, min(count, int(math.sqrt(nodes) * 1.4) + 1))
    where = np.zeros((count, 2))
    for place in range(count):
        row, column = divmod(place, columns)
        here = min(columns, count - row * columns)
        where[place] = (column - (here - 1) / 2) * spacing * 1.1, top + row * spacing * 0.7
    return where


def _place_core(core: list[int], angle: Floats, radius: Floats) -> float:
    """Put the core on concentric circles around the middle; return the radius of its disc."""
    if len(core) == 1:
        return 76.0
    done, at, turn = 0, 80.0 if len(core) < 5 else 92.0, -math.pi / 2
    while done < len(core):
        room = max(4, int(2 * math.pi * at / 104.0))
        left = len(core) - done
        here = core[done : done + (left if left <= room + 1 else room)]
        for place, node in enumerate(here):
            angle[node] = turn + 2 * math.pi * place / len(here)
            radius[node] = at
        done += len(here)
        at += 100.0
        turn += 0.4
    return at - 100.0 + 62.0 if core else 0.0


def _sectors(group: Ints, outside: list[int]) -> list[tuple[int, float, float]]:
    """Share the circle out among the groups by their numbers, clockwise from the top."""
    counts = np.bincount(group[outside]) if outside else np.zeros(0, dtype=int)
    present = [(g, math.sqrt(count) * (count**0.25)) for g, count in enumerate(counts) if count]
    total = sum(share for _, share in present)
    out, at = [], -math.pi / 2
    for g, share in present:
        width = 2 * math.pi * share / total
        out.append((g, at, at + width))
        at += width
    return out


def _fill_ring(
    members: list[int],
    group: Ints,
    sectors: list[tuple[int, float, float]],
    at: float,
    spacing: float,
) -> list[int]:
    """Take nodes in order of distance until the next one finds no room in its sector."""
    stretch = at * (1 + ASPECT) / 2
    free = {}
    for g, begin, end in sectors:
        margin = 2 * MARGIN if len(sectors) > 1 else 0.0
        free[g] = max(1, math.floor(((end - begin) * stretch - margin) / spacing) + 1)
    if len(sectors) == 1:
        free = {g: max(1, room - 1) for g, room in free.items()}
    ring: list[int] = []
    for node in members:
        if free[int(group[node])] == 0:
            break
        free[int(group[node])] -= 1
        ring.append(node)
    return ring or members[:1]


def _place_rings(
    rings: list[Ring],
    group: Ints,
    sectors: list[tuple[int, float, float]],
    exchange: Floats,
    angle: Floats,
    radius: Floats,
) -> None:
    """Order each ring's sectors by the direction of partners further in; spread evenly."""
    placed = radius > 0
    for ring in rings:
        placed[list(ring.members)] = False
    pull = np.log1p(exchange / exchange[exchange > 0].mean()) if (exchange > 0).any() else exchange
    for lane, ring in enumerate(rings):
        for g, begin, end in sectors:
            here = [i for i in ring.members if group[i] == g]
            if not here:
                continue
            towards = {}
            middle = (begin + end) / 2
            for i in here:
                weight = pull[i] * placed
                east, south = weight @ np.cos(angle), weight @ np.sin(angle)
                turn = math.atan2(south, east) if math.hypot(east, south) > 1e-9 else middle
                towards[i] = round((turn - middle + math.pi) % (2 * math.pi), 6)
            here.sort(key=lambda i: (towards[i], i))
            whole = len(sectors) == 1
            edge = 0.0 if whole else min(MARGIN * 1.6 / ring.radius, (end - begin) / 4)
            room = end - begin - 2 * edge
            for place, i in enumerate(here):
                if whole:
                    part = (place + 0.5 * (lane % 2)) / len(here)
                else:
                    part = (place + 0.5) / len(here)
                angle[i] = begin + edge + room * part
        placed[list(ring.members)] = True


def force(
    citing: Ints, cited: Ints, weight: Floats, strength: Floats, nodes: int, seed: int
) -> Placed:
    """Place nodes by attraction along links (Fruchterman-Reingold on log weights), seeded.

    Nodes that overlap are pushed apart; nodes without links stand in rows below.

    Parameters
    ----------
    citing, cited, weight
        The links to attract by, domestic ones left out.
    strength
        Exchange per node: the strong start in the middle.
    nodes
        How many nodes there are.
    seed
        Of the drawing, not of anything computed.

    Returns
    -------
    Placed

    References
    ----------
    Fruchterman and Reingold (1991), Software: Practice and Experience 21(11): 1129-1164.

    Examples
    --------
    >>> one = force(np.array([0]), np.array([1]), np.array([2.0]), np.array([2.0, 2, 0]), 3, seed=1)
    >>> two = force(np.array([0]), np.array([1]), np.array([2.0]), np.array([2.0, 2, 0]), 3, seed=1)
    >>> one == two, one.y[2] > max(one.y[:2])
    (True, True)
    """
    drawn = hashlib.blake2b()
    for part in (citing, cited, weight, strength, np.array([nodes, seed])):
        drawn.update(f"{part.dtype.str}{part.size}".encode())
        drawn.update(part.tobytes())
    key = drawn.digest()
    if key not in _PLACED:
        while len(_PLACED) >= _MOST_PLACED:
            _PLACED.pop(next(iter(_PLACED)), None)
        _PLACED[key] = _forced(citing, cited, weight, strength, nodes, seed)
    return _PLACED[key]


def _forced(
    citing: Ints, cited: Ints, weight: Floats, strength: Floats, nodes: int, seed: int
) -> Placed:
    linked = np.zeros(nodes, dtype=bool)
    linked[citing], linked[cited] = True, True
    where = np.full((nodes, 2), 0.0)
    inside = np.flatnonzero(linked)
    separation = 92.0 if nodes <= 120 else 46.0
    if len(inside):
        where[inside] = _attract(citing, cited, weight, strength, inside, nodes, seed)
        span = separation * math.sqrt(len(inside)) * 0.62
        scaled = where[inside] - where[inside].mean(axis=0)
        scaled = scaled / (np.sqrt((scaled**2).sum(axis=1).mean()) or 1.0) * span
        where[inside] = _apart(scaled * [ASPECT, 1.0], separation)
    alone = np.flatnonzero(~linked)
    below = where[inside, 1].max() + 1.1 * separation if len(inside) else 0.0
    where[alone] = rows(len(alone), nodes, below + 0.6 * separation, separation)
    rounded = np.rint(where).astype(int)
    apart = round(below) if len(alone) and len(inside) else None
    return Placed(rounded[:, 0].tolist(), rounded[:, 1].tolist(), apart=apart)


def _attract(
    citing: Ints,
    cited: Ints,
    weight: Floats,
    strength: Floats,
    inside: Ints,
    nodes: int,
    seed: int,
) -> Floats:
    import igraph

    number = np.full(nodes, -1)
    number[inside] = np.arange(len(inside))
    low, high = np.minimum(citing, cited), np.maximum(citing, cited)
    pairs, which = np.unique(low * nodes + high, return_inverse=True)
    total = np.bincount(which, weights=weight)
    scaled = np.log1p(total / total.mean())
    graph = igraph.Graph(
        n=len(inside),
        edges=np.column_stack([number[pairs // nodes], number[pairs % nodes]]).tolist(),
    )
    rank = np.argsort(np.argsort(-strength[inside], kind="stable"), kind="stable")
    turn = rank * math.pi * (3 - math.sqrt(5))
    start = np.column_stack([np.cos(turn), np.sin(turn)]) * np.sqrt(rank + 0.5)[:, None]
    igraph.set_random_number_generator(random.Random(seed))
    try:
        drawn = graph.layout_fruchterman_reingold(
            weights=(0.05 + scaled / scaled.max()).tolist(), seed=start.tolist(), niter=600
        )
    finally:
        igraph.set_random_number_generator(random)
    return np.asarray(drawn.coords, dtype=np.float64)


def _apart(where: Floats, separation: float) -> Floats:
    """Push pairs that are nearer than the separation away from each other, a little at a time."""
    from scipy.spatial import KDTree

    stretch = np.array([1.0, 1.25])  # labels need more room beside a node than below it
    where = where * stretch
    for _ in range(120):
        pairs = KDTree(where).query_pairs(separation, output_type="ndarray")
        if not len(pairs):
            break
        pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
        gap = where[pairs[:, 0]] - where[pairs[:, 1]]
        apart = np.maximum(np.sqrt((gap**2).sum(axis=1)), 1.0)
        push = 0.3 * gap * ((separation - apart) / apart)[:, None]
        np.add.at(where, pairs[:, 0], push)
        np.add.at(where, pairs[:, 1], -push)
    apart_enough: Floats = where / stretch
    return apart_enough
