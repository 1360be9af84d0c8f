"""Reflections and fitness of countries and technologies."""

from __future__ import annotations

import pytest
from polars.testing import assert_frame_equal

from netpos.indicators.fitness import fitness, reflections
from tests.indicators.test_complexity import NESTED, cells, close


def test_the_worked_reflections_of_the_nested_matrix() -> None:
    got = {n: reflections(cells(NESTED), order=n).countries["reflection"] for n in (0, 2, 4)}
    assert got[0].to_list() == [4, 3, 2, 1]
    assert got[2].to_list() == pytest.approx([3.25, 3, 2.75, 2.5], rel=1e-15)
    assert got[4].to_list() == pytest.approx([3.0625, 3, 2.9375, 2.875], rel=1e-15)


def test_the_worked_fitness_of_the_nested_matrix() -> None:
    got = fitness(cells(NESTED), rounds=3)
    assert got.countries["fitness"].to_list() == close(2.349391, 1.029019, 0.463146, 0.158445)
    assert got.products["fitness_complexity"].to_list() == close(
        0.172535, 0.393922, 0.875217, 2.558326
    )


def test_fitness_of_nested_countries_runs_until_their_order_has_settled() -> None:
    got = fitness(cells(NESTED))
    assert got.notes == ("fitness after 21 rounds, order of countries settled",)
    assert_frame_equal(got.countries, fitness(cells(NESTED), rounds=21).countries)
    assert fitness(cells(NESTED), rounds=0).countries["fitness"].to_list() == [1.0] * 4


def test_fitness_that_vanishes_never_becomes_zero_or_infinite() -> None:
    rows = ["1" * k + "0" * (8 - k) for k in range(1, 9)]
    got = fitness(cells(rows), rounds=5000)
    for column in (got.countries["fitness"], got.products["fitness_complexity"]):
        assert column.is_finite().all()
        assert column.mean() == pytest.approx(1.0, rel=1e-12)
    assert (got.countries["fitness"] > 0).all()
