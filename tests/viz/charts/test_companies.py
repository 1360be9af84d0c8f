"""The figure of two shares by technology."""

from __future__ import annotations

import polars as pl

from netpos.viz.charts.companies import two_shares
from tests.viz.charts.drawing import WORDS

ROWS = pl.DataFrame(
    {
        "technology": ["q", "a"],
        "one": [0.2, None],
        "one_low": [0.1, None],
        "one_high": [0.4, None],
        "two": [0.3, 0.0],
        "two_low": [None, 0.0],
        "two_high": [None, 0.1],
    },
    schema_overrides=dict.fromkeys(("two_low", "two_high"), pl.Float64),
)


def test_each_share_known_is_a_row_and_a_share_of_nothing_is_known() -> None:
    drawn = two_shares(ROWS, ("one", "two"), ("Start-ups", "Scale-ups"), WORDS)
    assert drawn is not None
    assert drawn[1].select("technology", "kind", "value", "low", "high").rows() == [
        ("q", "Start-ups", 0.2, 0.1, 0.4),
        ("q", "Scale-ups", 0.3, None, None),
        ("a", "Scale-ups", 0.0, 0.0, 0.1),
    ]


def test_without_a_known_share_there_is_no_figure() -> None:
    none = ROWS.with_columns(one=pl.lit(None, pl.Float64), two=pl.lit(None, pl.Float64))
    assert two_shares(none, ("one", "two"), ("a", "b"), WORDS) is None
