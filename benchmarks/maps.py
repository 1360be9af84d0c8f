"""Time how soon network maps, and pages of a run, can be read in headless Chromium.

    python benchmarks/maps.py [PAGE...]

Maps: seconds until the first picture is drawn, and until a change of layout is answered after
that: the clock, or the processor time of all renderers where that is less, since on a busy machine
the clock counts what others do as well; the best of four. Pages, as ``netpos-demo/index.html``:
their size, and seconds until the first of them is painted and until all is laid out, the best of
four.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from netpos.viz.maps.map import network_map  # noqa: E402 - after the path is set
from tests.conftest import CHROMIUM_FLAGS  # noqa: E402 - after the path is set
from tests.viz.conftest import country_network, organisation_network  # noqa: E402 - after the path is set

DRAWN = "() => new Promise((r) => requestAnimationFrame(() => setTimeout(r, 0)))"


def seconds(browser: Browser, path: Path) -> list[float]:
    """Best of four: until drawn, until the answer."""
    best = [1e9, 1e9]
    for _ in range(4):
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto("about:blank")
        system = browser.new_browser_cdp_session()

        def spent(system=system) -> float:
            processes = system.send("SystemInfo.getProcessInfo")["processInfo"]
            return sum(p["cpuTime"] for p in processes if p["type"] == "renderer")

        marks = [(time.perf_counter(), spent())]
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-usable=true]", timeout=60_000)
        page.evaluate(DRAWN)
        marks.append((time.perf_counter(), spent()))
        other = "force" if page.input_value("#layout") == "radial" else "radial"
        page.select_option("#layout", other)
        page.evaluate(DRAWN)
        marks.append((time.perf_counter(), spent()))
        for k in (0, 1):
            took = min(b - a for a, b in zip(*marks[k : k + 2], strict=True))
            best[k] = min(best[k], took)
        page.close()
    return best


def first_view(browser: Browser, path: Path) -> list[float]:
    """Best of four: until the first paint, until all is laid out."""
    best = [1e9, 1e9]
    for _ in range(4):
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(path.resolve().as_uri())
        page.evaluate(DRAWN)
        took = page.evaluate(
            """() => [performance.getEntriesByName("first-contentful-paint")[0].startTime,
              performance.getEntriesByType("navigation")[0].loadEventEnd]"""
        )
        best = [min(a, b / 1000) for a, b in zip(best, took, strict=True)]
        page.close()
    return best


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    ask.add_argument("pages", nargs="*", type=Path, metavar="PAGE", help="a page of a run")
    pages = ask.parse_args().pages
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS
        )
        networks = {
            "60 countries": country_network(),
            "500 organisations": organisation_network([f"O {k:03d}" for k in range(500)], 10_000),
        }
        print("| map | links | usable after s | answers after s |")
        print("|---|---:|---:|---:|")
        for name, links in networks.items():
            path = network_map(links, Path(folder) / "m.html")
            load, answer = seconds(browser, path)
            print(f"| {name} | {links.table.height:,} | {load:.2f} | {answer:.2f} |")
        if pages:
            print("\n| page | MB | first view after s | whole after s |")
            print("|---|---:|---:|---:|")
        for path in pages:
            paint, whole = first_view(browser, path)
            print(f"| {path.name} | {path.stat().st_size / 1e6:.2f} | {paint:.2f} | {whole:.2f} |")
        browser.close()


if __name__ == "__main__":
    main()
