"""Where the records stand in a piece of JSON: in pages, answers, hits, by their IDs, in lists.

`locate` looks at the beginning of a file without building anything and gives the path that leads to
the first record; `inside` finds the records within one value that was meant to be a record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import orjson

#: Steps from the top of a value to its records: ``[`` into a list, ``{key`` into what stands
#: behind a key (``{*`` behind any).
Path = tuple[str, ...]

_TOKEN = re.compile(rb'"(?:[^"\\\x00-\x1f]|\\.)*+"|[{}\[\],:]|[^\s{}\[\],:"]+')
_LENS_KEYS = frozenset(
    {
        *("jurisdiction", "doc_number", "kind", "date_published", "publication_type", "families"),
        *("legal_status", "docdb_id", "lang", "abstract", "claims", "description", "doc_key"),
        *("year_published", "references", "authors", "title"),
    }
)
_LEGACY_KEYS = frozenset(
    {"kindCode", "displayKey", "docType", "priorityFilingKeysActive", "publicationDate"}
)
_VIEW_KEYS = frozenset(
    {
        *("patent_date", "patent_title", "patent_type", "assignees", "inventors", "cpcs"),
        *("cpc_current", "cited_patents", "citedby_patents", "patent_year", "wipo_kind"),
    }
)
#: Keys under which one record may stand; behind others each key is an ID.
_HOLDERS = frozenset(
    {"_source", "source", "record", "patent", "document", "data", "result", "item"}
)
_MOST_TOKENS = 400_000


def form_of(keys: frozenset[str] | set[str]) -> str | None:
    """Tell from its keys of which form a record is: ``lens``, ``legacy``, ``view`` or None.

    Examples
    --------
    >>> form_of({"lens_id", "kind"}), form_of({"patent_number"})
    ('lens', 'view')
    >>> form_of({"lens_id", "document_id"}) is None
    True
    """
    if "biblio" in keys or ({"lens_id", "doc_key"} & keys and _LENS_KEYS & keys):
        return "lens"
    if any(k.startswith(("biblio.", "biblio_parties")) for k in keys):
        return "lens"
    if "publicationKey" in keys or ("lensId" in keys and _LEGACY_KEYS & keys):
        return "legacy"
    if "patent_number" in keys or ("patent_id" in keys and _VIEW_KEYS & keys):
        return "view"
    return None


@dataclass
class Found:
    """The path to the first record, its form, the keys read of it, and whether it is one.

    ``framed``: each field holds a column of values, as programs write data frames.
    """

    path: Path
    form: str
    keys: set[str]
    framed: bool = False


@dataclass
class _Open:
    """A bracket that is open."""

    bracket: bytes
    key: str = ""
    keys: set[str] = field(default_factory=set)
    many: bool = False
    framed: bool = False


def locate(head: bytes) -> Found | None:
    """Find the first record in the beginning of a file, as far as it is valid JSON.

    Examples
    --------
    >>> locate(b'[{"total": 2, "data": [{"lens_id": "1", "kind": "A1"').path
    ('[', '{data', '[')
    >>> locate(b'{"000-000-000-000-019": {"lens_id": "1", "kind": "A1"}}').path
    ('{*',)
    """
    stack: list[_Open] = []
    best: Found | None = None
    depth = 0
    expect = "value"
    for count, token in enumerate(_TOKEN.finditer(head)):
        text = token[0]
        top = stack[-1] if stack else None
        first = text[:1]
        if count > _MOST_TOKENS:
            break
        if first in b"{[":
            if expect != "value":
                break
            if top is not None and top.bracket == b"{" and top.key in ("lens_id", "doc_number"):
                top.framed = True
            stack.append(_Open(first))
            expect = "key" if first == b"{" else "value"
        elif first in b"}]":
            if top is None or (first == b"}") != (top.bracket == b"{"):
                break
            if best is not None and len(stack) == depth:
                return best
            stack.pop()
            expect = "comma"
        elif first == b",":
            if expect != "comma":
                break
            expect = "key" if top is not None and top.bracket == b"{" else "value"
        elif first == b":":
            if expect != "colon":
                break
            expect = "value"
        elif expect == "key" and first == b'"' and top is not None:
            top.key = text[1:-1].decode("utf-8", "replace")
            top.keys.add(top.key)
            expect = "colon"
            if best is None and (form := form_of(top.keys)):
                best, depth = Found(_path(stack), form, top.keys), len(stack)
            if best is not None and len(stack) == depth:
                best.framed = top.framed
        elif expect == "value" and (first == b'"' or text[:1].isalnum() or first in b"-+"):
            expect = "comma"
        else:
            break
        if best is not None and len(stack) >= depth:
            best.framed = best.framed or stack[depth - 1].framed
        if expect == "comma" and not stack:
            expect = "value"
    return best


def _path(stack: list[_Open]) -> Path:
    steps = []
    for k, outer in enumerate(stack[:-1]):
        if outer.bracket == b"[":
            steps.append("[")
            continue
        last = k == len(stack) - 2
        one = last and outer.key not in _HOLDERS
        steps.append("{*" if one else f"{{{outer.key}")
    return tuple(steps)


def inside(value: object, *, top: bool = True) -> Iterator[dict[str, object]]:
    """Yield the outermost records within a value.

    Examples
    --------
    >>> [r["lens_id"] for r in inside({"data": [{"lens_id": "1", "kind": "A1"}]})]
    ['1']
    """
    waiting: list[object] = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            if (found is not value or not top) and form_of(set(map(str, found))):
                yield found
            else:
                waiting.extend(reversed(list(found.values())))
        elif isinstance(found, list):
            waiting.extend(reversed(found))


def records_within(raw: bytes) -> list[bytes]:
    """Return records that stand in one line or object that is none itself, each as JSON."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return []
    try:
        return [orjson.dumps(record) for record in inside(value)]
    except (TypeError, RecursionError):
        return []


# --- what is around the records -----------------------------------------------------------------

_TOTAL = re.compile(
    rb'"(?:total|total_hits|total_patent_count|totalResults)"\s*:\s*(?:\{\s*"value"\s*:\s*)?(\d{1,15})'
)
_MESSAGE = re.compile(rb'"(?:message|detail|error_description|reason|error)"\s*:\s*"([^"]{1,200})')
_ERROR = re.compile(
    rb'"(?:error|errors|fault|message|detail)"\s*:\s*(?!\s*(?:false|null|""|\[\s*\]|\{\s*\}))'
)


@dataclass(frozen=True)
class Page:
    """What an answer says besides its records: how many there are in all, or an error."""

    records: int
    total: int | None
    error: str | None


def page_of(shell: bytes, records: int) -> Page:
    """Read what stands around the records of an answer.

    Examples
    --------
    >>> page_of(b'{"total": 51173, "data": [,]}', 2)
    Page(records=2, total=51173, error=None)
    >>> page_of(b'{"code": 429, "message": "Too many requests"}', 0).error
    'Too many requests'
    """
    total = _TOTAL.search(shell)
    error = None
    if not records and _ERROR.search(shell):
        found = _MESSAGE.search(shell)
        error = found[1].decode("utf-8", "replace") if found else "an error"
    return Page(records, int(total[1]) if total else None, error)
