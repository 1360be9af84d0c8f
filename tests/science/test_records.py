"""Records of works as exports write them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import polars as pl
import pytest

from netpos.errors import InputError
from tests.science.test_works import read, work, written


def test_every_container_gives_the_same_works(tmp_path: Path) -> None:
    records = [work(k, cited_by_count=k) for k in range(1, 8)]
    lines = written(tmp_path / "a.jsonl", records)
    expected = read(lines)
    (tmp_path / "b.json").write_text(json.dumps(records, indent=1))
    (tmp_path / "c.json").write_text(
        json.dumps({"meta": {"count": 7}, "results": records}, indent=1)
    )
    pages = [{"meta": {}, "results": records[:4]}, {"meta": {}, "results": records[4:]}]
    written(tmp_path / "d.jsonl", pages)
    (tmp_path / "e.jsonl.gz").write_bytes(gzip.compress(lines.read_bytes()))
    (tmp_path / "f.jsonl").write_bytes(b"\xef\xbb\xbf" + lines.read_bytes().replace(b"\n", b"\r\n"))
    pl.DataFrame(records).write_parquet(tmp_path / "g.parquet")
    for name in ("b.json", "c.json", "d.jsonl", "e.jsonl.gz", "f.jsonl", "g.parquet"):
        found = read(tmp_path / name)
        assert found.works.equals(expected.works, null_equal=True), name
        assert found.shares.equals(expected.shares), name
        assert found.counts == expected.counts, name


def test_records_that_cannot_be_read_are_listed_with_their_line(tmp_path: Path) -> None:
    lines = [
        json.dumps(work(1)), '{"id": "https://openalex.org/W2", "publication_', "",
        json.dumps(work(3, publication_year=None)), json.dumps({"title": "x"}),
        json.dumps(work(4, publication_year="soon")),
    ]  # fmt: skip
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    found = read(tmp_path / "a.jsonl")
    assert dict(found.counts) == {"read": 5, "kept": 1, "rejected": 4, "duplicates": 0}
    assert found.ledger["line"].to_list() == [2, 4, 5, 6]
    assert "no year" in found.ledger["reason"][1]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "holds no record"),
        (b"hello\n", "not works of OpenAlex or Lens"),
        (b"PK\x03\x04", "Excel or zip"),
        (b"\x1f\x8b\x08\x00broken", "damaged gzip"),
        (b"PAR1 not really", "damaged Parquet"),
        (b'[{"id": 1', "not valid JSON"),
        (
            b"Lens ID,Jurisdiction,Kind,Publication Year\nx,y,z,2020\n",
            "a Lens CSV of patents",
        ),
        (b'{"lens_id": "1", "jurisdiction": "US", "biblio": {}}\n', "export of patents"),
        (b'{"a": 1}\n', "no work can be used"),
    ],
)
def test_foreign_and_damaged_files_are_named(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "x.jsonl").write_bytes(content)
    with pytest.raises(InputError, match=words) as told:
        read(tmp_path / "x.jsonl")
    assert "x.jsonl" in str(told.value)


CSV = (
    "\ufeffLens ID,Title,Publication Year,Publication Type,Author/s,Fields of Study,DOI,PMID,"
    "Citing Works Count\r\n"
    '005-443-695-721-984,"Lice, a review",2020,journal article,A B; C D,Virology; Law,10.1000/A,'
    "7,3\r\n"
    "broken,x\r\n"
    "nothing,x,2020,journal article,,,,,\r\n"
)


def test_a_csv_of_lens_gives_works_without_countries(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CSV, encoding="utf-8", newline="")
    found = read(tmp_path / "a.csv")
    assert found.source == "lens-csv"
    work_ = found.works.row(0, named=True)
    assert (work_["key"], work_["year"], work_["type"]) == ("005-443-695-721-984", 2020, "article")
    assert (work_["citations"], work_["authors"], work_["located"]) == (3, 2, 0)
    assert (work_["doi"], work_["pmid"]) == ("10.1000/a", "7")
    assert found.shares.height == 0
    assert found.ledger["line"].to_list() == [3, 4]
    assert dict(found.counts) == {"read": 3, "kept": 1, "rejected": 2, "duplicates": 0}
