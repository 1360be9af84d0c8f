"""Figures of R&D intensity: the gap over time, sector by sector, and the intensities behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from netpos.viz.charts import spec as vl
from netpos.viz.charts.theme import FOCUS, INK, OTHER, PALE, PALETTE, WIDTH

if TYPE_CHECKING:
    from netpos.viz.charts.theme import Drawn

ROW = 26
_PARTS = ("structure", "intrinsic")


def gap_over_time(decomposition: pl.DataFrame, variant: str, t: Mapping[str, Any]) -> Drawn:
    """Draw structure and intrinsic part of each year, stacked, and the gap as a line.

    Parameters
    ----------
    decomposition
        ``year``, ``variant``, ``gap``, ``structure``, ``intrinsic``, ``interaction``.
    variant
        Which one is drawn.
    t
        Words: ``structure``, ``intrinsic``, ``interaction``, ``axis_gap``.
    """
    rows = decomposition.filter(pl.col("variant") == variant).drop_nulls(["gap", "structure"])
    if not rows.height:
        return None
    parts = [*_PARTS, *(["interaction"] if rows["interaction"].count() else [])]
    names = [t[part] for part in parts]
    long = rows.unpivot(parts, index="year", variable_name="part").with_columns(
        name=pl.col("part").replace_strict(dict(zip(parts, names, strict=True)))
    )
    x = vl.X("year:O", title=None, axis=vl.Axis(labelAngle=0, grid=False))
    scale = vl.Scale(domain=names, range=[PALETTE[0], PALETTE[1], OTHER][: len(names)])
    bars = (
        vl.Chart(long)
        .mark_bar(width={"band": 0.6})
        .encode(
            x=x,
            y=vl.Y("value:Q", title=t["axis_gap"], stack="zero", axis=vl.Axis(grid=True)),
            color=vl.Color("name:N", title=None, scale=scale),
        )
    )
    line = vl.Chart(rows).encode(x=x, y=vl.Y("gap:Q"))
    layers = [
        bars,
        line.mark_line(color=INK, strokeWidth=1.5),
        line.mark_point(color=INK, filled=True, size=45, opacity=1),
    ]
    table = rows.select("year", "variant", "gap", "structure", "intrinsic", "interaction")
    return vl.layer(*layers).properties(width=WIDTH, height=300), table


def waterfall(sectors: pl.DataFrame, variant: str, t: Mapping[str, Any]) -> Drawn:
    """Draw what each sector adds to the intrinsic part, ending at its total.

    Parameters
    ----------
    sectors
        ``sector``, ``intrinsic_a``, ``intrinsic_b``, ``intrinsic_c`` of one year.
    variant
        Which one is drawn; D is drawn as B, whose intrinsic part it has.
    t
        Words: ``total``, ``axis_gap``.
    """
    column = f"intrinsic_{'b' if variant == 'D' else variant.lower()}"
    rows = sectors.select("sector", part=column)
    if not rows.height or rows["part"].null_count():
        return None
    rows = rows.sort(["part", "sector"], descending=[True, False])
    end = rows["part"].cum_sum()
    steps = rows.with_columns(end=end, start=end - rows["part"])
    total = pl.DataFrame(
        {"sector": [t["total"]], "part": [end[-1]], "end": [end[-1]], "start": [0.0]}
    )
    table = pl.concat([steps, total]).with_columns(
        kind=pl.when(pl.col("sector") == t["total"])
        .then(pl.lit("total"))
        .when(pl.col("part") < 0)
        .then(pl.lit("less"))
        .otherwise(pl.lit("more"))
    )
    colours = vl.Scale(domain=["more", "less", "total"], range=[PALETTE[0], PALETTE[1], INK])
    y = _names(table["sector"].to_list())
    bars = (
        vl.Chart(table)
        .mark_bar(height={"band": 0.65})
        .encode(
            y=y,
            x=vl.X("start:Q", title=t["axis_gap"], axis=vl.Axis(grid=True)),
            x2=vl.X2("end"),
            color=vl.Color("kind:N", legend=None, scale=colours),
        )
    )
    said = table.with_columns(at=pl.max_horizontal("start", "end"))
    text = (
        vl.Chart(said)
        .mark_text(align="left", dx=5, fontSize=11)
        .encode(y=y, x=vl.X("at:Q"), text=vl.Text("part:Q", format="+.3f"))
    )
    zero = vl.Chart(pl.DataFrame({"zero": [0.0]})).mark_rule(color=PALE).encode(x="zero:Q")
    chart = vl.layer(zero, bars, text)
    return chart.properties(width=WIDTH - 320, height=ROW * table.height), table.drop("kind")


def dumbbells(sectors: pl.DataFrame, t: Mapping[str, Any]) -> Drawn:
    """Draw the R&D intensity of each sector, in the country and in the benchmark.

    Parameters
    ----------
    sectors
        ``sector``, ``weight``, ``intensity``, ``weight_benchmark``, ``intensity_benchmark`` of one
        year.
    t
        Words: ``focal_word``, ``benchmark_word``, ``axis_intensity``.
    """
    columns = ["intensity", "intensity_benchmark"]
    rows = sectors.drop_nulls(columns).sort(
        ["intensity_benchmark", "sector"], descending=[True, False]
    )
    if not rows.height:
        return None
    base = vl.Chart(rows).encode(y=_names(rows["sector"].to_list()))
    axis = vl.Axis(format=".0%", grid=True)
    x = vl.X("intensity:Q", title=t["axis_intensity"], axis=axis)
    other = vl.X("intensity_benchmark:Q", title=t["axis_intensity"], axis=axis)
    rule = base.mark_rule(strokeWidth=2, color=PALE).encode(x=x, x2=vl.X2("intensity_benchmark"))
    mine = base.mark_point(size=80, filled=True, fill=FOCUS, stroke=FOCUS, opacity=1).encode(x=x)
    theirs = base.mark_point(
        size=70, filled=True, fill="white", stroke=INK, strokeWidth=1.5, opacity=1
    ).encode(x=other)
    title = f"● {t['focal_word']}   ○ {t['benchmark_word']}"
    chart = vl.layer(rule, theirs, mine)
    table = rows.select("sector", "weight", "weight_benchmark", *columns)
    return chart.properties(width=WIDTH - 320, height=ROW * rows.height, title=title), table


def _names(order: list[str]) -> vl.Channel:
    axis = vl.Axis(domain=False, ticks=False, labelPadding=8, grid=True, labelLimit=280)
    return vl.Y("sector:N", sort=order, title=None, axis=axis)
