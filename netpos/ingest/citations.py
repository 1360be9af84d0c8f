"""References lifted to families: the table of citations and of documents outside the corpus."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.ingest.derive import Details
from netpos.ingest.distinct import distinct, distinct_texts
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
_OTHER_OFFICE, _NO_OFFICE = 62, 63
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
_SOURCES = pl.Series(
    ["references", "cited_by", "both"], dtype=pl.Enum(["references", "cited_by", "both"])
)
_MASKS = np.array([*(1 << bit for bit in range(63)), 0], dtype=np.int64)
_PHASE_BIT = np.array([0, *(1 << k for k in range(len(PHASES) - 1))], dtype=np.uint16)


def _office_numbers(offices: pl.Series) -> NDArray[np.int8]:
    """Bit of ``office_mask`` for each office; `_NO_OFFICE` where there is none."""
    codes, at = distinct_texts(offices)
    bits = codes.replace_strict(OFFICE_BITS, default=_OTHER_OFFICE, return_dtype=pl.Int8)
    found: NDArray[np.int8] = np.append(bits.to_numpy(), np.int8(_NO_OFFICE))[at]  # -1: the last
    return found


def _expand(masks: NDArray[np.uint16], names: Sequence[str]) -> pl.Series:
    """Bit masks to lists of names, in the order of the bits."""
    found = np.flatnonzero(np.bincount(masks, minlength=1))
    lists = [[n for bit, n in enumerate(names) if mask >> bit & 1] for mask in found.tolist()]
    at = np.zeros(1 << 16, dtype=np.uint32)
    at[found] = np.arange(found.size)
    return pl.Series(lists, dtype=pl.List(pl.Enum(names))).gather(at[masks])


#: Writes a table of a corpus from frames that follow each other; how many rows they had.
Write = Callable[[str, Iterable[pl.DataFrame]], int]


@dataclass(frozen=True)
class Mentions:
    """References as read, and documents that they name by number only.

    ``columns`` are of one length: the record that has the reference, the document named, whether
    that one cites the record, phase, categories. ``bare`` has ``other, office, kind, number``.
    """

    columns: tuple[NDArray[Any], ...]
    bare: pl.DataFrame


def write_citations(
    details: Details, mentions: Mentions, docs: pl.DataFrame, grouping: Grouping, write: Write
) -> dict[str, int]:
    """Write the tables ``citations`` between families and ``outside``; count what fell away.

    A pair appears once. An end outside the corpus has no family but the number of a row of
    ``outside``.

    Returns
    -------
    dict
        ``citations``: rows; ``mentions`` read; ``mentions_of_kept`` documents;
        ``mentions_inside_family``.
    """
    record, other, cited_by, phase, categories = mentions.columns
    counts = {"mentions": record.size}
    own = grouping.family[record]
    if (own < 0).any():
        kept = own >= 0
        record, other, cited_by, phase, categories, own = (
            a[kept] for a in (record, other, cited_by, phase, categories, own)
        )
    counts["mentions_of_kept"] = record.size
    _rename(other, _without_id(mentions.bare, docs, details))
    # from here on ``at`` is a mention's position among the distinct documents named, in order
    named, at = distinct(other)
    del other
    family = grouping.family_of(named)
    missing = np.flatnonzero(family < 0)
    n = len(grouping.family_id)
    ends = n + missing.size
    citing = np.zeros(named.size, dtype=bool)
    citing[at[cited_by]] = True
    offices = np.full(named.size, _NO_OFFICE, dtype=np.int8)
    write("outside", _outside(details, docs, named, family < 0, citing, offices))
    office = offices[at]
    del named, citing, offices
    office[~cited_by] = _office_numbers(details.records["office"])[record[~cited_by]]
    del record
    family[missing] = n + np.arange(missing.size, dtype=np.int32)
    end = family[at]
    del at, family, missing
    keep = end != own
    counts["mentions_inside_family"] = int(keep.size - keep.sum())
    cited_by, phase, categories, office = (a[keep] for a in (cited_by, phase, categories, office))
    own, end = own[keep], end[keep]
    del keep
    turned = np.flatnonzero(cited_by)
    own[turned], end[turned] = end[turned], own[turned]
    frames = _pairs(own, end, ends, cited_by, phase, categories, office)
    counts["citations"] = write("citations", (_citations(pairs, n) for pairs in frames))
    return counts


def _citations(pairs: pl.DataFrame, n: int) -> pl.DataFrame:
    """Pairs of ends as rows of the table; ``n`` is the number of families."""
    source = pairs.select(
        pl.when(pl.col("mentions") == 0).then(1).when("backward").then(2).otherwise(0)
    ).to_series()
    return pairs.select(
        citing_family=_within("citing", n),
        cited_family=_within("cited", n),
        outside=pl.when(pl.col("citing") >= n)
        .then(pl.col("citing") - n)
        .when(pl.col("cited") >= n)
        .then(pl.col("cited") - n)
        .cast(pl.Int32),
        mentions="mentions",
        source=_SOURCES.gather(source),
        passes="passes",
        office_mask="offices",
        phases=_expand(pairs["phase"].to_numpy(), PHASES[1:]),
        categories=_expand(pairs["categories"].to_numpy(), CATEGORIES),
    )


def _within(end: str, n: int) -> pl.Expr:
    """The family at an end, null where it is outside."""
    return pl.when(pl.col(end) < n).then(pl.col(end)).cast(pl.Int32)


def read_mentions(details: Details) -> Mentions:
    """Read all references; needs nothing but the parts."""
    columns: list[list[NDArray[Any]]] = [[], [], [], [], []]
    for first, part in details.parts("references"):
        columns[0].append(part["row"].to_numpy() + np.int32(first))
        for column, name in zip(
            columns[1:], ("other", "cited_by", "phase", "categories"), strict=True
        ):
            column.append(part[name].to_numpy())
    types = (np.int32, np.int64, np.bool_, np.uint8, np.uint16)
    found = []
    for arrays, kind in zip(columns, types, strict=True):
        found.append(np.concatenate([np.empty(0, kind), *arrays]))
        arrays.clear()
    return Mentions(tuple(found), _bare(details))


def _rename(other: NDArray[np.int64], renamed: pl.DataFrame) -> None:
    """Give documents named by number only the number of the document meant, in place."""
    if not renamed.height:
        return
    renamed = renamed.sort("other")
    old, new = renamed["other"].to_numpy(), renamed["doc"].to_numpy()
    bare = np.flatnonzero(other < 0)
    place = np.minimum(np.searchsorted(old, other[bare]), old.size - 1)
    hit = old[place] == other[bare]
    other[bare[hit]] = new[place[hit]]


#: Mentions put together at a time: bounds what is held while they are sorted.
_AT_ONCE = 3_000_000


def _pairs(
    citing: NDArray[np.int32],
    cited: NDArray[np.int32],
    ends: int,
    cited_by: NDArray[np.bool_],
    phase: NDArray[np.uint8],
    categories: NDArray[np.uint16],
    office: NDArray[np.int8],
) -> Iterator[pl.DataFrame]:
    """Mentions of each pair of ends put together: one row per pair, in order of both.

    ``ends`` is how many ends there are; the mentions are taken in stretches of citing ends.
    """
    up_to = np.cumsum(np.bincount(citing, minlength=ends))
    cuts = np.searchsorted(up_to, np.arange(_AT_ONCE, citing.size, _AT_ONCE), side="right")
    bounds = [0, *np.unique(cuts).tolist(), ends]
    del up_to
    for low, high in pairwise(bounds):
        chosen: slice | NDArray[np.int64] = slice(None)
        if len(bounds) > 2:
            chosen = np.flatnonzero((citing >= low) & (citing < high))
        yield _put_together(
            citing[chosen].astype(np.int64) * ends + cited[chosen],
            ends,
            cited_by[chosen],
            phase[chosen],
            categories[chosen],
            office[chosen],
        )


def _put_together(
    pair: NDArray[np.int64],
    ends: int,
    cited_by: NDArray[np.bool_],
    phase: NDArray[np.uint8],
    categories: NDArray[np.uint16],
    office: NDArray[np.int8],
) -> pl.DataFrame:
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
        offices = np.bitwise_or.reduceat(_MASKS[office[order]], start)
        mentions = np.add.reduceat(~cited_by[order], start, dtype=np.int32)
    pair = pair[start]
    citing = pair // ends
    return pl.DataFrame(
        {
            "citing": citing.astype(np.int32),
            "cited": (pair - citing * ends).astype(np.int32),
            "phase": (bits & 0xFFFF).astype(np.uint16),
            "categories": (bits >> 16 & 0xFFFF).astype(np.uint16),
            "passes": (bits >> 32 & 0xFFFF).astype(np.uint16),
            "offices": offices,
            "mentions": mentions,
            "backward": (bits >> 48 & 1).astype(np.bool_),
        }
    )


#: Documents named that are described at a time: bounds what is held.
_NAMED_AT_ONCE = 1_100_000


def _outside(
    details: Details,
    docs: pl.DataFrame,
    named: NDArray[np.int64],
    missing: NDArray[np.bool_],
    citing: NDArray[np.bool_],
    offices: NDArray[np.int8],
) -> Iterator[pl.DataFrame]:
    """The table of documents outside, in frames that follow each other.

    Also puts the bit of the office of each document named into ``offices``, that of its record if
    it has one; of documents that do not cite only where it is of use.
    """
    wanted = citing.copy()
    officed = docs.drop_nulls("office")
    rows, known = _places(named, officed["doc"].to_numpy())
    wanted[known] = False
    wanted |= missing
    first = 0
    for low in range(0, max(named.size, 1), _NAMED_AT_ONCE):
        part = slice(low, low + _NAMED_AT_ONCE)
        described = _described(details, named[part], wanted[part])
        stated = described.drop_nulls("office")
        at, place = _places(named[part], stated["other"].to_numpy())
        offices[part][place] = _office_numbers(stated["office"])[at]
        outside = named[part][missing[part]]
        table = _outside_table(described, outside, first)
        first += outside.size
        del described, stated, at, place, outside
        yield table
        del table
    offices[known] = _office_numbers(officed["office"])[rows]


def _described(
    details: Details, named: NDArray[np.int64], wanted: NDArray[np.bool_]
) -> pl.DataFrame:
    """What references say of the wanted among some documents.

    Where mentions of a document differ, the first value by code point.
    """
    frames, differ = [], np.zeros(named.size, dtype=bool)
    content, unseen = np.zeros(named.size, dtype=np.int64), np.ones(named.size, dtype=bool)
    for _, part in details.parts("outside"):
        rows, place = _places(named, part["other"].to_numpy())
        chosen = wanted[place]
        rows, place = rows[chosen], place[chosen]
        known = part["content"].is_not_null().to_numpy()[rows]
        said = part["content"].fill_null(0).to_numpy()[rows]
        new = unseen[place]
        new &= np.diff(place, prepend=-1) != 0  # they are in order
        content[place[new]] = said[new]
        unseen[place[new]] = False
        other = ~known | (said != content[place])
        differ[place[other]] = True
        take = new | other
        frames.append(part[rows[take]].drop("content").with_columns(at=pl.Series(place[take])))
    table: pl.DataFrame = pl.concat(frames)
    frames.clear()
    several = differ[table["at"].to_numpy()]
    table = table.drop("at")
    if several.any():
        fields = pl.exclude("other")
        merged = table.filter(several).group_by("other").agg(fields.min())
        table = pl.concat([table.filter(~several), merged])
    return table[np.argsort(table["other"].to_numpy())]


def _places(
    ordered: NDArray[np.int64], values: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which of the values are among the ordered ones, by value, and where."""
    if not ordered.size:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    within = np.flatnonzero((values >= ordered[0]) & (values <= ordered[-1]))
    values = values[within]
    order = np.argsort(values)  # neighbours are looked for next to each other
    place = np.minimum(np.searchsorted(ordered, values[order]), ordered.size - 1)
    there = ordered[place] == values[order]
    return within[order[there]], place[there]


def _outside_table(described: pl.DataFrame, missing: NDArray[np.int64], first: int) -> pl.DataFrame:
    """What is known of documents outside, in the order of their numbers, rows from ``first``."""
    outside = pl.DataFrame({"other": missing}, schema={"other": pl.Int64})
    known = outside.join(described, on="other", how="left", maintain_order="left")
    return known.select(
        (pl.int_range(pl.len(), dtype=pl.Int32) + first).alias("outside"),
        pl.coalesce(lens_ids(known["other"]).alias("lens_id"), "lens_id"),
        "office",
        "doc_number",
        "kind",
        "date",
    )


def _plain(numbers: pl.Series) -> pl.Series:
    """Document numbers without their punctuation."""
    if numbers.str.contains(r"[^0-9A-Za-z]").any():
        return numbers.str.replace_all(r"[^0-9A-Za-z]", "")
    return numbers


def _bare(details: Details) -> pl.DataFrame:
    """Documents named by number only: ``other, office, kind, number``."""
    columns = ("other", "lens_id", "office", "kind", "doc_number")
    bare = pl.concat(
        part.filter((pl.col("other") < 0) & pl.col("lens_id").is_null())
        for _, part in details.parts("outside", *columns)
    )
    bare = bare.unique("other", keep="first", maintain_order=True)
    return bare.select("other", "office", "kind", number=_plain(bare["doc_number"])).drop_nulls(
        ["office", "number"]
    )


def _without_id(bare: pl.DataFrame, docs: pl.DataFrame, details: Details) -> pl.DataFrame:
    """Those of them that are kept or are members: ``other`` -> ``doc``."""
    if not bare.height:
        return pl.DataFrame(schema={"other": pl.Int64, "doc": pl.Int64})
    wanted = bare.select("office", "number").unique()
    found = [docs.select("doc", "office", "kind", "granted", "doc_number")]
    members = (part.rename({"member": "doc"}).drop("row") for _, part in details.parts("members"))
    found += [m.with_columns(granted=pl.lit(None, pl.Boolean)) for m in members]
    have = (
        pl.concat(
            table.select(
                "doc", "office", "kind", "granted", number=_plain(table["doc_number"])
            ).join(wanted, on=["office", "number"], how="semi")
            for table in found
        )
        .drop_nulls(["office", "number"])
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
