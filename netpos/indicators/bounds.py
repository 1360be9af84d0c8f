r"""95 % intervals from estimates and their errors, and when none is printed.

Each interval is symmetric on a scale on which the estimate has no end nearby, with a quantile of
Student's distribution; differences are built from two of them and their correlation.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.graph.kernels import Floats, Mask, divide, significant

#: Organisations and citations below which no interval is printed.
LEAST_ORGANISATIONS = 3
LEAST_CITATIONS = 20
#: Why a row has no interval, in the order in which they are asked.
REASONS = ("not_calibrated", "not_measurable", "too_few", "one_firm")
#: Effective number of organisations below which a number rests on one firm.
LEAST_EFFECTIVE = 2.0
#: Degrees of freedom of an error below which its size is not known (Student: 4.3 at 2, 12.7 at 1).
LEAST_FREEDOM = 2.0
Reasons = NDArray[np.str_]
_TAIL = 0.025
_NOISE = 1e-9  # errors below are rounding: nothing varies


class Bounds(NamedTuple):
    """An estimate and the ends of its interval, every field of the same shape, NaN where none."""

    centre: Floats
    low: Floats
    high: Floats


def student(freedom: Floats) -> Floats:
    """Compute how many errors an interval reaches to each side: Student's 97.5 % quantile.

    Examples
    --------
    >>> student(np.array([2.0, 10.0, 1e9])).round(3).tolist()
    [4.303, 2.228, 1.96]
    """
    from scipy.special import stdtrit  # slow to load

    return np.asarray(stdtrit(freedom, 1 - _TAIL), dtype=np.float64)


def log_bounds(
    centre: Floats, error: Floats, freedom: Floats, *, least: float = 0.0, most: float = np.inf
) -> Bounds:
    r"""Compute the interval :math:`\hat\theta e^{\pm t_\nu s}` of a positive number.

    Parameters
    ----------
    centre
        Estimate; NaN or 0 has no interval.
    error
        Standard error of its logarithm.
    freedom
        Degrees of freedom.
    least, most
        The interval is cut there.

    Examples
    --------
    >>> found = log_bounds(np.array([0.2]), np.array([0.5]), np.array([1e9]), most=1.0)
    >>> round(float(found.low[0]), 4), round(float(found.high[0]), 4)
    (0.0751, 0.5329)
    """
    positive = (centre > 0) & (error > _NOISE)
    x = np.where(positive, centre, np.nan)
    reach = np.exp(np.minimum(student(freedom) * error, 700.0))
    return Bounds(centre, np.maximum(x / reach, least), np.minimum(x * reach, most))


def logit_bounds(
    centre: Floats, error: Floats, freedom: Floats, *, least: float = 0.0, most: float = 1.0
) -> Bounds:
    r"""Compute the interval of a number between two ends, symmetric in :math:`\ln (x - a) / (b -
    x)`.

    Parameters
    ----------
    centre
        Estimate; at an end or NaN it has no interval.
    error
        Standard error [unit of the estimate].
    freedom
        Degrees of freedom.
    least, most
        The ends a and b.

    Examples
    --------
    >>> found = logit_bounds(np.array([0.0]), np.array([0.1]), np.array([1e9]), least=-1.0)
    >>> round(float(found.low[0]), 4), round(float(found.high[0]), 4)
    (-0.1935, 0.1935)
    """
    x = (centre - least) / (most - least)
    inside = (x > 1e-12) & (x < 1 - 1e-12) & (error > _NOISE * (most - least))
    x = np.where(inside, x, np.nan)
    slope = x * (1.0 - x)
    reach = student(freedom) * error / (most - least) / slope
    middle = np.log(x / (1.0 - x))
    ends = [least + (most - least) / (1.0 + np.exp(-(middle + s * reach))) for s in (-1.0, 1.0)]
    return Bounds(centre, *ends)


def rank_bounds(values: Floats, draws: Floats) -> tuple[Floats, Floats]:
    r"""Compute the best and worst rank of each country that the draws do not exclude.

    A country is surely ahead of another when it has more in at least 97.5 % of the draws. The best
    rank is 1 + the number of countries surely ahead, the worst the number of all countries less
    those surely behind (Mogstad, Romano, Shaikh and Wilhelm 2024, with each pair compared for
    itself instead of all at once).

    Parameters
    ----------
    values
        ``(n,)``, largest = rank 1.
    draws
        ``(draws, n)``.

    Examples
    --------
    >>> draws = np.array([[3.0, 2.0, 0.0], [2.0, 3.0, 0.0]] * 50)
    >>> [r.tolist() for r in rank_bounds(np.array([5.0, 4.0, 1.0]), draws)]
    [[1.0, 1.0, 3.0], [2.0, 2.0, 3.0]]
    """
    x, observed = significant(draws), significant(values)
    n = observed.size
    ahead = np.zeros((n, n), dtype=bool)  # [j, k]: j surely ahead of k
    by_country = np.ascontiguousarray(x.T)
    for j in range(n):
        larger = np.packbits(by_country[j] > by_country, axis=1)  # a bit for each draw
        more = np.bitwise_count(larger).sum(axis=1)
        ahead[j] = (more >= (1 - _TAIL) * max(len(x), 1)) & (len(x) > 0)
    rank = 1.0 + (observed[None] > observed[:, None]).sum(axis=1)
    best = np.minimum(1.0 + ahead.sum(axis=0), rank)
    worst = np.maximum(n - ahead.sum(axis=1), rank)
    return best, worst


def difference_bounds(one: Bounds, other: Bounds, correlation: Floats) -> Bounds:
    r"""Compute the interval of a difference from two intervals and the correlation of their
    estimates.

    .. math:: L = \hat\theta_1 - \hat\theta_2 - \sqrt{(\hat\theta_1 - l_1)^2 +
              (u_2 - \hat\theta_2)^2 - 2 r (\hat\theta_1 - l_1)(u_2 - \hat\theta_2)}

    and U likewise with the other ends: the method of variance estimates recovery (Zou and Donner
    2008; with correlation Zou 2007). It keeps the skewness of both.

    Examples
    --------
    >>> a = Bounds(*(np.array([v]) for v in (0.5, 0.2, 0.9)))
    >>> b = Bounds(*(np.array([v]) for v in (0.3, 0.0, 0.7)))
    >>> [round(float(v[0]), 3) for v in difference_bounds(a, b, np.zeros(1))]
    [0.2, -0.3, 0.7]
    """
    d = one.centre - other.centre
    down, up = one.centre - one.low, other.high - other.centre
    below = np.sqrt(np.maximum(down**2 + up**2 - 2 * correlation * down * up, 0.0))
    down, up = other.centre - other.low, one.high - one.centre
    above = np.sqrt(np.maximum(down**2 + up**2 - 2 * correlation * down * up, 0.0))
    return Bounds(d, d - below, d + above)


def correlation(one: Floats, other: Floats, errors: Floats, part: float = 0.5) -> Floats:
    r"""Compute the correlation of two estimates from their draws and the product of their errors.

    .. math:: r = \lambda \frac{c}{d_1 d_2} + (1 - \lambda) \frac{c}{s_1 s_2}

    with the covariance :math:`c` and standard deviations :math:`d` of the draws, draws with a NaN
    left out, and the errors :math:`s`. The draws count the noise of single links three times, which
    makes the first part too small; few organisations make the second too large. Each part is cut
    at -1 and 1; 0 where there are no draws.

    Parameters
    ----------
    one, other
        Draws of both, ``(draws, n)``.
    errors
        Product of both errors.
    part
        :math:`\lambda`.

    Examples
    --------
    >>> a = np.array([[1.0], [2.0], [3.0], [np.nan]])
    >>> correlation(a, -a, np.array([1.0])).round(6).tolist()
    [-0.833333]
    """
    known = np.isfinite(one) & np.isfinite(other)
    number = known.sum(axis=0)
    x, y = one, other
    if not known.all():
        x, y = (np.where(known, v, 0.0) for v in (one, other))
    x, y = (v - divide(v.sum(axis=0), number) for v in (x, y))
    if not known.all():
        x, y = (np.where(known, v, 0.0) for v in (x, y))
    together = (x * y).sum(axis=0)
    drawn = divide(together, np.sqrt((x * x).sum(axis=0) * (y * y).sum(axis=0)))
    scaled = divide(divide(together, number), errors)
    parts = [np.clip(np.nan_to_num(r, nan=0.0), -1.0, 1.0) for r in (drawn, scaled)]
    found: Floats = part * parts[0] + (1.0 - part) * parts[1]
    return found


def pooled_freedom(one: Floats, own: Floats, other: Floats, its: Floats) -> Floats:
    r"""Compute the degrees of freedom of a difference from two errors and theirs (Welch 1947).

    .. math:: \nu = \frac{(s_1^2 + s_2^2)^2}{s_1^4 / \nu_1 + s_2^4 / \nu_2}

    Examples
    --------
    >>> error, two = np.array([1.0]), np.array([2.0])
    >>> pooled_freedom(error, two, error, two).tolist()
    [4.0]
    """
    found = divide((one**2 + other**2) ** 2, one**4 / own + other**4 / its)
    return np.maximum(np.nan_to_num(found, nan=1.0), 1.0)


def reasons(
    bounds: Bounds,
    *,
    organisations: Floats,
    effective: Floats,
    freedom: Floats,
    citations: Floats | None,
    measurable: Mask | None,
) -> Reasons:
    """Tell why no interval is printed, one of `REASONS`; empty where one is.

    Parameters
    ----------
    bounds
        The intervals; where one is not defined or has no width the reason is ``too_few``.
    organisations, effective
        Organisations at the country's own end, and their effective number.
    freedom
        Degrees of freedom of the error; below `LEAST_FREEDOM` the reason is ``too_few``.
    citations
        Citations behind the number; None where it rests on none.
    measurable
        False where the export does not allow it; None where it rests on no citations.
    """
    narrow = ~(np.isfinite(bounds.low) & np.isfinite(bounds.high) & (bounds.low < bounds.high))
    narrow |= ~(significant(freedom) >= LEAST_FREEDOM)
    few = np.zeros(narrow.shape, dtype=bool)
    if citations is not None:
        few = citations < LEAST_CITATIONS
    found = np.where(narrow, "too_few", np.full(narrow.shape, "", dtype="<U16"))
    found[(organisations < LEAST_ORGANISATIONS) | (effective < LEAST_EFFECTIVE)] = "one_firm"
    found[few | (organisations == 0)] = "too_few"
    if measurable is not None:
        found[~measurable] = "not_measurable"
    return found


def as_text(reasons: Reasons) -> pl.Series:
    """Return the reasons as a column, null where there is none."""
    found = pl.Series("reason", reasons.tolist(), dtype=pl.String)
    return found.replace("", None)
