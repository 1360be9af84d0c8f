"""Figures of one country's part in companies: start-ups beside scale-ups, by technology."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from netpos.viz.charts import spec as vl
from netpos.viz.charts.theme import FOCUS, PALE, SOFT, WIDTH

if TYPE_CHECKING:
    from netpos.viz.charts.theme import Drawn

ROW = 34


def two_shares(
    rows: pl.DataFrame, columns: Sequence[str], names: Sequence[str], t: Mapping[str, Any]
) -> Drawn:
    """Draw two shares of each technology with their intervals, one above the other.

    Parameters
    ----------
    rows
        ``technology``, the two ``columns``, each with ``_low`` and ``_high`` [parts of the world].
    columns, names
        Columns drawn, and what they are called.
    t
        Words: ``axis_share``.

    Returns
    -------
    Drawn
        None where neither share is known.
    """
    parts = []
    for place, (column, name) in enumerate(zip(columns, names, strict=True)):
        parts.append(
            rows.select(
                "technology",
                kind=pl.lit(name),
                place=pl.lit(place),
                value=column,
                low=f"{column}_low",
                high=f"{column}_high",
            )
        )
    long = pl.concat(parts).drop_nulls("value")
    if not long.height:
        return None
    order = [name for name in rows["technology"] if name in set(long["technology"])]
    axis = vl.Axis(domain=False, ticks=False, labelPadding=8, grid=True, labelLimit=280)
    scale = vl.Scale(domain=list(names), range=[SOFT, FOCUS])
    base = vl.Chart(long).encode(
        y=vl.Y("technology:N", sort=order, title=None, axis=axis),
        yOffset=vl.YOffset("kind:N", sort=list(names), scale=vl.Scale(paddingOuter=0.6)),
        color=vl.Color("kind:N", title=None, scale=scale),
    )
    percent = vl.Axis(format=".0%", grid=True)
    x = vl.X("value:Q", title=t["axis_share"], axis=percent)
    low = vl.X("low:Q", title=t["axis_share"], axis=percent)
    spread = base.transform_filter("isValid(datum.low)").mark_rule(strokeWidth=2, opacity=0.6)
    layers = [
        spread.encode(x=low, x2=vl.X2("high")),
        base.mark_point(filled=True, size=70, opacity=1, stroke=PALE, strokeWidth=0).encode(x=x),
    ]
    chart = vl.layer(*layers).properties(width=WIDTH - 320, height=ROW * len(order))
    return chart, long.drop("place")
