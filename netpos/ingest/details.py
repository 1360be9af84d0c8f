"""All records of a corpus and their lists, read part by part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from netpos.ingest.records import BATCH_RECORDS


@dataclass(frozen=True)
class Details:
    """All records of a corpus and a way to read their details table by table.

    ``records`` has the columns of a part plus ``file``, ``role``, final ``line`` and ``record``,
    its position; ``bases`` are the stems of the parts and the position of their first record;
    parts of fewer records than ``together`` are read with others.
    """

    records: pl.DataFrame
    bases: Sequence[tuple[str, int]]
    open_part: Callable[[str, str, Sequence[str]], pl.DataFrame]
    together: int = BATCH_RECORDS

    def parts(self, table: str, *columns: str) -> Iterator[tuple[int, pl.DataFrame]]:
        """Return a table part by part, each with the position of its first record.

        Small parts, as hundreds of pages give, come as one with those behind them.
        """
        group: list[tuple[str, int]] = []
        ends = [*(first for _, first in self.bases[1:]), self.records.height]
        for part, end in zip(self.bases, ends, strict=False):
            group.append(part)
            if end - group[0][1] >= self.together:
                yield group[0][1], self._joined(group, table, columns)
                group = []
        if group:
            yield group[0][1], self._joined(group, table, columns)

    def _joined(
        self, group: Sequence[tuple[str, int]], table: str, columns: Sequence[str]
    ) -> pl.DataFrame:
        first = group[0][1]
        frames = []
        for stem, at in group:
            found = self.open_part(stem, table, columns)
            if at > first and "row" in found.columns:
                found = found.with_columns(pl.col("row") + (at - first))
            frames.append(found)
        return frames[0] if len(frames) == 1 else pl.concat(frames)

    def read(self, table: str, *columns: str) -> pl.DataFrame:
        """Return a whole table with ``record``, the position in ``records``, instead of ``row``."""
        return pl.concat(
            part.select(*columns or [pl.exclude("row")], record=pl.col("row") + first)
            for first, part in self.parts(table, *([*columns, "row"] if columns else []))
        )
