"""A heat map of the indicators of the country in focus, relative to its other technologies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from netpos.viz.charts import spec as vl
from netpos.viz.charts.technologies import ROW, SCORES, score_rows
from netpos.viz.charts.theme import INK, WIDTH
from netpos.viz.page import Page
from netpos.viz.words import words

if TYPE_CHECKING:
    from netpos.viz.charts.theme import Drawn

#: Below the mean, at it, above it; told apart in any colour vision.
DIVERGING = ("#d9812b", "#ffffff", "#6ba3dc")
#: Standard deviations at which a colour is full.
FULL = 2.0


def scores_heat(page: Page) -> Drawn:
    r"""Draw how far each technology lies from the mean of the list, as a heat map.

    .. math:: z = (x - \bar x) / s

    of balance, diversity of sources and likeness of sources, likeness turned so that higher is
    more alike; see `netpos.indicators.scores`.

    Parameters
    ----------
    page
        Its table of scores has the numbers. A technology whose citations are not measurable is
        left out, as in the figure `netpos.viz.chart_technologies.scores`.

    Returns
    -------
    tuple or None
        The chart and its numbers; None without scores of two technologies.
    """
    t = words(page.lang)
    names, long = score_rows(page, "z")
    scored = [k for k in SCORES if (long["indicator"] == k).any()]
    if not scored:
        return None
    order = names.filter(pl.col("technology").is_in(long["technology"].implode()))
    titles = {k: t[f"chart_{k}"] for k in scored}
    shown = long.with_columns(
        kind=pl.col("indicator").replace_strict(titles, return_dtype=pl.String),
    )
    base = vl.Chart(shown).encode(
        x=vl.X(
            "kind:N",
            sort=list(titles.values()),
            title=None,
            axis=vl.Axis(orient="top", labelAngle=0, domain=False, ticks=False, labelPadding=8),
        ),
        y=vl.Y(
            "name:N",
            sort=order["name"].to_list(),
            title=None,
            axis=vl.Axis(domain=False, ticks=False, labelPadding=8, grid=False, labelLimit=280),
        ),
    )
    cells = base.mark_rect(stroke="white", strokeWidth=2).encode(
        color=vl.Color(
            "z:Q",
            scale=vl.Scale(
                domain=[-FULL, 0.0, FULL], range=list(DIVERGING), clamp=True, interpolate="rgb"
            ),
            legend=vl.Legend(
                title=t["chart_z"],
                titleLimit=400,
                orient="bottom",
                direction="horizontal",
                gradientLength=220,
                gradientThickness=10,
                values=[-FULL, -FULL / 2, 0, FULL / 2, FULL],
                format="~r",
            ),
        )
    )
    text = base.mark_text(color=INK).encode(text=vl.Text("z:Q", format="+.1f"))
    chart = vl.layer(cells, text)
    size = {"width": WIDTH - 320, "height": ROW * order.height}
    return chart.properties(**size), long.drop("name")
