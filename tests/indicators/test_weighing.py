"""Sums in draws: how they are laid out moves no digit."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from netpos.indicators import resampling, weighing
from netpos.indicators.resampling import Bilinear, Held
from netpos.indicators.weighing import Adding, Drawn, Summing, Weights
from netpos.indicators.weights import poisson_weights
from tests.indicators.plain import made_up, ready

PARTS = csr_array(np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.25, 0.75, 0.0], [0.0, 0.0, 0.0]]))


@pytest.fixture(params=["1", "0"], autouse=True)
def compiled_or_not(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETPOS_DRAWS", request.param)


def weights_of(drawn: Drawn, units: list[int], draws: int) -> np.ndarray:
    out = np.empty((len(units), draws))
    drawn.weights(np.arange(draws), 5).of(drawn.place(np.array(units)), out)
    return out


def test_units_of_several_clusters_weigh_their_mean_and_one_of_none_nothing() -> None:
    drawn = Drawn.of(PARTS, (np.array([3, 2]), np.array([1, 0])))
    clusters = poisson_weights(np.arange(3), np.arange(11), 5).astype(np.float64)
    assert drawn.places[[3, 1, 2, 0]].tolist() == [0, 1, 2, 3]  # as they come first, in turn
    found = weights_of(drawn, [0, 1, 2, 3], 11)
    assert found.tolist() == (PARTS @ clusters).tolist()


def test_links_are_summed_by_cell_with_the_weights_of_both_ends() -> None:
    some = np.random.default_rng(1)
    ends = some.integers(0, 3, (2, 40)), some.integers(0, 3, (2, 30))
    several = [
        Bilinear.of(some.integers(0, 5, one.shape[1]), one[0], one[1], some.random(one.shape[1]), 5)
        for one in ends
    ]
    drawn = Drawn.of(PARTS, *((one.citing, one.cited) for one in several))
    summing = Summing.of([drawn.renumbered(one) for one in several])
    found = summing.totals(drawn.weights(np.arange(9), 5))
    unit = weights_of(drawn, [0, 1, 2], 9)
    want = np.zeros((10, 9))
    for k, one in enumerate(several):
        rows = zip(one.cell.tolist(), one.citing, one.cited, one.amount, strict=True)
        for cell, citing, cited, amount in rows:
            want[5 * k + cell] += amount * unit[citing] * unit[cited]
    assert found == pytest.approx(want)


def test_what_units_hold_is_summed_unit_after_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    some = np.random.default_rng(2)
    held = Held(some.integers(0, 50, 80), some.integers(0, 3, 80), some.random(80))
    clusters = some.integers(0, 9, (50, 4)).astype(np.uint8)
    weights = Weights(np.arange(50), clusters, csr_array((0, 50)))
    want = csr_array((held.amount, (held.country, held.unit)), shape=(3, 50)) @ clusters.astype(
        float
    )
    for size in (2048, 7, 1):
        monkeypatch.setattr(weighing, "_PAIRS", size)
        found = Adding.of([(held, 3), (held, 3)], 50).totals(weights)
        assert found[:3].tobytes() == found[3:].tobytes() == want.tobytes()


def test_draws_have_the_same_digits_however_many_links_are_sorted_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    corpus = ready(made_up(2, families=120, pairs=500))
    whole = corpus.resample(draws=12).draws
    for size, room in ((1, 1), (30, 1 << 10)):
        for module in (resampling, weighing):
            monkeypatch.setattr(module, "_AT_ONCE", size)
        monkeypatch.setattr(weighing, "_WEIGHTS", room)
        found = corpus.resample(draws=12).draws
        for name, values in whole.items():
            assert found[name].tobytes() == values.tobytes(), name
