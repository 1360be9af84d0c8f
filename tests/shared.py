"""What several test files need and takes long to make: made once for all workers of a run.

A result lies in a folder of the run, under its name. Who comes first makes it, whole, and moves
it there; others wait for that and read it. What they read they must not change.
"""

from __future__ import annotations

import os
import pickle
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeVar

try:
    import fcntl
except ImportError:  # Windows: several may make the same, and the first to finish is used
    fcntl = None

T = TypeVar("T")

#: The environment variable by which workers know the folder of their run.
PLACE = "NETPOS_TESTS_SHARED"


def begin() -> None:
    """Open the folder of a run; its workers, started later, inherit its name."""
    os.environ[PLACE] = tempfile.mkdtemp(prefix="netpos-tests-")


def end() -> None:
    """Remove the folder of the run."""
    shutil.rmtree(os.environ.pop(PLACE), ignore_errors=True)


@contextmanager
def _alone(file: IO[str]) -> Iterator[None]:
    """Hold a lock that ends with its process; nobody waits for one that was killed."""
    if fcntl is not None:
        fcntl.flock(file, fcntl.LOCK_EX)
    yield


def once(name: str, make: Callable[[Path], object]) -> Path:
    """The folder that ``make`` filled, called at most once in a run of the tests."""
    place = Path(os.environ[PLACE])
    found = place / name
    with (place / f"{name}.lock").open("w") as file, _alone(file):
        if not found.exists():
            work = Path(tempfile.mkdtemp(dir=place, prefix="new-"))
            make(work)
            try:
                work.rename(found)
            except OSError:
                if not found.exists():
                    raise
    return found


def value(name: str, make: Callable[[], T]) -> T:
    """What ``make`` gave, called at most once in a run of the tests: a copy for each worker."""

    def write(folder: Path) -> None:
        (folder / "value.pickle").write_bytes(pickle.dumps(make()))

    found: T = pickle.loads((once(name, write) / "value.pickle").read_bytes())
    return found
