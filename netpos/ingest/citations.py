"""References lifted to families: the table of citations and of documents outside the corpus."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

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


def _passes_table() -> NDArray[np.uint16]:
    """Filter combinations that a mention passes, by phase number and category bits."""
    table = np.zeros((len(PHASES), 1 << len(CATEGORIES)), dtype=np.uint16)
    bits = np.arange(table.shape[1])
    xy = (bits & sum(1 << CATEGORIES.index(c) for c in "XIY")) != 0
    only_a = (bits & (1 << CATEGORIES.index("A"))) != 0
    by_category = (np.ones_like(xy), xy, only_a)
    for number, name in enumerate(PHASES):
        for p, passed in enumerate((True, name in EXAMINER, name == "APP")):
            for c, chosen in enumerate(by_category):
                table[number] |= (chosen & passed).astype(np.uint16) << (3 * p + c)
    return table


_PASSES = _passes_table()
_PHASE_BIT = np.array([0, *(1 << k for k in range(len(PHASES) - 1))], dtype=np.uint16)


def _office_numbers(offices: pl.Series) -> NDArray[np.int64]:
    """Bit of ``office_mask`` for each office; -1 where there is none."""
    frame = offices.to_frame("o").select(
        pl.col("o").replace_strict(OFFICE_BITS, default=_OTHER_OFFICE, return_dtype=pl.Int64)
    )
    none = offices.is_null().to_numpy()
    return np.where(none, -1, frame["o"].to_numpy())


def _office_masks(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.where(numbers >= 0, np.int64(1) << np.maximum(numbers, 0), 0)


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
    own = grouping.family[refs["record"].to_numpy()].astype(np.int64)
    refs = refs.filter(pl.Series(own >= 0))
    own = own[own >= 0]
    counts["mentions_of_kept"] = refs.height
    named = details.read("outside")
    renamed = _without_id(named, docs, details)
    if renamed.height:
        refs = (
            refs.join(renamed, on="other", how="left", maintain_order="left")
            .with_columns(other=pl.coalesce("doc", "other"))
            .drop("doc")
        )
    other = refs["other"].to_numpy()
    family = grouping.family_of(other)
    inside = family == own
    counts["mentions_inside_family"] = int(inside.sum())
    n = len(grouping.family_id)
    missing = np.unique(other[family < 0])
    node = np.where(family >= 0, family, n + np.searchsorted(missing, other)).astype(np.int64)
    keep = ~inside
    cited_by = refs["cited_by"].to_numpy()[keep]
    own, node, phase = own[keep], node[keep], refs["phase"].to_numpy()[keep]
    categories = refs["categories"].to_numpy()[keep]
    total = n + missing.size
    pairs = (
        pl.DataFrame(
            {
                "pair": np.where(cited_by, node, own) * total + np.where(cited_by, own, node),
                "phase": _PHASE_BIT[phase],
                "categories": categories,
                "passes": np.where(cited_by, np.uint16(1), _PASSES[phase, categories]),
                "offices": _citing_offices(
                    details, named, refs["record"].to_numpy()[keep], other[keep], cited_by
                ),
                "cited_by": cited_by,
            }
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
    return table, _outside_table(named, missing), counts


def _citing_offices(
    details: Details,
    named: pl.DataFrame,
    record: NDArray[np.int64],
    other: NDArray[np.int64],
    cited_by: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Bit of the office of the citing document of each mention."""
    numbers = _office_numbers(details.records["office"])[record]
    if cited_by.any():
        known = (
            pl.DataFrame({"other": named["other"], "o": _office_numbers(named["office"])})
            .filter(pl.col("o") >= 0)
            .group_by("other")
            .agg(pl.col("o").min())
            .sort("other")
        )
        ids, bits = known["other"].to_numpy(), known["o"].to_numpy()
        wanted = other[cited_by]
        at = np.minimum(np.searchsorted(ids, wanted), max(ids.size - 1, 0))
        found = ids[at] == wanted if ids.size else np.zeros(wanted.size, dtype=bool)
        numbers = numbers.copy()
        numbers[cited_by] = np.where(found, bits[at] if ids.size else -1, -1)
    return _office_masks(numbers)


def _outside_table(named: pl.DataFrame, missing: NDArray[np.int64]) -> pl.DataFrame:
    """What is known of the documents outside, in the order of their numbers."""
    ids = named["other"].to_numpy()
    at = np.minimum(np.searchsorted(missing, ids), max(missing.size - 1, 0))
    of_missing = missing[at] == ids if missing.size else np.zeros(ids.size, dtype=bool)
    described = (
        named.filter(pl.Series(of_missing))
        .group_by("other")
        .agg(pl.col("lens_id", "office", "doc_number", "kind", "date").min())
    )
    known = pl.DataFrame({"other": missing}, schema={"other": pl.Int64}).join(
        described, on="other", how="left", maintain_order="left"
    )
    return known.select(
        pl.int_range(pl.len(), dtype=pl.Int32).alias("outside"),
        "lens_id",
        "office",
        "doc_number",
        "kind",
        "date",
    )


def _plain(column: str) -> pl.Expr:
    return pl.col(column).str.replace_all(r"[^0-9A-Za-z]", "")


def _without_id(named: pl.DataFrame, docs: pl.DataFrame, details: Details) -> pl.DataFrame:
    """Documents named by number only that are kept or are members: ``other`` -> ``doc``."""
    bare = (
        named.filter(pl.col("lens_id").is_null())
        .unique("other", keep="first", maintain_order=True)
        .select("other", "office", "kind", number=_plain("doc_number"))
        .drop_nulls(["office", "number"])
    )
    if not bare.height:
        return pl.DataFrame(schema={"other": pl.Int64, "doc": pl.Int64})
    wanted = bare.select("office", "number").unique()
    members = details.read("members").select(
        pl.col("member").alias("doc"), "office", "kind", "doc_number"
    )
    have = (
        pl.concat(
            [
                docs.select("doc", "office", "kind", "granted", "doc_number"),
                members.with_columns(granted=pl.lit(None, pl.Boolean)).select(
                    "doc", "office", "kind", "granted", "doc_number"
                ),
            ]
        )
        .select("doc", "office", "kind", "granted", number=_plain("doc_number"))
        .drop_nulls(["office", "number"])
        .join(wanted, on=["office", "number"], how="semi")
        .sort("doc", "granted", nulls_last=True)
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
