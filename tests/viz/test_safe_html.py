"""Text and data inside a page."""

from __future__ import annotations

import pytest

from netpos.viz import safe_html


def test_data_blocks_refuse_numbers_that_are_none():
    with pytest.raises(ValueError, match="not JSON compliant"):
        safe_html.json_block({"x": float("nan")})
