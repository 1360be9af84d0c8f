"""The report on A4: nothing cut, no heading left behind, no controls, headers repeated."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from netpos.viz.report.report import write_report
from tests.viz.charts.drawing import drawn
from tests.viz.report.test_report import Reader
from tests.viz.report_pages import demo_page

pytestmark = pytest.mark.e2e
#: Inner height and width of the page, CSS pixels: A4 less the margins of the style sheet.
HEIGHT, WIDTH = (297 - 28) / 25.4 * 96, (210 - 26) / 25.4 * 96
CONTROLS = ("SVG", "PNG", "CSV", "Interactive map", "On this page", "figures/", ".html")


@pytest.fixture(scope="module")
def html() -> str:
    inputs = [(f"part-{k:03d}.jsonl", "lens-jsonl", 7449, 7442, 2, 5) for k in range(120)]
    return write_report(replace(demo_page(), figures=drawn("en"), inputs=inputs))


@pytest.fixture(scope="module")
def page(browser, html: str, tmp_path_factory):
    path = tmp_path_factory.mktemp("print") / "index.html"
    path.write_text(html, encoding="utf-8")
    context = browser.new_context(viewport={"width": round(WIDTH), "height": 1000}, offline=True)
    view = context.new_page()
    view.goto(path.as_uri())
    view.emulate_media(media="print")
    yield view
    context.close()


@pytest.fixture(scope="module")
def sheets(page, tmp_path_factory) -> list[str]:
    """The text of each page of the printed report."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed: the pages of a PDF cannot be read")
    path: Path = tmp_path_factory.mktemp("pdf") / "report.pdf"
    page.pdf(path=str(path), prefer_css_page_size=True)
    call = ["pdftotext", "-layout", str(path), "-"]
    text = subprocess.run(call, check=True, capture_output=True, text=True).stdout
    return text.split("\f")[:-1]


def lines(sheet: str) -> list[str]:
    return [" ".join(line.split()) for line in sheet.splitlines() if line.strip()]


def test_the_report_fills_its_pages_and_none_is_blank(sheets: list[str]) -> None:
    assert len(sheets) > 10
    for number, sheet in enumerate(sheets[:-1], start=1):
        assert len(lines(sheet)) > 8, number
    assert lines(sheets[-1])[-1].startswith("netpos "), "the report ends with its footer"
    text = "\n".join(sheets)
    assert "Position of the Netherlands by technology" in text
    assert "part-119.jsonl" in text


def test_no_heading_is_the_last_thing_on_a_page(sheets: list[str], html: str) -> None:
    reader = Reader(html)
    headings = {" ".join(n["text"].split()) for n in reader.of("h1", "h2", "h3", "h4", "summary")}
    assert len(headings) > 20
    for number, sheet in enumerate(sheets, start=1):
        assert lines(sheet)[-1] not in headings, number


def test_no_control_and_no_address_is_printed(sheets: list[str]) -> None:
    text = "\n".join(sheets)
    for word in CONTROLS:
        assert word not in text, word
    assert "Choose a technology." not in text
    assert "Patents that carry these numbers most" not in text


def test_a_table_longer_than_a_page_repeats_its_header(sheets: list[str]) -> None:
    with_files = [s for s in sheets if re.search(r"part-\d{3}\.jsonl", s)]
    assert len(with_files) >= 2
    assert all("Records read" in s for s in with_files)


def test_figures_and_tables_are_kept_whole_and_fit_on_a_page(page) -> None:
    found = page.evaluate(
        """() => [...document.querySelectorAll("figure, table:not(.long), tr, .notes")]
          .map((e) => ({
            kind: e.tagName + "." + e.className, inside: getComputedStyle(e).breakInside,
            height: e.getBoundingClientRect().height, width: e.getBoundingClientRect().width,
          })).filter((e) => e.height > 0)"""
    )
    assert sum(e["kind"].startswith("FIGURE") for e in found) > 20
    assert sum(e["kind"].startswith("TR") for e in found) > 100
    for element in found:
        assert element["inside"] == "avoid", element
        assert element["height"] < HEIGHT, element
        assert element["width"] <= WIDTH + 1, element


def test_headings_stay_with_what_follows_them(page) -> None:
    kept = page.evaluate(
        """() => [...document.querySelectorAll("h1, h2, h3, h4, .coverage > summary, .legend")]
          .filter((e) => e.getBoundingClientRect().height > 0 && e.tagName !== "H1")
          .map((e) => getComputedStyle(e).breakAfter)"""
    )
    assert len(kept) > 20
    assert set(kept) == {"avoid"}


def test_nothing_is_wider_than_the_page(page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH + 1
