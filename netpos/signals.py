"""What asks a process to stop: Ctrl-C, the end of a session, ``kill``.

The command line turns such a signal into `Stopped`, so that each ``with`` on the way out takes away
what it has begun. Steps that must not be left halfway are done in an `unbroken` block.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

#: Signals that ask to stop; each system has some of them.
STOPS = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    if hasattr(signal, name)
)


class Stopped(BaseException):  # no mistake of the input, and nobody catches it on the way
    """A signal asked to stop; ``number`` is the signal's."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def stoppable() -> Iterator[None]:
    """Raise `Stopped` where a signal asks to stop; a second one ends the process at once.

    Examples
    --------
    >>> try:
    ...     with stoppable():
    ...         signal.raise_signal(signal.SIGTERM)
    ... except Stopped as stopped:
    ...     print(stopped.number == signal.SIGTERM)
    True
    """
    before = _heard()

    def stop(number: int, _: FrameType | None) -> None:
        for each in before:
            signal.signal(each, signal.SIG_DFL)
        raise Stopped(number)

    with _handled(before, stop):
        yield


@contextmanager
def unbroken() -> Iterator[None]:
    """Put off what asks to stop until this block, which must be short, is done.

    Examples
    --------
    >>> try:
    ...     with unbroken():
    ...         signal.raise_signal(signal.SIGINT)
    ...         print("done")
    ... except KeyboardInterrupt:
    ...     print("stopped")
    done
    stopped
    """
    came: list[int] = []

    def later(number: int, _: FrameType | None) -> None:
        came.append(number)

    try:
        with _handled(_heard(), later):
            yield
    finally:
        for number in came:
            signal.raise_signal(number)


_Handlers = dict[int, "signal._HANDLER"]


def _heard() -> _Handlers:
    """Return the handlers of the signals that are not ignored, as ``nohup`` has it for some.

    Outside the main thread there are none: Python hears signals there only.
    """
    if threading.current_thread() is not threading.main_thread():
        return {}
    found = {number: signal.getsignal(number) for number in STOPS}
    return {n: handler for n, handler in found.items() if handler not in (None, signal.SIG_IGN)}


@contextmanager
def _handled(before: _Handlers, handler: signal._HANDLER) -> Iterator[None]:
    try:
        for number in before:
            signal.signal(number, handler)
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
