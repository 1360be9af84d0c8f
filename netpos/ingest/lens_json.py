"""Lens JSON and JSONL records to columns: the main path, made for speed.

Each record is decoded straight into typed structures that hold only what netpos needs, so that
abstracts, claims and descriptions cost next to nothing. A record that does not fit the types is
read again tolerantly (strings for objects, objects for lists, numbers for texts, broken UTF-8);
only what cannot be read at all is rejected, with its line and the reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import chain
from operator import attrgetter

import msgspec
import numpy as np
import orjson
import polars as pl
from numpy.typing import NDArray

from netpos.ingest.records import (
    BATCH_RECORDS,
    CATEGORY_BIT,
    CLASSES,
    MEMBERS,
    OUTSIDE,
    PARTIES,
    PHASE_NUMBER,
    RECORDS,
    REFERENCES,
    REJECTED,
    Batch,
    document_key,
    key,
    keys,
)


Rows = NDArray[np.int64]


class _Value(msgspec.Struct, gc=False):
    value: str | None = None


class _Party(msgspec.Struct, gc=False):
    extracted_name: _Value | None = None
    residence: str | None = None


class _Parties(msgspec.Struct, gc=False):
    applicants: list[_Party] | None = None
    inventors: list[_Party] | None = None


class _Document(msgspec.Struct, gc=False):
    jurisdiction: str | None = None
    doc_number: str | None = None
    kind: str | None = None
    date: str | None = None


class _Patent(msgspec.Struct, gc=False):
    document_id: _Document | None = None
    lens_id: str | None = None


class _Citation(msgspec.Struct, gc=False):
    patcit: _Patent | None = None
    category: list[str] | None = None
    cited_phase: str | None = None


class _References(msgspec.Struct, gc=False):
    citations: list[_Citation] | None = None


class _CitedBy(msgspec.Struct, gc=False):
    patents: list[_Patent] | None = None
    patent_count: int | None = None


class _Symbol(msgspec.Struct, gc=False):
    symbol: str | None = None


class _Classes(msgspec.Struct, gc=False):
    classifications: list[_Symbol] | None = None


class _Date(msgspec.Struct, gc=False):
    date: str | None = None


class _Priority(msgspec.Struct, gc=False):
    claims: list[_Document] | None = None
    earliest_claim: _Date | None = None


class _Biblio(msgspec.Struct, gc=False):
    application_reference: _Document | None = None
    priority_claims: _Priority | None = None
    parties: _Parties | None = None
    classifications_ipcr: _Classes | None = None
    classifications_cpc: _Classes | None = None
    references_cited: _References | None = None
    cited_by: _CitedBy | None = None


class _Family(msgspec.Struct, gc=False):
    members: list[_Patent] | None = None
    size: int | None = None
    family_id: int | None = None


class _Extended(msgspec.Struct, gc=False):
    members: msgspec.Raw = msgspec.Raw(b"null")  # looked into only where family_id is absent
    family_id: int | None = None


class _Families(msgspec.Struct, gc=False):
    simple_family: _Family | None = None
    extended_family: _Extended | None = None


class _Legal(msgspec.Struct, gc=False):
    patent_status: str | None = None
    granted: bool | None = None
    grant_date: str | None = None
    anticipated_term_date: str | None = None
    discontinuation_date: str | None = None


class Record(msgspec.Struct, gc=False):
    """What netpos takes from one Lens record."""

    lens_id: str | None = None
    jurisdiction: str | None = None
    doc_number: str | None = None
    kind: str | None = None
    date_published: str | None = None
    doc_key: str | None = None
    publication_type: str | None = None
    biblio: _Biblio | None = None
    families: _Families | None = None
    legal_status: _Legal | None = None
    document_id: msgspec.Raw = msgspec.Raw(b"")  # only the pieces of a broken record have one


_decode = msgspec.json.Decoder(Record).decode
_NO_BIBLIO, _NO_FAMILIES, _NO_FAMILY = _Biblio(), _Families(), _Family()
_NO_LEGAL, _NO_DOCUMENT, _NO_PRIORITY = _Legal(), _Document(), _Priority()
_NO_EXTENDED, _NO_PARTIES = _Extended(), _Parties()
_NULL = msgspec.Raw(b"null")


def decode(raw: bytes) -> Record | str:
    """Return the record in ``raw``, or the reason why there is none.

    Examples
    --------
    >>> decode(b'{"lens_id": "000-000-000-000-019", "date_published": 20160614}').date_published
    '20160614'
    >>> decode(b'[1, 2]')
    'not a JSON object but a list'
    """
    try:
        record = _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = _load(raw)
        if isinstance(found, str):
            return found
        record = _tolerant(found)
    if record.lens_id is None or not record.lens_id.strip():
        record.lens_id = record.doc_key or document_key(
            record.jurisdiction, record.doc_number, record.kind
        )
        if record.lens_id is None:
            return "no lens_id, doc_key or document number"
    if record.document_id and record.biblio is None and record.date_published is None:
        return "a piece of a broken record, not a record"
    return record


def _load(raw: bytes) -> dict[str, object] | str:
    """Parse one JSON object by any means, or say why it cannot be."""
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError:
        try:
            found = json.loads(raw.decode("utf-8", "replace"), strict=False)
        except RecursionError:
            return "nested too deeply"
        except ValueError as error:
            return _plain(error)
    if not isinstance(found, dict):
        return f"not a JSON object but a {type(found).__name__}"
    return found


def _plain(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"not valid JSON: {error.msg} at character {error.pos + 1}"
    return "not valid JSON: a number has too many digits"


def load_object(raw: bytes) -> dict[str, object] | str:
    """Parse one JSON object as plain Python, tolerantly; a text is the reason why not."""
    return _load(raw)


# --- tolerant reading -------------------------------------------------------------------------


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8") or None
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float) and value == value and abs(value) < 1e15:  # noqa: PLR0124 - NaN
        return str(int(value))
    if isinstance(value, dict):
        return _text(value.get("value"))
    return None


def _dict(value: object) -> dict[str, object]:
    if isinstance(value, list):
        value = value[0] if value else None
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _number(value: object) -> int | None:
    try:
        number = int(value) if isinstance(value, int | float | str) else None
    except (ValueError, OverflowError):
        return None
    return number if number is not None and abs(number) < 2**31 else None


def _family_number(value: object) -> int | None:
    try:
        number = int(value) if isinstance(value, int | str) and value is not True else None
    except ValueError:
        return None
    return number if number is not None and abs(number) < 2**62 else None


def _document(value: object) -> _Document | None:
    d = _dict(value)
    fields = (_text(d.get(k)) for k in ("jurisdiction", "doc_number", "kind", "date"))
    return _Document(*fields) if d else None


def _patent(value: object) -> _Patent | None:
    d = _dict(value)
    return _Patent(_document(d.get("document_id")), _text(d.get("lens_id"))) if d else None


def _patents(value: object) -> list[_Patent]:
    return [p for p in (_patent(v) for v in _list(value)) if p]


def _party_list(value: object) -> list[_Party]:
    found = []
    for v in _list(value):
        d = _dict(v) if isinstance(v, dict) else {"extracted_name": v}
        name = _text(d.get("extracted_name")) or _text(d.get("name"))
        found.append(_Party(_Value(name), _text(d.get("residence"))))
    return found


def _classes(value: object) -> _Classes:
    found = _list(_dict(value).get("classifications"))
    texts = (_text(v.get("symbol")) if isinstance(v, dict) else _text(v) for v in found)
    return _Classes([_Symbol(t) for t in texts if t])


def _citation(value: object) -> _Citation:
    d = _dict(value)
    categories = [c for c in (_text(v) for v in _list(d.get("category"))) if c]
    if len(categories) == 1 and "," in categories[0]:
        categories = categories[0].split(",")
    return _Citation(_patent(d.get("patcit")), categories, _text(d.get("cited_phase")))


def _tolerant(found: dict[str, object]) -> Record:
    """Take from a plain object what can be taken, whatever the types."""
    biblio, families = _dict(found.get("biblio")), _dict(found.get("families"))
    parties, claims = _dict(biblio.get("parties")), _dict(biblio.get("priority_claims"))
    simple, extended = _dict(families.get("simple_family")), _dict(families.get("extended_family"))
    cited_by, legal = _dict(biblio.get("cited_by")), _dict(found.get("legal_status"))
    claim_list = [_document(v) or _Document() for v in _list(claims.get("claims"))]
    references = _list(_dict(biblio.get("references_cited")).get("citations"))
    raw_members = msgspec.Raw(orjson.dumps([p.lens_id for p in _patents(extended.get("members"))]))
    texts = ("jurisdiction", "doc_number", "kind", "date_published", "doc_key", "publication_type")
    granted = legal.get("granted")
    return Record(
        _text(found.get("lens_id")),
        *(_text(found.get(k)) for k in texts),
        _Biblio(
            _document(biblio.get("application_reference")),
            _Priority(claim_list, _Date(_text(_dict(claims.get("earliest_claim")).get("date")))),
            _Parties(_party_list(parties.get("applicants")), _party_list(parties.get("inventors"))),
            _classes(biblio.get("classifications_ipcr")),
            _classes(biblio.get("classifications_cpc")),
            _References([_citation(v) for v in references]),
            _CitedBy(_patents(cited_by.get("patents")), _number(cited_by.get("patent_count"))),
        ),
        _Families(
            _Family(
                _patents(simple.get("members")),
                _number(simple.get("size")),
                _family_number(simple.get("family_id")),
            ),
            _Extended(raw_members, _family_number(extended.get("family_id"))),
        ),
        _Legal(
            _text(legal.get("patent_status")),
            granted if isinstance(granted, bool) else None,
            *(_text(legal.get(k)) for k in ("grant_date", "anticipated_term_date")),
            _text(legal.get("discontinuation_date")),
        ),
        msgspec.Raw(b"1") if "document_id" in found else msgspec.Raw(b""),
    )


# --- records to columns -----------------------------------------------------------------------


def dates(texts: list[str | None]) -> pl.Series:
    """ISO dates, also ``YYYYMMDD`` and date-times, as Date; anything else is null."""
    series = pl.Series(texts, dtype=pl.String)
    found = series.str.to_date("%Y-%m-%d", strict=False)
    if found.null_count() > series.null_count():
        head = series.str.strip_chars().str.slice(0, 10)
        found = pl.DataFrame({"f": found, "h": head}).with_columns(
            pl.coalesce(
                "f",
                pl.col("h").str.to_date("%Y-%m-%d", strict=False),
                pl.col("h").str.to_date("%Y%m%d", strict=False),
            ).alias("f")
        )["f"]
    in_reach = found.dt.year().is_between(1600, 2200)
    return found.to_frame("f").select(pl.when(in_reach).then(pl.col("f")))["f"]


def _priority(biblio: _Biblio) -> tuple[str | None, str | None, str | None]:
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


def _extended_id(extended: _Extended) -> str | None:
    """The extended family's id, else its smallest member."""
    if extended.family_id is not None:
        return str(extended.family_id)
    if not extended.members or extended.members == _NULL:
        return None
    members = msgspec.json.decode(extended.members)
    ids = [m.get("lens_id") if isinstance(m, dict) else m for m in _list(members)]
    known = sorted(i for i in ids if isinstance(i, str))
    return known[0] if known else None


def _codes(citations: list[_Citation]) -> tuple[list[int], list[int]]:
    """Phase numbers and category bits."""
    phase = [PHASE_NUMBER.get(c.cited_phase or "", 0) for c in citations]
    bit = CATEGORY_BIT
    category = [
        0
        if not c.category
        else bit.get(c.category[0], 0)
        if len(c.category) == 1
        else sum({bit.get(letter, 0) for letter in c.category})
        for c in citations
    ]
    return phase, category


def _documents_named(patents: list[_Patent]) -> pl.DataFrame:
    """Number, office, number, kind, date of documents named in lists; null ``other`` = unusable."""
    ids = [p.lens_id for p in patents]
    docs = [p.document_id or _NO_DOCUMENT for p in patents]
    without = [i for i, text in enumerate(ids) if not text]
    other = keys(pl.Series(ids, dtype=pl.String))
    if without:
        named = [
            document_key(docs[i].jurisdiction, docs[i].doc_number, docs[i].kind) for i in without
        ]
        values = other.to_list()
        for i, text in zip(without, named, strict=True):
            values[i] = None if text is None else key(text)
        other = pl.Series(values, dtype=pl.Int64)
    lens = pl.Series(ids, dtype=pl.String)
    return pl.DataFrame(
        {
            "other": other,
            "lens_id": lens,
            "office": pl.Series([d.jurisdiction for d in docs], dtype=pl.String),
            "doc_number": pl.Series([d.doc_number for d in docs], dtype=pl.String),
            "kind": pl.Series([d.kind for d in docs], dtype=pl.String),
            "date": dates([d.date for d in docs]),
        }
    )


def _repeat(row: Rows, lists: list[list[object]]) -> Rows:
    return np.repeat(row, np.fromiter(map(len, lists), np.int64, len(lists)))


def _references(row: Rows, biblios: list[_Biblio]) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """References in both directions, the documents they name, and how many name nothing."""
    cites = [(b.references_cited.citations or []) if b.references_cited else [] for b in biblios]
    flat = list(chain.from_iterable(cites))
    of = _repeat(row, cites)  # type: ignore[arg-type] # lists of one kind each
    is_patent = np.fromiter((c.patcit is not None for c in flat), np.bool_, len(flat))
    of = of[is_patent]
    flat = [c for c in flat if c.patcit is not None]
    phase, category = _codes(flat)
    citing = [(b.cited_by.patents or []) if b.cited_by else [] for b in biblios]
    cited_of = _repeat(row, citing)  # type: ignore[arg-type] # lists of one kind each
    patents = [c.patcit for c in flat if c.patcit is not None]
    named = _documents_named(patents + list(chain.from_iterable(citing)))
    n = len(patents)
    references = pl.DataFrame(
        {
            "row": np.concatenate([of, cited_of]),
            "other": named["other"],
            "cited_by": np.arange(named.height) >= n,
            "phase": np.array(phase + [0] * (named.height - n), dtype=np.uint8),
            "categories": np.array(category + [0] * (named.height - n), dtype=np.uint16),
        },
        schema=dict(REFERENCES),
    )
    usable = references["other"].is_not_null()
    empty = int((~usable).sum())
    if empty:
        references, named = references.filter(usable), named.filter(usable)
    return references, named.unique("other", keep="first", maintain_order=True), empty


def _party_frame(row: Rows, biblios: list[_Biblio]) -> pl.DataFrame:
    frames = []
    for role in ("applicants", "inventors"):
        lists = [getattr(b.parties, role) or [] if b.parties else [] for b in biblios]
        flat: list[_Party] = list(chain.from_iterable(lists))
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
    return pl.concat(frames)


def _class_frame(row: Rows, biblios: list[_Biblio]) -> pl.DataFrame:
    frames = []
    for scheme, field in (("CPC", "classifications_cpc"), ("IPC", "classifications_ipcr")):
        get = attrgetter(field)
        lists = [(c.classifications or []) if (c := get(b)) else [] for b in biblios]
        flat: list[_Symbol] = list(chain.from_iterable(lists))
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
    return pl.concat(frames).drop_nulls("symbol").unique(maintain_order=True)


def _member_frame(row: Rows, families: list[_Families]) -> pl.DataFrame:
    lists = [
        (f.simple_family.members or []) if f.simple_family is not None else [] for f in families
    ]
    flat: list[_Patent] = list(chain.from_iterable(lists))
    return pl.DataFrame(
        {
            "row": _repeat(row, lists),  # type: ignore[arg-type] # lists of one kind each
            "member": keys(pl.Series([p.lens_id for p in flat], dtype=pl.String)),
            "office": [p.document_id.jurisdiction if p.document_id else None for p in flat],
        },
        schema=dict(MEMBERS),
    ).drop_nulls("member")


def batch(records: list[Record], lines: list[int], rejected: list[tuple[int, str]]) -> Batch:
    """Turn decoded records into columns; records with an unusable publication date are rejected."""
    published = dates([r.date_published for r in records])
    if published.null_count():
        bad = [
            i for i in published.is_null().arg_true() if records[i].date_published not in (None, "")
        ]
        for i in bad:
            text = str(records[i].date_published)[:40]
            rejected.append((lines[i], f"date_published is '{text}', not a date"))
        if bad:
            drop = set(bad)
            kept = [i for i in range(len(records)) if i not in drop]
            records, lines = [records[i] for i in kept], [lines[i] for i in kept]
            published = published.gather(kept)
    biblios = [r.biblio or _NO_BIBLIO for r in records]
    families = [r.families or _NO_FAMILIES for r in records]
    legal = [r.legal_status or _NO_LEGAL for r in records]
    simple = [f.simple_family or _NO_FAMILY for f in families]
    ids = pl.Series([r.lens_id for r in records], dtype=pl.String)
    number = keys(ids)
    row = np.arange(len(records))
    references, outside, empty = _references(row, biblios)
    parties, classes = _party_frame(row, biblios), _class_frame(row, biblios)
    members = _member_frame(row, families)
    priority = [_priority(b) for b in biblios]
    types = [r.publication_type for r in records]
    cited_counts = [
        c.patent_count if (c := b.cited_by) and c.patent_count is not None else None
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
            "earliest_priority": dates([p[0] for p in priority]),
            "priority_offices": [p[1] for p in priority],
            "priorities": [p[2] for p in priority],
            "family_source": [None if f.family_id is None else str(f.family_id) for f in simple],
            "family_size": [f.size for f in simple],
            "extended_source": [_extended_id(f.extended_family or _NO_EXTENDED) for f in families],
            "cited_by_count": cited_counts,
        },
        schema_overrides=dict(RECORDS),
        strict=False,
    )
    return Batch(
        _finish(table, parties, classes, members, references),
        parties,
        classes,
        members,
        references,
        outside.select(list(OUTSIDE)),
        pl.DataFrame(rejected, schema=dict(REJECTED), orient="row"),
        [f"{empty} references name no document"] if empty else [],
    )


def _finish(
    table: pl.DataFrame,
    parties: pl.DataFrame,
    classes: pl.DataFrame,
    members: pl.DataFrame,
    references: pl.DataFrame,
) -> pl.DataFrame:
    """Add the counts: cited patents, and how many fields are filled."""
    cites = references.filter(~pl.col("cited_by")).group_by("row").agg(cites=pl.len())
    filled = pl.sum_horizontal(
        pl.exclude("row", "doc", "line", "form").is_not_null().cast(pl.Int32)
    )
    lists = [
        pl.col("row").is_in(f["row"].unique().implode()).cast(pl.Int32)
        for f in (parties, classes, members, references)
    ]
    return (
        table.with_columns(row=pl.int_range(pl.len(), dtype=pl.Int64))
        .with_columns(filled=filled + pl.sum_horizontal(lists))
        .join(cites, on="row", how="left", maintain_order="left")
        .with_columns(
            cites_count=pl.col("cites").fill_null(0).cast(pl.Int32), content=pl.lit(None, pl.Int64)
        )
        .select([pl.col(c).cast(t) for c, t in RECORDS.items()])
    )


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
            rejected.append((line, found))
            continue
        records.append(found)
        lines.append(line)
        if len(records) >= BATCH_RECORDS:
            yield batch(records, lines, rejected)
            records, lines, rejected = [], [], []
    yield batch(records, lines, rejected)
