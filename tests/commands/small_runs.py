"""Small runs for the commands that read results: two technologies, a context, totals."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from netpos.cli import app
from tests.lens import QUANTUM, lens_id, record, write

SHORT = ["--draws", "0", "--no-sensitivity", "--no-figures", "--tables-only"]
TABLES = [*SHORT, *QUANTUM]

RECORDS = [
    record(1, applicants=[("A BV", "NL"), ("B GMBH", "DE"), ("C SA", "FR")], cites=[2, 3, 4]),
    record(2, applicants=[("D INC", "US"), ("E KK", "JP")], cites=[3, 4], published="2022-01-01"),
    record(3, applicants=[("F CO LTD", "KR"), ("A BV", "NL")], cites=[4]),
    record(4, applicants=[("A BV", "NL")], published="2016-01-01", members=[5]),
    record(5, applicants=[("A BV", "NL")], office="US", members=[4], published="2016-02-01"),
]


TWO = """schema_version = 1
[[technology]]
id = "alpha"
name = "Alpha"
ipc = ["G06N10/"]
cpc = ["G06N10/"]
[[technology]]
id = "beta"
name = "Beta"
cpc = ["H01L21/"]
"""
SEEDS = [
    record(1, applicants=[("A BV", "NL"), ("B GMBH", "DE"), ("C SA", "FR")], cites=[2, 3, 4, 12]),
    record(
        2, applicants=[("D INC", "US"), ("E KK", "JP")], cites=[3, 4, 7], published="2022-01-01"
    ),
    record(3, applicants=[("F CO LTD", "KR"), ("A BV", "NL")], cites=[4, 6, 11], office="US"),
    record(4, applicants=[("A BV", "NL")], published="2016-01-01", members=[5], cites=[1, 901]),
    record(5, applicants=[("A BV", "NL")], office="US", members=[4], published="2016-02-01"),
    record(6, applicants=[("D INC", "US")], symbols=["H01L21/02"], cites=[4, 7, 3]),
    record(7, applicants=[("G LTD", "CN")], symbols=["H01L21/02", "G06N10/00"], cites=[6]),
    record(8, applicants=[("D INC", "US")], cites=[4, 11, 12], published="2023-05-01"),
    record(9, applicants=[("A BV", "NL")], symbols=["H01L21/02"], cites=[4, 2, 7, 8]),
]
CONTEXT = [
    record(11, applicants=[("H AG", "DE")], cites=[4]),
    record(12, applicants=[("I KK", "JP")], cites=[1, 3, 9]),
]
TOTALS = "country,families\nNL,40\nUS,300\nDE,200\nJP,250\nKR,90\n"


def whole_run(folder: Path, *given: str) -> Path:
    """Results for seeds and context with two technologies, totals and a table of residences."""
    (folder / "two.toml").write_text(TWO, encoding="utf-8")
    (folder / "totals.csv").write_text(TOTALS, encoding="utf-8")
    places = f"lens_id,country\n{lens_id(901)},US\n"
    (folder / "places.csv").write_text(places, encoding="utf-8")
    seeds, around = write(folder / "s.jsonl", SEEDS), write(folder / "c.jsonl", CONTEXT)
    corpus = str(folder / "c")
    for path, role in ((seeds, "seed"), (around, "context")):
        call(["ingest", str(path), "--corpus", corpus, "--role", role])
    files = ["--technologies", "two.toml", "--totals", "totals.csv", "--residences", "places.csv"]
    files = [str(folder / a) if a.endswith((".toml", ".csv")) else a for a in files]
    call(["analyse", corpus, "--out", str(folder / "o"), *SHORT, *files, *given])
    return folder / "o"


def call(arguments: list[str]) -> str:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.stderr
    return done.stdout
