"""The value of the families alive at the end of each year."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from netpos.graph.kernels import Floats, divide
from netpos.graph.links import Citations, Mask, Rows, Shares, gathered
from netpos.indicators.markets import Alive, market_weights
from netpos.indicators.relevance import expected_citations, relative_citations
from netpos.tables import rounded

_AT_ONCE = 1 << 20  # pairs looked at at a time
_COLUMNS = {
    "technology": pl.String,
    "country": pl.String,
    "year": pl.Int32,
    "value": pl.Float64,
    "value_share": pl.Float64,
}


def stock(
    documents: pl.DataFrame | Iterable[pl.DataFrame],
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
    weights: Floats | NDArray[np.integer] | None = None,
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
        See `live_markets` and `market_weights`; of many documents some at a time, as for
        `netpos.indicators.value.valuation`.
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
    nodes = len(shares.names)
    years = range(span[0], min(span[1], data_date.year) + 1)
    if not len(years) or not member:
        return pl.DataFrame(schema=_COLUMNS)
    rows = _last_of(member, fields)  # of rows behind them, documents outside, nothing is asked
    fields = {name: inside[:rows] for name, inside in fields.items()}
    days = [min(dt.date(year, 12, 31), data_date) for year in years]
    several = [documents] if isinstance(documents, pl.DataFrame) else documents
    within = (part.filter(pl.col("family") < rows) for part in several)
    alive = Alive.on(within, names, rows, days, data_date=data_date)
    held = _by_technology(Shares(shares.names, shares.matrix[:rows]), member)
    present = held @ np.ones(rows) > 0
    held = held[present]
    at = np.flatnonzero(present)
    of_technology = [np.flatnonzero(at // nodes == t) for t in range(len(member))]
    found, parts = np.zeros((at.size, len(years))), np.full((at.size, len(years)), np.nan)
    cited_in = _cited_by_year(pairs, published, weights, data_date.year, rows)
    published, priority_year = published[:rows], priority_year[:rows]
    for k, year in enumerate(years):
        out = published <= year
        by_then = {name: inside & out for name, inside in fields.items()}
        if not any(inside.any() for inside in by_then.values()):
            continue  # nothing is valued yet
        cited_by = cited_in(year)
        expected, _, cited = expected_citations(cited_by, priority_year, by_then)
        score = np.nan_to_num(relative_citations(cited_by, expected, cited), nan=0.0)
        found[:, k] = held @ (score * (alive[k].matrix() @ weight))
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


def _last_of(*several: Mapping[str, Mask]) -> int:
    """Count the rows up to the last one marked."""
    last = 0
    for masks in several:
        for mask in masks.values():
            if mask[last:].any():
                last = mask.size - int(np.argmax(mask[::-1]))
    return last


def _cited_by_year(
    pairs: Citations,
    published: Floats,
    weights: Floats | NDArray[np.integer] | None,
    last: int,
    rows: int,
) -> Callable[[int], Floats]:
    """Citing families of the first rows up to a year, undated ones in the part that dated ones
    are.
    """
    # years fit into 32 bits; pairs are so many that numbers of each are looked at some at a time
    of_row = published.astype(np.float32)
    parts = [slice(k, k + _AT_ONCE) for k in range(0, len(pairs), _AT_ONCE)]

    def weight(at: slice | Rows) -> Floats:
        """Return how many citing families these pairs stand for."""
        of = pairs.cited[at]
        return np.ones(of.size) if weights is None else weights[at].astype(np.float64)

    def lag(part: slice) -> tuple[Rows, Rows]:
        """Return which pairs are dated at both ends, and after how many years they come."""
        years = gathered(of_row, pairs.citing[part]) - gathered(of_row, pairs.cited[part])
        known = np.flatnonzero(np.isfinite(years))
        return known, np.maximum(years[known], 0).astype(np.int64)

    most = max((int(lag(part)[1].max(initial=0)) for part in parts), default=0)
    by_lag = np.zeros(most + 1)
    for part in parts:
        known, late = lag(part)
        np.add.at(by_lag, late, weight(part)[known])
    up_to = np.cumsum(by_lag)

    def within(age: Floats) -> Floats:
        """Compute the weight of the dated citations that come at most so many years after."""
        at = np.clip(np.nan_to_num(age, nan=-1.0), -1, most).astype(np.int64)
        return np.where(at < 0, 0.0, up_to[at])

    undated = ~np.isfinite(of_row)
    open_ = np.concatenate(
        [np.flatnonzero(gathered(undated, pairs.citing[part])) + part.start for part in parts]
        or [np.empty(0, dtype=np.int64)]
    )
    of_open, open_weight = gathered(published, pairs.cited[open_]), weight(open_)
    in_the_end = within(last - of_open)

    def cited_by(year: int) -> Floats:
        in_part = np.ones(open_.size)
        if year < last:
            in_part = np.nan_to_num(divide(within(year - of_open), in_the_end))
        counted_open = open_weight * in_part
        found = np.zeros(rows)
        for part in parts:  # in the order of the pairs, undated ones among the others
            of_citing, cited = gathered(of_row, pairs.citing[part]), pairs.cited[part]
            counted = np.where(of_citing <= year, weight(part), 0.0)
            begin, end = np.searchsorted(open_, np.array([part.start, part.stop], open_.dtype))
            counted[open_[begin:end] - part.start] = counted_open[begin:end]
            inside = cited < rows
            np.add.at(found, cited[inside], counted[inside])
        return found

    return cited_by


def _by_technology(shares: Shares, member: Mapping[str, Mask]) -> csr_array:
    """Shares of the families of each technology, a row for each technology and node in turn."""
    nodes = len(shares.names)
    rows = shares.matrix.shape[0]
    row = np.repeat(np.arange(rows), np.diff(shares.matrix.indptr))
    parts = [np.flatnonzero(inside[:rows][row]) for inside in member.values()]
    where = np.concatenate(parts)
    first = np.repeat(np.arange(len(parts)) * nodes, [p.size for p in parts])
    share_of = shares.matrix.data[where]
    ends = (first + shares.matrix.indices[where], row[where])
    held = csr_array((share_of, ends), shape=(len(parts) * nodes, shares.matrix.shape[0]))
    held.sort_indices()
    return held
