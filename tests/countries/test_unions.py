"""Blocs taken as one country."""

from __future__ import annotations

import polars as pl
import pytest

from netpos import countries
from netpos.countries.compared import parse_compared
from netpos.countries.unions import is_union, lifted, summed, union_members
from netpos.errors import OptionError

#: The member states since February 2020, as the treaties name them.
MEMBERS = ("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
           "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI",
           "SK")  # fmt: skip


def test_the_union_has_its_27_members_whatever_the_year() -> None:
    assert union_members("EU27") == MEMBERS
    assert union_members("NL") == union_members("EU") == ()
    assert is_union("EU27")
    assert not is_union("NL")
    assert not countries.is_country("EU27")


def test_members_become_the_bloc_and_others_stay() -> None:
    table = pl.DataFrame({"country": ["NL", "GB", "XX", None], "families": [1.0, 2.0, 3.0, None]})
    assert table.select(lifted("country", "NL"))["country"].to_list() == ["NL", "GB", "XX", None]
    more = pl.concat([table, pl.DataFrame({"country": ["DE"], "families": [0.5]})])
    found = summed(more, "EU27", of=("families",))
    assert found.rows() == [("EU27", 1.5), ("GB", 2.0), ("XX", 3.0), (None, None)]
    assert summed(more, "NL", of=("families",)).equals(more)


def test_the_bloc_has_a_name_in_both_languages_and_is_in_the_union_in_any_year() -> None:
    assert countries.name("EU27") == "European Union (27)"
    assert countries.name("EU27", "nl") == "Europese Unie (27)"
    for year in (1990, 2025):
        assert countries.blocs(["EU27"], year).rows() == [("EU27", True, False)]


def test_a_class_is_given_to_nobody_where_a_bloc_is_among_them() -> None:
    found = countries.membership_class("EU27", ["US", "CN"], 2025)
    assert found.rows() == [("CN", None, "other"), ("US", None, "oecd_nato")]
    assert countries.membership_class("US", ["EU27", "CN"], 2025)["similarity_class"].count() == 0


@pytest.mark.parametrize(
    ("code", "words"), [("EU27", "a bloc"), ("EU", "write EU27 for the European Union")]
)
def test_a_bloc_is_refused_where_a_country_is_needed(code: str, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        countries.check_focal(code)


def test_members_are_no_countries_beside_the_bloc() -> None:
    assert countries.check_focal(" eu27", unions=True) == "EU27"
    assert countries.benchmark_codes("report-7.2", "EU27") == ["US", "CN", "JP", "KR"]
    with pytest.raises(OptionError, match="all are members of EU27"):
        countries.benchmark_codes("eu27", "EU27")
    assert parse_compared("US,CN", "EU27") == ["EU27", "US", "CN"]
    with pytest.raises(ValueError, match="DE: a member of EU27"):
        parse_compared("US,DE", "EU27")
