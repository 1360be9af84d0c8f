"""Which statements about a country hold however one counts, and without its largest firm."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from netpos.tables import require, rounded

#: Part of the specifications in which a statement must hold.
ENOUGH = 0.9
_RANK_OF = {"family_share": "family_rank", "received_share": "received_rank"}


def _statement(indicator: str, value: pl.Expr, rank: pl.Expr, base: pl.Expr) -> pl.Expr:
    """What would be said of the focal country, as a number that is the same where it is."""
    if indicator in _RANK_OF:
        # who has none at all has no rank, and is not among the first ten
        absent = pl.when(value == 0).then(pl.lit(0, pl.Int64))
        said = pl.coalesce((rank <= 10).cast(pl.Int64), absent)
    elif indicator == "balance_ratio":
        said = value.sign().cast(pl.Int64)
    elif indicator == "similarity":
        said = (value < 2).cast(pl.Int64)
    elif indicator == "source_effective":
        said = ((value - base).abs() <= 0.2 * base).cast(pl.Int64)
    else:
        said = value.cast(pl.Int64)
    return pl.when(value.is_not_null()).then(said)


#: Indicators about which a statement is made.
STATED = (
    "balance_ratio",
    "family_share",
    "near_core",
    "received_share",
    "similarity",
    "source_effective",
)


def robustness(
    table: pl.DataFrame,
    without: pl.DataFrame,
    *,
    focal: str,
    intervals: pl.DataFrame | None = None,
    measurable: Mapping[str, bool] | None = None,
) -> pl.DataFrame:
    """Mark what is said of the focal country as robust, firm-driven, fragile or not measurable.

    ======================================= =======================================================
    indicator                               statement
    ======================================= =======================================================
    ``family_share``, ``received_share``    its rank is 10 or better, or it is not
    ``balance_ratio``                       its sign: receives more, gives more, even
    ``near_core``                           in the core or among the nearest, or not
    ``similarity``                          below 2 (sources in its own blocs on average), or not
    ``source_effective``                    within a fifth of the base case
    ======================================= =======================================================

    The first of these marks that applies:

    - *not measurable*: the export does not allow it (``measurable``), or there is no value;
    - *firm-driven*: the statement changes, or has no value, without the largest organisation;
    - *fragile*: it is the same in less than nine in ten of the specifications that have a value,
      or fewer than half have one, or it is not the same at both ends of the stability interval
      (``near_core``: in less than nine in ten of the draws);
    - *robust*.

    Parameters
    ----------
    table
        What `netpos.analysis.sensitivity.sensitivity` returns.
    without
        What `netpos.analysis.sensitivity.without_largest` returns.
    focal
        The focal country.
    intervals
        What `netpos.indicators.uncertainty.intervals` returned for period ``all``; without it
        intervals are not asked.
    measurable
        By technology; default all.

    Returns
    -------
    ``technology, indicator, value, rank, mark, held, specifications, low, high, organisation,
    organisation_share, value_without, rank_without``: ``held`` is the part of the specifications
    with a value in which the statement is that of the base case, ``specifications`` their number;
    ``low`` and ``high`` the interval of what the statement rests on, for shares that of the rank,
    for ``near_core`` the share of draws, twice.

    Raises
    ------
    TableError
        A column is missing.

    References
    ----------
    docs/methods.md.
    """
    for given, name in ((table, "sensitivity"), (without, "without")):
        require(given, {"technology": pl.String, "value": pl.Float64}, name=name)
    parts = [_marked(table, without, name, focal, intervals, measurable or {}) for name in STATED]
    order = table.select("technology").unique(maintain_order=True).with_row_index("at")
    joined = pl.concat(parts).join(order, on="technology", how="left")
    return rounded(joined.sort("at", "indicator").drop("at"))


def _marked(
    table: pl.DataFrame,
    without: pl.DataFrame,
    indicator: str,
    focal: str,
    intervals: pl.DataFrame | None,
    measurable: Mapping[str, bool],
) -> pl.DataFrame:
    value, rank = pl.col("value"), pl.col("rank")
    first = value.filter("base").first().over("technology")
    said = table.filter(pl.col("indicator") == indicator).with_columns(
        said=_statement(indicator, value, rank, first)
    )
    own = pl.col("said").filter("base").first()
    tally = said.group_by("technology", maintain_order=True).agg(
        value=value.filter("base").first(),
        rank=rank.filter("base").first(),
        said=own,
        held=(pl.col("said") == own).mean(),
        specifications=value.count().cast(pl.Int64),
        all=pl.len().cast(pl.Int64),
    )
    left = without.filter(pl.col("indicator") == indicator).select(
        "technology",
        "organisation",
        "organisation_share",
        value_without="value",
        rank_without="rank",
    )
    both = tally.join(left, on="technology", how="left", maintain_order="left").join(
        _bounds(indicator, focal, intervals), on="technology", how="left", maintain_order="left"
    )
    base = pl.col("value")
    alone = _statement(indicator, pl.col("value_without"), pl.col("rank_without"), base)
    if indicator == "near_core":
        low = pl.col("low")
        inside = pl.when(pl.col("said") == 1).then(low).otherwise(1 - low) >= ENOUGH
    else:
        ends = [
            _statement(indicator, pl.col(c), pl.col(c), base) == pl.col("said")
            for c in ("low", "high")
        ]
        inside = ends[0] & ends[1]
    allowed = pl.col("technology").replace_strict(
        dict(measurable), default=True, return_dtype=pl.Boolean
    )
    fragile = (
        (pl.col("held") < ENOUGH)
        | (2 * pl.col("specifications") < pl.col("all"))
        | ~inside.fill_null(value=intervals is None)
    )
    mark = (
        pl.when(base.is_null() | (pl.col("rank").is_null() & (indicator in _RANK_OF)) | ~allowed)
        .then(pl.lit("not measurable"))
        .when((alone != pl.col("said")).fill_null(value=True))
        .then(pl.lit("firm-driven"))
        .when(fragile)
        .then(pl.lit("fragile"))
        .otherwise(pl.lit("robust"))
    )
    return both.select(
        "technology",
        "value",
        "rank",
        "held",
        "specifications",
        "low",
        "high",
        "organisation",
        "organisation_share",
        "value_without",
        "rank_without",
        indicator=pl.lit(indicator),
        mark=mark,
    ).select(_ROBUSTNESS)


_ROBUSTNESS = (
    "technology",
    "indicator",
    "value",
    "rank",
    "mark",
    "held",
    "specifications",
    "low",
    "high",
    "organisation",
    "organisation_share",
    "value_without",
    "rank_without",
)


def _bounds(indicator: str, focal: str, intervals: pl.DataFrame | None) -> pl.DataFrame:
    """Interval of what a statement rests on, by technology."""
    if intervals is None:
        empty = {"technology": pl.String, "low": pl.Float64, "high": pl.Float64}
        return pl.DataFrame(schema=empty)
    name = _RANK_OF.get(indicator, indicator)
    wanted = "near_core_share" if indicator == "near_core" else name
    here = intervals.filter(
        (pl.col("indicator") == wanted) & (pl.col("country") == focal) & (pl.col("period") == "all")
    )
    if indicator == "near_core":
        return here.select("technology", low="value", high="value")
    return here.select("technology", "low", "high")
