"""A wrong option or table is one clear line on stderr and exit code 2, never a traceback."""

from __future__ import annotations

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
