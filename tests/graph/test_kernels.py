"""Numbers and stacks of draws: rounding, ranks, and the same results one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy.stats import rankdata

from netpos.graph import kernels
from netpos.graph.core import core, core_distance, near_core
from netpos.graph.dependence import partner_classes, similarity, source_diversity
from tests.graph.toys import links_of, matrices, values

CODES = ["CN", "DE", "NL", "TW", "US"]


@over(st.floats(1e-200, 1e200) | st.floats(-1e9, -1e-9) | st.just(0.0))
def test_rounding_keeps_twelve_significant_digits(x: float) -> None:
    assert kernels.significant(x) == pytest.approx(float(f"{x:.12g}"), rel=1e-15)


@over(st.lists(st.floats(1e-6, 1e6), min_size=2, max_size=20))
def test_values_alike_in_print_are_equal_after_rounding(xs: list[float]) -> None:
    rounded = kernels.significant(np.array(xs) * (1 + 1e-15))
    again = kernels.significant(rounded)
    assert_array_equal(again, rounded)


def test_rounding_leaves_nan_and_infinity_alone() -> None:
    assert_array_equal(
        kernels.significant([np.nan, np.inf, -np.inf, 0]), [np.nan, np.inf, -np.inf, 0]
    )


@over(st.lists(st.sampled_from([0.0, 0.1 + 0.2, 0.3, 5.0, 7.5, -2.0, np.nan]), max_size=9))
def test_ranks_are_competition_ranks_of_the_rounded_values(xs: list[float]) -> None:
    found = kernels.competition_rank([xs])[0] if xs else np.zeros(0)
    known = [float(f"{x:.12g}") for x in xs if not np.isnan(x)]
    expected = iter(rankdata([-x for x in known], method="min"))
    assert_array_equal(found, [np.nan if np.isnan(x) else next(expected) for x in xs])


def test_ranks_of_draws_do_not_mix() -> None:
    found = kernels.competition_rank([[1.0, 2.0, 2.0], [np.nan, 4.0, 9.0]])
    assert_array_equal(found, [[3, 1, 1], [np.nan, 2, 1]])


@settings(max_examples=40)
@over(st.lists(matrices(5, 5), min_size=1, max_size=3))
def test_every_kernel_gives_per_draw_what_the_functions_give(stack: list[np.ndarray]) -> None:
    families = [30.0, 12.0, 9.0, 10.0, 400.0]
    links = [links_of(w, CODES, families) for w in stack]
    F = np.stack([x.foreign() for x in links])
    classes, own = partner_classes(links[0], year=2025)
    diversity = kernels.source_diversity(F)
    shares = kernels.class_shares(F, own)
    score = kernels.similarity_score(kernels.class_shares(F, classes))
    inside = kernels.rich_core(F)
    distance = kernels.resistance(F, inside)
    association = kernels.resistance(F, inside, association=True)
    near = kernels.near_core(inside, distance, families)
    rank = kernels.competition_rank(kernels.symmetric(F).sum(axis=-2))
    for d, one in enumerate(links):
        sources = source_diversity(one)
        assert_array_equal(diversity.countries[d], values(sources, "source_countries"))
        assert_array_equal(diversity.effective[d], values(sources, "source_effective"))
        assert_array_equal(diversity.hill2[d], values(sources, "source_hill2"))
        assert_array_equal(diversity.hhi[d], values(sources, "source_hhi"))
        assert_array_equal(diversity.evenness[d], values(sources, "source_evenness"))
        alike = similarity(one, year=2025)
        for k, column in enumerate(("share_eu", "share_oecd_nato", "share_other")):
            assert_array_equal(shares[d, :, k], values(alike, column))
        assert_array_equal(score[d], values(alike, "similarity"))
        centre = core(one)
        assert_array_equal(inside[d], values(centre, "core") == 1)
        assert_array_equal(rank[d], values(centre, "rank"))
        assert_array_equal(distance[d], values(core_distance(one)))
        assert_array_equal(association[d], values(core_distance(one, kind="association")))
        assert_array_equal(near[d], values(near_core(one)))


def test_no_draws_and_no_nodes_pass_through() -> None:
    for shape in ((0, 4, 4), (3, 0, 0)):
        F = np.zeros(shape)
        inside = kernels.rich_core(F)
        assert inside.shape == shape[:2]
        distance = kernels.resistance(F, inside)
        for result in (
            kernels.received(F),
            kernels.ratio_of(kernels.received(F), kernels.given(F)),
            kernels.source_diversity(F).effective,
            distance,
            kernels.near_core(inside, distance, np.ones(shape[1])),
            kernels.competition_rank(kernels.received(F)),
        ):
            assert result.shape == shape[:2]
        assert kernels.class_shares(F, np.ones(shape[1], dtype=np.int64)).shape == (*shape[:2], 3)


@pytest.mark.parametrize("n", [3, 7, 60, 130])
def test_nearness_is_resistance_up_to_a_factor_of_the_draw(n: int) -> None:
    rng = np.random.default_rng(n)
    F = np.where(rng.random((5, n, n)) < 0.3, rng.random((5, n, n)) * 9, 0.0)
    F[:, np.arange(n), np.arange(n)] = 0.0
    F[2, -1] = F[2, :, -1] = 0.0  # a country that cannot be reached
    F[3] = 0.0  # no links, so no core
    S = kernels.symmetric(F)
    core = kernels.rich_core_of(S)
    whole = kernels.resistance(F, core)
    for asked in (rng.random(n) < 0.4, np.ones(n, dtype=bool), np.zeros(n, dtype=bool)):
        found = kernels.nearness(S, core, asked)
        there = np.isfinite(found)
        assert np.array_equal(there, np.isfinite(whole) & (asked | core))
        assert not found[core].any()
        for d in range(5):
            outside = there[d] & ~core[d]
            if outside.any():
                factor = found[d, outside] / whole[d, outside]
                assert factor == pytest.approx(factor[0], rel=1e-10)


def test_the_core_is_the_same_from_links_and_from_the_exchange_in_both_directions() -> None:
    # worked out by hand: strengths 4, 4, 3, 1; each country's exchange with stronger ones is
    # 0 (a), 2 (b), 3 (c), 1 (d), largest at c: the core is a, b, c
    S = np.array([[[0, 2, 2, 0], [2, 0, 1, 1], [2, 1, 0, 0], [0, 1, 0, 0.0]]])
    assert kernels.rich_core_of(S).tolist() == [[True, True, True, False]]
    assert kernels.rich_core(np.triu(S)).tolist() == [[True, True, True, False]]
