"""A map of the world by share of families, with points for economies too small to be a shape."""

from __future__ import annotations

import json
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from netpos import countries
from netpos.countries import data_path
from netpos.countries.places import POINTS
from netpos.viz.charts import spec as vl
from netpos.viz.charts.theme import FOCUS, LINE, SOFT, WIDTH
from netpos.viz.numbers import percent
from netpos.viz.page import Page
from netpos.viz.words import words

if TYPE_CHECKING:
    from netpos.viz.charts.theme import Drawn

#: Bounds between the colours, shares; and the colours, light to dark (cividis, turned round).
STEPS = (0.001, 0.005, 0.02, 0.05, 0.15)
COLOURS = ("#e9e3b8", "#cbba69", "#a69d75", "#7c7b78", "#4c566c", "#00224e")
NO_DATA = "#eef1f4"
#: The map of Europe beside that of the world: longitudes and latitudes, degrees, of its points.
EUROPE = ((-25.0, 40.0), (34.0, 72.0))
#: Height of both maps, and width of that of Europe, pixels.
HEIGHT, INSET = 285, 250
#: Where the code of a point stands: below, except where that covers a neighbour.
_SIDES: dict[str, dict[str, Any]] = {
    "": {"align": "center", "baseline": "top", "dy": 6},
    "left": {"align": "right", "baseline": "middle", "dx": -6},
    "right": {"align": "left", "baseline": "top", "dx": 2, "dy": 5},
}
_ASIDE = {"MO": "left", "HK": "right"}


@cache
def shapes() -> str:
    """Return the shapes of countries without Antarctica: TopoJSON, as text, as drawing copies."""
    text = data_path("world-110m.json").read_text(encoding="utf-8")
    world: dict[str, Any] = json.loads(text)
    land = world["objects"]["countries"]
    land["geometries"] = [g for g in land["geometries"] if g.get("id") != "010"]
    del world["objects"]["land"]
    return json.dumps(world, separators=(",", ":"))


def world(page: Page) -> Drawn:
    """Draw each country's share of the families of all technologies."""
    return _world(page, "families")


def world_value(page: Page) -> Drawn:
    """Draw each country's share of the value of all technologies; None where there is no value."""
    return _world(page, "value")


def _world(page: Page, amount: str) -> Drawn:
    t = words(page.lang)
    rows = page.rows("countries", "all", "all")
    column = {"families": "family_share", "value": "value_share"}[amount]
    if not rows.height or not {amount, column} <= set(rows.columns):
        return None
    table = rows.filter(pl.col(column) > 0).sort("country").select("country", amount, column)
    if not table.height:
        return None
    numeric = countries.countries().select(land="iso2", id="numeric")
    coded = _on_land(table).join(numeric, on="land", how="left", maintain_order="left")
    labels = _step_labels(page.lang)
    places = np.searchsorted(STEPS, coded[column].to_numpy(), side="right").tolist()
    coded = coded.with_columns(step=pl.Series([labels[k] for k in places], dtype=pl.String))
    share = vl.Color(
        "step:N",
        scale=vl.Scale(domain=labels, range=list(COLOURS)),
        legend=vl.Legend(
            title=t[f"chart_{column}"],
            orient="bottom",
            direction="horizontal",
            symbolStrokeWidth=0,
            symbolSize=140,
            columns=len(COLOURS),
        ),
    )
    land = vl.InlineData(
        values=shapes(), read_as=vl.TopoDataFormat(type="topojson", feature="countries")
    )
    keep = ["step", "country"]
    known = coded.drop_nulls("id")
    known_here = vl.LookupData(known, "id", keep)
    shape = vl.Chart(land).transform_lookup(lookup="id", from_=known_here)
    empty = shape.transform_filter("!isValid(datum.step)").mark_geoshape(
        fill=NO_DATA, stroke="white", strokeWidth=0.5
    )
    filled = (
        shape.transform_filter("isValid(datum.step)")
        .mark_geoshape(stroke="white", strokeWidth=0.5)
        .encode(color=share)
    )
    mine = shape.transform_filter(f"datum.country === '{page.focal}'")
    small = coded.filter(pl.col("land").is_in(list(POINTS))).with_columns(
        lon=pl.col("land").replace_strict({k: v[0] for k, v in POINTS.items()}, default=None),
        lat=pl.col("land").replace_strict({k: v[1] for k, v in POINTS.items()}, default=None),
    )
    inset = pl.col("lon").is_between(*EUROPE[0]) & pl.col("lat").is_between(*EUROPE[1])
    ring = vl.condition(f"datum.country === '{page.focal}'", vl.value(FOCUS), vl.value("#ffffff"))

    def layers(points: pl.DataFrame, outline: float) -> vl.Chart:
        line = mine.mark_geoshape(filled=False, stroke=FOCUS, strokeWidth=outline)
        found: list[Any] = [empty, filled, line]
        if points.height:
            at = vl.Chart(points).encode(
                longitude=vl.Longitude("lon:Q"), latitude=vl.Latitude("lat:Q")
            )
            found.append(
                at.mark_circle(size=60, opacity=1, strokeWidth=1.2).encode(color=share, stroke=ring)
            )
            for side, text in _SIDES.items():
                some = points.filter(pl.col("land").replace_strict(_ASIDE, default="") == side)
                if some.height:
                    named = vl.Chart(some).mark_text(fontSize=9, color=SOFT, **text)
                    found.append(
                        named.encode(
                            longitude=vl.Longitude("lon:Q"),
                            latitude=vl.Latitude("lat:Q"),
                            text=vl.Text("land:N"),
                        )
                    )
        return vl.layer(*found)

    # a thin line on the small scale: a thick one would hide the colour of a small country
    whole = layers(small.filter(~inset), 0.8).project("equalEarth")
    near = layers(small.filter(inset), 1.6).project(
        "azimuthalEqualArea",
        rotate=[-14, -53, 0],
        scale=HEIGHT * 1.52,
        translate=[INSET / 2, HEIGHT / 2],
        clipExtent=[[0, 0], [INSET, HEIGHT]],
    )
    chart = vl.hconcat(
        whole.properties(width=WIDTH - INSET - 20, height=HEIGHT),
        near.properties(width=INSET, height=HEIGHT, view=vl.ViewBackground(stroke=LINE)),
        spacing=20,
    )
    return chart, table


def _on_land(table: pl.DataFrame) -> pl.DataFrame:
    """Say on which land each country is drawn: ``land``, of a bloc one row for each member."""
    lands = {c: list(countries.union_members(c)) or [c] for c in table["country"]}
    land = pl.col("country").replace_strict(lands, return_dtype=pl.List(pl.String))
    return table.with_columns(land=land).explode("land")


def _step_labels(lang: str) -> list[str]:
    """Name the steps between the colours."""
    ends = [percent(step, lang=lang) for step in STEPS]
    between = [f"{low[:-2]} – {high}" for low, high in pairwise(ends)]
    return [f"< {ends[0]}", *between, f"≥ {ends[-1]}"]
