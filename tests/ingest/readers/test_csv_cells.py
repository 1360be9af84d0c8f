"""A CSV as spreadsheets leave it: other separators, encodings, quotes, dates."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from netpos.ingest.corpus import Corpus, read
from netpos.ingest.readers.csv_cells import fitted

FAULTS = Path(__file__).parents[1] / "faults"
HEAD = [
    "#", "Jurisdiction", "Kind", "Lens ID", "Publication Date", "Publication Year",
    "Priority Numbers", "Title", "Applicants", "Inventors", "URL", "Document Type",
    "Cited by Patent Count", "Simple Family Size", "CPC Classifications", "US Classifications",
    "Legal Status",
]  # fmt: skip
ROWS = [
    [
        str(n), "NL", "A1", f"000-000-000-000-0{n}X", "2018-03-16", "2018",
        "NL 2000001 A;;DE 1 A" if n % 2 else "NL 2000001 A", "A title" if n % 3 else "",
        "ALPHA BV;;BETA GMBH" if n % 3 else "ALPHA BV", "DOE J;;ROE A;;POE B" if n % 2 else "",
        f"https://lens.org/000-000-000-000-0{n}X", "Patent Application", "3", "2",
        "G06N10/00;;H01L31/00;;B82Y10/00", "" if n % 2 else "257/1;;257/2", "ACTIVE",
    ]
    for n in range(1, 10)
]  # fmt: skip


def table(separator: str, quote: str = "") -> str:
    rows = [separator.join(f"{quote}{cell}{quote}" for cell in row) for row in [HEAD, *ROWS]]
    return "\r\n".join(rows) + "\r\n"


def found(path: Path, content: str | bytes) -> Corpus:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read(path)


SAVED = {
    "commas": table(","),
    "semicolons, quoted": table(";", '"'),
    "semicolons, unquoted": table(";"),
    "sep line": "sep=;\r\n" + table(";", '"'),
    "sep line, unquoted": "sep=;\r\n" + table(";"),
    "sep line of commas": "sep=,\r\n" + table(","),
    "tabs": table("\t"),
    "single quotes": table(",", "'"),
    "single quotes, semicolons": table(";", "'"),
    "small x": table(",").replace("X,", "x,"),
    "UTF-16": table("\t").encode("utf-16"),
    "UTF-16 with a sep line": ("sep=;\r\n" + table(";", '"')).encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf" + table(";").encode(),
}


@pytest.mark.parametrize("name", SAVED)
def test_every_row_is_read_however_it_was_saved(tmp_path: Path, name: str) -> None:
    expected = found(tmp_path / "plain.csv", table(","))
    corpus = found(tmp_path / "a.csv", SAVED[name])
    assert corpus.counts == expected.counts
    assert corpus.counts["kept"] == 9
    for part in ("families", "applicants", "classifications", "members"):
        assert corpus.table(part).equals(expected.table(part)), part


def test_cells_that_fit_no_column_are_no_row() -> None:
    at = {"lens_id": [0], "office": [1], "kind": [2]}
    assert fitted(["000-000-000-000-019", "", "x y", "NL", "A1"], at, 3) is None


def test_a_cell_above_the_limit_of_the_library_is_read(tmp_path: Path) -> None:
    text = table(",").replace("A title", "x" * 200_000)
    assert found(tmp_path / "a.csv", text).counts["kept"] == 9
    assert found(tmp_path / "b.csv", table(",").replace("Title", "T" * 140_000)).counts["kept"] == 9


# --- dates --------------------------------------------------------------------------------------


def dates(corpus: Corpus) -> list[dt.date | None]:
    return corpus.documents.sort("lens_id")["published"].to_list()


def test_the_century_of_a_short_date_is_that_of_the_year_column() -> None:
    corpus = read(FAULTS / "F07_two_digit_year.csv")
    assert sorted(dates(corpus)) == [
        dt.date(1919, 12, 18),
        dt.date(1929, 10, 14),
        dt.date(2015, 1, 15),
    ]


@pytest.mark.parametrize(
    ("cell", "year", "expected"),
    [
        ("31/12/99", "2000", dt.date(1999, 12, 31)),
        ("01/01/00", "1999", dt.date(2000, 1, 1)),
        ("18/12/19", "", dt.date(2019, 12, 18)),
        ("18/12/1919", "2019", dt.date(1919, 12, 18)),
        ("18/12/45", "1945", dt.date(1945, 12, 18)),
    ],
)
def test_only_the_century_is_taken_from_the_year_column(
    tmp_path: Path, cell: str, year: str, expected: dt.date
) -> None:
    head = "Lens ID,Jurisdiction,Publication Date,Publication Year"
    text = f"{head}\n000-000-000-000-01X,GB,{cell},{year}\n"
    assert dates(found(tmp_path / "a.csv", text)) == [expected]


def test_a_filing_date_lies_before_its_publication(tmp_path: Path) -> None:
    text = (
        "Lens ID,Jurisdiction,Publication Date,Publication Year,Application Date,"
        "Earliest Priority Date\n000-000-000-000-01X,GB,1921-05-01,1921,14/10/19,09/04/22\n"
    )
    corpus = found(tmp_path / "a.csv", text)
    assert corpus.documents["application_date"].to_list() == [dt.date(1919, 10, 14)]
    assert corpus.families["earliest_priority"].to_list() == [dt.date(1922, 4, 9)]


def test_the_year_stands_in_where_no_date_is_stated(tmp_path: Path) -> None:
    corpus = read(FAULTS / "F12_year_only.csv")
    assert dates(corpus) == [dt.date(2018, 1, 1)]
    assert corpus.manifest["inputs"][0]["notes"]
    text = "Lens ID,Jurisdiction,Publication Date\n000-000-000-000-01X,GB,2018-03\n"
    assert dates(found(tmp_path / "a.csv", text)) == [dt.date(2018, 3, 1)]


def test_an_export_of_2015_is_known_by_its_publication_number() -> None:
    corpus = read(FAULTS / "F10_lens_2015_no_lens_id.csv")
    assert corpus.documents["lens_id"].to_list() == ["US_20130000001_A1"]
    assert corpus.documents["published"].to_list() == [dt.date(2013, 4, 25)]
    assert corpus.counts["rejected"] == 0
