"""References lifted to families."""

from __future__ import annotations

from pathlib import Path

from netpos import analysis
from netpos.ingest.corpus import read
from tests.analysis.test_study import QUANTUM
from tests.lens import record, write


def test_a_link_counts_once_whatever_number_of_members_and_phases_carry_it(tmp_path: Path) -> None:
    twice = [
        {"patcit": {"lens_id": record(9)["lens_id"]}, "cited_phase": "SEA", "category": ["X"]},
        {"patcit": {"lens_id": record(9)["lens_id"]}, "cited_phase": "APP"},
    ]
    records = [
        record(1, family=7, members=[2], cites=twice),
        record(2, family=7, members=[1], office="US", cites=[9, 1]),
        record(9, applicants=[("Z INC", "US")], cited_by=[1, 2]),
    ]
    corpus = read(write(tmp_path / "m.jsonl", records))
    row = corpus.citations.row(0, named=True)
    assert corpus.citations.height == 1
    assert row["mentions"] == 3
    assert row["source"] == "both"
    assert row["phases"] == ["SEA", "APP"]
    assert row["categories"] == ["X"]
    links = analysis.country_links(corpus, **QUANTUM)
    assert links.table.rows() == [("NL", "US", 1.0, 1)]


def test_links_inside_a_family_are_dropped_and_counted(tmp_path: Path) -> None:
    records = [record(1, members=[2], cites=[2]), record(2, members=[1], cited_by=[1])]
    corpus = read(write(tmp_path / "i.jsonl", records))
    assert corpus.citations.height == 0
    assert corpus.counts["mentions_inside_family"] == 2


def test_a_citation_to_an_unexported_member_reaches_its_family(tmp_path: Path) -> None:
    records = [record(1, cites=[5]), record(4, members=[5], applicants=[("Z INC", "US")])]
    corpus = read(write(tmp_path / "u.jsonl", records))
    assert analysis.country_links(corpus, **QUANTUM).table.rows() == [("NL", "US", 1.0, 1)]
