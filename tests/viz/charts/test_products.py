"""The figure of distance against complexity."""

from __future__ import annotations

import json

import polars as pl

from netpos.viz.charts.products import distance_complexity
from tests.viz.charts.drawing import WORDS

OWN = pl.DataFrame(
    {
        "product": ["c", "a", "b"],
        "distance": [0.3, 0.9, None],
        "pci": [1.5, -1.0, 0.2],
        "rca": [2.0, 0.0, 1.0],
        "presence": [True, False, True],
    }
)


def test_products_with_both_numbers_are_points_and_named_ones_carry_their_name() -> None:
    named = pl.DataFrame({"product": ["c", "b"], "name": ["Cheese", "Bulbs"]})
    drawn = distance_complexity(OWN, named, WORDS)
    assert drawn is not None
    chart, table = drawn
    assert table.rows() == [("a", 0.9, -1.0, 0.0, False), ("c", 0.3, 1.5, 2.0, True)]
    text = json.dumps(chart.to_dict())
    assert "Cheese" in text
    assert "Bulbs" not in text  # its distance is not known


def test_without_a_product_with_both_there_is_no_figure() -> None:
    none = OWN.with_columns(pci=pl.lit(None, pl.Float64))
    named = pl.DataFrame(schema={"product": pl.String, "name": pl.String})
    assert distance_complexity(none, named, WORDS) is None
