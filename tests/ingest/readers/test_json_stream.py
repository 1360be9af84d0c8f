"""Lines cut from a stream, against splitting the whole text at once."""

from __future__ import annotations

import io
import random

import pytest

from netpos.ingest.readers import json_stream
from netpos.ingest.readers.json_stream import lines, too_large


def split(text: bytes, most: int) -> list[tuple[int, bytes | str]]:
    """What `lines` must give, by splitting a text that is held whole."""
    held = enumerate(text.split(b"\n"), 1)
    return [
        (n, too_large(most) if len(p) > most else p) for n, p in held if len(p) > most or p.strip()
    ]


@pytest.mark.parametrize("block", [1, 3, 8, 64])
def test_lines_of_a_stream_are_the_lines_of_the_text(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_stream, "_BLOCK", block)
    draw = random.Random(block)
    too_long = 0
    for _ in range(150):
        sizes = [draw.choice((0, 1, 2, 5, 6, 7, 12, 13, 14, 40)) for _ in range(8)]
        text = b"\n".join(b"x" * n for n in sizes) + draw.choice((b"", b"\n"))
        expected = split(text, 6)
        too_long += sum(isinstance(p, str) for _, p in expected)
        assert list(lines(io.BytesIO(text), max_record=6)) == expected
    assert too_long > 300
