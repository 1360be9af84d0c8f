"""netpos against the same numbers counted again with plain dicts, on dirty random corpora."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest

from netpos import analysis, results
from netpos.countries import data_path
from netpos.indicators import position
from netpos.ingest.corpus import read
from netpos.options import make
from tests.oracle import corpora
from tests.oracle.oracle import Oracle

SEEDS = 200
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


def some_tables(study: analysis.Study, only: set[tuple[str, str]]) -> dict[str, pl.DataFrame]:
    """The tables of some technologies and periods, by the same calls as a whole run."""
    rows: dict[str, list[pl.DataFrame]] = {"countries": [], "links": [], "source_links": []}
    for technology, period in sorted(only):
        span = dict(study.options.spans())[period]
        keys = [pl.lit(technology).alias("technology"), pl.lit(period).alias("period")]
        closed = study.links(technology, span)
        citing = study.links(technology, span, scope="citing")
        table = position.country_table(
            closed, citing, focal=study.options.focal, year=study.year_of_membership
        )
        for name, part in zip(rows, (table, closed.table, citing.table), strict=True):
            rows[name].append(part.select(*keys, pl.all()))
    coverage = analysis.coverage_table(study).filter(
        pl.struct("technology", "period").is_in(
            [{"technology": t, "period": p} for t, p in sorted(only)]
        )
    )
    return {name: pl.concat(parts) for name, parts in rows.items()} | {"coverage": coverage}


def oracle_and_study(
    made: corpora.Corpus, options: dict, folder: Path, *, look_up: bool
) -> tuple[Oracle, analysis.Study]:
    (folder / "export.jsonl").write_text(made.lines, encoding="utf-8")
    (folder / "technologies.toml").write_text(corpora.TECHNOLOGIES_TOML, encoding="utf-8")
    values = options | {"technologies": str(folder / "technologies.toml")}
    if look_up:
        rows = "".join(f"{i},{c},{s}\n" for i, c, s in made.residences)
        (folder / "residences.csv").write_text("lens_id,country,share\n" + rows, encoding="utf-8")
        values["residences"] = str(folder / "residences.csv")
    memberships = data_path("memberships.csv")
    residences = made.residences if look_up else ()
    oracle = Oracle(made.lines, corpora.TECHNOLOGIES, memberships, options, residences)
    corpus = read(folder / "export.jsonl")
    assert {k: corpus.counts[k] for k in oracle.counts} == oracle.counts
    assert corpus.families.height == len(oracle.families)
    return oracle, analysis.prepare(corpus, make(values))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_number_of_a_dirty_corpus_equals_the_plain_count(seed: int, tmp_path: Path) -> None:
    oracle, study = oracle_and_study(
        corpora.make(seed), corpora.options(seed), tmp_path, look_up=seed % 3 == 0
    )
    spans = [name for name, _ in study.options.spans()]
    if seed % 25 == 0:  # the whole run, which takes long
        only = {(t, p) for t in study.names for p in spans}
        tables = results.tables(study)
    else:
        only = {("all", spans[seed % len(spans)]), (study.names[seed % 2], spans[-1])}
        tables = some_tables(study, only)
    expected = oracle.tables(only)
    for name, keys in KEYS.items():
        assert differences(tables[name], expected[name], keys)[:8] == [], name


def test_the_oracle_does_not_use_netpos() -> None:
    source = Path(__file__).with_name("oracle.py").read_text(encoding="utf-8")
    imported = re.findall(r"^(?:from|import) (\w+)", source, re.MULTILINE)
    assert sorted({*imported, "csv", "json", "re"}) == sorted(imported)
    assert not {"netpos", "polars", "numpy"} & set(imported)
