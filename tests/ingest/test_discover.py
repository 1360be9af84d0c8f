"""Which files hold exports, and what they are packed in."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from pathlib import Path

import polars as pl
import pytest
import zstandard

from netpos.errors import InputError
from netpos.ingest.corpus import TABLES, ingest, read
from netpos.ingest.discover import find
from tests.ingest.readers import test_wrappers as wrappers
from tests.ingest.test_corpus import RECORDS
from tests.lens import record, write

LINES = "".join(json.dumps(r) + "\n" for r in RECORDS).encode()


def zipped(*files: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return buffer.getvalue()


CONTAINERS = {
    "a.jsonl": LINES,
    "bom.jsonl": b"\xef\xbb\xbf" + LINES,
    "crlf.jsonl": LINES.replace(b"\n", b"\r\n\r\n"),
    "a.jsonl.gz": gzip.compress(LINES),
    "two.jsonl.gz": gzip.compress(LINES[:5000]) + gzip.compress(LINES[5000:]),
    "a.jsonl.zst": zstandard.ZstdCompressor().compress(LINES),
    "misnamed.csv": LINES,
    "array.json": json.dumps(RECORDS).encode(),
    "pretty.json": json.dumps(RECORDS, indent=2).encode(),
    "response.json": json.dumps({"total": 135, "max_score": 1.0, "data": RECORDS}).encode(),
    "pages.json": b"".join(
        json.dumps({"total": 135, "data": RECORDS[k : k + 50]}, indent=1).encode() + b"\n"
        for k in range(0, 135, 50)
    ),
    "objects.json": "\n".join(json.dumps(r, indent=1) for r in RECORDS).encode(),
    "a.zip": zipped(("export/part.jsonl", LINES)),
    "two.zip": zipped(
        ("x/1.jsonl", LINES[: LINES.index(b"\n") + 1]),
        ("y/1.jsonl.gz", gzip.compress(LINES[LINES.index(b"\n") + 1 :])),
    ),
    "evil.zip": zipped(("../../../etc/evil.jsonl", LINES)),
}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pl.DataFrame]:
    path = write(tmp_path_factory.mktemp("plain") / "a.jsonl", RECORDS)
    return read(path).tables


@pytest.mark.parametrize("name", CONTAINERS)
def test_every_container_gives_the_same_tables(
    plain: dict[str, pl.DataFrame], tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_bytes(CONTAINERS[name])
    corpus = read(tmp_path / name)
    assert corpus.counts["read"] == corpus.counts["kept"] == 135
    for table in TABLES:
        found = corpus.table(table)
        if table == "documents":
            found, expected = (t.drop("file", "line") for t in (found, plain[table]))
            assert found.equals(expected)
        else:
            assert found.equals(plain[table]), table


def test_nothing_is_written_where_an_archive_points(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "evil.zip").write_bytes(CONTAINERS["evil.zip"])
    ingest([tmp_path / "in"], tmp_path / "out" / "deep" / "corpus")
    assert list(tmp_path.rglob("*evil.jsonl*")) == []


def test_files_with_other_endings_are_named_not_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    write(folder / "a.jsonl", [record(1)])
    write(folder / "b.data", [record(2)])
    with zipfile.ZipFile(folder / "c.zip", "w") as archive:
        archive.write(write(tmp_path / "d.jsonl", [record(3)]), "d.jsonl")
        archive.writestr("e.xlsx", "x")
    corpus = ingest([folder], tmp_path / "corpus")
    assert corpus.counts["read"] == 2
    assert [e["name"] for e in corpus.manifest["skipped"]] == ["b.data", "c.zip:e.xlsx"]
    assert "name the file by itself" in corpus.manifest["skipped"][0]["why"]
    again = ingest([folder / "b.data"], tmp_path / "corpus")
    assert again.counts["read"] == 3


def packed(content: bytes, *, encrypted: bool = False) -> bytes:
    data = bytearray(zipped(("a.jsonl", content)))
    if encrypted:  # the flag in both headers
        data[6] |= 1
        data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def tarred(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("a.jsonl")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


CONTENT = "\n".join(wrappers.LINES).encode()


ARCHIVES = {
    "a.xz": (lzma.compress(CONTENT), "xz"),
    "a.jsonl.bz2": (bz2.compress(CONTENT), "bzip2"),
    "a.7z": (b"7z\xbc\xaf\x27\x1c\0\4" + bytes(100), "7z"),
    "a.tar": (tarred(CONTENT), "tar"),
    "a.tar.gz": (gzip.compress(tarred(CONTENT)), "tar"),
    "a.exe": (b"MZ" + bytes(200) + packed(CONTENT), "self-extracting"),
    "a.zip": (packed(CONTENT, encrypted=True), "encrypted"),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_that_is_not_opened_is_named_with_the_remedy(tmp_path: Path, name: str) -> None:
    content, word = ARCHIVES[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=rf"{word}.*unpack it"):
        read(tmp_path / name)
    (tmp_path / "b.jsonl").write_bytes(CONTENT)
    (other,) = [s for s in find([tmp_path]) if s.form == "not-an-export"]
    assert word in (other.why or "")


def test_a_frame_to_be_skipped_is_skipped(tmp_path: Path) -> None:
    skipped = b"\x50\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"hello"
    content = skipped + zstandard.ZstdCompressor().compress(CONTENT)
    assert wrappers.counts(wrappers.found(tmp_path / "a.jsonl.zst", content)) == (20, 0)
