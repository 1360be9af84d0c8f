"""Context documents, utility models, design rights, and a corpus around one country."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from netpos import analysis
from netpos.analysis import results
from netpos.analysis.selection import REFUSED_FOCAL
from netpos.ingest.corpus import ingest, read
from netpos.options import make
from tests.lens import record, write

QUANTUM = {"technology": "quantum", "years": (2015, 2025)}
#: That technology alone: ten more change no number of it.
ALONE = {"technologies": str(Path(__file__).parent.parent / "quantum.toml")}


def test_context_locates_link_ends_and_enters_no_size(tmp_path: Path) -> None:
    seeds = write(tmp_path / "s.jsonl", [record(1, cites=[2])])
    around = write(tmp_path / "c.jsonl", [record(2, applicants=[("Z INC", "US")])])
    ingest([seeds], tmp_path / "c")
    corpus = ingest([around], tmp_path / "c", role="context")
    closed = analysis.country_links(corpus, **QUANTUM)
    assert closed.table.height == 0
    assert dict(closed.nodes.select("node", "families").iter_rows()) == {"NL": 1.0}
    citing = analysis.country_links(corpus, **QUANTUM, options=make({"scope": "citing"}))
    assert citing.table.rows() == [("NL", "US", 1.0, 1)]


def test_a_document_in_both_roles_is_a_seed(tmp_path: Path) -> None:
    path = write(tmp_path / "c.jsonl", [record(1)])
    ingest([path], tmp_path / "c", role="context")
    corpus = ingest([path], tmp_path / "c", role="seed")
    assert corpus.families["role"].to_list() == ["seed"]


def test_design_focal_gives_the_focal_country_and_refuses_world_measures(tmp_path: Path) -> None:
    seeds = write(tmp_path / "s.jsonl", [record(1, cites=[2], cited_by=[3]), record(4, cites=[1])])
    around = write(
        tmp_path / "c.jsonl",
        [
            record(2, applicants=[("Z INC", "US")]),
            record(3, applicants=[("Y KK", "JP")], cites=[1, 2]),
        ],
    )
    ingest([seeds], tmp_path / "c")
    corpus = ingest([around], tmp_path / "c", role="context")
    study = analysis.prepare(corpus, make({"design": "focal", **ALONE}))
    assert any("Design focal" in w for w in study.warnings)
    table = results.tables(study)["countries"].filter(
        (pl.col("technology") == "quantum") & (pl.col("period") == "all")
    )
    rows = {r["country"]: r for r in table.to_dicts()}
    nl = rows["NL"]
    assert (nl["families"], nl["received"], nl["given"], nl["balance_ratio"]) == (2, 1, 1, 0)
    assert (nl["source_countries"], nl["similarity"]) == (1, 2)
    assert [nl[c] for c in REFUSED_FOCAL] == [None] * len(REFUSED_FOCAL)
    assert rows["US"]["received"] is None
    assert rows["US"]["families"] is None


def test_design_focal_gives_numbers_of_the_firms_of_the_focal_country_alone(tmp_path: Path) -> None:
    records = [
        record(1, applicants=[("HERE BV", "NL")], cites=[2]),
        record(2, applicants=[("AWAY INC", "US")], cites=[1]),
    ]
    corpus = read(write(tmp_path / "f.jsonl", records))
    for design, away, value in (("focal", None, True), ("world", 1, False)):
        options = make({"design": design, "draws": 0, **ALONE})
        table = results.tables(analysis.prepare(corpus, options))
        firms = table["organisations"].filter(
            (pl.col("technology") == "quantum") & (pl.col("period") == "all")
        )
        rows = {r["organisation"]: r for r in firms.to_dicts()}
        assert (rows["HERE"]["families"], rows["HERE"]["given"]) == (1, 1)
        assert (rows["AWAY"]["families"], rows["AWAY"]["given"]) == (away, away)
        assert (rows["HERE"]["value"] is None) == value


def test_without_families_there_is_no_value_and_a_share_only_where_others_have_one(
    tmp_path: Path,
) -> None:
    """The US is cited for a family of 2010; in the second corpus no family lies in the span."""
    old = record(3, applicants=[("C INC", "US")], published="2010-01-01")
    for last, country, share in (("2021-01-01", "US", 0.0), ("2012-01-01", "NL", None)):
        records = [record(1, cites=[3], published=last), old]
        options = make({"draws": 0, "to": 2025, **ALONE})
        study = analysis.prepare(read(write(tmp_path / "v.jsonl", records)), options)
        row = results.tables(study)["countries"].filter(
            (pl.col("technology") == "quantum")
            & (pl.col("period") == "all")
            & (pl.col("country") == country)
        )
        found = row.select("families", "value", "value_share").rows()
        assert found == [(0.0, 0.0, share)]


def test_the_core_of_a_technology_is_named_and_unknown_where_there_is_none(tmp_path: Path) -> None:
    """US, DE and JP cite one another; NL cites the US and is cited by nobody."""
    homes = {1: "US", 2: "DE", 3: "JP", 4: "NL"}
    cites = {1: [2, 3], 2: [1, 3], 3: [1, 2], 4: [1]}
    records = [record(n, applicants=[(f"F{n}", homes[n])], cites=cites[n]) for n in homes]
    for chosen, core in ((records, "DE JP US"), ([record(9)], None)):
        options = make({"draws": 0, **ALONE})
        study = analysis.prepare(read(write(tmp_path / "k.jsonl", chosen)), options)
        row = results.tables(study)["technologies"].filter(
            (pl.col("technology") == "quantum") & (pl.col("period") == "all")
        )
        assert row["core"].to_list() == [core]


def test_design_rights_are_kept_and_are_no_family(tmp_path: Path) -> None:
    records = [record(1), record(2, publication_type="DESIGN_RIGHT", kind="S")]
    corpus = read(write(tmp_path / "d.jsonl", records))
    assert (corpus.counts["kept"], corpus.counts["families"]) == (2, 1)
    assert corpus.counts["no_inventions"] == 1


@pytest.mark.parametrize(
    ("offices", "international"),
    [(["EP"], 1.0), (["WO"], 1.0), (["US"], 0.0), (["US", "JP"], 1.0)],
)
def test_international_families_have_two_offices_or_ep_or_wo(
    tmp_path: Path, offices: list[str], international: float
) -> None:
    records = [
        record(k + 1, office=o, members=range(1, len(offices) + 1)) for k, o in enumerate(offices)
    ]
    corpus = read(write(tmp_path / "i.jsonl", records))
    links = analysis.country_links(corpus, **QUANTUM)
    assert links.nodes["families_international"].to_list() == [international]


def test_international_families_are_unknown_where_no_export_lists_offices_of_members(
    tmp_path: Path,
) -> None:
    columns = ["families_international", "international_share", "international_rank"]

    def told(name: str, *records: dict) -> tuple[object, ...]:
        corpus = ingest([write(tmp_path / f"{name}.jsonl", records)], tmp_path / name)
        study = analysis.prepare(corpus, make({"sensitivity": False, "draws": 0, **ALONE}))
        table = results.tables(study)["countries"]
        rows = table.filter((pl.col("technology") == "quantum") & (pl.col("period") == "all"))
        return rows.filter(pl.col("country") == "NL").select(columns).row(0)

    # of one family another member is not in the export, and nothing says at which office it is
    lacking = record(1, office="US", members=[1, 9])
    assert told("lacking", lacking) == (None, None, None)
    listed = record(2, office="US", family=2)
    listed["families"]["simple_family"]["members"] = [
        {"lens_id": listed["lens_id"], "document_id": {"jurisdiction": office}}
        for office in ("US", "JP")
    ]
    assert told("listed", listed) == (1.0, 1.0, 1)
    assert told("some", lacking, listed) == (1.0, 1.0, 1)
