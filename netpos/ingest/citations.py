"""References lifted to families: the table of citations and of documents outside the corpus."""

from __future__ import annotations

import numpy as np
import polars as pl

from netpos.ingest.derive import Details
from netpos.ingest.families import Grouping
from netpos.ingest.records import CATEGORIES, PHASES

EXAMINER = frozenset({"SEA", "ISR", "SUP", "PRS", "CH2", "EXA"})
#: Bit 3 * phase + category of ``citations.passes``: which filters one mention passes as a whole.
PHASE_FILTERS = ("all", "examiner", "applicant")
CATEGORY_FILTERS = ("all", "XY", "A")

_OFFICES = [
    "AT",
    "AU",
    "BE",
    "BG",
    "BR",
    "CA",
    "CH",
    "CN",
    "CS",
    "CZ",
    "DD",
    "DE",
    "DK",
    "EA",
    "EE",
    "EP",
    "ES",
    "FI",
    "FR",
    "GB",
    "GC",
    "GR",
    "HK",
    "HR",
    "HU",
    "ID",
    "IE",
    "IL",
    "IN",
    "IS",
    "IT",
    "JP",
    "KR",
    "LT",
    "LU",
    "LV",
    "MA",
    "MX",
    "MY",
    "NL",
    "NO",
    "NZ",
    "PH",
    "PL",
    "PT",
    "RO",
    "RS",
    "RU",
    "SA",
    "SE",
    "SG",
    "SI",
    "SK",
    "SU",
    "TH",
    "TR",
    "TW",
    "UA",
    "US",
    "VN",
    "WO",
    "ZA",
]
_OTHER_OFFICE = 62
#: Bit of ``citations.office_mask`` for each office of a citing document.
OFFICE_BITS = {code: bit for bit, code in enumerate(_OFFICES)}


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
    details: Details, docs: pl.DataFrame, grouping: Grouping
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
