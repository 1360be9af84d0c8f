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
from contextlib import contextmanager, suppress
from typing import IO, Any, Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")

#: Bytes that say how long a message is.
_HEAD = 8
_PROGRAM = "from netpos.commands.beside import answer; answer()"


class Submit(Protocol):
    """Ask for ``make(given)``; both are sent to another process, and so is what is made."""

    def __call__(self, make: Callable[[T], R], given: T) -> Future[R]:
        """Return what waits for it."""


@contextmanager
def beside(*, cores: int) -> Iterator[Submit]:
    """Do work in another process during the block, if there is a core for it.

    Parameters
    ----------
    cores
        That may be used; with one the work is done here.

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
    process = _started() if cores > 1 else None
    stopped: list[bool] = []

    def made(make: Callable[[T], R], given: T) -> R:
        if process is not None and not stopped:
            found, done = _asked(process, (make, given))
            if done:
                result: R = found
                return result
        if stopped:
            raise RuntimeError
        return make(given)

    with ThreadPoolExecutor(1) as pool:
        try:
            yield lambda make, given: pool.submit(made, make, given)
        finally:
            stopped.append(True)
            if process is not None:
                process.kill()
                process.wait()
            pool.shutdown(cancel_futures=True)
            if process is not None:
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


def _asked(process: subprocess.Popen[bytes], what: object) -> tuple[Any, bool]:
    """Send one thing and wait for the answer; the second is False where there is none."""
    assert process.stdin is not None  # both are pipes
    assert process.stdout is not None
    try:
        _put(process.stdin, pickle.dumps(what, pickle.HIGHEST_PROTOCOL))
        answered = _got(process.stdout)
        return (None, False) if answered is None else pickle.loads(answered)
    except (OSError, ValueError, EOFError, pickle.PickleError):  # it has ended
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
            make, given = pickle.loads(waiting.get())
            found = make(given), True
        except Exception:  # noqa: BLE001 - whatever it is comes up again where it was asked for
            found = None, False
        _put(to, pickle.dumps(found, pickle.HIGHEST_PROTOCOL))


def _listen(asked: IO[bytes], waiting: queue.SimpleQueue[bytes]) -> None:
    """Pass messages on; at their end nobody waits for an answer, whatever is being made."""
    while (message := _got(asked)) is not None:
        waiting.put(message)
    os._exit(0)
