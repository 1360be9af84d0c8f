"""The page of a table of links, read against its tables."""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from netpos.cli import app
from tests.viz.test_workbook import read_book

FLOWS = """citing,cited,weight,technology
NL,US,6,quantum
NL,DE,3,quantum
DE,NL,2,quantum
US,NL,5,quantum
US,DE,1,quantum
DE,DE,4,quantum
NL,US,1,<b>lasers</b>
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("links")
    (folder / "flows.csv").write_text(FLOWS, encoding="utf-8")
    done(folder, "out")
    return folder


def done(folder: Path, out: str, *more: str) -> str:
    command = ["links", str(folder / "flows.csv"), "--out", str(folder / out), *more]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def test_the_page_shows_the_cells_of_the_tables(made: Path) -> None:
    html = (made / "out" / "index.html").read_text(encoding="utf-8")
    cells = re.findall(r'data-cell="([^"]+)">([^<]*)<', html)
    found = {(k, v) for k, v in cells if k.startswith("countries|quantum,all,NL|")}
    # by hand: received 2 + 5 = 7, given 6 + 3 = 9, (7 - 9) / (7 + 9) = -0.125
    assert ("countries|quantum,all,NL|received", "7.0") in found
    assert ("countries|quantum,all,NL|given", "9.0") in found
    assert ("countries|quantum,all,NL|balance_ratio", "−0.12") in found
    assert ("exposure|quantum,all,country,US|share", "66.7 %") in set(cells)
    assert 'href="maps/quantum.html"' in html
    assert "<b>lasers" not in html
    assert "&lt;b&gt;lasers" in html


def test_what_is_written_is_listed_and_the_page_is_named(made: Path) -> None:
    manifest = json.loads((made / "out" / "run.json").read_text(encoding="utf-8"))
    there = {p.relative_to(made / "out").as_posix() for p in (made / "out").rglob("*.*")}
    assert set(manifest["outputs"]) == {n for n in there if n != "run.json"}
    assert {"index.html", "tables/netpos.xlsx", "figures/exchange-2.svg"} <= there
    assert manifest["sources"] == {"known": [], "own": ["flows.csv"]}
    assert done(made, "again").strip().endswith("index.html")


def test_the_figure_and_the_tables_show_the_benchmark(made: Path) -> None:
    done(made, "compared", "--benchmark", "US")
    drawn = pl.read_csv(made / "compared" / "figures" / "exchange-2.csv")
    assert drawn["country"].to_list() == ["NL", "US"]
    html = (made / "compared" / "index.html").read_text(encoding="utf-8")
    assert "those compared with: United States" in html
    assert "countries|quantum,all,US|" in html
    assert "countries|quantum,all,DE|" not in html
    # the tables hold all of them
    table = pl.read_csv(made / "compared" / "tables" / "countries.csv")
    assert "DE" in table["country"].to_list()


def test_page_and_workbook_name_the_sources_and_how_to_cite(made: Path) -> None:
    html = (made / "out" / "index.html").read_text(encoding="utf-8")
    book = read_book(made / "out" / "tables" / "netpos.xlsx")
    assert list(book)[:3] == ["summary", "about", "columns"]
    summary = " ".join(str(c) for row in book["summary"] for c in row)
    for text in ("Tables of your own: flows.csv", "netpos contributors"):
        assert text in html
        assert text in summary


def test_the_union_takes_the_place_of_its_members(made: Path) -> None:
    done(made, "union", "--focal", "EU27")
    links = pl.read_csv(made / "union" / "tables" / "links.csv").filter(technology="quantum")
    assert dict(
        zip(zip(links["citing"], links["cited"], strict=True), links["weight"], strict=True)
    ) == {("EU27", "EU27"): 9.0, ("EU27", "US"): 6.0, ("US", "EU27"): 6.0}
    html = (made / "union" / "index.html").read_text(encoding="utf-8")
    assert "European Union (27)" in html
    assert "EU27 counts as one country" in html


def test_a_table_with_the_bloc_and_a_member_would_count_twice(made: Path, tmp_path: Path) -> None:
    (tmp_path / "both.csv").write_text(FLOWS + "EU27,US,9,quantum\n", encoding="utf-8")
    command = ["links", str(tmp_path / "both.csv"), "--out", str(tmp_path / "o")]
    result = CliRunner().invoke(app, [*command, "--focal", "EU27"])
    assert result.exit_code == 2
    assert "EU27 and of its member DE, which would count twice" in result.stderr
