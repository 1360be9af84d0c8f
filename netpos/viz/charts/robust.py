"""Figures on how far numbers can be relied on: intervals of ranks, other ways of counting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from netpos.viz.charts import spec as vl
from netpos.viz.charts.technologies import ROW, focal_rows, measured, names_axis
from netpos.viz.charts.theme import FOCUS, PALE, SOFT, WIDTH, filled, rank_axis
from netpos.viz.page import Page
from netpos.viz.words import words

if TYPE_CHECKING:
    from netpos.viz.charts.theme import Drawn

_RANKS = ("family_rank", "received_rank")
#: Size of the mark of a way of counting, larger for that of the run.
SIZE = pl.when(pl.col("base")).then(110).otherwise(28)
_RANKED = ("family_share", "received_share")


def rank_intervals(page: Page) -> Drawn:
    """Draw the ranks of the country in focus with their 95 % intervals."""
    t = words(page.lang)
    rows = focal_rows(page)
    kinds = [
        c
        for c in _RANKS
        if {c, f"{c}_low", f"{c}_high"} <= set(rows.columns)
        and rows[f"{c}_low"].null_count() < rows.height
    ]
    if not kinds:
        return None
    seen = set(measured(rows)["technology"])
    columns = [f"{c}{end}" for c in kinds for end in ("", "_low", "_high")]
    hide = pl.col("technology").is_in(list(seen))
    table = rows.select("technology", "name", *columns).with_columns(
        pl.when(hide).then(pl.col(c)).alias(c) for c in columns if c.startswith("received")
    )
    panels = []
    for column in kinds:
        base = vl.Chart(table).encode(y=names_axis(table, labels=column == kinds[0]))
        domain, ticks = rank_axis(table[f"{column}_high"], table[column])
        scale = vl.Scale(domain=domain, nice=False)
        axis = vl.Axis(format="d", values=ticks)
        x = vl.X(f"{column}_low:Q", title=None, scale=scale, axis=axis)
        rule = base.mark_rule(strokeWidth=5, color=PALE).encode(x=x, x2=vl.X2(f"{column}_high"))
        dots = base.mark_point(filled=True, size=80, color=FOCUS, opacity=1).encode(
            x=vl.X(f"{column}:Q")
        )
        width = (WIDTH - 290) / len(kinds) - 25
        title = t["size_rank" if column == "family_rank" else "received_rank"]
        panels.append(
            vl.layer(rule, dots).properties(width=width, height=ROW * table.height, title=title)
        )
    return vl.hconcat(*panels, spacing=40), table.drop("name")


def sensitivity(page: Page, technology: str) -> Drawn:
    """Draw the rank under every way of counting, in order; below it what each changes.

    A rank by citations that are not measurable is not drawn.
    """
    t = words(page.lang)
    rows = page.rows("sensitivity", technology)
    if not rows.height or not {"indicator", "rank", "base"} <= set(rows.columns):
        return None
    rows = rows.drop_nulls("rank")
    own = page.rows("countries", technology, "all", country=page.focal)
    dark = "measurable" in own.columns and own["measurable"].eq(other=False).any()
    ranked = [k for k in _RANKED if not (dark and k == "received_share")]
    kinds = [k for k in ranked if rows.filter(pl.col("indicator") == k).height > 1]
    ways = [c for c in rows.columns if f"way_{c}" in t and rows[c].n_unique() > 1]
    panels, parts = [], []
    for kind in kinds:
        part = rows.filter(pl.col("indicator") == kind)
        part = part.sort("rank", *ways, nulls_last=True).with_row_index("place")
        parts.append(part)
        domain, ticks = rank_axis(part["rank"])
        across = vl.X("place:O", axis=None)
        size = {"width": WIDTH / len(kinds) - 150}
        dots = vl.Chart(
            part.select("place", "rank", fill=filled(pl.col("base")), size=SIZE)
        ).mark_point(filled=True, opacity=1)
        upper = dots.encode(
            x=across,
            y=vl.Y(
                "rank:Q", title=t["rank"], scale=vl.Scale(domain=domain, nice=False),
                axis=vl.Axis(format="d", values=ticks, grid=True),
            ),
            color=vl.Color("fill:N", scale=None),
            size=vl.Size("size:Q", scale=None),
        )  # fmt: skip
        upper = upper.properties(height=140, title=t[f"sensitivity_{kind}"], **size)
        choices = _choices(part, ways, t)
        if not choices.height:
            panels.append(upper)
            continue
        order = choices["choice"].unique(maintain_order=True).to_list()
        lower = vl.Chart(choices).mark_tick(thickness=2, size=9, color=SOFT).encode(
            x=across,
            y=vl.Y(
                "choice:N", sort=order, title=None,
                axis=vl.Axis(domain=False, ticks=False, grid=True, labelFontSize=10),
            ),
        )  # fmt: skip
        lower = lower.properties(height=15 * len(order), **size)
        panels.append(vl.vconcat(upper, lower, spacing=8))
    if not panels:
        return None
    return vl.hconcat(*panels, spacing=30), pl.concat(parts)


def _choices(part: pl.DataFrame, ways: list[str], t: dict[str, Any]) -> pl.DataFrame:
    """One row per way of counting and choice in which it differs from the run."""
    base = part.filter("base")
    found = []
    for k, way in enumerate(ways):
        own = base[way][0] if base.height else None
        other = part.filter(pl.col(way).ne_missing(own)) if base.height else part
        values = other[way].cast(pl.String).fill_null("none").to_list()
        named = [f"{t[f'way_{way}']}: {t.get(f'choice_{way}_{v}', v)}" for v in values]
        choice = pl.Series("choice", named, dtype=pl.String)
        found.append(other.select("place", choice, way=pl.lit(k)))
    table = pl.concat(found) if found else pl.DataFrame()
    return table.sort("way", "choice", "place") if table.height else table
