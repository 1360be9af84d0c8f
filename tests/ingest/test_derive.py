"""Classes of families, each once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from netpos.ingest.derive import class_table
from netpos.ingest.details import Details
from netpos.ingest.families import Grouping


@pytest.mark.parametrize("at_once", [2, 100])
def test_symbols_of_a_family_stand_once_and_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr("netpos.ingest.derive._AT_ONCE", at_once)
    rows = [(0, "CPC", "H01L 31/04"), (1, "IPC", "g06n3/08"), (2, "CPC", "H01L31/04")]
    rows += [(2, "CPC", "A61K"), (1, "CPC", " "), (3, "CPC", "B01D")]
    classes = pl.DataFrame(rows, ["row", "scheme", "symbol"], orient="row")
    details = Details(np.arange(4), [("a", 0)], lambda *_: classes)
    family = np.array([1, 0, 1, -1], dtype=np.int32)
    none = np.zeros(0, dtype=np.int64)
    grouping = Grouping(family, pl.Series(["f", "g"]), none, family[:0])
    found = pl.concat(class_table(details, grouping, tmp_path))
    assert found.rows() == [
        (0, "IPC", "G06N3/08"),
        (1, "CPC", "A61K"),
        (1, "CPC", "H01L31/04"),
    ]
    assert list(tmp_path.iterdir()) == []
