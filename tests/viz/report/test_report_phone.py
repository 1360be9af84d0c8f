"""The report on a narrow screen: wide tables scroll in their place, the page itself does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from netpos.viz.report.dependence import write_dependence
from netpos.viz.report.report import write_report
from tests.viz.report_pages import demo_page

#: By how many pixels each wide table is wider than its place, and whether the hint shows.
BOXES = """() => [...document.querySelectorAll('.scroll')].filter(b => b.clientWidth).map(box => [
  Math.max(...[...box.children].map(c => c.getBoundingClientRect().right))
    - box.getBoundingClientRect().left - box.clientWidth,
  getComputedStyle(box, '::before').display !== 'none'])"""


@pytest.mark.parametrize("width", [1280, 768, 390])
def test_the_page_is_not_wider_than_the_screen_with_everything_open(
    browser, tmp_path: Path, width: int
) -> None:
    path = tmp_path / "index.html"
    path.write_text(write_report(demo_page()), encoding="utf-8")
    context = browser.new_context(viewport={"width": width, "height": 800}, offline=True)
    page = context.new_page()
    page.goto(path.as_uri())
    opened = page.evaluate(
        "[...document.querySelectorAll('details')].map(d => d.open = true).length"
    )
    assert opened > 3
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_no_table_is_cut_off_on_a_phone_without_a_hint(browser, tmp_path: Path, lang: str) -> None:
    for name, write in (("index", write_report), ("dependence", write_dependence)):
        path = tmp_path / f"{name}.html"
        path.write_text(write(demo_page(lang)), encoding="utf-8")
        context = browser.new_context(viewport={"width": 390, "height": 800}, offline=True)
        page = context.new_page()
        page.goto(path.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        cut = page.evaluate(
            """() => [...document.querySelectorAll('table')]
                 .filter(t => t.getBoundingClientRect().width > 390)
                 .filter(t => !t.closest('.scroll[data-hint]'))
                 .map(t => t.innerText.slice(0, 60))"""
        )
        assert cut == []
        context.close()


@pytest.mark.parametrize("lang", ["en", "nl"])
@pytest.mark.parametrize("width", [1280, 1000])
def test_no_column_of_a_table_is_off_a_wider_screen_without_a_hint_that_shows(
    browser, tmp_path: Path, lang: str, width: int
) -> None:
    for name, write in (("index", write_report), ("dependence", write_dependence)):
        path = tmp_path / f"{name}.html"
        path.write_text(write(demo_page(lang)), encoding="utf-8")
        context = browser.new_context(viewport={"width": width, "height": 800}, offline=True)
        page = context.new_page()
        page.goto(path.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        for _ in range(50):  # which boxes move is known to the style a few frames later
            boxes = page.evaluate(BOXES)
            # half a pixel more or less is a matter of rounding
            wrong = [b for b in boxes if not (b[1] if b[0] > 0.5 else not b[1] or b[0] > -0.5)]
            if not wrong:
                break
            page.wait_for_timeout(100)
        assert boxes
        assert wrong == [], (name, width)
        assert any(beyond > 0.5 for beyond, _ in boxes) == (width < 1280)
        context.close()
