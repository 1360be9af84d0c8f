"""Tables of sectors and of companies, read and checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from netpos.errors import InputError
from netpos.innovation.reading import read_companies, read_sectors

SECTORS = """country,year,sector,value_added,berd
NL,2015,C20,30,3
NL,2015,C21,10,2
NL,2015,F,50,
"""
COMPANIES = "company_id,country,technology,founded,status,funding\n"


def test_sectors_are_added_up_to_their_group_which_is_known_where_all_are(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text(SECTORS, encoding="utf-8")
    (tmp_path / "m.csv").write_text("sector,group\nC20,chemistry\nC21,chemistry\n", "utf-8")
    table, _ = read_sectors(tmp_path / "s.csv", tmp_path / "m.csv")
    found = {r["sector"]: (r["value_added"], r["berd"]) for r in table.to_dicts()}
    assert found == {"chemistry": (40.0, 5.0), "F": (50.0, None)}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("NL,2015,total,90,5", ":5:.*total"),
        ("NL,2015,F,1,1", ":5:"),  # twice
        ("NL,2015,G,0,1", ":5:.*G spends on R&D but adds no value"),
        ("NL,2015,G,-1,0", ":5:.*-1"),
    ],
)
def test_a_wrong_sector_is_named_with_its_line(tmp_path: Path, line: str, words: str) -> None:
    (tmp_path / "s.csv").write_text(SECTORS + line + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=words):
        read_sectors(tmp_path / "s.csv")


def test_companies_are_active_by_their_status(tmp_path: Path) -> None:
    rows = "a,NL,quantum,2015,Operating,3\nb,US,quantum,2016,closed,\n"
    (tmp_path / "c.csv").write_text(COMPANIES + rows, encoding="utf-8")
    table, *_ = read_companies(tmp_path / "c.csv")
    found = {r["company_id"]: (r["active"], r["funding"]) for r in table.to_dicts()}
    assert found == {"a": (True, 3.0), "b": (False, None)}
