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
from netpos.viz.charts.theme import FOCUS, LINE, SOFT, WIDTH
from netpos.viz.numbers import percent
from netpos.viz.page import Page
from netpos.viz.words import words

if TYPE_CHECKING:
    from netpos.viz.charts.theme import Drawn

#: Longitude and latitude, degrees: middle of the largest part in Natural Earth 1:50m; XK by hand.
POINTS = {
    "AD": (1.6, 42.5), "AG": (-61.8, 17.1), "AI": (-63.1, 18.2), "AS": (-170.7, -14.3),
    "AW": (-70.0, 12.5), "AX": (19.9, 60.2), "BB": (-59.6, 13.2), "BH": (50.5, 26.0),
    "BL": (-62.8, 17.9), "BM": (-64.8, 32.3), "CK": (-159.8, -21.2), "CV": (-23.6, 15.1),
    "CW": (-69.0, 12.2), "DM": (-61.4, 15.4), "FM": (158.2, 6.9), "FO": (-6.9, 62.2),
    "GD": (-61.7, 12.1), "GG": (-2.6, 49.5), "GU": (144.8, 13.4), "HK": (114.1, 22.4),
    "IM": (-4.5, 54.2), "IO": (72.4, -7.3), "JE": (-2.1, 49.2), "KI": (-157.4, 1.9),
    "KM": (43.3, -11.7), "KN": (-62.7, 17.3), "KY": (-81.3, 19.3), "LC": (-61.0, 13.9),
    "LI": (9.5, 47.1), "MC": (7.4, 43.8), "MF": (-63.1, 18.1), "MH": (171.2, 7.1),
    "MO": (113.5, 22.2), "MP": (145.7, 15.2), "MS": (-62.2, 16.7), "MT": (14.4, 35.9),
    "MU": (57.6, -20.3), "MV": (73.5, 4.2), "NF": (167.9, -29.1), "NR": (166.9, -0.5),
    "NU": (-169.9, -19.0), "PF": (-149.4, -17.7), "PM": (-56.3, 46.9), "PN": (-128.3, -24.4),
    "PW": (134.6, 7.5), "SC": (55.5, -4.7), "SG": (103.8, 1.4), "SH": (-5.7, -16.0),
    "SM": (12.5, 43.9), "ST": (6.6, 0.2), "SX": (-63.1, 18.1), "TC": (-71.7, 21.8),
    "TO": (-175.2, -21.2), "VA": (12.4, 41.9), "VC": (-61.2, 13.3), "VG": (-64.6, 18.4),
    "VI": (-64.8, 17.7), "WF": (-178.1, -14.3), "WS": (-172.4, -13.6), "XK": (20.9, 42.6),
}  # fmt: skip
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
    import altair as alt

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
    share = alt.Color(
        "step:N",
        scale=alt.Scale(domain=labels, range=list(COLOURS)),
        legend=alt.Legend(
            title=t[f"chart_{column}"],
            orient="bottom",
            direction="horizontal",
            symbolStrokeWidth=0,
            symbolSize=140,
            columns=len(COLOURS),
        ),
    )
    land = alt.InlineData(
        values=shapes(), format=alt.TopoDataFormat(type="topojson", feature="countries")
    )
    keep = ["step", "country"]
    known = coded.drop_nulls("id")
    known_here = alt.LookupData(known, "id", keep)
    shape = alt.Chart(land).transform_lookup(lookup="id", from_=known_here)
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
    ring = alt.condition(
        f"datum.country === '{page.focal}'", alt.value(FOCUS), alt.value("#ffffff")
    )

    def layers(points: pl.DataFrame, outline: float) -> alt.LayerChart | alt.FacetChart:
        line = mine.mark_geoshape(filled=False, stroke=FOCUS, strokeWidth=outline)
        found: list[Any] = [empty, filled, line]
        if points.height:
            at = alt.Chart(points).encode(
                longitude=alt.Longitude("lon:Q"), latitude=alt.Latitude("lat:Q")
            )
            found.append(
                at.mark_circle(size=60, opacity=1, strokeWidth=1.2).encode(color=share, stroke=ring)
            )
            for side, text in _SIDES.items():
                some = points.filter(pl.col("land").replace_strict(_ASIDE, default="") == side)
                if some.height:
                    named = alt.Chart(some).mark_text(fontSize=9, color=SOFT, **text)
                    found.append(
                        named.encode(
                            longitude=alt.Longitude("lon:Q"),
                            latitude=alt.Latitude("lat:Q"),
                            text=alt.Text("land:N"),
                        )
                    )
        return alt.layer(*found)

    # a thin line on the small scale: a thick one would hide the colour of a small country
    whole = layers(small.filter(~inset), 0.8).project("equalEarth")
    near = layers(small.filter(inset), 1.6).project(
        type="azimuthalEqualArea",
        rotate=[-14, -53, 0],
        scale=HEIGHT * 1.52,
        translate=[INSET / 2, HEIGHT / 2],
        clipExtent=[[0, 0], [INSET, HEIGHT]],
    )
    chart = alt.hconcat(
        whole.properties(width=WIDTH - INSET - 20, height=HEIGHT),
        near.properties(width=INSET, height=HEIGHT, view=alt.ViewBackground(stroke=LINE)),
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
