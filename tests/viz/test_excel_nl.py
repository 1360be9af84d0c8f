"""CSV for a Dutch Excel, read back."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import polars as pl
from polars.testing import assert_frame_equal

from netpos.viz.excel_nl import excel_nl
from tests.viz.test_workbook import HOSTILE
from tests.viz.test_workbook import tables as tables  # the fixture: the tables of a run


def test_csv_for_a_dutch_excel_read_back_is_the_table(
    tables: dict[str, pl.DataFrame], tmp_path: Path
) -> None:
    assert excel_nl(tables, tmp_path / "nl") == [f"{name}.csv" for name in tables]
    for name, table in tables.items():
        content = (tmp_path / "nl" / f"{name}.csv").read_bytes()
        assert content.startswith(b"\xef\xbb\xbf")
        flags = [c for c, t in table.schema.items() if t == pl.Boolean]
        found = pl.read_csv(
            content,
            separator=";",
            decimal_comma=True,
            schema_overrides=table.schema | dict.fromkeys(flags, pl.String),
        )
        truth = {"WAAR": True, "ONWAAR": False}
        found = found.with_columns(
            pl.col(flags).replace_strict(truth, return_dtype=pl.Boolean) if flags else []
        )
        assert_frame_equal(found, table, check_exact=True)


def test_texts_that_a_spreadsheet_would_run_get_an_apostrophe_and_numbers_do_not(
    tmp_path: Path,
) -> None:
    table = pl.DataFrame(
        {"-name": [*HOSTILE, "＝1", "a=1", None], "x": [-1.5, *[0.25] * (len(HOSTILE) + 2)]}
    )
    excel_nl({"t": table}, tmp_path)
    text = (tmp_path / "t.csv").read_bytes().decode("utf-8-sig")
    head, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=";")
    assert head == ["'-name", "x"]
    started = {"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"}
    wanted = [f"'{t}" if t in started else t or "" for t in table["-name"].to_list()]
    assert [row[0] for row in rows] == wanted
    assert [row[1] for row in rows] == ["-1,5", *["0,25"] * (len(rows) - 1)]
    assert text.count("\r\n") == len(rows) + 1
