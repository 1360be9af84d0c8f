"""PatentsView API JSON (the API before 2024): US grants with their US citations.

Patents have no Lens ID: they are called ``US_`` and their number. Persons and firms are numbers
without names, so an assignee is called ``assignee`` and its key, which keeps the same assignee the
same organisation. Lists that say "nothing" hold one element of nulls; these are skipped.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping

from netpos.ingest.document_numbers import document_key
from netpos.ingest.readers.lens_words import cleaned, iso_date, symbol
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


def is_patentsview(raw: Mapping[str, object]) -> bool:
    """Tell whether a JSON object is a response of PatentsView, or one patent of it.

    Examples
    --------
    >>> is_patentsview({"patents": [{"patent_number": "10815015"}], "count": 1})
    True
    >>> is_patentsview({"patent_number": "10815015"}), is_patentsview({"patents": []})
    (True, False)
    """
    if isinstance(raw.get("patent_number"), str):
        return True
    patents = raw.get("patents")
    if not isinstance(patents, list):
        return False
    if not patents:
        return "total_patent_count" in raw
    return isinstance(patents[0], dict) and "patent_number" in patents[0]


def read_patentsview(
    records: Iterable[tuple[int, dict[str, object] | str]],
    *,
    file: str,  # noqa: ARG001 - the same call for every reader
) -> Iterator[Batch]:
    """Read patents of a PatentsView response.

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

    def add(self, ordinal: int, raw: dict[str, object] | str) -> None:
        """Take over one patent, or note why not."""
        if isinstance(raw, str):
            self.rejected.append((ordinal, raw))
            return
        number = _word(raw.get("patent_number"))
        name = document_key("US", number, None)
        if number is None or name is None:
            self.rejected.append((ordinal, "no patent_number"))
            return
        stated = _word(raw.get("patent_date"))
        published = iso_date(stated)
        if stated is not None and published is None:
            reason = f"patent_date is '{stated[:40]}', not a date"
            self.rejected.append((ordinal, reason))
            return
        at = len(self.records)
        cites = self._references(at, raw, "cited_patents", "cited_patent_number", cited_by=False)
        cited_by = self._references(
            at, raw, "citedby_patents", "citedby_patent_number", cited_by=True
        )
        self._parties(at, raw, "applicant", "assignee")
        self._parties(at, raw, "inventor", "inventor")
        texts = [_word(c.get("cpc_subgroup_id")) for c in _objects(raw.get("cpcs"))]
        symbols = dict.fromkeys(symbol(t) for t in texts if t)
        self.classes.extend((at, "CPC", s) for s in symbols)
        record = _record(ordinal, raw, name, published)
        record |= {"cites_count": cites, "cited_by_count": cited_by}
        self.records.append(tuple(record.get(column) for column in RECORDS))

    def _references(
        self, at: int, raw: dict[str, object], field: str, inner: str, *, cited_by: bool
    ) -> int:
        found = 0
        for item in _objects(raw.get(field)):
            number = _word(item.get(inner))
            name = document_key("US", number, None)
            if name is None:
                self.empty += not cited_by
                continue
            other = key(name)
            self.references.append((at, other, cited_by, 0, 0))
            self.outside.setdefault(other, (other, None, "US", name[3:], None, None, None))
            found += 1
        return found

    def _parties(self, at: int, raw: dict[str, object], role: str, word: str) -> None:
        for item in _objects(raw.get(f"{word}s")):
            number = _word(item.get(f"{word}_key_id"))
            country = _word(item.get(f"{word}_country"))
            if number or country:
                self.parties.append((at, role, f"{word} {number}" if number else None, country))

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
            [f"{self.empty} references are null and name no document"] if self.empty else [],
        )


def _objects(value: object) -> list[dict[str, object]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def _word(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**15:
        return str(value)
    return cleaned(value)


def _record(
    ordinal: int, raw: dict[str, object], name: str, published: dt.date | None
) -> dict[str, object]:
    """Columns of one patent, without the counts of references."""
    letters = "".join(c for c in name[3:] if c.isalpha()).upper()
    applied = [iso_date(_word(a.get("app_date"))) for a in _objects(raw.get("applications"))]
    return {
        "doc": key(name),
        "lens_id": name,
        "line": ordinal,
        "form": "patentsview-json",
        "office": "US",
        "doc_number": name[3:],
        "published": published,
        "publication_type": _TYPES.get(letters, "UNKNOWN"),
        "granted": True,
        "application_date": min((d for d in applied if d is not None), default=None),
        "grant_date": published,
    }
