"""A file of Lens JSON lines in chunks, read by the compiled scanner on several threads.

The scanner and the writing of Parquet leave Python's lock alone, so threads of one process do what
would otherwise need processes that each load every library.
"""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import BinaryIO, TypeVar

from netpos.ingest.readers.json_stream import BOM, too_large
from netpos.ingest.readers.scan import Scanned, Scanner
from netpos.ingest.records import Batch
from netpos.progress import advance

#: Bytes of a chunk, before the rest of its last line.
CHUNK = 64 * 1024 * 1024
_STEP = 1 << 20
T = TypeVar("T")
Put = Callable[[int, list[Batch], int], T]


class Unsuited(Exception):  # a way out, no error
    """The scanner is of no use for this file: too many lines are left, or one is too long."""


def from_file(path: Path, put: Put[T], *, threads: int, max_record: int) -> tuple[list[T], str]:
    """Read a plain file; give each chunk to ``put(number, batches, line ends)``.

    Returns
    -------
    (answers, digest)
        What ``put`` gave for each chunk, and the SHA-256 of the file.

    Raises
    ------
    Unsuited
        More than a fifth of the lines of a chunk are left, or a line is longer than a chunk.
    """
    size = path.stat().st_size
    starts = range(0, max(size, 1), CHUNK)
    scanners, digest = _Scanners(max_record), _InTurn()

    def one(number: int, start: int) -> T:
        with scanners.one() as scanner, path.open("rb", buffering=0) as file:
            length = 0
            try:
                length = _fill(scanner, file, start, min(start + CHUNK, size), size)
            finally:
                digest.update(number, scanner.room(length))
            if start == 0:
                length = _without_bom(scanner.room(length))
            found = scanner.scan(length)
            if len(found.left) > 100 + found.batch.records.height // 4:
                raise Unsuited
            return put(number, _batches(found, max_record), found.line_ends)

    with ThreadPoolExecutor(min(threads, len(starts))) as pool:
        futures = [pool.submit(one, n, start) for n, start in enumerate(starts)]
        try:
            answers = []
            for future, start in zip(futures, starts, strict=True):
                answers.append(future.result())
                advance(min(CHUNK, size - start))
        except BaseException:  # whatever it is: nobody may wait, then raise it again
            digest.stop()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return answers, digest.hexdigest()


class _InTurn:
    """SHA-256 of pieces that come in any order."""

    def __init__(self) -> None:
        self._hash, self._next, self._stopped = hashlib.sha256(), 0, False
        self._changed = threading.Condition()

    def update(self, number: int, piece: memoryview) -> None:
        """Take in a piece when all before it are."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or self._next == number)
        if not self._stopped:
            self._hash.update(piece)
        with self._changed:
            self._next += 1
            self._changed.notify_all()

    def stop(self) -> None:
        """Let nobody wait: there will be no answer."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


def from_stream(stream: BinaryIO, put: Put[T], *, threads: int, max_record: int) -> list[T]:
    """Read what comes out of a compressed file; see `from_file`.

    Raises
    ------
    Unsuited
        A line is longer than half a chunk.
    """
    scanners = _Scanners(max_record)
    waiting: queue.Queue[Future[T]] = queue.Queue()
    free = threading.Semaphore(threads + 1)
    answers: list[T] = []

    def one(number: int, scanner: Scanner, length: int) -> T:
        try:
            found = scanner.scan(length)
            return put(number, _batches(found, max_record), found.line_ends)
        finally:
            scanners.give_back(scanner)
            free.release()

    rest = b""
    with ThreadPoolExecutor(threads) as pool:
        number, ended = 0, False
        while not ended:
            free.acquire()
            scanner = scanners.take()
            room = scanner.room(CHUNK)
            room[: len(rest)] = rest
            length = len(rest) + _read_full(stream, room[len(rest) :])
            ended = length < CHUNK
            if number == 0:
                length = _without_bom(room[:length])
            last = length
            if not ended:
                last = _last_line_feed(room, length) + 1
                if length - last > CHUNK // 2:  # would be carried to the next chunk
                    raise Unsuited
            rest = bytes(room[last:length])
            del room
            waiting.put(pool.submit(one, number, scanner, last))
            number += 1
        while not waiting.empty():
            answers.append(waiting.get().result())
    return answers


class _Scanners:
    """Scanners not in use: each has memory of its own."""

    def __init__(self, max_record: int) -> None:
        self._max_record = max_record
        self._idle: queue.SimpleQueue[Scanner] = queue.SimpleQueue()

    def take(self) -> Scanner:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            return Scanner(most_line=self._max_record)

    def give_back(self, scanner: Scanner) -> None:
        self._idle.put(scanner)

    @contextmanager
    def one(self) -> Iterator[Scanner]:
        scanner = self.take()
        yield scanner
        self.give_back(scanner)


def _read_full(stream: BinaryIO, room: memoryview) -> int:
    """Fill memory from a stream; fewer bytes only at its end."""
    done = 0
    while done < len(room):
        piece = stream.read(min(_STEP, len(room) - done))
        if not piece:
            break
        room[done : done + len(piece)] = piece
        done += len(piece)
    return done


def _last_line_feed(room: memoryview, length: int) -> int:
    """Position of the last line feed, -1 where there is none."""
    for end in range(length, 0, -_STEP):
        start = max(end - _STEP, 0)
        at = bytes(room[start:end]).rfind(b"\n")
        if at >= 0:
            return start + at
    return -1


def _fill(scanner: Scanner, file: FileIO, start: int, end: int, size: int) -> int:
    """Put the lines that begin from ``start`` to before ``end`` into the scanner's memory."""
    skipped = _begin(file, start, end)
    if skipped is None:
        scanner.room(0)
        return 0
    end = _end_of_line(file, end, size)
    length = end - skipped
    _read_at(file, scanner.room(length), skipped)
    return length


def _end_of_line(file: FileIO, end: int, size: int) -> int:
    """Where the line ends that holds the byte before ``end``."""
    at = end - 1
    while at < size:
        if at - end > CHUNK // 2:  # memory for all of it would be too much
            raise Unsuited
        file.seek(at)
        piece = file.read(_STEP if at >= end else 1 << 16)
        found = piece.find(b"\n")
        if found >= 0 or not piece:
            return at + found + 1 if found >= 0 else size
        at += len(piece)
    return size


def _without_bom(room: memoryview) -> int:
    """Move a text over the mark at its beginning; its length then."""
    if bytes(room[:3]) != BOM:
        return len(room)
    room[:-3] = bytes(room[3:])
    return len(room) - 3


def _begin(file: FileIO, start: int, end: int) -> int | None:
    """Where the first line begins at or after ``start``; None where none does before ``end``."""
    at = start - 1
    while start and at < end - 1:
        file.seek(at)
        piece = file.read(min(_STEP, end - 1 - at))
        found = piece.find(b"\n")
        if found >= 0:
            return at + found + 1
        if not piece:
            return None
        at += len(piece)
    return None if start else 0


def _read_at(file: FileIO, room: memoryview, offset: int) -> None:
    """Fill memory from a place in a file; what a file that became shorter lacks is blank."""
    done = 0
    file.seek(offset)
    while done < len(room):
        got = file.readinto(room[done:])
        if not got:
            room[done:] = b"\n" * (len(room) - done)  # `check_same` will tell
            return
        done += got


def _batches(found: Scanned, max_record: int) -> list[Batch]:
    """Return the scanned rows, and those of the lines left."""
    left = [
        (line, too_large(max_record) if len(raw) > max_record else raw)
        for line, raw in found.left
        if not raw.isspace()
    ]
    if not left:
        return [found.batch]
    from netpos.ingest.readers.lens_json import read_records  # few exports need it

    return [found.batch, *read_records(left)]
