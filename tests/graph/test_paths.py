"""Betweenness and harmonic closeness: against networkx, igraph, exact fractions, and laws."""

from __future__ import annotations

from fractions import Fraction

import networkx as nx
import numpy as np
import pytest
from hypothesis import given as over
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from netpos.graph.centrality import betweenness, harmonic_in, harmonic_out
from tests.graph.toys import (
    EMPTY,
    NO_LINKS,
    PAIR,
    RANDOM,
    SINGLE,
    TOY,
    links_of,
    matrices,
    permuted,
    to_igraph,
    to_networkx,
    toy_values,
    values,
)


def exact_betweenness(weights: list[list[Fraction]]) -> list[Fraction]:
    """By definition, in fractions: all shortest distances, then counts of shortest paths."""
    n = len(weights)
    edge = {
        (i, j): 1 / weights[i][j] for i in range(n) for j in range(n) if i != j and weights[i][j]
    }
    d: dict[tuple[int, int], Fraction] = {(i, i): Fraction(0) for i in range(n)} | edge
    for k in range(n):
        for i in range(n):
            for j in range(n):
                if (i, k) in d and (k, j) in d:
                    way = d[i, k] + d[k, j]
                    if (i, j) not in d or way < d[i, j]:
                        d[i, j] = way
    paths: dict[tuple[int, int], int] = {}
    for s in range(n):
        for t in sorted((t for t in range(n) if (s, t) in d), key=lambda t: d[s, t]):
            before = [k for k in range(n) if (k, t) in edge and (s, k) in d]
            on_path = [k for k in before if d[s, k] + edge[k, t] == d[s, t]]
            paths[s, t] = 1 if s == t else sum(paths[s, k] for k in on_path)
    score = [Fraction(0)] * n
    for s, t in d:
        for i in range(n):
            if len({s, t, i}) == 3 and (s, i) in d and (i, t) in d and d[s, i] + d[i, t] == d[s, t]:
                score[i] += Fraction(paths[s, i] * paths[i, t], paths[s, t])
    return [x / ((n - 1) * (n - 2)) for x in score]


def test_toy_betweenness_is_that_of_the_methods() -> None:
    assert toy_values(betweenness(TOY)) == [0.0, 0.0, 1.0, 0.0]


def test_toy_harmonic_closeness_is_that_of_the_design() -> None:
    assert toy_values(harmonic_in(TOY)) == pytest.approx(
        [4.176471, 6.805556, 12.666667, 5.914286], abs=5e-7
    )
    assert toy_values(harmonic_out(TOY)) == pytest.approx(
        [4.45, 6.890756, 8.0, 10.222222], abs=5e-7
    )


def test_toy_harmonic_closeness_times_three_is_the_sum_of_networkx() -> None:
    expected = [12.5294, 20.4167, 38, 17.7429]
    assert np.array(toy_values(harmonic_in(TOY))) * 3 == pytest.approx(expected, abs=5e-5)


def test_the_exact_reference_knows_a_hand_example() -> None:
    """Two ways from 0 to 3, of 1/3 + 1/6 and of 1/4 + 1/4: both count half."""
    w = [[Fraction(x) for x in row] for row in ([0, 3, 4, 0], [0, 0, 0, 6], [0, 0, 0, 4], [0] * 4)]
    assert exact_betweenness(w) == [0, Fraction(1, 12), Fraction(1, 12), 0]


def test_paths_of_equal_length_share_their_ends_exactly() -> None:
    w = [[0, 3, 4, 0], [0, 0, 0, 6], [0, 0, 0, 4], [0, 0, 0, 0]]
    assert betweenness(links_of(w))["value"].to_list() == pytest.approx(
        [0, 1 / 12, 1 / 12, 0], rel=1e-14
    )


@over(matrices(3, 7, integers=True), st.integers(1, 12))
def test_betweenness_equals_exact_fractions_where_paths_tie(w: np.ndarray, part: int) -> None:
    exact = exact_betweenness([[Fraction(int(x), part) for x in row] for row in w])
    found = values(betweenness(links_of(w / part)))
    assert_allclose(found, [float(x) for x in exact], rtol=0, atol=1e-12)


def test_betweenness_equals_networkx_and_igraph_on_200_networks() -> None:
    for links in RANDOM:
        n = links.nodes.height
        found = betweenness(links)
        if n < 3:
            assert found["value"].null_count() == n
            continue
        graph = to_networkx(links)
        peer = nx.betweenness_centrality(graph, weight="distance", normalized=True)
        assert_allclose(values(found), [peer[c] for c in links.countries], rtol=0, atol=1e-8)
        other = to_igraph(links)
        lengths = [1 / x for x in other.es["weight"]]
        raw = np.array(other.betweenness(directed=True, weights=lengths if lengths else None))
        assert_allclose(values(found), raw / ((n - 1) * (n - 2)), rtol=0, atol=1e-8)


def test_harmonic_closeness_equals_networkx_and_igraph_on_200_networks() -> None:
    for links in RANDOM:
        n = links.nodes.height
        into, out = harmonic_in(links), harmonic_out(links)
        if n < 2:
            assert into["value"].null_count() == out["value"].null_count() == n
            continue
        graph = to_networkx(links)
        peer = nx.harmonic_centrality(graph, distance="distance")
        assert_allclose(values(into) * (n - 1), [peer[c] for c in links.countries], rtol=1e-8)
        peer = nx.harmonic_centrality(graph.reverse(), distance="distance")
        assert_allclose(values(out) * (n - 1), [peer[c] for c in links.countries], rtol=1e-8)
        other = to_igraph(links)
        lengths = [1 / x for x in other.es["weight"]] or None
        assert_allclose(
            values(into), other.harmonic_centrality(mode="in", weights=lengths), rtol=1e-8
        )
        assert_allclose(
            values(out), other.harmonic_centrality(mode="out", weights=lengths), rtol=1e-8
        )


def test_small_networks_have_no_betweenness_and_one_node_no_closeness() -> None:
    assert betweenness(PAIR)["value"].to_list() == [None, None]
    assert harmonic_in(PAIR)["value"].to_list() == pytest.approx([1.0, 3.0], rel=1e-14)
    assert harmonic_out(PAIR)["value"].to_list() == pytest.approx([3.0, 1.0], rel=1e-14)
    assert harmonic_in(SINGLE)["value"].to_list() == [None]
    assert betweenness(EMPTY).height == harmonic_in(EMPTY).height == 0


def test_without_links_all_paths_measures_are_zero() -> None:
    for measure in (betweenness, harmonic_in, harmonic_out):
        assert measure(NO_LINKS)["value"].to_list() == [0.0] * 4


@over(matrices(), st.integers(0, 99), st.sampled_from([1e-9, 3.0, 1e9]))
def test_relabelling_and_scale_carry_over(w: np.ndarray, seed: int, factor: float) -> None:
    moved, order = permuted(w, seed)
    here, there = links_of(w), links_of(moved * factor)
    assert_allclose(
        values(betweenness(there)), values(betweenness(here))[order], rtol=0, atol=1e-12
    )
    for measure in (harmonic_in, harmonic_out):
        assert_allclose(values(measure(there)), values(measure(here))[order] * factor, rtol=1e-12)


@over(matrices())
def test_transposing_keeps_betweenness_and_swaps_the_closenesses(w: np.ndarray) -> None:
    here, there = links_of(w), links_of(w.T)
    assert_allclose(values(betweenness(there)), values(betweenness(here)), rtol=0, atol=1e-12)
    assert_allclose(values(harmonic_in(there)), values(harmonic_out(here)), rtol=1e-12)


@over(matrices(), st.floats(0.01, 1000))
def test_domestic_links_change_no_digit(w: np.ndarray, size: float) -> None:
    plain, more = links_of(w), links_of(w + size * np.eye(len(w)))
    for measure in (betweenness, harmonic_in, harmonic_out):
        assert measure(plain).equals(measure(more))


@over(matrices(2, 7))
def test_a_stronger_link_never_takes_a_country_farther_away(w: np.ndarray) -> None:
    before = values(harmonic_in(links_of(w)))
    w = w.copy()
    w[0, 1] += 5.0
    assert (values(harmonic_in(links_of(w))) >= before * (1 - 1e-12)).all()
