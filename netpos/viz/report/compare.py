"""The comparison page: two to five countries side by side, one offline file without scripts.

Its numbers are cells of the tables, each with the name of its cell, as in the report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import polars as pl
from markupsafe import Markup

from netpos import countries
from netpos.viz.charts import charts
from netpos.viz.numbers import cell, difference, interval, reference
from netpos.viz.page import Page, counted_by, excludes_zero
from netpos.viz.report import facts
from netpos.viz.safe_html import environment
from netpos.viz.words import in_sentence, joined, translated, words

Row = Mapping[str, Any]

#: Column of countries.csv, how it is written, and whether it rests on located citations.
LINES = (
    ("families", "one", False),
    ("family_share", "percent", False),
    ("family_rank", "count", False),
    ("value_share", "percent", False),
    ("value_rank", "count", False),
    ("citations_per_family", "one", False),
    ("received", "one", True),
    ("received_share", "percent", True),
    ("received_rank", "count", True),
    ("balance_ratio", "two", True),
    ("core_distance", "small", True),
    ("core_distance_relative", "two", True),
    ("source_effective", "one", True),
    ("similarity", "two", True),
)
#: A rank stands only beside an amount that is not zero.
RANKED = {"family_rank": "families", "value_rank": "value", "received_rank": "received"}


def write_comparison(page: Page) -> str:
    """Render the countries of ``page.compared`` side by side, technology by technology.

    Parameters
    ----------
    page
        What it is made of; see `netpos.viz.page.Page`. Figures are those that
        `netpos.viz.charts.charts.figures` made of the same page, if any.

    Returns
    -------
    str
        HTML without scripts and without any reference to another host. What rests on citations
        is left out where fewer than half of those of the country are located, and the countries
        are named; a rank is left out where there is nothing to rank.
    """
    t, lang = words(page.lang), page.lang
    listed = dict(page.technologies)
    listed.setdefault(facts.ALL, t["all"])
    parts = [_part(page, ident, name) for ident, name in listed.items()]
    names = {code: countries.name(code, lang) for code in page.compared}
    template = environment().get_template("report_comparison.html.j2")
    return template.render(
        page=page,
        t=t,
        data_sources=facts.data_sources(page),
        clock=t[f"clock_{page.year_by}"],
        excludes_zero=excludes_zero,
        office=facts.one_office(page),
        pseudonym=facts.pseudonym(page),
        reference=reference,
        union=parts[-1],
        parts=parts,
        names=names,
        by=counted_by(page),
        focal_name=names[page.focal],
        others=joined([in_sentence(code, lang) for code in page.compared[1:]], lang),
        focal_said=in_sentence(page.focal, lang),
        first=page.parts[0] if page.parts else None,
        last=page.parts[-1] if page.parts else None,
        warnings=[translated(text, "warning", lang) for text in page.warnings],
        valued=facts.has_value(page),
        bounds=page.has("countries", "family_rank_low"),
        c=partial(cell, lang=lang),
        between=partial(interval, lang=lang, reasons=page.reasons),
        moved=partial(difference, lang=lang),
        drawing=lambda name: Markup(page.figures[name].svg),
        caption=partial(charts.figure_words, page),
    )


def _part(page: Page, ident: str, name: str) -> dict[str, Any]:
    """Rows of one technology: an indicator by country, where any of them has it."""
    found = facts.first_row(page.rows("technologies", ident, facts.ALL))
    head = found or {"technology": ident, "period": facts.ALL, "families": 0, "links": 0}
    held, changes = _held(page, ident, facts.ALL), _changes(page, ident)
    linked = bool(head.get("links"))
    lines = [
        (column, form, shown)
        for column, form, on_links in LINES
        if (linked or not on_links) and (not column.startswith("value") or facts.has_value(page))
        for shown in [[_shown(row, column, on_links=on_links) for row in held]]
        if any(shown)
    ]
    return {
        "id": ident,
        "name": name,
        "facts": head,
        "lines": lines if any(row and row["families"] for row in held) else [],
        "changes": changes,
        "ranks_changed": any(ends and ends[2] for ends in changes),
        "near": [_shown(row, "near_core", on_links=True) for row in held] if linked else [],
        "linked": linked,
        "dark": [row["country"] for row in held if linked and row and _dark(row)],
        "absent": [
            code
            for code, row in zip(page.compared, held, strict=True)
            if row is None or not row["families"]
        ],
    }


def _held(page: Page, ident: str, period: str) -> list[Row | None]:
    """Rows of the countries compared, in their order; None for one that the table has not."""
    table = page.rows("countries", ident, period)
    if not table.width:
        return [None for _ in page.compared]
    rows = {
        r["country"]: r
        for r in table.filter(pl.col("country").is_in(list(page.compared))).to_dicts()
    }
    return [rows.get(code) for code in page.compared]


def _dark(row: Row) -> bool:
    return row.get("measurable") is False


def _shown(row: Row | None, column: str, *, on_links: bool) -> Row | None:
    """Give the row where its number may be shown."""
    if row is None or row.get(column) is None or (on_links and _dark(row)):
        return None
    if column in RANKED and not row.get(RANKED[column]):
        return None
    return row


def _changes(page: Page, ident: str) -> Sequence[tuple[Row, Row, bool] | None]:
    """Rows of the first and the last period of each country; whether its rank has moved too."""
    if len(page.parts) < 2:
        return []
    ends = (_held(page, ident, page.parts[0]), _held(page, ident, page.parts[-1]))
    found = [
        (one, two, bool(one["families"] and two["families"]))
        if one and two and None not in (one["family_share"], two["family_share"])
        else None
        for one, two in zip(*ends, strict=True)
    ]
    return found if any(found) else []
