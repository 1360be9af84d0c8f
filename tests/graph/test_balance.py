"""Balance of received and given citations: toy, loops over fractions, and laws."""

from __future__ import annotations

from fractions import Fraction
from typing import get_args

import numpy as np
import pytest
from hypothesis import assume, settings
from hypothesis import given as over
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from netpos.errors import OptionError
from netpos.graph import kernels
from netpos.graph.balance import BalanceKind, balance, pure_importer, reciprocity
from tests.graph.toys import (
    EMPTY,
    NO_LINKS,
    ONE_ISOLATE,
    SINGLE,
    STAR,
    TOY,
    links_of,
    matrices,
    permuted,
    toy_values,
    values,
)

KINDS = get_args(BalanceKind)

TOY_BALANCE = {
    "report": [-0.0140351, 0, 0.0388889, -0.0136842],
    "total": [-0.0701754, 0, 2.3333333, -0.6842105],
    "scaled": [-0.0110803, 0, 0.3684211, -0.1080332],
    "dyadic": [-0.0102073, 0.0187856, 0.0935214, -0.0297727],
    "dyadic_unweighted": [-0.0969697, 0.0839827, 0.1870428, -0.1740558],
    "partner_weighted": [-0.1008021, 0.0000440, 0.1895727, -0.2673391],
    "ratio": [-0.1111111, 0, 0.2258065, -0.3157895],
}


def by_definition(w: np.ndarray, families: list[int], kind: str) -> list[Fraction | None]:
    """The formulas written out in fractions, one country after the other."""
    n = len(w)
    f = [[Fraction(float(w[i][j])) if i != j else Fraction(0) for j in range(n)] for i in range(n)]
    r = [sum((f[j][i] for j in range(n)), Fraction(0)) for i in range(n)]
    g = [sum(f[i], Fraction(0)) for i in range(n)]
    pairs = sum(f[i][j] > 0 for i in range(n) for j in range(n))
    result: list[Fraction | None] = []
    for i in range(n):
        others = [j for j in range(n) if f[i][j] > 0 or f[j][i] > 0]
        if not others:
            result.append(None)
            continue
        k, s = len(others), r[i] / sum(r)
        a = {j: (f[j][i] - f[i][j]) / (f[j][i] + f[i][j]) for j in others}
        if kind == "ratio":
            value = (r[i] - g[i]) / (r[i] + g[i])
        elif kind == "report":
            value = s * (r[i] - g[i]) / families[i] / k if families[i] else None
        elif kind == "total":
            value = s * (r[i] - g[i]) / k
        elif kind == "scaled":
            value = s * (r[i] - g[i]) / (k * sum(r) / pairs)
        elif kind == "dyadic":
            value = s * sum(a.values()) / k
        elif kind == "dyadic_unweighted":
            value = sum(a.values()) / k
        else:
            weight = sum(r[j] for j in others)
            value = sum(r[j] * a[j] for j in others) / weight if weight else None
        result.append(value)
    return result


@pytest.mark.parametrize("kind", KINDS)
def test_toy_balance_is_that_of_the_methods(kind: BalanceKind) -> None:
    assert toy_values(balance(TOY, kind)) == pytest.approx(TOY_BALANCE[kind], abs=5.1e-8)


def test_the_headline_is_the_ratio() -> None:
    assert balance(TOY).equals(balance(TOY, "ratio"))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40)
@over(w=matrices(), families=st.lists(st.integers(0, 60), min_size=7, max_size=7))
def test_balance_equals_its_definition_in_fractions(
    kind: BalanceKind, w: np.ndarray, families: list[int]
) -> None:
    links = links_of(w, families=[float(x) for x in families[: len(w)]])
    expected = by_definition(w, families, kind)
    expected = [np.nan if x is None else float(x) for x in expected]
    assert_allclose(values(balance(links, kind)), expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(("a", "b"), [(3.0, 1.0), (0.1, 0.7), (5.0, 0.0)])
def test_two_countries_have_opposite_ratios(a: float, b: float) -> None:
    expected = [(b - a) / (a + b), (a - b) / (a + b)]
    assert balance(links_of([[0, a], [b, 0]]))["value"].to_list() == expected


def test_no_partners_means_no_balance_rather_than_an_even_one() -> None:
    for kind in KINDS:
        assert balance(SINGLE, kind)["value"].to_list() == [None]
        assert balance(NO_LINKS, kind)["value"].to_list() == [None] * 4
        assert balance(ONE_ISOLATE, kind)["value"].to_list()[2] is None
        assert balance(EMPTY, kind).height == 0


def test_report_balance_is_null_without_families() -> None:
    links = links_of([[0, 3], [1, 0]], families=[0.0, 2.0])
    assert balance(links, "report")["value"].to_list() == [None, 3 / 4 * 2 / 2]
    assert balance(links_of([[0, 3], [1, 0]]), "report")["value"].to_list() == [None, None]
    assert balance(links_of([[0, 3], [1, 0]]), "ratio")["value"].to_list() == [-0.5, 0.5]


def test_a_pure_importer_is_flagged_and_its_weighted_balance_is_a_plain_zero() -> None:
    links = links_of([[0, 3, 1], [0, 0, 2], [0, 1, 0]], families=[1.0, 2.0, 3.0])
    assert pure_importer(links)["value"].to_list() == [True, False, False]
    for kind in ("report", "total", "scaled", "dyadic"):
        assert str(balance(links, kind)["value"][0]) == "0.0"
    assert balance(links, "ratio")["value"][0] == -1
    assert balance(links, "dyadic_unweighted")["value"][0] == -1


def test_neither_isolates_nor_pure_exporters_are_pure_importers() -> None:
    assert pure_importer(STAR)["value"].to_list() == [False] + [True] * 5
    assert pure_importer(NO_LINKS)["value"].to_list() == [False] * 4


def test_partner_weighted_is_null_where_no_partner_is_cited() -> None:
    assert balance(STAR, "partner_weighted")["value"].to_list() == [None] + [-1.0] * 5


def test_reciprocity_lists_partners_with_both_directions() -> None:
    table = reciprocity(TOY, "NL")
    assert table.columns == ["partner", "given", "received", "asymmetry"]
    assert table.rows() == [
        ("CN", 1.0, 1.0, 0.0),
        ("DE", 3.0, 2.0, -0.2),
        ("US", 6.0, 5.0, -1 / 11),
    ]
    assert table["asymmetry"].mean() == pytest.approx(-0.0969697, abs=5e-8)


def test_reciprocity_of_an_isolate_is_an_empty_table() -> None:
    assert reciprocity(ONE_ISOLATE, "AC").rows() == []
    assert reciprocity(ONE_ISOLATE, "AA").rows() == [("AB", 2, 1, -1 / 3), ("AD", 1, 3, 0.5)]


def test_an_unknown_country_or_kind_is_refused_by_name() -> None:
    with pytest.raises(OptionError, match="country 'XQ' is not in these links"):
        reciprocity(TOY, "XQ")
    with pytest.raises(OptionError, match="balance kind 'net' is not known; use one of ratio"):
        balance(TOY, "net")


# --- laws --------------------------------------------------------------------------------------


@over(matrices())
def test_total_balances_without_weights_add_up_to_zero(w: np.ndarray) -> None:
    links = links_of(w)
    r, g = kernels.received(links.foreign()[None]), kernels.given(links.foreign()[None])
    assert float((r - g).sum()) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40)
@over(w=matrices(), size=st.floats(0.01, 1000))
def test_domestic_citations_and_isolated_countries_change_no_digit(
    kind: BalanceKind, w: np.ndarray, size: float
) -> None:
    n = len(w)
    wider = np.zeros((n + 1, n + 1))
    wider[1:, 1:] = w + size * np.eye(n)
    there = balance(links_of(wider, families=[5.0] * (n + 1)), kind)
    here = balance(links_of(w, families=[5.0] * n), kind)
    assert_array_equal(values(there)[1:], values(here))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40)
@over(w=matrices(), seed=st.integers(0, 99))
def test_relabelling_moves_the_balance_along(kind: BalanceKind, w: np.ndarray, seed: int) -> None:
    moved, order = permuted(w, seed)
    here = balance(links_of(w, families=[float(k + 1) for k in range(len(w))]), kind)
    there = balance(links_of(moved, families=[float(k + 1) for k in order]), kind)
    assert_allclose(values(there), values(here)[order], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40)
@over(w=matrices())
def test_a_symmetric_network_is_balanced_exactly(kind: BalanceKind, w: np.ndarray) -> None:
    found = values(balance(links_of(w + w.T, families=[3.0] * len(w)), kind))
    assert_array_equal(found[np.isfinite(found)], 0)


@pytest.mark.parametrize("kind", ["ratio", "dyadic_unweighted"])
@settings(max_examples=40)
@over(w=matrices())
def test_transposing_flips_the_sign_exactly(kind: BalanceKind, w: np.ndarray) -> None:
    assert_array_equal(values(balance(links_of(w.T), kind)), -values(balance(links_of(w), kind)))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40)
@over(w=matrices(), factor=st.sampled_from([0.01, 3.0, 1e4]))
def test_scale_matters_only_to_report_and_total(
    kind: BalanceKind, w: np.ndarray, factor: float
) -> None:
    families = [float(k + 1) for k in range(len(w))]
    here, there = (values(balance(links_of(x, families=families), kind)) for x in (w, w * factor))
    grows = factor if kind in ("report", "total") else 1.0
    assert_allclose(there, here * grows, rtol=1e-11, atol=1e-15)  # differences of near sums


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40)
@over(w=matrices())
def test_the_sign_is_that_of_received_minus_given(kind: BalanceKind, w: np.ndarray) -> None:
    links = links_of(w, families=[2.0] * len(w))
    r, g = (kernel(links.foreign()[None])[0] for kernel in (kernels.received, kernels.given))
    found = values(balance(links, kind))
    known = np.isfinite(found)
    if kind in ("report", "total", "scaled"):
        assert_array_equal(np.sign(found[known]), np.sign(np.where(r > 0, r - g, 0))[known])
    elif kind == "ratio":
        assert_array_equal(np.sign(found[known]), np.sign(r - g)[known])
    if kind not in ("report", "total", "scaled"):
        assert (np.abs(found[known]) <= 1 + 1e-15).all()


@over(matrices(2), st.integers(0, 6), st.floats(0, 1))
def test_fewer_citations_received_never_raise_the_headline(
    w: np.ndarray, who: int, kept: float
) -> None:
    n = len(w)
    i, j = who % n, (who + 1) % n
    before = values(balance(links_of(w)))[i]
    w = w.copy()
    w[j, i] *= kept
    after = values(balance(links_of(w)))[i]
    assume(np.isfinite(before) and np.isfinite(after))
    assert after <= before + 1e-15


def test_the_literal_formula_may_rise_when_recognition_is_lost() -> None:
    """A country that imports far more than it exports: losing half of its received citations
    brings its report balance nearer to zero, that is up, while the headline falls."""
    w = np.array([[0.0, 40.0, 40.0], [4.0, 0.0, 50.0], [4.0, 50.0, 0.0]])
    less = w.copy()
    less[1:, 0] = 2.0
    before, after = (links_of(x, families=[10.0] * 3) for x in (w, less))
    assert balance(after, "report")["value"][0] > balance(before, "report")["value"][0]
    assert balance(after, "ratio")["value"][0] < balance(before, "ratio")["value"][0]


# --- kernels -----------------------------------------------------------------------------------


@over(st.lists(matrices(4, 4), min_size=1, max_size=4))
def test_kernels_give_per_draw_what_the_functions_give(stack: list[np.ndarray]) -> None:
    families = [3.0, 0.0, 10.0, 7.0]
    links = [links_of(w, families=families) for w in stack]
    F = np.stack([x.foreign() for x in links])
    strengths = kernels.received(F), kernels.given(F)
    ratio = kernels.ratio_of(*strengths)
    report = kernels.report_of(*strengths, kernels.partners(F), np.array(families))
    for draw, one in enumerate(links):
        assert_array_equal(ratio[draw], values(balance(one)))
        assert_array_equal(report[draw], values(balance(one, "report")))
    each = kernels.report_of(*strengths, kernels.partners(F), np.tile(families, (len(stack), 1)))
    assert_array_equal(each, report)
