"""Distinct values against NumPy, with and without compiled code; components against networkx."""

from __future__ import annotations

import networkx as nx
import numpy as np
import polars as pl
import pytest

from netpos.ingest import distinct as module
from netpos.ingest.distinct import (
    Lookup,
    Texts,
    connected,
    distinct,
    distinct_texts,
    first_places,
    order_of,
)

SIZES = [0, 1, 2, 50, 5000]


@pytest.fixture(params=["1", "0"], ids=["compiled", "python"])
def _scanner(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETPOS_SCAN", request.param)


@pytest.mark.usefixtures("_scanner")
@pytest.mark.parametrize("n", SIZES)
def test_distinct_numbers_are_those_of_numpy(n: int) -> None:
    r = np.random.default_rng(n)
    for spread in (1, 7, n + 1, 2**62):
        keys = r.integers(-spread, spread, n)
        values, at = distinct(keys)
        expected, places = np.unique(keys, return_inverse=True)
        assert values.tolist() == expected.tolist()
        assert at.tolist() == places.tolist()


@pytest.mark.usefixtures("_scanner")
@pytest.mark.parametrize("n", SIZES)
def test_a_lookup_gives_the_place_of_each_value_that_is_there(n: int) -> None:
    r = np.random.default_rng(n)
    values = r.permutation(np.unique(r.integers(-(2**62), 2**62, n)))
    wanted = np.concatenate([r.choice(values, n) if n else values, r.integers(-9, 9, 20)])
    found = Lookup(values).find(wanted)
    places = {v: k for k, v in enumerate(values.tolist())}
    assert found.tolist() == [places.get(v, -1) for v in wanted.tolist()]
    assert Lookup(values[:0]).find(wanted).tolist() == [-1] * wanted.size


@pytest.mark.parametrize("n", SIZES)
def test_the_order_of_numbers_is_the_stable_one_of_numpy(n: int) -> None:
    r = np.random.default_rng(n)
    for end in (1, 9, 2**16, 2**16 + 1, 2**33, 2**63 - 1):
        keys = r.integers(0, end, n)
        ordered, places = order_of(keys)
        assert places.tolist() == np.argsort(keys, kind="stable").tolist()
        assert ordered.tolist() == sorted(keys.tolist())


@pytest.mark.parametrize("n", SIZES)
def test_components_are_those_of_networkx_in_the_order_of_their_first_nodes(n: int) -> None:
    r = np.random.default_rng(n)
    for edges in (0, n // 3, n, 3 * n):
        a, b = (r.integers(0, max(n, 1), edges * (n > 0)).astype(np.int32) for _ in range(2))
        found = connected(a, b, n)
        graph = nx.empty_graph(n)
        graph.add_edges_from(zip(a.tolist(), b.tolist(), strict=True))
        groups = sorted(nx.connected_components(graph), key=min)
        expected = {node: k for k, group in enumerate(groups) for node in group}
        assert found.tolist() == [expected[node] for node in range(n)]


def test_long_chains_stars_and_ladders_of_nodes_in_any_order_are_one_component() -> None:
    n = 3000
    order = np.random.default_rng(1).permutation(n).astype(np.int32)
    line = np.arange(n, dtype=np.int32)
    halves = line.reshape(2, -1).T.ravel()  # 0, 1500, 1, 1501, ...
    for chain in (line, line[::-1], order, halves):
        assert not connected(chain[:-1], chain[1:], n).any()
        two = np.delete(np.arange(n - 1), n // 2)  # without the edge in the middle
        found = connected(chain[two], chain[two + 1], n)
        assert np.bincount(found).tolist() in ([n // 2 + 1, n // 2 - 1], [n // 2 - 1, n // 2 + 1])
        assert found[0] == 0
    for centre in (0, n // 2, n - 1):
        assert not connected(np.full(n, centre, np.int32), order, n).any()


@pytest.mark.parametrize("one_hash", [False, True])
def test_distinct_texts_are_in_order_even_if_all_had_one_hash(
    one_hash: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if one_hash:
        monkeypatch.setattr(module, "distinct", lambda k: (k[:1], np.zeros(k.size, dtype=np.int32)))
    texts = pl.Series(["b", None, "ä", "a", "b", "", "Z", None, "ab"])
    values, at = distinct_texts(texts)
    assert values.to_list() == sorted({t for t in texts if t is not None})
    assert [values[i] if i >= 0 else None for i in at.tolist()] == texts.to_list()


@pytest.mark.usefixtures("_scanner")
@pytest.mark.parametrize("one_hash", [False, True])
def test_first_places_are_those_of_a_plain_search(
    one_hash: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    r = np.random.default_rng(3)
    texts = ["", "a", "ab", "b", "é"]
    rows, among = (
        pl.DataFrame({c: r.choice(texts, n) for c in ("x", "y", "z")}) for n in (200, 60)
    )
    if one_hash:
        flat = pl.DataFrame.hash_rows
        monkeypatch.setattr(
            pl.DataFrame, "hash_rows", lambda f: flat(f.select(pl.repeat(1, pl.len())))
        )
    listed = among.rows()
    expected = [listed.index(row) if row in listed else -1 for row in rows.rows()]
    assert first_places(rows, among).tolist() == expected
    assert set(expected) > {-1}
    assert first_places(rows, among[:0]).tolist() == [-1] * 200
    assert first_places(rows[:0], among).tolist() == []


@pytest.mark.parametrize("alike", [False, True])
def test_texts_that_come_in_pieces_have_one_place_each(
    monkeypatch: pytest.MonkeyPatch, *, alike: bool
) -> None:
    monkeypatch.setattr("netpos.ingest.distinct._TEXTS_HELD", 3)
    if alike:  # all of one hash
        monkeypatch.setattr(
            "netpos.ingest.distinct._hashes", lambda texts: np.zeros(texts.len(), dtype=np.int64)
        )
    pieces = [["b", None, "a"], [], ["c", "b"], ["é", "a", "Z"]]
    texts = Texts()
    for piece in pieces:
        texts.add(pl.Series(piece, dtype=pl.String))
    texts.finish()
    assert texts.values.to_list() == ["Z", "a", "b", "c", "é"]
    assert texts.find(pl.Series(["é", None, "q", "Z", "b"])).tolist() == [4, -1, -1, 0, 2]
    assert Texts().values.to_list() == []
