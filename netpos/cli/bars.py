"""How far long work has come, on a terminal as bars, elsewhere as a line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

#: Seconds of silence after which a line tells how far the work has come.
PATIENCE = 15.0


class Bars:
    """Bars on a terminal; they are gone when the work is done."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: list[TaskID] = []

    def begin(self, what: str, total: float) -> None:
        """Show a bar."""
        self._tasks.append(self._progress.add_task(what, total=total))

    def reach(self, done: float) -> None:
        """Move the bar shown last."""
        self._progress.update(self._tasks[-1], completed=done)

    def end(self) -> None:
        """Take the bar away."""
        self._progress.remove_task(self._tasks.pop())


class Lines:
    """Plain lines for a file or a pipe: one where nothing was said for a while."""

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float]) -> None:
        self._say, self._clock = say, clock
        self._stages: list[tuple[str, float]] = []
        self._last = clock()

    def begin(self, what: str, total: float) -> None:
        """Take note of a stage."""
        self._stages.append((what, total))

    def reach(self, done: float) -> None:
        """Say how far the stage has come, unless it was said just now."""
        what, total = self._stages[-1]
        if total and self._clock() - self._last >= PATIENCE:
            self._say(f"{what}: {done / total:.0%}")
            self._last = self._clock()

    def end(self) -> None:
        """Forget the stage."""
        self._stages.pop()


def bars() -> Progress | None:
    """Return the bars of a terminal; None where stderr is none, or one that cannot redraw."""
    if not sys.stderr.isatty():
        return None
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if not console.is_interactive or console.is_dumb_terminal:
        return None
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %", markup=False),
        TimeRemainingColumn(),
    )
    # what a command prints on stdout is its answer: it must not be drawn with the bars
    return Progress(
        *columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False
    )


def lines(say: Callable[[str], None]) -> Lines:
    """Return a listener that says a line now and then."""
    return Lines(say, time.monotonic)
