"""Results read again later: what the run saw, damaged folders, files that options named."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from netpos.cli import app
from netpos.commands import explain
from netpos.errors import InputError
from tests.commands.small_runs import RECORDS, SEEDS, SHORT, TABLES, TWO, call, whole_run
from tests.lens import record, write


def test_results_can_be_explained_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "t.toml").write_text(TWO, encoding="utf-8")
    write(tmp_path / "e.jsonl", SEEDS)
    monkeypatch.chdir(tmp_path)
    call(["run", "e.jsonl", "--out", "o", *SHORT, "--technologies", "t.toml"])
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    asked = ["--technology", "beta", "--country", "NL"]
    assert "from 1 families" in call(["explain", "../o", *asked])
    (tmp_path / "t.toml").unlink()
    assert "from 1 families" in call(["explain", "../o", *asked])


@pytest.mark.parametrize("option", ["technologies", "residences", "totals"])
def test_a_file_of_an_option_that_was_edited_is_refused(tmp_path: Path, option: str) -> None:
    folder = whole_run(tmp_path)
    name = {"technologies": "two.toml", "residences": "places.csv", "totals": "totals.csv"}[option]
    path = tmp_path / name
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=rf"{name}: this file is not what it was"):
        explain.explain(folder, country="NL")
    path.unlink()  # what is kept with the results is what the run read
    assert explain.explain(folder, country="NL", indicator="received").value is not None
    kept = folder / "options" / f"{option}{path.suffix}"
    kept.write_text("other", encoding="utf-8")
    with pytest.raises(InputError, match="was changed"):
        explain.explain(folder, country="NL")


def test_a_corpus_that_has_grown_is_refused(tmp_path: Path) -> None:
    folder = whole_run(tmp_path)
    more = write(tmp_path / "more.jsonl", [record(70, applicants=[("X BV", "NL")])])
    call(["ingest", str(more), "--corpus", str(tmp_path / "c")])
    with pytest.raises(InputError, match="the corpus has changed since these results were made"):
        explain.explain(folder, country="NL")


def test_a_table_that_was_changed_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "e.jsonl", RECORDS)
    folder = tmp_path / "o"
    call(["run", str(path), "--out", str(folder), *TABLES])
    table = pl.read_parquet(folder / "tables" / "countries.parquet")
    table.with_columns(pl.col("families") + 1).write_parquet(
        folder / "tables" / "countries.parquet"
    )
    with pytest.raises(InputError, match=r"the families give .* for families, the table has"):
        explain.explain(folder, country="NL")


@pytest.mark.parametrize(
    "broken",
    [
        "{}",
        "[]",
        '"a"',
        "{",
        "[" * 100_000,
        '{"inputs": 3}',
        '{"netpos": "1", "libraries": {}, "inputs": [{}], "options": {}, "counts": {}}',
    ],
)
def test_a_broken_run_is_named_by_every_command_that_reads_it(tmp_path: Path, broken: str) -> None:
    (tmp_path / "run.json").write_text(broken, encoding="utf-8")
    for arguments in (
        ["explain", str(tmp_path), "--country", "NL"],
        ["compare", *[str(tmp_path)] * 2],
    ):
        done = CliRunner().invoke(app, arguments)
        assert (done.exit_code, done.stderr.count("\n")) == (2, 1), arguments
        assert "netpos" in done.stderr


@pytest.mark.parametrize("damage", ["gone", "cut", "folder", "other"])
def test_a_broken_table_is_named(tmp_path: Path, damage: str) -> None:
    path = write(tmp_path / "e.jsonl", RECORDS)
    call(["run", str(path), "--out", str(tmp_path / "o"), *TABLES])
    table = tmp_path / "o" / "tables" / "countries.parquet"
    content = table.read_bytes()
    table.unlink()
    if damage == "cut":
        table.write_bytes(content[:100])
    if damage == "folder":
        table.mkdir()
    if damage == "other":
        pl.DataFrame({"a": [1]}).write_parquet(table)
    asked = [["explain", str(tmp_path / "o"), "--country", "NL"]]
    if damage != "other":
        asked.append(["compare", *[str(tmp_path / "o")] * 2])
    for arguments in asked:
        done = CliRunner().invoke(app, arguments)
        assert (done.exit_code, done.stderr.count("\n")) == (2, 1), (arguments, done.stderr)
        assert "countries.parquet" in done.stderr
