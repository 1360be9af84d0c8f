"""Figures that set the technologies beside one another, for the country in focus."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING

import polars as pl

from netpos import countries
from netpos.viz.charts import spec as vl
from netpos.viz.charts.theme import (
    BLOC_COLOURS,
    FOCUS,
    INK,
    PALE,
    PALETTE,
    SOFT,
    WIDTH,
    extent,
    labelled,
    name_layers,
    rank_axis,
)
from netpos.viz.page import Page
from netpos.viz.words import words

if TYPE_CHECKING:
    from netpos.viz.charts.theme import Drawn

ROW = 26
#: Indicators of scores.csv that are drawn; in all of them higher is better.
SCORES = ("balance_ratio", "source_effective", "similarity")
_SOURCES = 12
#: Places in the palette of focus areas; red stays that of the country in focus, grey that of none.
AREA_COLOURS = (0, 1, 4, 5, 9, 6, 7)


def focal_rows(page: Page, period: str = "all") -> pl.DataFrame:
    """Return the row of the country in focus of each technology, with its name and place."""
    table = page.table("countries")
    if not table.width:
        return table
    mine = table.filter((pl.col("country") == page.focal) & (pl.col("period") == period))
    named = pl.DataFrame(
        {
            "technology": [i for i, _ in page.technologies],
            "name": [n for _, n in page.technologies],
        },
        schema={"technology": pl.String, "name": pl.String},
    )
    return named.join(mine.drop("name", strict=False), on="technology", how="inner")


def measured(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows whose links are located well enough to be shown."""
    if "measurable" not in rows.columns:
        return rows
    return rows.filter(pl.col("measurable").fill_null(value=False))


def names_axis(rows: pl.DataFrame, *, labels: bool = True) -> vl.Channel:
    """Return an axis of names in the order of the rows."""
    axis = vl.Axis(
        domain=False, ticks=False, labelPadding=8, grid=True, labelLimit=280, labels=labels
    )
    return vl.Y("name:N", sort=rows["name"].to_list(), title=None, axis=axis)


def rank_change(page: Page) -> Drawn:
    """Draw the rank by size in the first and the last period, joined by a line."""
    t = words(page.lang)
    if len(page.parts) < 2:
        return None
    periods = [page.parts[0], page.parts[-1]]
    parts = [focal_rows(page, p) for p in periods]
    if any("family_rank" not in p.columns or not p.height for p in parts):
        return None
    columns = ["technology", "name", "period", "family_rank", "family_share", "families"]
    table = pl.concat([p.select(columns) for p in parts])
    table = table.filter((pl.col("families") > 0) & pl.col("family_rank").is_not_null())
    both = table.group_by("technology").len().filter(pl.col("len") == 2)["technology"]
    table = table.filter(pl.col("technology").is_in(both.implode()))
    if not table.height:
        return None
    wide = table.pivot("period", index="name", values="family_rank", aggregate_function="first")
    wide = wide.rename({periods[0]: "before", periods[1]: "after"})
    domain, ticks = rank_axis(wide["before"], wide["after"])
    x = vl.Scale(domain=domain, nice=False)
    axis = vl.Axis(format="d", values=ticks)
    base = vl.Chart(wide).encode(y=names_axis(wide))
    rule = base.mark_rule(strokeWidth=2, color=PALE).encode(
        x=vl.X("before:Q", scale=x, title=t["size_rank"], axis=axis), x2=vl.X2("after")
    )
    old = base.mark_point(
        size=60, filled=True, fill="white", stroke=SOFT, strokeWidth=1.5, opacity=1
    )
    new = base.mark_point(size=80, filled=True, fill=FOCUS, stroke=FOCUS, opacity=1)
    chart = vl.layer(rule, old.encode(x=vl.X("before:Q")), new.encode(x=vl.X("after:Q")))
    title = f"○ {periods[0]}   ● {periods[1]}"
    return chart.properties(width=WIDTH - 320, height=ROW * wide.height, title=title), table.drop(
        "name"
    )


def focal_share(page: Page) -> Drawn:
    """Draw the share of the country in focus by year, one small panel for each technology."""
    return _focal(page, "family_share")


def focal_value(page: Page) -> Drawn:
    """Draw its share of the value in force at the end of each year, as `focal_share`."""
    return _focal(page, "value_share")


def _focal(page: Page, column: str) -> Drawn:
    rows = page.table("trend")
    if not rows.height or column not in rows.columns:
        return None
    names = {
        i: "\n".join(textwrap.wrap(n, 26, break_long_words=False)) for i, n in page.technologies
    }
    table = rows.filter(
        (pl.col("country") == page.focal) & pl.col("technology").is_in(list(names))
    ).drop_nulls(column)
    if table["year"].n_unique() < 2 or not (table[column] > 0).any():
        return None
    shown = table.with_columns(name=pl.col("technology").replace_strict(names)).select(
        "name", "year", column, "truncated"
    )
    order = [n for i, n in names.items() if i in set(table["technology"])]
    first, last = map(int, extent(table["year"]))
    base = vl.Chart(shown).encode(
        x=vl.X(
            "year:Q",
            title=None,
            scale=vl.Scale(domain=[first, last], nice=False),
            axis=vl.Axis(format="d", tickCount=3, grid=False),
        ),
        y=vl.Y(f"{column}:Q", title=None, axis=vl.Axis(format=".0%", tickCount=3, grid=True)),
    )
    line = base.mark_line(color=FOCUS, strokeWidth=2)
    done = base.mark_point(color=FOCUS, filled=True, size=28, opacity=1).transform_filter(
        "!datum.truncated"
    )
    young = base.mark_point(
        stroke=FOCUS, fill="white", filled=True, strokeWidth=1.3, size=28, opacity=1
    ).transform_filter("datum.truncated")
    chart = (
        vl.layer(line, done, young)
        .properties(width=WIDTH / 4 - 45, height=90)
        .facet(
            facet=vl.Facet(
                "name:N",
                sort=order,
                title=None,
                header=vl.Header(labelExpr="split(datum.label, '\\n')", labelFontSize=11),
            ),
            columns=4,
            spacing=24,
        )
    )
    return chart, table.select("technology", "country", "year", column, "truncated")


def score_rows(page: Page, column: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return names of the technologies, and a row per technology and score that has a value."""
    given, rows = page.table("scores"), focal_rows(page)
    if not given.height or not rows.height:
        none = pl.DataFrame(schema={"technology": pl.String, "name": pl.String})
        return none, none.with_columns(indicator=pl.lit(None, pl.String))
    kept = given.filter(pl.col("indicator").is_in(SCORES) & pl.col(column).is_not_null())
    names = measured(rows).select("technology", "name")
    return names, names.join(kept, on="technology", how="inner", maintain_order="left")


def scores(page: Page) -> Drawn:
    """Draw balance, diversity and likeness of sources, each from lowest to highest of the list."""
    t = words(page.lang)
    names, long = score_rows(page, "min_max")
    scored = [k for k in SCORES if (long["indicator"] == k).any()]
    if not scored:
        return None
    order = names.filter(pl.col("technology").is_in(long["technology"].implode()))
    panels = []
    for column in scored:
        part = long.filter(pl.col("indicator") == column)
        axis = names_axis(order, labels=column == scored[0])
        base = vl.Chart(part).encode(y=axis)
        x = vl.X(
            "min_max:Q",
            title=None,
            scale=vl.Scale(domain=[0, 1]),
            axis=vl.Axis(values=[0, 0.5, 1], format="~r"),
        )
        dots = base.mark_point(filled=True, size=90, color=PALETTE[0], opacity=1).encode(x=x)
        form = ".1f" if column == "source_effective" else ".2f"
        text = base.mark_text(align="left", dx=9, color=SOFT).encode(
            x=x, text=vl.Text("value:Q", format=form)
        )
        width = (WIDTH - 300) / len(scored) - 40
        title = t[f"chart_{column}"]
        panels.append(
            vl.layer(dots, text).properties(width=width, height=ROW * order.height, title=title)
        )
    return vl.hconcat(*panels, spacing=40), long.drop("name")


def classes(page: Page) -> Drawn:
    """Draw from which groups of countries the foreign sources come."""
    t = words(page.lang)
    rows = measured(focal_rows(page))
    columns = [f"share_{k}" for k in BLOC_COLOURS]
    if not rows.height or not set(columns) <= set(rows.columns):
        return None
    table = rows.select("technology", "name", *columns).drop_nulls(columns)
    if not table.height:
        return None
    long = table.unpivot(columns, index="name", variable_name="bloc").with_columns(
        place=pl.col("bloc").replace_strict({c: k for k, c in enumerate(columns)}),
        group=pl.col("bloc").replace_strict({f"share_{k}": t[f"bloc_{k}"] for k in BLOC_COLOURS}),
    )
    names = [t[f"bloc_{k}"] for k in BLOC_COLOURS]
    base = vl.Chart(long).encode(
        y=names_axis(table),
        x=vl.X(
            "value:Q", stack="zero", title=None, axis=vl.Axis(format=".0%"),
            scale=vl.Scale(domain=[0, 1], nice=False),
        ),
        order=vl.Order("place:O"),
    )  # fmt: skip
    bars = base.mark_bar(height={"band": 0.7}).encode(
        color=vl.Color(
            "group:N", title=None, scale=vl.Scale(domain=names, range=list(BLOC_COLOURS.values()))
        )
    )
    return bars.properties(width=WIDTH - 320, height=ROW * table.height), table.drop("name")


def concentration(page: Page) -> Drawn:
    """Draw the part of the foreign sources that comes from the first and the first three."""
    t = words(page.lang)
    table = page.table("exposure")
    rows = measured(focal_rows(page))
    if not table.height or not rows.height:
        return None
    table = table.filter((pl.col("kind") == "country") & (pl.col("period") == "all"))
    top = (
        table.sort("technology", "share", "source", descending=[False, True, False])
        .group_by("technology", maintain_order=True)
        .agg(one=pl.col("share").first(), three=pl.col("share").head(3).sum())
    )
    shown = rows.select("technology", "name").join(
        top, on="technology", how="inner", maintain_order="left"
    )
    if not shown.height:
        return None
    axis = vl.Axis(format=".0%", tickCount=6)
    base = vl.Chart(shown).encode(y=names_axis(shown))
    x = vl.X("one:Q", title=None, axis=axis, scale=vl.Scale(domain=[0, 1], nice=False))
    rule = base.mark_rule(strokeWidth=2, color=PALE).encode(x=x, x2=vl.X2("three"))
    one = base.mark_point(filled=True, size=80, fill=PALETTE[0], stroke=PALETTE[0], opacity=1)
    three = base.mark_point(filled=True, size=70, fill="white", stroke=PALETTE[0], opacity=1)
    chart = vl.layer(rule, one.encode(x=x), three.encode(x=vl.X("three:Q")))
    title = f"● {t['chart_one']}   ○ {t['chart_three']}"
    return chart.properties(width=WIDTH - 320, height=ROW * shown.height, title=title), shown.drop(
        "name"
    )


def exposure(page: Page) -> Drawn:
    """Draw the countries built on most, and the diversity that is left without each."""
    t = words(page.lang)
    rows = page.rows("exposure", "all", "all", kind="country")
    own = page.rows("countries", "all", "all", country=page.focal)
    if not rows.height or not measured(own).height:
        return None
    order = rows.sort(["share", "source"], descending=[True, False]).head(_SOURCES)
    table = order.select("source", "share", "effective_without").with_columns(
        name=pl.col("source").map_elements(lambda c: countries.name(c, page.lang), pl.String)
    )
    height = ROW * table.height
    base = vl.Chart(table).encode(y=names_axis(table))
    x = vl.X("share:Q", title=None, axis=vl.Axis(format=".0%", tickCount=5))
    bars = base.mark_bar(height={"band": 0.7}, color=PALETTE[0]).encode(x=x)
    text = base.mark_text(align="left", dx=4, color=SOFT).encode(
        x=x, text=vl.Text("share:Q", format=".1%")
    )
    left = vl.layer(bars, text).properties(
        width=WIDTH / 2 - 110, height=height, title=t["chart_exposure"]
    )
    base = vl.Chart(table).encode(y=names_axis(table, labels=False))
    x = vl.X(
        "effective_without:Q", title=None, scale=vl.Scale(zero=False, padding=14),
        axis=vl.Axis(tickCount=4),
    )  # fmt: skip
    dots = base.mark_point(filled=True, size=80, color=INK, opacity=1).encode(x=x)
    right = dots.properties(width=WIDTH / 2 - 140, height=height, title=t["effective_without"])
    return vl.hconcat(left, right, spacing=50), table.drop("name")


def complexity_value(page: Page) -> Drawn:
    """Draw complexity against the share of value; only where both have a stated basis."""
    return _complexity(page, "value_share", None, ".0%")


def complexity_balance(page: Page) -> Drawn:
    """Draw complexity against balance; only where complexity and totals have a stated basis."""
    return _complexity(page, "balance_ratio", 0.0, ".1f")


def _complexity(page: Page, column: str, line: float | None, form: str) -> Drawn:
    t = words(page.lang)
    facts = page.table("technologies")
    if not {"complexity", "complexity_basis"} <= set(facts.columns):
        return None
    rows = focal_rows(page) if column == "value_share" else measured(focal_rows(page))
    if column not in rows.columns:
        return None
    special = next((c for c in ("rca", "rca_within") if c in rows.columns and rows[c].count()), "")
    if not special:
        return None
    # over all subclasses, where there are any: half of that scale means something, while the ends
    # of the other are those of the technologies listed
    scale = "complexity"
    if "complexity_matrix" in facts.columns and facts["complexity_matrix"].count():
        scale = "complexity_matrix"
    based = facts.filter(pl.col("period") == "all").select("technology", scale, "complexity_basis")
    table = (
        rows.join(based, on="technology", how="inner", maintain_order="left")
        .select("technology", "name", scale, column, special, "complexity_basis")
        .drop_nulls()
    )
    if table.height < 2:
        return None
    middle = table.select(pl.col(column).median()).item() if line is None else line
    width, height = WIDTH - 100, 400
    low, high = extent(table[column])
    tall = (height - 60) / (high - low) if high > low else 0.0
    labels, sides = labelled(
        ((table[scale] + 4) * width / 108).to_list(),
        ((high - table[column]) * tall).to_list(),
        table["name"].to_list(),
        [name.partition(" ")[0] for name in table["name"]],
        radius=17,
        font=11,
        width=width,
    )
    placed = table.with_columns(
        label=pl.Series(labels, dtype=pl.String), side=pl.Series(sides, dtype=pl.String)
    )
    named = _area_names(page)
    areas = {i: named.get(i, t["no_area"]) for i in table["technology"]} if named else {}
    if areas:
        area = pl.col("technology").replace_strict(areas, return_dtype=pl.String)
        placed = placed.with_columns(focus_area=area)
        table = table.with_columns(
            focus_area=pl.col("technology").replace_strict(
                dict(page.areas), default=None, return_dtype=pl.String
            )
        )
    base = vl.Chart(placed).encode(
        x=vl.X(
            f"{scale}:Q", title=t[f"chart_{scale}"],
            axis=vl.Axis(grid=False, values=[0, 25, 50, 75, 100]),
            scale=vl.Scale(domain=[-4, 104], nice=False),
        ),
        y=vl.Y(
            f"{column}:Q", title=t[f"chart_{column}"],
            axis=vl.Axis(format=form, grid=False, tickCount=5),
            scale=vl.Scale(zero=False, nice=False, padding=30),
        ),
    )  # fmt: skip
    dots = base.mark_circle(opacity=0.8, color=PALETTE[0]).encode(
        **_area_colour(page, t["no_area"]) if areas else {},
        size=vl.Size(
            f"{special}:Q",
            title=t[f"column_{special}"],
            scale=vl.Scale(range=[40, 900]),
            legend=vl.Legend(symbolType="circle", tickCount=4),
        ),
    )
    texts = name_layers(base, "label", gap=21, font=11)
    lines = pl.DataFrame({"x": [50.0], "y": [middle]})
    across = vl.Chart(lines).mark_rule(strokeDash=[4, 4], color=PALE).encode(x=vl.X("x:Q"))
    along = vl.Chart(lines).mark_rule(strokeDash=[4, 4], color=PALE).encode(y=vl.Y("y:Q"))
    chart = vl.layer(across, along, dots, *texts)
    return chart.properties(width=width, height=height), table.drop("name")


def _area_names(page: Page) -> dict[str, str]:
    """Name the focus area of each technology; those that come along in the language of the page."""
    names: Mapping[str, str] = words(page.lang)["areas"]
    return {ident: names.get(area, area) for ident, area in page.areas.items()}


def _area_colour(page: Page, none: str) -> dict[str, vl.Channel]:
    """Colour by focus area; the areas of the run in the order of its technologies, none last.

    The scale holds every area of the run, so that both figures give an area the same colour.
    """
    ids = [i for i, _ in page.technologies]
    areas = _area_names(page)
    named = list(dict.fromkeys(areas[i] for i in ids if i in areas))
    colours = [PALETTE[k] for k in AREA_COLOURS]
    pairs = list(zip(named, colours, strict=False))
    if any(i not in page.areas for i in ids):
        pairs.append((none, PALE))
    scale = vl.Scale(domain=[a for a, _ in pairs], range=[c for _, c in pairs])
    legend = vl.Legend(symbolType="circle", symbolSize=140, columns=4)
    return {"color": vl.Color("focus_area:N", title=None, scale=scale, legend=legend)}
