"""The core of the network, and how far each country is from it.

The core is the group of countries that exchange most with one another; the distance to it says how
well a country is tied to that group, over direct links and over all detours. Both follow the size
of the exchange: show the rank by strength beside them. Distances belong to one technology and
period and are never compared across them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from netpos.errors import OptionError, TableError
from netpos.graph import kernels
from netpos.graph.balance import node_index
from netpos.graph.kernels import Floats, Mask, divide, significant
from netpos.graph.peel import core_number
from netpos.tables import as_links, frame

if TYPE_CHECKING:
    from netpos.tables import Links, LinksLike

CoreMethod = Literal["rich", "borgatti-everett", "top-share", "k-core"]
DistanceKind = Literal["resistance", "shortest", "effective", "association"]

#: The core is sought on dense matrices; more nodes would not fit.
MOST_NODES = 3000
#: Countries outside the core whose median distance can serve as a measure.
LEAST_OUTSIDE = 3


def core(links: LinksLike, method: CoreMethod = "rich") -> pl.DataFrame:
    r"""Tell which countries form the core of the network.

    With :math:`S = F + F'` the exchange in both directions and :math:`s_i = \sum_j S_{ij}` the
    strength, countries stand in the order of falling strength, ties by code.

    ``rich``
        For rank :math:`r`, :math:`k^+(r)` is the exchange of that country with those ranked before
        it. The core reaches down to the rank with the largest :math:`k^+`, the first when tied. No
        parameter; at least two members.
    ``borgatti-everett``
        The first countries, two to n - 2 of them, whose pattern fits best: the largest Pearson
        correlation of :math:`\ln(1 + S_{ij})` with 1 inside the core and 0 outside it, pairs of
        one inside and one outside left out; the fewest when tied. Depends on the scale of weights.
    ``top-share``
        The fewest countries that hold at least half of all strength.
    ``k-core``
        The innermost k-core of the unweighted network, in which two countries are linked or not
        (links in both directions count once). In a network where all cite all, that is everyone.

    Parameters
    ----------
    links
        Nodes and weighted links of one selection, scope ``closed``; foreign links only.
    method
        One of the four above.

    Returns
    -------
    Node; ``core`` Boolean, all null where undefined (fewer than three nodes, no foreign links; for
    ``borgatti-everett`` also fewer than four nodes or the same exchange everywhere);
    ``strength`` [family links by the counting rule]; ``rank`` Int64 by strength, competition
    ranking.

    Raises
    ------
    OptionError
        The method is not known, or there are more than 3000 nodes.

    References
    ----------
    Method notes (`netpos.docs_path`); Ma and Mondragón 2015; Borgatti and Everett 2000.

    Examples
    --------
    >>> from netpos.tables import Links
    >>> links = Links.from_table(pl.DataFrame({"citing": ["DE", "US", "NL"],
    ...     "cited": ["US", "DE", "US"], "weight": [3.0, 5.0, 1.0]}))
    >>> core(links).rows()
    [('DE', True, 8.0, 2), ('NL', False, 1.0, 3), ('US', True, 9.0, 1)]
    """
    links = as_links(links)
    find = {
        "rich": kernels.rich_core,
        "borgatti-everett": _borgatti_everett,
        "top-share": _top_share,
        "k-core": _k_core,
    }
    if method not in find:
        raise OptionError(
            f"core method '{method}' is not known",
            remedy="use one of " + ", ".join(get_args(CoreMethod)),
        )
    stack = foreign_stack(links)
    strength = kernels.symmetric(stack).sum(axis=-2)
    inside = find[method](stack)[0]
    members = pl.Series("core", inside, dtype=pl.Boolean)
    if not inside.any():
        members = pl.Series("core", [None] * len(inside), dtype=pl.Boolean)
    rank = pl.Series("rank", kernels.competition_rank(strength)[0]).cast(pl.Int64)
    return pl.DataFrame(
        [
            links.nodes["node"].alias(links.kind),
            members,
            pl.Series("strength", strength[0], dtype=pl.Float64),
            rank,
        ]
    )


def foreign_stack(links: Links) -> Floats:
    """Compute the foreign weights as one draw, ``(1, n, n)``, for the kernels."""
    n = links.nodes.height
    if n > MOST_NODES:
        raise OptionError(
            f"{n} nodes: the core is sought among at most {MOST_NODES}",
            remedy="keep the strongest, or use s_core",
        )
    return links.foreign()[None]


def _unordered(ordered: Mask, order: NDArray[np.int64]) -> Mask:
    """Bring a mask over nodes in an order back to the order of the nodes."""
    inside = np.zeros(ordered.shape, dtype=np.bool_)
    np.put_along_axis(inside, order, ordered, axis=-1)
    return inside


def _top_share(F: Floats) -> Mask:
    S = kernels.symmetric(F)
    order = kernels.strength_order(S)
    strength = np.take_along_axis(S.sum(axis=-2), order, axis=-1)
    all_strength = kernels.total(strength)
    if F.shape[-1] < 3 or not all_strength.all():
        return np.zeros(strength.shape, dtype=bool)
    share = significant(np.cumsum(strength, axis=-1) / all_strength)
    number = (share < 0.5).sum(axis=-1, keepdims=True) + 1
    return _unordered(np.arange(F.shape[-1]) < number, order)


def _borgatti_everett(F: Floats) -> Mask:
    n = F.shape[-1]
    S = kernels.symmetric(F)
    order = kernels.strength_order(S)
    x = np.log1p(S[0][np.ix_(order[0], order[0])])
    fits = significant([block_fit(x, k) for k in range(2, n - 1)])
    if not np.isfinite(fits).any():
        return np.zeros((1, n), dtype=bool)
    best = 2 + int(np.nanargmax(fits))
    return _unordered(np.arange(n)[None] < best, order)


def block_fit(x: Floats, k: int) -> float:
    """Compute the fit of the first ``k`` nodes as a core.

    Correlation of the pairs inside with 1 and the pairs outside with 0; NaN where all these pairs
    are alike.

    Examples
    --------
    >>> x = np.array([[0, 2, 1, 1], [2, 0, 1, 1], [1, 1, 0, 0], [1, 1, 0, 0.0]])
    >>> block_fit(x, 2)
    1.0
    """
    inner = x[:k, :k][np.triu_indices(k, 1)]
    outer = x[k:, k:][np.triu_indices(len(x) - k, 1)]
    pairs = np.concatenate([inner, outer])
    if significant(pairs.max()) == significant(pairs.min()):
        return float("nan")
    share = len(inner) / len(pairs)
    spread = pairs.std() / np.sqrt(share * (1 - share))
    return float((inner.mean() - outer.mean()) / spread)


def _k_core(F: Floats) -> Mask:
    n = F.shape[-1]
    linked = (kernels.symmetric(F)[0] > 0).astype(np.float64)
    if n < 3 or not linked.any():
        return np.zeros((1, n), dtype=bool)
    number = core_number(csr_array(linked))
    innermost: Mask = (number == number.max())[None]
    return innermost


def core_distance(
    links: LinksLike,
    core: pl.DataFrame | Sequence[str] | None = None,
    kind: DistanceKind = "resistance",
) -> pl.DataFrame:
    r"""Tell how far each country is from the core.

    With :math:`S = F + F'`, conductances :math:`c_{ij} = S_{ij} / \bar S` and :math:`\bar S` the
    mean of the pairs with any exchange:

    ``resistance``
        Effective resistance between the country and the core, all core countries joined into one
        point: :math:`D_i = [L^{-1}]_{ii}`, :math:`L` the Laplacian of :math:`c` without the core's
        rows and columns. Counts every route in parallel; 1 = one link of average strength
        straight into the core.
    ``shortest``
        The shortest path to any core country, a link having the length :math:`1/c_{ij}`.
    ``effective``
        :math:`1 - \ln q_i`, :math:`q_i` the share of the country's exchange that goes to core
        countries. Free of size, and noisy.
    ``association``
        As ``resistance``, with :math:`S_{ij} \sum S / (s_i s_j)` in the place of :math:`S_{ij}`.
        Free of size, and noisy.

    Parameters
    ----------
    links
        Nodes and weighted links of one selection, scope ``closed``; foreign links only.
    core
        The table that `core` returns, or the members by name. Default: the rich-core.
    kind
        One of the four above.

    Returns
    -------
    Node and ``value`` [1 = one average link; ``effective``: no unit]; 0 in the core; null where the
    core cannot be reached (``effective``: not directly), with fewer than three nodes, and
    everywhere if there is no core.

    Raises
    ------
    OptionError
        The kind or a member is not known, or there are more than 3000 nodes.
    TableError
        ``core`` is a table for other nodes.

    References
    ----------
    Method notes (`netpos.docs_path`); Klein and Randić 1993 (resistance); Brockmann and Helbing
    2013 (effective); Van Eck and Waltman 2009 (association strength).

    Examples
    --------
    >>> from netpos.tables import Links
    >>> links = Links.from_table(pl.DataFrame({"citing": ["NL", "BE", "BE"],
    ...     "cited": ["US", "US", "NL"], "weight": [1.0, 1.0, 1.0]}))
    >>> [round(d, 6) for d in core_distance(links, ["US"])["value"]]
    [0.666667, 0.666667, 0.0]
    """
    links = as_links(links)
    if kind not in get_args(DistanceKind):
        raise OptionError(
            f"core distance '{kind}' is not known",
            remedy="use one of " + ", ".join(get_args(DistanceKind)),
        )
    F = foreign_stack(links)
    inside = _members(links, core)[None]
    if len(inside[0]) < 3 or not inside.any():
        return links.column(np.full(len(inside[0]), np.nan))
    if kind == "shortest":
        distance = _shortest(F, inside)
    elif kind == "effective":
        S = kernels.symmetric(F)
        to_core = kernels.given(np.where(inside[:, None, :], S, 0.0))
        share = divide(to_core, kernels.given(S))
        distance = 1 - np.log(np.where(share > 0, share, np.nan))
    else:
        distance = kernels.resistance(F, inside, association=kind == "association")
    return links.column(np.where(inside, 0.0, distance)[0])


def _shortest(F: Floats, inside: Mask) -> Floats:
    from scipy.sparse.csgraph import dijkstra  # slow to load, and this distance is optional

    c = csr_array(kernels.conductance(kernels.symmetric(F))[0])
    lengths = csr_array((1 / c.data, c.indices, c.indptr), c.shape)
    start = np.flatnonzero(inside[0])
    found: Floats = dijkstra(lengths, directed=True, indices=start, min_only=True)
    return found[None]


def _members(links: Links, given: pl.DataFrame | Sequence[str] | None) -> Mask:
    """Members of the core as a mask over the nodes; all false where there is no core."""
    if given is None:
        given = core(links)
    if hasattr(given, "columns"):  # a frame of any library
        given = frame(given, f"{links.kind}, core", name="core")
    if isinstance(given, pl.DataFrame):
        inside = _aligned(links, given, "core").cast(pl.Boolean).fill_null(value=False)
        return inside.to_numpy().astype(np.bool_)
    mask = np.zeros(links.nodes.height, dtype=np.bool_)
    mask[[node_index(links, member) for member in given]] = True
    return mask


def _aligned(links: Links, table: pl.DataFrame, column: str) -> pl.Series:
    """One column of an indicator's table, which must be about the same nodes."""
    table = frame(table, f"{links.kind}, {column}", name=column)
    if column not in table.columns or links.kind not in table.columns:
        there = ", ".join(table.columns)
        raise TableError(f"'{links.kind}' and '{column}' are needed; the table has: {there}")
    if not table[links.kind].equals(links.nodes["node"]):
        raise TableError(f"the table with '{column}' is about other nodes than the links")
    return table[column]


def near_core(
    links: LinksLike,
    core: pl.DataFrame | Sequence[str] | None = None,
    distance: pl.DataFrame | None = None,
    families: pl.Series | None = None,
) -> pl.DataFrame:
    """Tell whether a country is in the core or among the five nearest outside it.

    Only countries with ten families or more count among the five; any that are tied with the fifth
    (1e-12 relative) are near as well. Outside the core nothing is said unless there are more than
    twice as many countries with ten families as would be named: the five nearest of seven are not
    near, they are most of them.

    Parameters
    ----------
    links
        Nodes and weighted links of one selection, scope ``closed``.
    core
        The table that `core` returns, or the members by name. Default: the rich-core.
    distance
        The table that `core_distance` returns for that core. Default: by resistance.
    families
        Families per node, in the order of the nodes. Default: those of the links.

    Returns
    -------
    Node and ``value`` Boolean; null for a country outside the core whose families are not known,
    for all outside it where too few could be named, and for all if there is no core. False where
    the core cannot be reached.

    Raises
    ------
    OptionError
        A member is not known, or there are more than 3000 nodes.
    TableError
        A table is about other nodes.

    References
    ----------
    Method notes (`netpos.docs_path`).

    Examples
    --------
    >>> from netpos.tables import Links
    >>> codes = ["AT", "BE", "CH", "DE", "ES", "FI", "FR", "GB", "IT", "NL", "SE"]
    >>> links = Links.from_table(pl.DataFrame({"citing": codes, "cited": ["US"] * 11,
    ...     "weight": [float(k) for k in range(1, 12)]}), dict.fromkeys([*codes, "US"], 12.0))
    >>> near_core(links, ["US"]).filter("value")["country"].to_list()
    ['FR', 'GB', 'IT', 'NL', 'SE', 'US']
    """
    links = as_links(links)
    inside = _members(links, core)
    if distance is None:
        distance = core_distance(links, links.nodes["node"].filter(pl.Series(inside)).to_list())
    far = _aligned(links, distance, "value").cast(pl.Float64).fill_null(float("nan")).to_numpy()
    counts = links.nodes["families"] if families is None else families
    if len(counts) != len(far):
        raise TableError(f"families of {len(counts)} nodes, but the links have {len(far)}")
    known = counts.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    near = kernels.near_core(inside[None], far[None], known)[0]
    return links.column(near).with_columns(pl.col("value").cast(pl.Boolean))


def relative_distance(
    links: Links,
    core: pl.DataFrame | Sequence[str] | None = None,
    distance: pl.DataFrame | None = None,
) -> pl.DataFrame:
    r"""Tell how far each country is from the core, against the median of the countries outside it.

    .. math:: D_i / \mathrm{median}\{D_k : k \notin \mathrm{core},\ N_k \ge 10\}

    Parameters
    ----------
    links, core, distance
        See `near_core`.

    Returns
    -------
    Node and ``value`` [1 = as far as the median country]; 0 in the core; null where the distance
    is, and where fewer than three countries outside the core have ten families and a distance.

    Raises
    ------
    OptionError
        A member is not known, or there are more than 3000 nodes.
    TableError
        A table is about other nodes.

    References
    ----------
    Method notes (`netpos.docs_path`).

    Examples
    --------
    >>> from netpos.tables import Links
    >>> links = Links.from_table(pl.DataFrame({"citing": ["NL", "BE", "DE"], "cited": ["US"] * 3,
    ...     "weight": [1.0, 2.0, 4.0]}), dict.fromkeys(["NL", "BE", "DE", "US"], 12.0))
    >>> relative_distance(links, ["US"]).rows()
    [('BE', 1.0), ('DE', 0.5), ('NL', 2.0), ('US', 0.0)]
    """
    inside = _members(links, core)
    if distance is None:
        distance = core_distance(links, links.nodes["node"].filter(pl.Series(inside)).to_list())
    far = _aligned(links, distance, "value").cast(pl.Float64).fill_null(float("nan")).to_numpy()
    known = links.nodes["families"].cast(pl.Float64).fill_null(0.0).to_numpy()
    others = far[~inside & np.isfinite(far) & (significant(known) >= kernels.LEAST_FAMILIES)]
    if others.size < LEAST_OUTSIDE:
        return links.column(np.full(far.size, np.nan))
    return links.column(np.where(inside, 0.0, far / np.median(others)))
