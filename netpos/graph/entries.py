"""Pairs of families spread over the nodes of their ends."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from netpos.graph import compiled

_Rows = NDArray[np.int32] | NDArray[np.int64]
_Floats = NDArray[np.float64]
_CHUNK = 250_000  # pairs at a time


def entries(citing: _Rows, cited: _Rows, matrix: csr_array) -> tuple[_Rows, _Rows, _Floats]:
    """Spread pairs over the nodes of their ends.

    Parameters
    ----------
    citing, cited
        Rows of the matrix.
    matrix
        Shares of nodes in rows.

    Returns
    -------
    (pair, code, weight)
        An entry for each pair, node citing and node cited, in this order: number of the pair,
        node citing × nodes + node cited, product of both shares.

    Examples
    --------
    >>> matrix = csr_array(np.array([[0.5, 0.5], [0.0, 1.0]]))
    >>> [part.tolist() for part in entries(np.array([0, 1]), np.array([1, 1]), matrix)]
    [[0, 0, 1], [1, 3, 3], [0.5, 0.5, 1.0]]
    """
    nodes = max(matrix.shape[1], 1)
    found = compiled.spread((citing, cited), matrix.indptr, matrix.indices, matrix.data, nodes)
    if found is not None:
        return found
    held = np.diff(matrix.indptr).astype(np.int32)
    parts = [slice(k, k + _CHUNK) for k in range(0, citing.size, _CHUNK)]
    size = 0
    for part in parts:
        size += int((held.take(citing[part]) * held.take(cited[part])).sum(dtype=np.int64))
    pair, weight = np.empty(size, dtype=np.int32), np.empty(size)
    code: _Rows = np.empty(size, np.int32) if nodes**2 < 2**31 else np.empty(size, np.int64)
    done = 0
    for part in parts:
        one, two, three = _of(citing[part], cited[part], held, matrix)
        here = slice(done, done + one.size)
        pair[here], code[here], weight[here] = one + part.start, two, three
        done = here.stop
    return pair, code, weight


def _of(
    citing: _Rows, cited: _Rows, held: NDArray[np.int32], matrix: csr_array
) -> tuple[_Rows, _Rows, _Floats]:
    """Entries of these pairs: the place of the pair, the code of both nodes, the weight."""
    pointer, node, value = matrix.indptr, matrix.indices, matrix.data
    b = held.take(cited)
    entries = held.take(citing) * b
    pair: _Rows = np.flatnonzero(entries)
    entries, b = entries.take(pair), b.take(pair)
    i, j = pointer.take(citing.take(pair)), pointer.take(cited.take(pair))
    if (entries > 1).any():  # entry k of a pair is the k // b th node citing, the k % b th cited
        first = np.repeat(np.cumsum(entries) - entries, entries)
        at = np.repeat(np.arange(pair.size), entries)
        pair, i, j, b = pair.take(at), i.take(at), j.take(at), b.take(at)
        within = np.arange(at.size) - first
        ith = within // b
        i, j = i + ith, j + within - ith * b
    code = node.take(i).astype(np.int64) * matrix.shape[1] + node.take(j)
    return pair, code, value.take(i) * value.take(j)
