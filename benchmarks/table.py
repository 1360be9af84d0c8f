"""The peer's table made with netpos: what an analyst writes who has netpos.

    python table.py --corpus DIR --out table.csv [--input lens_200k.jsonl] [--links links.csv]

With ``--input`` the export is read into the corpus first (cold); without it the corpus is there
already (warm). No maps, no report, no organisations: the same columns as the peer writes, but for
closeness, where netpos has the harmonic kind.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import polars as pl

import netpos
from netpos.ingest.corpus import ingest

SPAN = (1900, 2100)


def indicators(links: netpos.Links) -> pl.DataFrame:
    """One row per country with foreign links."""
    abroad = netpos.Links.from_table(links.table.filter(pl.col("citing") != pl.col("cited")))
    here = netpos.domestic(links).rename({"value": "domestic"})
    return (
        abroad.nodes.select(pl.lit(links.technology).alias("technology"), country="node")
        .with_columns(
            out_strength=netpos.given(abroad)["value"],
            in_strength=netpos.received(abroad)["value"],
            balance=netpos.balance(abroad)["value"],
            pagerank=netpos.pagerank(abroad)["value"],
            betweenness=netpos.betweenness(abroad)["value"],
            harmonic=netpos.harmonic_in(abroad)["value"],
        )
        .join(here, on="country", how="left", maintain_order="left")
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--input", type=Path)
    parser.add_argument("--links", type=Path)
    parser.add_argument("--technologies", required=True)
    parser.add_argument("--timings", type=Path)
    chosen = parser.parse_args()
    start, seconds = time.perf_counter(), {}

    def lap(stage: str) -> None:
        nonlocal start
        now = time.perf_counter()
        seconds[stage], start = round(now - start, 3), now

    if chosen.input:
        corpus = ingest([chosen.input], chosen.corpus)
        lap("ingest")
    else:
        corpus = netpos.open_corpus(chosen.corpus)
    options = netpos.Options.model_validate(
        {
            "technologies": chosen.technologies,
            "scope": "citing",
            "counting": "country-unique",
            "from": SPAN[0],
            "to": SPAN[1],
            "periods": "",
        }
    )
    study = netpos.prepare(corpus, options)
    lap("prepare")
    links = [study.links(t.id, SPAN) for t in study.technologies]
    lap("links")
    table = pl.concat(indicators(found) for found in links)
    lap("graphs")
    table.write_csv(chosen.out)
    if chosen.links:
        pl.concat(
            found.table.select(pl.lit(found.technology).alias("technology"), pl.all())
            for found in links
        ).write_csv(chosen.links)
    lap("write")
    print(json.dumps(seconds), file=sys.stderr)
    if chosen.timings:
        chosen.timings.write_text(json.dumps(seconds), encoding="utf-8")


if __name__ == "__main__":
    main()
