"""Does a country give or take knowledge: citations received against citations given.

The headline is (R - G)/(R + G). A wording of the source report leads to a second formula, shown
beside it and never ranked, since it can rise for a country that loses recognition.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import polars as pl
from scipy.sparse import csr_array

from netpos.countries import label_to_country
from netpos.errors import OptionError
from netpos.graph.kernels import Floats, divide, ratio_of, report_of, total
from netpos.graph.strength import foreign_links, strengths
from netpos.tables import as_links

if TYPE_CHECKING:
    from netpos.tables import Links, LinksLike

BalanceKind = Literal[
    "ratio", "report", "total", "scaled", "dyadic", "dyadic_unweighted", "partner_weighted"
]


def balance(links: LinksLike, kind: BalanceKind = "ratio") -> pl.DataFrame:
    r"""Compute the balance of citations received from abroad and given abroad; + = cited more than
    citing.

    With :math:`R_i, G_i` received and given, :math:`s_i = R_i / \sum_k R_k`, :math:`K_i` partners,
    :math:`N_i` families, :math:`\bar w` the mean weight of the directed foreign links and
    :math:`a_{ij} = (F_{ji} - F_{ij})/(F_{ji} + F_{ij})` for each partner :math:`j`:

    ===================== ==================================================== ================
    kind                  formula                                              range
    ===================== ==================================================== ================
    ``ratio``             :math:`(R_i - G_i)/(R_i + G_i)`                      [-1, 1]
    ``report``            :math:`s_i (R_i - G_i)/(N_i K_i)`                    per family
    ``total``             :math:`s_i (R_i - G_i)/K_i`                          family links
    ``scaled``            :math:`s_i (R_i - G_i)/(K_i \bar w)`                 free of scale
    ``dyadic``            :math:`s_i \cdot` mean of :math:`a_{ij}`             [-1, 1]
    ``dyadic_unweighted`` mean of :math:`a_{ij}` over the partners             [-1, 1]
    ``partner_weighted``  mean of :math:`a_{ij}`, partners weighted by R_j     [-1, 1]
    ===================== ==================================================== ================

    Parameters
    ----------
    links
        Nodes and weighted links of one selection; scope ``closed``, so that received and given add
        up to the same.
    kind
        One of the kinds above. ``ratio`` is the headline: fewer citations received never raise it.
        ``report`` follows the source report word by word; it can rise when a pure importer loses
        recognition, so it is never ranked.

    Returns
    -------
    Node and ``value``; null without partners, for ``report`` also where the families are 0 or not
    known, for ``partner_weighted`` where no partner is cited by anyone. In the kinds with
    :math:`s_i`, a pure importer has 0; see `pure_importer`.

    Raises
    ------
    OptionError
        The kind is not one of these.

    References
    ----------
    Method notes (`netpos.docs_path`); dyadic: Vázquez et al. 2007.

    Examples
    --------
    >>> from netpos.tables import Links
    >>> links = Links.from_table(pl.DataFrame({"citing": ["NL", "DE"], "cited": ["DE", "NL"],
    ...     "weight": [3.0, 1.0]}))
    >>> balance(links)["value"].to_list()
    [0.5, -0.5]
    """
    links = as_links(links)
    if kind not in get_args(BalanceKind):
        raise OptionError(
            f"balance kind '{kind}' is not known",
            remedy="use one of " + ", ".join(get_args(BalanceKind)),
        )
    r, g, k = strengths(links)
    if kind == "ratio":
        return links.column(ratio_of(r, g))
    if kind == "report":
        return links.column(report_of(r, g, k, links.families))
    if kind in ("total", "scaled"):
        value = report_of(r, g, k, np.ones(len(r)))
        if kind == "scaled":
            pairs = foreign_links(links).nnz
            value = divide(value * pairs, total(r))
        return links.column(value)
    asymmetry = _asymmetry(foreign_links(links))
    if kind == "partner_weighted":
        partner = csr_array(
            (np.ones(asymmetry.nnz), asymmetry.indices, asymmetry.indptr), asymmetry.shape
        )
        return links.column(divide(np.asarray(asymmetry @ r), np.asarray(partner @ r)))
    mean = divide(np.asarray(asymmetry @ np.ones(len(r))), k)
    if kind == "dyadic":
        mean = mean * divide(r, total(r)) + 0.0  # no -0
    return links.column(mean)


def _asymmetry(f: csr_array) -> csr_array:
    """:math:`a_{ij}` for each pair of partners, kept as an entry also where it is 0."""
    pairs = csr_array(f + f.T).tocoo()
    i, j = pairs.coords
    forth = np.asarray(f[i, j]).ravel() if pairs.nnz else np.zeros(0)
    back = np.asarray(f[j, i]).ravel() if pairs.nnz else np.zeros(0)
    return csr_array(((back - forth) / pairs.data, (i, j)), shape=f.shape)


def pure_importer(links: LinksLike) -> pl.DataFrame:
    """Tell whether a node gives citations abroad and receives none: a one-way dependency.

    Parameters
    ----------
    links
        Nodes and weighted links of one selection.

    Returns
    -------
    Node and ``value`` Boolean: :math:`R_i = 0` and :math:`G_i > 0`; false without foreign links.

    References
    ----------
    Method notes (`netpos.docs_path`).

    Examples
    --------
    >>> from netpos.tables import Links
    >>> links = Links.from_table(pl.DataFrame({"citing": ["NL"], "cited": ["DE"],
    ...     "weight": [3.0]}))
    >>> pure_importer(links)["value"].to_list()
    [False, True]
    """
    links = as_links(links)
    r, g, _ = strengths(links)
    return pl.DataFrame(
        [links.nodes["node"].alias(links.kind), pl.Series("value", (r == 0) & (g > 0))]
    )


def reciprocity(links: LinksLike, focal: str) -> pl.DataFrame:
    r"""Compare what one node gives to and receives from each partner.

    Parameters
    ----------
    links
        Nodes and weighted links of one selection.
    focal
        The node :math:`i`.

    Returns
    -------
    One row per partner :math:`j`, by code point: ``partner``; ``given`` :math:`F_{ij}` and
    ``received`` :math:`F_{ji}` [family links by the counting rule]; ``asymmetry``
    :math:`(F_{ji} - F_{ij})/(F_{ji} + F_{ij})`, from -1 (only gives) to 1 (only receives).

    Raises
    ------
    OptionError
        ``focal`` is none of the nodes.

    References
    ----------
    Method notes (`netpos.docs_path`); Vázquez et al. 2007.

    Examples
    --------
    >>> from netpos.tables import Links
    >>> links = Links.from_table(pl.DataFrame({"citing": ["NL", "DE"], "cited": ["DE", "NL"],
    ...     "weight": [3.0, 1.0]}))
    >>> reciprocity(links, "NL").row(0, named=True)
    {'partner': 'DE', 'given': 3.0, 'received': 1.0, 'asymmetry': -0.5}
    """
    links = as_links(links)
    i = node_index(links, focal)
    f = foreign_links(links)
    forth: Floats = f[[i]].toarray().ravel()
    back: Floats = f[:, [i]].toarray().ravel()
    at = np.flatnonzero(forth + back > 0)
    return pl.DataFrame(
        {
            "partner": links.nodes["node"].gather(at),
            "given": forth[at],
            "received": back[at],
            "asymmetry": (back[at] - forth[at]) / (back[at] + forth[at]),
        }
    )


def node_index(links: Links, node: str) -> int:
    """Compute the position of a node in ``links.countries``.

    Parameters
    ----------
    links
        Nodes and weighted links of one selection.
    node
        As the links call it; a country also by another code or name (``nl``, ``Holland``).

    Raises
    ------
    OptionError
        There is no such node; the message suggests some.
    """
    names = links.nodes["node"]
    at = names.index_of(node)
    if at is None and links.kind == "country":
        code = label_to_country(pl.Series("label", [str(node)]))["country"][0]
        at = None if code is None else names.index_of(code)
    if at is None:
        held = names.to_list()
        near = difflib.get_close_matches(str(node), held, n=3)
        some = ", ".join(held[:5]) + (f" and {len(held) - 5} more" if len(held) > 5 else "")
        remedy = f"did you mean {', '.join(near)}?" if near else f"there are {some or 'none'}"
        raise OptionError(f"{links.kind} '{node}' is not in these links", remedy=remedy)
    return at
