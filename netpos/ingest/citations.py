"""References lifted to families: the table of citations and of documents outside the corpus."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.ingest.copies import Copies
from netpos.ingest.details import Details
from netpos.ingest.distinct import distinct
from netpos.ingest.documents import Documents
from netpos.ingest.families import Grouping
from netpos.ingest.mentions import Gathered, Mentions, gather
from netpos.ingest.office_bits import office_numbers
from netpos.ingest.outside import Described, Officed, Pieces, descriptions
from netpos.ingest.pairs import merge_mentions
from netpos.ingest.records import CATEGORIES, PHASES
from netpos.ingest.spill import Buckets, joined, parted

_SOURCES = pl.Series(
    ["references", "cited_by", "both"], dtype=pl.Enum(["references", "cited_by", "both"])
)


def _expand(masks: NDArray[np.uint16], names: Sequence[str]) -> pl.Series:
    """Bit masks to lists of names, in the order of the bits."""
    found = np.flatnonzero(np.bincount(masks, minlength=1))
    lists = [[n for bit, n in enumerate(names) if mask >> bit & 1] for mask in found.tolist()]
    at = np.zeros(1 << 16, dtype=np.uint32)
    at[found] = np.arange(found.size)
    return pl.Series(lists, dtype=pl.List(pl.Enum(names))).gather(at[masks])


#: Writes a table of a corpus from frames that follow each other; how many rows they had.
Write = Callable[[str, Iterable[pl.DataFrame]], int]


def write_citations(
    details: Details,
    mentions: Mentions,
    docs: Documents,
    grouping: Grouping,
    copies: Copies,
    write: Write,
    folder: Path,
) -> dict[str, int]:
    """Write the tables ``citations`` between families and ``outside``; count what fell away.

    A pair appears once. An end outside the corpus has no family but the number of a row of
    ``outside``. ``seed_citations`` is how many citing families the pair would be without the
    records of the context: 1; 0 where they alone tell of it; of a citing family of the context the
    number of its documents that the other records list, since each would be outside the corpus.

    References go twice through buckets in ``folder``: by the document named, to number those
    outside, then by the citing end, to put together the references of each pair.

    Returns
    -------
    dict
        ``citations``: rows; ``mentions`` read; ``mentions_of_kept`` documents;
        ``mentions_inside_family``.
    """
    gathered = gather(details, mentions, docs, grouping, copies, folder)
    lifting = _Lifting(details, docs, grouping, copies, len(gathered.buckets), folder)
    write("outside", lifting.outside(gathered))
    tables = (
        _citations(pairs, lifting.families, _counted(pairs, told, lifting.ends))
        for pairs, told in lifting.pairs()
    )
    citations = write("citations", tables)
    inside = lifting.inside_family
    return {**gathered.counts, "mentions_inside_family": inside, "citations": citations}


#: A reference between ends, `_OF_CONTEXT` where records of a context tell of some: the document
#: named by it, or -1 where it does not matter, and whether another record tells of it.
_BETWEEN = [
    ("citing", "i4"),
    ("cited", "i4"),
    ("cited_by", "?"),
    ("phase", "u1"),
    ("categories", "u2"),
    ("office", "i1"),
]
_OF_CONTEXT = [("document", "i4"), ("told", "?")]
#: References put together at a time: bounds what is held, and one piece is written meanwhile.
_AT_ONCE = 1_000_000


class _Lifting:
    """References lifted from documents to ends: families, then documents outside."""

    def __init__(
        self,
        details: Details,
        docs: Documents,
        grouping: Grouping,
        copies: Copies,
        steps: int,
        folder: Path,
    ) -> None:
        self._details, self._grouping, self._copies = details, grouping, copies
        self._folder = folder
        self.families = self.ends = len(grouping.family_id)
        self.inside_family = 0
        self._officed = Officed(docs)
        offices = (office_numbers(part["office"]) for part in details.records("office"))
        self._record_office = np.concatenate([np.zeros(0, np.int8), *offices])
        united = copies.together
        self._record_office[united["record"].to_numpy()] = office_numbers(united["office"])
        self._context = _Context(docs, self.families, copies.kept.size)
        kind = np.dtype([*_BETWEEN, *(_OF_CONTEXT if self._context else [])])
        # citing families in ranges, then those outside in the steps in which they are numbered
        self._firsts = np.linspace(0, self.families, steps + 1).astype(np.int64)[:-1].tolist()
        self._ranges = np.array(self._firsts[1:], dtype=np.int64)
        self._buckets = Buckets(folder, "citing", kind, 1 if steps == 1 else 2 * steps)
        self._citing = np.zeros(self.families, dtype=np.int64)  # references of each family
        self._citing_outside: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []

    def outside(self, gathered: Gathered) -> Iterator[pl.DataFrame]:
        """Give the table of documents outside, and put the references into buckets meanwhile."""
        pieces, numbered = Pieces(), 0
        said = descriptions(self._details, gathered, self._grouping, self._officed, self._folder)
        for step, (rows, texts) in enumerate(zip(gathered.buckets.taken(), said, strict=True)):
            # ``at`` is a reference's position among the distinct documents named, in order
            named, at = distinct(np.ascontiguousarray(rows["other"]))
            family = self._grouping.family_of(named)
            missing = family < 0
            citing = np.zeros(named.size, dtype=bool)
            citing[at[rows["cited_by"]]] = True
            first = self.ends - self.families
            found = Described.of(texts, named, missing, citing, self._officed, first)
            yield from pieces.cut(found.table, missing)
            family[missing] = self.ends + np.arange(missing.sum(), dtype=np.int32)
            self._lift(rows, at, family, found.offices, numbered, step)
            self._firsts.append(self.ends)
            self.ends += int(missing.sum())
            numbered += named.size
        yield from pieces.rest()

    def _lift(
        self,
        rows: NDArray[Any],
        at: NDArray[np.int32],
        family: NDArray[np.int32],
        offices: NDArray[np.int8],
        numbered: int,
        step: int,
    ) -> None:
        """Put references between ends into buckets; ``at``: the document of each."""
        own, end = self._grouping.family[rows["record"]], family[at]
        keep = np.flatnonzero(end != own)
        self.inside_family += rows.size - keep.size
        rows, own, end = rows.take(keep), own[keep], end[keep]
        record, turned = rows["record"], rows["cited_by"]
        found = np.empty(keep.size, self._buckets.kind)
        for name in ("cited_by", "phase", "categories"):
            found[name] = rows[name]
        found["citing"], found["cited"] = np.where(turned, end, own), np.where(turned, own, end)
        of_record = self._record_office[self._copies.kept[record]]
        found["office"] = np.where(turned, offices[at[keep]], of_record)
        citing = found["citing"]
        if self._context:
            told = ~self._context.records[self._copies.kept[record]]
            apart = turned & self._context.apart(citing)
            found["document"] = np.where(apart, at[keep] + np.int32(numbered), np.int32(-1))
            found["told"] = told
        within = citing < self.families
        self._citing += np.bincount(citing[within], minlength=self.families)
        ends, counts = np.unique(citing[~within], return_counts=True)
        self._citing_outside.append((ends, counts))
        bucket = np.where(
            within,
            np.searchsorted(self._ranges, citing, side="right"),
            self._ranges.size + 1 + step,
        )
        self._buckets.put(found, bucket)

    def _bounds(self) -> list[int]:
        """Return citing ends between which about so many references are put together at a time."""
        families = np.flatnonzero(self._citing)
        ends = np.concatenate([families, *(e for e, _ in self._citing_outside)])
        counts = [self._citing[families], *(c for _, c in self._citing_outside)]
        up_to = np.cumsum(np.concatenate(counts))
        total = int(up_to[-1]) if up_to.size else 0
        cuts = ends[np.searchsorted(up_to, np.arange(_AT_ONCE, total, _AT_ONCE), side="right")]
        return [0, *np.unique(cuts).tolist(), self.ends]

    def pairs(self) -> Iterator[tuple[pl.DataFrame, _Told]]:
        """Give the pairs of ends in order, and how often records tell of them but for the context.

        ``None`` without a context, where each pair is told of once.
        """
        highs = np.array(self._bounds()[1:], dtype=np.int64)
        buckets = zip([*self._firsts[1:], self.ends], self._buckets.taken(), strict=False)
        up_to, held = 0, [list[NDArray[Any]]() for _ in highs]
        for step, high in enumerate(highs.tolist()):
            while up_to < high:
                up_to, rows = next(buckets, (self.ends, np.empty(0, self._buckets.kind)))
                of = np.searchsorted(highs, rows["citing"], side="right").astype(np.uint16)
                order, starts = parted(of, highs.size)
                for k in np.flatnonzero(np.diff(starts)).tolist():
                    held[k].append(rows.take(order[starts[k] : starts[k + 1]]))
            chosen, held[step] = joined(held[step], self._buckets.kind), []
            columns = {name: np.ascontiguousarray(chosen[name]) for name, _ in _BETWEEN}
            yield (
                merge_mentions(
                    columns["citing"],
                    columns["cited"],
                    self.ends,
                    columns["cited_by"],
                    columns["phase"],
                    columns["categories"],
                    columns["office"],
                ),
                _told(chosen, self.ends) if self._context else None,
            )


class _Context:
    """Records and families of the context; false where there is none."""

    def __init__(self, docs: Documents, families: int, records: int) -> None:
        self.records = np.zeros(records, dtype=bool)
        self._apart = np.ones(families, dtype=bool)
        for part in docs.parts("record", "role", "family"):
            self.records[part.filter(pl.col("role") == "context")["record"].to_numpy()] = True
            seeds = part.filter(pl.col("role") == "seed")["family"].drop_nulls()
            self._apart[seeds.to_numpy()] = False
        self._any = bool(self.records.any())

    def __bool__(self) -> bool:
        """Tell whether there is a context."""
        return self._any

    def apart(self, ends: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Tell of which ends the documents would be outside without it, each alone."""
        family = ends < self._apart.size
        return ~family | self._apart[np.where(family, ends, 0)]


#: Codes of the pairs that records other than those of the context tell of, and how often.
_Told = tuple[NDArray[np.int64], NDArray[np.int32]] | None


def _told(rows: NDArray[Any], ends: int) -> _Told:
    """Count of each pair how often it would be there without the context."""
    rows = rows[rows["told"]]
    pair = rows["citing"].astype(np.int64) * ends + rows["cited"]
    table = pl.DataFrame({"pair": pair, "document": rows["document"].copy()}).unique()
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
