"""Coreness as a matter of degree: recovery of known vectors, and that nothing fits better."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from netpos.graph.coreness import coreness
from tests.graph.toys import (
    EMPTY,
    NO_LINKS,
    PAIR,
    RANDOM,
    TOY,
    links_of,
    permuted,
    toy_values,
    values,
)


def fit(s: np.ndarray, c: np.ndarray) -> float:
    i, j = np.triu_indices(len(s), 1)
    return float(np.corrcoef(s[i, j], c[i] * c[j])[0, 1])


def test_a_network_made_from_a_vector_gives_it_back() -> None:
    for seed in range(25):
        rng = np.random.default_rng(seed)
        c = rng.uniform(0.1, 3, int(rng.integers(5, 12)))
        w = np.triu(np.outer(c, c), 1)
        found = values(coreness(links_of(w)))
        assert_allclose(found, c / np.linalg.norm(c), rtol=0, atol=1e-6)  # found by descent


def test_nothing_nearby_and_no_eigenvector_fits_better() -> None:
    rng = np.random.default_rng(2)
    tried = 0
    for links in RANDOM[:120]:
        s = links.foreign() + links.foreign().T
        c = values(coreness(links))
        if len(c) == 0 or np.isnan(c).any():
            continue
        tried += 1
        assert np.linalg.norm(c) == pytest.approx(1)
        assert (c >= 0).all()
        best = fit(s, c)
        for _ in range(20):
            other = np.abs(c + rng.normal(0, 0.01, len(c)))
            assert fit(s, other) <= best + 1e-9
    assert tried > 40


def test_the_toy_ranks_the_united_states_first() -> None:
    found = toy_values(coreness(TOY))
    s = TOY.foreign() + TOY.foreign().T
    leading = np.abs(np.linalg.eigh(s)[1][:, -1])
    assert max(found) == found[2]
    assert fit(s, values(coreness(TOY))) >= fit(s, leading)


def test_too_few_countries_or_an_even_exchange_tell_nothing() -> None:
    for links in (PAIR, NO_LINKS, links_of(np.ones((5, 5))), links_of(np.triu(np.ones((3, 3)), 1))):
        assert coreness(links)["value"].null_count() == links.nodes.height
    assert coreness(EMPTY).height == 0


def test_a_star_has_no_coreness_since_its_hub_could_have_any_weight() -> None:
    star = np.zeros((6, 6))
    star[0, 1:] = 1.0
    s = star + star.T
    assert fit(s, np.array([2.0, 1, 1, 1, 1, 1])) == pytest.approx(1)
    assert fit(s, np.array([9.0, 1, 1, 1, 1, 1])) == pytest.approx(1)
    assert coreness(links_of(star))["value"].null_count() == 6
    alone = np.zeros((5, 5))
    alone[0, 1] = 3.0
    assert coreness(links_of(alone))["value"].null_count() == 5


def test_relabelling_scale_and_domestic_links_do_not_matter() -> None:
    w = TOY.matrix()
    big = np.random.default_rng(1).lognormal(0, 1, (9, 9))
    for matrix in (w, big):
        moved, order = permuted(matrix, 5)
        here = values(coreness(links_of(matrix)))
        there = values(coreness(links_of(1000 * moved + np.eye(len(moved)))))
        assert_allclose(there, here[order], rtol=0, atol=1e-5)  # both found by descent
