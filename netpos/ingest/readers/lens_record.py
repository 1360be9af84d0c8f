"""One Lens JSON record: what netpos takes from it, decoded fast or, where damaged, tolerantly.

Each record is decoded straight into typed structures that hold only what netpos needs, so that
abstracts, claims and descriptions cost next to nothing. A record that does not fit the types is
read again tolerantly (strings for objects, objects for lists, numbers for texts, broken UTF-8);
only what cannot be read at all is rejected, with the reason.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import re
from collections.abc import Callable

import msgspec
import orjson

from netpos.ingest.document_numbers import document_key, parse


class Value(msgspec.Struct, gc=False):
    """``value`` of a record."""

    value: str | None = None


class Party(msgspec.Struct, gc=False):
    """``party`` of a record."""

    extracted_name: Value | None = None
    residence: str | None = None


class Parties(msgspec.Struct, gc=False):
    """``parties`` of a record."""

    applicants: list[Party] | None = None
    inventors: list[Party] | None = None


class Document(msgspec.Struct, gc=False):
    """``document`` of a record."""

    jurisdiction: str | None = None
    doc_number: str | None = None
    kind: str | None = None
    date: str | None = None


class Patent(msgspec.Struct, gc=False):
    """``patent`` of a record: a document named in a reference."""

    document_id: msgspec.Raw = msgspec.Raw(b"")  # see `named_document`
    lens_id: str | None = None


class Member(msgspec.Struct, gc=False):
    """``member`` of a record's simple family."""

    document_id: Document | None = None
    lens_id: str | None = None


class Citation(msgspec.Struct, gc=False):
    """``citation`` of a record."""

    patcit: Patent | None = None
    category: tuple[str, ...] | None = None
    cited_phase: str | None = None


class References(msgspec.Struct, gc=False):
    """``references`` of a record."""

    citations: list[Citation] | None = None


class CitedBy(msgspec.Struct, gc=False):
    """``citedby`` of a record."""

    patents: list[Patent] | None = None
    patent_count: int | None = None


class Symbol(msgspec.Struct, gc=False):
    """``symbol`` of a record."""

    symbol: str | None = None


class Classes(msgspec.Struct, gc=False):
    """``classes`` of a record."""

    classifications: list[Symbol] | None = None


class Date(msgspec.Struct, gc=False):
    """``date`` of a record."""

    date: str | None = None


class Priority(msgspec.Struct, gc=False):
    """``priority`` of a record."""

    claims: list[Document] | None = None
    earliest_claim: Date | None = None


class Title(msgspec.Struct, gc=False):
    """``title`` of a record."""

    text: str | None = None
    lang: str | None = None


class Biblio(msgspec.Struct, gc=False):
    """``biblio`` of a record."""

    application_reference: Document | None = None
    priority_claims: Priority | None = None
    parties: Parties | None = None
    classifications_ipcr: Classes | None = None
    classifications_cpc: Classes | None = None
    references_cited: References | None = None
    cited_by: CitedBy | None = None
    invention_title: list[Title | str | None] | Title | str | None = None


class Family(msgspec.Struct, gc=False):
    """``family`` of a record."""

    members: list[Member] | None = None
    size: int | None = None
    family_id: int | None = None


class Extended(msgspec.Struct, gc=False):
    """``extended`` of a record."""

    members: msgspec.Raw = msgspec.Raw(b"null")  # looked into only where family_id is absent
    family_id: int | None = None


class Families(msgspec.Struct, gc=False):
    """``families`` of a record."""

    simple_family: Family | None = None
    extended_family: Extended | None = None


class Legal(msgspec.Struct, gc=False):
    """``legal`` of a record."""

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
    year_published: int | str | None = None
    alias_lens_ids: list[str | None] | None = None
    biblio: Biblio | None = None
    families: Families | None = None
    legal_status: msgspec.Raw = msgspec.Raw(b"null")
    legal: Legal | None = msgspec.field(default=None, name="(legal)")  # what ``legal_status`` says
    document_id: msgspec.Raw = msgspec.Raw(b"")  # only the pieces of a broken record have one


_decode = msgspec.json.Decoder(Record).decode
_decode_legal: Callable[[bytes], Legal | None] = msgspec.json.Decoder(Legal | None).decode
_DATE = re.compile(rb"(?<![0-9])[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])")


def latest_date(raw: bytes) -> str | None:
    """Return the latest date, ``YYYY-MM-DD``, that stands anywhere in a piece of JSON.

    Examples
    --------
    >>> latest_date(b'{"grant_date": "2016-02-30", "calculation_log": ["Filed: 2011-06-20"]}')
    '2011-06-20'
    """
    texts: set[bytes] = set(_DATE.findall(raw))
    for text in sorted(texts, reverse=True):
        with contextlib.suppress(ValueError):
            if 1600 <= dt.date.fromisoformat(text.decode()).year <= 2200:
                return text.decode()
    return None


def decode(raw: bytes) -> Record | str:
    """Return the record in ``raw``, or the reason why there is none.

    Examples
    --------
    >>> decode(b'{"lens_id": "000-000-000-000-019", "date_published": 20160614}').date_published
    '20160614'
    >>> decode(b'[1, 2]')
    'not a JSON object but a list'
    """
    if raw[-1:] == b"," or 0 in raw:
        raw = trimmed(raw)
    try:
        record = _decode(raw)
        record.legal = _decode_legal(record.legal_status)
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
        if record.doc_key:
            _number_from_key(record)
    if record.document_id and record.biblio is None and record.date_published is None:
        return "a piece of a broken record, not a record"
    return record


def trimmed(raw: bytes) -> bytes:
    r"""Return a line without NUL, and without the commas that end it in a list.

    Examples
    --------
    >>> trimmed(b'{"a": 1}, '), trimmed(b"\0\0{}")
    (b'{"a": 1}', b'{}')
    """
    return raw.replace(b"\0", b"").strip(b" \t\r\n,;")


def _number_from_key(record: Record) -> None:
    """Give a record that is known by its doc_key the office, number and kind of the key."""
    found = parse(record.doc_key or "")
    if found is not None and not (record.jurisdiction and record.doc_number):
        record.jurisdiction, record.doc_number = found.office, found.number
        record.kind = record.kind or found.kind


_decode_document: Callable[[bytes], Document | None] = msgspec.json.Decoder(Document | None).decode


def named_document(raw: bytes) -> Document | None:
    """Return what a reference says of the document it names, tolerantly.

    References are many and most documents are named again and again: what they say is kept as
    written and looked into once for each document that needs it.

    Examples
    --------
    >>> named_document(b'{"jurisdiction": "EP", "doc_number": 77, "kind": "A1"}').doc_number
    '77'
    >>> named_document(b"null") is None
    True
    """
    if not raw:
        return None
    try:
        return _decode_document(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = _load(b'{"d":' + raw + b"}")
        return _document(found.get("d")) if isinstance(found, dict) else None


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
    if isinstance(value, int | float) and abs(value) < 1e15:
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


def _document(value: object) -> Document | None:
    d = _dict(value)
    fields = (_text(d.get(k)) for k in ("jurisdiction", "doc_number", "kind", "date"))
    return Document(*fields) if d else None


def _member(value: object) -> Member | None:
    d = _dict(value)
    return Member(_document(d.get("document_id")), _text(d.get("lens_id"))) if d else None


def _members(value: object) -> list[Member]:
    return [p for p in map(_member, _list(value)) if p]


def _patent(value: object) -> Patent | None:
    found = _member(value)
    if found is None:
        return None
    return Patent(msgspec.Raw(msgspec.json.encode(found.document_id)), found.lens_id)


def _patents(value: object) -> list[Patent]:
    return [p for p in map(_patent, _list(value)) if p]


def _party_list(value: object) -> list[Party]:
    found = []
    for v in _list(value):
        d = _dict(v) if isinstance(v, dict) else {"extracted_name": v}
        name = _text(d.get("extracted_name")) or _text(d.get("name"))
        found.append(Party(Value(name), _text(d.get("residence"))))
    return found


def _titles(value: object) -> list[Title | str | None]:
    found = []
    for v in _list(value):
        d = v if isinstance(v, dict) else {"text": v}
        found.append(Title(_text(d.get("text")), _text(d.get("lang"))))
    return [*found]


def _classes(value: object) -> Classes:
    found = _list(_dict(value).get("classifications"))
    texts = (_text(v.get("symbol")) if isinstance(v, dict) else _text(v) for v in found)
    return Classes([Symbol(t) for t in texts if t])


def _citation(value: object) -> Citation:
    d = _dict(value)
    categories = tuple(c for c in (_text(v) for v in _list(d.get("category"))) if c)
    return Citation(_patent(d.get("patcit")), categories, _text(d.get("cited_phase")))


_TEXTS = (
    "lens_id",
    "jurisdiction",
    "doc_number",
    "kind",
    "date_published",
    "doc_key",
    "publication_type",
)
_LEGAL_TEXTS = ("patent_status", "grant_date", "anticipated_term_date", "discontinuation_date")


def _tolerant(found: dict[str, object]) -> Record:
    """Take from a plain object what can be taken, whatever the types."""
    biblio, families = _dict(found.get("biblio")), _dict(found.get("families"))
    parties, claims = _dict(biblio.get("parties")), _dict(biblio.get("priority_claims"))
    simple, extended = _dict(families.get("simple_family")), _dict(families.get("extended_family"))
    cited_by, legal = _dict(biblio.get("cited_by")), _dict(found.get("legal_status"))
    claim_list = [_document(v) or Document() for v in _list(claims.get("claims"))]
    references = _list(_dict(biblio.get("references_cited")).get("citations"))
    raw_members = msgspec.Raw(orjson.dumps([p.lens_id for p in _members(extended.get("members"))]))
    granted = legal.get("granted")
    lens_id, jurisdiction, doc_number, kind, published, doc_key, publication_type = (
        _text(found.get(k)) for k in _TEXTS
    )
    status, grant, term, end = (_text(legal.get(k)) for k in _LEGAL_TEXTS)
    return Record(
        lens_id,
        jurisdiction,
        doc_number,
        kind,
        published,
        doc_key,
        publication_type,
        _text(found.get("year_published")),
        [_text(v) for v in _list(found.get("alias_lens_ids"))],
        Biblio(
            _document(biblio.get("application_reference")),
            Priority(claim_list, Date(_text(_dict(claims.get("earliest_claim")).get("date")))),
            Parties(_party_list(parties.get("applicants")), _party_list(parties.get("inventors"))),
            _classes(biblio.get("classifications_ipcr")),
            _classes(biblio.get("classifications_cpc")),
            References([_citation(v) for v in references]),
            CitedBy(_patents(cited_by.get("patents")), _number(cited_by.get("patent_count")))
            if isinstance(biblio.get("cited_by"), dict)
            else None,
            _titles(biblio.get("invention_title")),
        ),
        Families(
            Family(
                _members(simple.get("members")),
                _number(simple.get("size")),
                _family_number(simple.get("family_id")),
            ),
            Extended(raw_members, _family_number(extended.get("family_id"))),
        ),
        msgspec.Raw(json.dumps(legal).encode()),
        Legal(status, granted if isinstance(granted, bool) else None, grant, term, end),
        msgspec.Raw(b"1") if "document_id" in found else msgspec.Raw(b""),
    )
