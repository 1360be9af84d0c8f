"""Exports to record-level Parquet parts.

A part holds the columns of some thousand records of one export. Parts are written once, named
after the content of the export, and never changed; the tables of a corpus are made from them.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from netpos.errors import InputError
from netpos.ingest import compiled
from netpos.ingest.discover import Source, opened
from netpos.ingest.readers import chunks, family_tables
from netpos.ingest.readers.json_stream import MAX_RECORD, lines, objects
from netpos.ingest.readers.wrappers import Page
from netpos.ingest.records import Batch

TABLES = ("records", "parties", "classes", "members", "references", "outside", "rejected")


@dataclass(frozen=True)
class Part:
    """One written part: file stem, records in it, rejected in it, what to add to its lines."""

    stem: str
    records: int
    rejected: int
    line_base: int
    line_ends: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Parsed:
    """The parts of an export, its file's SHA-256 where reading gave it, and what its pages say."""

    parts: list[Part]
    digest: str | None = None
    pages: tuple[Page, ...] = ()


def sha256(path: Path) -> str:
    """Hash a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def batches(
    source: Source,
    *,
    max_record: int = MAX_RECORD,
    page: Callable[[Page], None] | None = None,
) -> Iterator[Batch]:
    """Read one export as batches of columns; ``page`` is told what stands around the records.

    Raises
    ------
    InputError
        The export is of a form that is refused, or its container is damaged.
    """
    if source.why is not None:
        raise InputError(source.why, file=source.name)
    if source.form == "uspto-tables":
        from netpos.ingest.readers.uspto_tables import read_tables

        yield from read_tables(source.tables, file=source.name, chosen=source.chosen)
        return
    if source.form in family_tables.FORMS and source.compression == "parquet":
        yield from family_tables.read_parquet(source.path, source.form, file=source.name)
        return
    if source.compression == "parquet":
        from netpos.ingest.readers.publication_files import read_parquet

        yield from read_parquet(source.path, file=source.name)
        return
    with opened(source.path, source.compression, source.member, source.encoding) as stream:
        # each form loads its own reader: the scanner reads most exports without any
        if source.form == "lens-csv":
            from netpos.ingest.readers.lens_csv import read_csv

            yield from read_csv(stream, file=source.name, max_record=max_record)
        elif source.form in family_tables.FORMS:
            yield from family_tables.read_text(stream, source.form, file=source.name)
        elif source.form == "patentsview-json":
            from netpos.ingest.readers.patentsview import read_patentsview

            found = objects(stream, source.container or (), max_record=max_record, page=page)
            yield from read_patentsview(_decoded(found), file=source.name)
        elif source.form == "google-publications":
            from netpos.ingest.readers.publication_files import read_json

            cut = (
                objects(stream, source.container, max_record=max_record, page=page)
                if source.container is not None
                else lines(stream, max_record=max_record)
            )
            yield from read_json(cut)
        elif source.form == "lens-legacy-jsonl":
            from netpos.ingest.readers.lens_legacy import read_legacy

            cut = (
                objects(stream, source.container, max_record=max_record, page=page)
                if source.container is not None
                else lines(stream, max_record=max_record)
            )
            yield from read_legacy(cut, file=source.name)
        elif source.form == "lens-jsonl":
            from netpos.ingest.readers.lens_json import read_records

            yield from read_records(lines(stream, max_record=max_record))
        elif source.container is not None:
            from netpos.ingest.readers.lens_json import read_records

            found = objects(stream, source.container, max_record=max_record, page=page)
            yield from read_records(recovered(found))


def _decoded(
    items: Iterator[tuple[int, bytes | str]],
) -> Iterator[tuple[int, dict[str, object] | str]]:
    from netpos.ingest.readers.lens_record import load_object

    for number, raw in items:
        yield number, raw if isinstance(raw, str) else load_object(raw)


def recovered(items: Iterator[tuple[int, bytes | str]]) -> Iterator[tuple[int, bytes | str]]:
    """Objects of a stream; one that swallowed others because of a stray quote is cut again."""
    from netpos.ingest.readers.lens_record import load_object

    ordinal = 0
    for _, raw in items:
        inner = [raw]
        if isinstance(raw, bytes) and raw.count(b'"lens_id"') > 1:
            found = load_object(raw)
            if isinstance(found, str):
                inner = [p for _, p in objects(io.BytesIO(raw[1:]), "objects")] or [raw]
                inner = [found, *(p for p in inner if isinstance(p, bytes))]
        for piece in inner:
            ordinal += 1
            yield ordinal, piece


def write_part(batch: Batch, folder: Path, stem: str) -> None:
    """Write the tables of a batch."""
    for table in TABLES:
        frame: pl.DataFrame = getattr(batch, table)
        frame.write_parquet(
            folder / f"{stem}.{table}.parquet",
            compression="lz4",
            statistics=False,
        )


def read_part(folder: Path, stem: str, table: str, columns: Sequence[str] = ()) -> pl.DataFrame:
    """Read one table of a part, or some of its columns.

    Raises
    ------
    InputError
        The part is damaged or gone.
    """
    path = folder / f"{stem}.{table}.parquet"
    try:
        return pl.read_parquet(path, columns=list(columns) or None, memory_map=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        remedy = "delete the folder of the corpus and ingest the exports again"
        raise InputError("a part of the corpus is damaged", file=path, remedy=remedy) from error


def hashes(source: Source) -> bool:
    """Tell whether `parse` gives the SHA-256 of the export's file along with its parts."""
    return source.form == "lens-jsonl" and source.plain and compiled.available()


def parse(
    source: Source,
    folder: Path,
    stem: str,
    *,
    processes: int,
    max_record: int = MAX_RECORD,
) -> Parsed:
    """Write the parts of one export into ``folder``.

    Lens JSON lines are read by the compiled scanner on several threads, where it is there; the
    parts are the same whatever their number.

    Parameters
    ----------
    source
        The export.
    folder
        Where the parts go.
    stem
        Beginning of the parts' names.
    processes
        Threads of the scanner.
    max_record
        Longest record held, in bytes.

    Raises
    ------
    InputError
        The export cannot be read.
    """
    if source.form == "lens-jsonl" and compiled.available():
        try:
            return _scanned(source, folder, stem, processes, max_record)
        except chunks.Unsuited:
            for path in folder.iterdir():
                path.unlink()
    parts = []
    pages: list[Page] = []
    for k, batch in enumerate(batches(source, max_record=max_record, page=pages.append)):
        name = f"{stem}-{k:04d}"
        write_part(batch, folder, name)
        counts = (batch.records.height, batch.rejected.height)
        parts.append(Part(name, *counts, 0, 0, tuple(batch.notes)))
    return Parsed(parts, pages=tuple(pages))


def _scanned(
    source: Source,
    folder: Path,
    stem: str,
    threads: int,
    max_record: int,
) -> Parsed:
    """`parse` by the compiled scanner; the parts are the same whatever the number of threads."""

    def put(number: int, found: list[Batch], ends: int) -> tuple[Part, ...]:
        written = []
        for k, batch in enumerate(found):
            name = f"{stem}-{number:04d}-{k:03d}"
            write_part(batch, folder, name)
            counts = (batch.records.height, batch.rejected.height)
            written.append(Part(name, *counts, 0, 0, tuple(batch.notes)))
        return (*written[:-1], replace(written[-1], line_ends=ends))

    if source.plain:
        parts, digest = chunks.from_file(source.path, put, threads=threads, max_record=max_record)
        return Parsed(_numbered(parts), digest)
    with opened(source.path, source.compression, source.member, source.encoding) as stream:
        parts = chunks.from_stream(stream, put, threads=threads, max_record=max_record)
    return Parsed(_numbered(parts))


def _numbered(ranges: list[tuple[Part, ...]]) -> list[Part]:
    """Turn line numbers within a range into lines of the file."""
    base, found = 1, []
    for parts in ranges:
        found += [replace(p, line_base=base) for p in parts]
        base += sum(p.line_ends for p in parts)
    return found


def parts_to_json(parts: list[Part]) -> list[dict[str, object]]:
    """Return plain values for the manifest."""
    plain: list[dict[str, object]] = json.loads(json.dumps([p.__dict__ for p in parts]))
    return plain
