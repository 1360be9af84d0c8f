"""References as records have them: those of documents kept, with the document meant by each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.ingest.copies import Copies, mentions_once
from netpos.ingest.details import Details
from netpos.ingest.distinct import Lookup, distinct
from netpos.ingest.documents import Documents
from netpos.ingest.families import Grouping
from netpos.ingest.locate import Found, locate, named_without_id
from netpos.ingest.spill import Buckets, joined

#: A reference: the document named, the record that has it, whether that document cites the record,
#: phase, categories.
MENTION = np.dtype(
    [("other", "i8"), ("record", "i4"), ("cited_by", "?"), ("phase", "u1"), ("categories", "u2")]
)
#: About so many references are in a bucket: bounds what is held.
_AT_ONCE = 3_000_000
#: One reference in so many is looked at to part the documents named; open ones held before they
#: are put together.
_SAMPLED, _OPEN = 97, 8_000_000
_NONE = np.zeros(0, dtype=np.int64)


class Mentions:
    """References as read, and documents that they name by number only.

    ``bare`` has ``other, office, kind, number``. Those of a small corpus are held from the first
    time they are read to the second.
    """

    def __init__(self, details: Details, *, hold: bool) -> None:
        self._details = details
        self._held = list(details.parts("references"))[::-1] if hold else None
        self.bare = named_without_id(details)

    def parts(self, *, last: bool) -> Iterator[tuple[int, pl.DataFrame]]:
        """Give them part by part; after the last time they are not held any more."""
        if self._held is None:
            yield from self._details.parts("references")
        elif not last:
            yield from reversed(self._held)
        else:
            while self._held:
                yield self._held.pop()


@dataclass(frozen=True)
class Gathered:
    """References in buckets by the document named, in the order of its number.

    ``bounds`` are the first numbers of all buckets but the first; ``counts`` are of the manifest.
    """

    buckets: Buckets
    bounds: NDArray[np.int64]
    counts: dict[str, int]


def gather(
    details: Details,
    mentions: Mentions,
    docs: Documents,
    grouping: Grouping,
    copies: Copies,
    folder: Path,
) -> Gathered:
    """Gather the references of documents kept, with the documents meant by them.

    Parameters
    ----------
    details, mentions
        What the parts hold.
    docs
        Documents kept.
    grouping
        Families of documents.
    copies
        Which records are of one document.
    folder
        Where buckets are put.
    """
    read, kept, open_, sample = _looked_at(mentions, docs, grouping, copies)
    meant = _Meant(locate(details, open_, mentions.bare, docs, grouping))
    number = 1 + kept // _AT_ONCE
    at = np.linspace(0, sample.size - 1, number + 1).astype(np.int64)[1:-1]
    bounds = np.sort(sample)[at]
    buckets = Buckets(folder, "named", MENTION, number)
    counts = Counter({"mentions": read})
    counts.update(dict.fromkeys(("mentions_of_kept", *meant.rules), 0))
    own_numbers = _OwnNumbers(docs, grouping)

    def put(rows: NDArray[Any]) -> None:
        counts["mentions_of_kept"] += rows.size
        buckets.put(rows, np.searchsorted(bounds, rows["other"], side="right"))

    again = []  # references of copies: each is to stand once
    for first, part in mentions.parts(last=True):
        rows = _kept(first, part, grouping)
        other = rows["other"].copy()
        bare = np.flatnonzero(other < 0)
        copies.rename(other)
        counts["mentions_by_number"] += own_numbers.count(other[bare])
        counts.update(meant.rename(other))
        copies.rename(other)
        rows["other"] = other
        several = copies.several[rows["record"]]
        if several.any():
            again.append(rows.take(np.flatnonzero(several)))
            rows = rows.take(np.flatnonzero(~several))
        put(rows)
    if again:
        put(_once(copies, joined(again, MENTION)))
    return Gathered(buckets, bounds, dict(counts))


def _kept(first: int, part: pl.DataFrame, grouping: Grouping) -> NDArray[Any]:
    """Return the references of a part that are of documents kept."""
    rows = np.empty(part.height, MENTION)
    rows["record"] = part["row"].to_numpy()
    rows["record"] += np.int32(first)
    for name in ("other", "cited_by", "phase", "categories"):
        rows[name] = part[name].to_numpy()
    left_out = grouping.family[rows["record"]] < 0
    return rows.take(np.flatnonzero(~left_out)) if left_out.any() else rows


def _looked_at(
    mentions: Mentions, docs: Documents, grouping: Grouping, copies: Copies
) -> tuple[int, int, NDArray[np.int64], NDArray[np.int64]]:
    """Count the references read and those of documents kept; distinct numbers not known yet, and
    some of all numbers.
    """
    read, kept, waiting = 0, 0, 0
    open_, sample = [_NONE], [_NONE]
    for first, part in mentions.parts(last=False):
        read += part.height
        own = grouping.family[part["row"].to_numpy() + np.int32(first)]
        other = part["other"].to_numpy()[own >= 0]
        kept += other.size
        copies.rename(other)
        sample.append(other[::_SAMPLED].copy())
        open_.append(distinct(other if docs.mixed else other[other < 0])[0])
        waiting += open_[-1].size
        if waiting > _OPEN:
            open_ = [distinct(np.concatenate(open_))[0]]
            waiting = 0
    return read, kept, distinct(np.concatenate(open_))[0], np.concatenate(sample)


class _OwnNumbers:
    """Documents named by a number that a document kept has; families named are none."""

    def __init__(self, docs: Documents, grouping: Grouping) -> None:
        numberless = pl.col("office").is_null() & pl.col("doc_number").is_null()
        columns = ("doc", "office", "doc_number")
        bare = docs.read(*columns, chosen=lambda part: part.filter(numberless))
        self._grouping = grouping
        self._families = Lookup(np.sort(bare["doc"].to_numpy())) if bare.height else None

    def count(self, other: NDArray[np.int64]) -> int:
        """Count those of these numbers."""
        known = other[self._grouping.family_of(other) >= 0]
        return known.size if self._families is None else int((self._families.find(known) < 0).sum())


class _Meant:
    """Documents named by number, and the documents that they are."""

    rules = ("mentions_by_number", "mentions_without_kind", "mentions_ambiguous")

    def __init__(self, found: Found) -> None:
        self._found = found
        self._other, self._ambiguous = Lookup(found.other), Lookup(found.ambiguous)
        keys = [k for k in (found.other, found.ambiguous) if k.size]
        self._any = bool(keys)
        self._negative = all(k[-1] < 0 for k in keys)  # both are in order

    def rename(self, other: NDArray[np.int64]) -> dict[str, int]:
        """Give documents named by number that of the document meant, in place; count by rule."""
        if not self._any:
            return {}
        # mostly all are negative, as few references are
        rows: NDArray[np.int64] | slice = (
            np.flatnonzero(other < 0) if self._negative else slice(None)
        )
        asked = other[rows]
        at = self._other.find(asked)
        hit = np.flatnonzero(at >= 0)
        with_kind = int(self._found.with_kind[at[hit]].sum())
        unclear = int((self._ambiguous.find(asked) >= 0).sum())
        asked[hit] = self._found.doc[at[hit]]
        other[rows] = asked
        return dict(zip(self.rules, (with_kind, hit.size - with_kind, unclear), strict=True))


def _once(copies: Copies, rows: NDArray[Any]) -> NDArray[Any]:
    """Return references of copies with those of each document put together."""
    table = pl.DataFrame({name: rows[name].copy() for name in MENTION.names or ()})
    table = table.with_columns(document=pl.Series(copies.kept[rows["record"]]))
    one = mentions_once(table)
    found = np.empty(one.height, MENTION)
    for name in MENTION.names or ():
        found[name] = one["document" if name == "record" else name].to_numpy()
    return found
