"""Indicators from lists of cells, against the same from full matrices."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from netpos.graph import kernels
from netpos.indicators.cells import Cells, Sources


@pytest.mark.parametrize(("density", "seed"), [(0.0, 0), (0.05, 1), (0.3, 2), (1.0, 3)])
def test_cells_give_the_digits_of_full_matrices(density: float, seed: int) -> None:
    # kernels sum over all countries in order, this over those with links
    rng = np.random.default_rng(seed)
    n, draws = 14, 9
    linked = (rng.random((n, n)) < density) & ~np.eye(n, dtype=bool)
    F = np.where(linked, rng.random((draws, n, n)) * rng.integers(0, 3, (draws, n, n)), 0.0)
    of_partner, own = rng.integers(0, 4, (n, n)), rng.integers(0, 4, n)
    citing, cited = np.nonzero(linked)
    values = np.ascontiguousarray(F[:, citing, cited].T)
    cells = Cells.of(citing, cited, n)
    sources = Sources.of(cells, of_partner, own)
    given = cells.given @ values
    assert_array_equal(given.T, kernels.given(F))
    assert_array_equal((cells.received @ values).T, kernels.received(F))
    for k, classes in enumerate((of_partner, own)):
        mine = sources.class_shares(values, given, k)
        assert_array_equal(mine.swapaxes(0, 1), kernels.class_shares(F, classes))
    effective = sources.effective(values, given)
    assert_array_equal(effective.T, kernels.source_diversity(F).effective)
    assert np.isfinite(effective).any() == (density > 0)
