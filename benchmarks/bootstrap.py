"""Time the intervals on a corpus, the tables they belong to included.

    python benchmarks/bootstrap.py EXPORT_OR_CORPUS [--draws 1000]

Prints the size of the corpus and the seconds per step, wall and CPU.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command line sets it

import numpy
import polars
import scipy

from netpos import analysis
from netpos.analysis.selection import WholeRun
from netpos.indicators import uncertainty, value
from netpos.indicators.differences import differences
from netpos.indicators.position import country_table
from netpos.ingest.corpus import Corpus, open_corpus, read
from netpos.options import make


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="a corpus folder or an export")
    parser.add_argument("--draws", type=int, default=1000)
    chosen = parser.parse_args()
    is_corpus = (chosen.data / "corpus.json").exists()
    corpus: Corpus = open_corpus(chosen.data) if is_corpus else read(chosen.data)
    # a span as wide as the made-up data, so that three periods are full
    options = make({"from": 1980, "to": 2025, "periods": "1980-2005,2006-2025"})
    study = analysis.prepare(corpus, options)
    counts = corpus.counts
    print(f"{counts['kept']:,} documents, {study.families:,} families, {len(study.pairs):,} pairs")
    libraries = ", ".join(f"{m.__name__} {m.__version__}" for m in (numpy, scipy, polars))
    print(f"Python {platform.python_version()}, {libraries}")

    once = WholeRun.of(study)
    wall, cpu = time.perf_counter(), time.process_time()
    for technology in study.names:
        known = []
        for period, span in options.spans():
            closed = study.links(technology, span, period=period)
            citing = study.links(technology, span, scope="citing", period=period)
            table = country_table(closed, citing, focal="NL", year=study.year_of_membership)
            worth = value.node_values(study.valued, study.shares, study.chosen(technology, span))
            table = table.join(
                worth.select("country", "value_share"),
                on="country",
                how="left",
                maintain_order="left",
            )
            start = time.perf_counter()
            known.append(
                uncertainty.resample(
                    table.select(
                        polars.lit(technology).alias("technology"),
                        polars.lit(period).alias("period"),
                        polars.all(),
                    ),
                    once.sample,
                    study.links_mask(technology, span),
                    study.links_mask(technology, span, scope="citing"),
                    study.chosen(technology, span),
                    year=study.year_of_membership,
                    draws=chosen.draws,
                    worth=once.worth,
                    threads=polars.thread_pool_size(),
                )
            )
            rows = known[-1].intervals().height
            seconds = time.perf_counter() - start
            links = int(study.links_mask(technology, span).sum())
            print(
                f"{technology:>20} {period:>10} {table.height:>4} countries"
                f" {links:>9,} links {rows:>6} rows {seconds:6.2f} s",
                flush=True,
            )
        start = time.perf_counter()
        rows = differences(known, "NL").height
        print(f"{technology:>20} differences {rows:>6} rows {time.perf_counter() - start:6.2f} s")
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    networks = len(study.names) * len(options.spans())
    print(f"{networks} networks, {chosen.draws} draws: {wall:.1f} s wall, {cpu:.1f} s CPU")


if __name__ == "__main__":
    main()
