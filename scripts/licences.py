"""List the licences of everything netpos needs at run time, and check them.

    python scripts/licences.py [--check]

Follows the requirements of the installed netpos, without extras. Writes docs/licences.md; with
``--check`` nothing is written and the page must be what would be written. Exit status 1 where a
licence is not on the list below, is not stated in a way that this script knows, or the page is old.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PAGE = Path(__file__).resolve().parent.parent / "docs" / "licences.md"

#: Licences (SPDX) under which a library may be needed by netpos, all without conditions on netpos.
ALLOWED = {
    "0BSD",
    "Apache-2.0",
    "BSD",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MPL-2.0",
    "PSF-2.0",
    "Zlib",
}
#: Libraries under another licence, each with the licence it must have and why it is accepted.
EXCEPTIONS = {
    "igraph": (
        "GPL-2.0-or-later",
        "installed beside netpos by the user and not part of what netpos distributes; who passes "
        "on netpos and igraph together, as in an installer or an image, does so under GPL-3.0",
    ),
}
#: How metadata without an SPDX expression say it.
WORDS = {
    "apache 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "apache-2.0": "Apache-2.0",
    "bsd": "BSD",
    "bsd license": "BSD",
    "bsd 3-clause license": "BSD-3-Clause",
    "bsd-3-clause": "BSD-3-Clause",
    "gnu general public license (gpl)": "GPL-2.0-or-later",
    "isc license": "ISC",
    "isc license (iscl)": "ISC",
    "mit": "MIT",
    "mit license": "MIT",
}


def needed(name: str) -> dict[str, tuple[Distribution, str]]:
    """Every distribution needed, with the one that asked for it first."""
    found: dict[str, tuple[Distribution, str]] = {}
    todo = [(name, "")]
    while todo:
        wanted, by = todo.pop(0)
        key = canonicalize_name(wanted)
        if key in found:
            continue
        try:
            found[key] = distribution(key), by
        except PackageNotFoundError:
            sys.exit(f"{key}, needed by {by}, is not installed: run 'make setup'")
        for line in found[key][0].requires or []:
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                todo.append((requirement.name, key))
    del found[canonicalize_name(name)]
    return found


def licence(package: Distribution) -> str | None:
    """SPDX expression of a distribution: as stated, else by its words; None: not known."""
    meta = package.metadata
    stated = meta.get("License-Expression")
    if stated:
        return str(stated)
    text = (meta.get("License") or "").strip()
    first = re.split(r"\n|\s+-\s+", text)[0].strip().lower()
    if first in WORDS:
        return WORDS[first]
    classes = [c for c in meta.get_all("Classifier") or [] if c.startswith("License ::")]
    words = {WORDS.get(c.split(" :: ")[-1].lower()) for c in classes}
    if not words or None in words:
        return None
    return " AND ".join(sorted(w for w in words if w))


def passes(expression: str) -> bool:
    """Whether an SPDX expression can be met with allowed licences alone.

    >>> passes("MPL-2.0 AND (Apache-2.0 OR GPL-3.0-only)"), passes("MIT AND GPL-3.0-only")
    (True, False)
    """
    tokens = re.findall(r"[()]|[^\s()]+", expression)
    tokens.reverse()

    def either() -> bool:
        value = both()
        while tokens and tokens[-1].upper() == "OR":
            tokens.pop()
            value = both() or value
        return value

    def both() -> bool:
        value = one()
        while tokens and tokens[-1].upper() == "AND":
            tokens.pop()
            value = one() and value
        return value

    def one() -> bool:
        token = tokens.pop() if tokens else ")"
        if token == "(":
            value = either()
            return value if tokens and tokens.pop() == ")" else False
        return token in ALLOWED

    value = either()
    return value and not tokens


def main() -> None:
    """Check and write, or compare."""
    found = needed("netpos")
    problems: list[str] = []
    rows: list[str] = []
    for name, (package, by) in sorted(found.items()):
        known = licence(package)
        if known is None:
            problems.append(f"{name} {package.version}: licence not known; look it up")
            continue
        excepted = name in EXCEPTIONS and EXCEPTIONS[name][0] == known
        if not passes(known) and not excepted:
            problems.append(f"{name} {package.version}: {known} is not on the list")
        mark = " (see below)" if excepted else ""
        rows.append(f"| {name} | {known}{mark} | {by} |")
    page = [
        "# Licences",
        "",
        "What `pip install netpos` brings along, with the licence that each states in its",
        "metadata and what asks for it. Made by `make licences`, which fails where a licence is",
        "not known or not on the list in `scripts/licences.py`. BSD stands for metadata that do",
        "not say which of the BSD licences it is.",
        "",
        "| library | licence | needed by |",
        "|--|--|--|",
        *rows,
        "",
        "Accepted one by one:",
        "",
        *(f"- `{name}`, {spdx}: {why}." for name, (spdx, why) in sorted(EXCEPTIONS.items())),
        "",
        "Files that lie inside the package and come from elsewhere are listed in `NOTICE`.",
        "",
    ]
    text = "\n".join(page)
    if "--check" not in sys.argv:
        PAGE.write_text(text, encoding="utf-8", newline="\n")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
        problems.append("docs/licences.md is not up to date: run 'make licences'")
    for problem in problems:
        print(problem)
    if problems:
        sys.exit(1)
    print(f"{len(found)} libraries, every licence known and accepted")


if __name__ == "__main__":
    main()
