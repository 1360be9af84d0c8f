"""PatentsView JSON: US grants with their US citations.

The API before 2024 and its successor, PatentSearch, name fields differently; both are read.
Patents have no Lens ID: they are called ``US_`` and their number. An assignee without any name is
called ``assignee`` and its key, which keeps the same assignee the same organisation. Lists that say
"nothing" hold one element of nulls; these are skipped.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from netpos.ingest.document_numbers import document_key
from netpos.ingest.readers.lens_words import cleaned, iso_date, symbol
from netpos.ingest.readers.wrappers import inside
from netpos.ingest.records import (
    BATCH_RECORDS,
    CLASSES,
    MEMBERS,
    OUTSIDE,
    PARTIES,
    PHASE_NUMBER,
    RECORDS,
    REFERENCES,
    REJECTED,
    Batch,
    frame,
    key,
)

#: Letters before a US number, and the type of document they mean; plain numbers are utility grants.
_TYPES = {
    "D": "DESIGN_RIGHT",
    "PP": "PLANT_PATENT",
    "RE": "GRANTED_PATENT",
    "H": "STATUTORY_INVENTION_REGISTRATION",
    "T": "UNKNOWN",
    "": "GRANTED_PATENT",
}


def read_patentsview(
    records: Iterable[tuple[int, dict[str, object] | str]],
    *,
    file: str,  # noqa: ARG001 - the same call for every reader
) -> Iterator[Batch]:
    """Read patents of PatentsView.

    Parameters
    ----------
    records
        Ordinal and content of each patent; a text instead of an object is a reason to reject it.
    file
        How messages call the file.

    Yields
    ------
    Batch
        Every `BATCH_RECORDS` records, and once at the end (also when there was none). There is a
        row of ``references`` for each cited and each citing number that is not null, and one of
        ``outside`` for each such number. ``kind``, priorities, family and legal status are null.
    """
    batch = _Columns()
    for ordinal, raw in records:
        batch.add(ordinal, raw)
        if len(batch.records) >= BATCH_RECORDS:
            yield batch.done()
            batch = _Columns()
    yield batch.done()


class _Columns:
    """Rows of the batch that is being filled."""

    def __init__(self) -> None:
        self.records: list[tuple[object, ...]] = []
        self.parties: list[tuple[int, str, str | None, str | None]] = []
        self.classes: list[tuple[int, str, str]] = []
        self.references: list[tuple[int, int, bool, int, int]] = []
        self.outside: dict[int, tuple[object, ...]] = {}
        self.rejected: list[tuple[int, str]] = []
        self.empty = 0
        self.successor = 0  # patents of PatentSearch, which come without their citations

    def add(self, ordinal: int, raw: dict[str, object] | str) -> None:
        """Take over one patent, or note why not."""
        if isinstance(raw, str):
            self.rejected.append((ordinal, raw))
            return
        number = _word(raw.get("patent_number")) or _word(raw.get("patent_id"))
        name = document_key("US", number, None)
        if number is None or name is None:
            several = [] if number else list(inside(raw))
            for record in several:
                self.add(ordinal, record)
            if not several:
                self.rejected.append((ordinal, _why_none(raw)))
            return
        stated = _word(raw.get("patent_date"))
        published = iso_date(stated)
        if stated is not None and published is None:
            reason = f"patent_date is '{stated[:40]}', not a date"
            self.rejected.append((ordinal, reason))
            return
        self.successor += "patent_number" not in raw and "cited_patents" not in raw
        at = len(self.records)
        cites = self._references(at, raw, "cited_patents", "cited_patent_number", cited_by=False)
        cited_by = self._references(
            at, raw, "citedby_patents", "citedby_patent_number", cited_by=True
        )
        self._parties(at, raw, "applicant", "assignee")
        self._parties(at, raw, "inventor", "inventor")
        for scheme, fields, names in _CLASSES:
            items = [c for f in fields for c in _objects(raw.get(f))]
            texts = [next((t for n in names if (t := _word(c.get(n)))), None) for c in items]
            symbols = dict.fromkeys(symbol(t) for t in texts if t)
            self.classes.extend((at, scheme, s) for s in symbols)
        record = _record(ordinal, raw, name, published)
        record |= {"cites_count": cites, "cited_by_count": cited_by}
        self.records.append(tuple(record.get(column) for column in RECORDS))

    def _references(
        self, at: int, raw: dict[str, object], field: str, inner: str, *, cited_by: bool
    ) -> int:
        found = 0
        for item in _objects(raw.get(field)):
            number = _word(item.get(inner)) or _word(item.get("citation_patent_id"))
            name = document_key("US", number, None)
            if name is None:
                self.empty += not cited_by
                continue
            other = key(name)
            phase = 0 if cited_by else _phase(item)
            self.references.append((at, other, cited_by, phase, 0))
            self.outside.setdefault(other, (other, None, "US", name[3:], None, None, None))
            found += 1
        return found

    def _parties(self, at: int, raw: dict[str, object], role: str, word: str) -> None:
        for item in _objects(raw.get(f"{word}s")):
            name = _name(item, word)
            country = _word(item.get(f"{word}_country"))
            if name or country:
                self.parties.append((at, role, name, country))

    def _notes(self) -> list[tuple[int, str]]:
        return [
            (self.empty, "references are null and name no document"),
            (
                self.successor,
                "patents of PatentSearch come without citations, which are answers of their own; "
                "export them from Lens as JSON lines for the network",
            ),
        ]

    def done(self) -> Batch:
        """Return the batch."""
        return Batch(
            frame(RECORDS, self.records),
            frame(PARTIES, self.parties),
            frame(CLASSES, self.classes),
            frame(MEMBERS),
            frame(REFERENCES, self.references),
            frame(OUTSIDE, self.outside.values()),
            frame(REJECTED, self.rejected),
            [f"{count} {text}" for count, text in self._notes() if count],
        )


def _objects(value: object) -> list[dict[str, object]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def _word(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**15:
        return str(value)
    return cleaned(value)


#: Classes: their scheme, the lists that hold them, the fields with the whole symbol.
_CLASSES = (
    ("CPC", ("cpcs", "cpc_current", "cpc_at_issue"), ("cpc_subgroup_id", "cpc_group_id")),
    ("IPC", ("ipcr",), ("ipcr_symbol", "ipc_symbol")),
)
#: Who named a reference, and the phase that means it.
_PHASES = {
    "cited by examiner": "EXA",
    "cited by applicant": "APP",
    "cited by third party": "TPO",
    "imported from a related application": "",
}


def _phase(item: dict[str, object]) -> int:
    """Return the number of the phase of a reference; 0 where it is not stated or not known."""
    stated = _word(item.get("cited_patent_category")) or _word(item.get("citation_category"))
    return PHASE_NUMBER[_PHASES.get((stated or "").strip().lower(), "")]


def _name(item: dict[str, object], word: str) -> str | None:
    """Return the name of an organisation; of a person ``LAST; FIRST``; else the key."""
    if organisation := _word(item.get(f"{word}_organization")):
        return organisation
    for prefix in (word, f"{word}_individual_name", f"{word}_name"):
        last = _word(item.get(f"{prefix}_last_name")) or _word(item.get(f"{prefix}_last"))
        first = _word(item.get(f"{prefix}_first_name")) or _word(item.get(f"{prefix}_first"))
        if last or first:
            return f"{last}; {first}" if last and first else last or first
    number = _word(item.get(f"{word}_key_id")) or _word(item.get(f"{word}_id"))
    return f"{word} {number}" if number else None


def _why_none(raw: dict[str, object]) -> str:
    said = next((_word(raw[k]) for k in ("message", "reason", "detail") if k in raw), None)
    return f"an answer without records: {said[:120]}" if said else "no patent_number"


def _record(
    ordinal: int, raw: dict[str, object], name: str, published: dt.date | None
) -> dict[str, object]:
    """Columns of one patent, without the counts of references."""
    letters = "".join(c for c in name[3:] if c.isalpha()).upper()
    filed = [*_objects(raw.get("applications")), *_objects(raw.get("application"))]
    applied = [iso_date(_word(a.get("app_date")) or _word(a.get("filing_date"))) for a in filed]
    return {
        "doc": key(name),
        "lens_id": name,
        "line": ordinal,
        "form": "patentsview-json",
        "office": "US",
        "doc_number": name[3:],
        "kind": _word(raw.get("patent_kind")) or _word(raw.get("wipo_kind")),
        "published": published,
        "publication_type": _TYPES.get(letters, "UNKNOWN"),
        "granted": True,
        "application_date": min((d for d in applied if d is not None), default=None),
        "grant_date": published,
        "title": cleaned(raw.get("patent_title")),
        "title_language": "en",
    }
