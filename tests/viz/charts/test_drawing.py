"""Drawings are the same here and in a process beside, and come whatever becomes of that process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from netpos.viz.charts import drawing
from netpos.viz.charts import spec as vl
from netpos.viz.charts.theme import prepared


def jobs(number: int) -> list[drawing.Job]:
    """Charts whose titles tell them apart."""
    found = []
    for k in range(number):
        table = pl.DataFrame({"a": [k + 0.5, 2.25], "b": ["é", "<b>"]})
        chart = vl.Chart(table).mark_bar().encode(x=vl.X("a:Q"), y=vl.Y("b:N"))
        name = f"figure-{k}"
        job, _ = prepared(chart.properties(title=name), table, name=name, said="Said.", lang="nl")
        found.append(job)
    return found


@pytest.fixture(scope="module")
def here() -> list[str]:
    return [drawing.draw(job) for job in jobs(drawing.FEWEST)]


def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes that are started from now on."""
    found: list[subprocess.Popen[bytes]] = []
    start = drawing._started

    def noted() -> subprocess.Popen[bytes] | None:
        process = start()
        if process is not None:
            found.append(process)
        return process

    monkeypatch.setattr(drawing, "_started", noted)
    return found


def test_another_process_draws_the_same_bytes_in_the_same_order(
    here: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    processes = started(monkeypatch)
    asked: list[drawing.Job] = []
    monkeypatch.setattr(drawing, "draw", asked.append)
    with drawing.drawings(jobs(drawing.FEWEST), cores=2) as found:
        assert list(found(())) == here
    assert asked == []  # nothing was drawn in this process
    assert [p.poll() is not None for p in processes] == [True]
    assert all(f">figure-{k}</text>" in svg for k, svg in enumerate(here))


@pytest.mark.parametrize("cores", [1, 2])
def test_charts_that_come_later_are_drawn_behind_the_others(here: list[str], cores: int) -> None:
    every = jobs(drawing.FEWEST + 2)
    with drawing.drawings(every[: drawing.FEWEST], cores=cores) as found:
        assert list(found(every[drawing.FEWEST :])) == [*here, *map(drawing.draw, every[-2:])]


@pytest.mark.parametrize(("number", "cores"), [(drawing.FEWEST, 1), (drawing.FEWEST - 1, 8)])
def test_few_charts_or_a_single_core_need_no_process(
    here: list[str], monkeypatch: pytest.MonkeyPatch, number: int, cores: int
) -> None:
    processes = started(monkeypatch)
    with drawing.drawings(jobs(number), cores=cores) as found:
        assert list(found(())) == here[:number]
    assert processes == []


def test_what_a_killed_process_did_not_draw_is_drawn_here(
    here: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    processes = started(monkeypatch)
    with drawing.drawings(jobs(drawing.FEWEST), cores=2) as found:
        drawn = found(())
        first = next(drawn)
        processes[0].kill()
        assert [first, *drawn] == here


def test_without_a_program_to_start_charts_are_drawn_here(
    here: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for executable in ("", str(tmp_path / "no python")):
        monkeypatch.setattr(sys, "executable", executable)
        with drawing.drawings(jobs(drawing.FEWEST), cores=2) as found:
            assert list(found(()))[:2] == here[:2]


def test_the_process_ends_with_the_block_whatever_ended_it(monkeypatch: pytest.MonkeyPatch) -> None:
    processes = started(monkeypatch)
    with pytest.raises(KeyboardInterrupt), drawing.drawings(jobs(drawing.FEWEST), cores=2):
        raise KeyboardInterrupt
    assert [p.poll() is not None for p in processes] == [True]
