"""Documents without a Lens ID as whole numbers: office, number and kind packed into one.

Almost all numbers of publications are plain digits. Of those the number says all, so columns of
millions of references need no texts, and `unpacked` gives office, number and kind back. Others
(letters in the number, kinds of three signs) are hashed, see `netpos.ingest.records.key`.
"""

from __future__ import annotations

import re

import numpy as np
import polars as pl
from numpy.typing import NDArray

#: Packed numbers lie below all hashed ones, which are at least -2**62.
_TOP = -(1 << 62) - 1
_NUMBERS = 10**13
#: Kinds: none; a letter; a letter and a digit.
_KINDS = 1 + 26 * 11
_PACKED = re.compile(r"([A-Z])([A-Z])_(0|[1-9][0-9]{0,12})(?:_([A-Z])([0-9])?)?")
_A = ord("A")

_LETTERS = [chr(_A + i) for i in range(26)]
_OFFICE_CODES = {text: code for code, text in enumerate(a + b for a in _LETTERS for b in _LETTERS)}
_KIND_CODES = {
    text: code
    for code, text in enumerate(["", *(a + d for a in _LETTERS for d in ("", *"0123456789"))])
}

Longs = NDArray[np.int64]


def packed(text: str) -> int | None:
    """Return the whole number of a document key; None where it does not fit.

    Examples
    --------
    >>> packed("AA_0"), packed("AA_1_A"), packed("US_D781234_S1")
    (-4611686018427387905, -4611686018427388193, None)
    """
    found = _PACKED.fullmatch(text)
    if found is None:
        return None
    office = (ord(found[1]) - _A) * 26 + ord(found[2]) - _A
    kind = 0
    if found[4]:
        kind = 1 + (ord(found[4]) - _A) * 11 + (int(found[5]) + 1 if found[5] else 0)
    return _TOP - (office * _NUMBERS + int(found[3])) * _KINDS - kind


def is_packed(keys: Longs) -> NDArray[np.bool_]:
    """Tell which keys of documents are packed numbers."""
    found: NDArray[np.bool_] = keys <= _TOP
    return found


def without_kind(keys: Longs) -> Longs:
    """Return packed numbers as those of office and number alone; other keys as they are.

    Examples
    --------
    >>> keys = np.array([packed("EP_7_B1"), packed("EP_7"), 5, -5])
    >>> found = without_kind(keys)
    >>> found[0] == found[1] == keys[1], found[2:].tolist()
    (np.True_, [5, -5])
    """
    value = _TOP - keys
    return np.where(keys <= _TOP, _TOP - value // _KINDS * _KINDS, keys)


def pack(office: pl.Series, number: pl.Series, kind: pl.Series) -> pl.Series:
    """Return `packed` for columns of office, number in its normal form, and kind (null: none).

    Examples
    --------
    >>> found = pack(pl.Series(["US", "US"]), pl.Series(["9364525", "D781234"]),
    ...              pl.Series(["B2", "S1"]))
    >>> found.to_list() == [packed("US_9364525_B2"), None]
    True
    """

    def coded(texts: pl.Series, codes: dict[str, int]) -> pl.Series:
        seen = texts.unique().drop_nulls()
        known = {t: codes[t] for t in seen.to_list() if t in codes}
        if not known:
            return pl.repeat(None, texts.len(), dtype=pl.Int64, eager=True)
        return texts.replace_strict(known, default=None, return_dtype=pl.Int64)

    # a cast tells digits in a fifth of the time of a pattern
    plain = (number.str.len_bytes() <= 13) & number.cast(pl.UInt64, strict=False).is_not_null()
    plain &= ~number.str.starts_with("+") & (~number.str.starts_with("0") | (number == "0"))
    table = pl.DataFrame(
        {
            "office": coded(office, _OFFICE_CODES),
            "number": number.set(~plain.fill_null(value=False), None).cast(pl.Int64, strict=False),
            "kind": coded(kind.fill_null(""), _KIND_CODES),
        }
    )
    return table.select(
        key=pl.lit(_TOP, pl.Int64)
        - (pl.col("office") * _NUMBERS + pl.col("number")) * _KINDS
        - pl.col("kind")
    )["key"]


def unpacked(keys: pl.Series) -> pl.DataFrame:
    """Return ``office, number, kind`` of packed keys; nulls for other keys, and without a kind.

    Examples
    --------
    >>> unpacked(pl.Series([packed("US_9364525_B2"), packed("WO_2020008155"), 7])).rows()
    [('US', '9364525', 'B2'), ('WO', '2020008155', None), (None, None, None)]
    """
    code = pl.when(pl.col("key") <= _TOP).then(pl.lit(_TOP, pl.Int64) - pl.col("key"))
    pairs, kinds = pl.Series(list(_OFFICE_CODES)), pl.Series([None, *list(_KIND_CODES)[1:]])
    rest = (
        pl.DataFrame({"key": keys})
        .with_columns(code=code)
        .with_columns(kind=pl.col("code") % _KINDS, rest=pl.col("code") // _KINDS)
    )
    return pl.DataFrame(
        {
            "office": pairs.gather(rest["rest"] // _NUMBERS),
            "number": (rest["rest"] % _NUMBERS).cast(pl.String),
            "kind": kinds.gather(rest["kind"]),
        }
    )
