"""Memory that is free and yet held by the process."""

from __future__ import annotations

import ctypes


def give_back() -> bool:
    """Give freed memory back to the system, where the C library can, and tell whether it did.

    glibc keeps what lies between things in use: after many technologies and periods a third of
    all. Other libraries keep little, and have no such call.
    """
    try:
        return bool(ctypes.CDLL(None).malloc_trim(0))
    except (OSError, AttributeError, TypeError):  # TypeError: Windows, where None is no library
        return False
