"""The families behind a cell."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from netpos.analysis import explained, prepare
from netpos.cli import app
from netpos.commands import explain
from netpos.ingest.corpus import read
from netpos.options import make
from tests.commands.small_runs import RECORDS, TABLES, whole_run
from tests.lens import record, write

pytestmark = pytest.mark.usefixtures("open_once")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explain")
    path = write(folder / "e.jsonl", RECORDS)
    done = CliRunner().invoke(app, ["run", str(path), "--out", str(folder / "o"), *TABLES])
    assert done.exit_code == 0, done.stderr
    return folder / "o"


@pytest.mark.parametrize(
    "given",
    [
        (),
        ("--counting", "full", "--self-citations", "drop"),
        ("--scope", "citing", "--counting", "country-unique", "--year-by", "priority"),
        ("--design", "focal"),
        ("--window", "5", "--by", "inventor", "--citing-office", "EP"),
    ],
    ids=lambda given: " ".join(given) or "defaults",
)
def test_every_cell_of_a_run_is_what_its_families_give(
    tmp_path: Path, given: tuple[str, ...]
) -> None:
    folder = whole_run(tmp_path, *given)
    filled: dict[str, int] = {}
    with explain.open_results(folder) as study:
        spans = dict(study.options.spans())
        for table, kind, rules in (
            ("countries", "country", explained.COUNTRIES),
            ("organisations", "organisation", explained.ORGANISATIONS),
        ):
            for row in pl.read_parquet(folder / "tables" / f"{table}.parquet").to_dicts():
                cell = explained.Cell(
                    study, row["technology"], spans[row["period"]], kind, row[kind], row
                )
                for column, rule in rules.items():
                    where = (table, row["technology"], row["period"], row[kind], column)
                    if row[column] is None:
                        found = explain.explain_cell(cell, column)
                        assert (found.value, found.parts) == (None, ()), where
                        continue
                    parts = explained.parts_of(cell, rule)
                    sums = [part.value for part in parts]
                    for part in parts:
                        if part.families is not None:
                            assert part.families["part"].sum() == pytest.approx(part.value)
                    if rule.additive:
                        assert sums == [pytest.approx(row[column], rel=1e-9, abs=1e-9)], where
                    elif rule.value is not None:
                        want = pytest.approx(float(row[column]), rel=1e-9, abs=1e-9)
                        assert rule.value(sums) == want, where
                    filled[column] = filled.get(column, 0) + 1
    missing = {*explained.COUNTRIES, *explained.ORGANISATIONS} - filled.keys()
    if "--design" in given:
        assert not {"received", "given", "share_eu", "source_effective"} & missing
    elif not given:  # these need more citations or countries than a small run has
        estimates = {c for c in missing if c.endswith(("_estimated", "_rarefied"))}
        assert missing - estimates <= {"given_ratio", "core_distance_relative", "value_rank"}


def test_each_column_has_a_rule_or_a_reason(results: Path) -> None:
    for table, rules in (
        ("countries", explained.COUNTRIES),
        ("organisations", explained.ORGANISATIONS),
    ):
        columns = pl.read_parquet_schema(results / "tables" / f"{table}.parquet")
        known = {*rules, *explained.NO_FAMILIES}
        plain = {c for c in columns if not c.endswith(("_low", "_high"))}
        assert plain - known == set()
        assert known & set(rules) - set(columns) == set()


def test_links_of_which_the_other_end_has_no_country_are_among_all_and_not_the_located(
    tmp_path: Path,
) -> None:
    """NL cites one with a country and one without; two with and one without cite NL."""
    nowhere = {"applicants": [("NOBODY", None)], "priority": None}
    records = [
        record(1, cites=[2, 3]),
        record(2, applicants=[("A INC", "US")]),
        record(3, **nowhere),
        record(4, applicants=[("A INC", "US")], cites=[1]),
        record(5, applicants=[("B GMBH", "DE")], cites=[1]),
        record(6, cites=[1], **nowhere),
    ]
    study = prepare(read(write(tmp_path / "e.jsonl", records)), make({}))
    cell = explained.Cell(study, "quantum", (2015, 2025), "country", "NL", {})
    names = (f"{d}, {of}" for d in ("given", "received") for of in ("located", "all"))
    sums = {name: explained.SUMS[name](cell)["part"].sum() for name in names}
    assert (sums["given, located"], sums["given, all"]) == (1, 2)
    assert (sums["received, located"], sums["received, all"]) == (2, 3)


def test_a_country_that_is_not_in_the_study_builds_on_nobody(tmp_path: Path) -> None:
    """The countries are DE, NL and US; NL cites both others, and BR is none of them."""
    homes = ("NL", "DE", "US")
    records = [
        record(n, applicants=[(f"F{n}", home)], cites=[2, 3] if n == 1 else ())
        for n, home in enumerate(homes, start=1)
    ]
    study = prepare(read(write(tmp_path / "e.jsonl", records)), make({}))

    def sources(country: str) -> dict[str, float]:
        cell = explained.Cell(study, "quantum", (2015, 2025), "country", country, {})
        parts = explained.parts_of(cell, explained.COUNTRIES["source_hhi"])
        return {part.name: part.value for part in parts}

    assert study.shares.names == ["DE", "NL", "US"]
    assert sources("NL") == {"to DE": 1.0, "to US": 1.0}
    assert sources("BR") == sources("US") == {}


@pytest.mark.parametrize(
    ("column", "sums", "value"),
    [
        # given 2, domestic 2; 0 and 0; 3 and 1
        *(("foreign_share", (2.0, 2.0), 0.5), ("foreign_share", (0.0, 0.0), None)),
        ("foreign_share", (3.0, 1.0), 0.75),
        # located and all: half of both directions is just enough; nothing to measure; less
        *(("measurable", (1.0, 2.0, 3.0, 6.0), 1.0), ("measurable", (0.0, 0.0, 0.0, 0.0), None)),
        *(("measurable", (1.0, 2.0, 2.9, 6.0), 0.0), ("measurable", (1.0, 2.0, 0.0, 0.0), 1.0)),
    ],
)
def test_what_a_rule_makes_of_its_sums(
    column: str, sums: tuple[float, ...], value: float | None
) -> None:
    rule = explained.COUNTRIES[column]
    assert rule.value is not None
    assert rule.value(sums) == value
