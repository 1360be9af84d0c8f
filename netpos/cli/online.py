"""The one command that goes online."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from netpos.cli.app import Out, app, errors, reachable, say


@app.command()
def fetch(
    queries: Annotated[
        Path, typer.Argument(help="Queries, from 'netpos query --as api'.", callback=reachable)
    ],
    out: Out,
    *,
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
    from netpos.commands import fetch as fetching

    with errors():
        common = fetching.Common(
            out=out,
            url=url,
            token_file=token_file,
            yes=yes,
            max_records=max_records,
            say=say,
            confirm=_confirm,
        )
        place = fetching.fetch_command(queries, common)
        if place is not None:
            say(f"next: netpos ingest {place} --corpus corpus")
            print(place)


def _confirm(question: str) -> bool | None:
    """Ask on the terminal; None where nobody answers."""
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline()
    return answer.strip().lower() in ("y", "yes", "j", "ja") if answer else None
