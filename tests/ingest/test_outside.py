"""The table of documents outside is cut by how many documents were named, however they come."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from netpos.ingest.documents import Documents
from netpos.ingest.outside import Officed, Pieces


@pytest.mark.parametrize("steps", [[12], [1, 11], [5, 0, 2, 5], [3, 4, 5], [4, 4, 4]])
def test_frames_end_where_so_many_documents_were_named(
    monkeypatch: pytest.MonkeyPatch, steps: list[int]
) -> None:
    monkeypatch.setattr("netpos.ingest.outside._NAMED_AT_ONCE", 4)
    missing = np.array([1, 0, 1, 1, 0, 0, 0, 0, 1, 1, 0, 1], dtype=bool)
    pieces, found, low = Pieces(), [], 0
    for step in steps:
        part = missing[low : low + step]
        table = pl.DataFrame({"outside": np.flatnonzero(missing)}).filter(
            pl.col("outside").is_between(low, low + step, closed="left")
        )
        found += pieces.cut(table, part)
        low += step
    found += pieces.rest()
    assert [frame["outside"].to_list() for frame in found] == [[0, 2, 3], [], [8, 9, 11]]


def test_nothing_named_gives_one_empty_frame() -> None:
    pieces = Pieces()
    table = pl.DataFrame(schema={"outside": pl.Int32})
    found = [*pieces.cut(table, np.zeros(0, dtype=bool)), *pieces.rest()]
    assert [frame.schema for frame in found] == [table.schema]


class Kept(Documents):
    """Documents that are there already."""

    def __init__(self, table: pl.DataFrame) -> None:
        self._held = [table]


def test_offices_are_those_of_documents_that_state_one() -> None:
    docs = pl.DataFrame({"doc": [9, -4, 7], "office": ["AU", None, "AT"]})
    found = Officed(Kept(docs)).find(np.array([-4, 7, 8, 9, 10]))
    assert found.tolist() == [-1, 0, -1, 1, -1]
    assert Officed(Kept(docs.head(0))).find(np.array([7])).tolist() == [-1]
