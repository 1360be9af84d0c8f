"""What the reader of a run must know is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from netpos.analysis import prepare
from netpos.ingest.corpus import read
from netpos.options import make
from tests.lens import record, write


@pytest.mark.parametrize(
    ("narrow", "said"),
    [
        (True, ["Narrow: these technologies have no core patterns and use their whole list: b."]),
        (False, []),
    ],
)
def test_a_narrow_run_names_the_technologies_that_use_their_whole_list(
    tmp_path: Path, narrow: bool, said: list[str]
) -> None:
    definitions = tmp_path / "t.toml"
    definitions.write_text(
        '[[technology]]\nid = "a"\ncpc = ["G06N"]\ncore = ["G06N10/"]\n'
        '[[technology]]\nid = "b"\ncpc = ["H04L"]\n',
        encoding="utf-8",
    )
    corpus = read(write(tmp_path / "e.jsonl", [record(1)]))
    study = prepare(corpus, make({"technologies": str(definitions), "narrow": narrow}))
    assert [w for w in study.warnings if w.startswith("Narrow")] == said
