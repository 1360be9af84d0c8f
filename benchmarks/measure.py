"""Run a program as a whole and measure it: wall, CPU of all its processes, peak memory."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

EVERY = 0.02  # seconds between two looks at the memory
_SHARE = 30  # of the time between two looks, the part that a look may take: one in so many


@dataclass(frozen=True)
class Run:
    """One run: seconds of wall clock, of CPU (user + system, children included), peak bytes."""

    wall: float
    cpu: float
    peak: int
    output: str


def _tree(pid: int) -> list[int]:
    found, todo = [], [pid]
    while todo:
        one = todo.pop()
        found.append(one)
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                todo += [int(child) for child in task.read_text().split()]
            except OSError:  # it has ended meanwhile
                continue
    return found


def _memory(pid: int) -> int:
    """Proportional set size in bytes; resident size where the kernel does not tell it."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except FileNotFoundError:
        pass
    except OSError:  # a process that is ending
        return 0
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def run(command: list[str], *, memory: bool = False, every: float = EVERY) -> Run:
    """Run a command to its end.

    Memory is summed over the process and all its descendants every 20 ms, or as often as ``every``
    says, less often where a look takes long; it is at least what the system says was the most of
    one process. Looking takes time from the program, so times and memory come from different runs
    where these are short.

    Raises
    ------
    SystemExit
        The command failed; its output is shown.
    """
    peak, ended = 0, threading.Event()

    def watch(pid: int) -> None:
        nonlocal peak
        pause = every
        while not ended.wait(pause):
            start = time.perf_counter()
            peak = max(peak, sum(map(_memory, _tree(pid))))
            pause = max(every, _SHARE * (time.perf_counter() - start))

    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        watcher = threading.Thread(target=watch, args=(process.pid,))
        if memory:
            watcher.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        ended.set()
        if memory:
            watcher.join()
            peak = max(peak, usage.ru_maxrss * 1024)
        output.seek(0)
        text = output.read().decode("utf-8", "replace")
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}\nended with {process.returncode}:\n{text}")
    return Run(wall, usage.ru_utime + usage.ru_stime, peak, text)
