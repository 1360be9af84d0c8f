"""Core numbers by strength: subsets by brute force, networkx, igraph, and laws."""

from __future__ import annotations

from itertools import combinations

import igraph
import networkx as nx
import numpy as np
from hypothesis import given as over
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from netpos.graph.centrality import s_core
from tests.graph.toys import (
    EMPTY,
    NO_LINKS,
    ONE_ISOLATE,
    RANDOM,
    SINGLE,
    STAR,
    TOY,
    links_of,
    matrices,
    permuted,
    toy_values,
    values,
)


def exchange(w: np.ndarray) -> np.ndarray:
    s = np.array(w, dtype=float)
    np.fill_diagonal(s, 0)
    return s + s.T


def by_subsets(s: np.ndarray) -> np.ndarray:
    """By definition: the best of all groups a node can be in, by the weakest member's strength."""
    n = len(s)
    best = np.zeros(n)
    for size in range(1, n + 1):
        for group in combinations(range(n), size):
            weakest = s[np.ix_(group, group)].sum(axis=1).min()
            best[list(group)] = np.maximum(best[list(group)], weakest)
    return best


def by_stripping(s: np.ndarray) -> np.ndarray:
    """One node after the other, strengths summed afresh each time."""
    left, level, number = list(range(len(s))), 0.0, np.zeros(len(s))
    while left:
        strength = s[np.ix_(left, left)].sum(axis=1)
        level = max(level, strength.min())
        number[left.pop(int(np.argmin(strength)))] = level
    return number


def test_toy_core_numbers_by_hand() -> None:
    """NL goes first at 18; DE is left with 29, US with 51, CN with 36; then CN and US with 29."""
    assert toy_values(s_core(TOY)) == [18, 29, 29, 29]


def test_isolates_stars_and_small_networks() -> None:
    assert s_core(SINGLE)["value"].to_list() == [0.0]
    assert s_core(NO_LINKS)["value"].to_list() == [0.0] * 4
    assert s_core(STAR)["value"].to_list() == [1.0] * 6
    assert s_core(ONE_ISOLATE)["value"].to_list()[2] == 0.0
    assert s_core(EMPTY).height == 0


@over(matrices(1, 7))
def test_core_numbers_equal_the_best_of_all_groups(w: np.ndarray) -> None:
    assert_allclose(values(s_core(links_of(w))), by_subsets(exchange(w)), rtol=1e-12)


def test_core_numbers_equal_stripping_one_by_one_on_200_networks() -> None:
    for links in RANDOM:
        assert_allclose(values(s_core(links)), by_stripping(exchange(links.matrix())), rtol=1e-12)


def test_core_numbers_of_a_large_network_equal_stripping_one_by_one() -> None:
    rng = np.random.default_rng(11)
    w = np.triu(rng.lognormal(0, 3, (150, 150)) * (rng.random((150, 150)) < 0.15), 1)
    assert_allclose(values(s_core(links_of(w))), by_stripping(exchange(w)), rtol=1e-12)


def test_unit_weights_give_the_k_core_of_networkx_and_igraph() -> None:
    for links in RANDOM:
        linked = np.triu(exchange(links.matrix()) > 0, 1).astype(float)
        found = values(s_core(links_of(linked)))
        number = nx.core_number(nx.from_numpy_array(linked + linked.T))
        assert_array_equal(found, [number[k] for k in range(len(linked))])
        pairs = np.argwhere(linked).tolist()
        assert_array_equal(found, igraph.Graph(n=len(linked), edges=pairs).coreness())


@over(matrices(1, 7), st.integers(0, 99), st.sampled_from([1e-6, 3.0, 1e6]))
def test_relabelling_moves_and_scale_multiplies_core_numbers(
    w: np.ndarray, seed: int, factor: float
) -> None:
    moved, order = permuted(w, seed)
    here, there = values(s_core(links_of(w))), values(s_core(links_of(moved * factor)))
    assert_allclose(there, here[order] * factor, rtol=1e-12)


@over(matrices(2, 7), st.floats(0.1, 50))
def test_adding_a_link_never_lowers_a_core_number(w: np.ndarray, size: float) -> None:
    before = values(s_core(links_of(w)))
    more = w.copy()
    more[0, 1] += size
    assert (values(s_core(links_of(more))) >= before * (1 - 1e-12)).all()


@over(matrices(1, 7), st.floats(0.01, 1000))
def test_direction_and_domestic_links_do_not_matter(w: np.ndarray, size: float) -> None:
    here = s_core(links_of(w))
    assert s_core(links_of(w.T)).equals(here)
    assert s_core(links_of(w + size * np.eye(len(w)))).equals(here)
