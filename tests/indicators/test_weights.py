"""Weights of organisations in draws."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from netpos.indicators.weights import poisson_weights
from tests.indicators.plain import plain_weight


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
