"""Which ranks have their families listed beside them."""

from __future__ import annotations

import polars as pl

from netpos.viz.report.behind import ranks_shown

ROWS = pl.DataFrame(
    [
        ("t", "all", "NL", 1.0, 0.0),
        ("t", "all", "US", 9.0, 2.0),
        ("t", "all", "CN", 9.0, 5.0),
        ("t", "2015-2020", "JP", 50.0, 50.0),
        ("u", "all", "KR", 50.0, 50.0),
    ],
    schema=["technology", "period", "country", "families", "received"],
    orient="row",
)


def test_the_country_in_focus_comes_first_then_the_largest_and_nobody_with_nothing() -> None:
    found = ranks_shown({"countries": ROWS}, "t", "NL")
    assert [c for c, column in found if column == "family_rank"] == ["NL", "CN", "US"]
    assert [c for c, column in found if column == "received_rank"] == ["CN", "US"]
