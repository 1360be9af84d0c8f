"""Received, given, domestic, partners, and the figures per family."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given as over
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from netpos.graph import kernels
from netpos.graph.centrality import (
    domestic,
    given,
    given_per_family,
    partners,
    received,
    received_per_family,
)
from netpos.graph.strength import foreign_links, strengths
from netpos.tables import Links
from tests.graph.toys import (
    EMPTY,
    RANDOM,
    SINGLE,
    TOY,
    by_name,
    links_of,
    matrices,
    permuted,
    to_igraph,
    to_networkx,
    toy_values,
    values,
)


def test_toy_strengths_are_those_of_the_methods() -> None:
    assert toy_values(received(TOY)) == [8, 17, 38, 13]
    assert toy_values(given(TOY)) == [10, 17, 24, 25]
    assert toy_values(domestic(TOY)) == [4, 20, 90, 60]
    assert toy_values(partners(TOY)) == [3, 3, 3, 3]


def test_toy_strengths_per_family_are_those_of_the_methods() -> None:
    assert toy_values(received_per_family(TOY)) == pytest.approx([1.6, 0.85, 38 / 60, 0.26])
    assert toy_values(received_per_family(TOY))[2] == pytest.approx(0.6333, abs=5e-5)
    assert toy_values(given_per_family(TOY)) == pytest.approx([2.0, 0.85, 0.4, 0.5])


def test_the_citing_country_gives_and_the_cited_country_receives() -> None:
    links = links_of([[0, 3], [0, 0]], ["DE", "NL"])
    assert by_name(given(links)) == {"DE": 3, "NL": 0}
    assert by_name(received(links)) == {"DE": 0, "NL": 3}


def test_received_per_family_divides_by_families_to_date_where_known() -> None:
    nodes = TOY.nodes.with_columns(families_to_date=pl.col("families") * 2)
    links = Links(nodes, TOY.table)
    assert values(received_per_family(links)) == pytest.approx(values(received_per_family(TOY)) / 2)
    assert values(given_per_family(links)) == pytest.approx(values(given_per_family(TOY)))


def test_figures_per_family_are_null_without_families() -> None:
    links = links_of([[0, 3], [1, 0]], families=[0.0, 2.0])
    assert received_per_family(links)["value"].to_list() == [None, 1.5]
    assert given_per_family(links)["value"].to_list() == [None, 0.5]
    unknown = links_of([[0, 3], [1, 0]])
    assert received_per_family(unknown)["value"].to_list() == [None, None]


def test_a_single_country_has_strength_zero_and_keeps_its_domestic_links() -> None:
    assert received(SINGLE)["value"].to_list() == [0.0]
    assert given(SINGLE)["value"].to_list() == [0.0]
    assert domestic(SINGLE)["value"].to_list() == [7.0]
    assert partners(SINGLE)["value"].to_list() == [0]


def test_no_nodes_give_an_empty_table() -> None:
    for measure in (received, given, domestic, partners, received_per_family, given_per_family):
        table = measure(EMPTY)
        assert table.height == 0
        assert table.columns == ["country", "value"]


def test_organisations_are_named_so() -> None:
    links = Links(TOY.nodes, TOY.table, kind="organisation")
    assert received(links).columns == ["organisation", "value"]


def test_strengths_equal_those_of_networkx_and_igraph_on_200_networks() -> None:
    for links in RANDOM:
        graph = to_networkx(links)
        other = to_igraph(links)
        weights = other.es["weight"]
        r = [graph.in_degree(c, weight="weight") for c in links.countries]
        g = [graph.out_degree(c, weight="weight") for c in links.countries]
        k = [len({*graph.successors(c), *graph.predecessors(c)}) for c in links.countries]
        assert_allclose(values(received(links)), r, rtol=1e-12)
        assert_allclose(values(given(links)), g, rtol=1e-12)
        assert_array_equal(values(partners(links)), k)
        assert_allclose(
            values(received(links)), other.strength(mode="in", weights=weights), rtol=1e-12
        )
        assert_allclose(
            values(given(links)), other.strength(mode="out", weights=weights), rtol=1e-12
        )


@over(matrices())
def test_kernels_and_sparse_matrices_agree_to_the_last_digit(w: np.ndarray) -> None:
    links = links_of(w)
    stack = links.foreign()[None]
    r, g, k = strengths(links)
    assert_array_equal(kernels.received(stack)[0], r)
    assert_array_equal(kernels.given(stack)[0], g)
    assert_array_equal(kernels.partners(stack)[0], k)
    assert_array_equal(foreign_links(links).toarray(), links.foreign())


@over(matrices())
def test_received_and_given_add_up_to_the_same(w: np.ndarray) -> None:
    links = links_of(w)
    assert received(links)["value"].sum() == pytest.approx(given(links)["value"].sum(), rel=1e-12)


@over(matrices(), st.integers(0, 99))
def test_relabelling_moves_the_strengths_along(w: np.ndarray, seed: int) -> None:
    moved, order = permuted(w, seed)
    for measure in (received, given, domestic, partners):
        assert_allclose(
            values(measure(links_of(moved))), values(measure(links_of(w)))[order], rtol=1e-12
        )


@over(matrices())
def test_transposing_swaps_received_and_given_exactly(w: np.ndarray) -> None:
    assert_array_equal(values(received(links_of(w.T))), values(given(links_of(w))))
    assert_array_equal(values(partners(links_of(w.T))), values(partners(links_of(w))))


@over(matrices(), st.floats(0.01, 1000))
def test_domestic_links_and_isolated_countries_change_no_digit(w: np.ndarray, size: float) -> None:
    n = len(w)
    wider = np.zeros((n + 1, n + 1))
    wider[1:, 1:] = w + size * np.eye(n)
    for measure in (received, given, partners):
        assert_array_equal(values(measure(links_of(wider)))[1:], values(measure(links_of(w))))


def test_inserted_zeros_change_no_digit_in_long_sums() -> None:
    rng = np.random.default_rng(5)
    w = rng.random((40, 40))
    np.fill_diagonal(w, 0)
    spread = np.zeros((97, 97))
    at = np.sort(rng.choice(97, 40, replace=False))
    spread[np.ix_(at, at)] = w
    for kernel in (kernels.received, kernels.given):
        assert_array_equal(kernel(spread[None])[0][at], kernel(w[None])[0])
