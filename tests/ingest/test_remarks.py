"""Dates far beyond all others, answers that are not all there, families known in part: told."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from netpos.cli import app
from netpos.ingest.corpus import ingest, read
from netpos.ingest.remarks import newest_plausible
from tests.lens import QUANTUM, record, write

FAULTS = Path(__file__).with_name("faults")
TABLES = ["--tables-only", "--no-sensitivity", "--draws", "0"]


def run(tmp_path: Path, *exports: Path, more: tuple[str, ...] = ()) -> tuple[str, dict]:
    """What the run says on stderr, and run.json."""
    out = tmp_path / "out"
    arguments = ["run", *map(str, exports), "--out", str(out), *QUANTUM, *TABLES, *more]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.stderr
    return done.stderr, json.loads((out / "run.json").read_text(encoding="utf-8"))


# --- dates --------------------------------------------------------------------------------------


def days(*years: int) -> pl.Series:
    return pl.Series([dt.date(y, 6, 1) for y in years])


@pytest.mark.parametrize(
    ("years", "newest"),
    [
        ((2016, 2018, 2091), 2018),
        ((2018, 2091), 2091),
        ((2016, 2018, 2025), 2025),
        ((*range(1990, 2020), 2091, 2191), 2019),
        ((*range(1990, 2020), 2041), 2041 - 22),
        ((*range(1990, 2020), 2039), 2039),
        ((*[2018] * 5000, *[2091] * 40), 2018),
        ((*[2018] * 100, *[2091] * 40), 2091),
        ((1902, *[2018] * 9), 2018),
        ((2018,), 2018),
    ],
)
def test_a_handful_of_dates_beyond_a_gap_is_not_now(years: tuple[int, ...], newest: int) -> None:
    assert newest_plausible(days(*years)) == dt.date(newest, 6, 1)


def test_a_date_that_its_own_filing_bears_out_is_now_whatever_the_gap(tmp_path: Path) -> None:
    said, found = run(tmp_path, FAULTS / "F07_two_digit_year.csv")
    assert "beyond" not in said
    assert found["data_date"] == "2015-01-15"


@pytest.mark.parametrize(
    ("filed", "newest"), [(None, 2018), (1989, 2018), (2070, 2018), (2092, 2018), (2071, 2091)]
)
def test_only_a_filing_close_before_bears_a_date_out(filed: int | None, newest: int) -> None:
    own = pl.Series([None, None, filed and dt.date(filed, 1, 1)], dtype=pl.Date)
    assert newest_plausible(days(2016, 2018, 2091), own) == dt.date(newest, 6, 1)


def test_no_date_is_no_newest() -> None:
    assert newest_plausible(pl.Series([None], dtype=pl.Date)) is None


def test_a_date_far_beyond_is_named_and_does_not_move_now(tmp_path: Path) -> None:
    said, found = run(tmp_path, FAULTS / "F08_one_future_date.jsonl", more=("--window", "2"))
    assert "F08_one_future_date.jsonl:3: published 2091-05-05" in said
    assert found["data_date"] == "2018-01-02"
    assert found["counts"]["kept"] == 3
    assert any("2091-05-05" in text for text in found["warnings"])


def test_a_run_says_that_patents_of_patentsearch_come_without_citations(tmp_path: Path) -> None:
    said, found = run(tmp_path, FAULTS / "F13_patentsearch.json")
    assert "F13_patentsearch.json: 1 patent of PatentSearch comes without citations" in said
    assert any("export them from Lens" in text for text in found["warnings"])
    assert "begin with this table:" in said  # of a run without a page no page is promised


# --- completeness -------------------------------------------------------------------------------


def test_a_page_of_many_is_said_to_be_one(tmp_path: Path) -> None:
    said, found = run(tmp_path, FAULTS / "F14_page_1_of_many.json")
    assert "51,173 results, 2 of them are here" in said
    assert any("51,173 results" in text for text in found["warnings"])
    assert said.count("51,173 results") == 1


def pages(tmp_path: Path, *contents: dict) -> list[Path]:
    paths = [tmp_path / f"{k}.json" for k in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_text(json.dumps(content), encoding="utf-8")
    return paths


def test_pages_in_several_files_are_counted_together(tmp_path: Path) -> None:
    records = [record(n) for n in range(1, 7)]
    parts = [{"total": 6, "data": records[k : k + 2]} for k in (0, 2, 4)]
    paths = pages(tmp_path, *parts)
    assert ingest(paths, tmp_path / "all").manifest["incomplete"] == []
    (said,) = ingest(paths[:2], tmp_path / "two").manifest["incomplete"]
    assert "6 results, 4 of them are here (0.json and 1 more)" in said


@pytest.mark.parametrize("shape", ["list", "lines", "hits"])
def test_an_error_saved_between_pages_is_told(tmp_path: Path, shape: str) -> None:
    error = {"reference": "x", "message": "Too many requests", "code": 429}
    page = {"total": 1, "data": [record(1)]}
    if shape == "hits":
        page = {"hits": {"total": {"value": 1}, "hits": [{"_source": record(1)}]}}
    content = [page, error]
    text = json.dumps(content) if shape == "list" else "\n".join(map(json.dumps, content))
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    (said,) = read(tmp_path / "a.json").manifest["incomplete"]
    assert "1 (Too many requests)" in said


# --- what a run says ----------------------------------------------------------------------------


def test_a_run_says_how_many_records_were_rejected(tmp_path: Path) -> None:
    said, found = run(tmp_path, FAULTS / "F15_rejected_not_said.jsonl")
    assert "6 records read = 1 kept + 5 rejected + 0 duplicates; 5 of 6 rejected" in said
    assert "ledger.csv" in said
    assert any(text.startswith("Rejected: 5 of 6") for text in found["warnings"])


def test_families_are_international_by_their_listed_members(tmp_path: Path) -> None:
    corpus = read(FAULTS / "F09_international.jsonl")
    assert corpus.families["international"].to_list() == [True]
    assert corpus.families["offices"].to_list() == [["NL"]]
    head = "Lens ID,Jurisdiction,Simple Family Members,Simple Family Member Jurisdictions"
    ids = "000-000-000-000-01X;;000-000-000-000-028"
    for offices, expected in (("NL;;US", True), ("NL;;NL", False), ("NL;;WO", True)):
        (tmp_path / "a.csv").write_text(f"{head}\n000-000-000-000-01X,NL,{ids},{offices}\n")
        assert read(tmp_path / "a.csv").families["international"].to_list() == [expected]


def test_a_run_says_where_offices_of_members_are_not_known(tmp_path: Path) -> None:
    alone = record(1, office="NL")
    del alone["families"]
    _, found = run(tmp_path, write(tmp_path / "a.jsonl", [alone, record(2)]))
    assert any("of 1 of 2 families the offices" in text for text in found["warnings"])


def test_without_priority_no_family_has_a_country_and_the_run_says_so(tmp_path: Path) -> None:
    said, _ = run(tmp_path, FAULTS / "F11_no_priority_column.csv")
    assert "no family has a country" in said
    assert "priority office as country" not in said
    assert "Priority Numbers" in said


def test_a_year_alone_is_used(tmp_path: Path) -> None:
    said, found = run(tmp_path, FAULTS / "F12_year_only.csv")
    assert found["data_date"] == "2018-01-01"
    assert "no publication date" not in said
