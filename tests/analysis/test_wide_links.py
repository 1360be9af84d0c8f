"""Records with thousands of applicants that cite one another stay bounded, and it is said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
from typer.testing import CliRunner

from netpos.analysis import prepare
from netpos.analysis.notes import width_warnings
from netpos.cli import app
from netpos.ingest.corpus import read
from netpos.options import Options
from tests.lens import QUANTUM, record, write


def crowd(letter: str, count: int, country: str) -> list[tuple[str, str]]:
    return [(f"{letter}{k:05d} BV", country) for k in range(count)]


def records(citing: int, cited: int) -> list[dict]:
    return [
        record(1, applicants=crowd("A", citing, "NL"), cites=[2, 3]),
        record(2, applicants=crowd("B", cited, "DE")),
        record(3, applicants=[("SMALL GMBH", "DE")], cites=[1]),
    ]


def test_links_of_organisations_of_one_pair_are_bounded_and_countries_stay(tmp_path: Path) -> None:
    study = prepare(read(write(tmp_path / "a.jsonl", records(3000, 5000))), Options())
    whole = (study.options.first, study.options.last)
    firms = study.links("quantum", whole, kind="organisation")
    assert firms.table.height == 3000 + 3000  # with SMALL, both ways
    assert study.organisation_spread.pair.size == 6000
    nations = study.links("quantum", whole).table
    weights = dict(nations.select(pl.format("{}-{}", "citing", "cited"), "weight").iter_rows())
    assert weights == {"NL-DE": 2.0, "DE-NL": 1.0}


def test_below_the_bound_every_pair_of_organisations_is_linked(tmp_path: Path) -> None:
    study = prepare(read(write(tmp_path / "a.jsonl", records(100, 100))), Options())
    whole = (study.options.first, study.options.last)
    firms = study.links("quantum", whole, kind="organisation").table
    assert firms.height == 100 * 100 + 100 + 100
    assert np.isclose(firms["weight"].sum(), 3.0)
    assert not study.too_wide.any()
    assert width_warnings(study) == []


def test_citations_that_make_no_links_of_organisations_are_counted(tmp_path: Path) -> None:
    study = prepare(read(write(tmp_path / "a.jsonl", records(101, 100))), Options())
    assert width_warnings(study) == [
        "Organisations: 1 citations between families of very many applicants (more than 10,000 "
        "pairs of them) make no links of organisations; countries are not touched."
    ]


def test_a_run_says_what_it_left_out(tmp_path: Path) -> None:
    path, out = write(tmp_path / "a.jsonl", records(101, 100)), tmp_path / "out"
    few = ["--tables-only", "--no-sensitivity", "--draws", "0"]
    done = CliRunner().invoke(app, ["run", str(path), "--out", str(out), *QUANTUM, *few])
    assert done.exit_code == 0, done.stderr
    found = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert any(w.startswith("Organisations: 1 citations") for w in found["warnings"])
