"""Which countries families and documents belong to."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from netpos import analysis
from netpos.ingest.corpus import read
from netpos.options import Options, make
from tests.lens import record, write

QUANTUM = {"technology": "quantum", "years": (2015, 2025)}


def test_each_step_of_the_country_rule_decides_and_is_counted(tmp_path: Path) -> None:
    records = [
        record(1, applicants=[("ALPHA BV", "NL")], inventors=[("X", "FR")]),
        record(2, applicants=[("BETA GMBH", None)], inventors=[("Y", "FR"), ("Z", "DE")]),
        record(3, applicants=[("ALPHA B.V.", None)]),
        record(4, applicants=[("GAMMA LTD", None)], priority=("JP", "2016-01-01")),
        record(5, applicants=[("DELTA LTD", None)], priority=("EP", "2016-01-01")),
        record(6, applicants=[("EPSILON LTD", "EP")], priority=None),
    ]
    corpus = read(write(tmp_path / "r.jsonl", records))
    study = analysis.prepare(corpus, Options())
    key = dict(corpus.documents.select("family", "doc_number").iter_rows())
    found = {
        (key[f], c): (pytest.approx(s, abs=1e-12) if s is not None else None, rule)
        for f, c, s, rule in study.located.iter_rows()
    }
    assert found == {
        ("1", "NL"): (1.0, "applicant"),
        ("2", "DE"): (0.5, "inventor"),
        ("2", "FR"): (0.5, "inventor"),
        ("3", "NL"): (1.0, "imputed"),
        ("4", "JP"): (1.0, "priority"),
        ("5", None): (None, "unknown"),
        ("6", None): (None, "unknown"),
    }
    cover = analysis.coverage_table(study).filter(
        (pl.col("technology") == "quantum") & (pl.col("period") == "all")
    )
    assert dict(cover.select("rule", "families").iter_rows()) == {
        "applicant": 1,
        "inventor": 1,
        "imputed": 1,
        "lookup": 0,
        "priority": 1,
        "office": 0,
        "unknown": 2,
        "all": 6,
    }


def test_by_inventor_swaps_the_first_two_steps(tmp_path: Path) -> None:
    records = [record(1, applicants=[("A BV", "NL")], inventors=[("X", "FR")])]
    corpus = read(write(tmp_path / "r.jsonl", records))
    study = analysis.prepare(corpus, make({"by": "inventor"}))
    assert study.located.rows() == [(0, "FR", 1.0, "inventor")]


def test_aliases_join_organisations_and_share_is_counted_again(tmp_path: Path) -> None:
    records = [
        record(1, applicants=[("ALPHA BV", "NL"), ("OMEGA BV", "NL"), ("ZETA BV", "NL")]),
        record(2, applicants=[("Omega B.V.", "NL")]),
    ]
    corpus = read(write(tmp_path / "a.jsonl", records))
    (tmp_path / "aliases.csv").write_text("alias,name\nOmega,Alpha\n", encoding="utf-8")
    options = make({"aliases": str(tmp_path / "aliases.csv")})
    links = analysis.organisation_links(corpus, **QUANTUM, options=options)
    found = dict(links.nodes.select("node", "families").iter_rows())
    assert found == pytest.approx({"ALPHA": 1.5, "ZETA": 0.5}, abs=1e-12)


def test_hong_kong_is_separate_unless_merged(tmp_path: Path) -> None:
    corpus = read(write(tmp_path / "h.jsonl", [record(1, applicants=[("A LTD", "HK")])]))
    assert analysis.prepare(corpus, Options()).located["country"].to_list() == ["HK"]
    merged = analysis.prepare(corpus, make({"merge_cn": True}))
    assert merged.located["country"].to_list() == ["CN"]


def test_residences_locate_documents_outside_only_in_open_scopes(tmp_path: Path) -> None:
    path = write(tmp_path / "r.jsonl", [record(1, cites=[9])])
    (tmp_path / "r.csv").write_text(f"lens_id,country\n{record(9)['lens_id']},NA\n")
    corpus = read(path)
    given = {"residences": str(tmp_path / "r.csv")}
    assert analysis.country_links(corpus, **QUANTUM, options=make(given)).table.height == 0
    options = make({**given, "scope": "citing"})
    links = analysis.country_links(corpus, **QUANTUM, options=options)
    assert links.table.rows() == [("NL", "NA", 1.0, 1)]
    study = analysis.prepare(corpus, make(given))
    assert any("--scope citing" in w for w in study.warnings)


@pytest.mark.parametrize("counting", ["fractional", "country-unique", "full"])
def test_a_document_outside_with_two_looked_up_countries_is_divided_as_one_of_the_corpus(
    tmp_path: Path, counting: str
) -> None:
    """Documents 2 in the corpus and 9 outside both belong to DE and to US."""
    owners = [("A GMBH", "DE"), ("C INC", "US")]
    path = write(tmp_path / "r.jsonl", [record(1, cites=[2, 9]), record(2, applicants=owners)])
    rows = "".join(f"{record(9)['lens_id']},{home}\n" for _, home in owners)
    (tmp_path / "r.csv").write_text(f"lens_id,country\n{rows}", encoding="utf-8")
    given = {"residences": str(tmp_path / "r.csv"), "scope": "citing", "counting": counting}
    links = analysis.country_links(read(path), **QUANTUM, options=make(given))
    each = {"fractional": 1 / 2, "country-unique": 1 / 2, "full": 1.0}[counting]
    assert links.table["weight"].to_list() == pytest.approx([2 * each, 2 * each], abs=1e-12)


def test_the_office_proxy_is_the_last_step_and_is_labelled(tmp_path: Path) -> None:
    records = [record(1, office="JP", applicants=[("A KK", None)], priority=None, cites=[9])]
    corpus = read(write(tmp_path / "o.jsonl", records))
    assert analysis.prepare(corpus, Options()).located["rule"].to_list() == ["unknown"]
    study = analysis.prepare(corpus, make({"office_proxy": True}))
    assert study.located.rows() == [(0, "JP", 1.0, "office")]
    assert any("Office proxy" in w for w in study.warnings)


def test_the_office_stands_in_only_for_documents_that_the_table_of_residences_does_not_know(
    tmp_path: Path,
) -> None:
    """Documents 9 (EP), 7 (JP) and 6 (US) lie outside; the table knows 6 alone."""
    at_jp = {"sequence": 3, "patcit": {"document_id": {"jurisdiction": "JP", "doc_number": "7"}}}
    at_us = {"sequence": 4, "patcit": {"document_id": {"jurisdiction": "US", "doc_number": "6"}}}
    for cited, number in ((at_jp, 7), (at_us, 6)):
        cited["patcit"]["lens_id"] = record(number)["lens_id"]  # type: ignore[index] # made above
    path = write(tmp_path / "r.jsonl", [record(1, cites=[9, at_jp, at_us])])
    (tmp_path / "r.csv").write_text(f"lens_id,country\n{record(6)['lens_id']},DE\n")
    given = {"residences": str(tmp_path / "r.csv"), "scope": "citing", "office_proxy": True}
    links = analysis.country_links(read(path), **QUANTUM, options=make(given))
    # document 6 of the US office is the one looked up; the EP is no country
    assert links.table.rows() == [("NL", "DE", 1.0, 1), ("NL", "JP", 1.0, 1)]
