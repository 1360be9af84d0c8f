"""On whom a country builds: how many sources, how even, from which blocs; and who builds on it.

Shares are taken over the foreign citations that a country gives. The links should have scope
``citing``: families of the technology citing, the cited end anywhere known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.countries import blocs, is_union
from netpos.errors import OptionError, TableError
from netpos.graph import kernels
from netpos.graph.balance import node_index
from netpos.graph.kernels import Floats, divide
from netpos.graph.strength import foreign_links
from netpos.tables import as_links

if TYPE_CHECKING:
    from netpos.tables import Links, LinksLike

#: Own membership of a country, in the order of classes 1, 2, 3.
BLOC_NAMES = ("eu", "oecd_nato", "other")


def source_diversity(links: LinksLike) -> pl.DataFrame:
    r"""Tell how many countries a country draws on, and how evenly.

    With :math:`p_j = F_{ij}/G_i` the share of source :math:`j` and
    :math:`H = -\sum_j p_j \ln p_j`:

    ==================== ================================ =====================================
    column               formula                          reads
    ==================== ================================ =====================================
    ``source_countries`` :math:`D_0`                      number of source countries
    ``source_effective`` :math:`D_1 = e^H`                as many, if all were used equally
    ``source_hill2``     :math:`D_2 = 1/\sum_j p_j^2`     the same, large sources weighing more
    ``source_hhi``       :math:`\sum_j p_j^2`             concentration, 1 = one source
    ``source_evenness``  :math:`H / \ln D_0` (Pielou)     1 = all sources used equally
    ==================== ================================ =====================================

    :math:`D_0 \ge D_1 \ge D_2`; the first grows with volume, so compare technologies by ``D_1``.

    Parameters
    ----------
    links
        Nodes and weighted links of one selection; foreign links only.

    Returns
    -------
    Node, ``source_countries`` Int64, the others Float64. Without foreign citations given: 0 and
    null. ``source_evenness`` is null with a single source. Shares below 1e-12 are left out.

    References
    ----------
    Method notes (`netpos.docs_path`); Hill 1973; Jost 2006; Pielou 1966.

    Examples
    --------
    >>> from netpos.tables import Links
    >>> links = Links.from_table(pl.DataFrame({"citing": ["NL", "NL"], "cited": ["DE", "US"],
    ...     "weight": [4.0, 4.0]}))
    >>> source_diversity(links).row(1)
    ('NL', 2, 2.0, 2.0, 0.5, 1.0)
    """
    links = as_links(links)
    found = kernels.source_diversity(links.foreign()[None])
    columns = {
        "source_effective": found.effective,
        "source_hill2": found.hill2,
        "source_hhi": found.hhi,
        "source_evenness": found.evenness,
    }
    return links.column(found.countries[0], "source_countries").with_columns(
        pl.col("source_countries").cast(pl.Int64),
        *(links.column(value[0], name)[name] for name, value in columns.items()),
    )


def rao_stirling(links: LinksLike, distance: NDArray[np.float64]) -> pl.DataFrame:
    r"""Compute diversity that also asks how different the sources are from each other.

    .. math:: \Delta_i = \sum_{j \ne k} p_j \, p_k \, d_{jk}

    over ordered pairs of sources (each pair counts twice), with :math:`p_j = F_{ij}/G_i` and
    :math:`d_{jk}` the distance between two sources.

    Parameters
    ----------
    links
        Nodes and weighted links of one selection; foreign links only.
    distance
        :math:`d`, one row and column per node in the order of ``links.countries``: symmetric, not
        negative, 0 on the diagonal.

    Returns
    -------
    Node and ``value`` [unit of the distance]; null without foreign citations given.

    Raises
    ------
    TableError
        The distance has another shape, or is not a symmetric distance.

    References
    ----------
    Method notes (`netpos.docs_path`); Rao 1982; Stirling 2007.

    Examples
    --------
    >>> from netpos.tables import Links
    >>> links = Links.from_table(pl.DataFrame({"citing": ["NL", "NL"], "cited": ["DE", "US"],
    ...     "weight": [4.0, 4.0]}))
    >>> d = np.array([[0, 1, 0.5], [1, 0, 1], [0.5, 1, 0]])
    >>> rao_stirling(links, d)["value"].to_list()
    [None, 0.25, None]
    """
    links = as_links(links)
    distance = np.asarray(distance, dtype=np.float64)
    n = links.nodes.height
    if distance.shape != (n, n):
        raise TableError(f"distance has shape {distance.shape}, expected one row per node: {n}")
    if not (np.isfinite(distance).all() and (distance >= 0).all()):
        raise TableError("distance holds a value that is negative or not a number")
    if (distance != distance.T).any() or distance.diagonal().any():
        raise TableError("distance is not symmetric with a diagonal of 0")
    p = kernels.source_shares(links.foreign()[None])[0]
    return links.column((p @ distance * p).sum(axis=1))


def partner_classes(
    links: Links,
    *,
    year: int,
    memberships: pl.DataFrame | None = None,
    overrides: Mapping[str, int] | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Compute the class of each partner for each focal country, and each country's own membership.

    Parameters
    ----------
    links, year, memberships, overrides
        As in `similarity`.

    Returns
    -------
    ``(n, n)`` class of partner (column) for focal country (row): 1 both in the EU, 2 both in OECD
    or NATO, 3 otherwise, 0 all through where a bloc stands in for its members (EU27), which are
    not all in the same blocs; ``(n,)`` own membership: 1 EU, 2 OECD or NATO, 3 neither.

    Raises
    ------
    OptionError
        The nodes are no countries, or an override is not 1, 2 or 3.

    Examples
    --------
    >>> from netpos.tables import Links
    >>> links = Links.from_table(pl.DataFrame({"citing": ["NL", "CN"], "cited": ["DE", "US"],
    ...     "weight": [4.0, 4.0]}))
    >>> classes, own = partner_classes(links, year=2025)
    >>> links.countries, classes[3].tolist(), own.tolist()
    (['CN', 'DE', 'NL', 'US'], [3, 2, 2, 2], [3, 1, 1, 2])
    """
    if links.kind != "country":
        raise OptionError("classes of partners are told for countries, not for organisations")
    codes = links.countries
    table = blocs(codes, year, memberships).sort("country")
    eu, either = table["eu"].to_numpy(), table["oecd_nato"].to_numpy()
    classes = np.where(eu[:, None] & eu, 1, np.where(either[:, None] & either, 2, 3)).astype(
        np.int64
    )
    if any(is_union(code) for code in codes):
        classes[:] = 0
        overrides = None
    for code, chosen in (overrides or {}).items():
        if chosen not in (1, 2, 3):
            raise OptionError(f"class of {code} is {chosen}", remedy="use 1, 2 or 3")
        if code in codes:
            classes[:, codes.index(code)] = chosen
    return classes, np.where(eu, 1, np.where(either, 2, 3)).astype(np.int64)


def similarity(
    links: LinksLike,
    *,
    year: int,
    memberships: pl.DataFrame | None = None,
    focal: str | None = None,
    overrides: Mapping[str, int] | None = None,
) -> pl.DataFrame:
    r"""Tell how alike in institutions the sources of a country are: EU, OECD or NATO, others.

    The shares come first: those of the foreign citations given that go to countries in the EU, in
    OECD or NATO but not the EU, and in neither; by the partners' own membership, the same rule for
    every country. The score is the mean class of the sources,

    .. math:: S_i = \sum_j p_j \, class_{ij}, \qquad p_j = F_{ij}/G_i

    with class 1 where both countries are in the EU, else 2 where both are in OECD or NATO, else 3.

    Parameters
    ----------
    links
        Nodes and weighted links of one selection; foreign links only.
    year
        Reference year of all memberships.
    memberships
        A table of memberships as for `netpos.countries.blocs`. Default: the shipped one.
    focal
        Only the row of this country. Default: all.
    overrides
        Class of partners that takes the place of the rule for every focal country, for instance
        ``{"TW": 2}``; changes the score, not the shares.

    Returns
    -------
    ``country``; ``share_eu``, ``share_oecd_nato``, ``share_other`` [sum to 1]; ``similarity``
    [1 = all sources in the same bloc ... 3 = none in common]; ``similarity_scaled``
    :math:`(3 - S)/2` [0 to 1, higher = more alike]; ``no_bloc`` Boolean: in neither, so that every
    partner is class 3. Shares and scores are null without foreign citations given.

    Raises
    ------
    OptionError
        ``focal`` is none of the countries, the nodes are no countries, or an override is not 1, 2
        or 3.

    References
    ----------
    Method notes (`netpos.docs_path`).

    Examples
    --------
    >>> from netpos.tables import Links
    >>> links = Links.from_table(pl.DataFrame({"citing": ["NL"] * 3, "cited": ["DE", "US", "CN"],
    ...     "weight": [1.0, 2.0, 1.0]}))
    >>> similarity(links, year=2025, focal="NL").row(0)
    ('NL', 0.25, 0.5, 0.25, 2.0, 0.5, False)
    """
    links = as_links(links)
    rows = slice(None)
    if focal is not None:
        at = node_index(links, focal)
        rows = slice(at, at + 1)
    classes, own = partner_classes(links, year=year, memberships=memberships, overrides=overrides)
    F = links.foreign()[None]
    shares = kernels.class_shares(F, own)[0]
    score = kernels.similarity_score(kernels.class_shares(F, classes))[0]
    columns = {
        "share_eu": shares[:, 0],
        "share_oecd_nato": shares[:, 1],
        "share_other": shares[:, 2],
        "similarity": score,
        "similarity_scaled": (3 - score) / 2,
    }
    return pl.DataFrame(
        [
            links.nodes["node"].alias(links.kind),
            *(links.column(value, name)[name] for name, value in columns.items()),
            pl.Series("no_bloc", own == 3, dtype=pl.Boolean),
        ]
    )[rows]


def exposure(
    links: LinksLike, focal: str, *, year: int, memberships: pl.DataFrame | None = None
) -> pl.DataFrame:
    r"""Tell how much of what a country builds on comes from each country and each bloc.

    Parameters
    ----------
    links
        Nodes and weighted links of one selection; foreign links only.
    focal
        The country :math:`i`.
    year
        Reference year of memberships.
    memberships
        A table of memberships. Default: the shipped one.

    Returns
    -------
    One row per bloc (``eu``, ``oecd_nato`` without those in the EU, ``other``: own membership of
    the sources) and per source country, sorted by ``kind`` and ``source``: ``source``; ``kind``
    (``bloc`` or ``country``); ``share`` of the foreign citations that the focal country gives;
    ``effective_without``: effective number of source countries (:math:`D_1`) of what is left
    without that source, null where nothing is left. Empty without foreign citations given.

    Raises
    ------
    OptionError
        ``focal`` is none of the countries, or the nodes are no countries.

    References
    ----------
    Method notes (`netpos.docs_path`).

    Examples
    --------
    >>> from netpos.tables import Links
    >>> links = Links.from_table(pl.DataFrame({"citing": ["NL"] * 3, "cited": ["DE", "US", "CN"],
    ...     "weight": [1.0, 2.0, 1.0]}))
    >>> exposure(links, "NL", year=2025).filter(pl.col("share") == 0.5).rows()
    [('oecd_nato', 'bloc', 0.5, 2.0), ('US', 'country', 0.5, 2.0)]
    """
    links = as_links(links)
    at = node_index(links, focal)
    own = partner_classes(links, year=year, memberships=memberships)[1]
    row: Floats = foreign_links(links)[[at]].toarray()
    sources = np.flatnonzero(row[0])
    parts = [own == k for k in (1, 2, 3)] + [np.arange(len(own)) == j for j in sources]
    names = [*BLOC_NAMES, *(links.countries[j] for j in sources)]
    part = np.array(parts).reshape(-1, 1, len(own))
    without = kernels.source_diversity(np.where(part, 0.0, row)).effective[:, 0]
    share = divide(kernels.given(np.where(part, row, 0.0))[:, 0], kernels.given(row[None])[0])
    return (
        pl.DataFrame(
            {
                "source": names,
                "kind": ["bloc"] * 3 + ["country"] * len(sources),
                "share": share,
                "effective_without": pl.Series(without, dtype=pl.Float64).fill_nan(None),
            }
        )
        .filter(pl.lit(value=len(sources) > 0))
        .sort("kind", "source")
    )


def dependents(links: LinksLike, focal: str) -> pl.DataFrame:
    r"""Tell how much of what each country builds on comes from one country.

    Parameters
    ----------
    links
        Nodes and weighted links of one selection; foreign links only.
    focal
        The country :math:`i` that is cited.

    Returns
    -------
    One row for every other node :math:`j`: node and ``share`` :math:`F_{ji}/G_j`, the share of the
    focal country in the foreign citations that :math:`j` gives; 0 where it cites others only, null
    where it gives none.

    Raises
    ------
    OptionError
        ``focal`` is none of the nodes.

    References
    ----------
    Method notes (`netpos.docs_path`).

    Examples
    --------
    >>> from netpos.tables import Links
    >>> links = Links.from_table(pl.DataFrame({"citing": ["BE", "BE", "DE"],
    ...     "cited": ["NL", "DE", "BE"], "weight": [1.0, 3.0, 2.0]}))
    >>> dependents(links, "NL").rows()
    [('BE', 0.25), ('DE', 0.0)]
    """
    links = as_links(links)
    at = node_index(links, focal)
    f = foreign_links(links)
    to_focal: Floats = f[:, [at]].toarray().ravel()
    share = divide(to_focal, f @ np.ones(f.shape[0]))
    return links.column(share, "share").filter(pl.col(links.kind) != links.countries[at])
