"""Do the peer and netpos give the same numbers? Raises where they do not."""

from __future__ import annotations

import math
from pathlib import Path

import igraph
import numpy as np
import polars as pl

import netpos

TOLERANCE = 1e-9
KEYS = ["technology", "country"]
#: Column of the peer -> column of ``tables/countries.csv``.
STRENGTHS = {
    "out_strength": "given",
    "in_strength": "received",
    "domestic": "domestic",
    "balance": "balance_ratio",
}


def links_of_peer(path: Path) -> pl.DataFrame:
    """Links as the peer writes them, under the names of netpos."""
    names = {"country_citing": "citing", "country_cited": "cited"}
    return pl.read_csv(path).rename(names).sort("technology", "citing", "cited")


def links_of_netpos(path: Path) -> pl.DataFrame:
    """Links of the listed technologies (not of their union, which the peer does not make)."""
    table = pl.read_csv(path).filter(pl.col("technology") != "all")
    return table.select("technology", "citing", "cited", "weight").sort(
        "technology", "citing", "cited"
    )


def same(
    ours: pl.DataFrame, theirs: pl.DataFrame, keys: list[str], columns: dict[str, str], what: str
) -> float:
    """Compare columns row by row.

    Parameters
    ----------
    columns
        Name in ``theirs`` -> name in ``ours``.

    Returns
    -------
    float
        The largest relative difference. Below a thousandth of the column's largest value the
        difference is divided by that thousandth: a balance of two nearly equal sums has fewer
        digits of its own.

    Raises
    ------
    SystemExit
        A row is on one side only, or a value is further off than 1e-9.
    """
    if not theirs.height:
        raise SystemExit(f"{what}: nothing to compare")
    for one, other, side in ((ours, theirs, "the peer"), (theirs, ours, "netpos")):
        alone = one.join(other, on=keys, how="anti")
        if alone.height:
            raise SystemExit(f"{what}: {alone.height} rows not in {side}, first {alone.row(0)}")
    both = theirs.select(*keys, **{f"{t} peer": t for t in columns}).join(
        ours.select(*keys, **{f"{t} ours": o for t, o in columns.items()}), on=keys, how="inner"
    )
    if both.height != theirs.height or both.height != ours.height:
        raise SystemExit(f"{what}: keys come twice ({ours.height}, {theirs.height}, {both.height})")
    worst = 0.0
    for name in columns:
        a = both[f"{name} ours"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        b = both[f"{name} peer"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        size = np.maximum(np.abs(b), 1e-3 * np.nanmax(np.abs(b), initial=1e-300))
        off = np.abs(a - b) / size
        if not np.isfinite(off).all() or off.max() > TOLERANCE:
            at = int(np.nanargmax(np.where(np.isfinite(off), off, np.inf)))
            raise SystemExit(f"{what}: {name} differs: {both.row(at, named=True)}")
        worst = max(worst, float(off.max()))
    return worst


def reference_betweenness(links: pl.DataFrame) -> pl.DataFrame:
    """Betweenness from the peer's links by igraph, lengths rounded so that ties are ties."""
    rows = []
    for (technology,), part in links.filter(pl.col("citing") != pl.col("cited")).group_by(
        "technology"
    ):
        nodes = sorted({*part["citing"], *part["cited"]})
        number = {node: i for i, node in enumerate(nodes)}
        largest = 2.0 ** math.floor(math.log2(part["weight"].max()))
        lengths = [float(f"{largest / w:.11e}") for w in part["weight"]]
        ends = [(number[a], number[b]) for a, b in part.select("citing", "cited").iter_rows()]
        graph = igraph.Graph(len(nodes), ends, directed=True)
        found = graph.betweenness(weights=lengths)
        norm = (len(nodes) - 1) * (len(nodes) - 2)
        rows += [(technology, n, b / norm) for n, b in zip(nodes, found, strict=True)]
    return pl.DataFrame(rows, schema=[*KEYS, "betweenness"], orient="row")


def on_peers_nodes(links: pl.DataFrame) -> pl.DataFrame:
    """PageRank and betweenness by netpos over the countries that have a foreign link.

    In the tables of a run a country with families but without links is a node too, which moves
    PageRank and the scale of betweenness.
    """
    parts = []
    for (technology,), part in links.group_by("technology"):
        found = netpos.Links.from_table(part.filter(pl.col("citing") != pl.col("cited")))
        parts.append(
            found.nodes.select(pl.lit(technology).alias("technology"), country="node").with_columns(
                pagerank=netpos.pagerank(found)["value"],
                betweenness=netpos.betweenness(found)["value"],
            )
        )
    return pl.concat(parts)


def check(folder: Path, size: int) -> list[str]:
    """Compare all answers about one input, written to ``folder``.

    Returns
    -------
    list of str
        Sentences with the largest differences.
    """
    peer = pl.read_csv(folder / "peer.csv")
    theirs = links_of_peer(folder / "peer-links.csv")
    keys = ["technology", "citing", "cited"]
    weight = {"weight": "weight"}
    reference = reference_betweenness(theirs)
    said = []

    linked = peer.select(KEYS)
    found = {name: links_of_netpos(folder / f"{name}-links.csv") for name in ("table",)}
    rows = {name: pl.read_csv(folder / f"{name}.csv") for name in ("table", "warm")}
    off = max(
        same(t, peer, KEYS, {c: c for c in STRENGTHS}, f"strengths, {name}")
        for name, t in rows.items()
    )
    for name in ("run", "analyse"):  # not run at every size
        tables = folder / name / "tables"
        if tables.is_dir():
            found[name] = links_of_netpos(tables / "links.csv")
            countries = pl.read_csv(tables / "countries.csv", infer_schema_length=None)
            rest = countries.filter(pl.col("technology") != "all").join(linked, on=KEYS, how="anti")
            if rest.filter((pl.col("given") != 0) | (pl.col("received") != 0)).height:
                raise SystemExit("countries: one with foreign links that the peer does not have")
            countries = countries.join(linked, on=KEYS, how="semi")
            off = max(off, same(countries, peer, KEYS, STRENGTHS, f"strengths, {name}"))
    apart = max(same(t, theirs, keys, weight, f"links, {name}") for name, t in found.items())
    said.append(f"{theirs.height:,} links: {apart:.0e}")
    said.append(f"strengths and balance of {peer.height:,} rows: {off:.0e}")

    ours = on_peers_nodes(found["table"])
    rank, between = {"pagerank": "pagerank"}, {"betweenness": "betweenness"}
    off = max(same(t, peer, KEYS, rank, "PageRank") for t in (ours, *rows.values()))
    said.append(f"PageRank: {off:.0e}")
    off = max(same(t, reference, KEYS, between, "betweenness") for t in (ours, *rows.values()))
    said.append(f"betweenness against igraph: {off:.0e}")

    if (folder / "tuned.csv").exists():
        tuned = pl.read_csv(folder / "tuned.csv")
        their_links = links_of_peer(folder / "tuned-links.csv")
        same(their_links, theirs, keys, weight, "links of the tuned peer")
        columns = {c: c for c in (*STRENGTHS, "pagerank", "closeness")}
        off = same(tuned, peer, KEYS, columns, "tuned peer")
        said.append(f"tuned peer against peer: {off:.0e}")

    joined = peer.join(reference, on=KEYS, suffix="_igraph")
    apart = (joined["betweenness"] - joined["betweenness_igraph"]).abs()
    many = int((apart > TOLERANCE * joined["betweenness_igraph"]).sum())
    said.append(
        f"the peer's own betweenness (networkx, floats) is off in {many} of {joined.height:,} "
        f"rows, by at most {apart.max():.0e}, where shortest paths tie"
    )
    return [f"{size:,} records: " + "; ".join(said) + "."]
