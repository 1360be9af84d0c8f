"""Figures of one technology: countries by share and year, organisations by size and citations."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import polars as pl

from netpos import countries
from netpos.viz.charts import spec as vl
from netpos.viz.charts.theme import (
    INK,
    SOFT,
    WIDTH,
    country_colours,
    extent,
    filled,
    labelled,
    name_layers,
    readable,
)
from netpos.viz.page import Page
from netpos.viz.words import words

if TYPE_CHECKING:
    from netpos.viz.charts.theme import Drawn

#: Countries with a bar, with a line, organisations with a bubble.
BARS, LINES, BUBBLES = 12, 5, 10
#: Of a bubble where names are placed, pixels.
_RADIUS = 10
#: Lines at most where the countries to compare with are chosen.
MOST_LINES = 8
_SHARES = ("family_share", "received_share", "value_share")


def share(page: Page, technology: str) -> Drawn:
    """Draw shares of families, of citations received and of value by country."""
    t = words(page.lang)
    rows = page.rows("countries", technology, "all")
    kinds = [c for c in _SHARES if c in rows.columns and (rows[c] > 0).any()]
    if not rows.height or "family_share" not in kinds:
        return None
    order = rows.filter(pl.col("family_share") > 0).sort(
        ["family_share", "country"], descending=[True, False]
    )
    if not order.height:
        return None
    kept = order["country"].to_list()[:BARS]
    if page.focal not in kept and page.focal in order["country"]:
        kept = [*kept[: BARS - 1], page.focal]
    table = order.filter(pl.col("country").is_in(kept))
    if "measurable" in table.columns:
        unknown = pl.col("measurable").eq(other=False).fill_null(value=False)
        hide = [c for c in kinds if c == "received_share"]
        table = table.with_columns(pl.when(~unknown).then(pl.col(c)).alias(c) for c in hide)
    bounds = [c for c in ("family_share_low", "family_share_high") if c in table.columns]
    table = table.select("country", *kinds, *bounds).with_columns(
        name=pl.col("country").map_elements(lambda c: countries.name(c, page.lang), pl.String),
        fill=filled(pl.col("country") == page.focal),
    )
    names = table["name"].to_list()
    panels = []
    for column in kinds:
        base = vl.Chart(table).encode(
            y=vl.Y(
                "name:N",
                sort=names,
                title=None,
                axis=vl.Axis(domain=False, ticks=False, labels=column == kinds[0], labelPadding=6),
            )
        )
        bars = base.mark_bar(height={"band": 0.72}).encode(
            x=vl.X(f"{column}:Q", title=None, axis=vl.Axis(format=".0%", tickCount=4)),
            color=vl.Color("fill:N", scale=None),
        )
        layers: list[Any] = [bars]
        if column == "family_share" and len(bounds) == 2:
            layers.append(
                base.mark_rule(color=INK, strokeWidth=1.2).encode(
                    x=vl.X(f"{bounds[0]}:Q"), x2=vl.X2(bounds[1])
                )
            )
        else:
            text = base.mark_text(align="left", dx=4, color=SOFT)
            layers.append(
                text.encode(x=vl.X(f"{column}:Q"), text=vl.Text(f"{column}:Q", format=".1%"))
            )
        width = (WIDTH - 130) / len(kinds) - 40
        title = t[f"chart_{column}"]
        panels.append(
            vl.layer(*layers).properties(width=width, height=22 * len(names), title=title)
        )
    return vl.hconcat(*panels, spacing=30), table.drop("name", "fill")


def trend(page: Page, technology: str) -> Drawn:
    """Draw shares of families and of citations by year; years not complete yet are shaded."""
    t = words(page.lang)
    rows = page.rows("trend", technology)
    if not rows.height:
        return None
    kept, colours = chosen(rows, page.focal, page.benchmark)
    table = rows.filter(pl.col("country").is_in(kept)).sort("country", "year")
    table = seen(page, technology, table)
    kinds = [c for c in _SHARES if c in table.columns and (table[c] > 0).any()]
    if not kinds or table["year"].n_unique() < 2:
        return None
    long = (
        table.select("country", "year", "truncated", *kinds)
        .unpivot(kinds, index=["country", "year", "truncated"], variable_name="kind")
        .drop_nulls("value")
        .sort("kind", "country", "year")
    )
    first, last = map(int, extent(table["year"]))
    young = table.filter(pl.col("truncated").fill_null(value=False))["year"]
    years = vl.Scale(domain=[first, last], nice=False, zero=False)
    ticks = vl.Axis(format="d", tickMinStep=1, tickCount=min(6, last - first), grid=False)
    inked = pl.col("country").replace_strict(letters(kept, colours))
    panels = []
    for column in kinds:
        part = long.filter(pl.col("kind") == column)
        x = vl.X("year:Q", title=None, scale=years, axis=ticks)
        base = vl.Chart(part).encode(
            x=x,
            y=vl.Y("value:Q", title=None, axis=vl.Axis(format=".0%", tickCount=4, grid=True)),
            color=vl.Color("country:N", scale=vl.Scale(domain=kept, range=colours), legend=None),
        )
        lines = base.mark_line(clip=True).encode(
            strokeWidth=vl.condition(
                f"datum.country === '{page.focal}'", vl.value(3), vl.value(1.5)
            )
        )
        ends = part.sort("year").group_by("country", maintain_order=True).last()
        labels = (
            vl.Chart(apart(ends, extent(part["value"])[1] or 1.0).with_columns(ink=inked))
            .mark_text(align="left", dx=5, font="Liberation Sans")
            .encode(
                x=x,
                y=vl.Y("place:Q"),
                text=vl.Text("country:N"),
                color=vl.Color("ink:N", scale=None),
            )
        )
        layers: list[Any] = []
        if young.len():
            shade = pl.DataFrame({"a": [max(extent(young)[0] - 0.5, first)], "b": [float(last)]})
            layers.append(
                vl.Chart(shade)
                .mark_rect(color="#eef1f4")
                .encode(x=vl.X("a:Q", title=None, scale=years, axis=ticks), x2=vl.X2("b"))
            )
        width = WIDTH / len(kinds) - 80
        panels.append(
            vl.layer(*layers, lines, labels).properties(
                width=width, height=210, title=t[f"chart_{column}"]
            )
        )
    return vl.hconcat(*panels, spacing=45), table.select("country", "year", "truncated", *kinds)


def chosen(
    rows: pl.DataFrame, focal: str, benchmark: Collection[str] = ()
) -> tuple[list[str], list[str]]:
    """Choose the countries with a line: those to compare with, else the largest, and the focal one.

    Parameters
    ----------
    rows
        ``country, year, families`` of one technology.
    focal
        Country in focus.
    benchmark
        Countries to compare it with; none: the largest over all years.

    Returns
    -------
    (list, list)
        The countries, largest first, and their colours.
    """
    size = rows.group_by("country").agg(pl.col("families").sort().sum())
    order = size.sort(["families", "country"], descending=[True, False])["country"].to_list()
    shown = [c for c in order if c in benchmark][:MOST_LINES] or order[:LINES]
    kept = list(dict.fromkeys([*shown, focal]))
    return kept, country_colours(kept, focal)


def letters(kept: list[str], colours: list[str]) -> dict[str, str]:
    """Return the colour of each country's letters: that of its line, dark enough to be read."""
    return {c: readable(k) for c, k in zip(kept, colours, strict=True)}


def seen(page: Page, technology: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Leave out the citations of countries whose citations are not measurable."""
    own = page.rows("countries", technology, "all")
    if "received_share" not in rows.columns or "measurable" not in own.columns:
        return rows
    dark = own.filter(pl.col("measurable").eq(other=False).fill_null(value=False))["country"]
    hidden = pl.col("country").is_in(dark.implode())
    return rows.with_columns(
        pl.when(~hidden).then(pl.col("received_share")).alias("received_share")
    )


def apart(ends: pl.DataFrame, top: float) -> pl.DataFrame:
    """Move labels at the ends of lines apart, so that none covers another."""
    ends = ends.sort("value", "country")
    places: list[float] = []
    for value in ends["value"].to_list():
        places.append(max(value, places[-1] + 0.065 * top) if places else value)
    return ends.with_columns(place=pl.Series(places, dtype=pl.Float64))


def organisations(page: Page, technology: str) -> Drawn:
    """Draw families against citing families per family: the world's largest and one's own."""
    t = words(page.lang)
    rows = page.rows("organisations", technology, "all")
    needed = {"families", "citations_per_family", "country", "family_rank"}
    if not rows.height or not needed <= set(rows.columns):
        return None
    rows = rows.filter((pl.col("families") > 0) & pl.col("citations_per_family").is_not_null())
    order = rows.sort(["families", "organisation"], descending=[True, False])
    mine = order.filter(pl.col("country") == page.focal).head(BUBBLES)
    if order.height < 3:
        return None
    valued = "value" in rows.columns and bool((rows["value"] > 0).any())
    world = pl.lit(t["world"])
    own = pl.lit(countries.name(page.focal, page.lang))
    table = pl.concat(
        [
            order.head(BUBBLES).with_columns(set=world),
            mine.with_columns(set=own),
        ]
    ).with_columns(
        size=pl.col("value").fill_null(0.0) if valued else pl.lit(1.0),
        label=pl.col("organisation").str.slice(0, 28),
        mine=(pl.col("country") == page.focal).fill_null(value=False),
    )
    table = table.with_columns(fill=filled(pl.col("mine")))
    titles = list(dict.fromkeys(table["set"].to_list()))
    width, height = WIDTH / len(titles) - 90, 300.0
    panels = []
    for title in titles:
        part = _sided(_at_one_point(table.filter(pl.col("set") == title)), width, height)
        base = vl.Chart(part).encode(
            x=vl.X(
                "families:Q",
                title=t["families"],
                scale=vl.Scale(type="log", nice=False, padding=34),
                axis=vl.Axis(tickCount=4, format="~r", grid=False),
            ),
            y=vl.Y(
                "citations_per_family:Q",
                title=t["per_family"],
                scale=vl.Scale(zero=False, padding=24),
                axis=vl.Axis(tickCount=5, grid=True),
            ),
        )
        colour = vl.Color("fill:N", scale=None)
        size = (
            vl.Size("size:Q", scale=vl.Scale(range=[30, 400]), legend=None)
            if valued
            else vl.value(80)
        )
        dots = base.mark_circle(opacity=0.75).encode(color=colour, size=size)
        texts = name_layers(base, "label", gap=_RADIUS + 4, font=10)
        panels.append(vl.layer(dots, *texts).properties(width=width, height=height, title=title))
    columns = ["organisation", "country", "families", "citations_per_family"]
    return vl.hconcat(*panels, spacing=40), table.select(
        "set", *columns, *(["value"] if valued else [])
    )


def _at_one_point(table: pl.DataFrame) -> pl.DataFrame:
    """Join organisations that would lie under one another: one point with all their names."""
    return (
        table.with_columns(short=pl.col("family_rank").cast(pl.Int64).cast(pl.String))
        .group_by("families", "citations_per_family", maintain_order=True)
        .agg(
            pl.col("label", "short").str.join("; "),
            pl.col("size").max(),
            pl.col("fill").sort_by(pl.col("mine")).last(),
        )
    )


def _sided(table: pl.DataFrame, width: float, height: float) -> pl.DataFrame:
    """Add the label of each point, and the side of the point on which it stands."""

    def pixels(values: pl.Series, length: float, pad: float) -> pl.Series:
        low, high = extent(values)
        inner = length - 2 * pad
        return (values - low) * (inner / (high - low) if high > low else 0.0) + (
            pad if high > low else length / 2
        )

    labels, sides = labelled(
        pixels(table["families"].log(), width, 34).to_list(),
        (height - pixels(table["citations_per_family"], height, 24)).to_list(),
        table["label"].to_list(),
        table["short"].to_list(),
        radius=_RADIUS,
        font=10,
        width=width,
    )
    return table.with_columns(
        label=pl.Series(labels, dtype=pl.String), side=pl.Series(sides, dtype=pl.String)
    )
