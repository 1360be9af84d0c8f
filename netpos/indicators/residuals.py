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

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from netpos.graph.expected import LEAST_EXPECTED, Flows, foreign_families
from netpos.graph.kernels import Floats, divide
from netpos.graph.links import Citations, Rows, Shares, Spread, gathered
from netpos.graph.sorting import narrow, ordered
from netpos.indicators import compiled
from netpos.indicators.bounds import (
    LEAST_CITATIONS,
    LEAST_EFFECTIVE,
    LEAST_FREEDOM,
    LEAST_ORGANISATIONS,
    student,
)

Ints = NDArray[np.int64]
#: What the variance keeps of the squares of organisations at least.
LEAST_PART = 0.5
_AT_ONCE = 1 << 20  # entries whose rows are marked at a time
_NUMBERS = 1 << 19  # influences of organisations at a time
#: Foreign links up to which one country is looked at after the other.
_MOST_ALONE = 1 << 23


class Intervals(NamedTuple):
    """Bounds of the ratio of each pair, NaN where there are none, and why (else empty)."""

    low: Floats
    high: Floats
    reason: NDArray[np.str_]


@dataclass(frozen=True)
class Sampled:
    """A corpus as a sample of organisations.

    ``number`` has a row for each family (and document outside) with its organisations, each with
    how many they are, in small numbers; a family without an organisation is one of its own. The row
    of a document outside without a country is empty: it is the end of no link.
    """

    pairs: Citations
    spread: Spread
    shares: Shares
    number: csr_array

    def holders(self, rows: Ints) -> csr_array:
        """Return the parts of the organisations of some rows, 1 in all of each row."""
        return _parts(self.number[rows])

    @classmethod
    def of(cls, pairs: Citations, spread: Spread, shares: Shares, organisations: Shares) -> Sampled:
        """Take the parts of a corpus; ``spread`` belongs to ``pairs`` and ``shares``."""
        matrix = organisations.matrix
        rows, names = matrix.shape
        number = np.diff(matrix.indptr).astype(np.int32)
        asked = shares.located.copy()
        asked[: pairs.families] = True
        number[~asked] = 0
        pointer = np.zeros(rows + 1, dtype=np.int32)
        np.cumsum(np.where(asked, np.maximum(number, 1), 0), out=pointer[1:])
        alone = pointer[:-1][asked & (number == 0)]
        several = np.ones(pointer[-1], dtype=bool)
        several[alone] = False
        small = np.min_scalar_type(int(number.max(initial=0)))
        column, each = np.empty(several.size, dtype=np.int32), np.ones(several.size, dtype=small)
        column[alone] = np.arange(names, names + alone.size, dtype=np.int32)
        kept = np.repeat(number > 0, np.diff(matrix.indptr))
        column[several] = matrix.indices[kept]
        each[several] = np.repeat(number.astype(small), number)
        shape = (rows, names + alone.size)
        return cls(pairs, spread, shares, csr_array((each, column, pointer), shape=shape))


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
    n = flows.abroad.shape[0]
    abroad = _Abroad.of(sample, chosen, n)
    others = foreign_families(flows.cited)
    rows = np.flatnonzero(member)
    number = _holders(sample.number, abroad.ends(member))
    families = _families(sample.shares, number, rows, years, flows.cited.shape[1])

    def of_country(country: int) -> None:
        """Fill in the intervals of the pairs whose citing country it is."""
        j, weight, f, g = abroad.of_country(country)
        t = (years[f] - span[0]).astype(np.int64)
        asked = np.flatnonzero((citing == country) & (expected[citing, cited] >= LEAST_EXPECTED))
        to = cited[asked]
        given = np.bincount(j, weight, minlength=n).astype(np.float64)
        many = given[to] >= LEAST_CITATIONS
        asked, to = asked[many], to[many]
        if not asked.size:
            return
        observed = given[to]
        whole = expected[country, to]
        foreign = rates @ others[country]  # (T,): what all foreign families weigh
        per = np.nan_to_num(divide(flows.abroad[country], foreign), nan=0.0)
        part = np.nan_to_num(divide(rates @ flows.cited[to].T, foreign[:, None]), nan=0.0)  # (T, p)
        by_year = part / whole
        by_cohort = (per[:, None] * rates).T @ part / whole  # (S, p)
        of_own = (per @ rates)[:, None] / whole  # (S, p)

        ends = _parts(number[f]), _parts(number[g])
        both = csr_array(ends[0] + ends[1])
        # organisations that take part in these links, and those of several countries
        taking_part = ~families.single
        taking_part[both.indices] = True
        active = np.flatnonzero(taking_part)
        place = np.cumsum(taking_part) - 1
        column = np.full(n, to.size, dtype=np.int64)  # the last is of all other countries
        column[to] = np.arange(to.size)
        column = column[j]
        links = _Entries.of(both, place, active.size)
        changes = _Changes(to, column, weight, t, observed, by_year, by_cohort, of_own)
        alone, squares, fourths = _squares(links, families, active, country, changes)
        of_links = _of_links(t, j, weight, to, observed, by_year)
        others_alone = families.squares(country, to, by_cohort, of_own) - alone
        squares = np.maximum(others_alone, 0.0) + squares
        of_both = [_held(end, place, active.size, column, weight, to.size) for end in ends]
        effective = np.min([divide(h.sums**2, h.squares) for h in of_both], axis=0)
        firms = np.min([h.number for h in of_both], axis=0)
        kept = np.maximum(squares - of_links, LEAST_PART * squares)
        freedom = np.maximum(np.minimum(effective, divide(squares**2, fourths)) - 1.0, 1.0)
        known = freedom >= LEAST_FREEDOM
        reach = np.exp(np.minimum(student(freedom) * np.sqrt(kept), 700.0))
        sound = (firms >= LEAST_ORGANISATIONS) & (effective >= LEAST_EFFECTIVE)
        reason[asked] = np.where(firms < LEAST_ORGANISATIONS, "too_few", "one_firm")
        reason[asked[sound]] = "too_few"
        sound &= known
        reason[asked[sound]] = ""
        low[asked[sound]] = (observed / whole / reach)[sound]
        high[asked[sound]] = (observed / whole * reach)[sound]

    every = np.unique(citing).tolist()
    threads = pl.thread_pool_size() if abroad.entry.size > _MOST_ALONE else 1
    if threads == 1:
        for country in every:
            of_country(country)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(of_country, every))
    return Intervals(low, high, reason)


class _Changes(NamedTuple):
    """Links of a citing country, and what one changes of each of the pairs, as does a family.

    ``to`` are the countries cited, ``column`` is the pair of each link; the rest as in `intervals`.
    """

    to: Ints
    column: Ints
    weight: Floats
    year: Ints
    observed: Floats
    by_year: Floats
    by_cohort: Floats
    of_own: Floats


def _squares(
    links: _Entries, families: _Families, active: Ints, country: int, changes: _Changes
) -> tuple[Floats, Floats, Floats]:
    """Sum squared influences of organisations on each pair.

    Returns
    -------
    Of the families of those of one country alone the squares; of links and families of all of them
    the squares, and the fourth powers.
    """
    to, column, weight, t, observed, by_year, by_cohort, of_own = changes
    single = families.single[active]
    if to.size > 1 and compiled.available():  # a single column is summed in pairs
        of_country = np.full(families.products.shape[0], -1, dtype=np.int32)
        of_country[to] = np.arange(to.size)
        alone, squares, fourths = compiled.influences(
            active,
            single,
            compiled.OfLinks(
                links.begin, links.link, links.part, column, weight, t, observed, by_year
            ),
            compiled.OfFamilies(
                families.total, families.of, country, of_country, by_cohort, of_own
            ),
        )
        return alone, squares, fourths
    own, sums = _Squares.of(to.size, single), _Squares.of(to.size)
    # some organisations at a time; a single column is summed in pairs, and so as a whole
    size = max(1, _NUMBERS // (to.size + 1) if to.size > 1 else active.size)
    for begin in range(0, active.size, size):
        some = slice(begin, min(begin + size, active.size))
        U = links.cells(some, column, weight, to.size + 1)[:, :-1] / observed
        dates = links.cells(some, t, weight, by_year.shape[0])
        U -= np.asarray(csr_array(dates) @ by_year, dtype=np.float64)
        part = families.part(active[some], country, to, by_cohort, of_own)
        U += part
        own.add(part, some)
        sums.add(U, some)
    return own.squares, sums.squares, sums.fourths


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


class _Abroad(NamedTuple):
    """Foreign entries of the chosen pairs, by citing country: as numbers, so that what they are
    made of has the size of one country's.
    """

    sample: Sampled
    entry: Rows
    begin: Ints

    @classmethod
    def of(cls, sample: Sampled, chosen: NDArray[np.bool_], countries: int) -> _Abroad:
        """Sort them; those of a country stay in their order."""
        spread = sample.spread
        some = gathered(chosen, spread.pair)
        some &= gathered(np.asarray(spread.ends[0] != spread.ends[1]), spread.cell)
        entry = narrow(np.flatnonzero(some), some.size)
        del some
        country = cast("Rows", gathered(spread.ends[0], spread.cell[entry]))
        entry = entry[ordered(country)]
        return cls(sample, entry, np.cumsum([0, *np.bincount(country, minlength=countries)]))

    def of_country(self, country: int) -> tuple[Ints, Floats, Rows, Rows]:
        """Return countries cited, weights, and rows that cite and are cited."""
        at, spread = self.entry[self.begin[country] : self.begin[country + 1]], self.sample.spread
        pair, pairs = spread.pair[at], self.sample.pairs
        cited = spread.ends[1][spread.cell[at]].astype(np.int64)
        return cited, spread.weight[at], pairs.citing[pair], pairs.cited[pair]

    def ends(self, member: NDArray[np.bool_]) -> Ints:
        """Return the rows that are members, cite or are cited."""
        found, pairs = member.copy(), self.sample.pairs
        for begin in range(0, self.entry.size, _AT_ONCE):
            pair = self.sample.spread.pair[self.entry[begin : begin + _AT_ONCE]]
            found[pairs.citing[pair]] = found[pairs.cited[pair]] = True
        return np.flatnonzero(found)


def _holders(every: csr_array, rows: Ints) -> csr_array:
    """Keep the organisations that hold any of the rows: the corpus has a hundred times as many."""
    marked = np.zeros(every.shape[1], dtype=bool)
    marked[every[rows].indices] = True
    used = np.flatnonzero(marked)
    place = np.full(every.shape[1], used.size, dtype=np.int32)  # one past the end for the others
    place[used] = np.arange(used.size)
    wide = (every.data, place[every.indices], every.indptr)
    return csr_array(wide, shape=(every.shape[0], used.size + 1))


def _parts(number: csr_array) -> csr_array:
    """Return the part of each organisation: one by how many they are."""
    part = 1.0 / number.data.astype(np.float64)
    return csr_array((part, number.indices, number.indptr), shape=number.shape)


def _families(
    shares: Shares, number: csr_array, rows: Ints, years: Floats, cohorts: int
) -> _Families:
    dated = years[rows]
    known = np.isfinite(dated)
    start = int(dated[known].min()) if known.any() else 0
    cohort = np.where(known, dated - start, cohorts - 1).astype(np.int64)
    held = shares.matrix[rows].tocoo()
    family, country, n = held.row, held.col, len(shares.names)
    of_family = _parts(number[rows])

    def summed(column: Ints, columns: int) -> csr_array:
        made = csr_array(
            (held.data, (np.arange(family.size), column)), shape=(family.size, columns)
        )
        return csr_array(of_family[family].T @ made)

    each = summed(country * cohorts + cohort[family], n * cohorts)
    entries = each.tocoo()
    pair = np.unique(entries.row.astype(np.int64) * n + entries.col // cohorts)
    single = np.bincount(pair // n, minlength=number.shape[1]) <= 1
    some = each[np.flatnonzero(single)]
    both = csr_array(some.T @ some).tocoo()  # only between cohorts of one country
    products = np.zeros((n, cohorts, cohorts))
    products[both.row // cohorts, both.row % cohorts, both.col % cohorts] = both.data
    return _Families(each, summed(cohort[family], cohorts), np.asarray(single), products)


class _Entries(NamedTuple):
    """Links by the organisations that are rows of ``held``, those of an organisation in order."""

    place: Rows
    link: Rows
    part: Floats
    begin: Ints

    @classmethod
    def of(cls, held: csr_array, place: Ints, organisations: int) -> _Entries:
        """Sort them by the ``place`` of the organisations, which are so many."""
        link = np.repeat(np.arange(held.shape[0], dtype=np.int32), np.diff(held.indptr))
        at = narrow(place[held.indices], organisations)
        order = ordered(at)
        begin = np.cumsum([0, *np.bincount(at, minlength=organisations)])
        return cls(at[order], link[order], held.data[order], begin)

    def cells(self, part: slice, column: Ints, weight: Floats, columns: int) -> Floats:
        """Add up the weights of links by organisation of the part, and column."""
        some = slice(self.begin[part.start], self.begin[part.stop])
        link, size = self.link[some], (part.stop - part.start, columns)
        at = (self.place[some].astype(np.int64) - part.start) * columns + column[link]
        found = np.bincount(at, self.part[some] * weight[link], minlength=size[0] * size[1])
        return found.astype(np.float64, copy=False).reshape(size)


@dataclass
class _Squares:
    """Sums of squares and fourth powers by column, of rows that come in parts."""

    squares: Floats
    fourths: Floats
    only: NDArray[np.bool_] | None

    @classmethod
    def of(cls, columns: int, only: NDArray[np.bool_] | None = None) -> _Squares:
        """Begin with none; ``only`` tells which of all rows count."""
        return cls(np.zeros(columns), np.zeros(columns), only)

    def add(self, rows: Floats, part: slice) -> None:
        """Add some rows, as if all came at once: the sums go on from those before."""
        if self.only is not None:
            rows = rows[self.only[part]]
        if not rows.shape[0]:
            return
        powers = rows * rows
        fourths = powers * powers
        powers[0] += self.squares
        fourths[0] += self.fourths
        self.squares, self.fourths = powers.sum(axis=0), fourths.sum(axis=0)


class _Held(NamedTuple):
    """Weights of the links of each pair by organisation: their sums, and those of the squares."""

    sums: Floats
    squares: Floats
    number: Ints


def _held(
    end: csr_array, place: Ints, organisations: int, column: Ints, weight: Floats, pairs: int
) -> _Held:
    """Sum the links of each pair by the organisations at one end.

    Parameters
    ----------
    end
        Organisations of each link.
    place, organisations
        Their number, and how many there are.
    column
        Pair of each link; ``pairs`` for those of none.
    weight
        Of each link.
    """
    link = np.repeat(np.arange(column.size, dtype=np.int32), np.diff(end.indptr))
    some = np.flatnonzero(column[link] < pairs)
    link = link[some]
    code = column[link] * organisations + place[end.indices[some]]
    order = ordered(code)
    code = code[order]
    new = np.diff(code, prepend=-1) != 0
    amount = (end.data[some] * weight[link])[order]
    values = np.bincount(np.cumsum(new) - 1, amount).astype(np.float64, copy=False)
    number = np.bincount(code[new] // max(organisations, 1), minlength=pairs)
    first = (np.cumsum(number) - number)[number > 0]
    found = np.zeros((2, number.size))
    found[0, number > 0] = np.add.reduceat(values, first)
    found[1, number > 0] = np.add.reduceat(values * values, first)
    return _Held(found[0], found[1], number)
