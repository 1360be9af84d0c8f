"""Which links are drawn, and how much they stand for."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from netpos.errors import OptionError
from netpos.graph.backbone import backbone
from tests.graph.toys import EMPTY, NO_LINKS, TOY, links_of, matrices, names, shuffled


def drawn(table: pl.DataFrame) -> set[tuple[str, str]]:
    return set(table.filter("drawn").select("citing", "cited").rows())


def test_toy_backbone_by_hand() -> None:
    """Strongest: CN->US 20. Strongest of each citing end: NL->US 6, DE->US 12, US->DE 10; of each
    cited end: US->NL 5, US->DE 10, US->CN 9."""
    table = backbone(TOY, strongest=1)
    assert drawn(table) == {
        ("CN", "US"),
        ("NL", "US"),
        ("DE", "US"),
        ("US", "DE"),
        ("US", "NL"),
        ("US", "CN"),
    }
    assert table.filter("drawn")["weight"].sum() == 62
    assert table["weight"].sum() == 76


def test_the_table_holds_all_foreign_links_in_code_order() -> None:
    table = backbone(TOY)
    assert table.columns == ["citing", "cited", "weight", "citations", "drawn"]
    assert table.height == 12
    assert table["drawn"].all()
    assert table.equals(table.sort("citing", "cited"))


def test_equal_links_are_taken_in_code_order() -> None:
    even = links_of(np.ones((4, 4)))
    first = {("AA", "AB"), ("AA", "AC"), ("AA", "AD"), ("AB", "AA"), ("AC", "AA"), ("AD", "AA")}
    assert drawn(backbone(even, strongest=0)) == first
    assert drawn(backbone(even, strongest=5)) == first | {("AB", "AC")}
    nearly = np.ones((4, 4))
    nearly[3, 2] = 1 + 1e-15
    assert drawn(backbone(links_of(nearly), strongest=5)) == first | {("AB", "AC")}


def test_without_links_nothing_is_drawn() -> None:
    for links in (EMPTY, NO_LINKS):
        assert backbone(links).height == 0


def test_a_negative_number_of_links_is_refused() -> None:
    with pytest.raises(OptionError, match="strongest -1"):
        backbone(TOY, strongest=-1)


@over(matrices(1, 7), st.integers(0, 30))
def test_the_backbone_follows_its_definition(w: np.ndarray, strongest: int) -> None:
    f = w.copy()
    np.fill_diagonal(f, 0)
    n, label = len(f), names(len(f))
    pairs = sorted((-f[i, j], label[i], label[j]) for i in range(n) for j in range(n) if f[i, j])
    expected = {(a, b) for _, a, b in pairs[:strongest]}
    for name in label:
        expected |= {(a, b) for _, a, b in [p for p in pairs if p[1] == name][:1]}
        expected |= {(a, b) for _, a, b in [p for p in pairs if p[2] == name][:1]}
    table = backbone(links_of(w), strongest)
    assert drawn(table) == expected
    assert table.height == len(pairs)


@over(matrices(1, 7), st.integers(0, 30))
def test_more_links_only_add_and_row_order_is_irrelevant(w: np.ndarray, strongest: int) -> None:
    links = links_of(w)
    table = backbone(links, strongest)
    assert drawn(table) <= drawn(backbone(links, strongest + 3))
    assert backbone(shuffled(links), strongest).equals(table)


def test_everyone_with_links_keeps_one() -> None:
    rng = np.random.default_rng(3)
    w = rng.lognormal(0, 3, (40, 40)) * (rng.random((40, 40)) < 0.1)
    table = backbone(links_of(w), strongest=5)
    shown = table.filter("drawn")
    assert set(shown["citing"]) == set(table["citing"])
    assert set(shown["cited"]) == set(table["cited"])
