"""Which file is which form of export, decided from its content; and how to open it.

Compression and archives are seen through: gzip, zstandard, and files inside a zip archive, none of
which is ever unpacked to disk. A name from an archive is shown, never used as a path.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import orjson
import zstandard

from netpos.errors import InputError
from netpos.ingest.readers.json_stream import Container
from netpos.ingest.readers.lens_header import recognise_header, split_header
from netpos.ingest.readers.lens_legacy import is_legacy
from netpos.ingest.readers.lens_record import load_object
from netpos.ingest.readers.patentsview import is_patentsview

#: Names that `check` and the ledger use for what a file is.
REFUSED = ("lens-scholarly-csv", "lens-scholarly-json", "not-an-export")
_HEAD = 1024 * 1024
_BOM = b"\xef\xbb\xbf"
_SUFFIXES = (".jsonl", ".json", ".csv", ".txt", ".tsv", ".ndjson")
_ENDING = (
    "not read: its name does not end as those of exports do (.jsonl, .json, .csv, .txt, .tsv); "
    "name the file by itself if it is one"
)
_SCHOLARLY_KEYS = {"authors", "fields_of_study", "source", "scholarly_citations_count"}


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
        ``""``, ``"gz"`` or ``"zst"``, by content.
    member
        Position in the zip archive, None for a plain file.
    form
        ``lens-jsonl lens-json lens-legacy-jsonl patentsview-json lens-csv`` or one of `REFUSED`.
    container
        For JSON that is not one record a line: where the records stand.
    why
        For refused files: what it is instead and what to do.
    """

    path: Path
    name: str
    compression: str
    member: int | None
    form: str
    container: Container | None = None
    why: str | None = None

    @property
    def plain(self) -> bool:
        """Whether byte offsets of the file are byte offsets of the content."""
        return self.member is None and not self.compression


#: What a damaged or protected archive raises.
_ZIP_ERRORS = (zipfile.BadZipFile, RuntimeError, NotImplementedError, ValueError, struct.error)


@contextmanager
def opened(path: Path, compression: str, member: int | None) -> Iterator[BinaryIO]:
    """Open the content of a source; damage of the container is an `InputError`."""
    try:
        with path.open("rb") as file:
            if member is None:
                with _decompressed(file, compression) as stream:
                    yield stream
            else:
                with zipfile.ZipFile(file) as archive:
                    info = archive.infolist()[member]
                    with archive.open(info) as inner, _decompressed(inner, compression) as stream:
                        yield stream
    except (EOFError, zlib.error, gzip.BadGzipFile, zstandard.ZstdError) as error:
        problem = f"the compressed file is damaged or ends too early ({error})"
        raise InputError(problem, file=path, remedy="download or copy it again") from error
    except _ZIP_ERRORS as error:
        problem = f"the zip archive cannot be read ({error})"
        raise InputError(problem, file=path, remedy="unpack it and name the files") from error
    except OSError as error:
        problem = error.strerror or str(error)
        raise InputError(problem, file=path, remedy="check the path and its permissions") from error


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
                remedy = "name a folder with .jsonl, .json or .csv files (plain, .gz, .zst, .zip)"
                raise InputError(problem, file=given, remedy=remedy)
            for path in inside:
                name = shown(path.relative_to(given).as_posix())
                if path.is_file() and not _candidate(path):
                    sources.append(Source(path, name, "", None, "not-an-export", why=_ENDING))
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


def shown(name: str) -> str:
    r"""How outputs call a file: without signs that a terminal obeys or that have no UTF-8.

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
        s
        if names.count(s.name) == 1
        else Source(
            s.path,
            f"{s.path.parent.name}/{s.name}",
            s.compression,
            s.member,
            s.form,
            s.container,
            s.why,
        )
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
            head = file.read(8)
    except OSError as error:
        problem = error.strerror or str(error)
        raise InputError(problem, file=path, remedy="check its permissions") from error
    if not head:
        if listed:
            return [Source(path, name, "", None, "not-an-export", why="the file is empty")]
        raise InputError("the file is empty", file=path, remedy="export it again")
    if head.startswith(b"PK\x03\x04"):
        return _members(path, name)
    return [_sniffed(path, name, _compression(head), None)]


def _members(path: Path, name: str) -> list[Source]:
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
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
        if inner_name.lower().endswith((*_SUFFIXES, ".gz", ".zst")):
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


def _sniffed(path: Path, name: str, compression: str, member: int | None) -> Source:
    with opened(path, compression, member) as stream:
        head = stream.read(_HEAD)
    whole = len(head) < _HEAD
    form, container, why = _form(head.removeprefix(_BOM), whole=whole)
    return Source(path, name, compression, member, form, container, why)


Found = tuple[str, Container | None, str | None]


def _form(head: bytes, *, whole: bool) -> Found:
    text = head.lstrip()
    if not text:
        return "not-an-export", None, "it holds nothing but white space"
    if text[:2] in (b"\xff\xfe", b"\xfe\xff") or text[:200].count(0) > 20:
        return "not-an-export", None, "not UTF-8 text; save it as UTF-8 or export it again"
    if text[:1] in b"{[":
        return _json_form(text, whole=whole)
    if any(line.lstrip()[:1] == b"{" for line in text.split(b"\n", 200)[:200]) and (
        (found := _json_form(text, whole=whole))[0] != "not-an-export"
    ):
        return found
    if text[:1] == b"<":
        return "not-an-export", None, "HTML or XML, not an export; use Export on Lens, not Save as"
    return _csv_form(head)


def _json_form(text: bytes, *, whole: bool) -> Found:
    lines = text.split(b"\n")
    complete = lines if whole else lines[:-1]
    last = "an unknown kind of JSON"
    for line in [x for x in complete[:200] if x.strip()]:
        found = load_object(line)
        if not isinstance(found, dict):
            continue
        form, container, why = _by_keys(found)
        if form == "not-an-export" and why:
            last = why
        elif not (form == "lens-json" and container == "objects" and _is_open_array(text)):
            one_a_line = container == "objects"
            if form == "lens-json" and one_a_line:
                return "lens-jsonl", None, None
            return form, container, why
    flat = text[:_HEAD]
    at: Container = "array" if text[:1] == b"[" else "objects"
    response = re.match(rb'\{(?:[^\[{]|"query"\s*:\s*\{[^}]*\})*?"data"\s*:\s*\[', flat)
    if re.match(rb'\{[^\[]*"patents"\s*:\s*\[', flat) and b'"patent_number"' in flat:
        return "patentsview-json", "response", None
    if response and b'"lens_id"' in flat:
        return "lens-json", "response", None
    if b'"lens_id"' in flat or b'"doc_key"' in flat:
        if any(b'"%s"' % k.encode() in flat for k in ("authors", "fields_of_study")) and (
            b'"biblio"' not in flat
        ):
            return "lens-scholarly-json", None, _SCHOLARLY
        return "lens-json", at, None
    if b'"lensId"' in flat and b'"publicationKey"' in flat:
        return "lens-legacy-jsonl", at, None
    return "not-an-export", None, f"{last}; netpos reads patent exports of Lens.org or PatentsView"


def _is_open_array(text: bytes) -> bool:
    """Whether an array begins here that the first line does not end."""
    if text[:1] != b"[":
        return False
    try:
        orjson.loads(text.split(b"\n", 1)[0])
    except orjson.JSONDecodeError:
        return True
    return False


_SCHOLARLY = (
    "a Lens export of scholarly works (it has authors, fields of study), not patents; "
    "export from Lens > Patents"
)


def _by_keys(found: dict[str, object]) -> Found:
    if is_patentsview(found):
        return "patentsview-json", "response", None
    if is_legacy(found):
        return "lens-legacy-jsonl", None, None
    data = found.get("data")
    if isinstance(data, list) and "lens_id" not in found:
        inner = data[0] if data and isinstance(data[0], dict) else {}
        if not data or {"lens_id", "doc_key", "biblio"} & set(inner):
            return "lens-json", "response", None
    if {"lens_id", "doc_key"} & set(found):
        if _SCHOLARLY_KEYS & set(found) and "biblio" not in found:
            return "lens-scholarly-json", None, _SCHOLARLY
        return "lens-json", "objects", None
    keys = ", ".join(sorted(found)[:5]) or "no keys"
    return "not-an-export", None, f"JSON of something else (keys {keys})"


def _csv_form(head: bytes) -> Found:
    text = head.decode("utf-8", "replace")
    if re.match(r"\s*,\s*\d+\s*[\r\n]", text) and "lens_id" in text[:4000]:
        why = (
            "one record that a notebook wrote as a table of Python values, not an export; "
            "export the records from Lens as JSON lines"
        )
        return "not-an-export", None, why
    form, problem = recognise_header(split_header(text))
    return form, None, problem
