"""Time the stability intervals on a corpus.

    python benchmarks/bootstrap.py EXPORT_OR_CORPUS [--draws 1000]

Prints the size of the corpus and the seconds per step, wall and CPU.
"""

from __future__ import annotations

import argparse
import platform
import time
from pathlib import Path

import numpy
import polars
import scipy

from netpos import analysis
from netpos.graph.links import select
from netpos.indicators.position import country_table
from netpos.indicators.uncertainty import Sample, intervals
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

    tables = {}
    for technology in study.names:
        for period, span in options.spans():
            closed = study.links(technology, span, period=period)
            citing = study.links(technology, span, scope="citing", period=period)
            table = country_table(closed, citing, focal="NL", year=study.year_of_membership)
            tables[technology, period] = table.with_columns(
                technology=polars.lit(technology), period=polars.lit(period)
            )
    wall, cpu = time.perf_counter(), time.process_time()
    sample = Sample.of(study.pairs, study.spread, study.shares, study.organisations)
    print(f"sample: {time.perf_counter() - wall:.2f} s")
    for (technology, period), table in tables.items():
        start = time.perf_counter()
        span = dict(options.spans())[period]
        member = study.member[technology]
        scopes = [
            select(study.pairs, member, study.years, span, scope=scope)
            for scope in ("closed", "citing")
        ]
        found = intervals(
            table,
            sample,
            *scopes,
            study.chosen(technology, span),
            year=study.year_of_membership,
            draws=chosen.draws,
        )
        seconds = time.perf_counter() - start
        print(
            f"{technology:>20} {period:>10} {table.height:>4} countries"
            f" {int(scopes[0].sum()):>9,} links {found.height:>6} rows {seconds:6.2f} s"
        )
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{len(tables)} networks, {chosen.draws} draws: {wall:.1f} s wall, {cpu:.1f} s CPU")


if __name__ == "__main__":
    main()
