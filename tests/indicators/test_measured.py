"""Indicators in every draw."""

from __future__ import annotations

import numpy as np

from tests.indicators.plain import made_up, ready


def test_another_way_to_find_the_core_is_used_in_every_draw() -> None:
    corpus = ready(made_up(5))
    rich, top = (corpus.resample(method=m).draws for m in ("rich", "top-share"))
    near = "near_core_share"
    assert not np.array_equal(rich[near], top[near], equal_nan=True)
    assert np.array_equal(rich["similarity"], top["similarity"], equal_nan=True)
