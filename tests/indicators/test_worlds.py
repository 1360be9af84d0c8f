"""Made worlds whose true values are known."""

from __future__ import annotations

import numpy as np
import pytest

from netpos.indicators.worlds import WORLDS


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


def test_a_corpus_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    world = WORLDS["C"]
    first, again, other = (world.draw(60, seed) for seed in (1, 1, 2))
    assert (first.citing == again.citing).all()
    assert first.citing.size != other.citing.size or (first.citing != other.citing).any()
