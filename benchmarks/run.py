"""Time netpos against what an analyst writes today, in one run, after checking the numbers.

    python benchmarks/run.py [--records 50000,200000,1000000] [--pairs 5] [--quick]

Every program is run as a whole process, one after the other, and the round is repeated: a neighbour
on the machine then disturbs all of them alike, and ratios are taken within a round. Before any
time is printed the answers of all programs are compared. Progress goes to stderr, a Markdown
report to stdout, or with ``--into FILE`` between that file's two marks for it.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import zstandard
from compare import check
from measure import Run, run
from peer_given import TECH

from netpos.ingest.inputs import cores

HERE = Path(__file__).parent
DATA = HERE / "data"
PYTHON = sys.executable
LIBRARIES = ("polars", "numpy", "msgspec", "scipy", "igraph", "pandas", "networkx", "orjson")
#: Beyond this size one run must do, with its memory watched: the peer alone takes minutes.
LARGE = 200_000
#: The programs the goals are about: run at every size. The others run at the smallest, once, and
#: the one that writes everything also beyond `LARGE`.
GOALS = ("typed parse", "ingest", "table", "table, warm", "peer")
Runs = dict[str, list[Run]]


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


# --- input ------------------------------------------------------------------------------------


def made(records: int) -> Path:
    """The input of a size, made once; the same size gives the same bytes."""
    path = DATA / f"synthetic-{records}.jsonl"
    if not path.exists():
        say(f"making {records:,} records ...")
        DATA.mkdir(exist_ok=True)
        new = DATA / f"new-{records}.jsonl"
        command = [PYTHON, str(HERE / "generate.py"), "--records", str(records), "--out", str(new)]
        subprocess.run(command, check=True)
        new.rename(path)
    return path


def packed(plain: Path, ending: str) -> Path:
    """The input compressed, made once."""
    path = plain.with_name(plain.name + ending)
    if not path.exists():
        say(f"packing {path.name} ...")
        new = plain.with_name(f"new-{path.name}")
        with plain.open("rb") as source:
            if ending == ".gz":
                with gzip.open(new, "wb", 6) as target:
                    shutil.copyfileobj(source, target, 1 << 22)
            else:
                with new.open("wb") as target:
                    zstandard.ZstdCompressor(level=3).copy_stream(source, target)
        new.rename(path)
    return path


def technologies(folder: Path) -> Path:
    """The peer's list of prefixes as a definition file."""
    entries = [
        f'[[technology]]\nid = "{k}"\nname = "{k}"\nipc = ["{p}*"]\n' for k, p in TECH.items()
    ]
    path = folder / "technologies.toml"
    path.write_text("\n".join(["schema_version = 1\n", *entries]), encoding="utf-8")
    return path


# --- programs ---------------------------------------------------------------------------------


def programs(
    source: Path,
    folder: Path,
    *,
    first: bool,
    wide: bool,
    whole: bool = False,
    everything: bool = False,
) -> dict[str, list[str]]:
    """Commands by name, in the order of a round.

    The ``first`` round also writes the links, to compare them; ``wide`` adds the programs that no
    goal is about, ``whole`` the run of a user without options, next to the peer it is held
    against, ``everything`` the one of which one run must do.
    """

    def script(name: str, out: str, *more: str) -> list[str]:
        command = [PYTHON, str(HERE / f"{name}.py"), "--out", str(folder / f"{out}.csv"), *more]
        if first and name != "peer_given":
            command += ["--links", str(folder / f"{out}-links.csv")]
        return [*command, "--timings", str(folder / f"{out}-seconds.json")]

    export = ["--input", str(source)]
    defined = ["--technologies", str(technologies(folder))]
    options = [
        "--scope",
        "citing",
        "--counting",
        "country-unique",
        "--from",
        "1900",
        "--to",
        "2100",
    ]
    options += ["--periods", "", *defined]
    short = ["--tables-only", "--draws", "0", "--no-sensitivity"]
    corpus = str(folder / "table-corpus")
    netpos = [PYTHON, "-m", "netpos", "--quiet"]
    analyse = [*netpos, "analyse", str(folder / "corpus"), *options]
    found = {
        "typed parse": [PYTHON, str(HERE / "typed_parse.py"), *export],
        "ingest": [*netpos, "ingest", str(source), "--corpus", str(folder / "corpus")],
        "table": script("table", "table", *export, "--corpus", corpus, *defined),
        "table, warm": script("table", "warm", "--corpus", corpus, *defined),
        "run": [*netpos, "run", str(source), "--out", str(folder / "run"), *options, *short],
        "analyse": [*analyse, "--out", str(folder / "analyse"), *short],
        "peer": script("peer", "peer", *export),
        "tuned peer": script("peer_tuned", "tuned", *export),
        "peer as given": script("peer_given", "given", *export),
    }
    if not wide:
        found = {name: found[name] for name in GOALS}
    if whole:
        found["whole"] = [*netpos, "run", str(source), "--out", str(folder / "whole")]
    if everything:
        found["everything"] = [*analyse, "--out", str(folder / "everything")]
    return found


WRITES = {"ingest": "corpus", "table": "table-corpus"}
WRITES |= {name: name for name in ("run", "analyse", "whole", "everything")}


def one(name: str, command: list[str], folder: Path, *, memory: bool = False) -> Run:
    """Run one program; what it made before is taken away first, so that nothing is warm."""
    if name in WRITES:
        shutil.rmtree(folder / WRITES[name], ignore_errors=True)
    found = run(command, memory=memory)
    say(
        f"  {name}: {found.wall:.1f} s, {found.cpu:.1f} s CPU"
        + f", {found.peak >> 20} MiB" * memory
    )
    return found


def tables_of(folder: Path) -> dict[str, bytes]:
    """The answers, to see that a timed run gives the bytes that were checked."""
    names = ["peer.csv", "tuned.csv", "given.csv", "table.csv", "warm.csv"]
    names += [
        f"{d}/tables/{t}.csv" for d in ("run", "analyse", "whole") for t in ("countries", "links")
    ]
    return {name: (folder / name).read_bytes() for name in names if (folder / name).exists()}


def measured(
    source: Path, records: int, rounds: int, *, wide: bool, everything: bool
) -> tuple[Runs, dict[str, int], list[str]]:
    """Check the answers, then time: runs by program, peak memory by program, sentences.

    Without rounds the times are those of the run whose memory is watched.
    """
    runs: Runs = {}
    with tempfile.TemporaryDirectory(dir=DATA) as temporary:
        folder = Path(temporary)
        say(f"{records:,} records: answers and memory")
        commands = programs(
            source, folder, first=True, wide=wide, whole=wide, everything=everything
        )
        once = {name: one(name, c, folder, memory=True) for name, c in commands.items()}
        peaks = {name: found.peak for name, found in once.items()}
        said = check(folder, records)
        said.append(stages(folder))
        answers = tables_of(folder)
        for number in range(rounds):
            say(f"{records:,} records: round {number + 1} of {rounds}")
            others = wide and not number
            commands = programs(source, folder, first=False, wide=others, whole=wide)
            for name, command in commands.items():
                runs.setdefault(name, []).append(one(name, command, folder))
            again = tables_of(folder)
            changed = [name for name in answers if again[name] != answers[name]]
            if changed:
                raise SystemExit(f"a second run gives other bytes: {', '.join(changed)}")
    if not rounds:
        runs = {name: [found] for name, found in once.items()}
    elif everything:
        runs["everything"] = [once["everything"]]
    return runs, peaks, said


def stages(folder: Path) -> str:
    """Seconds per stage of the first run, as the programs tell them."""
    parts = []
    for name, title in (
        ("table", "netpos, the peer's table"),
        ("peer", "peer"),
        ("tuned", "tuned peer"),
    ):
        if not (folder / f"{name}-seconds.json").exists():
            continue
        seconds = json.loads((folder / f"{name}-seconds.json").read_text())
        shown = [f"{k} {v:.1f}" for k, v in seconds.items() if isinstance(v, float)]
        parts.append(f"{title}: {', '.join(shown)}")
    return "Seconds by stage (one run, memory watched): " + "; ".join(parts) + "."


# --- report -----------------------------------------------------------------------------------


def median(runs: list[Run], what: str) -> float:
    return statistics.median(getattr(r, what) for r in runs)


def spread(runs: list[Run]) -> str:
    walls = sorted(r.wall for r in runs)
    return f"{walls[0]:.1f}-{walls[-1]:.1f}" if len(walls) > 1 else "one run"


def ratio(runs: Runs, slow: str, fast: str) -> str:
    """Median of the ratios within a round, with the lowest and the highest."""
    both = zip(runs[slow], runs[fast], strict=False)  # some programs run in the first round only
    each = sorted(a.wall / b.wall for a, b in both)
    middle = f"{statistics.median(each):.2f}"
    return f"{middle} ({each[0]:.2f}-{each[-1]:.2f})" if len(each) > 1 else middle


TITLES = {
    "typed parse": "typed parsing alone",
    "ingest": "`netpos ingest`",
    "table": "netpos, the peer's table, cold",
    "table, warm": "netpos, the peer's table, warm",
    "run": "`netpos run --tables-only`: every table, cold",
    "analyse": "`netpos analyse --tables-only`: every table, warm",
    "whole": "`netpos run` without options: ten technologies and periods, all that is written",
    "everything": "`netpos analyse`: intervals, sensitivity, maps, report too, warm",
    "peer": "peer (pandas, json, networkx)",
    "tuned peer": "tuned peer (pandas, orjson, igraph)",
    "peer as given": "peer as given (an easier question)",
}


def table_of(records: int, runs: Runs, peaks: dict[str, int]) -> list[str]:
    rounds = len(runs["peer"])
    lines = [
        f"### {records:,} records",
        "",
        f"Rounds: {rounds}; medians. Memory: all processes together, from a run of its own"
        + (" (here the only one)." if records > LARGE else ".")
        + " Every table: without intervals and sensitivity (`--draws 0 --no-sensitivity`)."
        * ("run" in runs),
        "",
        "| program | wall s | lowest-highest | CPU s | peak MiB |",
        "|---|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {TITLES[name]} | {median(r, 'wall'):.2f} | {spread(r)} | {median(r, 'cpu'):.2f} "
        f"| {peaks[name] / 2**20:.0f} |"
        for name, r in runs.items()
    ]
    lines += ["", "| ratio of wall times, within a round | times |", "|---|---:|"]
    lines += [
        f"| {title} | {ratio(runs, slow, fast)} |"
        for title, slow, fast in (
            ("cold, the same table: peer / netpos", "peer", "table"),
            ("cold, the same table: tuned peer / netpos", "tuned peer", "table"),
            ("cold, an easier question: peer as given / netpos", "peer as given", "table"),
            ("warm, the same table: peer / netpos", "peer", "table, warm"),
            ("warm, the same table: tuned peer / netpos", "tuned peer", "table, warm"),
            ("warm, an easier question: peer as given / netpos", "peer as given", "table, warm"),
            ("cold, netpos making every table: peer / netpos", "peer", "run"),
            ("warm, netpos making every table: peer / netpos", "peer", "analyse"),
            ("`netpos ingest` / typed parsing alone", "ingest", "typed parse"),
            ("`netpos run` without options / peer, its one table", "whole", "peer"),
        )
        if slow in runs and fast in runs
    ]
    memory = peaks["peer"] / max(peaks["table"], 1)
    return [
        *lines,
        "",
        f"Peak memory: the peer takes {memory:.1f} times that of netpos for the same table.",
        "",
    ]


def exponent(sizes: list[int], values: list[float]) -> float:
    """Slope of log cost against log size by least squares: 1 = linear."""
    x = [math.log(s) for s in sizes]
    y = [math.log(v) for v in values]
    mx, my = statistics.fmean(x), statistics.fmean(y)
    over = sum((a - mx) * (b - my) for a, b in zip(x, y, strict=True))
    return over / sum((a - mx) ** 2 for a in x)


def curve(found: dict[int, Runs], peaks: dict[int, dict[str, int]]) -> list[str]:
    """Cost per record by size and the fitted exponents."""
    sizes = sorted(found)
    lines = ["### Cost against size", ""]
    heads = [f"{n:,}" for n in sizes]
    lines += [
        "CPU microseconds per record; exponent of CPU and of peak memory (1 = linear, 0 = flat).",
        "",
        f"| program | {' | '.join(heads)} | exponent | memory |",
        "|---|" + "---:|" * (len(sizes) + 2),
    ]
    for name in GOALS:
        cpu = [median(found[n][name], "cpu") for n in sizes]
        peak = [float(max(peaks[n][name], 1)) for n in sizes]
        cells = [f"{1e6 * c / n:.0f}" for c, n in zip(cpu, sizes, strict=True)]
        shown = (f"{exponent(sizes, v):.2f}" if len(sizes) > 1 else "-" for v in (cpu, peak))
        lines.append(f"| {TITLES[name]} | {' | '.join(cells)} | {' | '.join(shown)} |")
    return [*lines, ""]


def compressed(plain: Path, rounds: int) -> list[str]:
    """Ingest of the same records plain and compressed."""
    sources = {"plain": plain, ".gz": packed(plain, ".gz"), ".zst": packed(plain, ".zst")}
    runs: Runs = {name: [] for name in sources}
    tables: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory(dir=DATA) as temporary:
        folder = Path(temporary) / "corpus"
        for number in range(rounds):
            say(f"compressed input: round {number + 1} of {rounds}")
            for name, source in sources.items():
                shutil.rmtree(folder, ignore_errors=True)
                command = [PYTHON, "-m", "netpos", "--quiet", "ingest", str(source)]
                runs[name].append(run([*command, "--corpus", str(folder)]))
                tables[name] = (folder / "citations.parquet").read_bytes()
    if len(set(tables.values())) != 1:
        raise SystemExit("compressed input gives another table of citations")
    lines = [
        "### Compressed input",
        "",
        "| input of `netpos ingest` | MiB | wall s | CPU s | / plain |",
    ]
    lines.append("|---|---:|---:|---:|---:|")
    for name, source in sources.items():
        lines.append(
            f"| {name} | {source.stat().st_size / 2**20:.0f} | {median(runs[name], 'wall'):.2f} "
            f"| {median(runs[name], 'cpu'):.2f} | {ratio(runs, name, 'plain')} |"
        )
    return [*lines, ""]


def machine() -> list[str]:
    """Processor, cores, memory, versions, and whether anything else was running."""
    try:
        info = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        model = next(x.split(":", 1)[1].strip() for x in info.splitlines() if "model name" in x)
    except (OSError, StopIteration):
        model = platform.machine()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    libraries = ", ".join(f"{name} {version(name)}" for name in ("netpos", *LIBRARIES))
    busy = " The machine was busy: trust CPU seconds and ratios only." if load > 0.5 else ""
    return [
        f"{model}, {cores()} cores, {memory:.0f} GiB; {platform.system()} "
        f"{platform.release().split('-')[0]}, Python {platform.python_version()}.",
        f"{libraries}.",
        f"Load before the start: {load:.1f}.{busy}",
        "",
    ]


MARKS = ("<!-- bench: begin -->", "<!-- bench: end -->")


def put(path: Path, text: str, marks: tuple[str, str] = MARKS) -> None:
    """Replace what stands between the marks of a file."""
    before, _, rest = path.read_text(encoding="utf-8").partition(marks[0])
    _, end, after = rest.partition(marks[1])
    if not end:
        raise SystemExit(f"{path}: no marks {marks[0]} and {marks[1]}")
    new = f"{before}{marks[0]}\n\n{text}\n\n{marks[1]}{after}"
    path.write_text(new, encoding="utf-8", newline="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--records", default="50000,200000,1000000", help="sizes, by comma")
    parser.add_argument("--pairs", type=int, default=5, help="rounds up to 200,000 records")
    parser.add_argument("--quick", action="store_true", help="20,000 records, one round")
    parser.add_argument("--into", type=Path, help="Markdown file with the marks of a report")
    chosen = parser.parse_args()
    sizes = [20_000] if chosen.quick else sorted({int(n) for n in chosen.records.split(",")})
    pairs = 1 if chosen.quick else max(chosen.pairs, 1)
    about = machine()
    runs: dict[int, Runs] = {}
    peaks: dict[int, dict[str, int]] = {}
    checked: list[str] = []
    sources = {n: made(n) for n in sizes}
    for n, source in sources.items():
        wide = n == sizes[0]
        runs[n], peaks[n], said = measured(
            source,
            n,
            pairs if n <= LARGE else 0,
            wide=wide,
            everything=(wide or n > LARGE) and not chosen.quick,
        )
        checked += said
    middle = max([n for n in sizes if n <= LARGE] or sizes[:1])
    lines = [*about, "### The same numbers", "", *(f"- {line}" for line in checked), ""]
    for n in sizes:
        lines += table_of(n, runs[n], peaks[n])
    lines += [*curve(runs, peaks), *compressed(sources[middle], pairs)]
    text = "\n".join(lines).rstrip()
    print(text)
    if chosen.into:
        put(chosen.into, text)


if __name__ == "__main__":
    main()
