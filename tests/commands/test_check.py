"""What `check` counts in files before anything is read in."""

from __future__ import annotations

from pathlib import Path

from netpos.commands.check import check
from netpos.commands.check_table import as_table, verdict
from tests.lens import record, write


def test_located_is_the_share_of_citations_with_a_country_at_both_ends(tmp_path: Path) -> None:
    records = [
        record(1, cites=[2, 3, 4, 9]),
        record(2),
        record(3, applicants=[("A BV", None)], priority=("EP", "2016-01-01")),
        record(4, applicants=[("B BV", None)], priority=("DE", "2016-01-01")),
    ]
    (found,) = check([write(tmp_path / "a.jsonl", records)])
    assert found.located_rate == 2 / 4  # 2 by residence, 4 by priority; 3 has none, 9 is outside
    assert " 50%" in as_table([found])


def test_files_that_cite_each_other_are_located_together(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", [record(1, cites=[2])])
    write(tmp_path / "b.jsonl", [record(2), record(1, cites=[2])])
    write(tmp_path / "c.jsonl", [record(2)])
    a, _, c, together = check([tmp_path])
    assert (a.located_rate, c.located_rate, together.located_rate) == (0.0, None, 1.0)
    assert (together.records, together.kept, together.duplicates) == (4, 2, 2)
    assert verdict(together) == "network"
