"""Tables of a run as text: whatever the number of rows at a time, the same bytes."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from netpos import outputs
from netpos.errors import InputError
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


@pytest.mark.parametrize("act", ["replace", "unlink"])
def test_a_file_that_a_spreadsheet_holds_open_is_named_with_what_to_do(
    act: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Outputs(tmp_path) as out:
        out.text("old.csv", "a")
        out.finish({})
    original = getattr(Path, act)

    def refused(path: Path, *rest: object, **named: object) -> object:
        if "old.csv" in (path.name, *(getattr(r, "name", "") for r in rest)):
            raise PermissionError(13, "in use")
        return original(path, *rest, **named)

    with Outputs(tmp_path) as out:
        out.text("old.csv" if act == "replace" else "new.csv", "b")
        with monkeypatch.context() as patch:
            patch.setattr(Path, act, refused)
            with pytest.raises(InputError, match=r"old\.csv: .*in use.*close it where it is open"):
                out.finish({})
    with Outputs(tmp_path) as out:  # the next run completes what waited
        assert not (tmp_path / "old.csv").exists() or act == "replace"
        assert (tmp_path / ("old.csv" if act == "replace" else "new.csv")).read_text() == "b"
