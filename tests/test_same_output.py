"""Two folders of results are the same only when every byte of every file is."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from tests.conftest import ROOT

SPEC = importlib.util.spec_from_file_location("same", ROOT / "scripts" / "same_output.py")
assert SPEC is not None
assert SPEC.loader is not None
same = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(same)


def test_a_changed_a_missing_and_a_new_file_are_each_named(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        (folder / "tables").mkdir(parents=True)
        (folder / "tables" / "a.csv").write_text("1", encoding="utf-8")
    assert same.differences(one, other) == []
    (other / "tables" / "a.csv").write_text("2", encoding="utf-8")  # as long, and as old
    (one / "before.html").touch()
    (other / "after.html").touch()
    assert same.differences(one, other) == [
        "only before: before.html",
        "only after: after.html",
        "differs: tables/a.csv",
    ]
