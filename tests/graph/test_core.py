"""The core, distances to it, and who is near: toy, networkx, definitions, laws, real flows."""

from __future__ import annotations

import gzip
from pathlib import Path

import networkx as nx
import numpy as np
import polars as pl
import pytest
from hypothesis import assume, settings
from hypothesis import given as over
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from netpos.errors import OptionError, TableError
from netpos.graph import core as module
from netpos.graph.core import block_fit, core, core_distance, near_core, relative_distance
from netpos.tables import Links
from tests.graph.toys import (
    EMPTY,
    NO_LINKS,
    ONE_ISOLATE,
    PAIR,
    RANDOM,
    SINGLE,
    STAR,
    TOY,
    TWO_BLOCS,
    links_of,
    matrices,
    names,
    permuted,
    toy_values,
    values,
)

METHODS = ("rich", "borgatti-everett", "top-share", "k-core")
KINDS = ("resistance", "shortest", "effective", "association")


def members(links: Links, method: str = "rich") -> set[str]:
    return set(core(links, method).filter(pl.col("core"))["country"])


def exchange(w: np.ndarray) -> np.ndarray:
    s = np.array(w, dtype=float)
    np.fill_diagonal(s, 0)
    return s + s.T


# --- who is in the core ------------------------------------------------------------------------


def test_toy_core_is_that_of_the_methods() -> None:
    table = core(TOY)
    assert toy_values(table, "strength") == [18, 34, 62, 38]
    assert toy_values(table, "rank") == [4, 3, 1, 2]
    assert members(TOY) == {"US", "CN"}
    assert table.columns == ["country", "core", "strength", "rank"]


def test_top_share_is_the_fewest_with_half_of_all_strength() -> None:
    assert members(TOY, "top-share") == {"US", "CN"}  # 62 of 152 is less than half, 100 is more
    half = [[0, 4, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0], [0, 1, 2, 0]]  # strengths 4 6 3 3 of 16
    assert members(links_of(half), "top-share") == {"AA", "AB"}
    exactly = [[0, 3, 0], [0, 0, 0], [0, 3, 0]]  # the hub holds 6 of 12
    assert members(links_of(exactly), "top-share") == {"AB"}


def test_equal_strengths_are_taken_in_code_order() -> None:
    ring = np.roll(np.eye(4), 1, axis=1)
    table = core(links_of(ring))
    assert table["rank"].to_list() == [1, 1, 1, 1]
    # exchange with those before: AA 0, AB 1, AC 1, AD 2
    assert members(links_of(ring)) == {"AA", "AB", "AC", "AD"}
    assert members(STAR) == {"AA", "AB"}


def rich_by_definition(s: np.ndarray) -> set[int]:
    strength = s.sum(axis=1)
    order = sorted(range(len(s)), key=lambda k: (-round(float(strength[k]), 9), k))
    best, last = 0.0, -1
    for r, who in enumerate(order):
        k_plus = round(sum(float(s[who, other]) for other in order[:r]), 9)
        if k_plus > best:
            best, last = k_plus, r
    return set(order[: last + 1])


@over(matrices(3, 8, integers=True))
def test_rich_core_follows_its_definition(w: np.ndarray) -> None:
    expected = rich_by_definition(exchange(w))
    assert members(links_of(w)) == {names(len(w))[k] for k in expected}


@over(matrices(3, 8))
def test_rich_core_has_two_members_or_more_wherever_anyone_cites_abroad(w: np.ndarray) -> None:
    found = core(links_of(w))["core"]
    if exchange(w).any():
        assert found.sum() >= 2
    else:
        assert found.null_count() == len(w)


@over(matrices(4, 8))
def test_borgatti_everett_is_the_best_correlating_prefix(w: np.ndarray) -> None:
    s = exchange(w)
    n = len(s)
    order = sorted(range(n), key=lambda k: (-round(float(s[k].sum()), 9), k))
    fits = {}
    for k in range(2, n - 1):
        inside = [order.index(a) < k for a in range(n)]
        pairs = [(a, b) for a in range(n) for b in range(a) if inside[a] == inside[b]]
        data = np.log1p([s[a, b] for a, b in pairs])
        if np.ptp(data) > 1e-9:
            fits[k] = np.corrcoef(data, [inside[a] for a, _ in pairs])[0, 1]
            assert block_fit(np.log1p(s[np.ix_(order, order)]), k) == pytest.approx(
                fits[k], abs=1e-12
            )
    found = core(links_of(w), "borgatti-everett")["core"]
    if not fits:
        assert found.null_count() == n
    else:
        best = min(k for k in fits if fits[k] > max(fits.values()) - 1e-11)
        assert {k for k in range(n) if found[k]} == set(order[:best])


def test_k_core_is_the_innermost_core_of_networkx() -> None:
    for links in RANDOM:
        s = exchange(links.matrix())
        found = core(links, "k-core")["core"]
        if len(s) < 3 or not s.any():
            assert found.null_count() == len(s)
            continue
        number = nx.core_number(nx.from_numpy_array((s > 0).astype(int)))
        assert found.to_list() == [number[k] == max(number.values()) for k in range(len(s))]


def test_the_core_is_null_below_three_countries_and_without_foreign_links() -> None:
    for method in METHODS:
        for links in (SINGLE, PAIR, NO_LINKS):
            assert core(links, method)["core"].null_count() == links.nodes.height
        assert core(EMPTY, method).height == 0
    three = links_of([[0, 1, 2], [1, 0, 3], [1, 1, 0]])
    assert core(three, "borgatti-everett")["core"].null_count() == 3
    even = links_of(np.ones((5, 5)))
    assert core(even, "borgatti-everett")["core"].null_count() == 5


@over(matrices(3, 7, integers=True), st.integers(0, 99), st.sampled_from([0.01, 3.0, 1e5]))
def test_relabelling_and_scale_leave_the_core_alone(
    w: np.ndarray, seed: int, factor: float
) -> None:
    s = exchange(w)
    assume(len(set(s.sum(axis=1))) == len(s))  # ties go by code, which relabelling changes
    moved, order = permuted(w, seed)
    for method in ("rich", "top-share", "k-core"):
        here, there = core(links_of(w), method), core(links_of(moved * factor), method)
        assert_array_equal(values(there, "core"), values(here, "core")[order])
        assert_array_equal(values(there, "rank"), values(here, "rank")[order])


@over(matrices(1, 7), st.floats(0.01, 1000))
def test_direction_and_domestic_links_do_not_matter_to_the_core(w: np.ndarray, size: float) -> None:
    for method in METHODS:
        here = core(links_of(w), method)
        assert core(links_of(w.T), method).equals(here)
        assert core(links_of(w + size * np.eye(len(w))), method).equals(here)


# --- distance ----------------------------------------------------------------------------------


def test_toy_distances_are_those_of_the_methods() -> None:
    assert toy_values(core_distance(TOY)) == pytest.approx([0.7336740, 0.3884157, 0, 0], abs=5e-8)
    shortest = toy_values(core_distance(TOY, kind="shortest"))
    assert shortest == pytest.approx([1.151515, 0.575758, 0, 0], abs=5e-7)
    one = toy_values(core_distance(TOY, ["US"]))
    assert one == pytest.approx([0.744499, 0.407288, 0, 0.351586], abs=5e-7)


def test_toy_effective_distance_by_hand() -> None:
    """NL exchanges 11 with US and 2 with CN of 18 in all; DE 22 and 7 of 34."""
    found = toy_values(core_distance(TOY, kind="effective"))
    assert found == pytest.approx([1 - np.log(13 / 18), 1 - np.log(29 / 34), 0, 0], rel=1e-14)


def test_leaves_of_a_star_are_one_link_away_from_the_hub() -> None:
    for kind in ("resistance", "shortest", "association", "effective"):
        assert values(core_distance(STAR, ["AA"], kind)) == pytest.approx([0, 1, 1, 1, 1, 1])


def contracted(s: np.ndarray, inside: np.ndarray) -> nx.Graph:
    """The network with the core joined into the node -1."""
    graph = nx.Graph()
    graph.add_node(-1)
    graph.add_nodes_from(np.flatnonzero(~inside))
    for a in range(len(s)):
        for b in range(a):
            if s[a, b] and not (inside[a] and inside[b]):
                ends = -1 if inside[a] else a, -1 if inside[b] else b
                before = graph.edges[ends]["weight"] if graph.has_edge(*ends) else 0.0
                graph.add_edge(*ends, weight=before + s[a, b], length=0.0)
    return graph


def test_resistances_equal_networkx_after_joining_the_core() -> None:
    compared = 0
    for links in RANDOM:
        s = exchange(links.matrix())
        n = len(s)
        if n < 3 or not s.any():
            continue
        inside = values(core(links), "core") == 1
        with np.errstate(invalid="ignore", divide="ignore"):
            a = np.nan_to_num(s * s.sum() / np.outer(s.sum(0), s.sum(0)), nan=0.0, posinf=0.0)
        for kind, weights in (("resistance", s), ("association", a)):
            graph = contracted(weights / weights[weights > 0].mean(), inside)
            part = nx.node_connected_component(graph, -1)
            found = core_distance(links, kind=kind)["value"]
            near = graph.subgraph(part)
            for k in range(n):
                if inside[k]:
                    assert found[k] == 0
                elif k not in part:
                    assert found[k] is None
                elif k % 3 == 0:  # networkx is slow; every third country will do
                    peer = nx.resistance_distance(near, k, -1, weight="weight", invert_weight=False)
                    assert found[k] == pytest.approx(peer, rel=1e-8)
                    compared += 1
    assert compared > 300


def test_shortest_distances_equal_networkx() -> None:
    for links in RANDOM:
        s = exchange(links.matrix())
        if len(s) < 3 or not s.any():
            continue
        inside = values(core(links), "core") == 1
        graph = nx.Graph()
        graph.add_nodes_from(range(len(s)))
        mean = s[s > 0].mean()
        graph.add_weighted_edges_from(
            (a, b, mean / s[a, b]) for a in range(len(s)) for b in range(a) if s[a, b]
        )
        peer = nx.multi_source_dijkstra_path_length(graph, set(np.flatnonzero(inside)))
        expected = [peer.get(k, np.nan) for k in range(len(s))]
        assert_allclose(values(core_distance(links, kind="shortest")), expected, rtol=1e-12)


def test_what_the_core_cannot_reach_has_no_distance() -> None:
    for kind in KINDS:
        found = core_distance(TWO_BLOCS, ["AA", "AB"], kind)["value"].to_list()
        assert found[:2] == [0, 0]
        assert found[2] > 0
        assert found[3:] == [None] * 4
        assert core_distance(ONE_ISOLATE, ["AA"], kind)["value"].to_list()[2] is None


def test_effective_distance_needs_a_direct_link() -> None:
    chain = links_of([[0, 1, 0], [0, 0, 1], [0, 0, 0]])
    assert core_distance(chain, ["AA"], "effective")["value"].to_list() == [0, 1 + np.log(2), None]
    assert values(core_distance(chain, ["AA"])) == pytest.approx([0, 1, 2])


def test_without_a_core_there_is_no_distance() -> None:
    for kind in KINDS:
        for links in (SINGLE, PAIR, NO_LINKS):
            assert core_distance(links, kind=kind)["value"].null_count() == links.nodes.height
        assert core_distance(EMPTY, kind=kind).height == 0
    assert core_distance(PAIR, ["AA"])["value"].to_list() == [None, None]


def test_the_core_is_given_as_a_table_or_by_name() -> None:
    assert core_distance(TOY, core(TOY)).equals(core_distance(TOY, ["CN", "US"]))
    assert core_distance(TOY).equals(core_distance(TOY, ["US", "CN"]))


def test_unknown_names_and_foreign_tables_are_refused() -> None:
    with pytest.raises(OptionError, match="core method 'leiden' is not known; use one of rich"):
        core(TOY, "leiden")
    with pytest.raises(OptionError, match="core distance 'hops' is not known"):
        core_distance(TOY, kind="hops")
    with pytest.raises(OptionError, match="country 'XQ'"):
        core_distance(TOY, ["XQ"])
    with pytest.raises(TableError, match="about other nodes"):
        core_distance(TOY, core(STAR))
    with pytest.raises(TableError, match="'country' and 'core' are needed; the table has: country"):
        core_distance(TOY, TOY.nodes.select(country="node"))
    with pytest.raises(TableError, match="families of 2 nodes, but the links have 4"):
        near_core(TOY, families=pl.Series([1.0, 2.0]))


def test_too_many_nodes_are_refused_before_memory_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_NODES", 3)
    with pytest.raises(OptionError, match="4 nodes"):
        core(TOY)


@over(matrices(3, 7), st.integers(0, 99), st.sampled_from([0.001, 3.0, 1e6]))
def test_relabelling_and_scale_leave_distances_alone(
    w: np.ndarray, seed: int, factor: float
) -> None:
    labels = names(len(w))
    moved, order = permuted(w, seed)
    centre = [labels[0], labels[1]]
    renamed = [labels[int(np.flatnonzero(order == k)[0])] for k in (0, 1)]
    for kind in KINDS:
        here = values(core_distance(links_of(w), centre, kind))
        there = values(core_distance(links_of(moved * factor), renamed, kind))
        assert_allclose(there, here[order], rtol=1e-11)  # inverses of other orderings


@over(matrices(3, 7), st.integers(0, 6), st.integers(1, 6), st.floats(0.1, 50))
def test_adding_a_link_never_raises_a_resistance(
    w: np.ndarray, a: int, step: int, size: float
) -> None:
    """Rayleigh, with core and scale held fixed: divide by the mean dyad the function scales by."""
    n = len(w)
    i, j = a % n, (a + 1 + step % (n - 1)) % n
    assume(i != j)
    more = w.copy()
    more[i, j] += size
    s, t = exchange(w), exchange(more)
    assume(s.any())
    before = values(core_distance(links_of(w), ["AA"])) / s[s > 0].mean()
    after = values(core_distance(links_of(more), ["AA"])) / t[t > 0].mean()
    assert not (np.isfinite(before) & np.isnan(after)).any()
    both = np.isfinite(before) & np.isfinite(after)
    assert (after[both] <= before[both] * (1 + 1e-12)).all()


@over(matrices(3, 7))
def test_all_routes_together_are_never_longer_than_the_shortest(w: np.ndarray) -> None:
    links = links_of(w)
    resistance = values(core_distance(links))
    shortest = values(core_distance(links, kind="shortest"))
    assert_array_equal(np.isnan(resistance), np.isnan(shortest))
    known = np.isfinite(resistance)
    assert (resistance[known] <= shortest[known] * (1 + 1e-12)).all()


@settings(max_examples=40)
@over(matrices(3, 7), st.floats(0.01, 1000))
def test_direction_domestic_links_and_isolates_do_not_move_distances(
    w: np.ndarray, size: float
) -> None:
    n = len(w)
    wider = np.zeros((n + 1, n + 1))
    wider[:n, :n] = w + size * np.eye(n)
    for kind in KINDS:
        here = values(core_distance(links_of(w), ["AA", "AC"], kind))
        assert_array_equal(values(core_distance(links_of(w.T), ["AA", "AC"], kind)), here)
        there = values(core_distance(links_of(wider), ["AA", "AC"], kind))
        assert np.isnan(there[n])
        assert_allclose(there[:n], here, rtol=1e-13)


# --- near the core -----------------------------------------------------------------------------


def near_of(distances: list[float], families: list[float | None]) -> list[bool | None]:
    """A hub AA as the core, with leaves at these distances (up to one common factor)."""
    n = len(distances) + 1
    w = np.zeros((n, n))
    w[1:, 0] = [1 / d for d in distances]
    links = links_of(w, families=[100.0, *families])
    return near_core(links, ["AA"])["value"].to_list()[1:]


FAR = [20.0, 21.0, 22.0, 23.0, 24.0, 25.0]


def test_the_five_nearest_with_ten_families_are_near() -> None:
    families = [50.0, 9.99, 10.0, 50.0, 50.0, 50.0, 50.0] + [50.0] * 6
    found = near_of([1, 2, 3, 4, 5, 6, 7, *FAR], families)
    assert found == [True, False, True, True, True, True, False] + [False] * 6


def test_a_country_tied_with_the_fifth_is_near_too() -> None:
    many = [50.0] * 13
    assert near_of([1, 2, 3, 4, 5, 5, 6, *FAR], many) == [True] * 6 + [False] * 7
    other = near_of([1, 2, 3, 4, 5, 5 * (1 + 1e-10), 6, *FAR], many)
    assert other == [True] * 5 + [False] * 8


def test_the_nearest_are_near_only_where_they_are_less_than_half_of_those_asked() -> None:
    # eleven countries with ten families, five of them near: enough; of ten, half would be
    eleven = [*range(1, 12)]
    assert near_of(eleven, [10.0] * 11) == [True] * 5 + [False] * 6
    assert near_of(eleven[:10], [10.0] * 10) == [None] * 10
    # who has too few families is not asked: eleven countries, ten of them asked
    assert near_of(eleven, [9.0, *[10.0] * 10]) == [None] * 11
    # six tied for five places need thirteen
    tied = [1, 2, 3, 4, 5, 5, *range(6, 12)]
    assert near_of(tied, [10.0] * 12) == [None] * 12
    assert near_of([*tied, 12], [10.0] * 13) == [True] * 6 + [False] * 7
    assert near_of([3, 1], [10.0, 10.0]) == [None, None]
    assert near_of([3, 1], [1.0, 2.0]) == [None, None]


def test_unknown_families_leave_nearness_unknown() -> None:
    found = near_of([1, 2, 3, *FAR, *FAR], [50.0, None, 50.0, *[50.0] * 12])
    assert found[:3] == [True, None, True]


def test_the_core_is_near_and_the_unreachable_is_not() -> None:
    n = 13
    w = np.zeros((n, n))
    w[1:12, 0] = np.arange(1, 12)
    found = near_core(links_of(w, families=[50.0] * n), ["AA"])["value"].to_list()
    assert found == [True] + [False] * 6 + [True] * 5 + [False]


def test_distance_is_told_against_the_median_of_those_outside_the_core() -> None:
    w = np.zeros((6, 6))
    w[1:, 0] = [1, 1 / 2, 1 / 4, 1 / 8, 1 / 100]
    links = links_of(w, families=[100.0, 10.0, 10.0, 10.0, 10.0, 9.0])
    found = relative_distance(links, ["AA"])["value"].to_list()
    assert found == pytest.approx([0.0, 1 / 3, 2 / 3, 4 / 3, 8 / 3, 100 / 3], rel=1e-12)
    few = links_of(w, families=[100.0, 10.0, 10.0, 9.0, 9.0, 9.0])
    assert relative_distance(few, ["AA"])["value"].null_count() == 6


def test_without_a_core_nearness_is_unknown() -> None:
    for links in (SINGLE, PAIR, NO_LINKS):
        assert near_core(links)["value"].null_count() == links.nodes.height
    assert near_core(EMPTY).height == 0


def test_core_distance_and_families_can_be_handed_on() -> None:
    centre = core(TOY)
    distance = core_distance(TOY, centre, "shortest")
    assert toy_values(near_core(TOY, centre, distance)) == [None, None, True, True]
    many = pl.Series([10.0] * 4)
    assert toy_values(near_core(TOY, centre, distance, many)) == [None, None, True, True]


# --- by record ---------------------------------------------------------------------------------


def pharma(real: Path) -> Links:
    """Citations of pharmaceutical patents between 120 countries, all years."""
    file = real / "country_citations_pharma" / "back_citations_ctry_16.csv.gz"
    with gzip.open(file) as stream:
        table = pl.read_csv(stream.read(), infer_schema_length=None)
    links = Links.from_table(
        table.select(citing="ctry_name_citing", cited="ctry_name_cited", weight="share_inv_cited")
    )
    assert links.nodes.height == 120
    assert links.table["weight"].sum() == pytest.approx(602_309.57, abs=0.005)
    return links


def test_core_of_real_pharmaceutical_citations_is_that_of_the_methods(real: Path) -> None:
    links = pharma(real)
    assert members(links) == {"United States", "Germany", "Japan"}
    wide = members(links, "borgatti-everett")
    assert len(wide) == 18
    assert "Netherlands" in wide
    s = exchange(links.matrix())
    order = np.argsort(-s.sum(axis=0), kind="stable")
    assert block_fit(np.log1p(s[np.ix_(order, order)]), 18) == pytest.approx(0.938, abs=5e-4)


def test_the_netherlands_are_ninth_nearest_in_real_pharmaceutical_citations(real: Path) -> None:
    outside = core_distance(pharma(real)).filter(pl.col("value") > 0).sort("value")
    assert outside["country"].index_of("Netherlands") == 8
