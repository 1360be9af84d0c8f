"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent

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


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--golden-update", action="store_true", help="write the golden files instead of comparing"
    )
