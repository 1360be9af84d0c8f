"""How often a family is cited, against families of its age and technology."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.graph.kernels import Floats, divide
from netpos.graph.links import Mask

#: Families in a cell of the norm, below which it is pooled with neighbouring years.
LEAST_IN_CELL = 30


#: Citations expected of a family, below which its relevance is drawn towards the mean.
LEAST_CITED = 1.0


def relevance(cited_by: Floats, priority_year: Floats, fields: Mapping[str, Mask]) -> pl.DataFrame:
    r"""Tell how often each family is cited, against families of its age and technology.

    .. math:: T_f = \frac{c_f + k_f}{E_f + k_f}, \qquad k_f = \max(0, 1 - E_f), \qquad
              E_f = \frac{1}{|F_f|} \sum_{t \in F_f} \bar c_{t,\,y(f)}

    with :math:`\bar c_{ty}` the mean over all families, in force or not, of technology :math:`t`
    and priority year :math:`y`. A cell of fewer than 30 families is pooled with as many years on
    both sides as it takes.

    Where fewer than one citation is expected one more or less says little: such families are drawn
    towards 1, the mean of their technology and year, by a gamma prior with that mean and the
    weight of the :math:`k_f` citations that are short of one, so that
    :math:`T_f = 1 + c_f - E_f`. The mean of a cell stays 1. From one expected citation on it is
    :math:`T_f = c_f / E_f`.

    Parameters
    ----------
    cited_by
        Distinct citing families of each row.
    priority_year
        Year of the earliest priority, NaN where unknown.
    fields
        Families of each technology.

    Returns
    -------
    One row per family in any technology: ``family``, ``fields`` (joined by a blank),
    ``cited_by_families``, ``expected`` (null without a year), ``relevance`` (0 where no family of
    its technologies is cited), and Boolean ``pooled``, ``shrunk`` (fewer than one citation is
    expected) and ``uncited`` (none is).

    References
    ----------
    Method notes (`netpos.docs_path`).

    Examples
    --------
    >>> c, year = np.array([8.0, 2, 5, 1, 9]), np.full(5, 2018.0)
    >>> relevance(c, year, {"ai": np.ones(5, dtype=bool)})["relevance"].to_list()
    [1.6, 0.4, 1.0, 0.2, 1.8]

    One citation to one of five young families does not make it worth five times the others:

    >>> relevance(np.array([1.0, 0, 0, 0, 0]), year, {"ai": np.ones(5, dtype=bool)})["relevance"]\
    ...     .to_list()
    [1.8, 0.8, 0.8, 0.8, 0.8]
    """
    names = np.full(cited_by.size, "", dtype=object)
    for field, inside in fields.items():
        names[inside] = names[inside] + f" {field}"
    norms, pooled, cited = expected_citations(cited_by, priority_year, fields)
    at = np.flatnonzero(names != "")
    norm = norms[at]
    found = pl.DataFrame(
        {
            "family": pl.Series(at, dtype=pl.Int32),
            "fields": pl.Series(names[at].tolist(), dtype=pl.String).str.strip_chars(),
            "cited_by_families": cited_by[at],
            "expected": norm,
            "relevance": relative_citations(cited_by[at], norm, cited[at]),
            "pooled": pooled[at],
            "shrunk": norm < LEAST_CITED,
            "uncited": norm == 0,
        }
    )
    return found.with_columns(pl.col("expected", "relevance").fill_nan(None))


def expected_citations(
    cited_by: Floats, priority_year: Floats, fields: Mapping[str, Mask]
) -> tuple[Floats, Mask, Mask]:
    """Average what the fields of a row expect; tell whether any took other years or is cited."""
    rows = cited_by.size
    expected, number = np.zeros(rows), np.zeros(rows)
    pooled, cited = np.zeros(rows, dtype=bool), np.zeros(rows, dtype=bool)
    for inside in fields.values():
        dated = inside & np.isfinite(priority_year)
        if not dated.any():
            continue
        mean, wide = _norm(cited_by[dated], priority_year[dated].astype(np.int64))
        expected[dated] += mean
        number[dated] += 1
        pooled[dated] |= wide
        cited[dated] |= bool(mean.any())
    return divide(expected, number), pooled, cited


def relative_citations(cited_by: Floats, expected: Floats, cited: Mask) -> Floats:
    """Divide citations by those expected, towards 1 where fewer than one is; NaN if not known."""
    found = np.where(
        expected < LEAST_CITED, LEAST_CITED + cited_by - expected, divide(cited_by, expected)
    )
    return np.where(np.isfinite(expected) & ~cited, 0.0, found)


def _norm(cited_by: Floats, year: NDArray[np.int64]) -> tuple[Floats, Mask]:
    """Mean citations in each family's year, and whether other years were needed for it."""
    at = year - year.min()
    span = int(at.max()) + 1
    counts = np.concatenate([[0], np.cumsum(np.bincount(at, minlength=span))])
    sums = np.concatenate([[0.0], np.cumsum(np.bincount(at, weights=cited_by, minlength=span))])
    mean, wide = np.zeros(span), np.zeros(span, dtype=bool)
    for k in np.unique(at).tolist():
        low, high = k, k + 1
        while counts[high] - counts[low] < LEAST_IN_CELL and (low > 0 or high < span):
            low, high = max(low - 1, 0), min(high + 1, span)
        mean[k] = (sums[high] - sums[low]) / (counts[high] - counts[low])
        wide[k] = counts[high] - counts[low] > counts[k + 1] - counts[k]
    return mean[at], wide[at]
