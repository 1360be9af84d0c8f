"""The ways of counting that are compared."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np

from netpos import analysis
from netpos.analysis.ways import Specification, Variants, extended_families, specifications
from netpos.graph.links import Citations
from netpos.ingest.corpus import read
from netpos.options import Options, make
from tests.lens import toy_records, write


def test_alternatives_depart_from_the_options_of_the_run() -> None:
    options = make({"counting": "full", "by": "inventor", "window": 3, "phase": "examiner"})
    found = specifications(options)
    assert found[0] == Specification("full", "inventor", "simple", "closed", 3, "examiner")
    alone = found[1:12]
    assert {s.counting for s in alone} == {"full", "fractional", "country-unique"}
    assert {s.window for s in alone} == {3, None}
    assert len(found) == len(set(found)) == 66


def test_a_family_without_an_extended_one_stands_for_itself(tmp_path: Path) -> None:
    corpus = read(write(tmp_path / "toy.jsonl", toy_records()))
    study = analysis.prepare(corpus, Options())
    assert (extended_families(study) == np.arange(study.rows)).all()


def test_pairs_of_millions_of_rows_are_told_apart() -> None:
    rows = 4_230_410  # as many as a million records have; rows times rows passes 32 bits
    ends = np.array([0, 1, 1016, rows - 1], dtype=np.int32)
    pairs = Citations(ends, ends[::-1].copy(), np.zeros(4, dtype=bool), rows)
    shared = SimpleNamespace(study=SimpleNamespace(rows=rows))
    found = Variants._codes(shared, pairs)  # type: ignore[arg-type] # it asks for the rows alone
    assert found.tolist() == [int(a) * rows + int(b) for a, b in zip(ends, ends[::-1], strict=True)]
