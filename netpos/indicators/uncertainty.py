r"""How well each indicator is known: 95 % intervals, and intervals of differences.

The organisations of a corpus are taken as a sample of those that could have filed. Errors come from
the influence of each organisation at both ends of a link (`netpos.indicators.influence`), ranks and
correlations from draws in which whole organisations weigh more or less at both ends
(`netpos.indicators.resampling`), bounds from `netpos.indicators.bounds`. Which indicators have
an interval is decided by the calibration in docs/methods.md: what does not hold the truth as often
as it says is not printed. No interval knows of citations that the export lacks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
import polars as pl

from netpos.errors import OptionError, TableError
from netpos.graph import core as cores
from netpos.graph import kernels
from netpos.graph.kernels import Floats
from netpos.graph.links import Mask
from netpos.indicators import bounds as limits
from netpos.indicators.bounds import Bounds, Reasons, as_text
from netpos.indicators.influence import Precision
from netpos.indicators.measured import Measured
from netpos.indicators.resampling import Sample, Worth
from netpos.tables import require, rounded

T = TypeVar("T")
#: Indicators with an interval of their own, and of their differences.
MEASURED = (
    "balance_ratio",
    "family_share",
    "received_share",
    "share_eu",
    "share_oecd_nato",
    "share_other",
    "similarity",
    "source_effective",
    "value_share",
)
#: Ranks, and the shares that they belong to.
RANKED = {"family_rank": "family_share", "received_rank": "received_share"}
#: Differences between shares of sources from two groups, and of which groups.
CONTRASTS = {
    "eu_less_oecd_nato": ("share_eu", "share_oecd_nato"),
    "eu_less_other": ("share_eu", "share_other"),
    "oecd_nato_less_other": ("share_oecd_nato", "share_other"),
}
#: Indicators in the table without an interval: none is known that holds.
NOT_CALIBRATED = ("core_distance", "source_countries")
#: All rows of a country with a value of the table of countries.
RESAMPLED = tuple(sorted((*MEASURED, *RANKED, *NOT_CALIBRATED)))
#: Those whose interval stands in the table of countries, in this order.
WITH_BOUNDS = (
    "received_rank",
    "family_rank",
    "balance_ratio",
    "source_effective",
    "similarity",
    "family_share",
    "received_share",
    "share_eu",
    "value_share",
)
#: Shares of the draws in which a statement holds.
HELD = ("near_core_share", "top10_share")
_STATED = {"near_core_share": "near_core", "top10_share": "received_rank"}
#: Entries of a network up to which its errors, and what comes next, are computed while it is drawn
#: from.
_MOST_BESIDE = 1 << 24
#: Shares of a sum over all countries.
OF_THE_WORLD = ("family_share", "received_share", "value_share")
_RANGE = {"similarity": (1.0, 3.0)} | dict.fromkeys(("balance_ratio", *CONTRASTS), (-1.0, 1.0))


@dataclass(frozen=True)
class Resampled:
    """Estimates of one technology and period with intervals, draws and reasons.

    ``bounds``, ``reason``, ``draws`` and ``precision`` by indicator, a row (column of the draws)
    per country; ``lost`` is by how much the entropy of the sources is too low.
    """

    table: pl.DataFrame
    bounds: dict[str, Bounds]
    reason: dict[str, Reasons]
    draws: dict[str, Floats]
    precision: dict[str, Precision]
    lost: Floats

    @property
    def countries(self) -> list[str]:
        """Countries in order."""
        return self.table["country"].to_list()

    @property
    def technology(self) -> str | None:
        """The technology; None in a table without rows."""
        return next(iter(self.table["technology"].to_list()), None)

    @property
    def period(self) -> str | None:
        """The period; None in a table without rows."""
        return next(iter(self.table["period"].to_list()), None)

    def values(self, name: str) -> Floats:
        """Value of an indicator in the table, NaN where null."""
        return _numbers(self.table, name)

    def intervals(self) -> pl.DataFrame:
        """Return the table of `intervals`."""
        names = sorted((*RESAMPLED, *CONTRASTS, *HELD))
        empty = np.full(self.table.height, np.nan)
        nothing = Bounds(empty, empty, empty)
        columns = {
            name: (self._share_held(name), nothing, np.full(empty.size, ""))
            if name in HELD
            else (self.values(name), self.bounds[name], self.reason[name])
            for name in names
        }
        value, bounds, reason = zip(*columns.values(), strict=True)

        def column(parts: Iterable[Floats]) -> Floats:  # country after country
            return np.stack(list(parts), axis=1).ravel()

        repeated = np.repeat(np.arange(self.table.height), len(names))
        table = self.table.select("technology", "period", "country")[repeated]
        found = table.with_columns(
            pl.Series("indicator", names * self.table.height, dtype=pl.String),
            pl.Series("value", column(value)),
            pl.Series("low", column(b.low for b in bounds)),
            pl.Series("high", column(b.high for b in bounds)),
            as_text(np.stack(reason, axis=1).ravel()),
        )
        return rounded(found.with_columns(pl.col("value", "low", "high").fill_nan(None)))

    def _share_held(self, name: str) -> Floats:
        """Share of the draws in which a statement holds, NaN where it is not made."""
        values = self.draws[name]
        defined = np.isfinite(values).sum(axis=0)
        share = kernels.divide(np.nansum(values, axis=0), defined)
        stated = self.table[_STATED[name]].is_not_null().to_numpy()
        found: Floats = np.where(stated, share, np.nan)
        return found


def intervals(
    table: pl.DataFrame,
    sample: Sample,
    links: Mask,
    sources: Mask,
    families: Mask,
    *,
    year: int,
    memberships: pl.DataFrame | None = None,
    method: cores.CoreMethod = "rich",
    draws: int = 1000,
    seed: int = 0,
    worth: Worth | None = None,
) -> pl.DataFrame:
    """Compute the intervals of the indicators of one technology and period: `resample` as a table.

    Returns
    -------
    ``technology, period, country, indicator, value, low, high, reason``, sorted by country and
    indicator: every column of `RESAMPLED` with the table's value and its 95 % interval [unit of
    the indicator], the differences between shares of sources `CONTRASTS`, such as
    ``eu_less_other`` = ``share_eu`` less ``share_other``, and the shares of draws `HELD` (no
    bounds): ``near_core_share``, in which the country belongs to the core or the nearest outside
    it, and ``top10_share``, in which its ``received_rank`` is 10 or better. Where there is no
    interval, ``reason`` says why:

    - ``not_calibrated``: no method is known whose intervals hold as often as they say;
    - ``not_measurable``: the country's links are mostly not located;
    - ``too_few``: fewer than 20 citations, or the number lies at its end (a share of 0 or 1), or
      its error has fewer than two degrees of freedom;
    - ``one_firm``: fewer than three organisations, or one of them has nearly all.

    ``source_effective`` is the observed value; its bounds are for all citations that could be.
    """
    return resample(
        table,
        sample,
        links,
        sources,
        families,
        year=year,
        memberships=memberships,
        method=method,
        draws=draws,
        seed=seed,
        worth=worth,
    ).intervals()


def resample(
    table: pl.DataFrame,
    sample: Sample,
    links: Mask,
    sources: Mask,
    families: Mask,
    *,
    year: int,
    memberships: pl.DataFrame | None = None,
    method: cores.CoreMethod = "rich",
    draws: int = 1000,
    seed: int = 0,
    worth: Worth | None = None,
    threads: int = 1,
) -> Resampled:
    """Estimate how well the indicators of one technology and period are known.

    Parameters
    ----------
    table
        Rows of `netpos.indicators.position.country_table` with ``technology`` and ``period``;
        ``value_share`` and ``measurable`` where known.
    sample
        The corpus, see `netpos.indicators.resampling.Sample`.
    links, sources
        Pairs counted in the table's links (scope ``closed``) and in those for the questions of
        dependence (scope ``citing``), see `netpos.graph.links.select`.
    families
        Rows counted as families of the technology and period.
    year, memberships, method
        As given to the table.
    draws
        Number of draws; with 0 there are no intervals and no reasons.
    seed
        Of the weights, see `netpos.indicators.resampling.poisson_weights`.
    worth
        What the value of families rests on; without it value shares have no interval.
    threads
        Draws computed at a time; the result is the same.

    Raises
    ------
    OptionError
        ``draws`` or ``seed`` is negative.
    TableError
        The table lacks a column, holds several technologies or periods, or has a country twice.

    References
    ----------
    Method notes (`netpos.docs_path`); Owen 2007, doi:10.1214/07-AOAS122; Fafchamps and Gubert 2007,
    doi:10.1016/j.jdeveco.2006.05.005; Hanley and MacGibbon 2006, Computer
    Methods and Programs in Biomedicine (Poisson weights).
    """

    def begun(pool: Executor | None) -> Callable[[], Resampled]:
        return resampling(
            table,
            sample,
            links,
            sources,
            families,
            year=year,
            memberships=memberships,
            method=method,
            draws=draws,
            seed=seed,
            worth=worth,
            pool=pool,
        )

    if threads < 2 or not draws:
        return begun(None)()
    with ThreadPoolExecutor(threads) as pool:
        return begun(pool)()


def resampling(
    table: pl.DataFrame,
    sample: Sample,
    links: Mask,
    sources: Mask,
    families: Mask,
    *,
    year: int,
    memberships: pl.DataFrame | None = None,
    method: cores.CoreMethod = "rich",
    draws: int = 1000,
    seed: int = 0,
    worth: Worth | None = None,
    pool: Executor | None = None,
) -> Callable[[], Resampled]:
    """Begin `resample` in threads of a pool, and return what waits for the result.

    Whoever has something else to compute does so in between. Parameters are those of `resample`;
    ``pool`` has the threads, without one everything is computed when the result is asked for.
    """
    _check_draws(draws)
    table = checked(table)
    ready = Measured.of(
        table,
        sample,
        links,
        sources,
        families,
        year=year,
        memberships=memberships,
        method=method,
        worth=worth,
    )
    return resampling_of(ready, draws=draws, seed=seed, pool=pool)


def resampling_of(
    ready: Measured, *, draws: int = 1000, seed: int = 0, pool: Executor | None = None
) -> Callable[[], Resampled]:
    """Begin `resample` with links and families that are summed by unit already."""
    _check_draws(draws)
    table = ready.table
    if not draws:
        return partial(_without_draws, ready, seed)
    # errors beside draws, unless there is so much of both that they come one after the other
    large = ready.network.entries.cell.size > _MOST_BESIDE
    errors = ready.precision
    if large:
        errors = _known(ready.precision())
    elif pool is not None:
        errors = pool.submit(ready.precision).result
    waiting = [ready.drawing(draws, seed, pool, last=large)]

    def finished() -> Resampled:
        found = waiting.pop()()  # what is drawn from goes
        precision, lost = errors()
        bounds, why = _bounds(ready, found, precision, lost)
        return Resampled(table, bounds, why, found, precision, lost)

    return _known(finished()) if large else finished  # not held beside what comes next


def _known(found: T) -> Callable[[], T]:
    return lambda: found


def _without_draws(ready: Measured, seed: int) -> Resampled:
    """Return the values alone, without bounds and reasons."""
    table = ready.table
    none = np.full(table.height, np.nan)
    every = (*RESAMPLED, *CONTRASTS)
    empty = {name: Bounds(_numbers(table, name), none, none) for name in every}
    why = {name: _every("", table.height) for name in every}
    return Resampled(table, empty, why, ready.draw(0, seed), {}, none)


def _check_draws(draws: int) -> None:
    if draws < 0:
        raise OptionError(f"--draws {draws}: out of range", remedy="use 0 or more, such as 1000")


def checked(table: pl.DataFrame) -> pl.DataFrame:
    """Return the table of countries with the columns that a table of one's own may lack.

    Raises
    ------
    TableError
        See `resample`.
    """
    needed = dict.fromkeys(("technology", "period", "country"), pl.String)
    require(table, needed, name="countries")
    for column in (*RESAMPLED, *_STATED.values()):
        if column not in table.columns and column != "value_share":
            require(table, {column: pl.Float64}, name="countries")
    if table.select("technology", "period").n_unique() > 1:
        raise TableError("table 'countries' holds several technologies or periods; give one")
    countries = table["country"]
    if countries.is_duplicated().any() or not countries.is_sorted():
        raise TableError("table 'countries' is not sorted by country, each once")
    if "value_share" not in table.columns:
        table = table.with_columns(value_share=pl.lit(None, pl.Float64))
    if "measurable" not in table.columns:
        table = table.with_columns(measurable=pl.lit(None, pl.Boolean))
    return table


# --- intervals ----------------------------------------------------------------------------------


def interval(name: str, value: Floats, p: Precision, lost: Floats) -> Bounds:
    """Return the interval of one indicator on the scale that suits it."""
    if name == "source_effective":
        return limits.log_bounds(value * np.exp(lost), p.error, p.freedom, least=1.0)
    if name in OF_THE_WORLD:
        return limits.log_bounds(value, kernels.divide(p.error, value), p.freedom, most=1.0)
    least, most = _RANGE.get(name, (0.0, 1.0))
    return limits.logit_bounds(value, p.error, p.freedom, least=least, most=most)


def _bounds(
    ready: Measured, draws: dict[str, Floats], precision: dict[str, Precision], lost: Floats
) -> tuple[dict[str, Bounds], dict[str, Reasons]]:
    """Intervals of all indicators, and the reason where there is none."""
    table, n = ready.table, ready.table.height
    citations = ready.citations()
    measurable = table["measurable"].fill_null(value=True).to_numpy()
    found: dict[str, Bounds] = {}
    why: dict[str, Reasons] = {}
    none = np.full(n, np.nan)
    for name in (*MEASURED, *CONTRASTS):
        value = _numbers(table, name)
        if name not in precision:
            found[name], why[name] = Bounds(value, none, none), _every("not_calibrated", n)
            continue
        p = precision[name]
        one = interval(name, value, p, lost)
        why[name] = limits.reasons(
            one,
            organisations=p.holders,
            effective=p.effective,
            freedom=p.freedom,
            citations=citations.get(name),
            measurable=None if name == "family_share" else measurable,
        )
        found[name] = _printed(one, why[name])
    for name, of in RANKED.items():
        size = np.nan_to_num(_numbers(table, of), nan=0.0)
        best, worst = limits.rank_bounds(size, np.nan_to_num(draws[of], nan=0.0))
        rank = _numbers(table, name)
        why[name] = np.where(np.isnan(rank) & (why[of] == ""), "too_few", why[of])
        found[name] = _printed(Bounds(rank, best, worst), why[name])
    for name in NOT_CALIBRATED:
        found[name], why[name] = Bounds(none, none, none), _every("not_calibrated", n)
    return found, why


def _numbers(table: pl.DataFrame, name: str) -> Floats:
    if name in CONTRASTS:
        one, other = (_numbers(table, of) for of in CONTRASTS[name])
        return np.asarray(one - other, dtype=np.float64)
    found: Floats = np.asarray(table[name].to_numpy(), dtype=np.float64)
    return found


def _every(reason: str, n: int) -> Reasons:
    return np.full(n, reason)


def _printed(bounds: Bounds, why: Reasons) -> Bounds:
    """Take the ends away where there is a reason."""
    low, high = (np.where(why == "", end, np.nan) for end in (bounds.low, bounds.high))
    return Bounds(bounds.centre, low, high)


def add_intervals(table: pl.DataFrame, intervals: pl.DataFrame) -> pl.DataFrame:
    """Put ``<column>_low`` and ``<column>_high`` behind the columns of the table of countries.

    Parameters
    ----------
    table
        ``technology, period, country`` and others; any number of technologies and periods.
    intervals
        What `intervals` returned for them, put together.

    Returns
    -------
    The table in its own row order with two columns for each of `WITH_BOUNDS`, Int64 for ranks;
    null where there is no interval.
    """
    keys = ["technology", "period", "country"]
    require(intervals, {"indicator": pl.String, "low": pl.Float64}, name="intervals")
    for name in WITH_BOUNDS:
        dtype = pl.Int64 if name in RANKED else pl.Float64
        bounds = intervals.filter(pl.col("indicator") == name).select(
            *keys, pl.col("low", "high").cast(dtype).name.prefix(f"{name}_")
        )
        table = table.join(bounds, on=keys, how="left", maintain_order="left")
    return table
