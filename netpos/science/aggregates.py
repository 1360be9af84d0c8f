"""Publications of which only sums are known: works and citations by country and cell."""

from __future__ import annotations

import polars as pl


def impact_of_aggregates(table: pl.DataFrame) -> pl.DataFrame:
    r"""Compute FWCI from works and citations already added up, exactly, since it is linear in
    citations.

    .. math:: FWCI_c = \frac{\sum_k C_{ck} / e_k}{\sum_k P_{ck}}, \qquad e_k = C_{wk} / P_{wk}

    over the cells k (technology, year, type) of which the row of the world is known.

    Parameters
    ----------
    table
        ``technology``, ``country``, ``type`` String, ``year`` Int32, ``works``, ``citations``
        Float64; rows of the country ``world`` hold all works of the cell.

    Returns
    -------
    pl.DataFrame
        ``technology``, ``country``, ``works``, ``works_world``, ``share``, ``fwci``, sorted. Cells
        without citations in the world have no e and are left out of FWCI.

    Examples
    --------
    >>> table = pl.DataFrame({"technology": ["q"] * 2, "country": ["NL", "world"],
    ...     "year": [2015] * 2, "type": ["article"] * 2,
    ...     "works": [2.0, 8.0], "citations": [6.0, 12.0]})
    >>> impact_of_aggregates(table).row(0)
    ('q', 'NL', 2.0, 8.0, 0.25, 2.0)
    """
    key = ["technology", "year", "type"]
    world = table.filter(pl.col("country") == "world").select(
        *key, all_works="works", all_citations="citations"
    )
    whole = world.group_by("technology").agg(works_world=pl.col("all_works").sort().sum())
    rows = table.filter(pl.col("country") != "world").join(world, on=key)
    usable = (pl.col("all_citations") > 0) & (pl.col("all_works") > 0)
    ratio = pl.col("citations") * pl.col("all_works") / pl.col("all_citations")
    held = pl.col("works").filter(usable).sort().sum()
    return (
        rows.sort(*key, "country")
        .group_by("technology", "country")
        .agg(
            pl.col("works").sort().sum(),
            fwci=pl.when(held > 0).then(ratio.filter(usable).sum() / held),
        )
        .join(whole, on="technology")
        .select(
            "technology", "country", "works", "works_world",
            pl.when(pl.col("works_world") > 0).then(pl.col("works") / pl.col("works_world"))
            .alias("share"),
            "fwci",
        )
        .sort("technology", "country")
    )  # fmt: skip


def activity_of_aggregates(table: pl.DataFrame, totals: pl.DataFrame) -> pl.DataFrame | None:
    r"""Compute the relative activity of countries from works already added up.

    .. math:: RAI_{ct} = \frac{P_{ct} / P_{c\cdot}}{P_{wt} / P_{w\cdot}}

    The world w is its row in both tables. Where the totals have none it is the sum over countries,
    in both, and only if every country with a total has a row in the table.

    Parameters
    ----------
    table
        As for `impact_of_aggregates`.
    totals
        ``country`` String, ``works`` Float64 [all works of the same years], one may be ``world``.

    Returns
    -------
    pl.DataFrame or None
        ``technology``, ``country``, ``rai``, sorted; None where the world is not known.

    Examples
    --------
    >>> table = pl.DataFrame({"technology": ["q"] * 2, "country": ["NL", "world"],
    ...     "year": [2015] * 2, "type": ["article"] * 2,
    ...     "works": [2.0, 8.0], "citations": [6.0, 12.0]})
    >>> totals = pl.DataFrame({"country": ["NL", "world"], "works": [10.0, 200.0]})
    >>> activity_of_aggregates(table, totals).row(0)
    ('q', 'NL', 5.0)
    """
    works = pl.col("works").sort().sum()
    sums = table.group_by("technology", "country").agg(works)
    apart = pl.col("country") == "world"
    mine, known = sums.filter(~apart), totals.filter(~apart)
    if totals.filter(apart).height:
        world = sums.filter(apart).select("technology", whole="works")
        everything = float(totals.filter(apart)["works"].sum())
    else:
        there = known.filter(pl.col("works") > 0)
        if not set(there["country"]) <= set(mine["country"]):
            return None
        world = mine.group_by("technology").agg(whole=works)
        everything = float(known["works"].sort().sum())
    if not everything:
        return None
    joined = mine.join(world, on="technology").join(
        known.select("country", total="works"), on="country", how="left"
    )
    ratio = (pl.col("works") / pl.col("total")) / (pl.col("whole") / everything)
    usable = (pl.col("total") > 0) & (pl.col("whole") > 0)
    return joined.select("technology", "country", rai=pl.when(usable).then(ratio)).sort(
        "technology", "country"
    )
