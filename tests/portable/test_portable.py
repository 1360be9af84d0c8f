"""netpos without what only Linux has; see elsewhere.py for what is taken away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer

from netpos import files
from netpos.cli import app
from netpos.countries import data_path
from netpos.errors import InputError
from netpos.files import locked
from tests.commands.small_runs import RECORDS, TABLES
from tests.conftest import ROOT
from tests.lens import FAST, QUANTUM, toy_records, write
from tests.portable import elsewhere


def call(folder: Path, *commands: list[str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-X", "warn_default_encoding", "-m", "tests.portable.elsewhere"]
    return subprocess.run(
        [*command, json.dumps(commands)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="sees open files by /proc")
def test_check_ingest_and_run_need_nothing_that_only_linux_has(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", toy_records())
    write(tmp_path / "b.jsonl", RECORDS)
    (tmp_path / "links.csv").write_text(
        "citing,cited,weight,technology\nNL,DE,3,CON\nDE,NL,2,con\nNL,US,1,a:b.\n"
    )
    options = ["--draws", "5", "--no-sensitivity", *QUANTUM]
    done = call(
        tmp_path,
        ["check", "a.jsonl"],
        ["ingest", "a.jsonl", "--corpus", "corpus"],
        ["ingest", "b.jsonl", "--corpus", "corpus", "--role", "context"],  # replaces its tables
        ["analyse", "corpus", "--out", "small", *FAST, "--tables-only", *QUANTUM],
        ["run", "a.jsonl", "--out", "out", "--excel-nl", *options],
        ["run", "a.jsonl", "--out", "out", *FAST, *QUANTUM],
        ["links", "links.csv", "--out", "own"],
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "index.html").is_file()
    for folder in ("corpus", "out", "own"):
        assert not (tmp_path / folder / ".netpos-lock").exists() or folder == "corpus"
        names = [p.relative_to(tmp_path).as_posix() for p in (tmp_path / folder).rglob("*")]
        assert len(names) > 5
        assert [n for n in names if elsewhere.bad_name(n)] == []
        assert len({n.casefold() for n in names}) == len(names)


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="sees open files by /proc")
def test_nor_does_any_other_command(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", RECORDS)
    data = str(data_path("countries.csv").with_name("demo_synthetic_")) + "{}"
    topics = ["--technologies", data.format("topics.toml")]
    results = ["--science", "science", "--patents", "out", "--companies", "companies"]
    commands = [
        ["run", "a.jsonl", "--out", "out", *TABLES],
        ["explain", "out", "--country", "NL"],
        ["compare", "out", "out"],
        ["names", "out/corpus", "--out", "names"],
        ["missing", "out/corpus", "--as", "lens-query"],
        ["query", *QUANTUM, "--from", "2016", "--to", "2017"],
        ["complexity", data.format("trade.csv"), "--focal", "NL", "--out", "complexity"],
        ["intensity", data.format("sectors.csv"), "--benchmark", "DE", "--out", "intensity"],
        ["companies", data.format("companies.csv"), "--draws", "5", "--out", "companies"],
        ["science", data.format("works.jsonl.gz"), *topics, "--out", "science"],
        ["chain", *results, "--out", "chain"],
        ["technologies", "new", "mine.toml"],
    ]
    done = call(tmp_path, *commands)
    assert done.returncode == 0, done.stderr
    names = [p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*")]
    assert [n for n in names if elsewhere.bad_name(n)] == []
    # tried above; a demo is a run; fetch asks a server, which its own tests have
    others = {"demo", "check", "ingest", "analyse", "links", "fetch"}
    assert {c[0] for c in commands} | others == set(typer.main.get_command(app).commands)


@pytest.mark.parametrize(
    "code",
    [
        "import os; os.sched_getaffinity(0)",
        "import fcntl",
        "import subprocess; subprocess.run(['true'])",
        "open('/proc/self/status').read()",
        "open('aux.txt', 'w', newline='')",
        "import os; os.mkdir('a:b')",
        "import os; f = open('x', 'wb'); os.replace('x', 'y')",
        "exec(compile(\"open('z', 'w')\", 'n', 'exec'), {'__name__': 'netpos.n'})",
    ],
)
def test_what_is_taken_away_is_missed(code: str, tmp_path: Path) -> None:
    script = f"from tests.portable import elsewhere; elsewhere.take_away(); exec({code!r})"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1


def test_windows_locks_by_bytes_and_says_who_holds_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def locking(descriptor: int, mode: int, count: int) -> None:
        calls.append(mode)
        if len(calls) > 1:
            raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files.sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(locking=locking, LK_NBLCK=2))
    with locked(tmp_path), pytest.raises(InputError, match="another netpos"), locked(tmp_path):
        pass
    assert calls == [2, 2]


def test_a_system_without_any_lock_is_used_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with locked(tmp_path), locked(tmp_path, shared=True):
        pass
