"""Codes and labels resolved to countries of today, against lists written down by hand."""

from __future__ import annotations

import csv
import gzip
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from netpos import countries as c
from netpos.countries.resolve import searched_names
from netpos.errors import OptionError, TableError
from tests.conftest import ROOT

ALL = c.countries()["iso2"].to_list()


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


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


def test_what_people_type_is_in_one_table_and_only_labels_of_tables_name_a_country() -> None:
    typed = searched_names(["GB", "NL"])
    assert "England" in typed["GB"]
    assert "Holland" in typed["NL"]
    # part of a country, or the name of two, is no label of it
    labels = pl.Series(["Holland", "England", "Korea", "America"])
    assert c.label_to_country(labels)["country"].to_list() == ["NL", None, None, None]
    page = (ROOT / "netpos" / "viz" / "templates" / "map.js").read_text(encoding="utf-8")
    assert "holland" not in page.lower()
