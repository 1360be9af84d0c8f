"""Families behind the links of a map: the same as of the links, with title, owners and year."""

from __future__ import annotations

import json
import re
from pathlib import Path

from typer.testing import CliRunner

from netpos import analysis
from netpos.analysis import behind
from netpos.cli import app
from netpos.commands.map_evidence import told_evidence
from netpos.ingest.corpus import open_corpus
from netpos.options import make
from tests.lens import FAST, QUANTUM, lens_id, record, write


def test_the_panel_has_title_owners_and_year_and_no_name_of_a_person(tmp_path: Path) -> None:
    records = [
        record(1, applicants=[("FIRM BV", "NL")], cites=[2], published="2019-03-01"),
        record(2, applicants=[("OTHER INC", "US")], published="2016-01-01"),
        record(3, applicants=[("JANSEN JAN", "NL")], inventors=[("JANSEN JAN", "NL")], cites=[2]),
    ]
    records[0]["biblio"]["invention_title"] = [{"text": "A pump", "lang": "en"}]
    out = tmp_path / "o"
    call = ["run", str(write(tmp_path / "e.jsonl", records)), "--out", str(out), *QUANTUM, *FAST]
    assert CliRunner().invoke(app, call).exit_code == 0
    page = (out / "maps" / "quantum.html").read_text(encoding="utf-8")
    data = json.loads(re.search(r'id="map-data"[^>]*>(.*?)</script>', page, re.DOTALL)[1])
    (families,) = data["evidence"].values()
    assert [f[1:] for f in families] == [
        [lens_id(1), "A pump", "FIRM", "2019", ""],
        [lens_id(3), "", "", "2018", "1"],
    ]
    assert "JANSEN" not in json.dumps(data["evidence"])
    study = analysis.prepare(open_corpus(out / "corpus"), make({"technologies": QUANTUM[1]}))
    span = (2015, 2025)
    told = told_evidence(study, "quantum", span, kind="country")
    plain = behind.evidence(study, "quantum", span, kind="country")
    assert {k: [f[:2] for f in v] for k, v in told.items()} == plain
