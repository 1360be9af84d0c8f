"""Cut a stream of bytes into lines or into JSON objects, with memory that does not grow.

Both cutters yield ``(number, piece)``: the physical line or the ordinal of the record, and its
bytes, or a text that says why the piece cannot be used. A piece larger than ``max_record`` is read
past, never held.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

#: Largest record that is read, in bytes.
MAX_RECORD = 64 * 1024 * 1024
_BLOCK = 4 * 1024 * 1024
#: Records without an end after which a file is cut at each beginning of a record instead: each
#: costs a look at all that follows.
MOST_RESTARTS = 30
BOM = b"\xef\xbb\xbf"

#: Where the records stand: objects one after the other, in an array, in a response's "data".
Container = Literal["objects", "array", "response"]
_DEPTH: dict[Container, int] = {"objects": 0, "array": 1, "response": 2}
#: Where a record begins; an object that holds nothing but an ID is a member of a family, and one
#: that is cut off there may be.
_RESTART = re.compile(
    rb'\{\s*"(?:lens_id|lensId|patent_number)"\s*:'
    rb'(?!\s*(?:"[^"]{0,40}"\s*\}|(?:"[^"]{0,40}"?\s*)?\Z))'
)
_DATA = re.compile(rb'"(?:data|results|patents)"\s*:\s*$')


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
    number, kept, too_long = 1, b"", False
    while block := stream.read(_BLOCK):
        if not (kept or too_long) and block.isspace():
            number += block.count(b"\n")
            continue
        pieces = block.split(b"\n")
        if len(pieces) == 1:
            kept += pieces[0]
            if len(kept) > max_record:
                kept, too_long = b"", True
            continue
        pieces[0] = kept + pieces[0]
        kept = pieces.pop()
        for piece in pieces:
            if too_long or len(piece) > max_record:
                yield number, too_large(max_record)
                too_long = False
            elif number == 1 and piece.startswith(BOM):
                yield number, piece[3:]
            elif piece and not piece.isspace():
                yield number, piece
            number += 1
    if too_long or len(kept) > max_record:
        yield number, too_large(max_record)
    elif kept and not kept.isspace():
        yield number, kept.removeprefix(BOM) if number == 1 else kept


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
    stream: BinaryIO, container: Container, *, max_record: int = MAX_RECORD
) -> Iterator[tuple[int, bytes | str]]:
    """Cut into JSON objects at the depth where the records stand.

    Parameters
    ----------
    stream
        Read from its start.
    container
        Where the records stand.
    max_record
        Largest object held.

    Yields
    ------
    (int, bytes or str)
        Ordinal of the object (from 1) and its bytes, or why it cannot be used. Where an object
        does not end, reading goes on at the next ``{"lens_id":``.
    """
    base = _DEPTH[container]
    ordinal, depth, in_text, held, start = 0, 0, False, b"", -1
    ends = False
    in_data = container != "response"
    scanned = 0  # bytes of `held` already looked at
    restarts = 0
    skipping = False  # inside a record that is too large to hold
    while True:
        block = b"" if ends else stream.read(_BLOCK)
        while block.endswith(b"\\"):  # never cut inside an escape
            more = stream.read(1)
            block += more
            if not more:
                break
        ends = ends or not block
        held += block
        fresh = held[scanned:]
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
                if code == 91 and level == 1 and container == "response":
                    in_data = bool(_DATA.search(held[max(0, position - 64) : position]))
                if code == 123 and level == base and in_data and start < 0:
                    start = position
                level += 1
            else:
                level -= 1
                if level < 0:
                    level = 0
                skipping = skipping and level > base
                if level == base and start >= 0 and code == 125:
                    ordinal += 1
                    small = position + 1 - start <= max_record
                    yield ordinal, held[start : position + 1] if small else too_large(max_record)
                    start = -1
        depth, in_text, scanned = level, in_text_after, len(held)
        if skipping and following:  # only now, or in a text as the marks count
            restart = following.start()
        pending = len(held) - start if start >= 0 else 0
        if start >= 0 and (ends or pending > max_record):
            found = _RESTART.search(held, start + 1)
            ordinal += 1
            if found is None:
                yield ordinal, "the record does not end" if ends else too_large(max_record)
                held, start, skipping = held[-128:], -1, not ends
                scanned = len(held)
            elif restarts < MOST_RESTARTS:
                yield ordinal, _endless(max_record, pending)
                restart, restarts = found.start(), restarts + 1
            else:
                yield ordinal, _endless(max_record, pending)
                for piece in _cut(held[found.start() :]):
                    ordinal += 1
                    yield ordinal, piece
                held, start, scanned = b"", -1, 0
                depth, in_text, in_data = base, False, True
        elif start < 0 and restart < 0:
            held = held[-128:]
            scanned = len(held)
        elif start > 64:
            held = held[start - 64 :]
            start, scanned = 64, len(held)
        if restart >= 0:
            held = held[restart:]
            start, scanned, depth, in_text, in_data = -1, 0, base, False, True
            skipping = False
            continue
        if ends:
            return
