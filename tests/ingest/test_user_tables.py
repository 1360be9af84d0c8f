"""Users' own tables: what is read, and what each mistake is told."""

from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
import pytest

from netpos.errors import InputError, TableError
from netpos.ingest.user_tables import (
    label_countries,
    read_aliases,
    read_families,
    read_links,
    read_matrix,
    read_residences,
    read_totals,
)
from netpos.tables import Links

LINKS = "citing,cited,weight\nNL,DE,3\nNL,NA,4.5\nDE,NL,1e2\n"
ROWS = [("DE", "NL", 100.0), ("NL", "DE", 3.0), ("NL", "NA", 4.5)]


@pytest.fixture
def write(tmp_path: Path):
    def write(text: str | bytes, name: str = "table.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


def refused(reader, path: Path) -> str:
    """The message, without the folder; one line."""
    with pytest.raises(InputError) as caught:
        reader(path)
    message = str(caught.value)
    assert "\n" not in message
    return message.removeprefix(f"{path.parent}/")


def test_a_plain_table_is_read_typed_and_sorted(write) -> None:
    table = read_links(write(LINKS))
    assert table.schema == {"citing": pl.String, "cited": pl.String, "weight": pl.Float64}
    assert table.rows() == ROWS


def test_optional_columns_are_read_where_they_are(write) -> None:
    head = "Citing,Cited,Strength,n_citations,tech,year\n"
    table = read_links(write(head + "NL,DE,3,2,quantum,2016\nNL,DE,1,,,\n"))
    assert table.columns == ["citing", "cited", "weight", "citations", "technology", "period"]
    assert table.rows() == [
        ("NL", "DE", 3.0, 2, "quantum", "2016"),
        ("NL", "DE", 1.0, None, None, None),
    ]


def test_the_links_can_be_analysed_as_they_are(write) -> None:
    links = Links.from_table(read_links(write(LINKS)))
    assert links.countries == ["DE", "NA", "NL"]
    assert links.foreign().sum() == 107.5


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("NL,US,-2", "weight is -2, less than 0; correct it, or delete the row"),
        ("NL,US,many", "weight is 'many', not a number; write plain numbers such as 1234.5"),
        ("NL,US,", "weight is empty; fill it in, or delete the row"),
        ("NL,US,NA", "weight is 'NA'; fill it in, or delete the row"),
        ("NL,US,inf", "weight is 'inf', not a number; write plain numbers such as 1234.5"),
        ("NL,US,1e999", "weight is '1e999', not a number; write plain numbers such as 1234.5"),
        ("NL,US,1_000", "weight is '1_000', not a number; write plain numbers such as 1234.5"),
        (
            'NL,US,"1,5"',
            "weight is '1,5', not a number; "
            "separate columns by a semicolon where decimals have a comma",
        ),
        ("NL,,2", "cited is empty; fill it in, or delete the row"),
        ("NL,US", "2 cells, but the head has 3; check separators and quotes"),
        ("NL,US,2,3", "4 cells, but the head has 3; check separators and quotes"),
    ],
)
def test_a_bad_row_is_named_with_its_line(write, row: str, problem: str) -> None:
    assert refused(read_links, write(LINKS + row + "\nNL,FR,1\n")) == f"table.csv:5: {problem}"


def test_source_and_target_are_not_taken_for_a_direction(write) -> None:
    message = refused(read_links, write("source,target,weight\nNL,DE,3\n"))
    assert message.endswith("call the end that makes the reference 'citing' and the other 'cited'")


def test_two_columns_that_could_both_be_meant_are_refused(write) -> None:
    message = refused(read_families, write("iso2,ctry,families\nNL,NL,3\n"))
    assert message == (
        "table.csv: columns 'iso2' and 'ctry' could both be country; call the one meant 'country'"
    )
    exact = read_families(write("iso2,country,families\nxx,NL,3\n"))
    assert exact.rows() == [("NL", 3.0)]


def test_families_are_read_by_technology_and_period(write) -> None:
    text = "Country;Technology;Period;Number of families\nNL;ai;2015-2020;2,5\nNA;ai;2015-2020;1\n"
    table = read_families(write(text))
    assert table.columns == ["country", "families", "technology", "period"]
    assert table.rows() == [("NA", 1.0, "ai", "2015-2020"), ("NL", 2.5, "ai", "2015-2020")]


def test_a_repeated_row_is_refused_with_both_lines(write) -> None:
    text = "country,families,technology\nNL,3,ai\nNL,4,quantum\nNL,5,ai\n"
    assert refused(read_families, write(text)) == (
        "table.csv:4: ai, NL is already in line 2; keep one row of it"
    )


def test_a_matrix_keeps_codes_as_text_and_unknown_cells_as_null(write) -> None:
    text = "reporter_iso,product_code,export_value_usd\nnld,0101,5\nnld,0102,\nNA,0101,NA\n"
    table = read_matrix(write(text))
    assert table.rows() == [
        ("NA", "0101", None),
        ("nld", "0101", 5.0),
        ("nld", "0102", None),
    ]


def test_a_matrix_by_year_is_read_by_year(write) -> None:
    text = "country,product,value,year\nNL,a,1,2016\nNL,a,2,2015.0\nDE,b,1,2015\n"
    table = read_matrix(write(text))
    assert table.schema["year"] == pl.Int32
    assert table.rows() == [("DE", "b", 1.0, 2015), ("NL", "a", 2.0, 2015), ("NL", "a", 1.0, 2016)]
    message = refused(read_matrix, write(text.replace("2016", "2015-2020")))
    assert message == "table.csv:2: year is '2015-2020', not a year; correct it"


@pytest.mark.parametrize(
    ("text", "column", "only"),
    [
        ("NL,a,1\nNL,b,2\n", "country", "NL"),
        ("NL,a,1\n", "country", "NL"),
        ("NL,a,1\nDE,a,2\n", "product", "a"),
    ],
)
def test_a_matrix_of_one_row_or_column_is_refused(write, text: str, column: str, only: str) -> None:
    message = refused(read_matrix, write("country,product,value\n" + text))
    assert message == (
        f"table.csv: column '{column}' holds only '{only}', nothing to compare; "
        "give a matrix of at least 2 by 2"
    )


def test_a_repeated_cell_of_a_matrix_is_refused(write) -> None:
    text = "country,product,value\nNL,a,1\nDE,b,2\nNL,a,1\n"
    assert "table.csv:4: NL, a is already in line 2" in refused(read_matrix, write(text))


def test_totals_are_read_by_year(write) -> None:
    table = read_totals(write("country,families,year\nNL,30,2016\nDE,50,2015\n"))
    assert table.rows() == [("DE", 50.0, 2015), ("NL", 30.0, 2016)]
    assert read_totals(write("ctry,count\nNL,30\n")).rows() == [("NL", 30.0)]
    assert "NL is already in line 2" in refused(
        read_totals, write("country,families\nNL,1\nNL,2\n")
    )


@pytest.mark.parametrize(
    "text",
    [
        "alias,name\nASML Hldg,ASML\nVeldhoven Litho,ASML\n",
        "name,alias\nASML,ASML Hldg\nASML,Veldhoven Litho\n",
        "name,canonical\nASML Hldg,ASML\nVeldhoven Litho,ASML\nASML Hldg,ASML\n",
        "canonical,alias\nASML,ASML Hldg\nASML,Veldhoven Litho\n",
    ],
)
def test_aliases_become_the_name(write, text: str) -> None:
    table = read_aliases(write(text))
    assert table.columns == ["name", "canonical"]
    assert table.rows() == [("ASML Hldg", "ASML"), ("Veldhoven Litho", "ASML")]


def test_aliases_that_contradict_each_other_are_refused(write) -> None:
    two = refused(read_aliases, write("alias,name\nA,B\nA,C\n"))
    assert two == "table.csv:3: A is already in line 2; keep one row of it"
    chain = refused(read_aliases, write("alias,name\nB,C\nA,B\n"))
    assert chain.startswith("table.csv:3: 'A' becomes 'B', which becomes another name itself; ")
    itself = read_aliases(write("alias,name\nA,B\nB,B\n"))
    assert itself.rows() == [("A", "B"), ("B", "B")]


def test_residences_share_a_document_among_its_countries(write) -> None:
    text = "lens_id,country\n000-1,NL\n000-1,NA\n000-2,DE\n"
    assert read_residences(write(text)).rows() == [
        ("000-1", "NA", 0.5),
        ("000-1", "NL", 0.5),
        ("000-2", "DE", 1.0),
    ]
    shares = "lens_id,country,share\n000-1,NL,3\n000-1,DE,1\n"
    assert read_residences(write(shares))["share"].to_list() == [0.25, 0.75]


def test_residences_without_sense_are_refused(write) -> None:
    head = "lens_id,country,share\n"
    zero = refused(read_residences, write(head + "1,NL,1\n1,DE,0\n"))
    assert zero == "table.csv:3: share is 0; leave the row out, or give its part"
    again = refused(read_residences, write(head + "1,NL,1\n1,NL,1\n"))
    assert "table.csv:3: 1, NL is already in line 2" in again


def test_labels_become_codes_where_they_name_a_country() -> None:
    table = pl.DataFrame(
        {
            "citing": ["Netherlands", "NLD", "NA", "NL32", None],
            "cited": ["DE", "DE", "Netherlands", "Erewhon", "DE"],
            "weight": [1.0, 2.0, 3.0, 4.0, 5.0],
        }
    )
    got, warnings = label_countries(table, ["citing", "cited"])
    assert got["citing"].to_list() == ["NL", "NL", "NA", "NL32", None]
    assert got["cited"].to_list() == ["DE", "DE", "NL", "Erewhon", "DE"]
    assert got["weight"].equals(table["weight"])
    assert warnings == [
        "2 labels are no country and stay without membership: Erewhon, NL32",
        "labels taken as one country: NLD, Netherlands = NL",
    ]


def test_codes_alone_give_no_warning_and_stay() -> None:
    table = pl.DataFrame({"country": ["NA", "NL"]})
    got, warnings = label_countries(table, ["country"])
    assert got.equals(table)
    assert warnings == []


def test_many_strange_labels_are_counted_and_some_shown() -> None:
    table = pl.DataFrame({"country": [f"region {i}" for i in range(9)]})
    got, warnings = label_countries(table, ["country"])
    assert got.equals(table)
    assert warnings[0].startswith("9 labels are no country and stay without membership: region 0,")
    assert warnings[0].endswith("region 4 and 4 more")


def test_labels_need_a_column_of_text() -> None:
    with pytest.raises(TableError, match="'country' is missing; it has: code"):
        label_countries(pl.DataFrame({"code": ["NL"]}), ["country"])


def test_a_published_table_with_semicolons_and_decimal_commas_is_read(real: Path, write) -> None:
    text = gzip.decompress((real / "patent_rca_fields" / "period2_rca.csv.gz").read_bytes())
    head, rest = text.decode().split("\n", 1)
    assert head.split(";")[:3] == ['"ctry_code"', '"techn_field_nr"', '"RCA_Gen"']
    table = read_matrix(write("country;product;value;RCA_AI;span\n" + rest))
    expected = pl.read_csv(
        text, separator=";", decimal_comma=True, null_values={"RCA_AI": "NA"}
    ).select(
        country=pl.col("ctry_code").str.strip_chars(),  # one label is "U "
        product=pl.col("techn_field_nr").cast(pl.String),
        value="RCA_Gen",
    )
    assert table.height == 8365
    assert table.equals(expected.sort("country", "product"))


def test_real_trade_is_read_whole(real: Path) -> None:
    table = read_matrix(
        real / "complexity_reference" / "trade_hs4_2017" / "world_trade_2017.csv.gz"
    )
    assert table.height == 233_432
    assert table["value"].null_count() == 56_461
    assert table["product"].str.len_chars().unique().to_list() == [4]
