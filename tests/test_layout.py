"""The package and its tests are laid out so that a newcomer finds a question by its folder."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "netpos"
FILES = sorted(PACKAGE.rglob("*.py"))
NAMES = sorted(
    {
        name
        for page in [*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
        for name in re.findall(r"`(netpos(?:\.[A-Za-z_]\w*)+)`", page.read_text(encoding="utf-8"))
        if not name.endswith(".xlsx")
    }
)


def test_at_most_ten_files_of_python_stand_at_the_root() -> None:
    assert len(list(PACKAGE.glob("*.py"))) <= 10


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_a_file_reads_in_one_sitting(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 500


@pytest.mark.parametrize("name", NAMES)
def test_every_name_of_the_package_in_the_documents_can_be_imported(name: str) -> None:
    parts = name.split(".")
    for k in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:k]))
        except ModuleNotFoundError:
            continue
        for part in parts[k:]:
            found = getattr(found, part)
        return
    pytest.fail(name)


def is_public(path: Path) -> bool:
    """Whether a module defines a function or class that others may use."""
    text = path.read_text(encoding="utf-8")
    return re.search("^(?:def|class) (?!_)", text, re.MULTILINE) is not None


#: Without the files that only gather names (``__init__``) or start the program (``__main__``).
MODULES = [p for p in FILES if not p.stem.startswith("__") and is_public(p)]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_the_tests_of_a_module_are_found_by_its_name(path: Path) -> None:
    tests = ROOT / "tests" / path.relative_to(PACKAGE).with_name(f"test_{path.name}")
    assert tests.exists()
    assert re.search("^def test_", tests.read_text(encoding="utf-8"), re.MULTILINE)
