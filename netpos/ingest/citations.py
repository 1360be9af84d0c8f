"""References lifted to families: the table of citations and of documents outside the corpus."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.ingest.derive import Details
from netpos.ingest.families import Grouping
from netpos.ingest.records import CATEGORIES, PHASES, lens_ids

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
    renamed = _without_id(docs, details)
    if renamed.height:
        refs = (
            refs.join(renamed, on="other", how="left", maintain_order="left")
            .with_columns(other=pl.coalesce("doc", "other"))
            .drop("doc")
        )
    # from here on ``at`` is a mention's position among the distinct documents named, in order
    named, at = np.unique(refs["other"].to_numpy(), return_inverse=True)
    family = grouping.family_of(named)
    missing = named[family < 0]
    n = len(grouping.family_id)
    node = family.astype(np.int64)
    node[family < 0] = n + np.arange(missing.size)
    inside = family[at] == own
    counts["mentions_inside_family"] = int(inside.sum())
    keep = ~inside
    cited_by = refs["cited_by"].to_numpy()[keep]
    own, at, phase = own[keep], at[keep], refs["phase"].to_numpy()[keep]
    categories, record = refs["categories"].to_numpy()[keep], refs["record"].to_numpy()[keep]
    described = _described(details, named, docs, missing, np.unique(at[cited_by]))
    total = n + missing.size
    other = node[at]
    pairs = _pairs(
        np.where(cited_by, other, own) * total + np.where(cited_by, own, other),
        cited_by,
        phase,
        categories,
        _citing_offices(details.records["office"], described, docs, named, record, at, cited_by),
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
    return table, _outside_table(described, missing), counts


def _pairs(
    pair: NDArray[np.int64],
    cited_by: NDArray[np.bool_],
    phase: NDArray[np.uint8],
    categories: NDArray[np.uint16],
    offices: NDArray[np.int64],
) -> pl.DataFrame:
    """Mentions of each pair of ends put together: one row per pair, in order."""
    bits = _PHASE_BIT[phase].astype(np.int64)
    bits |= categories.astype(np.int64) << 16
    bits |= np.where(cited_by, np.uint16(1), _PASSES[phase, categories]).astype(np.int64) << 32
    bits |= cited_by.astype(np.int64) << 48
    order = np.argsort(pair)
    pair = pair[order]
    start = np.flatnonzero(np.diff(pair, prepend=-1))
    if not start.size:
        bits = offices = np.empty(0, dtype=np.int64)
        mentions = np.empty(0, dtype=np.int32)
    else:
        bits = np.bitwise_or.reduceat(bits[order], start)
        offices = np.bitwise_or.reduceat(offices[order], start)
        mentions = np.add.reduceat(~cited_by[order], start, dtype=np.int32)
    return pl.DataFrame(
        {
            "pair": pair[start],
            "phase": (bits & 0xFFFF).astype(np.uint16),
            "categories": (bits >> 16 & 0xFFFF).astype(np.uint16),
            "passes": (bits >> 32 & 0xFFFF).astype(np.uint16),
            "offices": offices,
            "mentions": mentions,
            "backward": (bits >> 48 & 1).astype(np.bool_),
        }
    )


def _described(
    details: Details,
    named: NDArray[np.int64],
    docs: pl.DataFrame,
    missing: NDArray[np.int64],
    citing: NDArray[np.int64],
) -> pl.DataFrame:
    """What references say of documents outside, and of citing ones whose record has no office.

    Where mentions of a document differ, the first value by code point.
    """
    officed = docs.drop_nulls("office")["doc"].to_numpy()
    unknown = np.setdiff1d(named[citing], officed, assume_unique=True)
    wanted = np.union1d(missing, unknown)

    def keep(table: pl.DataFrame) -> pl.DataFrame:
        other = table["other"].to_numpy()
        at = np.minimum(np.searchsorted(wanted, other), max(wanted.size - 1, 0))
        return table.filter(pl.Series(wanted[at] == other)) if wanted.size else table.clear()

    table = details.named(keep).drop("content").unique()
    several = pl.col("other").is_duplicated()
    fields = pl.exclude("other")
    return pl.concat(
        [table.filter(~several), table.filter(several).group_by("other").agg(fields.min())]
    ).sort("other")


def _citing_offices(
    offices: pl.Series,
    described: pl.DataFrame,
    docs: pl.DataFrame,
    named: NDArray[np.int64],
    record: NDArray[np.int64],
    at: NDArray[np.int64],
    cited_by: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Bit of the office of the citing document of each mention; that of its record if it has one.

    ``named`` are the distinct documents named, ``at`` the position of each mention's.
    """
    numbers = _office_numbers(offices)[record]
    if cited_by.any():
        known = pl.concat(
            [docs.select(other="doc", office="office"), described.select("other", "office")]
        ).drop_nulls("office")
        known = known.unique("other", keep="first", maintain_order=True).sort("other")
        of_named = np.full(named.size, -1, dtype=np.int64)
        _, here, there = np.intersect1d(
            named, known["other"].to_numpy(), assume_unique=True, return_indices=True
        )
        of_named[here] = _office_numbers(known["office"])[there]
        numbers = np.where(cited_by, of_named[at], numbers)
    return _office_masks(numbers)


def _outside_table(described: pl.DataFrame, missing: NDArray[np.int64]) -> pl.DataFrame:
    """What is known of the documents outside, in the order of their numbers."""
    outside = pl.DataFrame({"other": missing}, schema={"other": pl.Int64})
    known = outside.join(described, on="other", how="left", maintain_order="left")
    return known.select(
        pl.int_range(pl.len(), dtype=pl.Int32).alias("outside"),
        pl.coalesce(lens_ids(known["other"]).alias("lens_id"), "lens_id"),
        "office",
        "doc_number",
        "kind",
        "date",
    )


def _plain(column: str) -> pl.Expr:
    return pl.col(column).str.replace_all(r"[^0-9A-Za-z]", "")


def _without_id(docs: pl.DataFrame, details: Details) -> pl.DataFrame:
    """Documents named by number only that are kept or are members: ``other`` -> ``doc``."""
    bare = (
        details.named(lambda t: t.filter((pl.col("other") < 0) & pl.col("lens_id").is_null()))
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
