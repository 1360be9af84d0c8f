"""Change the numeric code in small ways and see whether its tests notice.

    python -m scripts.mutants [--sample 60] [--seed 0] [--only netpos/graph/balance.py]

Draws changes from all that can be made to netpos/graph, netpos/indicators and netpos/analysis:
another comparison, + for -, * for /, a constant moved by one, ``and`` for ``or``, a ``not`` left
out, a condition turned round. The tests of the modules drawn run once, unchanged, and it is noted
which lines each of them reaches (kept in .mutants for the files that stay as they are). For each
change those of the module's own tests that reach its line run, first those that noticed a change
near by, then the quickest, until one fails, in a fork of a process that has the libraries loaded.
In the end those that noticed something run without any change: they must pass.

A change that no test notices is printed: either a test is missing or the change makes no
difference. Those that make none are listed with the reason in scripts/mutants_same.toml; they are
not drawn, and a line there that fits no change any more is an error. Exit status 1 where fewer are
noticed than ``--least`` says.
"""

from __future__ import annotations

import argparse
import ast
import copy
import hashlib
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts import mutants_run as run
from scripts.mutants_run import ROOT

SAME = ROOT / "scripts" / "mutants_same.toml"
FOLDERS = ("graph", "indicators", "analysis")
#: Whose tests are also those of the kernels beneath them.
KERNELS = ("kernels", "contract", "balance", "core", "coreness", "dependence", "strength")
_RESULTS = tuple(
    f"tests/analysis/test_{name}.py"
    for name in ("results", "coverage", "selection", "known_answers")
)
_LIFTED = ("tests/ingest/test_citations.py", "tests/ingest/test_families.py")
#: Modules of indicators whose tests are also those of one another.
TOGETHER = (
    ("complexity", "fitness", "relatedness", "bipartite", "spectral"),
    ("value", "markets", "relevance", "stock"),
    ("uncertainty", "bounds", "influence", "measured", "resampling", "weights"),
    ("calibration", "worlds"),
)
#: Tests of modules besides those named after them.
TESTS: dict[str, tuple[str, ...]] = {
    "graph/expected": ("tests/analysis/test_expectation.py",),
    "graph/kernels": tuple(f"tests/graph/test_{name}.py" for name in KERNELS),
    "graph/links": (
        *("tests/analysis/test_study.py", "tests/analysis/test_chosen.py"),
        *_RESULTS,
        *_LIFTED,
    ),
    "graph/residence": ("tests/analysis/test_located.py", "tests/analysis/test_results.py"),
    "indicators/focal": ("tests/analysis/test_without.py", "tests/analysis/test_sensitivity.py"),
    "indicators/robustness": ("tests/analysis/test_sensitivity.py",),
    **{
        f"indicators/{name}": tuple(f"tests/indicators/test_{other}.py" for other in names)
        for names in TOGETHER
        for name in names
    },
    "analysis/behind": (
        *("tests/commands/test_explain.py", "tests/analysis/test_explained.py"),
        *_RESULTS,
    ),
    "analysis/coverage": ("tests/analysis/test_located.py", *_RESULTS),
    "analysis/expectation": ("tests/graph/test_expected.py", *_RESULTS),
    "analysis/explained": ("tests/commands/test_explain.py",),
    "analysis/located": ("tests/analysis/test_results.py",),
    "analysis/notes": (
        *("tests/analysis/test_study.py", "tests/analysis/test_selection.py"),
        *("tests/analysis/test_wide_links.py", "tests/ingest/test_lacking.py"),
    ),
    "analysis/results": (*_RESULTS, "tests/analysis/test_without.py"),
    "analysis/selection": (*_RESULTS, "tests/analysis/test_behind.py"),
    "analysis/sensitivity": ("tests/analysis/test_results.py", "tests/analysis/test_without.py"),
    "analysis/study": (
        *_RESULTS,
        *_LIFTED,
        *(f"tests/analysis/test_{name}.py" for name in ("chosen", "wide_links", "behind")),
    ),
    "analysis/ways": ("tests/analysis/test_sensitivity.py",),
}
#: Tests that noticed changes near by, and are tried first.
NEAR = 3
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}
OPERATIONS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}


@dataclass(frozen=True)
class Mutant:
    """One change: the file, the line, what it says before and after, and the text of the file."""

    path: Path
    line: int
    before: str
    after: str
    text: str


def changed(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what a node can be changed into, one change each."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        other = COMPARISONS.get(type(node.ops[0]))
        if other:
            yield ast.Compare(node.left, [other()], node.comparators)
    elif isinstance(node, ast.BinOp):
        swap = OPERATIONS.get(type(node.op))
        if swap:
            yield ast.BinOp(node.left, swap(), node.right)
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub | ast.Invert):
        yield node.operand
    elif isinstance(node, ast.IfExp | ast.If):
        turned = copy.copy(node)
        turned.test = ast.UnaryOp(ast.Not(), node.test)
        yield turned
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield ast.Constant(node.value + 1)
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)


def left_out(tree: ast.AST) -> set[int]:
    """Nodes that are no behaviour: annotations, docstrings, imports, names of types, guards.

    Guards, which keep us from mistakes, are the ``frozen`` of a data class and ``strict`` of zip.
    """
    out: set[int] = set()
    for node in ast.walk(tree):
        parts: list[ast.AST | None] = []
        if isinstance(node, ast.FunctionDef):
            parts = [
                node.returns,
                *(a.annotation for a in ast.walk(node.args) if isinstance(a, ast.arg)),
            ]
        elif isinstance(node, ast.AnnAssign):
            parts = [node.annotation]
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            parts = [node]
        elif isinstance(node, ast.Assign) and "Literal" in ast.unparse(node.value):
            parts = [node.value]
        elif isinstance(node, ast.JoinedStr):  # numbers in messages
            parts = [node]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            guard = {"dataclass": "frozen", "zip": "strict"}.get(node.func.id)
            parts = [k.value for k in node.keywords if k.arg == guard]
        for part in parts:
            if part is not None:
                out |= {id(x) for x in ast.walk(part)}
    return out


def mutants(path: Path) -> list[Mutant]:
    """Every change that can be made to a file."""
    source = path.read_text(encoding="utf-8")
    lines = source.splitlines(keepends=True)
    tree = ast.parse(source)
    skip = left_out(tree)
    found = []
    for node in ast.walk(tree):
        if id(node) in skip or not hasattr(node, "lineno"):
            continue
        for new in changed(node):
            place, value = (node.test, new.test) if isinstance(node, ast.If) else (node, new)
            if place.lineno != place.end_lineno:
                continue  # a change is one line, so that it can be shown
            row = lines[place.lineno - 1].encode()
            code = ast.unparse(ast.fix_missing_locations(ast.Expression(value)))
            middle = f"({code})".encode()
            line = (row[: place.col_offset] + middle + row[place.end_col_offset :]).decode()
            text = "".join([*lines[: place.lineno - 1], line, *lines[place.lineno :]])
            found.append(
                Mutant(path, place.lineno, lines[place.lineno - 1].strip(), line.strip(), text)
            )
    return found


def tests_of(path: Path) -> list[str]:
    """Return the test files of a module, and the module itself for its examples."""
    name = path.relative_to(ROOT / "netpos").with_suffix("").as_posix()
    folder, module = name.split("/", 1)
    named = sorted((ROOT / "tests" / folder).glob(f"test_{module}*.py"))
    named += sorted((ROOT / "tests" / folder).glob(f"test_mutants_{folder}.py"))
    own = [p.relative_to(ROOT).as_posix() for p in named]
    more = [t for t in TESTS.get(name, ()) if (ROOT / t).exists()]
    return list(dict.fromkeys([*own, *more, path.relative_to(ROOT).as_posix()]))


def same(pool: Sequence[Mutant]) -> set[tuple[str, str, str]]:
    """Return the changes that make no difference: file, line before, line after.

    Ends the program where one of them can no longer be made, or has no reason.
    """
    listed = tomllib.loads(SAME.read_text(encoding="utf-8")).get("same", [])
    found = {(e["file"], e["before"], e["after"]) for e in listed}
    possible = {key(m) for m in pool}
    for entry in listed:
        at = (entry["file"], entry["before"], entry["after"])
        if not entry.get("why"):
            sys.exit(f"{SAME.name}: {entry['file']}: no reason for {entry['after']!r}")
        if at not in possible:
            sys.exit(f"{SAME.name}: {entry['file']} cannot be changed into {entry['after']!r}")
    return found


def drawn(pool: Sequence[Mutant], number: int, seed: int) -> list[Mutant]:
    """Draw changes by lot, each by its own: what others there are does not matter.

    So those drawn stay drawn when lines are added, or some are excused.
    """
    seen: dict[tuple[str, str, str], int] = {}
    lots = []
    for mutant in pool:
        name = key(mutant)
        seen[name] = seen.get(name, 0) + 1
        lot = hashlib.sha256(repr((seed, *name, seen[name])).encode()).hexdigest()
        lots.append((lot, mutant))
    lots.sort(key=lambda pair: pair[0])
    return sorted((m for _, m in lots[:number]), key=lambda m: (m.path, m.line, m.after))


def key(mutant: Mutant) -> tuple[str, str, str]:
    """Name a change so that it is known again when lines move."""
    return mutant.path.relative_to(ROOT).as_posix(), mutant.before, mutant.after


def chosen_tests(mutant: Mutant, measured: run.Measured) -> list[str]:
    """Return the tests of a module that reach the line of a change, quickest first.

    What is reached while a module is loaded or a fixture is made concerns all tests of the files.
    """
    files = tests_of(mutant.path)
    mine = {name for name in measured.seconds if run.file_of(name) in files}
    reached = set()
    for context in measured.contexts(mutant.path).get(mutant.line, ()):
        name, _, phase = context.rpartition("|")
        if not name:
            reached |= mine
        elif phase == "setup":
            reached |= {n for n in mine if run.file_of(n) == run.file_of(name)}
        else:
            reached.add(name)
    return run.planned(reached & mine, measured)


def main() -> None:
    """Draw, change, run, report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sample", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=Path, action="append", help="a module or a folder")
    parser.add_argument("--least", type=float, default=0.9, help="part that must be noticed")
    given = parser.parse_args()
    every = [p for f in FOLDERS for p in sorted((ROOT / "netpos" / f).glob("*.py"))]
    asked = [(ROOT / p).resolve() for p in given.only or []]
    paths = [p for p in every if not asked or p in asked or p.parent in asked]
    pool = [m for p in every for m in mutants(p)]
    excused = same(pool)
    pool = [m for m in pool if m.path in paths and key(m) not in excused]
    sample = drawn(pool, given.sample, given.seed)
    run.load_libraries()
    alive = _try(sample)
    part = 1 - len(alive) / max(len(sample), 1)
    print(
        f"{len(sample)} of {len(pool)} possible changes made; {part:.0%} noticed; "
        f"{run.processor_seconds():.0f} s of processor"
    )
    if part < given.least:
        sys.exit(1)


def _try(sample: Sequence[Mutant]) -> list[Mutant]:
    """Make each change, say what becomes of it, and return those that nothing noticed."""
    alive: list[Mutant] = []
    killers: list[tuple[Path, int, str]] = []
    files = dict.fromkeys(t for m in sample for t in tests_of(m.path))
    measured = run.baseline(list(files))
    print(
        f"{len(measured.seconds)} tests, {sum(measured.seconds.values()):.0f} s of processor when "
        f"they were measured; {run.processor_seconds():.0f} s until here",
        flush=True,
    )
    for number, mutant in enumerate(sample, start=1):
        tests = chosen_tests(mutant, measured)
        here = sorted((abs(at - mutant.line), t) for p, at, t in killers if p == mutant.path)
        near = [t for t in dict.fromkeys(t for _, t in here) if t in tests][:NEAR]
        tests = list(dict.fromkeys([*near, *tests]))
        verdict = run.tried(mutant.path, mutant.text, tests, measured)
        if verdict.by:
            killers.append((mutant.path, mutant.line, verdict.by))
        where = f"{mutant.path.relative_to(ROOT)}:{mutant.line}"
        said = "noticed" if verdict.noticed else "NOT NOTICED" if tests else "NOT REACHED"
        print(f"{number}/{len(sample)} {where} {said} {verdict.told()}", flush=True)
        if not verdict.noticed:
            alive.append(mutant)
            print(f"    - {mutant.before}\n    + {mutant.after}", flush=True)
    run.check({name for *_, name in killers}, measured)
    return alive


if __name__ == "__main__":
    main()
