"""Queries asked one after the other, page by page, as the documented protocol has it.

A scroll is never continued after an answer was lost: the service may have moved on, and a page
would be missing without a trace. Its query is asked once more from the beginning instead.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from netpos import progress
from netpos.errors import ServiceError
from netpos.fetching.keeping import BEGUN, DONE, INCOMPLETE, Kept
from netpos.fetching.pieces import DEFAULT_SIZE, Piece
from netpos.fetching.secret import VARIABLE
from netpos.fetching.service import SEARCH, USAGE, Answer, Cut, Service
from netpos.fetching.usage import PER_MINUTE, Usage, read_usage
from netpos.fetching.waiting import spent, told, when

#: Longest wait that the service may ask for; a longer one ends the fetch.
PATIENCE = 120.0
#: Refusals in a row (429) after which the fetch ends.
REFUSALS = 6
#: Seconds to wait before a lost first request is sent again.
PAUSES = (2.0, 10.0)
#: Pages in a row without any new record after which a scroll is taken to turn in circles.
STALE = 3
_LATER = "run the same command again: it asks only for what is not there yet"
#: Records for each hit stated, and beyond these, after which a scroll is taken to be endless; the
#: first leaves room for whole families.
_MOST_PER_HIT, MOST_BEYOND = 100, 10_000
#: Parts of a record that nobody gets who did not ask for them.
_PARTS = frozenset(
    {
        *("abstract", "biblio", "claims", "date_published", "description", "doc_key", "doc_number"),
        *("docdb_id", "families", "jurisdiction", "kind", "lang", "legal_status"),
        *("publication_type", "sequence_listing"),
    }
)


class Clock:
    """What tells the time and waits; tests have one of their own."""

    def now(self) -> float:
        """Return seconds since 1970."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class Dead(Exception):
    """A scroll cannot go on."""


class Enough(Exception):
    """As many records are there as were wanted."""


@dataclass
class Budget:
    """How many more records may come; None: as many as there are."""

    left: int | None = None

    def check(self, wanted: int) -> None:
        """See that so many may come.

        Raises
        ------
        Enough
            They may not.
        """
        if self.left is not None and wanted > self.left:
            raise Enough

    def spend(self, number: int) -> None:
        """Take note of records that came."""
        if self.left is not None:
            self.left = max(self.left - number, 0)


@dataclass
class _Scroll:
    """What has come of one query so far."""

    piece: Piece
    families: bool
    total: int = 0
    records: int = 0
    pages: int = 0
    without_id: int = 0
    stale: int = 0
    scroll_id: str | None = None
    seen: set[str] = field(default_factory=set)

    @property
    def distinct(self) -> int:
        """Records that are not known to be one that came before."""
        return len(self.seen) + self.without_id

    @property
    def lacking(self) -> int:
        """Hits stated that did not come."""
        return max(self.total - self.distinct, 0)


class Asker:
    """Asks a service, at the speed that it allows.

    Parameters
    ----------
    service
        Where to ask.
    say
        Called with one line at a time.
    clock
        Tells the time and waits.
    """

    def __init__(
        self, service: Service, say: Callable[[str], None], clock: Clock | None = None
    ) -> None:
        self._service, self._say, self._clock = service, say, clock or Clock()
        self._next_at = 0.0
        self._per_minute = PER_MINUTE
        self._expands = True

    def usage(self) -> Usage:
        """Ask what is left of the plan; what is not understood is unknown.

        Raises
        ------
        ServiceError
            The token is refused, or nothing answers.
        """
        answer = self._request(USAGE, None, again=True)
        found = read_usage(answer.content) if answer.status == 200 else Usage()
        self._per_minute = found.per_minute or PER_MINUTE
        return found

    def fetch(self, piece: Piece, kept: Kept, budget: Budget) -> str:
        """Fetch all pages of a query; return its state.

        Raises
        ------
        ServiceError
            The service refuses, or does not answer as documented; what came is kept.
        Enough
            The budget is spent.
        """
        budget.check(piece.expected or 0)
        for last in (False, True):
            scroll = _Scroll(piece, piece.expands and self._expands)
            attempt = kept.attempt(piece)
            state, notes = BEGUN, []
            try:
                with progress.stage(f"fetching {piece.name}", piece.expected or 0):
                    notes = self._pages(scroll, attempt.write, budget)
                if scroll.lacking and not last and piece.scroll is not None:
                    raise Dead(f"{scroll.total:,} results stated, {scroll.distinct:,} of them sent")
                state = INCOMPLETE if scroll.lacking and piece.scroll is not None else DONE
            except Dead as dead:
                if last:
                    problem = f"{piece.name}: {dead}, twice"
                    raise ServiceError(problem, remedy=_LATER) from None
                self._say(f"{piece.name}: {dead}; asked once more from its beginning")
                continue
            finally:
                about: dict[str, Any] = {"records": scroll.records, "total": scroll.total}
                if notes:
                    about["notes"] = notes
                kept.end(attempt, state, **about)
            for note in notes:
                self._say(f"{piece.name}: {note}")
            return state
        raise AssertionError  # the second round returns or raises

    def _pages(self, scroll: _Scroll, write: Callable[[bytes], None], budget: Budget) -> list[str]:
        """Fetch the pages of one scroll; return what is to be said of it."""
        piece = scroll.piece
        budget.check(min(piece.size, piece.expected or piece.size))
        before, answer = 0, self._first(scroll)
        while answer is not None and self._take(scroll, answer):
            write(answer.content)
            budget.spend(scroll.records - before)
            before, answer = scroll.records, None
            if piece.scroll is None:
                break
            if scroll.scroll_id is None:
                if scroll.lacking:
                    raise Dead("the service gave no scroll_id")
                break
            rest = scroll.lacking or (piece.size if scroll.families else 0)
            budget.check(
                rest if scroll.pages == 1 and not scroll.families else min(rest, piece.size)
            )
            answer = self._next(scroll)
        return _notes(scroll)

    def _first(self, scroll: _Scroll) -> Answer | None:
        """Ask for the first page; None where there are no results."""
        piece = scroll.piece
        answer = self._request(
            SEARCH,
            piece.body if scroll.families or not piece.expands else piece.without_expansion(),
            again=True,
        )
        if answer.status == 400 and scroll.families:
            said = self._message(answer)
            answer = self._request(SEARCH, piece.without_expansion(), again=True)
            if answer.status in (200, 204):
                self._expands = scroll.families = False
                self._say(
                    f"the service refuses whole families (400: {said}): asked without expand_by; "
                    "'netpos missing CORPUS --families' lists the members to fetch afterwards"
                )
        if answer.status == 404 and not piece.foretold and _is_error(answer):
            return None
        return self._good(answer, piece)

    def _next(self, scroll: _Scroll) -> Answer | None:
        """Ask for the next page; None where there is none."""
        assert scroll.scroll_id is not None  # seen to by the caller
        try:
            answer = self._request(SEARCH, scroll.piece.next(scroll.scroll_id), again=False)
        except Cut as cut:
            raise Dead(f"no whole answer came ({cut})") from None
        if answer.status in (400, 404):
            if not scroll.families and not scroll.lacking:
                return None
            raise Dead(f"the scroll ended early ({answer.status}: {self._message(answer)})")
        return self._good(answer, scroll.piece)

    def _good(self, answer: Answer, piece: Piece) -> Answer | None:
        if answer.status == 204:
            return None
        if answer.status != 200:
            problem = f"{piece.name}: the service answers {answer.status}: {self._message(answer)}"
            raise ServiceError(problem, remedy="mend the query, or check --url")
        return answer

    # --- one page ---------------------------------------------------------------------------

    def _take(self, scroll: _Scroll, answer: Answer) -> bool:
        """Look at a page: whether it is one, whether it was asked for, whether it holds records."""
        records, total, scroll_id = self._read(scroll.piece, answer)
        if scroll.pages and total != scroll.total:
            raise Dead(f"the number of results changed from {scroll.total:,} to {total:,}")
        scroll.total, scroll.scroll_id = total, scroll_id or scroll.scroll_id
        if not scroll.pages:
            self._as_asked(scroll, records)
        if not records:
            return False
        self._fields_as_asked(scroll.piece, records)
        scroll.pages += 1
        scroll.records += len(records)
        before = scroll.distinct
        for record in records:
            lens_id = record.get("lens_id")
            if isinstance(lens_id, str) and lens_id:
                scroll.seen.add(lens_id)
            else:
                scroll.without_id += 1
        scroll.stale = 0 if scroll.distinct > before else scroll.stale + 1
        if scroll.stale >= STALE:
            raise Dead("the same records come again and again")
        if scroll.records > _MOST_PER_HIT * scroll.total + MOST_BEYOND:
            raise Dead(f"{scroll.records:,} records came of {scroll.total:,} stated")
        progress.reach(scroll.records)
        return True

    def _read(self, piece: Piece, answer: Answer) -> tuple[list[dict[str, Any]], int, str | None]:
        try:
            found = orjson.loads(answer.content)
        except orjson.JSONDecodeError:
            found = None
        if not isinstance(found, dict):
            raise self._other(piece, "not JSON of an answer")
        token = self._service.token
        if token.within(answer.content) or token.within(orjson.dumps(found)):
            raise self._other(piece, "the token stands in it")
        records, total = found.get("data"), found.get("total")
        if not isinstance(total, int) or isinstance(total, bool) or total < 0:
            raise self._other(piece, "no number of results ('total')")
        if records is None and total == 0:
            records = []
        if not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
            raise self._other(piece, "no list of records ('data')")
        scroll_id = found.get("scroll_id")
        return records, total, scroll_id if isinstance(scroll_id, str) and scroll_id else None

    def _other(self, piece: Piece, why: str) -> ServiceError:
        problem = f"{piece.name}: no answer of the Lens API ({why}); this page is not kept"
        return ServiceError(problem, remedy="check --url")

    def _as_asked(self, scroll: _Scroll, records: list[dict[str, Any]]) -> None:
        """See that size and total of the first page are as asked.

        A request that the service cannot read is answered, without a word, by 20 records of all
        that it holds.
        """
        piece, number = scroll.piece, len(records)
        ids = piece.lens_ids
        wanted = min(piece.size, scroll.total)
        if number > piece.size and not scroll.families:
            why = f"{number:,} records on a page where {piece.size:,} were asked for"
        elif number < wanted and (
            (scroll.total > piece.size and (not scroll.families or number == DEFAULT_SIZE))
            or (number == DEFAULT_SIZE and bool(piece.scroll) and scroll.scroll_id is None)
        ):
            why = f"{number:,} records on a page where {wanted:,} were asked for"
        elif ids is not None and scroll.total > len(ids) and not scroll.families:
            why = f"{scroll.total:,} results where {len(ids):,} Lens IDs were asked for"
        else:
            return
        raise self._not_asked(piece, why)

    def _fields_as_asked(self, piece: Piece, records: list[dict[str, Any]]) -> None:
        if piece.fields is not None:
            extra = set().union(*records) & _PARTS - piece.fields
            if extra:
                raise self._not_asked(piece, f"parts nobody asked for: {', '.join(sorted(extra))}")

    def _not_asked(self, piece: Piece, why: str) -> ServiceError:
        problem = (
            f"{piece.name}: the answer is not what was asked for ({why}), as when the service "
            "cannot read a request and sends 20 records of all that it holds; this page is not kept"
        )
        return ServiceError(problem, remedy="mend the query")

    # --- one request ------------------------------------------------------------------------

    def _request(self, path: str, body: bytes | None, *, again: bool) -> Answer:
        """Send a request, at the speed allowed; ``again``: also where its answer was lost.

        Raises
        ------
        Cut
            Its answer was lost, and it must not be sent again.
        ServiceError
            The service refuses the token or the form, sends on, or says to come back later.
        """
        refusals, lost = 0, 0
        while True:
            self._pace()
            try:
                answer = self._service.ask(path, body)
                if answer.status >= 500 or answer.status == 408:
                    said = self._message(answer)
                    raise Cut(f"{answer.status}: {said}")
            except Cut as cut:
                if not again:
                    raise
                if lost == len(PAUSES):
                    problem = f"{self._service.base} does not answer ({cut})"
                    raise ServiceError(problem, remedy=_LATER) from None
                self._clock.sleep(PAUSES[lost])
                lost += 1
                continue
            if answer.status != 429:
                return self._allowed(answer)
            refusals += 1
            self._wait(answer, refusals)

    def _allowed(self, answer: Answer) -> Answer:
        """Pass on what is neither a refusal of the token or the form nor a redirection."""
        status, said = answer.status, self._message(answer)
        if status in (401, 403):
            problem = (
                f"the service refuses the token of {self._service.token.source} ({status}: {said})"
            )
            remedy = f"set {VARIABLE} to a valid token of a plan with the patent API"
            raise ServiceError(problem, remedy=remedy)
        if status == 415:
            raise ServiceError(f"the service answers 415: {said}", remedy="check --url")
        if 300 <= status < 400:
            problem = f"the service sends on to another address ({status}), which is not followed"
            raise ServiceError(problem, remedy="check --url")
        return answer

    def _pace(self) -> None:
        """Wait until the next request is due: evenly, as a scroll does not live through a pause."""
        now = self._clock.now()
        if now < self._next_at <= now + 60:
            self._clock.sleep(self._next_at - now)
        self._next_at = self._clock.now() + 61 / self._per_minute

    def _wait(self, answer: Answer, refusals: int) -> None:
        """Wait as the service says, or stop and say when to go on."""
        said = told(answer.headers, self._clock.now())
        gone = [what for what in ("request", "record") if spent(answer.headers, what)]
        seconds = 60.0 if said is None else max(said, 1.0)
        if seconds <= PATIENCE and not gone and refusals < REFUSALS:
            self._say(f"the service asks to wait (429): {math.ceil(seconds)} seconds")
            self._clock.sleep(seconds)
            return
        why = (
            f"the {' and '.join(gone)} quota of the month is spent"
            if gone
            else "its limit is reached"
        )
        shown = self._service.token.hidden(when(answer.headers, said, self._clock.now()))
        problem = f"the service asks to come back later (429: {why}); what came is kept"
        raise ServiceError(problem, remedy=f"go on {shown}: {_LATER}")

    def _message(self, answer: Answer) -> str:
        """Return what the service says in an answer that holds no records."""
        try:
            found = orjson.loads(answer.content)
        except orjson.JSONDecodeError:
            found = None
        if isinstance(found, dict):
            for key in ("message", "error", "errors", "detail"):
                if found.get(key):
                    text = found[key] if isinstance(found[key], str) else orjson.dumps(found[key])
                    text = text if isinstance(text, str) else text.decode()
                    return self._service.token.hidden(text)
        return "no message"


def _is_error(answer: Answer) -> bool:
    """Whether an answer is an error as the service writes it, not one of another server."""
    try:
        found = orjson.loads(answer.content or b"{}")
    except orjson.JSONDecodeError:
        return False
    return isinstance(found, dict)


def _notes(scroll: _Scroll) -> list[str]:
    """Say what is odd in what came."""
    piece, found = scroll.piece, []
    if scroll.lacking:
        why = "" if piece.scroll else ", as its request has no scroll and asks for one page only"
        found.append(
            f"incomplete: {scroll.total:,} results stated, {scroll.distinct:,} of them sent{why}"
        )
    if scroll.distinct > scroll.total and not scroll.families:
        found.append(f"{scroll.total:,} results stated, {scroll.distinct:,} sent; all are kept")
    if not scroll.records and piece.foretold:
        found.append(f"no results, where {piece.foretold:,} were expected")
    if scroll.without_id:
        found.append(f"{scroll.without_id:,} records came without a Lens ID")
    others = len((piece.lens_ids or frozenset()) - scroll.seen)
    if others and not scroll.lacking:
        found.append(
            f"{others:,} of {len(piece.lens_ids or ()):,} Lens IDs asked for came under another "
            "one or not at all; they count as answered"
        )
    return found
