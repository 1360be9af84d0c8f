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


def test_blanks_and_capitals_are_no_other_column_and_no_other_key(tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text('B \t" A"\r\n 1 \t"  "\r\n2\t x\r\n')
    assert [(r["B"], r["a"]) for r in rows(tmp_path / "t.tsv")] == [("1", None), ("2", "x")]
    (tmp_path / "t.tsv").write_text("b\ta\tA\n1\t2\t3\n")
    with pytest.raises(InputError, match="a column is there twice"):
        rows(tmp_path / "t.tsv")


def test_what_a_mac_puts_into_an_archive_is_no_table(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "t.tsv.zip", "w") as archive:
        for name in ("__MACOSX/my folder/._t.tsv", "my folder/._t.tsv"):
            archive.writestr(name, "no table")
        archive.writestr("my folder/T.TSV", TEXT)
    assert len(rows(tmp_path / "t.tsv.zip")) == 2


def test_an_archive_with_a_password_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "t.tsv.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("t.tsv", TEXT)
    data = bytearray(path.read_bytes())
    data[6] |= 1  # the flag of encryption in the file's own header and in the directory
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"t\.tsv\.zip: damaged table"):
        rows(path)


def test_a_row_that_swallows_others_is_told_and_one_of_two_lines_is_not(tmp_path: Path) -> None:
    path = tmp_path / "t.tsv"
    path.write_text('a\tb\tmore\n1\t"x\ny"\n2\t2\t2\n')  # two lines, and a cell too few
    with open_table(path, ["a", "b"], ["more"]) as table:
        found = table.reader.read_all().to_pylist()
    assert (table.bad, [r["line"] for r in found]) == ([2], [3])
    path.write_text('a\tb\tmore\n1\t"Smart" x\t1\n2\t"Smart x\t1\n3\t3\t3\n')
    with (
        pytest.raises(InputError, match=r"t.tsv.*mark in row 3 is not closed"),
        open_table(path, ["a", "b"], ["more"]) as table,
    ):
        table.reader.read_all()


def test_an_error_of_many_lines_is_told_in_one() -> None:
    assert "\n" not in str(damaged(Path("t.tsv"), ValueError("one\ntwo")))
