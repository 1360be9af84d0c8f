"""The user's token: read from where it is kept, and held back from all that is told or written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from netpos.errors import InputError, OptionError

#: The environment variable that holds the token.
VARIABLE = "LENS_API_TOKEN"
#: A shorter text may stand anywhere by chance.
_LEAST = 8
_REMEDY = f"set {VARIABLE} to the token that Lens shows in your account"


class Token:
    """A token that shows itself to the service only.

    Examples
    --------
    >>> token = Token("abcdefghij", "LENS_API_TOKEN")
    >>> token, token.hidden("no abcdefghij here"), token.within(b'{"a": "abcdefghij"}')
    (Token(...), 'no (the token) here', True)
    """

    __slots__ = ("_text", "source")

    def __init__(self, text: str, source: str) -> None:
        self._text, self.source = text, source

    def __repr__(self) -> str:
        return "Token(...)"

    __str__ = __repr__

    def header(self) -> str:
        """Return the value of the header ``Authorization``."""
        return f"Bearer {self._text}"

    def within(self, content: bytes) -> bool:
        """Tell whether it stands in a content; never of one that is too short to be a token."""
        return len(self._text) >= _LEAST and self._text.encode("ascii") in content

    def hidden(self, text: str) -> str:
        """Return a text of the service's as it may be shown: one line, not long, without the
        token.
        """
        shown = text.replace(self._text, "(the token)")
        return " ".join("".join(c if c.isprintable() else " " for c in shown).split())[:300]


def read_token(file: Path | None = None, environment: Mapping[str, str] | None = None) -> Token:
    """Read the token from a file, else from the environment variable ``LENS_API_TOKEN``.

    Parameters
    ----------
    file
        A file that holds the token and nothing else.
    environment
        Default: that of the process.

    Raises
    ------
    OptionError
        There is none, or it is no token; the message never shows it.
    InputError
        The file cannot be read.

    Examples
    --------
    >>> read_token(environment={"LENS_API_TOKEN": " Bearer abcdefghij "}).header()
    'Bearer abcdefghij'
    """
    source = VARIABLE if file is None else f"--token-file ({VARIABLE} is not looked at)"
    if file is None:
        text = (os.environ if environment is None else environment).get(VARIABLE, "")
    else:
        text = _text_of(file)
    text = f"{text.strip()} ".removeprefix("Bearer ").strip()
    if not text:
        problem = f"{source}: no token there" if file else f"no token: {VARIABLE} is not set"
        remedy = "write the token into the file" if file else f"{_REMEDY}, or use --token-file"
        raise OptionError(problem, remedy=remedy)
    if not text.isascii() or not text.isprintable() or " " in text:
        problem = f"{source}: no token, as it holds blanks or signs that no token has"
        raise OptionError(problem, remedy=_REMEDY)
    return Token(text, source)


def _text_of(file: Path) -> str:
    """Read the file; messages do not name it, as it may be the token itself, put there by slip."""
    remedy = "name a file that holds the token and nothing else"
    try:
        with file.open("rb") as stream:
            return stream.read(100_000).decode("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        problem = f"--token-file: cannot be read ({reason})"
    raise InputError(problem, remedy=remedy)
