"""Headers of an answer of too many requests; whole answers are in test_asking.py."""

from __future__ import annotations

import pytest

from netpos.fetching.waiting import spent, told, when

NOW = 1_700_000_000.0  # Tue, 14 Nov 2023 22:13:20 GMT


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-rate-limit-retry-after-seconds": "7", "retry-after": "9"}, 7),
        ({"x-rate-limit-retry-after-millis": "2500"}, 2.5),
        ({"x-rate-limit-retry-after-seconds": "nan", "retry-after": "9"}, 9),
        ({"retry-after": "Tue, 14 Nov 2023 22:13:50 GMT"}, 30),
        ({"retry-after": "Tue, 14 Nov 2023 22:13:00 GMT"}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"x-rate-limit-retry-after-seconds": "inf"}, None),
        ({}, None),
    ],
)
def test_the_wait_is_read_from_the_first_header_that_tells_one(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert told(headers, NOW) == seconds


def test_a_quota_is_spent_where_nothing_is_left() -> None:
    for left, gone in (("0", True), ("0.0", True), ("3", False), ("", False), ("none", False)):
        assert spent({"x-rate-limit-remaining-record-per-month": left}, "record") is gone
        assert not spent({"x-rate-limit-remaining-record-per-month": left}, "request")


def test_the_time_to_go_on_is_told_as_a_date() -> None:
    reset = {"x-rate-limit-reset-date": "1 December"}
    assert when({}, 3600, NOW) == "after 2023-11-14 23:13 UTC"
    assert when(reset, 3600, NOW) == "after 2023-11-14 23:13 UTC (renewed 1 December)"
    assert when(reset, None, NOW) == "when the quota is renewed (1 December)"
    assert when({}, 1e300, NOW) == when({}, None, NOW) == "in a few minutes"
