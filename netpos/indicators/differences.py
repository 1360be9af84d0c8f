"""Differences between countries and between periods, with intervals of their own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from netpos.graph.kernels import Floats
from netpos.graph.links import Ints
from netpos.indicators import bounds as limits
from netpos.indicators.bounds import Reasons, as_text
from netpos.indicators.influence import Precision
from netpos.indicators.uncertainty import MEASURED, OF_THE_WORLD, Resampled, interval
from netpos.tables import rounded

#: Columns of the table of differences.
DIFFERENCES = (
    "technology",
    "indicator",
    "country",
    "period",
    "other_country",
    "other_period",
    "difference",
    "low",
    "high",
    "reason",
)


#: Indicators whose differences between countries have no interval: of a country of few
#: organisations they hold too seldom.
NOT_BETWEEN = ("balance_ratio",)


def differences(found: Sequence[Resampled], focal: str) -> pl.DataFrame:
    """Compute the differences between countries and between periods, with intervals of their own.

    Parameters
    ----------
    found
        What `resample` returned for the periods of one technology, in order, from the same sample,
        draws and seed.
    focal
        The country that is compared with all others.

    Returns
    -------
    Columns `DIFFERENCES`, for each indicator of `MEASURED`: the focal country less every other in
    each period; then each country in each later period less the same in the first, period ``all``
    left out. ``difference`` is that of the values printed, the bounds a 95 % interval for the
    difference of what they estimate. Without an interval ``reason`` is that of the first, or of the
    second, that has none; ``not_calibrated`` for differences of `NOT_BETWEEN` between countries.

    References
    ----------
    Method notes (`netpos.docs_path`); Zou 2007, doi:10.1037/1082-989X.12.4.399; Zou and Donner
    2008, doi:10.1002/sim.3095.
    """
    parts = []
    for one in found:
        countries = one.countries
        if focal not in countries:
            continue
        others = np.array([k for k, c in enumerate(countries) if c != focal], dtype=np.int64)
        mine = np.full(others.size, countries.index(focal), dtype=np.int64)
        parts.append(_compared(one, mine, one, others))
    periods = [one for one in found if one.period != "all"]
    for later in periods[1:]:
        place = {c: k for k, c in enumerate(periods[0].countries)}
        both = [(k, place[c]) for k, c in enumerate(later.countries) if c in place]
        at, before = np.array(both, dtype=np.int64).reshape(-1, 2).T
        parts.append(_compared(later, at, periods[0], before))
    if not parts:
        return pl.DataFrame(schema=_DIFFERENCE_TYPES)
    return rounded(pl.concat(parts))


def _compared(one: Resampled, at: Ints, other: Resampled, to: Ints) -> pl.DataFrame:
    """Differences of all indicators between these countries of two periods."""
    columns = [_difference(name, one, at, other, to) for name in MEASURED]
    value, low, high, why = (np.concatenate(c) for c in zip(*columns, strict=True))
    rows, times = value.size, len(MEASURED)
    names = [pl.Series(x.countries, dtype=pl.String) for x in (one, other)]
    return pl.DataFrame(
        {
            "technology": pl.repeat(one.technology, rows, dtype=pl.String, eager=True),
            "indicator": pl.Series(np.repeat(MEASURED, at.size).tolist(), dtype=pl.String),
            "country": names[0].gather(np.tile(at, times)),
            "period": pl.repeat(one.period, rows, dtype=pl.String, eager=True),
            "other_country": names[1].gather(np.tile(to, times)),
            "other_period": pl.repeat(other.period, rows, dtype=pl.String, eager=True),
            "difference": value,
            "low": low,
            "high": high,
            "reason": as_text(why),
        },
        schema=_DIFFERENCE_TYPES,
    ).with_columns(pl.col(_NUMBERS).fill_nan(None))


def _difference(
    name: str, one: Resampled, at: Ints, other: Resampled, to: Ints
) -> tuple[Floats, Floats, Floats, Reasons]:
    """Value, low, high and reason of the difference of an indicator."""
    first, second = one.reason[name][at], other.reason[name][to]
    why = np.where(first == "", second, first)
    if one is other and name in NOT_BETWEEN and name in one.precision:
        why = np.full(why.size, "not_calibrated")
    value = one.values(name)[at] - other.values(name)[to]
    none = np.full(value.size, np.nan)
    if name not in one.precision or name not in other.precision:
        return value, none, none, why
    drawn = one.draws[name][:, at], other.draws[name][:, to]
    of = "source_between" if name == "source_effective" and one is other else name
    p, q = (
        Precision(*(field[k] for field in x.precision[of])) for x, k in ((one, at), (other, to))
    )
    scales = [
        x.bounds[name].centre[k] if name == "source_effective" else np.ones(k.size)
        for x, k in ((one, at), (other, to))
    ]
    errors = p.error * scales[0], q.error * scales[1]
    freedom = limits.pooled_freedom(errors[0], p.freedom, errors[1], q.freedom)
    part = 0.0 if name in OF_THE_WORLD else 0.5
    if name == "source_effective" and one is other:
        part = 0.25
    r = limits.correlation(*drawn, errors[0] * errors[1], part)
    mine = interval(name, one.values(name)[at], p._replace(freedom=freedom), one.lost[at])
    theirs = interval(name, other.values(name)[to], q._replace(freedom=freedom), other.lost[to])
    found = limits.difference_bounds(mine, theirs, r)
    printed = np.isfinite(value) & (why == "")
    low, high = (np.where(printed, end, np.nan) for end in (found.low, found.high))
    return value, low, high, why


_NUMBERS = ("difference", "low", "high")
_DIFFERENCE_TYPES = {c: pl.Float64 if c in _NUMBERS else pl.String for c in DIFFERENCES}
