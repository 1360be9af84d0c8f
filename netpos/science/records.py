"""Records of works as exports write them: from JSON lines, JSON, and Parquet."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

import msgspec

from netpos.errors import InputError

#: Bytes of a file that is one JSON text instead of lines.
_MOST_WHOLE = 512 * 2**20
csv.field_size_limit(2**31 - 1)  # an abstract, or a list of references, may be long
#: Bytes of a header line looked at.
_HEADER = 1 << 16
_LENS_ID = re.compile(r"\d{3}-\d{3}-\d{3}-\d{3}-\d{2}[\dXx]")


class Author(msgspec.Struct):
    """An author of a work: countries as stated, and affiliations."""

    countries: list[str] | None = None
    affiliations: list[_Affiliation] | None = None
    institutions: list[_Affiliation] | None = None


class _Affiliation(msgspec.Struct):
    country_code: str | None = None


class _Count(msgspec.Struct):
    year: int
    cited_by_count: int = 0


class _Named(msgspec.Struct):
    id: str | None = None
    display_name: str | None = None
    type: str | None = None


class _Location(msgspec.Struct):
    source: _Named | None = None
    raw_type: str | None = None


class _External(msgspec.Struct):
    type: str = ""
    value: Any = None


class Record(msgspec.Struct):
    """The fields of a work that count, by the names of either source; all others are skipped."""

    id: str | int | None = None
    lens_id: str | None = None
    title: str | None = None
    publication_year: int | None = None
    year_published: int | None = None
    type: str | None = None
    publication_type: str | None = None
    cited_by_count: int | None = None
    scholarly_citations_count: int | None = None
    counts_by_year: list[_Count] | None = None
    authorships: list[Author] | None = None
    authors: list[Author] | None = None
    is_retracted: bool | None = None
    is_paratext: bool | None = None
    fwci: float | None = None
    primary_topic: _Named | None = None
    fields_of_study: list[str] | None = None
    primary_location: _Location | None = None
    doi: str | None = None
    ids: dict[str, Any] | None = None
    external_ids: list[_External] | None = None
    jurisdiction: Any = None
    biblio: Any = None
    results: list[Record] | None = None
    data: list[Record] | None = None
    sizes_only: bool = False  # of a form without the country of any author


def records(path: Path) -> Iterator[tuple[int, Record | str]]:
    """Return the line (in arrays, pages, Parquet: ordinal) and record, or why it cannot be read."""
    if not path.is_file():
        kind = "is a folder" if path.is_dir() else "no such file"
        raise InputError(kind, file=path, remedy="give files of OpenAlex or Lens works")
    with path.open("rb") as raw:
        head = raw.read(4)
    if head == b"PAR1":
        yield from _parquet(path)
    elif head[:2] == b"\x1f\x8b":
        try:
            with gzip.open(path) as unpacked:
                yield from _json(cast("IO[bytes]", unpacked), path)
        except (EOFError, zlib.error, gzip.BadGzipFile) as cause:
            remedy = "copy or make it again"
            raise InputError(f"damaged gzip file ({cause})", file=path, remedy=remedy) from cause
    else:
        with path.open("rb") as raw:
            yield from _json(raw, path)


def _json(stream: IO[bytes], path: Path) -> Iterator[tuple[int, Record | str]]:
    decoder = msgspec.json.Decoder(Record)
    first = _first_line(stream)
    if first.startswith(b"["):
        yield from _text(first + stream.read(_MOST_WHOLE + 1), path)
        return
    if not first:
        return
    if _is_scholarly_csv(first):
        yield from _csv(first, stream, path)
        return
    if not first.startswith(b"{"):
        raise InputError(_what(first), file=path, remedy=_remedy(first))
    try:
        decoder.decode(first)
    except msgspec.ValidationError:
        pass  # a line of its own, whose fields are odd: told below
    except msgspec.DecodeError as cause:
        rest = stream.read(_MOST_WHOLE + 1)
        if b"\n{" not in rest[:1] + b"\n" + rest.lstrip()[:1] or first.rstrip() in (b"{", b""):
            yield from _text(first + rest, path)
            return
        message = f"not valid JSON ({cause})"
        raise InputError(message, file=path, line=1, remedy="export it again") from cause
    line = 1
    text = first
    while text:
        text = text.strip()
        if text:
            try:
                record = decoder.decode(text)
            except msgspec.DecodeError as cause:  # of which a wrong type is one kind
                yield line, f"not a record ({cause})"
            else:
                inner = record.results if record.results is not None else record.data
                for one in [record] if inner is None else inner:
                    yield line, one
        text = stream.readline()
        line += 1


def _first_line(stream: IO[bytes]) -> bytes:
    text = stream.readline()
    while text and not text.removeprefix(b"\xef\xbb\xbf").strip():
        text = stream.readline()
    return text.removeprefix(b"\xef\xbb\xbf").lstrip()


def _cells(first: bytes) -> list[str]:
    text = first.decode("utf-8", "replace")
    return [c.strip() for c in next(csv.reader([text], delimiter=_delimiter(text)), [])]


def _delimiter(header: str) -> str:
    return max(",;\t", key=header.count)


def _is_scholarly_csv(first: bytes) -> bool:
    """Tell a CSV of Lens scholarly works from one of patents, and from any other text."""
    cells = set(_cells(first[:_HEADER]))
    if not {"Lens ID", "Publication Year"} <= cells or {"Jurisdiction", "Kind"} & cells:
        return False
    return bool({"Publication Type", "Citing Works Count", "Fields of Study"} & cells)


def _csv(first: bytes, stream: IO[bytes], path: Path) -> Iterator[tuple[int, Record | str]]:
    """Read a Lens scholarly CSV: works without countries, as no column has one of an author."""
    names = _cells(first)
    delimiter = _delimiter(first.decode("utf-8", "replace"))
    text = io.TextIOWrapper(stream, encoding="utf-8", errors="replace", newline="")
    rows = csv.reader(text, delimiter=delimiter)
    at = 2
    try:
        for cells in rows:
            if any(cells):
                row = dict(zip(names, cells, strict=False))
                yield at, _row(row) if len(cells) == len(names) else "a broken row"
            at = rows.line_num + 2
    except csv.Error as cause:
        raise InputError(f"damaged CSV ({cause})", file=path, line=at) from cause
    finally:
        text.detach()


def _row(row: dict[str, str]) -> Record | str:
    def number(name: str) -> int | None:
        text = row.get(name, "").strip()
        return int(text) if text.isascii() and text.isdigit() else None

    def listed(name: str) -> list[str]:
        return [t.strip() for t in row.get(name, "").split(";") if t.strip()]

    lens_id = row["Lens ID"].strip()
    if not _LENS_ID.fullmatch(lens_id):
        return f"Lens ID is '{lens_id[:40]}'"
    external = [
        _External(kind, row[kind.upper()]) for kind in ("doi", "pmid") if row.get(kind.upper())
    ]
    return Record(
        lens_id=lens_id.upper(),
        title=row.get("Title"),
        year_published=number("Publication Year"),
        publication_type=row.get("Publication Type"),
        scholarly_citations_count=number("Citing Works Count"),
        fields_of_study=listed("Fields of Study"),
        authors=[Author() for _ in listed("Author/s")],
        external_ids=external,
        sizes_only=True,
    )


def _text(text: bytes, path: Path) -> Iterator[tuple[int, Record | str]]:
    """Read a file that is one JSON text: an array of works, or a page of an answer."""
    if len(text) > _MOST_WHOLE:
        problem = f"one JSON text of more than {_MOST_WHOLE // 2**20} MiB"
        raise InputError(problem, file=path, remedy="write one work per line")
    try:
        found = msgspec.json.decode(text, type=list[Record] | Record)
    except msgspec.DecodeError as cause:
        problem = f"not valid JSON, or no works ({cause})"
        raise InputError(problem, file=path, remedy="give works as JSON lines") from cause
    if isinstance(found, Record):
        inner = found.results if found.results is not None else found.data
        found = [found] if inner is None else inner
    yield from enumerate(found, start=1)


def _parquet(path: Path) -> Iterator[tuple[int, Record | str]]:
    import pyarrow.parquet as pq
    from pyarrow import ArrowException

    try:
        file = pq.ParquetFile(path)
        known = {f.encode_name for f in msgspec.structs.fields(Record)}
        columns = [c for c in file.schema_arrow.names if c in known]
        if not {"id", "lens_id"} & set(columns):
            raise InputError("a Parquet file without works (no column id)", file=path)
        number = 0
        for batch in file.iter_batches(batch_size=10_000, columns=columns):
            for row in batch.to_pylist():
                number += 1
                try:
                    yield number, msgspec.convert(row, Record, strict=False)
                except msgspec.ValidationError as cause:
                    yield number, f"not a record ({cause})"
    except (ArrowException, OSError) as cause:
        reason = str(cause).splitlines()[0]
        raise InputError(f"damaged Parquet file ({reason})", file=path) from cause


def _what(first: bytes) -> str:
    """Name a file that holds no JSON."""
    text = first[:_HEADER].decode("utf-8", "replace")
    if "Lens ID" in text and "Jurisdiction" in text:
        return "a Lens CSV of patents, not of scholarly works"
    if text.startswith("PK"):
        return "an Excel or zip file"
    return "not works of OpenAlex or Lens"


def _remedy(first: bytes) -> str:
    if "CSV of patents" in _what(first):
        return "give it to netpos run"
    return "give JSON lines or Parquet of OpenAlex, or Lens scholarly JSON lines"
