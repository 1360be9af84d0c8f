"""Work in another process gives what it gives here, and fails as it fails here."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from netpos.commands import beside as module
from netpos.commands.beside import beside
from netpos.errors import InputError
from netpos.progress import listening, track


def ended(number: int) -> int:
    """End the process that this runs in, unless it is the one of the tests."""
    if os.environ.get("PYTEST_CURRENT_TEST_PID") != str(os.getpid()):
        os._exit(1)
    return 2 * number


def refused(name: str) -> str:
    raise InputError("cannot be read", file=Path(name))


def where(_: int) -> int:
    return os.getpid()


def ended_within(number: int) -> int:
    """Do the same within a stage."""
    return sum(ended(k) for k in track(range(number), "numbers"))


def counted(number: int) -> int:
    return sum(track(range(number), "numbers"))


def a_function(_: int) -> Callable[[], int]:
    """Make what cannot be sent."""
    return lambda: 5


class Told:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def begin(self, what: str, total: float) -> None:
        self.lines.append(f"{what} {total:g}")

    def reach(self, done: float) -> None:
        self.lines.append(f"{done:g}")

    def end(self) -> None:
        self.lines.append("over")


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
        assert not processes  # it begins when it is first asked, and once
        assert submit(abs, -1).result() == submit(abs, 1).result() == 1
        late = submit(eval, "__import__('time').sleep(60)")
        raise KeyError
    assert [p.poll() is not None for p in processes] == [True]
    with pytest.raises(RuntimeError):
        submit(abs, -1)
    with beside(cores=2) as submit:
        pass
    with pytest.raises(RuntimeError):
        submit(abs, -1)
    assert len(processes) == 1  # none begins when the block is over
    with pytest.raises(RuntimeError):
        late.result(timeout=5)


def test_what_a_library_prints_is_no_answer() -> None:
    with beside(cores=2) as submit:
        assert submit(print, "text").result() is None
        assert submit(abs, -3).result() == 3


def test_what_nobody_has_begun_is_made_by_who_needs_it() -> None:
    with beside(cores=2) as submit:
        first = submit(eval, "__import__('time').sleep(2) or __import__('os').getpid()")
        later = [submit(where, k) for k in range(3)]
        assert later[2].now() == os.getpid()
        assert later[1].now() == os.getpid()
        there = first.now()  # it is being made
        assert there != os.getpid()
        done = submit(eval, "__import__('os').getpid()")
        assert done.result() == there == done.now()


@pytest.mark.parametrize("cores", [1, 2])
def test_who_asks_is_told_how_far_it_has_come(cores: int) -> None:
    with beside(cores=cores) as submit:
        told, nobody = Told(), Told()
        with listening(nobody):
            assert submit(counted, 2, told).result() == 1
            assert submit(counted, 3).result() == 3
        assert told.lines == ["numbers 2", "1", "2", "over"]
        assert nobody.lines == []


def test_what_cannot_be_sent_is_made_here() -> None:
    with beside(cores=2) as submit:
        assert submit(lambda k: k + 1, 1).result() == 2
        assert submit(a_function, 0).result()() == 5
        assert submit(eval, "__import__('os').getpid()").result() != os.getpid()


def test_stages_of_a_process_that_ends_are_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_CURRENT_TEST_PID", str(os.getpid()))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parents[2]), *sys.path]))
    with beside(cores=2) as submit:
        told = Told()
        assert submit(ended_within, 2, told).result() == 2
        assert told.lines == ["numbers 2", "over", "numbers 2", "1", "2", "over"]
