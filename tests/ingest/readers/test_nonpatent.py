"""Non-patent references of every form: which papers a record names."""

from __future__ import annotations

import gzip
import io
import json

import pytest

from netpos.ingest.readers.json_stream import lines
from netpos.ingest.readers.nonpatent import Named, read_csv, read_json, read_legacy, states_papers
from tests.conftest import shared_real
from tests.lens import lens_id, record

PAPERS = [
    {"nplcit": {"text": "A", "lens_id": "018-098-130-433-237",
                "external_ids": ["26930140", "10.1021/ACSAMI.6b00815", "pmc4112057"]}},
    {"nplcit": {"text": "B"}},
    {"nplcit": {"text": "C", "external_ids": ["10.1000/c"]}},
    {"nplcit": {"text": "D"}},
]  # fmt: skip
WORKED = [
    Named(1, lens_id(7), 1, "018-098-130-433-237", "10.1021/acsami.6b00815", "26930140"),
    Named(1, lens_id(7), 1, None, "10.1000/c", None),
    Named(1, lens_id(7), 2),
]


def found(*texts: str) -> list[Named]:
    return list(read_json(lines(io.BytesIO("\n".join(texts).encode()))))


def test_each_reference_of_a_record_with_what_it_says_of_the_paper() -> None:
    one = record(7, cites=[3, *PAPERS])
    assert found(json.dumps(one)) == WORKED
    assert found(json.dumps(record(8, cites=[3]))) == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda r: r | {"doc_number": 77, "kind": None},  # a number where a text belongs
        lambda r: r | {"biblio": [r["biblio"]]},
        lambda r: r | {"lens_id": f" {r['lens_id'].lower()} "},
    ],
)
def test_a_record_of_other_types_names_the_same_papers(damage) -> None:
    assert found(json.dumps(damage(record(7, cites=PAPERS)))) == WORKED


def test_records_in_one_line_and_lines_that_are_none() -> None:
    both = json.dumps([record(7, cites=PAPERS), record(8, cites=PAPERS[:1])])
    assert [n.document for n in found(both)] == [lens_id(7)] * 3 + [lens_id(8)]
    assert found('{"nplcit": ', "", json.dumps({"nplcit": {"text": "x"}})) == []


def test_a_record_without_lens_id_goes_by_the_name_that_the_corpus_gives_it() -> None:
    bare = record(7, cites=PAPERS[:1]) | {"lens_id": None, "doc_key": "US_20160266975_A1_20160915"}
    assert [n.document for n in found(json.dumps(bare))] == ["US_20160266975_A1_20160915"]


def test_the_form_of_2020_lists_ids_apart_from_the_references() -> None:
    flat = {
        "lensId": lens_id(7), "docType": "Patent Application", "nplCitationCount": 4,
        "nplResolvedLensIDs": ["073-641-442-560-346"],
        "nplResolvedExternalIDs": ["17331558", "10.1016/j.virol.2007.01.012"],
    }  # fmt: skip
    assert list(read_legacy([(1, json.dumps(flat).encode())])) == [
        Named(1, lens_id(7), 1, "073-641-442-560-346"),
        Named(1, lens_id(7), 0, None, None, "17331558"),
        Named(1, lens_id(7), 0, None, "10.1016/j.virol.2007.01.012"),
        Named(1, lens_id(7), 3),
    ]


HEADER = (
    "#,Jurisdiction,Kind,Display Key,Lens ID,NPL Citation Count,NPL Resolved Lens ID(s),"
    "NPL Resolved External Id(s)"
)


def test_a_csv_of_lens_names_papers_in_its_columns() -> None:
    row = f"1,EP,A1,EP 1 A1,{lens_id(7)},3,073-641-442-560-346,17331558;;10.1016/J.X\n"
    made = list(read_csv(io.BytesIO(f"{HEADER}\n{row}".encode()), file="x", max_record=1 << 20))
    assert made == [
        Named(2, lens_id(7), 1, "073-641-442-560-346"),
        Named(2, lens_id(7), 0, None, None, "17331558"),
        Named(2, lens_id(7), 0, None, "10.1016/j.x"),
        Named(2, lens_id(7), 2),
    ]
    assert states_papers(HEADER.split(","))


def test_the_real_samples_resolve_as_counted_by_hand() -> None:
    folder = shared_real() / "lens_json" / "patentslens_jl"
    with gzip.open(folder / "biopoly_broken1.jsonl.gz") as stream:
        rows = list(read_json(lines(stream)))
    assert sum(r.number for r in rows) == 14
    assert sum(r.number for r in rows if r.lens_id) == 12
    with gzip.open(shared_real() / "lens_csv" / "2026_opensangamo_lens-export.csv.gz") as stream:
        cells = list(read_csv(stream, file="x", max_record=1 << 26))
    assert sum(r.number for r in cells) == 3723
    assert sum(r.number for r in cells if r.lens_id) == 3449
