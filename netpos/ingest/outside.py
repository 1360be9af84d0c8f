"""Documents outside a corpus that references name: the table ``outside``, and offices of all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.ingest.descriptions import describe
from netpos.ingest.details import Details
from netpos.ingest.distinct import Lookup, or_null
from netpos.ingest.documents import Documents
from netpos.ingest.families import Grouping
from netpos.ingest.mentions import Gathered
from netpos.ingest.number_keys import is_packed, unpacked
from netpos.ingest.office_bits import office_numbers
from netpos.ingest.pairs import NO_OFFICE
from netpos.ingest.records import lens_ids
from netpos.ingest.spill import TextBuckets

#: Documents named, by their number, of which those outside make up a frame of the table.
_NAMED_AT_ONCE = 1_100_000


class Officed:
    """Documents kept that state an office, and its bit; in the order of their numbers."""

    def __init__(self, docs: Documents) -> None:
        numbers, bits = [np.zeros(0, np.int64)], [np.zeros(0, np.int8)]
        for part in docs.parts("doc", "office"):
            part = part.drop_nulls("office")
            numbers.append(part["doc"].to_numpy())
            bits.append(office_numbers(part["office"]))
        every = np.concatenate(numbers)
        order = np.argsort(every)
        self._numbers, self._bits = every[order], np.concatenate(bits)[order]

    def find(self, named: NDArray[np.int64]) -> NDArray[np.int8]:
        """Return the bit of the office of each document, -1 where none of these is it."""
        if not self._numbers.size:
            return np.full(named.size, -1, dtype=np.int8)
        at = np.minimum(np.searchsorted(self._numbers, named), self._numbers.size - 1)
        return np.where(self._numbers[at] == named, self._bits[at], np.int8(-1))

    def of_families(self, grouping: Grouping) -> NDArray[np.int64]:
        """Return the numbers of those that are of a family."""
        return self._numbers[grouping.family_of(self._numbers) >= 0]


def descriptions(
    details: Details, gathered: Gathered, grouping: Grouping, officed: Officed, folder: Path
) -> Iterator[Iterator[pl.DataFrame]]:
    """Give what references say of the documents they name, bucket by bucket of `Gathered`.

    Nothing is asked of documents kept that state an office: those are left out where there are
    several buckets.
    """
    parts = (table for _, table in details.parts("outside"))
    if len(gathered.buckets) == 1:
        yield parts
        return
    buckets = TextBuckets(folder, "said", len(gathered.buckets))
    known = Lookup(officed.of_families(grouping))
    for table in parts:
        other = table["other"].to_numpy()
        asked = known.find(other) < 0
        bucket = np.searchsorted(gathered.bounds, other[asked], side="right")
        buckets.put(table.filter(pl.Series(asked)), bucket)
    del known
    yield from buckets.taken()


@dataclass(frozen=True)
class Described:
    """Documents named: the bit of the office of each, and the rows of the table of those outside.

    The bit is that of its record if it has one; of documents that do not cite only where it is of
    use. ``table`` follows the order of the numbers; its rows are numbered from ``first``.
    """

    offices: NDArray[np.int8]
    table: pl.DataFrame

    @classmethod
    def of(
        cls,
        said: Iterator[pl.DataFrame],
        named: NDArray[np.int64],
        missing: NDArray[np.bool_],
        citing: NDArray[np.bool_],
        officed: Officed,
        first: int,
    ) -> Described:
        """Describe distinct documents in the order of their numbers.

        ``missing`` are those of no family, ``citing`` those that a reference calls citing.
        """
        known = officed.find(named)
        wanted = (citing & (known < 0)) | missing
        described, at = describe(said, named, wanted)
        offices = np.append(office_numbers(described["office"]), np.int8(NO_OFFICE))[at]
        bare = np.flatnonzero(is_packed(named) & wanted)
        if bare.size:
            offices[bare] = office_numbers(unpacked(pl.Series(named[bare]))["office"])
        offices = np.where(known >= 0, known, offices)
        outside = np.flatnonzero(missing)
        return cls(offices, _table(described, named[outside], at[outside], first))


def _table(
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


class Pieces:
    """Frames of the table, cut where so many documents named end, however they come."""

    def __init__(self) -> None:
        self._named = 0
        self._held: list[pl.DataFrame] = []

    def cut(self, table: pl.DataFrame, missing: NDArray[np.bool_]) -> Iterator[pl.DataFrame]:
        """Take the rows of the next documents named, and give those frames that are whole."""
        rows = np.cumsum(missing)
        before, low = self._named, 0
        self._named += missing.size
        for end in range(before // _NAMED_AT_ONCE + 1, self._named // _NAMED_AT_ONCE + 1):
            named = end * _NAMED_AT_ONCE - before
            high = int(rows[named - 1])
            self._held.append(table[low:high])
            low = high
            yield pl.concat(self._held)
            self._held = []
        self._held.append(table[low:])

    def rest(self) -> Iterator[pl.DataFrame]:
        """Give what is left; at least one frame is given in all."""
        if self._named % _NAMED_AT_ONCE or not self._named:
            yield pl.concat(self._held)
