"""The second eigenvector, and correlations that know ties."""

from __future__ import annotations

import pytest
from scipy.stats import pearsonr, spearmanr

from netpos.indicators.complexity import (
    eci_pci,
)
from tests.indicators.test_complexity import SECOND, cells


def test_a_second_eigenvalue_that_is_not_simple_leaves_the_index_empty() -> None:
    # a ring of five: each rotation is as good as the next, eigenvalues come in pairs
    got = eci_pci(cells(["11000", "01100", "00110", "00011", "10001"]))
    assert got.countries["eci"].null_count() == 5
    assert got.products["pci"].null_count() == 5
    assert "is not simple" in got.notes[0]


def test_both_correlations_of_the_worked_matrix_are_those_of_scipy() -> None:
    index = eci_pci(cells(SECOND))
    eci, pci = index.countries, index.products
    assert index.with_diversity == pytest.approx(pearsonr(eci["eci"], eci["diversity"])[0])
    # ranks of the rounded values: 1/2 computed in two ways is a tie
    ranks = spearmanr(pci["pci"].round(9), pci["ubiquity"])[0]
    assert index.with_ubiquity == pytest.approx(ranks)
    assert index.rules_agree == (index.with_diversity > 0 > index.with_ubiquity)
