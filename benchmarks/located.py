"""Time what locates citations at two sizes each: publications as context, bulk tables of the USPTO.

    python benchmarks/located.py [--into docs/performance.md] [--folder DIR] [--only NAME] [--quick]

Time and memory come from different runs. What was measured stays in ``measured.json`` of the
folder, so a benchmark that was stopped goes on; ``--only`` measures one line. Prints a table, or
writes it between the two marks of a file.
"""

from __future__ import annotations

import argparse
import json
import math
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import publications
import uspto
from measure import Run

MARKS = ("<!-- located: begin -->", "<!-- located: end -->")
FAMILIES = 200_000
PUBLICATIONS, CITATIONS = (1_000_000, 5_000_000), (1_000_000, 10_000_000)
QUICK = 50
Measure = Callable[[Path, int, bool], Run]


def _publications(folder: Path, size: int, memory: bool, families: int = FAMILIES) -> Run:
    place = folder / "publications"
    place.mkdir(parents=True, exist_ok=True)
    publications.prepared(place, size, families)
    return publications.context(place, size, memory=memory)


def _uspto(what: str, folder: Path, size: int, memory: bool) -> Run:
    place = folder / "uspto"
    place.mkdir(parents=True, exist_ok=True)
    uspto.prepared(place, size)
    return uspto.timed(place, size, what, memory=memory)


#: Line -> how it is called, sizes, unit, and what measures it.
LINES: dict[str, tuple[str, tuple[int, int], str, Measure]] = {
    "publications": (
        f"publications of Google/IFI as context to {FAMILIES:,} families",
        PUBLICATIONS,
        "rows",
        _publications,
    ),
    **{
        f"uspto-{what}": (
            f"bulk tables of the USPTO, {said}",
            CITATIONS,
            "citations",
            partial(_uspto, what),
        )
        for what, said in uspto.WHAT.items()
    },
}


def measured(folder: Path, name: str, sizes: tuple[int, int]) -> list[dict[str, float]]:
    """Return seconds and bytes of a line by size; those not there yet are measured."""
    file, found = folder / "measured.json", []
    for size in sizes:
        one: dict[str, float] = {}
        for memory in (False, True):
            held = json.loads(file.read_text()) if file.exists() else {}
            key = f"{name} {size} {'memory' if memory else 'time'}"
            if key not in held:
                result = LINES[name][3](folder, size, memory)
                of_time = {"wall": result.wall, "cpu": result.cpu, "load": os.getloadavg()[0]}
                held[key] = {"peak": result.peak} if memory else of_time
                file.write_text(json.dumps(held, indent=1))
            one |= held[key]
        found.append(one)
    return found


def table(folder: Path, names: list[str], part: int) -> str:
    """Return the lines as a table of Markdown."""
    rows = [
        "| ingest of | size | wall s | CPU s | peak GiB | exponent of CPU | of memory |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name in names:
        called, (low, high), unit, _ = LINES[name]
        sizes = (low // part, high // part)
        found = measured(folder, name, sizes)
        steps = math.log(sizes[1] / sizes[0])
        grown = [math.log(found[1][k] / found[0][k]) / steps for k in ("cpu", "peak")]
        for k, (size, one) in enumerate(zip(sizes, found, strict=True)):
            ends = [f"{x:.2f}" for x in grown] if k else ["", ""]
            rows.append(
                f"| {called if not k else ''} | {size:,} {unit} | {one['wall']:.0f} | "
                f"{one['cpu']:.0f} | {one['peak'] / 2**30:.2f} | {ends[0]} | {ends[1]} |"
            )
    return "\n".join(rows) + "\n"


def main() -> None:
    """Measure, and print or write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, help="Markdown file with the marks")
    parser.add_argument("--folder", type=Path, help="where files stay; else they are removed")
    parser.add_argument("--only", choices=list(LINES))
    parser.add_argument("--quick", action="store_true", help=f"1/{QUICK} of each size")
    chosen = parser.parse_args()
    with TemporaryDirectory(prefix="netpos-bench-") as temporary:
        folder = chosen.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        names = [chosen.only] if chosen.only else list(LINES)
        text = table(folder, names, QUICK if chosen.quick else 1)
    if chosen.into is None:
        print(text)
        return
    whole = chosen.into.read_text(encoding="utf-8")
    before, rest = whole.split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    chosen.into.write_text(f"{before}{MARKS[0]}\n\n{text}\n{MARKS[1]}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
