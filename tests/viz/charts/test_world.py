"""The map of the world."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from netpos import countries
from netpos.viz.charts import world as chart_world
from tests.viz.charts.drawing import drawn
from tests.viz.report_pages import demo_page


def test_every_economy_is_a_shape_or_a_point_of_the_map() -> None:
    drawn_shapes = json.loads(chart_world.shapes())["objects"]["countries"]["geometries"]
    shapes = {g["id"] for g in drawn_shapes if "id" in g}
    assert len(drawn_shapes) == 176  # 177 in the source; Antarctica is left out
    assert len(shapes) == 173  # three have no code
    assert "010" not in shapes
    table = countries.countries()
    numeric = table["numeric"].to_list()
    shaped = {c for c, n in zip(table["iso2"], numeric, strict=True) if n in shapes}
    assert {"NA", "TW", "LU", "NL", "IL"} <= shaped
    assert not shaped & set(chart_world.POINTS)
    rest = set(table["iso2"]) - shaped - set(chart_world.POINTS)
    nobody = {"AQ", "BV", "HM", "GS", "TF", "UM", "CC", "CX", "SJ", "TK", "TV"}
    part_of_france_or_nl = {"BQ", "GF", "GP", "MQ", "RE", "YT"}
    assert rest - nobody - part_of_france_or_nl == {"GI"}


@pytest.mark.parametrize(
    ("code", "longitude", "latitude"),
    [
        ("SG", 103.82, 1.35), ("HK", 114.17, 22.28), ("MT", 14.38, 35.94), ("LI", 9.56, 47.17),
        ("MC", 7.42, 43.74), ("MO", 113.55, 22.20), ("BH", 50.56, 26.07), ("MU", 57.55, -20.35),
        ("BB", -59.54, 13.19), ("KY", -81.25, 19.32), ("XK", 20.90, 42.60), ("BM", -64.76, 32.32),
    ],
)  # fmt: skip
def test_points_lie_where_atlases_put_these_economies(
    code: str, longitude: float, latitude: float
) -> None:
    x, y = chart_world.POINTS[code]
    assert abs(x - longitude) < 0.25
    assert abs(y - latitude) < 0.25


def test_small_economies_with_families_are_points_on_the_map() -> None:
    table = demo_page().tables["countries"]
    here = (pl.col("technology") == "all") & (pl.col("period") == "all") & (pl.col("families") > 0)
    there = set(table.filter(here)["country"])
    small = there & set(chart_world.POINTS)
    assert {"SG", "HK"} <= small
    labels = set(re.findall(r">([A-Z]{2})</text>", drawn()["world"].svg))
    assert labels == small


def test_europe_has_a_map_of_its_own_and_no_code_of_a_point_covers_a_neighbour() -> None:
    page = demo_page()
    table = page.tables["countries"]
    one = table.filter((pl.col("technology") == "all") & (pl.col("period") == "all")).head(1)
    some = ["MT", "LI", "HK", "MO", "SG"]
    rows = pl.concat([one.with_columns(country=pl.lit(c), family_share=pl.lit(0.1)) for c in some])
    drawing = chart_world.world(replace(page, tables={**page.tables, "countries": rows}))
    assert drawing is not None
    whole, europe = drawing[0].to_dict()["hconcat"]
    assert [m["projection"]["type"] for m in (whole, europe)] == [
        "equalEarth",
        "azimuthalEqualArea",
    ]
    sets = drawing[0].to_dict()["datasets"]

    def codes(part: dict[str, Any], side: str) -> set[str]:
        texts = [u for u in part["layer"] if u["mark"]["type"] == "text"]
        chosen = [u for u in texts if u["mark"]["align"] == side]
        return {r["country"] for u in chosen for r in sets[u["data"]["name"]]}

    # Malta and Liechtenstein in the map of Europe only; Macao to the west of Hong Kong
    assert [codes(whole, side) for side in ("center", "right", "left")] == [{"SG"}, {"MO"}, {"HK"}]
    assert codes(europe, "center") == {"MT", "LI"}


@pytest.mark.parametrize("value", [0.0, None])
def test_without_values_there_is_no_map_of_value(value: float | None) -> None:
    page = demo_page()
    table = page.tables["countries"].with_columns(
        value=pl.lit(value, pl.Float64), value_share=pl.lit(None, pl.Float64)
    )
    page = replace(page, tables={**page.tables, "countries": table})
    assert chart_world.world_value(page) is None
    assert chart_world.world(page) is not None
