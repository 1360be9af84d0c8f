"""Sums by organisation and country, some organisations at a time."""

from __future__ import annotations

import numpy as np
import pytest

from netpos.indicators import holdings, influence
from netpos.indicators.holdings import Holders, Holdings, Sums
from tests.indicators.plain import in_full, made_up, ready


def test_holdings_of_one_country_alone_are_summed_by_holder() -> None:
    holder, amount = np.array([4, 1, 4]), np.array([1.0, 2.0, 5.0])
    found = Holdings.of(holder, np.zeros(3, dtype=np.int64), 1, amount)
    assert found.holder.tolist() == found.code.tolist() == [1, 4]
    assert found.country.tolist() == [0, 0]
    assert found.amounts[0].tolist() == [2.0, 6.0]
    count = Holders(1)
    count.add(found)
    assert (count.amounts.tolist(), count.number.tolist()) == ([8.0], [2.0])
    assert count.effective.tolist() == [64 / 40]


def test_sums_have_the_same_digits_in_however_many_parts() -> None:
    some = np.random.default_rng(3)
    group, values = some.integers(0, 4, 999), some.lognormal(0, 4, 999)
    sums = Sums(4)
    for part in np.split(np.arange(999), [1, 5, 300, 300, 998]):
        sums.add(group[part], values[part])
    assert sums.values.tobytes() == np.bincount(group, values, 4).tobytes()


@pytest.mark.parametrize("full", [False, True])
def test_errors_have_the_same_digits_however_many_organisations_are_taken_at_a_time(
    monkeypatch: pytest.MonkeyPatch, *, full: bool
) -> None:
    case = made_up(2, families=120, pairs=500)
    corpus = ready(in_full(case) if full else case)
    whole = corpus.resample(draws=1)
    monkeypatch.setattr(influence, "_MANY", 0)  # sums over pairs beside those over organisations
    for size in (1, 7, 50):
        monkeypatch.setattr(holdings, "_AT_ONCE", size)
        found = corpus.resample(draws=1)
        assert found.lost.tobytes() == whole.lost.tobytes()
        assert set(found.precision) == set(whole.precision)
        for name, precision in found.precision.items():
            for mine, theirs in zip(precision, whole.precision[name], strict=True):
                assert mine.tobytes() == theirs.tobytes(), name
