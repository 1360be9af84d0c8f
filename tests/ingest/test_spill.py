"""Buckets on disk give back what was put into them, in its order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from netpos.ingest.spill import Buckets, TextBuckets, joined

KIND = np.dtype([("key", "i8"), ("n", "i4")])


@pytest.mark.parametrize("number", [0, 1, 2, 5])
def test_rows_with_fields_are_put_together_as_numpy_does(number: int) -> None:
    rows = np.empty(60, KIND)
    rows["key"], rows["n"] = np.arange(60) << 33, np.arange(60)
    parts = [
        part[::step] for part, step in zip(np.array_split(rows, 5), (1, 2, 1, 3, 9), strict=True)
    ]
    found = joined(parts[:number], KIND)
    assert found.dtype == KIND
    assert found.tolist() == np.concatenate([np.empty(0, KIND), *parts[:number]]).tolist()


@pytest.mark.parametrize("number", [1, 7])
@pytest.mark.parametrize("at_once", [3, 1000])
def test_rows_come_back_by_bucket_in_the_order_in_which_they_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, at_once: int
) -> None:
    monkeypatch.setattr("netpos.ingest.spill._ROWS_AT_ONCE", at_once)
    rng = np.random.default_rng(1)
    rows = np.empty(50, KIND)
    rows["key"], rows["n"] = rng.integers(0, number, 50), np.arange(50)
    rows = rows[rows["key"] != 3]  # one bucket stays empty
    buckets = Buckets(tmp_path, "rows", KIND, number)
    for part in np.array_split(rows, 9):
        buckets.put(part, part["key"])
    found = list(buckets.taken())
    assert len(buckets) == len(found) == number
    for k, bucket in enumerate(found):
        assert bucket.tolist() == rows[rows["key"] == k].tolist()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("at_once", [3, 1000])
def test_frames_come_back_by_bucket_in_the_order_in_which_they_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr("netpos.ingest.spill._TEXTS_AT_ONCE", at_once)
    rng = np.random.default_rng(1)
    of = rng.choice([0, 1, 2, 4], 40)
    frame = pl.DataFrame({"text": [str(n) if n % 5 else None for n in range(40)]})
    buckets = TextBuckets(tmp_path, "texts", 5)
    for low in range(0, 40, 6):
        buckets.put(frame[low : low + 6], of[low : low + 6])
    found = [pl.concat(list(parts)) for parts in buckets.taken()]
    assert len(found) == 5
    for k, bucket in enumerate(found):
        assert bucket.equals(frame.filter(pl.Series(of == k)))
        assert bucket.schema == frame.schema
    assert list(tmp_path.iterdir()) == []
