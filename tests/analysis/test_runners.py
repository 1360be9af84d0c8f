"""What is asked of another engine."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl
import pytest

from netpos.analysis.runners import runner_of, tables_of
from netpos.errors import OptionError


def test_an_engine_that_is_neither_is_refused() -> None:
    with pytest.raises(OptionError, match="engine str: neither"):
        runner_of("duckdb")


def test_names_are_forgotten_also_after_an_error() -> None:
    connection = duckdb.connect()
    runner = runner_of(connection)

    def fail() -> None:
        with tables_of(runner) as tables:
            tables.put({"small": pl.DataFrame({"x": [1, 2]})})
            tables.keep({"kept": "SELECT x + 1 AS y FROM small"})
            assert runner.rows("SELECT SUM(y) FROM kept") == [(5,)]
            tables.keep({"broken": "SELECT z FROM kept"})

    with pytest.raises(duckdb.BinderException):
        fail()
    with pytest.raises(duckdb.CatalogException):
        runner.rows("SELECT * FROM kept")


def test_files_are_written_and_read_whatever_their_name(tmp_path: Path) -> None:
    runner = runner_of(duckdb.connect())
    path = tmp_path / "it's" / "t.parquet"
    with tables_of(runner) as tables:
        tables.put({"small": pl.DataFrame({"x": [1, 2]})})
        runner.write("small", str(path))
    assert pl.read_parquet(path)["x"].to_list() == [1, 2]
    (tmp_path / "it's" / "about.txt").write_text("what it says", encoding="utf-8")
    assert runner.text(str(tmp_path / "it's" / "about.txt")) == "what it says"
