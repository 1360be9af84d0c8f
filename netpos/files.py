"""Writing safely: files whole or not at all, folders that other programs use too."""

from __future__ import annotations

import ctypes
import hashlib
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from netpos.errors import InputError

_SYSTEM_ERROR = re.compile(r"\(os error (\d+)\)")
#: Systems say this of a lock that another process holds; anything else: there are no locks here.
_HELD = (BlockingIOError, PermissionError)
#: Names that Windows takes for devices, whatever their ending.
DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(10))}
)
_LONGEST_NAME = 100
#: Ending of compiled libraries on this system.
LIBRARY = {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")


def compiled_library(
    path: Path, layout: str, functions: Mapping[str, tuple[Any, Sequence[Any]]]
) -> ctypes.CDLL | None:
    """Load a compiled library; None where it is not there, of another machine or version.

    Parameters
    ----------
    path
        Of the library.
    layout
        The symbol that one of this version has.
    functions
        What each function returns, and what it takes.

    Examples
    --------
    >>> compiled_library(Path("absent.so"), "layout_1", {}) is None
    True
    """
    try:
        library = ctypes.CDLL(str(path))
        ctypes.c_int64.in_dll(library, layout)
        for name, (answer, given) in functions.items():
            function = getattr(library, name)
            function.restype, function.argtypes = answer, given
    except (OSError, AttributeError, ValueError):
        return None
    return library


def check_name(path: Path) -> None:
    r"""See that a path can be used by libraries that take names for UTF-8.

    Raises
    ------
    InputError
        It has letters that the locale spells otherwise, or a NUL sign.

    Examples
    --------
    >>> check_name(Path("a\0b"))
    Traceback (most recent call last):
    netpos.errors.InputError: a?b: a NUL sign stands in this name; leave it out
    """
    if "\0" in str(path):
        problem = "a NUL sign stands in this name"
        shown = str(path).replace("\0", "?")
        raise InputError(problem, file=shown, remedy="leave it out")
    try:
        same = str(path).encode("utf-8") == os.fsencode(path)
    except UnicodeEncodeError:
        same = False
    if not same:
        problem = "a name with such letters cannot be used in this locale"
        raise InputError(problem, file=path, remedy="set PYTHONUTF8=1 or LC_ALL=C.UTF-8")


@contextmanager
def locked(
    folder: Path, name: str = ".lock", *, shared: bool = False, keep: bool = True
) -> Iterator[None]:
    """Hold a folder for this process; the lock of a process that died is free.

    Parameters
    ----------
    folder
        The folder, which must exist.
    name
        The lock file in it.
    shared
        Hold it with others who only read. A folder that cannot be written needs no lock for that.
    keep
        Leave the empty lock file there at the end.

    Raises
    ------
    InputError
        Another process holds the folder, or it cannot be written.

    Notes
    -----
    The system frees the lock when the process ends, however it ends. File systems without locks
    (some network drives) are used without; two runs are then not kept apart.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder, locked(Path(folder)):
    ...     with locked(Path(folder)):
    ...         pass
    Traceback (most recent call last):
    netpos.errors.InputError: ...another netpos uses this folder; wait for it to end
    """
    path = folder / name
    descriptor = _held(folder, path, shared=shared)
    try:
        yield
    finally:
        if descriptor is not None:
            gone = keep or _removed(path)
            os.close(descriptor)
            if not gone:
                _removed(path)


def _removed(path: Path) -> bool:
    """Delete a file; False where it must be closed first, as on Windows."""
    try:
        path.unlink()
    except PermissionError:
        return False
    except OSError:
        pass
    return True


def _held(folder: Path, path: Path, *, shared: bool) -> int | None:
    """Open and lock the file; None where only reading and the folder cannot be written."""
    while True:
        try:
            descriptor = os.open(path, os.O_CREAT | os.O_RDWR)
        except OSError as error:
            if shared:
                return None
            raise not_written(error, folder) from error
        try:
            _lock(descriptor, shared=shared)
        except _HELD as error:
            os.close(descriptor)
            problem = "another netpos uses this folder"
            raise InputError(problem, file=folder, remedy="wait for it to end") from error
        except OSError:
            return descriptor  # this file system has no locks
        with suppress(OSError):
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        os.close(descriptor)  # the run before has just taken the file away


def _lock(descriptor: int, *, shared: bool) -> None:
    if sys.platform == "win32":
        import msvcrt

        if not shared:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        try:
            import fcntl
        except ImportError:
            return  # this system has no locks
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)


def portable_name(text: str, taken: Iterable[str]) -> str:
    """Return a file name, without ending, for a text: one that every system takes.

    Parameters
    ----------
    text
        Any text of the user's.
    taken
        Names given before; the new one differs from each by more than case.

    Examples
    --------
    >>> portable_name("AI & data", []), portable_name("NUL", ["a"]), portable_name("A", ["a"])
    ('AI---data', 'NUL-1', 'A-1')
    """
    kept = (c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in text)
    lower = [name.casefold() for name in taken]
    number = len(lower)
    name = base = "".join(kept)[:_LONGEST_NAME] or str(number)
    while name.casefold() in DEVICES or name.casefold() in lower:
        name, number = f"{base}-{number}", number + 1
    return name


def not_written(error: Exception, folder: Path) -> InputError:
    """Say that something cannot be written, and why.

    Examples
    --------
    >>> print(not_written(OSError(28, "No space left on device"), Path("out")))
    out: cannot write here (No space left on device); free some space or choose another folder
    """
    found = _SYSTEM_ERROR.search(str(error))
    reason = getattr(error, "strerror", None) or (os.strerror(int(found[1])) if found else error)
    remedy = "free some space or choose another folder"
    return InputError(f"cannot write here ({reason})", file=folder, remedy=remedy)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn what stops a write in this block into an error that names the folder.

    Raises
    ------
    InputError
        The disk is full, the folder is protected, or the like.
    """
    try:
        yield
    except OSError as error:
        raise not_written(error, folder) from error
    except InputError:
        raise
    except Exception as error:  # libraries wrap what the system says; anything else is raised again
        if error.args and isinstance(error.args[0], OSError):  # as the workbook's writer wraps it
            raise not_written(error.args[0], folder) from error
        from polars.exceptions import ComputeError  # slow to load, and the command line begins here

        if isinstance(error, ComputeError) and _SYSTEM_ERROR.search(str(error)):
            raise not_written(error, folder) from error
        raise


def state(path: Path, name: str) -> os.stat_result:
    """Return what a file is before it is read; see `check_same`.

    Raises
    ------
    InputError
        It cannot be read; ``name`` is how the message calls it.
    """
    with _readable(name), path.open("rb"):
        return path.stat()


def fingerprint(
    path: Path, name: str, tell: Callable[[int], None] | None = None
) -> tuple[os.stat_result, str]:
    """Return what `state` does, and the file's SHA-256; raises the same.

    ``tell`` is called with the bytes of each piece.
    """
    digest, piece = hashlib.sha256(), bytearray(1 << 20)
    with _readable(name), path.open("rb", buffering=0) as file:
        found = path.stat()
        while size := file.readinto(piece):
            digest.update(memoryview(piece)[:size])
            if tell is not None:
                tell(size)
    return found, digest.hexdigest()


@contextmanager
def _readable(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
        raise InputError(problem, file=name, remedy="check its permissions") from error


def check_same(path: Path, name: str, before: os.stat_result) -> None:
    """See that a file is still what it was.

    Raises
    ------
    InputError
        Its size or time has changed, or another file has taken its place.
    """
    try:
        now = path.stat()
        same = (now.st_size, now.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
        same = same and os.path.samestat(now, before)
    except OSError:
        same = False
    if not same:
        problem, remedy = "the file changed while it was read", "run again when it is complete"
        raise InputError(problem, file=name, remedy=remedy)


def write_chunks(path: str | os.PathLike[str], chunks: Iterable[bytes | memoryview]) -> Path:
    """Write a file through a temporary one beside it, so that it is whole or absent.

    Parameters
    ----------
    path
        Where it goes; missing folders are made.
    chunks
        The bytes, in chunks that follow each other.

    Returns
    -------
    Path
        The path written.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_chunks(Path(folder) / "a" / "b.bin", [b"x", b"y"]).read_bytes()
    b'xy'
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.name[:60]}.", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            for chunk in chunks:
                out.write(chunk)
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(target)
    except BaseException:  # whatever it is: leave nothing behind, then raise it again
        temporary.unlink(missing_ok=True)
        raise
    return target


def write_bytes(path: str | os.PathLike[str], content: bytes | memoryview) -> Path:
    """Write a file whole or not at all; see `write_chunks`.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_bytes(Path(folder) / "b.bin", b"x").read_bytes()
    b'x'
    """
    return write_chunks(path, [content])


def write_text(path: str | os.PathLike[str], text: str) -> Path:
    r"""Write text as UTF-8 with ``\n`` line ends on every system, whole or not at all.

    Parameters
    ----------
    path
        Where it goes; missing folders are made.
    text
        The content. A lone surrogate, which has no UTF-8, becomes ``?``.

    Returns
    -------
    Path
        The path written.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_text(Path(folder) / "a.txt", "één\r\ntwee").read_bytes()
    b'\xc3\xa9\xc3\xa9n\ntwee'
    """
    return write_bytes(path, encoded(text))


def encoded(text: str) -> bytes:
    r"""Return a text as `write_text` writes it.

    Examples
    --------
    >>> encoded("a\r\nb\rc")
    b'a\nb\nc'
    """
    return text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
