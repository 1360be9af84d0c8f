"""Sampled betweenness: against igraph's exact values, over many draws."""

from __future__ import annotations

import igraph
import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from netpos.errors import OptionError
from netpos.graph.paths import betweenness
from netpos.graph.sampling import sampled_betweenness
from netpos.tables import Links
from tests.graph.toys import links_of

DRAWS = 80


def skewed(n: int, m: int, seed: int) -> Links:
    """A network with a few large hubs; lengths are distinct, so that no rule on ties matters."""
    rng = np.random.default_rng(seed)
    ends = pl.DataFrame(
        {
            "citing": [f"{x:03}" for x in rng.integers(0, n, m)],
            "cited": [f"{x:03}" for x in rng.zipf(1.6, m) % n],
        }
    )
    ends = ends.unique(maintain_order=True).filter(pl.col("citing") != pl.col("cited"))
    weight = pl.Series("weight", rng.lognormal(0.0, 1.0, ends.height))
    return Links.from_table(ends.with_columns(weight), {f"{x:03}": 1.0 for x in range(n)})


def exact(links: Links, sources: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
    """Freeman's betweenness by igraph from the link table, without netpos's own graph."""
    table = links.table
    at = {name: k for k, name in enumerate(links.countries)}
    edges = [(at[a], at[b]) for a, b in table.select("citing", "cited").iter_rows()]
    n = len(at)
    graph = igraph.Graph(n=n, edges=edges, directed=True)
    given = None if sources is None else sources.tolist()
    lengths = [1 / w for w in table["weight"]]
    values = graph.betweenness(directed=True, weights=lengths, sources=given)
    return np.array(values) / ((n - 1) * (n - 2))


@pytest.fixture(scope="module")
def links() -> Links:
    return skewed(240, 1800, seed=7)


@pytest.fixture(scope="module")
def draws(links: Links) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Values and errors of many draws of 48 sources."""
    tables = [sampled_betweenness(links, sources=48, seed=s) for s in range(DRAWS)]
    return (
        np.array([t["value"].to_numpy() for t in tables]),
        np.array([t["standard_error"].to_numpy() for t in tables]),
    )


def test_all_sources_give_igraphs_exact_values_without_error(links: Links) -> None:
    for sources in (240, 1000):
        found = sampled_betweenness(links, sources=sources, seed=3)
        np.testing.assert_allclose(found["value"].to_numpy(), exact(links), rtol=1e-9, atol=1e-15)
        assert found["standard_error"].to_list() == [0.0] * 240


def test_the_mean_over_draws_is_the_exact_value(
    links: Links, draws: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> None:
    values, _ = draws
    true = exact(links)
    top = np.argsort(-true)[:20]
    apart = values.mean(axis=0)[top] - true[top]
    spread = values.std(axis=0, ddof=1)[top] / np.sqrt(DRAWS)
    assert np.abs(apart / spread).max() < 4.0
    # a draw that left out one source in ten or scaled by k/(k-1) would be off by 2 % and more
    assert abs(values.mean(axis=0).sum() / true.sum() - 1.0) < 0.01


def test_the_squared_error_is_the_variance_over_draws(
    links: Links, draws: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> None:
    values, errors = draws
    stated = (errors**2).mean(axis=0).sum()
    seen = values.var(axis=0, ddof=1).sum()
    assert 0.8 < stated / seen < 1.25


def test_the_squared_error_is_that_of_a_sample_without_replacement(links: Links) -> None:
    """All possible variances from the whole population: Cochran's formula, computed apart."""
    table = links.table
    at = {name: k for k, name in enumerate(links.countries)}
    edges = [(at[a], at[b]) for a, b in table.select("citing", "cited").iter_rows()]
    graph = igraph.Graph(n=240, edges=edges, directed=True)
    lengths = [1 / w for w in table["weight"]]
    drawn = np.sort(np.random.default_rng(5).choice(240, size=30, replace=False))
    per_source = np.array(
        [graph.betweenness(directed=True, weights=lengths, sources=[int(s)]) for s in drawn]
    )
    fpc = 1 - 30 / 240
    expected = 240 / (239 * 238) * np.sqrt(fpc * per_source.var(axis=0, ddof=1) / 30)
    found = sampled_betweenness(links, sources=30, seed=5)["standard_error"].to_numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-15)


def test_two_errors_around_the_value_hold_the_exact_one_for_most_of_the_largest_nodes(
    links: Links, draws: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> None:
    values, errors = draws
    true = exact(links)
    top = np.argsort(-true)[:10]
    held = np.abs(values - true)[:, top] <= 2 * errors[:, top]
    assert 0.88 < held.mean() < 0.99


def test_the_value_is_that_of_igraph_from_the_same_sources(links: Links) -> None:
    found = sampled_betweenness(links, sources=16, seed=11)["value"].to_numpy()
    drawn = np.sort(np.random.default_rng(11).choice(240, size=16, replace=False))
    known = exact(links, drawn) * 240 / 16
    np.testing.assert_allclose(found, known, rtol=1e-9, atol=1e-15)


def test_all_draws_of_two_sources_average_to_the_whole() -> None:
    """Ties among equal lengths and unreachable nodes too: small whole weights."""
    w = np.random.default_rng(8).integers(0, 4, (9, 9)).astype(float)
    links = links_of(w)
    seeds = {frozenset(np.random.default_rng(s).choice(9, 2, replace=False)): s for s in range(999)}
    assert len(seeds) == 36  # every pair of sources, once
    mean = np.mean(
        [sampled_betweenness(links, sources=2, seed=s)["value"].to_numpy() for s in seeds.values()],
        axis=0,
    )
    np.testing.assert_allclose(mean, betweenness(links)["value"].to_numpy(), rtol=0, atol=1e-12)


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(links: Links) -> None:
    first = sampled_betweenness(links, sources=12, seed=1)
    assert first.equals(sampled_betweenness(links, sources=12, seed=1))
    assert not first.equals(sampled_betweenness(links, sources=12, seed=2))


def test_one_source_has_no_error_and_two_nodes_have_no_value(links: Links) -> None:
    one = sampled_betweenness(links, sources=1, seed=4)
    assert one["standard_error"].null_count() == 240
    assert one["value"].null_count() == 0
    pair = Links.from_table(pl.DataFrame({"citing": ["A"], "cited": ["B"], "weight": [1.0]}))
    found = sampled_betweenness(pair, sources=2)
    assert found.rows() == [("A", None, None), ("B", None, None)]


def test_no_source_is_refused(links: Links) -> None:
    with pytest.raises(OptionError, match="sources 0: at least one"):
        sampled_betweenness(links, sources=0)
