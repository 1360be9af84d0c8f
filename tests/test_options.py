"""Options say what they change, and what they say of themselves is true."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import polars as pl
import pytest

from netpos import options
from netpos.analysis import prepare, results
from netpos.declare import declared
from netpos.errors import InputError, OptionError
from netpos.ingest.corpus import Corpus, read
from netpos.options import Options, make
from tests.analysis.test_sensitivity import dirty_records
from tests.conftest import ROOT
from tests.lens import write

DEFINED = tomllib.loads((ROOT / "netpos" / "viz" / "columns.toml").read_text(encoding="utf-8"))
TABLES = set(DEFINED["tables"])
COUNTRIES = {
    *("countries", "technologies", "links", "source_links", "exposure", "dependents"),
    *("holders",),
    *("coverage", "coverage_by_country", "references", "trend", "slopes", "changes", "scores"),
    *("indicators", "benchmark", "sensitivity", "robustness", "family_values"),
    *("bounds", "residuals", "differences", "located", "open"),
}
#: What the words of a declaration stand for, where they name no table.
WORDS = {
    "every table": TABLES,
    "every table but family_values and overlap": TABLES - {"family_values", "overlap"},
    "every table with a column period": TABLES,
    "every number made of links": COUNTRIES | {"organisations", "organisation_links"},
    "every number made of links, but for what rests on sources": COUNTRIES
    - {"source_links", "exposure", "dependents"}
    | {"organisations", "organisation_links"},
    "every number of countries": COUNTRIES,
    "every number of value or of blocs": COUNTRIES | {"organisations"},
    "ledger, and so every table": TABLES,
}


def said(key: str) -> dict[str, set[str] | None]:
    """Tables that an option says it changes, each with the columns named; None: any."""
    text = declared(Options)[key].changes
    found: dict[str, set[str] | None] = {}
    if text.startswith("no table"):
        return found
    for part in text.split("; "):
        table, _, columns = part.partition(": ")
        if table in TABLES:
            found[table] = {c.strip() for c in columns.split(",")} if columns else None
        elif part not in WORDS and part.endswith("left out"):
            continue
        else:
            found |= dict.fromkeys(WORDS[part])
    return found


@pytest.mark.parametrize("key", declared(Options))
def test_the_tables_and_columns_that_an_option_names_exist(key: str) -> None:
    for table, columns in said(key).items():
        known = {*DEFINED["any"], *DEFINED.get(table, {}), "bounds"}
        assert (columns or set()) <= known, (key, table)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return read(write(tmp_path_factory.mktemp("options") / "e.jsonl", dirty_records(1)))


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("options") / "t.toml"
    ids = '[[technology]]\nid = "a"\ncpc = ["G06N10/"]\nipc = ["G06N10/"]\ncore = ["G06N10/20"]\n'
    path.write_text(ids, encoding="utf-8")
    return str(path)


def tables(corpus: Corpus, technologies: str, **given: object) -> dict[str, pl.DataFrame]:
    chosen = make({"draws": 8, "sensitivity": False, "technologies": technologies, **given})
    return results.tables(prepare(corpus, chosen))


@pytest.fixture(scope="module")
def base(corpus: Corpus, definitions: str) -> dict[str, pl.DataFrame]:
    return tables(corpus, definitions)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("scope", "citing"), ("by", "inventor"), ("counting", "full"), ("year_by", "priority")),
        *(("window", 3), ("phase", "examiner"), ("self_citations", "drop"), ("symbols", "ipc")),
        *(("narrow", True), ("citing_office", "EP"), ("utility_models", "drop"), ("seed", 5)),
        *(("core", "top-share"), ("draws", 9), ("lang", "nl"), ("data_date", "2019-01-01")),
        *(("benchmark", "US,DE"), ("excel_nl", True), ("figures", False), ("tables_only", True)),
        *(("periods", "2016-2018"), ("focal", "US"), ("rarefy", 5)),
    ],
)
def test_an_option_changes_the_tables_and_columns_that_it_says_and_no_others(
    corpus: Corpus, definitions: str, base: dict[str, pl.DataFrame], key: str, value: object
) -> None:
    other, allowed = tables(corpus, definitions, **{key: value}), said(key)
    changed = {
        name: None
        if name not in base or name not in other or base[name].shape != other[name].shape
        else {c for c in base[name].columns if not base[name][c].equals(other[name][c])}
        for name in base | other
    }
    changed = {name: columns for name, columns in changed.items() if columns != set()}
    assert bool(changed) == bool(allowed)
    assert set(changed) <= set(allowed)
    for name, columns in changed.items():
        limited = allowed[name]
        if limited is not None:
            assert columns is not None
            stems = {re.sub("_(low|high)$", "", c) for c in columns}
            if "bounds" in limited:
                assert all(c.endswith(("_low", "_high")) for c in columns), columns
            else:
                assert stems <= limited, (name, stems - limited)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"counting": "half"},
            "--counting half: unknown; choose fractional, country-unique or full",
        ),
        ({"lang": "fr"}, "--lang fr: unknown; choose en or nl"),
        ({"from": "soon"}, "--from soon: no whole number; such as 2015"),
        ({"draws": -1}, "--draws -1: too low; use 0 or more"),
        ({"window": 51}, "--window 51: too high; use 50 or less"),
        ({"narrow": "perhaps"}, "--narrow perhaps: neither true nor false; use one of these"),
        ({"focal": 3}, "--focal 3: no text; put it between quotes"),
    ],
)
def test_a_wrong_value_is_answered_with_what_is_allowed(given: dict, message: str) -> None:
    with pytest.raises(OptionError) as error:
        make(given)
    assert str(error.value) == message


def test_an_unknown_option_is_answered_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="unknown option 'charm'; options are aliases, "):
        make({"charm": 1})
    (tmp_path / "run.toml").write_text("charm = 1\n", encoding="utf-8")
    with pytest.raises(InputError, match="options are aliases, "):
        options.read_toml(tmp_path / "run.toml")


def test_options_that_nobody_gave_are_those_that_the_checks_would_give() -> None:
    assert make({}) == Options.model_validate({})


def test_run_toml_gives_the_same_options_back(tmp_path: Path) -> None:
    chosen = make({"focal": " de ", "from": 2016, "narrow": True, "periods": "2017"})
    (tmp_path / "run.toml").write_text(options.to_toml(chosen), encoding="utf-8")
    assert make(options.read_toml(tmp_path / "run.toml")) == chosen
    assert chosen.focal == "DE"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"counting": "half", "draws": -1}, "--counting half: unknown; choose fractional, "),
        ({"draws": -1}, "--draws -1: too low; use 0 or more"),
        ({"first": 2020, "last": 2010}, "--from 2020 lies after --to 2010"),
        ({"bogus": 1}, "unknown option 'bogus'; options are "),
    ],
)
def test_options_made_in_python_are_refused_in_one_line_of_our_words(
    values: dict[str, object], said: str
) -> None:
    for build in (lambda: Options(**values), lambda: Options.model_validate(values)):
        with pytest.raises(OptionError) as caught:
            build()
        assert str(caught.value).startswith(said)
        assert "\n" not in str(caught.value)
        assert caught.value.__suppress_context__
