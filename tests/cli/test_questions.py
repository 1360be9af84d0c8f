"""Commands that answer questions on results."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from netpos.cli import app
from tests.commands.small_runs import RECORDS, TABLES, call
from tests.lens import write


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
