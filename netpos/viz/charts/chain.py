"""Figures of the innovation chain: shares along it, and what is left of the first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from netpos.viz.charts import spec as vl
from netpos.viz.charts.theme import FOCUS, INK, PALE, WIDTH

if TYPE_CHECKING:
    from netpos.viz.charts.theme import Drawn

ROW = 30


def along(rows: pl.DataFrame, t: Mapping[str, Any]) -> Drawn:
    """Draw the share of each stage with its interval, a panel for each technology.

    Parameters
    ----------
    rows
        ``technology``, ``stage``, ``share``, ``low``, ``high``, stages in order.
    t
        Words: ``stage_<name>``, ``axis_share``.
    """
    known = rows.drop_nulls("share")
    if not known.height:
        return None
    stages = list(dict.fromkeys(rows["stage"]))
    names = [t[f"stage_{s}"] for s in stages]
    table = known.with_columns(
        name=pl.col("stage").replace_strict(dict(zip(stages, names, strict=True)))
    )
    axis = vl.Axis(domain=False, ticks=False, labelPadding=6, labelLimit=200)
    base = vl.Chart(table).encode(
        y=vl.Y("name:N", sort=names, title=None, axis=axis, scale=vl.Scale(domain=names))
    )
    percent = vl.Axis(format=".1~%", tickCount=4, grid=True)
    x = vl.X("share:Q", title=None, axis=percent)
    spread = base.transform_filter("isValid(datum.low)").mark_rule(strokeWidth=2, color=PALE)
    dots = base.mark_point(filled=True, size=70, color=FOCUS, opacity=1)
    chart = (
        vl.layer(spread.encode(x=vl.X("low:Q", title=None), x2=vl.X2("high")), dots.encode(x=x))
        .properties(width=WIDTH / 3 - 150, height=20 * len(names))
        .facet(
            facet=vl.Facet(
                "technology:N", sort=list(dict.fromkeys(table["technology"])), title=None
            ),
            columns=3,
            spacing=24,
        )
    )
    return chart, table.select("technology", "stage", "share", "low", "high")


def kept(rows: pl.DataFrame, t: Mapping[str, Any]) -> Drawn:
    """Draw how much of the share in publications each stage keeps, by technology.

    Parameters
    ----------
    rows
        ``technology``, ``stage``, ``retention``.
    t
        Words: ``stage_<name>``, ``retention``.
    """
    known = rows.filter(pl.col("stage") != "publications").drop_nulls("retention")
    if not known.height:
        return None
    stages = [s for s in dict.fromkeys(rows["stage"]) if s in set(known["stage"])]
    names = {s: t[f"stage_{s}"] for s in stages}
    table = known.with_columns(
        name=pl.col("stage").replace_strict(names),
        shade=pl.col("retention").clip(0.25, 4.0).log(),
    )
    top = vl.Axis(domain=False, ticks=False, orient="top", labelAngle=0, labelPadding=8)
    axis = vl.Axis(domain=False, ticks=False, labelPadding=8, labelLimit=280)
    base = vl.Chart(table).encode(
        y=vl.Y(
            "technology:N", sort=list(dict.fromkeys(table["technology"])), title=None, axis=axis
        ),
        x=vl.X("name:N", sort=list(names.values()), title=None, axis=top),
    )
    scale = vl.Scale(domain=[-1.4, 0, 1.4], range=["#e3a06b", "#f5f7fa", "#5a9fd4"])
    cells = base.mark_rect(stroke="white", strokeWidth=2).encode(
        color=vl.Color("shade:Q", legend=None, scale=scale)
    )
    text = base.mark_text(fontSize=12, color=INK).encode(text=vl.Text("retention:Q", format=".2f"))
    chart = vl.layer(cells, text)
    height = ROW * table["technology"].n_unique()
    return chart.properties(width=WIDTH - 200, height=height), table.drop("name", "shade").select(
        "technology", "stage", "share", "retention"
    )
