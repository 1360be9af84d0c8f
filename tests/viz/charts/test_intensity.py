"""Figures of R&D intensity."""

from __future__ import annotations

import polars as pl
import pytest

from netpos.viz.charts.intensity import dumbbells, gap_over_time, waterfall
from tests.viz.charts.drawing import WORDS

GAPS = pl.DataFrame(
    {
        "year": [2015, 2015, 2016],
        "variant": ["a", "b", "a"],
        "gap": [-0.5, -0.5, None],
        "structure": [-0.2, -0.3, None],
        "intrinsic": [-0.3, -0.2, None],
        "interaction": [None, None, None],
    },
    schema_overrides={"interaction": pl.Float64},
)
SECTORS = pl.DataFrame(
    {
        "sector": ["C", "F", "G"],
        "intrinsic_a": [0.3, -0.1, None],
        "weight": [0.5, 0.3, 0.2],
        "intensity": [0.10, 0.02, None],
        "weight_benchmark": [0.4, 0.3, 0.3],
        "intensity_benchmark": [0.04, 0.03, 0.01],
    }
)


def test_the_gap_is_drawn_of_one_variant_in_years_where_it_is_known() -> None:
    drawn = gap_over_time(GAPS, "a", WORDS)
    assert drawn is not None
    assert drawn[1].rows() == [(2015, "a", -0.5, -0.2, -0.3, None)]
    assert gap_over_time(GAPS, "c", WORDS) is None


def test_the_waterfall_steps_from_nothing_to_the_total_and_needs_every_sector() -> None:
    drawn = waterfall(SECTORS.filter(pl.col("sector") != "G"), "a", WORDS)
    assert drawn is not None
    steps = drawn[1].select("start", "part", "end").rows()
    assert [x for row in steps for x in row] == pytest.approx(
        [0.0, 0.3, 0.3, 0.3, -0.1, 0.2, 0.0, 0.2, 0.2]
    )
    assert drawn[1]["sector"].to_list() == ["C", "F", "total"]
    assert waterfall(SECTORS, "a", WORDS) is None


def test_sectors_known_on_both_sides_have_their_two_intensities() -> None:
    drawn = dumbbells(SECTORS, WORDS)
    assert drawn is not None
    assert {"C", "F"} <= set(drawn[1]["sector"])
