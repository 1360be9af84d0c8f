"""Citations against those expected from size and age: by hand, by law, by likelihood, in worlds."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from netpos.graph.expected import (
    LEAST_EXPECTED,
    Flows,
    cohort_rates,
    expected_flow,
    expected_given,
    flows_of,
    foreign_families,
    ratio,
)
from netpos.graph.links import Citations, Shares, Spread

NAMES = ["CN", "JP", "NL", "US"]


# --- by hand -----------------------------------------------------------------------------------

#: docs/methods.md. One citing year and two cited years, of which NL, DE, US have 2, 2, 4 and
#: 1, 3, 2 families; 11, 12, 8 families cite, 16, 8, 12 times abroad: 14 citations to the first
#: year, 22 to the second.
BY_HAND = Flows(
    abroad=np.array([[16.0], [8.0], [12.0]]),
    home=np.array([[8.0], [10.0], [8.0]]),
    cohorts=np.array([[14.0, 22.0]]),
    citing=np.array([[11.0], [12.0], [8.0]]),
    cited=np.array([[2.0, 1.0], [2.0, 3.0], [4.0, 2.0]]),
)


def test_the_worked_example() -> None:
    rates = cohort_rates(BY_HAND)
    assert rates[0, 1] / rates[0, 0] == pytest.approx(2.0, rel=1e-9)
    # with a rate of 2 the foreign families weigh 6 + 2 * 5, 6 + 2 * 3, 4 + 2 * 4
    by_hand = [
        [0, 16 * 8 / 16, 16 * 8 / 16],
        [8 * 4 / 12, 0, 8 * 8 / 12],
        [12 * 4 / 12, 12 * 8 / 12, 0],
    ]
    assert_allclose(expected_flow(BY_HAND), by_hand, rtol=1e-9)
    assert_allclose(expected_flow(BY_HAND).sum(axis=0), [20 / 3, 16, 40 / 3], rtol=1e-9)
    # two citations a family, home 1.5 times: 11 * 2 * 16 / (16 + 1.5 * 4), ...
    by_hand = [22 * 16 / 22, 24 * 12 / 24, 16 * 12 / 24]
    assert_allclose(expected_given(BY_HAND), by_hand, rtol=1e-9)


def test_no_ratio_is_told_where_little_is_expected() -> None:
    found = ratio(np.array([3.0, 3.0]), np.array([LEAST_EXPECTED, LEAST_EXPECTED - 1e-9]))
    assert found[0] == 0.6
    assert np.isnan(found[1])


def test_without_foreign_citations_nothing_is_expected() -> None:
    zero = np.zeros((2, 1))
    flows = Flows(zero, np.array([[3.0], [0.0]]), np.zeros((1, 1)), zero + 4, zero + 4)
    assert expected_flow(flows).tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert np.isnan(expected_given(flows)).all()


def test_a_world_without_domestic_citations_has_no_preference_for_home() -> None:
    flows = BY_HAND._replace(home=np.zeros((3, 1)))
    # h = 0: each gives what its families give on average, 36 / 31
    assert_allclose(expected_given(flows), np.array([11, 12, 8]) * 36 / 31, rtol=1e-11)


def test_where_no_preference_fits_what_is_given_stays_unknown() -> None:
    # half is expected of a country without earlier families, and that alone is more than observed
    flows = Flows(
        abroad=np.array([[0.0], [1.0]]),
        home=np.array([[9.0], [0.0]]),
        cohorts=np.array([[1.0]]),
        citing=np.array([[5.0], [5.0]]),
        cited=np.array([[4.0], [0.0]]),
    )
    assert np.isnan(expected_given(flows)).all()


# --- by law ------------------------------------------------------------------------------------


@st.composite
def flows(draw: st.DrawFn) -> Flows:
    seed = draw(st.integers(0, 10_000))
    rng = np.random.default_rng(seed)
    n, T, S = rng.integers(2, 7), rng.integers(1, 4), rng.integers(1, 6)
    cited = rng.integers(0, 6, (n, S)) + (rng.random((n, S)) < 0.9)
    weight = rng.random((T, S)) * (rng.random((T, S)) < 0.8)
    W = np.zeros((n, T, n, S))
    for i in range(n):
        for j in range(n):
            W[i, :, j, :] = rng.poisson(weight * cited[j] * (2.0 if i == j else 0.5))
    same = np.eye(n, dtype=bool)[:, None, :, None]
    abroad, home = np.where(same, 0, W), np.where(same, W, 0)
    return Flows(
        abroad.sum(axis=(2, 3)).astype(float),
        home.sum(axis=(2, 3)).astype(float),
        abroad.sum(axis=(0, 2)).astype(float),
        rng.integers(1, 5, (n, T)).astype(float),
        cited.astype(float),
    )


@settings(max_examples=60, deadline=None)
@given(flows())
def test_what_is_given_abroad_and_what_each_year_draws_add_up(flows: Flows) -> None:
    rates = cohort_rates(flows)
    found = expected_flow(flows, rates)
    total = flows.cohorts.sum()
    assert_allclose(found.sum(axis=1), flows.abroad.sum(axis=1), atol=1e-8 * max(total, 1))
    assert (np.diag(found) == 0).all()
    others = foreign_families(flows.cited)
    every = rates @ others.T
    part = np.divide(flows.abroad.T, every, out=np.zeros_like(every), where=every > 0)
    assert_allclose(rates * (part @ others), flows.cohorts, atol=1e-6 * max(total, 1))
    sums = expected_given(flows, rates).sum()
    assert np.isnan(sums) or sums == pytest.approx(total, rel=1e-9)


@settings(max_examples=20, deadline=None)
@given(flows())
def test_domestic_citations_and_citing_families_move_no_expected_flow(flows: Flows) -> None:
    other = flows._replace(home=flows.home * 7 + 1, citing=flows.citing * 3)
    assert_allclose(expected_flow(other), expected_flow(flows), rtol=1e-12)


@settings(max_examples=20, deadline=None)
@given(flows(), st.randoms(use_true_random=False))
def test_countries_in_another_order_give_the_same(flows: Flows, random) -> None:
    order = list(range(len(flows.abroad)))
    random.shuffle(order)
    turned = flows._replace(
        **{k: getattr(flows, k)[order] for k in ("abroad", "home", "citing", "cited")}
    )
    assert_allclose(
        expected_flow(turned), expected_flow(flows)[np.ix_(order, order)], rtol=1e-7, atol=1e-9
    )


@pytest.mark.parametrize("seed", range(4))
def test_the_rates_maximise_the_likelihood(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cited = rng.integers(1, 9, (4, 3)).astype(float)
    abroad = rng.integers(5, 40, (4, 1)).astype(float)
    drawn = rng.multinomial(int(abroad.sum()), [0.5, 0.3, 0.2]).astype(float)
    flows = Flows(abroad, abroad, drawn[None], abroad, cited)
    others = foreign_families(cited)

    def loss(free: np.ndarray) -> float:
        rate = np.exp(np.append(0.0, free))
        return float(-drawn @ np.log(rate) + abroad[:, 0] @ np.log(others @ rate))

    best = minimize(loss, np.zeros(2), method="BFGS", options={"gtol": 1e-9})
    rates = cohort_rates(flows)[0]
    assert_allclose(rates[1:] / rates[0], np.exp(best.x), rtol=1e-6)


def test_a_year_that_only_some_can_cite_and_that_they_alone_cite_takes_all_of_theirs() -> None:
    # B has no foreign family of the first year: its 3 go to the second, so the 5 of A go to the
    # first, though A could cite both
    cited = np.array([[0.0, 4.0], [4.0, 4.0], [0.0, 4.0]])
    flows = Flows(
        np.array([[5.0], [3.0], [0.0]]), np.zeros((3, 1)), np.array([[5.0, 3.0]]), cited, cited
    )
    found = expected_flow(flows)
    assert_allclose(found, [[0, 5, 0], [1.5, 0, 1.5], [0, 0, 0]], atol=1e-8)


# --- worlds whose truth is known -----------------------------------------------------------------


def world(
    rng: np.random.Generator, home: float, pull: float = 1.0
) -> tuple[list[list[float]], np.ndarray, np.ndarray]:
    """Families by country and year, CN growing and JP shrinking, and citations at random.

    Home families weigh ``home`` times as much, and those of JP ``pull`` times as much to NL.
    Returns citations (citing, citing year, cited, cited year) as columns, then both years.
    """
    years = np.arange(2000, 2026)
    size = np.array(
        [np.linspace(1, 40, 26), np.linspace(30, 4, 26), np.full(26, 6.0), np.full(26, 24.0)]
    ).round()
    country = np.repeat(np.tile(np.arange(4), 26), size.T.astype(int).ravel())
    year = np.repeat(years, size.sum(axis=0).astype(int))
    citing, cited = [], []
    for f in np.flatnonzero(year >= 2015):
        earlier = np.flatnonzero(year < year[f])
        weight = np.where(country[earlier] == country[f], home, 1.0)
        weight *= np.exp(-(year[f] - year[earlier]) / 8.0)  # older ones are forgotten
        if country[f] == 2:
            weight *= np.where(country[earlier] == 1, pull, 1.0)
        chosen = rng.choice(earlier, size=3, replace=False, p=weight / weight.sum())
        citing += [f] * 3
        cited += chosen.tolist()
    return country, year, np.array([citing, cited])


def seen(country: np.ndarray, year: np.ndarray, pairs: np.ndarray) -> tuple[np.ndarray, Flows]:
    """The world as a run sees it: observed citations and flows."""
    order = np.lexsort((pairs[1], pairs[0]))
    citing, cited = pairs[:, order].astype(np.int32)
    links = Citations(citing, cited, np.zeros(citing.size, dtype=bool), country.size)
    table = pl.DataFrame(
        {
            "family": pl.Series(np.arange(country.size), dtype=pl.Int32),
            "country": [NAMES[k] for k in country.tolist()],
            "share": 1.0,
        }
    )
    shares = Shares.of(table, "country", country.size)
    flows = flows_of(
        links,
        Spread.of(links, shares),
        shares,
        np.ones(country.size, dtype=bool),
        year.astype(float),
        (2015, 2025),
        np.ones(citing.size, dtype=bool),
    )
    observed = np.zeros((4, 4))
    np.add.at(observed, (country[citing], country[cited]), 1.0)
    return observed, flows


@pytest.mark.parametrize("home", [1.0, 3.0])
def test_growth_and_preference_for_home_alone_leave_the_ratios_at_one(home: float) -> None:
    rng = np.random.default_rng(7)
    taken, given_abroad, balance = [], [], []
    for _ in range(20):
        observed, flows = seen(*world(rng, home))
        abroad = observed - np.diag(np.diag(observed))
        received, gave = abroad.sum(axis=0), abroad.sum(axis=1)
        taken.append(received / expected_flow(flows).sum(axis=0))
        given_abroad.append(gave / expected_given(flows))
        balance.append((received - gave) / (received + gave))
    # what is received minus what is given only tells who grows
    assert np.mean(balance, axis=0)[0] < -0.2
    assert np.mean(balance, axis=0)[1] > 0.2
    assert_allclose(np.mean(taken, axis=0), 1.0, atol=0.035)
    assert_allclose(np.mean(given_abroad, axis=0), 1.0, atol=0.035)


def test_a_country_that_draws_more_than_its_size_is_seen_in_its_pair() -> None:
    rng = np.random.default_rng(8)
    found = []
    for _ in range(8):
        observed, flows = seen(*world(rng, 2.0, pull=4.0))
        found.append(observed[2] / np.where(np.arange(4) == 2, 1, expected_flow(flows)[2]))
    mean = np.mean(found, axis=0)
    assert mean[1] > 1.5
    assert mean[0] < 0.9
    assert mean[3] < 0.9


def test_flows_are_sums_over_links_and_families() -> None:
    country, year, pairs = world(np.random.default_rng(9), 2.0)
    observed, flows = seen(country, year, pairs)
    citing, cited = pairs
    for i in range(4):
        for t in (2015, 2020, 2025):
            mine = (country[citing] == i) & (year[citing] == t)
            assert flows.abroad[i, t - 2015] == (mine & (country[cited] != i)).sum()
            assert flows.home[i, t - 2015] == (mine & (country[cited] == i)).sum()
            assert flows.citing[i, t - 2015] == ((country == i) & (year == t)).sum()
        for s in (2000, 2013, 2025):
            assert flows.cited[i, s - 2000] == ((country == i) & (year == s)).sum()
    away = country[citing] != country[cited]
    for t, s in ((2015, 2000), (2020, 2018), (2025, 2024)):
        both = away & (year[citing] == t) & (year[cited] == s)
        assert flows.cohorts[t - 2015, s - 2000] == both.sum()
    assert flows.cited.shape[1] == 27  # the last is that of families without a year
    assert observed.sum() == flows.abroad.sum() + flows.home.sum()
