"""Numbers as people read them."""

from __future__ import annotations

import pytest

from netpos.viz.numbers import FORMS, cell, difference, formed, interval, number, percent, reference

ROW = {"technology": "t", "period": "all", "country": "NL", "families": 3.0}


@pytest.mark.parametrize(
    ("value", "digits", "en", "nl"),
    [
        (1234567.891, 2, "1,234,567.89", "1.234.567,89"),
        (-1234.5, 1, "−1,234.5", "−1.234,5"),
        (0.0, 1, "0.0", "0,0"),
        (-0.04, 1, "0.0", "0,0"),  # no minus before nothing
        (None, 1, "–", "–"),
    ],
)
def test_points_and_commas_change_places_in_dutch(
    value: float | None, digits: int, en: str, nl: str
) -> None:
    assert (number(value, digits), number(value, digits, lang="nl")) == (en, nl)


def test_a_part_of_something_never_shows_as_nothing() -> None:
    assert percent(0.0004) == "< 0.1 %"
    assert percent(0.0) == "0.0 %"
    assert percent(0.0006) == "0.1 %"


def test_a_change_carries_its_sign_in_points() -> None:
    assert formed(0.031, FORMS["points"], "nl") == "+3,1"
    assert formed(-0.031, FORMS["points"], "en") == "−3.1"


def test_a_cell_is_named_by_what_finds_it_and_its_name_cannot_be_broken() -> None:
    assert str(cell("countries", ROW, "families", "one", "en")) == (
        '<span data-cell="countries|t|all|NL|families">3.0</span>'
    )
    odd = {"technology": "a|b", "period": None, "country": "N%L"}
    assert reference("countries", odd, "x") == "countries|a%7Cb||N%25L|x"


def test_an_interval_needs_both_ends_and_a_difference_both_values() -> None:
    assert interval("countries", ROW | {"r_low": 1, "r_high": None}, "r", "count", "en") is None
    found = difference("countries", ROW, None, "families", "one", "en", absent=0.5)
    assert found is not None
    assert found.striptags() == "2.5"
    assert difference("countries", ROW, None, "families", "one", "en") is None
