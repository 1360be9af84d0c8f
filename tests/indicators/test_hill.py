"""Effective sources as they would be: published values, and samples drawn at random."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from scipy.special import digamma

from netpos.errors import OptionError
from netpos.indicators.hill import (
    effective_estimated,
    effective_rarefied,
    hill2_estimated,
    hill_numbers,
)
from netpos.tables import Links

#: Spiders of a girdled and a logged plot: the example of iNEXT (Ellison et al. 2010).
GIRDLED = [46, 22, 17, 15, 15, 9, 8, 6, 6, 4, *[2] * 4, *[1] * 12]
LOGGED = [88, 22, 16, 15, 13, 10, 8, 8, 7, 7, 7, 5, 4, 4, 4, 3, 3, 3, 3, 2, 2, 2, 2, *[1] * 14]


def observed(counts: list[int]) -> float:
    p = np.array(counts) / sum(counts)
    return math.exp(-(p * np.log(p)).sum())


@pytest.mark.parametrize(
    ("counts", "number", "shannon", "estimated", "simpson"),
    [(GIRDLED, 168, 12.060, 13.826, 8.175), (LOGGED, 252, 14.421, 16.337, 6.920)],
)
def test_estimates_are_those_published_for_the_spiders(
    counts: list[int], number: int, shannon: float, estimated: float, simpson: float
) -> None:
    assert sum(counts) == number
    assert observed(counts) == pytest.approx(shannon, abs=6e-4)
    assert effective_estimated(counts) == pytest.approx(estimated, abs=6e-4)
    assert hill2_estimated(counts) == pytest.approx(simpson, abs=6e-4)


def test_the_tail_of_the_sum_is_the_difference_in_the_formula() -> None:
    for counts in (GIRDLED, LOGGED, [5, 3, 1, 1], [9, 4, 2, 1, 1, 1]):
        x = np.array(counts, dtype=float)
        n, f1, f2 = x.sum(), (x == 1).sum(), (x == 2).sum()
        A = 2 * f2 / ((n - 1) * f1 + 2 * f2) if f2 else 2 / ((n - 1) * (f1 - 1) + 2)
        r = np.arange(1, n)
        unseen = f1 / n * (1 - A) ** (1 - n) * (-math.log(A) - ((1 - A) ** r / r).sum())
        whole = (x / n * (digamma(n) - digamma(x))).sum() + unseen
        assert effective_estimated(counts) == pytest.approx(math.exp(whole), rel=1e-6)


def test_the_estimate_is_nearer_to_the_truth_than_what_is_seen() -> None:
    pick = np.random.default_rng(4)
    p = pick.dirichlet(np.full(40, 0.5))
    true = math.exp(-(p * np.log(p)).sum())
    samples = [pick.multinomial(60, p) for _ in range(300)]
    seen = np.mean([observed([int(c) for c in s if c]) for s in samples])
    found = np.mean([effective_estimated(s) for s in samples])
    assert abs(found - true) < 0.25 * abs(seen - true)
    concentration = np.mean([1 / hill2_estimated(s) for s in samples])
    assert concentration == pytest.approx((p**2).sum(), rel=0.03)  # without bias


def test_rarefied_is_the_entropy_expected_among_so_many_citations() -> None:
    pick = np.random.default_rng(1)
    species = np.repeat(np.arange(len(GIRDLED)), GIRDLED)
    entropies = []
    for _ in range(2000):
        p = np.bincount(pick.choice(species, 100, replace=False)) / 100
        p = p[p > 0]
        entropies.append(-(p * np.log(p)).sum())
    found = math.log(effective_rarefied(GIRDLED, 100))
    error = np.std(entropies) / math.sqrt(len(entropies))
    assert found == pytest.approx(np.mean(entropies), abs=4 * error)


def test_rarefied_to_all_citations_is_the_observed_number_and_to_one_is_one() -> None:
    for counts in (GIRDLED, LOGGED, [7]):
        assert effective_rarefied(counts, sum(counts)) == pytest.approx(observed(counts))
        assert effective_rarefied(counts, 1) == pytest.approx(1.0)
        assert math.isnan(effective_rarefied(counts, sum(counts) + 1))
        values = [effective_rarefied(counts, m) for m in range(1, sum(counts) + 1)]
        assert (np.diff(values) > -1e-12).all()


def links(counts: dict[str, int], weight: float = 1.0) -> Links:
    rows = [("NL", c, n * weight, n) for c, n in counts.items()]
    schema = {
        "citing": pl.String,
        "cited": pl.String,
        "weight": pl.Float64,
        "citations": pl.Int64,
    }
    return Links.from_table(pl.DataFrame(rows, schema=schema, orient="row"))


def row(found: pl.DataFrame) -> dict[str, float | None]:
    return found.filter(pl.col("country") == "NL").row(0, named=True)


def test_frequencies_are_citations_and_domestic_ones_do_not_count() -> None:
    counts = {"DE": 12, "US": 9, "CN": 4, "JP": 1, "NL": 500}
    found = row(hill_numbers(links(counts, weight=0.5), rarefy=10))
    abroad = [12, 9, 4, 1]
    assert found["source_effective_estimated"] == pytest.approx(effective_estimated(abroad))
    assert found["source_effective_rarefied"] == pytest.approx(effective_rarefied(abroad, 10))
    assert found["source_hill2_estimated"] == pytest.approx(hill2_estimated(abroad))
    p = np.array(abroad) / 26
    assert found["source_hill2"] == pytest.approx(1 / (p**2).sum())


def test_below_twenty_citations_or_with_mostly_single_ones_nothing_is_estimated() -> None:
    few = row(hill_numbers(links({"DE": 12, "US": 7}), rarefy=10))
    assert few["source_effective_estimated"] is few["source_hill2_estimated"] is None
    assert few["source_effective_rarefied"] is not None
    codes = ["DE", "US", "CN", "JP", "FR", "GB", "IT", "SE", "FI", "DK", "BE", "AT"]
    single = row(hill_numbers(links(dict.fromkeys(codes, 1) | {"CH": 10}), rarefy=100))
    assert single["source_effective_estimated"] is None
    assert single["source_effective_rarefied"] is None
    assert single["source_hill2"] is not None
    with pytest.raises(OptionError, match="--rarefy 0"):
        hill_numbers(links({"DE": 1}), rarefy=0)
