"""Offices of citing documents as bits of the table of citations."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.ingest.distinct import distinct_texts
from netpos.ingest.pairs import NO_OFFICE

_OFFICES = [
    "AT",
    "AU",
    "BE",
    "BG",
    "BR",
    "CA",
    "CH",
    "CN",
    "CS",
    "CZ",
    "DD",
    "DE",
    "DK",
    "EA",
    "EE",
    "EP",
    "ES",
    "FI",
    "FR",
    "GB",
    "GC",
    "GR",
    "HK",
    "HR",
    "HU",
    "ID",
    "IE",
    "IL",
    "IN",
    "IS",
    "IT",
    "JP",
    "KR",
    "LT",
    "LU",
    "LV",
    "MA",
    "MX",
    "MY",
    "NL",
    "NO",
    "NZ",
    "PH",
    "PL",
    "PT",
    "RO",
    "RS",
    "RU",
    "SA",
    "SE",
    "SG",
    "SI",
    "SK",
    "SU",
    "TH",
    "TR",
    "TW",
    "UA",
    "US",
    "VN",
    "WO",
    "ZA",
]
_OTHER_OFFICE = 62
#: Bit of ``citations.office_mask`` for each office of a citing document.
OFFICE_BITS = {code: bit for bit, code in enumerate(_OFFICES)}


def office_numbers(offices: pl.Series) -> NDArray[np.int8]:
    """Return the bit of ``office_mask`` for each office; `NO_OFFICE` where there is none.

    Examples
    --------
    >>> office_numbers(pl.Series(["AU", None, "XX"])).tolist()
    [1, 63, 62]
    """
    codes, at = distinct_texts(offices)
    bits = codes.replace_strict(OFFICE_BITS, default=_OTHER_OFFICE, return_dtype=pl.Int8)
    found: NDArray[np.int8] = np.append(bits.to_numpy(), np.int8(NO_OFFICE))[at]  # -1: the last
    return found
