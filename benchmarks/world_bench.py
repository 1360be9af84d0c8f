"""Ingest and analyse worlds of up to ten million records, and say how cost grows with size.

    python benchmarks/world_bench.py [--records 50000,500000,2000000,10000000] [--into FILE]

Each size is made by ``world.py``, read by ``netpos ingest`` and everything of ``netpos analyse`` is
written, each in a process of its own, its memory watched twice a second. Figures stand in a JSON
file with the commit they were measured at; what is there is not run again, so that a run that was
cut off goes on. The largest size takes hours and 40 GB of disk.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
from pathlib import Path

import world
from measure import run
from run import DATA, HERE, PYTHON, exponent, machine, put, say

MARKS = ("<!-- world: begin -->", "<!-- world: end -->")
SIZES = "50000,500000,2000000,10000000"
STEPS = ("ingest", "analyse")
#: Seconds between two looks at the memory.
EVERY = 0.5
Figures = dict[str, dict[str, dict[str, float | str]]]


def commit() -> str:
    """Name the state of the code; with a plus where it was changed since."""
    git = ["git", "-C", str(HERE)]
    try:
        name = subprocess.run(
            [*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
        ).stdout.strip()
        changed = subprocess.run(
            [*git, "status", "--porcelain", "-uno"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{name}+" if changed.strip() else name


def command(step: str, folder: Path, corpus: Path, out: Path) -> list[str]:
    """Return the command of a step."""
    netpos = [PYTHON, "-m", "netpos", "--quiet"]
    if step == "ingest":
        return [*netpos, "ingest", str(folder), "--corpus", str(corpus)]
    return [*netpos, "analyse", str(corpus), "--out", str(out)]


def measure(records: int, steps: list[str], data: Path, kept: Path, *, keep: bool) -> None:
    """Run the steps of a size that have no figures yet, and keep theirs."""
    figures = read(kept)
    of_size = figures.setdefault(str(records), {})
    todo = [step for step in steps if step not in of_size]
    if not todo:
        return
    folder, corpus = data / f"world-{records}", data / f"world-{records}-corpus"
    out = data / f"world-{records}-out"
    if "ingest" in todo or not (corpus / "corpus.json").exists():
        say(f"{records:,} records: making them")
        world.make(records, folder, processes=os.cpu_count() or 1)
    for step in STEPS:
        if step not in todo and (step != "ingest" or (corpus / "corpus.json").exists()):
            continue
        shutil.rmtree(corpus if step == "ingest" else out, ignore_errors=True)
        load, state = os.getloadavg()[0], commit()
        say(f"{records:,} records: {step}")
        found = run(command(step, folder, corpus, out), memory=True, every=EVERY)
        figures = read(kept)
        figures.setdefault(str(records), {})[step] = {
            "wall": round(found.wall, 2),
            "cpu": round(found.cpu, 2),
            "peak": found.peak,
            "load": round(load, 1),
            "commit": state,
        }
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        say(f"  {found.wall:.0f} s, {found.cpu:.0f} s CPU, {found.peak >> 20} MiB")
    if not keep:
        for left in (folder, corpus, out):
            shutil.rmtree(left, ignore_errors=True)


def read(kept: Path) -> Figures:
    """Read the figures of runs before."""
    found: Figures = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    return found


def report(figures: Figures) -> str:
    """Write what was measured as Markdown."""
    lines = [*machine()[:2], ""]
    lines += ["| records | step | wall s | CPU s | us CPU / record | peak MiB | load | commit |"]
    lines += ["|---:|---|---:|---:|---:|---:|---:|---|"]
    sizes = sorted(map(int, figures))
    for n in sizes:
        for step in STEPS:
            found = figures[str(n)].get(step)
            if found is None:
                continue
            cpu, peak = float(found["cpu"]), float(found["peak"])
            lines.append(
                f"| {n:,} | {step} | {float(found['wall']):.0f} | {cpu:.0f} | {1e6 * cpu / n:.0f} "
                f"| {peak / 2**20:.0f} | {found['load']} | {found['commit']} |"
            )
    lines += ["", "| exponent | step | CPU | memory |", "|---|---|---:|---:|"]
    for step in STEPS:
        known = [n for n in sizes if step in figures[str(n)]]
        spans = [(known[i], known[i + 1]) for i in range(len(known) - 1)]
        spans += [(known[0], known[-1])] if len(known) > 2 else []
        for low, high in spans:
            both = [figures[str(n)][step] for n in (low, high)]
            cells = [
                f"{exponent([low, high], [float(found[what]) for found in both]):.2f}"
                for what in ("cpu", "peak")
            ]
            lines.append(f"| {low:,} to {high:,} | {step} | {' | '.join(cells)} |")
    lines += [
        "",
        "Load: what else the machine did when a step began; beside others trust CPU only.",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure what is asked for and not known yet, and report all that is known."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--records", default=SIZES, help="sizes, by comma")
    parser.add_argument("--quick", action="store_true", help="the two smaller sizes only")
    parser.add_argument("--steps", default=",".join(STEPS), help="ingest, analyse or both")
    parser.add_argument("--data", type=Path, default=DATA, help="where worlds and corpora go")
    parser.add_argument("--figures", type=Path, default=HERE / "results" / "world.json")
    parser.add_argument("--keep", action="store_true", help="do not remove worlds and corpora")
    parser.add_argument("--into", type=Path, help="Markdown file with the marks of a report")
    chosen = parser.parse_args()
    sizes = sorted({int(n) for n in chosen.records.split(",") if n})
    chosen.data.mkdir(parents=True, exist_ok=True)
    for n in sizes[:2] if chosen.quick else sizes:
        measure(n, chosen.steps.split(","), chosen.data, chosen.figures, keep=chosen.keep)
    text = report(read(chosen.figures))
    print(text)
    if chosen.into:
        put(chosen.into, text, MARKS)


if __name__ == "__main__":
    main()
