"""Files written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path


def write_pieces(path: str | os.PathLike[str], pieces: Iterable[bytes | memoryview]) -> Path:
    """Write a file through a temporary one beside it, so that it is whole or absent.

    Parameters
    ----------
    path
        Where it goes; missing folders are made.
    pieces
        The bytes, in pieces that follow each other.

    Returns
    -------
    Path
        The path written.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_pieces(Path(folder) / "a" / "b.bin", [b"x", b"y"]).read_bytes()
    b'xy'
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.name[:60]}.", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            for piece in pieces:
                out.write(piece)
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(target)
    except BaseException:  # whatever it is: leave nothing behind, then raise it again
        temporary.unlink(missing_ok=True)
        raise
    return target


def write_bytes(path: str | os.PathLike[str], content: bytes | memoryview) -> Path:
    """Write a file whole or not at all; see `write_pieces`.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_bytes(Path(folder) / "b.bin", b"x").read_bytes()
    b'x'
    """
    return write_pieces(path, [content])


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
    r"""A text as `write_text` writes it.

    Examples
    --------
    >>> encoded("a\r\nb\rc")
    b'a\nb\nc'
    """
    return text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
