"""Orders of whole numbers."""

from __future__ import annotations

import numpy as np
import pytest

from netpos.indicators.sorting import ordered


@pytest.mark.parametrize("top", [1, 2**16 - 1, 2**16, 2**33])
def test_equal_numbers_stay_as_they_come_however_large_they_are(top: int) -> None:
    code = np.random.default_rng(top).choice(np.array([0, 1, top // 2, top - 1, top]), 500)
    assert ordered(code).tolist() == np.argsort(code, kind="stable").tolist()


def test_nothing_has_no_order() -> None:
    assert ordered(np.empty(0, dtype=np.int32)).tolist() == []
