"""Files of Google/IFI publications as rows: Parquet by row groups, JSON lines record by record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from netpos.errors import InputError
from netpos.ingest.readers.publications import (
    LISTS,
    LOOSE,
    PLAIN,
    RAW,
    RAW_LISTS,
    batch_of,
    suffices,
)
from netpos.ingest.records import Batch
from netpos.progress import advance

#: Rows held at a time.
ROWS = 40_000
_AGAIN = "copy or export it again"
_AS_IT_IS = "export the column as BigQuery has it, a list of records, or leave it out"


#: What writers call an element of a list where they wrap it.
_WRAPS = (["element"], ["item"], ["array_element"])


# --- Parquet ------------------------------------------------------------------------------------


def parquet_columns(path: Path) -> list[str] | None:
    """Return the names of the columns of a Parquet file; None where it is damaged."""
    try:
        with pq.ParquetFile(path) as file:
            return list(file.schema_arrow.names)
    except (OSError, pa.ArrowException):
        return None


def read_parquet(path: Path, *, file: str) -> Iterator[Batch]:
    """Read publications from a Parquet file, some rows at a time; lines are its rows.

    Raises
    ------
    InputError
        The file is damaged, or no table of publications.
    """
    try:
        with pq.ParquetFile(path) as source:
            names = list(source.schema_arrow.names)
            if not suffices(names):
                raise InputError("a Parquet file, but not one of publications", file=file)
            wanted = _leaves([source.schema.column(i).path for i in range(len(source.schema))])
            done, size = 0, path.stat().st_size
            rows = max(source.metadata.num_rows, 1)
            for part in source.iter_batches(ROWS, columns=wanted):
                table = pl.from_arrow(part)
                assert isinstance(table, pl.DataFrame)  # of a batch
                odd = [n for n in LISTS if n in table.columns and not _shaped(table[n], n)]
                if LOOSE in odd:
                    odd.remove(LOOSE)
                    table = table.drop(LOOSE)
                if odd:
                    problem = f"column '{odd[0]}' holds no records with {_or(LISTS[odd[0]])}"
                    raise InputError(problem, file=file, remedy=_AS_IT_IS)
                yield batch_of(*_flat(table, done + 1))
                done += table.height
                advance(size * table.height // rows)
            if not done:
                yield batch_of(*_flat(pl.DataFrame(schema={"publication_number": pl.String}), 1))
    except (OSError, pa.ArrowException, pl.exceptions.PolarsError) as error:
        reason = str(error).splitlines()[0][:120]
        problem = f"damaged Parquet file ({reason})"
        raise InputError(problem, file=file, remedy=_AGAIN) from error


def _leaves(paths: Sequence[str]) -> list[str]:
    """Choose the columns that are of use, by their path: a field of a list is its last word.

    Of a list that is none of records all is chosen, for `_shaped` to refuse it.
    """
    named = {path.split(".", 1)[0] for path in paths if _of_list(path)}
    found = []
    for path in paths:
        first = path.split(".", 1)[0]
        if path in PLAIN or _of_list(path) or (first in LISTS and first not in named):
            found.append(path)
    return found


def _of_list(path: str) -> bool:
    first, last = path.split(".", 1)[0], path.rsplit(".", 1)[-1]
    return path != first and last in LISTS.get(first, ())


def _flat(table: pl.DataFrame, first: int) -> tuple[pl.DataFrame, dict[str, pl.DataFrame]]:
    """Turn nested rows into `RAW` and `RAW_LISTS`; the first has the line ``first``."""
    n = table.height
    columns = {"line": pl.int_range(first, first + n, dtype=pl.Int64, eager=True)}
    for name in PLAIN:
        columns[name] = (
            table[name].cast(pl.String)
            if name in table.columns
            else pl.repeat(None, n, dtype=pl.String, eager=True)
        )
    lists = {}
    for name, fields in LISTS.items():
        if name in table.columns:
            lists[name] = _exploded(table[name], name, fields)
    return pl.DataFrame(columns, schema=dict(RAW)), lists


def _or(names: Sequence[str]) -> str:
    return " or ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def _unwrapped(column: pl.Series) -> pl.Series:
    """Return a list as such: some writers wrap lists, some fix their length."""
    if isinstance(column.dtype, pl.Struct) and [f.name for f in column.dtype.fields] == ["list"]:
        column = column.struct.field("list")
    return column.arr.to_list() if isinstance(column.dtype, pl.Array) else column


def _inside(kind: pl.DataType) -> pl.Struct | None:
    """Return what the records of a list hold, unwrapped; None where they are none."""
    while isinstance(kind, pl.Struct) and [f.name for f in kind.fields][:1] in _WRAPS:
        kind = _as_type(kind.fields[0].dtype)
    return kind if isinstance(kind, pl.Struct) else None


def _as_type(kind: Any) -> pl.DataType:  # noqa: ANN401 - polars gives a type or its class
    found: pl.DataType = kind() if isinstance(kind, type) else kind
    return found


def _shaped(column: pl.Series, name: str) -> bool:
    """Whether a column is a list of records of which a field is of use; or of nothing at all."""
    kind = _unwrapped(column).dtype
    if kind == pl.Null:
        return True
    if not isinstance(kind, pl.List):
        return False
    inner = _as_type(kind.inner)
    held = _inside(inner)
    return inner == pl.Null or (
        held is not None and not {f.name for f in held.fields}.isdisjoint(LISTS[name])
    )


def _exploded(column: pl.Series, name: str, fields: Sequence[str]) -> pl.DataFrame:
    """Return a column of lists of records as rows; some writers wrap lists and their elements."""
    column = _unwrapped(column)
    table = pl.DataFrame(
        {"row": pl.int_range(column.len(), dtype=pl.Int32, eager=True), name: column}
    )
    if not isinstance(column.dtype, pl.List):
        return pl.DataFrame(schema=dict(RAW_LISTS[name]))
    table = table.filter(pl.col(name).list.len() > 0).explode(name)
    kind = table.schema[name]
    while isinstance(kind, pl.Struct) and [f.name for f in kind.fields][:1] in _WRAPS:
        table = table.with_columns(pl.col(name).struct.field(kind.fields[0].name).alias(name))
        kind = table.schema[name]
    there = {f.name for f in kind.fields} if isinstance(kind, pl.Struct) else set()
    return table.drop_nulls(name).select(
        "row",
        *(
            pl.col(name).struct.field(f).cast(pl.String).alias(f)
            if f in there
            else pl.lit(None, pl.String).alias(f)
            for f in fields
        ),
    )


# --- JSON lines ---------------------------------------------------------------------------------

_Text = str | int | float | None


class _Party(msgspec.Struct):
    name: str | None = None
    country_code: str | None = None


class _Class(msgspec.Struct):
    code: str | None = None


class _Citation(msgspec.Struct):
    publication_number: str | None = None
    category: str | None = None
    type: str | None = None


class _Title(msgspec.Struct):
    text: str | None = None
    language: str | None = None


class _Row(msgspec.Struct):
    publication_number: str | None = None
    country_code: str | None = None
    kind_code: str | None = None
    family_id: _Text = None
    publication_date: _Text = None
    filing_date: _Text = None
    grant_date: _Text = None
    priority_date: _Text = None
    assignee_harmonized: list[_Party] | None = None
    inventor_harmonized: list[_Party] | None = None
    cpc: list[_Class] | None = None
    ipc: list[_Class] | None = None
    citation: list[_Citation] | None = None
    title_localized: msgspec.Raw = msgspec.Raw(b"null")


_decode = msgspec.json.Decoder(_Row).decode
_decode_titles = msgspec.json.Decoder(list[_Title] | None).decode


def _titles(raw: msgspec.Raw) -> list[_Title]:
    """Return the titles of a row; none where they have another shape."""
    try:
        return _decode_titles(raw) or []
    except (msgspec.DecodeError, UnicodeDecodeError):
        return []


def read_json(items: Iterable[tuple[int, bytes | str]]) -> Iterator[Batch]:
    """Read publications from ``(line, bytes)`` pairs; a text is a reason to reject.

    Yields
    ------
    Batch
        Every `ROWS` records, and once at the end (also when there was none).
    """
    rows: list[tuple[int, _Row]] = []
    rejected: list[tuple[int, str]] = []
    for line, raw in items:
        if isinstance(raw, str):
            rejected.append((line, raw))
            continue
        try:
            rows.append((line, _decode(raw)))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            valid = isinstance(error, msgspec.ValidationError)
            reason = "not a publication" if valid else "not valid JSON"
            rejected.append((line, f"{reason}: {str(error)[:120]}"))
        if len(rows) + len(rejected) >= ROWS:
            yield batch_of(*_columns(rows), rejected)
            rows, rejected = [], []
    yield batch_of(*_columns(rows), rejected)


def _columns(rows: list[tuple[int, _Row]]) -> tuple[pl.DataFrame, dict[str, pl.DataFrame]]:
    texts: dict[str, list[object]] = {"line": [line for line, _ in rows]}
    for name in PLAIN:
        values = [getattr(row, name) for _, row in rows]
        texts[name] = [v if v is None or isinstance(v, str) else str(v) for v in values]
    lists = {}
    for name, fields in LISTS.items():
        of_row = (lambda row: _titles(row.title_localized)) if name == LOOSE else attrgetter(name)
        listed = [(i, item) for i, (_, row) in enumerate(rows) for item in of_row(row) or ()]
        columns: dict[str, list[object]] = {"row": [i for i, _ in listed]}
        columns |= {f: [getattr(item, f) for _, item in listed] for f in fields}
        lists[name] = pl.DataFrame(columns, schema=dict(RAW_LISTS[name]))
    return pl.DataFrame(texts, schema=dict(RAW)), lists
