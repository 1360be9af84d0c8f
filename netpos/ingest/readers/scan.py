"""Ordinary Lens JSON lines to columns in compiled code; all other lines are handed back.

``native/lens_scan.c`` reads strict JSON of the types that Lens.org writes straight into columns,
several times faster than any way over Python objects. Where it is not there (see
`netpos.ingest.compiled`) `netpos.ingest.readers.lens_json` reads every line, with the same result.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from netpos.ingest.compiled import library
from netpos.ingest.document_numbers import document_key, normal_numbers
from netpos.ingest.number_keys import pack
from netpos.ingest.readers.columns import NO_DOCUMENT
from netpos.ingest.readers.json_stream import MAX_RECORD
from netpos.ingest.records import (
    CLASSES,
    MEMBERS,
    OUTSIDE,
    PARTIES,
    REFERENCES,
    REJECTED,
    Batch,
    drop_blank_parties,
    finished,
    frame,
    hashed_key,
)

#: Bytes that must be readable behind the text.
PADDING = 64
_FULL = 1
_NO_NUMBER = np.iinfo(np.int32).min

#: Room for rows per MiB of text, at first; doubled where it is not enough.
_ROOM = {
    "records": 1_000,
    "parties": 3_000,
    "classes": 6_000,
    "members": 3_000,
    "references": 8_000,
    "outside": 6_000,
    "extra": 120_000,
    "left": 1_000,
}
_RECORD_TEXTS = (
    "lens_id",
    "office",
    "doc_number",
    "kind",
    "publication_type",
    "legal_status",
    "priority_offices",
    "priorities",
    "family_source",
    "extended_source",
    "aliases",
    "title",
    "title_language",
)
_RECORD_DAYS = (
    "published",
    "application_date",
    "grant_date",
    "term_date",
    "discontinued_date",
    "status_date",
    "earliest_priority",
)
#: Arrays of the scan in the order of its structure: name, table that gives the length, type.
_ARRAYS: tuple[tuple[str, str, type | None], ...] = (
    ("doc", "records", np.int64),
    ("line", "records", np.int64),
    *((name, "records", None) for name in _RECORD_TEXTS),
    *((name, "records", np.int32) for name in (*_RECORD_DAYS, "family_size", "cited_by_count")),
    ("granted", "records", np.uint8),
    ("party_row", "parties", np.int32),
    ("party_inventor", "parties", np.uint8),
    ("party_name", "parties", None),
    ("party_residence", "parties", None),
    ("class_row", "classes", np.int32),
    ("class_cpc", "classes", np.uint8),
    ("class_symbol", "classes", None),
    ("member_row", "members", np.int32),
    ("member", "members", np.int64),
    ("member_office", "members", None),
    ("member_number", "members", None),
    ("member_kind", "members", None),
    ("reference_row", "references", np.int32),
    ("reference_other", "references", np.int64),
    ("reference_cited_by", "references", np.uint8),
    ("reference_phase", "references", np.uint8),
    ("reference_categories", "references", np.uint16),
    ("outside_other", "outside", np.int64),
    ("outside_office", "outside", None),
    ("outside_number", "outside", None),
    ("outside_kind", "outside", None),
    ("outside_date", "outside", np.int32),
    ("outside_from", "outside", np.int64),
    ("outside_bytes", "outside", np.int32),
    ("outside_slot", "outside", np.int32),
    ("outside_content", "outside", np.int64),
    ("slot", "slots", np.int32),
    ("extra", "extra", np.uint8),
    ("left_line", "left", np.int64),
    ("left_from", "left", np.int64),
    ("left_to", "left", np.int64),
)
_TABLES = ("records", "parties", "classes", "members", "references", "outside")
_COUNTS = (*_TABLES, "extra_used", "left", "line_ends")


class _Strings(ctypes.Structure):
    _fields_ = (("views", ctypes.c_void_p), ("valid", ctypes.c_void_p))


class _Scan(ctypes.Structure):
    _fields_ = (
        ("text", ctypes.c_void_p),
        ("length", ctypes.c_int64),
        ("most_line", ctypes.c_int64),
        *((f"cap_{name}", ctypes.c_int64) for name in (*_TABLES, "extra", "left")),
        ("slots", ctypes.c_int64),
        *((f"n_{name}", ctypes.c_int64) for name in _COUNTS),
        *(
            (f"a_{name}", _Strings if kind is None else ctypes.c_void_p)
            for name, _, kind in _ARRAYS
        ),
    )


@dataclass(frozen=True)
class Scanned:
    """The rows of the ordinary lines, and the lines left: number from 0 and content."""

    batch: Batch
    left: list[tuple[int, bytes]]
    line_ends: int


class Scanner:
    r"""Reads chunks of lines of Lens JSON, one after the other, into the same memory.

    Parameters
    ----------
    most_line
        Lines of more bytes are left.

    Raises
    ------
    RuntimeError
        The compiled scanner is not there, see `netpos.ingest.compiled`.

    Examples
    --------
    >>> def scanned(*lines: bytes) -> Scanned:
    ...     scanner, text = Scanner(), b"\n".join(lines)
    ...     scanner.room(len(text))[:] = text
    ...     return scanner.scan(len(text))
    >>> line = b'{"lens_id": "000-000-000-000-019", "date_published": "2016-06-14", "kind": "A1"}'
    >>> found = scanned(line, b"[1]")
    >>> found.batch.records["kind"].to_list(), found.left
    (['A1'], [(1, b'[1]')])
    """

    def __init__(self, *, most_line: int = MAX_RECORD) -> None:
        self._library, self._most_line = library(), most_line
        self._text = np.empty(0, dtype=np.uint8)
        self._rows: dict[str, int] = {}
        self._arrays: dict[str, Any] = {}

    def room(self, length: int) -> memoryview:
        """Return memory for a text of so many bytes, to be filled before `scan`; what it held
        stays.
        """
        if length + PADDING >= self._text.size:
            larger = np.zeros(length + length // 8 + 2 * PADDING, dtype=np.uint8)
            larger[: self._text.size] = self._text
            self._text = larger
        return memoryview(self._text.data)[:length]

    def scan(self, length: int) -> Scanned:
        """Read the first bytes of `room`: whole lines, the last with or without its end.

        Lines count from 0. The columns found point into the memory of this scanner: they end with
        the next call of `room` or `scan`.
        """
        text = self._text
        text[length] = 10
        needed = {name: n * (length >> 20) + 4096 for name, n in _ROOM.items()}
        state = self._prepared(length, {n: max(r, self._rows.get(n, 0)) for n, r in needed.items()})
        while self._library.netpos_scan(ctypes.byref(state)) == _FULL:
            state = self._prepared(length, {name: n * 2 for name, n in self._rows.items()})
        counts = {name: int(getattr(state, f"n_{name}")) for name in _COUNTS}
        n = counts["left"]
        left = [
            (line, text[start:end].tobytes())
            for line, start, end in zip(
                *(self._arrays[f"left_{what}"][:n].tolist() for what in ("line", "from", "to")),
                strict=True,
            )
        ]
        ends = counts["line_ends"] - bool(length and text[length - 1] != 10)
        return Scanned(_batch(_Columns(text, self._arrays, counts), counts), left, ends)

    def _prepared(self, length: int, rows: dict[str, int]) -> _Scan:
        slots = 1 << (2 * rows["outside"]).bit_length()
        if rows != self._rows:
            self._rows, sizes = rows, {**rows, "slots": slots}
            for name, table, kind in _ARRAYS:
                n = sizes[table]
                self._arrays[name] = (
                    (np.empty((n, 16), np.uint8), np.empty(n, np.uint8))
                    if kind is None
                    else np.empty(n, kind)
                )
        self._arrays["slot"][:] = 0
        state = _Scan(
            text=self._text.ctypes.data, length=length, most_line=self._most_line, slots=slots
        )
        for name, n in rows.items():
            setattr(state, f"cap_{name}", n)
        for name, _, kind in _ARRAYS:
            found = self._arrays[name]
            place = _Strings(*(a.ctypes.data for a in found)) if kind is None else found.ctypes.data
            setattr(state, f"a_{name}", place)
        return state


class _Columns:
    """Arrays of a scan as Polars columns."""

    def __init__(
        self, text: NDArray[np.uint8], arrays: dict[str, Any], counts: dict[str, int]
    ) -> None:
        self._arrays, self._counts = arrays, counts
        self._table = {name: table for name, table, _ in _ARRAYS}
        extra = arrays["extra"][: max(counts["extra_used"], 1)]
        self._buffers = [pa.py_buffer(text), pa.py_buffer(extra)]

    def numbers(self, name: str) -> NDArray[Any]:
        found: NDArray[Any] = self._arrays[name][: self._counts[self._table[name]]]
        return found

    def text(self, name: str) -> pl.Series:
        n = self._counts[self._table[name]]
        views, valid = self._arrays[name]
        bits = pa.py_buffer(np.packbits(valid[:n], bitorder="little"))
        views = pa.py_buffer(views[:n])
        array = pa.Array.from_buffers(pa.string_view(), n, [bits, views, *self._buffers])
        return pl.Series(name, pl.from_arrow(array))

    def all_say(self, *names: str) -> bool:
        """Tell whether every row has one of these texts, and none of them could be blank."""
        n = self._counts[self._table[names[0]]]
        some = np.zeros(n, dtype=bool)
        for name in names:
            views, valid = self._arrays[name]
            first, there = views[:n, 4], valid[:n] != 0  # a text's first byte, 0 if it has none
            if (there & ((first <= ord(" ")) | (first > ord("~")))).any():
                return False
            some |= there
        return bool(some.all())

    def day(self, name: str) -> pl.Series:
        return _some(self.numbers(name)).cast(pl.Date)

    def choice(self, name: str, values: tuple[str, str]) -> pl.Series:
        return pl.Series(values).gather(self.numbers(name))


def _some(numbers: NDArray[np.int32]) -> pl.Series:
    """Return a column of numbers, null where there is none."""
    found = pl.Series(numbers)
    return found.set(found == _NO_NUMBER, None) if (numbers == _NO_NUMBER).any() else found


def _batch(c: _Columns, counts: dict[str, int]) -> Batch:
    references, outside, notes = _references(c)
    parties = pl.DataFrame(
        {
            "row": c.numbers("party_row"),
            "role": c.choice("party_inventor", ("applicant", "inventor")),
            "name": c.text("party_name"),
            "residence": c.text("party_residence"),
        },
        schema=dict(PARTIES),
    )
    if not c.all_say("party_name", "party_residence"):
        parties = drop_blank_parties(parties)
    classes = pl.DataFrame(
        {
            "row": c.numbers("class_row"),
            "scheme": c.choice("class_cpc", ("IPC", "CPC")),
            "symbol": c.text("class_symbol"),
        },
        schema=dict(CLASSES),
    )
    members = pl.DataFrame(
        {
            "row": c.numbers("member_row"),
            "member": c.numbers("member"),
            "office": c.text("member_office"),
            "doc_number": c.text("member_number"),
            "kind": c.text("member_kind"),
        },
        schema=dict(MEMBERS),
    )
    granted = pl.Series(c.numbers("granted"))
    table = pl.DataFrame(
        {
            "doc": c.numbers("doc"),
            "line": c.numbers("line"),
            "form": pl.repeat("lens-json", counts["records"], dtype=pl.String, eager=True),
            **{name: c.text(name) for name in _RECORD_TEXTS},
            **{name: c.day(name) for name in _RECORD_DAYS},
            **{name: _some(c.numbers(name)) for name in ("family_size", "cited_by_count")},
            "granted": granted.set(granted > 1, None).cast(pl.Boolean),
        }
    ).with_columns(
        granted=pl.when(
            pl.col("granted").fill_null(value=False)
            | (pl.col("publication_type") == "GRANTED_PATENT").fill_null(value=False)
        )
        .then(pl.lit(True))
        .otherwise("granted")
    )
    return Batch(
        finished(table, references),
        parties,
        classes,
        members,
        references,
        outside,
        frame(REJECTED),
        notes,
    )


def numbers_of(office: pl.Series, number: pl.Series, kind: pl.Series) -> NDArray[np.int64]:
    """Return numbers of documents by office, number and kind; `NO_DOCUMENT` where they name none.

    Whatever is not packed, each distinct one is looked at once.
    """
    found = pack(office, normal_numbers(office, number), kind)
    odd = found.is_null().arg_true()
    numbers = found.fill_null(NO_DOCUMENT).to_numpy().copy()
    if odd.len():
        rows = list(zip(*(s.gather(odd).to_list() for s in (office, number, kind)), strict=True))
        known = {row: document_key(*row) for row in dict.fromkeys(rows)}
        of = {row: NO_DOCUMENT if t is None else hashed_key(t.strip()) for row, t in known.items()}
        numbers[odd.to_numpy()] = [of[row] for row in rows]
    return numbers


def _references(c: _Columns) -> tuple[pl.DataFrame, pl.DataFrame, list[str]]:
    """Return references, the documents they name, and what to note.

    A reference without a Lens ID gets the number of office, number and kind, if it has them.
    """
    other, named = c.numbers("reference_other"), c.numbers("outside_other")
    texts = {
        "office": c.text("outside_office"),
        "doc_number": c.text("outside_number"),
        "kind": c.text("outside_kind"),
    }
    bare = np.flatnonzero(named == NO_DOCUMENT)
    notes, keep, keep_named = [], None, None
    if bare.size:
        named[bare] = numbers_of(*(column.gather(bare) for column in texts.values()))
        without = np.flatnonzero(other < 0)
        other[without] = named[-1 - other[without]]
        keep, keep_named = other != NO_DOCUMENT, named != NO_DOCUMENT
        empty = int((~keep).sum())
        notes = [f"{empty} references name no document"] if empty else []
    references = pl.DataFrame(
        {
            "row": c.numbers("reference_row"),
            "other": other,
            "cited_by": pl.Series(c.numbers("reference_cited_by")).cast(pl.Boolean),
            "phase": c.numbers("reference_phase"),
            "categories": c.numbers("reference_categories"),
        },
        schema=dict(REFERENCES),
    )
    outside = pl.DataFrame(
        {
            "other": named,
            "lens_id": pl.repeat(None, named.size, dtype=pl.String, eager=True),
            **texts,
            "date": c.day("outside_date"),
            "content": c.numbers("outside_content"),
        },
        schema=dict(OUTSIDE),
    )
    if keep is not None and not keep.all():
        references = references.filter(keep)
    if keep_named is not None and not keep_named.all():
        outside = outside.filter(keep_named)
    return references, outside, notes
