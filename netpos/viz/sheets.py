"""The rows of a workbook's sheets, column by column, as XlsxWriter writes them cell by cell."""

from __future__ import annotations

import copy
import io
import os
import re
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl
from xlsxwriter.utility import xl_col_to_name

from netpos.viz.export import ILLEGAL

#: Most signs that a cell of Excel holds.
MOST_SIGNS = 32_767

#: The text of the row that stands for all.
ROWS = "rows"
#: What a text must have to be written in another way.
_MARKED = r"[&<>\r]|_x[0-9a-fA-F]{4}_|^\s|\s$"
_NUMBER = "\0"  # the column of the number of a row
_SLICE = 10_000  # rows of a sheet in memory
_LEVEL = 5  # of compression: a third less time than 6, for a hundredth more
_CELL = '" t="inlineStr"><is><t>'
_SPACED = '" t="inlineStr"><is><t xml:space="preserve">'


def last_row(table: pl.DataFrame) -> int:
    """Count the rows up to the last that has any value, as `_storable` gives them."""
    if not table.width:
        return 0
    floats = pl.selectors.float()
    held = pl.any_horizontal(floats.is_finite(), (~floats).is_not_null())
    last = table.select(held.arg_true().max()).item()
    return 0 if last is None else last + 1


class Sheet(NamedTuple):
    """A sheet in an archive: what stands around its rows, and its part of the archive."""

    around: tuple[bytes, bytes]
    info: zipfile.ZipInfo
    packed: bytes


def sheet_files(number: int) -> list[str]:
    """Return the names of the files of so many sheets, in their order.

    Examples
    --------
    >>> sheet_files(2)
    ['xl/worksheets/sheet1.xml', 'xl/worksheets/sheet2.xml']
    """
    return [f"xl/worksheets/sheet{k}.xml" for k in range(1, number + 1)]


def with_rows(
    content: io.BytesIO,
    tables: Sequence[pl.DataFrame],
    waiting: Path,
    known: Mapping[str, Sheet] | None = None,
) -> tuple[io.BytesIO, dict[str, Sheet]]:
    """Put the rows of the tables in the place of those that stand for them, column by column.

    XlsxWriter takes one cell at a time, which costs seconds for a million cells. The rows are
    written as it writes them, and each sheet waits on disk.

    Parameters
    ----------
    content
        A workbook whose sheets have one row each, with the text `ROWS`.
    tables
        What belongs into the sheets, in their order.
    waiting
        Where each sheet waits, gone by the end.
    known
        Sheets by name of their file that are made already of the same tables; they are taken where
        all around their rows and the name are the same.

    Returns
    -------
    The workbook, and its sheets by name of their file.
    """
    found = io.BytesIO()
    sheets = dict(zip(sheet_files(len(tables)), tables, strict=True))
    around: dict[str, tuple[bytes, bytes]] = {}
    with (
        zipfile.ZipFile(content) as old,
        zipfile.ZipFile(found, "w", compression=zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as new,
    ):
        for info in old.infolist():
            text = old.read(info)
            table = sheets.get(info.filename)
            last = 0 if table is None else last_row(table)
            if table is None or not last:
                new.writestr(info, text)
                continue
            one = rf'<row r="{last + 1}"><c r="A{last + 1}"[^>]*><is><t>{ROWS}</t></is></c></row>'
            found_at = re.search(one.encode(), text)
            assert found_at is not None  # whoever made the workbook wrote it
            before, after = text[: found_at.start()], text[found_at.end() :]
            around[info.filename] = before, after
            made = (known or {}).get(info.filename)
            if made and made.info.filename == info.filename and made.around == (before, after):
                _taken(new, made)
                continue
            styles = _styles(before)
            with waiting.open("wb") as sheet:
                sheet.write(before)
                for start in range(0, last, _SLICE):
                    rows = table[start : min(start + _SLICE, last)]
                    sheet.write(_rows(rows, start + 2, styles).encode())
                sheet.write(after)
            os.utime(waiting, times=(time.mktime((*info.date_time, 0, 0, -1)),) * 2)
            new.write(waiting, info.filename)
    return found, dict(_packed(found, around))


def _taken(new: zipfile.ZipFile, sheet: Sheet) -> None:
    """Put a sheet into an archive as it lies in another."""
    assert new.fp is not None  # it is open
    info = copy.copy(sheet.info)
    info.header_offset = new.start_dir
    new.fp.seek(new.start_dir)
    new.fp.write(sheet.packed)
    new.start_dir = new.fp.tell()
    new.filelist.append(info)
    new.NameToInfo[info.filename] = info


def _packed(
    content: io.BytesIO, around: Mapping[str, tuple[bytes, bytes]]
) -> Iterator[tuple[str, Sheet]]:
    """Yield the sheets as they lie in an archive, one after the other."""
    with zipfile.ZipFile(content) as archive, content.getbuffer() as lies:
        files = archive.infolist()
        ends = [*(info.header_offset for info in files[1:]), archive.start_dir]
        for info, end in zip(files, ends, strict=True):
            if info.filename in around:
                packed = bytes(lies[info.header_offset : end])
                yield info.filename, Sheet(around[info.filename], info, packed)


def _styles(head: bytes) -> dict[int, str]:
    """Return what cells of each column say of their form, as the columns of the sheet say it."""
    found = {}
    for tag in re.findall(rb"<col [^>]*>", head):
        said = dict(re.findall(rb'(\w+)="([^"]*)"', tag))
        if b"style" in said:
            for k in range(int(said[b"min"]), int(said[b"max"]) + 1):
                found[k - 1] = f'" s="{said[b"style"].decode()}'
    return found


def _rows(table: pl.DataFrame, first: int, styles: Mapping[int, str]) -> str:
    """Rows of a sheet, from this number on."""
    stored = _storable(table)
    number = pl.int_range(first, first + pl.len(), dtype=pl.Int64).cast(pl.String)
    stored = stored.select(number.alias(_NUMBER), pl.all())
    line: list[str | pl.Expr] = ['<row r="', pl.col(_NUMBER), '">']
    texts, complete = {}, False
    for k, series in enumerate(stored.get_columns()[1:]):
        cell: list[str | pl.Expr] = [
            f'<c r="{xl_col_to_name(k)}',
            pl.col(_NUMBER),
            styles.get(k, ""),
        ]
        name = series.name
        if series.dtype == pl.Boolean:
            texts[name] = series.cast(pl.Int8).cast(pl.String)
            cell += ['" t="b"><v>', pl.col(name), "</v></c>"]
        elif series.dtype.is_numeric():
            texts[name] = _digits(series)
            cell += ['"><v>', pl.col(name), "</v></c>"]
        elif series.str.contains(_MARKED).any():
            safe = (
                pl.col(name)
                .str.replace_all("(_x[0-9a-fA-F]{4}_)", "_x005F${1}")
                .str.replace_all("\r", "_x000D_", literal=True)
                .str.replace_all("&", "&amp;", literal=True)
                .str.replace_all("<", "&lt;", literal=True)
                .str.replace_all(">", "&gt;", literal=True)
            )
            spaced = safe.str.contains(r"^\s|\s$")
            begin = pl.when(spaced).then(pl.lit(_SPACED)).otherwise(pl.lit(_CELL))
            cell += [begin, safe, "</t></is></c>"]
        else:
            cell += [_CELL, pl.col(name), "</t></is></c>"]
        if series.null_count():
            line.append(_together(cell).fill_null(""))
        else:
            line += cell
            complete = True
    stored = stored.with_columns(**texts)
    if not complete:  # rows of nothing are left out
        stored = stored.filter(pl.any_horizontal(pl.exclude(_NUMBER).is_not_null()))
    found: str = stored.select(_together([*line, "</row>"]).str.join("")).item()
    return found


def _together(parts: Sequence[str | pl.Expr]) -> pl.Expr:
    """Put texts and columns together, texts that follow each other as one."""
    several: list[str | pl.Expr] = []
    for part in parts:
        if isinstance(part, str) and several and isinstance(several[-1], str):
            several[-1] += part
        else:
            several.append(part)
    return pl.concat_str([pl.lit(part) if isinstance(part, str) else part for part in several])


def _digits(series: pl.Series) -> pl.Series:
    """Write numbers with 16 significant digits."""
    if series.dtype.is_integer():  # up to 2**53: they have no more
        return series.cast(pl.String)
    texts = [None if v is None else f"{v:.16G}" for v in series.to_list()]
    return pl.Series(series.name, texts, pl.String)


def _storable(table: pl.DataFrame) -> pl.DataFrame:
    """Numbers that a cell holds exactly, Booleans, else texts that it can hold; unknown is null."""
    whole = pl.selectors.integer()
    texts = ~(whole | pl.selectors.float() | pl.selectors.boolean())
    fits = table.select(
        (whole.cast(pl.Float64).abs() <= 2**53).all(),
        (texts.cast(pl.String).str.len_bytes() <= MOST_SIGNS).all(),
    ).row(0, named=True)
    cells = []
    for name, dtype in table.schema.items():
        own = pl.col(name)
        if dtype.is_float():
            cells.append(pl.when(own.is_finite()).then(own).alias(name))
        elif dtype == pl.Boolean or (dtype.is_integer() and fits[name]):
            cells.append(own)
        else:
            text = own.cast(pl.String).str.replace_all(ILLEGAL, "")
            if not (fits[name] or dtype.is_integer()):
                cut = pl.concat_str(text.str.head(MOST_SIGNS - 1), pl.lit("…"))
                text = pl.when(text.str.len_chars() > MOST_SIGNS).then(cut).otherwise(text)
                text = text.map_elements(_fitting, return_dtype=pl.String)
            cells.append(text.alias(name))
    return table.select(cells)


def _fitting(text: str) -> str:
    """Cut a text to the signs of Excel, which counts those above U+FFFF as two."""
    return text.encode("utf-16-le")[: 2 * MOST_SIGNS].decode("utf-16-le", "ignore")
