"""Pairs spread over nodes, against matrices."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy.sparse import csr_array

from netpos.graph.entries import entries


@pytest.mark.parametrize("compiled", ["1", "0"])
def test_entries_sum_to_the_product_of_the_shares_of_both_ends(
    compiled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETPOS_SUMS", compiled)
    draw = np.random.default_rng(5)
    held = draw.random((30, 6)) * (draw.random((30, 6)) < 0.4)
    citing, cited = draw.integers(0, 30, (2, 200)).astype(np.int32)
    pair, code, weight = entries(citing, cited, csr_array(held))
    dense = held[citing][:, :, None] * held[cited][:, None, :]
    assert (np.diff(pair) >= 0).all()
    found = np.zeros((200, 36))
    np.add.at(found, (pair, code), weight)
    assert found.reshape(200, 6, 6) == pytest.approx(dense)
    assert pair.size == np.count_nonzero(dense)


def test_shares_that_are_all_different_are_not_multiplied_with_each_other() -> None:
    """Of 5,000 shares, such as a user may give, that would be 25 million products."""
    matrix = csr_array(np.random.default_rng(1).random((5000, 1)))
    rows = np.arange(5000, dtype=np.int32)
    tracemalloc.start()
    _, _, weight = entries(rows, rows[::-1].copy(), matrix)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    data = matrix.toarray().ravel()
    assert np.asarray(weight).tolist() == (data * data[::-1]).tolist()
    assert peak < 20_000_000
