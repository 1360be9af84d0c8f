"""The public names of the package, each one there and documented."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys

import pytest

import netpos
from tests.conftest import ROOT


def test_every_public_name_resolves_and_has_a_docstring() -> None:
    assert len(netpos.__all__) > 30
    for name in netpos.__all__:
        assert getattr(netpos, name).__doc__, name


def test_public_names_are_those_shown_by_dir() -> None:
    assert set(netpos.__all__) <= set(dir(netpos))


def test_an_unknown_name_is_an_attribute_error_that_names_it() -> None:
    with pytest.raises(AttributeError, match="closeness"):
        _ = netpos.closeness


def test_importing_the_package_loads_none_of_its_rooms() -> None:
    code = "import sys, netpos; print(sorted(m for m in sys.modules if m.startswith('netpos.')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_each_name_of_the_stub_is_that_of_the_module_it_names() -> None:
    text = (ROOT / "netpos" / "__init__.pyi").read_text(encoding="utf-8")
    named = re.findall(r"^from \.([\w.]+) import (\w+) as \2$", text, re.MULTILINE)
    assert sorted(name for _, name in named) == sorted(netpos.__all__)
    for module, name in named:
        assert getattr(netpos, name) is getattr(importlib.import_module(f"netpos.{module}"), name)
