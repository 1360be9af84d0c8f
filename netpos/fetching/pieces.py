"""The queries to send, one piece each, as ``netpos query --as api`` writes them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

from netpos.errors import InputError
from netpos.files import portable_name

#: Records on a page where the request does not say.
DEFAULT_SIZE = 20
_REMEDY = "write the file with 'netpos query --as api'"


@dataclass(frozen=True)
class Piece:
    """One query and the records that it finds.

    ``request`` is the body as it is sent; ``about`` says what it is for (``technology``, ``from``,
    ``to``, ``part``, ``parts``); ``expected`` is the number of hits foretold, None where unknown.
    """

    request: Mapping[str, Any]
    about: Mapping[str, Any] = field(default_factory=dict)
    expected: int | None = None

    @cached_property
    def body(self) -> bytes:
        """What is sent."""
        return json.dumps(self.request).encode("ascii")

    @cached_property
    def ident(self) -> str:
        """What tells it from others: a hash of the body."""
        return hashlib.sha256(self.body).hexdigest()[:12]

    @property
    def name(self) -> str:
        """How lines call it.

        Examples
        --------
        >>> Piece({}, {"technology": "ai", "from": "2019-01-01", "to": "2019-12-31",
        ...            "part": 2, "parts": 3}).name
        'ai, 2019-01-01 to 2019-12-31, part 2 of 3'
        >>> Piece({}).name
        'query 44136fa355b3'
        """
        technology, first, last = (self.about.get(k) for k in ("technology", "from", "to"))
        said = [_shown(technology)] if technology else [f"query {self.ident}"]
        if first and last:
            said.append(f"{_shown(first)} to {_shown(last)}")
        part, parts = self.about.get("part"), self.about.get("parts")
        if part and (parts != 1 or part != 1):
            said.append(f"part {part}" + (f" of {parts}" if parts else ""))
        return ", ".join(said)

    @property
    def foretold(self) -> int | None:
        """Hits that must come; None where they are not known, or are a part of those of several.

        Examples
        --------
        >>> Piece({}, {"parts": 1}, 90).foretold, Piece({}, {"parts": 3}, 30).foretold
        (90, None)
        """
        return self.expected if self.about.get("parts", 1) == 1 else None

    @property
    def folder(self) -> str:
        """Name of the folder of its pages."""
        words = [str(self.about.get(k) or "") for k in ("technology", "from", "to")]
        return portable_name("-".join(filter(None, [*words, self.ident])), [])

    @property
    def size(self) -> int:
        """Records that a page shall have."""
        return int(self.request.get("size", DEFAULT_SIZE))

    @property
    def scroll(self) -> str | None:
        """How long a scroll shall live; None: one page is all that is asked for."""
        found = self.request.get("scroll")
        return found if isinstance(found, str) else None

    @property
    def expands(self) -> bool:
        """Whether whole families are asked for, so that there are more records than hits."""
        return bool(self.request.get("expand_by"))

    @property
    def fields(self) -> frozenset[str] | None:
        """Names of the parts of a record that are asked for; None: all."""
        found = self.request.get("include")
        if not isinstance(found, list):
            return None
        return frozenset(str(path).split(".")[0] for path in found) | {"lens_id"}

    @property
    def lens_ids(self) -> frozenset[str] | None:
        """The Lens IDs asked for, where it asks for nothing else.

        Examples
        --------
        >>> Piece({"query": {"terms": {"lens_id": ["a", "b"]}}}).lens_ids == {"a", "b"}
        True
        """
        match self.request.get("query"):
            case {"terms": {"lens_id": [*found]}}:
                return frozenset(map(str, found))
        return None

    def without_expansion(self) -> bytes:
        """Return the body without whole families."""
        kept = {k: v for k, v in self.request.items() if k != "expand_by"}
        return json.dumps(kept).encode("ascii")

    def next(self, scroll_id: str) -> bytes:
        """Return the body that asks for the next page."""
        more = {"include": self.request["include"]} if "include" in self.request else {}
        return json.dumps({"scroll_id": scroll_id, "scroll": self.scroll, **more}).encode("ascii")


def _shown(found: object) -> str:
    return "".join(c if c.isprintable() else "?" for c in str(found))[:80]


def read_pieces(path: Path) -> list[Piece]:
    """Read a file of queries: a JSON array of objects with ``request``, or one such object.

    ``technology``, ``from``, ``to``, ``part``, ``parts`` and ``expected`` may be there. A request
    that comes twice is one piece.

    Raises
    ------
    InputError
        There is no such file, it is not JSON of this form, or it holds no query.
    """
    try:
        found = json.loads(path.read_bytes(), parse_constant=_no_number)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError("no such file", file=path, remedy=_REMEDY) from error
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
        raise InputError(problem, file=path, remedy="check its permissions") from error
    except RecursionError as error:
        raise InputError("not JSON (nested too deeply)", file=path, remedy=_REMEDY) from error
    except json.JSONDecodeError as error:
        problem = f"not JSON ({error.msg})"
        raise InputError(problem, file=path, line=error.lineno, remedy=_REMEDY) from error
    except ValueError as error:  # bytes that are no text, NaN
        raise InputError(f"not JSON ({error})", file=path, remedy=_REMEDY) from error
    if isinstance(found, dict):
        found = [found]
    if not isinstance(found, list) or not found:
        raise InputError("no queries in it", file=path, remedy=_REMEDY)
    pieces = [_piece(one, path, number) for number, one in enumerate(found, 1)]
    found_first: dict[str, Piece] = {}
    for piece in pieces:
        found_first.setdefault(piece.ident, piece)
    return list(found_first.values())


def _no_number(text: str) -> NoReturn:
    message = f"{text} is no number of JSON"
    raise ValueError(message)


def _piece(one: object, path: Path, number: int) -> Piece:
    request = one.get("request") if isinstance(one, dict) else None
    if not isinstance(one, dict) or not isinstance(request, dict) or "query" not in request:
        problem = f"query {number} has no 'request' with a 'query' in it"
        raise InputError(problem, file=path, remedy=_REMEDY)
    size, expected = request.get("size", DEFAULT_SIZE), one.get("expected")
    for name, value, least in (("size", size, 1), ("expected", expected, 0)):
        if value is None and name == "expected":
            continue
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            problem = f"query {number}: '{name}' is no number of records"
            raise InputError(problem, file=path, remedy=_REMEDY)
    if "scroll" in request and not isinstance(request["scroll"], str):
        problem = f"query {number}: 'scroll' is no time such as 1m"
        raise InputError(problem, file=path, remedy=_REMEDY)
    about = {k: one[k] for k in ("technology", "from", "to", "part", "parts") if k in one}
    return Piece(request, about, expected)
