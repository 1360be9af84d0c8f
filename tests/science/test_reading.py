"""Tables beside publications, read and checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from netpos.errors import InputError
from netpos.science.reading import read_aggregates, read_researchers, read_science_totals


def written(folder: Path, text: str) -> Path:
    (folder / "t.csv").write_text(text, encoding="utf-8")
    return folder / "t.csv"


def test_totals_are_read_by_any_of_their_names(tmp_path: Path) -> None:
    table, notes = read_science_totals(written(tmp_path, "geo,papers\nNetherlands,40\nDE,90\n"))
    assert table.select("country", "works").rows() == [("DE", 90.0), ("NL", 40.0)]
    assert notes == []


def test_a_country_twice_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "country,works\nNL,40\nDE,90\nNL,41\n")
    with pytest.raises(InputError, match="NL"):
        read_science_totals(path)


def test_researchers_that_are_not_known_are_null(tmp_path: Path) -> None:
    table, _ = read_researchers(written(tmp_path, "country,year,fte\nNL,2016,\nNL,2015,1.5\n"))
    assert table.select("year", "fte").rows() == [(2015, 1.5), (2016, None)]


@pytest.mark.parametrize(
    "rows", ["q,NL,2015,article,4,8\n", "q,world,2015,article,3,8\nq,NL,2015,article,4,8\n"]
)
def test_works_of_a_country_need_those_of_the_world(tmp_path: Path, rows: str) -> None:
    path = written(tmp_path, "technology,country,year,type,works,citations\n" + rows)
    with pytest.raises(InputError, match="world"):
        read_aggregates(path)


def test_a_row_of_the_world_is_no_country_of_the_totals(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("country,works\nNLD,40\nWorld,500\n")
    totals, notes = read_science_totals(tmp_path / "t.csv")
    assert totals.select("country", "works").rows() == [("NL", 40.0), ("world", 500.0)]
    assert notes == []
    (tmp_path / "t.csv").write_text("country,works\nNLD,40\nWorld,30\n")
    with pytest.raises(InputError, match="NL has more works than the row of the world"):
        read_science_totals(tmp_path / "t.csv")
