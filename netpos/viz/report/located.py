"""How citations were located, and what one more source could add: rows and a line for the report.

Nothing is computed anew but sums of rows of the tables ``located`` and ``open``.
"""

from __future__ import annotations

from typing import Any

import polars as pl
from markupsafe import Markup, escape

from netpos import countries
from netpos.viz.numbers import cell, number
from netpos.viz.page import Page
from netpos.viz.words import in_sentence, words

#: The union of the technologies, and the whole span.
ALL = "all"
DIRECTIONS = ("given", "received")
#: Rows shown of what open citations lack, in each direction.
MOST = 6


def open_lines(page: Page) -> list[Markup]:
    """Say of all technologies how many citations are open, and which source could close most.

    Parameters
    ----------
    page
        What the report is made of.

    Returns
    -------
    list
        A sentence a direction that has open citations. The office is the one with most documents
        that are in no export but known by number: only these can a further source locate.
    """
    t, found = words(page.lang), []
    for direction in DIRECTIONS:
        rows = page.rows("open", ALL, ALL, direction=direction)
        total = int(rows["citations"].sum()) if rows.height else 0
        if not total:
            continue
        held = Markup('<span data-sum="open|all|all|{}|citations">{}</span>').format(
            direction, number(total, 0, lang=page.lang)
        )
        by = rows.filter(pl.col("reason") == "number").drop_nulls("office")
        first = by.sort("citations", "office", descending=[True, False]).head(1).to_dicts()
        text = t[f"open_{direction}" if first else f"open_{direction}_no_number"]
        said = {"open": held}
        if first:
            said["office"] = escape(in_sentence(first[0]["office"], page.lang))
            said["most"] = cell("open", first[0], "citations", "count", page.lang)
        found.append(escape(text).format(**said))
    return found


def office_name(code: str | None, lang: str) -> str:
    """Name an office by its country; one of no single country by its own name.

    Examples
    --------
    >>> office_name("US", "en"), office_name("EP", "en"), office_name(None, "en")
    ('United States', 'European Patent Office', '–')
    """
    return "–" if code is None else countries.name(code, lang)


def located_rows(page: Page, ident: str) -> list[dict[str, Any]]:
    """Gather where the other end of citations of a technology stands, by direction and rule.

    Parameters
    ----------
    page, ident
        The page and the technology.

    Returns
    -------
    list
        ``direction, source, form, rule`` and ``periods``: the row of the table by period.
    """
    keys = ["direction", "source", "form", "rule"]
    return _by_period(page.rows("located", ident), keys)


def open_rows(page: Page, ident: str) -> list[dict[str, Any]]:
    """Gather what open citations of a technology lack: the largest by direction.

    Parameters
    ----------
    page, ident
        The page and the technology.

    Returns
    -------
    list
        ``direction, reason, office`` and ``periods``, as `located_rows`.
    """
    rows = _by_period(page.rows("open", ident), ["direction", "reason", "office"])
    found = []
    for direction in DIRECTIONS:
        mine = [r for r in rows if r["direction"] == direction]
        mine.sort(key=lambda r: -_citations(r))
        found += mine[:MOST]
    return found


def _citations(row: dict[str, Any]) -> int:
    whole = row["periods"].get(ALL)
    return int(whole["citations"]) if whole else 0


def _by_period(table: pl.DataFrame, keys: list[str]) -> list[dict[str, Any]]:
    """Put the rows that differ by period only together, in the order of their keys."""
    if not table.height:
        return []
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in table.sort(keys, nulls_last=True).to_dicts():
        mine = tuple(row[k] for k in keys)
        one = found.setdefault(mine, {k: row[k] for k in keys} | {"periods": {}})
        one["periods"][row["period"]] = row
    return list(found.values())
