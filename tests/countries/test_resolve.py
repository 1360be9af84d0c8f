"""Codes, names, successor states and memberships, against lists written down here by hand."""

from __future__ import annotations

import csv
import gzip
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from netpos import countries as c
from netpos.errors import InputError, OptionError, TableError


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


@pytest.mark.parametrize(
    ("code", "country"),
    [
        ("SU", "RU"),
        ("DD", "DE"),
        ("CS", "CZ"),
        ("YU", "RS"),
        ("ZR", "CD"),
        ("BU", "MM"),
        ("RH", "ZW"),
        ("TP", "TL"),
        ("UK", "GB"),
        ("EL", "GR"),
    ],
)
def test_historic_codes_become_their_successors(code: str, country: str) -> None:
    assert c.resolve(pl.Series([code])).row(0) == (code, country, "successor")
    assert not c.is_country(code)


@pytest.mark.parametrize(
    ("day", "country"),
    [
        (date(1985, 1, 1), "CZ"),
        (date(1992, 12, 31), "CZ"),
        (date(1993, 1, 1), None),
        (date(2002, 12, 31), None),
        (date(2003, 1, 1), "RS"),
        (date(2006, 12, 31), "RS"),
        (date(2007, 1, 1), None),
    ],
)
def test_cs_is_czechoslovakia_before_1993_and_serbia_and_montenegro_in_2003_to_2006(
    day: date, country: str | None
) -> None:
    got = c.resolve(pl.Series(["CS"]), pl.Series([day]))
    assert got["country"].to_list() == [country]
    assert got["reason"].to_list() == ["successor" if country else "unknown"]


def test_each_code_gets_one_row_in_the_order_given_with_its_reason() -> None:
    codes = ["NA", " nl ", "JA", "", None, "XX", "ZZ", "HK", "CS", "NLD"]
    got = c.resolve(pl.Series(codes))
    assert got.rows() == [
        ("NA", "NA", "kept"),
        (" nl ", "NL", "kept"),
        ("JA", "JP", "repaired"),
        (None, None, "unknown"),
        (None, None, "unknown"),
        ("XX", None, "unknown"),
        ("ZZ", None, "unknown"),
        ("HK", "HK", "kept"),
        ("CS", "CZ", "successor"),
        ("NLD", None, "unknown"),
    ]


def test_every_country_of_today_keeps_its_code_at_any_date() -> None:
    days = pl.Series([date(1970, 1, 1)] * len(ALL))
    assert c.resolve(pl.Series(ALL), days)["country"].to_list() == ALL


def test_an_empty_or_unknown_column_resolves_to_nothing() -> None:
    assert c.resolve(pl.Series([], dtype=pl.String)).height == 0
    assert c.resolve(pl.Series([None, None]))["country"].to_list() == [None, None]


def test_hong_kong_and_macao_are_counted_as_china_only_when_asked() -> None:
    codes = pl.Series(["HK", "MO", "TW", "CN"])
    assert c.resolve(codes)["country"].to_list() == ["HK", "MO", "TW", "CN"]
    merged = c.resolve(codes, merge_cn=True)
    assert merged["country"].to_list() == ["CN", "CN", "TW", "CN"]
    assert merged["reason"].to_list() == ["merged", "merged", "kept", "kept"]


def test_resolve_refuses_numbers_and_columns_of_another_length() -> None:
    with pytest.raises(TableError, match="Int64, expected String"):
        c.resolve(pl.Series([528]))
    with pytest.raises(TableError, match="2 country codes come with 1 dates"):
        c.resolve(pl.Series(["NL", "BE"]), pl.Series([date(2020, 1, 1)]))
    with pytest.raises(TableError, match="expected Date"):
        c.resolve(pl.Series(["NL"]), pl.Series([2020]))


def test_no_repair_or_successor_touches_a_country_or_an_office_of_today() -> None:
    for file in ("country_repairs.csv", "successors.csv"):
        with c.data_path(file).open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                assert not c.is_country(row["code"])
                assert not c.is_office(row["code"])
                assert c.is_country(row["country"])


def test_labels_are_found_whole_by_code_and_name_and_never_by_part() -> None:
    labels = [
        "NL", "nld", "netherlands", "NEDERLAND", "The Netherlands", "Korea, Rep.", "Türkiye",
        "Turkey", "Côte d\u2019Ivoire", "Guinea", "Niger", "UK", "na", "Ned", "Guine", "SU", "",
        None,
    ]  # fmt: skip
    want = [
        "NL", "NL", "NL", "NL", "NL", "KR", "TR", "TR", "CI", "GN", "NE", "GB", "NA",
        None, None, None, None, None,
    ]  # fmt: skip
    got = c.label_to_country(pl.Series(labels))
    assert got["country"].to_list() == want
    assert got["label"].to_list() == labels


def test_every_code_and_name_finds_its_own_country() -> None:
    for column in ("iso2", "iso3", "name_en", "name_nl"):
        got = c.label_to_country(c.countries()[column])["country"]
        assert got.to_list() == ALL


def test_labels_of_a_published_services_table_are_all_found(real: Path) -> None:
    file = real / "complexity_reference/services_2016/diversity.csv.gz"
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        labels = [row["country"] for row in csv.DictReader(lines)]
    got = c.label_to_country(pl.Series(labels))
    assert got.filter(pl.col("country").is_null())["label"].to_list() == []
    assert got["country"].is_unique().all()


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


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("WO", "this is an office"),
        ("SU", "did you mean RU (Russia)?"),
        ("NLD", "did you mean NL (Netherlands)?"),
        ("Netherland", "did you mean NL (Netherlands)"),
        ("XQ", "--focal XQ: no country has this code; did you mean"),
        ("", "use ISO 3166-1 alpha-2"),
    ],
)
def test_a_wrong_focal_country_is_refused_with_a_suggestion(code: str, message: str) -> None:
    with pytest.raises(OptionError) as caught:
        c.check_focal(code)
    assert message in str(caught.value)


def test_a_focal_country_may_be_any_country_in_either_case() -> None:
    assert [c.check_focal(code.lower()) for code in ALL] == ALL
