"""Long work says how far it has come, to whoever listens."""

from __future__ import annotations

import gzip
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from netpos import progress
from netpos.commands.run import run
from netpos.ingest.corpus import ingest, read
from netpos.ingest.readers import chunks, json_stream
from netpos.options import make
from tests.lens import record, toy_records, write


class Told:
    """Takes note of all stages: name, total, and what was reached."""

    def __init__(self) -> None:
        self.open: list[tuple[str, float, list[float]]] = []
        self.over: list[tuple[str, float, list[float]]] = []

    def begin(self, what: str, total: float) -> None:
        self.open.append((what, total, []))

    def reach(self, done: float) -> None:
        self.open[-1][2].append(done)

    def end(self) -> None:
        self.over.append(self.open.pop())


@pytest.fixture
def told() -> Told:
    return Told()


def test_stages_within_stages_each_have_their_own_measure(told: Told) -> None:
    with progress.listening(told):
        for _ in progress.track([1, 2], "outer"):
            for _ in progress.track("abc", "inner"):
                pass
    inner = ("inner", 3, [1, 2, 3])
    assert told.over == [inner, inner, ("outer", 2, [1, 2])]
    assert told.open == []


def test_a_stage_never_goes_back_nor_beyond_its_end(told: Told) -> None:
    with progress.listening(told), progress.stage("bytes", 10):
        progress.reach(7)
        progress.advance(-3)
        progress.advance(100)
    assert told.over == [("bytes", 10, [7, 7, 10])]


def test_a_stage_that_fails_is_over(told: Told) -> None:
    def failing() -> None:
        with progress.stage("work", 1):
            raise ValueError

    with progress.listening(told):
        with pytest.raises(ValueError):
            failing()
        progress.advance()
    assert told.over == [("work", 1, [])]


def test_work_on_several_threads_moves_one_stage(told: Told) -> None:
    with (
        progress.listening(told),
        progress.shared("tables", 4) as done,
        ThreadPoolExecutor(2) as pool,
    ):
        list(pool.map(done, [1, 1, 1, 9]))
    assert told.over[0][:2] == ("tables", 4)
    assert sorted(told.over[0][2]) == told.over[0][2]
    assert told.over[0][2][-1] == 4
    with progress.shared("tables", 4) as done:
        done(1)


def test_nobody_need_listen() -> None:
    progress.advance()
    assert list(progress.track([1, 2], "numbers")) == [1, 2]


@pytest.mark.parametrize("scan", ["0", "1"])
def test_reading_tells_the_bytes_of_all_exports_plain_and_compressed(
    tmp_path: Path, told: Told, monkeypatch: pytest.MonkeyPatch, scan: str
) -> None:
    monkeypatch.setenv("NETPOS_SCAN", scan)
    monkeypatch.setattr(chunks, "CHUNK", 20_000)
    monkeypatch.setattr(json_stream, "_BLOCK", 20_000)
    (tmp_path / "in").mkdir()
    plain = write(tmp_path / "in" / "a.jsonl", toy_records())
    text = "".join(json.dumps(record(n, symbols=["A01B1/00"])) + "\n" for n in range(500, 900))
    packed = tmp_path / "in" / "b.jsonl.gz"
    packed.write_bytes(gzip.compress(text.encode()))
    with progress.listening(told):
        assert read([plain, packed]).counts["kept"] == 135 + 400
    (stage,) = (s for s in told.over if s[0] == "reading exports")
    (making,) = (s for s in told.over if s[0] == "making the tables")
    assert making[1] == making[2][-1] == 100
    assert len(making[2]) >= 9
    total = plain.stat().st_size + packed.stat().st_size
    assert stage[1] == stage[2][-1] == total
    assert any(0 < done < plain.stat().st_size for done in stage[2])


def test_comparing_with_exports_read_before_tells_their_bytes(tmp_path: Path, told: Told) -> None:
    plain = write(tmp_path / "a.jsonl", toy_records())
    ingest([plain], tmp_path / "c")
    with progress.listening(told):
        ingest([plain], tmp_path / "c")
    size = plain.stat().st_size
    assert told.over[0] == ("comparing with what was read before", size, [size])


def test_a_run_tells_its_tables_draws_other_ways_maps_and_figures(
    tmp_path: Path, told: Told
) -> None:
    tests = Path(__file__).parent
    given = {"technologies": str(tests / "quantum.toml"), "draws": 20}
    with progress.listening(told):
        run([write(tmp_path / "e.jsonl", toy_records())], tmp_path / "o", make(given))
    ended = {what: (total, reached[-1]) for what, total, reached in told.over}
    assert ended["tables of each technology and period"] == (6, 6)  # one and the union, 3 periods
    assert ended["technologies and their families"] == (3, 3)
    whole = ("trends and values", "without one organisation", "writing the tables")
    page = ("families behind the links", "families behind the ranks")
    drawn = ("draws", "other ways of counting", "graph files", "maps", "figures")
    for what in (*whole, *page, *drawn):
        assert ended[what][0] == ended[what][1] > 0, what


def test_stages_of_a_thread_are_told_to_who_waits_for_it(told: Told) -> None:
    asked = threading.Event()

    def make() -> int:
        asked.wait(10)
        return sum(progress.track([1, 2, 3], "numbers"))

    with progress.listening(told):
        wait = progress.meanwhile(make)
        with progress.stage("another", 1):
            progress.advance()
        asked.set()
        assert wait() == 6
    assert [(what, total, reached[-1]) for what, total, reached in told.over] == [
        ("another", 1, 1),
        ("numbers", 3, 3),
    ]


def test_what_goes_wrong_in_a_thread_is_raised_where_it_is_waited_for() -> None:
    def make() -> int:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        progress.meanwhile(make)()
