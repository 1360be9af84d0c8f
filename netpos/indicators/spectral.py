"""The second eigenvector of the nestedness of a matrix, and correlations that know ties."""

from __future__ import annotations

import numpy as np
from scipy.linalg import eigh

from netpos.indicators.specialisation import Array

#: Eigenvalues closer than this are one and the same, and correlations nearer to 0 are none.
GAP = 1e-9


def second_eigenvector(m: Array) -> tuple[Array, float, str]:
    """Return ECI before standardising, its eigenvalue, and why it is undefined, or nothing."""
    d, u = m.sum(1), m.sum(0)
    if min(m.shape) < 2:
        return d, 0.0, "fewer than two countries or technologies are left"
    half = m / np.sqrt(d)[:, None]
    values, vectors = eigh(half @ (half / u).T)
    third, second, first = values[-3] if len(d) > 2 else -1.0, values[-2], values[-1]
    if second < GAP:
        return d, 0.0, "all countries have the same technologies"
    if first - second < GAP or second - third < GAP:
        return d, 0.0, f"the second eigenvalue, {second:.6g}, is not simple"
    return vectors[:, -2] / np.sqrt(d), float(second), ""


def correlation(x: Array, y: Array) -> float:
    """Compute the Pearson correlation; 0 where it is undefined or not above rounding."""
    x, y = x - x.mean(), y - y.mean()
    size = float(np.linalg.norm(x) * np.linalg.norm(y))
    found = float(x @ y)
    return found / size if abs(found) > GAP * size else 0.0


def rank_correlation(x: Array, y: Array) -> float:
    """Compute the Spearman correlation, values equal but for rounding tied; 0 where undefined."""
    return correlation(*(_ranks(_rounded(v)) for v in (x, y)))


def _ranks(x: Array) -> Array:
    """Return ranks from 1, those of ties their mean; NaN where any value is none.

    As `scipy.stats.rankdata` has them, whose module takes a second to load.

    Examples
    --------
    >>> _ranks(np.array([2.0, 1.0, 2.0])).tolist()
    [2.5, 1.0, 2.5]
    """
    if np.isnan(x).any():
        return np.full(x.shape, np.nan)
    _, place, number = np.unique(x, return_inverse=True, return_counts=True)
    found: Array = (np.cumsum(number) - (number - 1) / 2)[place]
    return found


def _rounded(x: Array) -> Array:
    """Nine digits of the largest value, so that ties survive the rounding of sums."""
    largest = float(np.abs(x).max(initial=0.0))
    return np.round(x / largest, 9) if largest else x
