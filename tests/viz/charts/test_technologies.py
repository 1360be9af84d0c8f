"""Figures that set technologies beside one another."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from netpos.viz.charts import charts
from tests.viz.charts.drawing import drawn, made, numbers, one, whole
from tests.viz.report_pages import demo_page


def test_sources_are_those_of_the_tables() -> None:
    exposure = whole("exposure").filter(pl.col("kind") == "country")
    ordered = exposure["share"].sort(descending=True).to_list()
    row = numbers(drawn()["concentration"]).filter(pl.col("technology") == "semiconductor")
    assert row["one"][0] == ordered[0]
    assert row["three"][0] == pytest.approx(sum(ordered[:3]), rel=1e-12)
    own = whole("countries").filter(pl.col("country") == "NL").row(0, named=True)
    classes = numbers(drawn()["classes"]).filter(pl.col("technology") == "semiconductor")
    for column in ("share_eu", "share_oecd_nato", "share_other"):
        assert classes[column][0] == own[column]
    listed = whole("exposure", "all").filter(pl.col("kind") == "country")
    want = dict(listed.select("source", "share").iter_rows())
    found = numbers(drawn()["exposure"])
    assert found["share"].to_list() == sorted(want.values(), reverse=True)[:12]
    assert all(want[s] == v for s, v in found.select("source", "share").iter_rows())


def test_the_line_at_fifty_stands_on_the_scale_of_all_subclasses() -> None:
    page = demo_page()
    n = page.tables["technologies"].height
    facts = page.tables["technologies"].with_columns(
        complexity=pl.Series([100.0 * k / n for k in range(n)]),
        complexity_matrix=pl.Series([40.0 + 20.0 * k / n for k in range(n)]),
        complexity_basis=pl.lit("matrix: 9"),
    )
    table = page.tables["countries"].with_columns(rca=pl.col("rca_within"))
    tables = {**page.tables, "technologies": facts, "countries": table}
    for name in ("complexity-value", "complexity-balance"):
        figure = one(replace(page, tables=tables), name)
        drawn = numbers(figure)
        assert drawn["complexity_matrix"].is_between(40, 60).all()
        assert "complexity" not in drawn.columns
        assert "over all subclasses" in figure.svg
    given = facts.with_columns(complexity_matrix=pl.lit(None, pl.Float64))
    figure = one(replace(page, tables={**tables, "technologies": given}), "complexity-value")
    assert "complexity" in numbers(figure).columns


def test_complexity_is_drawn_only_on_a_stated_basis() -> None:
    page = demo_page()
    value = pl.Series([10.0, 50.0, 90.0, None] * 3, dtype=pl.Float64)
    facts = page.tables["technologies"].with_columns(complexity=value.sort(nulls_last=True))
    table = page.tables["countries"].with_columns(rca=pl.col("rca_within"))
    tables = {**page.tables, "technologies": facts, "countries": table}
    assert not any("complexity" in n for n in made(replace(page, tables=tables)))
    tables["technologies"] = facts.with_columns(complexity_basis=pl.lit("given"))
    assert {"complexity-value", "complexity-balance"} <= made(replace(page, tables=tables))
    for basis, said in (
        ("given", "as given"),
        ("selection: 9", "selection"),
        ("matrix: 9", "matrix"),
    ):
        tables["technologies"] = facts.with_columns(complexity_basis=pl.lit(basis))
        caption = charts.figure_words(replace(page, tables=tables), "complexity-value")
        assert said in caption
    tables["countries"] = table.with_columns(rca=pl.lit(None, pl.Float64))
    figure = one(replace(page, tables=tables), "complexity-value")
    assert "rca_within" in numbers(figure).columns
    assert "Specialisation within the list" in figure.svg
    tables["countries"] = table.with_columns(
        rca=pl.lit(None, pl.Float64), rca_within=pl.lit(None, pl.Float64)
    )
    assert not any("complexity" in n for n in made(replace(page, tables=tables)))


def test_value_by_year_is_that_of_the_table() -> None:
    found = numbers(drawn()["focal-value"])
    table = demo_page().tables["trend"].filter(pl.col("country") == "NL")
    want = {(t, y): v for t, y, v in table.select("technology", "year", "value_share").iter_rows()}
    assert found.height > 5
    for t, y, v in found.select("technology", "year", "value_share").iter_rows():
        assert want[t, y] == pytest.approx(v, rel=1e-12)


@pytest.mark.parametrize(
    ("lang", "named"),
    [("en", ["Digitalisation", "no focus area", "My area"]),
     ("nl", ["Digitalisering", "geen aandachtsgebied", "My area"])],
)  # fmt: skip
def test_focus_areas_are_named_in_the_language_of_the_page(lang: str, named: list[str]) -> None:
    page = demo_page(lang)
    n = page.tables["technologies"].height
    facts = page.tables["technologies"].with_columns(
        complexity=pl.Series([100.0 * k / n for k in range(n)]),
        complexity_basis=pl.lit("given"),
    )
    page = replace(page, tables={**page.tables, "technologies": facts})
    page = replace(page, areas={"quantum": "Digitalisering"})
    svg = one(page, "complexity-value").svg
    assert f">{named[0]}</text>" in svg
    assert f">{named[1]}</text>" in svg
    own = replace(page, areas={"quantum": named[2]})
    assert f">{named[2]}</text>" in one(own, "complexity-value").svg
