"""How a command begins, and how mistakes of the input end it."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from netpos.cli import app

#: The name `netpos.cli.app` is that of the app, too.
begin = importlib.import_module("netpos.cli.app")
EVERY = set(get_command(app).commands)


@pytest.mark.parametrize("name", sorted(EVERY))
def test_the_command_called_is_built_alone(name: str) -> None:
    assert set(get_command(begin._asked_for(["--quiet", name, "run", "x"])).commands) == {name}


@pytest.mark.parametrize("words", [[], ["--help"], ["--version"], ["nosuch", "run"], ["-q"]])
def test_every_command_is_built_where_none_is_called(words: list[str]) -> None:
    assert set(get_command(begin._asked_for(words)).commands) == EVERY


def test_a_cell_without_an_end_leaves_the_remedy_to_be_read() -> None:
    assert begin._harmless(f"l.csv:2: '{'9' * 5000}'; use numbers").count("9") < 100
    assert begin._harmless(f"l.csv:2: '{'9' * 5000}'; use numbers").endswith("... use numbers")
    path = "/".join(["folder"] * 200)
    assert begin._harmless(path) == path


def test_the_process_itself_ends_with_2_and_one_line(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("citing,cited,weight\nNL,DE,-1\n")
    command = [sys.executable, "-m", "netpos", "links", "l.csv", "--out", "o"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("netpos: l.csv:2:")


def test_threads_share_one_store_of_freed_memory_where_the_c_library_is_glibc(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import ctypes
    import platform

    assert begin._one_arena() == (platform.libc_ver()[0] == "glibc")

    class Other:
        def __init__(self, _: object) -> None: ...

    monkeypatch.setattr(ctypes, "CDLL", Other)  # no mallopt: musl, macOS
    assert not begin._one_arena()

    def refused(_: object) -> None:
        raise TypeError

    monkeypatch.setattr(ctypes, "CDLL", refused)  # Windows
    assert not begin._one_arena()


def test_polars_gives_memory_back_at_once_where_much_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its settings are read when it is loaded, so that before it the words must tell."""
    name = "_RJEM_MALLOC_CONF"
    monkeypatch.setattr(begin, "_MUCH", 1000)
    monkeypatch.setenv(name, "")  # so that it is taken away in the end
    monkeypatch.delenv(name)
    (tmp_path / "a.jsonl").write_bytes(b"x" * 600)
    words = ["analyse", str(tmp_path / "a.jsonl"), "--out", "no\0name", "x" * 5000]
    assert not begin.give_back_soon(words)
    assert name not in os.environ
    (tmp_path / "b.jsonl").write_bytes(b"x" * 400)
    assert begin.give_back_soon([*words, str(tmp_path / "b.jsonl")])
    assert "muzzy_decay_ms:0" in os.environ[name]
    monkeypatch.setenv(name, "narenas:1")
    assert begin.give_back_soon([str(tmp_path)])  # a folder is what lies in it
    assert os.environ[name] == "narenas:1"  # what the user sets stays
    tables = tmp_path / "corpus"
    tables.mkdir()
    (tables / "documents.parquet").write_bytes(b"x" * 60)  # tables are smaller than exports
    assert begin.give_back_soon(["analyse", str(tables)])
