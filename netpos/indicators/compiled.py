"""What is compiled of the draws: weights of organisations, and sums of links and families; and of
influences on the ratio of observed to expected citations.

``native/draws.c`` is compiled when netpos is built or installed. Where it is not there, `available`
is false, and NumPy and SciPy do the same more slowly: the same additions in the same order.
"""

from __future__ import annotations

import ctypes
import os
from functools import cache
from pathlib import Path
from typing import NamedTuple

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
LAYOUT = 4
_ARRAY, _LENGTH = ctypes.c_void_p, ctypes.c_int64
_WEIGHTS = (_ARRAY, _ARRAY, _LENGTH, _ARRAY, _ARRAY, _ARRAY)
#: Functions and what they take; they return nothing.
_FUNCTIONS = {
    "netpos_poisson": (_ARRAY, _LENGTH, _ARRAY, _LENGTH, _ARRAY, _ARRAY, _ARRAY),
    "netpos_links": (*_WEIGHTS, _LENGTH, *(_ARRAY,) * 6),
    "netpos_held": (*_WEIGHTS, _LENGTH, *(_ARRAY,) * 4),
    "netpos_influences": (
        *(_LENGTH, *(_ARRAY,) * 8, _LENGTH, _LENGTH, _ARRAY, _ARRAY, _LENGTH, _LENGTH),
        *(_ARRAY,) * 11,
    ),
}


@cache
def _library() -> ctypes.CDLL | None:
    functions = {name: (None, given) for name, given in _FUNCTIONS.items()}
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
