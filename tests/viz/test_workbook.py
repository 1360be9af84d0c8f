"""The workbook read back cell by cell without the library that wrote it."""

from __future__ import annotations

import io
import re
import tempfile
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from netpos import analysis
from netpos.analysis import results
from netpos.errors import OptionError
from netpos.indicators import complexity, position
from netpos.ingest.corpus import ingest
from netpos.options import make
from netpos.viz import workbook as module
from netpos.viz.meanings import definition
from netpos.viz.workbook import workbook
from tests.lens import QUANTUM, toy_records, write

ROOT = Path(__file__).resolve().parent.parent.parent
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
Cell = str | float | bool | None

TABLE = pl.DataFrame(
    {
        "country": ["NA", "NL", "US"],
        "name": ["=1+1", "http://example.com", '"Quoted" & <b>'],
        "families": [0.333333333333, None, 1e-7],
        "family_rank": [1, None, 3],
        "core": [True, None, False],
    }
)
HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "{=1}", "mailto:a@b.nl", "http://x",
           "internal:a!A1", "1e5", "007", "שלום\u202e", "🧪", "a;b", 'say "no"', "X" * 300,
           "_x0041_", "<r><t>x</t></r>"]  # fmt: skip


def read_book(path: Path) -> dict[str, list[list[Cell]]]:
    """Values of every sheet, from the XML alone: texts inline or shared, numbers, Booleans."""
    with zipfile.ZipFile(path) as book:
        shared: list[str] = []
        if "xl/sharedStrings.xml" in book.namelist():
            root = ET.fromstring(book.read("xl/sharedStrings.xml"))
            shared = ["".join(t.text or "" for t in s.iter(f"{MAIN}t")) for s in root]
        targets = {
            r.get("Id"): r.get("Target")
            for r in ET.fromstring(book.read("xl/_rels/workbook.xml.rels"))
        }
        out = {}
        for sheet in ET.fromstring(book.read("xl/workbook.xml")).iter(f"{MAIN}sheet"):
            root = ET.fromstring(book.read(f"xl/{targets[sheet.get(LINK)]}"))
            rows: list[list[Cell]] = []
            for row in root.iter(f"{MAIN}row"):
                cells: dict[int, Cell] = {}
                for cell in row:
                    letters = re.sub(r"\d", "", cell.get("r") or "")
                    at = 0
                    for letter in letters:
                        at = at * 26 + ord(letter) - 64
                    cells[at - 1] = value_of(cell, shared)
                width = max(cells, default=-1) + 1
                rows += [[] for _ in range(int(row.get("r") or 0) - len(rows) - 1)]
                rows.append([cells.get(k) for k in range(width)])
            out[sheet.get("name") or ""] = rows
        return out


def value_of(cell: ET.Element, shared: list[str]) -> Cell:
    assert cell.find(f"{MAIN}f") is None, "a formula"
    kind, value = cell.get("t"), cell.find(f"{MAIN}v")
    if kind == "inlineStr":
        return undone("".join(t.text or "" for t in cell.iter(f"{MAIN}t")))
    if value is None:
        return None
    text = value.text or ""
    if kind == "s":
        return undone(shared[int(text)])
    return text == "1" if kind == "b" else float(text)


def number_forms(book: zipfile.ZipFile) -> list[str]:
    """The form of numbers of each style of cells, in the order of their numbers."""
    root = ET.fromstring(book.read("xl/styles.xml"))
    own = {f.get("numFmtId"): f.get("formatCode") for f in root.iter(f"{MAIN}numFmt")}
    # forms that every Excel has, by the standard (ECMA-376, 18.8.30)
    own |= {"0": "General", "2": "0.00", "10": "0.00%"}
    cells = root.find(f"{MAIN}cellXfs")
    assert cells is not None
    return [str(own.get(x.get("numFmtId"))) for x in cells]


def shown_forms(path: Path, sheet: str) -> dict[str, set[str]]:
    """The forms of the cells of each column below the header."""
    with zipfile.ZipFile(path) as book:
        forms = number_forms(book)
        root = ET.fromstring(book.read(f"xl/worksheets/{sheet}.xml"))
    found: dict[str, set[str]] = {}
    for row in [*root.iter(f"{MAIN}row")][1:]:
        for cell in row:
            letters = re.sub(r"\d", "", cell.get("r") or "")
            found.setdefault(letters, set()).add(forms[int(cell.get("s") or 0)])
    return found


def undone(text: str) -> str:
    """Control characters are written as _x000D_ in the format."""
    return re.sub(r"_x([0-9A-F]{4})_", lambda m: chr(int(m[1], 16)), text)


def padded(rows: list[list[Cell]], width: int) -> list[tuple[Cell, ...]]:
    return [(*row, *[None] * (width - len(row))) for row in rows]


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pl.DataFrame]:
    folder = tmp_path_factory.mktemp("workbook")
    source = write(folder / "toy.jsonl", toy_records())
    corpus = ingest([source], folder / "corpus", processes=1)
    study = analysis.prepare(
        corpus, make({"technologies": QUANTUM[1], "benchmark": "report-7.2", "draws": 20})
    )
    found = results.tables(study)
    return {**found, **results.sensitivity_tables(study, found), "ledger": corpus.ledger}


def test_every_cell_of_a_run_is_read_back_as_it_is_in_the_tables(
    tables: dict[str, pl.DataFrame], tmp_path: Path
) -> None:
    book = read_book(workbook(tables, tmp_path / "netpos.xlsx"))
    assert list(book) == ["about", "columns", *tables]
    for name, table in tables.items():
        head, *rows = book[name]
        assert head == table.columns
        assert padded(rows, table.width) == table.rows()  # 1 == 1.0; unknown is an empty cell


def test_types_of_cells_are_those_of_the_table(tmp_path: Path) -> None:
    head, *rows = read_book(workbook({"countries": TABLE}, tmp_path / "a.xlsx"))["countries"]
    assert padded(rows, 5) == TABLE.rows()
    assert [type(v) for v in rows[0]] == [str, str, float, float, bool]
    assert head == TABLE.columns


def test_no_name_runs_as_a_formula_or_becomes_a_link(tmp_path: Path) -> None:
    table = pl.DataFrame({"=HYPERLINK(1)": HOSTILE})
    path = workbook({"t": table}, tmp_path / "a.xlsx", about={"=1+1": ["@x", {"=2": "=3"}]})
    head, *rows = read_book(path)["t"]
    assert head == table.columns
    assert [row[0] for row in rows] == HOSTILE
    with zipfile.ZipFile(path) as book:
        for name in book.namelist():
            text = book.read(name).decode("utf-8")
            assert "<f>" not in text
            assert "<hyperlink" not in text
            assert "relationships/hyperlink" not in text
            assert "example.com" not in text


def test_texts_lose_what_xml_does_not_allow_and_what_a_cell_cannot_hold(tmp_path: Path) -> None:
    table = pl.DataFrame({"a": ["x\x00\x07y\nz", "Z" * 40_000], "b": [2**60, 7]})
    rows = read_book(workbook({"t": table}, tmp_path / "a.xlsx"))["t"]
    assert rows[1] == ["xy\nz", str(2**60)]  # whole numbers that a cell would round are texts
    assert rows[2] == ["Z" * 32_766 + "…", "7"]


def test_rows_are_those_that_the_library_writes_cell_by_cell(tmp_path: Path) -> None:
    # all but the last of the hostile, which the library takes for markup of its own
    texts = [*HOSTILE[:-1], " a", "a\t", "a\n", "\ra", "&<>", "🧪" * 20_000, None, None, "<r"]
    numbers = [0.1 + 0.2, -0.0, 1e300, 1e-300, 1 / 3, 2.0**60, 100.0]
    n = len(texts)
    table = pl.DataFrame(
        {
            "a": texts,
            "b": [*numbers, *[None] * (n - 1 - len(numbers)), 1.5],
            "c": [k % 3 == 0 if k % 5 else None for k in range(n)],
            "d": [k * 2**47 if k % 4 and k < n - 3 else None for k in range(n)],
            **{f"e{k}": [k if k == 28 else None] * n for k in range(30)},
        }
    )
    table = table.with_columns(
        pl.when(pl.int_range(pl.len()) != n - 3).then(pl.all())  # a row with nothing
    )
    plain = io.BytesIO()
    kinds = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(plain, kinds) as book:
        sheet = book.add_worksheet("t")
        sheet.set_column(1, 1, 9, book.add_format({"num_format": "#,##0.0"}))
        for i, row in enumerate(table.iter_rows(), start=1):
            for k, value in enumerate(row):
                if value is not None:
                    kind = {str: "string", bool: "boolean"}.get(type(value), "number")
                    getattr(sheet, f"write_{kind}")(i, k, value)
    path = workbook({"t": table}, tmp_path / "a.xlsx")
    found = []
    for file, name in ((plain, "sheet1"), (path, "sheet3")):
        with zipfile.ZipFile(file) as book:
            text = book.read(f"xl/worksheets/{name}.xml").decode("utf-8")
            forms = number_forms(book)
        for style, form in enumerate(forms):
            text = text.replace(f' s="{style}"', f' s="{form}"')
        rows = text.partition("<sheetData>")[2].partition("</sheetData>")[0]
        found.append(rows[rows.index('<row r="2"') :])
    assert found[1] == found[0]
    assert found[0].count("<row") == n - 1


def test_shares_show_as_percentages_and_fractions_with_fixed_decimals(tmp_path: Path) -> None:
    table = pl.DataFrame(
        {
            "technology": ["q", "s"],
            "family_share": [0.012345, 1.0],
            "family_share_low": [0.01, None],
            "share_eu": [0.5, 0.25],
            "pagerank": [0.01, 0.02],
            "balance_ratio": [-0.5, 1.5],
            "value": [1234.5, 2.0],
            "year": [2015, 2016],
            "core": [True, False],
        }
    )
    path = workbook({"t": table}, tmp_path / "a.xlsx")
    assert shown_forms(path, "sheet3") == {
        "A": {"General"},
        "B": {"0.00%"},
        "C": {"0.00%"},
        "D": {"0.00%"},
        "E": {"0.0000"},
        "F": {"0.00"},
        "G": {"#,##0.0"},
        "H": {"General"},
        "I": {"General"},
    }
    assert padded(read_book(path)["t"][1:], 9) == table.rows()  # all digits are in the cells


def test_the_summary_comes_first_and_says_what_the_sheets_hold(tmp_path: Path) -> None:
    summary = [("Strong", "=1+1 in <b>"), ("", "second line")]
    tables = {"countries": TABLE, "links": TABLE}
    for lang, first in (("en", "summary"), ("nl", "samenvatting")):
        book = read_book(workbook(tables, tmp_path / "a.xlsx", lang=lang, summary=summary))
        assert next(iter(book)) == first
        rows = padded(book[first], 2)
        assert rows[1:3] == [*summary]
        assert [str(row[0]).split()[-1] for row in rows[3:]] == list(tables)
        assert str(rows[3][1]).startswith(str(definition("countries", lang=lang)))
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert '<pane ySplit="1"' in sheet  # the header stays in view


def test_names_of_technologies_stand_beside_their_ids(tmp_path: Path) -> None:
    table = pl.DataFrame({"technology": ["q", "all"], "families": [1.5, 2.5]})
    names = {"q": "Quantum <b>", "all": "All"}
    path = workbook({"t": table, "u": TABLE}, tmp_path / "a.xlsx", names=names)
    book = read_book(path)
    assert book["t"] == [
        ["technology", "technology_name", "families"],
        ["q", "Quantum <b>", 1.5],
        ["all", "All", 2.5],
    ]
    assert book["u"][0] == TABLE.columns
    assert ["t", "technology_name"] in [row[:2] for row in book["columns"]]


def test_nan_and_infinity_are_empty_cells(tmp_path: Path) -> None:
    table = pl.DataFrame({"a": [float("nan"), float("inf"), 1.5], "b": ["x", "y", "z"]})
    rows = read_book(workbook({"t": table}, tmp_path / "a.xlsx"))["t"]
    assert rows[1:] == [[None, "x"], [None, "y"], [1.5, "z"]]


@pytest.mark.parametrize(
    ("lang", "first", "second"), [("en", "about", "columns"), ("nl", "over", "kolommen")]
)
def test_the_first_sheets_tell_the_run_and_define_every_column(
    lang: str, first: str, second: str, tables: dict[str, pl.DataFrame], tmp_path: Path
) -> None:
    about = {
        "version": "0.1",
        "options": {"focal": "NL", "narrow": False, "window": None},
        "warnings": ["one", "two"],
    }
    book = read_book(workbook(tables, tmp_path / "a.xlsx", lang=lang, about=about))
    rows = padded(book[first], 3)
    assert rows[1:7] == [
        ("version", "", "0.1"),
        ("options", "focal", "NL"),
        ("options", "narrow", "false"),
        ("options", "window", ""),
        ("warnings", "", "one"),
        ("warnings", "", "two"),
    ]
    assert [row[1] for row in rows[7:]] == list(tables)
    defined = [tuple(row[:2]) for row in book[second][1:]]
    assert defined == [(name, c) for name, table in tables.items() for c in table.columns]
    assert all(len(row) == 3 and row[2] for row in book[second])


def test_a_long_table_is_cut_and_says_where_the_rest_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", 2)
    book = read_book(workbook({"countries": TABLE}, tmp_path / "a.xlsx"))
    note = "The first 2 of 3 rows; all of them are in tables/countries.csv"
    assert [row[0] for row in book["countries"]] == ["country", "NA", "NL", note]
    assert ["", "countries", note] in book["about"]


def test_names_of_sheets_are_such_as_excel_takes(tmp_path: Path) -> None:
    names = ["about", "x" * 40, "x" * 41, "a/b[c]:*?", "''"]
    book = read_book(workbook(dict.fromkeys(names, TABLE), tmp_path / "a.xlsx"))
    found = list(book)
    assert found[2:] == ["about (2)", "x" * 26, "x" * 26 + " (2)", "a_b_c____", "_"]
    assert all(0 < len(name) <= 31 for name in found)


def test_an_empty_table_has_its_header(tmp_path: Path) -> None:
    book = read_book(
        workbook({"countries": TABLE.clear(), "none": pl.DataFrame()}, tmp_path / "a.xlsx")
    )
    assert book["countries"] == [TABLE.columns]
    assert book["none"] == []


def test_a_second_workbook_has_the_same_bytes_and_no_time_of_the_run(tmp_path: Path) -> None:
    one = workbook({"countries": TABLE}, tmp_path / "a.xlsx", about={"version": "1"})
    two = workbook({"countries": TABLE}, tmp_path / "b" / "b.xlsx", about={"version": "1"})
    assert one.read_bytes() == two.read_bytes()
    with zipfile.ZipFile(one) as book:
        assert {entry.date_time[:3] for entry in book.infolist()} == {(1980, 1, 31)}
        core = book.read("docProps/core.xml").decode()
    assert set(re.findall(r"\d{4}-\d\d-\d\dT", core)) == {"2000-01-01T"}


def test_another_language_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="language 'de' is not known"):
        workbook({}, tmp_path / "a.xlsx", lang="de")
    with pytest.raises(OptionError, match="language 'de' is not known"):
        definition("links", lang="de")
    assert not list(tmp_path.iterdir())


# --- definitions ------------------------------------------------------------------------------


def documented() -> list[tuple[str, str]]:
    """Columns that docs/tables.md explains, by table."""
    found: list[tuple[str, str]] = []
    names: list[str] = []
    for line in (ROOT / "docs" / "tables.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            names = re.findall(r"(\w+)\.(?:csv|parquet)", line)
        elif line.startswith("| `"):
            cell = line.split("|")[1]
            found += [(n, c) for n in names for c in re.findall(r"`([^`]+)`", cell)]
    return found


def test_every_column_that_a_run_writes_is_defined_in_both_languages(
    tables: dict[str, pl.DataFrame],
) -> None:
    wanted = [(name, c) for name, table in tables.items() for c in table.columns]
    wanted += [("countries", c) for c in position.COUNTRY_COLUMNS]
    wanted += [("organisations", c) for c in position.ORGANISATION_COLUMNS]
    wanted += [(name, None) for name in tables]
    missing = [w for w in wanted for lang in ("en", "nl") if not definition(*w, lang)]
    assert missing == []


def test_every_column_that_the_documentation_explains_is_defined() -> None:
    pairs = documented()
    assert len(pairs) > 80
    assert [p for p in pairs if not definition(*p)] == []


def test_every_column_of_the_tables_of_a_matrix_is_defined() -> None:
    matrix = pl.DataFrame(
        {"country": list("AABBCC"), "product": list("121323"), "value": [5.0, 1, 2, 4, 3, 3]}
    )
    found = complexity.complexity_tables(matrix)
    assert [(n, c) for n, t in found.items() for c in t.columns if not definition(n, c)] == []
    assert [n for n in found if not definition(n)] == []


def test_value_means_the_index_of_patents_only_where_it_holds_that(
    tables: dict[str, pl.DataFrame],
) -> None:
    for name, table in tables.items():
        for column in {"value", "rank", "low", "high"} & set(table.columns):
            said = definition(name, column)
            assert said is not None
            own = column == "value" and name in ("countries", "organisations")
            assert ("value index" in said) == own


# --- CSV for a Dutch Excel --------------------------------------------------------------------


def test_sheets_wait_beside_the_file_and_not_in_the_folder_of_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = workbook({"countries": TABLE}, tmp_path / "a.xlsx").read_bytes()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(FileNotFoundError):
        tempfile.mkdtemp()
    found = workbook({"countries": TABLE}, tmp_path / "b.xlsx").read_bytes()
    assert found == usual
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.xlsx", "b.xlsx"]
