r"""Whole organisations drawn again and again, and what links and families then add up to.

Two families of one organisation are no independent observations, and neither are two citations of
one family: whole organisations are drawn, at both ends of a link (the pigeonhole bootstrap, Owen
2007). In draw :math:`d` every organisation :math:`k` has a weight :math:`w_{kd}`, Poisson with mean
1. A family weighs the mean of the weights of its organisations, by their shares of it, and a link
the product of both its families:

.. math:: W_{ij}^{(d)} = \sum_{(f, g)} w_{fd}\, w_{gd}\, a_i(f)\, a_j(g), \qquad
          N_i^{(d)} = \sum_f w_{fd}\, a_i(f), \qquad w_{fd} = \sum_k b_k(f)\, w_{kd}
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from netpos.errors import TableError
from netpos.graph.kernels import Floats
from netpos.graph.links import Citations, Ints, Mask, Shares, Spread, gathered
from netpos.indicators.weights import poisson_weights, units

_CELLS = 1_000_000  # numbers in one table of cells
_WEIGHTS = 20_000_000  # numbers in one table of weights
_PAIRS = 2048  # pairs of units weighed at a time


@dataclass(frozen=True)
class Sample:
    """What is drawn again: pairs, their spread over countries, shares, and the unit of each row.

    ``unit`` and ``parts`` are those of `units`.
    """

    pairs: Citations
    spread: Spread
    shares: Shares
    unit: Ints
    parts: csr_array

    @classmethod
    def of(cls, pairs: Citations, spread: Spread, shares: Shares, organisations: Shares) -> Sample:
        """Take the parts of a corpus; ``spread`` belongs to ``pairs`` and ``shares``."""
        return cls(pairs, spread, shares, *units(organisations))


@dataclass(frozen=True)
class Bilinear:
    """Sums of links by cell, each link weighing as both its units.

    One entry per cell, citing and cited unit, in this order; ``amount`` is the weight of the links
    (or their number of citations in units of value).
    """

    cell: Ints
    citing: Ints
    cited: Ints
    amount: Floats
    cells: int

    @classmethod
    def of(cls, cell: Ints, citing: Ints, cited: Ints, amount: Floats, cells: int) -> Bilinear:
        """Sum links with the same cell and units."""
        most = 1 + max(int(citing.max(initial=0)), int(cited.max(initial=0)))
        pair, at = np.unique(citing * most + cited, return_inverse=True)
        code, into = np.unique(cell * max(pair.size, 1) + at, return_inverse=True)
        total = np.bincount(into, amount, code.size).astype(np.float64)
        ends = pair[code % max(pair.size, 1)] if pair.size else pair
        return cls(code // max(pair.size, 1), ends // most, ends % most, total, cells)

    def chosen(self, keep: Mask) -> Bilinear:
        """Keep only these entries."""
        return Bilinear(
            self.cell[keep], self.citing[keep], self.cited[keep], self.amount[keep], self.cells
        )


class _Block(NamedTuple):
    """Some pairs of units, and the matrix that adds their links up by cell."""

    citing: Ints
    cited: Ints
    cells: Ints
    matrix: csr_array


@dataclass(frozen=True)
class Summing:
    """Sums of links by cell for one draw after another, each pair of units weighed once."""

    blocks: list[_Block]
    cells: int

    @classmethod
    def of(cls, *several: Bilinear) -> Summing:
        """Put sums together; cells of the second are counted on from the last of the first."""
        before = np.cumsum([0, *(one.cells for one in several)])
        cell = np.concatenate([one.cell + k for one, k in zip(several, before, strict=False)])
        citing = np.concatenate([one.citing for one in several])
        cited = np.concatenate([one.cited for one in several])
        amount = np.concatenate([one.amount for one in several])
        most, cells = 1 + int(cited.max(initial=0)), int(before[-1])
        _, first, at = np.unique(citing * most + cited, return_index=True, return_inverse=True)
        come = np.argsort(first, kind="stable")  # pairs of one cell lie together
        place = np.empty(come.size, dtype=np.int64)
        place[come] = np.arange(come.size)
        pair, first = place[at], first[come]
        key = pair // _PAIRS * cells + cell
        order = np.argsort(key, kind="stable")
        key, data, index = key[order], amount[order], pair[order] % _PAIRS
        row = np.flatnonzero(np.diff(key, prepend=-1))  # first entry of each block and cell
        where, ends = key[row], np.append(row, key.size)
        blocks = []
        for k in range(0, come.size, _PAIRS):
            begin, end = np.searchsorted(where, [k // _PAIRS * cells, (k // _PAIRS + 1) * cells])
            part, some = slice(ends[begin], ends[end]), first[k : k + _PAIRS]
            matrix = csr_array(
                (data[part], index[part], ends[begin : end + 1] - ends[begin]),
                shape=(end - begin, some.size),
            )
            blocks.append(_Block(citing[some], cited[some], where[begin:end] % cells, matrix))
        return cls(blocks, cells)

    def totals(self, weights: Floats) -> Floats:
        """Sum of each cell with the weights of units: ``(cells, draws)``.

        The sums run in the same order however many draws there are.
        """
        found = np.zeros((self.cells, weights.shape[1]))
        both = np.empty((2, _PAIRS, weights.shape[1]))
        for block in self.blocks:
            one, other = both[:, : block.citing.size]
            np.take(weights, block.citing, axis=0, out=one, mode="clip")
            np.take(weights, block.cited, axis=0, out=other, mode="clip")
            one *= other
            found[block.cells] += block.matrix @ one
        return found


@dataclass(frozen=True)
class Network:
    """Foreign links of two selections between countries, by the units at both ends.

    The cell of an entry is ``4 × place + in links + 2 × in sources``; ``citing`` and ``cited`` are
    the countries of each place, ``counts`` the citations of each cell,
    each once for every pair of countries.
    """

    nodes: list[str]
    citing: Ints
    cited: Ints
    entries: Bilinear
    counts: Floats

    @classmethod
    def of(cls, sample: Sample, links: Mask, sources: Mask, countries: list[str]) -> Network:
        """Sum the pairs of both selections; countries come first among the nodes by name."""
        spread = sample.spread
        abroad = np.asarray(spread.ends[0] != spread.ends[1])
        counted = links | sources
        keep = np.flatnonzero(gathered(counted, spread.pair) & gathered(abroad, spread.cell))
        pair = spread.pair[keep]
        at, place = np.unique(spread.cell[keep], return_inverse=True)
        ends = [spread.ends[0][at], spread.ends[1][at]]
        names = {spread.names[k] for k in np.unique(np.concatenate(ends)).tolist()}
        nodes = sorted({*countries, *names})
        number = {name: k for k, name in enumerate(nodes)}
        of_name = np.array([number.get(name, -1) for name in spread.names], dtype=np.int64)
        flag = links[pair].astype(np.int64) + 2 * sources[pair].astype(np.int64)
        cell = 4 * place.astype(np.int64) + flag
        entries = Bilinear.of(
            cell,
            sample.unit[sample.pairs.citing[pair]],
            sample.unit[sample.pairs.cited[pair]],
            spread.weight[keep],
            4 * at.size,
        )
        counts = np.bincount(cell, minlength=4 * at.size).astype(np.float64)
        return cls(nodes, of_name[ends[0]], of_name[ends[1]], entries, counts)

    def countries(self, bit: int) -> tuple[Bilinear, Ints, Ints]:
        """Compute the entries of the links (1) or sources (2), and their countries, citing and
        cited.
        """
        entries = self.entries.chosen((self.entries.cell & bit) > 0)
        place = entries.cell // 4
        return entries, self.citing[place], self.cited[place]

    def citations(self, bit: int) -> tuple[Floats, Floats]:
        """Compute the citations received and given by each node, each once for every pair of
        countries.
        """
        place = np.arange(self.counts.size) // 4
        counted = np.where(np.arange(self.counts.size) & bit, self.counts, 0.0)
        n = len(self.nodes)
        received = np.bincount(self.cited[place], weights=counted, minlength=n)
        given = np.bincount(self.citing[place], weights=counted, minlength=n)
        return received.astype(np.float64), given.astype(np.float64)

    def placed(self, drawn: Drawn) -> Network:
        """Return the same network with the units numbered as in the weights."""
        return replace(self, entries=drawn.renumbered(self.entries))

    def selected(self, bit: int) -> tuple[Ints, Ints, Ints]:
        """Return the places of the links (1) or sources (2), by citing and cited country, and
        these.
        """
        held = np.zeros(self.entries.cells, dtype=bool)
        held[self.entries.cell] = True
        place = np.flatnonzero(held[bit::4] | held[3::4])
        place = place[np.lexsort((self.cited[place], self.citing[place]))]
        return place, self.citing[place], self.cited[place]


@dataclass(frozen=True)
class Held:
    """Families, or what they are worth, held by countries: a row per family and country.

    ``unit``, ``country`` (its number) and ``amount`` of each row.
    """

    unit: Ints
    country: Ints
    amount: Floats

    @classmethod
    def of(cls, sample: Sample, measure: Floats, countries: list[str]) -> Held:
        """Spread a measure of families over the countries that hold them.

        Raises
        ------
        TableError
            A family has a country that is not among the countries.
        """
        rows = np.flatnonzero(measure)
        held = sample.shares.matrix[rows].tocoo()
        at = numbers(sample.shares.names, countries)[held.col]
        if (at < 0).any():
            raise TableError("table 'countries' has no row for a country that has families")
        row = rows[held.row]
        return cls(sample.unit[row], at, held.data * measure[row])

    @classmethod
    def located(cls, sample: Sample, measure: Floats) -> Held:
        """Return a measure of the families that have any country, each once, all as country 0."""
        rows = np.flatnonzero((measure != 0) & sample.shares.located)
        return cls(sample.unit[rows], np.zeros(rows.size, dtype=np.int64), measure[rows])

    def placed(self, drawn: Drawn) -> Held:
        """Return the same rows with the units numbered as in the weights."""
        return replace(self, unit=drawn.place(self.unit))

    def summing(self, countries: int, units: int) -> csr_array:
        """Return the matrix that sums the weights of units by country."""
        return csr_array((self.amount, (self.country, self.unit)), shape=(countries, units))


def numbers(names: list[str], countries: list[str]) -> Ints:
    """Place of each name among the countries, -1 where it is none of them.

    Examples
    --------
    >>> numbers(["US", "XX"], ["NL", "US"]).tolist()
    [1, -1]
    """
    place = {name: k for k, name in enumerate(countries)}
    return np.array([place.get(name, -1) for name in names], dtype=np.int64)


@dataclass(frozen=True)
class Worth:
    """Value of families as far as citations carry it: :math:`V_f = a_f + c_f b_f`.

    ``pairs`` are the citations counted in :math:`c_f`, each ``times`` as often, ``alone`` and
    ``each`` a and b per row.
    """

    pairs: Citations
    alone: Floats
    each: Floats
    times: Floats | None = None

    @classmethod
    def of(
        cls,
        pairs: Citations,
        expected: Floats,
        coverage: Floats,
        times: Floats | None = None,
    ) -> Worth:
        """Take families apart whose relevance is drawn towards 1 where less than 1 is expected.

        Parameters
        ----------
        pairs
            The citations counted.
        expected
            Citations expected of each row, NaN where not known.
        coverage
            Markets of each row.
        times
            Citing families of each pair; default one.

        Examples
        --------
        >>> none = np.empty(0, dtype=np.int64)
        >>> pairs = Citations(none, none, np.empty(0, dtype=bool), 2)
        >>> worth = Worth.of(pairs, np.array([4.0, 0.25]), np.array([2.0, 2.0]))
        >>> worth.alone.tolist(), worth.each.tolist()
        ([0.0, 1.5], [0.5, 2.0])
        """
        known = np.isfinite(expected)
        norm = np.where(known, expected, 1.0)
        alone = np.where(known, coverage * np.maximum(1.0 - norm, 0.0), 0.0)
        return cls(pairs, alone, np.where(known, coverage / np.maximum(norm, 1.0), 0.0), times)


@dataclass(frozen=True)
class Valued:
    """Value of countries: what citations bring (cell = country), and what families have without.

    ``counts`` are the citations to families of each country.
    """

    cited: Bilinear
    alone: Held
    counts: Floats

    @classmethod
    def of(cls, sample: Sample, families: Mask, countries: list[str], worth: Worth) -> Valued:
        """Take the value of these families."""
        counted = gathered(families & (worth.each != 0), worth.pairs.cited)
        keep = np.flatnonzero(counted if worth.times is None else counted & (worth.times > 0))
        times = np.ones(keep.size) if worth.times is None else worth.times[keep]
        citing, cited = worth.pairs.citing[keep], worth.pairs.cited[keep]
        matrix = sample.shares.matrix
        holders = np.diff(matrix.indptr)[cited]
        pair = np.repeat(np.arange(cited.size), holders)
        within = np.arange(pair.size) - np.repeat(np.cumsum(holders) - holders, holders)
        place = matrix.indptr[cited][pair] + within
        country = numbers(sample.shares.names, countries)[matrix.indices[place]]
        links = Bilinear.of(
            country,
            sample.unit[citing[pair]],
            sample.unit[cited[pair]],
            matrix.data[place] * worth.each[cited[pair]] * times[pair],
            len(countries),
        )
        counts = np.bincount(country, times[pair], len(countries)).astype(np.float64)
        alone = np.where(families, worth.alone, 0.0)
        return cls(links, Held.of(sample, alone, countries), counts)

    def placed(self, drawn: Drawn) -> Valued:
        """Return the same value with the units numbered as in the weights."""
        return replace(self, cited=drawn.renumbered(self.cited), alone=self.alone.placed(drawn))


def _in_order(numbers: Ints, limit: int) -> tuple[Ints, Ints]:
    """Return the numbers that occur as they come first, and the place of each number below the
    limit among them (that of others means nothing).
    """
    first = np.full(limit, -1, dtype=np.int64)
    first[numbers[::-1]] = np.arange(numbers.size)[::-1]  # the last that is written stays
    found = np.flatnonzero(first >= 0)
    found = found[np.argsort(first[found])].astype(np.int64)
    first[found] = np.arange(found.size)
    return found, first


@dataclass(frozen=True)
class Drawn:
    """Units with a weight in every draw, and how their weights come about.

    Units and clusters are numbered as they come first: what is used together lies together.
    """

    places: Ints
    clusters: Ints
    parts: csr_array

    @classmethod
    def of(cls, parts: csr_array, *used: Ints) -> Drawn:
        """Take the units that occur in any of the arrays; ``parts`` are those of `Sample`."""
        units, clusters = parts.shape
        every, places = _in_order(np.concatenate(used), units)
        parts = parts[every]
        named, at = _in_order(parts.indices.astype(np.int64), clusters)
        shape = (every.size, named.size)
        return cls(places, named, csr_array((parts.data, at[parts.indices], parts.indptr), shape))

    def place(self, unit: Ints) -> Ints:
        """Compute the position of these units among those used."""
        return self.places[unit]

    @property
    def units(self) -> int:
        """Number of units used."""
        return int(self.parts.shape[0])

    def weights(self, draws: Ints, seed: int) -> Floats:
        """Compute the weights of the units: ``(used, draws)``."""
        found: Floats = self.parts @ poisson_weights(self.clusters, draws, seed).astype(np.float64)
        return found

    def renumbered(self, entries: Bilinear) -> Bilinear:
        """Return the same links with positions among the units used."""
        ends = self.place(entries.citing), self.place(entries.cited)
        return Bilinear(entries.cell, *ends, entries.amount, entries.cells)

    def chunks(self, draws: int, cells: int) -> Iterator[Ints]:
        """Yield numbers of draws, as many at a time as there is room for."""
        room = min(_CELLS // max(1, cells), _WEIGHTS // max(1, self.units))
        size = max(1, min(250, room))
        yield from (np.arange(k, min(k + size, draws)) for k in range(0, draws, size))
