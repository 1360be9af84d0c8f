"""Pages opened without network, and networks to draw."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from netpos.tables import Links

if TYPE_CHECKING:
    from playwright.sync_api import Page

_CODES = """US CN JP KR DE FR GB NL CH TW CA SE IT IL IN BE AT FI DK ES SG AU IE NO RU PL CZ BR HK
    TR PT GR HU LU RO SA ZA MX NZ SI SK EE LV LT BG HR MY TH VN UA AE CL AR CO ID EG IR MT CY
    LI"""
CODES = _CODES.split()


@pytest.fixture(scope="session")
def idle() -> dict[str, list[Page]]:
    """Blank pages that no test uses now, by what was asked of the browser for them.

    A page of its own costs Chromium a process and the first run of every script, which takes most
    of the time of a test; a document is new each time all the same.
    """
    return {}


@pytest.fixture
def visit(browser, idle: dict[str, list[Page]]) -> Iterator[Callable[..., object]]:
    """Open a file as a reader does, with the network off.

    When the test is over: no request has left the page, nothing was written to the console.
    """
    used, said, left = [], [], []

    def console(message) -> None:
        said.append(f"{message.type}: {message.text}")

    def error(found) -> None:
        said.append(str(found))

    def request(made) -> None:
        left.append(made.url)

    heard = {"console": console, "pageerror": error, "request": request}

    def open_page(path: Path, fragment: str = "", *, wait: bool = True, **options: object):
        settings = {"viewport": {"width": 1400, "height": 900}, "offline": True, **options}
        waiting = idle.setdefault(repr(sorted(settings.items())), [])
        page = waiting.pop() if waiting else browser.new_context(**settings).new_page()
        used.append((page, waiting, settings))
        for name, listener in heard.items():
            page.on(name, listener)
        page.goto(path.as_uri() + fragment)
        if wait:
            page.wait_for_selector("html[data-usable=true]", timeout=60_000)
        return page

    yield open_page
    for page, waiting, settings in used:
        for name, listener in heard.items():
            page.remove_listener(name, listener)
        page.mouse.up()
        page.mouse.move(0, 0)
        motion = settings.get("reduced_motion", "no-preference")
        page.emulate_media(media="null", reduced_motion=motion)
        page.goto("about:blank")
        page.context.clear_cookies()
        waiting.append(page)
    assert said == []
    assert [url for url in left if not url.startswith(("file:", "data:", "blob:"))] == []


def country_network(seed: int = 3, scale: float = 1.0, period: str = "2015-2025") -> Links:
    """60 countries with heavy tails and more exchange inside the EU; two more have no links."""
    draw = np.random.default_rng(seed)
    n = len(CODES)
    size = 9000 * scale / np.arange(1, n + 1) ** 1.3 * draw.lognormal(0, 0.25, n)
    size[:8] *= (0.75, 1.5, 1.7, 1.7, 1.5, 1, 1, 1)
    inside = np.isin(CODES, ["DE", "FR", "NL", "SE", "IT", "BE", "AT", "FI", "DK", "ES", "PL"])
    near = 1 + 1.2 * np.outer(inside, inside) + 5 * np.eye(n)
    mean = 2 * np.outer(size**0.95, size**1.05) / size.sum() * near * draw.lognormal(0, 0.6, (n, n))
    pairs = draw.poisson(mean)
    i, j = np.nonzero(pairs)
    citations = pairs[i, j]
    table = pl.DataFrame(
        {
            "citing": np.array(CODES)[i],
            "cited": np.array(CODES)[j],
            "weight": np.round(citations * draw.uniform(0.7, 1, len(i)), 3),
            "citations": citations,
        }
    )
    families = dict(zip(CODES, np.round(size, 1).tolist(), strict=True)) | {"IS": 3.0, "QA": 2.0}
    return Links.from_table(table, families, technology="quantum", period=period)


def organisation_network(names: list[str], links: int, seed: int = 1) -> Links:
    """Organisations of ten countries with heavy tails."""
    draw = np.random.default_rng(seed)
    n = len(names)
    size = 1 / np.arange(1, n + 1) ** 0.9
    draw.shuffle(size)
    chance = np.outer(size, size) * draw.lognormal(0, 1, (n, n))
    np.fill_diagonal(chance, 0)
    chosen = np.argsort(-chance, axis=None)[:links]
    table = pl.DataFrame(
        {
            "citing": np.array(names, dtype=object)[chosen // n].tolist(),
            "cited": np.array(names, dtype=object)[chosen % n].tolist(),
            "weight": (chance.ravel()[chosen] / chance.max() * 900).tolist(),
        }
    )
    where = draw.choice(["US", "CN", "JP", "KR", "DE", "NL", "FR", "TW", "GB", "SE"], n)
    nodes = pl.DataFrame({"node": names, "families": np.round(size * 1000, 2), "country": where})
    return Links.from_table(table, nodes, kind="organisation", technology="quantum")


@pytest.fixture(scope="session")
def sixty() -> Links:
    return country_network()


@pytest.fixture(scope="session")
def sixty_periods() -> dict[str, Links]:
    return {
        "2015-2020": country_network(3, 0.4, "2015-2020"),
        "2021-2025": country_network(4, 0.6, "2021-2025"),
    }
