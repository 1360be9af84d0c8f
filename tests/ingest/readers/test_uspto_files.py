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


@pytest.mark.parametrize("rows_between", [[], ["3\t3\tx"], ["3\t3\tx", "4\t4\ty", "5\t5\tz"]])
@pytest.mark.parametrize("column", [0, 1, 2])
@pytest.mark.parametrize("end", ["", "\n"])
def test_quotation_marks_in_two_rows_swallow_no_row_between(
    tmp_path: Path, rows_between: list[str], column: int, end: str
) -> None:
    """One cell of all between them: as many cells as others have, so no row looks bad."""
    first, last = (["2", "2", "2"], ["9", "9", "9"])
    first[column] = '"' + first[column]
    last[column] = 'x" ' + last[column] if column else '"' + last[column]
    text = "\n".join(["a\tb\tmore", "1\t1\t1", "\t".join(first), *rows_between, "\t".join(last)])
    (tmp_path / "t.tsv").write_text(text + end, encoding="utf-8")
    with (
        pytest.raises(InputError, match=r"t.tsv.*mark in row 3 is not closed"),
        open_table(tmp_path / "t.tsv", ["a"], []) as table,
    ):
        table.reader.read_all()


def test_cells_of_two_lines_are_no_rows_and_marks_within_cells_are_text(tmp_path: Path) -> None:
    text = 'a\tb\tmore\n1\t"two\nlines"\tx\n2\t5" wide\t6" high\n3\t"a ""b"" c"\t\n'
    (tmp_path / "t.tsv").write_text(text, encoding="utf-8")
    with open_table(tmp_path / "t.tsv", ["a", "b"], []) as table:
        found = table.reader.read_all().to_pylist()
    assert [r["b"] for r in found] == ["two\nlines", '5" wide', 'a "b" c']


def test_an_error_of_many_lines_is_told_in_one() -> None:
    assert "\n" not in str(damaged(Path("t.tsv"), ValueError("one\ntwo")))
