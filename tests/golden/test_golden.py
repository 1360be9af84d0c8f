"""What a user keeps, byte for byte; ``make golden`` renews it, and the diff is read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from netpos.cli import app
from tests.lens import FAST, toy_records, write

HERE = Path(__file__).parent / "toy"
TECHNOLOGY = """
[[technology]]
id = "quantum"
name_en = "Quantum technologies"
name_nl = "Quantumtechnologie"
ipc = ["G06N10/"]
"""
FILES = (
    "index.html",
    "tables/countries.csv",
    "tables/links.csv",
    "tables/coverage.csv",
    "tables/technologies.csv",
    "run.toml",
)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("golden")
    (folder / "t.toml").write_text(TECHNOLOGY, encoding="utf-8")
    path = write(folder / "toy.jsonl", toy_records())
    arguments = [
        "run",
        str(path),
        "--out",
        str(folder / "o"),
        "--technologies",
        str(folder / "t.toml"),
        *FAST,
    ]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.stderr
    text = (folder / "o" / "run.toml").read_text(encoding="utf-8")
    plain = text.replace(json.dumps(str(folder / "t.toml")), '"t.toml"')
    (folder / "o" / "run.toml").write_text(plain, encoding="utf-8")
    return folder / "o"


@pytest.mark.parametrize("name", FILES)
def test_output_is_the_golden_file(
    results: Path, name: str, request: pytest.FixtureRequest
) -> None:
    found = (results / name).read_text(encoding="utf-8")
    golden = HERE / name
    if request.config.getoption("--golden-update"):
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(found, encoding="utf-8", newline="\n")
    assert found == golden.read_text(encoding="utf-8")
