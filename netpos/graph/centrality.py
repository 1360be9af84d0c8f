"""Cited by those that are cited: spectral centralities, and the other measures under one roof.

Strengths live in `netpos.graph.strength`, measures on shortest paths in `netpos.graph.paths`, the
core number in `netpos.graph.peel`; all can be imported from here. Foreign links only; a link goes
from citing to cited. Functions take a `Links` and return one row per node in the order of
``links.countries``; the first column is ``links.kind``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from netpos.errors import OptionError
from netpos.graph.kernels import Floats, divide, total
from netpos.graph.paths import betweenness, harmonic_in, harmonic_out
from netpos.graph.peel import s_core
from netpos.graph.strength import (
    domestic,
    foreign_links,
    given,
    given_per_family,
    partners,
    received,
    received_per_family,
)
from netpos.tables import as_links

if TYPE_CHECKING:
    import polars as pl

    from netpos.tables import LinksLike

__all__ = [
    "betweenness",
    "domestic",
    "eigenvector",
    "given",
    "given_per_family",
    "harmonic_in",
    "harmonic_out",
    "hits",
    "pagerank",
    "partners",
    "received",
    "received_per_family",
    "s_core",
]

#: Up to this many nodes dense linear algebra is quicker than ARPACK.
DENSE = 500
#: Relative gap below which the largest singular value does not count as simple.
SIMPLE_GAP = 1e-6


def pagerank(links: LinksLike, *, damping: float = 0.85) -> pl.DataFrame:
    r"""Compute weighted PageRank over foreign links: cited by those that are themselves cited.

    .. math:: x_i = d \Big( \sum_j x_j \frac{F_{ji}}{G_j} + \frac{1}{n} \sum_{j: G_j = 0} x_j \Big)
              + \frac{1 - d}{n}, \qquad \sum_i x_i = 1

    with :math:`d` the damping and :math:`n` the number of nodes. What a node that cites nobody
    holds is spread evenly.

    Parameters
    ----------
    links
        Nodes and weighted links of one selection.
    damping
        :math:`d`, at least 0 and less than 1.

    Returns
    -------
    Node and ``value`` [share, sums to 1]; 1 for a single node, never null.

    Raises
    ------
    OptionError
        The damping lies outside [0, 1).

    Notes
    -----
    The error of :math:`k` rounds is at most :math:`2 d^k`, so the number of rounds that brings it
    below 1e-15 is known beforehand; rounding adds a few 1e-16.

    References
    ----------
    Method notes (`netpos.docs_path`); Page, Brin, Motwani and Winograd 1999.

    Examples
    --------
    >>> import polars as pl
    >>> from netpos.tables import Links
    >>> links = Links.from_table(pl.DataFrame({"citing": ["NL", "DE"], "cited": ["DE", "NL"],
    ...     "weight": [3.0, 4.0]}))
    >>> pagerank(links)["value"].to_list()
    [0.5, 0.5]
    """
    links = as_links(links)
    if not 0 <= damping < 1:
        raise OptionError(f"damping {damping}: outside [0, 1)", remedy="the usual value is 0.85")
    f = foreign_links(links)
    n = f.shape[0]
    if n == 0:
        return links.column(np.zeros(0))
    out = f @ np.ones(n)
    step = csr_array((f.data / np.repeat(out, np.diff(f.indptr)), f.indices, f.indptr), f.shape)
    into = csr_array(step.T)
    del step
    dangling = out == 0
    x = np.full(n, 1 / n)
    rounds = math.ceil(math.log(0.5e-15) / math.log(damping)) if damping else 1
    for _ in range(rounds):
        new = damping * (into @ x + x[dangling].sum() / n) + (1 - damping) / n
        settled = bool(np.array_equal(new, x))
        x = new
        if settled:
            break
    return links.column(x / total(x))


def hits(links: LinksLike) -> pl.DataFrame:
    """Compute hubs and authorities: hubs cite the much cited; authorities are cited by those that
    cite much.

    ``hub`` is the left and ``authority`` the right singular vector of ``F`` that belongs to its
    largest singular value, each divided by its sum.

    Parameters
    ----------
    links
        Nodes and weighted links of one selection.

    Returns
    -------
    Node, ``hub`` and ``authority`` [shares, each sums to 1]; all null where the largest singular
    value is not simple (the second one closer than 1e-6 of it), as without foreign links.

    References
    ----------
    Method notes (`netpos.docs_path`); Kleinberg 1999.

    Examples
    --------
    >>> import polars as pl
    >>> from netpos.tables import Links
    >>> links = Links.from_table(pl.DataFrame({"citing": ["NL", "NL"], "cited": ["DE", "US"],
    ...     "weight": [1.0, 1.0]}))
    >>> hits(links)["authority"].round(12).to_list()
    [0.5, 0.0, 0.5]
    """
    links = as_links(links)
    f = foreign_links(links)
    hub, authority = _leading_pair(f)
    if math.isfinite(hub.sum()) and f.nnz:
        hub, authority = _within_component(f, hub, authority)
    return links.column(divide(hub, total(hub)), "hub").hstack(
        [links.column(divide(authority, total(authority)), "authority")["authority"]]
    )


def _leading_pair(f: csr_array) -> tuple[Floats, Floats]:
    """Absolute values of the leading singular vectors; NaN where they are not unique."""
    n = f.shape[0]
    undefined = np.full(n, np.nan)
    if f.nnz == 0:
        return undefined, undefined
    if n <= DENSE:
        u, s, vt = np.linalg.svd(f.toarray())
    else:
        from scipy.sparse.linalg import ArpackNoConvergence, svds

        try:
            u, s, vt = svds(f, k=2, v0=np.full(n, n**-0.5), tol=0)
        except ArpackNoConvergence:  # the two largest values cannot be told apart
            return undefined, undefined
        order = np.argsort(-s)
        u, s, vt = u[:, order], s[order], vt[order]
    if s[0] - s[1] < SIMPLE_GAP * s[0]:
        return undefined, undefined
    return np.abs(u[:, 0]), np.abs(vt[0])


def _within_component(f: csr_array, hub: Floats, authority: Floats) -> tuple[Floats, Floats]:
    """Zero outside the one component of citing and cited sides that carries the vectors.

    The exact vectors are zero there; a solver leaves dust, which would be printed.
    """
    from scipy.sparse.csgraph import connected_components  # slow to load

    n = f.shape[0]
    i, j = f.tocoo().coords
    sides = csr_array((np.ones(len(i)), (i, j + n)), shape=(2 * n, 2 * n))
    label = connected_components(sides, directed=False)[1]
    inside = label == label[int(np.argmax(hub))]
    return np.where(inside[:n], hub, 0.0), np.where(inside[n:], authority, 0.0)


def eigenvector(links: LinksLike) -> pl.DataFrame:
    r"""Compute eigenvector centrality within the largest strongly connected part of the network.

    :math:`\lambda x_i = \sum_j x_j F_{ji}` with the largest :math:`\lambda`: cited by those that
    are cited, without damping. It has no meaning outside a strongly connected part, so nodes
    elsewhere have none; `pagerank` and `harmonic_in` have no such gap.

    Parameters
    ----------
    links
        Nodes and weighted links of one selection; foreign links only.

    Returns
    -------
    Node and ``value`` [largest = 1]; null outside the largest strongly connected part, and for all
    where that is a single node or two parts share the largest size.

    References
    ----------
    Method notes (`netpos.docs_path`); Bonacich 1972.

    Examples
    --------
    >>> import polars as pl
    >>> from netpos.tables import Links
    >>> links = Links.from_table(pl.DataFrame({"citing": ["NL", "DE", "NL"],
    ...     "cited": ["DE", "NL", "US"], "weight": [4.0, 1.0, 9.0]}))
    >>> [None if x is None else round(x, 12) for x in eigenvector(links)["value"]]
    [1.0, 0.5, None]
    """
    links = as_links(links)
    from scipy.sparse.csgraph import connected_components  # slow to load

    f = foreign_links(links)
    value = np.full(f.shape[0], np.nan)
    if f.nnz == 0:
        return links.column(value)
    label = connected_components(f, directed=True, connection="strong")[1]
    sizes = np.bincount(label)
    if sizes.max() < 2 or (sizes == sizes.max()).sum() > 1:
        return links.column(value)
    inside = np.flatnonzero(label == np.argmax(sizes))
    part = csr_array(f[inside][:, inside].T)
    if len(inside) <= DENSE:
        root, vectors = np.linalg.eig(part.toarray())
    else:
        from scipy.sparse.linalg import eigs

        root, vectors = eigs(part, k=1, which="LR", v0=np.ones(len(inside)), tol=0)
    x = np.abs(vectors[:, int(np.argmax(root.real))])
    value[inside] = x / x.max()
    return links.column(value)
