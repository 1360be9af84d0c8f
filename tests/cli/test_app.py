"""How mistakes of the input end a command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_process_itself_ends_with_2_and_one_line(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("citing,cited,weight\nNL,DE,-1\n")
    command = [sys.executable, "-m", "netpos", "links", "l.csv", "--out", "o"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("netpos: l.csv:2:")
