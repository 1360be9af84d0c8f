"""How links bend in a drawing: round nodes that they would pass behind, else one reads as two.

The same rule as in the page (`templates/map_picture.js`), for the picture without a script.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Roundness of links in the order tried; the other way round where no link runs back.
BENDS = (0.16, 0.3, 0.06, 0.44)

#: Above this many links times nodes every link has the first bend.
MOST_BENT = 150_000


def pulled(a: Floats, b: Floats, bend: Floats) -> Floats:
    """Return the points that pull curves from a to b aside; a negative bend: to the other side.

    Examples
    --------
    >>> one, two = np.array([[0.0, 0.0]]), np.array([[10.0, 0.0]])
    >>> np.round(pulled(one, two, np.array([0.2])), 2).tolist()
    [[5.71, -1.85]]
    """
    far = np.abs(bend) / 2 + 0.5
    length = np.hypot(*(b - a).T)
    turn = np.arctan2(a[:, 1] - b[:, 1], b[:, 0] - a[:, 0])
    turn = turn + np.where(bend < 0, 1 - far, far) * math.pi
    aside: Floats = a + (far * length)[:, None] * np.column_stack([np.sin(turn), np.cos(turn)])
    return aside


def bends(citing: Ints, cited: Ints, where: Floats, half: Floats) -> Floats:
    """Return the roundness of each link, so that it passes behind as few nodes as can be.

    Parameters
    ----------
    citing, cited
        Numbers of the nodes that each link joins.
    where, half
        Places of all nodes drawn, and half their widths, in the same units.

    Returns
    -------
    Floats
        The first of the bends tried that has fewest nodes before it. Two links that run between
        the same nodes keep to their own sides.

    Examples
    --------
    >>> line = np.array([[0.0, 0.0], [100.0, 0.0], [50.0, -8.0]])  # the third is in the way
    >>> bends(np.array([0]), np.array([1]), line, np.array([7.0, 7.0, 7.0])).tolist()
    [-0.16]
    """
    found = np.full(len(citing), BENDS[0])
    if len(citing) * len(where) > MOST_BENT or not len(citing):
        return found
    pairs = {*zip(citing.tolist(), cited.tolist(), strict=True)}
    alone = np.array(
        [(j, i) not in pairs for i, j in zip(citing.tolist(), cited.tolist(), strict=True)]
    )
    reach = half + 3.0
    a, b = where[citing], where[cited]
    middle, length = (a + b) / 2, np.hypot(*(b - a).T)
    away = np.hypot(*(middle[:, None] - where[None]).transpose(2, 0, 1))
    near = away < 0.62 * length[:, None] + reach
    rows = np.arange(len(citing))
    near[rows, citing] = near[rows, cited] = False
    least = np.full(len(citing), np.inf)
    for size in BENDS:
        for bend in (size, -size):
            tried = rows[(least > 0) & (alone | (bend > 0))]
            behind = _behind(a[tried], b[tried], bend, where, reach, near[tried])
            better = behind < least[tried]
            found[tried[better]] = bend
            least[tried[better]] = behind[better]
    return found


def _behind(
    a: Floats, b: Floats, bend: float, where: Floats, reach: Floats, near: NDArray[np.bool_]
) -> Floats:
    """Count the nodes near each curve that it passes behind."""
    via = pulled(a, b, np.full(len(a), bend))
    links, nodes = np.nonzero(near)
    hit = np.zeros(len(links), dtype=bool)
    t = 0.06
    while t < 0.95:
        at = (1 - t) ** 2 * a + 2 * t * (1 - t) * via + t**2 * b
        gap = at[links] - where[nodes]
        hit |= np.hypot(gap[:, 0], gap[:, 1]) < reach[nodes]
        t += 0.04
    return np.bincount(links[hit], minlength=len(a)).astype(np.float64)
