"""Pages opened without network, and networks to draw."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from netpos.tables import Links

_CODES = """US CN JP KR DE FR GB NL CH TW CA SE IT IL IN BE AT FI DK ES SG AU IE NO RU PL CZ BR HK
    TR PT GR HU LU RO SA ZA MX NZ SI SK EE LV LT BG HR MY TH VN UA AE CL AR CO ID EG IR MT CY
    LI"""
CODES = _CODES.split()


@pytest.fixture
def visit(browser) -> Iterator[Callable[..., object]]:
    """Open a file as a reader does, with the network off.

    When the test is over: no request has left the page, nothing was written to the console.
    """
    contexts, said, left = [], [], []

    def open_page(path: Path, fragment: str = "", *, wait: bool = True, **options: object):
        settings = {"viewport": {"width": 1400, "height": 900}, "offline": True, **options}
        context = browser.new_context(**settings)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: left.append(request.url))
        page.goto(path.as_uri() + fragment)
        if wait:
            page.wait_for_selector("html[data-usable=true]", timeout=60_000)
        return page

    yield open_page
    for context in contexts:
        context.close()
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
