"""Fixtures shared by all tests."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests import shared

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent

# Commands run as processes of their own find compiled modules, as a user's do: where the
# environment forbids to keep them, each of some hundred would compile the package again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile("fixed")


def shared_real() -> Path:
    """The folder of real files, beside the checkout or in $NETPOS_SHARED; skips where absent."""
    base = Path(os.environ.get("NETPOS_SHARED", ROOT.parent / "shared"))
    if not (base / "real").is_dir():
        pytest.skip(f"real files are not here: no folder '{base.name}/real' beside the checkout")
    return base / "real"


@pytest.fixture
def real() -> Path:
    return shared_real()


CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium; without it the test is skipped, on continuous integration it fails."""
    path = shutil.which("chromium")
    if path is None:
        reason = "chromium is not installed: run 'make browser' as root, or install it"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield found
        found.close()


@pytest.fixture(scope="session")
def demo() -> Path:
    """The results of `netpos demo`, as it is; nobody changes them."""

    def make(folder: Path) -> None:
        from typer.testing import CliRunner

        from netpos.cli import app

        done = CliRunner().invoke(app, ["demo", "--out", str(folder / "demo")])
        assert done.exit_code == 0, done.stderr

    return shared.once("demo", make) / "demo"


@pytest.fixture(scope="module")
def open_once() -> Iterator[None]:
    """Make the study behind a folder of results once for all questions of a module.

    To prepare it takes most of the time of an explanation; its answers do not depend on it.
    """
    from netpos.analysis.study import Study
    from netpos.commands import explain

    made: dict[Path, Study] = {}
    original = explain.open_results

    @contextmanager
    def cached(folder: Path) -> Iterator[Study]:
        if folder not in made:
            with original(folder) as study:
                made[folder] = study
        yield made[folder]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(explain, "open_results", cached)
        yield


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--golden-update", action="store_true", help="write the golden files instead of comparing"
    )


def is_worker() -> bool:
    return "PYTEST_XDIST_WORKER" in os.environ


def pytest_configure(config: pytest.Config) -> None:
    """Before the workers start: what they share, and one thread each where they are several."""
    # a shell ignores these for what it runs in the background, and netpos would leave them so
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if is_worker():
        return
    shared.begin()
    if getattr(config.option, "numprocesses", None):
        os.environ.setdefault("POLARS_MAX_THREADS", "1")
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def pytest_unconfigure() -> None:
    if not is_worker():
        shared.end()


#: Files of tests that take longest, longest first: they start first, so that no worker is left
#: alone with one of them in the end. Where one is missing here nothing is wrong, only slower.
LONGEST = (
    "tests/oracle/test_oracle.py",
    "tests/test_docs.py",
    "tests/crash/test_crash.py",
    "tests/test_notebooks.py",
    "tests/test_wheel.py",
    "tests/test_pages.py",
    "tests/hostile/test_hostile.py",
    "tests/ingest/test_forms_agree.py",
    "tests/cli/test_making.py",
    "tests/portable/test_portable.py",
    "tests/crash/test_trouble.py",
    "tests/test_determinism.py",
    "tests/fuzz/test_damage.py",
    "tests/viz/maps/test_map_page.py",
    "tests/cli/test_options.py",
    "tests/analysis/test_results.py",
    "tests/viz/report/test_report.py",
    "tests/commands/test_run.py",
    "tests/graph/test_balance.py",
    "tests/test_options.py",
    "tests/viz/charts/test_charts.py",
    "tests/analysis/test_explained.py",
    "tests/viz/report/test_report_languages.py",
    "tests/viz/report/test_report_csv.py",
    "tests/commands/test_query.py",
    "tests/analysis/test_known_answers.py",
    "tests/commands/test_papers.py",
    "tests/viz/maps/test_geography.py",
    "tests/commands/test_missing.py",
    "tests/science/test_publications.py",
    "tests/graph/test_core.py",
    "tests/indicators/test_complexity_laws.py",
    "tests/ingest/readers/test_wrappers.py",
    "tests/ingest/test_copies.py",
    "tests/ingest/test_corpus.py",
    "tests/viz/report/test_compare.py",
)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect without looking for garbage: all that is made then stays to the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


@pytest.hookimpl(trylast=True)  # after the order was drawn by lot
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {name: at for at, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.nodeid.partition("::")[0], len(order)))
