"""A wrong option or table is one clear line on stderr and exit code 2, never a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from netpos.cli import app
from tests.lens import FAST, QUANTUM, record, write


def netpos(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def refused(result: Result, *words: str) -> str:
    """The one line that says what is wrong; nothing was written to stdout."""
    assert result.exit_code == 2, (result.exception, result.stdout, result.stderr)
    assert isinstance(result.exception, SystemExit)
    lines = [x for x in result.stderr.splitlines() if x.startswith("netpos: ")]
    assert len(lines) == 1, result.stderr
    for word in words:
        assert word in lines[0]
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    return lines[0]


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return write(tmp_path / "x.jsonl", [record(1, cites=[2]), record(2)])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--focal", "QX"], ("--focal", "QX")),
        (["--focal", "EP"], ("EP", "office")),
        (["--focal", "NLD"], ("NLD",)),
        (["--focal", ""], ("--focal",)),
        (["--periods", "2015-2018,2018-2020"], ("2015-2018", "2018-2020", "overlap")),
        (["--periods", "2015-2020,2016-2017"], ("2015-2020", "2016-2017", "overlap")),
        (["--periods", "2015-2018,2015-2018"], ("overlap",)),
        (["--periods", "2020-2015"], ("2020-2015", "ends before it begins")),
        (["--periods", "2010-2018"], ("2010-2018", "2015-2025")),
        (["--periods", "first,second"], ("first",)),
        (["--from", "2020", "--to", "2015"], ("2020", "2015")),
        (["--window", "-1"], ("--window", "-1")),
        (["--draws", "-5"], ("--draws", "-5")),
        (["--counting", "half"], ("--counting", "half")),
        (["--scope", "open"], ("--scope", "open")),
        (["--phase", "none"], ("--phase", "none")),
        (["--category", "B"], ("--category", "B")),
        (["--core", "onion"], ("--core", "onion")),
        (["--benchmark", "US,QX"], ("QX",)),
        (["--citing-office", "QX"], ("--citing-office", "QX")),
        (["--data-date", "yesterday"], ("--data-date", "yesterday")),
        (["--data-date", "2025-13-40"], ("--data-date", "2025-13-40")),
    ],
)
def test_a_wrong_option_of_run_is_one_line(
    tmp_path: Path, export: Path, options: list[str], words: tuple[str, ...]
) -> None:
    refused(netpos("run", export, "--out", tmp_path / "o", *FAST, *QUANTUM, *options), *words)
    assert not (tmp_path / "o" / "run.json").exists()


TABLES = {
    "--memberships": [
        ("iso2,name,eu_since\nNL,Netherlands,1958\n", ("eu_from",)),
        ("", ("empty",)),
    ],
    "--totals": [
        ("country,families\nNL,-3\n", (":2:", "-3")),
        ("country,families\nNL,many\n", (":2:", "many")),
        ("country,families\nNL,inf\n", (":2:", "inf")),
        ("land,aantal\nNL,3\n", ("country",)),
        ("country,families\nNL,1\nNL,2\n", (":3:", "NL")),
    ],
    "--residences": [
        ("lens_id,land\n1,NL\n", ("country",)),
        ("lens_id,country,share\n1,NL,-0.5\n", (":2:", "-0.5")),
    ],
    "--aliases": [("alias,becomes\nA,B\n", ("name",))],
}


@pytest.mark.parametrize(
    ("option", "text", "words"),
    [(option, *case) for option, cases in TABLES.items() for case in cases],
)
def test_a_wrong_table_of_run_is_one_line_with_its_place(
    tmp_path: Path, export: Path, option: str, text: str, words: tuple[str, ...]
) -> None:
    (tmp_path / "t.csv").write_text(text)
    result = netpos(
        "run", export, "--out", tmp_path / "o", *FAST, *QUANTUM, option, tmp_path / "t.csv"
    )
    refused(result, "t.csv", *words)


@pytest.mark.parametrize("option", [*TABLES, "--technologies", "--complexity"])
def test_a_table_that_is_not_there_is_one_line(tmp_path: Path, export: Path, option: str) -> None:
    result = netpos(
        "run", export, "--out", tmp_path / "o", *FAST, *QUANTUM, option, tmp_path / "none.csv"
    )
    refused(result, "none.csv")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("citing,cited,weight\nNL,DE,-1\n", (":2:", "-1", "less than 0")),
        ("citing,cited,weight\nNL,DE,2\nDE,NL,many\n", (":3:", "many", "not a number")),
        ("citing,cited,weight\nNL,DE,nan\n", (":2:", "nan")),
        ("citing,cited,weight\nNL,DE,inf\n", (":2:", "inf")),
        ("citing,cited,weight\nNL,DE,\n", (":2:", "empty")),
        ("citing,cited,weight\n,DE,1\n", (":2:", "citing")),
        ("citing,cited,weight\nNL,DE\n", (":2:",)),
        ("citing,cited\nNL,DE\n", ("weight",)),
        ("from,to,weight\nNL,DE,1\n", ("citing",)),
        ("citing,cited,weight\n", ("no rows",)),
    ],
)
def test_a_wrong_table_of_links_is_one_line(
    tmp_path: Path, text: str, words: tuple[str, ...]
) -> None:
    (tmp_path / "l.csv").write_text(text)
    refused(netpos("links", tmp_path / "l.csv", "--out", tmp_path / "o"), "l.csv", *words)
    assert not (tmp_path / "o" / "tables").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("country,product,value\nNL,a,1\n", ("NL", "2 by 2")),
        ("country,product,value\nNL,a,1\nNL,b,2\n", ("NL", "2 by 2")),
        ("country,product,value\nNL,a,1\nDE,a,2\n", ("a", "2 by 2")),
        ("country,product,value\nNL,a,1\nDE,b,-2\n", (":3:", "-2")),
        ("country,product,value\nNL,a,1\nDE,b,x\n", (":3:", "x")),
        ("country,product,value\nNL,a,1\nNL,a,2\nDE,b,1\n", (":3:", "NL, a")),
        ("country,product,value,year\nNL,a,1,2015\nDE,b,2,2015\nNL,a,1,2016\n", ("2016",)),
    ],
)
def test_a_matrix_that_is_too_small_or_wrong_is_one_line(
    tmp_path: Path, text: str, words: tuple[str, ...]
) -> None:
    (tmp_path / "m.csv").write_text(text)
    refused(netpos("complexity", tmp_path / "m.csv", "--out", tmp_path / "o"), *words)


def test_the_process_itself_ends_with_2_and_one_line(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("citing,cited,weight\nNL,DE,-1\n")
    command = [sys.executable, "-m", "netpos", "links", "l.csv", "--out", "o"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("netpos: l.csv:2:")
