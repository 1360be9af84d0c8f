"""The records of a corpus and their lists, part by part."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from netpos.ingest.details import Details

#: Three records in the first part, one in the second; their classes by row of the part.
CLASSES = {
    "a": pl.DataFrame({"row": [0, 2, 2], "symbol": ["A", "B", "C"], "scheme": ["CPC"] * 3}),
    "b": pl.DataFrame({"row": [0], "symbol": ["D"], "scheme": ["IPC"]}),
}


def opened(stem: str, table: str, columns: Sequence[str]) -> pl.DataFrame:
    assert table == "classes"
    return CLASSES[stem].select(columns or pl.all())


DETAILS = Details(np.arange(4), [("a", 0), ("b", 3)], opened, together=1)


def test_rows_of_a_part_become_records_of_the_corpus() -> None:
    assert DETAILS.read("classes", "symbol").rows() == [("A", 0), ("B", 2), ("C", 2), ("D", 3)]
    assert DETAILS.read("classes").columns == ["symbol", "scheme", "record"]


def test_each_part_comes_with_the_position_of_its_first_record() -> None:
    found = [(first, part.rows()) for first, part in DETAILS.parts("classes", "row", "symbol")]
    assert found == [(0, [(0, "A"), (2, "B"), (2, "C")]), (3, [(0, "D")])]


def test_small_parts_come_together() -> None:
    parts = [("a", 0), ("b", 3), ("a", 4), ("b", 7)]
    details = Details(np.arange(8), parts, opened, together=4)
    found = [(first, part.rows()) for first, part in details.parts("classes", "row", "symbol")]
    half = [(0, "A"), (2, "B"), (2, "C"), (3, "D")]
    assert found == [(0, half), (4, half)]
    one = Details(details.doc, parts, opened)
    assert len(list(one.parts("classes"))) == 1
    assert one.read("classes").rows() == details.read("classes").rows()
