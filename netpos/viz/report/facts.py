"""What each part of the report shows, chosen from the tables; nothing is computed anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from netpos.viz import sources
from netpos.viz.page import Page
from netpos.viz.report import located
from netpos.viz.words import words

Row = Mapping[str, Any]

#: The union of the technologies, and the whole span.
ALL = "all"
#: Rows shown of countries, organisations and sources.
LEADERS, ORGANISATIONS, SOURCES, WIDE = 5, 10, 6, 8
BLOCS = ("eu", "oecd_nato", "other")
#: Citations on either side below which no change of sources is told.
LEAST = 20.0


def first_row(table: pl.DataFrame) -> dict[str, Any] | None:
    """Return the first row, None where there is none."""
    return table.row(0, named=True) if table.height else None


def largest(table: pl.DataFrame, by: str, name: str, most: int) -> list[dict[str, Any]]:
    """Return the rows with the largest positive values, ties by name."""
    if by not in table.columns:
        return []
    found = table.filter(pl.col(by) > 0).sort([by, name], descending=[True, False])
    return found.head(most).to_dicts()


def technology(page: Page, ident: str, name: str) -> dict[str, Any]:
    """Gather everything that the report says of one technology.

    Parameters
    ----------
    page
        What the report is made of.
    ident, name
        The technology, or ``all`` for the union.

    Returns
    -------
    dict
        Rows of the tables by the part that shows them.
    """
    facts = first_row(page.rows("technologies", ident, ALL)) or {"families": 0, "links": 0}
    table = page.rows("countries", ident, ALL)
    focal = first_row(_of(table, "country", page.focal)) or _blank(page, ident)
    cover = page.rows("coverage", ident, ALL)
    sizes = table.filter(pl.col("families") > 0) if table.width else table
    found: dict[str, Any] = {
        "id": ident,
        "name": name,
        "facts": facts,
        "focal": focal,
        "links": bool(facts["links"]),
        "measurable": focal.get("measurable"),
        "shown": bool(facts["links"]) and focal.get("measurable") is not False,
        "countries": sizes.height,
        "unlocated": bool(facts["families"]) and facts.get("families_located") == 0,
        "leaders": largest(table, "families", "country", LEADERS),
        "cited": largest(table, "received", "country", LEADERS),
        "total": first_row(_of(cover, "rule", ALL)),
        "rules": cover.filter((pl.col("rule") != ALL) & (pl.col("families") > 0)).to_dicts()
        if cover.width
        else [],
        "ends": {r["direction"]: r for r in _ends(page, ident)},
        "located_rows": located.located_rows(page, ident),
        "open_rows": located.open_rows(page, ident),
        "marks": _by(page.rows("robustness", ident), "indicator"),
        "periods": {p: _period(page, ident, p) for p in page.parts},
        "held": {
            r["indicator"]: r
            for r in page.rows("indicators", ident, ALL, country=page.focal).to_dicts()
        },
    }
    # where most is located, the rest could not move much; an empty table has no columns
    off = page.rows("bounds", ident, ALL, country=page.focal)
    found["could_be"] = off.drop_nulls(["low", "high"]).to_dicts() if off.width else []
    found["enough"] = enough(page, found["periods"])
    found |= _sources(page, ident) | _users(page, ident) | _organisations(page, ident)
    found["trend"] = _trend(page, ident)
    told = ("families", "received_share", "value_share")
    found["trend_told"] = any(row.get(column) for row in found["trend"] for column in told)
    return found


def technologies(
    page: Page,
) -> tuple[list[dict[str, Any]], dict[str, Any], list[dict[str, Any]]]:
    """Gather `technology` of each technology, of their union, and of all of them, each once.

    With ``--technologies all`` the one technology is the union.

    Parameters
    ----------
    page
        What the report is made of.
    """
    rows = [technology(page, ident, name) for ident, name in page.technologies]
    for row in rows:
        if row["id"] == ALL:
            return rows, row, rows
    union = technology(page, ALL, words(page.lang)["all"])
    return rows, union, [*rows, union]


def _of(table: pl.DataFrame, column: str, value: str) -> pl.DataFrame:
    return table.filter(pl.col(column) == value) if table.width else table


def _blank(page: Page, ident: str) -> dict[str, Any]:
    """Return a row of nothing, where the table of countries has none for the country in focus."""
    columns = dict.fromkeys(page.table("countries").columns)
    return columns | {"technology": ident, "period": ALL, "country": page.focal}


def _period(page: Page, ident: str, period: str) -> dict[str, Any]:
    return {
        "facts": first_row(page.rows("technologies", ident, period)),
        "focal": first_row(page.rows("countries", ident, period, country=page.focal)),
        "bloc": _by(page.rows("exposure", ident, period, kind="bloc"), "source"),
        "source": _by(page.rows("exposure", ident, period, kind="country"), "source"),
        "given": _given(page, ident, period),
    }


def _given(page: Page, ident: str, period: str) -> float:
    """Foreign citations that the shares of sources in a period rest on."""
    table = page.rows("source_links", ident, period, citing=page.focal)
    if not table.width:
        return 0.0
    return float(table.filter(pl.col("cited") != page.focal)["weight"].sum())


def enough(page: Page, periods: Mapping[str, Row]) -> bool:
    """Tell whether a change of sources between the first and the last period is told.

    Below `LEAST` citations on either side one citation more or less is most of it.
    """
    if len(page.parts) < 2:
        return False
    return all(periods[p]["given"] >= LEAST for p in (page.parts[0], page.parts[-1]))


def _by(table: pl.DataFrame, key: str) -> dict[str, dict[str, Any]]:
    return {row[key]: row for row in table.to_dicts()}


def _ends(page: Page, ident: str) -> list[dict[str, Any]]:
    found = page.rows("coverage_by_country", ident, ALL, country=page.focal)
    return found.to_dicts()


def _sources(page: Page, ident: str) -> dict[str, Any]:
    table = page.rows("exposure", ident, ALL, kind="country")
    counts = _by(page.rows("source_links", ident, ALL, citing=page.focal), "cited")
    behind = page.evidence.get(ident, {})
    return {
        "bloc": _by(page.rows("exposure", ident, ALL, kind="bloc"), "source"),
        "source": _by(table, "source"),
        "sources": [
            row
            | {
                "behind": list(behind.get((page.focal, row["source"]), ())),
                "count": counts.get(row["source"]),
            }
            for row in largest(table, "share", "source", SOURCES)
        ],
        "source_count": table.height,
    }


def _users(page: Page, ident: str) -> dict[str, Any]:
    """Who cites the country in focus, by citations, with its share in what they cite abroad."""
    table = page.rows("source_links", ident, ALL, cited=page.focal)
    if not table.width:
        return {"users": [], "user_count": 0}
    table = table.filter(pl.col("citing") != page.focal)
    shares = _by(page.rows("dependents", ident, ALL), "country")
    behind = page.evidence.get(ident, {})
    return {
        "users": [
            row
            | {
                "share": shares.get(row["citing"]),
                "behind": list(behind.get((row["citing"], page.focal), ())),
            }
            for row in largest(table, "weight", "citing", WIDE)
        ],
        "user_count": table.height,
    }


def _organisations(page: Page, ident: str) -> dict[str, Any]:
    table = page.rows("organisations", ident, ALL)
    if not table.width:
        return {"world": [], "own": [], "world_value": [], **_holders(page, ident)}
    mine = table.filter(pl.col("country") == page.focal)
    return {
        "world": largest(table, "families", "organisation", ORGANISATIONS),
        "own": largest(mine, "families", "organisation", ORGANISATIONS),
        "world_value": largest(table, "value", "organisation", ORGANISATIONS),
        **_holders(page, ident),
    }


def _holders(page: Page, ident: str) -> dict[str, Any]:
    """Who holds the families of the country in focus: the largest, and how many more there are."""
    table = page.rows("holders", ident, ALL)
    rows = table.to_dicts()
    named = [r for r in rows if r["kind"] == "organisation"]
    rest = [r for r in rows if r["kind"] != "organisation"]
    return {
        "holders": named[:ORGANISATIONS] + rest,
        "more_holders": len(named) - ORGANISATIONS,
        "held_value": largest(
            table.filter(pl.col("kind") == "organisation"), "value", "organisation", ORGANISATIONS
        )
        if rows
        else [],
    }


def _trend(page: Page, ident: str) -> list[dict[str, Any]]:
    table = page.rows("trend", ident, country=page.focal)
    return table.sort("year").to_dicts() if table.height else []


def wide_sources(union: Row) -> list[str]:
    """Return the countries that the country in focus builds on most, over all technologies."""
    rows: Sequence[Row] = sorted(
        union["source"].values(), key=lambda r: (-(r["share"] or 0.0), r["source"])
    )
    return [row["source"] for row in rows[:WIDE]]


def one_office(page: Page) -> str | None:
    """Name the office of every document of the exports; None where there are several."""
    return located.office_name(page.office, page.lang) if page.office else None


def pseudonym(page: Page) -> str | None:
    """Give the largest organisation whose name is a number in place of one; None: all have names.

    Published sets of patents often carry ``ASSIGNEE 125`` where the source has a name.
    """
    table = page.rows("organisations", ALL, ALL)
    if not table.height:
        return None
    found = table.filter(pl.col("organisation").str.contains(r"^(ASSIGNEE|OWNER|APPLICANT) \d+$"))
    rows = largest(found, "families", "organisation", 1)
    return str(rows[0]["organisation"]) if rows else None


def has_rank(focal: Row) -> bool:
    """Tell whether the country has a value in a technology, and a rank by it."""
    return bool(focal.get("value")) and focal.get("value_rank") is not None


def has_value(page: Page) -> bool:
    """Tell whether any country has a value; all zero is what an export without legal status
    gives.
    """
    table = page.table("countries")
    return "value" in table.columns and bool((table["value"] > 0).any())


def data_sources(page: Page) -> list[str]:
    """Name where the data of the page are from; see `netpos.viz.sources`."""
    forms = [form for _, form, *_ in page.inputs]
    return sources.data_sources(forms, page.lang, synthetic=page.synthetic, valued=has_value(page))


def specialisation(page: Page) -> str | None:
    """Return the column of specialisation: against all patenting, else within the technologies."""
    return next((c for c in ("rca", "rca_within") if page.has("countries", c)), None)


def parts_missing(page: Page, union: Row, rows: Sequence[Row]) -> list[str]:
    """Name the parts that this run does not have: keys of the words that say how to get them."""
    valued = has_value(page)
    there = {
        "network": bool(union["links"]),
        "value": valued,
        "value_rank": not valued or any(has_rank(r["focal"]) for r in rows),
        "intervals": page.has("countries", "family_rank_low"),
        "sensitivity": page.table("sensitivity").height > 0,
        "trend": page.table("trend").height > 0,
        "rca": page.has("countries", "rca"),
        "complexity": page.has("technologies", "complexity")
        and page.has("technologies", "complexity_basis"),
    }
    missing = [name for name, found in there.items() if not found]
    tried = page.options.get("draws", "0") != "0"
    return ["intervals_tried" if k == "intervals" and tried else k for k in missing]
