"""Records fetched from the Lens API with the user's token: ``netpos fetch``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from netpos.errors import OptionError, ServiceError
from netpos.fetching.asking import Asker, Budget, Clock, Enough
from netpos.fetching.keeping import ATTRIBUTION, DONE, INCOMPLETE, Kept, opened
from netpos.fetching.pieces import Piece, read_pieces
from netpos.fetching.secret import read_token
from netpos.fetching.service import BASE, Service, check_base
from netpos.fetching.usage import foretell, lines

Say = Callable[[str], None]
#: Asks the user; None: nobody is there to answer.
Confirm = Callable[[str], bool | None]

#: Told before the first request.
TERMS = (
    "terms of Lens, as last read: the API needs an institutional plan or a trial; use by "
    "governments and for policy counts as commercial; results must say "
    f"'{ATTRIBUTION}'",
    "netpos was never run against the live service; it goes by what Lens documents",
)


@dataclass
class Session:
    """A connection to the service, with what the user allows.

    ``yes`` and ``most`` are the consent given beforehand: to everything, or to so many records.
    """

    asker: Asker
    kept: Kept
    say: Say
    confirm: Confirm
    yes: bool = False
    most: int | None = None
    budget: Budget = field(default_factory=Budget)

    def fetch(self, pieces: Sequence[Piece]) -> bool:
        """Tell what it takes, ask, and fetch what is not there yet; False where the user says no.

        Raises
        ------
        ServiceError
            The service refuses, or some queries stay incomplete.
        Enough
            ``most`` records are there.
        """
        left = [p for p in pieces if self.kept.state(p) != DONE]
        if len(left) < len(pieces):
            self.say(f"{len(pieces) - len(left):,} of {len(pieces):,} queries are there already")
        if not left:
            return True
        usage = self.asker.usage()
        for line in lines(foretell(left, usage), usage):
            self.say(line)
        large = max(p.size for p in left)
        if usage.page is not None and large > usage.page:
            self.say(
                f"queries ask for {large:,} records a page, the plan allows {usage.page:,}: they "
                "will be refused unless 'size' in them is lowered"
            )
        if not self._allowed():
            return False
        short = [p.name for p in left if self.asker.fetch(p, self.kept, self.budget) == INCOMPLETE]
        if short:
            some = "; ".join(short[:3]) + (f" and {len(short) - 3:,} more" if short[3:] else "")
            problem = f"incomplete although asked twice: {some}; what came is kept"
            raise ServiceError(problem, remedy="run the same command again later")
        return True

    def _allowed(self) -> bool:
        if self.yes or self.most is not None:
            return True
        answer = self.confirm("Fetch now?")
        if answer is None:
            problem = "nobody is there to say whether to fetch"
            raise OptionError(problem, remedy="pass --yes, or --max-records N")
        return answer


@dataclass(frozen=True)
class Common:
    """What every fetch is given.

    Parameters
    ----------
    out
        Folder of the pages.
    say, confirm
        Print a line; ask a question.
    url
        The base before ``/patent/search``.
    token_file
        File with the token; default the environment variable ``LENS_API_TOKEN``.
    yes
        Do not ask.
    max_records
        Do not ask, and fetch at most so many.
    clock
        Tells the time and waits.
    """

    out: Path
    say: Say
    confirm: Confirm
    url: str = BASE
    token_file: Path | None = None
    yes: bool = False
    max_records: int | None = None
    clock: Clock = field(default_factory=Clock)


@contextmanager
def session(common: Common) -> Iterator[Session]:
    """Open the folder and the connection; the terms are told before anything is sent.

    Raises
    ------
    OptionError, InputError, ServiceError
        There is no token, the address or the folder cannot be used, a library is missing.
    """
    say = common.say
    base, token = check_base(common.url), read_token(common.token_file)
    service = Service(base, token)
    try:
        with opened(common.out) as kept:
            for line in TERMS:
                say(line)
            asker = Asker(service, say, common.clock)
            yield Session(
                asker,
                kept,
                say,
                common.confirm,
                common.yes,
                common.max_records,
                Budget(common.max_records),
            )
    finally:
        service.close()


def fetch_command(queries: Path, common: Common) -> Path | None:
    """Fetch the queries of a file.

    Returns
    -------
    Path or None
        The folder of the pages; None where nothing is in it.

    Raises
    ------
    InputError, OptionError, ServiceError
        The file holds no queries; see `session` and `Session.fetch`.
    """
    pieces = read_pieces(queries)
    say = common.say
    with session(common) as opened_session:
        kept = opened_session.kept
        if others := kept.others(pieces):
            say(
                f"the folder also holds pages of {others:,} other "
                f"{'query' if others == 1 else 'queries'}, which stay and count as fetched; "
                "choose another --out to keep them apart"
            )
        try:
            if not opened_session.fetch(pieces):
                say("nothing was fetched")
        except Enough:
            done = sum(kept.state(p) == DONE for p in pieces)
            say(
                f"stopped by --max-records: {done:,} of {len(pieces):,} queries are done, and a "
                f"page may have {max(p.size for p in pieces):,} records; the same command with a "
                "higher number goes on"
            )
        return told(kept, say)


def told(kept: Kept, say: Say) -> Path | None:
    """Say what the folder holds, and return the folder of the pages where there are any."""
    if not any(kept.pages.glob("*/*.json")):
        say("no records are there")
        return None
    say(f"{kept.records():,} records; results made with them must say: {ATTRIBUTION}")
    return kept.pages
