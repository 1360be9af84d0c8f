"""Write the lowest versions that pyproject.toml allows, as constraints for pip.

    python scripts/floors.py > floors.txt

Run-time and test requirements: ``name>=1.2`` gives ``name==1.2``. A requirement without a floor is
an error: nobody would know what it works with.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = ("test",)


def floors(project: dict[str, object]) -> list[str]:
    """Return the pins of a ``[project]`` table, sorted.

    >>> floors({"dependencies": ["numpy>=2.0", "pyvis==0.3.2"]})
    ['numpy==2.0', 'pyvis==0.3.2']
    """
    lines: list[str] = list(project["dependencies"])
    optional = project.get("optional-dependencies", {})
    for extra in EXTRAS:
        lines += optional.get(extra, [])
    found = []
    for line in lines:
        requirement = Requirement(line)
        lowest = [s.version for s in requirement.specifier if s.operator in (">=", "==", "~=")]
        if len(lowest) != 1:
            sys.exit(f"pyproject.toml: '{line}' has no lowest version; write {line}>=VERSION")
        found.append(f"{requirement.name}=={lowest[0]}")
    return sorted(found)


def main() -> None:
    """Print the constraints."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        print("\n".join(floors(tomllib.load(file)["project"])))


if __name__ == "__main__":
    main()
