"""Complexity by law: on any matrix, and against networkx, scipy and exact fractions."""

from __future__ import annotations

from fractions import Fraction

import networkx as nx
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from networkx.algorithms import bipartite as nxb
from scipy.linalg import eig
from scipy.stats import rankdata

from netpos.indicators.bipartite import standardise
from netpos.indicators.complexity import complexity_tables, eci_pci, relative_complexity
from netpos.indicators.fitness import fitness, reflections
from netpos.indicators.relatedness import density, relatedness

MATRICES = arrays(
    np.bool_,
    array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=7),
    elements=st.booleans(),
    fill=st.nothing(),  # without it most matrices are nearly constant, and their index is empty
)


def cells(m: np.ndarray, names: list[int] | None = None) -> pl.DataFrame:
    """A table of M; ``names`` relabels the countries."""
    n, k = m.shape
    names = list(range(n)) if names is None else names
    return pl.DataFrame(
        {
            "country": [f"C{names[i]}" for i in range(n) for _ in range(k)],
            "technology": [f"t{j}" for _ in range(n) for j in range(k)],
            "presence": m.ravel(),
        }
    )


def graph(m: np.ndarray) -> nx.Graph:
    g = nx.Graph()
    g.add_nodes_from([f"C{i}" for i in range(m.shape[0])], bipartite=0)
    g.add_nodes_from([f"t{j}" for j in range(m.shape[1])], bipartite=1)
    g.add_edges_from((f"C{i}", f"t{j}") for i, j in zip(*np.nonzero(m), strict=True))
    return g


def column(series: pl.Series) -> np.ndarray:
    return series.fill_null(np.nan).to_numpy()


@given(MATRICES)
def test_the_first_reflection_is_the_mean_degree_of_neighbours_in_networkx(m: np.ndarray) -> None:
    got, g = reflections(cells(m), order=1), graph(m)
    mean = nx.average_neighbor_degree(g)
    for table, key in ((got.countries, "country"), (got.products, "technology")):
        expected = [mean[k] if g.degree(k) else np.nan for k in table[key]]
        np.testing.assert_allclose(column(table["reflection"]), expected, rtol=1e-14)


@given(MATRICES)
def test_relatedness_is_the_larger_overlap_of_a_projection_in_networkx(m: np.ndarray) -> None:
    g = graph(m)
    both = nxb.weighted_projected_graph(g, [f"t{j}" for j in range(m.shape[1])])
    expected = {
        tuple(sorted((t, u))): w / max(g.degree(t), g.degree(u))
        for t, u, w in both.edges(data="weight")
    }
    got = {(t, u): v for t, u, v in relatedness(cells(m)).iter_rows()}
    assert got.keys() == expected.keys()
    assert all(got[k] == pytest.approx(expected[k], rel=1e-15) for k in got)


@given(MATRICES)
def test_eci_solves_the_unsymmetric_eigenproblem_of_scipy(m: np.ndarray) -> None:
    got = eci_pci(cells(m))
    kept = ~np.isnan(column(got.countries["eci"]))
    if not kept.any():
        return
    held = ~np.isnan(column(got.products["pci"]))
    part = m[np.ix_(kept, held)].astype(float)
    parts = list(nx.connected_components(graph(m)))
    assert kept.sum() + held.sum() in {len(p) for p in parts}
    assert part.shape[0] == max(sum(v[0] == "C" for v in p) for p in parts if len(p) > 1)
    step = (part / part.sum(1, keepdims=True)) @ (part / part.sum(0)).T
    values, vectors = eig(step)
    order = np.argsort(-values.real)
    second = vectors[:, order[1]].real
    z = (second - second.mean()) / second.std(ddof=1)
    z *= np.sign(np.corrcoef(z, part.sum(1))[0, 1])
    # eigenvectors of eigenvalues that lie close together are known to about 1e-16 / gap
    np.testing.assert_allclose(column(got.countries["eci"])[kept], z, atol=1e-9)


@given(MATRICES)
def test_eci_is_the_smoothest_cut_of_the_similarity_graph_in_networkx(m: np.ndarray) -> None:
    got = column(eci_pci(cells(m)).countries["eci"])
    if np.isnan(got).any():
        return
    held = m[:, m.any(0)].astype(float)
    similarity = held @ (held / held.sum(0)).T
    g = nx.from_numpy_array(similarity)
    laplacian = nx.normalized_laplacian_matrix(g).toarray()
    values, vectors = np.linalg.eigh(laplacian)
    second = vectors[:, np.argsort(values)[1]] / np.sqrt(similarity.sum(1))
    z = (second - second.mean()) / second.std(ddof=1)
    assert min(np.abs(z - got).max(), np.abs(z + got).max()) < 1e-9  # see above


@given(MATRICES, st.integers(0, 4))
def test_fitness_equals_the_iteration_in_exact_fractions(m: np.ndarray, rounds: int) -> None:
    m = m[m.any(1)][:, m.any(0)] if m.any() else m
    if min(m.shape) < 2 or not m.any():
        return
    n, k = m.shape
    f, q = [Fraction(1)] * n, [Fraction(1)] * k
    for _ in range(rounds):
        new = [sum(q[t] for t in range(k) if m[c, t]) for c in range(n)]
        q = [1 / sum(1 / f[c] for c in range(n) if m[c, t]) for t in range(k)]
        f = [x * n / sum(new) for x in new]
        q = [x * k / sum(q) for x in q]
    got = fitness(cells(m), rounds=rounds)
    assert got.countries["fitness"].to_list() == pytest.approx([float(x) for x in f], rel=1e-12)
    assert got.products["fitness_complexity"].to_list() == pytest.approx(
        [float(x) for x in q], rel=1e-12
    )


@given(MATRICES)
def test_who_has_all_that_another_has_is_at_least_as_fit(m: np.ndarray) -> None:
    got = column(fitness(cells(m), rounds=12).countries["fitness"])
    for a in range(m.shape[0]):
        for b in range(m.shape[0]):
            if m[b].any() and (m[a] >= m[b]).all():
                assert got[a] >= got[b] * (1 - 1e-12)


@given(MATRICES, st.randoms())
def test_relabelled_countries_keep_their_values(m: np.ndarray, random) -> None:
    names = list(range(m.shape[0]))
    random.shuffle(names)
    place = [names.index(i) for i in range(len(names))]  # row of the country now called Ci
    before, after = eci_pci(cells(m)), eci_pci(cells(m, names))
    # of several parts of one size the first by name is taken, so only whole results compare
    if not before.notes:
        np.testing.assert_allclose(
            column(after.countries["eci"]), column(before.countries["eci"])[place], atol=1e-9
        )
        np.testing.assert_allclose(
            column(after.products["pci"]), column(before.products["pci"]), atol=1e-9
        )
    one, other = fitness(cells(m), rounds=8), fitness(cells(m, names), rounds=8)
    np.testing.assert_allclose(
        column(other.countries["fitness"]), column(one.countries["fitness"])[place], rtol=1e-12
    )


@given(MATRICES, st.randoms())
def test_the_order_of_rows_changes_no_digit(m: np.ndarray, random) -> None:
    order = list(range(m.size))
    random.shuffle(order)
    plain, mixed = cells(m), cells(m)[order]
    for indicator in (eci_pci, fitness, lambda t: reflections(t, order=7)):
        one, other = indicator(plain), indicator(mixed)
        assert one.countries.equals(other.countries, null_equal=True)
        assert one.products.equals(other.products, null_equal=True)
        assert one.notes == other.notes
    assert density(plain).equals(density(mixed), null_equal=True)


@given(MATRICES)
def test_absent_pairs_and_false_cells_are_the_same(m: np.ndarray) -> None:
    whole = cells(m)
    named = whole.unique("country", keep="first").vstack(whole.unique("technology", keep="first"))
    short = whole.filter("presence").vstack(named).unique()
    assert eci_pci(short).products.equals(eci_pci(whole).products, null_equal=True)


@given(MATRICES)
def test_density_is_a_share_and_full_for_a_country_that_has_everything(m: np.ndarray) -> None:
    for include_self in (False, True):
        found = density(cells(m), include_self=include_self)
        known = found.drop_nulls()
        assert known["density"].is_between(0, 1).all()
        everything = [f"C{i}" for i in range(m.shape[0]) if m[i].all()]
        full = known.filter(pl.col("country").is_in(everything))["density"].to_numpy()
        assert full == pytest.approx(1.0, rel=1e-15)


@given(MATRICES)
def test_high_orders_of_reflections_become_the_eigenvector(m: np.ndarray) -> None:
    index = eci_pci(cells(m))
    if index.notes or index.countries["eci"].null_count():
        return
    held = m[:, m.any(0)].astype(float)
    half = held / np.sqrt(held.sum(1))[:, None] / np.sqrt(held.sum(0))
    values = np.sort(np.linalg.svd(half, compute_uv=False))[::-1] ** 2
    second, third = values[1], values[2] if len(values) > 2 else 0.0
    # only where 30 steps reach it before the spread is lost in rounding
    if second < 0.3 or third > 0.4 * second:
        return
    limit = column(standardise(reflections(cells(m), order=30).countries["reflection"]))
    eci, d = column(index.countries["eci"]), held.sum(1)
    # what the start, diversity, holds of the eigenvector, in the product in which those are square
    eci0, d0 = eci - d @ eci / d.sum(), d - d @ d / d.sum()
    part = (d * eci0) @ d0 / np.sqrt((d * eci0) @ eci0 * ((d * d0) @ d0))
    if abs(part) > 0.1:
        np.testing.assert_allclose(limit * np.sign(part), eci, atol=1e-3)


@given(
    arrays(
        np.float64,
        array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=6),
        elements=st.sampled_from([0.0, 0.0, 0.1, 1 / 3, 1.0, 2.0, 30.0, 1e9]),
    ),
    st.sampled_from([1e-6, 1.0, 1e6]),
)
def test_the_tables_hold_numbers_or_null_and_do_not_depend_on_the_unit(
    x: np.ndarray, unit: float
) -> None:
    def tables(values: np.ndarray) -> dict[str, pl.DataFrame]:
        n, k = values.shape
        return complexity_tables(
            pl.DataFrame(
                {
                    "country": [f"C{i}" for i in range(n) for _ in range(k)],
                    "product": [f"p{j}" for _ in range(n) for j in range(k)],
                    "value": values.ravel(),
                }
            )
        )

    plain, scaled = tables(x), tables(x * unit)
    for name, table in plain.items():
        for series in table.select(pl.selectors.float()):
            assert series.drop_nulls().is_finite().all(), (name, series.name)
        same = [c for c in table.columns if c not in ("value", "total", "rca", "small")]
        assert table.select(same).equals(scaled[name].select(same), null_equal=True), name
    assert plain["cells"].height == x.size


@given(st.lists(st.integers(-50, 50).map(float), min_size=2, max_size=12))
def test_relative_complexity_by_rank_is_the_percentile_of_scipy(values: list[float]) -> None:
    got = relative_complexity(pl.DataFrame({"pci": values}), by="rank")["complexity_0_100"]
    if len(set(values)) < 2:
        assert got.null_count() == len(values)
        return
    expected = 100 * (rankdata(values) - 1) / (len(values) - 1)
    assert got.to_list() == pytest.approx(expected.tolist(), rel=1e-12)
