"""The non-patent references of a record: which papers it names, by Lens ID, DOI and PMID.

Read apart from everything else, and only when asked for: a run without papers pays nothing. Of each
record only its own id and these references are decoded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, NamedTuple

import msgspec

from netpos.ingest.document_numbers import document_key
from netpos.ingest.paper_ids import plain_doi, plain_pmid
from netpos.ingest.readers.lens_csv import csv_rows
from netpos.ingest.readers.lens_header import plain_name
from netpos.ingest.readers.lens_record import load_object, trimmed
from netpos.ingest.readers.lens_words import cleaned
from netpos.ingest.readers.wrappers import records_within
from netpos.ingest.records import is_lens_id

#: Columns of a Lens CSV about these references, by the plain names of all its years.
_COLUMNS = {
    "nplcitationcount": "npl_count", "nplresolvedlensids": "npl_lens_ids",
    "nplresolvedexternalids": "npl_external_ids", "pubmedids": "npl_external_ids",
    "dois": "npl_more_ids", "nplcitationids": "npl_more_ids",
}  # fmt: skip


class Named(NamedTuple):
    """Papers that one record names.

    ``number`` is how many references the row stands for: 1 where it is one reference, more where
    nothing tells which papers they name, 0 for identifiers that the export lists apart from the
    references.
    """

    line: int
    document: str
    number: int
    lens_id: str | None = None
    doi: str | None = None
    pmid: str | None = None


class _Paper(msgspec.Struct, gc=False):
    lens_id: str | None = None
    external_ids: list[Any] | None = None


class _Citation(msgspec.Struct, gc=False):
    nplcit: _Paper | None = None


class _References(msgspec.Struct, gc=False):
    citations: list[_Citation] | None = None


class _Biblio(msgspec.Struct, gc=False):
    references_cited: _References | None = None


class _Record(msgspec.Struct, gc=False):
    lens_id: str | None = None
    doc_key: str | None = None
    jurisdiction: str | None = None
    doc_number: str | None = None
    kind: str | None = None
    biblio: _Biblio | None = None


_decode = msgspec.json.Decoder(_Record).decode


def identifiers(texts: Iterable[object]) -> tuple[str | None, str | None]:
    """Find the first DOI and the first PMID among external identifiers.

    Examples
    --------
    >>> identifiers(["pmc2927983", "18523984", "10.1002/RCM.3595"])
    ('10.1002/rcm.3595', '18523984')
    >>> identifiers([{"type": "doi", "value": "https://doi.org/10.1/a"}, "2145678901"])
    (None, None)
    """
    doi = pmid = None
    for text in map(_text, texts):
        if doi is None and (found := plain_doi(text)):
            doi = found
        elif pmid is None and (found := plain_pmid(text)):
            pmid = found
    return doi, pmid


def _text(value: object) -> str:
    if isinstance(value, dict):
        value = value.get("value")
    return str(value).strip() if isinstance(value, str | int) else ""


def read_json(items: Iterable[tuple[int, bytes | str]]) -> Iterator[Named]:
    """Return the papers that Lens JSON records name, in order.

    Parameters
    ----------
    items
        Line and bytes of each record; a text is a line that cannot be read, and names nothing.
    """
    for line, raw in items:
        if isinstance(raw, str) or b'"nplcit"' not in raw:
            continue
        for record in _records(raw):
            yield from _named(line, record)


def _records(raw: bytes) -> Iterator[_Record]:
    """Decode a record, or those in a line that holds several."""
    try:
        record = _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        record = None
    if record is not None and _own(record) is not None:
        yield record
        return
    plain = trimmed(raw)
    found = _tolerant(plain)
    if found is not None and _own(found) is not None:
        yield found
        return
    pieces = map(_tolerant, records_within(plain)) if plain[:1] in b"[{" else iter(())
    yield from (p for p in pieces if p is not None and _own(p) is not None)


def _own(record: _Record) -> str | None:
    """Return the id by which the corpus knows a document."""
    text = (record.lens_id or "").strip()
    text = text or (record.doc_key or "").strip()
    text = text or document_key(record.jurisdiction, record.doc_number, record.kind) or ""
    return (text.upper() if is_lens_id(text) else text) or None


def _tolerant(raw: bytes) -> _Record | None:
    found = load_object(raw)
    if isinstance(found, str):
        return None
    papers = [
        _Citation(_Paper(_text(npl.get("lens_id")) or None, _listed(npl.get("external_ids"))))
        for entry in _listed(_under(_under(found, "biblio"), "references_cited").get("citations"))
        if isinstance(entry, dict) and isinstance(npl := _first(entry.get("nplcit")), dict)
    ]
    lens, doc_key, office, doc_number, kind = (
        _text(found.get(k)) or None
        for k in ("lens_id", "doc_key", "jurisdiction", "doc_number", "kind")
    )
    biblio = _Biblio(_References(papers))
    return _Record(lens, doc_key, office, doc_number, kind, biblio)


def _first(value: object) -> object:
    return value[0] if isinstance(value, list) and value else value


def _under(found: dict[str, Any], key: str) -> dict[str, Any]:
    inner = _first(found.get(key))
    return inner if isinstance(inner, dict) else {}


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _named(line: int, record: _Record) -> Iterator[Named]:
    document = _own(record)
    cited = record.biblio.references_cited if record.biblio else None
    if document is None or cited is None:
        return
    bare = 0
    for citation in cited.citations or ():
        paper = citation.nplcit
        if paper is None:
            continue
        doi, pmid = identifiers(paper.external_ids or ())
        lens = _lens(paper.lens_id)
        if lens is None and doi is None and pmid is None:
            bare += 1
        else:
            yield Named(line, document, 1, lens, doi, pmid)
    if bare:
        yield Named(line, document, bare)


def _lens(text: str | None) -> str | None:
    text = (text or "").strip()
    return text.upper() if is_lens_id(text) else None


def _apart(
    line: int, document: str, stated: int, lens_ids: Iterable[str], external: Iterable[object]
) -> Iterator[Named]:
    """Return what a form says that lists Lens IDs and other identifiers apart from each other."""
    known = [i for text in lens_ids if (i := _lens(text)) is not None]
    yield from (Named(line, document, 1, lens) for lens in known)
    for text in external:
        doi, pmid = identifiers([text])
        if doi or pmid:
            yield Named(line, document, 0, None, doi, pmid)
    if stated > len(known):
        yield Named(line, document, stated - len(known))


def read_legacy(items: Iterable[tuple[int, bytes | str]]) -> Iterator[Named]:
    """Return the papers that records of the 2020 form name."""
    for line, raw in items:
        found = load_object(raw.removeprefix(b"\xef\xbb\xbf")) if isinstance(raw, bytes) else raw
        if isinstance(found, str):
            continue
        document = cleaned(found.get("lensId")) or cleaned(found.get("publicationKey"))
        if document is None:
            continue
        texts = [_text(v) for v in _listed(found.get("nplResolvedLensIDs"))]
        external = _listed(found.get("nplResolvedExternalIDs"))
        stated = max(
            _number(found.get("nplCitationCount")), len(_listed(found.get("nplCitations")))
        )
        yield from _apart(line, document, stated, texts, external)


def _number(value: object) -> int:
    text = _text(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0


def read_csv(stream: BinaryIO, *, file: str, max_record: int) -> Iterator[Named]:
    """Return the papers that rows of a Lens CSV name, where it has columns for them.

    Lens IDs and other identifiers stand apart from each other there, so that an identifier beside
    a Lens ID is no reference more.
    """
    for line, row in csv_rows(stream, file=file, max_record=max_record, more=_COLUMNS):
        lens_ids, external, more = (
            [p for p in map(str.strip, re.split(r"[;|]+", row.get(name, ""))) if p]
            for name in ("npl_lens_ids", "npl_external_ids", "npl_more_ids")
        )
        stated = max(_number(row.get("npl_count")), len(lens_ids))
        yield from _apart(line, row["lens_id"], stated, lens_ids, [*external, *more])


def states_papers(header: Iterable[str]) -> bool:
    """Tell whether a CSV has columns of non-patent references.

    Examples
    --------
    >>> states_papers(["Lens ID", "NPL Resolved Lens ID(s)"]), states_papers(["Lens ID", "Kind"])
    (True, False)
    """
    return any(plain_name(cell) in _COLUMNS for cell in header)
