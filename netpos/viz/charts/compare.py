"""Figures of the comparison page: chosen countries by technology, and by year."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import polars as pl

from netpos import countries
from netpos.viz.charts import spec as vl
from netpos.viz.charts.theme import LINE, WIDTH, country_colours, extent
from netpos.viz.page import Page
from netpos.viz.words import words

if TYPE_CHECKING:
    from netpos.viz.charts.theme import Drawn

#: What is set side by side, how it is written on the axis, and whether it rests on citations.
PANELS = {
    "family_share": (".0%", False),
    "received_share": (".0%", True),
    "balance_ratio": (".1f", True),
}
_MARKS = ("circle", "diamond", "square", "triangle-up", "triangle-down")
#: Height of one country within the row of a technology, and of a small panel, pixels.
LANE, PANEL = 9, 90


def comparison(page: Page) -> Drawn:
    """Draw shares and balance of the countries compared, a row for each technology.

    Parameters
    ----------
    page
        Its ``compared`` names the countries. A number that rests on the citations of a country
        that are not measurable is not drawn.

    Returns
    -------
    tuple or None
        The chart and its numbers; None where the tables hold none of them.
    """
    t = words(page.lang)
    table = _rows(page)
    if table is None:
        return None
    kinds = [c for c in PANELS if c in table.columns and table[c].null_count() < table.height]
    if not kinds:
        return None
    names = {i: n for i, n in page.technologies if i in set(table["technology"])}
    said = [countries.name(code, page.lang) for code in page.compared]
    shown = table.with_columns(
        name=pl.col("technology").replace_strict(names, return_dtype=pl.String),
        country=pl.col("country").map_elements(
            lambda code: countries.name(code, page.lang), pl.String
        ),
    )
    height = len(names) * (LANE * len(said) + 8)
    panels = []
    for column in kinds:
        base = vl.Chart(shown.drop_nulls(column)).encode(
            y=vl.Y(
                "name:N",
                title=None,
                scale=vl.Scale(domain=list(names.values()), paddingInner=0.12, paddingOuter=0.06),
                axis=vl.Axis(
                    domain=False, ticks=False, labelPadding=8, labelLimit=280, grid=True,
                    gridColor=LINE, bandPosition=1, labels=column == kinds[0],
                ),
            ),
            yOffset=vl.YOffset("country:N", scale=vl.Scale(domain=said)),
            color=_colour(page, said),
        )  # fmt: skip
        axis = vl.Axis(format=PANELS[column][0], tickCount=3)
        dots = base.mark_point(filled=True, size=42, opacity=1).encode(
            x=vl.X(f"{column}:Q", title=None, axis=axis),
            shape=vl.Shape(
                "country:N",
                title=None,
                scale=vl.Scale(domain=said, range=list(_MARKS[: len(said)])),
            ),
        )
        layers: list[vl.Chart] = [dots]
        ends = [f"{column}_low", f"{column}_high"]
        if set(ends) <= set(shown.columns):
            drawn = base.transform_filter(f"isValid(datum.{ends[0]})")
            rule = drawn.mark_rule(strokeWidth=1.2, opacity=0.7)
            layers.insert(0, rule.encode(x=vl.X(f"{ends[0]}:Q"), x2=vl.X2(ends[1])))
        width = (WIDTH - 290) / len(kinds) - 30
        panels.append(
            vl.layer(*layers).properties(width=width, height=height, title=t[f"chart_{column}"])
        )
    return vl.hconcat(*panels, spacing=30), table


def _rows(page: Page) -> pl.DataFrame | None:
    """Return a row for each technology and country with families, in the order shown."""
    rows = page.table("countries")
    if not rows.height or "family_share" not in rows.columns:
        return None
    wanted = [c for c in PANELS if c in rows.columns]
    wanted += [f"{c}_{end}" for c in PANELS for end in ("low", "high")]
    wanted = [c for c in wanted if c in rows.columns]
    ids = [i for i, _ in page.technologies]
    rows = rows.filter(
        (pl.col("period") == "all")
        & pl.col("technology").is_in(ids)
        & pl.col("country").is_in(list(page.compared))
        & (pl.col("families") > 0)
    )
    if "measurable" in rows.columns:
        dark = pl.col("measurable").eq(other=False).fill_null(value=False)
        linked = [c for c in wanted if c.startswith(("received_share", "balance_ratio"))]
        rows = rows.with_columns(pl.when(~dark).then(pl.col(c)).alias(c) for c in linked)
    places = {code: k for k, code in enumerate(page.compared)}
    spots = {ident: k for k, ident in enumerate(ids)}
    return rows.select("technology", "country", *wanted).sort(
        pl.col("technology").replace_strict(spots, return_dtype=pl.Int64),
        pl.col("country").replace_strict(places, return_dtype=pl.Int64),
    )


def _colour(page: Page, said: list[str], *, sign: str | None = None) -> vl.Channel:
    scale = vl.Scale(domain=said, range=country_colours(page.compared, page.focal))
    if sign is None:
        return vl.Color("country:N", title=None, scale=scale)
    legend = vl.Legend(symbolType=sign, symbolStrokeWidth=2.5)
    return vl.Color("country:N", title=None, scale=scale, legend=legend)


def comparison_trend(page: Page) -> Drawn:
    """Draw the share of families by year, a small panel for each technology.

    Parameters
    ----------
    page
        Its ``compared`` names the countries; the marks of years that are not complete are open.

    Returns
    -------
    tuple or None
        The chart and its numbers; None without a table by year or with a single year.
    """
    rows = page.table("trend")
    if not rows.height:
        return None
    there = set(rows["technology"])
    names = {
        i: "\n".join(textwrap.wrap(n, 26, break_long_words=False))
        for i, n in page.technologies
        if i in there
    }
    places = {code: k for k, code in enumerate(page.compared)}
    spots = {ident: k for k, ident in enumerate(names)}
    table = (
        rows.filter(
            pl.col("country").is_in(list(page.compared)) & pl.col("technology").is_in(list(names))
        )
        .drop_nulls("family_share")
        .select("technology", "country", "year", "family_share", "truncated")
        .sort(
            pl.col("technology").replace_strict(spots, return_dtype=pl.Int64),
            pl.col("country").replace_strict(places, return_dtype=pl.Int64),
            "year",
        )
    )
    if table["year"].n_unique() < 2:
        return None
    said = [countries.name(code, page.lang) for code in page.compared]
    shown = table.with_columns(
        name=pl.col("technology").replace_strict(names, return_dtype=pl.String),
        country=pl.col("country").map_elements(
            lambda code: countries.name(code, page.lang), pl.String
        ),
        truncated=pl.col("truncated").fill_null(value=False),
    )
    order = [n for i, n in names.items() if i in set(table["technology"])]
    across = min(4, max(2, len(order)))
    first, last = map(int, extent(table["year"]))
    base = vl.Chart(shown).encode(
        x=vl.X(
            "year:Q",
            title=None,
            scale=vl.Scale(domain=[first, last], nice=False),
            axis=vl.Axis(format="d", tickCount=3, grid=False),
        ),
        y=vl.Y("family_share:Q", title=None, axis=vl.Axis(format=".0%", tickCount=3, grid=True)),
        color=_colour(page, said, sign="stroke"),
    )
    lines = base.mark_line(strokeWidth=1.8)
    young = base.mark_point(filled=False, fill="white", strokeWidth=1.2, size=20, opacity=1)
    chart = (
        vl.layer(lines, young.transform_filter("datum.truncated"))
        .properties(width=WIDTH / across - 45, height=PANEL)
        .facet(
            facet=vl.Facet(
                "name:N",
                sort=order,
                title=None,
                header=vl.Header(labelExpr="split(datum.label, '\\n')", labelFontSize=11),
            ),
            columns=across,
            spacing=24,
        )
    )
    return chart, table
