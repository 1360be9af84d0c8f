"""Change the numeric code in small ways and see whether its tests notice.

    python scripts/mutants.py [--sample 60] [--seed 0] [--only netpos/graph/balance.py]

Draws changes from all that can be made to netpos/graph and netpos/indicators: another comparison,
+ for -, * for /, a constant moved by one, ``and`` for ``or``, a ``not`` left out, a condition
turned round. For each, the change is made in a copy of the package and only the tests of that
module run, until one fails. A change that no test notices is printed: either a test is missing or
the change makes no difference. Exit status 1 where fewer are noticed than ``--least`` says.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("graph", "indicators")
#: Whose tests are also those of the kernels beneath them.
KERNELS = ("kernels", "contract", "balance", "core", "coreness", "dependence", "strength")
#: Modules whose tests bear other names.
TESTS = {
    "graph/kernels": [f"tests/graph/test_{name}.py" for name in KERNELS],
    "graph/links": [
        "netpos/graph/links.py",
        "tests/analysis/test_study.py",
        "tests/analysis/test_chosen.py",
        "tests/analysis/test_selection.py",
        "tests/oracle",
    ],
    "indicators/robustness": [
        "netpos/indicators/robustness.py",
        "tests/indicators/test_robustness.py",
        "tests/analysis/test_sensitivity.py",
    ],
    "graph/residence": [
        "netpos/graph/residence.py",
        "tests/analysis/test_located.py",
        "tests/analysis/test_engines.py",
        "tests/oracle",
    ],
}
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
    """Nodes that are no behaviour: annotations, docstrings, imports, names of types."""
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
    """The tests of a module: those named after it, else all of its folder."""
    name = path.relative_to(ROOT / "netpos").with_suffix("").as_posix()
    if name in TESTS:
        return [t for t in TESTS[name] if (ROOT / t).exists()]
    folder, module = name.split("/")
    named = sorted((ROOT / "tests" / folder).glob(f"test_{module}*.py"))
    named += sorted((ROOT / "tests" / folder).glob(f"test_mutants_{folder}.py"))
    own = [str(p.relative_to(ROOT)) for p in named]
    return (
        [*own, str(path.relative_to(ROOT))]
        if own
        else [f"tests/{folder}", str(path.relative_to(ROOT))]
    )


def noticed(mutant: Mutant | None, path: Path, copy_of: Path, seconds: int) -> tuple[bool, float]:
    """Whether a test fails, or uses more processor time than that, in a copy; and the time used."""
    target = copy_of / path.relative_to(ROOT)
    kept = target.read_text(encoding="utf-8")
    if mutant:
        target.write_text(mutant.text, encoding="utf-8")
    options = [
        "-x",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:randomly",
        "--no-header",
        "--no-summary",
    ]
    command = [sys.executable, "-m", "pytest", *options, *tests_of(path)]
    environment = {**os.environ, "PYTHONPATH": str(copy_of), "PYTHONDONTWRITEBYTECODE": "1"}
    limited = partial(resource.setrlimit, resource.RLIMIT_CPU, (seconds, seconds))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        ended = subprocess.run(
            command,
            cwd=copy_of,
            env=environment,
            capture_output=True,
            check=False,
            preexec_fn=limited,  # an endless loop must end
        )
    finally:
        target.write_text(kept, encoding="utf-8")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return ended.returncode != 0, used


def main() -> None:
    """Draw, change, run, report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sample", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=Path, action="append", help="a module; may be repeated")
    parser.add_argument("--least", type=float, default=0.85, help="part that must be noticed")
    given = parser.parse_args()
    every = [p for f in FOLDERS for p in sorted((ROOT / "netpos" / f).glob("*.py"))]
    paths = [(ROOT / p).resolve() for p in given.only] if given.only else every
    pool = [m for p in paths for m in mutants(p)]
    sample = random.Random(given.seed).sample(pool, min(given.sample, len(pool)))
    sample.sort(key=lambda m: (m.path, m.line, m.after))
    alive: list[Mutant] = []
    with tempfile.TemporaryDirectory() as folder:
        copy_of = Path(folder)
        for name in ("netpos", "tests", "scripts"):
            shutil.copytree(
                ROOT / name, copy_of / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        shutil.copy(ROOT / "pyproject.toml", copy_of)
        allowed: dict[Path, int] = {}
        for path in sorted({m.path for m in sample}):
            failed, used = noticed(None, path, copy_of, 3600)
            if failed:
                sys.exit(f"{path.relative_to(ROOT)}: its tests fail without any change")
            allowed[path] = int(60 + 5 * used)
        for number, mutant in enumerate(sample, start=1):
            caught, _ = noticed(mutant, mutant.path, copy_of, allowed[mutant.path])
            where = f"{mutant.path.relative_to(ROOT)}:{mutant.line}"
            print(
                f"{number}/{len(sample)} {where} {'noticed' if caught else 'NOT NOTICED'}",
                flush=True,
            )
            if not caught:
                alive.append(mutant)
                print(f"    - {mutant.before}\n    + {mutant.after}", flush=True)
    part = 1 - len(alive) / len(sample)
    print(f"{len(sample)} of {len(pool)} possible changes made; {part:.0%} noticed")
    if part < given.least:
        sys.exit(1)


if __name__ == "__main__":
    main()
