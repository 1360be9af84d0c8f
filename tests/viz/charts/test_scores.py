"""The heat map of scores."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from netpos.viz.charts import scores as chart_scores
from netpos.viz.charts import theme as chart_theme
from tests.viz.charts.test_impact import numbers, usual
from tests.viz.report_pages import demo_page, unmeasured


def test_the_heat_map_holds_standard_scores_with_likeness_turned() -> None:
    page = demo_page()
    drawn = chart_scores.scores_heat(page)
    assert drawn is not None
    where = (pl.col("period") == "all") & (pl.col("country") == "NL")
    table = page.tables["countries"].filter(where & pl.col("technology").is_in(
        ["quantum", "semiconductor", "none"]) & (pl.col("families") > 0))  # fmt: skip
    for column in ("balance_ratio", "source_effective", "similarity"):
        values = table[column].to_numpy()
        turned = -values if column == "similarity" else values
        z = (turned - turned.mean()) / np.sqrt(np.mean((turned - turned.mean()) ** 2))
        want = dict(zip(table["technology"], z, strict=True))
        found = drawn[1].filter(pl.col("indicator") == column)
        assert dict(found.select("technology", "z").iter_rows()) == pytest.approx(want, abs=1e-9)
    assert chart_scores.scores_heat(unmeasured(page)) is not None
    dark = numbers(usual()["scores-heat"])
    assert set(dark["technology"]) == {"semiconductor"}


def luminance(colour: str) -> float:
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_numbers_can_be_read_on_every_colour_of_the_heat_map() -> None:
    ink = luminance(chart_theme.INK)
    for colour in chart_scores.DIVERGING:
        assert (luminance(colour) + 0.05) / (ink + 0.05) >= 4.5, colour
