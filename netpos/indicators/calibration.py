"""How often intervals hold the truth, in corpora drawn from worlds of which the truth is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl
from scipy.stats import binomtest

from netpos.indicators.differences import differences
from netpos.indicators.uncertainty import Resampled, resample
from netpos.indicators.worlds import FOCAL, PERIODS, SMALL, Corpus, Truth, World

#: Part of the corpora in which an interval has to hold the truth; ranks have no upper limit.
GOAL = (0.90, 0.99)
#: What a row of `coverage` is about.
KINDS = ("interval", "countries", "periods")
_BLOC_YEAR = 2020
_KEYS = ["kind", "indicator", "country"]


def tables(corpus: Corpus, *, draws: int = 400, seed: int = 0) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Compute the intervals of period ``all``, and all differences, by the functions that make a
    run's tables.

    Parameters
    ----------
    corpus
        A corpus of a world.
    draws, seed
        See `netpos.indicators.uncertainty.resample`.
    """
    found: list[Resampled] = []
    for period in PERIODS:
        s = corpus.selected(period)
        parts = (s.table, corpus.sample, s.links, s.sources, s.families)
        found.append(resample(*parts, year=_BLOC_YEAR, draws=draws, seed=seed, worth=s.worth))
    return found[0].intervals(), differences(found, FOCAL)


def held(
    intervals: pl.DataFrame, differences: pl.DataFrame, truth: dict[str, Truth]
) -> pl.DataFrame:
    """Tell which printed intervals hold the truth.

    Returns
    -------
    ``kind`` (an interval, a difference between countries or between periods), ``indicator``,
    ``country`` (of a difference between countries the other one), ``held`` Boolean.
    """
    rows = []
    for r in intervals.drop_nulls("low").iter_rows(named=True):
        true = truth["all"][r["indicator"]].get(r["country"])
        rows.append(("interval", r["indicator"], r["country"], _inside(r, true)))
    for r in differences.drop_nulls("low").iter_rows(named=True):
        between = r["country"] != r["other_country"]
        if between and r["period"] != "all":
            continue
        one = truth[r["period"]][r["indicator"]][r["country"]]
        other = truth[r["other_period"]][r["indicator"]][r["other_country"]]
        kind = "countries" if between else "periods"
        rows.append((kind, r["indicator"], r["other_country"], _inside(r, one - other)))
    schema = {"kind": pl.String, "indicator": pl.String, "country": pl.String, "held": pl.Boolean}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _inside(row: dict[str, float], true: float | None) -> bool:
    slack = 1e-9
    return true is not None and row["low"] - slack <= true <= row["high"] + slack


def cell(
    world: World, organisations: int, corpora: Iterable[int], *, draws: int = 400
) -> pl.DataFrame:
    """Draw corpora of a world and count the intervals that hold.

    Parameters
    ----------
    world
        The world.
    organisations
        Organisations of each corpus.
    corpora
        Seeds, one for each corpus.
    draws
        Draws per corpus.

    Returns
    -------
    ``kind, indicator, country, held, printed``: numbers of intervals over all corpora.
    """
    truth = {period: world.truth(period) for period in PERIODS}
    parts = []
    for seed in corpora:
        corpus = world.draw(organisations, seed)
        parts.append(held(*tables(corpus, draws=draws, seed=seed), truth))
    return (
        pl.concat(parts)
        .group_by(_KEYS)
        .agg(held=pl.col("held").sum().cast(pl.Int64), printed=pl.len().cast(pl.Int64))
        .sort(_KEYS)
    )


def coverage(counts: pl.DataFrame) -> pl.DataFrame:
    """Compute the part of the intervals that hold, over all countries and for a small one.

    Parameters
    ----------
    counts
        What `cell` returned, with any further columns ``world`` and ``organisations``.

    Returns
    -------
    Those columns, ``kind, indicator``, ``group`` (all, small), ``printed``, ``coverage`` and
    ``passes``: whether the 99 % interval of Clopper and Pearson (1934) around it meets `GOAL`.
    """
    keys = [c for c in ("world", "organisations") if c in counts.columns] + ["kind", "indicator"]
    groups = {"all": counts, "small": counts.filter(pl.col("country") == SMALL)}
    parts = [
        part.group_by(keys).agg(pl.col("held", "printed").sum()).with_columns(group=pl.lit(name))
        for name, part in groups.items()
    ]
    table = pl.concat(parts)
    passes = [
        meets(r["held"], r["printed"], rank=r["indicator"].endswith("_rank"))
        for r in table.iter_rows(named=True)
    ]
    return table.select(
        *keys,
        "group",
        "printed",
        coverage=pl.col("held") / pl.col("printed"),
        passes=pl.Series(passes, dtype=pl.Boolean),
    ).sort(*keys, "group")


def meets(held: int, printed: int, *, rank: bool = False, goal: Sequence[float] = GOAL) -> bool:
    """Tell whether so many of the printed intervals could be from a coverage within the goal.

    Examples
    --------
    >>> meets(95, 100), meets(80, 100), meets(2000, 2000), meets(2000, 2000, rank=True)
    (True, False, False, True)
    """
    found = binomtest(held, printed).proportion_ci(0.99, method="exact")
    return bool(found.high >= goal[0] and (rank or found.low <= goal[1]))
