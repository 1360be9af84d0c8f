"""Figure of one technology: citations received per family by country and year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from netpos.viz.charts import spec as vl
from netpos.viz.charts.countries import apart, chosen, letters, seen
from netpos.viz.charts.theme import PALE, SOFT, WIDTH, extent
from netpos.viz.page import Page
from netpos.viz.words import words

if TYPE_CHECKING:
    from netpos.viz.charts.theme import Drawn

#: Families a country needs in a year for a point: with fewer one patent is the whole story.
LEAST = 5


def impact(page: Page, technology: str) -> Drawn:
    r"""Draw citations from abroad per family, relative to all families of the same year.

    .. math:: \frac{R_{iy} / N_{iy}}{\sum_k R_{ky} / N_y}
              = \frac{\mathrm{received\_share}_{iy}}{\mathrm{family\_share}_{iy}}

    without unit, 1 = as all countries together. Families of one year have had the same time to be
    cited, so that years can be compared.

    Parameters
    ----------
    page
        Its table by year has both shares.
    technology
        Its id, or ``all``.

    Returns
    -------
    tuple or None
        The chart and its numbers, with ``citations_relative`` null for years with fewer than
        `LEAST` families of the country, without a located citation, or whose citation window is
        not over; None where fewer than two years have a point.
    """
    t = words(page.lang)
    rows = page.rows("trend", technology)
    if not rows.height or not {"family_share", "received_share"} <= set(rows.columns):
        return None
    kept, colours = chosen(rows, page.focal, page.benchmark)
    table = rows.filter(pl.col("country").is_in(kept)).sort("country", "year")
    enough = (pl.col("families") >= LEAST) & (pl.col("family_share") > 0)
    table = seen(page, technology, table).select(
        "country",
        "year",
        "truncated",
        "families",
        "family_share",
        "received_share",
        citations_relative=pl.when(enough).then(pl.col("received_share") / pl.col("family_share")),
    )
    shown = table.drop_nulls("citations_relative")
    if shown["year"].n_unique() < 2:
        return None
    first, last = map(int, extent(table["year"]))
    years = vl.Scale(domain=[first, last], nice=False, zero=False)
    ticks = vl.Axis(format="d", tickMinStep=1, tickCount=min(8, last - first), grid=False)
    x = vl.X("year:Q", title=None, scale=years, axis=ticks)
    colour = vl.Color("country:N", scale=vl.Scale(domain=kept, range=colours), legend=None)
    thick = vl.condition(f"datum.country === '{page.focal}'", vl.value(3), vl.value(1.5))
    y = vl.Y("citations_relative:Q", title=None, axis=vl.Axis(format="~r", tickCount=5, grid=True))
    base = vl.Chart(table).encode(x=x, y=y, color=colour)
    lines = base.mark_line(clip=True, invalid="break-paths-show-domains").encode(strokeWidth=thick)
    dots = base.mark_point(filled=True, size=16, opacity=1).transform_filter(
        "isValid(datum.citations_relative)"
    )
    ends = shown.sort("year").group_by("country", maintain_order=True).last()
    spread = apart(
        ends.rename({"citations_relative": "value"}),
        extent(shown["citations_relative"])[1] or 1.0,
    )
    labels = (
        vl.Chart(spread.with_columns(ink=pl.col("country").replace_strict(letters(kept, colours))))
        .mark_text(align="left", dx=6)
        .encode(
            x=x,
            y=vl.Y("place:Q"),
            text=vl.Text("country:N"),
            color=vl.Color("ink:N", scale=None),
        )
    )
    one = vl.Chart(pl.DataFrame({"one": [1.0]})).mark_rule(color=SOFT, strokeDash=[4, 3])
    layers: list[Any] = []
    young = table.filter(pl.col("truncated").fill_null(value=False))["year"]
    if young.len():
        start = max(extent(young)[0] - 0.5, first)
        shade = vl.Chart(pl.DataFrame({"a": [start], "b": [float(last)]})).mark_rect(
            color=PALE, opacity=0.3
        )
        layers.append(
            shade.encode(x=vl.X("a:Q", title=None, scale=years, axis=ticks), x2=vl.X2("b"))
        )
    layers += [one.encode(y=vl.Y("one:Q")), lines, dots, labels]
    chart = vl.layer(*layers).properties(
        width=WIDTH - 120, height=170, title=t["chart_citations_relative"]
    )
    return chart, table
