"""What the service says is left of a plan, and what a fetch would use of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil

import orjson

from netpos.fetching.pieces import Piece

#: Taken where the service does not say, or not in words that are understood.
PAGE, PER_MINUTE = 100, 10
#: Deepest level of an answer that is looked at.
_DEEPEST = 20


@dataclass(frozen=True)
class Usage:
    """What is left of a plan; None where the service does not say.

    ``page`` is the most records in one answer, ``per_minute`` the requests in a minute,
    ``requests`` and ``records`` what is left of the month, ``allowed_…`` what it began with.
    """

    page: int | None = None
    per_minute: int | None = None
    requests: int | None = None
    records: int | None = None
    allowed_requests: int | None = None
    allowed_records: int | None = None

    @property
    def understood(self) -> bool:
        """Whether anything was."""
        return self != Usage()


def read_usage(content: bytes) -> Usage:
    """Read what is understood of the answer on usage, whose form Lens does not document.

    Examples
    --------
    >>> read_usage(b'{"maxRecordsPerRequest": 100, "limits": [{"type": "RECORD", "per": "MONTH",'
    ...            b'"allowed": 5000, "remaining": 4000}]}')
    ... # doctest: +NORMALIZE_WHITESPACE
    Usage(page=100, per_minute=None, requests=None, records=4000, allowed_requests=None,
          allowed_records=5000)
    >>> read_usage(b"<html>").understood
    False
    """
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError:
        return Usage()
    got: dict[str, int] = {}
    for one in _objects(found, 0):
        for key, value in one.items():
            number = _number(value)
            if key.replace("_", "").lower() == "maxrecordsperrequest" and number:
                got.setdefault("page", number)
        match (_word(one.get("type")), _word(one.get("per"))):
            case ("REQUEST", "MINUTE"):
                _put(got, "per_minute", one.get("allowed"), least=1)
            case ("REQUEST", "MONTH"):
                _put(got, "requests", one.get("remaining"))
                _put(got, "allowed_requests", one.get("allowed"))
            case ("RECORD", "MONTH"):
                _put(got, "records", one.get("remaining"))
                _put(got, "allowed_records", one.get("allowed"))
    return Usage(**got)


def _objects(found: object, depth: int) -> Iterator[dict[str, object]]:
    if depth > _DEEPEST:
        return
    if isinstance(found, dict):
        yield found
        found = list(found.values())
    if isinstance(found, list):
        for one in found:
            yield from _objects(one, depth + 1)


def _word(found: object) -> str:
    return found.strip().upper().removesuffix("S") if isinstance(found, str) else ""


def _number(found: object) -> int | None:
    if isinstance(found, str) and found.isascii() and found.isdigit() and len(found) < 16:
        found = int(found)
    return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else None


def _put(got: dict[str, int], name: str, found: object, *, least: int = 0) -> None:
    number = _number(found)
    if number is not None and number >= least:
        got.setdefault(name, number)


@dataclass(frozen=True)
class Foretold:
    """What a fetch would use: of ``pieces`` pieces, ``unknown`` say no number of records."""

    pieces: int
    unknown: int
    records: int
    requests: int
    minutes: int
    families: bool


def foretell(pieces: Iterable[Piece], usage: Usage) -> Foretold:
    """Foretell requests, records and minutes from the numbers that the queries expect.

    A scroll takes a request per page and one that ends it; a piece of unknown size counts as one
    page. Whole families (``expand_by``) add to the records, nobody knows how many.
    """
    each = list(pieces)
    requests = sum(
        1 if p.scroll is None else ceil(max(p.expected or 0, 1) / p.size) + 1 for p in each
    )
    return Foretold(
        len(each),
        sum(p.expected is None for p in each),
        sum(p.expected or 0 for p in each),
        requests,
        ceil(requests / (usage.per_minute or PER_MINUTE)),
        any(p.expands for p in each),
    )


def lines(told: Foretold, usage: Usage) -> Iterator[str]:
    """Say what a fetch would use, and what is left."""
    known = told.pieces - told.unknown
    more = ", more with whole families" if told.families else ""
    if not told.unknown:
        amount = f"about {told.records:,} records{more}; {told.requests:,} requests"
    elif not known:
        amount = f"an unknown number of records; {told.requests:,} requests or more"
    else:
        amount = (
            f"{told.records:,} records expected of {known:,} queries{more}, an unknown number of "
            f"{told.unknown:,}; {told.requests:,} requests or more"
        )
    speed = usage.per_minute or PER_MINUTE
    least = "at least" if told.unknown or told.families else "about"
    minutes = f"{told.minutes:,} minute{'' if told.minutes == 1 else 's'}"
    yield (
        f"to fetch: {told.pieces:,} {'query' if told.pieces == 1 else 'queries'}, {amount}; "
        f"{least} {minutes} at {speed} requests a minute"
    )
    if not usage.understood:
        yield (
            "quota: unknown, as the service's answer on usage is not understood; "
            f"taken for granted: {PAGE} records a page, {PER_MINUTE} requests a minute"
        )
        return
    yield (
        f"quota left this month: {_left(usage.requests, usage.allowed_requests)} requests, "
        f"{_left(usage.records, usage.allowed_records)} records"
    )
    lacking = [
        name
        for name, left, needed in (
            ("requests", usage.requests, told.requests),
            ("records", usage.records, told.records),
        )
        if left is not None and needed > left
    ]
    if lacking:
        yield (
            f"the quota holds fewer {' and '.join(lacking)} than needed: the fetch will stop, and "
            "the same command goes on when there is more"
        )


def _left(left: int | None, allowed: int | None) -> str:
    if left is None:
        return "an unknown number of"
    return f"{left:,}" + ("" if allowed is None else f" of {allowed:,}")
