"""A matrix of countries and technologies: what it may hold, its sums, standardised values."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from netpos.errors import TableError
from netpos.indicators.bipartite import diversity, series, standardise, ubiquity
from netpos.indicators.complexity import (
    eci_pci,
)
from netpos.indicators.fitness import fitness, reflections
from netpos.indicators.relatedness import density, relatedness
from tests.indicators.test_complexity import SECOND, cells


def test_diversity_is_zero_where_nothing_is_present_and_null_where_nothing_is_known() -> None:
    table = cells(["11", "10", "00"]).vstack(cells(["11", "10", "00", "00"]).tail(2))
    table = table.with_columns(
        presence=pl.when(pl.col("country") == "D").then(None).otherwise("presence")
    )
    assert diversity(table)["diversity"].to_list() == [2, 1, 0, None]
    assert ubiquity(table)["ubiquity"].to_list() == [2, 1]


def test_standardised_values_have_mean_zero_and_the_asked_deviation() -> None:
    x = pl.Series("x", [1.0, 2.0, None, 4.0, 9.0])
    assert standardise(x).std(ddof=1) == pytest.approx(1, rel=1e-12)
    assert standardise(x, ddof=0).std(ddof=0) == pytest.approx(1, rel=1e-12)
    assert standardise(pl.Series([0.1 + 0.2, 0.3])).to_list() == [None, None]
    assert standardise(pl.Series([5.0])).to_list() == [None]


@pytest.mark.parametrize(
    "indicator",
    [
        diversity,
        ubiquity,
        eci_pci,
        fitness,
        relatedness,
        density,
        lambda t: reflections(t, order=2),
    ],
)
@pytest.mark.parametrize("rows", [["111"], ["1", "1", "1"]])
def test_a_matrix_of_one_row_or_column_is_refused(indicator, rows: list[str]) -> None:
    with pytest.raises(TableError, match=r"holds only '[A1]', at least 2 needed"):
        indicator(cells(rows))


def test_the_cells_are_checked() -> None:
    table = cells(SECOND)
    with pytest.raises(TableError, match="'presence' is Int8, expected Boolean"):
        eci_pci(table.with_columns(pl.col("presence").cast(pl.Int8)))
    with pytest.raises(TableError, match="A, 1 occurs more than once"):
        fitness(table.vstack(table.head(1)))
    with pytest.raises(TableError, match="column 'country' is null in row 0"):
        density(table.with_columns(country=pl.lit(None, pl.String)))
    with pytest.raises(TableError, match="holds nothing, at least 2"):
        eci_pci(table.clear())


def test_a_column_has_no_minus_nought_and_null_for_what_is_no_number() -> None:
    found = series("x", np.array([-0.0, 2.0, np.nan, -np.inf])).to_list()
    assert found == [0.0, 2.0, None, None]
    assert str(found[0]) == "0.0"
