"""The countries set beside the one in focus."""

from __future__ import annotations

import pytest

from netpos.countries.compared import parse_compared


def test_the_country_in_focus_comes_first_and_the_others_as_given() -> None:
    assert parse_compared(" kr,us ", "nl") == ["NL", "KR", "US"]
    assert parse_compared("US DE KR JP", "NL") == ["NL", "US", "DE", "KR", "JP"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "name one to four countries besides NL"),
        ("US,DE,KR,JP,CN", "5 countries besides NL; four at most"),
        ("US,us", "US is named twice"),
        ("DE,NL", "NL is the country in focus already"),
        ("QX", "--compare-with QX"),
    ],
)
def test_what_cannot_be_set_beside_is_named(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_compared(text, "NL")
