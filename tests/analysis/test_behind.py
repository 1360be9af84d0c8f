"""Families and organisations behind a number."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from netpos import analysis
from netpos.analysis import results
from netpos.ingest.corpus import read
from netpos.options import make
from tests.lens import record, write

#: NL builds on one family of its own firm abroad and on one of another firm.
WITHIN_A_FIRM = [
    record(1, applicants=[("ALPHA BV", "NL")], cites=[2, 3]),
    record(2, applicants=[("ALPHA BV", "DE")]),
    record(3, applicants=[("OMEGA GMBH", "DE")]),
    record(4, applicants=[("ALPHA BV", "NL")], cites=[2]),
]


@pytest.mark.parametrize(
    ("choice", "share_of_omega", "named"),
    [("keep", 1 / 3, ["ALPHA", "OMEGA"]), ("drop", 1.0, ["OMEGA"])],
)
def test_links_that_are_dropped_stand_behind_no_number(
    tmp_path: Path, choice: str, share_of_omega: float, named: list[str]
) -> None:
    corpus = read(write(tmp_path / "e.jsonl", WITHIN_A_FIRM))
    tests = Path(__file__).parent.parent
    options = make({"self_citations": choice, "technologies": str(tests / "quantum.toml")})
    tables = results.tables(analysis.prepare(corpus, options))
    whole = (pl.col("technology") == "quantum") & (pl.col("period") == "all")
    source = tables["exposure"].filter(whole & (pl.col("source") == "DE")).row(0, named=True)
    tops = dict(part.rsplit(" (", 1) for part in source["top_organisations"].split("; "))
    assert sorted(tops) == named
    assert tops["OMEGA"] == f"{round(100 * share_of_omega, 1)} %)"
    builders = tables["source_links"].filter(whole & (pl.col("citing") == "NL"))
    assert builders["citations"].sum() == (3 if choice == "keep" else 1)
