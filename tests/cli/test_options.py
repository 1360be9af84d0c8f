"""Whatever stands behind an option of any command: exit code 0, or 2 with one line saying why."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.main import get_command
from typer.testing import CliRunner

from netpos.cli import app
from netpos.options import Options, make, read_toml, to_toml
from tests.commands.small_runs import TABLES, call
from tests.lens import record, write

GROUP: Any = get_command(app)
#: Arguments with which each command ends well, in the folder that `place` makes.
WELL = {
    "run": ["e.jsonl", "--out", "new", *TABLES],
    "analyse": ["o/corpus", "--out", "new", *TABLES],
    "ingest": ["e.jsonl", "--corpus", "again"],
    "check": ["e.jsonl"],
    "query": ["--technology", "quantum"],
    "missing": ["o/corpus"],
    "names": ["o/corpus", "--out", "names"],
    "explain": ["o", "--country", "NL"],
    "compare": ["o", "o"],
    "links": ["links.csv", "--out", "new"],
    "complexity": ["matrix.csv", "--out", "new"],
}
#: Values that have stopped programs of this kind before.
ODD = [
    "", " ", "\n", "NL\n", "\x1b[31m", "-1", "0", "1", "1e9", "9" * 20, "-" + "9" * 20, "nan",
    "inf", "None", "true", "é", "\N{PILE OF POO}", "a" * 5000, "../..", os.devnull, "o", "e.jsonl",
    "missing.csv", "\udcff", "a\0b", "%s{}", "2015-2020", "2020-2015", "US,,NL", "all", "'\"\\",
    "links.csv", "deep.toml", "wide.csv", "٣",
]  # fmt: skip


#: Commands that take long or go online.
LEFT_OUT = {"demo", "fetch"}


def commands(group: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Each command and each command of a group of them, by its name with blanks."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*above, name))
        elif name not in LEFT_OUT:
            yield " ".join((*above, name)), command


def usual(name: str, command: Any) -> list[str]:
    """Arguments of a command: those of `WELL`, else a file or folder for all that it must have."""
    if name in WELL:
        return WELL[name]
    found: list[str] = []
    for one in command.params:
        if one.required and one.param_type_name == "argument":
            found.append("e.jsonl")
        elif one.required:
            found += [max(one.opts, key=len), "new"]
    return found


COMMANDS = dict(commands(GROUP))
#: Each option with a value of each command.
OPTIONS = [
    (name, max(one.opts, key=len))
    for name, command in COMMANDS.items()
    for one in command.params
    if one.param_type_name == "option" and not one.is_flag and one.name != "help"
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("odd")
    before = Path.cwd()
    os.chdir(folder)
    write(Path("e.jsonl"), [record(1, cites=[2, 9]), record(2, applicants=[("A INC", "US")])])
    Path("links.csv").write_text("citing,cited,weight\nNL,US,3\nUS,NL,1\n", encoding="utf-8")
    cells = [(c, p) for c in ("NL", "US", "DE") for p in ("a", "b", "c") if (c, p) != ("DE", "a")]
    rows = "".join(f"{c},{p},{k + 1}\n" for k, (c, p) in enumerate(cells))
    Path("matrix.csv").write_text("country,product,value\n" + rows, encoding="utf-8")
    Path("deep.toml").write_text("a = " + "[" * 1000 + "]" * 1000, encoding="utf-8")
    Path("wide.csv").write_text("country,families" + "x" * 200_000 + "\nNL,1\n", encoding="utf-8")
    call(["run", "e.jsonl", "--out", "o", *TABLES])
    yield folder
    os.chdir(before)


def outcome(arguments: list[str]) -> str:
    """What is wrong with how a command ended; empty if nothing is."""
    done = CliRunner().invoke(app, arguments)
    if done.exit_code not in (0, 2):
        return f"exit code {done.exit_code}: {done.exception!r}"
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        return f"raised {done.exception!r}"
    told = [x for x in done.stderr.splitlines() if x.startswith(("netpos: ", "Error: "))]
    if done.exit_code == 2 and len(told) != 1:
        return f"{len(told)} lines: {done.stderr!r}"
    if "Traceback" in done.stderr or "\x1b" in done.stderr:
        return f"not for a terminal: {done.stderr!r}"
    return ""


def test_what_is_called_ending_well_does(place: Path) -> None:
    assert place.is_dir()
    assert set(WELL) <= set(COMMANDS)
    for name, arguments in WELL.items():
        done = CliRunner().invoke(app, [name, *arguments])
        assert done.exit_code == 0, (name, done.stderr)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.sampled_from(OPTIONS), value=st.one_of(st.sampled_from(ODD), st.text()))
def test_an_odd_value_ends_well_or_in_one_line(
    place: Path, where: tuple[str, str], value: str
) -> None:
    assert place.is_dir()
    command, option = where
    arguments = [*command.split(), *usual(command, COMMANDS[command]), f"{option}={value}"]
    assert outcome(arguments) == ""


@pytest.mark.parametrize(
    ("command", "extra"),
    [
        ("run", ["--from", "12345678901234567890"]),
        ("run", ["--data-date", "0001-01-01"]),
        ("run", ["--processes", "-1"]),
        ("run", ["--config", "a\0b"]),
        ("run", ["--config", "deep.toml"]),
        ("run", ["--technologies", "deep.toml"]),
        ("run", ["--totals", "wide.csv"]),
        ("run", ["--technologies", "a\0b"]),
        ("run", ["--residences", "\udcff.csv"]),
        ("run", ["--out", "a\0b"]),
        ("check", ["a\0b"]),
        ("explain", ["--country", ""]),
        ("explain", ["--indicator", "name"]),
    ],
)
def test_each_of_these_is_one_line(place: Path, command: str, extra: list[str]) -> None:
    assert place.is_dir()
    arguments = [command, *WELL[command], *extra]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2, (done.exception, done.stderr)
    assert outcome(arguments) == ""


def test_files_and_options_are_checked_before_an_export_is_read(place: Path) -> None:
    for name, value in (
        ("technologies", "missing.toml"),
        ("residences", "links.csv"),
        ("aliases", "links.csv"),
        ("memberships", "links.csv"),
        ("totals", "links.csv"),
        ("complexity", "links.csv"),
        ("benchmark", "US,QX"),
        ("citing-office", "QX"),
        ("focal", "EP"),
    ):
        arguments = ["run", "e.jsonl", "--out", "early", *TABLES, f"--{name}", value]
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 2, name
        assert not (place / "early").exists(), name


@given(value=st.text())
def test_run_toml_gives_any_text_back(tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
    chosen = Options.model_construct(**{**make({}).model_dump(), "aliases": value})
    text = to_toml(chosen)
    assert tomllib.loads(text)["aliases"] == value
    assert len(text.splitlines()) >= 20
    if "\0" not in value:
        path = tmp_path_factory.getbasetemp() / "run.toml"
        path.write_bytes(text.encode("utf-8"))
        assert make(read_toml(path)) == make({"aliases": value})


def test_run_toml_repeats_a_run_with_a_line_break_in_an_option(place: Path) -> None:
    odd = place / 'o\nne"\x1b.toml'
    odd.write_bytes(Path(TABLES[TABLES.index("--technologies") + 1]).read_bytes())
    given = ["--technologies", odd.name, "--periods", "2015-2020,2021-2025\n"]
    call(["run", "e.jsonl", "--out", "first", *TABLES, *given])
    call(["run", "e.jsonl", "--out", "second", "--config", "first/run.toml"])
    for name in ("run.toml", "run.json", "tables/countries.csv"):
        assert (place / "first" / name).read_bytes() == (place / "second" / name).read_bytes()


# --- the environment ------------------------------------------------------------------------------


def netpos(
    *arguments: str, python: tuple[str, ...] = (), **environment: str
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *python, "-m", "netpos", *arguments]
    return subprocess.run(
        command,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def test_an_environment_with_which_a_library_stops_is_named(place: Path) -> None:
    assert place.is_dir()
    done = netpos("query", POLARS_MAX_THREADS="0")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "POLARS_MAX_THREADS=0" in done.stderr
    done = netpos("query", python=("-OO",))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "-OO" in done.stderr
    assert netpos("--version", python=("-O",)).returncode == 0


def test_a_name_that_the_locale_cannot_spell_is_named(place: Path) -> None:
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    (place / "corpüs").mkdir()
    for arguments in (["missing", "corpüs"], ["run", "e.jsonl", "--out", "x", "--totals", "tätal"]):
        done = netpos(*arguments, **ascii_only)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
        assert "PYTHONUTF8" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize("command", ["query", "check", "compare", "--version"])
def test_output_to_a_full_disk_is_one_line(place: Path, command: str) -> None:
    assert place.is_dir()
    arguments = [sys.executable, "-m", "netpos", command, *WELL.get(command, [])]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            arguments, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "No space left" in done.stderr


@pytest.mark.parametrize("name", ["science", "companies", "chain", "intensity"])
def test_help_offers_the_union_only_where_it_can_be_in_focus(name: str) -> None:
    said = {p.name: p.help for p in GROUP.commands[name].params}["focal"]
    assert said == "Country in focus, ISO 3166 alpha-2. [default: NL]"
    assert "EU27" in {p.name: p.help for p in GROUP.commands["links"].params}["focal"]
