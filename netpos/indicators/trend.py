r"""Position year by year: sizes, shares, and how they move.

Years are those of publication. Recent years are incomplete: an invention is published some 18
months after its first filing, and citations take longer still. Shares and ranks are compared, not
counts, and what is not complete yet says so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.errors import OptionError, TableError
from netpos.graph.kernels import divide
from netpos.graph.links import Citations, Mask, Shares, Spread, gathered
from netpos.indicators.bounds import student
from netpos.tables import require, rounded

#: Months from first filing to publication: younger years of priority are truncated.
GUARD_MONTHS = 18
#: Years after publication in which a citation counts, unless a run sets another window.
WINDOW = 3
#: Columns of the trend whose slope is told.
SLOPES = ("family_share", "received_share", "value_share")

_KEYS = ("technology", "country", "year")
_AT_ONCE = 1 << 20  # pairs looked at at a time


def guard_date(data_date: dt.date, months: int = GUARD_MONTHS) -> dt.date:
    """Return the day that lies some months before the data date.

    Examples
    --------
    >>> guard_date(dt.date(2025, 10, 31)), guard_date(dt.date(2024, 8, 31))
    (datetime.date(2024, 4, 30), datetime.date(2023, 2, 28))
    """
    first = data_date.year * 12 + data_date.month - 1 - months
    year, month = divmod(first, 12)
    after = dt.date(year + (month == 11), (month + 1) % 12 + 1, 1)
    last = (after - dt.timedelta(days=1)).day
    return dt.date(year, month + 1, min(data_date.day, last))


def last_whole_year(data_date: dt.date, year_by: str = "publication") -> int:
    """Return the last year whose families are all known at the data date.

    By year of publication that is the last year that is over; by year of priority the last that
    was over `GUARD_MONTHS` before, the time from first filing to publication.

    Examples
    --------
    >>> last_whole_year(dt.date(2025, 11, 30)), last_whole_year(dt.date(2025, 12, 31))
    (2024, 2025)
    >>> last_whole_year(dt.date(2025, 6, 30), "priority")
    2023
    """
    day = data_date
    if year_by == "priority":  # 18 months after the last of December is the last of June
        one = dt.timedelta(days=1)
        day = guard_date(data_date + one) - one
    return day.year if (day.month, day.day) == (12, 31) else day.year - 1


def trend(
    pairs: Citations,
    spread: Spread,
    shares: Shares,
    member: Mapping[str, Mask],
    years: NDArray[np.float64],
    span: tuple[int, int],
    *,
    last_whole: int,
    focal: str,
    window: int = WINDOW,
    counted: Mask | None = None,
    values: pl.DataFrame | None = None,
) -> pl.DataFrame:
    r"""Compute the families, and shares of families, value and citations received, by country and
    year.

    .. math:: \mathrm{family\_share}_{iy} = N_{iy} / N_y, \qquad
              \mathrm{received\_share}_{iy} = R_{iy} / \sum_k R_{ky}

    :math:`N_{iy}` are the families of year :math:`y`, :math:`N_y` the number of
    them that any country has a share in, and :math:`R_{iy}` the citations from abroad that these
    families received from families of the technology within ``window`` years,
    :math:`0 \le y_{citing} - y \le k`.

    Parameters
    ----------
    pairs, spread, shares
        Citations between families, their spread over countries, and the shares of countries.
    member
        Families of each technology, in the order wanted.
    years
        Year of each row of ``shares`` by the clock of the run, NaN where unknown.
    span
        First and last year.
    last_whole
        The last year whose families are all known, see `last_whole_year`.
    focal
        A country with rows in every technology.
    window
        :math:`k` [years].
    counted
        Pairs to count, default all; for instance those without self citations.
    values
        ``technology, country, year, value_share`` from `netpos.indicators.value.stock`.

    Returns
    -------
    ``technology, country, year, families, family_share, value_share, received_share,
    truncated``: a row for each year of the span for each country with families or citations in
    the span, and the focal country; technologies in the order given, then by country and year.
    ``families`` by the counting rule. A share is null where its sum is 0; ``received_share`` also
    for years whose window goes beyond the last whole year; ``value_share`` where ``values`` has no
    row. ``truncated``: not all families of the year are known at the data date.

    Raises
    ------
    OptionError
        The span is reversed or the window is negative.
    TableError
        ``values`` lacks a column.

    References
    ----------
    Method notes (`netpos.docs_path`).
    """
    if span[0] > span[1]:
        raise OptionError(f"span {span[0]}-{span[1]} is reversed")
    if window < 0:
        raise OptionError(f"window of {window} years", remedy="use 0 or more")
    everyone = sorted({*shares.names, focal})
    asked = np.arange(span[0], span[1] + 1)
    row = np.searchsorted(everyone, shares.names)
    # entries of the shares (country, family) of the families of the span
    column = np.where((years >= span[0]) & (years <= span[1]), years - span[0], -1)
    column = column.astype(np.int64)
    family = np.repeat(np.arange(column.size), np.diff(shares.matrix.indptr))
    dated = np.flatnonzero(column[family] >= 0)
    family = family[dated]
    cell = row[shares.matrix.indices[dated]] * asked.size + column[family]
    part = shares.matrix.data[dated]
    counted_in = shares.located & (column >= 0)
    shape = (len(everyone), asked.size)
    timely = _timely(pairs, years, asked, window)
    if counted is not None:
        timely &= counted
    frames = []
    for technology, inside in member.items():
        here = np.flatnonzero(inside[family])
        held = np.bincount(cell[here], weights=part[here], minlength=shape[0] * shape[1])
        sizes = held.astype(np.float64).reshape(shape)
        at = column[inside & counted_in]
        located = np.bincount(at, minlength=asked.size).astype(np.float64)
        got = np.zeros(shape)
        chosen = timely & gathered(inside, pairs.citing) & gathered(inside, pairs.cited)
        got[row] = _received(pairs, spread, chosen, years, asked)
        keep = np.asarray(((sizes > 0) | (got > 0)).any(axis=1))
        keep[everyone.index(focal)] = True
        got[:, asked + window > last_whole] = np.nan
        frames.append(_table(technology, everyone, keep, asked, sizes, located, got))
    table = pl.concat(frames).with_columns(truncated=pl.col("year") > last_whole)
    if values is None:
        return rounded(table.with_columns(value_share=pl.lit(None, pl.Float64))).select(_ORDER)
    require(values, {"technology": pl.String, "value_share": pl.Float64}, name="values")
    found = values.select("technology", "country", pl.col("year").cast(pl.Int32), "value_share")
    joined = table.join(found, on=list(_KEYS), how="left", maintain_order="left")
    return rounded(joined).select(_ORDER)


_ORDER = (*_KEYS, "families", "family_share", "value_share", "received_share", "truncated")


def _timely(
    pairs: Citations, years: NDArray[np.float64], asked: NDArray[np.int64], window: int
) -> Mask:
    """Which pairs cite a family of these years within the window."""
    found = np.empty(len(pairs), dtype=bool)
    for start in range(0, len(pairs), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        of_cited = gathered(years, pairs.cited[part])
        age = gathered(years, pairs.citing[part]) - of_cited
        here = (age >= 0) & (age <= window)
        found[part] = here & (of_cited >= asked[0]) & (of_cited <= asked[-1])
    return found


def _received(
    pairs: Citations,
    spread: Spread,
    chosen: Mask,
    years: NDArray[np.float64],
    asked: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Foreign citations of the pairs chosen, by cited country and cited year."""
    abroad = np.asarray(spread.ends[0] != spread.ends[1])
    keep = np.flatnonzero(gathered(chosen, spread.pair) & gathered(abroad, spread.cell))
    country = spread.ends[1][spread.cell[keep]].astype(np.int64)
    year = (years[pairs.cited[spread.pair[keep]]] - asked[0]).astype(np.int64)
    shape = (len(spread.names), asked.size)
    code = country * asked.size + year
    weight = np.bincount(code, weights=spread.weight[keep], minlength=shape[0] * shape[1])
    found: NDArray[np.float64] = weight.astype(np.float64).reshape(shape)
    return found


def _table(
    technology: str,
    countries: Sequence[str],
    keep: Mask,
    years: NDArray[np.int64],
    sizes: NDArray[np.float64],
    located: NDArray[np.float64],
    received: NDArray[np.float64],
) -> pl.DataFrame:
    names = [c for c, k in zip(countries, keep.tolist(), strict=True) if k]
    return pl.DataFrame(
        {
            "technology": pl.Series([technology] * (len(names) * years.size), dtype=pl.String),
            "country": pl.Series(np.repeat(names, years.size).tolist(), dtype=pl.String),
            "year": pl.Series(np.tile(years, len(names)), dtype=pl.Int32),
            "families": sizes[keep].ravel(),
            "family_share": divide(sizes, located)[keep].ravel(),
            "received_share": divide(received, received.sum(axis=0))[keep].ravel(),
        }
    )


def slopes(table: pl.DataFrame, columns: Sequence[str] = SLOPES) -> pl.DataFrame:
    r"""Compute the change of a share per year, with its interval.

    Least squares over the years that are not truncated and have a value,

    .. math:: b = \frac{\sum_y (y - \bar y)(s_y - \bar s)}{\sum_y (y - \bar y)^2}, \qquad
              b \pm t_{.975,\,n-2}\, \sqrt{\frac{\sum_y e_y^2}{(n-2)\sum_y (y - \bar y)^2}}

    with :math:`e_y` the residuals. The interval takes the years as independent; shares of
    neighbouring years often are not, so it is rather too narrow.

    Parameters
    ----------
    table
        What `trend` returns.
    columns
        The shares.

    Returns
    -------
    ``technology, country, indicator, slope, low, high, years``, in the order of the table, then
    by indicator: slope [per year] with its 95 % interval, null with fewer than three years;
    number of years used.

    Raises
    ------
    TableError
        A column is missing.

    References
    ----------
    Method notes (`netpos.docs_path`).

    Examples
    --------
    >>> years = pl.DataFrame({"technology": ["ai"] * 4, "country": ["NL"] * 4,
    ...     "year": [2018, 2019, 2020, 2024], "family_share": [0.01, 0.02, 0.03, 0.5],
    ...     "truncated": [False, False, False, True]})
    >>> slopes(years, ["family_share"]).row(0)
    ('ai', 'NL', 'family_share', 0.01, 0.01, 0.01, 3)
    """
    require(table, {"technology": pl.String, "country": pl.String}, name="trend")
    for column in columns:
        if column not in table.columns:
            require(table, {column: pl.Float64}, name="trend")
    parts = [_slope(table, column) for column in sorted(columns)]
    order = table.select("technology", "country").unique(maintain_order=True).with_row_index("at")
    joined = pl.concat(parts).join(order, on=["technology", "country"], how="left")
    return rounded(joined.sort("at", "indicator").drop("at"))


def _slope(table: pl.DataFrame, column: str) -> pl.DataFrame:
    used = pl.when(~pl.col("truncated")).then(pl.col(column)).alias("s")
    year = pl.when(pl.col("s").is_not_null()).then(pl.col("year").cast(pl.Float64))
    dx, dy = pl.col("x") - pl.col("x").mean(), pl.col("s") - pl.col("s").mean()
    sums = (
        table.sort("technology", "country", "year")
        .with_columns(used)
        .with_columns(x=year)
        .group_by("technology", "country", maintain_order=True)
        .agg(
            years=pl.col("s").count().cast(pl.Int64),
            xx=(dx * dx).sum(),
            xy=(dx * dy).sum(),
            yy=(dy * dy).sum(),
        )
    )
    n = sums["years"].to_numpy()
    enough = n >= 3
    xx, xy, yy = (sums[c].to_numpy() for c in ("xx", "xy", "yy"))
    slope = np.divide(xy, xx, out=np.full(n.shape, np.nan), where=enough & (xx > 0))
    rest = np.maximum(yy - slope * xy, 0.0)
    rest = np.where(rest <= 1e-14 * yy, 0.0, rest)  # a straight line up to rounding
    free = np.where(enough, n - 2, 1)
    half = student(free) * np.sqrt(rest / free / np.where(xx > 0, xx, 1.0))
    return sums.select(
        "technology",
        "country",
        indicator=pl.lit(column),
        slope=pl.Series(slope, dtype=pl.Float64),
        low=pl.Series(slope - half, dtype=pl.Float64),
        high=pl.Series(slope + half, dtype=pl.Float64),
        years="years",
    )


#: Columns of the table of countries and what their change is called.
CHANGES = ("family_share", "family_rank", "received_share", "received_rank", "value_rank")


def changes(table: pl.DataFrame, first: str, second: str) -> pl.DataFrame:
    r"""Compute the changes of shares and ranks between two periods.

    Ranks: :math:`\mathrm{rank}_1 - \mathrm{rank}_2`, so that + = improved. Shares:
    :math:`s_2 - s_1` and :math:`(s_2 - s_1) / s_1`.

    Parameters
    ----------
    table
        The table of countries: ``technology, period, country`` and any of `CHANGES`.
    first, second
        Names of the periods.

    Returns
    -------
    ``technology, country`` in the order of the table and by country, with ``<column>_change`` for
    each column that is there and ``<column>_relative`` for shares; null where the country has no
    row or no value in one of the periods, and relative to a share of 0.

    Raises
    ------
    OptionError
        A period is not in the table.
    TableError
        A column is missing.

    References
    ----------
    Method notes (`netpos.docs_path`).

    Examples
    --------
    >>> table = pl.DataFrame({"technology": ["ai"] * 2, "period": ["2015-2020", "2021-2025"],
    ...     "country": ["NL"] * 2, "family_share": [0.010, 0.008], "family_rank": [11, 12]})
    >>> changes(table, "2015-2020", "2021-2025").row(0)
    ('ai', 'NL', -0.002, -0.2, -1)
    """
    needed = dict.fromkeys(("technology", "period", "country"), pl.String)
    require(table, needed, name="countries")
    for name in (first, second):
        if name not in table["period"]:
            known = ", ".join(table["period"].unique(maintain_order=True))
            raise OptionError(f"period '{name}' is not in the table", remedy=f"known: {known}")
    columns = [c for c in CHANGES if c in table.columns]
    if not columns:
        raise TableError(f"table 'countries' has none of the columns {', '.join(CHANGES)}")
    order = table.select("technology").unique(maintain_order=True).with_row_index("at")
    one, two = (
        table.filter(pl.col("period") == name).select("technology", "country", *columns)
        for name in (first, second)
    )
    both = one.join(two, on=["technology", "country"], how="full", coalesce=True, suffix="_later")
    out: list[pl.Expr] = []
    for column in columns:
        before, after = pl.col(column), pl.col(f"{column}_later")
        if column.endswith("_rank"):
            out.append((before - after).alias(f"{column}_change"))
        else:
            out.append((after - before).alias(f"{column}_change"))
            relative = pl.when(before > 0).then((after - before) / before)
            out.append(relative.alias(f"{column}_relative"))
    joined = both.join(order, on="technology", how="left").sort("at", "country")
    return rounded(joined.select("technology", "country", *out))
