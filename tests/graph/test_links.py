"""Pairs read and spread in pieces give what the formulas say pair by pair."""

from __future__ import annotations

import pickle
from collections import defaultdict
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from netpos.graph import links
from netpos.graph.links import Citations, Shares, Spread, citations, gathered, select

FAMILIES, ROWS = 40, 60


@pytest.fixture
def table() -> pl.DataFrame:
    """Citations between families, and from and to documents outside the corpus."""
    rng = np.random.default_rng(7)
    found = []
    for citing, cited in {tuple(p) for p in rng.integers(0, ROWS, (900, 2)).tolist()}:
        if citing == cited or (citing >= FAMILIES and cited >= FAMILIES):
            continue
        ends = [k if k < FAMILIES else None for k in (citing, cited)]
        outside = max(citing, cited) - FAMILIES if None in ends else None
        found.append((*ends, outside, int(rng.integers(0, 512)), int(rng.integers(0, 8)), 1))
    names = ("citing_family", "cited_family", "outside", "passes", "office_mask", "mentions")
    types = (pl.Int32, pl.Int32, pl.Int32, pl.UInt16, pl.Int64, pl.Int32)
    return pl.DataFrame(found, dict(zip(names, types, strict=True)), orient="row")


@pytest.fixture
def shares() -> Shares:
    """None to three holders of each row; some documents outside have one by a look-up."""
    rng = np.random.default_rng(8)
    rows = [
        (family, name, float(rng.random()) + 0.1)
        for family in range(ROWS)
        for name in rng.permutation(list("ABCDE"))[: rng.integers(0, 4)].tolist()
    ]
    held = pl.DataFrame(rows, ["family", "node", "share"], orient="row")
    return Shares.of(held, "node", ROWS)


def numbered(table: pl.DataFrame, bit: int, offices: int | None = None) -> list[tuple[int, int]]:
    """The pairs that pass, one after the other."""
    found = []
    for citing, cited, outside, passes, mask, _ in table.iter_rows():
        if passes & bit and (offices is None or mask & offices):
            there = FAMILIES + (0 if outside is None else outside)
            found.append((there if citing is None else citing, there if cited is None else cited))
    return found


@pytest.mark.parametrize("chunk", [1, 7, 1_000_000])
def test_pairs_spread_in_pieces_are_those_spread_one_by_one(
    table: pl.DataFrame, shares: Shares, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "_CHUNK", chunk)
    monkeypatch.setattr(links, "_AT_ONCE", chunk)
    pairs = citations(table, FAMILIES)
    spread = Spread.of(pairs, shares)
    held = shares.matrix.toarray()
    expected = [
        (k, i, j, held[citing, i] * held[cited, j])
        for k, (citing, cited) in enumerate(zip(pairs.citing, pairs.cited, strict=True))
        for i in range(len(shares.names))
        for j in range(len(shares.names))
        if held[citing, i] and held[cited, j]
    ]
    i, j = spread.ends
    found = zip(spread.pair, i[spread.cell], j[spread.cell], spread.weight, strict=True)
    assert sorted(found) == expected
    assert list(spread.pair) == sorted(spread.pair)
    assert sorted(set(zip(i, j, strict=True))) == list(zip(i, j, strict=True))

    member = np.arange(ROWS) % 2 == 0
    chosen = select(pairs, member, np.full(ROWS, 2020.0), None, scope="closed")
    sums: dict[tuple[str, str], float] = defaultdict(float)
    for k, one, other, weight in expected:
        if member[pairs.citing[k]] and member[pairs.cited[k]]:
            sums[shares.names[one], shares.names[other]] += weight
    total = spread.total(chosen)
    assert {(a, b): w for a, b, w, _ in total.iter_rows()} == pytest.approx(sums, rel=1e-12)


@pytest.mark.parametrize("span", [None, (2018, 2020)])
def test_pairs_known_by_the_citing_end_are_looked_at_for_the_cited_end_alone(
    table: pl.DataFrame, span: tuple[int, int] | None
) -> None:
    pairs = citations(table, FAMILIES)
    some = np.random.default_rng(7)
    member, years = some.random(ROWS) < 0.6, some.integers(2015, 2023, ROWS).astype(np.float64)
    citing = select(pairs, member, years, span, scope="citing")
    closed = select(pairs, member, years, span, scope="closed")
    within = [
        bool(member[i] and member[j] and (span is None or span[0] <= years[i] <= span[1]))
        for i, j in zip(pairs.citing, pairs.cited, strict=True)
    ]
    assert closed.tolist() == within
    assert 0 < closed.sum() < citing.sum() < len(within)
    assert select(pairs, member, years, span, known=citing).tolist() == within


def test_another_process_gets_the_marks_of_pairs_within_organisations() -> None:
    table = pl.DataFrame(
        {"citing_family": [0, 1, 2], "cited_family": [1, 2, 0], "outside": [None] * 3},
        schema_overrides={"outside": pl.Int32},
    ).with_columns(passes=pl.lit(0xFFFF, pl.UInt16))
    held = pl.DataFrame({"family": [0, 1, 2], "organisation": ["A", "A", "B"], "share": [1.0] * 3})
    pairs = citations(table, 3, organisations=lambda: Shares.of(held, "organisation", 3))
    sent = pickle.loads(pickle.dumps(pairs.kept(np.array([True, True, False]))))
    assert sent.self_citation.tolist() == [True, False]
    assert sent.citing.tolist() == [0, 1]
    assert sent.families == 3


def test_a_table_on_disk_gives_the_pairs_of_the_table_in_memory_in_its_order(
    table: pl.DataFrame, tmp_path: Path
) -> None:
    table.write_parquet(tmp_path / "citations.parquet", row_group_size=50)
    scanned = pl.scan_parquet(tmp_path / "citations.parquet")
    for phase, bit, offices in (("all", 1, None), ("examiner", 8, None), ("all", 1, 0b101)):
        expected = numbered(table, bit, offices)
        assert expected
        for source in (table, scanned):
            pairs = citations(source, FAMILIES, phase=phase, office_bits=offices)
            assert list(zip(pairs.citing, pairs.cited, strict=True)) == expected


def test_of_a_node_that_is_not_there_every_row_holds_nothing() -> None:
    held = pl.DataFrame({"family": [0, 1, 2], "node": ["A", "B", "A"], "share": [1.0, 1.0, 0.5]})
    shares = Shares.of(held, "node", 4)
    assert shares.held_by("A").tolist() == [1.0, 0.0, 0.5, 0.0]
    assert shares.held_by("X").tolist() == [0.0] * 4


@pytest.mark.parametrize(("citing", "cited", "wide"), [(100, 100, False), (73, 137, True)])
def test_more_than_ten_thousand_pairs_of_organisations_are_too_many(
    citing: int, cited: int, wide: bool
) -> None:
    """73 times 137 is 10,001."""
    family = [0] * citing + [1] * cited
    held = pl.DataFrame(
        {"family": family, "node": [f"O{k}" for k in range(len(family))], "share": 1.0}
    )
    one = np.array([0], dtype=np.int32)
    pairs = Citations(one, one + 1, np.zeros(1, dtype=bool), 2)
    assert links.too_wide(pairs, Shares.of(held, "node", 2)).tolist() == [wide]


def test_organisations_so_many_that_their_pairs_pass_32_bits_keep_their_cells() -> None:
    nodes = 50_000  # 2.5e9 pairs of nodes
    names = [f"O{k:05}" for k in range(nodes)]
    held = pl.DataFrame({"family": range(nodes), "node": names, "share": [1.0] * nodes})
    shares = Shares.of(held, "node", nodes)
    citing = np.array([0, nodes - 1, nodes - 1], dtype=np.int32)
    cited = np.array([nodes - 1, nodes - 2, 0], dtype=np.int32)
    pairs = Citations(citing, cited, np.zeros(3, dtype=bool), nodes)
    table = Spread.of(pairs, shares).total(np.ones(3, dtype=bool))
    assert table.select("citing", "cited").rows() == [
        ("O00000", "O49999"),
        ("O49999", "O00000"),
        ("O49999", "O49998"),
    ]


@pytest.mark.parametrize("of", ["1", "0"], ids=["compiled", "numpy"])
def test_cells_far_apart_are_numbered_as_numpy_does(
    of: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETPOS_SUMS", of)
    monkeypatch.setattr(links, "_CHUNK", 7)
    some = np.random.default_rng(2).integers(0, 2**40, 30)
    codes = np.random.default_rng(3).choice(np.append(some, [0, 2**40 - 1]), 200)
    found, number = links._numbered(codes, 2**40)
    want, numbers = np.unique(codes, return_inverse=True)
    assert found.tolist() == want.tolist()
    assert number.tolist() == numbers.tolist()
    assert [a.size for a in links._numbered(codes[:0], 2**40)] == [0, 0]


@pytest.mark.parametrize("of", ["1", "0"], ids=["compiled", "numpy"])
@pytest.mark.parametrize("kind", [np.int32, np.int64])
def test_cells_close_together_are_numbered_as_numpy_does_in_place(
    of: str, kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETPOS_SUMS", of)
    monkeypatch.setattr(links, "_CHUNK", 7)
    codes = np.random.default_rng(3).choice([0, 3, 4, 9, 40, 59], 200).astype(kind)
    want, numbers = np.unique(codes, return_inverse=True)
    found, number = links._numbered(codes, 60)
    assert found.tolist() == want.tolist()
    assert number.tolist() == numbers.tolist()
    assert np.shares_memory(number, codes) == (kind is np.int32)
    assert [a.size for a in links._numbered(codes[:0], 60)] == [0, 0]


def test_rows_gathered_in_pieces_are_the_rows_gathered_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(links, "_AT_ONCE", 3)
    values = np.arange(10) % 3 == 0
    at = np.array([9, 0, 4, 4, 8, 3, 1], dtype=np.int32)
    assert gathered(values, at).tolist() == [values[k] for k in at.tolist()]
    assert gathered(values, at[:0]).tolist() == []
