"""Tables of the user as files: their forms, their lines, what is refused."""

from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
import pytest

from netpos.errors import InputError
from netpos.ingest.user_tables import (
    read_links,
)
from tests.ingest.test_user_tables import LINKS, ROWS, refused


@pytest.fixture
def write(tmp_path: Path):
    def write(text: str | bytes, name: str = "table.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


@pytest.mark.parametrize(
    "text",
    [
        LINKS.replace(",", ";"),
        LINKS.replace(",", "\t"),
        LINKS.replace(",", ";").replace("4.5", "4,5"),
        LINKS.replace(",", "\t").replace("4.5", "4,5"),
        "\ufeff" + LINKS,
        LINKS.replace("\n", "\r\n"),
        "\n\n" + LINKS.replace("\nDE", "\n,,\n\nDE"),
        LINKS.replace("citing,cited,weight", '"Citing Country", CITED-CTRY ,Weight'),
        LINKS.replace("\n", ",note\n", 1)
        .replace("3\n", '3,"a\nb, c"\n')
        .replace("4.5", "4.5,")
        .replace("1e2", "1e2,"),
        LINKS.replace("weight\n", "weight,\n")
        .replace("3\n", "3,\n")
        .replace("5\n", "5,\n")
        .replace("1e2\n", "1e2,\n"),
        LINKS.replace("DE,NL,1e2\n", "DE,NL,+100.\n"),
        LINKS.removesuffix("\n"),
    ],
    ids=[
        "semicolon",
        "tab",
        "semicolon and decimal comma",
        "tab and decimal comma",
        "byte order mark",
        "Windows line ends",
        "blank lines",
        "heads in other words",
        "a column more, with line ends in it",
        "a separator at each end",
        "other ways to write 100",
        "no last line end",
    ],
)
def test_the_forms_of_csv_give_the_same_table(write, text: str) -> None:
    assert read_links(write(text)).rows() == ROWS


def test_gzip_and_parquet_give_the_same_table(write, tmp_path: Path) -> None:
    assert read_links(write(gzip.compress(LINKS.encode()), "t.csv.gz")).rows() == ROWS
    read_links(write(LINKS)).write_parquet(tmp_path / "t.parquet")
    assert read_links(tmp_path / "t.parquet").rows() == ROWS
    assert read_links(str(tmp_path / "t.parquet")).rows() == ROWS


def test_the_line_is_the_physical_one_where_cells_hold_line_ends(write) -> None:
    text = 'note,citing,cited,weight\n"a\nb",NL,DE,1\n\n"c",NL,US,x\n'
    assert refused(read_links, write(text)).startswith("table.csv:5: weight is 'x'")


def test_in_parquet_the_row_is_named(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pl.DataFrame(
        {"citing": ["NL", "NL"], "cited": ["DE", "US"], "weight": [1.0, float("nan")]}
    ).write_parquet(path)
    assert refused(read_links, path).startswith("t.parquet:2: weight is 'nan'")


def test_decimal_comma_and_point_in_one_file_are_refused(write) -> None:
    # 1.234 could be a thousand or one and a bit
    text = "citing;cited;weight\nNL;DE;1.234\nNL;US;0,5\n"
    message = refused(read_links, write(text))
    assert message.startswith("table.csv:2: weight is '1.234', but others have a decimal comma")
    both = refused(read_links, write("citing;cited;weight\nNL;DE;1.234,5\n"))
    assert both.startswith("table.csv:2: weight is '1.234,5', not a number")


def test_a_missing_column_is_named_with_those_that_are_there(write) -> None:
    message = refused(read_links, write("citing,cited,kg\nNL,DE,3\n"))
    assert message == (
        "table.csv: column 'weight' is missing; it has: citing, cited, kg; "
        "rename the column that holds it to 'weight'"
    )


def test_a_column_that_occurs_twice_is_refused(write) -> None:
    message = refused(read_links, write("citing,cited,weight,weight\nNL,DE,3,4\n"))
    assert message == "table.csv:1: column 'weight' occurs twice; rename one of them"


@pytest.mark.parametrize("text", ["", "\n \n", ",,\n", "\ufeff"])
def test_an_empty_file_is_refused(write, text: str) -> None:
    assert refused(read_links, write(text)).startswith("table.csv: the file is empty; ")


def test_a_head_without_rows_is_refused(write) -> None:
    assert refused(read_links, write("citing,cited,weight\n")) == (
        "table.csv:1: no rows below the head"
    )


def test_files_of_other_kinds_are_refused(write, tmp_path: Path) -> None:
    assert refused(read_links, tmp_path / "no.csv").startswith("no.csv: no such file; ")
    with pytest.raises(InputError, match="is a folder"):
        read_links(tmp_path)
    assert "an Excel or zip file; save" in refused(read_links, write(b"PK\x03\x04rest", "t.xlsx"))
    assert "damaged gzip file" in refused(read_links, write(gzip.compress(b"a,b\n")[:-4], "t.gz"))
    assert "damaged Parquet file" in refused(read_links, write(b"PAR1rest", "t.parquet"))
    latin = "citing,cited,weight\nNL,DE,1\nCôte d'Ivoire,NL,2\n".encode("latin-1")
    assert refused(read_links, write(latin)) == "table.csv:3: not UTF-8; save as CSV (UTF-8)"
    assert "check the quotes" in refused(read_links, write('citing,cited,weight\n"NL"x,DE,1\n'))
