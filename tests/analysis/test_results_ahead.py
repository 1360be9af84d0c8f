"""Technologies and periods of a run counted while others are drawn from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from netpos import analysis
from netpos.analysis import results, sensitivity
from netpos.analysis import study as study_module
from netpos.ingest.corpus import read
from netpos.options import make
from tests.lens import toy_records, write

QUANTUM = Path(__file__).parent.parent / "quantum.toml"


def test_tables_are_the_same_whether_or_not_the_next_begins_while_one_is_drawn_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = read(write(tmp_path / "a.jsonl", toy_records()))
    options = {"technologies": str(QUANTUM), "draws": 40, "sensitivity": False}
    study = analysis.prepare(corpus, make(options))
    begun: list[str] = []
    asked: list[object] = []
    original = results.selecting

    def told(*cell: object) -> Callable[[], object]:
        begun.append("begun")
        asked.append(cell[1])
        finish = original(*cell)
        begun.append("drawing")

        def finished() -> object:
            begun.append("finished")
            return finish()

        return finished

    monkeypatch.setattr(results, "selecting", told)
    ahead = results.tables(study)
    assert begun[:5] == ["begun", "drawing", "begun", "drawing", "finished"]
    assert list(dict.fromkeys(asked)) == study.names
    begun.clear()
    asked.clear()
    monkeypatch.setattr(study_module, "MOST_QUICK", 0)
    alone = results.tables(study)
    assert begun[:5] == ["begun", "drawing", "begun", "finished", "drawing"]
    sizes = [study.member[str(name)].sum() for name in asked]
    assert sizes == sorted(sizes, reverse=True)  # the largest while few tables are held
    assert {*asked} == {*study.names}
    assert ahead.keys() == alone.keys()
    for name, table in ahead.items():
        assert_frame_equal(table, alone[name], check_exact=True)
    firms = alone["organisation_links"].filter(pl.col("technology") == "quantum")
    assert isinstance(firms.schema["citing"], pl.Enum)
    whole = (study.options.first, study.options.last)
    table = study.links("quantum", whole, kind="organisation").table.select("citing", "cited")
    found = firms.filter(pl.col("period") == "all").select("citing", "cited").cast(pl.String)
    assert_frame_equal(found, table)
    assert found.height
    rows: dict[str, list[bytes]] = {}
    without = results.tables(study, rows)
    assert list(without) == list(alone)
    for name in results.LARGEST:
        assert without[name].height == 0 < alone[name].height
        assert len(rows[name]) == len(asked) // 2
        without[name] = results.put_back(rows[name], without[name].schema)
        assert rows[name] == []
        assert_frame_equal(without[name], alone[name], check_exact=True)


def test_values_of_a_large_corpus_are_put_aside_while_other_ways_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = read(write(tmp_path / "a.jsonl", toy_records()))
    study = analysis.prepare(corpus, make({"technologies": str(QUANTUM), "draws": 0}))
    found = results.tables(study)
    values, want = found["family_values"], results.sensitivity_tables(study, found)
    held: list[int] = []
    original = sensitivity.sensitivity

    def told(*given: object) -> object:
        held.append(found["family_values"].height)
        return original(*given)

    monkeypatch.setattr(study_module, "MOST_QUICK", 0)
    monkeypatch.setattr(sensitivity, "sensitivity", told)
    apart = results.sensitivity_tables(study, found)
    assert held == [0]
    assert values.height
    assert_frame_equal(found["family_values"], values, check_exact=True)
    for name, table in want.items():
        assert_frame_equal(apart[name], table, check_exact=True)
