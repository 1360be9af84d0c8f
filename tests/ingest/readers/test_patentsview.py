from __future__ import annotations

import datetime as dt
import gzip
import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netpos.ingest.readers.patentsview import read_patentsview
from netpos.ingest.records import (
    CLASSES,
    MEMBERS,
    OUTSIDE,
    PARTIES,
    RECORDS,
    REFERENCES,
    REJECTED,
    Batch,
    key,
)
from tests.conftest import shared_real

NULL = [{"cited_patent_number": None}]
PATENT: dict[str, object] = {
    "patent_number": "10815015", "patent_title": "T", "patent_date": "2020-10-27",
    "inventors": [{"inventor_country": "NL", "inventor_key_id": "7"},
                  {"inventor_country": None, "inventor_key_id": "8"}],
    "assignees": [{"assignee_country": "US", "assignee_key_id": "12345"}],
    "applications": [{"app_number": "1", "app_date": "2017-12-05", "app_id": "1"}],
    "cited_patents": [{"cited_patent_number": "4036012"}, {"cited_patent_number": "RE12345"}],
    "citedby_patents": [{"citedby_patent_number": "11000000"}],
    "cpcs": [{"cpc_subgroup_id": "B64G1/40"}, {"cpc_subgroup_id": "B64G1/40"}],
}  # fmt: skip


def read(*patents: dict[str, object] | str) -> Batch:
    (batch,) = read_patentsview(enumerate(patents, 1), file="x.json")
    return batch


def real_patents(name: str) -> list[dict[str, object]]:
    path = shared_real() / "patentsview_nuclear" / f"{name}.json.gz"
    found = json.loads(gzip.decompress(path.read_bytes()))
    patents: list[dict[str, object]] = found["patents"]
    return patents


@pytest.mark.parametrize(
    ("name", "records", "citations", "inside", "nulls", "with_assignee", "with_inventor"),
    [
        ("G21B", 258, 6667, 247, 19, 227, 257),
        ("G21D", 508, 5831, 107, 29, 447, 507),
        ("G21H", 123, 1460, 31, 6, 101, 123),
        ("G21J", 6, 22, 0, 0, 3, 6),
    ],
)
def test_every_real_file_gives_the_counts_of_its_readme(
    name: str, records: int, citations: int, inside: int, nulls: int,
    with_assignee: int, with_inventor: int,
) -> None:  # fmt: skip
    batch = read(*real_patents(name))
    assert (batch.records.height, batch.rejected.height) == (records, 0)
    cited = batch.references.filter(~pl.col("cited_by"))
    citing = batch.references.filter("cited_by")
    assert cited.height == batch.records["cites_count"].sum() == citations
    docs = batch.records["doc"].implode()
    assert cited.filter(pl.col("other").is_in(docs)).height == inside
    assert citing.filter(pl.col("other").is_in(docs)).height == inside
    note = [f"{nulls} references are null and name no document"] if nulls else []
    assert batch.notes == note
    located = batch.parties.drop_nulls("residence")
    for role, count in (("applicant", with_assignee), ("inventor", with_inventor)):
        assert located.filter(role=role)["row"].n_unique() == count
    assert batch.outside["other"].n_unique() == batch.outside.height


def test_the_four_files_together_give_the_merged_counts_of_the_readme() -> None:
    batches = [read(*real_patents(f"G21{letter}")) for letter in "BDHJ"]
    docs = pl.concat(b.records["doc"] for b in batches)
    edges = pl.concat(
        b.references.filter(~pl.col("cited_by")).select(
            citing=b.records["doc"].gather(b.references.filter(~pl.col("cited_by"))["row"]),
            cited="other",
        )
        for b in batches
    )
    assert (docs.len(), docs.n_unique()) == (895, 861)
    assert (edges.height, edges.unique().height) == (13_980, 13_003)
    assert edges.filter(pl.col("cited").is_in(docs.implode())).height == 389


def test_a_patent_fills_what_the_form_holds() -> None:
    batch = read(PATENT)
    record = batch.records.to_dicts()[0]
    assert {k: v for k, v in record.items() if v is not None} == {
        "doc": key("US_10815015"), "lens_id": "US_10815015", "line": 1,
        "form": "patentsview-json", "office": "US", "doc_number": "10815015",
        "published": dt.date(2020, 10, 27), "publication_type": "GRANTED_PATENT", "granted": True,
        "application_date": dt.date(2017, 12, 5), "grant_date": dt.date(2020, 10, 27),
        "cites_count": 2, "cited_by_count": 1, "title": "T", "title_language": "en",
    }  # fmt: skip
    assert batch.parties.rows() == [
        (0, "applicant", "assignee 12345", "US"),
        (0, "inventor", "inventor 7", "NL"),
        (0, "inventor", "inventor 8", None),
    ]
    assert batch.classes.rows() == [(0, "CPC", "B64G1/40")]
    assert batch.references.rows() == [
        (0, key("US_4036012"), False, 0, 0), (0, key("US_RE12345"), False, 0, 0),
        (0, key("US_11000000"), True, 0, 0),
    ]  # fmt: skip
    assert batch.outside.rows()[1] == (
        key("US_RE12345"), None, "US", "RE12345", None, None, None,
    )  # fmt: skip
    tables = (
        batch.records,
        batch.parties,
        batch.classes,
        batch.members,
        batch.references,
        batch.outside,
        batch.rejected,
    )
    schemas = (RECORDS, PARTIES, CLASSES, MEMBERS, REFERENCES, OUTSIDE, REJECTED)
    assert [dict(t.schema) for t in tables] == [dict(s) for s in schemas]


@pytest.mark.parametrize(
    ("number", "expected"),
    [("D812345", "DESIGN_RIGHT"), ("PP12345", "PLANT_PATENT"), ("RE45678", "GRANTED_PATENT"),
     ("H1234", "STATUTORY_INVENTION_REGISTRATION"), ("T105201", "UNKNOWN"),
     ("7654321", "GRANTED_PATENT")],
)  # fmt: skip
def test_the_letters_before_a_number_tell_the_type(number: str, expected: str) -> None:
    assert read(PATENT | {"patent_number": number}).records["publication_type"][0] == expected


def test_lists_of_nulls_are_nothing() -> None:
    batch = read(PATENT | {
        "cited_patents": NULL, "citedby_patents": [{"citedby_patent_number": None}],
        "assignees": [{"assignee_country": None, "assignee_key_id": None}],
    })  # fmt: skip
    assert batch.references.height == batch.outside.height == 0
    assert batch.records.select("cites_count", "cited_by_count").row(0) == (0, 0)
    assert batch.parties.filter(role="applicant").height == 0


def test_patents_that_cannot_be_used_are_rejected_with_ordinal_and_reason() -> None:
    batch = read("not valid JSON", PATENT | {"patent_number": None}, PATENT,
                 PATENT | {"patent_date": "soon"})  # fmt: skip
    assert batch.records["line"].to_list() == [3]
    assert batch.rejected.rows() == [
        (1, "not valid JSON"), (2, "no patent_number"), (4, "patent_date is 'soon', not a date"),
    ]  # fmt: skip


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(sorted(PATENT)), ANY))
def test_any_value_in_any_field_is_read_or_rejected_but_never_raises(
    changes: dict[str, object],
) -> None:
    batch = read(json.loads(json.dumps(PATENT | changes)), PATENT)
    assert batch.read == 2
    assert batch.records["lens_id"][-1] == "US_10815015"


def test_lone_surrogates_huge_numbers_and_deep_nesting_do_not_stop_the_reader() -> None:
    deep: list[object] = []
    for _ in range(950):
        deep = [deep]
    batch = read(PATENT | {"patent_title": "A\ud800B", "x": 10**40}, PATENT | {"x": deep})
    assert (batch.records.height, batch.rejected.height) == (2, 0)


def test_a_patent_has_its_title() -> None:
    found = read(PATENT, PATENT | {"patent_number": "10815016", "patent_title": 7})
    assert found.records["title"].to_list() == ["T", None]
