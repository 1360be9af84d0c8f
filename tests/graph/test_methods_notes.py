"""The method notes name every public function of the graph indicators."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import ModuleType

import pytest

from netpos.graph import (
    backbone,
    balance,
    centrality,
    core,
    coreness,
    dependence,
    paths,
    peel,
    strength,
)

ROOT = Path(__file__).resolve().parents[2]
#: Parts of the machinery: arrays in, arrays out.
INTERNAL = {"foreign_links", "strengths", "node_index", "foreign_stack", "block_fit", "core_number"}
INTERNAL |= {"partner_classes"}


@pytest.mark.parametrize(
    "module",
    [backbone, balance, centrality, core, coreness, dependence, paths, peel, strength],
    ids=lambda m: m.__name__,
)
def test_every_indicator_is_in_the_method_notes(module: ModuleType) -> None:
    notes = "".join(
        p.read_text(encoding="utf-8") for p in sorted((ROOT / "docs").glob("methods*.md"))
    )
    own = [
        name
        for name, f in inspect.getmembers(module, inspect.isfunction)
        if f.__module__ == module.__name__ and not name.startswith("_") and name not in INTERNAL
    ]
    assert own
    for name in own:
        assert f"`{name}`" in notes or f"`{name}(" in notes
