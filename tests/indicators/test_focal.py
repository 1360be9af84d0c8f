"""One country out of the values of all: its rank, the places of groups, who leads."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import rankdata

from netpos.graph.kernels import competition_rank
from netpos.indicators import focal
from netpos.indicators.focal import leader, places, ranked

STACK = np.random.default_rng(4).integers(1, 6, size=(50, 7)).astype(float)


@pytest.mark.parametrize(
    ("name", "sign"), [("family_share", -1), ("received_share", -1), ("core_distance", 1)]
)
def test_ranks_are_those_of_scipy_from_the_good_end(name: str, sign: int) -> None:
    expected = rankdata(sign * STACK, method="min", axis=1)
    for at in range(7):
        found = ranked(name, STACK, at)
        assert found.value.tolist() == STACK[:, at].tolist()
        assert found.rank.tolist() == expected[:, at].tolist()


def test_nearness_to_the_core_has_no_rank() -> None:
    assert np.isnan(ranked("near_core", STACK, 0).rank).all()


def test_who_shares_the_largest_value_leads_nothing() -> None:
    first, value = leader(np.array([[4.0, 9.0, 9.0], [0.0, 0.0, 0.5], [0.0, 0.0, 0.0]]))
    assert first.tolist() == [-1, 2, -1]
    assert value[:2].tolist() == [9.0, 0.5]
    assert np.isnan(value[2])
    # groups alike share the worse place, as in rankdata with the largest rank of a tie
    groups = np.array([[0.2, 0.4, 0.4], [0.1, 0.2, 0.7]])
    assert places(groups).tolist() == rankdata(-groups, method="max", axis=1).tolist()


@pytest.mark.parametrize("at_once", [1, 5, 1 << 20])
def test_the_rank_of_one_is_its_rank_among_all(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(focal, "_AT_ONCE", at_once)
    some = np.random.default_rng(4)
    stack = some.choice([0.1, 0.1 + 1e-15, 0.3, 7.0, np.nan], (40, 6))
    every = competition_rank(stack)
    assert np.isnan(every).any()
    for at in range(6):
        assert np.array_equal(
            ranked("source_effective", stack, at).rank, every[:, at], equal_nan=True
        )
        least = ranked("similarity", stack, at).rank
        assert np.array_equal(least, competition_rank(-stack)[:, at], equal_nan=True)
    assert ranked("source_effective", stack[:0], 0).rank.size == 0
