"""How names of organisations were brought together."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from netpos.commands.names import write_names
from netpos.ingest.corpus import ingest
from tests.lens import record, write


def test_each_spelling_has_its_families_and_spellings_of_one_firm_share_a_name(
    tmp_path: Path,
) -> None:
    filed = ["ACME BV", "ACME BV", "Acme B.V.", "Zeta Ltd"]
    records = [record(k, applicants=[(name, "NL")]) for k, name in enumerate(filed, start=1)]
    ingest([write(tmp_path / "e.jsonl", records)], tmp_path / "corpus")
    path = write_names(tmp_path / "corpus", tmp_path / "o")
    assert path == tmp_path / "o" / "suggestions.csv"
    names = pl.read_csv(tmp_path / "o" / "names.csv")
    assert dict(names.select("name", "families").rows()) == {
        "ACME BV": 2,
        "Acme B.V.": 1,
        "Zeta Ltd": 1,
    }
    clean = dict(names.select("name", "clean").rows())
    assert clean["ACME BV"] == clean["Acme B.V."] != clean["Zeta Ltd"]
    assert pl.read_csv(path).columns[:4] == ["a", "b", "score", "evidence"]
