"""The core and the distance to it from pairs, against the same from whole matrices."""

from __future__ import annotations

import numpy as np
import pytest

from netpos.graph import kernels
from netpos.graph.kernels import Floats
from netpos.indicators.cells import Cells
from netpos.indicators.exchange import Exchange, planned


def _drawn(n: int, part: float, draws: int = 6) -> tuple[Cells, Floats, Floats]:
    """Links of countries in some draws: as cells with values, and as matrices."""
    rng = np.random.default_rng([n, int(100 * part)])
    there = rng.random((n, n)) < part
    np.fill_diagonal(there, val=False)
    citing, cited = np.nonzero(there)
    values = rng.integers(0, 4, (citing.size, draws)) * 0.1
    values[:, 1] = 0.0  # a draw without links
    F = np.zeros((draws, n, n))
    F[:, citing, cited] = values.T
    return Cells.of(citing, cited, n), values, F


@pytest.mark.parametrize(("n", "part"), [(2, 1.0), (3, 1.0), (9, 0.2), (60, 0.05), (60, 0.6)])
def test_core_and_distance_are_those_of_whole_matrices(n: int, part: float) -> None:
    cells, values, F = _drawn(n, part)
    S = kernels.symmetric(F)
    exchange = Exchange.of(cells, n)
    weights = exchange.weights(values)
    assert np.array_equal(weights.T, S[:, exchange.first, exchange.second])
    core = exchange.core(weights)
    assert np.array_equal(core.T, kernels.rich_core_of(S))
    assert np.array_equal(exchange.reached(weights, core).T, kernels.reached(S, core.T))
    rng = np.random.default_rng(0)
    for asked in (rng.random(n) < 0.4, np.ones(n, dtype=bool), np.zeros(n, dtype=bool)):
        plan = planned(exchange.first, exchange.second, n, asked)
        found = exchange.distance(weights, core, plan)
        expected = kernels.nearness(S, core.T, asked)
        assert pytest.approx(expected, rel=1e-10, nan_ok=True) == found.T
        assert np.array_equal(np.isnan(found.T), np.isnan(expected))


def test_countries_of_many_partners_are_left_to_the_matrix() -> None:
    cells, _, _ = _drawn(60, 0.6)
    exchange = Exchange.of(cells, 60)
    asked = np.arange(60) < 20
    plan = planned(exchange.first, exchange.second, 60, asked)
    assert not plan.steps
    assert plan.rest.tolist() == list(range(20, 60))
    assert plan.asked.tolist() == list(range(20))


def test_elimination_brings_about_pairs_of_partners() -> None:
    # 1 stands between 0 and 2, which have no pair of their own; 3 is alone
    asked = np.array([True, False, True, False])
    plan = planned(np.array([0, 1]), np.array([1, 2]), 4, asked)
    assert [step.country for step in plan.steps] == [3, 1]
    assert plan.steps[1].partners.tolist() == [0, 2]
    assert plan.steps[1].pairs.tolist() == [0, 1]
    assert plan.steps[1].changed.tolist() == [2]
    assert [end[2] for end in plan.ends] == [0, 2]
    # conductances 2 and 3 in series, seen from 2 towards 0, which is the core
    exchange = Exchange(np.array([0, 1]), np.array([1, 2]), np.arange(2), np.full(2, -1), 4)
    core = np.array([[True], [False], [False], [False]])
    far = exchange.distance(np.array([[2.0], [3.0]]), core, plan)
    assert far[:, 0] == pytest.approx([0.0, np.nan, 1 / 2 + 1 / 3, np.nan], nan_ok=True)
