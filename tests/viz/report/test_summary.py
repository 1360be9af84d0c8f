"""The first sheet of a workbook."""

from __future__ import annotations

import re

import pytest

from netpos.viz.report.answer import answer
from netpos.viz.report.findings import Findings
from netpos.viz.report.summary import summary, summary_of_findings
from tests.viz.report_pages import demo_page


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_the_summary_holds_the_five_sentences_and_what_they_rest_on(lang: str) -> None:
    page = demo_page(lang)
    rows = summary(page)
    said = [(str(p["lead"].striptags()), str(p["text"].striptags())) for p in answer(page)]
    assert len(said) == 5
    assert [row for row in rows if row in said] == said
    text = "\n".join(" ".join(row) for row in rows)
    assert not re.search(r"</?\w+|&\w+;", text)  # plain texts
    for word in (f"({page.focal})", page.data_date, str(page.span[0]), page.version):
        assert word in text
    whole = page.rows("technologies", "all", "all").row(0, named=True)
    digits = re.sub(r"\D", "", dict(rows)["Families" if lang == "en" else "Patentfamilies"])
    assert int(digits) == whole["families"]
    assert "netpos contributors" in rows[-1][1]


def test_made_up_data_are_called_so() -> None:
    page = demo_page()
    assert page.synthetic
    assert rows_with("Synthetic data", summary(page))


def test_the_summary_of_another_command_names_inputs_notes_and_sources() -> None:
    page = Findings(
        "en",
        "NL: title",
        "What it is about.",
        {"Countries": "12"},
        ["first note", "second note"],
        [],
        inputs=["flows.csv"],
        sources=["Publications: OpenAlex (openalex.org), CC0."],
        version="1.2",
    )
    rows = summary_of_findings(page)
    assert rows[0] == ("NL: title", "What it is about.")
    assert ("Countries", "12") in rows
    assert rows[2:4] == [("Read this first", "first note"), ("", "second note")]
    assert ("Read from", "flows.csv") in rows
    assert ("Data", "Publications: OpenAlex (openalex.org), CC0.") in rows
    assert "version 1.2" in rows[-1][1]


def rows_with(text: str, rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [row for row in rows if text in row[1]]
