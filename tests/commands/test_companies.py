"""`netpos companies`: the check table from file to page, and one line for what is wrong."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from netpos.cli import app
from netpos.viz.meanings import definition
from netpos.viz.report.findings import told
from tests.findings import check_page
from tests.innovation.test_companies import check_table

HEAD = "company_id,country,technology,founded,status,funding_usd_m"


def netpos(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def fails(result: Result, *words: str) -> None:
    assert result.exit_code == 2, (result.stdout, result.stderr)
    lines = [x for x in result.stderr.splitlines() if x.startswith("netpos: ")]
    assert len(lines) == 1
    for word in words:
        assert word in lines[0]


def table(out: Path, name: str = "companies") -> pl.DataFrame:
    return pl.read_parquet(out / "tables" / f"{name}.parquet")


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_the_check_table_from_file_to_page(tmp_path: Path, lang: str) -> None:
    table_ = check_table().with_columns(status=pl.lit("Active"), unicorn=pl.col("unicorn"))
    file, out = tmp_path / "c.csv", tmp_path / "o"
    table_.select(
        *("company_id", "country", "technology", "founded", "status"), "unicorn",
        funding_usd_m="funding",
    ).write_csv(file)  # fmt: skip
    result = netpos("companies", file, "--out", out, "--lang", lang)
    assert result.exit_code == 0, result.stderr
    row = table(out).filter(pl.col("country") == "NL").row(0, named=True)
    assert (row["startups"], row["startups_all"], row["scaleup_funding_rank"]) == (5, 109, 11)
    assert row["name"] == ("Netherlands" if lang == "en" else "Nederland")
    assert check_page(out, lang) > 100
    html = (out / "index.html").read_text("utf-8")
    assert "4.6 %" in html or "4,6 %" in html
    assert {p.stem for p in (out / "figures").iterdir()} == {"companies", "funding"}
    for path in (out / "tables").glob("*.parquet"):
        for column in pl.read_parquet_schema(path):
            text = definition(path.stem, column, lang)
            assert text, f"{path.stem}.{column}"
            assert "stability" not in text
            assert "stabiliteit" not in text


def test_what_is_left_out_is_told_and_the_focal_country_has_a_row_of_zeros(tmp_path: Path) -> None:
    rows = ["a,DE,quantum,2015,active,12", "b,,quantum,2015,active,1", "c,DE,quantum,,active,1"]
    (tmp_path / "c.csv").write_text(
        "\n".join([HEAD + ",as_of", *(f"{r},2025-06-01" for r in rows)])
    )
    result = netpos("companies", tmp_path / "c.csv", "--out", tmp_path / "o")
    assert result.exit_code == 0, result.stderr
    for note in (
        "1 of 2 companies have no country",
        "1 of 3 companies are left out: year, status or funding is not known",
        "the companies are as of 2025-06-01",
    ):
        assert f"note: {note}" in result.stderr
        assert told(note, "nl")[1]
    nl = table(tmp_path / "o").filter(pl.col("country") == "NL").row(0, named=True)
    assert (nl["startups"], nl["startups_all"], nl["startup_share"]) == (0, 1, 0.0)
    assert nl["startup_share_high"] > 0.5
    assert nl["scaleup_funding_rank"] is None


def test_thresholds_are_in_the_currency_of_the_table(tmp_path: Path) -> None:
    file, out = tmp_path / "c.csv", tmp_path / "o"
    file.write_text(HEAD.replace("usd", "eur") + "\na,NL,q,2015,active,12\nb,NL,q,2015,active,30\n")
    fails(netpos("companies", file, "--out", out), "c.csv", "funding is in EUR", "--currency")
    more = ["--currency", "eur", "--threshold", "20", "--founded-after", "2000"]
    result = netpos("companies", file, "--out", out, *more)
    assert result.exit_code == 0, result.stderr
    assert table(out).select("startups", "scaleups").row(0) == (1, 1)
    assert "20 million EUR" in (out / "index.html").read_text("utf-8")


def test_employees_tell_scale_ups_where_asked(tmp_path: Path) -> None:
    file, out = tmp_path / "c.csv", tmp_path / "o"
    file.write_text(f"{HEAD},employees\na,NL,q,2015,active,,51\nb,NL,q,2015,active,900,50\n")
    result = netpos("companies", file, "--out", out, "--employees", 50)
    assert result.exit_code == 0, result.stderr
    assert table(out).select("startups", "scaleups").row(0) == (1, 1)
    assert "more than 50 employees" in (out / "index.html").read_text("utf-8")
    file.write_text(f"{HEAD}\na,NL,q,2015,active,1\n")
    fails(netpos("companies", file, "--out", out, "--employees", 50), "employees", "missing")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("a,NL,quantum,2015,active,3", (":3:", "already in line 2")),
        ("a,DE,photonics,2015,active,3", (":3:", "a has other facts")),
        ("b,NL,quantum,2015,asleep,3", (":3:", "status is 'asleep'", "active")),
        ("b,NL,quantum,2015,active,-3", (":3:", "less than 0")),
        ("b,NL,quantum,soon,active,3", (":3:", "not a year")),
        ("b,NL,,2015,active,3", (":3:", "technology is empty")),
        ("b,NL,all,2015,active,3", (":3:", "technology is 'all'")),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, words: tuple[str, ...]) -> None:
    (tmp_path / "c.csv").write_text(f"{HEAD}\na,NL,quantum,2015,active,3\n{line}\n")
    fails(netpos("companies", tmp_path / "c.csv", "--out", tmp_path / "o"), "c.csv", *words)
    assert not (tmp_path / "o" / "run.json").exists()


def test_other_files_and_options_are_named(tmp_path: Path) -> None:
    file, out = tmp_path / "c.csv", tmp_path / "o"
    file.write_text("citing,cited,weight\nNL,DE,1\n")
    fails(netpos("companies", file, "--out", out), "c.csv", "column 'company_id' is missing")
    file.write_text(f"{HEAD}\na,NL,quantum,1985,active,3\n")
    fails(netpos("companies", file, "--out", out), "no company counts (1 old)")
    fails(netpos("companies", file, "--out", out, "--currency", "dollar"), "--currency dollar")
    fails(netpos("companies", file, "--out", out, "--focal", "QX"), "QX")
