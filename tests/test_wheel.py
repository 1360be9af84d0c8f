"""The wheel is whole: installed alone into an empty environment, the demo runs there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.wheel


def call(*command: object, cwd: Path) -> str:
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        [str(c) for c in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    call(sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT, cwd=folder)
    (found,) = folder.glob("*.whl")
    return found


def test_wheel_carries_data_templates_and_licence(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    data = {
        f"netpos/{p.relative_to(ROOT).as_posix()}"
        for p in (ROOT / "data").rglob("*")
        if p.is_file()
    }
    assert "netpos/data/sources.toml" in data
    data |= {f"netpos/docs/{p.name}" for p in (ROOT / "docs").glob("*.md")}
    templates = {
        p.relative_to(ROOT).as_posix() for p in (ROOT / "netpos" / "viz" / "templates").iterdir()
    }
    assert data | templates | {"netpos/py.typed"} <= names
    assert any(n.endswith("licenses/LICENSE") for n in names)
    assert any(n.endswith("licenses/NOTICE") for n in names)
    assert not any(n.startswith(("tests/", "scripts/")) for n in names)


def test_demo_runs_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    place = tmp_path / "environment"
    venv.create(place)
    python = place / "bin" / "python"
    call(
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-compile",
        "-c",
        ROOT / "constraints.txt",
        wheel,
        cwd=tmp_path,
    )
    where = call(python, "-c", "import netpos; print(netpos.__file__)", cwd=tmp_path)
    assert str(place) in where
    # the real one: the synthetic one runs elsewhere, and the bundled files were looked at above
    out = tmp_path / "demo"
    page = call(place / "bin" / "netpos", "demo", "--real", "--out", out, cwd=tmp_path).strip()
    assert Path(page).is_file()
    run = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert run["counts"]["kept"] > 800
    assert all((out / name).is_file() for name in run["outputs"])
