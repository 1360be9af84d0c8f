"""Orders of whole numbers."""

from __future__ import annotations

import numpy as np
import pytest

from netpos.graph import compiled
from netpos.graph.sorting import ordered

CODES = [(top, np.int64) for top in (1, 2**11 - 1, 2**11, 2**16 - 1, 2**16, 2**33, 2**62)]
CODES += [(top, np.int32) for top in (0, 2**11, 2**22 - 1, 2**22, 2**31 - 1)]


@pytest.mark.parametrize("of", ["1", "0"], ids=["compiled", "numpy"])
@pytest.mark.parametrize(("top", "dtype"), CODES)
def test_equal_numbers_stay_as_they_come_however_large_they_are(
    top: int, dtype: type, of: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETPOS_SUMS", of)
    some = np.array([0, 1, top // 3, top // 2, max(top - 1, 0), top])
    code = np.random.default_rng(top).choice(some, 500).clip(0, top).astype(dtype)
    assert ordered(code).tolist() == np.argsort(code, kind="stable").tolist()
    every = np.random.default_rng(1).integers(0, top, 5000, endpoint=True).astype(dtype)
    assert ordered(every).tolist() == np.argsort(every, kind="stable").tolist()


def test_numbers_of_other_kinds_are_left_to_numpy() -> None:
    code = np.arange(10, dtype=np.int32)[::-1]
    assert compiled.order(code) is None  # not one after the other in memory
    assert compiled.order(code.astype(np.uint16)) is None
    assert ordered(code).tolist() == list(range(9, -1, -1))


@pytest.mark.parametrize("of", ["1", "0"], ids=["compiled", "numpy"])
def test_nothing_has_no_order(of: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETPOS_SUMS", of)
    assert ordered(np.empty(0, dtype=np.int32)).tolist() == []
