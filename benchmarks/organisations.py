"""Half a million organisations and eight million links in 4 GiB: time and memory of each step.

    python benchmarks/organisations.py [--organisations 500000] [--links 8000000] [--sources 32]

The network is made up, from a seed: a few organisations hold most links, as in real data. Each step
is timed, its own peak of resident memory is read from the kernel, and simple facts about the
results are checked. The run fails where the peak passes the limit. Progress goes to stderr, a
Markdown report to stdout.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import polars as pl

import netpos
from netpos.tables import LINK_TABLE, NODE_TABLE, Links

LIMIT = 4 * 1024**3
STATUS = Path("/proc/self/status")
MIB = 1024**2


@dataclass(frozen=True)
class Step:
    name: str
    wall: float
    cpu: float
    peak: int
    what: str


def peak() -> int:
    """Highest resident memory since the last reset, in bytes."""
    line = next(x for x in STATUS.read_text().splitlines() if x.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def reset_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def made(organisations: int, links: int, seed: int) -> Links:
    """A network with exactly these numbers; weights as fractional counting makes them."""
    rng = np.random.default_rng(seed)
    codes = np.zeros(0, dtype=np.int64)
    while codes.size < links:
        size = int(1.3 * (links - codes.size)) + 1000
        citing = (organisations * rng.random(size) ** 2.2).astype(np.int64)
        cited = (organisations * rng.random(size) ** 3.0).astype(np.int64)
        new = (citing * organisations + cited)[citing != cited]
        codes = np.unique(np.concatenate([codes, new]))
    keep = np.sort(rng.choice(codes.size, size=links, replace=False))
    codes = codes[keep]
    families = np.minimum(rng.zipf(1.9, links), 400)
    weight = families / (rng.integers(1, 4, links) * rng.integers(1, 4, links))
    names = pl.Series([f"ORGANISATION {k:06}" for k in range(organisations)])
    table = pl.DataFrame(
        {
            "citing": names.gather(codes // organisations),
            "cited": names.gather(codes % organisations),
            "weight": weight,
            "citations": families.astype(np.int64),
        },
        LINK_TABLE,
    )
    nodes = pl.DataFrame({"node": names, "families": np.ones(organisations)}, NODE_TABLE)
    return Links(nodes, table, kind="organisation", technology="synthetic")


def top_map(links: Links, rank: pl.DataFrame, most: int, folder: Path) -> Path:
    """The map of the organisations that are cited most, with the links among them."""
    top = rank.sort("value", "organisation", descending=[True, False]).head(most)["organisation"]
    chosen = top.implode()
    part = Links(
        links.nodes.filter(pl.col("node").is_in(chosen)),
        links.table.filter(pl.col("citing").is_in(chosen) & pl.col("cited").is_in(chosen)),
        kind="organisation",
        technology="synthetic",
    )
    return netpos.network_map(part, folder / "top.html", focal=top[0], synthetic=True)


def run(organisations: int, links: int, sources: int, seed: int) -> list[Step]:
    steps: list[Step] = []

    def step(name: str, work: Callable[[], object], what: Callable[[object], str]) -> object:
        print(f"{name} ...", file=sys.stderr, flush=True)
        reset_peak()
        wall, cpu = time.perf_counter(), time.process_time()
        result = work()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        steps.append(Step(name, wall, cpu, peak(), what(result)))
        return result

    network = step(
        "make the network",
        lambda: made(organisations, links, seed),
        lambda x: f"{x.nodes.height:,} organisations, {x.table.height:,} links",
    )
    total = float(network.table["weight"].sum())

    def strengths() -> tuple[pl.DataFrame, pl.DataFrame]:
        return netpos.received(network), netpos.given(network)

    def check_strengths(both: object) -> str:
        for table in both:
            assert abs(table["value"].sum() / total - 1) < 1e-9, "strengths do not sum to links"
        return f"received and given both sum to {total:,.0f}"

    received, _ = step("strength", strengths, check_strengths)

    def check_pagerank(table: object) -> str:
        assert abs(table["value"].sum() - 1) < 1e-9, "PageRank does not sum to 1"
        return f"sums to 1; largest {table['value'].max():.5f}"

    step("PageRank", lambda: netpos.pagerank(network), check_pagerank)

    def check_core(table: object) -> str:
        deepest = table.filter(pl.col("value") == pl.col("value").max())
        chosen = deepest["organisation"].implode()
        inside = network.table.filter(
            pl.col("citing").is_in(chosen) & pl.col("cited").is_in(chosen)
        )
        ends = pl.concat([inside.select("weight", node=c) for c in ("citing", "cited")])
        least = ends.group_by("node").agg(pl.col("weight").sum())["weight"].min()
        level = deepest["value"][0]
        assert least >= level * (1 - 1e-9), "a member of the s-core is weaker than its level"
        return f"deepest core: {deepest.height:,} organisations at strength {level:,.1f}"

    step("s-core", lambda: netpos.s_core(network), check_core)

    def check_betweenness(table: object) -> str:
        first = table.sort("value", descending=True).row(0, named=True)
        ten = table.sort("value", descending=True).head(10)
        relative = (ten["standard_error"] / ten["value"]).median()
        assert table["value"].is_between(0, 1).all(), "a betweenness outside 0 to 1"
        return (
            f"{sources} sources; largest {first['value']:.5f} ± {first['standard_error']:.5f} "
            f"(one standard error); median of the ten largest: {relative:.0%} of the value"
        )

    step(
        "betweenness, sampled",
        lambda: netpos.sampled_betweenness(network, sources=sources, seed=seed),
        check_betweenness,
    )
    with tempfile.TemporaryDirectory() as folder:
        step(
            "map of the top 200",
            lambda: top_map(network, received, 200, Path(folder)),
            lambda path: f"HTML of {path.stat().st_size / MIB:.1f} MiB",
        )
    return steps


def report(steps: list[Step], load: str, seed: int) -> str:
    libraries = ", ".join(f"{n} {version(n)}" for n in ("numpy", "polars", "scipy", "igraph"))
    lines = [
        "# Organisations: one large network",
        "",
        f"{steps[0].what}; synthetic, seed {seed}. {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, {libraries}. One run; load of the machine at start "
        f"and end: {load}. Wall time moves with that load, CPU time less.",
        "",
        "| step | wall s | CPU s | peak MiB | result |",
        "|--|--|--|--|--|",
        *(
            f"| {s.name} | {s.wall:.1f} | {s.cpu:.1f} | {s.peak / MIB:,.0f} | {s.what} |"
            for s in steps
        ),
        "",
        f"Highest resident memory {max(s.peak for s in steps) / MIB:,.0f} MiB; "
        f"the run fails above {LIMIT / MIB:,.0f}.",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--organisations", type=int, default=500_000)
    parser.add_argument("--links", type=int, default=8_000_000)
    parser.add_argument("--sources", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if not STATUS.exists():
        sys.exit("the peak of each step is read from /proc, which is not here: run it on Linux")
    before = os.getloadavg()[0]
    steps = run(given.organisations, given.links, given.sources, given.seed)
    load = f"{before:.1f} and {os.getloadavg()[0]:.1f}"
    print(report(steps, load, given.seed))
    if max(s.peak for s in steps) > LIMIT:
        sys.exit("more than 4 GiB")


if __name__ == "__main__":
    main()
