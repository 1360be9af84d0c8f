"""The ways of counting that are compared."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from netpos import analysis
from netpos.analysis import ways
from netpos.analysis.ways import (
    Specification,
    Variants,
    entries_before,
    entries_of,
    extended_families,
    specifications,
    without_largest_class,
)
from netpos.graph.links import Spread
from netpos.ingest.corpus import read
from netpos.options import Options, make
from tests.lens import record, toy_records, write


def test_alternatives_depart_from_the_options_of_the_run() -> None:
    options = make({"counting": "full", "by": "inventor", "window": 3, "phase": "examiner"})
    found = specifications(options)
    assert found[0] == Specification("full", "inventor", "simple", "closed", 3, "examiner")
    alone = found[1:12]
    assert {s.counting for s in alone} == {"full", "fractional", "country-unique"}
    assert {s.window for s in alone} == {3, None}
    assert len(found) == len(set(found)) == 66


def test_a_run_without_a_window_is_compared_with_one_of_five_years() -> None:
    assert {s.window for s in specifications(Options())} == {None, 5}
    assert {s.window for s in specifications(make({"window": 5}))} == {5, None}


def test_the_earliest_located_family_stands_for_its_extended_one(tmp_path: Path) -> None:
    """The first of four has no country, the second no priority, the third is the later one."""
    filed = [
        {"applicants": [("A LTD", None)], "priority": ("XX", "2009-01-01")},
        {"priority": None},
        {"priority": ("NL", "2012-01-01")},
        {"priority": ("NL", "2011-01-01")},
    ]
    records = [record(n, family=n, **about) for n, about in enumerate(filed, start=1)]
    for one in records:
        one["families"]["extended_family"] = {"family_id": 70, "members": [], "size": 4}
    study = analysis.prepare(read(write(tmp_path / "e.jsonl", records)), Options())
    assert study.shares.located[:4].tolist() == [False, True, True, True]
    assert extended_families(study)[:4].tolist() == [3, 3, 3, 3]


@pytest.mark.parametrize(
    "changed", [{"window": 5}, {"phase": "examiner"}, {"citing_office": "EP"}, {"window": 3}]
)
@pytest.mark.parametrize("own", [{}, {"phase": "applicant", "window": 5}])
def test_pairs_that_pass_filters_are_those_of_a_run_with_them(
    tmp_path: Path, changed: dict[str, object], own: dict[str, object]
) -> None:
    corpus = read(write(tmp_path / "e.jsonl", toy_records()))
    study = analysis.prepare(corpus, make(own))
    variants = Variants(study)
    spec = specifications(study.options)[0]._replace(**changed)
    found = variants.wide.kept(variants.counted(spec))
    names = ("window", "phase", "citing_office")
    asked = analysis.prepare(corpus, make({k: getattr(spec, k) for k in names})).pairs
    assert found.citing.tolist() == asked.citing.tolist()
    assert found.cited.tolist() == asked.cited.tolist()


def test_of_classes_of_one_size_the_first_by_code_point_is_left_out(tmp_path: Path) -> None:
    listed = tmp_path / "t.toml"
    listed.write_text(
        '[[technology]]\nid = "x"\nipc = ["G06N3/", "G06N10/", "G06N20/"]\n', encoding="utf-8"
    )
    groups = (3, 3, 10, 10, 20)
    records = [record(n, symbols=[f"G06N{group}/00"]) for n, group in enumerate(groups, start=1)]
    corpus = read(write(tmp_path / "e.jsonl", records))
    (left,) = without_largest_class(analysis.prepare(corpus, make({"technologies": str(listed)})))
    assert left.ipc == ("G06N3/", "G06N20/")


@pytest.mark.parametrize("chunk", [1, 2, 100])
def test_entries_are_counted_alike_in_pieces_of_any_size(
    monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(ways, "_CHUNK", chunk)
    none = np.empty(0, dtype=np.int32)
    pair = np.array([0, 0, 2, 4, 4, 4], dtype=np.int32)
    spread = Spread(pair, none, np.empty(0), (none, none), [])
    assert entries_before(spread, 6).tolist() == [0, 2, 2, 3, 3, 6, 6]


def test_pairs_without_entries_stand_for_none() -> None:
    before = np.array([0, 2, 2, 3])
    assert entries_of(before, np.array([0, 1])).tolist() == [0, 1]
    assert entries_of(before, np.array([1, 2])).tolist() == [2]
    assert entries_of(before, np.array([1])).tolist() == []
