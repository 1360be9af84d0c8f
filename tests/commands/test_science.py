"""`netpos science`: the worked example and the samples from file to page, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from netpos.cli import app
from netpos.viz.meanings import definition
from tests.findings import check_page
from tests.science.test_publications import MEMBERS, SHARES, TOY
from tests.science.test_records import CSV


def netpos(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def fails(result: Result, *words: str) -> None:
    assert result.exit_code == 2, (result.stdout, result.stderr)
    lines = [x for x in result.stderr.splitlines() if x.startswith("netpos: ")]
    assert len(lines) == 1
    for word in words:
        assert word in lines[0]


def table(out: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(out / "tables" / f"{name}.parquet")


def toy(folder: Path) -> list[str]:
    """The worked example as exports of OpenAlex, one of each technology; gives the options."""
    more = []
    for technology in "qa":
        lines = []
        for number, technologies, year, kind, citations, authors in TOY:
            if technology in technologies:
                record = {
                    "id": f"https://openalex.org/W{number}", "publication_year": year, "type": kind,
                    "cited_by_count": citations + 7,  # seven after the window
                    "authorships": [{"countries": a.split("+") if a else []} for a in authors],
                    "counts_by_year": [
                        {"year": year, "cited_by_count": citations},
                        {"year": year + 4, "cited_by_count": 7},
                    ],
                }  # fmt: skip
                lines.append(json.dumps(record))
        (folder / f"{technology}.jsonl").write_text("\n".join(lines))
        more += ["--technology", f"{technology}={folder / technology}.jsonl"]
    (folder / "totals.csv").write_text("country,works\nNLD,40\nDE,90\nUS,200\nCN,170\n")
    (folder / "fte.csv").write_text("country,year,fte\nNL,2015,2000\nNL,2016,\n")
    return [
        *more, "--from", "2015", "--to", "2016", "--min-cell", "1",
        "--totals", str(folder / "totals.csv"), "--researchers", str(folder / "fte.csv"),
    ]  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_the_worked_example_from_file_to_page(tmp_path: Path, lang: str) -> None:
    out = tmp_path / "o"
    more = toy(tmp_path)
    result = netpos("science", *more, "--out", out, "--lang", lang, "--benchmark", "DE,US,CN")
    assert result.exit_code == 0, result.stderr
    science = table(out, "science")
    key = ["technology", "period", "country"]
    rows = {tuple(r[k] for k in key): r for r in science.to_dicts()}
    nl = rows["q", "all", "NL"]
    assert nl["works"] == pytest.approx(8 / 3)
    assert nl["fwci"] == pytest.approx(27 / 16)
    assert nl["fwci_full"] == pytest.approx(37 / 24)
    assert nl["rai"] == pytest.approx(4.166667, abs=5e-7)
    assert nl["rank"] is None  # under twenty works
    assert nl["fwci_low"] is None  # under two hundred
    # of 2015 alone, where researchers are known: 2/3 + 1/2 + 1/2
    assert nl["per_100_fte"] == pytest.approx(100 * (5 / 3) / 2000)
    assert rows["a", "all", "NL"]["fwci"] == pytest.approx(22 / 15)
    assert rows["q", "2016-2016", "NL"]["rai"] is None  # totals are of the whole span
    assert science["period"].unique().to_list() != ["all"]
    cells = table(out, "science_cells")
    assert set(cells["basis"]) == {"window"}
    coverage = table(out, "science_coverage")
    assert coverage.filter(pl.col("technology") == "a")["works"].sum() == 5
    assert coverage.filter(pl.col("technology") == "a")["located"].sum() == 4
    assert "92 % of the works have an author with a country, 83 %" in result.stderr
    assert "the works without a country are cited 0.00 times what is expected" in result.stderr
    assert check_page(out, lang) > 30
    names = {p.stem for p in (out / "figures").iterdir()}
    assert names == {"place", "science-q", "science-a", "science-all"}
    for path in (out / "tables").glob("*.parquet"):
        for column in pl.read_parquet_schema(path):
            assert definition(path.stem, column, lang), f"{path.stem}.{column}"
            assert "stability" not in str(definition(path.stem, column, "en"))


def test_the_change_of_activity_is_that_of_its_two_parts(tmp_path: Path) -> None:
    more = toy(tmp_path)
    yearly = "".join(
        f"{c},{y},{w + (y - 2015) * 20}\n"
        for c, w in (("NL", 40), ("DE", 90), ("US", 200), ("CN", 170))
        for y in (2015, 2016)
    )
    (tmp_path / "totals.csv").write_text("country,year,works\n" + yearly)
    assert netpos("science", *more, "--out", tmp_path / "o").exit_code == 0
    rows = table(tmp_path / "o", "science").filter(pl.col("rai_change").is_not_null())
    assert rows.height > 2
    split = rows["rai_change_own"] - rows["rai_change_world"]
    assert rows["rai_change"].to_list() == pytest.approx(split.to_list())


def test_aggregates_give_the_impact_of_the_works(tmp_path: Path) -> None:
    rows = MEMBERS.join(SHARES, on="work")
    key = ["technology", "country", "year", "type"]
    mine = rows.group_by(key).agg(
        works=pl.col("share").sum(), citations=(pl.col("share") * pl.col("citations")).sum()
    )
    world = MEMBERS.group_by("technology", "year", "type").agg(
        works=pl.len().cast(pl.Float64), citations=pl.col("citations").sum().cast(pl.Float64)
    )
    world = world.with_columns(country=pl.lit("World")).select(mine.columns)
    pl.concat([mine, world]).write_csv(tmp_path / "a.csv")
    out = tmp_path / "o"
    result = netpos("science", "--aggregates", tmp_path / "a.csv", "--out", out)
    assert result.exit_code == 0, result.stderr
    whole = table(out, "science").filter(
        (pl.col("period") == "all") & (pl.col("technology") == "q") & (pl.col("country") == "NL")
    )
    assert whole["fwci"][0] == pytest.approx(1.6875)
    assert check_page(out, "en") > 10
    (tmp_path / "a.csv").write_text(
        "technology,country,year,type,works,citations\nq,NL,2015,a,1,1\n"
    )
    fails(netpos("science", "--aggregates", tmp_path / "a.csv", "--out", out), "a.csv", "world")


def test_an_export_of_one_country_gives_no_world_position(tmp_path: Path) -> None:
    lines = [
        json.dumps(
            {"id": f"https://openalex.org/W{k}", "publication_year": 2018, "type": "article",
             "cited_by_count": k, "authorships": [{"countries": ["NL"]}, {"countries": ["DE"]}]}
        )
        for k in range(1, 41)
    ]  # fmt: skip
    lines[7] = lines[7].replace('"DE"', '"US"')
    (tmp_path / "w.jsonl").write_text("\n".join(lines))
    out = tmp_path / "o"
    result = netpos("science", "--technology", f"q={tmp_path / 'w.jsonl'}", "--out", out)
    assert result.exit_code == 0, result.stderr
    assert "every work with a country has NL: this is an export of one country" in result.stderr
    whole = table(out, "science")
    for column in ("share", "rank", "fwci", "top10", "rai"):
        assert whole[column].null_count() == whole.height, column
    assert whole.filter(pl.col("country") == "NL")["works"].max() == pytest.approx(20)


def test_the_samples_run_by_definitions(real: Path, tmp_path: Path) -> None:
    (tmp_path / "t.toml").write_text(
        "[[technology]]\nid = 'virus'\nfields_of_study = ['Virology']\nterms = ['covid*']\n"
    )
    out = tmp_path / "o"
    sample = real / "lens_scholarly" / "lens_export_100.jsonl.gz"
    result = netpos("science", sample, "--technologies", tmp_path / "t.toml", "--out", out)
    assert result.exit_code == 0, result.stderr
    assert "all citations count, compared within the same year" in result.stderr
    assert table(out, "science_coverage")["works"].sum() > 20
    assert check_page(out, "en") > 10


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ((), ("no works are given", "--technology ID=FILE")),
        (("--technology", "q"), ("--technology q",)),
        (("--technology", "q=absent.jsonl"), ("absent.jsonl", "no such file")),
        (("--window", "soon"), ("--window soon",)),
        (("--types", "poems"), ("--types poems", "article")),
        (("--focal", "QX"), ("QX",)),
    ],
)
def test_what_cannot_be_used_is_named(
    tmp_path: Path, more: tuple[str, ...], words: tuple[str, ...]
) -> None:
    fails(netpos("science", *more, "--out", tmp_path / "o"), *words)


def test_works_without_definitions_and_years_without_works_are_named(tmp_path: Path) -> None:
    more = toy(tmp_path)
    fails(netpos("science", tmp_path / "q.jsonl", "--out", tmp_path / "o"), "--technologies")
    later = [*more[:4], "--from", "2020", "--to", "2021"]
    fails(netpos("science", *later, "--out", tmp_path / "o"), "no work is of 2020", "2015 to 2016")


def test_a_csv_of_lens_gives_sizes_and_says_why_no_country(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CSV, encoding="utf-8", newline="")
    out = tmp_path / "o"
    result = netpos("science", "--technology", f"q={tmp_path / 'a.csv'}", "--out", out)
    assert result.exit_code == 0, result.stderr
    assert "a Lens scholarly CSV has no country of any author" in result.stderr
    whole = table(out, "science").filter(technology="q", period="all")
    assert whole["works_all"].to_list() == [1.0]
    for column in set(whole.columns) - {"technology", "period", "country", "name", "works_all"}:
        assert whole[column].null_count() == 1, column  # unknown, not 0
    assert table(out, "science_coverage")["works"].to_list() == [1]
    assert check_page(out, "en") > 0


def test_a_csv_of_lens_and_its_json_are_not_mixed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CSV, encoding="utf-8", newline="")
    given = ["--technology", f"q={tmp_path / 'a.csv'}", *toy(tmp_path)[:2]]
    fails(netpos("science", *given, "--out", tmp_path / "o"), "q.jsonl", "another source")


def test_works_are_counted_in_full_where_asked(tmp_path: Path) -> None:
    more, out = toy(tmp_path), tmp_path / "o"
    result = netpos("science", *more, "--out", out, "--counting", "full")
    assert result.exit_code == 0, result.stderr
    nl = table(out, "science").filter(technology="q", period="all", country="NL")
    assert nl["works"].to_list() == nl["works_full"].to_list() == [4]
    assert nl["works_all"].to_list() == [8]
    assert json.loads((out / "run.json").read_text())["options"]["counting"] == "full"
    assert "in full for each country" in (out / "index.html").read_text(encoding="utf-8")
    fails(netpos("science", *more, "--out", out, "--counting", "half"), "--counting half")
