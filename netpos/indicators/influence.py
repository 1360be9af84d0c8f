r"""Standard errors of indicators from the influence of each organisation, in closed form.

An indicator :math:`\theta` is a function of sums of links. Its derivative gives each link an
influence :math:`e`; an organisation :math:`k` has that of all links it takes part in, citing or
cited, :math:`U_k = \sum_{(f, g) \ni k} e_{fg}`. Links are dependent where they share an
organisation, hence

.. math:: \widehat{\mathrm{var}}(\theta) = \sum_k U_k^2 - \sum_d e_d^2

with :math:`e_d` the influence of all links between the same two organisations: the dyadic-robust
variance (Fafchamps and Gubert 2007; Aronow, Samii and Assenova 2015). It is what the variance of
the draws of `netpos.indicators.resampling` tends to, without their surplus: with weights
multiplied, the noise of single links counts three times (Owen 2007).

An error from few organisations is itself uncertain. Its degrees of freedom are the effective
number, less 1, of organisations that hold the country's links, :math:`(\sum x_k)^2 / \sum x_k^2`,
or of influences, :math:`(\sum U_k^2)^2 / \sum U_k^4`, whichever is smaller.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from netpos.graph.kernels import Floats, divide
from netpos.graph.links import Ints
from netpos.indicators.resampling import Bilinear, Held

#: Part of the squares of pairs that is taken off the squares of organisations, and what an error
#: keeps of the latter at least. With all of it intervals are a little short in worlds of few large
#: firms, those of balances most.
DEDUCTED = 0.75
DEDUCTED_OF_BALANCE = 0.5
LEAST_PART = 0.5


class Precision(NamedTuple):
    """How well an indicator of each country is known, every field ``(n,)``.

    Parameters
    ----------
    error
        Standard error [unit of the indicator; of its logarithm for ``source_effective``].
    freedom
        Degrees of freedom of the error, 1 at least.
    holders
        Number of organisations at the country's own end.
    effective
        Effective number of them.
    """

    error: Floats
    freedom: Floats
    holders: Floats
    effective: Floats


# --- sums by organisation and country -----------------------------------------------------------


def _ordered(code: Ints) -> Ints:
    """Return the order of these numbers, equal ones as they come, 16 bits at a time."""
    top = int(code.max(initial=0))
    order = np.argsort((code & 0xFFFF).astype(np.uint16), kind="stable")
    for bits in range(16, top.bit_length(), 16):
        digits = ((code >> bits) & 0xFFFF).astype(np.uint16)
        order = order[np.argsort(digits[order], kind="stable")]
    return order.astype(np.int64)


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
    def of(cls, holder: Ints, country: Ints, countries: int, *amounts: Floats) -> Holdings:
        """Sum the amounts of each pair."""
        code = holder * max(countries, 1) + country
        order = _ordered(code)
        return cls.sorted(code[order], countries, *(a[order] for a in amounts))

    @classmethod
    def sorted(cls, code: Ints, countries: int, *amounts: Floats) -> Holdings:
        """Sum the amounts of each pair, where pairs, holder × countries + country, are in order."""
        code, sums = _sums(code, *amounts)
        kinds = max(countries, 1)
        return cls(code // kinds, code % kinds, sums, countries)

    @property
    def code(self) -> Ints:
        """Holder × countries + country, rising."""
        return self.holder * max(self.countries, 1) + self.country

    def by_country(self, values: Floats) -> Floats:
        """Sum over the holders."""
        sums = np.bincount(self.country, weights=values, minlength=self.countries)
        return sums.astype(np.float64)

    def holders(self) -> Floats:
        """Count the holders of each country."""
        return self.by_country((self.amounts[0] > 0).astype(np.float64))

    def effective(self) -> Floats:
        """Compute the effective number of holders of each country, 0 without any."""
        x = self.amounts[0]
        return np.nan_to_num(divide(self.by_country(x) ** 2, self.by_country(x * x)), nan=0.0)


class Incident(NamedTuple):
    """Links by the organisations that take part: one row for each link and organisation."""

    entry: Ints
    holder: Ints
    amount: Floats


def incident(unit: Ints, amount: Floats, parts: csr_array) -> Incident:
    """Compute the organisations behind the units, each with its part of the amount."""
    held = np.diff(parts.indptr)[unit]
    entry = np.repeat(np.arange(unit.size), held)
    within = np.arange(entry.size) - np.repeat(np.cumsum(held) - held, held)
    place = parts.indptr[unit][entry] + within
    holder = parts.indices[place].astype(np.int64)
    return Incident(entry, holder, amount[entry] * parts.data[place])


def _dyads(entries: Bilinear) -> Incident:
    """Pairs of units, whichever cites, as holders."""
    low = np.minimum(entries.citing, entries.cited)
    high = np.maximum(entries.citing, entries.cited)
    number = np.unique(low * (1 + high.max(initial=0)) + high, return_inverse=True)[1]
    return Incident(np.arange(low.size), number.astype(np.int64), entries.amount)


def _joined(*parts: Incident) -> Incident:
    return Incident(*(np.concatenate(column) for column in zip(*parts, strict=True)))


class Ends(NamedTuple):
    """The same links by the organisations at each end, at both, and by pairs of units."""

    citing: Incident
    cited: Incident
    both: Incident
    dyads: Incident

    @classmethod
    def of(cls, entries: Bilinear, parts: csr_array) -> Ends:
        """Sort links by organisation; ``parts`` are those of the units."""
        citing = incident(entries.citing, entries.amount, parts)
        cited = incident(entries.cited, entries.amount, parts)
        return cls(citing, cited, _joined(citing, cited), _dyads(entries))


def _precision(
    squares: Floats, fourths: Floats, less: Floats | float, held: Holdings, effective: Floats
) -> Precision:
    """Put together an error from sums of squared influences."""
    kept = np.maximum(squares - less, LEAST_PART * squares)
    alike = np.nan_to_num(divide(squares**2, fourths), nan=0.0)
    freedom = np.maximum(np.minimum(effective, alike) - 1.0, 1.0)
    return Precision(np.sqrt(np.maximum(kept, 0.0)), freedom, held.holders(), held.effective())


# --- indicators ---------------------------------------------------------------------------------


def _of_total(held: Holdings, own: Floats, share: Floats, total: float) -> tuple[Floats, Floats]:
    """Squares and fourth powers of (B - s a) / T summed over all holders, absent ones included.

    ``own`` is what each holder has in the total, a.
    """
    (B,) = held.amounts
    a, s = own[held.holder], share[held.country]
    powers = []
    for k in (2, 4):
        every = share**k * (own**k).sum()
        powers.append((every + held.by_country((B - s * a) ** k - (s * a) ** k)) / total**k)
    return powers[0], np.maximum(powers[1], 0.0)


def _own(at: Incident, holders: int) -> Floats:
    return np.bincount(at.holder, weights=at.amount, minlength=holders).astype(np.float64)


def part_of_families(held: Held, located: Held, parts: csr_array, n: int) -> Precision:
    """Compute the precision of each country's share of the families.

    Parameters
    ----------
    held, located
        Shares of families that countries hold, and each family with any country once.
    parts
        Organisations of each unit.
    n
        Number of countries.
    """
    at = incident(held.unit, held.amount, parts)
    mine = Holdings.of(at.holder, held.country[at.entry], n, at.amount)
    own = _own(incident(located.unit, located.amount, parts), parts.shape[1])
    total = float(located.amount.sum()) or np.nan
    squares, fourths = _of_total(mine, own, mine.by_country(mine.amounts[0]) / total, total)
    return _precision(squares, fourths, 0.0, mine, mine.effective())


def part_of_links(
    entries: Bilinear, country: Ints, parts: csr_array, n: int, alone: Held | None = None
) -> Precision:
    """Compute the precision of each country's share of a sum of links, such as citations received.

    Parameters
    ----------
    entries
        Links.
    country
        Country at the cited end of each link.
    parts
        Organisations of each unit.
    n
        Number of countries.
    alone
        What families add to the sum without links.
    """
    ends = Ends.of(entries, parts)
    extra: list[Incident] = []
    if alone is not None:
        one = incident(alone.unit, alone.amount, parts)
        extra = [one._replace(entry=one.entry + country.size)]
        country = np.concatenate([country, alone.country])
    both, own = _joined(ends.both, *extra), _joined(ends.cited, *extra)
    held = Holdings.of(both.holder, country[both.entry], n, both.amount)
    mine = Holdings.of(own.holder, country[own.entry], n, own.amount)
    size = mine.by_country(mine.amounts[0])
    total = float(size.sum()) or np.nan
    squares, fourths = _of_total(held, _own(both, parts.shape[1]), size / total, total)
    one = ends.dyads
    pairs = Holdings.of(one.holder, country[one.entry], n, one.amount)
    less = DEDUCTED * _of_total(pairs, _own(one, 0), size / total, total)[0]
    return _precision(squares, fourths, less, mine, mine.effective())


def balance(entries: Bilinear, citing: Ints, cited: Ints, parts: csr_array, n: int) -> Precision:
    """Compute the precision of (R - G) / (R + G).

    Parameters
    ----------
    entries
        Foreign links.
    citing, cited
        Countries of each link.
    parts
        Organisations of each unit.
    n
        Number of countries.
    """
    ends = Ends.of(entries, parts)
    sums = [np.bincount(end, weights=entries.amount, minlength=n) for end in (cited, citing)]
    volume = sums[0] + sums[1]
    ratio = np.nan_to_num(divide(sums[0] - sums[1], volume), nan=0.0)

    up, down = divide(1.0 - ratio, volume), divide(1.0 + ratio, volume)

    def influences(at: Incident) -> tuple[Holdings, Floats]:
        of, by = cited[at.entry], citing[at.entry]
        held = Holdings.of(
            np.concatenate([at.holder, at.holder]),
            np.concatenate([of, by]),
            n,
            np.concatenate([at.amount * up[of], -at.amount * down[by]]),
        )
        return held, held.amounts[0]

    held, U = influences(ends.both)
    pairs, e = influences(ends.dyads)
    received = Holdings.of(ends.cited.holder, cited[ends.cited.entry], n, ends.cited.amount)
    given = Holdings.of(ends.citing.holder, citing[ends.citing.entry], n, ends.citing.amount)
    own = Holdings.of(
        np.concatenate([ends.cited.holder, ends.citing.holder]),
        np.concatenate([cited[ends.cited.entry], citing[ends.citing.entry]]),
        n,
        np.concatenate([ends.cited.amount, ends.citing.amount]),
    )
    fewest = np.minimum(received.effective(), given.effective())
    less = DEDUCTED_OF_BALANCE * pairs.by_country(e**2)
    return _precision(held.by_country(U**2), held.by_country(U**4), less, own, fewest)


def sources(
    entries: Bilinear,
    citing: Ints,
    cited: Ints,
    parts: csr_array,
    scores: Mapping[str, Floats],
) -> tuple[dict[str, Precision], Floats]:
    r"""Compute the precision of means over the sources of each country, and of the logarithm of
    their number.

    Parameters
    ----------
    entries
        Foreign links.
    citing, cited
        Countries of each link.
    parts
        Organisations of each unit.
    scores
        Indicator -> ``(n, n)``, what a link of i to j adds to a mean over the links of i.

    Returns
    -------
    Precision by indicator, beside those asked for ``source_effective`` and ``source_between`` (both
    of its logarithm). The variance has a part of second order. For the former the squares of pairs
    are not taken off instead; the latter, for differences of two countries, adds
    :math:`4 c^2 / (S - 1)` with c as below and S the number of sources, once for the entropy and
    once for its correction. And how
    much lower than in the limit the entropy is on average, :math:`\sum_j v_j / 2 p_j` with the
    variances :math:`v_j` of the shares :math:`p_j` (Miller and Madow's correction, 1955, with
    clusters).
    """
    ends = Ends.of(entries, parts)
    n = next(iter(scores.values())).shape[0]
    place = citing * n + cited
    F = np.bincount(place, weights=entries.amount, minlength=n * n).reshape(n, n)
    given = F.sum(axis=1)
    p = np.nan_to_num(divide(F, given[:, None]), nan=0.0)
    log_p = np.log(np.where(p > 0, p, 1.0))
    surprise = -log_p - (-(p * log_p).sum(axis=1))[:, None]
    means = {name: s - (p * s).sum(axis=1)[:, None] for name, s in scores.items()}
    means = {"source_effective": surprise, **means}
    own = Holdings.of(ends.citing.holder, citing[ends.citing.entry], n, ends.citing.amount)

    def influences(at: Incident) -> tuple[Holdings, Holdings, list[Floats]]:
        cells = Holdings.of(at.holder, place[at.entry], n * n, at.amount)
        (amount,) = cells.amounts
        amounts = [m.ravel()[cells.country] * amount for m in means.values()]
        held = Holdings.sorted(cells.code // max(n, 1), n, amount, *amounts)
        return cells, held, [divide(u, given[held.country]) for u in held.amounts[1:]]

    both, held, U = influences(ends.both)
    dyads, pairs, e = influences(ends.dyads)
    found = {}
    for k, name in enumerate(means):
        less = 0.0 if name == "source_effective" else DEDUCTED * pairs.by_country(e[k] ** 2)
        squares, fourths = held.by_country(U[k] ** 2), held.by_country(U[k] ** 4)
        found[name] = _precision(squares, fourths, less, own, own.effective())
        if name == "source_effective":
            less = DEDUCTED * pairs.by_country(e[k] ** 2)
            found["source_between"] = _precision(squares, fourths, less, own, own.effective())

    def spread(cells: Holdings, whole: Holdings) -> Floats:
        each = cells.amounts[0] ** 2 / p.ravel()[cells.country]
        by_cell = cells.by_country(each).reshape(n, n).sum(axis=1)
        return np.asarray(by_cell - whole.by_country(whole.amounts[0] ** 2), dtype=np.float64)

    lost = spread(both, held) - spread(dyads, pairs)
    lost = np.maximum(np.nan_to_num(divide(lost, 2.0 * given**2), nan=0.0), 0.0)
    second = 4.0 * lost**2 / np.maximum((p > 0).sum(axis=1) - 1.0, 1.0)
    linear = found["source_between"]
    found["source_between"] = linear._replace(error=np.sqrt(linear.error**2 + second))
    return found, lost
