"""Indicators on stacks of link matrices: one implementation for a single network and for draws.

Each kernel takes ``F`` of shape ``(draws, n, n)``: foreign weights ``F[d, citing, cited]`` >= 0
with a zero diagonal. It returns ``(draws, n)`` or ``(draws, n, k)``, NaN where undefined. The
functions in `netpos.graph` use the same formulas, so that stability intervals resample exactly what
is printed.

Sums run one addend after the other in node order, so that a zero added anywhere (an isolated
country, a pair without links) moves no digit. Values are compared after rounding to 12 significant
digits, as they are printed: equal sums taken in another order stay equal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from netpos.tables import Links

T = TypeVar("T")

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Shares below this are left out of diversity (rounding residue of fractional counting).
NEGLIGIBLE_SHARE = 1e-12
#: Families that a country outside the core needs to be called near it.
LEAST_FAMILIES = 10
#: Rows eliminated at a time: too few for the threads of OpenBLAS, which wait for each other.
_BLOCK = 48


# --- numbers -----------------------------------------------------------------------------------


def significant(values: ArrayLike, digits: int = 12) -> Floats:
    """Round to ``digits`` significant decimal digits; zero, NaN and infinity stay.

    Examples
    --------
    >>> significant([0.1 + 0.2, 123456.7890123456]).tolist()
    [0.3, 123456.789012]
    """
    x = np.asarray(values, dtype=np.float64)
    plain = np.isfinite(x) & (x != 0)
    power = digits - 1 - np.floor(np.log10(np.abs(np.where(plain, x, 1.0))))
    up = 10.0 ** np.clip(power, 0, 300)
    down = 10.0 ** np.clip(-power, 0, 300)
    rounded = np.rint(np.where(plain, x, 0.0) * up / down) / up * down
    return np.where(plain, rounded, x)


def competition_rank(values: ArrayLike) -> Floats:
    """Compute the competition rank along the last axis: 1 = largest, ties share a rank, NaN has
    none.

    Values are compared after rounding to 12 significant digits.

    Examples
    --------
    >>> competition_rank([[8.0, 17.0, 17.0, float("nan"), 3.0]]).tolist()
    [[3.0, 1.0, 1.0, nan, 4.0]]
    """
    x = -significant(values)
    order = np.argsort(x, axis=-1, kind="stable")
    ordered = np.take_along_axis(x, order, axis=-1)
    position = np.broadcast_to(np.arange(x.shape[-1]), x.shape)
    new = np.ones(x.shape, dtype=bool)
    new[..., 1:] = ordered[..., 1:] != ordered[..., :-1]
    first = np.maximum.accumulate(np.where(new, position, 0), axis=-1) + 1.0
    ranks = np.empty(x.shape)
    np.put_along_axis(ranks, order, np.where(np.isnan(ordered), np.nan, first), axis=-1)
    return ranks


def divide(numerator: ArrayLike, denominator: ArrayLike) -> Floats:
    """Divide, with NaN where the denominator is 0.

    Examples
    --------
    >>> divide([1.0, 0.0], [4.0, 0.0]).tolist()
    [0.25, nan]
    """
    top, bottom = np.broadcast_arrays(
        np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    )
    out = np.full(top.shape, np.nan)
    np.divide(top, bottom, out=out, where=bottom != 0)
    return out


def total(values: Floats) -> Floats:
    """Sum along the last axis, one after the other, keeping that axis with length 1."""
    if values.shape[-1] == 0:
        return np.zeros((*values.shape[:-1], 1))
    sums: Floats = np.cumsum(values, axis=-1)[..., -1:]
    return sums


# --- strength and balance ----------------------------------------------------------------------


def received(F: Floats) -> Floats:
    r"""Compute the citations received from abroad, :math:`R_i = \sum_j F_{ji}`: ``(draws, n)``."""
    sums: Floats = F.sum(axis=-2)
    return sums


def given(F: Floats) -> Floats:
    r"""Compute the citations given abroad, :math:`G_i = \sum_j F_{ij}`: ``(draws, n)``."""
    return received(np.ascontiguousarray(F.swapaxes(-1, -2)))


def partners(F: Floats) -> Floats:
    """Compute the countries with links in either direction, :math:`K_i`: ``(draws, n)``."""
    linked = F > 0
    number: Floats = (linked | linked.swapaxes(-1, -2)).sum(axis=-1).astype(np.float64)
    return number


def ratio_of(received: Floats, given: Floats) -> Floats:
    """Compute the headline balance (R - G)/(R + G) from strengths; NaN without foreign links."""
    return divide(received - given, received + given)


def report_of(received: Floats, given: Floats, partners: Floats, families: Floats) -> Floats:
    r"""Compute the balance by the report's words, :math:`s_i (R_i - G_i) / (N_i K_i)`, from
    strengths.

    NaN where :math:`K_i = 0` or :math:`N_i` is 0 or not known.
    """
    share = divide(received, total(received))
    return divide(share * divide(received - given, families), partners) + 0.0  # no -0


# --- sources -----------------------------------------------------------------------------------


class Diversity(NamedTuple):
    """Diversity of each country's sources, every field ``(draws, n)``.

    Parameters
    ----------
    countries
        Number of source countries (Hill number of order 0); 0 without foreign citations given.
    effective
        exp of the Shannon entropy (order 1).
    hill2
        Inverse of the concentration (order 2).
    hhi
        Sum of squared shares.
    evenness
        Shannon entropy over its maximum (Pielou); NaN with fewer than two sources.
    """

    countries: Floats
    effective: Floats
    hill2: Floats
    hhi: Floats
    evenness: Floats


def source_shares(F: Floats) -> Floats:
    r"""Compute the share of each source, :math:`p_{ij} = F_{ij}/G_i`: ``(draws, n, n)``, NaN where
    G is 0.
    """
    return divide(F, given(F)[..., None])


def source_diversity(F: Floats) -> Diversity:
    """Compute Hill numbers of order 0, 1 and 2, concentration and evenness of each row's shares.

    Examples
    --------
    >>> source_diversity(np.array([[[0.0, 5.0, 5.0], [0, 0, 1], [0, 0, 0]]])).effective.tolist()
    [[2.0, 1.0, nan]]
    """
    p = source_shares(F)
    p = np.where(p < NEGLIGIBLE_SHARE, 0.0, p)
    undefined = given(F) == 0
    count = (p > 0).sum(axis=-1).astype(np.float64)
    entropy = given(-p * np.log(np.where(p > 0, p, 1.0)))
    hhi = given(p * p)
    evenness = divide(entropy, np.log(np.where(count > 1, count, 1.0)))
    effective = np.where(undefined, np.nan, np.exp(entropy))
    return Diversity(count, effective, divide(1.0, hhi), hhi, evenness)


def class_shares(F: Floats, classes: NDArray[np.int64]) -> Floats:
    """Compute the share of each country's foreign citations given that goes to class 1, 2 and 3.

    Parameters
    ----------
    F
        ``(draws, n, n)``.
    classes
        Class of partner ``j``: ``(n,)``, or ``(n, n)`` where it depends on the citing country.

    Returns
    -------
    ``(draws, n, 3)``, NaN where nothing is given abroad.
    """
    kinds = np.broadcast_to(classes, F.shape[-2:])
    sums = [given(np.where(kinds == k, F, 0.0)) for k in (1, 2, 3)]
    return divide(np.stack(sums, axis=-1), given(F)[..., None])


def similarity_score(shares: Floats) -> Floats:
    """Compute the mean class of the sources, 1 = same bloc ... 3 = none in common: ``(draws, n)``.

    NaN where no source has a class (see `netpos.graph.dependence.partner_classes`).
    """
    score: Floats = shares[..., 0] + 2.0 * shares[..., 1] + 3.0 * shares[..., 2]
    return np.where(score > 0, score, np.nan)


# --- core and distance -------------------------------------------------------------------------


def symmetric(F: Floats) -> Floats:
    """Compute the exchange in both directions, ``S = F + F'``."""
    return F + F.swapaxes(-1, -2)


def strength_order(S: Floats) -> NDArray[np.int64]:
    """Compute the nodes by falling strength, ties in node order: ``(draws, n)``."""
    return np.argsort(-significant(S.sum(axis=-2)), axis=-1, kind="stable").astype(np.int64)


def rich_core(F: Floats) -> Mask:
    """Compute the rich-core by strength (Ma and Mondragón 2015): ``(draws, n)``, all false where
    undefined.

    Undefined with fewer than three nodes or without foreign links.

    Examples
    --------
    >>> F = np.array([[[0, 3, 6, 1], [2, 0, 12, 3], [5, 10, 0, 9], [1, 4, 20, 0.0]]])
    >>> rich_core(F).tolist()
    [[False, False, True, True]]
    """
    return rich_core_of(symmetric(F))


def rich_core_of(S: Floats) -> Mask:
    """Compute `rich_core` from the exchange in both directions, ``S = F + F'``."""
    draws, n = S.shape[0], S.shape[-1]
    inside = np.zeros((draws, n), dtype=bool)
    if n < 3:
        return inside
    order = strength_order(S)
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.broadcast_to(np.arange(n), order.shape), axis=-1)
    stronger = place[:, :, None] < place[:, None, :]
    above = np.where(stronger, S, 0.0).sum(axis=-2)
    to_stronger = significant(np.take_along_axis(above, order, axis=-1))
    last = np.argmax(to_stronger, axis=-1)
    rows = (np.arange(n) <= last[:, None]) & (to_stronger > 0).any(axis=-1, keepdims=True)
    np.put_along_axis(inside, order, rows, axis=-1)
    return inside


def reached(S: Floats, start: Mask) -> Mask:
    """Compute the nodes connected with any node of ``start``, itself included: ``(draws, n)``."""
    linked = S > 0
    found = start.copy()
    while True:
        wider = found | (linked & found[:, None, :]).any(axis=-1)
        if (wider == found).all():
            return found
        found = wider


def conductance(S: Floats, *, association: bool = False) -> Floats:
    r"""Compute the exchange over the mean of its non-zero dyads: ``(draws, n, n)``.

    With ``association``, :math:`S_{ij} \sum S / (s_i s_j)` takes the place of :math:`S_{ij}`.
    """
    if association:
        s = S.sum(axis=-2)
        S = np.nan_to_num(divide(S, s[..., :, None] * s[..., None, :]), nan=0.0)
    pairs = S.reshape(S.shape[0], S.shape[-1] ** 2)
    draw, at = np.nonzero(pairs)
    sums = np.bincount(draw, pairs[draw, at], minlength=len(pairs))
    mean = divide(sums, (pairs > 0).sum(axis=-1))
    return S / np.where(mean > 0, mean, np.inf)[:, None, None]  # 0 where there are no links


def _inverse_diagonal(A: Floats) -> Floats:
    """Compute the diagonal of the inverse of symmetric matrices by blocks: with half of the work.

    Blocks are also too small for the threads of OpenBLAS, which wait for each other.
    """
    h, n = A.shape[-1] // 2, A.shape[-1]
    upper = np.linalg.inv(A[:, :h, :h])
    across = upper @ A[:, :h, h:]
    lower = np.linalg.inv(A[:, h:, h:] - A[:, h:, :h] @ across)
    found = np.empty(A.shape[:-1])
    found[:, :h] = upper[:, np.arange(h), np.arange(h)]
    found[:, :h] += ((across @ lower) * across).sum(axis=-1)
    found[:, h:] = lower[:, np.arange(n - h), np.arange(n - h)]
    return found


def resistance(F: Floats, core: Mask, *, association: bool = False) -> Floats:
    """Compute the effective resistance between each country and the joined core: ``(draws, n)``.

    Parameters
    ----------
    F
        ``(draws, n, n)``.
    core
        Members of the core, ``(draws, n)``; may differ from draw to draw.
    association
        Conductances by association strength, free of size.

    Returns
    -------
    0 in the core, NaN where the core cannot be reached, and in draws without a core.

    Examples
    --------
    >>> star = np.array([[[0.0, 1.0, 1.0], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]])
    >>> resistance(star, np.array([[True, False, False]])).tolist()
    [[0.0, 1.0, 1.0]]
    """
    S = symmetric(F)
    free = reached(S, core) & ~core
    c = conductance(S, association=association)
    laplacian = _laplacian(c, c.sum(axis=-2), free)
    distance = np.where(free, _inverse_diagonal(laplacian), np.nan)
    return np.where(core, 0.0, distance)


def nearness(S: Floats, core: Mask, asked: Mask) -> Floats:
    """Compute `resistance` up to a factor of each draw, of some countries only: ``(draws, n)``.

    The others are eliminated from the Laplacian first (Schur complement), which takes half of the
    work of inverting it; whoever only ranks distances within a draw needs no more.

    Parameters
    ----------
    S
        Exchange in both directions, ``(draws, n, n)``.
    core
        Members of the core, ``(draws, n)``.
    asked
        Countries whose distance is asked for, ``(n,)``.

    Returns
    -------
    0 in the core, NaN where the core cannot be reached, in draws without a core, and for
    countries outside the core that were not asked for.

    Examples
    --------
    >>> star = np.array([[[0.0, 2.0, 4.0], [2.0, 0.0, 0.0], [4.0, 0.0, 0.0]]])
    >>> core = np.array([[True, False, False]])
    >>> nearness(star, core, np.array([True, True, False])).tolist()
    [[0.0, 0.5, nan]]
    """
    free = reached(S, core) & ~core
    rest = np.flatnonzero(~asked)
    order = np.concatenate([rest, np.flatnonzero(asked)])
    L = _laplacian(S[:, order[:, None], order], S.sum(axis=-2)[:, order], free[:, order])
    found = np.full(core.shape, np.nan)
    found[:, asked] = inverse_diagonal(L, rest.size)
    return np.where(core, 0.0, np.where(free, found, np.nan))


def inverse_diagonal(L: Floats, first: int) -> Floats:
    """Compute the diagonal of the inverse of symmetric matrices without the first rows.

    Those are eliminated in place (Schur complement): the matrices are another then.

    Examples
    --------
    >>> L = np.array([[[2.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 4.0]]])
    >>> np.linalg.inv(L)[0].diagonal()[1:].round(12), inverse_diagonal(L, 1)[0].round(12)
    (array([0.44444444, 0.27777778]), array([0.44444444, 0.27777778]))
    """
    for k in range(0, first, _BLOCK):
        end = min(k + _BLOCK, first)
        across = L[:, k:end, end:]
        L[:, end:, end:] -= across.swapaxes(-1, -2) @ np.linalg.solve(L[:, k:end, k:end], across)
    return _inverse_diagonal(L[:, first:, first:])


def _laplacian(C: Floats, degree: Floats, free: Mask) -> Floats:
    """Compute the Laplacian of conductances among free nodes; of others that of a node alone."""
    both = free[:, :, None] & free[:, None, :]
    laplacian = np.where(both, -C, 0.0)
    diagonal = np.arange(C.shape[-1])
    laplacian[:, diagonal, diagonal] = np.where(free, degree, 1.0)
    return laplacian


def near_core(core: Mask, distance: Floats, families: ArrayLike) -> Floats:
    """Return 1 in the core and for the five nearest outside it with ten families or more, else 0.

    Parameters
    ----------
    core, distance
        ``(draws, n)``.
    families
        ``(n,)`` or ``(draws, n)``.

    Returns
    -------
    ``(draws, n)``. A country tied with the fifth (1e-12 relative) counts as well. NaN outside the
    core where the families are not known and where at least half of the countries that could be
    named would be: then it says nothing. NaN everywhere in draws without a core.
    """
    rounded = significant(np.asarray(families, dtype=np.float64))
    counts = np.broadcast_to(rounded, distance.shape)
    eligible = ~core & np.isfinite(distance) & (np.nan_to_num(counts, nan=0.0) >= LEAST_FAMILIES)
    ranked = np.sort(np.where(eligible, distance, np.inf), axis=-1)
    n = distance.shape[-1]
    fifth = ranked[..., min(4, n - 1) :][..., :1] if n else np.zeros((*distance.shape[:-1], 1))
    named = eligible & (distance <= fifth * (1 + 1e-12))
    near = core | named
    few = eligible.sum(axis=-1, keepdims=True) <= 2 * named.sum(axis=-1, keepdims=True)
    unknown = (~core & (np.isnan(counts) | few)) | ~core.any(axis=-1, keepdims=True)
    return np.where(unknown, np.nan, near.astype(np.float64))


def kept(links: Links, name: str, make: Callable[[], T]) -> T:
    """Tell what several measures need of the same links, made when first asked for and kept with
    them.

    Examples
    --------
    >>> import polars as pl
    >>> from netpos.tables import Links
    >>> links = Links.from_table(pl.DataFrame({"citing": ["NL"], "cited": ["DE"],
    ...     "weight": [3.0]}))
    >>> kept(links, "answer", lambda: 42), kept(links, "answer", lambda: 43)
    (42, 42)
    """
    store: dict[str, T] = vars(links).setdefault("_kept", {})
    if name not in store:
        store[name] = make()
    return store[name]
