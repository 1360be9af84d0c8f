"""What every command needs: the app, how it prints, how mistakes of the input end it."""

from __future__ import annotations

import codecs
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import netpos
from netpos import progress
from netpos.cli import bars
from netpos.errors import InputError, NetposError, OptionError
from netpos.signals import Stopped, stoppable

if TYPE_CHECKING:
    from rich.progress import Progress

app = typer.Typer(
    name="netpos",
    help="Read a country's technology position from patent citations.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def reachable(path: Path | None) -> Path | None:
    """Refuse a name that the libraries below, which use UTF-8, would take for another file."""
    if path is not None:
        try:
            same = str(path).encode("utf-8") == os.fsencode(path)
        except UnicodeEncodeError:
            same = False
        if not same:
            problem = "a name with such letters cannot be used in this locale"
            raise InputError(problem, file=path, remedy="set PYTHONUTF8=1 or LC_ALL=C.UTF-8")
    return path


Exports = Annotated[list[Path], typer.Argument(help="Lens or PatentsView exports, or folders.")]
Out = Annotated[
    Path, typer.Option("--out", metavar="DIR", help="Folder for the results.", callback=reachable)
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")]


class State:
    """What the options before the command say."""

    quiet = False
    verbose = False
    bars: Progress | None = None


def say(line: str) -> None:
    """Print a line of progress on stderr, above the bars where there are some."""
    if State.quiet:
        return
    if State.bars is None:
        print(_harmless(line), file=sys.stderr, flush=True)
    else:
        State.bars.console.print(_harmless(line), markup=False, highlight=False, soft_wrap=True)


def _harmless(line: str) -> str:
    """Replace what a terminal would obey or reorder in names of files and the like."""
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in line)


@contextmanager
def errors() -> Iterator[None]:
    """Show how far the work has come; turn mistakes of the input into one line and exit code 2."""
    try:
        with _progress():
            yield
    except NetposError as error:
        text = " ".join(str(error).split())
        print(f"netpos: {_harmless(text)}", file=sys.stderr)
        raise typer.Exit(2) from error


@contextmanager
def _progress() -> Iterator[None]:
    if State.quiet:
        yield
        return
    shown = bars.bars()
    if shown is None:
        with progress.listening(bars.lines(say)):
            yield
        return
    State.bars = shown
    try:
        with shown, progress.listening(bars.Bars(shown)):
            yield
    finally:
        State.bars = None


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)
    ] = False,
    quiet: Quiet = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Say more.")] = False,
) -> None:
    """Read a country's technology position from patent citations."""
    State.quiet, State.verbose = quiet, verbose
    # several BLAS threads slow small matrices down; NumPy is loaded later, by the commands
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if version:
        print(f"netpos {netpos.__version__}")
        raise typer.Exit


def tell(page: Path) -> None:
    """Say which page to open; its path alone goes to stdout."""
    say("open this page in a browser:")
    print(page)


def main() -> None:
    """Run the command line; a defect of netpos ends with exit code 1."""
    run_app: Callable[[], Any] = app
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a name must never stop a run
            ascii_only = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(encoding="utf-8" if ascii_only else None, errors="backslashreplace")
    try:
        with stoppable():
            run_app()
    except Stopped as stopped:
        print("netpos: stopped; what was being written is taken away", file=sys.stderr)
        sys.exit(128 + stopped.number)
    except (InputError, OptionError) as error:  # raised outside a command
        print(f"netpos: {error}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        sys.exit(0)
