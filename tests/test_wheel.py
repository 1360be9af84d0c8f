"""Wheel, source distribution and editable install each work alone, in an empty environment.

`make release` runs these on the files that it has built, given as $NETPOS_DIST, and installs what
they need from the index. Else an environment is lent what the wheel says it needs, and what that
needs, from the one that runs this: what is used and not declared is missed all the same.
"""

from __future__ import annotations

import email
import json
import os
import shutil
import struct
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Iterable, Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import netpos
from scripts import release
from tests.conftest import ROOT

pytestmark = pytest.mark.wheel

#: What builds netpos, with what that needs.
BACKEND = (
    "hatchling",
    "editables",
    "packaging",
    "pathspec",
    "pluggy",
    "trove-classifiers",
    "ziglang",
)
#: Everything that is read from the bundled data, and what is compiled.
READ = """
import json, tomllib
import netpos
from netpos.indicators import compiled as draws
from netpos.ingest import compiled
from netpos.viz.charts.world import shapes
entries = tomllib.loads(netpos.data_path("sources.toml").read_text(encoding="utf-8"))["data"]
sizes = [netpos.data_path(e["file"]).stat().st_size for e in entries]
assert min(sizes) > 0 and len(shapes()) > 10_000
found = compiled.available() and draws.available()
print(json.dumps([netpos.__file__, str(netpos.data_path("sources.toml")), found]))
"""


def call(*command: object, cwd: Path, **more: str) -> str:
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        [str(c) for c in command],
        cwd=cwd,
        env=environment | more,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module", autouse=True)
def compiler_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What is compiled again from the same source costs nothing: three packages are made of it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR"):
            patch.setenv(name, str(tmp_path_factory.getbasetemp() / "zig"))
        yield


@pytest.fixture(scope="module")
def built(compiler_cache: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the source distribution, and the wheel that was built from it."""
    given = os.environ.get("NETPOS_DIST")
    if given:
        return Path(given)
    folder = tmp_path_factory.mktemp("built")
    call(
        *(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT),
        cwd=folder,
    )
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    """The wheel for this machine."""
    found = sorted(built.glob("*.whl"))
    if len(found) > 1:
        found = [w for w in found if release.WHEELS[w.stem.split("-", 4)[4]][0] == release.native()]
    return found[0]


@pytest.fixture(scope="module")
def sdist(built: Path) -> Path:
    (found,) = built.glob("*.tar.gz")
    return found


@pytest.fixture(scope="module")
def libraries(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the wheel needs and nothing else."""
    return linked(needed(wheel), tmp_path_factory.mktemp("libraries") / "site-packages")


@pytest.fixture(scope="module")
def environment(wheel: Path, libraries: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and what it needs: nothing else was there before."""
    place = tmp_path_factory.mktemp("environment")
    venv.create(place)
    if os.environ.get("NETPOS_DIST"):
        pip(place, "-c", ROOT / "constraints.txt", wheel)
    else:
        pip(place, "--no-deps", wheel)
        lend(libraries, place)
    return place


def needed(wheel: Path) -> set[str]:
    """Names of the distributions that a wheel needs, and of what these need."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        said = email.message_from_bytes(archive.read(name)).get_all("Requires-Dist", [])
    waiting, found = [(Requirement(text), "") for text in said], set()
    assert len(waiting) > 15
    while waiting:
        one, extra = waiting.pop()
        if one.marker is not None and not one.marker.evaluate({"extra": extra}):
            continue
        there = distribution(one.name)
        assert one.specifier.contains(there.version, prereleases=True), one
        if (key := f"{one.name} {sorted(one.extras)}") not in found:
            found.add(key)
            more = [Requirement(text) for text in there.requires or ()]
            waiting += [(each, extra) for each in more for extra in ("", *one.extras)]
    return {key.split()[0] for key in found}


def lend(libraries: Path, place: Path) -> None:
    """Let an environment find libraries, behind what is installed in it."""
    (site,) = place.rglob("site-packages")
    (site / "zz.pth").write_text(f"{libraries}\n", encoding="utf-8")


def pip(place: Path, *what: object, **more: str) -> None:
    quiet = ("--quiet", "--disable-pip-version-check", "--no-compile")
    python = scripts(place) / "python"
    call(
        *(sys.executable, "-m", "pip", "--python", python, "install", *quiet, *what),
        cwd=place,
        **more,
    )


def scripts(place: Path) -> Path:
    return place / ("Scripts" if sys.platform == "win32" else "bin")


def linked(names: Iterable[str], folder: Path) -> Path:
    """A folder with these distributions and nothing else, to be given as PYTHONPATH."""
    folder.mkdir()
    for name in names:
        package = distribution(name)
        for top in {f.parts[0] for f in package.files or () if not f.parts[0].startswith(".")}:
            if not (folder / top).exists() and top != "__pycache__":
                (folder / top).symlink_to(package.locate_file(top))
    return folder


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
        p.relative_to(ROOT).as_posix()
        for p in (ROOT / "netpos" / "viz").rglob("templates/*")
        if p.is_file()
    }
    assert templates
    assert data | templates | {"netpos/py.typed", "netpos/__init__.pyi"} <= names
    assert any(n.endswith("licenses/LICENSE") for n in names)
    assert any(n.endswith("licenses/NOTICE") for n in names)
    assert not any(n.startswith(("tests/", "scripts/", "data/")) for n in names)


def test_wheel_has_the_version_and_a_page_whose_links_lead_somewhere(wheel: Path) -> None:
    assert wheel.name.startswith(f"netpos-{netpos.__version__}-")
    with zipfile.ZipFile(wheel) as archive:
        said = archive.read(f"netpos-{netpos.__version__}.dist-info/METADATA").decode()
    head, page = said.split("\n\n", 1)
    assert f"\nVersion: {netpos.__version__}\n" in head
    assert "Content-Type: text/markdown" in head
    assert "indicator" in page
    links = [part.split(")")[0] for part in page.split("](")[1:]]
    assert links
    assert [link for link in links if not link.startswith(("https://", "#"))] == []


def test_source_distribution_holds_every_file_of_the_checkout(sdist: Path) -> None:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("no git checkout: nothing to compare with")
    listed = set(call(git, "ls-files", cwd=ROOT).splitlines())
    with tarfile.open(sdist) as archive:
        held = {name.split("/", 1)[1] for name in archive.getnames()}
    there = {name for name in listed if (ROOT / name).exists()}  # not those deleted just now
    assert there - held == set()
    assert not any(name.endswith((".so", ".dll", ".dylib", ".pyc")) for name in held)


def test_demo_runs_from_the_wheel_alone(environment: Path, tmp_path: Path) -> None:
    python = scripts(environment) / "python"
    file, data, compiled = json.loads(call(python, "-c", READ, cwd=tmp_path))
    assert Path(file).is_relative_to(environment)
    assert Path(data).parent == Path(file).parent / "data"
    assert compiled
    demo_runs(environment, tmp_path)


def demo_runs(place: Path, folder: Path) -> None:
    """See that the demo leaves what it lists.

    The real one: the synthetic one runs elsewhere, and the bundled files were looked at.
    """
    out = folder / "demo"
    page = call(scripts(place) / "netpos", "demo", "--real", "--out", out, cwd=folder).strip()
    assert Path(page).is_file()
    run = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert run["counts"]["kept"] > 800
    assert all((out / name).is_file() for name in run["outputs"])


@pytest.mark.skipif(sys.platform == "win32", reason="lays links to what builds netpos")
@pytest.mark.parametrize("how", ["source distribution", "editable"])
def test_installed_in_another_way_netpos_finds_data_and_scanner(
    how: str, libraries: Path, sdist: Path, tmp_path: Path
) -> None:
    place = tmp_path / "environment"
    venv.create(place)
    if how == "editable":
        with tarfile.open(sdist) as archive:
            archive.extractall(tmp_path, filter="data")
        (unpacked,) = tmp_path.glob("netpos-*")
        what: tuple[object, ...] = ("-e", unpacked)
    else:
        what = (sdist,)
    tools = str(linked(BACKEND, tmp_path / "backend"))
    pip(place, "--no-deps", "--no-build-isolation", *what, PYTHONPATH=tools)
    (site,) = place.rglob("site-packages")
    lend(libraries, place)
    file, data, compiled = json.loads(call(scripts(place) / "python", "-c", READ, cwd=tmp_path))
    root = Path(file).parent.parent
    assert root == (unpacked if how == "editable" else site)
    assert Path(data).parent == (root / "data" if how == "editable" else root / "netpos" / "data")
    assert compiled
    assert not (root / "netpos" / "data").exists() or how != "editable"
    said = call(scripts(place) / "netpos", "--version", cwd=tmp_path)
    assert said == f"netpos {netpos.__version__}\n"
    if os.environ.get("NETPOS_DIST") and how != "editable":  # before a release
        demo_runs(place, tmp_path)


# --- what a release checks --------------------------------------------------------------------


def a_wheel(folder: Path, tag: str, files: dict[str, bytes], *, pure: bool = False) -> Path:
    """A wheel with libraries that are nothing but a head and the names of symbols."""
    path = folder / f"netpos-{netpos.__version__}-py3-none-{tag}.whl"
    tags = "".join(f"Tag: py3-none-{part}\n" for part in tag.split("."))
    with zipfile.ZipFile(path, "w") as archive:
        info = f"Wheel-Version: 1.0\nRoot-Is-Purelib: {str(pure).lower()}\n{tags}"
        archive.writestr(f"netpos-{netpos.__version__}.dist-info/WHEEL", info)
        archive.writestr("netpos/__init__.py", f'__version__ = "{netpos.__version__}"\n')
        for name, content in files.items():
            archive.writestr(name, content)
    return path


SYMBOLS = {
    "lens_scan": b"netpos_scan netpos_distinct netpos_find netpos_layout_%d",
    "sums": b"netpos_gather_1 netpos_gather_2 netpos_gather_4 netpos_gather_8 netpos_choose "
    b"netpos_spread netpos_sum_chosen netpos_sum_pairs netpos_order netpos_times "
    b"netpos_sums_layout_%d",
    "draws": b"netpos_poisson netpos_links netpos_held netpos_influences netpos_by_holder "
    b"netpos_by_pair netpos_draws_layout_%d",
}
PE = b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + struct.pack("<H16xH", 0x8664, 0x2022)
ELF = b"\x7fELF\x02\x01" + bytes(10) + struct.pack("<2H", 3, 62)


def test_a_release_refuses_a_wheel_that_is_not_what_its_name_says(tmp_path: Path) -> None:
    from netpos.graph import compiled as sums
    from netpos.indicators import compiled as draws
    from netpos.ingest import compiled as scan

    layouts = {"lens_scan": scan.LAYOUT, "sums": sums.LAYOUT, "draws": draws.LAYOUT}

    def libraries(suffix: str, head: bytes, **other: int) -> dict[str, bytes]:
        """All libraries with their symbols, of another layout where one is given."""
        names = {path: path.rpartition("/")[2] for path in release.NATIVE}
        numbers = layouts | other
        return {path + suffix: head + SYMBOLS[n] % numbers[n] for path, n in names.items()}

    manylinux = "manylinux_2_17_x86_64.manylinux2014_x86_64"
    for tag, files in (
        ("win_amd64", libraries(".dll", PE)),
        (manylinux, libraries(".so", ELF)),
        ("any", {}),
    ):
        assert release.problems(a_wheel(tmp_path, tag, files, pure=not files)) == []
    elf, alone = libraries(".so", ELF), dict(list(libraries(".so", ELF).items())[:1])
    for tag, files, said in (
        ("win_amd64", libraries(".dll", ELF), "ELF x86-64, not PE x86-64"),
        ("win_amd64", libraries(".so", PE), "compiled libraries"),
        ("win_amd64", {}, "compiled libraries"),
        (manylinux, alone, "compiled libraries"),
        (manylinux, libraries(".so", ELF, lens_scan=0), f"no symbol netpos_layout_{scan.LAYOUT}"),
        (manylinux, libraries(".so", ELF, draws=0), f"netpos_draws_layout_{draws.LAYOUT}"),
        ("any", elf, "mixed up"),
        ("linux_x86_64", elf, "none that is published"),
    ):
        assert said in " ".join(release.problems(a_wheel(tmp_path, tag, files))), (tag, said)
    for command, said in ((0x1D, ""), (0x0C, "no signature")):
        head = struct.pack("<8I", 0xFEEDFACF, 0x0100000C, 0, 6, 1, 8, 0, 0)
        files = libraries(".dylib", head + struct.pack("<2I", command, 8))
        found = release.problems(a_wheel(tmp_path, "macosx_11_0_arm64", files))
        assert said in " ".join(found)
        assert len(found) == len(release.NATIVE) * bool(said)
    with pytest.raises(ValueError, match="no shared library"):
        release.binary_format(b"#!/bin/sh\n" + bytes(100))
