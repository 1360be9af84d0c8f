"""One publication has one number, whatever source wrote it."""

from __future__ import annotations

import polars as pl
import pytest

from netpos.ingest.document_numbers import document_key, normal_number, normal_numbers, parse

#: Each line: one publication as exports, bulk tables, offices and users write it.
SAME = {
    "US pre-grant": [
        ("US", n)
        for n in ("20140313399", "2014313399", "2014/0313399", "2014/313399", "US20140313399",
                  "US 2014/0313399", "2014-0313399", "2014_0313399", " 20140313399 ")
    ],
    "US grant": [("US", n) for n in ("9364525", "09364525", "9,364,525", "US9364525", "009364525")],
    "US grant of eight digits": [("US", "10815015"), ("US", "10,815,015")],
    "US design": [("US", n) for n in ("D781234", "D0781234", "D781,234", "d0781234")],
    "US reissue": [("US", n) for n in ("RE47642", "RE047642", "RE47,642")],
    "US plant": [("US", n) for n in ("PP12345", "PP012345")],
    "WO since 2004": [("WO", n) for n in ("2008155316", "2008/155316", "WO2008155316")],
    "WO of two digits": [
        ("WO", n) for n in ("9912345", "99/12345", "1999012345", "99012345", "WO 99/12345")
    ],
    "WO of 2003": [("WO", n) for n in ("03012345", "03/012345", "2003012345")],
    "JP Heisei 1": [
        ("JP", n) for n in ("H0198729", "H01-98729", "H01098729", "1989098729", "H1-98729")
    ],
    "JP Showa 60": [("JP", n) for n in ("S6012345", "S60-12345", "1985012345")],
    "JP since 2000": [("JP", n) for n in ("2005123456", "2005-123456", "JP2005123456")],
    "KR": [("KR", n) for n in ("1020050012345", "10-2005-0012345", "20050012345")],
    "EP": [("EP", n) for n in ("0259054", "259054", "EP0259054", "0 259 054")],
    "fullwidth digits": [("EP", "２５９０５４"), ("EP", "259054")],
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_all_ways_to_write_a_number_are_one(name: str) -> None:
    assert len({normal_number(*way) for way in SAME[name]}) == 1


def test_different_publications_stay_different() -> None:
    ways = [normal_number(*ways[0]) for ways in SAME.values()]
    pairs = {(SAME[name][0][0], n) for name, n in zip(SAME, ways, strict=True)}
    assert len(pairs) == len(SAME) - 1  # the same EP document stands twice


@pytest.mark.parametrize("number", ["199", "123456", "200812345", "20081553161", "19860000000"])
def test_a_wo_number_of_another_length_stays_as_it_is(number: str) -> None:
    assert normal_number("WO", number) == number


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("US-7650331-B1", ("US", "7650331", "B1")),
        ("US-2014313399-A1", ("US", "20140313399", "A1")),
        ("US_20160266975_A1_20160915", ("US", "20160266975", "A1")),
        ("US 2011/0185700 A1", ("US", "20110185700", "A1")),
        ("EP 0259054 B9 20031217", ("EP", "259054", "B9")),
        ("WO_2008_155316_A1", ("WO", "2008155316", "A1")),
        ("EP0227762B1", ("EP", "227762", "B1")),
        ("JP-H0198729-A", ("JP", "1989098729", "A")),
        ("US D0781234 S1", ("US", "D781234", "S1")),
        ("US_8626565_B2", ("US", "8626565", "B2")),
        ("CN 101234567", ("CN", "101234567", None)),
        ("de 10 2004 012 345 a1", ("DE", "102004012345", "A1")),
    ],
)
def test_a_key_is_taken_apart_however_it_is_written(text: str, expected: tuple) -> None:
    found = parse(text)
    assert found is not None
    assert tuple(found) == expected


@pytest.mark.parametrize("text", ["", "none", "000-000-000-000-019", "12345", "US", "US B2"])
def test_what_is_no_key_is_none(text: str) -> None:
    assert parse(text) is None


def test_a_key_needs_an_office_and_a_number() -> None:
    assert document_key(None, "1", "A1") is None
    assert document_key("US", None, "A1") is None
    assert document_key("US", "/-", "A1") is None
    assert document_key("us", "d 0781234", "s1") == "US_D781234_S1"


def test_a_column_of_numbers_is_what_each_number_is() -> None:
    ways = [way for several in SAME.values() for way in several]
    ways += [("WO", "200812345"), ("KR", "1012345670000"), ("DE", "0"), ("EP", "//"), ("EP", "")]
    office, number = (pl.Series(part) for part in zip(*ways, strict=True))
    expected = [normal_number(*way) for way in ways]
    assert normal_numbers(office, number).to_list() == expected
