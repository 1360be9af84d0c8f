"""One table as a stream of rows."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest

from netpos.errors import InputError
from netpos.ingest.readers.uspto_files import damaged, open_table

TEXT = 'b\t"a"\tc\n"1"\t"x ""y""\nz"\t\n2\t\tq\n'


def rows(path: Path) -> list[dict]:
    with open_table(path, ["a", ("B", "b")], ["more"]) as table:
        return table.reader.read_all().to_pylist()


def test_columns_are_found_by_name_in_any_container(tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text("\ufeff" + TEXT, encoding="utf-8")
    (tmp_path / "t.tsv.gz").write_bytes(gzip.compress(TEXT.encode()))
    with zipfile.ZipFile(tmp_path / "t.tsv.zip", "w") as archive:
        archive.writestr("t.tsv", TEXT)
    expected = [
        {"line": 2, "a": 'x "y"\nz', "B": "1", "more": None},
        {"line": 3, "a": None, "B": "2", "more": None},
    ]
    for name in ("t.tsv", "t.tsv.gz", "t.tsv.zip"):
        assert rows(tmp_path / name) == expected


def test_an_archive_of_several_tables_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "t.tsv.zip", "w") as archive:
        archive.writestr("t.tsv", TEXT)
        archive.writestr("u.tsv", TEXT)
    with pytest.raises(InputError, match="2 tables, not one"):
        rows(tmp_path / "t.tsv.zip")


def test_an_error_of_many_lines_is_told_in_one() -> None:
    assert "\n" not in str(damaged(Path("t.tsv"), ValueError("one\ntwo")))
