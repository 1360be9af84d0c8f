"""Tables of a run as text: whatever the number of rows at a time, the same bytes."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from netpos import outputs
from netpos.outputs import Outputs

TABLE = pl.DataFrame(
    {
        "name": ["a", None, 'say "no"', "two\r\nlines", "one\rmore", "", "é, è"],
        "weight": [1.0, None, 0.1, 1e-9, 2.5, 3.0, -4.0],
    }
)


@pytest.mark.parametrize("rows", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("height", [0, 1, 7])
def test_a_table_in_pieces_is_the_table_at_once(
    rows: int, height: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outputs, "_ROWS", rows)
    table = TABLE[:height]
    with Outputs(tmp_path) as out:
        out.csv("tables/t.csv", table)
        found = (out.out / "tables/t.csv").read_bytes()
        assert out.names == ["tables/t.csv"]
    whole = table.write_csv(null_value="").replace("\r\n", "\n").replace("\r", "\n")
    assert found == whole.encode()
