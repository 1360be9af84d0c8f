"""Record-level columns to the tables of a corpus.

Documents and families, parties with residence, classes, citations lifted to families. Everything
is sorted by keys that come from the content, so neither file order nor threads move a byte.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos import countries
from netpos.ingest import families as fam
from netpos.ingest.applicants import classify, normalise_name
from netpos.ingest.records import CATEGORIES, PHASES

Ints = NDArray[np.int64]

EXAMINER = frozenset({"SEA", "ISR", "SUP", "PRS", "CH2", "EXA"})
#: Bit 3 * phase + category of ``citations.passes``: which filters one mention passes as a whole.
PHASE_FILTERS = ("all", "examiner", "applicant")
CATEGORY_FILTERS = ("all", "XY", "A")

_OFFICES = (
    "AT AU BE BG BR CA CH CN CS CZ DD DE DK EA EE EP ES FI FR GB GC GR HK HR HU ID IE IL IN IS "  # noqa: SIM905 - a table of 62 codes reads better so
    "IT JP KR LT LU LV MA MX MY NL NO NZ PH PL PT RO RS RU SA SE SG SI SK SU TH TR TW UA US VN "
    "WO ZA"
).split()
_OTHER_OFFICE = 62
#: Bit of ``citations.office_mask`` for each office of a citing document.
OFFICE_BITS = {code: bit for bit, code in enumerate(_OFFICES)}


@dataclass(frozen=True)
class Details:
    """All records of a corpus and a way to read their details table by table.

    ``records`` has the columns of a part plus ``file``, ``role`` and final ``line``; ``read(name)``
    returns a details table with ``record``, the position in ``records``, instead of ``row``.
    """

    records: pl.DataFrame
    read: Callable[[str], pl.DataFrame]


def passes_of(phase: pl.Expr, categories: pl.Expr, cited_by: pl.Expr) -> pl.Expr:
    """Bit mask of the filter combinations that a mention passes."""
    examiner = pl.lit(value=False)
    for number, name in enumerate(PHASES):
        if name in EXAMINER:
            examiner = examiner | (phase == number)
    applicant = phase == PHASES.index("APP")
    xy = (categories & sum(1 << CATEGORIES.index(c) for c in "XIY")) != 0
    only_a = (categories & (1 << CATEGORIES.index("A"))) != 0
    stated = ~cited_by
    mask = pl.lit(1, pl.UInt16)
    for p, by_phase in enumerate((pl.lit(value=True), examiner, applicant)):
        for c, by_category in enumerate((pl.lit(value=True), xy, only_a)):
            if p or c:
                bit = (stated & by_phase & by_category).cast(pl.UInt16) * (1 << (3 * p + c))
                mask = mask | bit.cast(pl.UInt16)
    return mask


def documents(
    details: Details,
) -> tuple[pl.DataFrame, fam.Grouping, pl.DataFrame]:
    """Choose copies and group into families.

    Returns
    -------
    (documents, grouping, duplicates)
        ``documents`` is sorted by (family, lens_id), those left out of families at the end.
    """
    kept, duplicates = fam.choose(details.records)
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


def parties(details: Details, docs: pl.DataFrame) -> pl.DataFrame:
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
    for role, first, second in (
        ("applicant", "applicant_known", "inventor_known"),
        ("inventor", "inventor_known", "applicant_known"),
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
        chosen.append(table.filter(pl.col("role") == role).join(of_family, on="record", how="semi"))
    return pl.concat(chosen)


def applicant_table(found: pl.DataFrame) -> pl.DataFrame:
    """Names normalised, persons told from firms, equal parties merged, shares of applicants."""
    kinds = classify(found.select(doc=pl.col("record"), role="role", name="name"))
    names = found["name"].unique().drop_nulls().sort()
    clean = normalise_name(names).select("name", applicant="clean")
    table = (
        found.select("family", "role", "name", "country", "residence", "repair", "record")
        .join(clean, on="name", how="left")
        .join(kinds.select("name", "person").unique("name"), on="name", how="left")
        .rename(
            {
                "name": "applicant_as_filed",
                "residence": "residence_as_filed",
                "country": "residence",
            }
        )
        .with_columns(pl.col("person").fill_null(value=False))
    )
    firm = pl.col("role").eq("applicant") & ~pl.col("person")
    any_firm = firm.any().over("family")
    table = table.filter((pl.col("role") == "inventor") | firm | ~any_firm)
    # the same name with and without a residence is one party; without a name each row is one
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
    distinct = pl.col("applicant").drop_nulls().n_unique() + pl.col("applicant").is_null().sum()
    repeated = pl.len().over(key)
    return (
        table.with_columns(
            share=1.0
            / distinct.over("family", "role")
            / pl.when(pl.col("applicant").is_null()).then(1).otherwise(repeated)
        )
        .select(
            "family",
            "role",
            "applicant",
            "applicant_as_filed",
            "residence",
            "residence_as_filed",
            "repair",
            "person",
            "share",
        )
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


def _office_bit(office: pl.Expr) -> pl.Expr:
    bit = office.replace_strict(OFFICE_BITS, default=_OTHER_OFFICE, return_dtype=pl.Int64)
    return pl.when(office.is_not_null()).then(pl.lit(2, pl.Int64).pow(bit)).otherwise(0)


def _expand(masks: pl.Series, names: list[str]) -> pl.Series:
    """Bit masks to lists of names, in the order of the bits."""
    unique = masks.unique().sort()
    lists = [[n for bit, n in enumerate(names) if m >> bit & 1] for m in unique.to_list()]
    table = pl.DataFrame({"mask": unique, "names": pl.Series(lists, dtype=pl.List(pl.String))})
    return pl.DataFrame({"mask": masks}).join(table, on="mask", how="left", maintain_order="left")[
        "names"
    ]


def citation_tables(
    details: Details, docs: pl.DataFrame, grouping: fam.Grouping
) -> tuple[pl.DataFrame, pl.DataFrame, dict[str, int]]:
    """Citations between families, documents outside the corpus, and counts of what fell away.

    Returns
    -------
    (citations, outside, counts)
        A pair appears once. An end outside the corpus has no family but the number of a row of
        ``outside``. Counts: mentions read, inside one family, by documents left out.
    """
    refs = details.read("references")
    counts = {"mentions": refs.height}
    own = pl.Series(grouping.family)
    refs = refs.with_columns(own=own.gather(refs["record"])).filter(pl.col("own") >= 0)
    counts["mentions_of_kept"] = refs.height
    named = (
        details.read("outside")
        .drop("record", strict=False)
        .group_by("other")
        .agg(pl.col("lens_id", "office", "doc_number", "kind", "date").min())
    )
    renamed = _without_id(named, docs)
    if renamed.height:
        refs = (
            refs.join(renamed, on="other", how="left", maintain_order="left")
            .with_columns(other=pl.coalesce("doc", "other"))
            .drop("doc")
        )
    other = refs["other"].to_numpy()
    family = grouping.family_of(other)
    inside = family == refs["own"].to_numpy()
    counts["mentions_inside_family"] = int(inside.sum())
    n = len(grouping.family_id)
    missing = np.unique(other[(family < 0) & ~inside])
    node = np.where(family >= 0, family, n + np.searchsorted(missing, other)).astype(np.int64)
    own_office = docs.select("record", "office")
    refs = (
        refs.with_columns(node=pl.Series(node))
        .filter(pl.Series(~inside))
        .join(own_office, on="record", how="left", maintain_order="left")
        .join(
            named.select("other", other_office="office"),
            on="other",
            how="left",
            maintain_order="left",
        )
    )
    total = n + missing.size
    cited_by = pl.col("cited_by")
    citing = pl.when(cited_by).then("node").otherwise(pl.col("own").cast(pl.Int64))
    cited = pl.when(cited_by).then(pl.col("own").cast(pl.Int64)).otherwise("node")
    office = pl.when(cited_by).then("other_office").otherwise("office")
    pairs = (
        refs.select(
            pair=citing * total + cited,
            phase=pl.when(pl.col("phase") > 0)
            .then(pl.lit(1, pl.UInt16) * pl.lit(2, pl.UInt16).pow(pl.col("phase") - 1))
            .otherwise(0)
            .cast(pl.UInt16),
            categories=pl.col("categories"),
            passes=passes_of(pl.col("phase"), pl.col("categories"), cited_by),
            offices=_office_bit(office),
            cited_by=cited_by,
        )
        .group_by("pair")
        .agg(
            pl.col("phase", "categories", "passes", "offices").bitwise_or(),
            mentions=(~pl.col("cited_by")).sum().cast(pl.Int32),
            backward=pl.col("cited_by").any(),
        )
        .sort("pair")
    )
    source = (
        pl.when(pl.col("mentions") == 0)
        .then(pl.lit("cited_by"))
        .when(pl.col("backward"))
        .then(pl.lit("both"))
        .otherwise(pl.lit("references"))
    )
    citing, cited = pl.col("pair") // total, pl.col("pair") % total
    table = pairs.select(
        citing_family=pl.when(citing < n).then(citing).cast(pl.Int32),
        cited_family=pl.when(cited < n).then(cited).cast(pl.Int32),
        outside=pl.when(citing >= n)
        .then(citing - n)
        .when(cited >= n)
        .then(cited - n)
        .cast(pl.Int32),
        mentions="mentions",
        source=source.cast(pl.Enum(["references", "cited_by", "both"])),
        passes="passes",
        office_mask="offices",
        phases=pl.Series(_expand(pairs["phase"], list(PHASES[1:]))),
        categories=pl.Series(_expand(pairs["categories"], list(CATEGORIES))),
    )
    known = pl.DataFrame({"other": missing}).join(
        named, on="other", how="left", maintain_order="left"
    )
    outside = known.select(
        outside=pl.int_range(pl.len(), dtype=pl.Int32),
        lens_id="lens_id",
        office="office",
        doc_number="doc_number",
        kind="kind",
        date="date",
    )
    return table, outside, counts


def _plain(column: str) -> pl.Expr:
    return pl.col(column).str.replace_all(r"[^0-9A-Za-z]", "")


def _without_id(named: pl.DataFrame, docs: pl.DataFrame) -> pl.DataFrame:
    """Documents named by number only that are in the corpus: ``other`` -> ``doc``."""
    bare = (
        named.filter(pl.col("lens_id").is_null())
        .select("other", "office", "kind", number=_plain("doc_number"))
        .drop_nulls(["office", "number"])
    )
    if not bare.height:
        return pl.DataFrame(schema={"other": pl.Int64, "doc": pl.Int64})
    have = (
        docs.select("doc", "office", "kind", "granted", number=_plain("doc_number"))
        .drop_nulls(["office", "number"])
        .sort("doc")
    )
    exact = (
        bare.drop_nulls("kind")
        .join(
            have.unique(["office", "number", "kind"], keep="first", maintain_order=True),
            on=["office", "number", "kind"],
            how="inner",
        )
        .select("other", "doc")
    )
    grants = have.filter(pl.col("granted") & (pl.col("office") == "US"))
    us = (
        bare.filter(pl.col("kind").is_null() & (pl.col("office") == "US"))
        .join(grants.unique("number", keep="first", maintain_order=True), on="number", how="inner")
        .select("other", "doc")
    )
    return (
        pl.concat([exact, us])
        .unique("other", keep="first")
        .filter(pl.col("other") != pl.col("doc"))
    )
