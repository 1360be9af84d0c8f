"""Cut a stream of bytes into lines or into JSON objects, with memory that does not grow.

Both cutters yield ``(number, piece)``: the physical line or the ordinal of the record, and its
bytes, or a text that says why the piece cannot be used. A piece larger than ``max_record`` is read
past, never held.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from netpos.ingest.readers.wrappers import Page, Path, page_of

#: Largest record that is read, in bytes.
MAX_RECORD = 64 * 1024 * 1024
_BLOCK = 4 * 1024 * 1024
#: Records without an end after which a file is cut at each beginning of a record instead: each
#: costs a look at all that follows.
MOST_RESTARTS = 30
BOM = b"\xef\xbb\xbf"

#: Short names of paths, see `wrappers.Path`.
_PATHS: dict[str, Path] = {
    "objects": (),
    "array": ("[",),
    "response": ("{data|results|patents", "["),
}
#: Where a record begins; an object that holds nothing but an ID is a member of a family, and one
#: that is cut off there may be.
_RESTART = re.compile(
    rb'\{\s*"(?:lens_id|lensId|patent_number|patent_id)"\s*:'
    rb'(?!\s*(?:"[^"]{0,40}"\s*\}|(?:"[^"]{0,40}"?\s*)?\Z))'
)
#: The same where a bracket too many or too few stands before; a member's ID can come first too.
_LOOSE = re.compile(
    rb'\{\s*"(?:lens_id|lensId|patent_number|publicationKey)"\s*:\s*"[^"]{0,80}"\s*,\s*'
    rb'"(?!document_id"|extracted_name")'
)
_KEY = re.compile(rb'"([^"\\]{0,80})"\s*:\s*$')
_FIRST_KEY = re.compile(rb'\{\s*"[^"\\]{1,40}"\s*:')
#: Bytes looked at before a bracket, for its key, and behind it, for a record's first keys.
_BEFORE, _BEHIND = 256, 256
#: Bytes kept of what stands around the records of an answer.
_SHELL = 1 << 16


def too_large(max_record: int) -> str:
    """Say that a record is larger than the limit."""
    size = f"{max_record // 2**20} MiB" if max_record >= 2**20 else f"{max_record} bytes"
    return f"larger than {size}; raise --max-record to read it"


def _endless(max_record: int, pending: int) -> str:
    if pending > max_record:
        return f"{too_large(max_record)}, unless it lacks its end"
    return "not valid JSON: the record does not end before the next one"


def lines(stream: BinaryIO, *, max_record: int = MAX_RECORD) -> Iterator[tuple[int, bytes | str]]:
    """Cut into lines; blank ones are counted and left out.

    Parameters
    ----------
    stream
        Read from where it stands to its end.
    max_record
        Longest line held.

    Yields
    ------
    (int, bytes or str)
        Line number and content without the line end, or why the line cannot be used.
    """
    number, too_long = 1, False
    kept: list[bytes] = []  # a line's beginnings; put together once, each sum would be a copy
    while block := stream.read(_BLOCK):
        if not (kept or too_long) and block.isspace():
            number += block.count(b"\n")
            continue
        pieces = block.split(b"\n")
        if len(pieces) == 1:
            if not too_long:
                kept.append(block)
            if sum(map(len, kept)) > max_record:
                kept, too_long = [], True
            continue
        pieces[0] = b"".join([*kept, pieces[0]])
        kept = [last] if (last := pieces.pop()) else []
        for piece in pieces:
            if too_long or len(piece) > max_record:
                yield number, too_large(max_record)
                too_long = False
            elif number == 1 and piece.startswith(BOM):
                yield number, piece[3:]
            elif piece and not piece.isspace():
                yield number, piece
            number += 1
    rest = b"".join(kept)
    if too_long or len(rest) > max_record:
        yield number, too_large(max_record)
    elif rest and not rest.isspace():
        yield number, rest.removeprefix(BOM) if number == 1 else rest


def _brackets(block: bytes, in_text: bool) -> tuple[NDArray[np.int64], bool]:
    """Positions of brackets outside texts, and whether the block ends inside a text."""
    a = np.frombuffer(block, dtype=np.uint8)
    quotes = np.flatnonzero(a == 34)
    slashes = np.flatnonzero(a == 92)
    if slashes.size and quotes.size:
        starts = slashes[np.concatenate([[True], np.diff(slashes) != 1])]
        after = quotes[(quotes > 0) & (a[np.maximum(quotes - 1, 0)] == 92)]
        run = starts[np.searchsorted(starts, after - 1, side="right") - 1]
        escaped = after[(after - run) % 2 == 1]
        quotes = quotes[~np.isin(quotes, escaped, assume_unique=True)]
    # { [ are 123 91, } ] are 125 93
    at = np.flatnonzero((a == 123) | (a == 125) | (a == 91) | (a == 93))
    inside = (np.searchsorted(quotes, at) + in_text) % 2 == 1
    return at[~inside], bool((quotes.size + in_text) % 2)


def _cut(held: bytes) -> Iterator[bytes]:
    """Cut before each ``{"lens_id":`` without looking inside, in a file broken all over."""
    starts = [m.start() for m in _RESTART.finditer(held)]
    for start, end in zip(starts, [*starts[1:], len(held)], strict=True):
        yield held[start:end].rstrip(b" \t\r\n,]")


def objects(
    stream: BinaryIO,
    container: str | Path,
    *,
    max_record: int = MAX_RECORD,
    page: Callable[[Page], None] | None = None,
) -> Iterator[tuple[int, bytes | str]]:
    """Cut into JSON objects where the records stand.

    Parameters
    ----------
    stream
        Read from its start.
    container
        The path to the records, or ``objects``, ``array``, ``response``.
    max_record
        Largest object held.
    page
        Called with what stands around the records of each value at the top.

    Yields
    ------
    (int, bytes or str)
        Ordinal of the object (from 1) and its bytes, or why it cannot be used. Where an object
        does not end, reading goes on at the next ``{"lens_id":``; a record behind a bracket too
        many or too few is found by its first key.
    """
    steps = _PATHS[container] if isinstance(container, str) else container
    base = len(steps)
    outer = int(base > 1 and steps[0] == "[")  # where a page ends: answers can stand in a list
    way = _Way(steps)
    around = _Around(page if base else None)
    ordinal, depth, in_text, start, own = 0, 0, False, -1, base
    held = bytearray()  # grows and is cut in place: a sum of bytes would be a copy each time
    ends = False
    scanned = 0  # bytes of `held` already looked at
    restarts = 0
    skipping = False  # inside a record that is too large to hold
    while True:
        block = b"" if ends else stream.read(_BLOCK)
        ends = ends or not block
        held += block
        until = len(held) if ends else _whole_until(held, scanned)
        fresh = bytes(memoryview(held)[scanned:until])
        at, in_text_after = _brackets(fresh, in_text)
        codes = np.frombuffer(fresh, dtype=np.uint8)[at] if len(fresh) else at
        opening = (codes == 123) | (codes == 91)
        restart = -1
        following = _RESTART.search(held) if skipping else None
        level = depth
        for position, code, is_open in zip(
            (at + scanned).tolist(), codes.tolist(), opening.tolist(), strict=True
        ):
            if skipping and following and position >= following.start():
                restart = following.start()
                break
            if is_open:
                if start < 0 and way.begins(held, position, code, level):
                    around.add(held, position)
                    start, own = position, level
                level += 1
            else:
                level = max(level - 1, 0)
                skipping = skipping and level > own
                if level == own and start >= 0 and code == 125:
                    ordinal += 1
                    small = position + 1 - start <= max_record
                    if small:
                        record = bytes(memoryview(held)[start : position + 1])
                        way.learn(record)
                        yield ordinal, record
                    else:
                        yield ordinal, too_large(max_record)
                    start = -1
                    around.record(position + 1)
                if start < 0 and (level == 0 or (level == outer and code == 125)):
                    around.end(held, position + 1)
        depth, in_text, scanned = level, in_text_after, until
        if skipping and following:  # only now, or in a text as the marks count
            restart = following.start()
        pending = len(held) - start if start >= 0 else 0
        if start >= 0 and ((ends and scanned == len(held)) or pending > max_record):
            found = _RESTART.search(held, start + 1)
            ordinal += 1
            if found is None:
                yield ordinal, "the record does not end" if ends else too_large(max_record)
                start, skipping = -1, not ends
                scanned -= around.cut(held, scanned, start)
            elif restarts < MOST_RESTARTS:
                yield ordinal, _endless(max_record, pending)
                restart, restarts = found.start(), restarts + 1
            else:
                yield ordinal, _endless(max_record, pending)
                for piece in _cut(bytes(memoryview(held)[found.start() :])):
                    ordinal += 1
                    yield ordinal, piece
                held.clear()
                start, scanned = -1, 0
                depth, in_text = base, False
                way.reset()
                around.lost()
        elif restart < 0 and (start < 0 or start > _BEFORE):
            gone = around.cut(held, scanned, start)
            scanned -= gone
            start -= gone if start >= 0 else 0
        if restart >= 0:
            del held[:restart]
            start, scanned, depth, in_text = -1, 0, base, False
            skipping = False
            way.reset()
            around.lost()
            continue
        if ends and scanned >= len(held):
            return


def _whole_until(held: bytearray, scanned: int) -> int:
    """Up to where brackets can be looked at: enough behind them, and no escape cut."""
    until = max(len(held) - _BEHIND, scanned)
    while until > scanned and held[until - 1] == 92:
        until -= 1
    return until


class _Way:
    """Whether the brackets that are open lead to the records."""

    def __init__(self, steps: Path) -> None:
        self._steps = steps
        self._open: list[bool] = []
        self._first: bytes | None = None  # how the records of this file begin

    def reset(self) -> None:
        """Take the way as gone: reading goes on among records."""
        self._open = [True] * len(self._steps)

    def learn(self, record: bytes) -> None:
        """Note the first key of a record."""
        if self._first is None and (found := _FIRST_KEY.match(record)):
            self._first = b"".join(found[0].split())

    def begins(self, held: bytearray, position: int, code: int, level: int) -> bool:
        """Tell whether a record begins at this bracket, which is not inside one."""
        base = len(self._steps)
        del self._open[level:]
        self._open += [False] * (level - len(self._open))
        here = level <= base and (
            level == 0 or (self._open[level - 1] and self._key(held, position, level))
        )
        if level < base:
            step = self._steps[level]
            self._open.append(here and code == (91 if step == "[" else 123))
        elif level == base and here and code == 123:
            return True
        if code != 123:
            return False
        if _LOOSE.match(held, position):
            return True
        if self._first is None or abs(level - base) != 1 or (level < base and here):
            return False
        found = _FIRST_KEY.match(held, position)
        return found is not None and b"".join(found[0].split()) == self._first

    def _key(self, held: bytearray, position: int, level: int) -> bool:
        """Whether the value that begins here stands behind the key of the step."""
        step = self._steps[level - 1]
        if step in ("[", "{*"):
            return True
        found = _KEY.search(held, max(0, position - _BEFORE), position)
        return found is not None and found[1].decode("utf-8", "replace") in step[1:].split("|")


class _Around:
    """What stands around the records of a value at the top, given away at its end."""

    def __init__(self, page: Callable[[Page], None] | None) -> None:
        self._page, self._text, self._from, self._records = page, b"", 0, 0

    def add(self, held: bytearray, until: int) -> None:
        """Take what stands before a record."""
        if self._page and until > self._from:
            ends = self._from + _SHELL, max(self._from + _SHELL, until - _SHELL)
            self._text += bytes(held[self._from : min(ends[0], until)] + held[ends[1] : until])
            if len(self._text) > _SHELL:
                self._text = self._text[: _SHELL // 2] + self._text[-_SHELL // 4 :]
        self._from = max(until, self._from)

    def record(self, end: int) -> None:
        """Pass over a record."""
        self._records += 1
        self._from = end

    def lost(self) -> None:
        """Begin anew where reading goes on."""
        self._from = 0

    def cut(self, held: bytearray, scanned: int, start: int) -> int:
        """Forget what is done with; the number of bytes cut off."""
        until = max(0, (scanned if start < 0 else start) - _BEFORE)
        self.add(held, until)
        self._from -= until
        del held[:until]
        return until

    def end(self, held: bytearray, until: int) -> None:
        """Give the page away."""
        self.add(held, until)
        if self._page and len(self._text) > 2:
            self._page(page_of(self._text, self._records))
        self._text, self._records = b"", 0
