"""Weights of organisations in draws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from netpos.errors import OptionError
from netpos.indicators.weights import poisson_weights, splitmix
from tests.indicators.plain import plain_weight


@pytest.fixture(params=["1", "0"], autouse=True)
def compiled_or_not(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETPOS_DRAWS", request.param)


def test_weights_are_those_of_plain_integers() -> None:
    positions, draws = np.array([0, 3, 17, 100_000]), np.array([0, 1, 999])
    for seed in (0, 7, 2**64 - 1):
        plain = [[plain_weight(p, d, seed) for d in draws.tolist()] for p in positions.tolist()]
        assert poisson_weights(positions, draws, seed).tolist() == plain


def test_weights_are_poisson_distributed_and_independent() -> None:
    weights = poisson_weights(np.arange(400), np.arange(500), seed=1).astype(int)
    counts = np.bincount(weights.ravel(), minlength=13)
    expected = stats.poisson.pmf(np.arange(13), 1) * weights.size
    kinds = expected > 5
    chi2 = ((counts - expected)[kinds] ** 2 / expected[kinds]).sum()
    assert stats.chi2.sf(chi2, kinds.sum() - 1) > 1e-3
    along_draws = np.corrcoef(weights[:, :-1].ravel(), weights[:, 1:].ravel())[0, 1]
    along_clusters = np.corrcoef(weights[:-1].ravel(), weights[1:].ravel())[0, 1]
    limit = 4 / math.sqrt(weights.size)
    assert abs(along_draws) < limit
    assert abs(along_clusters) < limit


def test_a_weight_does_not_depend_on_what_else_is_asked_for() -> None:
    whole = poisson_weights(np.arange(50), np.arange(80), seed=5)
    some, few = np.array([49, 3, 3, 20]), np.array([79, 0])
    assert (poisson_weights(some, few, seed=5) == whole[np.ix_(some, few)]).all()
    assert (poisson_weights(np.arange(50), np.arange(80), seed=6) != whole).any()


def test_numbers_that_begin_as_a_step_of_the_distribution_does_have_the_weights_of_it() -> None:
    places, draws = np.arange(400), np.arange(500)
    start = splitmix(np.array(1, np.uint64), places.astype(np.uint64))
    upper = splitmix(start[:, None], draws.astype(np.uint64)) >> np.uint64(48)
    steps = (stats.poisson.cdf(np.arange(12), 1) * 2**16).astype(np.uint64)
    at = np.argwhere(np.isin(upper, steps)).tolist()
    weights = poisson_weights(places, draws, seed=1)
    found = [int(weights[p, d]) for p, d in at]
    assert found == [plain_weight(p, d, 1) for p, d in at]
    first = [w for w, (p, d) in zip(found, at, strict=True) if upper[p, d] == steps[0]]
    assert set(first) == {0, 1}  # the lower bits decide


def test_a_seed_has_sixty_four_bits() -> None:
    one = np.arange(1)
    assert poisson_weights(one, one, seed=2**64 - 1).shape == (1, 1)
    for seed in (-1, 2**64):
        with pytest.raises(OptionError, match=f"--seed {seed}: out of range"):
            poisson_weights(one, one, seed=seed)
