r"""How many sources there would be with more citations, or at the same number of citations.

The number of sources seen grows with the number of citations looked at. Frequencies :math:`x_j` are
citations given to country :math:`j` (each link once per country), :math:`n` their sum, :math:`f_k`
the number of countries cited :math:`k` times.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import ArrayLike
from scipy.special import digamma, gammaln

from netpos.errors import OptionError
from netpos.graph.kernels import Floats
from netpos.indicators.bounds import LEAST_CITATIONS
from netpos.tables import rounded

if TYPE_CHECKING:
    from netpos.tables import Links


#: Citations up to which logarithms of factorials are looked up.
_LOOKED_UP = 1 << 20


def effective_estimated(counts: ArrayLike) -> float:
    r"""Compute Hill number of order 1 of the whole from a sample (Chao and Jost).

    .. math:: \hat H = \sum_{x_j \ge 1} \frac{x_j}{n} \bigl(\psi(n) - \psi(x_j)\bigr) +
              \frac{f_1}{n} (1 - A)^{1 - n} \Bigl(-\ln A - \sum_{r=1}^{n-1} \frac{(1-A)^r}{r}\Bigr)

    with :math:`A = 2 f_2 / ((n-1) f_1 + 2 f_2)`, without :math:`f_2`
    :math:`2 / ((n-1)(f_1 - 1) + 2)`; the result is :math:`e^{\hat H}`.

    Parameters
    ----------
    counts
        Citations to each source, whole numbers; zeros do not matter.

    Returns
    -------
    float
        NaN without citations, or where each source is cited once only.

    References
    ----------
    Chao, Wang and Jost 2013, doi:10.1111/2041-210X.12108; Chao and Jost 2015,
    doi:10.1111/2041-210X.12349.

    Examples
    --------
    >>> round(effective_estimated([10, 10, 10, 5, 1]), 3)
    4.481
    """
    x = np.asarray(counts, dtype=np.float64)
    x = x[x > 0]
    n, f1, f2 = x.sum(), float((x == 1).sum()), float((x == 2).sum())
    if n == 0 or f1 == n:
        return float("nan")
    seen = float((x / n * (digamma(n) - digamma(x))).sum())
    if f1 == 0:
        return float(np.exp(seen))
    A = 2 * f2 / ((n - 1) * f1 + 2 * f2) if f2 else 2 / ((n - 1) * (f1 - 1) + 2)
    # the sum to n-1 leaves of -ln A the terms from n on: (1-A)^(1-n) sum_{r>=n} (1-A)^r / r
    unseen = f1 / n * _tail(1 - A, int(n))
    return float(np.exp(seen + unseen))


def _tail(b: float, n: int) -> float:
    r"""Sum of :math:`b^{r-n+1} / r` over r from n on, without the loss of digits of a difference.

    Examples
    --------
    >>> round(_tail(0.5, 1), 6), round(float(-np.log(0.5)), 6)
    (0.693147, 0.693147)
    """
    if b <= 0:
        return 0.0
    r = np.arange(n, n + int(np.ceil(40.0 / -np.log(b))) + 2, dtype=np.float64)
    return float((np.exp((r - n + 1) * np.log(b)) / r).sum())


def hill2_estimated(counts: ArrayLike) -> float:
    r"""Compute Hill number of order 2 of the whole: :math:`1 / \sum_j x_j (x_j - 1) / (n (n - 1))`.

    The sum is the unbiased estimate of the concentration (Simpson 1949). NaN where it is 0.

    Examples
    --------
    >>> round(hill2_estimated([10, 10, 10, 5, 1]), 3)
    4.345
    """
    x = np.asarray(counts, dtype=np.float64)
    n = x.sum()
    alike = float((x * (x - 1)).sum())
    return float(n * (n - 1) / alike) if alike > 0 else float("nan")


def effective_rarefied(counts: ArrayLike, citations: int) -> float:
    r"""Compute Hill number of order 1 expected in a sample of so many of these citations.

    .. math:: {}^1\!D(m) = \exp\Bigl(-\sum_{k=1}^m \frac{k}{m} \ln\frac{k}{m}\, f_k(m)\Bigr), \qquad
              f_k(m) = \sum_j \binom{x_j}{k}\binom{n - x_j}{m - k} \Big/ \binom{n}{m}

    Parameters
    ----------
    counts
        Citations to each source, whole numbers.
    citations
        The common number m.

    Returns
    -------
    float
        NaN with fewer citations than that.

    References
    ----------
    Chao et al. 2014, doi:10.1890/13-0133.1.

    Examples
    --------
    >>> round(effective_rarefied([2, 1], 2), 4), round(2 ** (2 / 3), 4)
    (1.5874, 1.5874)
    """
    x = np.asarray(counts, dtype=np.float64)
    x = x[x > 0]
    n, m = x.sum(), citations
    if n < m or m < 1:
        return float("nan")
    values, times = np.unique(x, return_counts=True)
    k = np.arange(1, m + 1, dtype=np.float64)[None]
    v = values[:, None]
    possible = (k <= v) & (m - k <= n - v)
    safe_k, rest = np.where(possible, k, 0.0), np.where(possible, m - k, 0.0)
    factorial = _log_factorial(int(n))

    def choose(a: Floats, b: Floats) -> Floats:
        found: Floats = factorial(a) - factorial(b) - factorial(np.maximum(a - b, 0.0))
        return found

    whole = gammaln(n + 1) - gammaln(m + 1) - gammaln(n - m + 1)
    chance = np.exp(choose(v, safe_k) + choose(n - v, rest) - whole)
    chance = np.where(possible, chance, 0.0)
    expected = (times[:, None] * chance).sum(axis=0)
    return float(np.exp(-(k[0] / m * np.log(k[0] / m) * expected).sum()))


@lru_cache(maxsize=2)
def _log_factorials(number: int) -> Floats:
    """Compute the logarithms of 0! to (number - 1)!."""
    found: Floats = gammaln(np.arange(number) + 1.0)
    return found


def _log_factorial(most: int) -> Callable[[Floats], Floats]:
    """Return the function of whole numbers up to ``most``: looked up, as long as they are few."""
    if most >= _LOOKED_UP:
        return lambda x: gammaln(x + 1)
    held = _log_factorials(1 << most.bit_length())
    return lambda x: held[x.astype(np.int64)]


#: Columns of `hill_numbers`.
HILL_COLUMNS = (
    "source_effective_estimated",
    "source_effective_rarefied",
    "source_hill2",
    "source_hill2_estimated",
)


def hill_numbers(links: Links, *, rarefy: int = 100) -> pl.DataFrame:
    """Estimate how many sources each country has, beside how many are seen.

    Parameters
    ----------
    links
        Links of scope ``citing`` with ``citations``, each counted once per pair of countries.
    rarefy
        Common number of citations.

    Returns
    -------
    Node, ``source_effective_estimated`` (Chao and Jost), ``source_effective_rarefied``,
    ``source_hill2`` (of the weights, as `netpos.source_diversity`), ``source_hill2_estimated``.
    Estimates are null below 20 citations, and where more than half of them would go to sources not
    yet seen (sample coverage 1 - f1 / n below .5); the rarefied number below that number.

    Raises
    ------
    OptionError
        ``rarefy`` is below 1.

    References
    ----------
    Method notes (`netpos.docs_path`).

    Examples
    --------
    >>> from netpos.tables import Links
    >>> links = Links.from_table(pl.DataFrame({"citing": ["NL", "NL"], "cited": ["DE", "US"],
    ...     "weight": [20.0, 20.0], "citations": [20, 20]}))
    >>> hill_numbers(links, rarefy=2).row(1)
    ('NL', 2.02547325979, 1.42683698041, 2.0, 2.05263157895)
    """
    if rarefy < 1:
        raise OptionError(f"--rarefy {rarefy}: out of range", remedy="use 1 or more, such as 100")
    abroad = links.table.filter(pl.col("citing") != pl.col("cited"))
    rows: dict[str, tuple[float | None, ...]] = {}
    for (node,), part in abroad.sort("citing", "cited").group_by("citing", maintain_order=True):
        weight = part["weight"].to_numpy()
        p = weight / weight.sum() if weight.sum() > 0 else weight
        seen = 1.0 / float((p * p).sum()) if weight.sum() > 0 else None
        if part["citations"].null_count():
            rows[str(node)] = (None, None, seen, None)
            continue
        x = part["citations"].to_numpy().astype(np.float64)
        enough = x.sum() >= LEAST_CITATIONS and 2 * (x == 1).sum() <= x.sum()
        rows[str(node)] = (
            effective_estimated(x) if enough else None,
            effective_rarefied(x, rarefy),
            seen,
            hill2_estimated(x) if enough else None,
        )
    nodes = links.nodes["node"].to_list()
    none = (None,) * len(HILL_COLUMNS)
    columns = zip(*(rows.get(n, none) for n in nodes), strict=True) if nodes else [()] * 4
    found = {
        name: pl.Series(name, np.array(list(values), dtype=np.float64), nan_to_null=True)
        for name, values in zip(HILL_COLUMNS, columns, strict=True)
    }
    return rounded(pl.DataFrame({links.kind: links.nodes["node"]} | found))
