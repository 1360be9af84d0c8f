"""Bounds of intervals from draws, and the reasons to give none."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from scipy import stats

from netpos.indicators.bounds import (
    LEAST_CITATIONS,
    LEAST_EFFECTIVE,
    Bounds,
    difference_bounds,
    logit_bounds,
    pooled_freedom,
)
from netpos.indicators.uncertainty import (
    MEASURED,
    RANKED,
)
from tests.indicators.plain import made_up, ready
from tests.indicators.test_uncertainty import given_by, reason

LOG = {"family_share", "received_share", "value_share", "source_effective"}


ENDS = {"balance_ratio": (-1, 1), "similarity": (1, 3)}


@pytest.mark.parametrize("seed", [0, 2])
def test_bounds_are_symmetric_on_their_scale_with_the_quantile_of_student(seed: int) -> None:
    corpus = ready(made_up(seed, families=120, pairs=900))
    found = corpus.resample(seed=seed)
    printed = 0
    rows = found.intervals().filter(pl.col("indicator").is_in(MEASURED))
    for row in rows.drop_nulls("low").iter_rows(named=True):
        name, k = row["indicator"], found.countries.index(row["country"])
        p = found.precision[name]
        t = stats.t.ppf(0.975, p.freedom[k])
        x, error = row["value"], p.error[k]
        if name in LOG:
            x *= math.exp(found.lost[k]) if name == "source_effective" else 1
            step = t * (error if name == "source_effective" else error / x)
            low, high = x * math.exp(-step), x * math.exp(step)
            if name != "source_effective":
                high = min(high, 1.0)
            low = max(low, 1.0) if name == "source_effective" else low
        else:
            a, b = ENDS.get(name, (0, 1))
            middle = math.log((x - a) / (b - x))
            step = t * error * (b - a) / ((x - a) * (b - x))
            low, high = (a + (b - a) / (1 + math.exp(-z)) for z in (middle - step, middle + step))
        assert (row["low"], row["high"]) == pytest.approx((low, high), rel=1e-9)
        printed += 1
    assert printed > 20


def test_ranks_hold_all_places_that_the_draws_do_not_exclude() -> None:
    corpus = ready(made_up(2, families=120, pairs=900))
    found = corpus.resample(draws=200)
    rows = found.intervals()
    checked = 0
    for rank, share in RANKED.items():
        drawn = np.nan_to_num(found.draws[share])
        for row in rows.filter(pl.col("indicator") == rank).drop_nulls("low").iter_rows(named=True):
            k = found.countries.index(row["country"])
            more = [(drawn[:, j] > drawn[:, k]).sum() >= 195 for j in range(drawn.shape[1])]
            less = [(drawn[:, j] < drawn[:, k]).sum() >= 195 for j in range(drawn.shape[1])]
            assert row["low"] == min(1 + sum(more), row["value"])
            assert row["high"] == max(len(less) - sum(less), row["value"])
            checked += 1
    assert checked > 8


def test_a_firm_with_nearly_all_makes_the_others_count_for_nothing() -> None:
    case = given_by([["A"]] * 60 + [["B"], ["C"], ["D"]], 3)
    assert reason(case, "similarity") == "one_firm"
    assert 1 < 63**2 / (60**2 + 3) < LEAST_EFFECTIVE


def test_nineteen_citations_are_too_few_and_twenty_are_enough() -> None:
    firms = [[f"F{k}"] for k in range(20)]
    assert reason(given_by(firms[:19], 1), "similarity") == "too_few"
    assert reason(given_by(firms, 1), "similarity") is None
    assert LEAST_CITATIONS == 20
    # the share of families rests on no citations
    assert reason(given_by(firms[:19], 1), "family_share") is None


def test_a_number_at_one_of_its_ends_has_no_interval() -> None:
    centre, error = np.array([-1.0, 0.0, 3.0]), np.full(3, 0.1)
    low, high = logit_bounds(centre, error, np.full(3, 9.0), least=-1.0, most=3.0)[1:]
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [True, False, True]


def test_the_ends_of_a_difference_are_third_sides_of_triangles_of_sixty_degrees() -> None:
    one, other = (
        Bounds(*map(np.array, ends)) for ends in (([10.0], [2], [18]), ([5.0], [-10], [8]))
    )
    found = difference_bounds(one, other, np.array([0.5]))
    # 8 down and 3 up: 64 + 9 - 24 = 7 squared; 15 down and 8 up: 225 + 64 - 120 = 13 squared
    assert [x.tolist() for x in found] == [[5.0], [5.0 - 7.0], [5.0 + 13.0]]


def test_the_freedom_of_a_difference_is_that_of_welch() -> None:
    two, one = np.array([2.0]), np.array([1.0])
    # (4 + 1) squared over 16 / 4 + 1 / 1
    assert pooled_freedom(two, np.array([4.0]), one, one).tolist() == [5.0]
    assert pooled_freedom(one, one, two, np.array([4.0])).tolist() == [5.0]
    assert pooled_freedom(0 * one, one, 0 * one, one).tolist() == [1.0]  # nothing is known
