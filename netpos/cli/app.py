"""What every command needs: the app, how it prints, how mistakes of the input end it."""

from __future__ import annotations

import codecs
import copy
import ctypes
import errno
import gc
import io
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.main import get_command_name

import netpos
from netpos import progress
from netpos.cli import bars
from netpos.errors import NetposError, OptionError
from netpos.files import check_name, not_written
from netpos.signals import Stopped, stoppable

if TYPE_CHECKING:
    from rich.progress import Progress

#: What a system says of a disk without room, a limit of the user's, or a stream that is gone.
_FULL = (errno.ENOSPC, errno.EFBIG, errno.EIO, getattr(errno, "EDQUOT", errno.ENOSPC))
#: What is said where a command was stopped.
_GO_ON = (
    "what was being written is taken away; to go on, give the same command again: "
    "exports that were read are not read again"
)
#: No path is as long.
_ENDLESS = re.compile(r"\S{4097,}")
#: More threads than any machine has; a slip of the finger asks for more.
MOST_WORKERS = 4096
#: ``M_ARENA_MAX``, ``M_MMAP_THRESHOLD`` and ``M_TRIM_THRESHOLD`` of glibc's ``malloc.h``.
_ARENA_MAX, _APART, _TRIMMED = -8, -3, -1
#: Bytes of exports that are many, and by how much their tables are smaller.
_MUCH, _OF_TABLES = 4 << 30, 20
#: Bytes of an array from which the system has it back at once, and of free memory kept by others.
_LARGE, _FREE = 8 << 20, 64 << 20

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
        with _refusals():
            check_name(path)
    return path


def _all_reachable(paths: list[Path]) -> list[Path]:
    for path in paths:
        if "\0" in str(path):
            reachable(path)
    return paths


def at_least_one(number: int | None) -> int | None:
    """Refuse a number of workers that is none."""
    if number is not None and not 1 <= number <= MOST_WORKERS:
        problem = f"--processes {number}: no number of workers"
        with _refusals():
            raise OptionError(problem, remedy=f"use 1 to {MOST_WORKERS}, or leave it out")
    return number


Exports = Annotated[
    list[Path],
    typer.Argument(help="Lens or PatentsView exports, or folders.", callback=_all_reachable),
]
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
    """Replace what a terminal would obey or reorder in names of files and the like.

    A cell without an end would hide the remedy behind it: of a word longer than any path the
    beginning is enough.
    """
    line = _ENDLESS.sub(lambda word: f"{word[0][:100]}...", line)
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in line)


@contextmanager
def errors() -> Iterator[None]:
    """Show how far the work has come; turn mistakes of the input into one line and exit code 2."""
    if not gc.isenabled():  # see `main`; what the libraries made while they loaded is no garbage
        gc.freeze()
        gc.enable()
    with _refusals(), _progress():
        yield


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except NetposError as error:
        print(f"netpos: {_one_line(error)}", file=sys.stderr)
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


def _print_version(asked: bool) -> None:
    if asked:
        print(f"netpos {netpos.__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[  # noqa: ARG001 - its callback prints and ends
        bool,
        typer.Option(
            "--version",
            help="Print the version and exit.",
            is_eager=True,
            callback=_print_version,
        ),
    ] = False,
    quiet: Quiet = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Say more.")] = False,
) -> None:
    """Read a country's technology position from patent citations."""
    State.quiet, State.verbose = quiet, verbose
    with _refusals():
        _check_environment()
    # several BLAS threads slow small matrices down; NumPy is loaded later, by the commands
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    _one_arena()
    give_back_soon(sys.argv[1:])


def give_back_soon(words: list[str]) -> bool:
    """Let Polars give freed memory back at once where much is read, and return whether it is told.

    It keeps what it freed for half a second, and some of it longer, which is faster: of small
    exports by a twentieth. Of a million records it would be a quarter of all that is held.

    Parameters
    ----------
    words
        Of the command line; those that are files or folders count.
    """
    if sum(map(_bytes_of, words)) < _MUCH:
        return False
    os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:0,muzzy_decay_ms:0")
    return True


def _bytes_of(word: str) -> int:
    """Bytes of the file or of those in the folder of this name; tables count as exports would."""
    path = Path(word)
    try:
        files = [*path.iterdir()] if path.is_dir() else [path]
        times = _OF_TABLES if any(file.suffix == ".parquet" for file in files) else 1
        return times * sum(file.stat().st_size for file in files)
    except (OSError, ValueError):  # no file: an option or a value
        return 0


def _one_arena() -> bool:
    """Let threads share one store of freed memory, without large arrays; return whether the C
    library was told so.

    That of Linux keeps one for each thread, in which what large arrays of one step held stays:
    over the technologies and periods of a run as much as is in use. Other libraries keep none.
    """
    try:
        tell = ctypes.CDLL(None).mallopt
        told = [tell(*each) for each in ((_ARENA_MAX, 1), (_APART, _LARGE), (_TRIMMED, _FREE))]
        return all(told)
    except (OSError, AttributeError, TypeError):  # TypeError: Windows, where None is no library
        return False


def tell(page: Path) -> None:
    """Say which page to open, or table where no page was asked for; its path goes to stdout."""
    say("open this page in a browser:" if page.suffix == ".html" else "begin with this table:")
    print(page)


def _check_environment() -> None:
    """Refuse settings of the environment with which a library would stop.

    Raises
    ------
    OptionError
        A number of threads is none, or Python leaves out the texts of modules.
    """
    if sys.flags.optimize > 1:
        problem = "python -OO leaves out texts that the libraries of the figures need"
        raise OptionError(problem, remedy="use python, or python -O")
    for name in ("POLARS_MAX_THREADS", "RAYON_NUM_THREADS"):
        given = os.environ.get(name)
        if given and not (
            given.isascii() and given.isdigit() and 0 < int(given[:9]) <= MOST_WORKERS
        ):
            problem = f"the environment has {name}={given}, no number of threads"
            raise OptionError(problem, remedy=f"use 1 to {MOST_WORKERS}, or unset it")


def main() -> None:
    """Run the command line; a defect of netpos ends with exit code 1."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a name must never stop a run
            ascii_only = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(encoding="utf-8" if ascii_only else None, errors="backslashreplace")
    code: object = 1
    gc.disable()  # loading libraries makes many objects and hardly any garbage
    try:
        with stoppable():
            _asked_for(sys.argv[1:])()
    except SystemExit as ended:
        code = ended.code
    except Stopped as stopped:
        print(f"netpos: stopped; {_GO_ON}", file=sys.stderr)
        code = 128 + stopped.number
    except NetposError as error:  # raised outside a command
        print(f"netpos: {_one_line(error)}", file=sys.stderr)
        code = 2
    except BrokenPipeError:
        code = 0
    except OSError as error:  # of files it is said where they are written
        if error.errno not in _FULL:
            raise
        _give_up_stdout()
        code = _unwritten(error)
    finally:
        gc.enable()
    sys.exit(_flushed(code))


def _asked_for(words: list[str]) -> typer.Typer:
    """Return the app with the one command that is called: building all takes longer than it."""
    name = next((word for word in words if not word.startswith("-")), None)
    mine = [
        command
        for command in app.registered_commands
        if command.callback
        and name == (command.name or get_command_name(command.callback.__name__))
    ]
    found = copy.copy(app)
    found.registered_commands = mine or app.registered_commands
    return found


def _one_line(error: Exception) -> str:
    return _harmless(" ".join(str(error).split()))


def _unwritten(error: OSError) -> int:
    """Say that the output cannot be written, and return the exit code of that."""
    where = Path("the output" if error.filename is None else str(error.filename))
    print(f"netpos: {_one_line(not_written(error, where))}", file=sys.stderr)
    return 2


def _flushed(code: object) -> Any:  # noqa: ANN401 - what sys.exit takes
    """Write out what waits for stdout; where it cannot be, say so and end with exit code 2."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # who reads has seen enough
        _give_up_stdout()
        return code
    except OSError as error:
        _give_up_stdout()
        return code or _unwritten(error)
    return code


def _give_up_stdout() -> None:
    """Let nothing more be written there when Python ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
