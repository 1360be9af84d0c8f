"""How often intervals hold the truth, in corpora drawn from worlds of which the truth is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from netpos.indicators.differences import differences
from netpos.indicators.uncertainty import Resampled, resample
from netpos.indicators.worlds import FOCAL, PERIODS, Corpus, World

#: Part of the corpora in which an interval has to hold the truth; ranks have no upper limit.
GOAL = (0.90, 0.99)
#: What a row of `coverage` is about.
KINDS = ("interval", "countries", "periods", "pairs")
#: Names of the ratios of observed to expected citations of pairs of countries, by period.
RATIOS = {"all": "ratio", "2016-2025": "ratio_second_half"}
_BLOC_YEAR = 2020
_KEYS = ["kind", "indicator", "small"]


class Tables(NamedTuple):
    """Tables of a corpus, as of a run; ``ratios`` have the ``indicator`` (see `RATIOS`) and the
    ``citing`` and ``cited`` country.
    """

    intervals: pl.DataFrame
    differences: pl.DataFrame
    ratios: pl.DataFrame


@dataclass(frozen=True)
class Truths:
    """True values of a world: of indicators by period and country, and of ratios of pairs."""

    of: dict[str, dict[str, dict[str, float]]]
    ratios: dict[tuple[str, str, str], float]

    @classmethod
    def of_world(cls, world: World) -> Truths:
        """Take them from the world."""
        ratios = {
            (name, i, j): true
            for period, name in RATIOS.items()
            for i, row in zip(world.codes, world.ratios(period).tolist(), strict=True)
            for j, true in zip(world.codes, row, strict=True)
        }
        return cls({period: world.truth(period) for period in PERIODS}, ratios)


def tables(corpus: Corpus, *, draws: int = 400, seed: int = 0) -> Tables:
    """Compute the intervals of period ``all``, all differences, and ratios of pairs of countries,
    by the functions that make a run's tables.

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
    ratios = [
        corpus.ratios(period).select(pl.lit(name).alias("indicator"), pl.all())
        for period, name in RATIOS.items()
    ]
    return Tables(found[0].intervals(), differences(found, FOCAL), pl.concat(ratios))


def held(made: Tables, truths: Truths) -> pl.DataFrame:
    """Tell which printed intervals hold the truth.

    Returns
    -------
    ``kind`` (an interval, a difference between countries or between periods, a ratio of a pair),
    ``indicator``, ``country`` (of a difference between countries the other one, of a ratio both
    parted by a blank), ``held`` Boolean.
    """
    rows, truth = [], truths.of
    for r in made.intervals.drop_nulls("low").iter_rows(named=True):
        true = truth["all"][r["indicator"]].get(r["country"])
        rows.append(("interval", r["indicator"], r["country"], _inside(r, true)))
    for r in made.differences.drop_nulls("low").iter_rows(named=True):
        between = r["country"] != r["other_country"]
        if between and r["period"] != "all":
            continue
        one = truth[r["period"]][r["indicator"]][r["country"]]
        other = truth[r["other_period"]][r["indicator"]][r["other_country"]]
        kind = "countries" if between else "periods"
        rows.append((kind, r["indicator"], r["other_country"], _inside(r, one - other)))
    for r in made.ratios.drop_nulls("low").iter_rows(named=True):
        true = truths.ratios[r["indicator"], r["citing"], r["cited"]]
        rows.append(("pairs", r["indicator"], f"{r['citing']} {r['cited']}", _inside(r, true)))
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
    ``kind, indicator, small, held, printed``: numbers of intervals over all corpora, those of the
    country that the world is about apart (``small``, with all differences between countries where
    that is the focal one).
    """
    truths = Truths.of_world(world)
    parts = []
    for seed in corpora:
        corpus = world.draw(organisations, seed)
        parts.append(held(tables(corpus, draws=draws, seed=seed), truths))
    own = pl.col("country").str.split(" ").list.contains(world.watched)
    if world.watched == FOCAL:
        own |= pl.col("kind") == "countries"
    return (
        pl.concat(parts)
        .with_columns(small=own)
        .group_by(_KEYS)
        .agg(held=pl.col("held").sum().cast(pl.Int64), printed=pl.len().cast(pl.Int64))
        .sort(_KEYS)
    )


def coverage(counts: pl.DataFrame) -> pl.DataFrame:
    """Compute the part of the intervals that hold, over all countries and for the one watched.

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
    groups = {"all": counts, "small": counts.filter("small")}
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
    from scipy.stats import binomtest  # slow to load

    found = binomtest(held, printed).proportion_ci(0.99, method="exact")
    return bool(found.high >= goal[0] and (rank or found.low <= goal[1]))
