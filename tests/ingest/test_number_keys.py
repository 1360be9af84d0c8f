"""Documents packed into whole numbers and back."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from netpos.ingest.document_numbers import document_key
from netpos.ingest.number_keys import is_packed, pack, packed, unpacked, without_kind
from netpos.ingest.records import key

letters = st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
documents = st.tuples(
    st.tuples(letters, letters).map("".join),
    st.integers(0, 10**13 - 1).map(str),
    st.none() | letters | st.tuples(letters, st.sampled_from("0123456789")).map("".join),
)


def named(office: str, number: str, kind: str | None) -> str:
    return "_".join(t for t in (office, number, kind) if t is not None)


@given(st.lists(documents, min_size=1, max_size=20))
def test_a_packed_document_comes_back_and_no_two_are_one(found: list[tuple]) -> None:
    columns = [pl.Series(c, dtype=pl.String) for c in zip(*found, strict=True)]
    keys = pack(*columns)
    assert keys.to_list() == [packed(named(*d)) for d in found]
    assert unpacked(keys).rows() == found
    assert keys.n_unique() == len(set(found))
    plain = without_kind(keys.to_numpy())
    assert plain.tolist() == [packed(named(o, n, None)) for o, n, _ in found]


def test_packed_hashed_and_lens_numbers_never_meet() -> None:
    texts = ["AA_0", "ZZ_9999999999999_Z9", "US_D781234_S1", "000-000-000-000-019"]
    numbers = [key(t) for t in texts]
    assert all(-(2**63) < n < 2**63 for n in numbers)
    keys = pl.Series(numbers).to_numpy()
    assert is_packed(keys).tolist() == [True, True, False, False]
    assert numbers[1] < numbers[0] < -(2**62) <= numbers[2] < 0 <= numbers[3]


def test_what_does_not_fit_is_not_packed() -> None:
    for text in ("US_01_A", "US_12345678901234_A", "us_1_A", "US_1_A12", "US_1_", "US_X1_A"):
        assert packed(text) is None
    assert packed(document_key("US", "2014313399", "a1") or "") == packed("US_20140313399_A1")
