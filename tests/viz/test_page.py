"""What the report is made of."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from netpos.viz.page import counted_by, excludes_zero
from tests.viz.report_pages import demo_page


@pytest.mark.parametrize(
    ("low", "high", "away"),
    [(0.1, 0.3, True), (-0.3, -0.1, True), (-0.1, 0.1, False), (0.0, 0.2, False),
     (-0.2, 0.0, False), (None, 0.2, False)],
)  # fmt: skip
def test_an_interval_that_touches_zero_does_not_exclude_it(
    low: float | None, high: float | None, away: bool
) -> None:
    assert excludes_zero({"low": low, "high": high}) is away


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"priority": 3, "applicant": 0}, "by_priority"),
        ({"priority": 3, "applicant": 1}, "by_applicant"),
        ({"unknown": 3}, "by_applicant"),
    ],
)
def test_countries_are_those_of_priority_offices_where_no_party_gave_one(
    rules: dict[str, int], said: str
) -> None:
    page = demo_page()
    coverage = pl.DataFrame(
        {
            "technology": "all",
            "period": "all",
            "rule": list(rules),
            "families": list(rules.values()),
        }
    )
    page = replace(page, by="applicant", tables={**page.tables, "coverage": coverage})
    assert counted_by(page) == said
