"""Exports read in chunks by the scanner."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from netpos.ingest.compiled import available
from netpos.ingest.corpus import TABLES, ingest
from netpos.ingest.readers import chunks
from tests.lens import record, write

pytestmark = pytest.mark.skipif(
    not available(), reason="netpos was installed without its compiled scanner"
)


def test_chunks_of_any_size_and_any_number_of_threads_give_the_same_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [record(n, cites=[1 + n % 7, 200 + n]) for n in range(1, 50)]
    path = write(tmp_path / "a.jsonl", [*records, {"bad": 1}, *records[:3]])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\n\n", 20).rstrip())
    monkeypatch.setenv("NETPOS_SCAN", "0")
    expected = ingest([path], tmp_path / "reader")
    monkeypatch.delenv("NETPOS_SCAN")
    for size in (700, 1500, 7001):
        monkeypatch.setattr(chunks, "CHUNK", size)
        for threads in (1, 2):
            found = ingest([path], tmp_path / f"{size}-{threads}", processes=threads)
            for table in TABLES:
                assert_frame_equal(found.table(table), expected.table(table))
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            assert found.manifest["inputs"][0]["sha256"] == digest
    assert len(found.manifest["inputs"][0]["parts"]) > 5


def test_a_line_longer_than_two_chunks_is_read_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = record(2, abstract=[{"text": "x" * 50_000}])
    path = write(tmp_path / "a.jsonl", [record(1), long, *(record(n) for n in range(3, 60))])
    monkeypatch.setattr(chunks, "CHUNK", 9000)
    assert ingest([path], tmp_path / "c").counts["kept"] == 59
    assert ingest([path], tmp_path / "d", max_record=20_000).counts["rejected"] == 1
