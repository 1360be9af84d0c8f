"""Orders of whole numbers, a few bits at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netpos.graph import compiled

#: Numbers of rows or pairs: 32 bits where they are many, a million records have 14 million pairs.
Rows = NDArray[np.int32] | NDArray[np.int64]


def ordered(code: Rows) -> Rows:
    """Return the order of numbers from 0, equal ones as they come, 16 bits at a time.

    What is compiled does the same in less memory.

    Examples
    --------
    >>> ordered(np.array([70000, 2, 70000, 1])).tolist()
    [3, 1, 0, 2]
    """
    if (found := compiled.order(code)) is not None:
        return found
    top = int(code.max(initial=0))
    order = np.argsort((code & 0xFFFF).astype(np.uint16), kind="stable")
    for bits in range(16, top.bit_length(), 16):
        digits = ((code >> bits) & 0xFFFF).astype(np.uint16)
        order = order[np.argsort(digits[order], kind="stable")]
    return order.astype(np.int64, copy=False)


def narrow(numbers: Rows, limit: int) -> Rows:
    """Return numbers below the limit, of 32 bits where these suffice.

    Examples
    --------
    >>> [narrow(np.array([1]), limit).itemsize for limit in (2**31, 2**31 + 1)]
    [4, 8]
    """
    if limit <= 2**31:
        return numbers.astype(np.int32, copy=False)
    return numbers.astype(np.int64, copy=False)
