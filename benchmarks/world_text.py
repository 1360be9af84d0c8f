"""Text of many records at once: numbers of pieces of text, joined by one gather."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import generate as law
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Ints = NDArray[np.int64]
#: Numbers of pieces of text: one for all rows, one a row, or several a row.
Column = int | NDArray[Any]

#: The offices of documents, and how many kinds of document each has.
KINDS = [law.KINDS[office] for office in law.OFFICES]
KIND_COUNT = np.array([len(kinds) for kinds in KINDS])
GRANTED = np.array([[k < len(o) and o[k][0] in "BCT" for k in range(3)] for o in KINDS])
FIRST_YEAR = 1900


class Pool:
    """Pieces of text by number; number 0 is empty."""

    def __init__(self) -> None:
        self.texts: list[bytes] = [b""]
        self.known: dict[str, int] = {"": 0}

    def one(self, text: str) -> int:
        """Return the number of a piece."""
        if text not in self.known:
            self.known[text] = len(self.texts)
            self.texts.append(text.encode())
        return self.known[text]

    def many(self, texts: Iterable[str]) -> int:
        """Add pieces that are chosen by number; return the first one's."""
        first = len(self.texts)
        self.texts += [text.encode() for text in texts]
        return first

    def joined(self, numbers: NDArray[np.int32]) -> memoryview:
        """Join the pieces of these numbers."""
        array = pa.array(self.texts, pa.large_binary()).take(pa.array(numbers))
        return memoryview(array.buffers()[2])[: array.nbytes - 8 * (len(array) + 1)]


POOL = Pool()
UNPADDED = POOL.many(str(n) for n in range(1000))
PADDED = POOL.many(f"{n:03d}" for n in range(1000))
GROUP = POOL.many(f"{n:03d}-" for n in range(1000))
LAST = POOL.many(f'{n:02d}{sign}"' for n in range(100) for sign in "0123456789X")
YEAR = POOL.many(str(year) for year in range(FIRST_YEAR, 2100))
DAY = POOL.many(f"-{n % 12 + 1:02d}-{n % 28 + 1:02d}" for n in range(84))
SUBGROUP = POOL.many(f"{n:02d}" for n in range(10_000))
OFFICE = POOL.many(f'{{"jurisdiction":"{o}","doc_number":"' for o in law.OFFICES)
PLAIN_OFFICE = POOL.many(law.OFFICES)
KIND = POOL.many((k[i] if i < len(k) else "") for k in KINDS for i in range(3))
DATED = POOL.many(f'","kind":"{(*k, "", "")[i]}","date":"' for k in KINDS for i in range(3))
UNDATED = POOL.many(f'","kind":"{(*k, "", "")[i]}"}}' for k in KINDS for i in range(3))
COUNTRY = POOL.many(law.COUNTRIES)
UPPER = POOL.many(f"{w.upper()} " for w in law.WORDS)
LOWER = POOL.many(f" {w}" for w in law.WORDS)
FIRST_WORD = POOL.many(w.capitalize() for w in law.WORDS)
FORM = POOL.many(f" {form}" for form in law.LEGAL_FORMS)
OTHER_FORM = POOL.many(
    f" {form}".replace(" CO LTD", " CO., LTD.").replace(" INC", ", INC.").replace(" SA", " S.A.")
    for form in law.LEGAL_FORMS
)
SURNAME = POOL.many(f"{name} " for name in law.SURNAMES)
GIVEN = POOL.many(law.GIVEN)
TECH = POOL.many(law.TECH)
NOISE = POOL.many(law.NOISE)
POSITION = POOL.many(
    f'","classification_value":"{value}","classification_symbol_position":"{place}"}}'
    for value in "AI"
    for place in "LF"
)
CATEGORY = POOL.many(
    f',"category":["{a}"]' if a == b else f',"category":["{a}","{b}"]'
    for a in "XYADP"
    for b in "XYADP"
)
PHASE = POOL.many(f',"cited_phase":"{phase}"' for phase in law.PHASES)
LANGUAGE = POOL.many(("en", "de", "fr"))
SPOKEN = POOL.many(("en", "en", "en", "de", "fr", "ja", "zh"))
STATUS = POOL.many(("ACTIVE", "PENDING", "EXPIRED", "DISCONTINUED", "INACTIVE"))


def row(size: int, *columns: Column) -> NDArray[np.int32]:
    """Put columns of numbers of pieces side by side."""
    widths = [c.shape[1] if isinstance(c, np.ndarray) and c.ndim == 2 else 1 for c in columns]
    found = np.empty((size, sum(widths)), dtype=np.int32)
    at = 0
    for column, width in zip(columns, widths, strict=True):
        if isinstance(column, np.ndarray) and column.ndim == 2:
            found[:, at : at + width] = column
        else:
            found[:, at] = column
        at += width
    return found


def digits(n: Ints) -> NDArray[np.int32]:
    """Write numbers below a milliard in at least seven digits."""
    high, rest = np.divmod(n, 1_000_000)
    middle, low = np.divmod(rest, 1000)
    return row(n.size, UNPADDED + high, PADDED + middle, PADDED + low)


#: Weight of the digits of a group in the check sign of a Lens ID.
_CHECK = [
    np.array([sum((3 * g + i + 2) * int(d) for i, d in enumerate(f"{n:03d}")) for n in range(1000)])
    for g in range(4)
]
_CHECK.append(np.array([14 * (n // 10) + 15 * (n % 10) for n in range(100)]))


def lens_id(n: Ints) -> NDArray[np.int32]:
    """Write Lens IDs, a different one for each number below 10**14, and the quote behind."""
    left, right = np.divmod(n, 10_000_000)
    for factor in (3_456_791, 7_654_319, 5_671_237):  # each step can be turned back: none collide
        left, right = right, (left + (right * factor + right // 97) * 31) % 10_000_000
    groups = [left // 10_000, left // 10 % 1000]
    groups += [left % 10 * 100 + right // 100_000, right // 100 % 1000, right % 100]
    check = sum(weight[group] for weight, group in zip(_CHECK, groups, strict=True)) % 11
    return row(n.size, *(GROUP + g for g in groups[:4]), LAST + groups[4] * 11 + check)


def prose(rng: np.random.Generator, size: int, longest: int, count: Ints | int) -> Ints:
    """Draw that many words of each row, a capital at the first."""
    found = rng.integers(0, len(law.WORDS), (size, longest)) + LOWER
    found[:, 0] += FIRST_WORD - LOWER
    if not isinstance(count, int):
        found[np.arange(longest) >= count[:, None]] = 0
    return found


@dataclass(frozen=True)
class Lists:
    """Lists of records, one behind the other: record, and place in its list, of each item."""

    count: Ints
    of: Ints
    place: Ints

    @classmethod
    def sized(cls, count: Ints) -> Lists:
        """Make lists of these lengths."""
        of = np.repeat(np.arange(count.size), count)
        return cls(count, of, np.arange(of.size) - (np.cumsum(count) - count)[of])

    @property
    def size(self) -> int:
        """How many items there are."""
        return self.of.size

    def opening(self, text: str, shift: Ints | None = None) -> Ints:
        """Write what an item begins with, a comma before all but the first."""
        later = self.place + (0 if shift is None else shift[self.of]) > 0
        return np.where(later, POOL.one(f",{text}"), POOL.one(text))


def only_where(chosen: NDArray[np.bool_], *columns: Column | str) -> Iterator[Column]:
    """Leave pieces out of the rows not chosen."""
    for column in columns:
        numbers = POOL.one(column) if isinstance(column, str) else column
        wide = isinstance(numbers, np.ndarray) and numbers.ndim == 2
        yield np.where(chosen[:, None] if wide else chosen, numbers, 0)


class Text:
    """Records as they grow: the same pieces in each, or a list of each."""

    def __init__(self, records: int) -> None:
        self.records = records
        self.parts: list[tuple[Lists | None, NDArray[np.int32]]] = []

    def add(self, *columns: Column | str) -> None:
        """Add pieces to each record."""
        numbers = [POOL.one(c) if isinstance(c, str) else c for c in columns]
        self.parts.append((None, row(self.records, *numbers)))

    def lists(self, lists: Lists, *columns: Column | str) -> None:
        """Add a list to each record."""
        numbers = [POOL.one(c) if isinstance(c, str) else c for c in columns]
        self.parts.append((lists, row(lists.size, *numbers)))

    def joined(self) -> memoryview:
        """Join all records."""
        lengths = [
            pieces.shape[1] * (np.ones(self.records, np.int64) if lists is None else lists.count)
            for lists, pieces in self.parts
        ]
        total = np.sum(lengths, axis=0)
        at = np.cumsum(total) - total
        found = np.zeros(int(total.sum()), dtype=np.int32)
        for (lists, pieces), length in zip(self.parts, lengths, strict=True):
            width = pieces.shape[1]
            first = at if lists is None else at[lists.of] + lists.place * width
            found[first[:, None] + np.arange(width)] = pieces
            at = at + length
        return POOL.joined(found)
