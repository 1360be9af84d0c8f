"""The folder of a fetch: pages as they came, each whole, and a file that says what is done.

``pages/`` has a folder for each query, ``fetch.json`` a line of account for each. A query that was
broken off is asked again from its beginning, into a hidden folder beside its pages, which takes
their place when it is done or has become longer: nothing once fetched is lost before it is there
again.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from netpos.errors import InputError
from netpos.fetching.pieces import Piece
from netpos.files import locked, write_bytes, write_text, writing
from netpos.signals import unbroken

#: What Lens asks to be named with results.
ATTRIBUTION = "Enabled by The Lens, https://www.lens.org"
#: States of a query in ``fetch.json``.
DONE, INCOMPLETE, BEGUN = "done", "incomplete", "begun"
_AGAIN, _OLD = ".again-", ".old-"


class Kept:
    """What a folder holds of a fetch; see `opened`."""

    def __init__(self, out: Path, account: dict[str, Any]) -> None:
        self.out, self._account = out, account
        self._settle_all()

    @property
    def pages(self) -> Path:
        """The folder of all pages."""
        return self.out / "pages"

    def state(self, piece: Piece) -> str | None:
        """Return how far a query is: done, incomplete, begun, or None.

        A query whose pages are no longer all there is not done, whatever was noted.
        """
        found = self._account["queries"].get(piece.ident, {})
        if "state" not in found:
            return None
        folder = self.pages / str(found.get("folder") or piece.folder)
        if found["state"] == DONE and _number(folder) < found.get("pages", 0):
            return BEGUN
        return str(found["state"])

    def others(self, pieces: Iterable[Piece]) -> int:
        """Return how many queries have pages here that are not among these."""
        mine = {p.ident for p in pieces}
        queries = self._account["queries"].items()
        return sum(ident not in mine and bool(q.get("pages")) for ident, q in queries)

    def told(self, name: str) -> object:
        """Return something noted of the fetch as a whole, None where nothing was."""
        return self._account.get(name)

    def note(self, **about: object) -> None:
        """Note something of the fetch as a whole."""
        self._account |= about
        self._write()

    def records(self) -> int:
        """Return how many records the pages of all queries hold, as far as noted."""
        return sum(int(q.get("records", 0)) for q in self._account["queries"].values())

    def attempt(self, piece: Piece) -> Attempt:
        """Begin to ask a query, from its first page on."""
        folder = self.pages / piece.folder
        return Attempt(
            self.pages / (_AGAIN + piece.folder) if folder.exists() else folder, folder, piece
        )

    def end(self, attempt: Attempt, state: str, *, records: int, **about: object) -> None:
        """Note how an attempt ended, and let its pages take their place where they are to."""
        with writing(self.out):
            better = attempt.settle(done=state == DONE)
        piece, queries = attempt.piece, self._account["queries"]
        noted = queries.get(piece.ident, {})
        if better or not noted:
            noted = {k: v for k, v in piece.about.items() if v is not None} | {
                "expected": piece.expected,
                "folder": piece.folder if attempt.number else None,
                "pages": attempt.number,
                "records": records,
            }
        queries[piece.ident] = noted | {"state": state, **about}
        self._write()

    def _write(self) -> None:
        text = json.dumps(self._account, indent=1, sort_keys=True, ensure_ascii=False)
        with writing(self.out):
            write_text(self.out / "fetch.json", text + "\n")

    def _settle_all(self) -> None:
        """Bring to an end what a run that was killed left."""
        with writing(self.out):
            for old in self.pages.glob(f"{_OLD}*"):
                place = self.pages / old.name.removeprefix(_OLD)
                if place.exists():
                    shutil.rmtree(old)
                else:
                    old.replace(place)
            for again in self.pages.glob(f"{_AGAIN}*"):
                _settle(again, self.pages / again.name.removeprefix(_AGAIN), done=False)


class Attempt:
    """The pages of a query as they come."""

    def __init__(self, folder: Path, place: Path, piece: Piece) -> None:
        self.folder, self._place, self.piece, self.number = folder, place, piece, 0

    def write(self, content: bytes) -> None:
        """Write the next page, whole or not at all."""
        self.number += 1
        with writing(self.folder):
            write_bytes(self.folder / f"{self.number:05d}.json", content)

    def settle(self, *, done: bool) -> bool:
        """Put the pages where they belong; tell whether they are what stands there now."""
        if self.folder == self._place:
            return True
        return _settle(self.folder, self._place, done=done)


def _settle(again: Path, place: Path, *, done: bool) -> bool:
    """Let the newer pages replace the older ones, where they are all or more."""
    number = _number(again)
    if not (done and number) and number <= _number(place):
        shutil.rmtree(again, ignore_errors=True)
        return False
    old = place.with_name(_OLD + place.name)
    with unbroken():
        if place.exists():
            place.replace(old)
        if again.exists():
            again.replace(place)
    shutil.rmtree(old, ignore_errors=True)
    return True


def _number(folder: Path) -> int:
    return sum(1 for _ in folder.glob("*.json"))


@contextmanager
def opened(out: Path) -> Iterator[Kept]:
    """Open the folder of a fetch, which is made where it is not there, for this process alone.

    Raises
    ------
    InputError
        The folder is of something else, another fetch uses it, or it cannot be written.
    """
    with writing(out):
        (out / "pages").mkdir(parents=True, exist_ok=True)
    with locked(out):
        yield Kept(out, _account_of(out / "fetch.json"))


def _account_of(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {"queries": {}, "attribution": ATTRIBUTION}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if _is_account(found):
            return dict(found)
    except (OSError, ValueError, RecursionError):
        pass
    remedy = "choose another --out, or take this file away to fetch all again"
    raise InputError("not the account of a fetch", file=path, remedy=remedy)


def _is_account(found: object) -> bool:
    queries = found.get("queries") if isinstance(found, dict) else None
    return isinstance(queries, dict) and all(
        isinstance(q, Mapping)
        and q.get("state") in (DONE, INCOMPLETE, BEGUN)
        and all(isinstance(q.get(name, 0), int) for name in ("records", "pages"))
        for q in queries.values()
    )
