"""The page on dependence: technologies by source and by user, one offline file without scripts.

Its numbers are cells of the tables, each with the name of its cell, as in the report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import polars as pl

from netpos import countries
from netpos.viz.numbers import cell, interval, listed, number, reference
from netpos.viz.page import Page, counted_by
from netpos.viz.report import behind as report_behind
from netpos.viz.report import facts
from netpos.viz.safe_html import environment
from netpos.viz.words import in_sentence, translated, words

Row = Mapping[str, Any]

#: Columns of sources and of users.
SOURCES = 9
#: Citations of a row from which a cell has its full shade; below, it fades in proportion.
FULL = 50.0
#: Pairs of countries shown that size and years do not explain, in each direction.
BEYOND = 12


def write_dependence(page: Page) -> str:
    """Render on whom the country in focus builds, and who builds on it, technology by technology.

    Parameters
    ----------
    page
        What it is made of; see `netpos.viz.page.Page`.

    Returns
    -------
    str
        HTML without scripts and without any reference to another host. A technology whose
        citations are not measurable has no numbers.
    """
    t, lang = words(page.lang), page.lang
    rows, union, every = facts.technologies(page)
    for row in every:
        row["given_to"] = _by_country(page, row, "cited")
        row["received_from"] = _by_country(page, row, "citing")
        row["given_total"] = sum(r["weight"] for r in row["given_to"].values())
        row["received_total"] = sum(r["weight"] for r in row["received_from"].values())
        row["shares_of"] = {
            r["country"]: r for r in page.rows("dependents", row["id"], facts.ALL).to_dicts()
        }
    template = environment().get_template("report_dependence.html.j2")
    return template.render(
        page=page,
        t=t,
        data_sources=facts.data_sources(page),
        rows=rows,
        every=every,
        union=union,
        sources=_largest(union["given_to"]),
        users=_largest(union["received_from"]),
        beyond=[(end, *_beyond(page, end)) for end in ("citing", "cited")],
        blocs=facts.BLOCS,
        has={
            "evidence": any(r["behind"] for row in rows for r in (*row["sources"], *row["users"]))
        },
        office=facts.one_office(page),
        pseudonym=facts.pseudonym(page),
        warnings=[translated(text, "warning", lang) for text in page.warnings],
        by=counted_by(page),
        clock=t[f"clock_{page.year_by}"],
        names={facts.ALL: t["all"]} | dict(page.technologies),
        focal_name=countries.name(page.focal, lang),
        focal_said=in_sentence(page.focal, lang),
        name_of=partial(countries.name, lang=lang),
        c=partial(cell, lang=lang),
        between=partial(interval, lang=lang, reasons=page.reasons),
        listed=partial(listed, lang=lang),
        shown=partial(number, lang=lang),
        patent=partial(report_behind.patent, page),
        reference=reference,
        shade=shade,
    )


def shade(share: float | None, total: float) -> float:
    """Return the opacity of a cell: its share, half of everything darkest, fading with small n.

    Examples
    --------
    >>> shade(0.5, 200.0), shade(0.5, 10.0), shade(None, 200.0)
    (0.6, 0.12, 0.0)
    """
    return round(min(1.0, 2.0 * (share or 0.0)) * 0.6 * min(1.0, total / FULL), 3)


def _by_country(page: Page, row: Row, end: str) -> dict[str, Row]:
    """Citations between the country in focus and each other one, which stands at ``end``."""
    if not row["shown"]:
        return {}
    mine = "citing" if end == "cited" else "cited"
    table = page.rows("source_links", row["id"], facts.ALL, **{mine: page.focal})
    if not table.width:
        return {}
    table = table.filter((pl.col(end) != page.focal) & (pl.col("weight") > 0))
    return {r[end]: r for r in table.sort(end).to_dicts()}


def _largest(links: Mapping[str, Row]) -> list[str]:
    """Return the countries with most citations, ties by code."""
    order = sorted(links.values(), key=lambda r: (-r["weight"], r["citing"], r["cited"]))
    codes = {id(r): code for code, r in links.items()}
    return [codes[id(r)] for r in order[:SOURCES]]


def _beyond(page: Page, mine: str) -> tuple[Sequence[Row], int, int]:
    """Pairs of the country in focus whose citations size and years do not explain.

    With how many there are, and how many could be tested.

    Of a pair it is said only where the whole interval of observed over expected lies on one side
    of 1.
    """
    table = page.table("residuals")
    if not {"ratio", "low", "high", mine} <= set(table.columns):
        return [], 0, 0
    other = "cited" if mine == "citing" else "citing"
    tested = table.filter(
        (pl.col("period") == facts.ALL)
        & (pl.col(mine) == page.focal)
        & (pl.col(other) != page.focal)
        & pl.col("low").is_not_null()
        & pl.col("high").is_not_null()
    )
    apart = tested.filter((pl.col("low") > 1) | (pl.col("high") < 1))
    order = apart.with_columns(far=pl.col("ratio").log().abs()).sort(
        ["far", "technology", other], descending=[True, False, False]
    )
    rows = [r | {"other": r[other]} for r in order.head(BEYOND).to_dicts()]
    return rows, apart.height, tested.height
