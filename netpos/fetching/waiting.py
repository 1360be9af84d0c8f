"""What an answer of too many requests (429) says of when to go on."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime


def _float(text: str | None) -> float | None:
    try:
        found = float(text or "")
    except ValueError:
        return None
    return found if math.isfinite(found) and found >= 0 else None


def told(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds to wait that the headers tell; None where they tell none.

    Examples
    --------
    >>> told({"x-rate-limit-retry-after-seconds": "7"}, 0.0), told({}, 0.0)
    (7.0, None)
    """
    for name, unit in (("seconds", 1.0), ("millis", 1e-3), ("milliseconds", 1e-3)):
        found = _float(headers.get(f"x-rate-limit-retry-after-{name}"))
        if found is not None:
            return found * unit
    later = headers.get("retry-after")
    if later is None:
        return None
    found = _float(later)
    if found is not None:
        return found
    try:
        return max(parsedate_to_datetime(later).timestamp() - now, 0.0)
    except (ValueError, OverflowError):
        return None


def spent(headers: Mapping[str, str], what: str) -> bool:
    """Tell whether nothing of a quota of the month is left: of ``request`` or ``record``."""
    left = headers.get(f"x-rate-limit-remaining-{what}-per-month")
    return _float(left) == 0


def when(headers: Mapping[str, str], seconds: float | None, now: float) -> str:
    """Say when to go on."""
    said = []
    if seconds is not None and seconds > 1:
        try:
            then = dt.datetime.fromtimestamp(now + seconds, tz=dt.UTC)
            said.append(f"after {then:%Y-%m-%d %H:%M} UTC")
        except (ValueError, OverflowError, OSError):
            pass
    reset = headers.get("x-rate-limit-reset-date")
    if reset:
        said.append(f"when the quota is renewed ({reset})" if not said else f"(renewed {reset})")
    return " ".join(said) or "in a few minutes"
