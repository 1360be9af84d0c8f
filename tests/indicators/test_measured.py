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


def test_without_draws_there_is_no_row_of_any_indicator() -> None:
    found = ready(made_up(5)).resample(draws=0).draws
    assert "value_share" in found
    assert {values.shape[0] for values in found.values()} == {0}
