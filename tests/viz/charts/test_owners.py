"""The figure of the largest organisations by value."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from netpos.viz.charts.owners import owners_value
from tests.viz.charts.drawing import drawn, numbers, whole
from tests.viz.report_pages import demo_page


def test_each_panel_is_the_ten_largest_by_value_of_its_table() -> None:
    found = numbers(drawn()["owners-value"])
    for kind, name in (("world", "organisations"), ("NL", "holders")):
        table = whole(name, "all").filter(
            (pl.col("value") > 0) & pl.col("organisation").is_not_null()
        )
        order = table.sort(["value", "organisation"], descending=[True, False]).head(10)
        shown = found.filter(pl.col("set") == kind)
        assert shown["organisation"].to_list() == order["organisation"].to_list()
        assert shown["value"].to_list() == order["value"].to_list()


def test_foreign_headed_holders_are_marked_and_persons_left_out() -> None:
    page = demo_page()
    rows = page.tables["holders"].filter(
        (pl.col("technology") == "all") & (pl.col("period") == "all")
    )
    made = rows.head(1).select(
        "technology", "period", pl.lit("organisation").alias("kind"),
        pl.lit("HOME").alias("organisation"), pl.lit("NL").alias("country"),
        pl.lit(False).alias("foreign"), "families", "share", pl.lit(2.0).alias("value"),
    )  # fmt: skip
    away = made.with_columns(
        organisation=pl.lit("AWAY"), country=pl.lit("US"), foreign=pl.lit(True), value=pl.lit(3.0)
    )
    person = made.with_columns(kind=pl.lit("person"), organisation=pl.lit(None, pl.String))
    table = pl.concat([made, away, person])
    none = page.tables["organisations"].head(0)
    one = replace(page, tables={**page.tables, "holders": table, "organisations": none})
    drawing = owners_value(one)
    assert drawing is not None
    assert drawing[1].select("set", "organisation", "foreign", "value").rows() == [
        ("NL", "AWAY", True, 3.0),
        ("NL", "HOME", False, 2.0),
    ]
    text = str(drawing[0].to_dict())
    assert "→ AWAY (US)" in text
    assert "→ HOME" not in text


def test_without_values_there_is_no_figure() -> None:
    page = demo_page()
    null = {
        n: page.tables[n].with_columns(value=pl.lit(None, pl.Float64))
        for n in ("holders", "organisations")
    }
    assert owners_value(replace(page, tables={**page.tables, **null})) is None
