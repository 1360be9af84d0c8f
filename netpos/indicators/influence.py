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

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

import numpy as np
from scipy.sparse import csr_array

from netpos.graph.kernels import Floats, divide
from netpos.graph.links import Rows
from netpos.indicators.holdings import (
    Column,
    Ends,
    Holders,
    Holdings,
    Pairs,
    Piece,
    Sorted,
    Sums,
    pieces,
)
from netpos.indicators.resampling import Bilinear, Held

#: Part of the squares of pairs that is taken off the squares of organisations, and what an error
#: keeps of the latter at least. With all of it intervals are a little short in worlds of few large
#: firms, those of balances most.
DEDUCTED = 0.75
DEDUCTED_OF_BALANCE = 0.5
LEAST_PART = 0.5
#: Links from which on sums over organisations and over pairs of them are made beside each other.
_MANY = 4 << 20
T = TypeVar("T")
S = TypeVar("S")


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


def _precision(
    squares: Floats, fourths: Floats, less: Floats | float, held: Holders, effective: Floats
) -> Precision:
    """Put together an error from sums of squared influences."""
    kept = np.maximum(squares - less, LEAST_PART * squares)
    alike = np.nan_to_num(divide(squares**2, fourths), nan=0.0)
    freedom = np.maximum(np.minimum(effective, alike) - 1.0, 1.0)
    return Precision(np.sqrt(np.maximum(kept, 0.0)), freedom, held.number, held.effective)


# --- indicators ---------------------------------------------------------------------------------


Countries = Sequence[Rows]  # of the links of each end


def _columns(countries: Countries) -> list[Column]:
    """Return what is summed at each end: links by country."""
    return [Column(k, of.astype(np.int32, copy=False)) for k, of in enumerate(countries)]


def _holders(ends: Sequence[Sorted], countries: Countries, n: int) -> Holders:
    """Count the holders of each country."""
    found, columns = Holders(n), _columns(countries)
    for piece in pieces(*ends):
        found.add(piece.held(columns, n)[0])
    return found


def _of_total(
    parts: Iterable[Piece | Pairs],
    countries: Countries,
    share: Floats,
    total: float,
    holders: int = 0,
    own: Floats | None = None,
    *,
    fourth: bool = True,
) -> tuple[Floats, Floats]:
    """Squares and fourth powers of (B - s a) / T summed over all holders, absent ones included.

    Fourth powers are 0 where they are not asked for.

    ``own`` is what each holder has in the total, a; without it the sum of its links. ``holders`` is
    the number of holders, 0 for as many as there are in the parts.
    """
    n = share.size
    sums = {k: Sums(n) for k in ((2, 4) if fourth else (2,))}
    whole = np.zeros(holders) if own is None else own
    found, columns = list[Floats](), _columns(countries)
    for piece in parts:
        held, of = piece.held(columns, n)
        if isinstance(piece, Piece) and (holders or own is not None):
            mine = slice(piece.first, piece.first + piece.number)
            if own is None:
                whole[mine] = of
            of = whole[mine]
        else:
            found.append(of)
        (B,) = held.amounts
        a, s = of[held.holder], share[held.country]
        for k, one in sums.items():
            one.add(held.country, (B - s * a) ** k - (s * a) ** k)
    if found:
        whole = np.concatenate(found)
    powers = {k: (share**k * (whole**k).sum() + one.values) / total**k for k, one in sums.items()}
    return powers[2], np.maximum(powers.get(4, 0.0), 0.0)


def _own(at: Sorted, holders: int) -> Floats:
    """Sum the links of each organisation."""
    found = np.zeros(holders)
    for piece in pieces(at):
        (part,) = piece.links()
        whole = np.bincount(part.holder, part.amount, piece.number)
        found[piece.first : piece.first + piece.number] = whole
    return found


def _both(links: int, one: Callable[[], T], other: Callable[[], S]) -> tuple[T, S]:
    """Do two things, beside each other where there are many links."""
    if links <= _MANY:
        return one(), other()
    with ThreadPoolExecutor(1) as pool:
        later = pool.submit(other)
        return one(), later.result()


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
    at = Sorted.of(held.unit, held.amount, parts)
    mine = _holders([at], [held.country], n)
    own = _own(Sorted.of(located.unit, located.amount, parts), parts.shape[1])
    total = float(located.amount.sum()) or np.nan
    share = mine.amounts / total
    squares, fourths = _of_total(pieces(at), [held.country], share, total, own=own)
    return _precision(squares, fourths, 0.0, mine, mine.effective)


def part_of_links(
    entries: Bilinear,
    country: Rows,
    parts: csr_array,
    n: int,
    alone: Held | None = None,
    ends: Ends | None = None,
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
    ends
        The links sorted; default: made here.
    """
    ends = ends or Ends.of(entries, parts)
    extra: list[Sorted] = []
    more: list[Rows] = []
    if alone is not None:
        extra, more = [Sorted.of(alone.unit, alone.amount, parts)], [alone.country]
    mine = _holders([ends.cited, *extra], [country, *more], n)
    size = mine.amounts
    total = float(size.sum()) or np.nan
    both, of = pieces(*ends.both, *extra), [*(country for _ in ends.both), *more]
    (squares, fourths), (less, _) = _both(
        entries.amount.size,
        lambda: _of_total(both, of, size / total, total, parts.shape[1]),
        lambda: _of_total(ends.dyads.pieces(), [country], size / total, total, fourth=False),
    )
    return _precision(squares, fourths, DEDUCTED * less, mine, mine.effective)


def balance(
    entries: Bilinear,
    citing: Rows,
    cited: Rows,
    parts: csr_array,
    n: int,
    ends: Ends | None = None,
) -> Precision:
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
    ends
        The links sorted; default: made here.
    """
    ends = ends or Ends.of(entries, parts)
    citing, cited = (end.astype(np.int32, copy=False) for end in (citing, cited))
    sums = [np.bincount(end, weights=entries.amount, minlength=n) for end in (cited, citing)]
    volume = sums[0] + sums[1]
    ratio = np.nan_to_num(divide(sums[0] - sums[1], volume), nan=0.0)

    up, down = divide(1.0 - ratio, volume), divide(1.0 + ratio, volume)

    def squares(parts: Iterable[Piece | Pairs], ends: int, *powers: int) -> list[Floats]:
        """Squares and other powers of the influences of all holders."""
        sums = [Sums(n) for _ in powers]
        both = [Column(k, *of) for of in ((cited, up), (citing, -down)) for k in range(ends)]
        for piece in parts:
            held = piece.held(both, n)[0]
            U = held.amounts[0]
            for k, one in zip(powers, sums, strict=True):
                one.add(held.country, U**k)
        return [one.values for one in sums]

    received, given, own = Holders(n), Holders(n), Holders(n)

    def holders() -> None:
        each = [(received, Column(0, cited)), (given, Column(1, citing))]
        for piece in pieces(ends.cited, ends.citing):
            for of, column in each:
                of.add(piece.held([column], n)[0])
            own.add(piece.held([column for _, column in each], n)[0])

    def of_pairs() -> Floats:
        holders()
        return DEDUCTED_OF_BALANCE * squares(ends.dyads.pieces(), 1, 2)[0]

    (second, fourth), less = _both(
        entries.amount.size, lambda: squares(pieces(*ends.both), len(ends.both), 2, 4), of_pairs
    )
    fewest = np.minimum(received.effective, given.effective)
    return _precision(second, fourth, less, own, fewest)


def sources(
    entries: Bilinear,
    citing: Rows,
    cited: Rows,
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
    place = (citing.astype(np.int64) * n + cited).astype(np.int32)  # n countries at each end
    F = np.bincount(place, weights=entries.amount, minlength=n * n).reshape(n, n)
    given = F.sum(axis=1)
    p = np.nan_to_num(divide(F, given[:, None]), nan=0.0)
    log_p = np.log(np.where(p > 0, p, 1.0))
    surprise = -log_p - (-(p * log_p).sum(axis=1))[:, None]
    means = {name: s - (p * s).sum(axis=1)[:, None] for name, s in scores.items()}
    means = {"source_effective": surprise, **means}
    own = _holders([ends.citing], [citing], n)

    def squares(
        parts: Iterable[Piece | Pairs], ends: int, *powers: int
    ) -> tuple[list[list[Sums]], Floats]:
        """Powers of the influences by mean, and what the entropy spreads."""
        sums = [[Sums(n) for _ in means] for _ in powers]
        by_cell, by_country = Sums(n * n), Sums(n)
        flat = p.ravel()
        columns = _columns([place] * ends)
        for piece in parts:
            cells = piece.held(columns, n * n)[0]
            (amount,) = cells.amounts
            amounts = [m.ravel()[cells.country] * amount for m in means.values()]
            held = Holdings.sorted(cells.code // max(n, 1), n, amount, *amounts)
            for u, *several in zip(held.amounts[1:], *sums, strict=True):
                U = divide(u, given[held.country])
                for power, one in zip(powers, several, strict=True):
                    one.add(held.country, U**power)
            by_cell.add(cells.country, amount**2 / flat[cells.country])
            by_country.add(held.country, held.amounts[0] ** 2)
        spread = by_cell.values.reshape(n, n).sum(axis=1) - by_country.values
        return sums, np.asarray(spread, dtype=np.float64)

    ((seconds, fourths), both), ((pairs,), single) = _both(
        entries.amount.size,
        lambda: squares(pieces(*ends.both), len(ends.both), 2, 4),
        lambda: squares(ends.dyads.pieces(), 1, 2),
    )
    found = {}
    for k, name in enumerate(means):
        taken = DEDUCTED * pairs[k].values
        less = 0.0 if name == "source_effective" else taken
        two, four = seconds[k].values, fourths[k].values
        found[name] = _precision(two, four, less, own, own.effective)
        if name == "source_effective":
            found["source_between"] = _precision(two, four, taken, own, own.effective)
    lost = both - single
    lost = np.maximum(np.nan_to_num(divide(lost, 2.0 * given**2), nan=0.0), 0.0)
    second = 4.0 * lost**2 / np.maximum((p > 0).sum(axis=1) - 1.0, 1.0)
    linear = found["source_between"]
    found["source_between"] = linear._replace(error=np.sqrt(linear.error**2 + second))
    return found, lost
