"""Which ranks of the report have their families listed beside them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from markupsafe import Markup

from netpos.tables import LENS_ID, LENS_PAGE, RANKED, Family, Owner
from netpos.viz.page import Evidence, Page
from netpos.viz.report import facts
from netpos.viz.words import words

__all__ = ["Owner", "families_shown", "listed", "patent", "ranks_shown", "shortened"]

#: Organisations named of one family.
_OWNERS = 3
#: Signs of a title that the page shows.
_TITLE = 90


def ranks_shown(tables: Mapping[str, pl.DataFrame], technology: str, focal: str) -> list[Any]:
    """Return the ranks that the section of a technology shows: country and column.

    Parameters
    ----------
    tables
        Those of the run; only ``countries`` is read.
    technology
        Id of the technology.
    focal
        The country in focus: its ranks come first.

    Returns
    -------
    list
        Pairs of country and ``family_rank`` or ``received_rank``: those of the country in focus,
        of the largest by families and of the most cited.

    Examples
    --------
    >>> table = pl.DataFrame({"technology": "t", "period": "all", "country": ["NL", "US"],
    ...                       "families": [1.0, 2.0], "received": [None, 3.0]})
    >>> ranks_shown({"countries": table}, "t", "NL")
    [('NL', 'family_rank'), ('US', 'family_rank'), ('US', 'received_rank')]
    """
    table = tables["countries"].filter(
        (pl.col("technology") == technology) & (pl.col("period") == facts.ALL)
    )
    mine = table.filter(pl.col("country") == focal)
    found = []
    for column, amount in RANKED.items():
        shown = [*facts.largest(mine, amount, "country", 1)]
        shown += facts.largest(table, amount, "country", facts.LEADERS)
        found += [(str(row["country"]), column) for row in shown]
    return list(dict.fromkeys(found))


def families_shown(
    evidence: Mapping[str, Mapping[tuple[str, str], Evidence]],
    ranked: Mapping[str, Mapping[tuple[str, str], Sequence[Family]]],
    focal: str,
) -> set[str]:
    """Return the ids of the families that the report may list: those of whom it says the owner.

    Examples
    --------
    >>> links = {"t": {("NL", "US"): [("1", "a")], ("DE", "US"): [("2", "b")]}}
    >>> sorted(families_shown(links, {"t": {("DE", "family_rank"): [Family("3", "c", 1.0)]}}, "NL"))
    ['1', '3']
    """
    found = {
        family
        for links in evidence.values()
        for ends, families in links.items()
        if focal in ends
        for family, _ in families
    }
    return found | {f.family_id for cells in ranked.values() for fs in cells.values() for f in fs}


def shortened(title: str, most: int = _TITLE) -> str:
    """Return a title that fits, cut at a blank if there is one, with an ellipsis.

    Examples
    --------
    >>> shortened("Pump"), shortened("Pump for a reactor", 12), shortened("Pumpenaggregat", 8)
    ('Pump', 'Pump for a …', 'Pumpena…')
    """
    if len(title) <= most:
        return title
    begun = title[: most - 1]
    at = begun.rfind(" ", most * 2 // 3)
    return f"{begun[:at]} …" if at > 0 else f"{begun}…"


def patent(page: Page, family: str, lens: str) -> Markup:
    """Write one family of a list: its title, who filed it, the year, and its Lens ID, with a link.

    Natural persons are "a person"; invented families have no page at Lens, and so no link.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> owner = Owner(2019, ("A",), True, "Pump & co")
    >>> page = SimpleNamespace(lang="en", synthetic=False, owners={"7": owner})
    >>> print(patent(page, "7", "001-002-003-004-005").striptags())
    Pump & co · A, a person · 2019 · 001-002-003-004-005
    """
    t = words(page.lang)
    shown = Markup('<span title="{} {}">{}</span>').format(t["family_id"], family, lens)
    if re.fullmatch(LENS_ID, lens) and not page.synthetic:
        shown = Markup('<a href="{}{}">{}</a>').format(LENS_PAGE, lens, shown)
    owner = page.owners.get(family)
    if owner is None:
        return shown
    names = list(owner.organisations[:_OWNERS])
    names += [t["and_others"]] if len(owner.organisations) > _OWNERS else []
    names += [t["a_person"]] if owner.person else []
    before = [shortened(owner.title)] if owner.title else []
    before += [", ".join(names) or t["no_owner"]]
    before += [str(owner.year)] if owner.year is not None else []
    return Markup("{} · {}").format(" · ".join(before), shown)


def listed(page: Page, row: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
    """Return the ranks of a technology whose families are listed, with their rows.

    Nothing is said of the citations of a country that are not measurable.
    """
    found = page.ranked.get(row["id"], {})
    table = page.rows("countries", row["id"], facts.ALL)
    rows = {r["country"]: r for r in table.to_dicts()} if table.width else {}
    return [
        {"row": rows[country], "rank": column, "amount": RANKED[column], "families": families}
        for (country, column), families in found.items()
        if country in rows
        and rows[country].get(column) is not None
        and (column != "received_rank" or rows[country].get("measurable") is not False)
    ]
