"""Units and the pairs between them, against sets and sorting."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from netpos import analysis
from netpos.analysis import units as units_module
from netpos.analysis.units import Unit, distinct_pairs, extended_families, numbers_of
from netpos.graph.links import Citations
from netpos.ingest.corpus import read
from netpos.options import Options
from tests.lens import toy_records, write


def some_pairs(seed: int, rows: int = 40, n: int = 300) -> Citations:
    """Distinct pairs of different rows, in order."""
    draw = np.random.default_rng(seed)
    both = {tuple(map(int, pair)) for pair in draw.integers(0, rows, (n, 2))}
    ends = np.array(sorted(p for p in both if p[0] != p[1]), dtype=np.int32)
    citing, cited = (np.ascontiguousarray(ends[:, k]) for k in (0, 1))
    return Citations(citing, cited, np.zeros(citing.size, dtype=bool), rows)


def test_a_family_without_an_extended_one_stands_for_itself(tmp_path: Path) -> None:
    corpus = read(write(tmp_path / "toy.jsonl", toy_records()))
    study = analysis.prepare(corpus, Options())
    assert (extended_families(study) == np.arange(study.rows)).all()


def test_a_pair_of_units_is_chosen_where_any_pair_of_its_families_is() -> None:
    """Four pairs of families make pair 0 of units twice and pair 1 once; one lies within a unit."""
    of_pair, rows = np.array([0, -1, 1, 0]), np.arange(3)
    ends = np.array([0, 1], dtype=np.int32)
    pairs = Citations(ends, ends[::-1].copy(), np.zeros(2, dtype=bool), 3)
    unit = Unit(rows, pairs, of_pair, np.full(3, 2018.0))
    for families, units in (
        ([True, False, False, False], [True, False]),
        ([False, True, False, False], [False, False]),
        ([False, False, True, False], [False, True]),
        ([False, True, True, True], [True, True]),
    ):
        assert unit.selected(np.array(families)).tolist() == units


@pytest.mark.parametrize("at_once", [1, 3, 1000])
@pytest.mark.parametrize("seed", range(6))
def test_distinct_pairs_are_those_that_sorting_all_of_them_finds(
    seed: int, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows move to an earlier or later one; many pairs become equal, some lie within a unit."""
    monkeypatch.setattr(units_module, "_AT_ONCE", at_once)
    draw, pairs = np.random.default_rng(seed), some_pairs(seed)
    of_row = np.arange(40, dtype=np.int32)
    moved = draw.choice(40, 15, replace=False)
    of_row[moved] = draw.integers(0, 40, 15)
    (citing, cited), of_pair = distinct_pairs(pairs, of_row)
    every = [
        (int(of_row[i]), int(of_row[j])) for i, j in zip(pairs.citing, pairs.cited, strict=True)
    ]
    wanted = sorted({pair for pair in every if pair[0] != pair[1]})
    assert list(zip(citing.tolist(), cited.tolist(), strict=True)) == wanted
    assert len(wanted) < len(every)
    for number, pair in zip(of_pair.tolist(), every, strict=True):
        assert (number == -1) if pair[0] == pair[1] else (wanted[number] == pair)


@pytest.mark.parametrize("compiled", ["1", "0"])
@pytest.mark.parametrize("firsts", [True, False])
def test_numbers_of_pairs_are_those_whose_ends_are_marked(
    compiled: str, firsts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETPOS_SUMS", compiled)
    draw, pairs = np.random.default_rng(3), some_pairs(3)
    first, second = (draw.random(40) < 0.5 for _ in range(2))
    one, both = numbers_of(pairs, first, second, firsts=firsts)
    ends = list(enumerate(zip(pairs.citing.tolist(), pairs.cited.tolist(), strict=True)))
    assert both.tolist() == [k for k, (i, j) in ends if first[i] and second[j]]
    if firsts:
        assert one.tolist() == [k for k, (i, _) in ends if first[i]]
    assert 0 < both.size < len(ends)
