"""What is compiled of netpos: where it is, and its functions over columns of numbers.

``native/lens_scan.c`` is compiled when netpos is built or installed. Where it is not there,
`available` is false, and NumPy and Polars do the same more slowly, with the same results.
"""

from __future__ import annotations

import ctypes
import os
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from netpos.files import LIBRARY, compiled_library

Longs = NDArray[np.int64]
Ints = NDArray[np.int32]

_PATH = Path(__file__).with_name("native") / f"lens_scan{LIBRARY}"
#: Raise it here and in `lens_scan.c` with every change of a structure or of a function's arguments.
LAYOUT = 3
_ARRAY, _LENGTH = ctypes.c_void_p, ctypes.c_int64
#: Functions: what they return, what they take.
_FUNCTIONS = {
    "netpos_scan": (ctypes.c_int, (_ARRAY,)),
    "netpos_distinct": (_LENGTH, (_ARRAY, _LENGTH, _ARRAY, _ARRAY, _ARRAY, _LENGTH)),
    "netpos_find": (None, (_ARRAY, _LENGTH, _ARRAY, _ARRAY, _LENGTH, _ARRAY)),
}


@cache
def _library() -> ctypes.CDLL | None:
    return compiled_library(_PATH, f"netpos_layout_{LAYOUT}", _FUNCTIONS)


def refused() -> str | None:
    """Return why a compiled scanner that is there is not used, in one line; else None.

    Examples
    --------
    >>> refused() is None
    True
    """
    if os.environ.get("NETPOS_SCAN") == "0" or _library() is not None or not _PATH.exists():
        return None
    why = f"the compiled scanner {_PATH.name} is of another version of netpos or another machine"
    return f"{why}: read without it, more slowly; install netpos again"


def library() -> ctypes.CDLL:
    """Return the compiled functions.

    Raises
    ------
    RuntimeError
        They are not there, see `available`.
    """
    found = _library()
    if found is None:
        raise RuntimeError("netpos was installed without its compiled scanner")
    return found


def available() -> bool:
    """Tell whether the compiled scanner is there; ``NETPOS_SCAN=0`` in the environment says no."""
    return os.environ.get("NETPOS_SCAN") != "0" and _library() is not None


class Numbered:
    """Distinct keys numbered in the order in which they come.

    ``values`` are the distinct keys, ``ids`` the number of each key's among them; ``slot`` is the
    table by which compiled code finds a key.

    Raises
    ------
    RuntimeError
        What is compiled is not there, see `available`.

    Examples
    --------
    >>> found = Numbered(np.array([5, -1, 5, 3]))
    >>> found.values.tolist(), found.ids.tolist()
    ([5, -1, 3], [0, 1, 0, 2])
    >>> found.find(np.array([3, 4, 5])).tolist()
    [2, -1, 0]
    """

    def __init__(self, keys: Longs) -> None:
        self._library = library()
        keys = np.ascontiguousarray(keys, dtype=np.int64)
        slots = 1 << max(keys.size - 1, 1).bit_length()
        while True:
            self.slot = np.zeros(slots, np.int32)
            self.ids, values = np.empty(keys.size, np.int32), np.empty(slots // 2, np.int64)
            arrays = (a.ctypes.data for a in (self.ids, values, self.slot))
            n = self._library.netpos_distinct(keys.ctypes.data, keys.size, *arrays, slots)
            if n >= 0:
                break
            slots *= 2
        self.values = values[:n].copy()

    def find(self, keys: Longs) -> Ints:
        """Return the numbers of keys, -1 for those that are not among the values."""
        keys = np.ascontiguousarray(keys, dtype=np.int64)
        found = np.empty(keys.size, np.int32)
        values, slot = self.values.ctypes.data, self.slot.ctypes.data
        size = self.slot.size
        self._library.netpos_find(
            keys.ctypes.data, keys.size, values, slot, size, found.ctypes.data
        )
        return found
