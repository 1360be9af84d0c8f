"""Make the pictures of the README from the demo: the top of the report, and a map.

    python scripts/make_pictures.py netpos-demo

Needs Chromium, as the tests of the pages do (``make browser``).
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

DOCS = Path(__file__).resolve().parent.parent / "docs"
#: Width and height of a picture, and how much smaller than the page it is.
SIZE = (1280, 800)


def main() -> None:
    """Take both pictures."""
    ask = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    ask.add_argument("demo", nargs="?", type=Path, default=Path("netpos-demo"))
    demo = ask.parse_args().demo.resolve()
    with sync_playwright() as playwright:
        path = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        context = browser.new_context(
            viewport={"width": SIZE[0], "height": SIZE[1]}, offline=True, device_scale_factor=0.75
        )
        page = context.new_page()
        page.goto((demo / "index.html").as_uri())
        _take(page, "report.png")
        page.goto((demo / "maps" / "quantum.html").as_uri())
        page.wait_for_selector("html[data-usable=true]")
        page.wait_for_timeout(500)
        _take(page, "map.png")
        browser.close()


def _take(page: Page, name: str) -> None:
    page.screenshot(path=str(DOCS / name))
    print(f"docs/{name}: {(DOCS / name).stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
