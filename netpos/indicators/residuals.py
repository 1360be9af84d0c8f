r"""How well the ratio of observed to expected citations of a pair of countries is known.

The organisations of a corpus are taken as a sample of those that could have filed. The logarithm of
the ratio, :math:`\ln O_{ij} - \ln E_{ij}`, is a function of sums of links and of families; its
derivative gives each link and each family an influence, and an organisation k has that of all its
families and of all links that it takes part in, citing or cited, :math:`U_k`. With :math:`e_l` the
influence of a link,

.. math:: \widehat{\mathrm{var}} = \max\Bigl(\sum_k U_k^2 - \sum_l e_l^2,\
          \tfrac12 \sum_k U_k^2\Bigr)

since the noise of a link stands in the sums of both its ends (the dyadic-robust variance of Aronow,
Samii and Assenova 2015). The rates of cohorts, which belong to the technology as a whole, are held
fixed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import stdtrit

from netpos.graph.expected import LEAST_EXPECTED, Flows, foreign_families
from netpos.graph.kernels import Floats, divide
from netpos.graph.links import Citations, Shares, Spread, gathered
from netpos.indicators.bounds import (
    LEAST_CITATIONS,
    LEAST_EFFECTIVE,
    LEAST_FREEDOM,
    LEAST_ORGANISATIONS,
)

Ints = NDArray[np.int64]
#: What the variance keeps of the squares of organisations at least.
LEAST_PART = 0.5


class Intervals(NamedTuple):
    """Bounds of the ratio of each pair, NaN where there are none, and why (else empty)."""

    low: Floats
    high: Floats
    reason: NDArray[np.str_]


@dataclass(frozen=True)
class Sampled:
    """A corpus as a sample of organisations.

    ``holders`` has a row for each family (and document outside) with the parts of its
    organisations, 1 in all; a family without an organisation is one of its own.
    """

    pairs: Citations
    spread: Spread
    shares: Shares
    holders: csr_array

    @classmethod
    def of(cls, pairs: Citations, spread: Spread, shares: Shares, organisations: Shares) -> Sampled:
        """Take the parts of a corpus; ``spread`` belongs to ``pairs`` and ``shares``."""
        matrix = organisations.matrix
        rows, names = matrix.shape
        number = np.diff(matrix.indptr).astype(np.int32)
        pointer = np.zeros(rows + 1, dtype=np.int32)
        np.cumsum(np.maximum(number, 1), out=pointer[1:])
        alone = pointer[:-1][number == 0]
        several = np.ones(pointer[-1], dtype=bool)
        several[alone] = False
        column, part = np.empty(several.size, dtype=np.int32), np.ones(several.size)
        column[alone] = np.arange(names, names + alone.size, dtype=np.int32)
        column[several] = matrix.indices
        part[several] = np.repeat(1.0 / np.maximum(number, 1), number)
        shape = (rows, names + alone.size)
        return cls(pairs, spread, shares, csr_array((part, column, pointer), shape=shape))


def intervals(
    sample: Sampled,
    chosen: NDArray[np.bool_],
    member: NDArray[np.bool_],
    years: Floats,
    span: tuple[int, int],
    flows: Flows,
    rates: Floats,
    expected: Floats,
    citing: Ints,
    cited: Ints,
) -> Intervals:
    r"""Compute 95 % intervals of observed over expected, :math:`r\, e^{\pm t_\nu s}`.

    The degrees of freedom are the effective number of organisations, less 1, that hold the links of
    the pair at either end, or of influences, :math:`(\sum U_k^2)^2 / \sum U_k^4`, whichever is
    smallest.

    Parameters
    ----------
    sample
        See `Sampled`.
    chosen, member, years, span, flows, rates, expected
        As for `netpos.graph.expected.flows_of`, and what it and `cohort_rates` and
        `expected_flow` returned.
    citing, cited
        Numbers of the countries of each pair.

    Returns
    -------
    For each pair; ``reason`` is ``too_few`` where fewer than 20 citations are observed, 5 expected,
    or fewer than three organisations stand at an end, ``one_firm`` where the effective number of
    them is below 2.

    References
    ----------
    Method notes (`netpos.docs_path`).
    """
    low, high = np.full(citing.size, np.nan), np.full(citing.size, np.nan)
    reason = np.full(citing.size, "too_few", dtype="<U20")
    spread = sample.spread
    keep = np.flatnonzero(gathered(chosen, spread.pair))
    cell, weight, pair = spread.cell[keep], spread.weight[keep], spread.pair[keep]
    i, j = (end[cell].astype(np.int64) for end in spread.ends)
    abroad = i != j
    i, j, weight, pair = i[abroad], j[abroad], weight[abroad], pair[abroad]
    f, g = sample.pairs.citing[pair], sample.pairs.cited[pair]
    t = (years[f] - span[0]).astype(np.int64)
    n, number = flows.abroad.shape
    others = foreign_families(flows.cited)
    rows = np.flatnonzero(member)
    holders = _holders(sample.holders, np.concatenate([rows, f, g]))
    families = _families(sample.shares, holders, rows, years, flows.cited.shape[1])
    for country in np.unique(citing).tolist():
        mine = np.flatnonzero(i == country)
        asked = np.flatnonzero((citing == country) & (expected[citing, cited] >= LEAST_EXPECTED))
        to = cited[asked]
        given = np.bincount(j[mine], weight[mine], minlength=n).astype(np.float64)
        many = given[to] >= LEAST_CITATIONS
        asked, to = asked[many], to[many]
        if not asked.size:
            continue
        observed = given[to]
        whole = expected[country, to]
        every = rates @ others[country]  # (T,): what all foreign families weigh
        per = np.nan_to_num(divide(flows.abroad[country], every), nan=0.0)
        part = np.nan_to_num(divide(rates @ flows.cited[to].T, every[:, None]), nan=0.0)  # (T, p)
        by_year = part / whole
        by_cohort = (per[:, None] * rates).T @ part / whole  # (S, p)
        of_own = (per @ rates)[:, None] / whole  # (S, p)

        ends = holders[f[mine]], holders[g[mine]]
        both = csr_array(ends[0] + ends[1])
        # organisations that take part in these links, and those of several countries
        taking_part = ~families.single
        taking_part[both.indices] = True
        active = np.flatnonzero(taking_part)
        own = families.part(active, country, to, by_cohort, of_own)
        place = np.cumsum(taking_part) - 1
        column = np.full(n, to.size, dtype=np.int64)  # the last is of all other countries
        column[to] = np.arange(to.size)
        column, size = column[j[mine]], (active.size, to.size + 1)
        U = _cells(both, place, column, weight[mine], size)[:, :-1] / observed
        dates = _cells(both, place, t[mine], weight[mine], (active.size, number))
        U -= csr_array(dates) @ by_year
        U += own
        held = [_held(end, place, column, weight[mine], size) for end in ends]
        of_links = _of_links(t[mine], j[mine], weight[mine], to, observed, by_year)
        alone = families.single[active]
        squares = families.squares(country, to, by_cohort, of_own) - (own[alone] ** 2).sum(axis=0)
        U *= U
        squares = np.maximum(squares, 0.0) + U.sum(axis=0)
        fourths = (U * U).sum(axis=0)
        kept = np.maximum(squares - of_links, LEAST_PART * squares)
        effective = np.min([divide(h.sums**2, h.squares) for h in held], axis=0)
        firms = np.min([h.number for h in held], axis=0)
        freedom = np.maximum(np.minimum(effective, divide(squares**2, fourths)) - 1.0, 1.0)
        known = freedom >= LEAST_FREEDOM
        reach = np.exp(np.minimum(stdtrit(freedom, 0.975) * np.sqrt(kept), 700.0))
        sound = (firms >= LEAST_ORGANISATIONS) & (effective >= LEAST_EFFECTIVE)
        reason[asked] = np.where(firms < LEAST_ORGANISATIONS, "too_few", "one_firm")
        reason[asked[sound]] = "too_few"
        sound &= known
        reason[asked[sound]] = ""
        low[asked[sound]] = (observed / whole / reach)[sound]
        high[asked[sound]] = (observed / whole * reach)[sound]
    return Intervals(low, high, reason)


def _of_links(
    year: Ints, country: Ints, weight: Floats, to: Ints, observed: Floats, by_year: Floats
) -> Floats:
    """Squared influences of single links on each pair, summed."""
    rows, n = by_year.shape[0], int(country.max(initial=0)) + 1
    squares = np.bincount(year * n + country, weight**2, minlength=rows * n).reshape(rows, n)
    there = np.zeros((rows, to.size))
    known = to < n
    there[:, known] = squares[:, to[known]]
    away = squares.sum(axis=1, keepdims=True) - there
    found = there * (1 / observed - by_year) ** 2 + away * by_year**2
    return np.asarray(found.sum(axis=0), dtype=np.float64)


@dataclass(frozen=True)
class _Families:
    """Families by organisation and cohort: of each country, and of all.

    ``of`` has a column for each country and cohort. ``single`` marks organisations whose families
    are of one country, the others are ``several``; ``products`` are sums over the former of
    families of two cohorts, by country.
    """

    of: csr_array
    total: csr_array
    single: NDArray[np.bool_]
    products: Floats

    def part(
        self, active: Ints, country: int, to: Ints, by_cohort: Floats, of_own: Floats
    ) -> Floats:
        """Compute the influence of the families of some organisations: ``(active, pairs)``."""
        cohorts = by_cohort.shape[0]
        mine = self.of[active]
        own = mine[:, country * cohorts : (country + 1) * cohorts]
        found = (self.total[active] - own) @ by_cohort
        row = to * cohorts + np.arange(cohorts)[:, None]
        column = np.broadcast_to(np.arange(to.size), row.shape)
        weights = csr_array(
            (of_own.ravel(), (row.ravel(), column.ravel())), shape=(mine.shape[1], to.size)
        )
        return np.asarray(found - (mine @ weights).toarray(), dtype=np.float64)

    def squares(self, country: int, to: Ints, by_cohort: Floats, of_own: Floats) -> Floats:
        """Compute the squared influences of the families, summed over all organisations of one
        country.
        """
        both = by_cohort - of_own
        rest = self.products.sum(axis=0) - self.products[country]
        found = np.einsum("sp,st,tp->p", by_cohort, rest, by_cohort)
        for k, c in enumerate(to.tolist()):
            found[k] += both[:, k] @ self.products[c] @ both[:, k]
            found[k] -= by_cohort[:, k] @ self.products[c] @ by_cohort[:, k]
        return np.asarray(found, dtype=np.float64)


def _holders(every: csr_array, rows: Ints) -> csr_array:
    """Keep the organisations that hold any of the rows: the corpus has a hundred times as many."""
    used = np.unique(every[np.unique(rows)].indices)
    place = np.full(every.shape[1], used.size, dtype=np.int32)  # one past the end for the others
    place[used] = np.arange(used.size)
    wide = (every.data, place[every.indices], every.indptr)
    return csr_array(wide, shape=(every.shape[0], used.size + 1))


def _families(
    shares: Shares, holders: csr_array, rows: Ints, years: Floats, cohorts: int
) -> _Families:
    dated = years[rows]
    known = np.isfinite(dated)
    start = int(dated[known].min()) if known.any() else 0
    cohort = np.where(known, dated - start, cohorts - 1).astype(np.int64)
    held = shares.matrix[rows].tocoo()
    family, country, n = held.row, held.col, len(shares.names)
    of_family = holders[rows]

    def summed(column: Ints, columns: int) -> csr_array:
        made = csr_array(
            (held.data, (np.arange(family.size), column)), shape=(family.size, columns)
        )
        return csr_array(of_family[family].T @ made)

    each = summed(country * cohorts + cohort[family], n * cohorts)
    entries = each.tocoo()
    pair = np.unique(entries.row.astype(np.int64) * n + entries.col // cohorts)
    single = np.bincount(pair // n, minlength=holders.shape[1]) <= 1
    some = each[np.flatnonzero(single)]
    both = csr_array(some.T @ some).tocoo()  # only between cohorts of one country
    products = np.zeros((n, cohorts, cohorts))
    products[both.row // cohorts, both.row % cohorts, both.col % cohorts] = both.data
    return _Families(each, summed(cohort[family], cohorts), np.asarray(single), products)


def _cells(
    held: csr_array, place: Ints, column: Ints, weight: Floats, shape: tuple[int, int]
) -> Floats:
    """Add up by organisation and column the links whose organisations are the rows of ``held``.

    ``place`` is the row of each organisation in the result.
    """
    link = np.repeat(np.arange(column.size), np.diff(held.indptr))
    at = place[held.indices] * shape[1] + column[link]
    sums = np.bincount(at, held.data * weight[link], minlength=shape[0] * shape[1])
    return sums.astype(np.float64, copy=False).reshape(shape)


class _Held(NamedTuple):
    """Weights of the links of each pair by organisation: their sums, and those of the squares."""

    sums: Floats
    squares: Floats
    number: Ints


def _held(
    end: csr_array, place: Ints, column: Ints, weight: Floats, shape: tuple[int, int]
) -> _Held:
    """Sum the links of each pair by the organisations at one end; see `_cells`."""
    cells = np.ascontiguousarray(_cells(end, place, column, weight, shape)[:, :-1].T)
    pair, firm = np.nonzero(cells)
    number = np.bincount(pair, minlength=shape[1] - 1)
    first = (np.cumsum(number) - number)[number > 0]
    values, found = cells[pair, firm], np.zeros((2, number.size))
    found[0, number > 0] = np.add.reduceat(values, first)
    found[1, number > 0] = np.add.reduceat(values * values, first)
    return _Held(found[0], found[1], number)
