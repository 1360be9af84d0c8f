"""Who holds the families of a country: the rows add up to them, foreign firms are marked."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from netpos import analysis
from netpos.analysis import behind
from netpos.analysis.holders import holders
from netpos.ingest.corpus import read
from netpos.options import make
from tests.lens import record, write

SPAN = (2015, 2025)
#: HOME files once from NL, beside a person, who counts only without a firm; AWAY twice from the US
#: and once from NL; one family is of both, each half; one is located by its inventor, its applicant
#: without a country; the last is of a person alone.
RECORDS = [
    record(1, applicants=[("HOME BV", "NL"), ("JANSEN; JAN", "NL")]),
    record(2, applicants=[("AWAY INC", "US")]),
    record(3, applicants=[("AWAY INC", "US")]),
    record(4, applicants=[("AWAY INC", "NL")]),
    record(5, applicants=[("HOME BV", "NL"), ("AWAY INC", "US")]),
    record(6, applicants=[("LOOSE CORP", None)], inventors=[("PIETERS; PIET", "NL")]),
    record(7, applicants=[("JANSEN; JAN", "NL")]),
]


def study(folder: Path, records: list[dict] = RECORDS, **options: object) -> analysis.Study:
    path = Path(__file__).parent.parent / "quantum.toml"
    given = {"technologies": str(path), "draws": 0, **options}
    return analysis.prepare(read(write(folder / "e.jsonl", records)), make(given))


def test_parts_of_families_by_hand(tmp_path: Path) -> None:
    found = holders(study(tmp_path), "quantum", SPAN)
    rows = {(r["kind"], r["organisation"]): r for r in found.to_dicts()}
    # families 1 and half of 5: HOME; 4: AWAY; 6: LOOSE; 7: a person
    assert {k: r["families"] for k, r in rows.items()} == {
        ("organisation", "HOME"): 1.5,
        ("organisation", "AWAY"): 1.0,
        ("organisation", "LOOSE"): 1.0,
        ("person", None): 1.0,
    }
    assert rows["organisation", "AWAY"]["country"] == "US"
    assert rows["organisation", "AWAY"]["foreign"] is True
    assert rows["organisation", "HOME"]["foreign"] is False
    assert rows["organisation", "LOOSE"]["foreign"] is None
    assert rows["person", None]["share"] == pytest.approx(1.0 / 4.5)
    assert not found["organisation"].str.contains("JANSEN").any()


def test_firms_of_the_country_that_file_together_hold_a_part_each(tmp_path: Path) -> None:
    """ALFA has a family of its own, half of one with BETA and a third of one with BETA and GAMMA;
    DELTA, abroad, has no part in the Dutch half of the last.
    """
    firms = ("ALFA BV", "NL"), ("BETA BV", "NL"), ("GAMMA BV", "NL")
    records = [record(n, applicants=firms[:n]) for n in (1, 2, 3)]
    records += [record(4, applicants=[("ALFA BV", "NL"), ("DELTA INC", "US")])]
    found = holders(study(tmp_path, records), "quantum", SPAN)
    held = dict(found.select("organisation", "families").iter_rows())
    assert held == {
        "ALFA": pytest.approx(1 + 1 / 2 + 1 / 3 + 1 / 2),
        "BETA": pytest.approx(1 / 2 + 1 / 3),
        "GAMMA": pytest.approx(1 / 3),
    }


@pytest.mark.parametrize("counting", ["fractional", "country-unique", "full"])
@pytest.mark.parametrize("by", ["applicant", "inventor"])
def test_the_rows_add_up_to_the_families_of_the_country(
    tmp_path: Path, counting: str, by: str
) -> None:
    made = study(tmp_path, counting=counting, by=by)
    held = behind.behind_node(made, "quantum", SPAN, "NL", "families")["part"].sum()
    found = holders(made, "quantum", SPAN)
    assert found["families"].sum() == pytest.approx(held)
    assert found["share"].sum() == pytest.approx(1.0)


def test_the_values_add_up_to_the_value_of_the_country_and_are_null_where_it_is_not_given(
    tmp_path: Path,
) -> None:
    made = study(tmp_path)
    worth = SimpleNamespace(value=np.full(made.families, 2.0))  # every family is worth 2
    made.__dict__["valued"] = worth
    found = holders(made, "quantum", SPAN, valued=True)
    rows = {r["organisation"]: r["value"] for r in found.to_dicts()}
    assert rows == {"HOME": 3.0, "AWAY": 2.0, "LOOSE": 2.0, None: 2.0}
    assert holders(made, "quantum", SPAN)["value"].null_count() == found.height


def test_a_country_without_families_has_no_holders(tmp_path: Path) -> None:
    found = holders(study(tmp_path, focal="JP"), "quantum", SPAN)
    assert found.height == 0
    assert found.schema == pl.Schema(holders(study(tmp_path), "quantum", SPAN).schema)


def test_owners_are_organisations_and_a_person_is_told_without_a_name(tmp_path: Path) -> None:
    made = study(tmp_path)
    ids = made.corpus.columns("families", "family", "family_id")["family_id"].to_list()
    found = behind.owners(made, ids)
    kinds = {(o.organisations, o.person) for o in found.values()}
    assert kinds == {
        *((("HOME",), False), (("AWAY",), False), (("AWAY", "HOME"), False)),
        *((("LOOSE",), False), ((), True)),
    }
    assert not any("JANSEN" in name for o in found.values() for name in o.organisations)
    assert behind.owners(made, []) == {}


def test_the_largest_holder_of_a_kind_comes_first(tmp_path: Path) -> None:
    found = holders(study(tmp_path), "quantum", SPAN)
    assert found["organisation"].to_list() == ["HOME", "AWAY", "LOOSE", None]
    assert found["families"].to_list() == [1.5, 1.0, 1.0, 1.0]
