"""One country out of the values of all: its rank, the places of groups, who leads."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import rankdata

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
