"""`netpos explain --table`: what is behind the numbers outside the patents, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from netpos.cli import app
from netpos.commands.explain_table import KEYS, OF_THE_ROW, explain_table
from netpos.errors import InputError
from netpos.viz.meanings import definition
from tests.commands.test_papers import families, works
from tests.commands.test_science import toy
from tests.lens import FAST, QUANTUM

COMPANIES = """company_id,country,technology,founded,status,funding_usd_m
a,NL,q,2015,active,4
b,NL,q,2015,active,2
c,NL,q,2016,active,30
d,US,q,2015,active,3
e,,q,2015,active,1
f,NL,q,1980,active,1
"""
SECTORS = """country,year,sector,value_added,berd,gdp
NL,2015,m,30,3,1000
NL,2015,p,10,0.6,1000
DE,2015,m,40,3.2,1000
DE,2015,p,25,5,1000
"""


def netpos(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def told(out: Path, table: str, row: str, column: str) -> dict:
    result = netpos("explain", out, "--table", table, "--row", row, "--indicator", column, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_a_share_of_companies_and_the_companies_behind_it(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(COMPANIES)
    out = tmp_path / "o"
    assert netpos("companies", tmp_path / "c.csv", "--out", out, "--draws", "0").exit_code == 0
    found = told(out, "companies", "technology=q,country=NL", "startup_share")
    assert found["value"] == pytest.approx(2 / 4)
    assert found["parts"] == {"startups": 2, "startups_all": 4}
    assert "Wilson" in found["interval"][2]
    assert [r["company_id"] for r in found["records"]] == ["a", "b"]
    money = told(out, "companies", "technology=q,country=NL", "startup_funding")
    assert sum(r["contribution"] for r in money["records"]) == pytest.approx(money["value"])
    table = out / "tables" / "companies.parquet"
    rows = pl.read_parquet(table).with_columns(pl.col("startup_share") * 2)
    rows.write_parquet(table)
    with pytest.raises(InputError, match=r"the parts give 0\.5 for startup_share.*has 1"):
        explain_table(out, "companies", "technology=q,country=NL", "startup_share")


def test_the_impact_of_works_and_the_works_behind_it(tmp_path: Path) -> None:
    out = tmp_path / "o"
    assert netpos("science", *toy(tmp_path), "--out", out).exit_code == 0
    found = told(out, "science", "technology=q,country=NL", "fwci")
    assert found["value"] == pytest.approx(27 / 16)
    assert found["parts"]["sum of share"] == pytest.approx(8 / 3)
    assert found["parts"]["sum of share x score"] == pytest.approx(27 / 16 * 8 / 3)
    assert {r["key"] for r in found["records"]} == {"W1", "W4", "W6", "W7"}
    parts = told(out, "science", "technology=q,country=NL,period=2016-2016", "works")
    assert [r["key"] for r in parts["records"]] == ["W7"]


def test_the_parts_of_a_gap_and_the_sectors_behind_them(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text(SECTORS)
    out = tmp_path / "o"
    given = ["--benchmark", "DE", "--focal", "NL", "--out", out]
    assert netpos("intensity", tmp_path / "s.csv", *given).exit_code == 0
    for variant in "ABCD":
        for part in ("structure", "intrinsic"):
            found = told(out, "decomposition", f"year=2015,variant={variant}", part)
            assert sum(found["parts"].values()) == pytest.approx(found["value"])
    # variant A of machinery: (.03 - .04) x .08 and .03 x (.1 - .08)
    found = told(out, "sectors", "year=2015,sector=m", "structure_a")
    assert found["value"] == pytest.approx(100 * -0.01 * 0.08)
    assert set(found["parts"]) == {"weight", "weight_benchmark", "intensity_benchmark"}
    assert told(out, "intensity", "year=2015,country=NL", "intensity")["value"] == 0.36


def test_a_step_along_the_chain_names_the_two_shares(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(COMPANIES)
    assert netpos("companies", tmp_path / "c.csv", "--out", tmp_path / "c").exit_code == 0
    assert netpos("science", *toy(tmp_path), "--out", tmp_path / "s").exit_code == 0
    given = ["--science", tmp_path / "s", "--companies", tmp_path / "c", "--out", tmp_path / "o"]
    assert netpos("chain", *given).exit_code == 0
    found = told(tmp_path / "o", "chain", "technology=q,stage=scaleups", "step_ratio")
    assert set(found["parts"]) == {"startups", "scaleups"}
    found = told(tmp_path / "o", "chain", "technology=q,stage=startups", "retention")
    assert found["value"] == pytest.approx((2 / 4) / (8 / 3 / 8))


def test_the_specialisation_of_a_matrix(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(
        "country,product,value\nNL,a,3\nNL,b,1\nDE,a,1\nDE,c,5\nFR,b,2\nFR,c,2\n"
    )
    assert netpos("complexity", tmp_path / "m.csv", "--out", tmp_path / "o").exit_code == 0
    found = told(tmp_path / "o", "cells", "country=NL,product=a", "rca")
    assert found["value"] == pytest.approx((3 / 4) / (4 / 14))
    assert found["parts"] == {
        "value": 3, "all of the country": 4, "all of the product": 4, "all": 14,
    }  # fmt: skip


def test_a_link_of_countries_names_families_and_papers(tmp_path: Path) -> None:
    out, given = tmp_path / "o", works(tmp_path)
    more = ["--papers", given, *FAST, *QUANTUM, "--tables-only"]
    assert netpos("run", families(tmp_path), "--out", out, *more).exit_code == 0
    row = "technology=quantum,citing=NL,cited=NL"
    found = told(out, "science_links", row, "links")
    assert found["value"] == pytest.approx(11 / 12)
    parts = sorted((r["paper"], round(r["contribution"], 6)) for r in found["records"])
    assert parts == [("W1", round(2 / 3, 6)), ("W6", 0.25)]
    assert {r["by"] for r in found["records"]} == {"doi"}
    given.write_text(given.read_text() + "\n")
    result = netpos(
        "explain", out, "--table", "science_links", "--row", row, "--indicator", "links"
    )
    assert result.exit_code == 2
    assert "not what they were" in result.stderr


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("asked")
    assert netpos("science", *toy(folder), "--out", folder / "o").exit_code == 0
    return folder / "o"


@pytest.mark.parametrize(
    ("table", "row", "column", "said"),
    [
        ("poems", "", "works", "--table poems: unknown"),
        ("science", "", "rhymes", "no such column"),
        ("science", "country", "works", "--row country: not understood"),
        ("science", "country=XX", "works", "no row with technology all, period all, country XX"),
        ("science", "", "works", "rows with technology all"),
    ],
)
def test_a_question_without_an_answer_is_told_how_to_ask(
    results: Path, table: str, row: str, column: str, said: str
) -> None:
    result = netpos("explain", results, "--table", table, "--row", row, "--indicator", column)
    assert result.exit_code == 2
    assert said in result.stderr
    assert netpos("explain", results, "--table", "science", "--row", "country=NL").exit_code == 2


def test_every_formula_is_of_columns_that_are_defined() -> None:
    for table, columns in OF_THE_ROW.items():
        assert table in KEYS
        for column, formula in columns.items():
            for name in {column, *pl.sql_expr(formula).meta.root_names()}:
                assert definition(table, name), (table, name)
