"""Write the SHA-256 of every file in data into its entry of sources.toml.

Run after a file was renewed; a file without an entry, or an entry without a file, is named and
nothing is written::

    python scripts/pedigree.py
"""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data"
ENTRY = re.compile(r'^file = "(?P<file>[^"]+)"\nsha256 = "[^"]*"$', re.MULTILINE)


def main() -> None:
    """Renew the hashes in place."""
    sources = DATA / "sources.toml"
    text = sources.read_text(encoding="utf-8")
    listed = {m["file"] for m in ENTRY.finditer(text)}
    there = {p.relative_to(DATA).as_posix() for p in DATA.rglob("*") if p.is_file()}
    there.remove("sources.toml")
    if listed != there:
        sys.exit(
            f"without an entry: {sorted(there - listed)}; without a file: {sorted(listed - there)}"
        )

    def renewed(entry: re.Match[str]) -> str:
        digest = hashlib.sha256((DATA / entry["file"]).read_bytes()).hexdigest()
        return f'file = "{entry["file"]}"\nsha256 = "{digest}"'

    sources.write_text(ENTRY.sub(renewed, text), encoding="utf-8")
    print(f"{len(listed)} files, hashes renewed")


if __name__ == "__main__":
    main()
