"""Which ranks of the report have their families listed beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from netpos.tables import RANKED
from netpos.viz.page import Page
from netpos.viz.report import facts


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
