"""The script that changes code: what it changes, and what it leaves alone."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

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
    assert mutants.FOLDERS == ("graph", "indicators", "analysis")
    listed = {name for name in mutants.TESTS if not (ROOT / "netpos" / f"{name}.py").exists()}
    assert listed == set()
    for folder in mutants.FOLDERS:
        for path in sorted((ROOT / "netpos" / folder).glob("*.py")):
            assert mutants.tests_of(path)
            assert all((ROOT / t).exists() for t in mutants.tests_of(path))


def test_the_tests_of_a_change_are_those_that_reach_its_line_quickest_first() -> None:
    mutants = script("mutants")
    path = ROOT / "netpos" / "graph" / "balance.py"
    own = "tests/graph/test_balance.py"
    seconds = {f"{own}::slow": 3.0, f"{own}::quick": 1.0, "tests/graph/test_core.py::other": 0.1}
    contexts = {
        7: [f"{own}::slow|run", f"{own}::quick|run", "tests/graph/test_core.py::other|run"],
        8: [f"{own}::slow|setup"],
        9: [""],
    }

    def chosen(line: int) -> list[str]:
        return mutants.chosen_tests(mutants.Mutant(path, line, "", "", ""), contexts, seconds)

    both = [f"{own}::quick", f"{own}::slow"]
    assert chosen(7) == both  # those of other modules are not asked
    assert chosen(8) == chosen(9) == both  # a fixture, or loading the module: all of the file
    assert chosen(10) == []


def test_changes_that_make_no_difference_are_listed_with_a_reason_and_can_be_made() -> None:
    mutants = script("mutants")
    paths = [p for f in mutants.FOLDERS for p in sorted((ROOT / "netpos" / f).glob("*.py"))]
    pool = [m for p in paths for m in mutants.mutants(p)]
    assert mutants.same(pool) <= {mutants.key(m) for m in pool}


@pytest.mark.parametrize(
    ("entry", "word"),
    [
        ('file = "netpos/graph/balance.py"\nbefore = "a"\nafter = "b"\nwhy = "c"', "cannot be"),
        ('file = "netpos/graph/balance.py"\nbefore = "a"\nafter = "b"', "no reason"),
    ],
)
def test_a_listed_change_that_cannot_be_made_or_has_no_reason_ends_the_script(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str, word: str
) -> None:
    mutants = script("mutants")
    (tmp_path / "same.toml").write_text(f"[[same]]\n{entry}\n", encoding="utf-8")
    monkeypatch.setattr(mutants, "SAME", tmp_path / "same.toml")
    with pytest.raises(SystemExit, match=word):
        mutants.same([])
