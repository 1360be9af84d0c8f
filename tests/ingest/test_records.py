"""Numbers by which tables refer to documents."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from netpos.ingest.records import is_lens_id, key, keys, lens_ids
from tests.lens import lens_id


def test_a_number_is_eleven_times_the_digits_and_the_check_sign() -> None:
    assert key("000-000-000-000-019") == 1 * 11 + 9
    assert key("000-000-000-012-34X") == 1234 * 11 + 10


@given(st.integers(0, 10**14 - 1))
def test_a_lens_id_comes_back_from_its_number(n: int) -> None:
    text = lens_id(n)
    assert is_lens_id(text)
    assert lens_ids(pl.Series([key(text), -n - 1, None])).to_list() == [text, None, None]


def test_other_texts_have_negative_numbers_and_a_column_has_those_of_its_texts() -> None:
    texts = ["US_9364525_B2", lens_id(7), "000-000", "", "EP_1_A1", lens_id(10**13)]
    found = keys(pl.Series(texts)).to_list()
    assert found == [key(t) for t in texts]
    assert [n < 0 for n in found] == [True, False, True, True, True, False]
