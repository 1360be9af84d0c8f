"""Records are found in whatever stands around them, and what is not read is named."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import polars as pl
import pytest

from netpos.ingest.corpus import Corpus, read
from netpos.ingest.discover import find
from tests.lens import record

FAULTS = Path(__file__).parents[1] / "faults"
RECORDS = [record(n, cites=[n % 20 + 1], published=f"20{n + 10:02d}-01-01") for n in range(1, 21)]
LINES = [json.dumps(r) for r in RECORDS]
#: A record whose ID does not stand first, and one with brackets and quotes in a text.
ODD = [
    {"jurisdiction": r["jurisdiction"], "note": '} ] [ { " \\', "biblio": r["biblio"], **r}
    for r in RECORDS
]


def found(path: Path, content: str | bytes) -> Corpus:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read(path)


def counts(corpus: Corpus) -> tuple[int, int]:
    return corpus.counts["kept"], corpus.counts["rejected"]


@pytest.mark.parametrize(
    "name", [p.name for p in sorted(FAULTS.glob("F04*"))] + ["F05_pv_lines.jsonl"]
)
def test_records_are_found_in_each_wrapper(name: str) -> None:
    corpus = read(FAULTS / name)
    assert counts(corpus) == (2, 0)
    assert corpus.counts["citations"] == 1


def wrapped(records: list[dict]) -> dict[str, str]:
    half = records[:10], records[10:]
    hits = [{"_index": "p", "_id": str(k), "_source": r} for k, r in enumerate(records)]
    pages = [{"total": 20, "results": 10, "data": part, "scroll_id": "x"} for part in half]
    return {
        "pages in a list": json.dumps(pages),
        "pages in a list, indented": json.dumps(pages, indent=1),
        "pages one after the other": "\n".join(map(json.dumps, pages)),
        "request beside": json.dumps({"request": {"data": [{"x": []}]}, "data": records}),
        "request beside, indented": json.dumps({"request": {"a": [{}]}, "data": records}, indent=2),
        "request behind": json.dumps({"data": records, "request": {"terms": {"lens_id": ["1"]}}}),
        "patents": json.dumps({"patents": records}),
        "results": json.dumps({"results": records, "total": 20}),
        "hits": json.dumps({"took": 1, "hits": {"total": {"value": 20}, "hits": hits}}),
        "hits, indented": json.dumps({"hits": {"hits": hits}}, indent=1),
        "by ID": json.dumps({str(r["lens_id"]): r for r in records}),
        "by ID, indented": json.dumps({str(r["lens_id"]): r for r in records}, indent=1),
        "in a result": json.dumps({"response": {"status": 200, "body": {"data": records}}}),
        "lists in a list": json.dumps([half[0], half[1]]),
        "a list a line": "\n".join(map(json.dumps, half)),
        "a page a record": "\n".join(json.dumps({"data": [r]}) for r in records),
        "a record under its key": json.dumps([{"patent": r} for r in records]),
    }


@pytest.mark.parametrize("name", wrapped(RECORDS))
@pytest.mark.parametrize("records", [RECORDS, ODD], ids=["usual", "odd"])
def test_every_record_of_a_wrapper_is_kept(tmp_path: Path, name: str, records: list[dict]) -> None:
    assert counts(found(tmp_path / "a.json", wrapped(records)[name])) == (20, 0)


def test_a_wrapper_of_any_size_is_cut_as_it_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("netpos.ingest.readers.json_stream._BLOCK", 300)
    for name, text in wrapped(ODD).items():
        assert counts(found(tmp_path / "a.json", text)) == (20, 0), name


HALF_BROKEN = {
    "commas at the ends": ",\n".join(LINES),
    "commas at all ends": ",\n".join(LINES) + ",\n",
    "NUL between": "\n\0\0\0\n".join(LINES),
    "NUL before each": "\n".join("\0" + line for line in LINES),
    "var": "var x = [\n" + ",\n".join(LINES) + "\n];\n",
    "const in one line": "const data = " + json.dumps(RECORDS) + ";",
    "callback": "callback(" + json.dumps(RECORDS) + ");",
    "comments": "// fetched twice\n" + "\n// page\n".join(LINES),
    "comments before a list": "/* Lens */\n[" + ",\n".join(LINES) + "]",
    "data on its own line": '{"total": 20,\n"data": [\n' + ",\n".join(LINES) + "\n]}",
    "data on its own line, no end": '{"total": 20,\n"data": [\n' + ",\n".join(LINES),
    "bracket too many": "[" + ",".join(LINES[:7]) + "],\n" + ",".join(LINES[7:]) + "]",
    "bracket too many, in lines": "[\n" + ",\n".join(LINES[:7]) + "\n]\n" + ",\n".join(LINES[7:]),
    "bracket opened too much": "[" + ",".join(LINES[:7]) + ",[" + ",".join(LINES[7:]) + "]",
    "lists one after the other": "[" + ",".join(LINES[:7]) + "][" + ",".join(LINES[7:]) + "]",
    "brackets on lines of their own": "[\n" + "\n".join(LINES) + "\n]\n",
}


@pytest.mark.parametrize("name", HALF_BROKEN)
def test_every_whole_record_of_a_half_broken_file_is_kept(tmp_path: Path, name: str) -> None:
    assert counts(found(tmp_path / "a.json", HALF_BROKEN[name])) == (20, 0)


def test_a_record_cut_off_in_lines_with_commas_is_lost_alone(tmp_path: Path) -> None:
    lines = [*LINES[:5], LINES[5][:200], *LINES[6:]]
    assert counts(found(tmp_path / "a.jsonl", ",\n".join(lines))) == (19, 1)


def test_blanks_before_the_first_record_do_not_hide_it(tmp_path: Path) -> None:
    blanks = b" \n" * (1 << 20)
    assert counts(found(tmp_path / "a.jsonl", blanks + "\n".join(LINES).encode())) == (20, 0)
    assert counts(found(tmp_path / "b.json", blanks + json.dumps(RECORDS).encode())) == (20, 0)
    table = b"Lens ID,Jurisdiction,Kind\n000-000-000-000-019,NL,A1\n"
    assert counts(found(tmp_path / "c.csv", b" " * (2 << 20) + b"\n" + table)) == (1, 0)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_two_bytes_a_letter_are_read(tmp_path: Path, encoding: str) -> None:
    text = "\n".join(LINES).replace("FIRM BV", "FÖRM 株式会社 BV")
    corpus = found(tmp_path / "a.jsonl", text.encode(encoding))
    assert counts(corpus) == (20, 0)
    assert corpus.applicants["applicant_as_filed"].unique().to_list() == ["FÖRM 株式会社 BV"]
    packed = gzip.compress(
        "Lens ID\tJurisdiction\tKind\n000-000-000-000-019\tNL\tA1\n".encode(encoding)
    )
    assert counts(found(tmp_path / "b.csv", packed)) == (1, 0)


# --- PatentsView --------------------------------------------------------------------------------


def test_patentsview_names_persons_and_phases_are_read() -> None:
    corpus = read(FAULTS / "F06_pv_names_phase.json")
    parties = corpus.applicants.select("applicant", "residence", "person").rows()
    assert sorted(parties) == [("ALPHA", "NL", False), ("PERSON A", "DE", True)]
    assert corpus.citations["phases"].to_list() == [["EXA"]]


def test_patents_of_patentsearch_are_read() -> None:
    corpus = read(FAULTS / "F13_patentsearch.json")
    assert corpus.documents["lens_id"].to_list() == ["US_10000001"]
    (note,) = corpus.manifest["inputs"][0]["notes"]
    assert "comes without citations" in note
    assert "export them from Lens" in note
    assert corpus.applicants["applicant"].to_list() == ["ALPHA"]
    assert corpus.table("classifications")["symbol"].to_list() == ["G06N10/00"]


@pytest.mark.parametrize(
    ("words", "phase"),
    [
        ("cited by examiner", ["EXA"]),
        ("cited by applicant", ["APP"]),
        ("Cited by third party", ["TPO"]),
        ("cited by other", []),
        (None, []),
    ],
)
def test_who_cited_is_a_phase(tmp_path: Path, words: str | None, phase: list[str]) -> None:
    cited = {"cited_patent_number": "9000001", "cited_patent_category": words}
    patent = {"patent_number": "10000001", "patent_date": "2018-06-19", "cited_patents": [cited]}
    corpus = found(tmp_path / "a.json", json.dumps(patent))
    assert corpus.citations["phases"].to_list() == [phase]


# --- what is not read ---------------------------------------------------------------------------


def test_what_is_refused_shows_no_signs_that_a_terminal_obeys(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"\x1b[2J\x07" + bytes(range(1, 32)) * 9)
    (source,) = find([tmp_path / "a.csv"])
    assert source.why
    assert source.why.isprintable()


def test_answers_with_an_error_between_records_are_rejected_by_what_they_say(
    tmp_path: Path,
) -> None:
    error = json.dumps({"code": 429, "message": "Too many requests"})
    corpus = found(tmp_path / "a.jsonl", "\n".join([*LINES[:3], error, *LINES[3:]]))
    assert counts(corpus) == (20, 1)
    rejected = corpus.ledger.filter(pl.col("outcome") == "rejected")
    assert rejected["reason"].to_list() == ["an answer without records: Too many requests"]
