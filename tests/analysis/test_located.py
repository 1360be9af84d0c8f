"""Which countries families and documents belong to."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from netpos import analysis
from netpos.analysis import chosen, results
from netpos.ingest.corpus import read
from netpos.options import Options, make
from tests.lens import record, write

QUANTUM = {"technology": "quantum", "years": (2015, 2025)}


@pytest.mark.parametrize("at_once", [1, 2, 1 << 20])
def test_each_step_of_the_country_rule_decides_and_is_counted(
    at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where parties are read some at a time: what a name has elsewhere is of all families."""
    monkeypatch.setattr(chosen, "_AT_ONCE", at_once)
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
        cited["patcit"]["lens_id"] = record(number)["lens_id"]
    path = write(tmp_path / "r.jsonl", [record(1, cites=[9, at_jp, at_us])])
    (tmp_path / "r.csv").write_text(f"lens_id,country\n{record(6)['lens_id']},DE\n")
    given = {"residences": str(tmp_path / "r.csv"), "scope": "citing", "office_proxy": True}
    links = analysis.country_links(read(path), **QUANTUM, options=make(given))
    # document 6 of the US office is the one looked up; the EP is no country
    assert links.table.rows() == [("NL", "DE", 1.0, 1), ("NL", "JP", 1.0, 1)]


#: Who holds each family, and what it cites: GB left the Union, CH never was in it.
UNION_WORLD = [
    record(1, applicants=[("ALPHA BV", "NL")], cites=[2, 3, 4]),
    record(2, applicants=[("BETA GMBH", "DE"), ("GAMMA AG", "CH")], cites=[3, 5]),
    record(3, applicants=[("DELTA INC", "US")], cites=[1, 2]),
    record(4, applicants=[("ALPHA BV", "NL"), ("BETA GMBH", "DE")], cites=[5, 1]),
    record(5, applicants=[("EPSILON LTD", "GB")], cites=[1, 4]),
    record(6, applicants=[("ZETA SA", "FR"), ("DELTA INC", "US")], cites=[3]),
]
MEMBERS = ("DE", "FR", "NL")


def test_what_members_hold_and_exchange_adds_up_to_the_bloc(tmp_path: Path) -> None:
    corpus = read(write(tmp_path / "r.jsonl", UNION_WORLD))
    one, many = (analysis.prepare(corpus, make({"focal": f, "draws": 0})) for f in ("EU27", "NL"))
    bloc, states = (study.links("quantum", (2015, 2025)) for study in (one, many))
    assert bloc.countries == ["CH", "EU27", "GB", "US"]
    sizes = dict(bloc.nodes.select("node", "families").iter_rows())
    # 1 + 1/2 + 0 + 1 + 0 + 1/2: by hand
    assert sizes == pytest.approx({"EU27": 3.0, "CH": 0.5, "GB": 1.0, "US": 1.5})
    lifted = states.table.with_columns(
        pl.col("citing", "cited").replace(dict.fromkeys(MEMBERS, "EU27"))
    )
    summed = lifted.group_by("citing", "cited").agg(pl.col("weight").sum()).sort("citing", "cited")
    assert bloc.table.select("citing", "cited").rows() == summed.select("citing", "cited").rows()
    assert bloc.table["weight"].to_list() == pytest.approx(summed["weight"].to_list(), abs=1e-12)
    found = {(a, b): w for a, b, w in bloc.table.select("citing", "cited", "weight").iter_rows()}
    # by hand: 1 -> 2 gives 1/2, 1 -> 4 gives 1, 4 -> 1 gives 1, all within the Union
    assert found["EU27", "EU27"] == pytest.approx(2.5)
    # 3 -> 1 and half of 3 -> 2; 1 -> 3, half of 2 -> 3, half of 6 -> 3
    assert found["US", "EU27"] == pytest.approx(1.5)
    assert found["EU27", "US"] == pytest.approx(2.0)


def test_holders_of_the_bloc_are_at_home_in_any_member(tmp_path: Path) -> None:
    corpus = read(write(tmp_path / "r.jsonl", UNION_WORLD))
    study = analysis.prepare(corpus, make({"focal": "EU27", "draws": 0, "data_date": "2024-06-30"}))
    home = dict(study.home.iter_rows())
    assert {home[name] for name in ("ALPHA", "BETA", "ZETA")} == {"EU27"}
    assert home["EPSILON"] == "GB"
    found = results.tables(study)
    held = found["holders"].filter(technology="quantum", period="all")
    assert dict(held.select("organisation", "families").iter_rows()) == pytest.approx(
        {"ALPHA": 1.5, "BETA": 1.0, "ZETA": 0.5}
    )
    assert not held["foreign"].any()
    row = found["countries"].filter(technology="quantum", period="all", country="EU27")
    assert row["name"].item() == "European Union (27)"
    assert row["domestic"].item() == pytest.approx(2.5)
    assert row["share_eu"].item() == 0  # of what it cites abroad nothing lies inside it
    assert row["share_oecd_nato"].item() == 1  # US, GB, CH
    # withheld of all: what they cite goes to the bloc too, whose members differ
    for column in ("similarity", "similarity_class"):
        assert found["countries"][column].count() == 0


def test_a_member_cannot_be_explained_beside_the_bloc(tmp_path: Path) -> None:
    corpus = read(write(tmp_path / "r.jsonl", UNION_WORLD))
    study = analysis.prepare(corpus, make({"focal": "EU27"}))
    assert any("EU27 counts as one country" in text for text in study.warnings)
    assert "NL" not in study.shares.names


def test_families_of_the_bloc_are_divided_by_the_other_rules_too(tmp_path: Path) -> None:
    corpus = read(write(tmp_path / "r.jsonl", UNION_WORLD))
    for counting, size in (("country-unique", 3.0), ("full", 4.0)):
        study = analysis.prepare(corpus, make({"focal": "EU27", "counting": counting}))
        links = study.links("quantum", (2015, 2025))
        sizes = dict(links.nodes.select("node", "families").iter_rows())
        # 4 is of two members: one country; 2 and 6 are shared with another, half or whole
        assert sizes["EU27"] == pytest.approx(size)
