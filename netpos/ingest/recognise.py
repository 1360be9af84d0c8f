"""Which form of export a text is, decided from its beginning; what is not read is named."""

from __future__ import annotations

import re

import orjson

from netpos.ingest.readers.family_tables import recognised
from netpos.ingest.readers.lens_header import recognise_header, split_header
from netpos.ingest.readers.publications import FORM, suffices
from netpos.ingest.readers.wrappers import Found, Path, form_of, locate

#: Names that `check` and the ledger use for what is not read.
REFUSED = ("lens-scholarly-csv", "lens-scholarly-json", "other-patents", "not-an-export")
_SCHOLARLY_KEYS = {"authors", "fields_of_study", "source", "scholarly_citations_count"}
_SCHOLARLY = (
    "a Lens export of scholarly works (it has authors, fields of study), not patents; "
    "export from Lens > Patents"
)
_FLAT = (
    "records flattened by a program (keys such as {key}), which lost what belongs together; "
    "keep the JSON as Lens gave it and name that file"
)
_FRAME = (
    "a data frame that a program wrote as JSON, a column of values behind each field; "
    "keep the JSON as Lens gave it and name that file"
)
#: Keys of JSON of patents that is not read: what it is, and what to do.
_FOREIGN: tuple[tuple[frozenset[str], str, str], ...] = (
    (
        frozenset({"us_patent_citations", "us_application_citations", "foreign_citations"}),
        "other-patents",
        "citations of PatentSearch without their patents; "
        "export the patents from Lens as JSON lines",
    ),
    (
        frozenset({"assignee_harmonized", "publication_number"}),
        "other-patents",
        "publications of Google Patents (BigQuery) without publication_number, or nested in "
        "something else; export them as JSON lines or Parquet",
    ),
    (
        frozenset({"appln_id", "appln_auth", "docdb_family_id", "pat_publn_id"}),
        "other-patents",
        "tables of PATSTAT, which netpos does not read; export the same patents from Lens as "
        "JSON lines, or give countries with --residences",
    ),
    (
        frozenset({"ops:world-patent-data", "exchange-documents", "exchange-document"}),
        "other-patents",
        "an answer of Espacenet (OPS), which netpos does not read; "
        "export the same patents from Lens as JSON lines",
    ),
    (
        frozenset({"patentFileWrapperDataBag", "applicationNumberText", "applicationMetaData"}),
        "other-patents",
        "an answer of the USPTO's open data, which netpos does not read; "
        "export the same patents from Lens as JSON lines",
    ),
)
_TABLE = re.compile(r"((?:g|pg)_[a-z0-9_]+)\.tsv(?:\.zip|\.gz)?", re.IGNORECASE)
_WORKS = "works of OpenAlex, not patents; export from Lens > Patents as JSON lines"
_PYTHON = (
    "records as Python shows them, which is not JSON; keep the JSON as Lens gave it, or write them "
    "with json.dump"
)
_PARTS = (
    "parts of patent records, without the records; keep the JSON as Lens gave it and name that file"
)
#: Fields inside a record of Lens.
_PIECES = frozenset({"classifications_cpc", "classifications_ipcr", "references_cited", "cited_by"})
#: Lines at the beginning of a table that may be about the search.
_PREFACE = 10
Recognised = tuple[str, Path | None, str | None]


def table_name(name: str) -> str | None:
    """Return what a table is called, None for a file that is none.

    Examples
    --------
    >>> table_name("g_patent.tsv.zip"), table_name("pg_cpc_current.tsv"), table_name("patent.tsv")
    ('g_patent', 'pg_cpc_current', None)
    """
    found = _TABLE.fullmatch(name)
    return found[1].lower() if found else None


def recognise(head: bytes, *, whole: bool) -> Recognised:
    """Tell what a text is.

    Parameters
    ----------
    head
        Its beginning, without byte order mark.
    whole
        Whether that is all of it.

    Returns
    -------
    (form, path, why)
        ``path`` leads to the records of JSON that has not one a line; ``why`` says what a refused
        text is instead and what to do.
    """
    text = head.lstrip(b" \t\r\n\0")
    if not text:
        return "not-an-export", None, "it holds nothing but white space"
    if sum(c < 9 or 13 < c < 32 for c in text[:400]) > min(20, len(text[:400]) // 8):
        return "not-an-export", None, "not text but binary data; export from Lens as JSON lines"
    if text[:1] == b"<":
        if b"exchange-document" in text[:4000] or b"ops:world-patent-data" in text[:4000]:
            return "other-patents", None, _FOREIGN[3][2]
        return "not-an-export", None, "HTML or XML, not an export; use Export on Lens, not Save as"
    started = _without_prefix(text)
    if started[:1] in b"{[":
        return _json(started, whole=whole)
    if any(line.lstrip()[:1] == b"{" for line in text.split(b"\n", 200)[:200]) and (
        (found := _json(text, whole=whole))[0] != "not-an-export"
    ):
        return found
    return _csv(head)


_PREFIX = re.compile(
    rb"(?:\s|\0|//[^\n]*\n|#[^\n]*\n|/\*.*?\*/|(?:(?:var|let|const)\s+)?[A-Za-z_$][\w.$]*\s*=(?!=)"
    rb"|[A-Za-z_$][\w.$]*\()*+(?=[\[{])",
    re.DOTALL,
)


def _without_prefix(text: bytes) -> bytes:
    """Return a text without comments, or ``var x =``, before its JSON."""
    found = _PREFIX.match(text[:65536])
    return text[found.end() :] if found else text


def _json(text: bytes, *, whole: bool) -> Recognised:
    found = locate(text)
    line = _line(text, whole=whole)
    if line is not None and _one_a_line(text, found):
        found = Found((), form_of(set(line)) or "lens", set(line))
        by_line = True
    else:
        by_line = False
    if found is None:
        return _publications(text) or _foreign(text)
    if found.framed or (line is not None and isinstance(line.get("lens_id"), dict | list)):
        return "other-patents", None, _FRAME
    flat = next((k for k in sorted(found.keys) if k.startswith(("biblio.", "biblio_"))), None)
    if flat is not None:
        return "other-patents", None, _FLAT.format(key=f"'{flat[:60]}'")
    if found.form == "lens" and _SCHOLARLY_KEYS & found.keys and "biblio" not in found.keys:
        return "lens-scholarly-json", None, _SCHOLARLY
    if found.form == "lens":
        return ("lens-jsonl", None, None) if by_line else ("lens-json", found.path, None)
    if found.form == "legacy":
        return "lens-legacy-jsonl", None if by_line else found.path, None
    return "patentsview-json", found.path, None


def _one_a_line(text: bytes, found: Found | None) -> bool:
    """Whether records stand one a line: not where brackets around them begin before."""
    if found is None or not found.path:
        return True
    first = text.split(b"\n", 1)[0]
    return "[" not in found.path and not _whole_value(first)


def _whole_value(line: bytes) -> bool:
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True


def _line(text: bytes, *, whole: bool) -> dict[str, object] | None:
    """Return the first line that is a record by itself."""
    lines = text.split(b"\n", 400)
    complete = lines if whole and len(lines) <= 400 else lines[:-1]
    for line in complete[:400]:
        plain = line.strip(b" \t\r,\0")
        if plain[:1] != b"{" or plain[-1:] != b"}":
            continue
        try:
            found = orjson.loads(plain)
        except orjson.JSONDecodeError:
            continue
        if isinstance(found, dict) and form_of(set(found)):
            return found
    return None


def _publications(text: bytes) -> Recognised | None:
    """Recognise publications of Google/IFI: one a line, or in a list."""
    keys = {k.decode("utf-8", "replace") for k in re.findall(rb'"([a-z_]{1,40})"\s*:', text)}
    if not suffices(list(keys)):
        return None
    if text[:1] == b"[":
        return FORM, ("[",), None
    for line in text.split(b"\n", 20)[:20]:  # the first may be damaged
        try:
            found = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(found, dict) and suffices(list(found)):
            return FORM, None, None
    return None


def _foreign(text: bytes) -> Recognised:
    """Name JSON without a record."""
    keys = {k.decode("utf-8", "replace") for k in re.findall(rb'"([^"\\]{1,60})"\s*:', text)}
    for signs, form, why in _FOREIGN:
        if signs & keys:
            return form, None, why
    if b"https://openalex.org/" in text:
        return "not-an-export", None, _WORKS
    if {"columns", "data"} <= keys and "index" in keys and b'"lens_id"' in text:
        return "other-patents", None, _FRAME
    if re.search(rb"'lens_id'\s*:", text):
        return "other-patents", None, _PYTHON
    if b'"lens_id"' in text and _SCHOLARLY_KEYS & keys:
        return "lens-scholarly-json", None, _SCHOLARLY
    empty = re.search(rb'"(?:data|patents)"\s*:\s*(?:\[\s*\]|null)', text)
    if empty and keys & {"total", "total_patent_count", "total_hits", "count"}:
        if "total_patent_count" in keys or b'"patents"' in empty[0]:
            return "patentsview-json", ("{patents", "["), None
        return "lens-json", ("{data", "["), None
    message = re.search(
        rb'"(?:message|detail|error|fault|faultstring|reason)"\s*:\s*"([^"\\]{1,200})',
        text[:20_000],
    )
    if keys & {"message", "error", "errors", "fault", "detail"}:
        said = message[1].decode("utf-8", "replace") if message else "an error"
        why = f"an answer of an API without records ({said}); fetch it again"
        return "not-an-export", None, why
    if _PIECES & keys:
        return "other-patents", None, _PARTS
    some = ", ".join(key[:40] for key in sorted(keys)[:5]) or "no keys"
    why = (
        f"JSON of something else (keys {some}); "
        "netpos reads patent exports of Lens.org or PatentsView"
    )
    return "not-an-export", None, why


def _csv(head: bytes) -> Recognised:
    text = head.decode("utf-8", "replace")
    if re.match(r"\s*,\s*\d+\s*[\r\n]", text) and "lens_id" in text[:4000]:
        why = (
            "one record that a notebook wrote as a table of Python values, not an export; "
            "export the records from Lens as JSON lines"
        )
        return "not-an-export", None, why
    if b"https://openalex.org/W" in head[:20_000]:
        return "not-an-export", None, _WORKS
    header = split_header(text)
    if (carried := recognised(header)) is not None:
        return carried, None, None
    form, problem = recognise_header(header)
    lines = text.splitlines()[1:_PREFACE]
    if form == "not-an-export":  # some sources write lines about the search before the table
        for line in filter(str.strip, lines):
            if (found := recognise_header(split_header(line)))[0] == "other-patents":
                return found[0], None, found[1]
    return form, None, problem
