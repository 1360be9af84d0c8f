"""The Lens JSONL of 2020: flat records with camelCase keys, as in the Lens COVID collections.

They hold what the CSV of 2021 holds: no cited documents, no residence, no family members.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from netpos.ingest.readers.lens_record import load_object
from netpos.ingest.readers.lens_words import (
    cleaned,
    count,
    document_number,
    earliest_offices,
    iso_date,
    priority,
    priority_set,
    publication_type,
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

_KEYS = ("publicationKey", "kindCode", "displayKey", "docType", "priorityFilingKeysActive")
_SCHEMES = (("CPC", "cpcClassifications"), ("IPC", "ipcrClassifications"))


def is_legacy(raw: Mapping[str, object]) -> bool:
    """Tell whether a JSON object is a record of the 2020 camelCase form.

    Examples
    --------
    >>> is_legacy({"lensId": "000-000-000-000-019", "docType": "Patent Application"})
    True
    >>> is_legacy({"lens_id": "000-000-000-000-019"}), is_legacy({"lensId": "x", "authors": []})
    (False, False)
    """
    return "publicationKey" in raw or ("lensId" in raw and any(k in raw for k in _KEYS))


def read_legacy(items: Iterable[tuple[int, bytes | str]], *, file: str) -> Iterator[Batch]:  # noqa: ARG001 - the same call for every reader
    """Read records of the 2020 form.

    Parameters
    ----------
    items
        Line and bytes of each record; a text instead of bytes is a reason to reject the line.
    file
        How messages call the file.

    Yields
    ------
    Batch
        Every `BATCH_RECORDS` records, and once at the end (also when there was none).
        ``members``, ``references`` and ``outside`` are empty, ``residence`` and ``cites_count``
        null: the form has none of these.
    """
    batch = _Columns()
    for line, raw in items:
        if isinstance(raw, bytes) and not raw.strip():
            continue
        found = raw if isinstance(raw, str) else load_object(raw.removeprefix(b"\xef\xbb\xbf"))
        batch.add(line, found)
        if len(batch.records) >= BATCH_RECORDS:
            yield batch.done()
            batch = _Columns()
    yield batch.done()


class _Columns:
    """Rows of the batch that is being filled."""

    def __init__(self) -> None:
        self.records: list[tuple[object, ...]] = []
        self.parties: list[tuple[int, str, str, None]] = []
        self.classes: list[tuple[int, str, str]] = []
        self.rejected: list[tuple[int, str]] = []

    def add(self, line: int, found: dict[str, object] | str) -> None:
        """Take over one record, or note why not."""
        record = found if isinstance(found, str) else _record(line, found)
        if isinstance(record, str) or isinstance(found, str):
            self.rejected.append((line, str(record)))
            return
        at = len(self.records)
        self.records.append(tuple(record.get(column) for column in RECORDS))
        for role in ("applicant", "inventor"):
            names = map(_name, _list(found.get(f"{role}s")))
            self.parties.extend((at, role, n, None) for n in names if n)
        for scheme, field in _SCHEMES:
            texts = dict.fromkeys(symbol(s) for s in map(cleaned, _list(found.get(field))) if s)
            self.classes.extend((at, scheme, s) for s in texts)

    def done(self) -> Batch:
        """Return the batch."""
        return Batch(
            frame(RECORDS, self.records),
            frame(PARTIES, self.parties),
            frame(CLASSES, self.classes),
            frame(MEMBERS),
            frame(REFERENCES),
            frame(OUTSIDE),
            frame(REJECTED, self.rejected),
        )


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _name(value: object) -> str | None:
    return cleaned(value.get("name") if isinstance(value, dict) else value)


def _record(line: int, raw: dict[str, object]) -> dict[str, object] | str:
    """Columns of one record, or why there is none."""
    shown = cleaned(raw.get("publicationKey")) or cleaned(raw.get("displayKey"))
    lens = cleaned(raw.get("lensId"))
    if lens is not None and not is_lens_id(lens):
        return f"lensId is '{lens[:40]}', not a Lens ID"
    lens = lens or cleaned(raw.get("publicationKey"))
    if lens is None:
        return "no lensId or publicationKey"
    stated = cleaned(raw.get("publicationDate"))
    published = iso_date(stated)
    if published is None and stated is not None:
        return f"publicationDate is '{stated[:40]}', not a date"
    office, kind = cleaned(raw.get("jurisdiction")), cleaned(raw.get("kindCode"))
    entries = [p for p in map(priority, _list(raw.get("priorityFilingKeysActive"))) if p]
    earliest = iso_date(cleaned(raw.get("earliestPriorityDate")))
    filed = iso_date(cleaned(raw.get("filingDate")))
    own = priority(raw.get("filingNumber"))
    dated = [p.date for p in entries if p.date is not None]
    words = publication_type(raw.get("docType"))
    return {
        "doc": key(lens),
        "lens_id": lens,
        "line": line,
        "form": "lens-legacy-jsonl",
        "office": office,
        "doc_number": document_number(shown, office, kind),
        "kind": kind,
        "published": published,
        "publication_type": words,
        "granted": True if words == "GRANTED_PATENT" else None,
        "application_date": filed,
        "earliest_priority": earliest or min(dated, default=None),
        "priority_offices": earliest_offices(
            entries, earliest, None if own is None else own._replace(date=filed)
        ),
        "priorities": priority_set(entries),
        "family_size": count(raw.get("simpleFamilySize")),
        "cited_by_count": count(raw.get("citedByPatentCount")),
        "title": cleaned(raw.get("title")),
    }
