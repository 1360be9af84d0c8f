"""Dates and numbers of documents, a column at a time."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from netpos.ingest.readers.columns import dates, document_numbers
from tests.lens import lens_id

TEXTS = {
    "dates": ["2016-06-14", "20160614", "2011-01-02T00:00:00Z", "soon", "2012-3-4", "", None],
    "ids": [lens_id(1), lens_id(2), lens_id(3)[:9], lens_id(4)[:10], lens_id(5) * 2, "", None],
}


@pytest.mark.parametrize(("kind", "function"), [("dates", dates), ("ids", document_numbers)])
def test_a_text_is_read_alike_alone_and_among_texts_of_other_lengths(
    kind: str, function: Callable
) -> None:
    alone = {text: next(iter(function([text]))) for text in TEXTS[kind]}
    for seed in range(200):
        r = random.Random(seed)
        texts = r.choices(TEXTS[kind], k=r.randint(2, 20))
        assert list(function(texts)) == [alone[t] for t in texts], texts
