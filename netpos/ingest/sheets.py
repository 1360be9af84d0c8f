"""A user's CSV or Parquet file as columns of text, and the checks on its way to a typed table.

Everything is kept as text until a column is asked for, so that codes keep their zeros, ``NA`` stays
a name, and each mistake can be named with its line.
"""

from __future__ import annotations

import csv
import gzip
import io
import os
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, NoReturn

import numpy as np
import polars as pl

from netpos.errors import InputError
from netpos.tables import frame

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
_WHOLE = re.compile(r"(\d+)(\.0*)?")
#: Bytes a compressed table may have when unpacked; plain ones are as large as they look.
_MOST_UNPACKED = 256 * 2**20
_UNKNOWN = ("", "NA", "NaN", "nan")


class Field(NamedTuple):
    """A column that a reader looks for."""

    name: str
    kind: Literal["text", "number", "whole", "year"]
    needed: bool  # the column must be there
    filled: bool  # each row must have a value
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """A file as text: its columns, the line of each row, and whether decimals may have a comma."""

    file: str
    columns: dict[str, list[str]]
    lines: list[int]
    comma: bool


def read_sheet(path: Any) -> Sheet:  # noqa: ANN401 - a path, or a frame of any library
    """Read a file of either kind, or a frame; each cell is text without surrounding blanks."""
    if not isinstance(path, str | os.PathLike):
        return _sheet("the table given", frame(path, "of the documentation", name="given"))
    file = Path(path)
    if not file.is_file():
        kind = "is a folder" if file.is_dir() else "no such file"
        raise InputError(kind, file=path, remedy="give the path of a CSV or Parquet file")
    data = file.read_bytes()
    if data[:2] == b"\x1f\x8b":
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as unpacked:
                data = unpacked.read(_MOST_UNPACKED + 1)
        except (OSError, EOFError, zlib.error) as cause:
            problem = f"damaged gzip file ({cause})"
            raise InputError(problem, file=path, remedy="copy or make it again") from cause
    if len(data) > _MOST_UNPACKED and file.stat().st_size < len(data):
        problem = f"more than {_MOST_UNPACKED // 2**20} MiB when unpacked"
        raise InputError(problem, file=path, remedy="unpack it first if this is meant")
    if data[:4] == b"PAR1":
        return _parquet(str(path), data)
    if data[:2] == b"PK":
        raise InputError("an Excel or zip file", file=path, remedy="save the sheet as CSV (UTF-8)")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as cause:
        line = data.count(b"\n", 0, cause.start) + 1
        raise InputError("not UTF-8", file=path, line=line, remedy="save as CSV (UTF-8)") from cause
    return _csv(str(path), text)


def _parquet(file: str, data: bytes) -> Sheet:
    try:
        table = pl.read_parquet(io.BytesIO(data))
    except (pl.exceptions.PolarsError, OSError) as cause:
        reason = str(cause).splitlines()[0]
        raise InputError(f"damaged Parquet file ({reason})", file=file) from cause
    return _sheet(file, table)


def _sheet(file: str, table: pl.DataFrame) -> Sheet:
    if not table.height:
        raise InputError("the table has no rows", file=file)
    text = {
        c: ["" if v is None else str(v).strip() for v in table[c].to_list()] for c in table.columns
    }
    return Sheet(file, text, list(range(1, table.height + 1)), comma=False)


def _csv(file: str, text: str) -> Sheet:
    first = next((line for line in text.splitlines() if line.strip()), "")
    if not first:
        raise InputError("the file is empty", file=file, remedy="give a table with a head line")
    csv.field_size_limit(2**31 - 1)
    separator = max(",;\t", key=lambda s: len(next(csv.reader([first], delimiter=s))))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    before = 0
    try:
        for row in reader:
            line, before = before + 1, reader.line_num
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            if rows and len(cells) != len(rows[0]):
                if len(cells) < len(rows[0]) or any(cells[len(rows[0]) :]):
                    problem = f"{len(cells)} cells, but the head has {len(rows[0])}"
                    remedy = "check separators and quotes"
                    raise InputError(problem, file=file, line=line, remedy=remedy)
                cells = cells[: len(rows[0])]
            rows.append(cells)
            lines.append(line)
    except csv.Error as cause:
        remedy = "check the quotes in this line"
        raise InputError(str(cause), file=file, line=reader.line_num, remedy=remedy) from cause
    if not rows:
        raise InputError("the file is empty", file=file, remedy="give a table with a head line")
    head = rows[0]
    if len(rows) < 2:
        raise InputError("no rows below the head", file=file, line=lines[0])
    twice = sorted({h for h in head if h and head.count(h) > 1})
    if twice:
        problem = f"column '{twice[0]}' occurs twice"
        raise InputError(problem, file=file, line=lines[0], remedy="rename one of them")
    columns = dict(zip(head, map(list, zip(*rows[1:], strict=True)), strict=False))
    return Sheet(file, columns, lines[1:], comma=separator != ",")


def take(sheet: Sheet, fields: Sequence[Field]) -> pl.DataFrame:
    """Return the fields that the sheet has, converted and checked, with ``line`` in front."""
    series = [pl.Series("line", sheet.lines, dtype=pl.Int64)]
    heads = {f.name: _head(sheet, f) for f in fields}
    numbers = [heads[f.name] for f in fields if f.kind == "number"]
    comma = sheet.comma and any("," in t for h in numbers if h for t in sheet.columns[h])
    for field in fields:
        head = heads[field.name]
        if head is None:
            continue
        cells = sheet.columns[head]
        if field.kind == "text":
            blank = next((i for i, t in enumerate(cells) if not t), None) if field.filled else None
            if blank is not None:
                _refuse(sheet, blank, f"{head} is empty", "fill it in, or delete the row")
            series.append(pl.Series(field.name, [t or None for t in cells], dtype=pl.String))
        else:
            series.append(_numbers(sheet, field, head, cells, comma=comma))
    return pl.DataFrame(series)


def _head(sheet: Sheet, field: Field) -> str | None:
    """Which column of the sheet is meant; None when it is absent and need not be there."""
    heads = {h: plain(h) for h in sheet.columns}
    exact = [h for h, p in heads.items() if p == field.name]
    found = exact or [h for h, p in heads.items() if p in field.also]
    if len(found) > 1:
        names = " and ".join(f"'{h}'" for h in found)
        remedy = f"call the one meant '{field.name}'"
        raise InputError(
            f"columns {names} could both be {field.name}", file=sheet.file, remedy=remedy
        )
    if found:
        return found[0]
    if not field.needed:
        return None
    problem = f"column '{field.name}' is missing; it has: {few(list(sheet.columns), limit=12)}"
    remedy = f"rename the column that holds it to '{field.name}'"
    if field.name in ("citing", "cited") and {"source", "target", "from", "to"} & {*heads.values()}:
        remedy = "call the end that makes the reference 'citing' and the other 'cited'"
    raise InputError(problem, file=sheet.file, remedy=remedy)


def _numbers(sheet: Sheet, field: Field, head: str, cells: list[str], *, comma: bool) -> pl.Series:
    """Return a column of numbers >= 0; null for an empty cell where the field allows it."""
    values: list[float | None] = []
    for i, text in enumerate(cells):
        if text in _UNKNOWN:
            if field.filled:
                shown = f"'{text}'" if text else "empty"
                _refuse(sheet, i, f"{head} is {shown}", "fill it in, or delete the row")
            values.append(None)
            continue
        if field.kind != "number":
            whole = _WHOLE.fullmatch(text)
            if not whole or len(whole[1]) > (4 if field.kind == "year" else 18):
                kind = "year" if field.kind == "year" else "whole number >= 0"
                _refuse(sheet, i, f"{head} is '{text}', not a {kind}", "correct it")
            values.append(int(text.split(".")[0]))
            continue
        if comma and _COMMA.fullmatch(text):
            text = text.replace(",", ".")
        elif not _NUMBER.fullmatch(text) or not np.isfinite(float(text)):
            _refuse(sheet, i, f"{head} is '{text}', not a number", _remedy(sheet, text))
        elif comma and "." in text:
            remedy = "use one of the two throughout, without separators of thousands"
            _refuse(sheet, i, f"{head} is '{text}', but others have a decimal comma", remedy)
        if float(text) < 0:
            _refuse(sheet, i, f"{head} is {text}, less than 0", "correct it, or delete the row")
        values.append(float(text))
    kinds = {"number": pl.Float64, "whole": pl.Int64, "year": pl.Int32}
    return pl.Series(field.name, values, dtype=kinds[field.kind])


def _remedy(sheet: Sheet, text: str) -> str:
    if "," in text and not sheet.comma:
        return "separate columns by a semicolon where decimals have a comma"
    return "write plain numbers such as 1234.5"


def _refuse(sheet: Sheet, row: int, problem: str, remedy: str) -> NoReturn:
    raise InputError(problem, file=sheet.file, line=sheet.lines[row], remedy=remedy)


def once(sheet: Sheet, found: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Return the table sorted by its keys, after checking that no row repeats them."""
    keys = [k for k in keys if k in found.columns]
    again = found.filter(pl.struct(keys).is_duplicated()).sort(*keys, "line", nulls_last=True)
    if again.height:
        first, second = again["line"][:2]
        what = ", ".join(str(v) for v in again.select(keys).row(0) if v is not None)
        problem = f"{what} is already in line {first}"
        remedy = "keep one row of it"
        raise InputError(problem, file=sheet.file, line=second, remedy=remedy)
    return in_order(found, keys)


def in_order(found: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Return the table sorted by those of the keys that it has, without ``line``."""
    return found.sort([k for k in keys if k in found.columns], nulls_last=True).drop("line")


def plain(head: str) -> str:
    """Return a head as it is compared: lower case, blanks and hyphens as underscores."""
    return re.sub(r"[\s\-]+", "_", head.strip().lower())


def few(names: Sequence[str], separator: str = ", ", *, limit: int = 5) -> str:
    """Return the first few names, and how many more there are."""
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return separator.join(names[:limit]) + more
