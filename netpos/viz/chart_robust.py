"""Figures on how far numbers can be relied on: intervals of ranks, other ways of counting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from netpos.viz.chart_technologies import ROW, _names, focal_rows, measured
from netpos.viz.chart_theme import FOCUS, PALE, PALETTE, WIDTH
from netpos.viz.report_page import Page
from netpos.viz.report_words import words

if TYPE_CHECKING:
    from netpos.viz.chart_theme import Drawn

_RANKS = ("family_rank", "received_rank")


def rank_intervals(page: Page) -> Drawn:
    """Draw the ranks of the country in focus with their 95 % intervals."""
    import altair as alt

    t = words(page.lang)
    rows = focal_rows(page)
    kinds = [
        c
        for c in _RANKS
        if {c, f"{c}_low", f"{c}_high"} <= set(rows.columns)
        and rows[f"{c}_low"].null_count() < rows.height
    ]
    if not kinds:
        return None
    seen = set(measured(rows)["technology"])
    columns = [f"{c}{end}" for c in kinds for end in ("", "_low", "_high")]
    hide = pl.col("technology").is_in(list(seen))
    table = rows.select("technology", "name", *columns).with_columns(
        pl.when(hide).then(pl.col(c)).alias(c) for c in columns if c.startswith("received")
    )
    panels = []
    for column in kinds:
        base = alt.Chart(table).encode(y=_names(table, labels=column == kinds[0]))
        scale = alt.Scale(reverse=True, nice=False, padding=10)
        axis = alt.Axis(format="d", tickMinStep=1, tickCount=7)
        x = alt.X(f"{column}_low:Q", title=None, scale=scale, axis=axis)
        rule = base.mark_rule(strokeWidth=5, color=PALE).encode(x=x, x2=f"{column}_high:Q")
        dots = base.mark_point(filled=True, size=80, color=FOCUS, opacity=1).encode(x=f"{column}:Q")
        width = (WIDTH - 290) / len(kinds) - 25
        title = t["size_rank" if column == "family_rank" else "received_rank"]
        panels.append(
            alt.layer(rule, dots).properties(width=width, height=ROW * table.height, title=title)
        )
    return alt.hconcat(*panels, spacing=40), table.drop("name")


def sensitivity(page: Page, technology: str) -> Drawn:
    """Draw the rank under every way of counting, in order, the way of this run marked."""
    import altair as alt

    t = words(page.lang)
    rows = page.rows("sensitivity", technology)
    if not rows.height or not {"indicator", "rank", "base"} <= set(rows.columns):
        return None
    rows = rows.drop_nulls("rank")
    kinds = [k for k in rows["indicator"].unique().sort() if f"sensitivity_{k}" in t]
    ways = [
        c for c in rows.columns if c not in ("technology", "indicator", "value", "rank", "base")
    ]
    panels, parts = [], []
    for kind in kinds:
        part = rows.filter(pl.col("indicator") == kind).sort("rank", *ways).with_row_index("place")
        parts.append(part)
        base = alt.Chart(part.select("place", "rank", "base")).encode(
            x=alt.X("place:O", axis=None),
            y=alt.Y(
                "rank:Q", title=t["rank"], scale=alt.Scale(reverse=True, zero=False, padding=10),
                axis=alt.Axis(format="d", tickMinStep=1, grid=True, tickCount=5),
            ),
        )  # fmt: skip
        dots = base.mark_point(filled=True, size=26, opacity=1).encode(
            color=alt.condition("datum.base", alt.value(FOCUS), alt.value(PALETTE[0])),
            size=alt.condition("datum.base", alt.value(110), alt.value(26)),
        )
        width = WIDTH / len(kinds) - 60
        panels.append(dots.properties(width=width, height=150, title=t[f"sensitivity_{kind}"]))
    if not panels:
        return None
    return alt.hconcat(*panels, spacing=30), pl.concat(parts)
