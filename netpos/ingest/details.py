"""All records of a corpus and their lists, read part by part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.ingest.records import BATCH_RECORDS

#: Exports that name no family but the priorities.
_FLAT = ("lens-csv", "lens-legacy-jsonl")
#: Columns of records that a part does not hold as they are.
_ADDED = ("record", "file", "role", "flat")


@dataclass(frozen=True)
class Origin:
    """Where a part comes from: name and role of its export, what to add to its lines."""

    file: str
    role: str
    line_base: int


@dataclass(frozen=True)
class Details:
    """All records of a corpus and a way to read their details table by table.

    ``doc`` are the numbers of their documents; ``bases`` are the stems of the parts and the
    position of their first record; ``origins`` say of each stem where it comes from; parts of fewer
    records than ``together`` are read with others.
    """

    doc: NDArray[np.int64]
    bases: Sequence[tuple[str, int]]
    open_part: Callable[[str, str, Sequence[str]], pl.DataFrame]
    origins: Mapping[str, Origin] = field(default_factory=dict)
    together: int = BATCH_RECORDS

    @property
    def height(self) -> int:
        """How many records there are."""
        return self.doc.size

    def records(self, *columns: str) -> Iterator[pl.DataFrame]:
        """Return columns of the records part by part, in order.

        Beside those of a part there are ``record``, the position among all, ``file`` and ``role``
        of the export, and ``flat``, whether it names no family but the priorities.
        """
        own = [c for c in columns if c not in _ADDED]
        if "flat" in columns and "form" not in own:
            own.append("form")
        for group, end in self._groups():
            frames = []
            for (stem, _), height in zip(group, _heights(group, end), strict=True):
                origin = self.origins[stem]
                found = self.open_part(stem, "records", own or ["doc"])
                if found.height != height:
                    message = f"{stem}: {found.height} records instead of {height}"
                    raise AssertionError(message)
                if "line" in columns:
                    found = found.with_columns(pl.col("line") + origin.line_base)
                frames.append(
                    found.with_columns(file=pl.lit(origin.file), role=pl.lit(origin.role))
                )
            table = frames[0] if len(frames) == 1 else pl.concat(frames)
            first = group[0][1]
            table = table.with_columns(
                record=pl.int_range(first, first + pl.len(), dtype=pl.Int32),
                **({"flat": pl.col("form").is_in(_FLAT)} if "flat" in columns else {}),
            )
            yield table.select(columns)

    def parts(self, table: str, *columns: str) -> Iterator[tuple[int, pl.DataFrame]]:
        """Return a table part by part, each with the position of its first record.

        Small parts, as hundreds of pages give, come as one with those behind them.
        """
        for group, _ in self._groups():
            yield group[0][1], self._joined(group, table, columns)

    def _groups(self) -> Iterator[tuple[list[tuple[str, int]], int]]:
        """Put small parts with those behind them; with the position behind their last record."""
        group: list[tuple[str, int]] = []
        ends = [*(first for _, first in self.bases[1:]), self.height]
        end = 0
        for part, end in zip(self.bases, ends, strict=False):
            group.append(part)
            if end - group[0][1] >= self.together:
                yield group, end
                group = []
        if group:
            yield group, end

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
        """Return a whole table with ``record``, the position of the record, instead of ``row``."""
        return pl.concat(
            part.select(*columns or [pl.exclude("row")], record=pl.col("row") + first)
            for first, part in self.parts(table, *([*columns, "row"] if columns else []))
        )


def _heights(group: Sequence[tuple[str, int]], end: int) -> list[int]:
    """Tell how many records each part of a group has."""
    firsts = [*(first for _, first in group), end]
    return np.diff(firsts).tolist()
