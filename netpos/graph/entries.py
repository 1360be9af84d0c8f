"""Pairs of families spread over the nodes of their ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from netpos.graph import compiled
from netpos.graph.sorting import Rows

_Floats = NDArray[np.float64]
_CHUNK = 250_000  # pairs at a time
#: Distinct shares up to which products of two have numbers of 16 bits.
_MOST_SHARES = 256


@dataclass(frozen=True)
class Products:
    """Weights of entries by the number of their level: two bytes each where they are millions.

    Indexed, it gives the weights as numbers, as an array of them would.

    Examples
    --------
    >>> weights = Products(np.array([1, 0, 1], dtype=np.uint16), np.array([0.25, 1.0]))
    >>> len(weights), weights[1:].tolist()
    (3, [0.25, 1.0])
    """

    level: NDArray[np.uint16]
    levels: _Floats

    def __len__(self) -> int:
        """Count the entries."""
        return int(self.level.size)

    def __iter__(self) -> Iterator[float]:
        """Yield the weight of each entry."""
        return iter(self.levels[self.level].tolist())

    def __getitem__(self, at: slice | NDArray[np.integer] | NDArray[np.bool_]) -> _Floats:
        """Return the weights of these entries."""
        found: _Floats = self.levels[self.level[at]]
        return found

    def __array__(self, dtype: type | None = None, copy: bool | None = None) -> _Floats:
        """Return all weights."""
        return self[:] if dtype is None else self[:].astype(dtype)


def stored(weight: _Floats | Products) -> tuple[_Floats | NDArray[np.uint16], _Floats | None]:
    """Return weights as they are held: as numbers, or as numbers of levels and the levels."""
    return (weight.level, weight.levels) if isinstance(weight, Products) else (weight, None)


def entries(citing: Rows, cited: Rows, matrix: csr_array) -> tuple[Rows, Rows, _Floats | Products]:
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
        node citing × nodes + node cited, product of both shares: `Products` unless shares are of
        very many levels.

    Examples
    --------
    >>> matrix = csr_array(np.array([[0.5, 0.5], [0.0, 1.0]]))
    >>> [[*map(float, part)] for part in entries(np.array([0, 1]), np.array([1, 1]), matrix)]
    [[0.0, 0.0, 1.0], [1.0, 3.0, 3.0], [0.5, 0.5, 1.0]]
    """
    nodes = max(matrix.shape[1], 1)
    known = np.unique(matrix.data)
    level = None
    if known.size <= _MOST_SHARES:  # residences given by the user may be of any
        level = np.searchsorted(known, matrix.data).astype(np.uint16)
    of_nodes = (matrix.indptr, matrix.indices, matrix.data)
    found = compiled.spread((citing, cited), *of_nodes, nodes, level, known.size)
    pair, code, weight = found or _entries(citing, cited, matrix, level, known.size)
    if level is None:
        return pair, code, cast("_Floats", weight)
    levels = np.multiply.outer(known, known).ravel()
    return pair, code, Products(cast("NDArray[np.uint16]", weight), levels)


def _entries(
    citing: Rows, cited: Rows, matrix: csr_array, level: NDArray[np.uint16] | None, levels: int
) -> tuple[Rows, Rows, _Floats | NDArray[np.uint16]]:
    """Do what is compiled: the weights are numbers of levels where shares have a level."""
    nodes = max(matrix.shape[1], 1)
    held = np.diff(matrix.indptr).astype(np.int32)
    parts = [slice(k, k + _CHUNK) for k in range(0, citing.size, _CHUNK)]
    size = 0
    for part in parts:
        size += int((held.take(citing[part]) * held.take(cited[part])).sum(dtype=np.int64))
    pair = np.empty(size, dtype=np.int32)
    weight: _Floats | NDArray[np.uint16]
    weight = np.empty(size) if level is None else np.empty(size, dtype=np.uint16)
    code: Rows = np.empty(size, np.int32) if nodes**2 < 2**31 else np.empty(size, np.int64)
    done = 0
    for part in parts:
        one, two, i, j = _of(citing[part], cited[part], held, matrix)
        here = slice(done, done + one.size)
        pair[here], code[here] = one + part.start, two
        if level is None:
            weight[here] = matrix.data.take(i) * matrix.data.take(j)
        else:
            weight[here] = level.take(i).astype(np.int32) * levels + level.take(j)
        done = here.stop
    return pair, code, weight


def _of(
    citing: Rows, cited: Rows, held: NDArray[np.int32], matrix: csr_array
) -> tuple[Rows, Rows, Rows, Rows]:
    """Entries of these pairs: the place of the pair, the code of both nodes, places of shares."""
    pointer, node = matrix.indptr, matrix.indices
    b = held.take(cited)
    entries = held.take(citing) * b
    pair: Rows = np.flatnonzero(entries)
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
    return pair, code, i, j
