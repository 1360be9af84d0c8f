"""Each office of a citing document has a bit, and some share one."""

from __future__ import annotations

import polars as pl

from netpos.ingest.office_bits import OFFICE_BITS, office_numbers
from netpos.ingest.pairs import NO_OFFICE


def test_every_known_office_has_a_bit_of_its_own() -> None:
    offices = list(OFFICE_BITS)
    found = office_numbers(pl.Series([*offices, None, "QQ", "ZZ"])).tolist()
    assert found[: len(offices)] == list(range(len(offices)))
    assert found[len(offices)] == NO_OFFICE
    assert found[-1] == found[-2] == max(OFFICE_BITS.values()) + 1
