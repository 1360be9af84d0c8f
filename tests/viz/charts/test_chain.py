"""Figures of the chain from publications to companies."""

from __future__ import annotations

import polars as pl

from netpos.viz.charts.chain import along, kept
from tests.viz.charts.drawing import WORDS

ROWS = pl.DataFrame(
    {
        "technology": ["q", "q", "q", "a"],
        "stage": ["publications", "families", "companies", "publications"],
        "share": [0.5, 0.25, None, 0.1],
        "low": [0.4, None, None, 0.05],
        "high": [0.6, None, None, 0.2],
        "retention": [1.0, 0.5, None, 1.0],
    }
)


def test_a_stage_without_a_share_is_not_drawn() -> None:
    drawn = along(ROWS, WORDS)
    assert drawn is not None
    assert drawn[1].rows() == [
        ("q", "publications", 0.5, 0.4, 0.6),
        ("q", "families", 0.25, None, None),
        ("a", "publications", 0.1, 0.05, 0.2),
    ]
    assert along(ROWS.filter(pl.col("share").is_null()), WORDS) is None


def test_what_is_kept_is_that_of_the_stages_after_publications() -> None:
    drawn = kept(ROWS, WORDS)
    assert drawn is not None
    found = drawn[1].select("technology", "stage", "retention")
    assert found.rows() == [("q", "families", 0.5)]
    assert kept(ROWS.filter(pl.col("stage") == "publications"), WORDS) is None
