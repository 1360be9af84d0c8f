"""Signals that ask to stop: heard once, put off where steps belong together, else ignored."""

from __future__ import annotations

import importlib
import json
import shutil
import signal
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import pytest

from netpos.outputs import Outputs
from netpos.signals import STOPS, Stopped, stoppable, unbroken
from tests.conftest import ROOT


def test_each_signal_that_asks_to_stop_is_raised_and_its_handler_put_back() -> None:
    before = [signal.getsignal(n) for n in STOPS]
    for number in STOPS:
        with pytest.raises(Stopped) as stopped, stoppable():
            signal.raise_signal(number)
        assert stopped.value.number == number
    assert [signal.getsignal(n) for n in STOPS] == before


def test_a_signal_that_was_ignored_before_stays_ignored() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with stoppable(), unbroken():
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)


def test_outside_the_main_thread_nothing_is_changed() -> None:
    seen: list[object] = []

    def work() -> None:
        with stoppable(), unbroken():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGTERM)]


def test_a_signal_while_results_take_their_places_is_heeded_when_all_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace

    def interrupted(self: Path, target: Path) -> Path:
        if target.parent.name != ".netpos-new":
            signal.raise_signal(signal.SIGTERM)
        return replace(self, target)

    with Outputs(tmp_path) as outputs:
        outputs.text("a.txt", "a")
        outputs.text("b/c.txt", "c")
        monkeypatch.setattr(Path, "replace", interrupted)
        with pytest.raises(Stopped), stoppable():
            outputs.finish({})
    names = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file())
    assert names == ["a.txt", "b/c.txt", "run.json"]
    assert json.loads((tmp_path / "run.json").read_text())["outputs"] == ["a.txt", "b/c.txt"]


def test_a_signal_while_staged_files_are_taken_away_is_heeded_when_none_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.rmtree

    def interrupted(path: Path, **how: bool) -> None:
        signal.raise_signal(signal.SIGTERM)
        real(path, **how)

    outputs = Outputs(tmp_path)
    outputs.text("a.txt", "a")
    monkeypatch.setattr(shutil, "rmtree", interrupted)
    with pytest.raises(Stopped), stoppable():
        outputs.close()
    outputs.close()
    assert list(tmp_path.iterdir()) == []


def test_the_command_line_says_in_one_line_that_it_was_stopped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command_line = importlib.import_module("netpos.cli.app")
    stopped = partial(signal.raise_signal, signal.SIGTERM)
    monkeypatch.setattr(command_line, "_asked_for", lambda _: stopped)
    with pytest.raises(SystemExit) as end:
        command_line.main()
    assert end.value.code == 128 + signal.SIGTERM
    said = capsys.readouterr().err
    assert said.startswith("netpos: stopped; what was being written is taken away; to go on, give ")
    assert said.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such second signal")
def test_a_second_signal_ends_the_process_at_once() -> None:
    code = (
        "import signal, time\n"
        "from netpos.signals import stoppable\n"
        "with stoppable():\n"
        "    try:\n"
        "        signal.raise_signal(signal.SIGTERM)\n"
        "    finally:\n"
        "        signal.raise_signal(signal.SIGTERM)\n"
        "        time.sleep(60)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, timeout=50)
    assert done.returncode == -signal.SIGTERM
