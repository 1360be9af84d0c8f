"""The figures of the comparison."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from netpos.viz.report.report import Figure
from tests.viz.report.test_compare import BESIDE, beside, made, rows, truth
from tests.viz.report_pages import demo_page, unmeasured


@pytest.fixture(scope="module")
def figures() -> dict[str, Figure]:
    return made(beside(unmeasured(demo_page())))


def test_the_dots_are_numbers_of_the_table_and_none_is_drawn_that_is_not_measurable(
    figures: dict[str, Figure],
) -> None:
    page = unmeasured(demo_page())
    found = rows(figures["comparison"])
    assert len(found) == 8  # two technologies with families, four countries with families
    for row in found:
        at = (row["technology"], row["country"])
        hidden = truth(page, *at, "measurable") is False
        for column in set(row) - {"technology", "country"}:
            linked = column.startswith(("received", "balance"))
            expected = None if hidden and linked else truth(page, *at, column)
            assert row[column] == expected, (at, column)
    assert any(r["balance_ratio"] is None for r in found)
    assert any(r["balance_ratio_low"] is not None for r in found)


def test_the_lines_are_numbers_of_the_table_by_year(figures: dict[str, Figure]) -> None:
    page = demo_page()
    found = rows(figures["comparison-trend"])
    assert {r["country"] for r in found} == set(BESIDE) - {"LI"}
    for row in found:
        keys = {k: row[k] for k in ("technology", "country", "year")}
        table = page.tables["trend"].filter([pl.col(k) == v for k, v in keys.items()])
        assert table["family_share"].to_list() == [row["family_share"]]
        assert table["truncated"].to_list() == [row["truncated"]]


def test_figures_drawn_from_shuffled_tables_have_the_same_bytes(
    figures: dict[str, Figure],
) -> None:
    page = beside(unmeasured(demo_page()))
    mixed = {
        k: t.sample(fraction=1.0, shuffle=True, seed=5) if k in ("countries", "trend") else t
        for k, t in page.tables.items()
    }
    assert made(replace(page, tables=mixed)) == figures
