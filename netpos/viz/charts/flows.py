"""Figure of a table of links: what each country receives against what it gives."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from netpos.viz.charts import spec as vl
from netpos.viz.charts.theme import FOCUS, INK, PALETTE, SOFT, WIDTH, beside, name_layers

if TYPE_CHECKING:
    from netpos.viz.charts.theme import Drawn

HEIGHT = 460
#: Countries drawn beside the one in focus where no benchmark is given.
MOST = 15


def exchange(
    rows: pl.DataFrame, focal: str, t: Mapping[str, Any], *, benchmark: Collection[str] = ()
) -> Drawn:
    """Draw citations given against received, a point for each country, on scales of powers of ten.

    Parameters
    ----------
    rows
        ``country``, ``name`` String, ``given``, ``received`` Float64 of one technology and period.
    focal
        Code of the country in focus.
    t
        Words: ``axis_given``, ``axis_received``.
    benchmark
        Codes of the countries drawn beside it; default: those with most of both.

    Returns
    -------
    Drawn
        None where no country both gives and receives.
    """
    known = rows.filter((pl.col("given") > 0) & (pl.col("received") > 0))
    known = known.with_columns(both=pl.col("given") + pl.col("received"))
    order = known.sort(["both", "country"], descending=[True, False])["country"].to_list()
    others = [c for c in order if c in benchmark] if benchmark else order[:MOST]
    kept = known.filter(pl.col("country").is_in([focal, *others])).sort("country")
    if not kept.height:
        return None
    ends = [*kept["given"], *kept["received"]]
    low, high = min(ends) / 1.3, max(ends) * 1.3
    x, y = (
        [math.log(v / low) / math.log(high / low) for v in kept[c]] for c in ("given", "received")
    )
    sides = beside(
        [v * WIDTH for v in x],
        [HEIGHT - v * HEIGHT for v in y],
        kept["country"].to_list(),
        radius=5,
        font=12,
        width=WIDTH,
    )
    kept = kept.with_columns(
        side=pl.Series(sides, dtype=pl.String), mine=pl.col("country") == focal
    )
    scale = vl.Scale(type="log", domain=[low, high], nice=False)
    axis = vl.Axis(grid=True, tickCount=5, format="~s")
    across = vl.X("given:Q", title=t["axis_given"], scale=scale, axis=axis)
    up = vl.Y("received:Q", title=t["axis_received"], scale=scale, axis=axis)
    even = vl.Chart(pl.DataFrame({"given": [low, high], "received": [low, high]}))
    base = vl.Chart(kept).encode(x=across, y=up)
    colour = vl.condition("datum.mine", vl.value(FOCUS), vl.value(PALETTE[0]))
    layers = [
        even.mark_line(color=SOFT, strokeDash=[4, 4], strokeWidth=1).encode(x=across, y=up),
        base.mark_point(filled=True, size=70, opacity=1).encode(color=colour),
        *name_layers(base.encode(color=vl.value(INK)), "country", gap=8, font=12),
    ]
    table = kept.select("country", "name", "given", "received")
    return vl.layer(*layers).properties(width=WIDTH, height=HEIGHT), table
