"""The method notes have a place for every indicator and every column, found by enumeration."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import tomllib
from types import ModuleType

import polars as pl
import pytest

import netpos.graph
import netpos.indicators
import netpos.innovation
import netpos.science
from netpos.analysis import complexity as subclasses
from netpos.analysis import pattern_hits
from netpos.commands import run as pipeline
from netpos.countries import data_path
from netpos.options import make
from tests.conftest import ROOT
from tests.lens import QUANTUM

NOTES = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")
DEFINED: dict[str, dict[str, object]] = tomllib.loads(
    (ROOT / "netpos" / "viz" / "columns.toml").read_text(encoding="utf-8")
)
#: Arrays in, arrays out: used by the indicators, told with them, of no use by themselves.
MACHINERY = {
    "netpos.indicators.bipartite": {"count", "deviation", "named", "series", "spread"},
    "netpos.indicators.cells": {"summing"},
    "netpos.indicators.compiled": {
        "available",
        "by_holder",
        "by_pair",
        "library",
        "influences",
        "poisson",
        "sum_held",
        "sum_links",
    },
    "netpos.indicators.exchange": {"planned"},
    "netpos.indicators.focal": {
        "leader",
        "of_core",
        "of_links",
        "of_sizes",
        "of_sources",
        "places",
        "ranked",
    },
    "netpos.indicators.markets": {"choices"},
    "netpos.indicators.relevance": {"expected_citations", "relative_citations"},
    "netpos.indicators.robustness": {"said"},
    "netpos.indicators.spectral": {"correlation", "rank_correlation", "second_eigenvector"},
    "netpos.indicators.specialisation": {"grid"},
    "netpos.graph.balance": {"node_index"},
    "netpos.graph.compiled": {
        "available",
        "choose",
        "gather",
        "order",
        "spread",
        "sum_chosen",
        "sum_pairs",
        "times",
    },
    "netpos.graph.entries": {"entries", "stored"},
    "netpos.graph.yearly": {"yearly"},
    "netpos.graph.core": {"block_fit", "foreign_stack"},
    "netpos.graph.dependence": {"partner_classes"},
    "netpos.graph.peel": {"core_number"},
    "netpos.graph.strength": {"foreign_links", "strengths"},
    "netpos.analysis.complexity": {"check_complexity", "export_matrix", "read_complexity"},
}
#: The same for every draw at once, and how links are cut: held by the tests of what uses them.
WHOLE = {"netpos.graph.kernels", "netpos.graph.links", "netpos.graph.residence"}


def modules() -> list[ModuleType]:
    found = [pattern_hits, subclasses]
    for package in (netpos.indicators, netpos.graph, netpos.innovation, netpos.science):
        for one in pkgutil.iter_modules(package.__path__):
            name = f"{package.__name__}.{one.name}"
            if name not in WHOLE:
                found.append(importlib.import_module(name))
    return found


def public(module: ModuleType) -> list[str]:
    return [
        name
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    ]


def quoted() -> set[str]:
    """Words between backticks: names of functions with or without arguments and modules."""
    found: set[str] = set()
    for text in re.findall(r"`([^`\n]+)`", NOTES):
        found |= set(re.findall(r"\w+", text))
    return found


def test_the_enumeration_finds_the_indicators() -> None:
    names = {name for module in modules() for name in public(module)}
    assert {"balance", "rca", "eci_pci", "intervals", "scores", "pattern_hits", "s_core"} <= names
    assert len(modules()) > 20
    assert len(names) > 70


@pytest.mark.parametrize("module", modules(), ids=lambda m: m.__name__)
def test_every_public_function_of_the_indicators_is_in_the_method_notes(module: ModuleType) -> None:
    names = set(public(module))
    machinery = MACHINERY.get(module.__name__, set())
    assert machinery <= names  # the list above names nothing that is gone
    assert sorted(names - machinery - quoted()) == []


def index() -> dict[str, tuple[set[str], list[str]]]:
    """Table -> its columns in the index, and the headings that are linked."""
    _, _, text = NOTES.partition("## Index of columns")
    found = {}
    for line in text.splitlines():
        if not line.startswith("- "):
            continue
        name, _, rest = line[2:].partition(": ")
        columns = set(re.findall(r"`([a-z_0-9]+)`", rest))
        found[name.strip("`")] = (columns, re.findall(r"\]\(#([^)]+)\)", rest))
    return found


def anchor(heading: str) -> str:
    return re.sub(r"[^a-z0-9 \-]", "", heading.lower()).strip().replace(" ", "-")


@pytest.mark.parametrize("table", [t for t in DEFINED if t not in ("tables", "derived")])
def test_every_column_of_every_table_is_in_the_index(table: str) -> None:
    columns, links = index()["every table" if table == "any" else table]
    assert columns == set(DEFINED[table])
    anchors = {anchor(h) for h in re.findall(r"^#+ (.+)$", NOTES, re.MULTILINE)}
    assert links
    assert set(links) <= anchors


def test_every_column_that_a_run_writes_is_in_the_index(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    out = tmp_path_factory.mktemp("notes")
    options = make(
        {
            "technologies": str(QUANTUM[1]),
            "draws": 5,
            "tables_only": True,
            "benchmark": "eu27",
            "from": 2020,
            "complexity": "export",
        }
    )
    pipeline.run([data_path("demo_synthetic_lens.jsonl.gz")], out, options)
    everywhere = index()["every table"][0]
    derived = tuple(DEFINED["derived"])
    missing = {}
    tables = sorted((out / "tables").glob("*.parquet"))
    assert len(tables) > 18
    for path in tables:
        own = index().get(path.stem, (set(), []))[0] | everywhere
        if path.stem in ("changes", "benchmark", "trend", "slopes", "indicators"):
            own |= index()["countries"][0]
        left = [
            c
            for c in pl.read_parquet_schema(path)
            if c not in own and not any(c.endswith(e) and c.removesuffix(e) in own for e in derived)
        ]
        if left:
            missing[path.stem] = left
    assert missing == {}


def test_sections_of_indicators_name_source_or_check_and_function() -> None:
    """Each section of the network indicators ends in the function that computes it."""
    _, _, part = NOTES.partition("# Indicators of the citation network")
    part = part.partition("\n# ")[0]
    sections = re.split(r"^## ", part, flags=re.MULTILINE)[1:]
    assert len(sections) > 14
    for text in sections:
        heading = text.splitlines()[0]
        assert re.search(r"Functions?: ", text), heading
        assert re.search(r"[Tt]oy|Source|Worked", text), heading
