r"""The core of the exchange between countries and the distance to it, in every draw.

Most pairs of countries exchange nothing. What `netpos.graph.kernels` does with whole matrices is
done here with the pairs that do, draws in the last dimension: sums run over the same addends in the
same order, so the core is the same. For distances, countries of few partners are eliminated one by
one before the rest is solved as a matrix; the distances are the same up to rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from netpos.graph import kernels
from netpos.graph.kernels import Floats
from netpos.graph.links import Ints, Mask
from netpos.indicators.cells import Cells, summing

#: Partners up to which a country is eliminated by itself: with more a matrix is faster.
_PARTNERS = 12
_LEAST = 3  # countries; fewer have no core
_STACK = 500_000  # numbers in one stack of matrices: what fits near the processor


class Step(NamedTuple):
    """The elimination of one country.

    ``partners`` are those left, ``pairs`` the pairs with them; ``changed`` are the pairs of two
    partners, the partners ``first`` and ``second`` of them by their place among ``partners``.
    """

    country: int
    partners: Ints
    pairs: Ints
    changed: Ints
    first: Ints
    second: Ints


class Plan(NamedTuple):
    """In which order countries are eliminated, and which pairs there are then.

    ``ends`` are the countries of all pairs, also of those that only elimination brings about;
    ``rest`` are countries that are not asked for and have too many partners.
    """

    steps: tuple[Step, ...]
    ends: tuple[Ints, Ints]
    rest: Ints
    asked: Ints


def planned(first: Ints, second: Ints, countries: int, asked: Mask) -> Plan:
    """Plan to eliminate countries that are not asked for, those of the fewest partners first.

    Parameters
    ----------
    first, second
        Countries of each pair, the first before the second.
    countries
        Their number.
    asked
        Countries that stay.

    Examples
    --------
    A star of four: each of the others is eliminated on its own, and brings about no pair.

    >>> asked = np.array([True, False, False, False])
    >>> plan = planned(np.array([0, 0, 0]), np.array([1, 2, 3]), 4, asked)
    >>> [step.country for step in plan.steps], plan.ends[0].size, plan.rest.size
    ([1, 2, 3], 3, 0)
    """
    ends = list(zip(first.tolist(), second.tolist(), strict=True))
    number = {pair: k for k, pair in enumerate(ends)}
    partners: list[set[int]] = [set() for _ in range(countries)]
    for a, b in ends:
        partners[a].add(b)
        partners[b].add(a)

    def numbered(a: int, b: int) -> int:
        pair = (min(a, b), max(a, b))
        if pair not in number:
            number[pair] = len(ends)
            ends.append(pair)
            partners[a].add(b)
            partners[b].add(a)
        return number[pair]

    steps, rest = [], set(np.flatnonzero(~asked).tolist())
    while rest:
        country = min(rest, key=lambda c: (len(partners[c]), c))
        near = sorted(partners[country])
        if len(near) > _PARTNERS:
            break
        rest.remove(country)
        pairs = [numbered(country, c) for c in near]
        for c in near:
            partners[c].remove(country)
        both = [(i, j) for i in range(len(near)) for j in range(i + 1, len(near))]
        changed = [numbered(near[i], near[j]) for i, j in both]
        i, j = np.array(both, dtype=np.int64).reshape(-1, 2).T
        steps.append(Step(country, _ints(near), _ints(pairs), _ints(changed), i, j))
    made = np.array(ends, dtype=np.int64).reshape(-1, 2)
    return Plan(tuple(steps), (made[:, 0], made[:, 1]), _ints(sorted(rest)), np.flatnonzero(asked))


def _ints(numbers: Sequence[int]) -> Ints:
    return np.array(numbers, dtype=np.int64)


@dataclass(frozen=True)
class Exchange:
    """Pairs of countries that exchange citations, and where the links of each stand.

    ``first`` and ``second`` are the countries of each pair, the first before the second; ``forth``
    and ``back`` the places of the links from the first to the second and the other way, -1 where
    there are none.
    """

    first: Ints
    second: Ints
    forth: Ints
    back: Ints
    countries: int

    @classmethod
    def of(cls, cells: Cells, countries: int) -> Exchange:
        """Join both directions of the links between so many countries.

        Examples
        --------
        >>> cells = Cells.of(np.array([0, 1, 1]), np.array([1, 0, 2]), 3)
        >>> one = Exchange.of(cells, 3)
        >>> one.first.tolist(), one.second.tolist(), one.forth.tolist(), one.back.tolist()
        ([0, 1], [1, 2], [0, 2], [1, -1])
        """
        citing, cited = cells.citing, cells.cited
        code = np.minimum(citing, cited) * countries + np.maximum(citing, cited)
        pairs, at = np.unique(code, return_inverse=True)
        places = np.full((2, pairs.size), -1, dtype=np.int64)
        places[(citing > cited).astype(np.int64), at] = np.arange(at.size)
        return cls(pairs // countries, pairs % countries, places[0], places[1], countries)

    @cached_property
    def sums(self) -> csr_array:
        """The matrix that sums two rows per pair by country, partner after partner.

        The first row of a pair counts for its second country, the other for its first; those of
        all pairs stand in two blocks.
        """
        mine = np.concatenate([self.second, self.first])
        other = np.concatenate([self.first, self.second])
        order = np.argsort(other, kind="stable")
        found = summing(mine[order], self.countries)
        return csr_array((found.data, order[found.indices], found.indptr), shape=found.shape)

    def weights(self, values: Floats) -> Floats:
        """Sum both directions of each pair: ``(pairs, draws)`` from ``(links, draws)``."""
        found = np.zeros((self.first.size, values.shape[1]))
        for places in (self.forth, self.back):
            there = np.flatnonzero(places >= 0)
            found[there] += values[places[there]]
        return found

    def core(self, weights: Floats) -> Mask:
        """Compute `netpos.graph.kernels.rich_core_of`: ``(countries, draws)``."""
        n, draws = self.countries, weights.shape[1]
        inside = np.zeros((draws, n), dtype=bool)
        if n < _LEAST:
            return np.ascontiguousarray(inside.T)
        strength = self.sums @ np.concatenate([weights, weights])
        order = np.argsort(-kernels.significant(strength.T), axis=-1, kind="stable")
        place = np.empty((n, draws), dtype=np.int64)
        np.put_along_axis(place, order.T, np.arange(n)[:, None], axis=0)
        ahead = place[self.first] < place[self.second]
        to_first, to_second = np.where(ahead, 0.0, weights), np.where(ahead, weights, 0.0)
        above = self.sums @ np.concatenate([to_second, to_first])
        to_stronger = kernels.significant(np.take_along_axis(above.T, order, axis=-1))
        last = np.argmax(to_stronger, axis=-1)
        rows = (np.arange(n) <= last[:, None]) & (to_stronger > 0).any(axis=-1, keepdims=True)
        np.put_along_axis(inside, order, rows, axis=-1)
        return np.ascontiguousarray(inside.T)

    def reached(self, weights: Floats, start: Mask) -> Mask:
        """Compute `netpos.graph.kernels.reached`: ``(countries, draws)``."""
        linked, found = weights > 0, start.copy()
        while True:
            there = found[self.first], found[self.second]
            both = np.concatenate([there[0] & linked, there[1] & linked])
            wider = found | (self.sums @ both.astype(np.float64) > 0)
            if np.array_equal(wider, found):
                return found
            found = wider

    def distance(self, weights: Floats, core: Mask, plan: Plan) -> Floats:
        """Compute `netpos.graph.kernels.nearness`: ``(countries, draws)``.

        Parameters
        ----------
        weights
            What `weights` returns.
        core
            Members of the core, ``(countries, draws)``.
        plan
            See `planned`.
        """
        n, draws = core.shape
        free = self.reached(weights, core) & ~core
        # the Laplacian among free countries, of others that of a country alone
        pairs = np.zeros((plan.ends[0].size, draws))
        both = free[self.first] & free[self.second]
        pairs[: self.first.size] = np.where(both, -weights, 0.0)
        degree = np.where(free, self.sums @ np.concatenate([weights, weights]), 1.0)
        for step in plan.steps:
            near = pairs[step.pairs]
            part = near / degree[step.country]
            degree[step.partners] -= part * near
            pairs[step.changed] -= part[step.first] * near[step.second]
        left = np.concatenate([plan.rest, plan.asked])
        place = np.full(n, -1, dtype=np.int64)
        place[left] = np.arange(left.size)
        a, b = (place[end] for end in plan.ends)
        kept = np.flatnonzero((a >= 0) & (b >= 0))
        a, b = a[kept], b[kept]
        found = np.full((n, draws), np.nan)
        some = max(1, _STACK // max(1, left.size**2))
        for start in range(0, draws, some):
            now = slice(start, start + some)
            alone = degree[left, now].T
            L = np.zeros((*alone.shape, left.size))
            L[:, place[left], place[left]] = alone
            L[:, a, b] = L[:, b, a] = pairs[kept, now].T
            found[plan.asked, now] = kernels.inverse_diagonal(L, plan.rest.size).T
        return np.where(core, 0.0, np.where(free, found, np.nan))
