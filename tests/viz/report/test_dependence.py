"""The page on dependence: its numbers are cells or sums of them, and small numbers fade."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from netpos.viz.report.dependence import FULL, shade, write_dependence
from tests.viz.report.test_report import HOSTILE, Reader, inside, lookup, number
from tests.viz.report_pages import changed, demo_page, unmeasured


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_every_number_is_that_of_its_cell(lang: str) -> None:
    page = unmeasured(demo_page(lang))
    reader = Reader(write_dependence(page))
    assert len(reader.cells()) > 100
    for node in reader.cells():
        value = lookup(page.tables, node["data-cell"])
        text = node["text"]
        if isinstance(value, str):
            continue
        assert value is not None, node
        if text.startswith("< "):
            assert 0 < 100 * value < number(text[2:], lang)[0]
            continue
        shown, half = number(text, lang)
        percent = text.endswith(" %") or ",share_" in node["data-cell"]
        assert abs(shown - value * (100 if percent else 1)) <= half * (1 + 1e-9), node


def test_numbers_of_a_matrix_are_cells_or_the_sum_of_the_links_and_nothing_else() -> None:
    page = demo_page()
    reader = Reader(write_dependence(page))
    links = page.tables["source_links"].filter(period="all")
    sums = 0
    for cell in reader.of("td"):
        left = cell["text"]
        for node in reader.all:
            if "data-sum" in node and inside(node, cell):
                mine, other = ("citing", "cited")[:: 1 if node["data-sum"] == "given" else -1]
                row = cell["parent"]["text"]
                ident = next((i for i, name in page.technologies if name in row), "all")
                own = (pl.col(mine) == "NL") & (pl.col(other) != "NL")
                total = links.filter(own & (pl.col("technology") == ident))["weight"].sum()
                assert number(node["text"], "en")[0] == pytest.approx(total, abs=0.051)
                left = left.replace(node["text"], "", 1)
                sums += 1
            elif "data-cell" in node and inside(node, cell):
                left = left.replace(node["text"], "", 1)
        assert not re.search(r"[1-9]", re.sub(r"\d{3}-[\d-]+[\dX]|· \d{4} ·", "", left)) or (
            inside_details(cell)
        ), left
    assert sums == 6  # two technologies with citations and all of them, in both directions


def inside_details(cell: dict) -> bool:
    while cell is not None:
        if cell["tag"] == "details":
            return True
        cell = cell["parent"]
    return False


def test_a_shade_follows_the_share_and_fades_below_full() -> None:
    assert shade(0.4, FULL) == shade(0.4, 10 * FULL) > shade(0.4, FULL / 2) > shade(0.4, 1.0) > 0
    assert shade(0.4, FULL) > shade(0.2, FULL)
    assert shade(0.9, FULL) == 0.6


def test_only_pairs_whose_interval_leaves_one_are_shown_and_the_others_counted() -> None:
    page = demo_page()
    base = {
        "technology": "quantum", "period": "all", "citing": "NL", "observed": 30.0,
        "expected": 10.0, "ratio": 3.0, "reason": None,
    }  # fmt: skip
    rows = [
        base | {"cited": "US", "low": 2.0, "high": 4.0},
        base | {"cited": "DE", "low": 0.9, "high": 4.0},
        base | {"cited": "FR", "low": None, "high": None, "reason": "too_few"},
        base | {"cited": "JP", "ratio": 0.5, "low": 0.3, "high": 0.8},
    ]
    table = pl.DataFrame(rows, schema_overrides={"reason": pl.String})
    html = write_dependence(replace(page, tables={**page.tables, "residuals": table}))
    part = html.split('id="beyond"')[1].split('id="behind"')[0]
    shown = re.findall(r'data-cell="residuals\|quantum\|all\|NL,(\w\w)\|ratio"', part)
    assert shown == ["US", "JP"]
    assert "2 of 3 that could be tested" in part
    assert "No pair of countries" in part  # the other direction
    blurred = table.with_columns(low=0.5, high=2.0)
    html = write_dependence(replace(page, tables={**page.tables, "residuals": blurred}))
    assert "Of 4 pairs that could be tested none" in html


def test_a_changed_share_changes_the_page_and_what_is_not_measurable_has_no_number() -> None:
    page = demo_page()
    where = {"technology": "semiconductor", "period": "all", "kind": "country", "source": "US"}
    other = write_dependence(changed(page, "exposure", where, share=0.77))
    assert ">77 %<" in other
    assert ">77 %<" not in write_dependence(page)
    dark = Reader(write_dependence(unmeasured(page)))
    assert not [n for n in dark.cells() if n["data-cell"].split("|")[1] == "quantum"]


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_is_not_wider_than_the_screen(browser, tmp_path: Path, width: int) -> None:
    path = tmp_path / "dependence.html"
    path.write_text(write_dependence(demo_page()), encoding="utf-8")
    context = browser.new_context(viewport={"width": width, "height": 800}, offline=True)
    view = context.new_page()
    view.goto(path.as_uri())
    view.evaluate("[...document.querySelectorAll('details')].forEach(d => d.open = true)")
    assert view.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_hostile_names_are_text_and_nothing_is_fetched() -> None:
    page = replace(demo_page(), technologies=[(i, HOSTILE) for i, _ in demo_page().technologies])
    html = write_dependence(page)
    assert "<img" not in html
    assert "<script" not in html
    assert "https://" not in html
    assert "default-src 'none'" in html
