"""Differences between countries and periods, by hand from two estimates and their draws."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy import stats

from netpos.indicators.differences import DIFFERENCES, differences
from netpos.indicators.uncertainty import MEASURED, Resampled
from tests.indicators.plain import Ready, made_up, ready


def early_and_late(seed: int) -> tuple[Ready, list[Resampled]]:
    """One corpus in two periods that share its organisations, and as a whole."""
    corpus = ready(made_up(seed, families=200, pairs=2500))
    half = np.arange(len(corpus.families)) % 2 == 0
    citing = half[corpus.sample.pairs.citing]
    parts = {"2015-2019": (half, citing), "2020-2025": (~half, ~citing)}
    found = [
        replace(
            corpus,
            table=corpus.table.with_columns(period=pl.lit(name)),
            links=corpus.links & of_links,
            sources=corpus.sources & of_links,
            families=corpus.families & of_families,
        ).resample(draws=100)
        for name, (of_families, of_links) in parts.items()
    ]
    return corpus, [*found, corpus.resample(draws=100)]


def arms(one: Resampled, name: str, k: int, freedom: float) -> tuple[float, float, float]:
    """Centre and ends of an interval with other degrees of freedom."""
    t, p, x = stats.t.ppf(0.975, freedom), one.precision[name], one.values(name)[k]
    if name == "balance_ratio":
        z, step = math.atanh(x), t * p.error[k] / (1 - x * x)
        return x, math.tanh(z - step), math.tanh(z + step)
    step = t * p.error[k] / x
    return x, x * math.exp(-step), min(x * math.exp(step), 1.0)


def test_bounds_come_from_both_intervals_their_correlation_and_freedom() -> None:
    _, found = early_and_late(0)
    table = differences(found, "NL")
    checked = 0
    of = {one.period: one for one in found}
    for name in ("received_share", "balance_ratio", "family_share"):
        for row in (
            table.filter(pl.col("indicator") == name).drop_nulls("low").iter_rows(named=True)
        ):
            one, other = of[row["period"]], of[row["other_period"]]
            j, k = (
                one.countries.index(row["country"]),
                other.countries.index(row["other_country"]),
            )
            s, u = one.precision[name].error[j], other.precision[name].error[k]
            f, g = one.precision[name].freedom[j], other.precision[name].freedom[k]
            freedom = max(1.0, (s * s + u * u) ** 2 / (s**4 / f + u**4 / g))
            x, y = one.draws[name][:, j], other.draws[name][:, k]
            both = np.isfinite(x) & np.isfinite(y)
            c = np.cov(x[both], y[both], bias=True)
            r = np.clip(c[0, 1] / (s * u), -1, 1)
            if name == "balance_ratio":
                r = (r + np.clip(c[0, 1] / math.sqrt(c[0, 0] * c[1, 1]), -1, 1)) / 2
            a, low, high = arms(one, name, j, freedom)
            b, other_low, other_high = arms(other, name, k, freedom)
            down, up = a - low, other_high - b
            left = math.sqrt(max(down**2 + up**2 - 2 * r * down * up, 0))
            down, up = b - other_low, high - a
            right = math.sqrt(max(down**2 + up**2 - 2 * r * down * up, 0))
            assert row["difference"] == pytest.approx(a - b, abs=1e-11)
            assert (row["low"], row["high"]) == pytest.approx(
                (a - b - left, a - b + right), rel=1e-8, abs=1e-10
            )
            checked += 1
    assert checked > 40


def test_the_focal_country_meets_every_other_and_each_country_its_first_period() -> None:
    _, found = early_and_late(1)
    table = differences(found, "NL")
    assert table.columns == list(DIFFERENCES)
    countries = found[0].countries
    between = table.filter(pl.col("country") != pl.col("other_country"))
    assert set(between["country"]) == {"NL"}
    assert (between["period"] == between["other_period"]).all()
    assert between.height == 3 * (len(countries) - 1) * len(MEASURED)
    over_time = table.filter(pl.col("country") == pl.col("other_country"))
    assert set(over_time["period"]) == {"2020-2025"}
    assert set(over_time["other_period"]) == {"2015-2019"}
    assert over_time.height == len(countries) * len(MEASURED)


def test_differences_of_balances_between_countries_have_no_interval() -> None:
    # of a country of five organisations they held the truth in 77 % of corpora
    _, found = early_and_late(1)
    balance = differences(found, "NL").filter(pl.col("indicator") == "balance_ratio")
    between = balance.filter(pl.col("country") != pl.col("other_country"))
    assert between["difference"].count() > 0
    assert between["low"].count() == 0
    assert set(between["reason"]) == {"not_calibrated"}
    over_time = balance.filter(pl.col("country") == pl.col("other_country"))
    assert over_time["low"].count() > 0


def test_a_difference_without_an_interval_says_why() -> None:
    corpus, found = early_and_late(2)
    table = differences(found, "NL")
    assert (table["low"].is_null() == table["reason"].is_not_null()).all()
    one_firm = [["ONLY"] if "NL" in c else o for c, o in zip(*_parts(2), strict=True)]
    case = replace(made_up(2, families=200, pairs=2500), organisations=one_firm)
    alone = differences([ready(case).resample(draws=20)], "NL")
    families = alone.filter(pl.col("indicator") == "family_share")
    assert set(families["reason"]) == {"one_firm"}
    assert corpus.table.height == families.height + 1


def _parts(seed: int) -> tuple[list[dict[str, float]], list[list[str]]]:
    case = made_up(seed, families=200, pairs=2500)
    return case.countries, case.organisations


def test_what_both_periods_share_makes_their_difference_surer_than_two_intervals() -> None:
    corpus = ready(made_up(3, families=200, pairs=2500))
    again = replace(corpus, table=corpus.table.with_columns(period=pl.lit("2015-2019")))
    later = replace(corpus, table=corpus.table.with_columns(period=pl.lit("2020-2025")))
    found = [x.resample(draws=400) for x in (again, later)]
    table = differences(found, "NL").filter(pl.col("country") == pl.col("other_country"))
    widths = table.select("indicator", "country", width=pl.col("high") - pl.col("low"))
    single = found[0].intervals().select("indicator", "country", own=pl.col("high") - pl.col("low"))
    both = widths.join(single, on=["indicator", "country"]).drop_nulls()
    families = both.filter(pl.col("indicator") == "family_share")
    # the same families twice: what is left comes from the skewness of the interval
    assert (families["width"] < 0.6 * families["own"]).all()
    assert (both["width"] < both["own"] * 1.2).mean() > 0.9


def test_the_order_of_countries_without_the_focal_one_is_kept_and_none_is_invented() -> None:
    _, found = early_and_late(4)
    assert differences([], "NL").height == 0
    assert differences(found[:1], "ZZ").height == 0
