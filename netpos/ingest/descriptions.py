"""What references say of the documents they name: one description of each."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.ingest.distinct import Lookup


def describe(
    parts: Iterable[pl.DataFrame], named: NDArray[np.int64], wanted: NDArray[np.bool_]
) -> tuple[pl.DataFrame, NDArray[np.int32]]:
    """Tell what references say of some documents.

    Parameters
    ----------
    parts
        Descriptions as read, see ``OUTSIDE`` in `netpos.ingest.records`.
    named
        Distinct numbers of documents.
    wanted
        Which of them to describe.

    Returns
    -------
    (table, row)
        One row per document described, and the row of each of those named, -1 where there is none.
        Where descriptions of a document differ, each column holds its first value by code point.
    """
    news = _News(named, wanted)
    frames = []
    for part in parts:
        known = part["content"].is_not_null().to_numpy()
        said = part["content"].fill_null(0).to_numpy()
        rows, at = news.of(part["other"].to_numpy(), known, said)
        frames.append(part[rows].drop("content").with_columns(at=pl.Series(at)))
    table: pl.DataFrame = pl.concat(frames)
    frames.clear()
    several = news.differ[table["at"].to_numpy()]
    if several.any():
        merged = table.filter(several).group_by("at").agg(pl.all().min())
        table = pl.concat([table.filter(~several), merged.select(table.columns)])
    row = np.full(named.size, -1, dtype=np.int32)
    row[table["at"].to_numpy()] = np.arange(table.height, dtype=np.int32)
    return table.drop("at"), row


class _News:
    """The rows that say something new; ``differ``: documents of which not all say the same."""

    def __init__(self, named: NDArray[np.int64], wanted: NDArray[np.bool_]) -> None:
        self._lookup, self._wanted = Lookup(named), wanted
        self._content = np.zeros(named.size, dtype=np.int64)
        self._seen, self.differ = (np.zeros(named.size, dtype=bool) for _ in range(2))
        self._first = np.full(named.size, -1, dtype=np.int32)

    def of(
        self, other: NDArray[np.int64], known: NDArray[np.bool_], said: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Return rows to take and the documents they are of; those without a number always
        differ.
        """
        at = self._lookup.find(other)
        rows = np.flatnonzero(at >= 0)
        rows = rows[self._wanted[at[rows]]]
        at = at[rows]
        said, places = said[rows], np.arange(rows.size, dtype=np.int32)
        self._first[at[::-1]] = places[::-1]  # of several rows of a document the first
        new = ~self._seen[at] & (self._first[at] == places)
        self._content[at[new]] = said[new]
        self._seen[at[new]] = True
        differs = ~known[rows] | (said != self._content[at])
        self.differ[at[differs]] = True
        take = new | differs
        return rows[take], at[take]
