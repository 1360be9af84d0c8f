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

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, cast

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from netpos.errors import TableError
from netpos.graph.kernels import Floats
from netpos.graph.links import Citations, Ints, Mask, Rows, Shares, Spread, gathered
from netpos.graph.sorting import narrow, ordered
from netpos.indicators.weights import units

_AT_ONCE = 1 << 20  # links sorted at a time
_Small: TypeAlias = NDArray[np.int32]


@dataclass(frozen=True)
class Sample:
    """What is drawn again: pairs, their spread over countries, shares, and the unit of each row.

    ``unit`` and ``parts`` are those of `units`.
    """

    pairs: Citations
    spread: Spread
    shares: Shares
    unit: Rows
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

    cell: Rows
    citing: Rows
    cited: Rows
    amount: Floats
    cells: int

    @classmethod
    def of(cls, cell: Rows, citing: Rows, cited: Rows, amount: Floats, cells: int) -> Bilinear:
        """Sum links with the same cell and units."""
        return cls.taken(cell, cells, lambda at: (citing[at], cited[at], amount[at]))

    @classmethod
    def taken(
        cls, cell: Rows, cells: int, links: Callable[[Rows], tuple[Rows, Rows, Floats]]
    ) -> Bilinear:
        """Sum links with the same cell and units, some cells at a time.

        ``links`` returns the units, citing and cited, and the amounts of links by their number.
        """
        order = narrow(ordered(cell), cell.size)
        found: list[tuple[_Small, _Small, _Small, Floats]] = []
        sums = np.cumsum(np.bincount(cell, minlength=cells))
        begin = 0
        while begin < order.size:  # as many cells as there is room for, one at least
            last = int(np.searchsorted(sums, begin + _AT_ONCE, side="right"))
            last = max(last, int(np.searchsorted(sums, begin, side="right")) + 1)
            end = int(sums[last - 1])
            at = order[begin:end]
            citing, cited, amount = links(at)
            found.append(_summed(cell[at], citing, cited, amount))
            begin = end
        if not found:
            none = np.empty(0, dtype=np.int32)
            return cls(none, none, none, np.empty(0), cells)
        total = np.concatenate([part[3] for part in found])
        ends = [[part[k] for part in found] for k in range(3)]
        del found

        def whole() -> _Small:  # each list is given up as soon as it is put together
            return np.concatenate(ends.pop(0))

        return cls(whole(), whole(), whole(), total, cells)

    def chosen(self, keep: Mask) -> Bilinear:
        """Keep only these entries; all of them are not copied."""
        if keep.all():
            return self
        return Bilinear(
            self.cell[keep], self.citing[keep], self.cited[keep], self.amount[keep], self.cells
        )


def _summed(
    cell: Rows, citing: Rows, cited: Rows, amount: Floats
) -> tuple[_Small, _Small, _Small, Floats]:
    """Sum links with the same cell and units, cells rising: one entry of each, in order."""
    most = 1 + int(cited.max(initial=0))
    least = int(citing.min(initial=citing[0]))
    code = (citing.astype(np.int64) - least) * most + cited
    order = ordered(code)
    by_cell = ordered(cast("Rows", gathered(cell, order)) - int(cell[0]))
    order = cast("Rows", gathered(order, by_cell))
    code, cell = gathered(code, order), cast("Rows", gathered(cell, order))
    new = np.ones(code.size, dtype=bool)
    new[1:] = (code[1:] != code[:-1]) | (cell[1:] != cell[:-1])
    total = np.bincount(np.cumsum(new) - 1, amount[order])
    code = code[new]
    one, other = (code // most + least).astype(np.int32), (code % most).astype(np.int32)
    return cell[new].astype(np.int32), one, other, total.astype(np.float64, copy=False)


@dataclass(frozen=True)
class Network:
    """Foreign links of two selections between countries, by the units at both ends.

    The cell of an entry is ``4 × place + in links + 2 × in sources``; ``citing`` and ``cited`` are
    the countries of each place, ``counts`` the citations of each cell,
    each once for every pair of countries.
    """

    nodes: list[str]
    citing: Rows
    cited: Rows
    entries: Bilinear
    counts: Floats

    @classmethod
    def of(cls, sample: Sample, links: Mask, sources: Mask, countries: list[str]) -> Network:
        """Sum the pairs of both selections; countries come first among the nodes by name."""
        spread, pairs, unit = sample.spread, sample.pairs, sample.unit
        abroad = np.asarray(spread.ends[0] != spread.ends[1])
        counted = links | sources
        some = gathered(counted, spread.pair)
        some &= gathered(abroad, spread.cell)
        keep = narrow(np.flatnonzero(some), some.size)
        del some, counted
        of = spread.cell[keep]
        used = np.zeros(spread.ends[0].size, dtype=bool)
        used[of] = True
        at = np.flatnonzero(used)
        place = gathered((np.cumsum(used, dtype=np.int32) - 1).astype(np.int32), of)
        del of
        ends = [spread.ends[0][at], spread.ends[1][at]]
        names = {spread.names[k] for k in np.unique(np.concatenate(ends)).tolist()}
        nodes = sorted({*countries, *names})
        number = {name: k for k, name in enumerate(nodes)}
        of_name = np.array([number.get(name, -1) for name in spread.names], dtype=np.int32)
        flag = links.astype(np.int8) + np.int8(2) * sources.astype(np.int8)
        cell = place * np.int32(4)
        cell += gathered(flag, spread.pair[keep])
        del place

        def taken(part: Rows) -> tuple[Rows, Rows, Floats]:
            entry = keep[part]
            pair = spread.pair[entry]
            return unit[pairs.citing[pair]], unit[pairs.cited[pair]], spread.weight[entry]

        counts = np.bincount(cell, minlength=4 * at.size).astype(np.float64)
        entries = Bilinear.taken(cell, 4 * at.size, taken)
        return cls(nodes, of_name[ends[0]], of_name[ends[1]], entries, counts)

    def countries(self, bit: int) -> tuple[Bilinear, Rows, Rows]:
        """Compute the entries of the links (1) or sources (2), and their countries, citing and
        cited.
        """
        keep = (self.entries.cell & bit) > 0
        place = self.entries.cell[keep] // 4
        citing, cited = self.citing[place], self.cited[place]
        del place
        return self.entries.chosen(keep), citing, cited

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

    def selected(self, bit: int) -> tuple[Ints, Rows, Rows]:
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

    unit: Rows
    country: Rows
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
    ``each`` a and b of each family.
    """

    pairs: Citations
    alone: Floats
    each: Floats
    times: Floats | NDArray[np.integer] | None = None

    @classmethod
    def of(
        cls,
        pairs: Citations,
        expected: Floats,
        coverage: Floats,
        times: Floats | NDArray[np.integer] | None = None,
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
        known = worth.each.size  # of the rows behind them, documents outside, nothing is
        valued = np.zeros(families.size, dtype=bool)
        valued[:known] = families[:known] & (worth.each != 0)
        counted = gathered(valued, worth.pairs.cited)
        if worth.times is not None:
            counted &= worth.times > 0
        keep = narrow(np.flatnonzero(counted), counted.size)
        del counted
        times = np.ones(keep.size) if worth.times is None else worth.times[keep].astype(np.float64)
        matrix, unit, pairs = sample.shares.matrix, sample.unit, worth.pairs
        cited = pairs.cited[keep]
        start = matrix.indptr[:-1][cited]
        holders = np.diff(matrix.indptr)[cited].astype(np.int32)
        pair = np.repeat(np.arange(keep.size, dtype=np.int32), holders)
        within = np.arange(pair.size) - np.repeat(np.cumsum(holders) - holders, holders)
        place = within + start[pair]
        del cited, start, holders, within
        of_name = numbers(sample.shares.names, countries).astype(np.int32)
        country = of_name[matrix.indices[place]]

        def taken(part: Rows) -> tuple[Rows, Rows, Floats]:
            of = keep[pair[part]]
            citing, cited = pairs.citing[of], pairs.cited[of]
            amount = matrix.data[place[part]] * worth.each[cited] * times[pair[part]]
            return unit[citing], unit[cited], amount

        links = Bilinear.taken(country, len(countries), taken)
        counts = np.bincount(country, times[pair], len(countries)).astype(np.float64)
        alone = np.where(families[:known], worth.alone, 0.0)
        return cls(links, Held.of(sample, alone, countries), counts)
