"""Lists of texts to columns of numbers and dates, by fixed-width arithmetic where possible."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.ingest.records import key

#: Stands for "no document" in `document_numbers`.
NO_DOCUMENT = np.iinfo(np.int64).min

_DIGITS = [0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 16, 17]
_HYPHENS = [3, 7, 11, 15]
_NO_DAY = np.iinfo(np.int32).min
#: Days since 1970 of texts seen; exports repeat the same few thousand dates.
_DAYS: dict[str | None, int] = {}
_DAYS_HELD = 100_000
_NOT_AN_ID = "?" * 19
_NOT_A_DATE = "?" * 10
_MONTH_LENGTH = np.array([0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


def _fixed(texts: Sequence[str | None], width: int, other: str) -> NDArray[np.uint8]:
    """Bytes of texts of one width, one row each; texts of another width become ``other``."""
    there = [t for t in texts if t]
    if len(there) == len(texts) and set(map(len, there)) == {width}:
        joined = "".join(there)
        if joined.isascii():
            return np.frombuffer(joined.encode("ascii"), dtype=np.uint8).reshape(-1, width)
    fitting = [t if t and len(t) == width else other for t in texts]
    joined = "".join(fitting)
    if not joined.isascii():
        joined = "".join([t if t.isascii() else other for t in fitting])
    return np.frombuffer(joined.encode("ascii"), dtype=np.uint8).reshape(-1, width)


def document_numbers(texts: Sequence[str | None]) -> NDArray[np.int64]:
    """Return `netpos.ingest.records.key` for a list; `NO_DOCUMENT` where there is no text.

    Examples
    --------
    >>> document_numbers(["038-066-141-127-891", "000-000-000-000-00X"]).tolist()
    [41872755240680, 10]
    >>> document_numbers([None, ""]).tolist() == [NO_DOCUMENT, NO_DOCUMENT]
    True
    """
    a = np.ascontiguousarray(_fixed(texts, 19, _NOT_AN_ID).T)
    digit = a - 48  # below "0" wraps around to a large number
    number = np.zeros(len(texts), dtype=np.int64)
    good = np.ones(len(texts), dtype=np.bool_)
    for i in _DIGITS:
        number *= 10
        number += digit[i]
        good &= digit[i] <= 9
    for i in _HYPHENS:
        good &= a[i] == 45
    is_x = (a[18] | 32) == 120
    good &= (digit[18] <= 9) | is_x
    check = np.where(is_x, 10, digit[18].astype(np.int64))
    numbers: NDArray[np.int64] = np.where(good, number * 11 + check, NO_DOCUMENT)
    for i in np.flatnonzero(~good).tolist():
        text = texts[i]
        if text and text.strip():
            numbers[i] = key(text)
    return numbers


def dates(texts: Sequence[str | None]) -> pl.Series:
    """Return ISO dates, also ``YYYYMMDD`` and date-times, as Date; anything else is null.

    Examples
    --------
    >>> dates(["2016-06-14", "20160614", "2016-02-30", None, "1492-01-01"]).to_list()
    [datetime.date(2016, 6, 14), datetime.date(2016, 6, 14), None, None, None]
    """
    new = set(texts).difference(_DAYS)
    if len(new) + len(_DAYS) > _DAYS_HELD:
        _DAYS.clear()
        new = set(texts)
    if new:
        unseen = list(new)
        days = _parsed(unseen).to_physical().fill_null(_NO_DAY).to_list()
        _DAYS.update(zip(unseen, days, strict=True))
    found = pl.Series("d", np.fromiter(map(_DAYS.__getitem__, texts), np.int32, len(texts)))
    return found.set(found == _NO_DAY, None).cast(pl.Date)


def _parsed(texts: Sequence[str | None]) -> pl.Series:
    """Dates of texts, each worked out anew."""
    a = _fixed(texts, 10, _NOT_A_DATE).astype(np.int64) - 48
    numeric = ((a[:, [0, 1, 2, 3, 5, 6, 8, 9]] >= 0) & (a[:, [0, 1, 2, 3, 5, 6, 8, 9]] <= 9)).all(
        axis=1
    ) & (a[:, [4, 7]] == -3).all(axis=1)
    year = a[:, 0] * 1000 + a[:, 1] * 100 + a[:, 2] * 10 + a[:, 3]
    month, day = a[:, 5] * 10 + a[:, 6], a[:, 8] * 10 + a[:, 9]
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    longest = _MONTH_LENGTH[np.clip(month, 0, 12)] - ((month == 2) & ~leap)
    good = numeric & (month >= 1) & (month <= 12) & (day >= 1) & (day <= longest)
    good &= (year >= 1600) & (year <= 2200)
    months = np.where(good, (year - 1970) * 12 + month - 1, 0)
    days = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    days = days + np.where(good, day - 1, 0)
    found = pl.Series(days.astype(np.int32)).cast(pl.Date)
    if good.all():
        return found
    other = [None if g else t for g, t in zip(good.tolist(), texts, strict=True)]
    late = pl.Series(other, dtype=pl.String).str.strip_chars().str.slice(0, 10)
    frame = pl.DataFrame({"good": good, "found": found, "late": late}).with_columns(
        late=pl.coalesce(
            pl.col("late").str.to_date("%Y-%m-%d", strict=False),
            pl.col("late").str.to_date("%Y%m%d", strict=False),
        )
    )
    in_reach = pl.col("late").dt.year().is_between(1600, 2200)
    return frame.select(d=pl.when("good").then("found").otherwise(pl.when(in_reach).then("late")))[
        "d"
    ]
