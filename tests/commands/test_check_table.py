"""What check prints: a row a file, the verdict first, what is refused named as what it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from netpos.cli import app
from tests.lens import record, write

FAULTS = Path(__file__).parents[1] / "ingest" / "faults"


def printed(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["check", *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("F04a_pages_in_array.json", "network"),
        ("F12_year_only.csv", "sizes only"),
        ("F14_page_1_of_many.json", "incomplete"),
        ("F15_rejected_not_said.jsonl", "damaged"),
        ("F16_json_normalize.jsonl", "not read"),
    ],
)
def test_the_verdict_comes_first(name: str, expected: str) -> None:
    head, row, *_ = printed(str(FAULTS / name)).splitlines()
    assert head.startswith("verdict")
    assert row.startswith(expected)
    assert name in row


def test_each_file_is_one_row_and_details_are_asked_for() -> None:
    short, long = printed(str(FAULTS)), printed(str(FAULTS), "--details")
    rows = short.split("\n\n")[0].splitlines()
    assert len(rows) == 1 + len([p for p in FAULTS.rglob("F*") if p.is_file()]) + 6 + 1
    assert rows[-1].split()[1] == "together"
    assert "Can be computed" not in short
    assert long.startswith(short.rstrip("\n"))
    assert "Can be computed" in long
    one = str(FAULTS / "F04a_pages_in_array.json")
    assert printed(one, "--verbose") == printed(one, "--details") != printed(one)


def test_patents_in_another_form_are_never_called_no_patents() -> None:
    long = printed(str(FAULTS / "F16_json_normalize.jsonl"), "--details")
    assert "not a patent export" not in long
    assert "patents, but not an export that netpos reads" in long


def test_json_holds_the_same(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [record(1, cites=[2]), record(2)])
    (found,) = json.loads(printed(str(path), "--json"))
    assert found["located_rate"] == 1.0
    assert found["references_inside"] == 1


def test_a_date_far_beyond_is_in_the_remark() -> None:
    text = printed(str(FAULTS / "F08_one_future_date.jsonl"))
    assert "F08_one_future_date.jsonl:3: published 2091-05-05" in text
