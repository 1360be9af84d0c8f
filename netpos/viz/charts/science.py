"""Figures of publications: a country's place by technology, and the benchmark side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from netpos.viz.charts import spec as vl
from netpos.viz.charts.theme import FOCUS, INK, PALETTE, WIDTH, extent

if TYPE_CHECKING:
    from netpos.viz.charts.theme import Drawn

#: Measures of the figures, and how they are written.
MEASURES = {
    "share": ".1%",
    "per_100_fte": ".2f",
    "fwci": ".2f",
    "top10": ".0%",
    "rai": ".2f",
}
_PANELS = ("works", "per_100_fte", "fwci", "rai")
ROW = 30
#: Works that a country needs for a place.
LEAST = 20


def place(rows: pl.DataFrame, focal: str, t: Mapping[str, Any]) -> Drawn:
    """Draw the value of each measure by technology, coloured by its place in the benchmark.

    A country with fewer than `LEAST` works has no place: its cells are grey, and it is not ranked.

    Parameters
    ----------
    rows
        ``technology``, ``country``, the measures; the country in focus and the benchmark.
    focal
        Country in focus.
    t
        Words: ``measure_<name>``, ``place``.

    Returns
    -------
    Drawn
        None where the country has no value.
    """
    parts = []
    for name, form in MEASURES.items():
        enough = pl.coalesce("works_full", "works") >= LEAST
        known = rows.drop_nulls(name).with_columns(enough=enough)
        among = pl.when("enough").then(name)
        mine = known.with_columns(
            place=among.rank("min", descending=True).over("technology").cast(pl.Int64),
            of=pl.col("enough").sum().over("technology").cast(pl.Int64),
        ).filter(pl.col("country") == focal)
        parts.append(
            mine.select(
                "technology", "place", "of", value=name, form=pl.lit(form),
                measure=pl.lit(name), name=pl.lit(t[f"measure_{name}"]),
            )
        )  # fmt: skip
    long = pl.concat(parts)
    if not long.height:
        return None
    order = list(dict.fromkeys(rows["technology"]))
    names = [t[f"measure_{m}"] for m in MEASURES if m in set(long["measure"])]
    axis = vl.Axis(domain=False, ticks=False, labelPadding=8, labelLimit=280)
    top = vl.Axis(domain=False, ticks=False, orient="top", labelAngle=0, labelPadding=8)
    most = int(extent(long["of"])[1])
    base = vl.Chart(long).encode(
        y=vl.Y("technology:N", sort=order, title=None, axis=axis),
        x=vl.X("name:N", sort=names, title=None, axis=top),
    )
    scale = vl.Scale(domain=[1, max(most, 2)], range=["#5a9fd4", "#f3f6fa"])
    legend = vl.Legend(orient="bottom", gradientLength=200, format="d")
    plain = base.mark_rect(stroke="white", strokeWidth=2, color="#eceff2")
    ranked = base.transform_filter("isValid(datum.place)")
    cells = ranked.mark_rect(stroke="white", strokeWidth=2).encode(
        color=vl.Color("place:Q", title=t["place"], scale=scale, legend=legend)
    )
    text = base.mark_text(fontSize=12, color=INK).encode(text="said:N")
    text = text.transform_calculate(said="format(datum.value, datum.form)")
    chart = vl.layer(plain, cells, text).properties(width=WIDTH - 240, height=ROW * len(order))
    return chart, long.drop("form", "name")


def panels(rows: pl.DataFrame, focal: str, names: Mapping[str, str], t: Mapping[str, Any]) -> Drawn:
    """Draw output, productivity, impact and activity of the benchmark, one panel each.

    Parameters
    ----------
    rows
        ``country``, the measures, of one technology.
    focal
        Country in focus, set off.
    names
        Code -> name.
    t
        Words: ``measure_<name>``.
    """
    shown: Sequence[str] = [c for c in _PANELS if rows[c].count()]
    if not shown:
        return None
    table = rows.with_columns(name=pl.col("country").replace_strict(dict(names), default=None))
    table = table.with_columns(pl.coalesce("name", "country").alias("name"))
    order = table.sort(["works", "country"], descending=[True, False])["name"].to_list()
    drawn = []
    for k, column in enumerate(shown):
        part = table.drop_nulls(column).with_columns(mine=pl.col("country") == focal)
        axis = vl.Axis(domain=False, ticks=False, labelPadding=6, labels=k == 0, labelLimit=200)
        bars = (
            vl.Chart(part)
            .mark_bar(height={"band": 0.7})
            .encode(
                y=vl.Y("name:N", sort=order, title=None, axis=axis,
                        scale=vl.Scale(domain=order)),
                x=vl.X(f"{column}:Q", title=None, axis=vl.Axis(tickCount=4, grid=True)),
                color=vl.condition("datum.mine", vl.value(FOCUS), vl.value(PALETTE[0])),
            )
        )  # fmt: skip
        width = (WIDTH - 200) / len(shown) - 24
        drawn.append(
            bars.properties(width=width, height=18 * len(order), title=t[f"measure_{column}"])
        )
    chart = vl.hconcat(*drawn, spacing=24)
    return chart, table.select("country", *_PANELS)
