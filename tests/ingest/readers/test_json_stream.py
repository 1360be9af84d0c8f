"""Lines cut from a stream, against splitting the whole text at once."""

from __future__ import annotations

import io
import random
from itertools import pairwise

import pytest

from netpos.ingest.readers import json_stream
from netpos.ingest.readers.json_stream import lines, too_large


def split(text: bytes, most: int) -> list[bytes | str]:
    """What `lines` must give, by splitting a text that is held whole."""
    held = text.split(b"\n")
    return [too_large(most) if len(p) > most else p for p in held if len(p) > most or p.strip()]


def cut(text: bytes, start: int, end: int, most: int) -> list[bytes | str]:
    """The lines that begin within a range, as a worker reads them."""
    stream = io.BytesIO(text)
    if start:  # the line that began before belongs to the range before
        stream.seek(start - 1)
        start += len(stream.readline()) - 1
    found = lines(stream, length=max(end - start, 0), max_record=most, first=2)
    return [piece for _, piece in found if piece != b""]


@pytest.mark.parametrize("block", [1, 3, 8, 64])
def test_lines_of_ranges_are_the_lines_of_the_text(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_stream, "_BLOCK", block)
    draw = random.Random(block)
    too_long = 0
    for _ in range(150):
        sizes = [draw.choice((0, 1, 2, 5, 6, 7, 12, 13, 14, 40)) for _ in range(8)]
        text = b"\n".join(b"x" * n for n in sizes) + draw.choice((b"", b"\n"))
        expected = split(text, 6)
        too_long += sum(isinstance(p, str) for p in expected)
        assert [p for _, p in lines(io.BytesIO(text), max_record=6) if p != b""] == expected
        at = sorted({0, len(text), *(draw.randrange(1, len(text)) for _ in range(3))})
        found = [p for s, e in pairwise(at) for p in cut(text, s, e, 6)]
        assert found == expected
    assert too_long > 300


def test_of_a_line_that_ends_behind_its_range_no_more_than_the_limit_is_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(json_stream, "_BLOCK", 8)
    asked: list[int] = []
    rest = json_stream._rest_of_line
    monkeypatch.setattr(json_stream, "_rest_of_line", lambda s, n: (asked.append(n), rest(s, n))[1])
    text = b"ab\n" + b"x" * 40 + b"\nc\n"
    assert cut(text, 0, 20, 30) == [b"ab", too_large(30)]
    assert cut(text, 0, 20, 50) == [b"ab", b"x" * 40]
    assert asked == [30 - 17, 50 - 17]  # 17 bytes of the line lie within the range
