"""What is understood of the usage, and what a fetch is said to take."""

from __future__ import annotations

import json

import pytest

from netpos.fetching.pieces import Piece
from netpos.fetching.usage import Foretold, Usage, foretell, lines, read_usage

SEEN = {
    "maxRecordsPerRequest": 500,
    "limits": [
        {"type": "REQUEST", "per": "MINUTE", "allowed": 20, "remaining": 19},
        {"type": "REQUEST", "per": "MONTH", "allowed": 5000, "remaining": 4990},
        {"type": "RECORD", "per": "MONTH", "allowed": 100_000, "remaining": 90},
    ],
}
ALL = Usage(500, 20, 4990, 90, 5000, 100_000)


def test_the_form_that_users_report_is_read() -> None:
    assert read_usage(json.dumps(SEEN).encode()) == ALL
    assert read_usage(json.dumps({"usage": [{"plans": SEEN}]}).encode()) == ALL
    words = (
        json.dumps(SEEN).replace("REQUEST", "requests").replace('"allowed": 20', '"allowed": "20"')
    )
    assert read_usage(words.encode()) == ALL


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"<html>", b"[]", b"{}", b"null", b"7", b'"x"', b"[" * 5000, b'{"limits": 3}'),
        b'{"maxRecordsPerRequest": true, "limits": [{"type": "REQUEST", "per": "MINUTE"}]}',
        b'{"maxRecordsPerRequest": -1, "limits": [{"type": ["REQUEST"], "per": "MINUTE"}]}',
        b'{"limits": [{"type": "REQUEST", "per": "MINUTE", "allowed": 0}]}',
        b'{"limits": [{"type": "REQUEST", "per": "MINUTE", "allowed": 1.5}]}',
        b'{"a":' * 30 + b'{"maxRecordsPerRequest": 5}' + b"}" * 30,
    ],
)
def test_any_other_form_is_unknown(content: bytes) -> None:
    assert read_usage(content) == Usage()
    said = list(lines(foretell([piece(5)], read_usage(content)), read_usage(content)))
    assert "not understood" in said[1]
    assert "100 records a page, 10 requests a minute" in said[1]


def piece(expected: int | None, **more: object) -> Piece:
    return Piece({"query": "x", "size": 100, "scroll": "1m", **more}, {}, expected)


def test_requests_are_pages_and_the_one_that_ends_a_scroll() -> None:
    # 250 records: 3 pages and the end; none: one page and the end; one page without a scroll
    told = foretell([piece(250), piece(0), Piece({"query": "x"}, {}, 7)], Usage(per_minute=4))
    assert told == Foretold(3, 0, 257, 4 + 2 + 1, 2, families=False)
    assert list(lines(told, ALL)) == [
        "to fetch: 3 queries, about 257 records; 7 requests; "
        "about 2 minutes at 20 requests a minute",
        "quota left this month: 4,990 of 5,000 requests, 90 of 100,000 records",
        "the quota holds fewer records than needed: the fetch will stop, and the same command goes "
        "on when there is more",
    ]


def test_what_is_not_expected_is_unknown() -> None:
    some = foretell([piece(100), piece(None, expand_by="SIMPLE_FAMILY")], Usage())
    assert some.unknown == 1
    line = next(lines(some, Usage()))
    assert (
        "100 records expected of 1 queries, more with whole families, an unknown number of 1"
        in line
    )
    assert "at least 1 minute at" in line
    none = next(lines(foretell([piece(None)], Usage()), Usage()))
    assert "1 query, an unknown number of records; 2 requests or more" in none
    half = list(lines(foretell([piece(1)], Usage()), Usage(records=5)))
    assert half[1] == "quota left this month: an unknown number of requests, 5 records"
