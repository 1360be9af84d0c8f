"""`netpos intensity`: the worked example from file to page, and one line for what is wrong."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from netpos.cli import app
from netpos.viz.meanings import definition
from tests.findings import check_page
from tests.innovation.test_intensity import ADDED, LATER, SECTORS, SPENT


def netpos(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def fails(result: Result, *words: str) -> None:
    assert result.exit_code == 2, (result.stdout, result.stderr)
    lines = [x for x in result.stderr.splitlines() if x.startswith("netpos: ")]
    assert len(lines) == 1
    for word in words:
        assert word in lines[0]


def rows(*, gdp: bool = True) -> list[str]:
    found = []
    for year, spent in ((2015, SPENT["NL"]), (2016, LATER)):
        for country, berd in (("NLD", spent), ("Germany", SPENT["DE"])):
            for k, sector in enumerate(SECTORS):
                cells = [country, year, sector, ADDED[country[:2].upper().replace("GE", "DE")][k]]
                found.append(",".join(map(str, [*cells, berd[k], *([1000] if gdp else [])])))
    return found


def written(path: Path, lines: list[str], *, gdp: bool = True) -> Path:
    head = "country,year,sector,value_added,berd" + (",gdp" if gdp else "")
    path.write_text("\n".join([head, *lines]), encoding="utf-8")
    return path


def table(out: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(out / "tables" / f"{name}.parquet")


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_the_worked_example_from_file_to_page(tmp_path: Path, lang: str) -> None:
    out = tmp_path / "o"
    file = written(tmp_path / "synthetic_s.csv", rows())
    result = netpos("intensity", file, "--out", out, "--benchmark", "DE", "--lang", lang)
    assert result.exit_code == 0, result.stderr
    assert result.stderr.count("note:") == 0
    got = table(out, "decomposition").filter(pl.col("variant") == "A")
    assert got["gap"].to_list() == pytest.approx([-0.792, -0.572], abs=1e-11)
    assert got["structure"].to_list() == pytest.approx([-0.402, -0.402], abs=1e-11)
    assert got["benchmark"].to_list() == ["DE", "DE"]
    assert table(out, "decomposition")["variant"].to_list() == [*"ABCD", *"ABCD"]
    assert table(out, "sectors").height == 10
    assert table(out, "intensity")["covered"].to_list() == [1.0] * 4
    assert check_page(out, lang) > 60
    html = (out / "index.html").read_text("utf-8")
    assert ("Synthetic data" if lang == "en" else "Synthetische gegevens") in html
    assert {p.stem for p in (out / "figures").iterdir()} == {"gap", "waterfall", "sectors"}
    waterfall = pl.read_csv(out / "figures" / "waterfall.csv")
    assert waterfall["end"][-1] == pytest.approx(-0.170, abs=1e-9)
    for path in (out / "tables").glob("*.parquet"):
        for column in pl.read_parquet_schema(path):
            assert definition(path.stem, column, lang), f"{path.stem}.{column}"


@pytest.mark.parametrize("variant", ["B", "C", "D"])
def test_other_variants_are_drawn_where_asked(tmp_path: Path, variant: str) -> None:
    file = written(tmp_path / "s.csv", rows())
    out = tmp_path / "o"
    result = netpos("intensity", file, "--out", out, "--benchmark", "DE", "--variant", variant)
    assert result.exit_code == 0, result.stderr
    drawn = pl.read_csv(out / "figures" / "gap.csv")
    assert drawn["variant"].unique().to_list() == [variant]
    assert drawn["interaction"].count() == (2 if variant == "D" else 0)


def test_value_added_can_be_the_base_and_gdp_must_be_there_otherwise(tmp_path: Path) -> None:
    file = written(tmp_path / "s.csv", rows(gdp=False), gdp=False)
    out = tmp_path / "o"
    more = ["--benchmark", "DE", "--out", out]
    fails(netpos("intensity", file, *more), "s.csv", "gdp", "--base value-added")
    assert netpos("intensity", file, *more, "--base", "value-added").exit_code == 0
    row = table(out, "decomposition").row(0, named=True)
    assert row["structure"] == pytest.approx(-0.484643, abs=5e-7)


def test_thin_coverage_is_told(tmp_path: Path) -> None:
    lines = [x.replace(",3,1000", ",,1000") if "Germany" in x and "ict" in x else x for x in rows()]
    lines = [x for x in lines if ",2016," not in x]
    out = tmp_path / "o"
    result = netpos(
        "intensity", written(tmp_path / "s.csv", lines), "--out", out, "--benchmark", "DE"
    )
    assert result.exit_code == 0, result.stderr
    # the Netherlands spend 6.2, of which ict 1.0
    assert "less than 90 % of the R&D of 1 countries; least NL 2015, 84 %" in result.stderr
    covered = table(out, "intensity").filter("focal")
    assert covered["covered"][0] == pytest.approx(5.2 / 6.2)
    assert covered["compared"][0] == 4


def test_sectors_merge_to_a_common_level(tmp_path: Path) -> None:
    lines = [x for x in rows() if ",2016," not in x]
    german = [x for x in lines if "Germany" in x and ",ict," not in x and ",pharma," not in x]
    lines = [x for x in lines if "NLD" in x] + german + ["Germany,2015,ict and pharma,85,8,1000"]
    (tmp_path / "g.csv").write_text("sector,group\nict,ict and pharma\npharma,ict and pharma\n")
    out = tmp_path / "o"
    file = written(tmp_path / "s.csv", lines)
    more = ["--out", out, "--benchmark", "DE"]
    assert netpos("intensity", file, *more, "--sectors", tmp_path / "g.csv").exit_code == 0
    merged = table(out, "sectors").filter(pl.col("sector") == "ict and pharma")
    assert merged["intensity"][0] == pytest.approx(1.6 / 60)
    assert merged["intensity_benchmark"][0] == pytest.approx(8 / 85)
    assert table(out, "decomposition")["gap"][0] == pytest.approx(-0.792, abs=1e-11)


def test_the_benchmark_is_the_same_in_every_year_unless_asked_otherwise(tmp_path: Path) -> None:
    french = [
        x.replace("Germany", "FR").replace(",1000", ",2000") for x in rows() if "Germany,2015" in x
    ]
    file, out = written(tmp_path / "s.csv", [*rows(), *french]), tmp_path / "o"
    result = netpos("intensity", file, "--out", out, "--benchmark", "DE,FR,US")
    assert "not there in every year: FR, US" in result.stderr
    assert table(out, "decomposition")["benchmark"].unique().to_list() == ["DE"]
    result = netpos(
        "intensity", file, "--out", out, "--benchmark", "DE,FR", "--benchmark-set", "each-year"
    )
    assert table(out, "decomposition")["benchmark"].to_list() == ["DE FR"] * 4 + ["DE"] * 4


def test_currencies_are_not_added_up(tmp_path: Path) -> None:
    lines = [f"{x},{'EUR' if 'NLD' in x else 'USD'}" for x in rows()]
    file = tmp_path / "s.csv"
    head = "country,year,sector,value_added,berd,gdp,currency"
    file.write_text("\n".join([head, *lines]))
    more = ["--out", tmp_path / "o", "--benchmark", "DE"]
    assert netpos("intensity", file, *more).exit_code == 0
    fails(netpos("intensity", file, *more, "--pooled"), "s.csv", "--pooled", "EUR, USD")
    file.write_text("\n".join([head, *lines, "NLD,2017,ict,1,0,1000,USD"]))
    fails(netpos("intensity", file, *more), "s.csv:22:", "currency of NL")
    file = written(tmp_path / "t.csv", rows())
    result = netpos("intensity", file, *more, "--pooled")
    assert "taken to be in one currency" in result.stderr


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("NLD,2015,ict,50,1,1000", (":22:", "already in line 4")),
        ("NLD,2015,fish,0,1,1000", (":22:", "adds no value")),
        ("NLD,2015,Total,880,1,1000", (":22:", "is the total")),
        ("NLD,2015,fish,-1,1,1000", (":22:", "less than 0")),
        ("NLD,2015,fish,x,1,1000", (":22:", "not a number")),
        ("NLD,2015,fish,1,1,1001", (":22:", "another gdp of NL 2015")),
        ("NLD,2015,fish,500,1,1000", (":2:", "more value", "GDP")),
        ("NLD,,fish,1,1,1000", (":22:", "year is empty")),
        ("NLD,2015,C,1,1,1000\nNLD,2015,C26,1,1,1000", (":23:", "'C26' is part of 'C'")),
        (
            "NLD,2015,C10-C12,1,1,1000\nNLD,2015,C11,1,1,1000",
            (":23:", "'C11' is part of 'C10-C12'"),
        ),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, words: tuple[str, ...]) -> None:
    file = written(tmp_path / "s.csv", [*rows(), *line.split("\n")])
    out = tmp_path / "o"
    fails(netpos("intensity", file, "--out", out, "--benchmark", "DE"), "s.csv", *words)
    assert not out.exists() or not any(out.iterdir())


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--focal", "QX"), ("QX",)),
        (("--focal", "SE"), ("no row is of SE",)),
        (("--benchmark", "NL"), ("--benchmark NL", "no country but NL")),
        (("--benchmark", "SE"), ("no year has NL",)),
        (("--base", "sales"), ("--base sales", "value-added")),
        (("--variant", "E"), ("--variant E", "A, B, C or D")),
        (("--benchmark-set", "some"), ("--benchmark-set some", "each-year")),
        (("--sectors", "absent.csv"), ("absent.csv", "no such file")),
    ],
)
def test_what_cannot_be_used_is_named_in_one_line(
    tmp_path: Path, more: tuple[str, ...], words: tuple[str, ...]
) -> None:
    file = written(tmp_path / "s.csv", rows())
    given = ["--benchmark", "DE"] if "--benchmark" not in more else []
    fails(netpos("intensity", file, "--out", tmp_path / "o", *given, *more), *words)


def test_a_foreign_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("citing,cited,weight\nNL,DE,1\n")
    fails(
        netpos("intensity", tmp_path / "x.csv", "--out", tmp_path / "o", "--benchmark", "DE"),
        *("x.csv", "column 'country' is missing"),
    )
