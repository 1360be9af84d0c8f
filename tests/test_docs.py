"""The documentation names every column, option and public function there is."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import polars as pl
import pytest

import netpos
from netpos import pipeline
from netpos.cli import app
from netpos.countries import data_path
from netpos.options import make
from tests.conftest import ROOT

DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("docs")
    options = make({"draws": 5, "tables_only": True, "benchmark": "eu27"})
    pipeline.run([data_path("demo_synthetic_lens.jsonl.gz")], out, options)
    return out / "tables"


def test_every_column_of_every_table_is_described(tables: Path) -> None:
    text = (DOCS / "tables.md").read_text(encoding="utf-8")
    sections = {}
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        head, _, body = part.partition("\n")
        for name in re.findall(r"([a-z_]+)\.(?:csv|parquet)", head):
            sections[name] = set(re.findall(r"`([a-z_0-9]+)`", body))
    missing = {}
    for path in sorted(tables.glob("*.parquet")):
        columns = set(pl.read_parquet_schema(path))
        told = sections.get(path.stem, set())
        endings = {f"{c}_{side}" for c in told for side in ("low", "high")}
        if left := columns - told - endings - {"technology", "period"}:
            missing[path.stem] = sorted(left)
    assert missing == {}


def test_every_public_function_has_its_place_in_the_method_notes() -> None:
    text = (DOCS / "methods.md").read_text(encoding="utf-8")
    functions = [n for n in netpos.__all__ if inspect.isfunction(getattr(netpos, n))]
    assert len(functions) > 25
    assert [n for n in functions if f"{n}" not in text] == []


def test_every_option_of_run_is_in_the_list_of_options() -> None:
    from typer.main import get_command

    command = get_command(app).commands["run"]  # type: ignore[attr-defined]
    options = {o for p in command.params for o in p.opts if o.startswith("--")}
    text = (DOCS / "cli.md").read_text(encoding="utf-8")
    assert {o for o in options if o not in text} == set()


def test_every_command_is_in_the_list_of_commands() -> None:
    from typer.main import get_command

    text = (DOCS / "cli.md").read_text(encoding="utf-8")
    names = get_command(app).commands  # type: ignore[attr-defined]
    assert {n for n in names if f"netpos {n}" not in text} == set()


def test_links_between_documents_lead_somewhere() -> None:
    for page in [ROOT / "README.md", *DOCS.glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            if not target.startswith("http"):
                assert (page.parent / target).exists(), f"{page.name}: {target}"
