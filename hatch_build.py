"""Compile the scanner of Lens JSON lines while netpos is built or installed.

The compiler comes with the build requirement ``ziglang``, so none need be installed. Where the
scanner cannot be compiled the build goes on without it: netpos then reads the same, more slowly.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SUFFIX = {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg,misc] # hatchling has no types
    """Adds the bundled data, the documents and the compiled scanner to the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile; name the platform in the wheel's tag if that went well."""
        if version != "editable":  # an editable install reads them where they are
            build_data["force_include"]["data"] = "netpos/data"
            for page in sorted((Path(self.root) / "docs").glob("*.md")):
                build_data["force_include"][f"docs/{page.name}"] = f"netpos/docs/{page.name}"
        folder = Path(self.root) / "netpos" / "ingest" / "native"
        library = folder / f"lens_scan{SUFFIX}"
        if compiled(folder / "lens_scan.c", library):
            build_data["artifacts"].append(f"/netpos/ingest/native/{library.name}")
            build_data["pure_python"] = False
            platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
            build_data["tag"] = f"py3-none-{platform}"


def compiled(source: Path, library: Path) -> bool:
    """Compile ``source`` into ``library``, whole or not at all."""
    options = ["-O3", "-std=c11", "-shared", "-s", "-fvisibility=hidden"]
    if sys.platform != "win32":
        options.append("-fPIC")
    why = ""
    zig = [sys.executable, "-m", "ziglang", "cc", "-mcpu=baseline"]  # not this machine's own
    for compiler in (zig, ["cc"]):
        with tempfile.TemporaryDirectory() as work:
            new = Path(work) / library.name
            caches = {"ZIG_GLOBAL_CACHE_DIR": work, "ZIG_LOCAL_CACHE_DIR": work}
            try:
                done = subprocess.run(
                    [*compiler, *options, "-o", str(new), str(source)],
                    env=os.environ | caches,
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
    sys.stderr.write(f"netpos is built without its compiled scanner: {why}\n")
    return False
