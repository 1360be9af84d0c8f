"""PageRank, hubs and authorities, eigenvector: against networkx, igraph, and laws."""

from __future__ import annotations

import warnings

import networkx as nx
import numpy as np
import polars as pl
import pytest
from hypothesis import given as over
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from netpos.errors import OptionError
from netpos.graph import centrality
from netpos.graph.centrality import eigenvector, hits, pagerank
from netpos.tables import Links
from tests.graph.toys import (
    EMPTY,
    NO_LINKS,
    ONE_ISOLATE,
    ONE_WAY,
    RANDOM,
    SINGLE,
    STAR,
    TOY,
    TWO_BLOCS,
    links_of,
    matrices,
    permuted,
    to_igraph,
    to_networkx,
    toy_values,
    values,
)

#: A->B, C->B, B->D, E->F: a disconnected network with known values.
TORN = links_of(
    [
        [0, 1, 0, 0, 0, 0],
        [0, 0, 0, 1, 0, 0],
        [0, 1, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 1],
        [0, 0, 0, 0, 0, 0],
    ],
    ["A", "B", "C", "D", "E", "F"],
)


# --- PageRank ----------------------------------------------------------------------------------


def test_toy_pagerank_is_that_of_the_methods() -> None:
    expected = [0.14027806, 0.24448213, 0.40124652, 0.21399328]
    assert toy_values(pagerank(TOY)) == pytest.approx(expected, abs=5e-9)


def test_pagerank_of_the_torn_network_is_that_of_the_methods() -> None:
    expected = [0.092208, 0.248963, 0.092208, 0.303827, 0.092208, 0.170586]
    assert pagerank(TORN)["value"].to_list() == pytest.approx(expected, abs=5e-7)


def test_pagerank_equals_networkx_and_igraph_on_200_networks() -> None:
    for links in RANDOM:
        found = values(pagerank(links))
        graph = to_networkx(links)
        peer = nx.pagerank(graph, alpha=0.85, weight="weight", tol=1e-14, max_iter=5000)
        assert_allclose(found, [peer[c] for c in links.countries], rtol=0, atol=1e-8)
        other = to_igraph(links)
        if other.ecount():
            assert_allclose(found, other.pagerank(weights=other.es["weight"]), rtol=0, atol=1e-8)


def test_pagerank_equals_the_linear_solution_at_other_dampings() -> None:
    for links in RANDOM[:60]:
        f = links.foreign()
        n = len(f)
        step = np.array([row / row.sum() if row.sum() else np.full(n, 1 / n) for row in f])
        for damping in (0.0, 0.5, 0.85, 0.99):
            solved = np.linalg.solve(
                np.eye(n) - damping * step.T.reshape(n, n), np.full(n, 1 - damping) / max(n, 1)
            )
            assert_allclose(values(pagerank(links, damping=damping)), solved, rtol=0, atol=1e-13)


def test_pagerank_of_one_node_is_one_and_of_none_is_empty() -> None:
    assert pagerank(SINGLE)["value"].to_list() == [1.0]
    assert pagerank(EMPTY).height == 0


def test_pagerank_without_links_is_even() -> None:
    assert pagerank(NO_LINKS)["value"].to_list() == [0.25] * 4


@pytest.mark.parametrize("damping", [-0.1, 1.0, float("nan")])
def test_a_damping_outside_its_range_is_refused(damping: float) -> None:
    with pytest.raises(OptionError, match="outside"):
        pagerank(TOY, damping=damping)


@over(matrices())
def test_pagerank_sums_to_one_and_leaves_nobody_out(w: np.ndarray) -> None:
    x = values(pagerank(links_of(w)))
    assert x.sum() == pytest.approx(1.0, abs=1e-12)
    assert (x >= 0.15 / len(w) - 1e-15).all()


# --- hubs and authorities ----------------------------------------------------------------------


def test_toy_hubs_and_authorities_are_those_of_the_methods() -> None:
    table = hits(TOY)
    assert toy_values(table, "authority") == pytest.approx(
        [0.07366, 0.16074, 0.675535, 0.090064], abs=5e-6
    )
    assert toy_values(table, "hub") == pytest.approx(
        [0.15335, 0.282595, 0.092374, 0.471681], abs=5e-6
    )
    relative = np.array(toy_values(table, "authority")) / max(toy_values(table, "authority"))
    assert relative == pytest.approx([0.10904, 0.237944, 1.0, 0.133323], abs=5e-6)


def _singular_gap(links: Links) -> float:
    """Relative gap by another route: eigenvalues of F'F."""
    f = links.foreign()
    roots = np.sort(np.linalg.eigvalsh(f.T @ f))[::-1] if len(f) else np.zeros(2)
    s = np.sqrt(np.maximum(np.append(roots, [0.0, 0.0]), 0))
    return 0.0 if s[0] == 0 else float((s[0] - s[1]) / s[0])


def test_hubs_and_authorities_equal_networkx_and_igraph_on_200_networks() -> None:
    compared = 0
    for links in RANDOM:
        table = hits(links)
        gap = _singular_gap(links)
        if gap < 1e-7:
            assert (
                table["hub"].null_count() == table["authority"].null_count() == links.nodes.height
            )
            continue
        compared += 1
        other = to_igraph(links)
        weights = other.es["weight"]
        for column, score in (("hub", other.hub_score), ("authority", other.authority_score)):
            if links.nodes.height < 3:  # igraph 1.0 calls the cited one of two nodes the hub
                break
            with warnings.catch_warnings():  # igraph warns of zeros, which are right here
                warnings.simplefilter("ignore", RuntimeWarning)
                peer = np.array(score(weights=weights, scale=True))
            assert_allclose(values(table, column), peer / peer.sum(), rtol=0, atol=1e-8)
        hub, authority = nx.hits(to_networkx(links), tol=1e-15)
        assert_allclose(values(table, "hub"), [hub[c] for c in links.countries], rtol=0, atol=1e-8)
        assert_allclose(
            values(table, "authority"), [authority[c] for c in links.countries], atol=1e-8
        )
    assert compared > 150


def test_hits_is_null_where_the_largest_singular_value_is_not_simple() -> None:
    twins = links_of([[0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]])
    assert hits(twins)["hub"].to_list() == [None] * 4
    nearly = links_of([[0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1 + 5e-7], [0, 0, 0, 0]])
    assert hits(nearly)["authority"].to_list() == [None] * 4
    apart = links_of([[0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1 + 5e-6], [0, 0, 0, 0]])
    assert hits(apart)["authority"].to_list() == [0, 0, 0, 1]
    assert hits(links_of([[0, 3], [3, 0]]))["hub"].to_list() == [None, None]


def test_hits_without_foreign_links_is_null() -> None:
    for links in (SINGLE, NO_LINKS):
        assert hits(links)["hub"].null_count() == links.nodes.height
    assert hits(EMPTY).columns == ["country", "hub", "authority"]


def test_hits_is_exactly_zero_outside_the_leading_part() -> None:
    table = hits(ONE_WAY)
    assert table["hub"].to_list() == [1.0, 0.0]
    assert table["authority"].to_list() == [0.0, 1.0]
    assert hits(STAR)["authority"].to_list() == [1.0, 0, 0, 0, 0, 0]
    assert hits(TWO_BLOCS)["hub"].to_list()[:3] == [0.0, 0.0, 0.0]
    assert hits(ONE_ISOLATE)["hub"].to_list()[2] == 0.0


@over(matrices())
def test_transposing_swaps_hubs_and_authorities(w: np.ndarray) -> None:
    one, other = hits(links_of(w)), hits(links_of(w.T))
    gap = _singular_gap(links_of(w))
    if 1e-8 < gap < 1e-3:  # on the border either answer is right, and vectors are ill-conditioned
        return
    assert_allclose(values(one, "hub"), values(other, "authority"), rtol=0, atol=1e-10)
    assert_allclose(values(one, "authority"), values(other, "hub"), rtol=0, atol=1e-10)


# --- eigenvector -------------------------------------------------------------------------------


def test_toy_eigenvector_is_that_of_the_methods() -> None:
    expected = [0.331457, 0.639955, 1.0, 0.546322]
    assert toy_values(eigenvector(TOY)) == pytest.approx(expected, abs=5e-7)


def test_eigenvector_equals_networkx_and_igraph_on_the_largest_strong_part() -> None:
    compared = 0
    for links in RANDOM:
        graph = to_networkx(links)
        parts = sorted(map(sorted, nx.strongly_connected_components(graph)), key=len, reverse=True)
        found = dict(zip(links.countries, eigenvector(links)["value"], strict=True))
        if not parts or len(parts[0]) < 2 or (len(parts) > 1 and len(parts[1]) == len(parts[0])):
            assert set(found.values()) <= {None}
            continue
        outside = set(found) - set(parts[0])
        assert all(found[c] is None for c in outside)
        if len(parts[0]) < 3:
            continue
        compared += 1
        part = graph.subgraph(parts[0])
        peer = nx.eigenvector_centrality_numpy(part, weight="weight")
        top = max(peer.values())
        for c in parts[0]:
            assert found[c] == pytest.approx(peer[c] / top, abs=1e-8)
        other = to_igraph(links).induced_subgraph(parts[0])
        scores = other.eigenvector_centrality(directed=True, scale=True, weights=other.es["weight"])
        assert_allclose([found[c] for c in other.vs["name"]], scores, rtol=0, atol=1e-8)
    assert compared > 100


def test_eigenvector_is_null_where_two_strong_parts_are_equally_large() -> None:
    twins = np.zeros((4, 4))
    twins[0, 1] = twins[1, 0] = twins[2, 3] = twins[3, 2] = 1
    assert eigenvector(links_of(twins))["value"].to_list() == [None] * 4
    assert eigenvector(STAR)["value"].to_list() == [None] * 6


# --- both --------------------------------------------------------------------------------------


@over(matrices(), st.integers(0, 99), st.sampled_from([0.001, 3.0, 1e6]))
def test_relabelling_and_scale_leave_centralities_alone(
    w: np.ndarray, seed: int, factor: float
) -> None:
    moved, order = permuted(w, seed)
    here, there = links_of(w), links_of(moved * factor)
    assert_allclose(values(pagerank(there)), values(pagerank(here))[order], rtol=0, atol=1e-13)
    gap = _singular_gap(here)
    if not 1e-8 < gap < 1e-3:  # see above
        for column in ("hub", "authority"):
            assert_allclose(
                values(hits(there), column), values(hits(here), column)[order], atol=1e-10
            )


@over(matrices(), st.floats(0.01, 1000))
def test_domestic_links_change_no_digit(w: np.ndarray, size: float) -> None:
    plain, more = links_of(w), links_of(w + size * np.eye(len(w)))
    for measure in (pagerank, hits, eigenvector):
        assert measure(plain).equals(measure(more))


def test_large_networks_take_the_sparse_route_to_the_same_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(4)
    w = rng.lognormal(0, 1, (80, 80)) * (rng.random((80, 80)) < 0.1)
    links = links_of(w)
    dense = hits(links), eigenvector(links)
    monkeypatch.setattr(centrality, "DENSE", 10)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sparse = hits(links), eigenvector(links)
    assert_allclose(values(sparse[0], "hub"), values(dense[0], "hub"), rtol=0, atol=1e-11)
    assert_allclose(
        values(sparse[0], "authority"), values(dense[0], "authority"), rtol=0, atol=1e-11
    )
    assert_allclose(values(sparse[1]), values(dense[1]), rtol=0, atol=1e-11)


def test_columns_are_floats_without_nan() -> None:
    for links in RANDOM[:30]:
        for table in (pagerank(links), hits(links), eigenvector(links)):
            numbers = table.select(pl.selectors.float())
            assert numbers.width == table.width - 1
            assert all(column.drop_nulls().is_finite().all() for column in numbers)
