"""Work in another process gives what it gives here, and fails as it fails here."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from netpos.commands import beside as module
from netpos.commands.beside import beside
from netpos.errors import InputError


def ended(number: int) -> int:
    """End the process that this runs in, unless it is the one of the tests."""
    if os.environ.get("PYTEST_CURRENT_TEST_PID") != str(os.getpid()):
        os._exit(1)
    return 2 * number


def refused(name: str) -> str:
    raise InputError("cannot be read", file=Path(name))


def where(_: int) -> int:
    return os.getpid()


def test_what_is_asked_for_is_made_elsewhere_and_in_order() -> None:
    with beside(cores=2) as submit:
        numbers = [submit(abs, -k) for k in range(50)]
        large = submit(sorted, list(range(200_000, 0, -1)))
        process = submit(os.path.basename, "/a/b")
        assert [n.result() for n in numbers] == list(range(50))
        assert large.result() == list(range(1, 200_001))
        assert process.result() == "b"


def test_another_process_is_used_only_where_there_is_a_core_for_it() -> None:
    with beside(cores=2) as submit:
        assert submit(eval, "__import__('os').getpid()").result() != os.getpid()
    with beside(cores=1) as submit:
        assert submit(eval, "__import__('os').getpid()").result() == os.getpid()


def test_what_fails_there_is_done_here_and_raises_here() -> None:
    with beside(cores=2) as submit:
        failed = submit(refused, "a.jsonl")
        with pytest.raises(InputError, match=r"a\.jsonl: cannot be read"):
            failed.result()
        assert submit(abs, -1).result() == 1


def test_a_process_that_ends_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_CURRENT_TEST_PID", str(os.getpid()))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parents[2]), *sys.path]))
    with beside(cores=2) as submit:
        asked = [submit(ended, k) for k in range(3)]
        assert [one.result() for one in asked] == [0, 2, 4]


def test_where_no_process_can_be_started_work_is_done_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module.sys, "executable", "/nowhere/python")
    with beside(cores=2) as submit:
        assert submit(where, 0).result() == os.getpid()


def test_nothing_goes_on_after_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    processes = []
    started = module._started

    def remembered() -> object:
        processes.append(started())
        return processes[-1]

    monkeypatch.setattr(module, "_started", remembered)
    with suppress(KeyError), beside(cores=2) as submit:
        late = submit(eval, "__import__('time').sleep(60)")
        raise KeyError
    assert processes[0].poll() is not None
    with pytest.raises(RuntimeError):
        late.result(timeout=5)


def test_what_a_library_prints_is_no_answer() -> None:
    with beside(cores=2) as submit:
        assert submit(print, "text").result() is None
        assert submit(abs, -3).result() == 3
