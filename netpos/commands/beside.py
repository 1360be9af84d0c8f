"""Work that another process does while this one goes on, with the same results wherever it is done.

Python runs one thread at a time, so that a second core is of use only to a second process. It is
asked for one thing after the other; where it cannot be started, ends or fails, the work is done
here, which raises what there is to raise.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from typing import IO, Any, Generic, Protocol, TypeVar

from netpos.progress import Listener, listening

T = TypeVar("T")
R = TypeVar("R")

#: Bytes that say how long a message is.
_HEAD = 8
#: What a message begins with that is the answer, unlike what is said of the stages before it.
_ANSWER = "answer"
#: The process has ended, or cannot be sent this: pickle says so in three ways.
_NO_ANSWER = (OSError, ValueError, EOFError, pickle.PickleError, AttributeError, TypeError)
_PROGRAM = "from netpos.commands.beside import answer; answer()"


class Asked(Generic[R]):
    """Something that was asked for."""

    def __init__(self, waiting: Future[R], make: Callable[[], R]) -> None:
        self._waiting, self._make = waiting, make

    def result(self, timeout: float | None = None) -> R:
        """Wait for it."""
        return self._waiting.result(timeout)

    def now(self) -> R:
        """Make it here where nobody has begun it, else wait for it."""
        return self._make() if self._waiting.cancel() else self._waiting.result()


class Submit(Protocol):
    """Ask for ``make(given)``; both are sent to another process, and so is what is made."""

    def __call__(self, make: Callable[[T], R], given: T, told: Listener | None = None) -> Asked[R]:
        """Return what waits for it; ``told`` is told how far it has come."""


@contextmanager
def beside(*, cores: int) -> Iterator[Submit]:
    """Do work in another process during the block, if there is a core for it.

    Parameters
    ----------
    cores
        That may be used; with one the work is done here. The process begins when it is first asked.

    Yields
    ------
    Submit
        What is not waited for by the end of the block is not done.

    Examples
    --------
    >>> with beside(cores=2) as submit:
    ...     submit(len, "four").result()
    4
    """
    processes: list[subprocess.Popen[bytes] | None] = []  # at most one
    stopped: list[bool] = []

    def here(make: Callable[[T], R], given: T, told: Listener | None) -> R:
        if stopped:
            raise RuntimeError
        with nullcontext() if told is None else listening(told):
            return make(given)

    def made(
        process: subprocess.Popen[bytes] | None,
        make: Callable[[T], R],
        given: T,
        told: Listener | None,
    ) -> R:
        if process is not None and not stopped:
            found, done = _asked(process, (make, given, told is not None), told)
            if done:
                result: R = found
                return result
        return here(make, given, told)

    with ThreadPoolExecutor(1) as pool:

        def submit(make: Callable[[T], R], given: T, told: Listener | None = None) -> Asked[R]:
            if stopped:
                raise RuntimeError
            if not processes:
                processes.append(_started() if cores > 1 else None)
            waiting = pool.submit(made, processes[0], make, given, told)
            return Asked(waiting, lambda: here(make, given, told))

        try:
            yield submit
        finally:
            stopped.append(True)
            begun = [process for process in processes if process is not None]
            for process in begun:
                process.kill()
                process.wait()
            pool.shutdown(cancel_futures=True)
            for process in begun:
                for pipe in filter(None, (process.stdin, process.stdout)):
                    with suppress(OSError):  # what was not sent yet cannot be any more
                        pipe.close()


def _started() -> subprocess.Popen[bytes] | None:
    """Start the process; None where that cannot be done, as in a frozen program."""
    if not sys.executable or getattr(sys, "frozen", False):
        return None
    try:
        return subprocess.Popen(
            [sys.executable, "-P", "-c", _PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what fails there is done here, which says why
            env=os.environ | {"POLARS_MAX_THREADS": "1"},  # the other core is in use
        )
    except OSError:
        return None


def _asked(
    process: subprocess.Popen[bytes], what: object, told: Listener | None
) -> tuple[Any, bool]:
    """Send one thing and wait for the answer; the second is False where there is none."""
    assert process.stdin is not None  # both are pipes
    assert process.stdout is not None
    stages = 0
    try:
        _put(process.stdin, pickle.dumps(what, pickle.HIGHEST_PROTOCOL))
        while (answered := _got(process.stdout)) is not None:
            said, *rest = pickle.loads(answered)
            if said == _ANSWER:
                return rest[0], rest[1]
            if told is not None:
                stages += {"begin": 1, "end": -1}.get(said, 0)
                getattr(told, said)(*rest)
    except _NO_ANSWER:
        pass
    if told is not None:
        for _ in range(stages):  # they begin again where it is done instead
            told.end()
    return None, False


def _put(to: IO[bytes], message: bytes) -> None:
    to.write(len(message).to_bytes(_HEAD, "little"))
    to.write(message)
    to.flush()


def _got(source: IO[bytes]) -> bytes | None:
    """Return the next message; None at the end."""
    head = source.read(_HEAD)
    if len(head) < _HEAD:
        return None
    length = int.from_bytes(head, "little")
    message = source.read(length)
    return message if len(message) == length else None


def answer() -> None:
    """Make what is asked for on standard input, one after the other, until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever began this process ends it
    asked, to = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # what a library prints is no answer
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(asked, waiting), daemon=True).start()
    while True:
        try:
            make, given, told = pickle.loads(waiting.get())
            with listening(_Told(to)) if told else nullcontext():
                found = pickle.dumps((_ANSWER, make(given), True), pickle.HIGHEST_PROTOCOL)
        except Exception:  # noqa: BLE001 - whatever it is comes up again where it was asked for
            found = pickle.dumps((_ANSWER, None, False))
        _put(to, found)


class _Told:
    """Sends what work says of its stages to where it was asked for, before the answer."""

    def __init__(self, to: IO[bytes]) -> None:
        self._to = to

    def _tell(self, *said: object) -> None:
        _put(self._to, pickle.dumps(said, pickle.HIGHEST_PROTOCOL))

    def begin(self, what: str, total: float) -> None:
        """Send that a stage begins."""
        self._tell("begin", what, total)

    def reach(self, done: float) -> None:
        """Send how much of it is done."""
        self._tell("reach", done)

    def end(self) -> None:
        """Send that it is over."""
        self._tell("end")


def _listen(asked: IO[bytes], waiting: queue.SimpleQueue[bytes]) -> None:
    """Pass messages on; at their end nobody waits for an answer, whatever is being made."""
    while (message := _got(asked)) is not None:
        waiting.put(message)
    os._exit(0)
