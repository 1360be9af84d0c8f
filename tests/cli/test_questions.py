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


def test_own_technologies_are_begun_shown_and_checked(tmp_path: Path) -> None:
    own, export = tmp_path / "own.toml", write(tmp_path / "e.jsonl", RECORDS)
    assert call(["technologies", "new", str(own)]).strip() == str(own)
    assert "quantum_computing" in call(["technologies", "list", "--technologies", str(own)])
    assert "cybersecurity" in call(["technologies", "list"])
    assert "quantum_computing" in call(["technologies", "check", str(own)])
    found = call(["technologies", "check", str(own), str(export)])
    assert "4 families in all; 0 (0.0%) in no technology." in found


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["make", "x.toml"], "new, list or check"),
        (["new"], "FILE"),
        (["new", "a.toml", "b.toml"], "2 files"),
        (["check"], "FILE"),
        (["check", "none.toml"], "no such file"),
        (["check", "wrong.toml", "nothing-there"], "not a TOML file"),
        (["new", "x.toml", "--technologies", "wrong.toml"], "list"),
        (["list", "--json"], "check FILE CORPUS"),
    ],
)
def test_a_wrong_call_of_technologies_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], word: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wrong.toml").write_text("a = = 1", encoding="utf-8")
    done = CliRunner().invoke(app, ["technologies", *arguments])
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1), done.stderr
    assert word in done.stderr
