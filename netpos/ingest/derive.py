"""Record-level columns to the tables of a corpus.

Documents and families, parties with residence, classes, citations lifted to families. Everything
is sorted by keys that come from the content, so neither file order nor threads move a byte.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from netpos import countries
from netpos.ingest import families as fam
from netpos.ingest.applicants import classify, normalise_name
from netpos.ingest.records import lens_ids

#: Columns of the table of applicants and inventors.
PARTY_COLUMNS = [
    "family",
    "role",
    "applicant",
    "applicant_as_filed",
    "residence",
    "residence_as_filed",
    "repair",
    "person",
    "share",
]


@dataclass(frozen=True)
class Details:
    """All records of a corpus and a way to read their details table by table.

    ``records`` has the columns of a part plus ``file``, ``role`` and final ``line``; ``read(name)``
    returns a details table with ``record``, the position in ``records``, instead of ``row``;
    ``named(keep)`` the rows of ``outside`` that a function keeps, read part by part.
    """

    records: pl.DataFrame
    read: Callable[[str], pl.DataFrame]
    named: Callable[[Callable[[pl.DataFrame], pl.DataFrame]], pl.DataFrame]


def documents(
    details: Details,
) -> tuple[pl.DataFrame, fam.Grouping, pl.DataFrame]:
    """Choose copies and group into families.

    Returns
    -------
    (documents, grouping, duplicates)
        ``documents`` is sorted by (family, lens_id), those left out of families at the end.
    """
    kept, duplicates = fam.choose(details.records, details.read)
    grouping = fam.group(details.records, details.read("members"), kept)
    seed = details.records.group_by("doc").agg(seed=(pl.col("role") == "seed").any())
    table = (
        details.records.with_columns(family=pl.Series(grouping.family, dtype=pl.Int32))
        .filter(pl.Series(kept))
        .join(seed, on="doc", how="left", maintain_order="left")
        .with_columns(
            family=pl.when(pl.col("family") >= 0).then(pl.col("family")),
            role=pl.when(pl.col("seed")).then(pl.lit("seed")).otherwise(pl.lit("context")),
            utility=utility_model(),
        )
    )
    ids = pl.DataFrame(
        {
            "family": np.arange(len(grouping.family_id), dtype=np.int32),
            "family_id": pl.Series(grouping.family_id, dtype=pl.String),
        }
    )
    table = table.join(ids, on="family", how="left", maintain_order="left")
    return (
        table.sort("family", "lens_id", "file", "line", nulls_last=True),
        grouping,
        duplicates,
    )


def member_table(grouping: fam.Grouping) -> pl.DataFrame:
    """Every document known to belong to a family, exported or not: Lens ID and family."""
    table = pl.DataFrame(
        {
            "lens_id": lens_ids(pl.Series(grouping.numbers, dtype=pl.Int64)),
            "family": pl.Series(grouping.number_family, dtype=pl.Int32),
        }
    )
    return table.filter(pl.col("lens_id").is_not_null() & (pl.col("family") >= 0))


def utility_model() -> pl.Expr:
    """Whether a publication is a utility model or another petty patent, by its kind and type."""
    kind, office = pl.col("kind").fill_null(""), pl.col("office").fill_null("")
    by_kind = kind.str.starts_with("U") | (
        kind.str.starts_with("Y") & office.is_in(["CN", "JP", "KR", "TW"])
    )
    return by_kind | (pl.col("publication_type") == "LIMITED_PATENT").fill_null(value=False)


def family_table(docs: pl.DataFrame) -> pl.DataFrame:
    """One row per simple family, in the order of their numbers."""
    inside = docs.filter(pl.col("family").is_not_null())
    earliest = pl.col("earliest_priority").min()
    at_earliest = (
        inside.with_columns(first=earliest.over("family"))
        .filter((pl.col("earliest_priority") == pl.col("first")) | pl.col("first").is_null())
        .drop_nulls("priority_offices")
        .with_columns(office_=pl.col("priority_offices").str.split(" "))
        .explode("office_")
        .group_by("family")
        .agg(priority_offices=pl.col("office_").unique().sort())
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
            publication_year=pl.col("published").min().dt.year(),
            published=pl.col("published").min(),
            documents=pl.len().cast(pl.Int32),
            offices=pl.col("office").drop_nulls().unique().sort(),
            family_size=pl.col("family_size").max(),
            extended=pl.col("extended_source").min(),
            utility=pl.col("utility").all(),
            role=pl.when((pl.col("role") == "seed").any())
            .then(pl.lit("seed"))
            .otherwise(pl.lit("context")),
            cited_by_count=pl.col("cited_by_count").sum(),
            cites_count=pl.col("cites_count").sum(),
        )
        .join(at_earliest, on="family", how="left")
        .sort("family")
    )
    several = pl.col("offices").list.len() >= 2
    regional = pl.col("offices").list.contains("EP") | pl.col("offices").list.contains("WO")
    return table.with_columns(
        year=pl.col("priority_year"), international=several | regional
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
        "utility",
        "role",
        "cites_count",
        "cited_by_count",
    )


def _office_order() -> pl.Expr:
    return pl.col("office").replace_strict(
        {"EP": 0, "WO": 1, "US": 2}, default=3, return_dtype=pl.Int8
    )


def parties(details: Details, docs: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Applicants and inventors of each family, from one of its documents each.

    The applicants come from the first document that states an applicant's residence (else an
    inventor's), in the order EP, WO, US, others, then earliest publication; the inventors from
    the first that states an inventor's residence (else an applicant's), in the same order.
    """
    table = details.read("parties")
    number = docs.select("record", "family", "office", "published", "lens_id").drop_nulls("family")
    table = table.join(number, on="record", how="inner", maintain_order="left")
    codes = table.select("residence").unique().drop_nulls()
    if codes.height:
        resolved = countries.resolve(table["residence"], table["published"])
        table = table.with_columns(country=resolved["country"], repair=resolved["reason"])
    else:
        table = table.with_columns(country=pl.lit(None, pl.String), repair=pl.lit(None, pl.String))
    known = table.group_by("record").agg(
        applicant_known=(pl.col("country").is_not_null() & (pl.col("role") == "applicant")).any(),
        inventor_known=(pl.col("country").is_not_null() & (pl.col("role") == "inventor")).any(),
    )
    order = number.join(known, on="record", how="left").with_columns(
        pl.col("applicant_known", "inventor_known").fill_null(value=False), rank=_office_order()
    )
    chosen = []
    for first, second in (
        ("applicant_known", "inventor_known"),
        ("inventor_known", "applicant_known"),
    ):
        of_family = (
            order.sort(
                "family",
                first,
                second,
                "rank",
                "published",
                "lens_id",
                descending=[False, True, True, False, False, False],
                nulls_last=True,
            )
            .unique("family", keep="first", maintain_order=True)
            .select("record")
        )
        chosen.append(table.join(of_family, on="record", how="semi"))
    kinds = classify(chosen[0].select(doc="record", role="role", name="name"))
    of_role = (
        found.filter(pl.col("role") == role)
        for found, role in zip(chosen, ("applicant", "inventor"), strict=True)
    )
    return pl.concat(of_role), kinds


def applicant_table(found: pl.DataFrame, kinds: pl.DataFrame) -> pl.DataFrame:
    """Names normalised, persons told from firms, equal parties merged, shares of applicants.

    Names of organisations go through the rules of `netpos.ingest.names`; names of inventors are
    only brought to capitals with single spaces.
    """
    is_applicant = pl.col("role") == "applicant"
    names = found.filter(is_applicant)["name"].unique().drop_nulls().sort()
    clean = normalise_name(names).select("name", clean="clean")
    plain = pl.col("name").str.to_uppercase().str.replace_all(r"\s+", " ").str.strip_chars()
    table = (
        found.select("family", "role", "name", "country", "residence", "repair")
        .join(clean, on="name", how="left")
        .join(kinds.select("name", "person").unique("name"), on="name", how="left")
        .with_columns(
            applicant=pl.when(is_applicant).then("clean").otherwise(plain),
            person=pl.col("person").fill_null(value=False),
        )
        .rename(
            {
                "name": "applicant_as_filed",
                "residence": "residence_as_filed",
                "country": "residence",
            }
        )
    )
    firm = is_applicant & ~pl.col("person")
    any_firm = firm.any().over("family")
    return merge_parties(table.filter(~is_applicant | firm | ~any_firm))


def merge_parties(table: pl.DataFrame) -> pl.DataFrame:
    """Merge parties of one name in a family and give each applicant its share.

    The same name with and without a residence is one party; a party without a name is one by
    itself. A share is 1 / number of applicants; an applicant with several residences spreads it.

    Parameters
    ----------
    table
        One row per family, role and party with `PARTY_COLUMNS` but ``share``.

    Returns
    -------
    pl.DataFrame
        `PARTY_COLUMNS`, sorted.
    """
    key = ["family", "role", "applicant"]
    named = table.filter(pl.col("applicant").is_not_null())
    nameless = table.filter(pl.col("applicant").is_null())
    stated = pl.col("residence").is_not_null()
    named = (
        named.with_columns(any_known=stated.any().over(key))
        .filter(stated | ~pl.col("any_known"))
        .sort("family", "role", "applicant", "residence", "applicant_as_filed")
        .unique([*key, "residence"], keep="first", maintain_order=True)
        .drop("any_known")
    )
    table = pl.concat([named, nameless.select(named.columns)])
    nobody = pl.col("applicant").is_null()
    distinct = pl.col("applicant").drop_nulls().n_unique() + nobody.sum()
    repeated = pl.when(nobody).then(1).otherwise(pl.len().over(key))
    return (
        table.with_columns(share=1.0 / distinct.over("family", "role") / repeated)
        .select(PARTY_COLUMNS)
        .sort("family", "role", "applicant", "residence", "applicant_as_filed", nulls_last=True)
    )


def class_table(details: Details, docs: pl.DataFrame) -> pl.DataFrame:
    """Distinct symbols of each family."""
    return (
        details.read("classes")
        .join(docs.select("record", "family").drop_nulls(), on="record", how="inner")
        .select(
            "family",
            pl.col("scheme").cast(pl.Enum(["CPC", "IPC"])),
            pl.col("symbol").str.replace_all(r"\s+", "").str.to_uppercase(),
        )
        .filter(pl.col("symbol") != "")
        .unique()
        .sort("family", "scheme", "symbol")
    )
