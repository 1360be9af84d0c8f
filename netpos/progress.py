"""How far long work has come, told to whoever listens; nobody does, unless a command asks for it.

Work says what it begins, how much it has done, and that it ends. Stages may lie within each other.
What is computed does not depend on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from contextvars import ContextVar
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Protocol, TypeVar

T = TypeVar("T")

#: Called with one line of progress at a time.
Report = Callable[[str], None]


class Listener(Protocol):
    """Shows stages: the one begun last is the one that moves."""

    def begin(self, what: str, total: float) -> None:
        """Take note of a stage and of how much there is to do."""

    def reach(self, done: float) -> None:
        """Take note of how much of it is done."""

    def end(self) -> None:
        """Take note that it is over."""


_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)
_done: ContextVar[tuple[float, float] | None] = ContextVar("done", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Tell the listener of every stage in this block."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


@contextmanager
def stage(what: str, total: float) -> Iterator[None]:
    """Begin a stage, which ends with the block.

    Parameters
    ----------
    what
        A few words.
    total
        How much there is to do [bytes, technologies, draws ...].
    """
    listener = _listener.get()
    if listener is None:
        yield
        return
    token = _done.set((0.0, total))
    listener.begin(what, total)
    try:
        yield
    finally:
        listener.end()
        _done.reset(token)


def advance(amount: float = 1) -> None:
    """Say that so much more of the present stage is done; without one nothing happens."""
    now = _done.get()
    if now is not None:
        reach(now[0] + amount)


def reach(done: float) -> None:
    """Say that so much of the present stage is done, at most its total; never less than before."""
    now, listener = _done.get(), _listener.get()
    if now is not None and listener is not None:
        done = min(max(done, now[0]), now[1])
        _done.set((done, now[1]))
        listener.reach(done)


@contextmanager
def shared(what: str, total: float) -> Iterator[Callable[[float], None]]:
    """Begin a stage whose work is done on several threads, which ends with the block.

    Parameters
    ----------
    what, total
        See `stage`.

    Yields
    ------
    callable
        Says that so much more is done, from whatever thread.

    Examples
    --------
    >>> with shared("tables", 3) as done:
    ...     done(1)
    """
    listener, lock, reached = _listener.get(), Lock(), 0.0

    def done(amount: float) -> None:
        nonlocal reached
        if listener is None:
            return
        with lock:
            reached = min(reached + amount, total)
            listener.reach(reached)

    with stage(what, total):
        yield done


def track(items: Iterable[T], what: str, total: int | None = None) -> Iterator[T]:
    """Yield the items; each is done when the next one is asked for.

    Parameters
    ----------
    items
        What there is to do.
    what
        A few words.
    total
        Their number, where they have no length.

    Examples
    --------
    >>> class Told:
    ...     def begin(self, what, total): print(what, total)
    ...     def reach(self, done): print(done)
    ...     def end(self): print("over")
    >>> with listening(Told()):
    ...     list(track("ab", "letters"))
    letters 2
    1.0
    2.0
    over
    ['a', 'b']
    """
    number = len(items) if total is None and isinstance(items, Sized) else total or 0
    with stage(what, number):
        for item in items:
            yield item
            advance()


class Relay:
    """Keeps what is said of stages elsewhere for whoever waits for them."""

    def __init__(self) -> None:
        self.said: SimpleQueue[Callable[[Listener], None] | None] = SimpleQueue()

    def begin(self, what: str, total: float) -> None:
        """Keep that a stage begins."""
        self.said.put(lambda listener: listener.begin(what, total))

    def reach(self, done: float) -> None:
        """Keep how much of it is done."""
        self.said.put(lambda listener: listener.reach(done))

    def end(self) -> None:
        """Keep that it is over."""
        self.said.put(lambda listener: listener.end())


def meanwhile(make: Callable[[], T], relay: Relay | None = None) -> Callable[[], T]:
    """Begin to make something in a thread, and return what waits for it.

    Its stages, and what ``relay`` is told elsewhere, are told to the listener of who waits. Nobody
    waits for a thread that is no longer asked, as where a run is stopped.

    Examples
    --------
    >>> wait = meanwhile(lambda: sum(track([1, 2], "numbers")))
    >>> wait()
    3
    """
    kept, made, failed = relay or Relay(), list[T](), list[BaseException]()

    def work() -> None:
        try:
            with listening(kept):
                made.append(make())
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            failed.append(error)
        kept.said.put(None)

    Thread(target=work, daemon=True).start()

    def wait() -> T:
        listener = _listener.get()
        while (tell := kept.said.get()) is not None:
            if listener is not None:
                tell(listener)
        if failed:
            raise failed[0]
        return made[0]

    return wait
