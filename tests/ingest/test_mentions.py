"""References are the same however few are held at a time, from all the forms of exports."""

from __future__ import annotations

from pathlib import Path

import pytest

from netpos.ingest.corpus import TABLES, ingest
from tests.lens import record, write


def test_documents_named_by_number_and_copies_are_the_same_in_many_buckets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [
        record(n, cites=[n + 1, 200 + n % 7, 300 + n], cited_by=[n + 2, 400 + n], family=n // 2)
        for n in range(1, 60)
    ]
    seeds = write(tmp_path / "a.jsonl", [*records, *records[10:20]])
    context = [record(n, cites=[n - 300, 5, 6], family=n // 3) for n in range(300, 330)]
    cited = write(tmp_path / "b.jsonl", context)
    ingest([seeds], tmp_path / "one")
    whole = ingest([cited], tmp_path / "one", role="context")
    assert set(whole.citations["seed_citations"].to_list()) >= {0, 1}
    monkeypatch.setattr("netpos.ingest.mentions._AT_ONCE", 9)
    monkeypatch.setattr("netpos.ingest.mentions._SAMPLED", 2)
    monkeypatch.setattr("netpos.ingest.mentions._OPEN", 5)
    monkeypatch.setattr("netpos.ingest.spill._ROWS_AT_ONCE", 20)
    monkeypatch.setattr("netpos.ingest.spill._TEXTS_AT_ONCE", 20)
    ingest([seeds], tmp_path / "two")
    parted = ingest([cited], tmp_path / "two", role="context")
    for table in TABLES:
        assert parted.table(table).equals(whole.table(table)), table
    assert parted.counts == whole.counts
