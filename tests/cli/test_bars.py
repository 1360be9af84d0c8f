"""What a person sees of long work: bars on a terminal, few lines elsewhere, nothing if so asked."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress
from typer.testing import CliRunner

from netpos import progress
from netpos.cli import app, bars
from tests.lens import FAST, QUANTUM, toy_records, write


def test_a_file_gets_a_line_only_after_a_while() -> None:
    now, said = [0.0], []
    lines = bars.Lines(said.append, lambda: now[0])
    with progress.listening(lines), progress.stage("tables", 4):
        for seconds in (1, bars.PATIENCE, bars.PATIENCE + 1, 3 * bars.PATIENCE):
            now[0] = seconds
            progress.advance()
    assert said == ["tables: 50%", "tables: 100%"]


def test_bars_come_and_go_with_their_stages() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=80)
    shown = Progress(console=console)
    with progress.listening(bars.Bars(shown)):
        for _ in progress.track([1, 2], "outer"):
            with progress.stage("inner", 4):
                progress.advance(1)
                assert [(t.description, t.completed) for t in shown.tasks][-1] == ("inner", 1)
                assert len(shown.tasks) == 2
    assert shown.tasks == []


def test_without_a_terminal_no_sign_of_a_bar_is_written(tmp_path: Path) -> None:
    export = write(tmp_path / "e.jsonl", toy_records())
    arguments = ["run", str(export), "--out", str(tmp_path / "o"), *FAST, *QUANTUM, "--tables-only"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0
    assert "\x1b" not in done.stderr
    assert "e.jsonl: 135 records read (lens-jsonl)" in done.stderr.splitlines()
    quiet = CliRunner().invoke(app, ["--quiet", *arguments])
    assert (quiet.exit_code, quiet.stderr) == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_on_a_terminal_bars_are_drawn_and_lines_stay_whole(tmp_path: Path) -> None:
    import pty

    export = write(tmp_path / "e.jsonl", toy_records())
    ours, theirs = pty.openpty()
    done = subprocess.Popen(
        [sys.executable, "-m", "netpos", "ingest", str(export), "--corpus", str(tmp_path / "c")],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "80"},
    )
    os.close(theirs)
    seen = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # the other side is closed
            break
        if not part:
            break
        seen += part
    os.close(ours)
    answer, _ = done.communicate()
    assert done.returncode == 0
    assert answer.startswith(b"135 records read = 135 kept")
    assert b"reading exports" in seen
    assert b"e.jsonl: 135 records read (lens-jsonl)" in seen
