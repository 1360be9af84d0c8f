"""What is read into a corpus, by how many at a time, and never twice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from netpos.ingest import inputs, making
from netpos.ingest.corpus import TABLES, ingest, open_corpus
from netpos.ingest.inputs import cores
from tests.lens import record, write


def test_there_is_at_least_one_core_also_where_the_system_does_not_say_which(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert cores() >= 1
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert cores() == 6
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores() == 1


def _stopped_while_the_tables_are_made(monkeypatch: pytest.MonkeyPatch, *given: object) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(making, "make", stopped)
        with pytest.raises(KeyboardInterrupt):
            ingest(*given)


def test_what_a_stopped_run_has_read_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (
        write(tmp_path / f"{name}.jsonl", [record(n, cites=[1, 2]) for n in numbers])
        for name, numbers in (("a", range(1, 30)), ("b", range(20, 50)))
    )
    expected = ingest([first, second], tmp_path / "calm")
    ingest([first], tmp_path / "c")
    _stopped_while_the_tables_are_made(monkeypatch, [second], tmp_path / "c")
    assert open_corpus(tmp_path / "c").counts["kept"] == 29  # the corpus is as it was
    said: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr(inputs, "parse", None)  # nothing can be read now
        found = ingest([second], tmp_path / "c", report=said.append)
    assert "b.jsonl: 30 records were read by a run that was stopped (lens-jsonl)" in said
    assert found.manifest == expected.manifest
    for name in TABLES:
        table = (tmp_path / "c" / f"{name}.parquet").read_bytes()
        assert table == (tmp_path / "calm" / f"{name}.parquet").read_bytes()
    assert not (tmp_path / "c" / "records" / "read.jsonl").exists()


def test_what_was_read_is_read_again_where_it_is_not_whole_or_no_more_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.jsonl", [record(n) for n in range(1, 5)])
    _stopped_while_the_tables_are_made(monkeypatch, [path], tmp_path / "c")
    records = tmp_path / "c" / "records"
    noted = (records / "read.jsonl").read_text()
    with (records / "read.jsonl").open("a") as file:
        file.write(noted[:40])  # cut off in the middle
    assert [item["read"] for item in inputs.read_before(records)] == [4]
    next(records.glob("*.classes.parquet")).unlink()
    assert inputs.read_before(records) == []
    assert ingest([path], tmp_path / "c").counts["kept"] == 4
    _stopped_while_the_tables_are_made(monkeypatch, [path], tmp_path / "d")
    changed = write(tmp_path / "a.jsonl", [record(n) for n in range(1, 7)])
    assert ingest([changed], tmp_path / "d").counts["kept"] == 6
    left = {p.name.split(".")[0] for p in (tmp_path / "d" / "records").iterdir()}
    assert len(left) == 1
