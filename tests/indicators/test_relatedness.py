"""Relatedness, density, outlook and gain."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from netpos.errors import TableError
from netpos.indicators.relatedness import density, gain, outlook, relatedness
from tests.indicators.test_complexity import SECOND, cells


def test_the_worked_relatedness_of_the_second_matrix() -> None:
    got = relatedness(cells(SECOND))
    phi = {(a, b): v for a, b, v in got.iter_rows()}
    assert phi["1", "2"] == pytest.approx(2 / 3, rel=1e-15)
    assert phi["3", "4"] == 0.5
    assert ("1", "4") not in phi  # never together
    assert got.select("technology", "other").equals(
        got.select("technology", "other").sort("technology", "other")
    )


def test_the_worked_densities_of_the_second_matrix() -> None:
    row = pl.col("country") == "C"
    out = density(cells(SECOND)).filter(row)
    inside = density(cells(SECOND), include_self=True).filter(row)
    four = {"abs": 5.1e-5}  # the worked numbers have four decimals
    assert out["density"].to_list() == pytest.approx([0.75, 0.5, 0.5833, 1, 0.7143], **four)
    assert inside["density"].to_list() == pytest.approx([0.4286, 0.6667, 0.7222, 1, 0.3846], **four)
    assert out["distance"].to_list() == pytest.approx((1 - out["density"]).to_list(), abs=0)


@pytest.mark.parametrize("include_self", [False, True])
@pytest.mark.parametrize("minus_density", [False, True])
def test_outlook_and_gain_follow_their_sums_written_out(
    include_self: bool, minus_density: bool
) -> None:
    m = [[int(x) for x in row] for row in SECOND]
    pci = [-1.3, 0.2, 0.4, 1.5, -0.5]
    n, k = range(4), range(5)
    held = [sum(m[c][t] for c in n) for t in k]
    phi = [
        [
            sum(m[c][t] * m[c][u] for c in n) / max(held[t], held[u])
            if t != u or include_self
            else 0
            for u in k
        ]
        for t in k
    ]
    omega = [[sum(m[c][u] * phi[t][u] for u in k) / sum(phi[t]) for t in k] for c in n]
    coi = [sum((1 - m[c][t]) * omega[c][t] * pci[t] for t in k) for c in n]
    cog = [
        (1 - m[c][t])
        * (
            sum(phi[t][u] / sum(phi[u]) * (1 - m[c][u]) * pci[u] for u in k)
            - (omega[c][t] * pci[t] if minus_density else 0)
        )
        for c in n
        for t in k
    ]
    products = pl.DataFrame({"technology": list("12345"), "pci": pci})
    got = outlook(cells(SECOND), products, include_self=include_self)
    assert got["coi"].to_list() == pytest.approx(coi, rel=1e-12, abs=1e-15)
    gained = gain(cells(SECOND), products, include_self=include_self, minus_density=minus_density)
    assert gained["cog"].to_list() == pytest.approx(cog, rel=1e-12, abs=1e-15)


def test_products_named_twice_are_refused() -> None:
    products = pl.DataFrame({"technology": ["1", "1"], "pci": [1.0, 2.0]})
    with pytest.raises(TableError, match="'products': 1 occurs more than once"):
        outlook(cells(SECOND), products)
    two = pl.DataFrame({"technology": ["3", "2", "1", "2", "1"], "pci": [1.0] * 5})
    with pytest.raises(TableError, match="'products': 2 occurs"):  # the first of them
        outlook(cells(SECOND), two)


def test_products_without_pci_add_nothing_to_outlook_and_have_no_gain() -> None:
    known = pl.DataFrame({"technology": ["1", "2", "3", "4"], "pci": [1.0, 1.0, 1.0, None]})
    zero = pl.DataFrame({"technology": list("12345"), "pci": [1.0, 1.0, 1.0, 0.0, 0.0]})
    assert outlook(cells(SECOND), known).equals(outlook(cells(SECOND), zero))
    missing = gain(cells(SECOND), known).filter(pl.col("cog").is_null())
    assert set(missing["technology"]) == {"4", "5"}
    nothing = known.with_columns(pci=pl.lit(None, pl.Float64))
    assert outlook(cells(SECOND), nothing)["coi"].null_count() == 4


def test_gain_without_its_last_term_is_the_sum_over_what_is_missing() -> None:
    pci = pl.DataFrame({"technology": list("12345"), "pci": [0.3, -1.0, 2.0, 0.5, 1.0]})
    m = np.array([[int(x) for x in row] for row in SECOND], dtype=float)
    together, k = m.T @ m, m.sum(0)
    phi = together / np.maximum.outer(k, k)
    np.fill_diagonal(phi, 0)
    expected = np.zeros_like(m)
    for c in range(m.shape[0]):
        for t in range(m.shape[1]):
            for u in range(m.shape[1]):
                expected[c, t] += phi[t, u] / phi[u].sum() * (1 - m[c, u]) * pci["pci"][u]
    everywhere = gain(cells(SECOND), pci, minus_density=False, missing_only=False)
    assert everywhere["cog"].to_list() == pytest.approx(expected.ravel().tolist(), rel=1e-12)
    missing = gain(cells(SECOND), pci, minus_density=False)
    assert missing["cog"].to_list() == pytest.approx(((1 - m) * expected).ravel().tolist())


def test_who_has_everything_is_as_near_as_can_be_whatever_the_rounding() -> None:
    pick = np.random.default_rng(0)
    for _ in range(30):
        rows = ["".join(str(int(x)) for x in row) for row in pick.random((5, 8)) < 0.5]
        found = density(cells(["1" * 8, *rows])).filter(pl.col("country") == "A").drop_nulls()
        assert found["density"].to_list() == pytest.approx([1.0] * found.height)
        assert found["density"].max() <= 1
        assert found["distance"].min() >= 0


def test_a_technology_near_no_other_one_takes_nothing_from_the_gain_of_others() -> None:
    alone = [*(row + "0" for row in SECOND), "000001"]
    pci = pl.DataFrame({"technology": list("123456"), "pci": [0.3, -1.0, 2.0, 0.5, 1.0, 9.0]})
    others = pl.col("country").is_in([*"ABCD"]) & (pl.col("technology") != "6")
    found = gain(cells(alone), pci).filter(others)
    assert found["cog"].null_count() == 0
    assert found.equals(gain(cells(SECOND), pci))
