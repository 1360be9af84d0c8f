"""The script that changes code: what it changes, and what it leaves alone."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.conftest import ROOT
from tests.test_licences import script

SOURCE = '''"""Three: 1 < 2."""
from typing import Literal
Choice = Literal[1, 2]
LIMIT: Literal[7] = 8
def f(x: int, y: float = 0.5) -> float:
    """Double 2 * x."""
    if not x and y <= 3:
        raise ValueError(f"{x + 1} is no good")
    return x * -y
'''


def test_each_change_is_one_line_that_still_parses_and_means_something_else(
    tmp_path: Path,
) -> None:
    path = tmp_path / "module.py"
    path.write_text(SOURCE)
    mutants = script("mutants")
    found = mutants.mutants(path)
    known = ast.dump(ast.parse(SOURCE))
    for mutant in found:
        assert ast.dump(ast.parse(mutant.text)) != known
        before, after = SOURCE.splitlines(), mutant.text.splitlines()
        assert len(before) == len(after)
        assert [a == b for a, b in zip(before, after, strict=True)].count(False) == 1
    assert sorted({m.line for m in found}) == [4, 5, 7, 9]
    changes = {m.after for m in found}
    assert "return (x / -y)" in changes
    assert "return x * (y)" in changes
    assert "if not x and (y < 3):" in changes
    assert "if (not x or y <= 3):" in changes
    assert "if (x) and y <= 3:" in changes


def test_every_numeric_module_has_tests_to_run() -> None:
    mutants = script("mutants")
    for folder in mutants.FOLDERS:
        for path in sorted((ROOT / "netpos" / folder).glob("*.py")):
            assert mutants.tests_of(path)
            assert all((ROOT / t).exists() for t in mutants.tests_of(path))
