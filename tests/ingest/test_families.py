"""Documents to simple families."""

from __future__ import annotations

from pathlib import Path

from netpos.ingest.corpus import read
from tests.lens import record, write


def test_families_are_joined_transitively_by_members(tmp_path: Path) -> None:
    records = [record(1, members=[2]), record(3, members=[2, 4]), record(5, members=[4])]
    corpus = read(write(tmp_path / "t.jsonl", records))
    assert corpus.families.height == 1
    assert corpus.families["family_id"][0] == record(1)["lens_id"]
