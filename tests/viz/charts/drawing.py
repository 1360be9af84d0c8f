"""What tests of figures share: those of the demo, drawn once, and words that say nothing."""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import cache
from typing import Any

import altair as alt
import polars as pl

from netpos.viz.charts import charts
from netpos.viz.charts.spec import Chart
from netpos.viz.charts.theme import render
from netpos.viz.page import Figure, Page
from tests import shared
from tests.viz.report_pages import demo_page, unmeasured

#: What a chart is by the part that only it has.
KINDS = {
    "layer": alt.LayerChart, "hconcat": alt.HConcatChart, "vconcat": alt.VConcatChart,
    "facet": alt.FacetChart,
}  # fmt: skip


@cache
def drawn(lang: str = "en") -> dict[str, Figure]:
    """Every figure of the demo, not measurable in one technology; nobody changes them."""
    return shared.value(f"drawn-{lang}", lambda: dict(charts.figures(unmeasured(demo_page(lang)))))


def one(page: Page, name: str) -> Figure:
    """A single figure of a page; the others are not drawn."""
    (figure,) = (
        render(*drawing, name=name, said=charts.figure_words(page, key), lang=page.lang)
        for found, key, drawing in charts._drawn(page)
        if found == name and drawing is not None
    )
    return figure


def valid(chart: Chart) -> None:
    """See that a chart is Vega-Lite, by the schema that Altair has."""
    spec = chart.to_dict()
    kind = next((k for k in KINDS if k in spec), "mark")
    KINDS.get(kind, alt.Chart).from_dict(spec, validate=True)


def numbers(figure: Figure) -> pl.DataFrame:
    return pl.read_csv(io.BytesIO(figure.csv.encode()), infer_schema_length=None)


def made(page: Page) -> set[str]:
    return {name for name, _, found in charts._drawn(page) if found is not None}


@cache
def usual() -> set[str]:
    return made(demo_page())


def whole(name: str, technology: str = "semiconductor") -> pl.DataFrame:
    table = unmeasured(demo_page()).tables[name]
    return table.filter((pl.col("technology") == technology) & (pl.col("period") == "all"))


class Words(dict[str, Any]):
    """Every word is its own key."""

    def __missing__(self, key: str) -> str:
        return key


WORDS: Mapping[str, Any] = Words()


def data_with(chart: Chart, *columns: str) -> list[list[dict[str, Any]]]:
    """The data of a chart that have these columns, as lists of rows."""
    sets = chart.to_dict()["datasets"].values()
    return [rows for rows in sets if rows and set(columns) <= set(rows[0])]
