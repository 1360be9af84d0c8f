"""Which statements about a country hold however one counts, and without any one organisation."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.indicators.uncertainty import CONTRASTS
from netpos.tables import require, rounded

Floats = NDArray[np.float64]

#: Part of the specifications, and of the draws, in which a statement must hold.
ENOUGH = 0.9
#: A rank is said to be among the first so many.
TOP = 10
#: Likeness of sources below which they are in the country's own blocs on average.
ALIKE = 2.0
#: How far an effective number of sources may move, relative to the base case.
WITHIN = 0.2
#: Indicators about whose rank a statement is made, and the rank whose interval is asked.
RANK_OF = {
    "family_share": "family_rank",
    "received_share": "received_rank",
    "value_share": "value_rank",
}
#: Groups of countries; the statement is that one of them is the largest source.
GROUPS = ("share_eu", "share_oecd_nato", "share_other")
#: Indicators about which a statement is made.
STATED = (
    "balance_ratio",
    "family_share",
    "near_core",
    "received_share",
    *GROUPS,
    "similarity",
    "source_effective",
    "value_share",
)
#: What needs no located citation.
SIZES = ("family_share", "value_share")


def said(indicator: str, value: Floats, rank: Floats, base: Floats) -> Floats:
    """Give what would be said of the focal country, as a number that is the same where that is.

    Parameters
    ----------
    indicator
        One of `STATED`.
    value, rank
        Of the focal country in each case, NaN where undefined.
    base
        Its value in the base case.

    Returns
    -------
    ndarray
        NaN where nothing can be said.

    Examples
    --------
    Ranks 4 and 11, and a share of nothing, which has no rank:

    >>> shares = np.array([0.1, 0.01, 0.0])
    >>> said("family_share", shares, np.array([4.0, 11.0, np.nan]), shares).tolist()
    [1.0, 0.0, 0.0]
    >>> said("balance_ratio", np.array([-0.2, 0.0]), np.array([3.0, 2.0]), np.zeros(2)).tolist()
    [-1.0, 0.0]
    """
    if indicator in RANK_OF:
        # who has none at all has no rank, and is not among the first ten
        found = np.where(value == 0, 0.0, np.where(np.isnan(rank), np.nan, rank <= TOP))
    elif indicator in GROUPS:
        found = (rank == 1).astype(np.float64)
    elif indicator == "balance_ratio":
        found = np.sign(value)
    elif indicator == "similarity":
        found = (value < ALIKE).astype(np.float64)
    elif indicator == "source_effective":
        found = (np.abs(value - base) <= WITHIN * base).astype(np.float64)
    else:
        found = value.astype(np.float64)
    return np.where(np.isnan(value), np.nan, found)


def robustness(
    table: pl.DataFrame,
    without: pl.DataFrame,
    *,
    focal: str,
    intervals: pl.DataFrame | None = None,
    measurable: Mapping[str, bool] | None = None,
) -> pl.DataFrame:
    """Mark what is said of the focal country as robust, firm-driven, fragile or not measurable.

    ================================================== ============================================
    indicator                                          statement
    ================================================== ============================================
    ``family_share``, ``received_share``,              its rank is 10 or better, or it is not
    ``value_share``
    ``balance_ratio``                                  its sign: receives more, gives more, even
    ``near_core``                                      in the core or among the nearest, or not
    ``share_eu``, ``share_oecd_nato``, ``share_other`` the largest of the three groups, or not
    ``similarity``                                     below 2 (sources in its own blocs), or not
    ``source_effective``                               within a fifth of the base case
    ================================================== ============================================

    The first of these marks that applies:

    - *not measurable*: the export does not allow it (``measurable``; shares of families and of
      value need no located citation), or there is no value, or nothing to rank;
    - *firm-driven*: the statement changes, or has no value, without one organisation;
    - *fragile*: it is the same in less than nine in ten of the specifications that have a value,
      or fewer than half have one, or it is not the same at both ends of the 95 % interval
      (``near_core``: in less than nine in ten of the draws; groups: an interval of the difference
      between the largest and another one holds 0), or there is no such interval where intervals
      were computed;
    - *robust*.

    Parameters
    ----------
    table
        What `netpos.analysis.sensitivity.sensitivity` returns.
    without
        What `netpos.analysis.without.without_one` returns.
    focal
        The focal country.
    intervals
        What `netpos.indicators.uncertainty.intervals` returned for period ``all``; without it
        intervals are not asked.
    measurable
        By technology; default all.

    Returns
    -------
    ``technology, indicator, value, rank, mark, reason, held, specifications, low, high,
    organisation, organisation_share, abroad, value_without, rank_without``: ``reason`` why the
    mark is not *robust* (see `_reasons`), ``held`` the part of the specifications with a value in
    which the statement is that of the base case, ``specifications`` their number; ``low`` and
    ``high`` the interval of what the statement rests on, for ranked shares that of the rank, for
    ``near_core`` the share of draws, twice.

    Raises
    ------
    TableError
        A column is missing.

    References
    ----------
    Method notes (`netpos.docs_path`).
    """
    for given, name in ((table, "sensitivity"), (without, "without")):
        require(given, {"technology": pl.String, "value": pl.Float64}, name=name)
    parts = [_marked(table, without, name, focal, intervals, measurable or {}) for name in STATED]
    order = table.select("technology").unique(maintain_order=True).with_row_index("at")
    joined = pl.concat(parts).join(order, on="technology", how="left")
    return rounded(joined.sort("at", "indicator").drop("at"))


def _said(indicator: str, frame: pl.DataFrame, value: str, rank: str) -> pl.Series:
    """`said` of two columns of a table that has ``base``."""
    of, place, base = (
        frame[c].cast(pl.Float64).fill_null(np.nan).to_numpy() for c in (value, rank, "base_value")
    )
    return pl.Series(said(indicator, of, place, base), dtype=pl.Float64).fill_nan(None)


def _marked(
    table: pl.DataFrame,
    without: pl.DataFrame,
    indicator: str,
    focal: str,
    intervals: pl.DataFrame | None,
    measurable: Mapping[str, bool],
) -> pl.DataFrame:
    value, rank = pl.col("value"), pl.col("rank")
    rows = table.filter(pl.col("indicator") == indicator).with_columns(
        base_value=value.filter("base").first().over("technology")
    )
    rows = rows.with_columns(said=_said(indicator, rows, "value", "rank"))
    own = pl.col("said").filter("base").first()
    tally = rows.group_by("technology", maintain_order=True).agg(
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
        "abroad",
        value_without="value",
        rank_without="rank",
    )
    asked = _bounds(indicator, focal, intervals)
    both = tally.join(left, on="technology", how="left", maintain_order="left").join(
        asked, on="technology", how="left", maintain_order="left"
    )
    both = both.with_columns(base_value=pl.col("value"))
    alone = _said(indicator, both, "value_without", "rank_without")
    found = both.with_columns(
        measurable=pl.lit(value=True)
        if indicator in SIZES
        else pl.col("technology").replace_strict(
            dict(measurable), default=True, return_dtype=pl.Boolean
        ),
        defined=pl.col("said").is_not_null()
        & (pl.col("rank").is_not_null() | pl.lit(indicator not in RANK_OF)),
        changes=pl.col("organisation").is_not_null() & alone.ne_missing(both["said"]),
        inside=_inside(indicator, both, asked=intervals is not None),
    )
    return (
        found.with_columns(_mark(), reason=_reasons())
        .with_columns(indicator=pl.lit(indicator))
        .select(_ROBUSTNESS)
    )


def _inside(indicator: str, both: pl.DataFrame, *, asked: bool) -> pl.Series:
    """Whether the statement is the same at both ends of the interval; null without an interval."""
    n = both.height
    if not asked:
        return pl.repeat(True, n, dtype=pl.Boolean, eager=True)
    if indicator == "near_core":
        part = pl.when(pl.col("said") == 1).then("low").otherwise(1 - pl.col("low"))
        return both.select(part >= ENOUGH).to_series()
    if indicator in GROUPS:
        largest, behind = pl.col("least_ahead") > 0, pl.col("most_behind") > 0
        apart = pl.when(pl.col("said") == 1).then(largest).otherwise(behind)
        return both.select(apart).to_series()
    ends = [_said(indicator, both, c, c) == both["said"] for c in ("low", "high")]
    return ends[0] & ends[1]


def _mark() -> pl.Expr:
    robust = (
        (pl.col("held") >= ENOUGH)
        & (2 * pl.col("specifications") >= pl.col("all"))
        & pl.col("inside").fill_null(value=False)
    )
    return (
        pl.when(~pl.col("measurable") | ~pl.col("defined"))
        .then(pl.lit("not measurable"))
        .when("changes")
        .then(pl.lit("firm-driven"))
        .when(robust)
        .then(pl.lit("robust"))
        .otherwise(pl.lit("fragile"))
        .alias("mark")
    )


def _reasons() -> pl.Expr:
    """Every reason that applies, parted by blanks.

    ``not_located``: too few citations located; ``no_value``; ``firm``: changes without one
    organisation; ``ways``: the same in less than nine in ten ways of counting; ``few_ways``: fewer
    than half of them have a value; ``interval``: changes within the interval; and where there is
    no interval, why: ``no_interval``, or the reason given in its stead.
    """
    why = pl.col("why").fill_null("no_interval")
    parts = {
        "firm": pl.col("changes"),
        "ways": pl.col("held") < ENOUGH,
        "few_ways": 2 * pl.col("specifications") < pl.col("all"),
        "interval": ~pl.col("inside"),
    }
    texts = [
        pl.when(test.fill_null(value=False)).then(pl.lit(code)) for code, test in parts.items()
    ]
    texts.append(pl.when(pl.col("inside").is_null()).then(why))
    joined = pl.concat_str(texts, separator=" ", ignore_nulls=True)
    return (
        pl.when(~pl.col("measurable"))
        .then(pl.lit("not_located"))
        .when(~pl.col("defined"))
        .then(pl.lit("no_value"))
        .when(joined != "")
        .then(joined)
    )


_ROBUSTNESS = (
    "technology",
    "indicator",
    "value",
    "rank",
    "mark",
    "reason",
    "held",
    "specifications",
    "low",
    "high",
    "organisation",
    "organisation_share",
    "abroad",
    "value_without",
    "rank_without",
)


def _bounds(indicator: str, focal: str, intervals: pl.DataFrame | None) -> pl.DataFrame:
    """Interval of what a statement rests on, by technology; no rows where none is asked."""
    name = "near_core_share" if indicator == "near_core" else RANK_OF.get(indicator, indicator)
    schema = {"technology": pl.String, "low": pl.Float64, "high": pl.Float64, "why": pl.String}
    if indicator in GROUPS:
        schema |= dict.fromkeys(("least_ahead", "most_behind"), pl.Float64)
    if intervals is None:
        return pl.DataFrame(schema=schema)
    here = intervals.filter((pl.col("country") == focal) & (pl.col("period") == "all"))
    why = pl.col("reason") if "reason" in intervals.columns else pl.lit(None, pl.String)
    rows = here.filter(pl.col("indicator") == name).with_columns(why=why)
    if indicator == "near_core":
        rows = rows.with_columns(low="value", high="value")
    if indicator in GROUPS:
        ahead = _ahead(indicator, here)
        rows = rows.drop("why").join(ahead, on="technology", how="left", maintain_order="left")
    return rows.select(pl.col(c).cast(t) for c, t in schema.items())


def _ahead(indicator: str, here: pl.DataFrame) -> pl.DataFrame:
    """Tell by how much a group is surely ahead of both others, and surely behind one of them.

    ``least_ahead`` is the smaller of the lower ends of its differences to the others, and null
    without one of them; ``most_behind`` the larger of the lower ends of theirs to it; ``why`` the
    reason of the first that has no interval.
    """
    signs = {name: 1 if one == indicator else -1 for name, (one, _) in _contrasts(indicator)}
    reason = pl.col("reason") if "reason" in here.columns else pl.lit(None, pl.String)
    rows = here.filter(pl.col("indicator").is_in([*signs])).with_columns(
        why=reason, sign=pl.col("indicator").replace_strict(signs, return_dtype=pl.Int64)
    )
    up = pl.col("sign") == 1
    rows = rows.with_columns(
        ahead=pl.when(up).then(pl.col("low")).otherwise(-pl.col("high")),
        behind=pl.when(up).then(-pl.col("high")).otherwise(pl.col("low")),
    )
    return rows.group_by("technology", maintain_order=True).agg(
        least_ahead=pl.when(pl.col("ahead").count() == 2).then(pl.col("ahead").min()),
        most_behind=pl.col("behind").max(),
        why=pl.col("why").drop_nulls().first(),
    )


def _contrasts(group: str) -> list[tuple[str, tuple[str, str]]]:
    return [(name, pair) for name, pair in CONTRASTS.items() if group in pair]
