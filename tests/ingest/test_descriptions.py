"""One description of each document named, against a plain loop."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from netpos.ingest.descriptions import describe
from netpos.ingest.records import OUTSIDE

TEXTS = [None, "A1", "B1", "B2"]


@pytest.fixture(params=["1", "0"], ids=["compiled", "python"])
def _scanner(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETPOS_SCAN", request.param)


def part(r: np.random.Generator, documents: np.ndarray, n: int) -> pl.DataFrame:
    """Rows of a part: those with the same texts have the same number, or none."""
    office, kind = (r.choice(len(TEXTS), n, p=[0.1, 0.7, 0.1, 0.1]) for _ in range(2))
    content = [
        int(7 * o + k) if r.random() < 0.8 else None for o, k in zip(office, kind, strict=True)
    ]
    return pl.DataFrame(
        {
            "other": r.choice(documents, n),
            "lens_id": None,
            "office": [TEXTS[i] for i in office],
            "doc_number": "1",
            "kind": [TEXTS[i] for i in kind],
            "date": None,
            "content": content,
        },
        schema=OUTSIDE,
    )


def least(values: list[object]) -> object:
    said = [v for v in values if v is not None]
    return min(said) if said else None


@pytest.mark.usefixtures("_scanner")
@pytest.mark.parametrize("seed", range(6))
def test_each_wanted_document_gets_the_first_value_of_each_column(seed: int) -> None:
    r = np.random.default_rng(seed)
    documents = np.unique(r.integers(-(2**61), 2**61, 40))
    parts = [part(r, documents, n) for n in (0, 3, 60, 90)]
    named = documents[::2]
    wanted = r.random(named.size) < 0.7
    table, row = describe(iter(parts), named, wanted)
    assert sorted(row[row >= 0].tolist()) == list(range(table.height))
    every = pl.concat(parts)
    for k, document in enumerate(named.tolist()):
        said = every.filter(other=document) if wanted[k] else every[:0]
        if not said.height:
            assert row[k] == -1
            continue
        expected = {c: least(said[c].to_list()) for c in said.columns if c != "content"}
        assert table.row(int(row[k]), named=True) == expected


@pytest.mark.usefixtures("_scanner")
def test_nothing_named_is_nothing_described() -> None:
    r = np.random.default_rng(0)
    none = np.empty(0, dtype=np.int64)
    table, row = describe([part(r, np.array([1, 2]), 9)], none, none > 0)
    assert (table.height, row.size) == (0, 0)
