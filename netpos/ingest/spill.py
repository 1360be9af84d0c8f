"""Rows put aside in buckets on disk, so that more of them can be gone over than memory holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

#: Rows of numbers, and of texts, collected before they are parted among the buckets.
_ROWS_AT_ONCE, _TEXTS_AT_ONCE = 1 << 20, 1 << 19


def joined(parts: Sequence[NDArray[Any]], kind: np.dtype[Any]) -> NDArray[Any]:
    """Return rows with fields one after the other; as bytes, since NumPy copies field by field.

    Examples
    --------
    >>> rows = np.array([(5, True), (7, False)], [("n", "i8"), ("yes", "?")])
    >>> joined([rows[:1], rows], rows.dtype)["n"].tolist(), joined([], rows.dtype).size
    ([5, 5, 7], 0)
    """
    if len(parts) == 1:
        return parts[0]
    raw = [np.ascontiguousarray(part, dtype=kind).view(np.uint8) for part in parts]
    return np.concatenate([np.empty(0, np.uint8), *raw]).view(kind)


def parted(bucket: NDArray[Any], number: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the order that puts rows of one bucket together, and where each bucket begins."""
    order = np.argsort(bucket, kind="stable")
    starts = np.zeros(number + 1, dtype=np.int64)
    np.cumsum(np.bincount(bucket, minlength=number), out=starts[1:])
    return order, starts


class Buckets:
    """Rows of numbers in buckets, which keep the order in which the rows came.

    Parameters
    ----------
    folder
        Where the buckets are put; a single one is held in memory.
    name
        Beginning of the names of their files.
    kind
        Type of a row, with fields.
    number
        How many buckets.

    Examples
    --------
    >>> import tempfile
    >>> rows = np.array([(5, True), (7, False), (6, True)], [("n", "i8"), ("yes", "?")])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     buckets = Buckets(Path(folder), "example", rows.dtype, 2)
    ...     buckets.put(rows, rows["yes"])
    ...     [bucket["n"].tolist() for bucket in buckets.taken()]
    [[7], [5, 6]]
    """

    def __init__(self, folder: Path, name: str, kind: np.dtype[Any], number: int) -> None:
        self._paths = [folder / f"{name}-{k:04d}" for k in range(number)]
        self.kind = kind
        self._held: list[NDArray[Any]] = []
        self._of: list[NDArray[Any]] = []
        self._waiting = 0

    def __len__(self) -> int:
        """Return how many buckets there are."""
        return len(self._paths)

    def put(self, rows: NDArray[Any], bucket: NDArray[Any]) -> None:
        """Put rows into their buckets."""
        self._held.append(rows)
        if len(self) > 1:
            self._of.append(bucket.astype(np.uint16))
            self._waiting += rows.size
            if self._waiting >= _ROWS_AT_ONCE:
                self._flush()

    def _flush(self) -> None:
        if not self._waiting:
            return
        order, starts = parted(np.concatenate(self._of), len(self))
        rows = joined(self._held, self.kind).take(order)  # ten times as fast as by an index
        self._held, self._of, self._waiting = [], [], 0
        for k in np.flatnonzero(np.diff(starts)).tolist():
            with self._paths[k].open("ab") as file:
                rows[starts[k] : starts[k + 1]].tofile(file)

    def taken(self) -> Iterator[NDArray[Any]]:
        """Give the buckets in order, and their room back."""
        if len(self) == 1:
            held, self._held = self._held, []
            yield joined(held, self.kind)
            return
        self._flush()
        for path in self._paths:
            if not path.exists():
                yield np.empty(0, self.kind)
                continue
            rows = np.fromfile(path, self.kind)
            path.unlink()
            yield rows


class TextBuckets:
    """Rows of a frame in buckets on disk, which keep the order in which the rows came.

    A single bucket is held in memory.

    Examples
    --------
    >>> import tempfile
    >>> frame = pl.DataFrame({"office": ["EP", "US", "EP"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     buckets = TextBuckets(Path(folder), "example", 2)
    ...     buckets.put(frame, np.array([1, 0, 1]))
    ...     [[part["office"].to_list() for part in parts] for parts in buckets.taken()]
    [[['US']], [['EP', 'EP']]]
    """

    def __init__(self, folder: Path, name: str, number: int) -> None:
        self._folder, self._name = folder, name
        self._files: list[list[Path]] = [[] for _ in range(number)]
        self._held: list[pl.DataFrame] = []
        self._none = pl.DataFrame()
        self._of: list[NDArray[Any]] = []
        self._waiting = 0
        self._flushed = 0

    def put(self, rows: pl.DataFrame, bucket: NDArray[Any]) -> None:
        """Put rows into their buckets."""
        self._none = rows.head(0)
        self._held.append(rows)
        if len(self._files) == 1:
            return
        self._of.append(bucket.astype(np.uint16))
        self._waiting += rows.height
        if self._waiting >= _TEXTS_AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        if not self._waiting:
            return
        order, starts = parted(np.concatenate(self._of), len(self._files))
        rows = pl.concat(self._held)
        self._held, self._of, self._waiting = [], [], 0
        for k in np.flatnonzero(np.diff(starts)).tolist():
            path = self._folder / f"{self._name}-{k:04d}-{self._flushed:05d}"
            of_bucket = rows[order[starts[k] : starts[k + 1]]]
            of_bucket.write_parquet(path, compression="lz4", statistics=False)
            self._files[k].append(path)
        self._flushed += 1

    def taken(self, *, keep: bool = False) -> Iterator[Iterator[pl.DataFrame]]:
        """Give the buckets in order, each in at least one frame, and their room back.

        ``keep``: they are to be taken again.
        """
        if len(self._files) == 1:
            held = self._held or [self._none]
            if not keep:
                self._held = []
            yield iter(held)
            return
        self._flush()
        for files in self._files:
            yield self._read(files, keep=keep)

    def _read(self, files: list[Path], *, keep: bool) -> Iterator[pl.DataFrame]:
        if not files:
            yield self._none
        for path in files:
            yield pl.read_parquet(path, memory_map=False)
            if not keep:
                path.unlink()
