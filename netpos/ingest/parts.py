"""Exports to record-level Parquet parts, on as many processes as there are cores.

A part holds the columns of some thousand records of one export. Parts are written once, named
after the content of the export, and never changed; the tables of a corpus are made from them.
"""

from __future__ import annotations

import gc
import hashlib
import io
import json
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import connection, get_context, parent_process
from pathlib import Path
from typing import BinaryIO, cast

import polars as pl

from netpos.errors import InputError
from netpos.ingest import compiled
from netpos.ingest.discover import Source, opened
from netpos.ingest.readers import stretches
from netpos.ingest.readers.json_stream import MAX_RECORD, lines, objects
from netpos.ingest.readers.lens_csv import read_csv
from netpos.ingest.readers.lens_json import read_records
from netpos.ingest.readers.lens_legacy import read_legacy
from netpos.ingest.readers.lens_record import load_object
from netpos.ingest.readers.patentsview import read_patentsview
from netpos.ingest.records import Batch

TABLES = ("records", "parties", "classes", "members", "references", "outside", "rejected")
_RANGE = 64 * 1024 * 1024
Progress = Callable[[int, int], None]


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
    """The parts of an export, and its file's SHA-256 where reading gave it."""

    parts: list[Part]
    digest: str | None = None


def sha256(path: Path) -> str:
    """Hash a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def batches(source: Source, *, max_record: int = MAX_RECORD) -> Iterator[Batch]:
    """Read one export as batches of columns.

    Raises
    ------
    InputError
        The export is of a form that is refused, or its container is damaged.
    """
    if source.why is not None:
        raise InputError(source.why, file=source.name)
    with opened(source.path, source.compression, source.member) as stream:
        if source.form == "lens-csv":
            yield from read_csv(stream, file=source.name, max_record=max_record)
        elif source.form == "patentsview-json":
            found = objects(stream, source.container or "response", max_record=max_record)
            yield from read_patentsview(_decoded(found), file=source.name)
        elif source.form == "lens-legacy-jsonl":
            cut = (
                objects(stream, source.container, max_record=max_record)
                if source.container
                else _without_last(lines(stream, max_record=max_record))
            )
            yield from read_legacy(cut, file=source.name)
        elif source.form == "lens-jsonl":
            yield from read_records(_without_last(lines(stream, max_record=max_record)))
        elif source.container is not None:
            yield from read_records(_recovered(stream, source, max_record))


def _decoded(
    items: Iterator[tuple[int, bytes | str]],
) -> Iterator[tuple[int, dict[str, object] | str]]:
    for number, raw in items:
        yield number, raw if isinstance(raw, str) else load_object(raw)


def _recovered(
    stream: BinaryIO, source: Source, max_record: int
) -> Iterator[tuple[int, bytes | str]]:
    """Objects of a stream; one that swallowed others because of a stray quote is cut again."""
    ordinal = 0
    for _, raw in objects(stream, source.container or "objects", max_record=max_record):
        inner = [raw]
        if isinstance(raw, bytes) and raw.count(b'"lens_id"') > 1:
            found = load_object(raw)
            if isinstance(found, str):
                inner = [p for _, p in objects(io.BytesIO(raw[1:]), "objects")] or [raw]
                inner = [found, *(p for p in inner if isinstance(p, bytes))]
        for piece in inner:
            ordinal += 1
            yield ordinal, piece


def _without_last(items: Iterator[tuple[int, bytes | str]]) -> Iterator[tuple[int, bytes | str]]:
    for number, raw in items:
        if raw != b"":
            yield number, raw


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
    """Read one table of a part, or some of its columns."""
    path = folder / f"{stem}.{table}.parquet"
    return pl.read_parquet(path, columns=list(columns) or None, memory_map=False)


def _rest_of_line(stream: BinaryIO, most: int) -> int:
    """Pass over a line that began before; how many bytes, which may be more than ``most``."""
    passed = 0
    while passed <= most and (piece := stream.readline(1 << 20)):
        passed += len(piece)
        if piece.endswith(b"\n"):
            break
    return passed


def _end_with_parent() -> None:
    """Let a worker end when the process that started it is gone, killed or not."""
    parent = parent_process()
    if parent is not None:

        def watch() -> None:
            connection.wait([parent.sentinel])
            os._exit(1)

        threading.Thread(target=watch, daemon=True).start()


def _parse_range(
    path: str, start: int, end: int, folder: str, stem: str, max_record: int
) -> tuple[Part, ...]:
    """Parse the lines that begin in a byte range; runs in a worker process."""
    gc.disable()
    ends = 0

    def counted(stream: BinaryIO) -> Iterator[tuple[int, bytes | str]]:
        nonlocal ends
        if start:
            stream.seek(start - 1)
            length = end - (start - 1) - _rest_of_line(stream, end - start + 1)
        else:
            length = end
        first = 1 if start == 0 else 2  # only the file's first line may begin with a BOM
        for number, raw in lines(stream, length=max(length, 0), max_record=max_record, first=first):
            if raw == b"":
                ends = number - first
            else:
                yield number - first, raw

    parts = []
    with Path(path).open("rb", buffering=0) as raw, io.BufferedReader(raw, 1 << 20) as stream:
        for k, batch in enumerate(read_records(counted(cast("BinaryIO", stream)))):
            name = f"{stem}-{k:03d}"
            write_part(batch, Path(folder), name)
            parts.append(
                Part(name, batch.records.height, batch.rejected.height, 0, 0, tuple(batch.notes))
            )
    return tuple(replace(p, line_ends=ends if p is parts[-1] else 0) for p in parts)


def hashes(source: Source) -> bool:
    """Whether `parse` gives the SHA-256 of the export's file along with its parts."""
    return source.form == "lens-jsonl" and source.plain and compiled.available()


def parse(
    source: Source,
    folder: Path,
    stem: str,
    *,
    processes: int,
    max_record: int = MAX_RECORD,
    progress: Progress | None = None,
) -> Parsed:
    """Write the parts of one export into ``folder``.

    Large plain JSONL files are cut into byte ranges and read by several processes; the parts are
    the same whatever their number.

    Parameters
    ----------
    source
        The export.
    folder
        Where the parts go.
    stem
        Beginning of the parts' names.
    processes
        Workers for large files.
    max_record
        Longest record held, in bytes.
    progress
        Called with (bytes done, bytes in all).

    Raises
    ------
    InputError
        The export cannot be read.
    """
    size = source.path.stat().st_size
    if source.form == "lens-jsonl" and compiled.available():
        try:
            return _scanned(source, folder, stem, processes, max_record, progress)
        except stretches.Unsuited:
            for path in folder.iterdir():
                path.unlink()
    if source.form == "lens-jsonl" and source.plain:
        starts = list(range(0, max(size, 1), _RANGE))
        jobs = [(s, min(s + _RANGE, size), f"{stem}-{i:04d}") for i, s in enumerate(starts)]
        done: list[tuple[Part, ...]] = []
        if processes > 1 and len(jobs) > 1:
            with (
                _one_thread_each(),
                ProcessPoolExecutor(
                    min(processes, len(jobs)),
                    mp_context=get_context("spawn"),
                    initializer=_end_with_parent,
                ) as pool,
            ):
                futures = [
                    pool.submit(_parse_range, str(source.path), s, e, str(folder), name, max_record)
                    for s, e, name in jobs
                ]
                for future, (_, end, _) in zip(futures, jobs, strict=True):
                    done.append(future.result())
                    if progress:
                        progress(end, size)
        else:
            enabled = gc.isenabled()
            try:
                for s, e, name in jobs:
                    done.append(_parse_range(str(source.path), s, e, str(folder), name, max_record))
                    if progress:
                        progress(e, size)
            finally:
                if enabled:
                    gc.enable()
        return Parsed(_numbered(done))
    parts = []
    for k, batch in enumerate(batches(source, max_record=max_record)):
        name = f"{stem}-{k:04d}"
        write_part(batch, folder, name)
        parts.append(
            Part(name, batch.records.height, batch.rejected.height, 0, 0, tuple(batch.notes))
        )
    if progress:
        progress(size, size)
    return Parsed(parts)


def _scanned(
    source: Source,
    folder: Path,
    stem: str,
    threads: int,
    max_record: int,
    progress: Progress | None,
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
        parts, digest = stretches.from_file(
            source.path, put, threads=threads, max_record=max_record, progress=progress
        )
        return Parsed(_numbered(parts), digest)
    with opened(source.path, source.compression, source.member) as stream:
        parts = stretches.from_stream(stream, put, threads=threads, max_record=max_record)
    if progress:
        size = source.path.stat().st_size
        progress(size, size)
    return Parsed(_numbered(parts))


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Workers inherit the environment: one Polars thread each, as they share the cores."""
    before = os.environ.get("POLARS_MAX_THREADS")
    os.environ["POLARS_MAX_THREADS"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["POLARS_MAX_THREADS"]
        else:
            os.environ["POLARS_MAX_THREADS"] = before


def _numbered(ranges: list[tuple[Part, ...]]) -> list[Part]:
    """Turn line numbers within a range into lines of the file."""
    base, found = 1, []
    for parts in ranges:
        found += [replace(p, line_base=base) for p in parts]
        base += sum(p.line_ends for p in parts)
    return found


def parts_to_json(parts: list[Part]) -> list[dict[str, object]]:
    """Plain values for the manifest."""
    return json.loads(json.dumps([p.__dict__ for p in parts]))  # type: ignore[no-any-return] # plain values of JSON
