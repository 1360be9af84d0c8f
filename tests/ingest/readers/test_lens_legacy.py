from __future__ import annotations

import datetime as dt
import gzip
import json
from collections.abc import Iterator

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netpos.ingest.readers.lens_legacy import is_legacy, read_legacy
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

RECORD: dict[str, object] = {
    "index": "1", "publicationKey": "WO_2008_155316_A1", "lensId": "165-682-789-919-350",
    "jurisdiction": "WO", "kindCode": "A1", "displayKey": "WO 2008/155316 A1",
    "publicationDate": "2008-12-24", "filingNumber": "EP 2008057583 W", "filingDate": "2008-06-17",
    "priorityFilingKeysActive": ["GB 0711858 A 20070619", "US 60123456 P 20071001"],
    "earliestPriorityDate": "2007-06-19", "title": "T", "applicants": ["GLAXO SA", " "],
    "inventors": ["DOE JOHN"], "owners": [], "url": "https://lens.org/165-682-789-919-350",
    "docType": "Patent Application", "hasFullText": True, "citedByPatentCount": 3,
    "simpleFamilySize": 8, "familySize": 8, "seqCount": 6,
    "cpcClassifications": ["C07K16/10", "c07k 16/10"], "ipcrClassifications": ["A61K39/215"],
    "usClassifications": ["424/1"], "nplCitations": ["x"], "nplResolvedCount": 1,
}  # fmt: skip


def read(*lines: bytes | str) -> Batch:
    (batch,) = read_legacy(enumerate(lines, 1), file="x.jsonl")
    return batch


def dumped(**changes: object) -> bytes:
    return json.dumps(RECORD | changes).encode()


def real_lines(name: str) -> Iterator[tuple[int, bytes]]:
    path = shared_real() / "lens_json_legacy_2020" / f"{name}.jsonl.gz"
    yield from enumerate(gzip.decompress(path.read_bytes()).splitlines(), 1)


@pytest.mark.parametrize(
    ("name", "records", "cited_by"),
    [
        ("Coronavirus-CPC-based-patents", 1470, 2857),
        ("Coronavirus-MERS-diagnosis-patents", 18, 33),
        ("Coronavirus-patents-SARS-MERS-TAC", 1588, 6238),
    ],
)
def test_every_real_collection_gives_the_counts_of_its_readme(
    name: str, records: int, cited_by: int
) -> None:
    (batch,) = read_legacy(real_lines(name), file=name)
    assert (batch.records.height, batch.rejected.height) == (records, 0)
    assert batch.records["cited_by_count"].sum() == cited_by
    raw = [json.loads(text) for _, text in real_lines(name)]
    assert batch.records["lens_id"].to_list() == [r["lensId"] for r in raw]
    assert [str(d) for d in batch.records["published"]] == [r["publicationDate"] for r in raw]
    for role, field in (("applicant", "applicants"), ("inventor", "inventors")):
        assert batch.parties.filter(role=role)["name"].to_list() == [
            n.strip() for r in raw for n in r[field]
        ]
    assert batch.classes.height == sum(
        len(set(r["cpcClassifications"])) + len(set(r["ipcrClassifications"])) for r in raw
    )
    first = [min(e.split()[-1] for e in r["priorityFilingKeysActive"]) for r in raw]
    assert batch.records["priority_offices"].to_list() == [
        " ".join(sorted({e[:2] for e in r["priorityFilingKeysActive"] if e.endswith(f" {d}")}))
        for r, d in zip(raw, first, strict=True)
    ]


def test_the_collections_overlap_by_lens_id_as_measured() -> None:
    ids = pl.concat(
        batch.records.select("doc")
        for name in ("CPC-based-patents", "MERS-diagnosis-patents", "patents-SARS-MERS-TAC")
        for batch in read_legacy(real_lines(f"Coronavirus-{name}"), file=name)
    )
    assert ids["doc"].n_unique() == 2866


def test_a_record_fills_what_the_form_holds_and_leaves_the_rest_null() -> None:
    batch = read(dumped())
    record = batch.records.to_dicts()[0]
    assert {k: v for k, v in record.items() if v is not None} == {
        "doc": key("165-682-789-919-350"), "lens_id": "165-682-789-919-350", "line": 1,
        "form": "lens-legacy-jsonl", "office": "WO", "doc_number": "2008155316", "kind": "A1",
        "published": dt.date(2008, 12, 24), "publication_type": "PATENT_APPLICATION",
        "application_date": dt.date(2008, 6, 17), "earliest_priority": dt.date(2007, 6, 19),
        "priority_offices": "GB", "priorities": "GB0711858;US60123456", "family_size": 8,
        "cited_by_count": 3, "title": "T",
    }  # fmt: skip
    assert batch.parties.rows() == [
        (0, "applicant", "GLAXO SA", None), (0, "inventor", "DOE JOHN", None),
    ]  # fmt: skip
    assert batch.classes.rows() == [(0, "CPC", "C07K16/10"), (0, "IPC", "A61K39/215")]
    assert batch.members.height == batch.references.height == batch.outside.height == 0
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


def test_lines_that_cannot_be_used_are_rejected_with_number_and_reason() -> None:
    batch = read(
        b"", b"{[", b"[1]", dumped(lensId="12"), dumped(lensId=None, publicationKey=None),
        dumped(publicationDate="soon"), "larger than 64 MiB", dumped(),
    )  # fmt: skip
    assert batch.records["line"].to_list() == [8]
    assert batch.rejected["line"].to_list() == [2, 3, 4, 5, 6, 7]
    reasons = batch.rejected["reason"].to_list()
    assert reasons[0].startswith("not valid JSON")
    assert reasons[1:] == [
        "not a JSON object but a list", "lensId is '12', not a Lens ID",
        "no lensId or publicationKey", "publicationDate is 'soon', not a date",
        "larger than 64 MiB",
    ]  # fmt: skip


def test_a_record_without_lens_id_goes_by_its_publication_key() -> None:
    record = read(dumped(lensId=None)).records.to_dicts()[0]
    assert (record["lens_id"], record["doc"]) == ("WO_2008_155316_A1", key("WO_2008_155316_A1"))


def test_records_of_the_form_are_told_from_others() -> None:
    assert is_legacy(RECORD)
    assert not is_legacy({"lens_id": "165-682-789-919-350", "biblio": {}})


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(sorted(RECORD)), ANY))
def test_any_value_in_any_field_is_read_or_rejected_but_never_raises(
    changes: dict[str, object],
) -> None:
    batch = read(json.dumps(RECORD | changes).encode(), dumped())
    assert batch.read == 2
    assert batch.records["lens_id"][-1] == RECORD["lensId"]


def test_lone_surrogates_huge_numbers_and_deep_nesting_do_not_stop_the_reader() -> None:
    deep = b'{"lensId": ' + b"[" * 10_000 + b"]" * 10_000 + b"}"
    deepish = b'{"publicationKey": "EP_1_A1", "x": ' + b"[" * 900 + b"]" * 900 + b"}"
    batch = read(dumped(applicants=["A\ud800B"], citedByPatentCount=10**40), deep, deepish)
    assert batch.parties["name"][0] == "A?B"
    assert batch.records["cited_by_count"].to_list() == [None, None]
    assert batch.rejected["line"].to_list() == [2]


def test_a_record_has_its_title() -> None:
    (found,) = read_legacy([(1, json.dumps(RECORD).encode())], file="x")
    assert found.records["title"].to_list() == ["T"]
