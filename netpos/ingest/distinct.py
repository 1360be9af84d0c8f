"""Distinct values of large columns and the place of each row's value among them."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.ingest import scan


def distinct(keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Distinct keys in order, and the place of each key among them: `numpy.unique`, faster.

    Examples
    --------
    >>> values, at = distinct(np.array([5, -1, 5, 3]))
    >>> values.tolist(), at.tolist()
    ([-1, 3, 5], [2, 0, 2, 1])
    """
    if not scan.available():
        values, at = np.unique(keys, return_inverse=True)
        return values, at.astype(np.int32)
    values, ids = scan.number_distinct(keys)
    order = np.argsort(values)
    return values[order], _inverse(order)[ids]


def distinct_texts(texts: pl.Series) -> tuple[pl.Series, NDArray[np.int32]]:
    """Distinct texts by code point, and the place of each text among them, -1 for null.

    Examples
    --------
    >>> values, at = distinct_texts(pl.Series(["b", None, "a", "b"]))
    >>> values.to_list(), at.tolist()
    (['a', 'b'], [1, -1, 0, 1])
    """
    known = texts.drop_nulls() if texts.null_count() else texts
    _, ids = distinct(known.hash().reinterpret(signed=True).to_numpy())
    first = np.zeros(int(ids.max(initial=-1)) + 1, dtype=np.int64)
    first[ids] = np.arange(ids.size)
    values = known.gather(first)
    if not (values.gather(ids) == known).all():  # two texts with one hash: never seen
        values = known.unique()
        table = pl.DataFrame({"text": values}).with_row_index("at")
        ids = known.to_frame("text").join(table, on="text", maintain_order="left")["at"].to_numpy()
    order = values.arg_sort().to_numpy().astype(np.int64)
    places = _inverse(order)[ids]
    if known.len() < texts.len():
        found = np.full(texts.len(), -1, dtype=np.int32)
        found[texts.is_not_null().to_numpy()] = places
        places = found
    return values.gather(order), places


def connected(a: NDArray[np.int32], b: NDArray[np.int32], nodes: int) -> NDArray[np.int32]:
    """The connected component of each node of a graph, numbered in the order of their first nodes.

    Examples
    --------
    >>> edges = np.array([[0, 3], [4, 1], [3, 5]], dtype=np.int32)
    >>> connected(edges[:, 0], edges[:, 1], 6).tolist()
    [0, 1, 2, 0, 1, 0]
    """
    if scan.available():
        return scan.components(a, b, nodes)
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(a.size, dtype=np.int8), (a, b)), shape=(nodes, nodes))
    _, labels = connected_components(graph, directed=False)
    _, first = np.unique(labels, return_index=True)
    return _inverse(np.argsort(first))[labels]


def _inverse(order: NDArray[np.int64]) -> NDArray[np.int32]:
    rank = np.empty(order.size, np.int32)
    rank[order] = np.arange(order.size, dtype=np.int32)
    return rank
