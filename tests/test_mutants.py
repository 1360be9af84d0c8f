"""The script that changes code: what it changes, and what it leaves alone."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.mutants_run import Measured, planned
from tests.conftest import ROOT
from tests.test_licences import script

SOURCE = '''"""Three: 1 < 2."""
from typing import Literal
Choice = Literal[1, 2]
LIMIT: Literal[7] = 8
@dataclass(frozen=True)
class Pair:
    rows = list(zip((), (), strict=True))
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
    assert sorted({m.line for m in found}) == [4, 8, 10, 12]
    changes = {m.after for m in found}
    assert "return (x / -y)" in changes
    assert "return x * (y)" in changes
    assert "if not x and (y < 3):" in changes
    assert "if (not x or y <= 3):" in changes
    assert "if (x) and y <= 3:" in changes


def test_what_is_drawn_stays_drawn_when_other_lines_come_and_go(tmp_path: Path) -> None:
    mutants = script("mutants")
    path = ROOT / "netpos" / "graph" / "balance.py"
    pool = [mutants.Mutant(path, n, f"a = {n}", f"a = ({n + 1})", "") for n in range(200)]
    found = mutants.drawn(pool, 50, seed=3)
    assert len({m.line for m in found}) == 50
    assert [m.line for m in found] == sorted(m.line for m in found)
    assert mutants.drawn(pool[::-1], 50, seed=3) == found
    fewer = [m for m in pool if m != found[7]]
    again = mutants.drawn(fewer, 50, seed=3)
    assert set(found) - set(again) == {found[7]}
    assert len({m.line for m in mutants.drawn(pool, 50, seed=4)} - {m.line for m in found}) > 20
    assert mutants.drawn(pool, 500, seed=3) == pool


def test_every_numeric_module_has_tests_to_run() -> None:
    mutants = script("mutants")
    assert mutants.FOLDERS == ("graph", "indicators", "analysis")
    listed = {name for name in mutants.TESTS if not (ROOT / "netpos" / f"{name}.py").exists()}
    assert listed == set()
    for folder in mutants.FOLDERS:
        for path in sorted((ROOT / "netpos" / folder).glob("*.py")):
            assert mutants.tests_of(path)
            assert all((ROOT / t).exists() for t in mutants.tests_of(path))


class Lines:
    """What coverage noted of one file."""

    def __init__(self, contexts: dict[int, list[str]]) -> None:
        self.contexts = contexts

    def contexts_by_lineno(self, path: str) -> dict[int, list[str]]:
        assert path == str(ROOT / "netpos" / "graph" / "balance.py")
        return self.contexts


def test_the_tests_of_a_change_are_those_that_reach_its_line_quickest_first() -> None:
    mutants = script("mutants")
    path = ROOT / "netpos" / "graph" / "balance.py"
    own = "tests/graph/test_balance.py"
    seconds = {f"{own}::slow": 3.0, f"{own}::quick": 1.0, "tests/graph/test_core.py::other": 0.1}
    contexts = {
        7: [f"{own}::slow|run", f"{own}::quick|run", "tests/graph/test_core.py::other|run"],
        8: [f"{own}::slow|setup"],
        9: [""],
        10: [f"{own}::gone|run"],
    }
    measured = Measured(seconds, lines=[Lines(contexts), Lines({11: [f"{own}::quick|run"]})])

    def chosen(line: int) -> list[str]:
        return mutants.chosen_tests(mutants.Mutant(path, line, "", "", ""), measured)

    both = [f"{own}::quick", f"{own}::slow"]
    assert chosen(7) == both  # those of other modules are not asked
    assert chosen(8) == chosen(9) == both  # a fixture, or loading the module: all of the file
    assert chosen(10) == chosen(12) == []
    assert chosen(11) == both[:1]  # what was measured another time


def test_tests_with_a_long_fixture_follow_one_another_as_far_as_the_budget_goes() -> None:
    """A fixture takes 4 s: a and b need it and take 1 and 2, c takes longer; d and e need none."""
    seconds = {"t::a": 1.0, "t::b": 2.0, "t::c": 6.0, "u::d": 3.0, "u::e": 5.5}
    needs = {f"t::{name}": ["t::long"] for name in "abc"}
    measured = Measured(seconds, needs, {"t::long": 4.0})
    order = ["u::d", "t::a", "t::b", "u::e", "t::c"]  # from 3, 4 + 1, (2), 5.5, 4 + 6
    assert planned(seconds, measured) == order
    for budget, many in ((0, 1), (7, 1), (8, 2), (10, 3), (15.5, 4), (25, 4), (25.5, 5)):
        assert planned(seconds, measured, budget) == order[:many]


TRIED = """
import sys
from pathlib import Path
from scripts import mutants_run as run

run.PATIENCE = 2
names = ["test_thing.py::test_type", "test_thing.py::test_right"]
measured = run.Measured(dict.fromkeys(names, 0.01))
texts = ("x * 2", "x / 2 * 4", "x +", "[0 for _ in iter(int, 1)]", "x / 2")
for text in texts:
    found = run.tried(
        Path("thing.py").resolve(), f"def double(x):\\n    return {text}\\n", names, measured
    )
    print(found.noticed, found.by.rpartition("_")[2] or "-", found.ran)
run.check(names, measured)
run.check(["test_thing.py::test_wrong"], run.Measured({"test_thing.py::test_wrong": 0.01}))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the script needs fork")
def test_a_change_is_noticed_where_a_test_fails_or_does_not_end_or_nothing_can_be_loaded(
    tmp_path: Path,
) -> None:
    (tmp_path / "thing.py").write_text("def double(x):\n    return x * 2\n", encoding="utf-8")
    # compiled modules are kept, as our own tests have it: none may be of the last changed text,
    # which is as long as the file
    keeping = "import sys\n\nsys.dont_write_bytecode = False\n"
    (tmp_path / "conftest.py").write_text(keeping, encoding="utf-8")
    (tmp_path / "test_thing.py").write_text(
        "from thing import double\n\n\n"
        "def test_right(): assert double(3) == 6\n\n\n"
        "def test_type(): assert isinstance(double(3.0), float)\n\n\n"
        "def test_wrong(): assert double(3) == 7\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-c", TRIED],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])},
        capture_output=True,
        text=True,
    )
    said = ["False - 2", "False - 2", "True - 0", "True type 1", "True right 2"]
    assert done.stdout.splitlines()[:-1] == said
    assert done.stdout.splitlines()[-1] == "2 tests that noticed something pass without a change"
    assert done.returncode == 1
    assert "tests fail without any change: ['test_thing.py::test_wrong']" in done.stderr


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
