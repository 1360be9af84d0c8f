"""Figure of the products of one country: how near they are, how complex, and which stand out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from netpos.viz.charts import spec as vl
from netpos.viz.charts.theme import FOCUS, INK, PALETTE, WIDTH, beside, extent, name_layers

if TYPE_CHECKING:
    from netpos.viz.charts.theme import Drawn

HEIGHT = 460
#: Signs of a name in the figure.
_LETTERS = 34


def distance_complexity(own: pl.DataFrame, named: pl.DataFrame, t: Mapping[str, Any]) -> Drawn:
    """Draw distance against complexity, a point for each product.

    Parameters
    ----------
    own
        ``product``, ``distance``, ``pci``, ``rca``, ``presence``.
    named
        ``product``, ``name`` String of those to name, the first rank first; ``name`` may be null.
    t
        Words: ``axis_distance``, ``axis_pci``.

    Returns
    -------
    Drawn
        None where no product has both.
    """
    known = own.drop_nulls(["distance", "pci"]).sort("product")
    if not known.height:
        return None
    first = named.select("product", label=pl.coalesce("name", "product").str.slice(0, _LETTERS))
    rows = first.join(known, on="product", how="inner", maintain_order="left")
    spans = [_span(known[c]) for c in ("distance", "pci")]
    x = [(v - spans[0][0]) / (spans[0][1] - spans[0][0]) * WIDTH for v in rows["distance"]]
    y = [HEIGHT - (v - spans[1][0]) / (spans[1][1] - spans[1][0]) * HEIGHT for v in rows["pci"]]
    sides = beside(x, y, rows["label"].to_list(), radius=4, font=11, width=WIDTH)
    rows = rows.with_columns(side=pl.Series(sides, dtype=pl.String))
    scales = [vl.Scale(domain=list(span), nice=False, zero=False) for span in spans]
    across = vl.X("distance:Q", title=t["axis_distance"], scale=scales[0])
    up = vl.Y("pci:Q", title=t["axis_pci"], scale=scales[1], axis=vl.Axis(grid=True))
    base = vl.Chart(known).encode(x=across, y=up)
    held = base.mark_point(filled=True, size=22, color=PALETTE[0], opacity=0.55)
    lacking = base.mark_point(filled=False, size=22, stroke=PALETTE[0], opacity=0.55)
    best = vl.Chart(rows).encode(x=across, y=up)
    layers = [
        lacking.transform_filter("!datum.presence"),
        held.transform_filter("datum.presence"),
        best.mark_point(filled=True, size=55, color=FOCUS, opacity=1),
        *name_layers(best.encode(color=vl.value(INK)), "label", gap=7, font=11),
    ]
    table = known.select("product", "distance", "pci", "rca", "presence")
    return vl.layer(*layers).properties(width=WIDTH, height=HEIGHT), table


def _span(values: pl.Series) -> tuple[float, float]:
    """Smallest and largest value with some room around."""
    low, high = extent(values)
    room = (high - low) * 0.05 or 0.5
    return low - room, high + room
