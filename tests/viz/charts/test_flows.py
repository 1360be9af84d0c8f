"""The figure of what countries give and receive."""

from __future__ import annotations

import polars as pl

from netpos.viz.charts.flows import exchange
from tests.viz.charts.drawing import WORDS

ROWS = pl.DataFrame(
    {
        "country": ["CN", "DE", "NL", "US", "XX"],
        "name": ["China", "Germany", "Netherlands", "United States", None],
        "given": [4.0, 2.0, 9.0, 1.0, 0.0],
        "received": [1.0, 5.0, 6.0, 7.0, 3.0],
    }
)


def test_countries_that_give_and_receive_are_points() -> None:
    drawn = exchange(ROWS, "NL", WORDS)
    assert drawn is not None
    assert drawn[1]["country"].to_list() == ["CN", "DE", "NL", "US"]
    assert drawn[1].filter(country="NL").row(0) == ("NL", "Netherlands", 9.0, 6.0)


def test_a_benchmark_chooses_the_countries_beside_the_one_in_focus() -> None:
    drawn = exchange(ROWS, "NL", WORDS, benchmark=("US", "JP"))
    assert drawn is not None
    assert drawn[1]["country"].to_list() == ["NL", "US"]


def test_without_citations_both_ways_there_is_no_figure() -> None:
    assert exchange(ROWS.filter(country="XX"), "NL", WORDS) is None
