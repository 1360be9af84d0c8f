"""One bulk table of the USPTO as a stream of rows: plain, gzip, or alone in a zip archive."""

from __future__ import annotations

import csv
import gzip
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, cast

import pyarrow as pa  # type: ignore[import-untyped] # it has no types
import pyarrow.compute as compute  # type: ignore[import-untyped] # it has no types
import pyarrow.csv as pc  # type: ignore[import-untyped] # it has no types

from netpos.errors import InputError

_BLOCK = 8 << 20
#: Columns that nothing rests on: broken signs in them are replaced, not refused.
_LOOSE = ("patent_title", "application_title")
_AGAIN = "download it again"
_AS_GIVEN = "download the table as the USPTO gives it"
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, gzip.BadGzipFile, EOFError, OSError, pa.ArrowException),
    RuntimeError,  # an archive with a password, or packed in an unknown way
)


class Table:
    """A table being read: ``reader`` streams the columns asked for, and the ``line`` of each row.

    ``bad`` are the rows that have too few or too many cells, by their number; they are passed over.
    One that holds whole other rows, as a quotation mark in it is not closed, ends the reading.
    """

    def __init__(self, path: Path, columns: dict[str, str | None]) -> None:
        self.path, self.columns = path, columns
        self.bad: list[int] = []
        self._held = ExitStack()
        self.reader: Any = None

    def __enter__(self) -> Table:
        taken = [head for head in self.columns.values() if head is not None]
        try:
            stream = pc.open_csv(
                _opened(self.path, self._held),
                read_options=pc.ReadOptions(use_threads=False, block_size=_BLOCK),
                parse_options=pc.ParseOptions(
                    delimiter="\t", newlines_in_values=True, invalid_row_handler=self._skip
                ),
                convert_options=pc.ConvertOptions(
                    include_columns=taken,
                    column_types={
                        head: pa.binary() if name in _LOOSE else pa.string()
                        for name, head in self.columns.items()
                        if head is not None
                    },
                    strings_can_be_null=True,
                    null_values=[""],
                ),
            )
        except _DAMAGE as error:
            self._held.close()
            raise damaged(self.path, error) from error
        names = ["line", *self.columns]
        schema = pa.schema([(n, pa.int64() if n == "line" else pa.string()) for n in names])
        self.reader = pa.RecordBatchReader.from_batches(schema, self._batches(stream, schema))
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        self._held.close()
        if self._broken is not None:
            raise damaged(self.path, self._broken) from error

    _broken: BaseException | None = None

    def _skip(self, row: pc.InvalidRow) -> str:
        self.bad.append(row.number or 0)
        least = row.expected_columns - 1
        if any(line.count("\t") >= least for line in row.text.splitlines()[1:]):
            self._open_quote = self._open_quote or row.number
        return "skip"

    _open_quote: int | None = None

    def _check_quotes(self) -> None:
        if self._open_quote is not None:
            message = f"a quotation mark in row {self._open_quote} is not closed before other rows"
            raise pa.ArrowInvalid(message)

    def _batches(
        self, stream: pc.CSVStreamingReader, schema: pa.Schema
    ) -> Iterator[pa.RecordBatch]:
        line = 2
        try:
            for batch in stream:
                self._check_quotes()
                bad = set(self.bad)
                lines: list[int] = []
                while len(lines) < batch.num_rows:
                    if line not in bad:
                        lines.append(line)
                    line += 1
                none = pa.nulls(batch.num_rows, pa.string())
                columns = [
                    none if head is None else _trimmed(batch.column(head))
                    for head in self.columns.values()
                ]
                yield pa.RecordBatch.from_arrays(
                    [pa.array(lines, pa.int64()), *columns], schema=schema
                )
            self._check_quotes()
        except _DAMAGE as error:
            self._broken = error
            raise


def _trimmed(cells: pa.Array) -> pa.Array:
    """Take blanks around cells away, as one would keep a row from being joined; none is null."""
    if pa.types.is_binary(cells.type):
        try:
            cells = cells.cast(pa.string())
        except pa.ArrowInvalid:  # not UTF-8
            texts = [t and t.decode("utf-8", "replace") for t in cells.to_pylist()]
            cells = pa.array(texts, pa.string())
    cells = compute.utf8_trim_whitespace(cells)
    return compute.if_else(compute.equal(cells, ""), None, cells)


def damaged(path: Path, error: BaseException) -> InputError:
    """Say that a table cannot be read to its end."""
    reason = (str(error).splitlines() or [type(error).__name__])[0][:120]
    return InputError(f"damaged table ({reason})", file=path, remedy=_AGAIN)


def open_table(path: Path, needed: Sequence[str | Sequence[str]], more: Sequence[str]) -> Table:
    """Open a table by the names of its columns.

    Parameters
    ----------
    path
        The file.
    needed
        Columns that must be there; of several names the first that there is, which then is called
        as the first of them.
    more
        Columns that may be missing; they are then empty.

    Raises
    ------
    InputError
        The file is damaged, or a column is missing.
    """
    try:
        with ExitStack() as held:
            first = _opened(path, held).readline(1 << 20)
    except _DAMAGE as error:
        raise damaged(path, error) from error
    try:
        text = first.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise damaged(path, error) from error
    raw = next(csv.reader([text], delimiter="\t"), [])
    heads = {h.strip().lower(): h for h in reversed(raw)}
    if len(heads) < len(raw):
        raise InputError("a column is there twice", file=path, remedy=_AS_GIVEN)
    columns: dict[str, str | None] = {}
    for names in needed:
        several = [names] if isinstance(names, str) else list(names)
        found = next((n for n in several if n in heads), None)
        if found is None:
            shown = ", ".join(raw[:12]) or "none"
            problem = f"column '{several[0]}' is missing; it has: {shown}"
            raise InputError(problem, file=path, remedy=_AS_GIVEN)
        columns[several[0]] = heads[found]
    for name in more:
        columns.setdefault(name, heads.get(name))
    return Table(path, columns)


def _is_table(member: str) -> bool:
    """Whether a member of an archive is a table, not what a Mac puts beside one."""
    beside = member.startswith("__MACOSX/") or member.rsplit("/", 1)[-1].startswith("._")
    return member.lower().endswith(".tsv") and not beside


def _opened(path: Path, held: ExitStack) -> IO[bytes]:
    if path.name.lower().endswith(".zip"):
        archive = held.enter_context(zipfile.ZipFile(path))
        inner = [i for i in archive.infolist() if _is_table(i.filename)]
        if len(inner) != 1:
            problem = f"a zip archive with {len(inner)} tables, not one"
            raise InputError(problem, file=path, remedy="keep one table in each")
        return held.enter_context(archive.open(inner[0]))
    if path.name.lower().endswith(".gz"):
        return cast("IO[bytes]", held.enter_context(gzip.GzipFile(path)))
    return held.enter_context(path.open("rb"))
