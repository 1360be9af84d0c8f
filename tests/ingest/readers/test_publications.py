"""Publications of Google/IFI: crossed names, blanks, numbers as texts."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from netpos.ingest.readers.publications import RAW, RAW_LISTS, batch_of, document_columns, suffices
from netpos.ingest.records import CATEGORY_BIT, PHASE_NUMBER, Batch, key


def one(citations: list[tuple] = (), **columns: object) -> Batch:
    row = {"line": 4, "publication_number": "US-7650331-B1"} | columns
    cited = pl.DataFrame(
        [(0, *c) for c in citations], schema=dict(RAW_LISTS["citation"]), orient="row"
    )
    return batch_of(pl.DataFrame([row], schema=dict(RAW)), {"citation": cited})


def test_names_of_citations_are_crossed_and_blanks_name_nothing() -> None:
    found = one(
        [
            ("EP-0259054-A1", "SEA", "X"),
            ("US-2014313399-A1", "115", ""),
            ("WO-9912345-A1", "", None),
            ("", "APP", "A"),
            ("JP-H0198729-A", "XYZ", "1"),
            ("rubbish", None, None),
        ]
    )
    rows = found.references.select("other", "cited_by", "phase", "categories").rows()
    assert rows == [
        (key("EP_259054_A1"), False, PHASE_NUMBER["SEA"], CATEGORY_BIT["X"]),
        (key("US_20140313399_A1"), False, PHASE_NUMBER["TPO"], 0),
        (key("WO_1999012345_A1"), False, 0, 0),
        (key("JP_1989098729_A"), False, 0, 0),
    ]
    assert found.records["cites_count"].item() == 4
    assert found.notes == [
        "1 references name no patent",
        "1 references of the unknown phase 'XYZ'",
    ]


def test_zeros_blanks_and_minus_one_are_unknown() -> None:
    for blank in ("-1", "", "0", None):
        found = one(family_id=blank, publication_date="0", filing_date="", priority_date=None)
        record = found.records.row(0, named=True)
        unknown = ("family_source", "published", "application_date", "earliest_priority")
        assert [record[c] for c in unknown] == [None] * 4
        assert (record["legal_status"], record["priority_offices"]) == (None, None)
    assert one(family_id=" 7 ").records["family_source"].item() == "docdb:7"


@pytest.mark.parametrize(
    ("number", "kind", "grant", "expected"),
    [
        ("US-7650331-B1", None, "20100119", ("GRANTED_PATENT", True)),
        ("US-2014313399-A1", None, "20160101", ("PATENT_APPLICATION", None)),  # granted later
        ("US-5000000-A", None, "20100119", ("GRANTED_PATENT", True)),
        ("US-D781234-S1", None, "20100119", ("DESIGN_RIGHT", True)),
        ("US-PP12345-P2", None, "20100119", ("PLANT_PATENT", True)),
        ("CN-201234567-U", None, "20100119", ("LIMITED_PATENT", True)),
        ("EP-1234567", "B1", "0", ("GRANTED_PATENT", True)),
        ("EP-1234567", "", "0", ("UNKNOWN", None)),
    ],
)
def test_the_kind_and_the_grant_say_what_a_publication_is(
    number: str, kind: str | None, grant: str, expected: tuple
) -> None:
    found = one(
        publication_number=number, kind_code=kind, grant_date=grant, publication_date="20100119"
    )
    record = found.records.row(0, named=True)
    assert (record["publication_type"], record["granted"]) == expected
    assert record["published"] == dt.date(2010, 1, 19)


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("publication_number", None, "no publication_number"),
        ("publication_number", " ", "no publication_number"),
        ("publication_number", "none", "publication_number is 'none', not office-number-kind"),
        ("publication_date", "20101345", "publication_date is '20101345', not a date"),
    ],
)
def test_a_bad_row_is_rejected_alone(column: str, value: str | None, reason: str) -> None:
    rows = [
        {"line": k, "publication_number": f"EP-{k}-A1", "publication_date": "20100119"}
        for k in (1, 2, 3)
    ]
    rows[1][column] = value
    parties = pl.DataFrame(
        {"row": [0, 1, 2], "name": ["A", "B", "C"], "country_code": ["NL", "DE", ""]},
        schema=dict(RAW_LISTS["assignee_harmonized"]),
    )
    found = batch_of(pl.DataFrame(rows, schema=dict(RAW)), {"assignee_harmonized": parties})
    assert found.rejected.rows() == [(2, reason)]
    assert found.records["line"].to_list() == [1, 3]
    assert found.parties.select("row", "name", "residence").rows() == [
        (0, "A", "NL"),
        (1, "C", None),
    ]
    assert found.read == 3


def test_a_column_of_numbers_is_taken_apart_as_each_is() -> None:
    texts = ["KR-20050012345-A", "DE-112010001234-T5", "US-RE45678-E1", "EP 1234567 B1", "x", None]
    found = document_columns(pl.Series(texts))
    names = ["KR_20050012345_A", "DE_112010001234_T5", "US_RE45678_E1", "EP_1234567_B1"]
    assert found["key"].to_list() == [*map(key, names), None, None]


def test_any_columns_that_help_suffice() -> None:
    assert suffices(["publication_number", "citation"])
    assert not suffices(["family_id", "citation"])
