"""The package and its tests are laid out so that a newcomer finds a question by its folder."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

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


def shown(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def test_every_file_reads_in_one_sitting() -> None:
    lines = {shown(p): len(p.read_text(encoding="utf-8").splitlines()) for p in FILES}
    assert len(lines) > 200
    assert {name: n for name, n in lines.items() if n > 500} == {}


def found(name: str) -> bool:
    """Whether a name leads from a module to something in it."""
    parts = name.split(".")
    for k in range(len(parts), 0, -1):
        try:
            held = importlib.import_module(".".join(parts[:k]))
        except ModuleNotFoundError:
            continue
        for part in parts[k:]:
            if not hasattr(held, part):
                return False
            held = getattr(held, part)
        return True
    return False


def test_every_name_of_the_package_in_the_documents_can_be_imported() -> None:
    assert len(NAMES) > 50
    assert [name for name in NAMES if not found(name)] == []


def is_public(path: Path) -> bool:
    """Whether a module defines a function or class that others may use."""
    text = path.read_text(encoding="utf-8")
    return re.search("^(?:def|class) (?!_)", text, re.MULTILINE) is not None


#: Without the files that only gather names (``__init__``) or start the program (``__main__``).
MODULES = [p for p in FILES if not p.stem.startswith("__") and is_public(p)]


def test_the_tests_of_every_module_are_found_by_its_name() -> None:
    assert len(MODULES) > 100
    missing = []
    for path in MODULES:
        tests = ROOT / "tests" / path.relative_to(PACKAGE).with_name(f"test_{path.name}")
        text = tests.read_text(encoding="utf-8") if tests.exists() else ""
        if not re.search("^def test_", text, re.MULTILINE):
            missing.append(shown(path))
    assert missing == []
