"""Results read again later: what the run saw, damaged folders, files that options named."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

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
