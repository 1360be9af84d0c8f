"""Lens JSON and JSONL records to columns: the main path, made for speed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from operator import attrgetter

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.ingest.document_numbers import document_key
from netpos.ingest.readers.columns import NO_DOCUMENT, dates, document_numbers
from netpos.ingest.readers.lens_record import (
    Biblio,
    Document,
    Extended,
    Families,
    Family,
    Legal,
    Member,
    Party,
    Patent,
    Priority,
    Record,
    Symbol,
    Title,
    decode,
    latest_date,
    load_object,
    named_document,
    trimmed,
)
from netpos.ingest.readers.wrappers import records_within
from netpos.ingest.records import (
    BATCH_RECORDS,
    CATEGORY_BIT,
    CLASSES,
    MEMBERS,
    PARTIES,
    PHASE_NUMBER,
    RECORDS,
    REFERENCES,
    REJECTED,
    Batch,
    drop_blank_parties,
    finished,
    is_lens_id,
    key,
    one_title,
)

Rows = NDArray[np.int32]
_NO_BIBLIO, _NO_FAMILIES, _NO_FAMILY = Biblio(), Families(), Family()
_NO_LEGAL, _NO_DOCUMENT, _NO_PRIORITY, _NO_EXTENDED = Legal(), Document(), Priority(), Extended()


def _priority(biblio: Biblio) -> tuple[str | None, str | None, str | None]:
    """Earliest priority date, its offices, and all priority numbers."""
    found = biblio.priority_claims or _NO_PRIORITY
    claims = found.claims or ()
    stated = found.earliest_claim.date if found.earliest_claim else None
    if len(claims) == 1:
        c = claims[0]
        return stated or c.date, c.jurisdiction, f"{c.jurisdiction}{c.doc_number}"
    dated = [c.date for c in claims if c.date]
    first = min(dated) if dated else None
    at = [c for c in claims if c.date == first and c.jurisdiction] if dated else claims[:1]
    offices = " ".join(sorted({c.jurisdiction for c in at if c.jurisdiction})) or None
    numbers = ";".join(sorted({f"{c.jurisdiction}{c.doc_number}" for c in claims})) or None
    return stated or first, offices, numbers


def _title(biblio: Biblio) -> tuple[str | None, str | None]:
    """Return the title and its language."""
    listed = biblio.invention_title
    if not isinstance(listed, list):
        listed = [listed]
    return one_title((t.text, t.lang) if isinstance(t, Title) else (t, None) for t in listed)


def _extended_id(extended: Extended) -> str | None:
    """Return the extended family's id, else its smallest member."""
    if extended.family_id is not None:
        return str(extended.family_id)
    if not extended.members or extended.members == msgspec.Raw(b"null"):
        return None
    try:
        members = msgspec.json.decode(extended.members)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = load_object(b'{"m":' + bytes(extended.members) + b"}")
        members = found.get("m") if isinstance(found, dict) else None
    ids = [
        m.get("lens_id") if isinstance(m, dict) else m
        for m in (members if isinstance(members, list) else [])
    ]
    known = sorted(i for i in ids if isinstance(i, str))
    return known[0] if known else None


class _Phases(dict[str | None, int]):
    """Number of a phase as written; unknown ones are 0."""

    def __missing__(self, phase: str | None) -> int:
        return self.setdefault(phase, PHASE_NUMBER.get(phase or "", 0))


class _Categories(dict[tuple[str, ...] | None, int]):
    """Bits of categories, also where several stand in one text (``"X, Y"``)."""

    def __missing__(self, shown: tuple[str, ...] | None) -> int:
        bits = 0
        for letter in "".join(shown or ()):
            bits |= CATEGORY_BIT.get(letter.upper(), 0)
        if len(self) < 10_000:  # damaged records may have any number
            self[shown] = bits
        return bits


_PHASES, _CATEGORIES = _Phases(), _Categories()


def _documents_named(patents: list[Patent]) -> tuple[NDArray[np.int64], pl.DataFrame]:
    """Numbers of the documents named in lists, and each distinct description of one."""
    number = document_numbers([p.lens_id for p in patents])
    raw = [bytes(p.document_id) for p in patents]
    ids = [None if n >= 0 else p.lens_id or None for n, p in zip(number, patents, strict=True)]
    for i in np.flatnonzero(number == NO_DOCUMENT).tolist():
        d = named_document(raw[i]) or _NO_DOCUMENT
        text = document_key(d.jurisdiction, d.doc_number, d.kind)
        if text is not None:
            number[i] = key(text)
    seen = pl.DataFrame(
        {"other": number, "lens_id": ids, "raw": pl.Series(raw, dtype=pl.Binary)},
        schema_overrides={"other": pl.Int64, "lens_id": pl.String},
    )
    seen = seen.filter(pl.col("other") != NO_DOCUMENT).unique().sort("other", "lens_id", "raw")
    about = [named_document(r) or _NO_DOCUMENT for r in seen["raw"].to_list()]
    texts = {
        column: pl.Series([getattr(d, field) or None for d in about], dtype=pl.String)
        for column, field in (
            ("office", "jurisdiction"),
            ("doc_number", "doc_number"),
            ("kind", "kind"),
        )
    }
    return number, seen.select(
        "other",
        "lens_id",
        **texts,
        date=dates([d.date for d in about]),
        content=pl.lit(None, pl.Int64),
    )


def _repeat(row: Rows, lists: Sequence[Sequence[object]]) -> Rows:
    return np.repeat(row, np.fromiter(map(len, lists), np.int64, len(lists)))


def _references(row: Rows, biblios: list[Biblio]) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """Return references in both directions, the documents they name, and how many name nothing."""
    cites = [
        [c for c in b.references_cited.citations or () if c.patcit is not None]
        if b.references_cited
        else ()
        for b in biblios
    ]
    of = _repeat(row, cites)
    flat = list(chain.from_iterable(cites))
    phase = map(_PHASES.__getitem__, [c.cited_phase for c in flat])
    category = map(_CATEGORIES.__getitem__, [c.category for c in flat])
    citing = [(b.cited_by.patents or []) if b.cited_by else [] for b in biblios]
    cited_of = _repeat(row, citing)
    patents = [c.patcit for c in flat if c.patcit is not None]
    number, named = _documents_named(patents + list(chain.from_iterable(citing)))
    n = len(patents)
    rest = np.zeros(number.size - n, dtype=np.uint16)
    usable = number != NO_DOCUMENT
    references = pl.DataFrame(
        {
            "row": np.concatenate([of, cited_of]),
            "other": number,
            "cited_by": np.arange(number.size) >= n,
            "phase": np.concatenate([np.fromiter(phase, np.uint8, n), rest.astype(np.uint8)]),
            "categories": np.concatenate([np.fromiter(category, np.uint16, n), rest]),
        },
        schema=dict(REFERENCES),
    )
    empty = int((~usable).sum())
    return references.filter(pl.Series(usable)) if empty else references, named, empty


def _party_frame(row: Rows, biblios: list[Biblio]) -> pl.DataFrame:
    frames = []
    for role in ("applicants", "inventors"):
        lists = [getattr(b.parties, role) or [] if b.parties else [] for b in biblios]
        flat: list[Party] = list(chain.from_iterable(lists))
        names = [p.extracted_name.value if p.extracted_name else None for p in flat]
        frames.append(
            pl.DataFrame(
                {
                    "row": _repeat(row, lists),
                    "role": pl.repeat(role[:-1], len(flat), dtype=pl.String, eager=True),
                    "name": pl.Series(names, dtype=pl.String),
                    "residence": pl.Series([p.residence for p in flat], dtype=pl.String),
                },
                schema=dict(PARTIES),
            )
        )
    return drop_blank_parties(pl.concat(frames))


def _class_frame(row: Rows, biblios: list[Biblio]) -> pl.DataFrame:
    frames = []
    for scheme, field in (("CPC", "classifications_cpc"), ("IPC", "classifications_ipcr")):
        get = attrgetter(field)
        lists = [(c.classifications or []) if (c := get(b)) else [] for b in biblios]
        flat: list[Symbol] = list(chain.from_iterable(lists))
        frames.append(
            pl.DataFrame(
                {
                    "row": _repeat(row, lists),
                    "scheme": pl.repeat(scheme, len(flat), dtype=pl.String, eager=True),
                    "symbol": pl.Series([s.symbol for s in flat], dtype=pl.String),
                },
                schema=dict(CLASSES),
            )
        )
    return pl.concat(frames).filter(pl.col("symbol") != "")


def _member_frame(row: Rows, families: list[Families]) -> pl.DataFrame:
    lists = [
        (f.simple_family.members or []) if f.simple_family is not None else [] for f in families
    ]
    flat: list[Member] = list(chain.from_iterable(lists))
    number = document_numbers([p.lens_id for p in flat])
    offices = [p.document_id.jurisdiction if p.document_id else None for p in flat]
    table = pl.DataFrame(
        {
            "row": _repeat(row, lists),
            "member": number,
            "office": offices,
            "doc_number": [p.document_id.doc_number if p.document_id else None for p in flat],
            "kind": [p.document_id.kind if p.document_id else None for p in flat],
        },
        schema=dict(MEMBERS),
    )
    return table.filter(pl.Series(number != NO_DOCUMENT))


def _own_id(record: Record) -> str:
    found = (record.lens_id or "").strip()
    return found.upper() if is_lens_id(found) else found


def _published(record: Record) -> str | None:
    """Return the date of publication; a year or month alone stands for its first day."""
    stated = record.date_published
    if stated in (None, "") and record.year_published is not None:
        stated = str(record.year_published)
    if stated and re.fullmatch(r"\s*\d{4}(-\d{2})?\s*", stated):
        stated = stated.strip()
        return f"{stated}-01-01"[:10]
    return stated


def _aliases(listed: list[str | None] | None) -> str | None:
    """Other Lens IDs of a document, as one text."""
    ids = {i.strip().upper() for i in listed or () if i and is_lens_id(i.strip())}
    return ";".join(sorted(ids)) or None


def batch(records: list[Record], lines: list[int], rejected: list[tuple[int, str]]) -> Batch:
    """Turn decoded records into columns; records with an unusable publication date are rejected."""
    published = dates([_published(r) for r in records])
    if published.null_count():
        bad = [
            i for i in published.is_null().arg_true() if _published(records[i]) not in (None, "")
        ]
        for i in bad:
            text = str(_published(records[i]))[:40]
            rejected.append((lines[i], f"date_published is '{text}', not a date"))
        if bad:
            drop = set(bad)
            kept = [i for i in range(len(records)) if i not in drop]
            records, lines = [records[i] for i in kept], [lines[i] for i in kept]
            published = published.gather(kept)
    biblios = [r.biblio or _NO_BIBLIO for r in records]
    families = [r.families or _NO_FAMILIES for r in records]
    legal = [r.legal or _NO_LEGAL for r in records]
    simple = [f.simple_family or _NO_FAMILY for f in families]
    ids = pl.Series([_own_id(r) for r in records], dtype=pl.String)
    number = pl.Series(document_numbers(ids.to_list()), dtype=pl.Int64)
    row = np.arange(len(records), dtype=np.int32)
    references, outside, empty = _references(row, biblios)
    parties, classes = _party_frame(row, biblios), _class_frame(row, biblios)
    members = _member_frame(row, families)
    priority = [_priority(b) for b in biblios]
    titles = [_title(b) for b in biblios]
    types = [r.publication_type for r in records]
    cited_counts = [
        None
        if (c := b.cited_by) is None
        else len(c.patents or ())
        if c.patent_count is None
        else c.patent_count
        for b in biblios
    ]
    table = pl.DataFrame(
        {
            "doc": number,
            "lens_id": ids,
            "line": lines,
            "form": pl.repeat("lens-json", len(records), dtype=pl.String, eager=True),
            "office": [r.jurisdiction for r in records],
            "doc_number": [r.doc_number for r in records],
            "kind": [r.kind for r in records],
            "published": published,
            "publication_type": types,
            "granted": [
                True if x.granted or t == "GRANTED_PATENT" else x.granted
                for x, t in zip(legal, types, strict=True)
            ],
            "legal_status": [x.patent_status for x in legal],
            "application_date": dates(
                [(b.application_reference or _NO_DOCUMENT).date for b in biblios]
            ),
            "grant_date": dates([x.grant_date for x in legal]),
            "term_date": dates([x.anticipated_term_date for x in legal]),
            "discontinued_date": dates([x.discontinuation_date for x in legal]),
            "status_date": dates([latest_date(r.legal_status) for r in records]),
            "earliest_priority": dates([p[0] for p in priority]),
            "priority_offices": [p[1] for p in priority],
            "priorities": [p[2] for p in priority],
            "family_source": [None if f.family_id is None else str(f.family_id) for f in simple],
            "family_size": [f.size for f in simple],
            "extended_source": [_extended_id(f.extended_family or _NO_EXTENDED) for f in families],
            "cited_by_count": cited_counts,
            "aliases": [_aliases(r.alias_lens_ids) for r in records],
            "title": [t for t, _ in titles],
            "title_language": [language for _, language in titles],
        },
        schema_overrides=dict(RECORDS),
        strict=False,
    )
    return Batch(
        finished(table, references),
        parties,
        classes,
        members,
        references,
        outside,
        pl.DataFrame(rejected, schema=dict(REJECTED), orient="row"),
        [f"{empty} references name no document"] if empty else [],
    )


#: Lines that hold no part of a record: brackets and commas, comments, ``var x = [``.
_STRUCTURE = re.compile(
    rb"[\[\]{}(),;\s]*|\s*(?://|#|/\*).*|\s*(?:(?:var|let|const)\s+)?[\w.$]+\s*=\s*[\[{]?\s*",
    re.DOTALL,
)
_MESSAGE = re.compile(rb'"(?:message|error|detail)"\s*:\s*"([^"]{1,120})')


def _otherwise(raw: bytes | str, reason: str) -> tuple[list[Record], str | None]:
    """Tell what a line holds that is no record: records inside it, or a reason to reject it."""
    if isinstance(raw, str):
        return [], reason
    plain = trimmed(raw)
    if _STRUCTURE.fullmatch(plain) and b"".join(plain.split()) != b"{}":  # that is one, empty
        return [], None
    if plain[:1] in b"[{":
        pieces = [decode(piece) for piece in records_within(plain)]
        if found := [p for p in pieces if not isinstance(p, str)]:
            return found, None
    said = _MESSAGE.search(plain)
    if said and len(plain) < 2000 and b'"biblio"' not in plain:
        return [], f"an answer without records: {said[1].decode('utf-8', 'replace')}"
    return [], reason


def read_records(items: Iterable[tuple[int, bytes | str]]) -> Iterator[Batch]:
    """Read records from ``(line, bytes)`` pairs; a text instead of bytes is a reason to reject.

    Yields
    ------
    Batch
        Every `BATCH_RECORDS` records, and once at the end (also when there was none).
    """
    records: list[Record] = []
    lines: list[int] = []
    rejected: list[tuple[int, str]] = []
    for line, raw in items:
        found = raw if isinstance(raw, str) else decode(raw)
        if isinstance(found, str):
            several, reason = _otherwise(raw, found)
            if reason is not None:
                rejected.append((line, reason))
            records += several
            lines += [line] * len(several)
        else:
            records.append(found)
            lines.append(line)
        if len(records) >= BATCH_RECORDS:
            yield batch(records, lines, rejected)
            records, lines, rejected = [], [], []
    yield batch(records, lines, rejected)
