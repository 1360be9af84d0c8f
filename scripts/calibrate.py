"""See how often the intervals hold the truth in made-up worlds, and write it into docs/methods.md.

    python scripts/calibrate.py [--corpora 200] [--processes 2]

Each world and number of organisations is a cell. A cell that was finished by the same code is not
computed again: stop the command and start it as often as you like.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import polars as pl

from netpos.indicators.calibration import KINDS, cell, coverage
from netpos.indicators.worlds import FOCAL, SMALL, SPECIAL, WORLDS

ROOT = Path(__file__).resolve().parent.parent
NOTES = ROOT / "docs" / "methods.md"
ORGANISATIONS = (60, 250, 1000)
#: World and organisations of every cell, the longest first, and the part of the corpora drawn.
CELLS = {(world, n): 1.0 for n in reversed(ORGANISATIONS) for world in WORLDS}
CELLS |= {("D", 1000): 0.25, ("E", 1000): 0.25, ("D", 250): 0.5, ("E", 250): 0.5, ("F", 250): 0.5}
DRAWS = 200
BEGIN, END = "<!-- made by make calibrate -->\n", "<!-- end of what make calibrate made -->\n"
#: Code on which the result depends.
SOURCES = (
    *("bounds", "calibration", "cells", "differences", "influence", "measured", "position"),
    *("relevance", "resampling", "residuals", "uncertainty", "weights", "worlds"),
)
TITLES = {
    "interval": "Intervals of the indicators",
    "countries": "Differences between the focal country and another",
    "periods": "Differences of a country between two periods",
    "pairs": "Citations between two countries over those expected",
}


def fingerprint(corpora: int) -> str:
    """Name of the state of the code and of the size of the job."""
    digest = hashlib.sha256(f"{corpora} {DRAWS}".encode())
    for name in SOURCES:
        digest.update((ROOT / "netpos" / "indicators" / f"{name}.py").read_bytes())
    for name in ("expected", "kernels"):
        digest.update((ROOT / "netpos" / "graph" / f"{name}.py").read_bytes())
    return digest.hexdigest()[:12]


def one(name: str, organisations: int, corpora: int, path: Path) -> str:
    """Compute a cell and keep it."""
    begin = time.perf_counter()
    found = cell((WORLDS | SPECIAL)[name], organisations, range(corpora), draws=DRAWS)
    keys = [pl.lit(name).alias("world"), pl.lit(organisations).alias("organisations")]
    partial = path.with_suffix(f".{os.getpid()}")
    found.select(*keys, pl.all()).write_csv(partial)
    partial.replace(path)
    return f"{name} {organisations}: {time.perf_counter() - begin:.0f} s"


def page(counts: pl.DataFrame, corpora: int) -> str:
    """Return the tables as Markdown."""
    found = coverage(counts).with_columns(
        cell=pl.format("{} {}", "world", "organisations"),
        text=pl.when(pl.col("passes"))
        .then(pl.lit(""))
        .otherwise(pl.lit("**"))
        .pipe(lambda mark: pl.format("{}{}{}", mark, _percent(), mark)),
    )
    lines = [
        f"{corpora} corpora a cell. Per cent of the printed intervals that hold the truth, over",
        f"all countries and for a small one ({SMALL}); a dash: none was printed; in bold: the cell",
        "misses the goal.",
        "",
    ]
    cells = [f"{w} {n}" for w in WORLDS for n in ORGANISATIONS]
    for kind in KINDS:
        lines += [f"*{TITLES[kind]}*", "", *_table(found, kind, cells, ("all", "small")), ""]
    special = {f"{w} {n}": round(part * corpora) for (w, n), part in CELLS.items() if w in SPECIAL}
    lines += [
        f"*The focal country ({FOCAL}) where one organisation has most, or few are there*",
        "",
        "Per cent, and how many were printed. Corpora:",
        ", ".join(f"{cell} {n}" for cell, n in sorted(special.items())) + ".",
        "",
    ]
    found = found.with_columns(text=pl.format("{} ({})", "text", "printed"))
    for kind in KINDS:
        lines += [f"*{TITLES[kind]}*", "", *_table(found, kind, sorted(special), ("small",)), ""]
    missed = found.filter(~pl.col("passes")).height
    lines.append(f"Cells that miss the goal: {missed} of {found.height}.")
    return "\n".join(lines) + "\n"


def _table(
    found: pl.DataFrame, kind: str, cells: Sequence[str], groups: Sequence[str]
) -> list[str]:
    """One table: a row for each indicator and group of countries."""
    part = found.filter((pl.col("kind") == kind) & pl.col("cell").is_in(cells))
    several = len(groups) > 1
    head = "| indicator | countries |" if several else "| indicator |"
    lines = [f"{head} {' | '.join(cells)} |", "|---|" + "---|" * several + "--:|" * len(cells)]
    for name in part["indicator"].unique().sort():
        for group in groups:
            rows = part.filter((pl.col("indicator") == name) & (pl.col("group") == group))
            of = dict(zip(rows["cell"].to_list(), rows["text"].to_list(), strict=True))
            row = " | ".join(of.get(c, "–") for c in cells)
            lines.append(f"| `{name}` | {f'{group} | ' * several}{row} |")
    return lines


def _percent() -> pl.Expr:
    return (pl.col("coverage") * 100).round(1).cast(pl.String)


def main() -> None:
    """Compute what is missing and write the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--corpora", type=int, default=200)
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args()
    folder = ROOT / ".calibration" / fingerprint(chosen.corpora)
    folder.mkdir(parents=True, exist_ok=True)
    paths = {(w, n): folder / f"{w}-{n}.csv" for w, n in CELLS}
    todo = {key: path for key, path in paths.items() if not path.exists()}
    print(f"{len(paths) - len(todo)} of {len(paths)} cells are there")
    with ProcessPoolExecutor(chosen.processes) as pool:
        jobs = [
            pool.submit(one, *key, round(CELLS[key] * chosen.corpora), path)
            for key, path in todo.items()
        ]
        for job in as_completed(jobs):
            print(job.result(), flush=True)
    counts = pl.concat([pl.read_csv(path) for path in paths.values()])
    text = NOTES.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        sys.exit(f"{NOTES.name}: the marks for the tables are gone")
    head, rest = text.split(BEGIN)
    made = page(counts, chosen.corpora)
    NOTES.write_text(head + BEGIN + "\n" + made + "\n" + END + rest.split(END)[1], encoding="utf-8")
    print(made)


if __name__ == "__main__":
    main()
