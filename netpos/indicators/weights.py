"""Weights of organisations, the same for a seed and a draw whatever else is asked for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from netpos.errors import OptionError
from netpos.graph.links import Ints, Rows, Shares
from netpos.indicators import compiled

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_POISSON = np.exp(-1.0) * np.cumsum(1.0 / np.cumprod([1, *range(1, 13)]))
_STEPS = np.floor(_POISSON[:12] * 2.0**32).astype(np.uint32)
_BLOCK = 1 << 15  # numbers at a time: what fits near the processor


def _steps_up_to(upper: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Count the steps of the distribution function that a number has reached."""
    return np.searchsorted(_STEPS, upper, side="right").astype(np.uint8)


# weight by the upper 16 bits; _UNSURE where the lower 16 decide
_UNSURE = np.uint8(255)
_FIRST = np.arange(1 << 16, dtype=np.uint32) << np.uint32(16)
_BY_UPPER = _steps_up_to(_FIRST)
_BY_UPPER[_steps_up_to(_FIRST | np.uint32(0xFFFF)) != _BY_UPPER] = _UNSURE


def _mix(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble 64 bits in place: the output function of SplitMix64."""
    z ^= z >> np.uint64(30)
    z *= np.uint64(0xBF58476D1CE4E5B9)
    z ^= z >> np.uint64(27)
    z *= np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return z


def splitmix(start: NDArray[np.uint64], counter: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the number ``counter`` (from 0) of the SplitMix64 sequences with these starting
    values.

    References
    ----------
    Steele, Lea and Flood 2014.

    Examples
    --------
    >>> splitmix(np.array([1234567], np.uint64), np.arange(2, dtype=np.uint64)).tolist()
    [6457827717110365317, 3203168211198807973]
    """
    return _mix(np.asarray(start + (counter + np.uint64(1)) * _GOLDEN))


def poisson_weights(positions: Rows, draws: Ints, seed: int = 0) -> NDArray[np.uint8]:
    """Compute the weights of clusters, Poisson distributed with mean 1.

    A weight depends on the seed, the position of the cluster and the number of the draw alone:
    not on which others are asked for, nor on their order. Each cluster has a SplitMix64 sequence
    that starts from the number at its position in the sequence of the seed; the upper 32 bits are
    turned into a weight by the inverse of the distribution function (0 to 12).

    Parameters
    ----------
    positions
        Positions of clusters, from 0.
    draws
        Numbers of draws, from 0.
    seed
        0 to 2^64 - 1.

    Returns
    -------
    ``(positions, draws)``.

    Raises
    ------
    OptionError
        The seed is negative or too large.

    Examples
    --------
    >>> poisson_weights(np.array([0, 1, 2]), np.arange(6), seed=0).tolist()
    [[1, 1, 1, 1, 2, 0], [0, 0, 2, 0, 1, 1], [3, 2, 1, 1, 0, 2]]
    """
    if not 0 <= seed < 2**64:
        raise OptionError(f"--seed {seed}: out of range", remedy="use a whole number from 0")
    start = splitmix(np.array(seed, dtype=np.uint64), positions.astype(np.uint64))
    if compiled.available():
        added = (draws.astype(np.uint64) + np.uint64(1)) * _GOLDEN
        return compiled.poisson(start, added, _BY_UPPER, _STEPS)
    weights = np.empty((positions.size, draws.size), dtype=np.uint8)
    number = draws.astype(np.uint64)
    rows = max(1, _BLOCK // max(1, draws.size))
    for k in range(0, positions.size, rows):
        found = splitmix(start[k : k + rows, None], number)
        part = _BY_UPPER.take((found >> np.uint64(48)).view(np.int64))
        unsure = np.nonzero(part == _UNSURE)
        part[unsure] = _steps_up_to((found[unsure] >> np.uint64(32)).astype(np.uint32))
        weights[k : k + rows] = part
    return weights


def units(organisations: Shares) -> tuple[Rows, csr_array]:
    """Return the unit of each family, and the clusters whose weights a unit has the mean of.

    A cluster is an organisation, or a family (or document outside the corpus) without one. The
    families of one organisation alone are one unit; a family of several is a unit of its own, which
    weighs the mean of its organisations by their shares.

    Parameters
    ----------
    organisations
        Organisations of each row, as `netpos.graph.links.Shares`.

    Returns
    -------
    The unit of each row, and a matrix units × clusters whose rows sum to 1. Both count the
    organisations by name first, then the rows with none or several in order; the columns of the
    latter that have several are empty.

    Examples
    --------
    >>> import polars as pl
    >>> table = pl.DataFrame({"family": [0, 0, 2], "organisation": ["B", "A", "B"],
    ...     "share": [0.5, 0.5, 1.0]})
    >>> unit, parts = units(Shares.of(table, "organisation", 4))
    >>> unit.tolist(), parts.toarray()[[2, 3]].tolist()
    ([2, 3, 1, 4], [[0.5, 0.5, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0, 0.0]])
    """
    matrix = organisations.matrix.sorted_indices()
    _, names = matrix.shape
    held = np.diff(matrix.indptr)
    single = held == 1
    unit = np.empty(held.size, dtype=np.int32)
    unit[single] = matrix.indices[matrix.indptr[:-1][single]]
    number = names + held.size - int(single.sum())
    unit[~single] = np.arange(names, number, dtype=np.int32)
    each = held[~single].astype(np.int32)  # organisations of each unit after the first
    entries = np.repeat(~single, held)
    owner = np.repeat(np.arange(each.size, dtype=np.int32), each)
    share = matrix.data[entries]
    share = share / np.bincount(owner, weights=share, minlength=each.size)[owner]
    pointer = np.zeros(number + 1, dtype=np.int32)
    pointer[1 : names + 1] = 1
    pointer[names + 1 :] = np.maximum(each, 1)
    np.cumsum(pointer, out=pointer)
    column, value = np.empty(pointer[-1], dtype=np.int32), np.ones(pointer[-1])
    column[:names] = np.arange(names, dtype=np.int32)
    bare = each == 0
    alone = pointer[names:-1][bare]
    column[alone] = names + np.flatnonzero(bare)
    several = np.ones(column.size, dtype=bool)
    several[:names] = several[alone] = False
    column[several], value[several] = matrix.indices[entries], share
    return unit, csr_array((value, column, pointer), shape=(number, number))
