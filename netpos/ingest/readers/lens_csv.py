"""Lens patent CSV exports of every header generation (2016 to 2026), and what users made of them.

Columns are found by name, in any order and number. A record begins where a line has a Lens ID in
the right cell, so that a lost quotation mark costs one record and not the rest of the file. No CSV
lists cited documents or countries of residence: both stay empty.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from netpos.errors import InputError
from netpos.ingest.document_numbers import document_key
from netpos.ingest.readers.csv_cells import fitted
from netpos.ingest.readers.json_stream import MAX_RECORD, too_large
from netpos.ingest.readers.lens_header import (
    BOM,
    COLUMNS,
    FIELD,
    cells_of,
    csv_report,
    delimiter_of,
    header_cells,
    is_separator_line,
    plain_name,
    quote_of,
    recognise_header,
    split_header,
)
from netpos.ingest.readers.lens_words import (
    DateOrder,
    cleaned,
    count,
    document_number,
    earliest_offices,
    iso_date,
    order_of,
    priority,
    priority_set,
    publication_type,
    short_date,
    symbol,
)
from netpos.ingest.records import (
    BATCH_RECORDS,
    CLASSES,
    MEMBERS,
    OUTSIDE,
    PARTIES,
    RECORDS,
    REFERENCES,
    REJECTED,
    Batch,
    frame,
    is_lens_id,
    key,
)

__all__ = ["csv_report", "read_csv", "recognise_header", "split_header"]

_DATES = ("published", "application_date", "earliest_priority")
_SYMBOL_LISTS = ("cpc", "ipc", "priorities", "members", "member_offices")
_STATUS = {
    "ACTIVE", "PENDING", "EXPIRED", "DISCONTINUED", "INACTIVE", "PATENTED", "UNKNOWN",
}  # fmt: skip
_ID = r"\d{3}-\d{3}-\d{3}-\d{3}-\d{2}[\dXx]"
_BLOCK = 1024 * 1024
Row = tuple[int, dict[str, str]]


# --- bytes to rows ------------------------------------------------------------------------------


def _lines(stream: BinaryIO, max_record: int) -> Iterator[bytes | None]:
    """Physical lines with their ends (LF, CR LF or CR); None for one that is too long to hold."""
    kept, too_long = b"", False
    while block := stream.read(_BLOCK):
        pieces = (kept + block).splitlines(keepends=True)
        last = pieces[-1]
        kept = pieces.pop() if not last.endswith(b"\n") else b""
        for piece in pieces:
            yield None if too_long or len(piece) > max_record else piece
            too_long = False
        if len(kept) > max_record:
            kept, too_long = kept[-1:] if kept.endswith(b"\r") else b"", True
    if kept or too_long:
        yield None if too_long else kept


def _decoded(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        pass
    text = line.decode("utf-8", "replace")
    odd = [c for c in text if c > "\x7f" and c != "\ufffd"]
    # a line of plain letters and stray bytes was saved as Windows-1252 by a spreadsheet
    return text if odd else line.decode("cp1252", "replace")


def _logical(
    lines: Iterator[tuple[int, bytes | None]],
    start: re.Pattern[str],
    max_record: int,
    quote: str = '"',
) -> Iterator[tuple[int, str | None]]:
    """Return records as text with the line they begin in; None for one that is too large.

    A record goes on to the next line while a quotation mark is open, unless that line begins like
    a record.
    """
    held: list[str] = []
    begun, size, lost, open_quote = 0, 0, False, False
    for number, raw in lines:
        line = None if raw is None else _decoded(raw)
        if begun and line is not None and start.match(line):
            yield begun, None if lost else "".join(held)
            held, begun, size, lost, open_quote = [], 0, 0, False, False
        begun = begun or number
        if line is None or size + len(line) > max_record:
            held, lost = [], True
        if line is not None and not lost:
            held.append(line)
            size += len(line)
        open_quote ^= line is not None and line.count(quote) % 2 == 1
        if not open_quote or line is None:
            yield begun, None if lost else "".join(held)
            held, begun, size, lost, open_quote = [], 0, 0, False, False
    if begun:
        yield begun, None if lost else "".join(held)


class _Header:
    """Where the columns are, and what the first line of a record looks like."""

    def __init__(self, text: str, more: Mapping[str, str] | None = None) -> None:
        self.fields = {**FIELD, **(more or {})}
        self.delimiter = delimiter_of(text)
        self.quote = quote_of(text)
        self.cells = header_cells(text)
        self.at: dict[str, list[int]] = {}
        self.place()
        d = re.escape(self.delimiter)
        q = self.quote
        cell = rf"(?:{q}(?:[^{q}]|{q}{q})*+{q}|[^{q}{d}]*+){d}"
        before = self.at["lens_id"][0] if "lens_id" in self.at else 0
        first = rf"\s*+{q}?{_ID}{q}?\s*+(?:{d}|[\r\n]|$)"
        if "lens_id" not in self.at:  # of 2015: the office stands before the number
            before = self.at["office"][0]
            first = rf"\s*+{q}?[A-Z]{{2}}{q}?\s*+{d}"
        self.start = re.compile(rf"(?:{cell}){{{before}}}{first}")

    def place(self) -> None:
        """Note the positions of the columns we know."""
        self.at = {}
        for i, cell in enumerate(self.cells):
            if field := self.fields.get(plain_name(cell)):
                self.at.setdefault(field, []).append(i)


def _row(text: str, header: _Header) -> dict[str, str] | str | None:
    """Return filled fields of a record; a text says why it is none; None for a blank line."""
    cells = cells_of(text, header.delimiter, header.quote)
    if cells is None:
        return "the quotation marks do not match"
    if header.delimiter == ";" and len(cells) > len(header.cells):
        cells = fitted(cells, header.at, len(header.cells)) or cells
    row: dict[str, str] = {}
    for field, places in header.at.items():
        for i in places:
            if i < len(cells) and (value := cleaned(cells[i])):
                row[field] = value
                break
    lens = row.get("lens_id")
    if lens is None and "lens_id" not in header.at:
        found = document_key(
            row.get("office"),
            document_number(row.get("shown"), row.get("office"), row.get("kind")),
            row.get("kind"),
        )
        if found is not None:
            return row | {"lens_id": found}
    if lens is not None and is_lens_id(lens):
        row["lens_id"] = lens.upper()
    if lens is None or not is_lens_id(lens):
        if not any(map(cleaned, cells)):
            return None
        if recognise_header(cells)[0] == "lens-csv":
            header.cells = [cell.strip() for cell in cells]
            header.place()
            return "a second header"
        start = "no Lens ID" if lens is None else f"'{lens[:40]}' is no Lens ID"
        return f"{start}: a piece of a spilled or broken row"
    url = row.get("url")
    if url is not None and lens.upper() not in url.upper():
        return f"the cells are shifted: the URL column holds '{url[:40]}'"
    return row


def read_csv(stream: BinaryIO, *, file: str, max_record: int = MAX_RECORD) -> Iterator[Batch]:
    """Read a Lens patent CSV.

    Parameters
    ----------
    stream
        The file's bytes, from the start.
    file
        How messages call it.
    max_record
        Largest record held, in bytes; larger ones are rejected.

    Yields
    ------
    Batch
        Every `BATCH_RECORDS` records and at the end. ``references`` and ``outside`` are empty and
        no party has a residence: a CSV has neither. ``cites_count`` is null before 2021. A CSV
        lists the offices of a family apart from its members, so rows of ``members`` that name the
        record itself carry every office of the family.

    Raises
    ------
    InputError
        The header is not that of a Lens patent export.
    """
    lines = enumerate(_lines(stream, max_record), 1)
    header = _read_header(lines, file)
    rows: list[Row] = []
    rejected: list[tuple[int, str]] = []
    held: list[tuple[list[Row], list[tuple[int, str]]]] = []
    notes: Counter[str] = Counter()
    rewritten = False  # a spreadsheet rewrote the dates: their order needs the whole column
    for line, text in _logical(lines, header.start, max_record, header.quote):
        found = too_large(max_record) if text is None else _row(text, header)
        if isinstance(found, str):
            rejected.append((line, found))
        elif found is not None:
            rows.append((line, found))
            rewritten = rewritten or any(f in found and not iso_date(found[f]) for f in _DATES)
        if len(rows) >= BATCH_RECORDS:
            held.append((rows, rejected))
            rows, rejected = [], []
            if not rewritten:
                yield _batch(*held.pop(), {}, notes)
    held.append((rows, rejected))
    orders = _orders([r for part, _ in held for _, r in part], notes) if rewritten else {}
    for part, refused in held[:-1]:
        yield _batch(part, refused, orders, notes)
    last = _batch(*held[-1], orders, notes)
    last.notes.extend(text.format(n=n) for text, n in sorted(notes.items()))
    yield last


def csv_rows(
    stream: BinaryIO, *, file: str, max_record: int, more: Mapping[str, str]
) -> Iterator[Row]:
    """Return the rows that `read_csv` takes for records, as texts, with columns besides its own.

    Parameters
    ----------
    stream, file, max_record
        As for `read_csv`.
    more
        Plain name of a further column -> how it is called in the row.
    """
    lines = enumerate(_lines(stream, max_record), 1)
    header = _read_header(lines, file, more)
    for line, text in _logical(lines, header.start, max_record, header.quote):
        found = None if text is None else _row(text, header)
        if isinstance(found, dict):
            yield line, found


def _read_header(
    lines: Iterator[tuple[int, bytes | None]], file: str, more: Mapping[str, str] | None = None
) -> _Header:
    for _, raw in lines:
        text = "" if raw is None else _decoded(raw).removeprefix(BOM)
        if text.strip() and not is_separator_line(text):
            form, why = recognise_header(header_cells(text))
            if form != "lens-csv":
                raise InputError(why or form, file=file)
            return _Header(text, more)
    raise InputError("the file is empty", file=file, remedy="export it again")


# --- rows to columns ----------------------------------------------------------------------------


def _orders(rows: list[dict[str, str]], notes: Counter[str]) -> dict[str, DateOrder]:
    """For each date column, whether its rewritten dates begin with the day or the month."""
    known = {f: order_of(r.get(f) for r in rows) for f in _DATES}
    found = Counter(order for order in known.values() if order is not None)
    usual = found.most_common(1)[0][0] if found else "day"
    if not found and any(short_date(r.get(f), "day") for r in rows for f in _DATES):
        notes["dates such as 10/07/08 are read as day/month/year: no date in the file tells"] += 1
    return {f: order or usual for f, order in known.items()}


def _separator(rows: list[Row]) -> str:
    """Tell what separates names: ";;" unless the user's lists are separated otherwise
    throughout.
    """
    lists = [r[f] for _, r in rows for f in _SYMBOL_LISTS if f in r]
    names = [r[f] for _, r in rows for f in ("applicants", "inventors") if f in r]
    if any(";;" in text for text in lists) or any(";;" in text for text in names):
        return ";;"
    if any("|" in text for text in lists) or any("|" in text for text in names):
        return "|"
    return ";" if any(";" in text for text in lists) else ";;"


def _list(text: str | None) -> list[str]:
    """Split a list of symbols, numbers or IDs, none of which holds a separator."""
    return [part for part in map(str.strip, re.split(r"[;|]+", text or "")) if part]


def _batch(
    rows: list[Row],
    rejected: list[tuple[int, str]],
    orders: dict[str, DateOrder],
    notes: Counter[str],
) -> Batch:
    records: list[tuple[object, ...]] = []
    parties: list[tuple[int, str, str, None]] = []
    classes: list[tuple[int, str, str]] = []
    members: list[tuple[int, int, str | None, None, None]] = []
    separator = _separator(rows)
    for line, row in rows:
        dates = {f: _date(row, f, orders, notes) for f in _DATES}
        if dates["published"] is None and "published" not in row:
            dates["published"] = _year_only(row.get("year"), notes)
        if dates["published"] is None and "published" in row:
            text = row["published"][:40]
            rejected.append((line, f"the publication date is '{text}', not a date"))
            continue
        at = len(records)
        record = _record(line, row, dates, notes)
        records.append(tuple(record.get(column) for column in RECORDS))
        for role in ("applicant", "inventor"):
            names = (n.strip() for n in row.get(f"{role}s", "").split(separator))
            parties.extend((at, role, n, None) for n in names if n)
        for scheme, field in (("CPC", "cpc"), ("IPC", "ipc")):
            found = dict.fromkeys(symbol(s) for s in _list(row.get(field)))
            classes.extend((at, scheme, s) for s in found)
        members.extend((at, *m, None, None) for m in _members(row, str(record["lens_id"])))
    return Batch(
        frame(RECORDS, records),
        frame(PARTIES, parties),
        frame(CLASSES, classes),
        frame(MEMBERS, members),
        frame(REFERENCES),
        frame(OUTSIDE),
        frame(REJECTED, rejected),
    )


def _date(
    row: dict[str, str], field: str, orders: dict[str, DateOrder], notes: Counter[str]
) -> dt.date | None:
    text = row.get(field)
    year = count(row.get("year"))
    known = year if year is not None and 1600 <= year <= 2200 else None
    own = field == "published"
    found = iso_date(text) or short_date(text, orders.get(field, "day"), year=known, own=own)
    if found is None and field == "published" and text and re.fullmatch(r"\d{4}(-\d{2})?", text):
        found = _year_only(text[:4], notes, month=int(text[5:] or 1))
    if text is not None and found is None and field != "published":
        notes[f"{{n}} cells of '{COLUMNS[field][0]}' hold no date and are left empty"] += 1
    return found


def _year_only(text: str | None, notes: Counter[str], month: int = 1) -> dt.date | None:
    """Return the first day of a year that is all that is stated of the publication."""
    year = count(text)
    if year is None or not 1600 <= year <= 2200 or not 1 <= month <= 12:
        return None
    notes["{n} records state no day of publication: the first of the year or month stands in"] += 1
    return dt.date(year, month, 1)


def _record(
    line: int, row: dict[str, str], dates: dict[str, dt.date | None], notes: Counter[str]
) -> dict[str, object]:
    office, status = row.get("office", "").upper(), row.get("legal_status", "").upper()
    if office and not re.fullmatch("[A-Z]{2}", office):
        notes["{n} cells of 'Jurisdiction' hold no office and are left empty"] += 1
        office = ""
    if status and status not in _STATUS:
        notes["{n} cells of 'Legal Status' hold no status and are left empty"] += 1
        status = ""
    entries = [p for p in map(priority, _list(row.get("priorities"))) if p is not None]
    own = priority(row.get("application_number"))
    own = None if own is None else own._replace(date=dates["application_date"])
    kind, kind_of_document = row.get("kind"), publication_type(row.get("type"))
    earliest = dates["earliest_priority"]
    dated = [p.date for p in entries if p.date is not None]
    extended = [m for m in _list(row.get("extended_members")) if is_lens_id(m)]
    return {
        "doc": key(row["lens_id"]),
        "lens_id": row["lens_id"],
        "line": line,
        "form": "lens-csv",
        "office": office or None,
        "doc_number": document_number(row.get("shown"), office or None, kind),
        "kind": kind,
        "published": dates["published"],
        "publication_type": kind_of_document,
        "granted": True if kind_of_document == "GRANTED_PATENT" else None,
        "legal_status": status or None,
        "application_date": dates["application_date"],
        "earliest_priority": earliest or min(dated, default=None),
        "priority_offices": earliest_offices(entries, earliest, own),
        "priorities": priority_set(entries),
        "family_size": count(row.get("family_size")),
        "extended_source": min(extended, default=None),
        "cites_count": count(row.get("cites")),
        "cited_by_count": count(row.get("cited_by")),
        "title": row.get("title"),
    }


def _members(row: dict[str, str], own: str) -> list[tuple[int, str | None]]:
    """Members of the simple family, and the record itself once per office of the family."""
    listed = [m for m in _list(row.get("members")) if is_lens_id(m)]
    if not listed:
        return []
    home = row.get("office", "").upper()
    offices = {o.upper() for o in _list(row.get("member_offices"))} - {home}
    found: list[tuple[int, str | None]] = [(key(own), home or None)]
    found += [(key(m), None) for m in dict.fromkeys(listed) if m != own]
    return found + [(key(own), o) for o in sorted(offices) if re.fullmatch("[A-Z]{2}", o)]
