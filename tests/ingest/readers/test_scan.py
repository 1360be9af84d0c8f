"""The compiled scanner against the reader in Python: whatever a line holds, the same rows."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from netpos.ingest.compiled import available
from netpos.ingest.discover import find
from netpos.ingest.document_numbers import document_key
from netpos.ingest.parts import batches, parse
from netpos.ingest.readers import chunks
from netpos.ingest.readers.columns import NO_DOCUMENT
from netpos.ingest.readers.lens_json import read_records
from netpos.ingest.readers.scan import Scanner, numbers_of
from netpos.ingest.records import Batch, key
from tests.conftest import shared_real
from tests.fuzz.damage import BYTES, Original, damaged_record, originals
from tests.lens import lens_id, record, write

pytestmark = pytest.mark.skipif(
    not available(), reason="netpos was installed without its compiled scanner"
)
DETAILS = ("parties", "classes", "members", "references")


def scanned(lines: list[bytes]) -> tuple[list[Batch], int]:
    """Batches by the scanner, the lines it leaves by the reader; and how many it left."""
    text = b"\n".join(lines)
    scanner = Scanner(most_line=10**9)
    scanner.room(len(text))[:] = text
    found = scanner.scan(len(text))
    left = [(n, raw) for n, raw in found.left if not raw.isspace()]
    return [found.batch, *read_records(left)], len(left)


def rows(found: list[Batch]) -> dict[str, pl.DataFrame]:
    """Every table by line of the export, in one order."""
    tables: dict[str, list[pl.DataFrame]] = {}
    for batch in found:
        line = batch.records.select(row=pl.int_range(pl.len(), dtype=pl.Int32), at="line")
        for name in DETAILS:
            table = getattr(batch, name).join(line, on="row", how="left").drop("row")
            assert table["at"].null_count() == 0
            tables.setdefault(name, []).append(table)
        for name in ("records", "rejected"):
            tables.setdefault(name, []).append(getattr(batch, name))
        tables.setdefault("outside", []).append(batch.outside.drop("content"))
    whole = {name: pl.concat(t) for name, t in tables.items()}
    # a document of which nothing is said need not be listed
    said = pl.any_horizontal(pl.exclude("other").is_not_null())
    whole["outside"] = whole["outside"].filter(said).unique()
    return {name: t.sort(t.columns, nulls_last=True) for name, t in whole.items()}


def assert_same(lines: list[bytes]) -> int:
    by_scanner, left = scanned(lines)
    numbered = [(n, raw) for n, raw in enumerate(lines) if raw and not raw.isspace()]
    expected = rows(list(read_records(numbered)))
    for name, table in rows(by_scanner).items():
        assert_frame_equal(table, expected[name])
    return left


def real_folder() -> Path | None:
    try:
        return shared_real()
    except pytest.skip.Exception:
        return None  # the files of the tests remain


def jsonl() -> Iterator[Original]:
    for original in originals(real_folder()):
        if original.lines and original.name != "legacy.jsonl":
            yield original


@pytest.mark.parametrize("original", list(jsonl()), ids=lambda o: o.name)
def test_the_scanner_and_the_reader_give_the_same_rows_of_an_export(original: Original) -> None:
    lines = [raw.removeprefix(b"\xef\xbb\xbf") for raw in original.lines if b"\n" not in raw]
    left = assert_same(lines)
    if original.name == "demo.jsonl":
        assert left < len(lines) / 10, "ordinary lines should not be left"


@pytest.mark.parametrize("seed", range(12))
def test_the_scanner_and_the_reader_give_the_same_rows_of_damaged_lines(seed: int) -> None:
    r = random.Random(seed)
    whole = [raw for original in jsonl() for raw in original.lines if len(raw) < 60_000]
    lines = []
    for raw in r.sample(whole, min(len(whole), 60)):
        changed = damaged_record(raw, r) if r.random() < 0.6 else r.choice(BYTES)(raw, r)
        lines += [raw.removeprefix(b"\xef\xbb\xbf"), *changed.split(b"\n")]
    assert_same([raw for raw in lines if len(raw) < 500_000])


ODD: list[dict] = [
    {"kind": "A\u00e91"},
    {"kind": 'A"1'},
    {"kind": ""},
    {"kind": " A1 "},
    {"kind": None},
    {"kind": 7},
    {"date_published": "2016-02-29"},
    {"date_published": "2015-02-29"},
    {"date_published": "20160614"},
    {"date_published": ""},
    {"date_published": "1599-12-31"},
    {"date_published": "1600-01-01"},
    {"date_published": "2200-12-31"},
    {"lens_id": "000-000-000-000-00X"},
    {"lens_id": " 000-000-000-000-019"},
    {"lens_id": "US_1_A"},
    {"lens_id": None, "doc_key": "US_1_A"},
    {"lens_id": ""},
    {"document_id": {}},
    {"legal_status": {"granted": True, "grant_date": "2001-01-01", "patent_status": "ACTIVE"}},
    {"legal_status": {"granted": False, "anticipated_term_date": None}},
    {"legal_status": {"granted": "yes"}},
    {"publication_type": "GRANTED_PATENT", "legal_status": {"granted": False}},
    {"families": {"simple_family": {"family_id": 12, "size": 2**31}}},
    {"families": {"simple_family": {"family_id": -0, "members": None}}},
    {"families": {"simple_family": {"family_id": 10**19}}},
    {"families": {"simple_family": {"family_id": 1.0, "size": 1e2}}},
    {"families": {"extended_family": {"members": [{"lens_id": lens_id(9)}]}}},
    {"families": {"extended_family": {"members": []}}},
    {"families": {"extended_family": {"family_id": 3, "members": [{"lens_id": lens_id(9)}]}}},
    {"families": {"simple_family": {"members": [{"lens_id": None}, {"lens_id": ""}, {}]}}},
    {"families": {"simple_family": {"members": [None]}}},
    {"biblio": None},
    {"biblio": {"parties": {"applicants": [
        {"extracted_name": {"value": "M\u00fcller \\ \"A\" \U0001f600"}}]}}},
    {"biblio": {"parties": {"applicants": [{"extracted_name": None, "residence": "NL"}, {}]}}},
    {"biblio": {"parties": {"applicants": [{"name": "ACME", "residence": "NL"}]}}},
    {"biblio": {"parties": {"inventors": [{"extracted_name": {"value": " "}}]}}},
    {"biblio": {"parties": {"inventors": {"extracted_name": {"value": "A"}}}}},
    {"biblio": {"priority_claims": {"claims": [{"jurisdiction": "US", "doc_number": "1"}]}}},
    {"biblio": {"priority_claims": {"claims": [{"jurisdiction": None, "doc_number": "1"}]}}},
    {"biblio": {"priority_claims": {"claims": [], "earliest_claim": {"date": "1999-09-09"}}}},
    {
        "biblio": {
            "priority_claims": {
                "claims": [
                    {"jurisdiction": j, "doc_number": n, "date": d}
                    for j, n, d in (
                        ("US", "2", "2001-01-01"),
                        ("EP", "11", "2000-01-01"),
                        ("AT", "1", "2000-01-01"),
                        ("EP", "11", "2000-01-01"),
                        ("NL", "3", None),
                    )
                ]
            }
        }
    },
    {
        "biblio": {
            "references_cited": {
                "citations": [
                    {"patcit": {"lens_id": lens_id(5)}, "category": ["X", "y", "X, A"]},
                    {"patcit": {"lens_id": lens_id(5)}, "category": ["\u0131"]},
                ]
            }
        }
    },
    {
        "biblio": {
            "references_cited": {
                "citations": [
                    {"patcit": {"document_id": d, "lens_id": i}, "cited_phase": p}
                    for d in (None, {}, {"jurisdiction": "US", "doc_number": "7/1", "kind": "B1"},
                              {"jurisdiction": "US", "doc_number": "8", "date": "2000-02-03"})
                    for i in (None, "", lens_id(4))
                    for p in ("SEA", "sea", None, "WHAT")
                ]
                + [{"patcit": None}, {"nplcit": {"text": "a \"b\" \\"}}]
            },
            "cited_by": {"patents": [{"lens_id": lens_id(3)}, {}], "patent_count": 9},
        }
    },
    *(
        {"biblio": {"invention_title": titles}}
        for titles in (
            None, [], [None], "A title", "", " ", 7, {"lang": "en"},
            {"text": "Alone", "lang": "fr"},
            [{"text": "Titel", "lang": "de"}, {"text": "Title", "lang": "EN"}, {"text": "T"}],
            [{"text": "", "lang": "en"}, {"text": "Titre", "lang": None}, "T"],
            ["Text", {"text": "a \"b\" \\ \u00e9 \U0001f600 \n\t", "lang": "en", "x": [1]}],
            [{"text": None, "lang": "en"}, {"text": 12, "lang": "en"}], [{"text": "A", "lang": 3}],
            [{"text": "A long title, longer than twelve bytes", "lang": "english"}],
        )
    ),
    {"biblio": {"cited_by": {"patents": None}}},
    {"biblio": {"cited_by": {"patent_count": "3"}}},
    {"biblio": {"classifications_cpc": {"classifications": [{"symbol": None}, {"symbol": "H 1"}]}}},
    {"biblio": {"classifications_ipcr": {"classifications": [{"symbol": "H01", "x": [{}, [[]]]}]}}},
]  # fmt: skip


@pytest.mark.parametrize("ascii_only", [True, False])
def test_the_scanner_and_the_reader_give_the_same_rows_of_odd_records(ascii_only: bool) -> None:
    lines = [
        json.dumps(record(n + 1, cites=[3, 4]) | odd, ensure_ascii=ascii_only).encode()
        for n, odd in enumerate(ODD)
    ]
    lines += [raw.replace(b": ", b" \t: ").replace(b"}", b"\r }") + b" \r" for raw in lines]
    assert 0 < assert_same(lines) < len(lines) * 0.6


@pytest.mark.parametrize(
    "text",
    [
        b'{"lens_id":"%s"}',
        b'{"lens_id":"%s","lens_id":"000-000-000-000-00X"}',
        b'{"lens_id":"%s","kind":"A","kind":"B"}',
        b'{"lens_id":"%s","l\\u0065ns_id":"000-000-000-000-00X"}',
        b'{"lens_id":"%s","x":"\\ud800"}',
        b'{"lens_id":"%s","x":"\\x"}',
        b'{"lens_id":"%s","x":"\xff"}',
        b'{"lens_id":"%s","kind":"\xff"}',
        b'{"lens_id":"%s","x":"\x01"}',
        b'{"lens_id":"%s","x":01}',
        b'{"lens_id":"%s","x":-}',
        b'{"lens_id":"%s","x":1.}',
        b'{"lens_id":"%s","x":1e+}',
        b'{"lens_id":"%s","x":-0.5E-10}',
        b'{"lens_id":"%s","x":nul}',
        b'{"lens_id":"%s","x":NaN}',
        b'{"lens_id":"%s","x":tru}',
        b'{"lens_id":"%s","x":[1,]}',
        b'{"lens_id":"%s","x":[,1]}',
        b'{"lens_id":"%s",}',
        b'{"lens_id":"%s"}{}',
        b'{"lens_id":"%s"} x',
        b'{"lens_id":"%s"',
        b'{"lens_id":"%s","x":"',
        b'{"lens_id":"%s","x":' + b"[" * 70 + b"]" * 70 + b"}",
        b'{"lens_id":"%s","x":' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"lens_id":"%s","x":' + b'{"a":' * 60 + b"1" + b"}" * 60 + b"}",
        b'{"lens_id":"%s","biblio":{"parties":{"applicants":[{"extracted_name":{"value":"\\ud83d\\ude00\\u00e9\\/\\b\\f\\n\\r\\t"}}]}}}',
        b'{"lens_id":"%s","biblio":{"parties":{"applicants":[{"extracted_name":{"value":"\\ud83d"}}]}}}',
        b'{"lens_id":"%s","biblio":{"parties":{"applicants":[{"extracted_name":{"value":"\\ude00"}}]}}}',
        b'{"lens_id":"%s","biblio":{"parties":{"applicants":[{"extracted_name":{"value":"\xed\xa0\x80"}}]}}}',
        b'{"lens_id":"%s","biblio":{"parties":{"applicants":[{"extracted_name":{"value":"\xf4\x90\x80\x80"}}]}}}',
        b'{"lens_id":"%s","biblio":{"parties":{"applicants":[{"extracted_name":{"value":"\xe0\x9f\xbf"}}]}}}',
        b"null",
        b"[]",
        b'"x"',
        b"{}",
    ],
)
def test_the_scanner_and_the_reader_agree_on_what_is_json(text: bytes) -> None:
    line = text.replace(b"%s", lens_id(7).encode())
    ordinary = json.dumps(record(1, cites=[7])).encode()
    assert_same([ordinary, line, b"", b" \t\r", ordinary.replace(b"-", b"-", 1), line])


def test_a_line_left_takes_nothing_of_what_was_found_with_it() -> None:
    """The documents that a line named before it was left can be named by the next one."""
    good = record(1, cites=range(2, 40), cited_by=range(50, 60))
    broken = json.dumps(good).encode()[:-40]
    lines = [
        broken,
        json.dumps(good).encode(),
        broken,
        json.dumps(record(2, cites=[3, 4])).encode(),
    ]
    assert assert_same(lines) == 2


def test_room_grows_with_what_a_text_holds() -> None:
    tiny = [f'{{"lens_id":"{lens_id(n)}"}}'.encode() for n in range(20_000)]
    many = json.dumps(record(1, cites=range(2, 30_000), symbols=["H01L"] * 20_000)).encode()
    by_scanner, left = scanned([*tiny, many])
    assert left == 0
    assert by_scanner[0].records.height == 20_001
    assert by_scanner[0].references.height == 29_998
    assert by_scanner[0].outside.height == 29_998
    assert by_scanner[0].classes.height == 20_000


def test_a_file_of_odd_lines_goes_to_the_reader(tmp_path: Path) -> None:
    odd = [record(n) | {"doc_number": n} for n in range(1, 300)]
    path = write(tmp_path / "a.jsonl", odd)
    (source,) = find([path])
    with pytest.raises(chunks.Unsuited):
        chunks.from_file(path, lambda *_: None, threads=2, max_record=10**6)
    folder = tmp_path / "parts"
    folder.mkdir()
    parts = parse(source, folder, "stem", processes=2).parts
    assert sum(p.records for p in parts) == 299
    assert sum(b.records.height for b in batches(source)) == 299


def test_numbers_of_documents_in_columns_are_those_of_each() -> None:
    offices = [None, "", "US", "EP", "WO", "JP", "KR", "us", "E P", "UsA", "Ｅ P"]
    texts = [None, "", "0", "00", "0259054", "2014/313399", "2014313399", "99/12345", "2008155"]
    texts += ["H01-98729", "D0781234", " 12 ", "+5", "12345678901234", "US123", "12.5", "１２", "a"]
    kinds = [None, "", "A", "A1", "a1", "A12", " A1", "A-1", "1"]
    rows = [(o, n, k) for o in offices for n in texts for k in kinds]
    columns = [pl.Series([row[i] for row in rows], dtype=pl.String) for i in range(3)]
    one_by_one = [document_key(*row) for row in rows]
    assert numbers_of(*columns).tolist() == [
        NO_DOCUMENT if t is None else key(t) for t in one_by_one
    ]


def test_a_title_with_escapes_and_one_that_is_broken() -> None:
    texts = [rb"A \u00e9\ud83d\ude00 \"x\" pump of more bytes", rb"\ud800 lone", b"\xff broken"]
    lines = [
        b'{"lens_id": "%s", "date_published": "2001-01-01", "biblio": {"invention_title": '
        b'[{"text": "%s", "lang": "en"}]}}' % (lens_id(n).encode(), text)
        for n, text in enumerate(texts, 1)
    ]
    assert assert_same(lines) == 2
    assert scanned(lines)[0][0].records["title"].to_list() == [
        'A \u00e9\U0001f600 "x" pump of more bytes'
    ]
