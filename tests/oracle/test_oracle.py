"""netpos against the same numbers counted again with plain dicts, on dirty random corpora."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest

from netpos import analysis, results
from netpos.countries import data_path
from netpos.ingest import corpus as corpora_of_netpos
from netpos.options import make
from tests.oracle import corpora
from tests.oracle.oracle import Oracle

SEEDS = 240
KEYS = {
    "countries": ("technology", "period", "country"),
    "links": ("technology", "period", "citing", "cited"),
    "source_links": ("technology", "period", "citing", "cited"),
    "coverage": ("technology", "period", "rule"),
}


def number(value: object) -> object:
    return float(value) if isinstance(value, int | float | Fraction) else value


def differences(found: pl.DataFrame, expected: dict, keys: tuple[str, ...]) -> list[str]:
    """Each cell that is not what it should be, and each row that is missing or too many."""
    rows = {tuple(r[k] for k in keys): r for r in found.iter_rows(named=True)}
    assert len(rows) == found.height
    out = [f"{k}: row missing" for k in expected.keys() - rows.keys()]
    out += [f"{k}: row too many" for k in rows.keys() - expected.keys()]
    for key in sorted(expected.keys() & rows.keys()):
        for column, want in expected[key].items():
            have, want = number(rows[key][column]), number(want)
            same = have == want
            if isinstance(have, float) and isinstance(want, float):
                same = have == pytest.approx(want, rel=1e-9, abs=1e-9)
            if not same:
                out.append(f"{key} {column}: {have}, expected {want}")
    return sorted(out)


def compare(made: corpora.Corpus, options: dict, folder: Path, *, look_up: bool) -> None:
    (folder / "export.jsonl").write_text(made.lines, encoding="utf-8")
    (folder / "technologies.toml").write_text(corpora.TECHNOLOGIES_TOML, encoding="utf-8")
    values = options | {"technologies": str(folder / "technologies.toml")}
    if look_up:
        rows = "".join(f"{i},{c},{s}\n" for i, c, s in made.residences)
        (folder / "residences.csv").write_text("lens_id,country,share\n" + rows, encoding="utf-8")
        values["residences"] = str(folder / "residences.csv")
    oracle = Oracle(
        made.lines,
        corpora.TECHNOLOGIES,
        data_path("memberships.csv"),
        options,
        made.residences if look_up else (),
    )
    corpus = corpora_of_netpos.read(folder / "export.jsonl")
    assert {k: corpus.counts[k] for k in oracle.counts} == oracle.counts
    assert corpus.families.height == len(oracle.families)
    tables = results.tables(analysis.prepare(corpus, make(values)))
    expected = oracle.tables()
    for name, keys in KEYS.items():
        assert differences(tables[name], expected[name], keys)[:8] == [], name


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_number_of_a_dirty_corpus_equals_the_plain_count(seed: int, tmp_path: Path) -> None:
    compare(corpora.make(seed), corpora.options(seed), tmp_path, look_up=seed % 3 == 0)


def test_the_oracle_does_not_use_netpos() -> None:
    source = Path(sys.modules[Oracle.__module__].__file__).read_text(encoding="utf-8")
    assert "import netpos" not in source
    assert "from netpos" not in source
