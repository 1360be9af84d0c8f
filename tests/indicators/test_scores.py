"""Scores across technologies: the worked numbers, laws, and what is left out."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import zscore

from netpos.errors import TableError
from netpos.indicators.scores import SCORED, min_max, scores, z_scores

WORKED = [-0.014, 0.002, 0.030, 0.010]
NUMBERS = st.lists(st.integers(-1000, 1000).map(float), min_size=2, max_size=12)


def table(**columns: list[float | None]) -> pl.DataFrame:
    n = len(next(iter(columns.values())))
    names = [f"t{k}" for k in range(n)]
    return pl.DataFrame({"technology": names, **columns})


def test_scores_are_those_of_the_method_notes() -> None:
    found = scores(table(balance_ratio=WORKED))
    # printed with four decimals
    assert found["min_max"].to_list() == pytest.approx([0, 0.3636, 1, 0.5455], abs=5e-5)
    expected = [-1.3255, -0.3156, 1.4517, 0.1894]
    assert found["z"].to_list() == pytest.approx(expected, abs=5e-5)
    assert found["turned"].to_list() == found["value"].to_list() == WORKED
    assert not found["flat"].any()


@given(NUMBERS)
def test_z_scores_are_those_of_scipy(values: list[float]) -> None:
    x = np.array(values)
    if len(set(values)) > 1:
        assert z_scores(x) == pytest.approx(zscore(x), rel=1e-9, abs=1e-9)


@given(NUMBERS, st.integers(1, 50), st.integers(-50, 50))
def test_a_change_of_unit_changes_no_score(values: list[float], unit: int, shift: int) -> None:
    x = np.array(values)
    assert min_max(unit * x + shift) == pytest.approx(min_max(x), abs=1e-9)
    assert z_scores(unit * x + shift) == pytest.approx(z_scores(x), abs=1e-9)
    assert min_max(x).min() >= 0
    assert min_max(x).max() <= 1


def test_similarity_is_turned_so_that_more_alike_is_better() -> None:
    found = scores(table(similarity=[1.0, 1.8, 3.0]))
    assert found["turned"].to_list() == [1.0, 0.6, 0.0]
    assert found["min_max"].to_list() == [1.0, 0.6, 0.0]


def test_equal_values_lie_in_the_middle_and_are_flagged() -> None:
    found = scores(table(family_share=[0.1 + 0.2, 0.3, None]))
    assert found["min_max"].to_list() == [0.5, 0.5, None]
    assert found["z"].to_list() == [0.0, 0.0, None]
    assert found["flat"].to_list() == [True] * 3


def test_a_missing_value_stays_missing_and_does_not_enter() -> None:
    found = scores(table(family_share=[0.1, None, 0.3, 0.2]))
    assert found["min_max"].to_list() == [0.0, None, 1.0, 0.5]
    assert found["z"].to_list() == pytest.approx([-(1.5**0.5), None, 1.5**0.5, 0.0], abs=1e-11)


@pytest.mark.parametrize("values", [[0.4], [0.4, None], [None, None]])
def test_one_technology_has_no_score(values: list[float | None]) -> None:
    found = scores(table(family_share=values))
    assert found["min_max"].null_count() == found["z"].null_count() == len(values)
    assert not found["flat"].any()


def test_the_union_is_left_out() -> None:
    both = table(family_share=[0.1, 0.3]).vstack(
        pl.DataFrame({"technology": ["all"], "family_share": [9.0]})
    )
    assert scores(both)["min_max"].to_list() == [0.0, 1.0]


def test_only_the_headline_balance_and_no_distance_is_scored() -> None:
    assert [c for c in SCORED if "balance" in c] == ["balance_ratio"]
    assert not any("distance" in c or "rank" in c for c in SCORED)
    found = scores(table(balance=[1.0, 2.0], core_distance=[1.0, 2.0], balance_ratio=[0.0, 1.0]))
    assert found["indicator"].unique().to_list() == ["balance_ratio"]


def test_rows_follow_the_technologies() -> None:
    found = scores(table(value_share=[0.1, 0.2], balance_ratio=[0.3, 0.1]))
    assert found.select("technology", "indicator").rows() == [
        ("t0", "balance_ratio"),
        ("t0", "value_share"),
        ("t1", "balance_ratio"),
        ("t1", "value_share"),
    ]


def test_wrong_input_is_named() -> None:
    with pytest.raises(TableError, match="technology twice"):
        scores(pl.DataFrame({"technology": ["a", "a"], "family_share": [0.1, 0.2]}))
    with pytest.raises(TableError, match="none of the columns"):
        scores(table(core_distance=[1.0, 2.0]))
