"""Sums of links and families in one draw after another, in the space of the units drawn.

What is summed is laid out once, pairs of units that are used together next to each other. A draw
then reads the weights of clusters, which are whole numbers of one byte, and adds up as much at a
time as fits near the processor. Where `netpos.indicators.compiled` is there it adds up, in the same
order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, eye_array, hstack

from netpos.graph.kernels import Floats
from netpos.graph.links import Ints, Rows, gathered
from netpos.graph.sorting import ordered
from netpos.indicators import compiled
from netpos.indicators.resampling import Bilinear, Held
from netpos.indicators.weights import poisson_weights

_CELLS = 1_000_000  # numbers in one table of cells
#: Bytes in one table of weights: with few draws at a time a link takes as long as with many.
_WEIGHTS = 1 << 28
_PAIRS = 2048  # pairs of units, or units, weighed at a time
_AT_ONCE = 1 << 20  # links sorted at a time
_DRAWS = 8  # draws for which units of several clusters are weighed at a time


class Weights(NamedTuple):
    """Weights of units in some draws: those of clusters, and of units that have several.

    ``source`` is the cluster of each unit, or -1 less the row among the ``parts`` of those of
    several clusters. For NumPy ``mixed`` are the weights of these, and where there is room
    ``whole`` those of all units.
    """

    source: Rows
    clusters: NDArray[np.uint8]
    parts: csr_array
    mixed: Floats | None = None
    whole: Floats | None = None

    @property
    def draws(self) -> int:
        """Number of draws."""
        return int(self.clusters.shape[1])

    @property
    def given(self) -> compiled.Given:
        """The same for what is compiled."""
        return compiled.Given(self.source, self.clusters, self.parts)

    def of(self, units: Rows, out: Floats) -> None:
        """Write the weights of these units: ``(units, draws)``."""
        if self.whole is not None:
            np.take(self.whole, units, axis=0, out=out, mode="clip")
            return
        source = self.source.take(units)
        out[...] = self.clusters.take(source, axis=0, mode="clip")
        several = np.flatnonzero(source < 0)
        row = -1 - source[several]
        if self.mixed is not None:
            out[several] = self.mixed[row]
        else:
            out[several] = self.parts[row] @ self.clusters.astype(np.float64)


class _Block(NamedTuple):
    """Some pairs of units, and the matrix that adds their links up by cell."""

    citing: Rows
    cited: Rows
    cells: Rows
    matrix: csr_array


def _columns(several: Sequence[Rows]) -> NDArray[np.int32]:
    """Put numbers of cells or units together, of 32 bits."""
    return np.concatenate([one.astype(np.int32, copy=False) for one in several])


def _numbered(citing: Rows, cited: Rows) -> tuple[Rows, Rows, Rows]:
    """Give pairs of units numbers as they come first: that of each entry, and the pairs."""
    order = ordered(citing).astype(np.int32, copy=False)
    most = 1 + int(cited.max(initial=0))
    first = np.empty(order.size, dtype=np.int32)  # of each entry, the first of its pair
    begin = 0
    while begin < order.size:  # some citing units at a time, each as a whole
        end = min(begin + _AT_ONCE, order.size)
        if end < order.size:
            end = int(np.searchsorted(citing, citing[order[end - 1]], side="right", sorter=order))
        at = order[begin:end]
        code = (citing[at].astype(np.int64) - int(citing[at[0]])) * most + cited[at]
        come = ordered(code)
        code = code[come]
        new = np.ones(code.size, dtype=bool)
        new[1:] = code[1:] != code[:-1]
        at = at[come]
        first[at] = at[new][np.cumsum(new) - 1]
        begin = end
    del order
    known = np.flatnonzero(first == np.arange(first.size, dtype=np.int32))
    number = np.empty(first.size, dtype=np.int32)
    number[known] = np.arange(known.size, dtype=np.int32)
    return gathered(number, first), citing[known], cited[known]


@dataclass(frozen=True)
class Summing:
    """Sums of links by cell for one draw after another.

    Each pair of units is weighed once, by blocks of pairs; or links are ``laid`` out in the order
    in which these add them up, for what is compiled.
    """

    blocks: list[_Block]
    laid: compiled.Laid | None
    cells: int

    @classmethod
    def of(cls, several: list[Bilinear]) -> Summing:
        """Put sums together; cells of the second are counted on from the last of the first.

        The list is emptied: what is in it takes as much as what is made of it.
        """
        before = np.cumsum([0, *(one.cells for one in several)]).tolist()
        ends_of = [_columns([one.citing for one in several])]
        ends_of.append(_columns([one.cited for one in several]))
        cell = _columns([one.cell + k for one, k in zip(several, before, strict=False)])
        amount = np.concatenate([one.amount for one in several])
        several.clear()
        pair, citing, cited = _numbered(*ends_of)
        cells, blocks = before[-1], -(-citing.size // _PAIRS)
        # within a block entries are in order of their cells, as they come
        block = pair // _PAIRS
        order = ordered(block).astype(np.int32, copy=False)
        ends = np.cumsum(np.bincount(block, minlength=blocks)).tolist()
        del block
        cell, amount = gathered(cell, order), gathered(amount, order)
        if compiled.available():
            new = np.diff(cell, prepend=-1) != 0
            new[np.array([0, *ends])[:-1][np.diff([0, *ends]) > 0]] = True
            row = np.flatnonzero(new)
            del pair
            pointer, one = np.append(row, cell.size), gathered(ends_of.pop(0), order)
            other = gathered(ends_of.pop(0), order)
            return cls([], compiled.Laid(cell[row], pointer, one, other, amount), cells)
        index = (pair % _PAIRS).astype(np.int32)[order]
        del pair, order, ends_of
        found = []
        for k, (begin, end) in enumerate(zip([0, *ends], ends, strict=False)):
            here = cell[begin:end]
            row = np.flatnonzero(np.diff(here, prepend=-1)).astype(np.int32)
            some = slice(k * _PAIRS, (k + 1) * _PAIRS)
            pointer = np.append(row, np.int32(end - begin))
            matrix = csr_array(
                (amount[begin:end], index[begin:end], pointer),
                shape=(row.size, citing[some].size),
            )
            found.append(_Block(citing[some], cited[some], here[row], matrix))
        return cls(found, None, cells)

    def totals(self, weights: Weights) -> Floats:
        """Sum of each cell with the weights of units: ``(cells, draws)``.

        The sums run in the same order however many draws there are.
        """
        found = np.zeros((self.cells, weights.draws))
        if self.laid is not None:
            compiled.sum_links(weights.given, self.laid, found)
            return found
        both = np.empty((2, _PAIRS, weights.draws))
        for block in self.blocks:
            one, other = both[:, : block.citing.size]
            weights.of(block.citing, one)
            weights.of(block.cited, other)
            one *= other
            found[block.cells] += block.matrix @ one
        return found


@dataclass(frozen=True)
class Adding:
    """Sums of what units hold by row, in one draw after another.

    By ``parts``, some units at a time; or with ``whole``, rows × units, for what is compiled.
    """

    parts: Sequence[tuple[Rows, csr_array]]
    whole: csr_array | None
    rows: int

    @classmethod
    def of(cls, several: Sequence[tuple[Held, int]], units: int) -> Adding:
        """Put sums of rows together: units, numbers of rows and amounts, and how many rows."""
        before = np.cumsum([0, *(rows for _, rows in several)]).tolist()
        rows = before[-1]
        row = np.concatenate([h.country + k for (h, _), k in zip(several, before, strict=False)])
        unit = np.concatenate([held.unit for held, _ in several])
        amount = np.concatenate([held.amount for held, _ in several])
        whole = csr_array((amount, (row, unit)), shape=(rows, units))
        if compiled.available():
            whole.sort_indices()
            return cls([], whole, rows)
        every = whole.tocsc()
        used = np.flatnonzero(np.diff(every.indptr)).astype(np.int32)
        every = every[:, used]
        found = []
        for k in range(0, used.size, _PAIRS):  # each goes on from the sums of those before
            part = [eye_array(rows, format="csc"), every[:, k : k + _PAIRS]]
            found.append((used[k : k + _PAIRS], csr_array(hstack(part, format="csr"))))
        return cls(found, None, rows)

    def totals(self, weights: Weights) -> Floats:
        """Sum of each row with the weights of units, ``(rows, draws)``, unit after unit."""
        if self.whole is not None:
            return compiled.sum_held(weights.given, self.whole)
        found = np.zeros((self.rows, weights.draws))
        some = np.empty((self.rows + _PAIRS, weights.draws))
        for units, matrix in self.parts:
            here = some[: self.rows + units.size]
            here[: self.rows] = found
            weights.of(units, here[self.rows :])
            found = matrix @ here
        return found


def _in_order(
    several: Sequence[tuple[Rows, ...]], limit: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the numbers that occur as they come first, and the place of each number below the
    limit among them (that of others means nothing).

    Numbers of one tuple come in turn: the first of each, the second of each, and so on.
    """
    first = np.full(limit, -1, dtype=np.int64)
    before = sum(len(columns) * columns[0].size for columns in several)
    for columns in reversed(several):  # the last that is written stays
        size = columns[0].size
        for end in range(size, 0, -_AT_ONCE):
            start = max(0, end - _AT_ONCE)
            some = np.stack([column[start:end] for column in columns], axis=1).ravel()
            before -= some.size
            first[some[::-1]] = np.arange(before, before + some.size)[::-1]
    used = np.flatnonzero(first >= 0)
    found = used[np.argsort(first[used])].astype(np.int32)
    places = np.zeros(limit, dtype=np.int32)
    places[found] = np.arange(found.size, dtype=np.int32)
    return found, places


@dataclass(frozen=True)
class Drawn:
    """Units with a weight in every draw, and how their weights come about.

    Units and clusters are numbered as they come first: what is used together lies together.
    ``source`` is as in `Weights`, ``mixed`` has the clusters of the units that have several.
    """

    places: NDArray[np.int32]
    clusters: Rows
    source: Rows
    mixed: csr_array

    @classmethod
    def of(cls, parts: csr_array, *used: tuple[Rows, ...]) -> Drawn:
        """Take the units that occur in any of the arrays; ``parts`` are those of `Sample`.

        Arrays of one tuple belong together: the first of each is used first.
        """
        units, clusters = parts.shape
        every, places = _in_order(used, units)
        parts = parts[every]
        named, at = _in_order([(parts.indices,)], clusters)
        whole = np.diff(parts.indptr) == 1
        cluster = np.zeros(every.size, dtype=np.int64)
        cluster[whole] = parts.indices[parts.indptr[:-1][whole]]
        whole[whole] = parts.data[parts.indptr[:-1][whole]] == 1.0
        source = at[cluster]
        several = np.flatnonzero(~whole)
        source[several] = -1 - np.arange(several.size, dtype=np.int32)
        some = parts[several]
        shape = (several.size, named.size)
        mixed = csr_array((some.data, at[some.indices], some.indptr), shape=shape)
        return cls(places, named, source, mixed)

    def place(self, unit: Rows) -> Rows:
        """Compute the position of these units among those used."""
        return gathered(self.places, unit)

    @property
    def units(self) -> int:
        """Number of units used."""
        return int(self.source.size)

    def weights(self, draws: Ints, seed: int) -> Weights:
        """Compute the weights of the units."""
        clusters = poisson_weights(self.clusters, draws, seed)
        if compiled.available():
            return Weights(self.source, clusters, self.mixed)
        mixed = np.empty((self.mixed.shape[0], draws.size))
        for k in range(0, draws.size, _DRAWS):  # whole numbers of one byte become of eight here
            some = clusters[:, k : k + _DRAWS].astype(np.float64)
            mixed[:, k : k + _DRAWS] = self.mixed @ some
        found = Weights(self.source, clusters, self.mixed, mixed)
        if 8 * self.units * draws.size > _WEIGHTS:
            return found
        whole = np.empty((self.units, draws.size))
        found.of(np.arange(self.units, dtype=np.int32), whole)
        return found._replace(whole=whole)

    def renumbered(self, entries: Bilinear) -> Bilinear:
        """Return the same links with positions among the units used."""
        ends = self.place(entries.citing), self.place(entries.cited)
        return Bilinear(entries.cell, *ends, entries.amount, entries.cells)

    def placed(self, held: Held) -> Held:
        """Return the same holdings with positions among the units used."""
        return Held(self.place(held.unit), held.country, held.amount)

    def chunks(self, draws: int, cells: int) -> Iterator[Ints]:
        """Yield numbers of draws, as many at a time as there is room for."""
        each = self.clusters.size
        if not compiled.available():  # which weighs units of several clusters as it goes
            each += 8 * self.mixed.shape[0]
        room = min(_CELLS // max(1, cells), _WEIGHTS // max(1, each))
        size = max(1, min(250, room))
        yield from (np.arange(k, min(k + size, draws)) for k in range(0, draws, size))
