"""Build netpos: its compiled libraries, the bundled data, a page for package indexes.

The compiler comes with the build requirement ``ziglang``, so none need be installed. Where the
libraries cannot be compiled the build goes on without them: netpos then does the same, slower.
``NETPOS_TARGET`` in the environment names another system to build for, see `TARGETS`, or ``none``
for a wheel of Python alone; what is asked for by name must succeed.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface


class Target(NamedTuple):
    """A system: how the compiler calls it (None: this machine), its library, its tag."""

    triple: str | None
    suffix: str
    tag: str


_GLIBC, _MANYLINUX = "linux-gnu.2.17", "manylinux_2_17_{0}.manylinux2014_{0}"
TARGETS = {
    "linux-x86_64": Target(f"x86_64-{_GLIBC}", ".so", _MANYLINUX.format("x86_64")),
    "linux-aarch64": Target(f"aarch64-{_GLIBC}", ".so", _MANYLINUX.format("aarch64")),
    "macos-x86_64": Target("x86_64-macos.11.0", ".dylib", "macosx_11_0_x86_64"),
    "macos-arm64": Target("aarch64-macos.11.0", ".dylib", "macosx_11_0_arm64"),
    "windows-x86_64": Target("x86_64-windows-gnu", ".dll", "win_amd64"),
}


def target() -> Target | None:
    """Return the system to build for; None: without a scanner."""
    name = os.environ.get("NETPOS_TARGET", "")
    if name == "none":
        return None
    if name:
        return TARGETS[name]
    machine = platform.machine().lower().replace("amd64", "x86_64")
    if sys.platform == "darwin":  # by name: Python may be of two kinds of machine, a library is not
        return TARGETS.get(f"macos-{machine}")
    if sys.platform == "win32":
        return TARGETS.get(f"windows-{machine}")
    return Target(None, ".so", re.sub(r"[-.]", "_", sysconfig.get_platform()))


#: What is compiled, without its ending: the scanner of Lens JSON lines, sums of links and of draws.
NATIVE = (
    Path("netpos", "ingest", "native", "lens_scan"),
    Path("netpos", "graph", "native", "sums"),
    Path("netpos", "indicators", "native", "draws"),
)


class CustomBuildHook(BuildHookInterface):
    """Adds the bundled data, the documents and the compiled libraries to the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile; name the system in the wheel's tag if that went well."""
        sources = {path: Path(self.root) / path.with_suffix(".c") for path in NATIVE}
        wanted = target()
        self._work = Path(tempfile.mkdtemp(prefix="netpos-build-"))
        if version == "editable":  # what it needs is read where it is
            for source in sources.values() if wanted else ():
                compiled(source, source.with_suffix(wanted.suffix), wanted.triple)
            return
        build_data["force_include"]["data"] = "netpos/data"
        for page in sorted((Path(self.root) / "docs").glob("*.md")):
            build_data["force_include"][f"docs/{page.name}"] = f"netpos/docs/{page.name}"
        if wanted is None:
            return
        for path, source in sources.items():
            library = self._work / f"{path.name}{wanted.suffix}"
            if compiled(source, library, wanted.triple):
                inside = path.with_suffix(wanted.suffix).as_posix()
                build_data["force_include"][str(library)] = inside
                build_data["pure_python"] = False
                build_data["tag"] = f"py3-none-{wanted.tag}"
            elif os.environ.get("NETPOS_TARGET"):
                raise RuntimeError(f"no {path.name} for {os.environ['NETPOS_TARGET']}")

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was made on the way."""
        del version, build_data, artifact_path
        shutil.rmtree(self._work, ignore_errors=True)


class CustomMetadataHook(MetadataHookInterface):
    """Makes a page of the README that a package index can show, and the project's addresses.

    Links into the checkout lead nowhere there: they get the address given as ``source`` in
    pyproject.toml, or become names of files: documents come along in ``netpos/docs``.
    """

    def update(self, metadata: dict[str, Any]) -> None:
        """Fill in ``readme`` and ``urls``."""
        source = str(self.config.get("source", "")).rstrip("/")
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": index_page(text, source)}
        metadata["urls"] = {}
        if source:
            files = {"Changelog": "CHANGELOG.md", "Documentation": "docs/methods.md"}
            metadata["urls"] = {name: f"{source}/{file}" for name, file in files.items()}
            metadata["urls"]["Source"] = source


def index_page(readme: str, source: str) -> str:
    r"""Return a README whose links lead somewhere from outside the checkout.

    Examples
    --------
    >>> index_page("[maps](docs/maps.md), [Lens](https://www.lens.org)", "https://a.org/x")
    '[maps](https://a.org/x/docs/maps.md), [Lens](https://www.lens.org)'
    >>> index_page("![Map](m.png)\n\n*It.*\n\n[maps](docs/maps.md) [docs/a.md](docs/a.md)", "")
    'maps (`docs/maps.md`) `docs/a.md`'
    """
    if not source:  # a picture goes with the line below it
        readme = re.sub(r"^!\[[^\]]*\]\(\S+\)\n+(?:\*.*\*\n+)?", "", readme, flags=re.MULTILINE)
    link = re.compile(r"(!?)\[([^\]]*)\]\((?!https?://|#)([^)\s]+)\)")

    def outside(found: re.Match[str]) -> str:
        image, text, file = found.groups()
        if source:
            return f"{image}[{text}]({source}/{file})"
        return f"`{file}`" if text == file else f"{text} (`{file}`)"

    return link.sub(outside, readme)


def compiled(source: Path, library: Path, triple: str | None = None) -> bool:
    """Compile ``source`` into ``library``, whole or not at all; for this machine by default."""
    # sums have the digits that NumPy gives them: nothing is multiplied and added in one
    options = ["-O3", "-std=c11", "-ffp-contract=off", "-shared", "-s", "-fvisibility=hidden"]
    if library.suffix != ".dll":
        options.append("-fPIC")
    why = ""
    zig = [sys.executable, "-m", "ziglang", "cc", "-mcpu=baseline"]  # not this machine's own
    compilers = [[*zig, "-target", triple]] if triple else [zig, ["cc"]]
    for compiler in compilers:
        with tempfile.TemporaryDirectory() as work:
            new = Path(work) / library.name
            caches = {"ZIG_GLOBAL_CACHE_DIR": work, "ZIG_LOCAL_CACHE_DIR": work}
            try:
                done = subprocess.run(
                    [*compiler, *options, "-o", str(new), str(source)],
                    env=caches | os.environ,  # a cache named in the environment is kept
                    capture_output=True,
                    text=True,
                    check=False,
                )
            except OSError as error:
                why = str(error)
                continue
            if done.returncode == 0:
                staged = library.with_name(f".new-{library.name}")
                staged.write_bytes(new.read_bytes())
                staged.replace(library)
                return True
            why = done.stderr
    sys.stderr.write(f"netpos is built without its compiled {source.stem}: {why}\n")
    return False
