"""All records of a corpus and their lists, read part by part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Details:
    """All records of a corpus and a way to read their details table by table.

    ``records`` has the columns of a part plus ``file``, ``role``, final ``line`` and ``record``,
    its position; ``bases`` are the stems of the parts and the position of their first record.
    """

    records: pl.DataFrame
    bases: Sequence[tuple[str, int]]
    open_part: Callable[[str, str, Sequence[str]], pl.DataFrame]

    def parts(self, table: str, *columns: str) -> Iterator[tuple[int, pl.DataFrame]]:
        """Return a table part by part, each with the position of its first record."""
        for stem, first in self.bases:
            yield first, self.open_part(stem, table, columns)

    def read(self, table: str, *columns: str) -> pl.DataFrame:
        """Return a whole table with ``record``, the position in ``records``, instead of ``row``."""
        return pl.concat(
            part.select(*columns or [pl.exclude("row")], record=pl.col("row") + first)
            for first, part in self.parts(table, *([*columns, "row"] if columns else []))
        )
