"""Countries, offices and their names."""

from __future__ import annotations

import polars as pl
import pytest

from netpos import countries as c
from netpos.errors import OptionError


def codes_in(text: str) -> list[str]:
    return text.split()


ALL = c.countries()["iso2"].to_list()


def test_there_are_249_countries_and_kosovo_and_namibia_is_one_of_them() -> None:
    assert len(ALL) == len(set(ALL)) == 250
    assert c.countries().filter(pl.col("iso2") == "NA")["name_nl"].to_list() == ["Namibië"]
    assert c.countries()["numeric"].null_count() == 1  # Kosovo
    assert c.countries().drop("numeric").null_count().sum_horizontal().item() == 0


@pytest.mark.parametrize(
    ("code", "english", "dutch"),
    [
        ("KR", "South Korea", "Zuid-Korea"),
        ("TW", "Taiwan", "Taiwan"),
        ("RU", "Russia", "Rusland"),
        ("CZ", "Czechia", "Tsjechië"),
        ("HK", "Hong Kong", "Hongkong"),
        ("XK", "Kosovo", "Kosovo"),
        ("US", "United States", "Verenigde Staten"),
        ("DD", "German Democratic Republic", "Duitse Democratische Republiek"),
        ("CS", "Czechoslovakia", "Tsjechoslowakije"),
        ("EP", "European Patent Office", "Europees Octrooibureau"),
    ],
)
def test_names_are_the_everyday_ones(code: str, english: str, dutch: str) -> None:
    assert (c.name(code), c.name(code, "nl")) == (english, dutch)


def test_a_third_language_is_refused() -> None:
    with pytest.raises(OptionError, match=r"'de'.*use en or nl"):
        c.name("NL", "de")


def test_names_and_codes_agree_with_the_table_of_memberships() -> None:
    table = c.memberships()
    historic = {"BU", "CS", "DD", "RH", "SU", "YU", "ZR"}
    assert set(table["iso2"]) == set(ALL) | historic
    members = table.filter(pl.any_horizontal(pl.col("eu_from", "oecd_from", "nato_from") > 0))
    for code, there in members.select("iso2", "name").iter_rows():
        assert c.name(code) == there


@pytest.mark.parametrize("code", ["EP", "WO", "IB", "EA", "AP", "OA", "GC", "EM", "BX", "XN", "XV"])
def test_no_office_is_a_country(code: str) -> None:
    assert c.is_office(code)
    assert not c.is_country(code)
    row = c.resolve(pl.Series([code])).row(0)
    assert row == (code, None, "office")
