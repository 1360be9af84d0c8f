"""Core numbers: how deep inside the network a node lies when the weakest are taken off first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from netpos.graph.kernels import Floats
from netpos.graph.strength import foreign_links
from netpos.tables import as_links

if TYPE_CHECKING:
    import polars as pl

    from netpos.tables import LinksLike

#: Strengths closer than this (relative) count as equal: sums in another order stay ties.
TIE = 1e-12


def s_core(links: LinksLike) -> pl.DataFrame:
    r"""Compute the core number by strength: the largest s such that a node is in the s-core.

    The s-core is the largest part of the network in which every node keeps a strength of at least
    :math:`s` with the others of that part, :math:`\sum_j S_{ij} \ge s`, where
    :math:`S = F + F'` is the exchange in both directions. Strip the weakest node, again and again:
    the core number is the largest strength at which anything was stripped so far.

    Parameters
    ----------
    links
        Nodes and weighted links of one selection; foreign links only.

    Returns
    -------
    Node and ``value`` [family links by the counting rule]; 0 without foreign links, never null.

    References
    ----------
    Method notes (`netpos.docs_path`); Eidsaa and Almaas 2013.

    Examples
    --------
    >>> import polars as pl
    >>> from netpos.tables import Links
    >>> links = Links.from_table(pl.DataFrame({"citing": ["NL", "DE", "US", "US"],
    ...     "cited": ["DE", "US", "NL", "CA"], "weight": [3.0, 3.0, 3.0, 1.0]}))
    >>> s_core(links)["value"].to_list()
    [1.0, 6.0, 6.0, 6.0]
    """
    links = as_links(links)
    f = foreign_links(links)
    return links.column(core_number(csr_array(f + f.T)))


def core_number(S: csr_array) -> Floats:
    """Compute the core numbers of a symmetric matrix of weights >= 0 without diagonal.

    Each round takes off all nodes at the lowest strength. Strengths are kept by subtraction to find
    candidates, and summed afresh before one is taken off, so that no rounding adds up.

    Examples
    --------
    >>> core_number(csr_array(np.array([[0.0, 2.0], [2.0, 0.0]]))).tolist()
    [2.0, 2.0]
    """
    n = S.shape[0]
    rough = S @ np.ones(n)
    slack = 1e-9 * rough  # far above what the subtractions can be off by
    there = np.ones(n, dtype=bool)
    value = np.zeros(n)
    level = 0.0
    alive = np.arange(n)
    while len(alive):
        low, off = rough[alive], slack[alive]
        lowest = max(level, float((low + off).min()))
        candidates = alive[low - off <= lowest * (1 + TIE)]
        fresh = _strength(S, candidates, there)
        level = max(level, float(fresh.min()))
        gone = candidates[fresh <= level * (1 + TIE)]
        value[gone] = level
        there[gone] = False
        _, neighbour, weight = _rows(S, gone)
        np.subtract.at(rough, neighbour, weight)
        alive = alive[there[alive]]
    return value


def _rows(S: csr_array, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
    """Return the stored entries of some rows: position in ``rows``, column, weight."""
    length = np.diff(S.indptr)[rows]
    owner = np.repeat(np.arange(len(rows)), length)
    start = S.indptr[rows] - np.concatenate([[0], np.cumsum(length)[:-1]])
    at = np.arange(len(owner)) + np.repeat(start, length)
    return owner, S.indices[at], S.data[at]


def _strength(S: csr_array, rows: NDArray[np.int64], there: NDArray[np.bool_]) -> Floats:
    """Strength of some nodes with those that are still there."""
    owner, neighbour, weight = _rows(S, rows)
    kept = np.where(there[neighbour], weight, 0.0)
    return np.bincount(owner, weights=kept, minlength=len(rows)).astype(np.float64)
