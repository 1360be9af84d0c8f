"""Run tests in forks for scripts/mutants.py: what each reaches and takes, and which one fails."""

from __future__ import annotations

import hashlib
import importlib
import importlib.machinery
import importlib.util
import json
import math
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
#: What unchanged tests reached, for as long as nothing they stand on changes.
KEPT = ROOT / ".mutants"
MEASURED = ("netpos.graph", "netpos.indicators", "netpos.analysis")
#: Loaded once, before the forks; netpos is not, since each fork has another one.
LIBRARIES = (
    *("numpy", "polars", "polars.testing", "scipy.sparse", "scipy.linalg", "scipy.stats"),
    *("networkx", "igraph", "pandas", "pydantic", "hypothesis", "hypothesis.strategies", "typer"),
    *("typer.testing", "pytest", "_pytest.doctest", "msgspec", "rapidfuzz", "pyarrow.parquet"),
)
#: Plugins of pytest that would only slow it down.
_WITHOUT = [x for name in ("cacheprovider", "randomly", "xdist") for x in ("-p", f"no:{name}")]
#: Processor seconds of tests, by their time without a change, that run for one change at most.
BUDGET = 90.0
#: Processor seconds that collecting tests, or one test, may take besides ten times its own.
PATIENCE = 30


def file_of(test: str) -> str:
    """Return the file of a test."""
    return test.split("::", 1)[0]


def files_of(tests: Iterable[str]) -> list[str]:
    """Return the files of tests, each once: names of tests may depend on what is changed."""
    return list(dict.fromkeys(map(file_of, tests)))


def load_libraries() -> None:
    """Load what no change touches, with one thread each: nothing runs while the process forks."""
    os.chdir(ROOT)
    os.environ |= {"POLARS_MAX_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    for name in LIBRARIES:
        importlib.import_module(name)


def processor_seconds() -> float:
    """Return the processor time of this process and of those that it waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def forked(work: Callable[[], int], seconds: float) -> int | None:
    """Run something in a fork and return its exit code, None where it takes too long."""
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        code = 70
        try:
            os.setpgrp()
            code = work()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() - began > seconds:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return None
        time.sleep(0.01)


def run_tests(arguments: Sequence[str], plugin: object) -> int:
    """Run pytest here, without a word."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    # libraries loaded before the fork cannot have their asserts rewritten
    options = ["-q", "--no-header", "--no-summary", "--tb=no", "--assert=plain"]
    return int(pytest.main([*options, *_WITHOUT, *arguments], plugins=[plugin]))


# --- without a change -----------------------------------------------------------------------------


@dataclass
class Measured:
    """What each test takes and reaches without a change.

    ``seconds`` of processor without the fixtures that other tests use too; ``needs`` are those,
    and ``made`` what each takes.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    needs: dict[str, list[str]] = field(default_factory=dict)
    made: dict[str, float] = field(default_factory=dict)
    lines: list[Any] = field(default_factory=list)

    def contexts(self, path: Path) -> dict[int, list[str]]:
        """Return the tests that reach each line, as coverage names them."""
        found: dict[int, list[str]] = {}
        for data in self.lines:
            for line, names in data.contexts_by_lineno(str(path)).items():
                kept = [n for n in names if not n or n.rpartition("|")[0] in self.seconds]
                found.setdefault(line, []).extend(kept)
        return found

    def fixtures(self, test: str) -> float:
        """Return what the shared fixtures of a test take."""
        return sum(self.made.get(name, 0.0) for name in self.needs.get(test, ()))


class Reached:
    """Pytest plugin: how long each test takes, and the fixtures that it shares with others."""

    def __init__(self, into: Path) -> None:
        self.into = into
        self.found: dict[str, dict[str, Any]] = {"seconds": {}, "needs": {}, "made": {}}
        self.within = 0.0
        self.failed: list[str] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[object], request: pytest.FixtureRequest
    ) -> Generator[None, object, object]:
        """Note the time of a fixture that several tests use."""
        began = processor_seconds()
        done = yield
        if fixturedef.scope != "function":
            took = processor_seconds() - began
            name = f"{file_of(request.node.nodeid)}::{fixturedef.argname}"
            self.found["made"][name] = max(took, self.found["made"].get(name, 0.0))
            self.within += took
        return done

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Note the processor time of a test: what else the machine does changes nothing."""
        began, self.within = processor_seconds(), 0.0
        done = yield
        self.found["seconds"][item.nodeid] = processor_seconds() - began - self.within
        known = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
        self.found["needs"][item.nodeid] = [
            f"{'' if defined[-1].scope == 'session' else file_of(item.nodeid)}::{name}"
            for name, defined in sorted(known.items())
            if defined and defined[-1].scope != "function"
        ]
        return done

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test that fails."""
        if report.failed:
            self.failed.append(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        """Write it all down for the process that asked."""
        self.into.write_text(json.dumps(self.found | {"failed": self.failed}), encoding="utf-8")


def _hash(paths: Iterable[Path]) -> str:
    """Return a hash of files, with their names."""
    found = hashlib.sha256()
    for path in paths:
        found.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return found.hexdigest()


def _ground() -> str:
    """Return a hash of all that tests stand on, themselves left out."""
    files = [p for f in ("netpos", "tests") for p in sorted((ROOT / f).rglob("*")) if p.is_file()]
    files = [p for p in files if p.parent.name != "__pycache__" and not p.name.startswith("test_")]
    return _hash([*files, ROOT / "pyproject.toml", ROOT / "constraints.txt"])


def baseline(files: Sequence[str]) -> Measured:
    """Run tests unchanged, those whose files or ground changed since they last were."""
    import coverage

    ground = KEPT / _ground()[:16]
    for old in KEPT.glob("*"):
        if old != ground:
            shutil.rmtree(old)
    ground.mkdir(parents=True, exist_ok=True)
    wanted = {name: _hash([ROOT / name]) for name in files}
    parts = [p for p in sorted(ground.glob("part*")) if (p / "whole").exists()]
    held = {
        part: {n for n, h in json.loads((part / "whole").read_text()).items() if wanted.get(n) == h}
        for part in parts
    }
    lacking = [name for name in files if not any(name in names for names in held.values())]
    if lacking:
        part = ground / f"part{len(list(ground.glob('part*'))):03d}"
        part.mkdir()
        measured = [f"--cov={name}" for name in MEASURED]
        arguments = ["-x", *measured, "--cov-context=test", "--cov-report=", *lacking]
        os.environ["COVERAGE_FILE"] = str(part / "coverage")
        code = forked(lambda: run_tests(arguments, Reached(part / "tests")), 7200)
        del os.environ["COVERAGE_FILE"]
        if code != 0:
            written = part / "tests"
            failed = json.loads(written.read_text())["failed"] if written.exists() else []
            sys.exit(f"tests fail without any change: {failed or f'exit code {code}'}")
        (part / "whole").write_text(json.dumps({name: wanted[name] for name in lacking}))
        held[part] = set(lacking)
    found = Measured()
    for part, names in held.items():
        known = json.loads((part / "tests").read_text(encoding="utf-8"))
        found.made |= known["made"]
        for kind, into in (("seconds", found.seconds), ("needs", found.needs)):
            into |= {n: x for n, x in known[kind].items() if file_of(n) in names}
        lines = coverage.CoverageData(basename=str(part / "coverage"))
        lines.read()
        found.lines.append(lines)
    return found


def planned(tests: Collection[str], measured: Measured, budget: float = BUDGET) -> list[str]:
    """Order tests, quickest first, as far as the budget goes.

    Tests that share a fixture longer than themselves follow one another: it is made once.
    """
    blocks: dict[tuple[str, ...], list[str]] = {}
    for name in sorted(tests, key=lambda name: (measured.seconds[name], name)):
        shared = measured.fixtures(name) > measured.seconds[name]
        same = (file_of(name), *measured.needs[name]) if shared else (name,)
        blocks.setdefault(same, []).append(name)

    def opening(block: list[str]) -> tuple[float, str]:
        return measured.fixtures(block[0]) + measured.seconds[block[0]], block[0]

    spent, found = 0.0, []
    for block in sorted(blocks.values(), key=opening):
        for at, name in enumerate(block):
            cost = measured.seconds[name] + (0.0 if at else measured.fixtures(name))
            if found and spent + cost > budget:
                break
            spent += cost
            found.append(name)
    return found


# --- with a change --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Verdict:
    """Whether something failed, the test that did, how many ran, and the processor seconds."""

    noticed: bool
    by: str = ""
    ran: int = 0
    seconds: float = 0.0

    def told(self) -> str:
        """Say it in a few words."""
        by = f" by {self.by}" if self.by else ""
        return f"({self.seconds:.0f} s, {self.ran} tests){by}"


class Watched:
    """Pytest plugin: tests in the order given, each with an end; writes down what they come to."""

    def __init__(self, tests: Sequence[str], measured: Measured, into: Path) -> None:
        self.order = {name: at for at, name in enumerate(tests)}
        self.measured = measured
        self.into = into

    def pytest_collection(self) -> None:
        """Let Hypothesis stop at the first example that fails, and not look for a simpler one.

        Nor does it complain of a slow machine.
        """
        from hypothesis import HealthCheck, Phase, settings

        phases = [phase for phase in Phase if phase not in (Phase.shrink, Phase.explain)]
        settings.register_profile(
            "changes",
            settings.default,
            phases=phases,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        )
        settings.load_profile("changes")

    @pytest.hookimpl(wrapper=True)
    def pytest_collection_modifyitems(
        self, items: list[pytest.Item]
    ) -> Generator[None, object, object]:
        """Keep the tests given, in their order, whatever order others want."""
        done = yield
        kept = [item for item in items if item.nodeid in self.order]
        items[:] = sorted(kept, key=lambda item: self.order[item.nodeid])
        return done

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        """Give a test so much time, of the processor and of the clock."""
        usual = self.measured.seconds[item.nodeid] + self.measured.fixtures(item.nodeid)
        allow(PATIENCE + 10 * usual)
        self._write(f"began {item.nodeid}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write down a test that fails."""
        if report.failed:
            self._write(f"failed {report.nodeid}")

    def _write(self, line: str) -> None:
        with self.into.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def allow(seconds: float) -> None:
    """End this process after so many more processor seconds, or twenty times as many by the clock.

    A change without end is one that is noticed, a busy machine is not.
    """
    import resource  # not on Windows, as fork is not

    used = time.process_time()
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(used + seconds), most))
    signal.setitimer(signal.ITIMER_REAL, 20 * seconds)


def changed_module(path: Path, text: str) -> None:
    """Let Python read the changed text where it reads the module, and keep nothing compiled of it.

    What is kept would be read by others later: it is as old as the file that was not changed.
    """
    target, data = str(path), text.encode("utf-8")
    compiled = importlib.util.cache_from_source(target)
    loader: Any = importlib.machinery.SourceFileLoader
    reading, writing = loader.get_data, loader.set_data

    def get_data(self: object, path: str) -> bytes:
        if path == target:
            return data
        if path == compiled:
            raise OSError(path)
        found: bytes = reading(self, path)
        return found

    def set_data(self: object, path: str, data: bytes, **mode: int) -> None:
        if path != compiled:
            writing(self, path, data, **mode)

    loader.get_data, loader.set_data = get_data, set_data


def tried(path: Path, text: str, tests: Sequence[str], measured: Measured) -> Verdict:
    """Run tests on a changed module until one fails or does not end."""
    if not tests:
        return Verdict(noticed=False)
    began = processor_seconds()
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder) / "told"
        into.touch()

        def work() -> int:
            os.environ["TMPDIR"] = folder  # what a process that is killed leaves goes with it
            tempfile.tempdir = None
            allow(PATIENCE)
            changed_module(path, text)
            return run_tests(["-x", *files_of(tests)], Watched(tests, measured, into))

        code = forked(work, 7200)
        if code == pytest.ExitCode.NO_TESTS_COLLECTED:  # their names depend on what was changed
            code = 0
        told = [line.split(" ", 1) for line in into.read_text(encoding="utf-8").splitlines()]
    ran = [name for kind, name in told if kind == "began"]
    failed = [name for kind, name in told if kind == "failed"]
    by = failed[0] if failed else ran[-1] if code and ran else ""
    return Verdict(code != 0, by, len(ran), processor_seconds() - began)


def check(tests: Collection[str], measured: Measured) -> None:
    """Run tests that noticed something as they ran then, without a change: each must pass.

    One that fails after the others runs once more alone.
    """
    failed = _failing(planned(tests, measured, math.inf), measured)
    alone = [name for name in failed if _failing([name], measured)]
    if alone:
        sys.exit(f"tests fail without any change: {alone}")
    print(f"{len(tests)} tests that noticed something pass without a change")
    if failed:
        print(f"    but after the others these failed: {failed}")


def _failing(tests: Sequence[str], measured: Measured) -> list[str]:
    """Return which of these tests fail, or do not end, without a change."""
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder) / "told"
        into.touch()
        code = forked(lambda: run_tests(files_of(tests), Watched(tests, measured, into)), 7200)
        told = [line.split(" ", 1) for line in into.read_text(encoding="utf-8").splitlines()]
    failed = [name for kind, name in told if kind == "failed"]
    if code in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED) and not tests:
        return []
    ran = [name for kind, name in told if kind == "began"]
    return failed or ([] if code == pytest.ExitCode.OK else ran[-1:] or list(tests))
