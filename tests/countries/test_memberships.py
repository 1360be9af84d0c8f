"""Memberships of blocs, classes of partners, and incomes."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from netpos import countries as c
from netpos.errors import InputError, TableError


def codes_in(text: str) -> list[str]:
    return text.split()


EU27 = codes_in("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK")
OECD38 = codes_in(
    "AT AU BE CA CH CL CO CR CZ DE DK EE ES FI FR GB GR HU IE IL IS IT JP KR LT LU LV MX NL NO "
    "NZ PL PT SE SI SK TR US"
)
NATO32 = codes_in(
    "AL BE BG CA CZ DE DK EE ES FI FR GB GR HR HU IS IT LT LU LV ME MK NL NO PL PT RO SE SI SK "
    "TR US"
)
ALL = c.countries()["iso2"].to_list()


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_memberships_of_today_are_the_27_the_38_and_the_32() -> None:
    for bloc, want in (("eu", EU27), ("oecd", OECD38), ("nato", NATO32)):
        assert [code for code in ALL if c.member(code, bloc, 2025)] == want
    either = c.blocs(ALL, 2025).filter("oecd_nato")["country"].to_list()
    assert either == sorted({*OECD38, *NATO32})


@pytest.mark.parametrize(
    ("code", "bloc", "first_year"),
    [
        ("FI", "nato", 2023),
        ("SE", "nato", 2024),
        ("HR", "eu", 2013),
        ("CR", "oecd", 2021),
        ("DE", "eu", 1958),
    ],
)
def test_membership_begins_in_the_year_of_entry(code: str, bloc: str, first_year: int) -> None:
    assert c.member(code, bloc, first_year)
    assert not c.member(code, bloc, first_year - 1)


def test_membership_ends_with_the_year_of_leaving() -> None:
    assert c.member("GB", "eu", 2019)
    assert not c.member("GB", "eu", 2020)
    assert c.member("UK", "eu", 2019)


def test_a_historic_state_has_its_own_memberships_and_not_those_of_its_successor() -> None:
    assert not any(c.blocs(["DD", "CS", "SU", "TP"], 1985)["oecd_nato"])
    assert not any(c.blocs(["DD", "CS", "SU", "TP"], 2020)["eu"])
    assert c.membership_class("NL", ["SU"], 1985).row(0) == ("SU", 3, "other")


def test_classes_follow_the_first_bloc_that_holds_both() -> None:
    partners = ["DE", "US", "CN", "TW", "GB", "LI", "NO", "Rest"]
    got = dict(
        c.membership_class("NL", partners, 2025).select("country", "similarity_class").rows()
    )
    assert got == {"DE": 1, "US": 2, "CN": 3, "TW": 3, "GB": 2, "LI": 3, "NO": 2, "Rest": 3}
    of_us = dict(
        c.membership_class("US", partners, 2025).select("country", "similarity_class").rows()
    )
    assert of_us == {**got, "DE": 2}
    assert set(c.membership_class("CN", partners, 2025)["similarity_class"]) == {3}


def test_the_bloc_is_the_partners_own_for_every_focal_country() -> None:
    partners = ["DE", "US", "CN", "MT"]
    want = [("CN", "other"), ("DE", "eu"), ("MT", "eu"), ("US", "oecd_nato")]
    for focal in ("NL", "US", "CN"):
        assert c.membership_class(focal, partners, 2025).select("country", "bloc").rows() == want


def test_an_eu_member_outside_oecd_and_nato_is_class_3_for_the_us() -> None:
    assert c.membership_class("US", ["MT"], 2025).row(0) == ("MT", 3, "eu")


def test_an_override_changes_the_class_but_not_the_membership(tmp_path: Path) -> None:
    override = c.class_overrides(write(tmp_path / "o.csv", "country,class\nTW,2\nSG,2\n"))
    got = c.membership_class("NL", ["TW", "CN", "DE"], 2025, override=override)
    assert got.rows() == [("CN", 3, "other"), ("DE", 1, "eu"), ("TW", 2, "other")]


def test_a_wrong_override_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"o\.csv:3: class of SG is '4'"):
        c.class_overrides(write(tmp_path / "o.csv", "country,class\nTW,2\nSG,4\n"))
    bad = pl.DataFrame({"country": ["TW", "TW"], "class": [2, 3]})
    with pytest.raises(TableError, match="TW has class 2, expected 1, 2 or 3, once"):
        c.membership_class("NL", ["TW"], 2025, override=bad)


def test_the_order_of_the_partners_is_irrelevant() -> None:
    assert_frame_equal(
        c.membership_class("NL", ALL, 2025), c.membership_class("NL", [*ALL[::-1], "NL"], 2025)
    )


def test_a_users_memberships_are_read_and_namibia_stays(tmp_path: Path) -> None:
    text = "iso2,eu_from,eu_to,oecd_from,nato_from\nNL,1958,,1961,1949\nNA,2001,,,\n"
    table = c.memberships(write(tmp_path / "m.csv", text))
    assert c.member("NA", "eu", 2025, table)
    assert not c.member("DE", "eu", 2025, table)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("iso2,eu_form,eu_to,oecd_from,nato_from\n", TableError, "m.csv': column 'eu_from' is m"),
        (
            "iso2,eu_from,eu_to,oecd_from,nato_from\nNL,1958,,1961,soon\n",
            InputError,
            "m.csv:2: column 'nato_from' of NL is 'soon', not a year",
        ),
        (
            "iso2,eu_from,eu_to,oecd_from,nato_from\nNL,,,,\nNL,,,,\n",
            InputError,
            "m.csv:3: column 'iso2' is 'NL'",
        ),
    ],
)
def test_a_wrong_table_of_memberships_is_named(
    tmp_path: Path, text: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as caught:
        c.memberships(write(tmp_path / "m.csv", text))
    assert message in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv: no such file"):
        c.memberships(tmp_path / "none.csv")
    with pytest.raises(InputError, match="netpos ships no file 'none'"):
        c.data_path("none")


def test_incomes_give_the_market_coverage_worked_in_the_methods() -> None:
    gni = dict(c.gni().select("country", "gni_busd").iter_rows())
    coverage = (gni["US"] + gni["DE"] + gni["NL"]) / gni["US"]
    assert coverage == pytest.approx(1.210985, abs=5e-7)  # printed with six decimals
    assert gni["CN"] / gni["US"] == pytest.approx(0.719094, abs=5e-7)


def test_the_error_of_an_income_is_the_largest_its_note_states() -> None:
    error = dict(c.gni().select("country", "error").iter_rows())
    assert (error["CN"], error["NL"], error["MT"], error["TW"]) == (0.01, 0.02, 0.1, None)


def test_a_wrong_income_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"g\.csv:2: gni_busd of NL is '-1'"):
        c.gni(write(tmp_path / "g.csv", "iso2,gni_busd\nNL,-1\n"))
