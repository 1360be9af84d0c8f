"""The report on a narrow screen: wide tables scroll in their place, the page itself does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from netpos.viz.report.report import write_report
from tests.viz.report_pages import demo_page


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
