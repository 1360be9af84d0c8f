"""Links of each year are those that the year by itself has."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from netpos.graph import yearly as module
from netpos.graph.links import Citations, Shares, Spread, build, select
from netpos.graph.yearly import yearly

SPAN = (2015, 2019)


@pytest.mark.parametrize("always", ["C3", "C8", "XX"])
def test_links_of_each_year_have_the_digits_of_the_year_by_itself(
    always: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_AT_ONCE", 77)
    draw = np.random.default_rng(4)
    ends = draw.integers(0, 80, (2, 600)).astype(np.int32)
    pairs = Citations(*ends, np.zeros(600, dtype=bool), 80)
    held = draw.random((80, 9)) * (draw.random((80, 9)) < 0.2)
    held[:, 8] = 0.0  # a country that has nothing
    shares = Shares([f"C{k}" for k in range(9)], csr_array(held))
    spread = Spread.of(pairs, shares)
    member = draw.random(80) < 0.7
    years = np.where(draw.random(80) < 0.1, np.nan, draw.integers(2013, 2021, 80))
    chosen = select(pairs, member, years, SPAN)
    found = yearly(chosen, pairs, spread, shares, member, years, SPAN, always=always)
    assert list(found) == list(range(SPAN[0], SPAN[1] + 1))
    for year, links in found.items():
        span = (year, year)
        of_year = select(pairs, member, years, span)
        parts = (of_year, spread, shares, member, years, span)
        alone = build(*parts, always=always)
        assert links.nodes.equals(alone.nodes.select("node", "families"))
        assert links.table.equals(alone.table.select(links.table.columns))
        assert links.table.height
