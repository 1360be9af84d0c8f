"""Show that two revisions write the same bytes: every table, map, page, figure and graph file.

    python scripts/same_output.py BASE HEAD [COMMAND ...]

BASE and HEAD are revisions of this repository or folders. A revision is checked out beside the
others and run with the libraries of this environment; a folder that holds a ``run.json`` is taken
as results; any other folder is taken as a checkout. COMMAND is what netpos is asked to do, without
``--out``; ``demo`` where none is given. Exit status 1 where a file differs or is in one only.

Nothing is excepted, but that ``run.json`` names the commands to repeat the run and so must match
too. Intermediate files of the corpus count as well: the whole folder is compared.
"""

from __future__ import annotations

import argparse
import filecmp
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def checkout(name: str, scratch: Path) -> Path:
    """Return the folder of a checkout: the folder itself, or a new one for a revision."""
    if Path(name).is_dir():
        return Path(name).resolve()
    folder = scratch / "checkout"
    folder.mkdir(parents=True)
    archive = subprocess.run(
        ["git", "archive", "--format=tar", name], cwd=ROOT, check=True, capture_output=True
    )
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
    for library in (ROOT / "netpos").glob("*/native/*"):
        there = folder / library.relative_to(ROOT)
        if library.suffix != ".c" and there.with_suffix(".c").exists():
            there.write_bytes(library.read_bytes())  # compiled at install, so in no revision
    return folder


def results(name: str, scratch: Path, command: list[str]) -> Path:
    """Return a folder of results: the folder itself, or what a checkout writes."""
    if (Path(name) / "run.json").is_file():
        return Path(name).resolve()
    source, out = checkout(name, scratch), scratch / "out"
    environment = {**os.environ, "PYTHONPATH": str(source), "PYTHONSAFEPATH": "1"}
    asked = [sys.executable, "-m", "netpos", *command, "--out", str(out)]
    # from its own folder, so that results name the same places
    subprocess.run(asked, cwd=scratch, env=environment, check=True, stdout=subprocess.DEVNULL)
    return out


def files(folder: Path) -> set[str]:
    """Return every file below a folder."""
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def differences(one: Path, other: Path) -> list[str]:
    """Return a line for each file that differs or is in one folder only."""
    left, right = files(one), files(other)
    found = [f"only before: {name}" for name in sorted(left - right)]
    found += [f"only after: {name}" for name in sorted(right - left)]
    for name in sorted(left & right):
        if not filecmp.cmp(one / name, other / name, shallow=False):
            found.append(f"differs: {name}")
    return found


def main() -> None:
    """Run both, compare, report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("base")
    parser.add_argument("head")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        pair = []
        for side in ("base", "head"):
            room = Path(scratch) / side
            room.mkdir()
            pair.append(results(getattr(given, side), room, given.command or ["demo"]))
        found = differences(*pair)
        print(*found, sep="\n" if found else "")
        print(f"{len(files(pair[1]))} files, {len(found)} different")
    if found:
        sys.exit(1)


if __name__ == "__main__":
    main()
