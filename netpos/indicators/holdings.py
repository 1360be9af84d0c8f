"""Sums by organisation (or pair of them) and country, some organisations at a time.

Links are sorted by organisation once; what is then made of them has the size of some organisations'
links, not of all. Sums over organisations are added up in their order, so that they have the same
digits however many are taken at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple, cast

import numpy as np
from scipy.sparse import csr_array

from netpos.graph.kernels import Floats, divide
from netpos.graph.links import Ints, Rows, gathered
from netpos.graph.sorting import ordered
from netpos.indicators import compiled
from netpos.indicators.resampling import Bilinear

_AT_ONCE = 1 << 16  # links whose organisations are taken at a time


class Sums:
    """Sums by group of numbers that come in parts, with the digits they had if all came at once."""

    def __init__(self, groups: int) -> None:
        self.values: Floats = np.zeros(groups)
        self._begun = False

    def add(self, group: Rows, values: Floats) -> None:
        """Add numbers, in their order, to the sums of their groups."""
        groups = self.values.size
        if self._begun:  # go on from the sums so far
            group = np.concatenate([np.arange(groups), group])
            values = np.concatenate([self.values, values])
        found = np.bincount(group, values, groups)
        self.values, self._begun = found.astype(np.float64, copy=False), True


def _sums(code: Ints, *amounts: Floats) -> tuple[Ints, tuple[Floats, ...]]:
    """Sum amounts of equal numbers that lie together: these numbers, and the sums."""
    first = np.flatnonzero(np.diff(code, prepend=-1))
    if not first.size:
        return code, tuple(a.astype(np.float64) for a in amounts)
    return code[first], tuple(np.add.reduceat(a, first) for a in amounts)


class Holdings(NamedTuple):
    """Sums by holder (an organisation, or a pair of them) and country, each pair once."""

    holder: Ints
    country: Ints
    amounts: tuple[Floats, ...]
    countries: int

    @classmethod
    def of(cls, holder: Rows, country: Rows, countries: int, *amounts: Floats) -> Holdings:
        """Sum the amounts of each pair."""
        code = holder.astype(np.int64) * max(countries, 1) + country
        order = ordered(code)
        return cls.sorted(code[order], countries, *(a[order] for a in amounts))

    @classmethod
    def sorted(cls, code: Ints, countries: int, *amounts: Floats) -> Holdings:
        """Sum the amounts of each pair, where pairs, holder × countries + country, are in order."""
        code, sums = _sums(code, *amounts)
        return cls.numbered(code, countries, *sums)

    @classmethod
    def numbered(cls, code: Ints, countries: int, *sums: Floats) -> Holdings:
        """Return sums of pairs, holder × countries + country, each of which is there once."""
        kinds = max(countries, 1)
        return cls(code // kinds, code % kinds, sums, countries)

    @property
    def code(self) -> Ints:
        """Holder × countries + country, rising."""
        return self.holder * max(self.countries, 1) + self.country


class Holders:
    """How many holders each country has, and their effective number, of holdings in parts."""

    def __init__(self, countries: int) -> None:
        self._number, self._amount, self._square = (Sums(countries) for _ in range(3))

    def add(self, held: Holdings) -> None:
        """Count the holders of some holdings, of whom no other part has any."""
        x = held.amounts[0]
        self._number.add(held.country, (x > 0).astype(np.float64))
        self._amount.add(held.country, x)
        self._square.add(held.country, x * x)

    @property
    def amounts(self) -> Floats:
        """Sum of what is held of each country."""
        return self._amount.values

    @property
    def number(self) -> Floats:
        """Number of holders of each country."""
        return self._number.values

    @property
    def effective(self) -> Floats:
        """Effective number of holders of each country, 0 without any."""
        return np.nan_to_num(divide(self._amount.values**2, self._square.values), nan=0.0)


class Incident(NamedTuple):
    """Links by the organisations that take part: one row for each link and organisation.

    ``holder`` is counted from the first of those taken at a time.
    """

    entry: Rows
    holder: Rows
    amount: Floats


class Column(NamedTuple):
    """What of the links at one end is summed: their column, such as the country of each link.

    ``factor``, if any, is what an amount of each column is multiplied by.
    """

    end: int
    column: Rows
    factor: Floats | None = None


def _summed(
    links: Sequence[Incident], of: Sequence[Column], number: int, columns: int
) -> tuple[Holdings, Floats]:
    """Sum links by holder and column; beside it, what each holder has in all without factors."""
    holder = np.concatenate([links[c.end].holder for c in of])
    amounts = [links[c.end].amount for c in of]
    own = np.bincount(holder, np.concatenate(amounts), number).astype(np.float64, copy=False)
    at: list[Rows] = [c.column[links[c.end].entry] for c in of]
    times = [
        a if c.factor is None else a * c.factor[k] for a, c, k in zip(amounts, of, at, strict=True)
    ]
    column = cast("Rows", np.concatenate(at))
    return Holdings.of(holder, column, columns, np.concatenate(times)), own


class Sorted(NamedTuple):
    """Links by the organisations at one end, in order of these.

    ``place`` is that of the organisation among the ``parts`` of the units, ``amount`` that of each
    link; rows of an organisation are in the order of the links.
    """

    entry: Rows
    place: Rows
    amount: Floats
    parts: csr_array

    @classmethod
    def of(cls, unit: Rows, amount: Floats, parts: csr_array) -> Sorted:
        """Sort links by the organisations of their units."""
        held = np.diff(parts.indptr).astype(np.int32)
        ends = np.cumsum(gathered(held, unit), dtype=np.int64)
        rows = int(ends[-1]) if ends.size else 0
        entry = np.empty(rows, dtype=np.int32)
        place: Rows = np.empty(rows, np.int32) if parts.nnz < 2**31 else np.empty(rows, np.int64)
        for start in range(0, unit.size, _AT_ONCE):  # some at a time: they are numbers of 64 bits
            some = unit[start : start + _AT_ONCE]
            number = held[some]
            until = ends[start : start + some.size]
            begin = int(until[0] - number[0])
            here = slice(begin, int(until[-1]))
            entry[here] = np.repeat(np.arange(start, start + some.size), number)
            first = parts.indptr[:-1][some] - (until - number)
            place[here] = np.repeat(first, number) + np.arange(here.start, here.stop)
        del held, ends
        order = ordered(gathered(parts.indices, place))
        links, places = (cast("Rows", gathered(of, order)) for of in (entry, place))
        return cls(links, places, amount, parts)

    def holders(self) -> Rows:
        """Return the organisation of each row."""
        return gathered(self.parts.indices, self.place)

    def incident(self, rows: slice, first: int) -> Incident:
        """Return some of the rows, organisations counted from the first."""
        entry, place = self.entry[rows], self.place[rows]
        holder = self.parts.indices[place] - first
        return Incident(entry, holder, self.amount[entry] * self.parts.data[place])


class Piece(NamedTuple):
    """All links of some organisations, of which there are ``number`` from the first on.

    ``rows`` are theirs at each of the ``ends``.
    """

    first: int
    number: int
    ends: tuple[Sorted, ...]
    rows: tuple[slice, ...]

    def links(self) -> list[Incident]:
        """Return the links at each end."""
        both = zip(self.ends, self.rows, strict=True)
        return [end.incident(rows, self.first) for end, rows in both]

    def held(self, of: Sequence[Column], columns: int) -> tuple[Holdings, Floats]:
        """Sum by organisation and column; beside it, what each has in all without factors."""
        if not compiled.available() or any(e.place.dtype != np.int32 for e in self.ends):
            return _summed(self.links(), of, self.number, columns)
        streams = []
        for c in of:
            end, rows = self.ends[c.end], self.rows[c.end]
            row = end.entry[rows], end.place[rows]
            streams.append(compiled.Stream(*row, c.column, end.amount, c.factor))
        parts = self.ends[0].parts
        code, sums, own = compiled.by_holder(streams, parts, self.first, self.number, columns)
        return Holdings.numbered(code, columns, sums), own


def pieces(*ends: Sorted) -> Iterator[Piece]:
    """Yield the links of some organisations after the others."""
    if all(end.entry.size <= _AT_ONCE for end in ends):
        every = tuple(slice(0, end.entry.size) for end in ends)
        yield Piece(0, int(ends[0].parts.shape[1]), ends, every)
        return
    rows = [end.holders() for end in ends]
    cuts = np.unique(np.concatenate([held[_AT_ONCE::_AT_ONCE] for held in rows]))
    least = min((int(held[0]) for held in rows if held.size), default=0)
    most = max((int(held[-1]) for held in rows if held.size), default=-1)
    cuts = np.unique(np.concatenate([[least], cuts, [most + 1]])).astype(np.int64)
    at = [np.searchsorted(held, cuts.astype(held.dtype)) for held in rows]
    del rows
    for k in range(cuts.size - 1):
        first, after = int(cuts[k]), int(cuts[k + 1])
        some = tuple(slice(int(place[k]), int(place[k + 1])) for place in at)
        yield Piece(first, after - first, ends, some)


class Pairs(NamedTuple):
    """All links of some pairs of units, in order of the lower unit."""

    entry: Rows
    citing: Rows
    cited: Rows
    amount: Floats

    def held(self, of: Sequence[Column], columns: int) -> tuple[Holdings, Floats]:
        """Sum by pair and column, as `Piece.held` does; pairs are numbered in order."""
        if compiled.available():
            row = self.entry, self.entry
            streams = [compiled.Stream(*row, c.column, self.amount, c.factor) for c in of]
            code, sums, own = compiled.by_pair(streams, self.citing, self.cited, columns)
            return Holdings.numbered(code, columns, sums), own
        entry = self.entry
        one, other = self.citing[entry].astype(np.int64), self.cited[entry].astype(np.int64)
        low, high = np.minimum(one, other), np.maximum(one, other)
        code = (low - low.min(initial=0)) * (1 + high.max(initial=0)) + high
        distinct, number = np.unique(code, return_inverse=True)
        links = [Incident(entry, number, self.amount[entry])]
        return _summed(links, of, distinct.size, columns)


class Dyads(NamedTuple):
    """Links by pairs of units, whichever cites, in order of the lower unit."""

    entry: Rows
    citing: Rows
    cited: Rows
    amount: Floats

    @classmethod
    def of(cls, entries: Bilinear) -> Dyads:
        """Sort links by the lower of their units."""
        order = ordered(np.minimum(entries.citing, entries.cited)).astype(np.int32, copy=False)
        return cls(order, entries.citing, entries.cited, entries.amount)

    def pieces(self) -> Iterator[Pairs]:
        """Yield the links of some pairs after the others."""
        low = gathered(np.minimum(self.citing, self.cited), self.entry)
        cuts = np.searchsorted(low, np.unique(low[_AT_ONCE::_AT_ONCE]))
        del low
        for begin, end in pairwise([0, *cuts.tolist(), self.entry.size]):
            yield Pairs(self.entry[begin:end], self.citing, self.cited, self.amount)


class Ends(NamedTuple):
    """The same links by the organisations at each end, at both, and by pairs of units."""

    citing: Sorted
    cited: Sorted
    both: tuple[Sorted, ...]
    dyads: Dyads

    @classmethod
    def of(cls, entries: Bilinear, parts: csr_array) -> Ends:
        """Sort links by organisation; ``parts`` are those of the units."""
        citing = Sorted.of(entries.citing, entries.amount, parts)
        cited = Sorted.of(entries.cited, entries.amount, parts)
        return cls(citing, cited, (citing, cited), Dyads.of(entries))
