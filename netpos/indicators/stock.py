"""The value of the families alive at the end of each year."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

import numpy as np
import polars as pl
from scipy.sparse import csr_array

from netpos.graph.kernels import Floats, divide
from netpos.graph.links import Citations, Mask, Shares, gathered
from netpos.indicators.markets import live_markets, live_matrix, market_weights
from netpos.indicators.relevance import expected_citations, relative_citations
from netpos.tables import rounded

_COLUMNS = {
    "technology": pl.String,
    "country": pl.String,
    "year": pl.Int32,
    "value": pl.Float64,
    "value_share": pl.Float64,
}


def stock(
    documents: pl.DataFrame,
    pairs: Citations,
    shares: Shares,
    fields: Mapping[str, Mask],
    member: Mapping[str, Mask],
    published: Floats,
    priority_year: Floats,
    span: tuple[int, int],
    *,
    data_date: dt.date,
    gni: pl.DataFrame | None = None,
    weights: Floats | None = None,
) -> pl.DataFrame:
    r"""Compute the value of the families alive at the end of each year.

    Citations published by then count.

    The norm of a year is taken over the families published by then. The year of the data date ends
    on that date.

    A citing document without a date counts in full in the year of the data date, as it does for the
    value of a period, and before in the part that dated ones would: with :math:`G(k)` the part of
    the dated citations that come at most k years after the family cited, a citation to a family of
    year :math:`s` counts :math:`G(y - s) / G(Y - s)` in year y, Y being the year of the data date.

    Parameters
    ----------
    documents, data_date, gni
        See `live_markets` and `market_weights`.
    pairs
        Citations between rows.
    shares
        Countries of each row.
    fields
        Families of each technology that serves as a field of the norm, see `relevance`.
    member
        Families of each technology to report, in the order wanted.
    published
        Year of publication of each row, documents outside the corpus included; NaN where unknown.
    priority_year
        Year of priority of each row, NaN where unknown.
    span
        First and last year.
    weights
        How many citing families each pair stands for, default 1.

    Returns
    -------
    ``technology, country, year, value, value_share``: a row for each country with a share in the
    technology; years after the data date have none. ``value_share`` is null where all are 0.

    References
    ----------
    Method notes (`netpos.docs_path`).
    """
    incomes = market_weights(gni)
    names, weight = incomes["country"].to_list(), incomes["weight"].to_numpy()
    rows, nodes = published.size, len(shares.names)
    years = range(span[0], min(span[1], data_date.year) + 1)
    if not len(years) or not member:
        return pl.DataFrame(schema=_COLUMNS)
    held = _by_technology(shares, member)
    present = held @ np.ones(rows) > 0
    held = held[present]
    at = np.flatnonzero(present)
    of_technology = [np.flatnonzero(at // nodes == t) for t in range(len(member))]
    found, parts = np.zeros((at.size, len(years))), np.full((at.size, len(years)), np.nan)
    cited_in = _cited_by_year(pairs, published, weights, data_date.year)
    for k, year in enumerate(years):
        day = min(dt.date(year, 12, 31), data_date)
        out = published <= year
        by_then = {name: inside & out for name, inside in fields.items()}
        if not any(inside.any() for inside in by_then.values()):
            continue  # nothing is valued yet
        cited_by = cited_in(year)
        expected, _, cited = expected_citations(cited_by, priority_year, by_then)
        score = np.nan_to_num(relative_citations(cited_by, expected, cited), nan=0.0)
        live = live_markets(documents, data_date=data_date, day=day)
        found[:, k] = held @ (score * (live_matrix(live, names, rows) @ weight))
        for here in of_technology:  # by Polars, so that no digit differs from those of `share`
            worth = pl.Series(found[here, k], dtype=pl.Float64)
            if (whole := worth.sum()) > 0:
                parts[here, k] = (worth / whole).to_numpy()
    table = pl.DataFrame(
        {
            "technology": pl.Series(list(member), dtype=pl.String).gather(
                np.repeat(at // nodes, len(years))
            ),
            "country": pl.Series(shares.names, dtype=pl.String).gather(
                np.repeat(at % nodes, len(years))
            ),
            "year": pl.Series(np.tile(np.array(years), at.size), dtype=pl.Int32),
            "value": found.ravel(),
            "value_share": parts.ravel(),
        }
    )
    return rounded(table)


def _cited_by_year(
    pairs: Citations, published: Floats, weights: Floats | None, last: int
) -> Callable[[int], Floats]:
    """Citing families of each row up to a year, undated ones in the part that dated ones are."""
    weight = np.ones(len(pairs)) if weights is None else weights
    of_citing, of_cited = gathered(published, pairs.citing), gathered(published, pairs.cited)
    dated = np.isfinite(of_citing)
    lag = of_citing - of_cited
    known = np.flatnonzero(np.isfinite(lag))
    most = int(lag[known].max(initial=0))
    late = np.clip(lag[known], 0, most).astype(np.int64)
    up_to = np.cumsum(np.bincount(late, weight[known], minlength=most + 1))

    def part(age: Floats) -> Floats:
        """Compute the weight of the dated citations that come at most so many years after."""
        at = np.clip(np.nan_to_num(age, nan=-1.0), -1, most).astype(np.int64)
        return np.where(at < 0, 0.0, up_to[at])

    open_ = np.flatnonzero(~dated)
    in_the_end = part(last - of_cited[open_])

    def cited_by(year: int) -> Floats:
        counted = np.where(dated & (of_citing <= year), weight, 0.0)
        if year >= last:
            counted[open_] = weight[open_]
        else:
            by_then = divide(part(year - of_cited[open_]), in_the_end)
            counted[open_] = weight[open_] * np.nan_to_num(by_then, nan=0.0)
        found = np.bincount(pairs.cited, counted, minlength=published.size)
        return found.astype(np.float64)

    return cited_by


def _by_technology(shares: Shares, member: Mapping[str, Mask]) -> csr_array:
    """Shares of the families of each technology, a row for each technology and node in turn."""
    nodes = len(shares.names)
    row = np.repeat(np.arange(shares.matrix.shape[0]), np.diff(shares.matrix.indptr))
    parts = [np.flatnonzero(inside[row]) for inside in member.values()]
    where = np.concatenate(parts)
    first = np.repeat(np.arange(len(parts)) * nodes, [p.size for p in parts])
    share_of = shares.matrix.data[where]
    ends = (first + shares.matrix.indices[where], row[where])
    held = csr_array((share_of, ends), shape=(len(parts) * nodes, shares.matrix.shape[0]))
    held.sort_indices()
    return held
