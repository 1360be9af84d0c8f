"""The tables of a corpus, made from its parts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import polars as pl
import pyarrow.parquet as pq
import pytest

from netpos.ingest import making
from netpos.ingest.corpus import TABLES, ingest, open_corpus
from tests.ingest.test_corpus import RECORDS, bytes_of
from tests.lens import record, write


def test_tables_made_piece_by_piece_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = [
        record(
            500 + n,
            cites=[n + 1, 900 + n % 9, 950 + n],
            cited_by=[700 + n],
            family=n // 2,
            inventors=[("DOE JANE", "SU"), ("ROE RICHARD", None)],
            applicants=[("ACME BV", "NL"), ("Acme B.V.", None), ("Beta Ltd", "XX")],
            symbols=["H01L 31/00", "g06n10/00", "G06N10/00"],
        )
        for n in range(40)
    ]
    path = write(tmp_path / "a.jsonl", [*RECORDS, *more])
    whole = ingest([path], tmp_path / "one")
    assert whole.table("outside").height > 50
    monkeypatch.setattr("netpos.ingest.mentions._AT_ONCE", 50)
    monkeypatch.setattr("netpos.ingest.outside._NAMED_AT_ONCE", 7)
    monkeypatch.setattr("netpos.ingest.citations._AT_ONCE", 11)
    monkeypatch.setattr("netpos.ingest.derive._AT_ONCE", 13)
    monkeypatch.setattr("netpos.ingest.parties._AT_ONCE", 17)
    monkeypatch.setattr("netpos.ingest.parties._IN_BUCKET", 40)
    monkeypatch.setattr("netpos.ingest.documents._AT_ONCE", 9)
    monkeypatch.setattr("netpos.ingest.spill._TEXTS_AT_ONCE", 30)
    monkeypatch.setattr("netpos.ingest.making._SIDE_BY_SIDE", 1)
    monkeypatch.setattr("netpos.ingest.making._ROWS", 5)
    pieces = ingest([path], tmp_path / "two")
    for table in TABLES:
        assert pieces.table(table).equals(whole.table(table)), table
    assert pieces.manifest["residence_codes"] == whole.manifest["residence_codes"]
    assert pieces.counts == whole.counts


def test_a_table_that_was_deleted_is_made_again(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", RECORDS[:9])
    ingest([path], tmp_path / "c")
    before = bytes_of(tmp_path / "c")
    (tmp_path / "c" / "citations.parquet").unlink()
    open_corpus(tmp_path / "c")
    assert bytes_of(tmp_path / "c") == before


def test_a_table_is_cut_where_parquet_cuts_it(tmp_path: Path) -> None:
    frame = pl.DataFrame({"line": range(making._ROWS + 5)}).with_columns(
        office=pl.lit("EP"), title=pl.col("line").cast(pl.String)
    )
    assert making._write_table(tmp_path / "pieces.parquet", [frame, frame.head(0)]) == frame.height
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    with pq.ParquetWriter(
        tmp_path / "whole.parquet", table.schema, compression="zstd", **making._encodings(table)
    ) as writer:
        writer.write_table(table)
        writer.write_table(table.slice(0, 0))
    assert (tmp_path / "pieces.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()
    assert making._write_table(tmp_path / "none.parquet", [frame.head(0)]) == 0
    assert pl.read_parquet(tmp_path / "none.parquet").schema == frame.schema


def test_when_one_table_cannot_be_made_the_others_are_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, stopped = Event(), Event()

    def for_ever(*_: object) -> Iterator[pl.DataFrame]:
        begun.set()
        while True:
            yield pl.DataFrame({"family": [1]})

    def interrupted(*_: object) -> None:
        begun.wait()
        stopped.set()
        raise KeyboardInterrupt

    monkeypatch.setattr("netpos.ingest.derive.class_table", for_ever)
    monkeypatch.setattr(making, "write_citations", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ingest([write(tmp_path / "a.jsonl", RECORDS[:9])], tmp_path / "c")
    assert stopped.is_set()
    assert not list((tmp_path / "c").glob(".tables-*"))
