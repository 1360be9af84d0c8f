"""Which file is which form of export, decided from its content; and how to open it.

Compression and archives are seen through: gzip, zstandard, and files inside a zip archive, none of
which is ever unpacked to disk. A name from an archive is shown, never used as a path.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, cast

import polars as pl
import zstandard

from netpos.errors import InputError
from netpos.ingest.readers.family_tables import recognised
from netpos.ingest.readers.publications import USEFUL, suffices
from netpos.ingest.readers.wrappers import Path as JsonPath
from netpos.ingest.recognise import REFUSED, recognise, table_name
from netpos.progress import advance

_HEAD = 1024 * 1024
#: What a file begins with that netpos does not open, and what to do.
_NOT_OPENED = (
    (
        b"\xfd7zXZ\x00",
        "compressed with xz, which netpos does not open; unpack it, or use gzip",
    ),
    (b"BZh", "compressed with bzip2, which netpos does not open; unpack it, or use gzip"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive, which netpos does not open; unpack it, or use zip"),
    (b"Rar!\x1a\x07", "a rar archive, which netpos does not open; unpack it, or use zip"),
    (b"PAR1", "a Parquet file inside another; unpack it"),
    (b"%PDF", "a PDF document, not an export; export from Lens as JSON lines"),
)
_TAR = "a tar archive, which netpos does not open; unpack it, or use zip"
_ARCHIVES = (".tar.gz", ".xz", ".bz2", ".7z", ".rar", ".tar", ".tgz", ".exe")
_BLANK = b" \t\r\n\0"
_BOM = b"\xef\xbb\xbf"
_SUFFIXES = (".jsonl", ".json", ".csv", ".txt", ".tsv", ".ndjson", ".parquet")
_ENDING = (
    "not read: its name does not end as those of exports do (.jsonl, .json, .csv, .txt, .tsv, "
    ".parquet); name the file by itself if it is one"
)
_PARQUET = (
    "a Parquet file, but not one of publications (it needs publication_number and one of "
    f"{', '.join(USEFUL)})"
)


__all__ = ["REFUSED", "Source", "find", "opened", "shown"]


@dataclass(frozen=True)
class Source:
    """One export: a file, or a file inside an archive.

    Parameters
    ----------
    path
        The file on disk.
    name
        How outputs call it.
    compression
        ``""``, ``"gz"`` or ``"zst"``, by content; ``"parquet"`` for columns, which their own reader
        opens.
    member
        Position in the zip archive, None for a plain file.
    form
        ``lens-jsonl lens-json lens-legacy-jsonl patentsview-json lens-csv google-publications
        uspto-tables docdb-numbers docdb-citations`` or one of `REFUSED`.
    container
        For JSON that is not one record a line: where the records stand.
    why
        For refused files: what it is instead and what to do.
    encoding
        ``""`` for UTF-8, ``"utf-16"`` and the like, by content.
    tables
        Of bulk tables all files of the folder; ``path`` is that of the grants.
    selected, chosen
        See `netpos.ingest.selection`.
    """

    path: Path
    name: str
    compression: str
    member: int | None
    form: str
    container: JsonPath | None = None
    why: str | None = None
    encoding: str = ""
    tables: tuple[Path, ...] = ()
    selected: str = ""
    chosen: Callable[[pl.DataFrame], pl.Series] | None = None

    @property
    def plain(self) -> bool:
        """Whether byte offsets of the file are byte offsets of the content."""
        return self.member is None and not self.compression and not self.encoding


#: What a damaged or protected archive raises.
_ZIP_ERRORS = (zipfile.BadZipFile, RuntimeError, NotImplementedError, ValueError, struct.error)


@contextmanager
def opened(
    path: Path, compression: str, member: int | None, encoding: str = ""
) -> Iterator[BinaryIO]:
    """Open the content of a source as UTF-8; damage of the container is an `InputError`."""
    try:
        with path.open("rb", buffering=0) as raw, io.BufferedReader(_Told(raw), 1 << 16) as file:
            if member is None:
                with _decompressed(file, compression) as stream:
                    yield _recoded(stream, encoding)
            else:
                with zipfile.ZipFile(file) as archive:
                    info = archive.infolist()[member]
                    with archive.open(info) as inner, _decompressed(inner, compression) as stream:
                        yield _recoded(stream, encoding)
    except (EOFError, zlib.error, gzip.BadGzipFile, zstandard.ZstdError) as error:
        problem = f"the compressed file is damaged or ends too early ({error})"
        raise InputError(problem, file=path, remedy="download or copy it again") from error
    except _ZIP_ERRORS as error:
        problem = f"the zip archive cannot be read ({error})"
        raise InputError(problem, file=path, remedy="unpack it and name the files") from error
    except OSError as error:
        problem = error.strerror or str(error)
        raise InputError(problem, file=path, remedy="check the path and its permissions") from error


class _Told(io.RawIOBase):
    """A file that says how many of its bytes were read; see `netpos.progress`."""

    def __init__(self, file: io.FileIO) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: object) -> int:
        number = self._file.readinto(cast("bytearray", buffer)) or 0
        advance(number)
        return number


@contextmanager
def _decompressed(file: object, compression: str) -> Iterator[BinaryIO]:
    raw = cast("BinaryIO", file)
    if compression == "gz":
        with gzip.GzipFile(fileobj=raw) as stream:
            yield cast("BinaryIO", stream)
    elif compression == "zst":
        reader = zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True)
        with io.BufferedReader(cast("io.RawIOBase", _Whole(reader)), 1 << 20) as stream:
            yield cast("BinaryIO", stream)
    else:
        yield raw


def _recoded(stream: BinaryIO, encoding: str) -> BinaryIO:
    if not encoding:
        return stream
    text = io.TextIOWrapper(stream, encoding, errors="replace", newline="")
    return cast("BinaryIO", io.BufferedReader(cast("io.RawIOBase", _Utf8(text)), 1 << 20))


class _Utf8(io.RawIOBase):
    """Text as bytes of UTF-8."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text, self._rest = text, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast("bytearray", buffer))
        if not self._rest:
            self._rest = self._text.read(max(len(view) // 4, 1)).encode("utf-8", "replace")
        data, self._rest = self._rest[: len(view)], self._rest[len(view) :]
        view[: len(data)] = data
        return len(data)


class _Whole(io.RawIOBase):
    """A zstandard stream that says when its input ends inside a frame."""

    def __init__(self, reader: zstandard.ZstdDecompressionReader) -> None:
        self._reader = reader
        self._any = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast("bytearray", buffer))
        data = self._reader.read(len(view))
        if not data and not self._any:
            message = "no data"
            raise EOFError(message)
        self._any = self._any or bool(data)
        view[: len(data)] = data
        return len(data)


def _compression(head: bytes) -> str:
    if head.startswith(b"\x1f\x8b"):
        return "gz"
    if head[1:4] == b"\x2a\x4d\x18" and 0x50 <= head[0] <= 0x5F:  # a frame to be skipped
        return "zst"
    return "zst" if head.startswith(b"\x28\xb5\x2f\xfd") else ""


def find(paths: Iterable[Path | str]) -> list[Source]:
    """List the exports behind files and folders, in the order of their names.

    Parameters
    ----------
    paths
        Files or folders; folders are searched to any depth. Files with other than the usual
        endings inside a folder or an archive are refused unread; a file named by itself is always
        looked at.

    Returns
    -------
    list[Source]
        Sorted by name; refused files included, with the reason.

    Raises
    ------
    InputError
        A path does not exist, a file is empty, or a folder holds no candidate at all.
    """
    sources: list[Source] = []
    for given in map(Path, paths):
        if given.is_dir():
            inside = [
                p
                for p in sorted(given.rglob("*"))
                if not any(part.startswith(".") for part in p.relative_to(given).parts)
                and (p.is_symlink() or not p.is_dir())
            ]
            if not any(p.is_file() and _candidate(p) for p in inside):
                problem = "no export in this folder"
                remedy = (
                    "name a folder with .jsonl, .json, .csv or .parquet files, also .gz, .zst, .zip"
                )
                raise InputError(problem, file=given, remedy=remedy)
            bulk = _bulk([p for p in inside if p.is_file()], given)
            sources += bulk
            taken = {t for source in bulk for t in (source.path, *source.tables)}
            for path in [p for p in inside if p not in taken]:
                name = shown(path.relative_to(given).as_posix())
                if path.is_file() and not _candidate(path):
                    why = (_archive(path) if _is_archive(path) else None) or _ENDING
                    sources.append(Source(path, name, "", None, "not-an-export", why=why))
                else:
                    sources += _sources(path, name, listed=True)
        elif given.is_file():
            sources += _sources(given, shown(given.name), listed=False)
        elif given.exists():
            problem, remedy = "not a file that can be read twice", "write the data to a file first"
            raise InputError(problem, file=given, remedy=remedy)
        else:
            raise InputError("no such file or folder", file=given, remedy="check the path")
    unique = {(s.path.resolve() if s.path.exists() else s.path, s.member): s for s in sources}
    return _distinct_names(sorted(unique.values(), key=lambda s: (s.name, str(s.path))))


def _bulk(paths: Iterable[Path], root: Path) -> list[Source]:
    """Put the bulk tables of each folder together that has one of grants."""
    folders: dict[Path, dict[str, Path]] = {}
    again: dict[Path, list[tuple[Path, Path]]] = {}
    for path in paths:
        if table := table_name(path.name):
            tables = folders.setdefault(path.parent, {})
            if tables.setdefault(table, path) != path:
                again.setdefault(path.parent, []).append((path, tables[table]))
    found = []
    for folder, tables in folders.items():
        if grants := tables.get("g_patent"):
            for path, first in again.get(folder, []):
                name = shown(path.relative_to(root).as_posix())
                why = f"the same table as {shown(first.name)}, which is read instead"
                found.append(Source(path, name, "", None, "not-an-export", why=why))
            name = folder.relative_to(root).as_posix()
            called = shown(root.resolve().name if name == "." else name)
            several = tuple(tables[t] for t in sorted(tables))
            found.append(Source(grants, called, "", None, "uspto-tables", tables=several))
    return found


def shown(name: str) -> str:
    r"""Tell how outputs call a file: without signs that a terminal obeys or that have no UTF-8.

    Examples
    --------
    >>> shown("a\x1b[2J\u202eb.csv")
    'a?[2J?b.csv'
    """
    with contextlib.suppress(UnicodeError):  # as on a system whose language is ASCII
        name = os.fsencode(name).decode("utf-8")
    return "".join(c if c.isprintable() else "?" for c in name)


def _unusual(path: Path) -> str | None:
    """Why an entry of a folder is no file to read."""
    if path.is_dir():
        return "a link to a folder, which is not followed; name that folder itself"
    if path.is_symlink() and not path.exists():
        return "a link that leads to nothing"
    return None if path.is_file() else "not a file that can be read twice"


def _distinct_names(sources: list[Source]) -> list[Source]:
    names = [s.name for s in sources]
    return [
        s if names.count(s.name) == 1 else replace(s, name=f"{s.path.parent.name}/{s.name}")
        for s in sources
    ]


def _candidate(path: Path) -> bool:
    name = path.name.lower()
    for ending in (".gz", ".zst"):
        name = name.removesuffix(ending)
    return name.endswith((*_SUFFIXES, ".zip"))


def _sources(path: Path, name: str, *, listed: bool) -> list[Source]:
    if why := _unusual(path):
        return [Source(path, name, "", None, "not-an-export", why=why)]
    try:
        with path.open("rb") as file:
            head = file.read(512)
    except OSError as error:
        problem = error.strerror or str(error)
        raise InputError(problem, file=path, remedy="check its permissions") from error
    if not head:
        if listed:
            return [Source(path, name, "", None, "not-an-export", why="the file is empty")]
        raise InputError("the file is empty", file=path, remedy="export it again")
    if head.startswith(b"PK\x03\x04"):
        return _members(path, name)
    if head.startswith(b"PAR1"):
        return [_parquet(path, name)]
    if why := _not_opened(path, head):
        return [Source(path, name, "", None, "not-an-export", why=why)]
    return [_sniffed(path, name, _compression(head), None)]


def _parquet(path: Path, name: str) -> Source:
    from netpos.ingest.readers.publication_files import parquet_columns  # only where there is one

    columns = parquet_columns(path)
    if columns is None:
        raise InputError("damaged Parquet file", file=path, remedy="copy or export it again")
    if suffices(columns):  # publications first: they can have families and little else
        return Source(path, name, "parquet", None, "google-publications")
    if (form := recognised(columns)) is not None:
        return Source(path, name, "parquet", None, form)
    return Source(path, name, "parquet", None, "other-patents", why=_PARQUET)


def _is_archive(path: Path) -> bool:
    return path.name.lower().endswith(_ARCHIVES)


def _archive(path: Path) -> str | None:
    """Why a file that is named as an archive is not read."""
    try:
        with path.open("rb") as file:
            head = file.read(512)
    except OSError:
        return None
    return _TAR if path.name.lower().endswith((".tgz", ".tar.gz")) else _not_opened(path, head)


def _not_opened(path: Path, head: bytes) -> str | None:
    """Tell what a file is that begins like this, and what to do; None where it may be an export."""
    if why := _named_by_start(head):
        return why
    if head[257:262] == b"ustar":
        return _TAR
    if head[:2] in (b"MZ", b"#!") or head[:4] == b"\x7fELF":
        if zipfile.is_zipfile(path):
            return "a self-extracting zip archive; unpack it and name the files"
        return "a program, not an export" if head[:2] != b"#!" else None
    return None


def _members(path: Path, name: str) -> list[Source]:
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            if any(info.flag_bits & 1 for info in infos):
                why = "an encrypted zip archive; unpack it with its password and name the files"
                return [Source(path, name, "", None, "not-an-export", why=why)]
            heads = {}
            for i, info in enumerate(infos):
                if info.is_dir() or info.file_size == 0:
                    continue
                with archive.open(info) as inner:
                    heads[i] = inner.read(8)
    except (*_ZIP_ERRORS, OSError, EOFError, zlib.error) as error:
        problem = f"the zip archive cannot be read ({error})"
        raise InputError(problem, file=path, remedy="unpack it and name the files") from error
    if any(i.filename == "[Content_Types].xml" for i in infos):
        why = (
            "a spreadsheet or document, not an export; save the Lens export itself as CSV or JSONL"
        )
        return [Source(path, name, "", None, "not-an-export", why=why)]
    found, others = [], []
    for i, head in heads.items():
        inner_name = infos[i].filename.replace("\\", "/").rsplit("/", 1)[-1]
        called = f"{name}:{shown(inner_name)[:120]}"
        if named := _named_by_start(head):
            others.append(Source(path, called, "", i, "not-an-export", why=named))
        elif inner_name.lower().endswith((*_SUFFIXES, ".gz", ".zst")):
            found.append(_sniffed(path, called, _compression(head), i))
        elif inner_name.lower().endswith(".zip"):
            why = "an archive inside an archive; unpack the outer one"
            found.append(Source(path, called, "", i, "not-an-export", why=why))
        else:
            others.append(Source(path, called, "", i, "not-an-export", why=_ENDING))
    if not found:
        why = "a zip archive without an export inside"
        return [Source(path, name, "", None, "not-an-export", why=why)]
    return found + others


def _named_by_start(head: bytes) -> str | None:
    return next((why for begins, why in _NOT_OPENED if head.startswith(begins)), None)


def _sniffed(path: Path, name: str, compression: str, member: int | None) -> Source:
    with opened(path, compression, member) as stream:
        head, whole = _beginning(stream)
    if head.startswith(b"PAR1"):
        return Source(path, name, compression, member, "not-an-export", why=_named_by_start(head))
    encoding = _encoding(head)
    if encoding:
        with opened(path, compression, member, encoding) as stream:
            head, whole = _beginning(stream)
    if head[257:262] == b"ustar":
        return Source(path, name, compression, member, "not-an-export", why=_TAR)
    form, container, why = recognise(head, whole=whole)
    if why is not None:  # it may quote the file
        why = "".join(c if c.isprintable() else "?" for c in why)
    return Source(path, name, compression, member, form, container, why, encoding)


def _beginning(stream: BinaryIO) -> tuple[bytes, bool]:
    """Return the first bytes behind the mark and blanks that begin a text, and whether they are
    all.
    """
    head = stream.read(_HEAD).removeprefix(_BOM)
    whole = len(head) < _HEAD - len(_BOM)
    while not whole and len(kept := head.lstrip(_BLANK)) < _HEAD // 4:
        more = stream.read(_HEAD)
        head, whole = kept + more, not more
    return head, whole


def _encoding(head: bytes) -> str:
    """Return the encoding of a text of two bytes a letter; empty for all others."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    even, odd = head[:400:2].count(0), head[1:400:2].count(0)
    least = len(head[:400]) // 4
    if least and odd > least and not even:
        return "utf-16-le"
    return "utf-16-be" if least and even > least and not odd else ""
