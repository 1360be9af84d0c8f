"""Record-level columns to the tables of a corpus.

Families, parties with residence, classes. Everything is sorted by keys that come from the content,
so neither file order nor threads move a byte.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.ingest import families as fam
from netpos.ingest.details import Details
from netpos.ingest.documents import Documents
from netpos.ingest.records import SCHEMES
from netpos.ingest.spill import TextBuckets


def family_offices(
    details: Details, grouping: fam.Grouping, docs: Documents
) -> dict[str, NDArray[np.bool_]]:
    """Say of each family at which offices it is, by documents exported and members listed.

    Returns
    -------
    dict
        By family: ``international`` (two or more offices, or EP or WO), ``listed`` (an export
        lists offices of its members).
    """
    n = len(grouping.family_id)
    codes: dict[str, int] = {}
    none = np.iinfo(np.int32).max
    lowest, highest = np.full(n, none, dtype=np.int32), np.full(n, -1, dtype=np.int32)
    found = {name: np.zeros(n, dtype=bool) for name in ("regional", "listed")}

    def add(family: NDArray[np.int32], offices: pl.Series) -> NDArray[np.int32]:
        there = np.flatnonzero((family >= 0) & offices.is_not_null().to_numpy())
        said, family = offices.gather(there).str.to_uppercase(), family[there]
        for office in said.unique().sort().to_list():
            codes.setdefault(office, len(codes))
        code = said.replace_strict(codes, default=0, return_dtype=pl.Int32).to_numpy()
        np.minimum.at(lowest, family, code)
        np.maximum.at(highest, family, code)
        found["regional"][family[said.is_in(["EP", "WO"]).to_numpy()]] = True
        return family

    for first, part in details.parts("members", "row", "office"):
        family = add(grouping.family[part["row"].to_numpy() + first], part["office"])
        found["listed"][family] = True
    for part in docs.parts("family", "office"):
        add(part["family"].fill_null(-1).to_numpy(), part["office"])
    several = (highest >= 0) & (lowest < highest)
    return {"international": several | found["regional"], "listed": found["listed"]}


#: Columns of documents that `family_table` looks at.
FAMILY_COLUMNS = (
    "family",
    "family_id",
    "earliest_priority",
    "priority_offices",
    "application_date",
    "published",
    "office",
    "doc_number",
    "family_size",
    "extended_source",
    "utility",
    "role",
    "cites_count",
    "cited_by_count",
)


def family_table(docs: pl.DataFrame, at: Mapping[str, NDArray[np.bool_]]) -> pl.DataFrame:
    """Return one row per simple family, in the order of their numbers; ``at``: see
    `family_offices`.
    """
    inside = docs.filter(pl.col("family").is_not_null())
    earliest = pl.col("earliest_priority").min()
    # a family that only links between families name is no document of it
    real = (
        (pl.col("role") == "seed")
        | pl.col("office").is_not_null()
        | pl.col("doc_number").is_not_null()
    )
    first_of = pl.col("published").filter(real).min()
    published = pl.coalesce(first_of, pl.col("published").min())
    at_earliest = (
        inside.with_columns(first=earliest.over("family"))
        .filter((pl.col("earliest_priority") == pl.col("first")) | pl.col("first").is_null())
        .drop_nulls("priority_offices")
        .with_columns(office_=pl.col("priority_offices").str.split(" "))
        .explode("office_")
        .select("family", priority_offices="office_")
        .unique()
        .sort("family", "priority_offices")
        .group_by("family", maintain_order=True)
        .agg("priority_offices")
    )
    dated = pl.coalesce(
        pl.col("earliest_priority").min(),
        pl.col("application_date").min(),
        pl.col("published").min(),
    )
    table = (
        inside.group_by("family")
        .agg(
            family_id=pl.col("family_id").first(),
            earliest_priority=earliest,
            priority_year=dated.dt.year(),
            year_basis=pl.when(pl.col("earliest_priority").min().is_not_null())
            .then(pl.lit("priority"))
            .when(pl.col("application_date").min().is_not_null())
            .then(pl.lit("application"))
            .when(pl.col("published").min().is_not_null())
            .then(pl.lit("publication")),
            publication_year=published.dt.year(),
            published=published,
            documents=real.sum().cast(pl.Int32),
            offices=pl.col("office").drop_nulls().unique().sort(),
            family_size=pl.col("family_size").max(),
            extended=pl.col("extended_source").min(),
            utility=(pl.col("utility") | ~real).all() & real.any(),
            role=pl.when((pl.col("role") == "seed").any())
            .then(pl.lit("seed"))
            .otherwise(pl.lit("context")),
            cited_by_count=pl.col("cited_by_count").sum(),
            cites_count=pl.col("cites_count").sum(),
        )
        .join(at_earliest, on="family", how="left")
        .sort("family")
    )
    family = table["family"].to_numpy()
    return table.with_columns(
        year=pl.col("priority_year"),
        international=pl.Series(at["international"][family]),
        offices_known=pl.Series(at["listed"][family])
        | (pl.col("documents") >= pl.col("family_size")).fill_null(value=False),
    ).select(
        "family",
        "family_id",
        "earliest_priority",
        "year",
        "priority_year",
        "year_basis",
        "publication_year",
        "published",
        "documents",
        "offices",
        "priority_offices",
        "family_size",
        "extended",
        "international",
        "offices_known",
        "utility",
        "role",
        "cites_count",
        "cited_by_count",
    )


#: Rows of classes sorted at a time.
_AT_ONCE = 3_000_000


def class_table(details: Details, grouping: fam.Grouping, folder: Path) -> Iterator[pl.DataFrame]:
    """Return distinct symbols of each family, in frames that follow each other."""
    family = grouping.family
    rows = sum(part.height for _, part in details.parts("classes", "row"))
    steps = max(1, -(-rows // _AT_ONCE))
    bounds = np.linspace(0, int(family.max(initial=0)) + 1, steps + 1).astype(np.int64)[1:-1]
    buckets = TextBuckets(folder, "classes", steps)
    for first, part in details.parts("classes"):
        of_row = family[part["row"].to_numpy() + first].astype(np.int64)
        keep = of_row >= 0
        symbol = part["symbol"].filter(pl.Series(keep))
        if symbol.str.contains(r"[^0-9A-Z/]").any():
            symbol = symbol.str.replace_all(r"\s+", "").str.to_uppercase()
        pair = (of_row * 2 + (part["scheme"] == "IPC").to_numpy())[keep]
        table = pl.DataFrame({"pair": pair, "symbol": symbol}).filter(symbol != "")
        of = np.searchsorted(bounds, table["pair"].to_numpy() // 2, side="right")
        buckets.put(table, of)
    for frames in buckets.taken():
        yield _classes(pl.concat(list(frames)))


def _classes(table: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of some families, from all their symbols."""
    table = table.sort("pair", "symbol")
    again = (pl.col("pair") == pl.col("pair").shift()) & (
        pl.col("symbol") == pl.col("symbol").shift()
    )
    schemes = pl.Series(SCHEMES.categories, dtype=SCHEMES)
    table = table.filter(~again.fill_null(value=False))
    return table.select(
        family=(pl.col("pair") // 2).cast(pl.Int32),
        scheme=schemes.gather(table["pair"] % 2),
        symbol="symbol",
    )
