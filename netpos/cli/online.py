"""The one command that goes online."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from netpos.cli.app import Out, State, app, errors, reachable, say
from netpos.cli.options import Given, with_options
from netpos.errors import OptionError


@app.command()
@with_options("technologies", "from", "to")
def fetch(
    out: Out,
    queries: Annotated[
        Path | None,
        typer.Argument(help="Queries, from 'netpos query --as api'.", callback=reachable),
    ] = None,
    missing: Annotated[
        Path | None,
        typer.Option(
            "--missing",
            metavar="CORPUS",
            help="Instead: what locates the citations of a corpus.",
            callback=reachable,
        ),
    ] = None,
    *,
    given: Given,
    rounds: Annotated[
        int,
        typer.Option("--rounds", metavar="N", help="With --missing: at most so many.", min=1),
    ] = 3,
    scope: Annotated[
        str,
        typer.Option(
            "--scope",
            metavar="both|citing|cited",
            help="With --missing: which links to close.",
        ),
    ] = "both",
    technology: Annotated[
        str | None,
        typer.Option("--technology", metavar="ID", help="With --missing: only this one."),
    ] = None,
    batch: Annotated[
        int,
        typer.Option(
            "--batch",
            metavar="N",
            help="With --missing: documents named in one query, 10,000 at most.",
            min=1,
            max=10_000,
        ),
    ] = 2000,
    add: Annotated[
        bool,
        typer.Option("--add", help="With --missing: also add what came to CORPUS, as context."),
    ] = False,
    token_file: Annotated[
        Path | None,
        typer.Option(
            "--token-file",
            metavar="FILE",
            help="File with the token. [default: the environment variable LENS_API_TOKEN]",
            show_default=False,
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before fetching.")] = False,
    max_records: Annotated[
        int | None,
        typer.Option(
            "--max-records", metavar="N", help="Do not ask, and fetch at most so many.", min=1
        ),
    ] = None,
    url: Annotated[
        str, typer.Option("--url", metavar="URL", help="What stands before /patent/search.")
    ] = "https://api.lens.org",
) -> None:
    """Fetch records from the Lens API with your token; the only command that goes online.

    Example: netpos fetch queries.json --out fetched
    """
    from netpos import options
    from netpos.commands import fetch as fetching

    with errors():
        if (queries is None) == (missing is None):
            problem = "give a file of queries, or --missing CORPUS: one of the two"
            raise OptionError(problem, remedy="such as: netpos fetch queries.json --out fetched")
        if queries is not None and (given or technology or add):
            problem = "--add, --technology, --technologies, --from and --to go with --missing"
            raise OptionError(problem, remedy="queries say themselves what to fetch")
        if queries is not None and (given or technology or add):
            problem = "--add, --technology, --technologies, --from and --to go with --missing"
            raise OptionError(problem, remedy="queries say themselves what to fetch")
        common = fetching.Common(
            out=out,
            url=url,
            token_file=token_file,
            yes=yes,
            max_records=max_records,
            say=say,
            confirm=_confirm,
        )
        if queries is not None:
            place = fetching.fetch_command(queries, common)
            next_ = f"netpos ingest {place} --corpus corpus"
        else:
            from netpos.commands.fetch_missing import Gaps, fetch_missing

            assert missing is not None  # one of the two is given
            gaps = Gaps(missing, options.make(given), technology, scope, rounds, batch, add)
            copy, place = fetch_missing(gaps, common)
            next_ = f"netpos analyse {missing if add else copy} --out results"
        if place is not None:
            say(f"next: {next_}")
    if place is not None:  # behind the bars, which share the terminal
        print(place)


def _confirm(question: str) -> bool | None:
    """Ask on the terminal; None where nobody answers."""
    if State.bars is not None:
        State.bars.stop()  # they would draw over the question
    try:
        print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
        answer = sys.stdin.readline()
    finally:
        if State.bars is not None:
            State.bars.start()
    return answer.strip().lower() in ("y", "yes", "j", "ja") if answer else None
