"""Indicators in every draw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from netpos.errors import TableError
from netpos.graph import kernels
from netpos.indicators.cells import Cells
from netpos.indicators.measured import Exchanged
from tests.indicators.plain import Case, made_up, ready


def test_another_way_to_find_the_core_is_used_in_every_draw() -> None:
    corpus = ready(made_up(5))
    rich, top = (corpus.resample(method=m).draws for m in ("rich", "top-share"))
    near = "near_core_share"
    assert not np.array_equal(rich[near], top[near], equal_nan=True)
    assert np.array_equal(rich["similarity"], top["similarity"], equal_nan=True)


def test_without_draws_there_is_no_row_of_any_indicator() -> None:
    found = ready(made_up(5)).resample(draws=0).draws
    assert "value_share" in found
    assert {values.shape[0] for values in found.values()} == {0}


def test_a_country_that_only_cites_or_is_only_cited_must_be_in_the_table() -> None:
    case = Case([{"NL": 1.0}, {"US": 1.0}], [["A"], ["B"]], [True] * 2, [2020] * 2, [(0, 1)])
    corpus = ready(case)
    for absent in ("NL", "US"):
        table = corpus.table.filter(pl.col("country") != absent)
        with pytest.raises(TableError, match=f"no row for {absent},"):
            replace(corpus, table=table).resample()


def test_the_tenth_of_the_received_is_among_the_first_ten_and_the_eleventh_is_not() -> None:
    countries = [{f"{a}Z": 1.0} for a in "ABCDEFGHIJKLM"]  # cited so often as they come
    pairs = [(f, g) for g in range(13) for f in range(13) if f != g and (f - g) % 13 <= g]
    firms = [[f"F{k}"] for k in range(13)]
    corpus = ready(Case(countries, firms, [True] * 13, [2020] * 13, pairs))
    assert corpus.table["country"].len() > 12
    found = corpus.resample(draws=60).draws
    known = ~np.isnan(found["received_share"]).any(axis=1)
    shares = np.round(found["received_share"][known], 12)
    rank = 1 + (shares[:, None, :] > shares[:, :, None]).sum(axis=2)
    assert (rank == 10).sum() > 20
    assert (rank == 11).sum() > 20
    assert (found["top10_share"][known] == (rank < 11)).all()


def test_the_distance_is_that_of_countries_with_ten_families_in_some_draw() -> None:
    # a ring of five: the first three exchange most and are the core
    citing, cited = np.array([0, 1, 0, 2, 3, 4]), np.array([1, 2, 2, 3, 4, 1])
    values = np.repeat(np.array([[9.0], [9.0], [9.0], [1.0], [1.0], [1.0]]), 2, axis=1)
    exchange = Exchanged(np.arange(6), Cells.of(citing, cited, 5), np.arange(5))
    least = float(kernels.LEAST_FAMILIES)
    held = np.full((2, 5), least - 0.5)
    held[1, 4] = least  # in one of the draws
    core, far = exchange.core(values, held, ["AT", "BE", "CA", "DE", "ES"], "rich")
    assert core.tolist() == [[True, True, True, False, False]] * 2
    assert np.isnan(far[:, 3]).all()
    assert np.isfinite(far[:, 4]).all()
