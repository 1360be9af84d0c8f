"""How much a node is cited and cites: strengths, the two sides of the exchange of knowledge.

Everything but `domestic` looks at foreign links only: for countries, links between two countries;
for organisations, links between two organisations. A link goes from citing to cited. Functions take
a `Links` and return one row per node in the order of ``links.countries``; the first column is
``links.kind``. Matrices are sparse, so organisation networks fit too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.sparse import csr_array

from netpos.graph.kernels import Floats, divide, kept
from netpos.tables import as_links

if TYPE_CHECKING:
    from netpos.tables import Links, LinksLike


def foreign_links(links: Links) -> csr_array:
    """Compute the weights ``F[citing, cited]`` as a sparse matrix without diagonal, indices
    sorted.
    """
    return links.sparse(domestic=False)


def strengths(links: Links) -> tuple[Floats, Floats, Floats]:
    """Compute received, given and partners as arrays, in the order of ``links.countries``.

    Made once for each `Links`: do not write into them.
    """
    return kept(links, "strengths", lambda: _strengths(links))


def _strengths(links: Links) -> tuple[Floats, Floats, Floats]:
    f = foreign_links(links)
    ones = np.ones(f.shape[0])
    linked = csr_array((np.ones(f.nnz, dtype=bool), f.indices, f.indptr), shape=f.shape)
    k = np.diff(csr_array(linked + linked.T).indptr).astype(np.float64)
    return f.T @ ones, f @ ones, k


def received(links: LinksLike) -> pl.DataFrame:
    r"""Compute the citations received from abroad: in-strength, knowledge export.

    .. math:: R_i = \sum_{j \ne i} W_{ji}

    with :math:`W_{ji}` the weight of the citations that :math:`j` gives to :math:`i`.

    Parameters
    ----------
    links
        Nodes and weighted links of one selection.

    Returns
    -------
    Node and ``value`` [family links by the counting rule]; 0 for a node without links, never null.

    References
    ----------
    Method notes (`netpos.docs_path`).

    Examples
    --------
    >>> from netpos.tables import Links
    >>> links = Links.from_table(pl.DataFrame({"citing": ["NL", "NL"], "cited": ["DE", "NL"],
    ...     "weight": [3.0, 4.0]}))
    >>> received(links)["value"].to_list()
    [3.0, 0.0]
    """
    links = as_links(links)
    return links.column(strengths(links)[0])


def given(links: LinksLike) -> pl.DataFrame:
    r"""Compute the citations given abroad: out-strength, knowledge import.

    .. math:: G_i = \sum_{j \ne i} W_{ij}

    Parameters
    ----------
    links
        Nodes and weighted links of one selection.

    Returns
    -------
    Node and ``value`` [family links by the counting rule]; 0 for a node without links, never null.

    References
    ----------
    Method notes (`netpos.docs_path`).

    Examples
    --------
    >>> from netpos.tables import Links
    >>> links = Links.from_table(pl.DataFrame({"citing": ["NL", "NL"], "cited": ["DE", "NL"],
    ...     "weight": [3.0, 4.0]}))
    >>> given(links)["value"].to_list()
    [0.0, 3.0]
    """
    links = as_links(links)
    return links.column(strengths(links)[1])


def domestic(links: LinksLike) -> pl.DataFrame:
    """Compute the weight of the citations within a node itself, :math:`W_{ii}`.

    Parameters
    ----------
    links
        Nodes and weighted links of one selection.

    Returns
    -------
    Node and ``value`` [family links by the counting rule]; 0 where there are none, never null.

    Examples
    --------
    >>> from netpos.tables import Links
    >>> links = Links.from_table(pl.DataFrame({"citing": ["NL", "NL"], "cited": ["DE", "NL"],
    ...     "weight": [3.0, 4.0]}))
    >>> domestic(links)["value"].to_list()
    [0.0, 4.0]
    """
    links = as_links(links)
    return links.column(links.sparse().diagonal())


def partners(links: LinksLike) -> pl.DataFrame:
    r"""Count the nodes with which a node has links, in either direction.

    :math:`K_i` = number of :math:`j \ne i` with :math:`W_{ij} > 0` or :math:`W_{ji} > 0`.

    Parameters
    ----------
    links
        Nodes and weighted links of one selection.

    Returns
    -------
    Node and ``value`` Int64 [nodes]; 0 for a node without foreign links, never null.

    References
    ----------
    Method notes (`netpos.docs_path`).

    Examples
    --------
    >>> from netpos.tables import Links
    >>> links = Links.from_table(pl.DataFrame({"citing": ["NL", "DE", "NL"],
    ...     "cited": ["DE", "NL", "US"], "weight": [3.0, 4.0, 1.0]}))
    >>> partners(links)["value"].to_list()
    [1, 2, 1]
    """
    links = as_links(links)
    return links.column(strengths(links)[2]).with_columns(pl.col("value").cast(pl.Int64))


def received_per_family(links: LinksLike) -> pl.DataFrame:
    """Compute the citations received from abroad per simple family of the node, :math:`R_i / N_i`.

    Parameters
    ----------
    links
        Nodes and weighted links. :math:`N_i` is the node column ``families_to_date`` (published up
        to the end of the selection) where there is one, else ``families``.

    Returns
    -------
    Node and ``value`` [family links per family]; null where the families are 0 or not known.

    References
    ----------
    Method notes (`netpos.docs_path`).

    Examples
    --------
    >>> from netpos.tables import Links
    >>> links = Links.from_table(pl.DataFrame({"citing": ["NL"], "cited": ["DE"],
    ...     "weight": [3.0]}), {"DE": 6.0, "NL": 0.0})
    >>> received_per_family(links)["value"].to_list()
    [0.5, None]
    """
    links = as_links(links)
    column = "families_to_date" if "families_to_date" in links.nodes.columns else "families"
    families = links.nodes[column].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return links.column(divide(strengths(links)[0], families))


def given_per_family(links: LinksLike) -> pl.DataFrame:
    """Compute the citations given abroad per simple family of the node, :math:`G_i / N_i`.

    Parameters
    ----------
    links
        Nodes and weighted links; :math:`N_i` is the node column ``families``.

    Returns
    -------
    Node and ``value`` [family links per family]; null where the families are 0 or not known.

    References
    ----------
    Method notes (`netpos.docs_path`).

    Examples
    --------
    >>> from netpos.tables import Links
    >>> links = Links.from_table(pl.DataFrame({"citing": ["NL"], "cited": ["DE"],
    ...     "weight": [3.0]}), {"DE": 6.0, "NL": 2.0})
    >>> given_per_family(links)["value"].to_list()
    [0.0, 1.5]
    """
    links = as_links(links)
    return links.column(divide(strengths(links)[1], links.families))
