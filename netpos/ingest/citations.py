"""References lifted to families: the table of citations and of documents outside the corpus."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.ingest.copies import Copies, mentions_once
from netpos.ingest.descriptions import describe
from netpos.ingest.details import Details
from netpos.ingest.distinct import Lookup, distinct, distinct_texts, or_null
from netpos.ingest.families import Grouping
from netpos.ingest.locate import Found, locate, named_without_id
from netpos.ingest.number_keys import is_packed, unpacked
from netpos.ingest.pairs import NO_OFFICE, merge_mentions
from netpos.ingest.records import CATEGORIES, PHASES, lens_ids

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


_SOURCES = pl.Series(
    ["references", "cited_by", "both"], dtype=pl.Enum(["references", "cited_by", "both"])
)


def _office_numbers(offices: pl.Series) -> NDArray[np.int8]:
    """Bit of ``office_mask`` for each office; `NO_OFFICE` where there is none."""
    codes, at = distinct_texts(offices)
    bits = codes.replace_strict(OFFICE_BITS, default=_OTHER_OFFICE, return_dtype=pl.Int8)
    found: NDArray[np.int8] = np.append(bits.to_numpy(), np.int8(NO_OFFICE))[at]  # -1: the last
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
    details: Details,
    mentions: Mentions,
    docs: pl.DataFrame,
    grouping: Grouping,
    copies: Copies,
    write: Write,
) -> dict[str, int]:
    """Write the tables ``citations`` between families and ``outside``; count what fell away.

    A pair appears once. An end outside the corpus has no family but the number of a row of
    ``outside``. ``seed_citations`` is how many citing families the pair would be without the
    records of the context: 1; 0 where they alone tell of it; of a citing family of the context the
    number of its documents that the other records list, since each would be outside the corpus.

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
    bare = np.flatnonzero(other < 0)
    copies.rename(other)
    known = _own_numbers(other[bare], docs, grouping)
    counts |= _rename(other, locate(details, other, mentions.bare, docs, grouping))
    counts["mentions_by_number"] += known
    copies.rename(other)
    several = bool(copies.several.any())
    if several and copies.several[record].any():
        record, other, cited_by, phase, categories = _once(
            copies, (record, other, cited_by, phase, categories)
        )
        own = grouping.family[record]
    counts["mentions_of_kept"] = record.size
    # from here on ``at`` is a mention's position among the distinct documents named, in order
    named, at = distinct(other)
    del other
    family = grouping.family_of(named)
    missing = np.flatnonzero(family < 0)
    n = len(grouping.family_id)
    ends = n + missing.size
    citing = np.zeros(named.size, dtype=bool)
    citing[at[cited_by]] = True
    offices = np.full(named.size, NO_OFFICE, dtype=np.int8)
    write("outside", _outside(details, docs, named, family < 0, citing, offices))
    office = offices[at]
    del named, citing, offices
    if several:
        record = copies.kept[record]
    office[~cited_by] = _office_numbers(details.records["office"])[record[~cited_by]]
    family[missing] = n + np.arange(missing.size, dtype=np.int32)
    end = family[at]
    told = _without_context(docs, own, end, at, record, cited_by, ends)
    del at, family, missing, record
    keep = end != own
    counts["mentions_inside_family"] = int(keep.size - keep.sum())
    cited_by, phase, categories, office = (a[keep] for a in (cited_by, phase, categories, office))
    own, end = own[keep], end[keep]
    del keep
    turned = np.flatnonzero(cited_by)
    own[turned], end[turned] = end[turned], own[turned]
    frames = _pairs(own, end, ends, cited_by, phase, categories, office)
    counts["citations"] = write(
        "citations", (_citations(pairs, n, _counted(pairs, told, ends)) for pairs in frames)
    )
    return counts


def _own_numbers(other: NDArray[np.int64], docs: pl.DataFrame, grouping: Grouping) -> int:
    """Count documents named by a number that a document kept has; families named are none."""
    known = other[grouping.family_of(other) >= 0]
    bare = docs.filter(pl.col("office").is_null() & pl.col("doc_number").is_null())
    families = np.sort(bare["doc"].to_numpy())
    return int((Lookup(families).find(known) < 0).sum()) if families.size else known.size


def _once(copies: Copies, columns: tuple[NDArray[Any], ...]) -> list[NDArray[Any]]:
    """Mentions with those of copies put together; columns as those of `Mentions`."""
    record = columns[0]
    again = copies.several[record]
    names = ("record", "other", "cited_by", "phase", "categories")
    table = pl.DataFrame({n: c[again] for n, c in zip(names, columns, strict=True)})
    one = mentions_once(table.with_columns(document=pl.Series(copies.kept[record[again]])))
    one = one.sort("document", "other", "cited_by", "phase", "categories")
    one = one.rename({"document": "record"})
    return [
        np.concatenate([c[~again], one[n].to_numpy()]) for n, c in zip(names, columns, strict=True)
    ]


def _without_context(
    docs: pl.DataFrame,
    own: NDArray[np.int32],
    end: NDArray[np.int32],
    at: NDArray[Any],
    record: NDArray[np.int32],
    cited_by: NDArray[np.bool_],
    ends: int,
) -> tuple[NDArray[np.int64], NDArray[np.int32]] | None:
    """Codes of the pairs that records other than those of the context tell of, and how often.

    ``None`` without a context, where each pair is told of once.
    """
    context = docs.filter(pl.col("role") == "context")
    if not context.height:
        return None
    of_context = np.zeros(int(record.max(initial=-1)) + 1, dtype=bool)
    told = context["record"].to_numpy()
    of_context[told[told < of_context.size]] = True
    seed = docs.filter(pl.col("role") == "seed")["family"].drop_nulls().to_numpy()
    apart = np.ones(ends, dtype=bool)  # ends whose documents would be outside, each alone
    apart[seed] = False
    keep = np.flatnonzero(~of_context[record] & (own != end))
    turned = cited_by[keep]
    citing = np.where(turned, end[keep], own[keep]).astype(np.int64)
    cited = np.where(turned, own[keep], end[keep]).astype(np.int64)
    document = np.where(turned & apart[citing], at[keep], -1)
    table = pl.DataFrame({"pair": citing * ends + cited, "document": document}).unique()
    found = table.group_by("pair").agg(number=pl.len().cast(pl.Int32)).sort("pair")
    return found["pair"].to_numpy(), found["number"].to_numpy()


def _counted(
    pairs: pl.DataFrame, told: tuple[NDArray[np.int64], NDArray[np.int32]] | None, ends: int
) -> pl.Series:
    """``seed_citations`` of these pairs."""
    if told is None:
        return pl.repeat(1, pairs.height, dtype=pl.Int32, eager=True)
    code = pairs["citing"].to_numpy().astype(np.int64) * ends + pairs["cited"].to_numpy()
    at = np.searchsorted(told[0], code)
    there = at < told[0].size
    there[there] = told[0][at[there]] == code[there]
    number = np.zeros(code.size, dtype=np.int32)
    number[there] = told[1][at[there]]
    return pl.Series(number)


def _citations(pairs: pl.DataFrame, n: int, seed_citations: pl.Series) -> pl.DataFrame:
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
        seed_citations=seed_citations,
        source=_SOURCES.gather(source),
        passes="passes",
        office_mask="offices",
        phases=_expand(pairs["phase"].to_numpy(), PHASES[1:]),
        categories=_expand(pairs["categories"].to_numpy(), CATEGORIES),
    )


def _within(end: str, n: int) -> pl.Expr:
    """Return the family at an end, null where it is outside."""
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
    return Mentions(tuple(found), named_without_id(details))


def _rename(other: NDArray[np.int64], found: Found) -> dict[str, int]:
    """Give documents named by number that of the document meant, in place; count by rule."""
    counts = dict.fromkeys(("mentions_by_number", "mentions_without_kind", "mentions_ambiguous"), 0)
    meant = [keys for keys in (found.other, found.ambiguous) if keys.size]
    if not meant:
        return counts
    # both are in order; mostly all are negative, as few mentions are
    rows: NDArray[np.int64] | slice = slice(None)
    if all(keys[-1] < 0 for keys in meant):
        rows = np.flatnonzero(other < 0)
    asked = other[rows]
    at = Lookup(found.other).find(asked)
    hit = np.flatnonzero(at >= 0)
    with_kind = int(found.with_kind[at[hit]].sum())
    unclear = int((Lookup(found.ambiguous).find(asked) >= 0).sum())
    asked[hit] = found.doc[at[hit]]
    other[rows] = asked
    return dict(zip(counts, (with_kind, hit.size - with_kind, unclear), strict=True))


#: Mentions put together at a time: bounds what is held, and one piece is written meanwhile.
_AT_ONCE = 1_000_000


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

    ``ends`` is how many ends there are; the mentions are taken in chunks of citing ends.
    """
    up_to = np.cumsum(np.bincount(citing, minlength=ends))
    cuts = np.searchsorted(up_to, np.arange(_AT_ONCE, citing.size, _AT_ONCE), side="right")
    bounds = [0, *np.unique(cuts).tolist(), ends]
    del up_to
    for low, high in pairwise(bounds):
        chosen: slice | NDArray[np.int64] = slice(None)
        if len(bounds) > 2:
            chosen = np.flatnonzero((citing >= low) & (citing < high))
        yield merge_mentions(
            citing[chosen],
            cited[chosen],
            ends,
            cited_by[chosen],
            phase[chosen],
            categories[chosen],
            office[chosen],
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
    """Return the table of documents outside, in frames that follow each other.

    Also puts the bit of the office of each document named into ``offices``, that of its record if
    it has one; of documents that do not cite only where it is of use.
    """
    wanted = citing.copy()
    officed = docs.drop_nulls("office")
    known = Lookup(named).find(officed["doc"].to_numpy())
    rows = np.flatnonzero(known >= 0)
    known = known[rows]
    wanted[known] = False
    wanted |= missing
    first = 0
    for low in range(0, max(named.size, 1), _NAMED_AT_ONCE):
        part = slice(low, low + _NAMED_AT_ONCE)
        said = (table for _, table in details.parts("outside"))
        described, at = describe(said, named[part], wanted[part])
        offices[part] = np.append(_office_numbers(described["office"]), np.int8(NO_OFFICE))[at]
        bare = np.flatnonzero(is_packed(named[part]) & wanted[part])
        if bare.size:
            of_key = unpacked(pl.Series(named[part][bare]))["office"]
            offices[low + bare] = _office_numbers(of_key)
        outside = np.flatnonzero(missing[part])
        table = _outside_table(described, named[part][outside], at[outside], first)
        first += outside.size
        del described, at, outside
        yield table
        del table
    offices[known] = _office_numbers(officed["office"])[rows]


def _outside_table(
    described: pl.DataFrame, outside: NDArray[np.int64], at: NDArray[np.int32], first: int
) -> pl.DataFrame:
    """Tell what is known of documents outside, whose numbers are in order; rows from ``first``."""
    rows = or_null(at)
    numbers = pl.Series(outside, dtype=pl.Int64)
    ids = lens_ids(numbers)
    own = np.flatnonzero(is_packed(outside))
    place = np.full(outside.size, -1, dtype=np.int32)
    place[own] = np.arange(own.size, dtype=np.int32)
    said = unpacked(numbers.gather(own))
    packed = {c: said[c].gather(or_null(place)) for c in said.columns}
    return described.select(pl.all().gather(rows)).select(
        (pl.int_range(pl.len(), dtype=pl.Int32) + first).alias("outside"),
        pl.coalesce(ids.alias("id"), "lens_id").alias("lens_id"),
        pl.coalesce("office", packed["office"].alias("of_key")).alias("office"),
        pl.coalesce("doc_number", packed["number"].alias("of_key")).alias("doc_number"),
        pl.coalesce("kind", packed["kind"].alias("of_key")).alias("kind"),
        "date",
    )
