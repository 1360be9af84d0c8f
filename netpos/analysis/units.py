"""Simple or extended families as units, and the pairs between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.graph import compiled
from netpos.graph.kernels import Floats
from netpos.graph.links import Citations, Mask, Rows, gathered
from netpos.graph.sorting import ordered

if TYPE_CHECKING:
    from netpos.analysis.study import Study

_AT_ONCE = 1 << 20  # pairs put in order at a time


@dataclass(frozen=True)
class Unit:
    """Rows and pairs at one family level; ``of_row`` maps simple families to their unit.

    Of simple families themselves ``of_row`` and ``of_pair`` are None: each is its own unit.
    """

    of_row: Rows | None
    pairs: Citations
    of_pair: Rows | None
    years: Floats

    def rows(self, mask: Mask) -> Mask:
        """Return units with any row in the mask."""
        if self.of_row is None:
            return mask
        out = np.zeros(mask.size, dtype=bool)
        out[self.of_row[mask]] = True
        return out

    def sums(self, values: Floats, mask: Mask) -> Floats:
        """Sum the values of the rows in the mask by unit."""
        if self.of_row is None:
            return np.where(mask, values, 0.0)
        found: Floats = np.bincount(
            self.of_row[mask], weights=values[mask], minlength=mask.size
        ).astype(np.float64, copy=False)
        return found

    def selected(self, mask: Mask) -> Mask:
        """Return pairs of units with any pair in the mask."""
        if self.of_pair is None:
            return mask
        out = np.zeros(len(self.pairs) + 1, dtype=bool)  # the last: pairs within a unit, -1
        for start in range(0, mask.size, _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            out[self.of_pair[part][mask[part]]] = True
        return out[:-1]


def distinct_pairs(pairs: Citations, of_row: Rows) -> tuple[tuple[Rows, Rows], Rows]:
    """Return the distinct pairs of different units, in order, and the number of each pair's.

    Examples
    --------
    >>> four = np.array([0, 0, 1, 2]), np.array([1, 2, 2, 3])
    >>> pairs = Citations(*four, np.zeros(4, dtype=bool), 4)
    >>> [list(map(int, part)) for part in distinct_pairs(pairs, np.array([0, 0, 2, 3]))[0]]
    [[0, 2], [2, 3]]
    >>> distinct_pairs(pairs, np.array([0, 0, 2, 3]))[1].tolist()
    [-1, 0, 0, 1]
    """
    of_pair = np.full(len(pairs), -1, dtype=np.int32)
    citing, cited = np.empty(len(pairs), dtype=np.int32), np.empty(len(pairs), dtype=np.int32)
    known = 0
    for at, one in _by_unit(cast("Rows", gathered(of_row, pairs.citing))):
        other = cast("Rows", gathered(of_row, pairs.cited[at]))
        apart = one != other
        at, one, other = at[apart], one[apart], other[apart]
        code = one.astype(np.int64)
        code -= int(one.min(initial=of_row.size))
        code *= of_row.size
        code += other
        order = ordered(code)
        new = np.diff(code[order], prepend=-1) != 0
        of_pair[at[order]] = np.cumsum(new) + (known - 1)
        first = order[new]
        here = slice(known, known + first.size)
        citing[here], cited[here] = one[first], other[first]
        known += first.size
    return (citing[:known], cited[:known]), of_pair


def _by_unit(unit: Rows) -> Iterator[tuple[Rows, Rows]]:
    """Yield the numbers of pairs by citing unit, some at a time, all of a unit together; and these
    units.
    """
    order, begin = ordered(unit), 0
    while begin < order.size:
        end = min(begin + _AT_ONCE, order.size)
        last = unit[order[end - 1]]
        while end < order.size:  # the rest of the last unit
            others = unit[order[end : end + _AT_ONCE]] != last
            if others.any():
                end += int(others.argmax())
                break
            end += others.size
        at = order[begin:end]
        yield at, unit[at]
        begin = end


def numbers_of(
    pairs: Citations, first: Mask, second: Mask, *, firsts: bool = True
) -> tuple[Rows, Rows]:
    """Return the numbers of the pairs whose citing row is marked, where these are asked for, and of
    those with both ends marked.

    Examples
    --------
    >>> pairs = Citations(np.array([0, 1]), np.array([1, 2]), np.zeros(2, dtype=bool), 3)
    >>> some = np.array([True, True, False])
    >>> [found.tolist() for found in numbers_of(pairs, some, some)]
    [[0, 1], [0]]
    """
    done = compiled.choose(pairs.citing, pairs.cited, first, second, firsts=firsts)
    if done is not None:
        return done
    one = np.flatnonzero(gathered(first, pairs.citing)).astype(np.int32)
    return one, one[gathered(second, pairs.cited[one])]


def extended_families(study: Study) -> NDArray[np.int32]:
    """Return the row that stands for each row's extended family: the earliest located simple
    family in it.

    A family without an extended family, and a document outside the corpus, stands for itself.
    """
    families = study.corpus.columns("families", "family", "extended", "earliest_priority")
    order = families.select(
        "family",
        "extended",
        "earliest_priority",
        located=~pl.Series(study.shares.located[: families.height]),
    ).sort("located", "earliest_priority", "family", nulls_last=True)
    first = (
        order.drop_nulls("extended")
        .group_by("extended", maintain_order=True)
        .agg(unit=pl.col("family").first())
    )
    unit = families.join(first, on="extended", how="left", maintain_order="left")["unit"]
    out = np.arange(study.rows, dtype=np.int32)
    out[: families.height] = unit.fill_null(families["family"]).to_numpy()
    return out
