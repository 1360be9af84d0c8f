"""Rows of sheets, and sheets that are made before the rest of the workbook."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import polars as pl
import pytest

from netpos.viz import sheets as module
from netpos.viz.sheets import last_row
from netpos.viz.workbook import Book, bound, sheets_of

ONE = pl.DataFrame(
    {"technology": ["q", "q", "s"], "share": [0.1, None, 1 / 3], "name": ["a & b", None, " c"]}
)
OTHER = pl.DataFrame({"country": ["NL", "US"], "families": [3, None], "core": [True, False]})
NAMES = {"q": "Quantum", "s": "Sensors"}


def book(tables: dict[str, pl.DataFrame], folder: Path, *summary: tuple[str, str]) -> Book:
    return Book.of(tables, folder, summary=summary, names=NAMES)


def test_sheets_made_before_are_taken_byte_by_byte(tmp_path: Path) -> None:
    early = sheets_of(book({"one": ONE, "other": OTHER}, tmp_path, ("", "")))
    assert list(early) == ["one", "other"]
    tables = {"one": ONE, "other": OTHER, "late": OTHER}
    whole = book(tables, tmp_path, ("Strong", "in all"), ("", "and more"))
    assert bound(whole, early) == bound(whole)
    with zipfile.ZipFile(io.BytesIO(bound(whole, early))) as archive:
        assert archive.testzip() is None


def test_a_sheet_made_before_is_not_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = book({"one": ONE, "other": OTHER}, tmp_path, ("", ""))
    early, want = sheets_of(made), bound(made)
    columns: list[str] = []
    rows = module._rows

    def told(table: pl.DataFrame, *more: object) -> str:
        columns.extend(table.columns)
        return rows(table, *more)

    monkeypatch.setattr(module, "_rows", told)
    assert bound(made, {"one": early["one"]}) == want
    assert "core" in columns
    assert "share" not in columns


def test_sheets_at_another_place_or_of_another_form_are_made_again(tmp_path: Path) -> None:
    early = sheets_of(book({"one": ONE, "other": OTHER}, tmp_path))
    for tables in (
        {"other": OTHER, "one": ONE},
        {"one": ONE.head(2), "other": OTHER.rename({"families": "links"})},
        {"third": OTHER, "one": ONE},
    ):
        plain = book(tables, tmp_path)
        assert bound(plain, early) == bound(plain)
    shifted = book({"one": ONE, "other": OTHER}, tmp_path, ("Strong", "in all"))
    assert bound(shifted, early) == bound(shifted)


def test_the_last_row_is_the_last_that_has_any_value() -> None:
    nothing = pl.DataFrame({"a": [1.5, float("nan"), None], "b": [None, None, None]})
    assert last_row(nothing) == 1
    assert last_row(nothing.clear()) == last_row(pl.DataFrame()) == 0
    assert last_row(OTHER) == 2


def test_rows_are_the_same_however_many_are_written_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = pl.concat([ONE, ONE.with_columns(name=pl.lit(None, pl.String)), ONE.clear(n=2), ONE])
    made = book({"one": table}, tmp_path)
    want = bound(made)
    for size in (1, 2, 5):
        monkeypatch.setattr(module, "_SLICE", size)
        assert bound(made) == want
