"""Made worlds whose true values are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from netpos.indicators.worlds import CODES, FOCAL, SMALL, SPECIAL, WORLDS


def test_the_truth_is_what_corpora_of_many_organisations_tend_to() -> None:
    for world in WORLDS.values():
        corpus = world.draw(10_000, 1)
        for period in ("all", "2016-2025"):
            truth = world.truth(period)
            table = corpus.selected(period).table
            for name in ("family_share", "received_share", "value_share", "share_eu", "similarity"):
                seen = dict(table.select("country", name).iter_rows())
                large = world.codes[int(np.argmax(world.part))]
                assert seen[large] == pytest.approx(truth[name][large], rel=0.15)


def test_the_ratio_of_a_pair_is_what_corpora_of_many_organisations_tend_to() -> None:
    for world in WORLDS.values():
        found = world.draw(4_000, 2).ratios("2016-2025").drop_nulls()
        place = {code: k for k, code in enumerate(world.codes)}
        at = [[place[c] for c in found[end]] for end in ("citing", "cited")]
        true = world.ratios("2016-2025")[*at]
        seen = np.sqrt(found["low"] * found["high"]).to_numpy()
        assert true.min() < 0.6
        assert true.max() > 1.6
        gap = np.log(seen / true)
        assert abs(gap.mean()) < 0.06
        assert gap.std() < 0.3 < np.log(true).std() + 0.1


def test_a_world_of_home_preference_and_size_alone_has_the_ratio_one() -> None:
    world = replace(WORLDS["C"], shared=0.0)
    alpha, *others = world._made
    world.__dict__["_made"] = (np.ones_like(alpha), *others)
    ratios = world.ratios("all")[~np.eye(world.countries, dtype=bool)]
    assert ratios == pytest.approx(1.0, abs=1e-6)


def test_one_organisation_dominates_the_focal_country_or_few_are_there() -> None:
    giant, star, few = (SPECIAL[name].draw(400, 5) for name in "DEF")
    at = giant.world.codes.index(FOCAL)
    families = np.bincount(giant.owner[giant.country[giant.owner] == at])
    assert families.max() / families.sum() == pytest.approx(0.6, abs=0.01)
    cited = star.owner[star.cited]
    cited = np.bincount(cited[star.country[cited] == at])
    assert cited.max() / cited.sum() == pytest.approx(0.6, abs=0.05)
    assert 2 <= (few.country == at).sum() <= 20
    assert SPECIAL["D"].watched == SPECIAL["F"].watched == FOCAL
    assert WORLDS["B"].watched == SMALL
    for world in SPECIAL.values():
        seen = dict(
            world.draw(8_000, 1).selected("all").table.select("country", "received_share").rows()
        )
        assert seen[FOCAL] == pytest.approx(world.truth("all")["received_share"][FOCAL], rel=0.25)


def test_a_corpus_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    world = WORLDS["C"]
    assert world.shared > 0
    one = world.draw(60, 3)
    assert 0 < (one.second >= 0).mean() < 2 * world.shared
    assert (one.second != one.owner).all()  # a second applicant is another one
    first, again, other = (world.draw(60, seed) for seed in (1, 1, 2))
    assert (first.citing == again.citing).all()
    assert first.citing.size != other.citing.size or (first.citing != other.citing).any()


def test_countries_are_listed_by_size_the_first_a_fifth_and_the_last_a_hundredth() -> None:
    for world in WORLDS.values():
        part = dict(zip(world.codes, world.part.tolist(), strict=True))
        falling = [part[code] for code in CODES[: world.countries]]
        assert falling == sorted(falling, reverse=True)
        assert sum(falling) == pytest.approx(1.0)
    assert [world.countries for world in WORLDS.values()] == [12, 15, 15]
    # of the last world, with all fifteen
    assert (falling[0], falling[-1]) == pytest.approx((0.2, 0.01))


def test_a_country_without_families_has_no_part_of_the_value() -> None:
    corpus = SPECIAL["F"].draw(12, 1)
    at = corpus.world.codes.index(FOCAL)
    assert (corpus.country != at).all()
    found = dict(corpus.selected("all").table.select("country", "value_share").iter_rows())
    assert found[FOCAL] == 0.0
    assert sum(found.values()) == pytest.approx(1.0)


def test_where_all_cohorts_are_cited_alike_the_value_is_the_part_of_all_citations() -> None:
    world = replace(WORLDS["B"])
    attraction = world._made[0] * world.part
    chance = np.where(np.eye(world.countries, dtype=bool), 3.0, 1.0) * attraction
    cited = world.part @ (chance / chance.sum(axis=1, keepdims=True))
    truth = world.truth("2016-2025")["value_share"]
    assert [truth[c] for c in world.codes] == pytest.approx(cited.tolist(), rel=1e-12)


def test_cohorts_of_some_countries_grow_as_those_of_others_decline() -> None:
    world = replace(WORLDS["C"])
    profile = world._made[2]
    assert profile.sum(axis=1) == pytest.approx(1.0)
    growth = np.log(profile[:, -1] / profile[:, 0]) / 19  # a year, over twenty cohorts
    assert np.sort(growth) == pytest.approx(np.linspace(-0.15, 0.15, 15))
    assert replace(WORLDS["B"])._made[2] == pytest.approx(1 / 20)
