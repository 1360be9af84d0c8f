"""One bulk table of the USPTO as a stream of rows: plain, gzip, or alone in a zip archive."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, cast

import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.csv as pc

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
    A cell that holds whole other rows, as a quotation mark in it is closed in another row or never,
    ends the reading.
    """

    def __init__(self, path: Path, columns: dict[str, str | None]) -> None:
        self.path, self.columns = path, columns
        self.bad: list[int] = []
        self._held = ExitStack()
        self.reader: Any = None

    def __enter__(self) -> Table:
        taken = [head for head in self.columns.values() if head is not None]
        try:
            self._text = _Counted(_opened(self.path, self._held))
            stream = pc.open_csv(
                self._text,
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

    _text: _Counted

    def _skip(self, row: pc.InvalidRow) -> str:
        self.bad.append(row.number or 0)
        if _holds_rows(row.text, row.expected_columns):
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
        rows = 0
        try:
            for batch, lines in _numbered(stream, self.bad):
                self._check_quotes()
                rows += batch.num_rows
                none = pa.nulls(batch.num_rows, pa.string())
                columns = [
                    none if head is None else _trimmed(batch.column(head))
                    for head in self.columns.values()
                ]
                yield pa.RecordBatch.from_arrays(
                    [pa.array(lines, pa.int64()), *columns], schema=schema
                )
            self._check_quotes()
            if self._text.lines > rows + len(self.bad) + 1:  # cells with line ends in them, or rows
                self._open_quote = _swallowing(self.path)
                self._check_quotes()
        except _DAMAGE as error:
            self._broken = error
            raise


class _Counted(io.RawIOBase):
    """A stream that counts the line ends read."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__()
        self._stream, self.ends, self._open = stream, 0, False

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        found = self._stream.read(size)
        if found:
            self.ends += found.count(b"\n")
            self._open = not found.endswith(b"\n")
        return found

    @property
    def lines(self) -> int:
        """Lines read, the last one counted where it has no end."""
        return self.ends + self._open


def _holds_rows(text: str, columns: int) -> bool:
    """Tell whether a text of several lines has one, but the first, that is a row by itself."""
    return any(line.count("\t") >= columns - 1 for line in text.splitlines()[1:])


def _swallowing(path: Path) -> int | None:
    """Return the number of the first row with a cell that holds other rows, None for none.

    Quotation marks in pairs that stand in two rows make one cell of all between: it has as many
    cells as others, so only its text tells.
    """
    bad: list[int] = []

    def skip(row: pc.InvalidRow) -> str:
        bad.append(row.number or 0)
        return "skip"

    with ExitStack() as held:
        options = pc.ParseOptions(delimiter="\t", newlines_in_values=True, invalid_row_handler=skip)
        heads = _first_row(path)
        stream = pc.open_csv(
            _opened(path, held),
            read_options=pc.ReadOptions(use_threads=False, block_size=_BLOCK),
            parse_options=options,
            convert_options=pc.ConvertOptions(column_types=dict.fromkeys(heads, pa.string())),
        )
        for batch, lines in _numbered(stream, bad):
            for cells in batch.columns:
                long = compute.match_substring(cells, "\n")
                for at in compute.indices_nonzero(long).to_pylist():
                    if cells[at].as_py().count("\t") >= batch.num_columns - 1:
                        return int(lines[int(at)])
    return None


def _numbered(
    stream: pc.CSVStreamingReader, bad: list[int]
) -> Iterator[tuple[pa.RecordBatch, list[int]]]:
    """Batches with the number of each of their rows, those passed over counted too."""
    line = 2
    for batch in stream:
        passed = set(bad)
        lines: list[int] = []
        while len(lines) < batch.num_rows:
            if line not in passed:
                lines.append(line)
            line += 1
        yield batch, lines


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


def _first_row(path: Path) -> list[str]:
    """Return the names of the columns."""
    try:
        with ExitStack() as held:
            text = _opened(path, held).readline(1 << 20).decode("utf-8-sig")
    except (*_DAMAGE, UnicodeDecodeError) as error:
        raise damaged(path, error) from error
    return next(csv.reader([text], delimiter="\t"), [])


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
    raw = _first_row(path)
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


_READ = re.compile(
    r"g_(patent|application|(us_patent|us_application|foreign)_citation)|"
    r"pg_(published_application|granted_pgpubs_crosswalk)|"
    r"p?g_((assignee|inventor|location)_disambiguated|cpc_current|ipc_at_issue)"
)


def not_read(tables: Iterable[str]) -> list[str]:
    """Name the tables of which nothing is used.

    Examples
    --------
    >>> not_read(["g_patent", "pg_cpc_current", "g_foreign_priority"])
    ['g_foreign_priority']
    """
    return sorted(name for name in tables if not _READ.fullmatch(name))


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
