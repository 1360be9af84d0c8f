"""What is compiled of the draws: weights of organisations, and sums of links and families; of
influences on the ratio of observed to expected citations; and sums by organisation and country.

``native/draws.c`` is compiled when netpos is built or installed. Where it is not there, `available`
is false, and NumPy and SciPy do the same more slowly: the same additions in the same order.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from netpos.files import LIBRARY, compiled_library
from netpos.graph.kernels import Floats
from netpos.graph.links import Rows

Small = NDArray[np.int32]
Bytes = NDArray[np.uint8]

_PATH = Path(__file__).with_name("native") / f"draws{LIBRARY}"
#: Raise it here and in `draws.c` with every change of a function's arguments.
LAYOUT = 5
_ARRAY, _LENGTH = ctypes.c_void_p, ctypes.c_int64
_WEIGHTS = (_ARRAY, _ARRAY, _LENGTH, _ARRAY, _ARRAY, _ARRAY)
#: Functions and what they take; those of `_COUNTING` return a number, the others nothing.
_FUNCTIONS = {
    "netpos_poisson": (_ARRAY, _LENGTH, _ARRAY, _LENGTH, _ARRAY, _ARRAY, _ARRAY),
    "netpos_links": (*_WEIGHTS, _LENGTH, *(_ARRAY,) * 6),
    "netpos_held": (*_WEIGHTS, _LENGTH, *(_ARRAY,) * 4),
    "netpos_influences": (
        *(_LENGTH, *(_ARRAY,) * 8, _LENGTH, _LENGTH, _ARRAY, _ARRAY, _LENGTH, _LENGTH),
        *(_ARRAY,) * 11,
    ),
    "netpos_by_holder": (
        *(_ARRAY, _LENGTH, _ARRAY, _ARRAY, _LENGTH, _LENGTH, _LENGTH),
        *(_ARRAY,) * 5,
    ),
    "netpos_by_pair": (_ARRAY, _LENGTH, _ARRAY, _ARRAY, _LENGTH, *(_ARRAY,) * 8),
}
_COUNTING = ("netpos_by_holder", "netpos_by_pair")


@cache
def _library() -> ctypes.CDLL | None:
    functions = {
        name: (_LENGTH if name in _COUNTING else None, given) for name, given in _FUNCTIONS.items()
    }
    return compiled_library(_PATH, f"netpos_draws_layout_{LAYOUT}", functions)


def library() -> ctypes.CDLL:
    """Return the compiled functions.

    Raises
    ------
    RuntimeError
        They are not there, see `available`.
    """
    found = _library()
    if found is None:
        raise RuntimeError("netpos was installed without its compiled draws")
    return found


def available() -> bool:
    """Tell whether draws are compiled; ``NETPOS_DRAWS=0`` in the environment says no."""
    return os.environ.get("NETPOS_DRAWS") != "0" and _library() is not None


def _at(array: NDArray[np.generic], dtype: type[np.generic]) -> tuple[int, NDArray[np.generic]]:
    """Return where an array lies, and the array, which must outlive the call."""
    held = np.ascontiguousarray(array, dtype=dtype)
    return held.ctypes.data, held


def poisson(
    start: NDArray[np.uint64],
    added: NDArray[np.uint64],
    by_upper: Bytes,
    steps: NDArray[np.uint32],
) -> Bytes:
    """Compute weights of clusters in draws; see `netpos.indicators.weights.poisson_weights`.

    Parameters
    ----------
    start, added
        Where the sequence of each cluster starts, and what each draw adds to it.
    by_upper, steps
        Weight by the upper 16 bits, 255 where the steps of the distribution function decide.
    """
    out = np.empty((start.size, added.size), np.uint8)
    (a, _a), (b, _b) = _at(start, np.uint64), _at(added, np.uint64)
    (c, _c), (d, _d) = _at(by_upper, np.uint8), _at(steps, np.uint32)
    library().netpos_poisson(a, start.size, b, added.size, c, d, out.ctypes.data)
    return out


class Given(NamedTuple):
    """Weights of units, see `netpos.indicators.weighing.Weights`."""

    source: Rows
    clusters: Bytes
    parts: csr_array

    def at(self) -> tuple[list[int | None], object]:
        """Return what a function takes of them, and what must outlive the call."""
        parts = self.parts
        held = [
            _at(self.source, np.int32),
            _at(self.clusters, np.uint8),
            _at(parts.indptr, np.int64),
            _at(parts.indices, np.int32),
            _at(parts.data, np.float64),
        ]
        where = [address for address, _ in held]
        return [*where[:2], self.clusters.shape[1], *where[2:]], held


class Laid(NamedTuple):
    """Links by row: the cell of each row, where its links begin, and the links."""

    cell: Small
    pointer: NDArray[np.int64]
    citing: Small
    cited: Small
    amount: Floats


def sum_links(weights: Given, links: Laid, out: Floats) -> None:
    """Add the links of each row, times the weights of both ends, to the row's cell of ``out``."""
    given, _held = weights.at()
    (d, _d), (e, _e) = _at(links.cell, np.int32), _at(links.pointer, np.int64)
    (f, _f), (g, _g) = _at(links.citing, np.int32), _at(links.cited, np.int32)
    h, _h = _at(links.amount, np.float64)
    rows, to = links.cell.size, out.ctypes.data
    library().netpos_links(*given, rows, d, e, f, g, h, to)


def sum_held(weights: Given, matrix: csr_array) -> Floats:
    """Return ``matrix`` @ weights: what the units hold by row."""
    out = np.empty((matrix.shape[0], weights.clusters.shape[1]))
    given, _held = weights.at()
    (d, _d), (e, _e) = _at(matrix.indptr, np.int64), _at(matrix.indices, np.int32)
    f, _f = _at(matrix.data, np.float64)
    library().netpos_held(*given, matrix.shape[0], d, e, f, out.ctypes.data)
    return out


class OfLinks(NamedTuple):
    """Links of one citing country: what the organisations take part in, and what each link is.

    ``begin`` tells where those of each organisation begin in ``link`` and ``part``; ``column`` is
    the pair of each link, or their number for those of none, ``year`` its place in ``by_year``,
    which has rows of pairs.
    """

    begin: NDArray[np.int64]
    link: Rows
    part: Floats
    column: Rows
    weight: Floats
    year: Rows
    observed: Floats
    by_year: Floats


class OfFamilies(NamedTuple):
    """Families of organisations by cohort, and by country and cohort; what one changes of a pair.

    ``place`` is the pair of each country cited, -1 where there is none.
    """

    all: csr_array
    by_country: csr_array
    country: int
    place: Small
    by_cohort: Floats
    of_own: Floats


def influences(
    number: NDArray[np.int64], single: NDArray[np.bool_], links: OfLinks, families: OfFamilies
) -> NDArray[np.float64]:
    """Sum squares and fourth powers of influences; see `netpos.indicators.residuals.intervals`.

    Parameters
    ----------
    number
        Row of each organisation among the families.
    single
        Which of them count for the families alone.

    Returns
    -------
    Of each pair: squares of the families of the latter, squares and fourth powers of
    all, (3, pairs).
    """
    pairs, years, cohorts = links.observed.size, len(links.by_year), len(families.by_cohort)
    out, work = np.empty((3, pairs)), np.empty(4 * pairs + 1 + years + cohorts)
    matrices: list[tuple[NDArray[np.generic], type[np.generic]]] = [
        (a, dtype)
        for m in (families.all, families.by_country)
        for a, dtype in ((m.indptr, np.int64), (m.indices, np.int32), (m.data, np.float64))
    ]
    given = [
        _at(a, dtype)
        for a, dtype in (
            *((number, np.int64), (single, np.uint8), (links.begin, np.int64)),
            *((links.link, np.int32), (links.part, np.float64), (links.column, np.int32)),
            *((links.weight, np.float64), (links.year, np.int32)),
            *((links.observed, np.float64), (links.by_year, np.float64)),
            *matrices,
            *((families.place, np.int32), (families.by_cohort, np.float64)),
            (families.of_own, np.float64),
        )
    ]
    at = [where for where, _ in given]
    sizes = (years, pairs), (families.country, cohorts)
    to = (work.ctypes.data, out.ctypes.data)
    library().netpos_influences(
        number.size, *at[:8], *sizes[0], *at[8:10], *sizes[1], *at[10:], *to
    )
    return out


class Stream(NamedTuple):
    """Links in order of who holds them: rows of links and of holders, and what stands at a link.

    ``entry`` and ``place`` have a row for each link and holder, ``column`` and ``amount`` are those
    of each link, ``factor``, if any, is what an amount of each column is multiplied by.
    """

    entry: Rows
    place: Rows
    column: Rows
    amount: Floats
    factor: Floats | None = None


class _Stream(ctypes.Structure):
    _fields_: ClassVar = [
        *(("entry", _ARRAY), ("place", _ARRAY), ("rows", _LENGTH)),
        *(("column", _ARRAY), ("amount", _ARRAY), ("factor", _ARRAY)),
    ]


Summed = tuple[NDArray[np.int64], Floats, Floats]


def _given(streams: Sequence[Stream]) -> tuple[ctypes.Array[_Stream], object]:
    """Return what a function takes of streams, and what must outlive the call."""
    held, found = [], []
    for of in streams:
        (a, _a), (b, _b) = _at(of.entry, np.int32), _at(of.place, np.int32)
        (c, _c), (d, _d) = _at(of.column, np.int32), _at(of.amount, np.float64)
        e, _e = (None, None) if of.factor is None else _at(of.factor, np.float64)
        held.append((_a, _b, _c, _d, _e))
        found.append(_Stream(a, b, of.entry.size, c, d, e))
    return (_Stream * len(found))(*found), held


def by_holder(
    streams: Sequence[Stream], parts: csr_array, first: int, holders: int, columns: int
) -> Summed:
    """Sum what holders from the first on have in each column.

    Parameters
    ----------
    streams
        Rows of these holders, and of no others, in their order.
    parts
        ``indices`` and ``data`` are the holder, and its part, of each place.

    Returns
    -------
    (code, sums, own)
        Holder, counted from the first, × columns + column, rising; the sum of each; and what each
        of the holders has in all, without factors.
    """
    rows = sum(of.entry.size for of in streams)
    code, sums, own = np.empty(rows, np.int64), np.empty(rows), np.empty(holders)
    key, value = np.empty(2 * rows, np.uint32), np.empty(2 * rows)
    given, _held = _given(streams)
    (a, _a), (b, _b) = _at(parts.indices, np.int32), _at(parts.data, np.float64)
    room = (x.ctypes.data for x in (key, value, code, sums, own))
    found = library().netpos_by_holder(
        given, len(streams), a, b, first, holders, max(columns, 1), *room
    )
    _check(found)
    return code[:found], sums[:found], own


def _check(found: int) -> None:
    if found < 0:
        raise IndexError("a link has no column, or rows of links are not in the order of holders")


def by_pair(streams: Sequence[Stream], citing: Rows, cited: Rows, columns: int) -> Summed:
    """Sum what pairs of units, whichever cites, have in each column, as `by_holder` does.

    ``streams`` have the same rows, in order of the lower unit; their ``place`` is not looked at.
    Pairs are numbered in order from 0.
    """
    rows = streams[0].entry.size
    every = rows * len(streams)
    code, sums, own = np.empty(every, np.int64), np.empty(every), np.empty(rows)
    key, value = np.empty(2 * every, np.uint32), np.empty(2 * every)
    units, row, pairs = np.empty(2 * rows, np.uint32), np.empty(2 * rows), np.empty(1, np.int64)
    given, _held = _given(streams)
    (a, _a), (b, _b) = _at(citing, np.int32), _at(cited, np.int32)
    room = (x.ctypes.data for x in (key, value, units, row, code, sums, own, pairs))
    found = library().netpos_by_pair(given, len(streams), a, b, max(columns, 1), *room)
    _check(found)
    return code[:found], sums[:found], own[: int(pairs[0])].copy()
