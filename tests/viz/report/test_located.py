"""How citations were located, and the line of what one more source could add."""

from __future__ import annotations

import re
from dataclasses import replace

import polars as pl
import pytest

from netpos.viz.page import Page
from netpos.viz.report.located import located_rows, open_lines, open_rows
from netpos.viz.report.report import write_report
from tests.viz.report.test_report import Reader, lookup, number
from tests.viz.report_pages import demo_page


def of_open(page: Page, rows: list[tuple[str, str, str | None, int]]) -> Page:
    """A page whose open citations, of all technologies and years, are these."""
    names = ["direction", "reason", "office", "citations"]
    table = pl.DataFrame(rows, schema=names, orient="row")
    table = table.with_columns(technology=pl.lit("all"), period=pl.lit("all"))
    return replace(page, tables={**page.tables, "open": table})


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_the_line_says_the_sums_and_the_largest_office_of_the_table(lang: str) -> None:
    page = demo_page(lang)
    table = page.tables["open"].filter(
        (pl.col("technology") == "all") & (pl.col("period") == "all")
    )
    html = write_report(page)
    sums = re.findall(r'<span data-sum="open\|all\|all\|(\w+)\|citations">([\d.,]+)</span>', html)
    assert [d for d, _ in sums] == ["given", "received"]
    for direction, text in sums:
        of = table.filter(pl.col("direction") == direction)
        assert number(text, lang)[0] == of["citations"].sum()
        most = of.filter(pl.col("reason") == "number").sort("citations").tail(1).to_dicts()[0]
        assert f'data-cell="open|all|all|{direction},number,{most["office"]}|citations"' in html
    # before anything else of the page is told
    assert html.index("data-sum=") < html.index('id="glance"')


def test_open_citations_are_those_that_are_not_located() -> None:
    page = demo_page()
    for direction in ("given", "received"):
        whole = page.rows("located", "all", "all", direction=direction)
        open_ = page.rows("open", "all", "all", direction=direction)
        assert open_["citations"].sum() == (whole["citations"] - whole["located"]).sum() > 0


def test_only_documents_known_by_number_are_promised_to_a_further_source() -> None:
    rows = [("given", "family", "DE", 90), ("given", "number", "US", 31)]
    rows += [("given", "number", "EP", 31), ("received", "no_number", None, 1234)]
    given, received = (str(x.striptags()) for x in open_lines(of_open(demo_page(), rows)))
    assert given.startswith("Citations given: 152 lack a country at one end. Of all offices")
    assert (
        "publications of EP could locate most of them: at most 31." in given
    )  # of two alike the first by name
    assert received.startswith("Citations received: 1,234 lack a country at one end; none")
    dutch = open_lines(of_open(demo_page("nl"), rows))
    assert "1.234" in dutch[1]


def test_where_all_is_located_there_is_no_line() -> None:
    page = demo_page()
    nothing = replace(page, tables={**page.tables, "open": page.tables["open"].head(0)})
    assert open_lines(nothing) == []
    assert "data-sum" not in write_report(nothing)


def test_names_of_offices_are_escaped() -> None:
    page = of_open(demo_page(), [("given", "number", "<b>", 5)])
    assert "&lt;b&gt;" in open_lines(page)[0]


def test_each_technology_shows_its_rows_by_source_rule_direction_and_period() -> None:
    page = demo_page()
    reader = Reader(write_report(page))
    shown = {n["data-cell"] for n in reader.cells() if n["data-cell"].startswith("located|")}
    table = page.tables["located"].filter(pl.col("technology").is_in(["quantum", "all"]))
    for row in table.to_dicts():
        keys = ",".join(row[k] or "" for k in ("direction", "source", "form", "rule"))
        for column in ("citations", "located"):
            name = f"located|{row['technology']}|{row['period']}|{keys}|{column}"
            assert name in shown
            assert lookup(page.tables, name) == row[column]


def test_of_what_is_lacking_the_largest_six_of_each_direction_are_shown() -> None:
    rows = [("given", "number", code, n) for n, code in enumerate("AABBCCDDEE", start=1)]
    page = of_open(demo_page(), [(*r[:2], f"{r[2]}{r[3] % 2}", r[3]) for r in rows])
    assert [r["periods"]["all"]["citations"] for r in open_rows(page, "all")] == [10, 9, 8, 7, 6, 5]
    assert located_rows(page, "none") == []
