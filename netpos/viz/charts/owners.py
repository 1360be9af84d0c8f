"""A figure of the largest organisations by value: of the world, and of the country in focus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from netpos import countries
from netpos.viz.charts import spec as vl
from netpos.viz.charts.theme import FOCUS, PALETTE, SOFT, WIDTH
from netpos.viz.page import Page
from netpos.viz.words import words

if TYPE_CHECKING:
    from netpos.viz.charts.theme import Drawn

#: Organisations of each panel.
MOST = 10
#: Mark before the name of an organisation that has most of its families in another country.
ABROAD = "→ "
_COLUMNS = ("organisation", "country", "foreign", "value")


def owners_value(page: Page) -> Drawn:
    """Draw the ten organisations with most value, in the world and in the country in focus.

    Those of the country in focus are whoever holds its families, each with the value of what it
    holds there; the bar of one that has most of its families elsewhere is open.
    """
    t = words(page.lang)
    focal = page.focal
    world = page.rows("organisations", "all", "all")
    own = page.rows("holders", "all", "all", kind="organisation")
    sets = []
    if {"value", "country"} <= set(world.columns):
        abroad = (pl.col("country") != focal).fill_null(value=False)
        named = world.with_columns(foreign=pl.lit(None, pl.Boolean), mine=~abroad)
        sets.append((t["world"], "world", named))
    if "value" in own.columns:
        sets.append((countries.name(focal, page.lang), focal, own.with_columns(mine=True)))
    tables = []
    panels = []
    filled = [(title, kind, rows.filter(pl.col("value") > 0)) for title, kind, rows in sets]
    filled = [(title, kind, rows) for title, kind, rows in filled if rows.height]
    for title, kind, rows in filled:
        top = rows.sort(["value", "organisation"], descending=[True, False]).head(MOST)
        abroad = pl.col("foreign").fill_null(value=False)
        mine = pl.col("mine").fill_null(value=False) & pl.col("country").is_not_null()
        code = pl.format(" ({})", pl.col("country")).fill_null("")
        shown = top.with_columns(
            label=pl.when(abroad).then(pl.lit(ABROAD)).otherwise(pl.lit(""))
            + pl.col("organisation").str.slice(0, 24)
            + code,
            fill=pl.when(abroad)
            .then(pl.lit("white"))
            .when(mine)
            .then(pl.lit(FOCUS))
            .otherwise(pl.lit(PALETTE[0] if kind == "world" else SOFT)),
            stroke=pl.when(mine)
            .then(pl.lit(FOCUS))
            .otherwise(pl.lit(PALETTE[0] if kind == "world" else SOFT)),
        )
        base = vl.Chart(shown).encode(
            y=vl.Y(
                "label:N",
                sort=shown["label"].to_list(),
                title=None,
                axis=vl.Axis(domain=False, ticks=False, labelPadding=6, labelLimit=200),
            ),
            x=vl.X("value:Q", title=t["chart_value"], axis=vl.Axis(tickCount=4, format="~r")),
        )
        bars = base.mark_bar(height={"band": 0.7}, strokeWidth=1.4).encode(
            color=vl.Color("fill:N", scale=None), stroke=vl.Stroke("stroke:N", scale=None)
        )
        text = base.mark_text(align="left", dx=4, color=SOFT).encode(
            text=vl.Text("value:Q", format=".1f")
        )
        width = WIDTH / len(filled) - 200
        panels.append(
            vl.layer(bars, text).properties(width=width, height=24 * shown.height, title=title)
        )
        tables.append(top.select(pl.lit(kind).alias("set"), *_COLUMNS))
    if not panels:
        return None
    return vl.hconcat(*panels, spacing=30), pl.concat(tables)
