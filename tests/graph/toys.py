"""Named test networks, random networks, and matrices for laws."""

from __future__ import annotations

import igraph
import networkx as nx
import numpy as np
import polars as pl
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

from netpos.tables import LINK_TABLE, NODE_TABLE, Links

Matrix = NDArray[np.float64]


def names(n: int) -> list[str]:
    """Sorted labels: AA, AB, ... so that node k is row k of the matrix."""
    return [chr(65 + k // 26) + chr(65 + k % 26) for k in range(n)]


def links_of(
    matrix: ArrayLike, labels: list[str] | None = None, families: list[float] | None = None
) -> Links:
    """Links from a matrix W[citing, cited]; nodes without links stay."""
    w = np.asarray(matrix, dtype=float)
    labels = names(len(w)) if labels is None else labels
    i, j = np.nonzero(w) if len(w) else (np.zeros(0, int), np.zeros(0, int))
    ends = {"citing": [labels[k] for k in i], "cited": [labels[k] for k in j]}
    numbers = {"weight": w[i, j] if len(w) else [], "citations": [None] * len(i)}
    nodes = pl.DataFrame({"node": labels, "families": families or [None] * len(w)}, NODE_TABLE)
    table = pl.DataFrame(ends | numbers, LINK_TABLE)
    return Links(nodes.sort("node"), table.sort("citing", "cited"))


def to_networkx(links: Links) -> nx.DiGraph:
    """Foreign links for networkx, from the matrix; strength `weight`, length `distance`."""
    w = links.matrix()
    graph = nx.DiGraph()
    graph.add_nodes_from(links.countries)
    for i, j in zip(*np.nonzero(w), strict=True):
        if i != j:
            ends = links.countries[i], links.countries[j]
            graph.add_edge(*ends, weight=float(w[i, j]), distance=1 / float(w[i, j]))
    return graph


def to_igraph(links: Links) -> igraph.Graph:
    """Foreign links for igraph, from the matrix."""
    w = links.matrix()
    edges = [(int(i), int(j)) for i, j in zip(*np.nonzero(w), strict=True) if i != j]
    graph = igraph.Graph(n=len(w), edges=edges, directed=True)
    graph.vs["name"] = links.countries
    graph.es["weight"] = [float(w[i, j]) for i, j in edges]
    return graph


def by_name(table: pl.DataFrame, column: str = "value") -> dict[str, float | None]:
    return dict(zip(table[table.columns[0]], table[column], strict=True))


def shuffled(links: Links, seed: int = 3) -> Links:
    """The same links with their rows in another order."""
    table = links.table.sample(fraction=1.0, shuffle=True, seed=seed)
    return Links(links.nodes, table, kind=links.kind)


#: The toy of docs/methods.md: rows cite columns, order NL, DE, US, CN.
TOY_ORDER = ["NL", "DE", "US", "CN"]
TOY_MATRIX = np.array([[4, 3, 6, 1], [2, 20, 12, 3], [5, 10, 90, 9], [1, 4, 20, 60]], dtype=float)
TOY_FAMILIES = [5.0, 20.0, 60.0, 50.0]
TOY = links_of(TOY_MATRIX, TOY_ORDER, TOY_FAMILIES)


def toy_values(table: pl.DataFrame, column: str = "value") -> list[float | None]:
    """Values in the order NL, DE, US, CN."""
    found = by_name(table, column)
    return [found[country] for country in TOY_ORDER]


def _two_blocs() -> Links:
    w = np.zeros((7, 7))
    w[:3, :3] = 3.0
    w[3:, 3:] = 2.0
    w[0, 1], w[4, 5] = 5.0, 7.0
    return links_of(w, families=[10.0, 20, 30, 40, 50, 0, 12])


def _star() -> Links:
    w = np.zeros((6, 6))
    w[1:, 0] = 1.0
    return links_of(w, families=[10.0] * 6)


#: Two blocs that do not cite each other; a hub that all cite; one country without links; nothing.
TWO_BLOCS = _two_blocs()
STAR = _star()
ONE_ISOLATE = links_of(
    [[0, 2, 0, 1], [1, 0, 0, 4], [0, 0, 0, 0], [3, 1, 0, 9]], families=[4, 8, 15, 16]
)
EMPTY = links_of(np.zeros((0, 0)))
SINGLE = links_of([[7.0]], families=[3.0])
PAIR = links_of([[0, 3], [1, 0]], families=[2.0, 4.0])
ONE_WAY = links_of([[0, 3], [0, 0]], families=[2.0, 4.0])
NO_LINKS = links_of(np.zeros((4, 4)), families=[1.0, 2.0, 3.0, 4.0])


def random_matrix(seed: int) -> Matrix:
    """Seeded matrix of 2 to 14 nodes, from sparse and disconnected to complete, no two alike.

    Weights are continuous, so that no two paths have the same length; some nodes are made to cite
    nobody (dangling), some to have no links at all.
    """
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 15))
    w = rng.lognormal(0, 1.2, (n, n)) * (rng.random((n, n)) < rng.choice([0.1, 0.25, 0.6, 1.0]))
    w[rng.random(n) < 0.15] = 0.0
    alone = rng.random(n) < 0.1
    w[alone], w[:, alone] = 0.0, 0.0
    return w


#: 200 networks: those above, and seeded ones.
HARD = [
    TOY,
    TWO_BLOCS,
    STAR,
    ONE_ISOLATE,
    EMPTY,
    SINGLE,
    PAIR,
    ONE_WAY,
    NO_LINKS,
    links_of(TWO_BLOCS.matrix().T),
    links_of(STAR.matrix().T),
    links_of(STAR.matrix() + STAR.matrix().T),
]
RANDOM = HARD + [links_of(random_matrix(seed)) for seed in range(200 - len(HARD))]


@st.composite
def matrices(
    draw: st.DrawFn, min_size: int = 1, max_size: int = 7, *, integers: bool = False
) -> Matrix:
    """Weights with many zeros and ties; the diagonal holds domestic links."""
    n = draw(st.integers(min_size, max_size))
    weight = (
        st.integers(1, 9).map(float)
        if integers
        else st.sampled_from([0.25, 1 / 3, 0.5, 1.0, 2.0, 3.0, 7.5, 40.0])
    )
    cell = st.one_of(st.just(0.0), weight)
    rows = draw(st.lists(st.lists(cell, min_size=n, max_size=n), min_size=n, max_size=n))
    return np.array(rows).reshape(n, n)


def permuted(matrix: Matrix, seed: int) -> tuple[Matrix, NDArray[np.int64]]:
    """The same network with its nodes in another order, and that order."""
    order = np.random.default_rng(seed).permutation(len(matrix))
    return matrix[np.ix_(order, order)], order


def values(table: pl.DataFrame, column: str = "value") -> Matrix:
    """A column as floats, NaN for null."""
    return table[column].cast(pl.Float64).fill_null(float("nan")).to_numpy()
