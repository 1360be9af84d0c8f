"""Whole runs from the command line in both languages, for tests on the pages they write."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from typer.testing import CliRunner

from netpos.cli import app
from tests import shared
from tests.lens import FAST, few, toy_records, write


@cache
def run(lang: str) -> Path:
    """The folder of a small run with warnings, refused files and a comparison, without figures."""
    return shared.once(f"run-{lang}", lambda folder: _run(folder, lang)) / "out"


def _run(folder: Path, lang: str) -> None:
    (folder / "in").mkdir()
    exports = write(folder / "in" / "export.jsonl", toy_records())
    with exports.open("a", encoding="utf-8") as file:
        file.write('{"lens_id": \n')
    (folder / "in" / "notes.csv").write_text("hello, this is no export\n", encoding="utf-8")
    (folder / "in" / "other.json").write_text('{"a": 1}', encoding="utf-8")
    (folder / "in" / "empty.jsonl").write_text("", encoding="utf-8")
    out = folder / "out"
    call = [
        "run",
        str(folder / "in"),
        "--out",
        str(out),
        "--lang",
        lang,
        *few(folder, "quantum", "semiconductor"),
        *FAST,
    ]
    done = CliRunner().invoke(app, [*call, "--compare-with", "US,CN"])
    assert done.exit_code == 0, (done.output, done.exception)


def pages(lang: str) -> dict[str, Path]:
    """Every page of the run by its path in the folder."""
    folder = run(lang)
    found = {p.relative_to(folder).as_posix(): p for p in sorted(folder.rglob("*.html"))}
    assert {"index.html", "comparison.html", "maps/quantum.html"} <= set(found)
    return found
