"""Drawings of charts: Vega-Lite becomes SVG, here or in a process beside other work.

The converter takes a second to start and holds Python's lock while it draws, so that only another
process draws while tables, maps and the workbook are written. This file run as a program is that
process: it reads one chart a line and writes one drawing a line, and loads nothing of netpos.
"""

from __future__ import annotations

import json
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from html import escape
from itertools import chain
from pathlib import Path
from typing import IO, Any

#: A chart to draw: ``spec`` and ``locale`` as Vega-Lite has them, its ``name``, what is ``said``.
Job = dict[str, Any]

#: Fewer charts are drawn sooner than another process begins.
FEWEST = 8
#: Most seconds that the process may take to end when nothing is asked of it any more.
_PATIENCE = 5.0

_ID = re.compile(r'\bid="([^"]+)"')
_TAG = re.compile(r"<[^>]+>")
_LONG = re.compile(r"(\d\.\d\d)\d+")
#: What the converter writes that draws nothing, and attributes that say what holds anyway.
_NOTHING = re.compile(r'<path d="(?:M0,0h0v0h0Z|)"(?: display="none")?/>')
_PLAIN = re.compile(r' (?:opacity="1"|transform="translate\(0,0\)")(?=[ />])')
_FONT = re.compile(r' font-family="([^"]*)"')
#: Outlines of many corners: straight lines alone.
_OUTLINE = re.compile(r' d="(M[MLZ\d.,-]{240,})"')
_CORNER = re.compile(r"([ML])(-?[\d.]+),(-?[\d.]+)|Z")
_SPOKEN = re.compile(r'\s(?:aria-[a-z]+|role|class|xmlns:xlink|pointer-events)="[^"]*"')


def draw(job: Job) -> str:
    """Draw a chart in this process.

    Returns
    -------
    str
        SVG with ``role="img"`` and the text, and no numbers of the drawing process in it.
    """
    import vl_convert  # slow to load

    svg = vl_convert.vegalite_to_svg(job["spec"], format_locale=job["locale"])
    return tidy(svg, job["name"], job["said"])


def tidy(svg: str, name: str, said: str) -> str:
    """Give the ids of a drawing numbers from 1, shorten its coordinates and say what it shows.

    The converter counts clip paths over its lifetime, so that a chart drawn twice has other ids;
    and two drawings in one page must not share any.

    Examples
    --------
    >>> drawn = '<svg class="marks"><g clip-path="url(#clip7)"/><clipPath id="clip7"/></svg>'
    >>> print(tidy(drawn, "a", "A & B"))
    <svg role="img" aria-label="A &amp; B"><g clip-path="url(#a-1)"/><clipPath id="a-1"/></svg>
    """
    svg = _OUTLINE.sub(lambda m: f' d="{stepwise(m[1])}"', svg)
    svg = _TAG.sub(lambda m: _LONG.sub(r"\1", _PLAIN.sub("", _SPOKEN.sub("", m[0]))), svg)
    svg = _NOTHING.sub("", svg)
    fonts = set(_FONT.findall(svg))
    if len(fonts) == 1:  # said once for the whole drawing
        svg = _FONT.sub("", svg).replace("<svg", f'<svg font-family="{fonts.pop()}"', 1)
    for number, old in enumerate(dict.fromkeys(_ID.findall(svg)), start=1):
        new = f"{name}-{number}"
        svg = svg.replace(f'id="{old}"', f'id="{new}"').replace(f"(#{old})", f"(#{new})")
    return svg.replace("<svg", f'<svg role="img" aria-label="{escape(said)}"', 1)


def stepwise(outline: str) -> str:
    """Write an outline as steps from corner to corner, in tenths of a pixel; errors do not add up.

    Examples
    --------
    >>> stepwise("M10.04,20L10.31,20.5L9,20ZM1,1L2,2L3,1Z")
    'm10 20l.3.5-1.3-.5zm-9-19l1 1 1-1z'
    """
    out: list[str] = []
    at, start, before, number = (0, 0), (0, 0), "", ""
    for letter, east, south in _CORNER.findall(outline):
        if not letter:
            out.append("z")
            at, before, number = start, "", ""
            continue
        to = (round(10 * float(east)), round(10 * float(south)))
        if letter == "M":
            start = to
        elif to == at:
            continue
        if letter != before:
            out.append(letter.lower())
            before, number = letter, ""
        for tenths in (to[0] - at[0], to[1] - at[1]):
            text = f"{tenths / 10:g}"
            text = text.replace("0.", ".", 1) if 0 < abs(tenths) < 10 else text
            apart = number and text[0] != "-" and (text[0] != "." or "." not in number)
            out.append(f" {text}" if apart else text)
            number = text
        at = to
    return "".join(out)


@contextmanager
def drawings(
    jobs: Sequence[Job], *, cores: int = 1
) -> Iterator[Callable[[Sequence[Job]], Iterator[str]]]:
    """Draw charts while the block does something else, if there is a core for it.

    Parameters
    ----------
    jobs
        The charts known so far.
    cores
        With one only, or where no other process can be started, each chart is drawn when it is
        asked for.

    Yields
    ------
    Callable
        Takes the charts that came later, and gives the drawings of all in their order, the same
        bytes wherever they are drawn. What is not asked for by the end of the block is not drawn.
    """
    process = _started() if cores > 1 and len(jobs) >= FEWEST else None
    if process is None:
        yield lambda more: map(draw, [*jobs, *more])
        return
    found: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    later: queue.SimpleQueue[Sequence[Job]] = queue.SimpleQueue()
    threads = [
        threading.Thread(target=_send, args=(process.stdin, jobs, later), daemon=True),
        threading.Thread(target=_receive, args=(process.stdout, found), daemon=True),
    ]
    for thread in threads:
        thread.start()

    def taken(more: Sequence[Job]) -> Iterator[str]:
        later.put(more)
        return _taken([*jobs, *more], found)

    try:
        yield taken
    finally:
        later.put(())  # where nothing was asked for
        process.kill()
        process.wait()
        for thread in threads:
            thread.join(_PATIENCE)


def _started() -> subprocess.Popen[bytes] | None:
    """Start the process that draws; None where that cannot be done, as in a frozen program."""
    if not sys.executable or getattr(sys, "frozen", False):
        return None
    try:
        return subprocess.Popen(
            [sys.executable, "-P", str(Path(__file__))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what it cannot draw is drawn here, which says why
        )
    except OSError:
        return None


def _send(to: IO[bytes], jobs: Sequence[Job], later: queue.SimpleQueue[Sequence[Job]]) -> None:
    try:
        with to:
            for job in chain(jobs, _coming(later)):
                to.write(json.dumps(job).encode() + b"\n")
                to.flush()
    except (OSError, ValueError):  # it has ended
        return


def _coming(later: queue.SimpleQueue[Sequence[Job]]) -> Iterator[Job]:
    """Wait for what comes later."""
    yield from later.get()


def _receive(source: IO[bytes], found: queue.SimpleQueue[bytes]) -> None:
    with source:
        for line in source:
            found.put(line)
    found.put(b"")


def _taken(jobs: Sequence[Job], found: queue.SimpleQueue[bytes]) -> Iterator[str]:
    """Take the drawings as they come; draw here what the process did not, however it ended."""
    alive = True
    for job in jobs:
        line = found.get() if alive else b""
        alive = line.endswith(b"\n")
        yield json.loads(line) if alive else draw(job)


def main() -> None:
    """Draw the charts of standard input, one a line, until it ends."""
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(json.dumps(draw(json.loads(line))).encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
