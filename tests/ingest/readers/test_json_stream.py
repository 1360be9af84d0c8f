"""Lines cut from a stream, against splitting the whole text at once."""

from __future__ import annotations

import io
import random

import pytest

from netpos.ingest.readers import json_stream
from netpos.ingest.readers.json_stream import lines, objects, too_large
from netpos.ingest.readers.wrappers import Page


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


@pytest.mark.parametrize("filler", [10, 100_000, 9 * 2**20])
def test_what_an_answer_says_behind_long_other_content_is_kept(filler: int) -> None:
    """The total stands behind the records and a text that is looked past, not held."""
    text = b'{"data": [{"lens_id": "1"}, {"lens_id": "2"}], "note": "%s", '
    text += b'"total": 51173, "more": "%s"}'
    told: list[Page] = []
    stream = io.BytesIO(text % (b"x" * filler, b"y" * 2_000))
    found = list(objects(stream, "response", page=told.append))
    assert [piece for _, piece in found] == [b'{"lens_id": "1"}', b'{"lens_id": "2"}']
    assert told == [Page(records=2, total=51173, error=None)]
