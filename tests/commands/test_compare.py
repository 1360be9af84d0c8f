"""Two runs compared: what is told of data, options, and every number of every table."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from netpos.cli import app
from netpos.commands import compare
from tests.commands.small_runs import RECORDS, SEEDS, SHORT, TABLES, call, whole_run
from tests.lens import record, write


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compare")
    path = write(folder / "e.jsonl", RECORDS)
    call(["run", str(path), "--out", str(folder / "o"), *TABLES])
    return folder / "o"


def test_compare_tells_options_and_numbers_that_moved(results: Path, tmp_path: Path) -> None:
    arguments = [
        "analyse",
        str(results / "corpus"),
        "--out",
        str(tmp_path / "p"),
        "--counting",
        "full",
        *TABLES,
    ]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    found = compare.compare(results, tmp_path / "p")
    assert found.options == ["counting: fractional -> full"]
    assert (found.inputs, found.families, found.counts) == ([], [], [])
    moved = found.numbers.filter(
        (pl.col("technology") == "quantum")
        & (pl.col("period") == "all")
        & (pl.col("country") == "DE")
        & (pl.col("measure") == "received_rank")
    )
    assert moved.height == 0
    share = found.numbers.filter(
        (pl.col("technology") == "quantum")
        & (pl.col("period") == "all")
        & (pl.col("country") == "DE")
        & (pl.col("measure") == "family_share")
    ).row(0, named=True)
    assert share["before"] == pytest.approx(1 / 3 / 4)
    assert share["after"] == pytest.approx(1 / 4)  # of located families, not of full counts


def test_a_run_compared_with_itself_differs_in_nothing(results: Path) -> None:
    found = compare.compare(results, results)
    assert found.numbers.height == found.rows.height == 0
    assert found.inputs + found.options + found.versions + found.counts + found.families == []
    assert found.tables == []


def test_every_table_that_differs_is_told(tmp_path: Path) -> None:
    """Legal status alone: families, links and ranks by them stay, values do not."""
    dead = [{**r, "legal_status": {"patent_status": "DISCONTINUED"}} for r in SEEDS[:6]]
    folders = []
    for name, records in (("a", SEEDS), ("b", [*dead, *SEEDS[6:]])):
        path = write(tmp_path / f"{name}.jsonl", records)
        call(["run", str(path), "--out", str(tmp_path / name), *TABLES])
        folders.append(tmp_path / name)
    found = compare.compare(*folders)
    want: dict[tuple[str, str], int] = {}
    for file in sorted((folders[0] / "tables").glob("*.csv")):
        rows = [
            f.read_text(encoding="utf-8").splitlines()
            for f in (file, folders[1] / "tables" / file.name)
        ]
        assert len(rows[0]) == len(rows[1]), file
        head = rows[0][0].split(",")
        cells = [pl.read_parquet(f / "tables" / f"{file.stem}.parquet").rows() for f in folders]
        for one, two in zip(*cells, strict=True):
            for column, a, b in zip(head, one, two, strict=True):
                if a != b:
                    want[file.stem, column] = want.get((file.stem, column), 0) + 1
    got = found.numbers.group_by("table", "measure").len()
    assert {(t, m): n for t, m, n in got.rows()} == want
    assert {"value", "value_share"} <= {m for t, m in want if t == "countries"}
    assert {t for t, _ in want} == {line.split(".csv")[0] for line in found.tables}
    assert found.rows.height == 0
    text = compare.paragraphs(found)
    assert f"numbers that moved: {sum(want.values()):,}" in text
    assert text.index("inputs:\n  a.jsonl:") < text.index("tables:\n  countries.csv:")


def test_rows_that_came_or_went_are_told(tmp_path: Path, results: Path) -> None:
    more = [*RECORDS, record(6, applicants=[("Z LTD", "GB")], cites=[4], published="2023-01-01")]
    call(["run", str(write(tmp_path / "e.jsonl", more)), "--out", str(tmp_path / "o"), *TABLES])
    for folders, change in (
        ((results, tmp_path / "o"), "added"),
        ((tmp_path / "o", results), "removed"),
    ):
        found = compare.compare(*folders)
        here = found.rows.filter((pl.col("table") == "countries") & (pl.col("country") == "GB"))
        assert set(here["change"]) == {change}
        assert here.height == 4  # two technologies (one and all), a period and the whole
        links = found.rows.filter(pl.col("table") == "links")
        assert "citing GB, cited NL" in set(links["row"])
        assert f"rows {change}" in compare.paragraphs(found)
    assert (
        len(json.loads(call(["compare", *map(str, folders), "--json"]))["rows"])
        == found.rows.height
    )


def test_an_edited_file_of_an_option_and_another_data_date_are_told(tmp_path: Path) -> None:
    one = whole_run(tmp_path)
    places = tmp_path / "totals.csv"
    places.write_text(places.read_text(encoding="utf-8") + "CN,500\n", encoding="utf-8")
    given = ["--technologies", "two.toml", "--totals", "totals.csv", "--residences", "places.csv"]
    given = [str(tmp_path / a) if a[0] != "-" else a for a in given]
    rest = ["--data-date", "2024-05-01", *SHORT]
    call(
        [
            "analyse",
            str(tmp_path / "c"),
            "--out",
            str(tmp_path / "p"),
            "--tables-only",
            *given,
            *rest,
        ]
    )
    found = compare.compare(one, tmp_path / "p")
    assert [line.split(":")[0] for line in found.options] == [
        "data date",
        "data_date",
        "totals, the file",
    ]
    moved = found.numbers.filter((pl.col("table") == "countries") & (pl.col("measure") == "rca"))
    assert moved.height > 0


def test_tables_and_columns_of_one_run_alone_are_told(tmp_path: Path, results: Path) -> None:
    call(["run", str(write(tmp_path / "e.jsonl", RECORDS)), "--out", str(tmp_path / "o"), *TABLES])
    tables = tmp_path / "o" / "tables"
    table = pl.read_parquet(tables / "countries.parquet")
    table.drop("rca").with_columns(charm=1).write_parquet(tables / "countries.parquet")
    (tables / "overlap.parquet").unlink()
    table.write_parquet(tables / "own.parquet")
    found = compare.compare(results, tmp_path / "o")
    assert found.tables == [
        "countries.csv: column rca gone; column charm new",
        "overlap.csv: gone",
        "own.csv: new",
    ]
