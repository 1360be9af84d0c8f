"""Shares of countries in families, from parties counted by hand."""

from __future__ import annotations

import polars as pl
import pytest

from netpos.errors import OptionError
from netpos.graph.residence import counted, family_countries, family_organisations

FAMILIES = pl.DataFrame(
    {"family": [0, 1, 2], "priority_offices": [["US"], ["JP"], ["JP", "KR"]]},
    schema={"family": pl.Int32, "priority_offices": pl.List(pl.String)},
)
#: Family 0: applicants HK, CN, NL. Family 1: an applicant of nowhere; inventors DE, DE, FR.
PARTIES = pl.DataFrame(
    {
        "family": [0, 0, 0, 1, 1, 1, 1],
        "role": ["applicant"] * 4 + ["inventor"] * 3,
        "applicant": ["A", "B", "C", "D", "X", "Y", "Z"],
        "residence": ["HK", "CN", "NL", None, "DE", "DE", "FR"],
        "person": [False] * 4 + [True] * 3,
    },
    schema_overrides={"family": pl.Int32},
)


def shares(table: pl.DataFrame) -> dict[tuple[int, str], tuple[float, str]]:
    return {(f, c): (share, rule) for f, c, share, rule in table.iter_rows()}


def test_applicants_come_before_inventors_and_those_before_priority_offices() -> None:
    third = pytest.approx(1 / 3)
    assert shares(family_countries(FAMILIES, PARTIES)) == {
        (0, "CN"): (third, "applicant"),
        (0, "HK"): (third, "applicant"),
        (0, "NL"): (third, "applicant"),
        (1, "DE"): (pytest.approx(2 / 3), "inventor"),
        (1, "FR"): (third, "inventor"),
        (2, "JP"): (0.5, "priority"),
        (2, "KR"): (0.5, "priority"),
    }


def test_hong_kong_adds_to_china_where_they_are_merged() -> None:
    found = shares(family_countries(FAMILIES, PARTIES, merge_cn=True))
    assert found[0, "CN"] == (pytest.approx(2 / 3), "applicant")
    assert (0, "HK") not in found


def test_each_way_of_counting_weighs_a_family_of_two_countries() -> None:
    german = family_countries(FAMILIES, PARTIES).filter(pl.col("family") == 1)
    for way, weights in (
        ("fractional", [2 / 3, 1 / 3]),
        ("country-unique", [1 / 2, 1 / 2]),
        ("full", [1.0, 1.0]),
    ):
        assert counted(german, way)["share"].to_list() == pytest.approx(weights), way
    with pytest.raises(OptionError, match="--counting half: unknown"):
        counted(german, "half")


def test_organisations_of_a_family_are_its_applicants_that_are_no_persons() -> None:
    parties = PARTIES.with_columns(
        share=pl.Series([0.5, 0.25, 0.25, 1.0, 0.4, 0.3, 0.3]),
        person=pl.Series([False, False, True, False, True, True, True]),
    )
    assert family_organisations(parties).rows() == [(0, "A", 0.5), (0, "B", 0.25), (1, "D", 1.0)]
