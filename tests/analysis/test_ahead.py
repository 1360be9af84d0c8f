"""Other ways of counting are the same where they are counted beside the tables."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import pytest
from polars.testing import assert_frame_equal

from netpos import analysis
from netpos.analysis import ahead, results
from netpos.analysis import study as study_module
from netpos.analysis.study import Study
from netpos.commands import run
from netpos.commands.beside import Asked, beside
from netpos.ingest.corpus import read
from netpos.options import make
from netpos.progress import Listener, listening
from tests.lens import toy_records, write

T = TypeVar("T")
R = TypeVar("R")
QUANTUM = Path(__file__).parent.parent / "quantum.toml"


def test_other_ways_of_counting_are_the_same_where_they_are_counted_elsewhere(
    tmp_path: Path,
) -> None:
    corpus = read(write(tmp_path / "a.jsonl", toy_records()))
    study = analysis.prepare(corpus, make({"technologies": str(QUANTUM), "draws": 20}))
    alone = results.tables(study)
    want = results.sensitivity_tables(study, alone)
    assert "spread" in vars(study)
    told: list[str] = []

    class Told:
        def begin(self, what: str, total: float) -> None:
            told.append(f"{what} {total:g}")

        def reach(self, done: float) -> None:
            pass

        def end(self) -> None:
            pass

    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        asked: list[Study] = []

        def elsewhere(make: Callable[[T], R], given: T, who: Listener | None) -> Future[R]:
            assert isinstance(given, tuple)
            asked.append(given[0])
            assert "spread" not in vars(asked[0])  # what can be made again is not sent
            assert who is not None
            who.begin("said elsewhere", 1)
            return pool.submit(make, given)

        finish = ahead.sensitivity_begun(study, elsewhere)
        with listening(Told()):
            found = finish(results.tables(study))
    assert "said elsewhere 1" in told
    assert list(found) == list(want)
    for name, table in want.items():
        assert table.height
        assert_frame_equal(found[name], table, check_exact=True)
    options = {"technologies": str(QUANTUM), "draws": 0, "sensitivity": False}
    without = analysis.prepare(corpus, make(options))
    assert ahead.sensitivity_begun(without, elsewhere)(alone) == {}
    assert len(asked) == 1


@pytest.mark.parametrize(("cores", "pairs", "times"), [(2, 10**6, 1), (2, 0, 0), (1, 10**6, 0)])
def test_another_process_counts_only_where_there_is_a_core_and_room_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cores: int, pairs: int, times: int
) -> None:
    corpus = read(write(tmp_path / "a.jsonl", toy_records()))
    options = make({"technologies": str(QUANTUM), "draws": 0})
    monkeypatch.setattr(study_module, "MOST_QUICK", pairs)
    monkeypatch.setattr(run, "cores", lambda: cores)
    asked: list[object] = []
    with beside(cores=1) as here:

        def submit(make: Callable[[T], R], given: T, told: Listener | None = None) -> Asked[R]:
            asked.append(given)
            return here(make, given, told)

        found = run.computed(corpus, options, lambda _: None, submit=submit)
    assert len(asked) == times
    assert found.tables["robustness"].height
    assert found.tables["sensitivity"].height
