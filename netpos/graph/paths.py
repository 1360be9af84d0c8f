"""Who stands in between, and who is near: measures on shortest paths over foreign links.

A link goes from citing to cited and has the length 1/weight. Functions take a `Links` and return
one row per node in the order of ``links.countries``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import igraph
import numpy as np
from scipy.sparse import csr_array

from netpos.graph.kernels import Floats, kept, significant
from netpos.graph.strength import foreign_links
from netpos.tables import as_links

if TYPE_CHECKING:
    import polars as pl

    from netpos.tables import Links, LinksLike


def betweenness(links: LinksLike) -> pl.DataFrame:
    r"""Tell how often a node lies on the shortest paths between two others.

    .. math:: b_i = \frac{1}{(n-1)(n-2)} \sum_{s \ne i \ne t} \frac{\sigma_{st}(i)}{\sigma_{st}}

    with :math:`\sigma_{st}` the number of shortest directed paths from :math:`s` to :math:`t` and
    :math:`\sigma_{st}(i)` those through :math:`i`. The length of a link is its distance,
    1/weight, rounded to 12 significant digits so that equal lengths are seen as equal.

    Parameters
    ----------
    links
        Nodes and weighted links of one selection; foreign links only.

    Returns
    -------
    Node and ``value`` [0 to 1]; null with fewer than three nodes.

    See Also
    --------
    netpos.graph.sampling.sampled_betweenness : an estimate for large networks.

    References
    ----------
    Method notes (`netpos.docs_path`); Freeman 1977, Brandes 2001.

    Examples
    --------
    >>> import polars as pl
    >>> from netpos.tables import Links
    >>> links = Links.from_table(pl.DataFrame({"citing": ["NL", "DE"], "cited": ["DE", "US"],
    ...     "weight": [3.0, 4.0]}))
    >>> betweenness(links)["value"].to_list()
    [0.5, 0.0, 0.0]
    """
    links = as_links(links)
    f = foreign_links(links)
    n = f.shape[0]
    if n < 3:
        return links.column(np.full(n, np.nan))
    graph, distance, _ = _once(links)
    lengths = significant(distance).tolist()
    raw = np.array(graph.betweenness(directed=True, weights=lengths))
    return links.column(raw / ((n - 1) * (n - 2)))


def harmonic_in(links: LinksLike) -> pl.DataFrame:
    r"""Tell how near the others are to a node, along the direction of citing: easily reached =
    cited.

    .. math:: h_i = \frac{1}{n-1} \sum_{j \ne i} \frac{1}{d(j, i)}

    with :math:`d(j, i)` the length of the shortest directed path from :math:`j` to :math:`i`, a
    link having the length 1/weight. A node that cannot reach :math:`i` adds 0.

    Parameters
    ----------
    links
        Nodes and weighted links of one selection; foreign links only.

    Returns
    -------
    Node and ``value`` [weight]; 0 where nobody arrives, null for a single node.

    References
    ----------
    Method notes (`netpos.docs_path`); Marchiori and Latora 2000.

    Examples
    --------
    >>> import polars as pl
    >>> from netpos.tables import Links
    >>> links = Links.from_table(pl.DataFrame({"citing": ["NL", "DE"], "cited": ["DE", "US"],
    ...     "weight": [4.0, 4.0]}))
    >>> harmonic_in(links)["value"].to_list()
    [2.0, 0.0, 3.0]
    """
    links = as_links(links)
    return _harmonic(links, "in")


def harmonic_out(links: LinksLike) -> pl.DataFrame:
    r"""Tell how near a node is to the others, along the direction of citing.

    .. math:: h_i = \frac{1}{n-1} \sum_{j \ne i} \frac{1}{d(i, j)}

    As `harmonic_in`, with paths that start at the node.

    Parameters
    ----------
    links
        Nodes and weighted links of one selection; foreign links only.

    Returns
    -------
    Node and ``value`` [weight]; 0 where nobody is reached, null for a single node.

    References
    ----------
    Method notes (`netpos.docs_path`); Marchiori and Latora 2000.

    Examples
    --------
    >>> import polars as pl
    >>> from netpos.tables import Links
    >>> links = Links.from_table(pl.DataFrame({"citing": ["NL", "DE"], "cited": ["DE", "US"],
    ...     "weight": [4.0, 4.0]}))
    >>> harmonic_out(links)["value"].to_list()
    [2.0, 3.0, 0.0]
    """
    links = as_links(links)
    return _harmonic(links, "out")


def _harmonic(links: Links, mode: str) -> pl.DataFrame:
    f = foreign_links(links)
    n = f.shape[0]
    if n < 2:
        return links.column(np.full(n, np.nan))
    graph, distance, scale = _once(links)
    mean = graph.harmonic_centrality(mode=mode, weights=distance.tolist(), normalized=True)
    return links.column(np.array(mean) * scale)


def _once(links: Links) -> tuple[igraph.Graph, Floats, float]:
    """`_distances` of the foreign links, made once for each `Links`: do not write into it."""
    return kept(links, "distances", lambda: _distances(foreign_links(links)))


def _distances(f: csr_array) -> tuple[igraph.Graph, Floats, float]:
    """Graph of the links, their distances times a power of two, and that power.

    The factor brings the shortest distance near 1, where igraph's comparison of path lengths
    works; a power of two changes no digit.
    """
    i, j = f.tocoo().coords
    graph = igraph.Graph(
        n=f.shape[0], edges=np.column_stack([i, j]).astype(np.int64), directed=True
    )
    scale = 2.0 ** math.floor(math.log2(f.data.max())) if f.nnz else 1.0
    return graph, scale / f.data, scale
