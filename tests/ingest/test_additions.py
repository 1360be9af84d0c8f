"""Exports added one after the other give the bytes of a corpus made of all of them at once."""

from __future__ import annotations

import json
import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from netpos.errors import InputError
from netpos.ingest import corpus as corpora
from netpos.ingest import making
from netpos.ingest.corpus import ingest, open_corpus
from netpos.ingest.manifest import TABLES
from tests.lens import record, write

FIRMS = ["ACME BV", "Acme B.V.", "Beta Ltd", "GAMMA CO LTD", "DOE JANE", "Roe, Richard"]
CODES = ["NL", "DE", "SU", "EP", "XX", None]


def _one(draw: random.Random, n: int, most: int) -> dict[str, Any]:
    """Make up a record; documents cited are in the corpus, come later, or never."""
    cites: list[int | dict[str, Any]] = [draw.randrange(1, most + 20) for _ in range(3)]
    if draw.random() < 0.3:  # by number alone, perhaps of another kind
        named = {"jurisdiction": "EP", "doc_number": str(draw.randrange(1, most)), "kind": "B1"}
        cites.append({"sequence": 9, "patcit": {"document_id": named}})
    members = [draw.randrange(1, most + 20)] if draw.random() < 0.3 else []
    return record(
        n,
        family=draw.choice([n, n // 3, None]),
        members=members,
        cites=[c for c in cites if c != n],
        cited_by=[draw.randrange(1, most + 20)] if draw.random() < 0.4 else [],
        applicants=[(draw.choice(FIRMS), draw.choice(CODES)) for _ in range(draw.choice([1, 2]))],
        inventors=[(draw.choice(FIRMS[4:]), draw.choice(CODES))],
        symbols=draw.sample(["G06N10/00", "H01L 31/00", "h01m10/05"], 2),
        published=draw.choice(["2017-03-01", "2018-06-01", None]),
        priority=draw.choice([("NL", "2016-01-01"), None]),
        publication_type=draw.choice(["PATENT_APPLICATION", "GRANTED_PATENT", "DESIGN_RIGHT"]),
    )


def _exports(folder: Path, draw: random.Random) -> list[Path]:
    """Write a few exports; some records come again, corrected or not, some cannot be read."""
    folder.mkdir()
    most = draw.choice([12, 40])
    numbers = draw.sample(range(1, most + 1), most)
    cuts = sorted(draw.sample(range(1, most), draw.choice([1, 2, 3])))
    found = []
    for k, (low, high) in enumerate(pairwise([0, *cuts, most])):
        rows = [_one(draw, n, most) for n in numbers[low:high]]
        again = draw.sample(numbers[: high or 1], draw.choice([0, 1, 3]) % high)
        rows += [_one(draw, n, most) for n in again]
        rows += draw.choice([[], [{"bad": 1}], rows[:1]])
        found.append(write(folder / f"{draw.choice('abc')}{k}.jsonl", rows))
    return found


def _bytes(folder: Path) -> dict[str, bytes]:
    names = [*(f"{name}.parquet" for name in TABLES), "corpus.json"]
    return {name: (folder / name).read_bytes() for name in names}


@pytest.mark.parametrize("seed", range(12))
def test_additions_in_any_order_give_the_bytes_of_a_corpus_made_at_once(
    tmp_path: Path, seed: int
) -> None:
    draw = random.Random(seed)
    exports = _exports(tmp_path / "in", draw)
    ingest(exports, tmp_path / "once")
    expected = _bytes(tmp_path / "once")
    draw.shuffle(exports)
    for export in exports:
        later = draw.random() < 0.5
        ingest([export], tmp_path / "grown", later=later)
        if draw.random() < 0.3:
            open_corpus(tmp_path / "grown")
    open_corpus(tmp_path / "grown")
    assert _bytes(tmp_path / "grown") == expected
    left = draw.sample(exports, len(exports) - 1)
    ingest(left, tmp_path / "without")
    ingest(left, tmp_path / "grown", exactly=True, later=draw.random() < 0.5)
    open_corpus(tmp_path / "grown")
    assert _bytes(tmp_path / "grown") == _bytes(tmp_path / "without")


def test_read_now_and_made_later_the_tables_are_made_once_and_when_they_are_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    real = making.make

    def counted(*given: Any) -> None:
        made.append(1)
        real(*given)

    monkeypatch.setattr(making, "make", counted)
    exports = [write(tmp_path / f"{n}.jsonl", [record(n, cites=[1, 2, 3])]) for n in range(1, 6)]
    ingest(exports[:1], tmp_path / "c")
    before = _bytes(tmp_path / "c")
    for export in exports[1:]:
        put_off = ingest([export], tmp_path / "c", later=True)
        assert "counts" not in put_off.manifest
    tables = _bytes(tmp_path / "c")
    assert {n: tables[n] for n in tables if n != "corpus.json"} == {
        n: before[n] for n in before if n != "corpus.json"
    }
    assert json.loads(tables["corpus.json"])["state"] == "building"
    with pytest.raises(InputError, match="changed since it was opened"), corpora.reading(put_off):
        pass
    assert open_corpus(tmp_path / "c").counts["kept"] == 5
    assert open_corpus(tmp_path / "c").counts["kept"] == 5
    assert len(made) == 2
    assert not ingest(exports, tmp_path / "c", later=True).counts["rejected"]  # nothing is new
    assert len(made) == 2
