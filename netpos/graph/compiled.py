"""What is compiled of links: numbers looked up by row and put in order, pairs spread over nodes,
and their sums.

``native/sums.c`` is compiled when netpos is built or installed. Where it is not there, each
function returns None, and NumPy does the same more slowly: the same additions in the same order.
"""

from __future__ import annotations

import ctypes
import os
from functools import cache
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from netpos.files import LIBRARY, compiled_library

Small = NDArray[np.int32]
Short = NDArray[np.uint16]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
T = TypeVar("T", bound=np.generic)

_PATH = Path(__file__).with_name("native") / f"sums{LIBRARY}"
#: Raise it here and in `sums.c` with every change of a function's arguments.
LAYOUT = 3
_ARRAY, _LENGTH = ctypes.c_void_p, ctypes.c_int64
_DIGIT = 11  # bits put in order at a time, as in `sums.c`
#: Levels of the weights, how many, and how many entries.
_WEIGHED = (_ARRAY, _LENGTH, _LENGTH)
_LOOKED_UP = (_ARRAY, _LENGTH, _ARRAY, _LENGTH, _ARRAY)
#: Functions and what they take; they return a number of rows, -1 where a row was none.
_FUNCTIONS = {
    "netpos_gather_1": _LOOKED_UP,
    "netpos_gather_2": _LOOKED_UP,
    "netpos_gather_4": _LOOKED_UP,
    "netpos_gather_8": _LOOKED_UP,
    "netpos_choose": (_ARRAY, _ARRAY, _LENGTH, _ARRAY, _ARRAY, _LENGTH, *(_ARRAY,) * 3),
    "netpos_spread": (
        *(_ARRAY, _ARRAY, _LENGTH, *(_ARRAY,) * 4, _LENGTH, _LENGTH, _LENGTH),
        *(_ARRAY,) * 5,
    ),
    "netpos_sum_chosen": (_ARRAY, _LENGTH, *(_ARRAY,) * 3, *_WEIGHED, _ARRAY, _ARRAY, _LENGTH),
    "netpos_order": (_ARRAY, _LENGTH, _LENGTH, _LENGTH, _ARRAY, _ARRAY),
    "netpos_times": (*(_ARRAY,) * 3, _LENGTH, _ARRAY, _ARRAY, _LENGTH),
    "netpos_sum_pairs": (
        *(_ARRAY, _LENGTH, _ARRAY, _ARRAY, _LENGTH, _ARRAY, _ARRAY),
        *(_ARRAY, _LENGTH, _ARRAY, _LENGTH),
    ),
}


@cache
def _library() -> ctypes.CDLL | None:
    functions = {name: (_LENGTH, given) for name, given in _FUNCTIONS.items()}
    return compiled_library(_PATH, f"netpos_sums_layout_{LAYOUT}", functions)


def _found() -> ctypes.CDLL | None:
    """Return the compiled functions; ``NETPOS_SUMS=0`` in the environment says None."""
    return None if os.environ.get("NETPOS_SUMS") == "0" else _library()


def available() -> bool:
    """Tell whether sums are compiled; ``NETPOS_SUMS=0`` in the environment says no."""
    return _found() is not None


def _alike(array: NDArray[np.generic], dtype: type[np.generic]) -> bool:
    return array.dtype == dtype and array.flags.c_contiguous and array.ndim == 1


def _weights(weight: NDArray[np.generic], levels: Floats | None) -> bool:
    """Tell whether these are weights as numbers, or numbers of levels."""
    if levels is None:
        return _alike(weight, np.float64)
    return _alike(weight, np.uint16) and _alike(levels, np.float64)


def _given(levels: Floats | None) -> tuple[int | None, int]:
    return (None, 0) if levels is None else (levels.ctypes.data, levels.size)


def gather(values: NDArray[T], at: NDArray[np.integer]) -> NDArray[T] | None:
    """Return ``values[at]``, or None: rows are not of 32 bits, or one is none of them."""
    library = _found()
    usable = library is not None and _alike(at, np.int32) and _alike(values, values.dtype.type)
    if library is None or not usable or values.itemsize not in (1, 2, 4, 8):
        return None
    out = np.empty(at.size, values.dtype)
    call = getattr(library, f"netpos_gather_{values.itemsize}")
    done = call(values.ctypes.data, values.size, at.ctypes.data, at.size, out.ctypes.data)
    return out if done == at.size else None


def order(code: NDArray[np.integer]) -> Small | None:
    """Return the order of numbers from 0, or None: they are too many, or nothing is compiled.

    See `netpos.graph.sorting.ordered`.
    """
    library = _found()
    wide = code.dtype == np.int64
    plain = code.flags.c_contiguous and (wide or code.dtype == np.int32)
    if library is None or not plain or code.size >= 2**31:
        return None
    passes = max(1, -(-int(code.max(initial=0)).bit_length() // _DIGIT))
    found, spare = np.empty(code.size, np.int32), np.empty(code.size, np.int32)
    to = (found.ctypes.data, spare.ctypes.data)
    library.netpos_order(code.ctypes.data, int(wide), code.size, passes, *to)
    return found


def choose(
    citing: NDArray[np.integer],
    cited: NDArray[np.integer],
    first: Mask,
    second: Mask,
    *,
    firsts: bool = True,
) -> tuple[Small, Small] | None:
    """Find the numbers of the pairs whose citing row is marked, and of those with both ends marked.

    Parameters
    ----------
    citing, cited
        Rows of each pair.
    first, second
        Marks of rows that cite, and of rows that are cited.
    firsts
        Whether the former are asked for; else there are none.
    """
    library = _found()
    fits = _alike(citing, np.int32) and _alike(cited, np.int32) and first.size == second.size
    marks = _alike(first, np.bool_) and _alike(second, np.bool_)
    if library is None or not (fits and marks):
        return None
    one, both = np.empty(citing.size if firsts else 0, np.int32), np.empty(citing.size, np.int32)
    number = ctypes.c_int64()
    done = library.netpos_choose(
        citing.ctypes.data,
        cited.ctypes.data,
        citing.size,
        *(a.ctypes.data for a in (first, second)),
        first.size,
        one.ctypes.data if firsts else None,
        ctypes.byref(number),
        both.ctypes.data,
    )
    if done < 0:
        return None
    one.resize(number.value, refcheck=False)  # nobody else has them, and nothing is copied
    both.resize(done, refcheck=False)
    return one, both


def spread(
    ends: tuple[NDArray[np.integer], NDArray[np.integer]],
    pointer: NDArray[np.integer],
    node: NDArray[np.integer],
    share: Floats,
    nodes: int,
    level: Short | None = None,
    levels: int = 0,
) -> tuple[Small, Small | Longs, Floats | Short] | None:
    """Spread pairs over the nodes of their ends; see `netpos.graph.links.Spread`.

    Parameters
    ----------
    ends
        Rows that cite and are cited.
    pointer, node, share
        Where the nodes of each row begin, these, and their shares.
    nodes
        Number of nodes.
    level, levels
        Number of each share among the distinct ones, and how many these are.

    Returns
    -------
    The pair of each entry, node citing × nodes + node cited, and the product of both shares: with
    levels its number, that of the citing end × levels + that of the cited end.
    """
    library, (citing, cited) = _found(), ends
    small = all(_alike(array, np.int32) for array in (citing, cited, pointer, node))
    if library is None or not small or not _alike(share, np.float64):
        return None
    given = (citing.ctypes.data, cited.ctypes.data, citing.size)
    level_at = None if level is None else level.ctypes.data
    of_nodes = (pointer.ctypes.data, node.ctypes.data, share.ctypes.data)
    held = (*of_nodes, level_at, levels, pointer.size - 1, nodes)
    entries = library.netpos_spread(*given, *held, None, None, None, None, None)
    if entries < 0:
        return None
    pair = np.empty(entries, np.int32)
    weight = np.empty(entries, np.float64 if level is None else np.uint16)
    small = nodes**2 < 2**31
    code = np.empty(entries, np.int32 if small else np.int64)
    at = code.ctypes.data
    to = (at, None) if small else (None, at)
    out = (weight.ctypes.data, None) if level is None else (None, weight.ctypes.data)
    library.netpos_spread(*given, *held, pair.ctypes.data, *to, *out)
    return pair, code, weight


def sum_chosen(
    chosen: Mask,
    pair: NDArray[np.integer],
    cell: NDArray[np.integer],
    weight: Floats | Short,
    cells: int,
    levels: Floats | None = None,
) -> tuple[Floats, Longs] | None:
    """Sum and count the entries of the chosen pairs by cell; with levels weights are numbers of
    them.
    """
    library = _found()
    fits = _alike(pair, np.int32) and _alike(cell, np.int32) and _weights(weight, levels)
    if library is None or not fits or not _alike(chosen, np.bool_):
        return None
    total, count = np.zeros(cells), np.zeros(cells, np.int64)
    done = library.netpos_sum_chosen(
        chosen.ctypes.data,
        chosen.size,
        *(a.ctypes.data for a in (pair, cell, weight)),
        *_given(levels),
        pair.size,
        total.ctypes.data,
        count.ctypes.data,
        cells,
    )
    return (total, count) if done == pair.size else None


def sum_pairs(
    numbers: NDArray[np.integer],
    counted: Mask,
    before: NDArray[np.integer],
    cell: NDArray[np.integer],
    weight: Floats | Short,
    cells: int,
    levels: Floats | None = None,
) -> Floats | None:
    """Sum the entries of pairs by cell: of those of these numbers that are counted.

    ``before`` tells how many entries belong to earlier pairs than each, and to all pairs; with
    levels weights are numbers of them.
    """
    library = _found()
    fits = all(_alike(array, np.int32) for array in (numbers, before, cell))
    if library is None or not fits or not (_weights(weight, levels) and counted.flags.c_contiguous):
        return None
    if counted.size != before.size - 1 or before.size == 0 or before[-1] != cell.size:
        return None
    total = np.zeros(cells)
    done = library.netpos_sum_pairs(
        numbers.ctypes.data,
        numbers.size,
        *(a.ctypes.data for a in (counted, before)),
        counted.size,
        *(a.ctypes.data for a in (cell, weight)),
        *_given(levels),
        total.ctypes.data,
        cells,
    )
    return total if done == numbers.size else None


def times(
    rows: NDArray[np.integer], first: Mask, second: Mask, size: int
) -> tuple[Small, Small] | None:
    """Count how often each row below the size comes where first is set, and where both are."""
    library = _found()
    fits = _alike(rows, np.int32) and first.size == second.size == rows.size
    marks = _alike(first, np.bool_) and _alike(second, np.bool_)
    if library is None or not (fits and marks):
        return None
    once, both = np.zeros(size, np.int32), np.zeros(size, np.int32)
    given = (a.ctypes.data for a in (rows, first, second))
    to = (once.ctypes.data, both.ctypes.data)
    done = library.netpos_times(*given, rows.size, *to, size)
    return (once, both) if done == rows.size else None
