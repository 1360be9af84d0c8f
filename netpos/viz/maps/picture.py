"""What a map shows, before it is drawn: nodes with their groups and positions, links in order."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos import countries
from netpos.errors import TableError
from netpos.graph.backbone import backbone
from netpos.graph.core import core as core_of
from netpos.graph.core import core_distance, near_core
from netpos.graph.strength import given, received
from netpos.tables import Links
from netpos.viz.maps import layout

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: The most a page holds; above it the nodes with the most exchange and the strongest links.
MOST_NODES, MOST_LINKS = 500, 10_000

#: Communities told apart by colour; the smaller ones share one.
COMMUNITIES = 8

#: Values of `Picture.core`.
OUTSIDE, NEAR, CORE = 0, 1, 2


@dataclass(frozen=True)
class Edges:
    """Foreign links between the nodes of a picture, the main ones first, then by strength.

    ``total`` and ``weight_total`` count all foreign links of the network, whether kept or not.
    """

    citing: Ints
    cited: Ints
    weight: Floats
    citations: list[int | None]
    main: int
    total: int
    weight_total: float


@dataclass(frozen=True)
class Picture:
    """Nodes in code-point order of their id, aligned lists, and the links between them.

    ``bloc``: 0 EU, 1 OECD or NATO, 2 other, -1 not known. ``core``: 2 core, 1 near it, 0 outside.
    ``community``: 0 = the one with most exchange, -1 = no links. ``focal``: marked nodes.
    ``seed``: of the force layout. Layouts take longest, and are made when they are asked for.
    """

    kind: str
    ids: list[str]
    names: dict[str, list[str]]
    country: list[str | None]
    bloc: list[int]
    core: list[int]
    community: list[int]
    community_heads: list[list[int]]
    has_core: bool
    distance: Floats
    focal: list[int]
    focal_names: dict[str, str]
    families: list[float | None]
    received: list[float]
    nodes_total: int
    edges: Edges
    seed: int = 0

    @cached_property
    def radial(self) -> layout.Placed:
        """Places by distance to the core, or by how much is exchanged where there is none."""
        exchange = exchanged(self.edges, len(self.ids))
        far = self.distance if self.has_core else layout.nearer_by(exchange.sum(axis=1))
        return layout.radial(far, self._sector, exchange)

    @cached_property
    def force(self) -> layout.Placed:
        """Places by who exchanges with whom."""
        edges, main = self.edges, slice(0, self.edges.main)
        strength = exchanged(edges, len(self.ids)).sum(axis=1)
        ends = edges.citing[main], edges.cited[main]
        return layout.force(*ends, edges.weight[main], strength, len(self.ids), self.seed)

    @cached_property
    def centre(self) -> layout.Placed | None:
        """Places with the marked node in the middle, where there is one that has links."""
        if len(self.focal) != 1:
            return None
        return layout.around(self.focal[0], self._sector, exchanged(self.edges, len(self.ids)))

    @property
    def _sector(self) -> Ints:
        return np.array([b if b >= 0 else 2 for b in self.bloc], dtype=np.int64)


def exchanged(edges: Edges, nodes: int) -> Floats:
    """Return what each two nodes exchange, both directions together: nodes × nodes."""
    found = np.zeros((nodes, nodes))
    found[edges.citing, edges.cited] = edges.weight
    return found + found.T


def picture(
    links: Links,
    *,
    focal: str = "NL",
    core: Collection[str] | None = None,
    indicators: pl.DataFrame | None = None,
    year: int | None = None,
    seed: int = 0,
) -> Picture:
    """Work out everything that a map of these links shows.

    Parameters
    ----------
    links
        Of the whole span: positions are computed on it.
    focal
        Country to mark; in a network of organisations those of that country, or one by name.
    core
        Codes of the core; None: from ``indicators``, else computed.
    indicators
        Rows of the whole span, for ``core``, ``near_core`` and ``core_distance``.
    year
        Of the memberships; None: the latest that the table of memberships knows.
    seed
        Of the force layout.
    """
    kept = _slice(links, focal)
    ids = kept.countries
    country = _countries(kept)
    edges = foreign_edges(kept, links)
    exchange = exchanged(edges, len(ids))
    strength = exchange.sum(axis=1)
    bloc = _blocs(country, year)
    level, distance = _core(kept, links, core, indicators)
    community, heads = _communities(exchange, strength)
    marked = [i for i, node in enumerate(ids) if focal in (node, country[i])]
    if focal in ids:
        marked = [ids.index(focal)]
    return Picture(
        kind=kept.kind,
        ids=ids,
        names=_names(ids, kept.kind),
        country=country,
        bloc=bloc,
        core=[OUTSIDE] * len(ids) if level is None else level,
        community=community,
        community_heads=heads,
        has_core=level is not None,
        distance=distance,
        focal=marked,
        focal_names={lang: countries.name(focal, lang) for lang in ("en", "nl")},
        families=kept.nodes["families"].to_list(),
        received=_of_nodes(received(links), ids),
        nodes_total=links.nodes.height,
        edges=edges,
        seed=seed,
    )


def positions(
    links: Links,
    *,
    focal: str = "NL",
    indicators: pl.DataFrame | None = None,
    year: int | None = None,
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """Return where the map of these links draws each of its nodes at first, y down; see `picture`.

    Examples
    --------
    >>> links = Links.from_table(pl.DataFrame({"citing": ["NL"], "cited": ["DE"], "weight": [3.0]}))
    >>> sorted(positions(links))
    ['DE', 'NL']
    """
    shown = picture(links, focal=focal, indicators=indicators, year=year, seed=seed)
    places = zip(shown.radial.x, shown.radial.y, strict=True)
    return {node: (float(x), float(y)) for node, (x, y) in zip(shown.ids, places, strict=True)}


def foreign_edges(kept: Links, whole: Links, most: int = MOST_LINKS) -> Edges:
    """Order the links between the kept nodes, domestic ones left out, the main ones first.

    Parameters
    ----------
    kept
        The nodes that a page holds and the links between them.
    whole
        The network they come from, for the totals.
    most
        How many links at most.
    """
    foreign = pl.col("citing") != pl.col("cited")
    table = backbone(kept, strongest=min(400, max(40, 2 * kept.nodes.height)))
    position = pl.Enum(kept.nodes["node"])
    citing, cited = (
        table[end].cast(position).to_physical().to_numpy().astype(np.int64)
        for end in ("citing", "cited")
    )
    weight = table["weight"].to_numpy()
    main = table["drawn"].to_numpy()
    order = np.lexsort((cited, citing, -weight, ~main))[:most]
    every = whole.table.filter(foreign)["weight"].sort()
    return Edges(
        citing=citing[order],
        cited=cited[order],
        weight=weight[order],
        citations=table["citations"].gather(order).to_list(),
        main=int(min(main.sum(), len(order))),
        total=every.len(),
        weight_total=float(every.sum()),
    )


def ordered(links: Links) -> Links:
    """Sort nodes and links, so that nothing depends on the order of rows."""
    one, next_one = links.table[:-1], links.table[1:]
    rising = (one["citing"] < next_one["citing"]) | (
        (one["citing"] == next_one["citing"]) & (one["cited"] <= next_one["cited"])
    )
    if links.nodes["node"].is_sorted() and rising.all():
        return links  # as netpos makes them: millions of rows are not sorted again
    return Links(
        links.nodes.sort("node"),
        links.table.sort("citing", "cited"),
        links.kind,
        links.technology,
        links.period,
        links.counting,
        links.scope,
    )


def restrict(links: Links, ids: list[str], name: str) -> Links:
    """Return the links of a period among the nodes of a picture, in its order, isolates added.

    Raises
    ------
    TableError
        The period has a node that the whole span lacks.
    """
    known = set(ids)
    nodes = pl.DataFrame({"node": ids}, {"node": pl.String})
    nodes = nodes.join(links.nodes, on="node", how="left", maintain_order="left")
    both = pl.col("citing").is_in(known) & pl.col("cited").is_in(known)
    return Links(nodes, links.table.filter(both), links.kind, links.technology, name)


def check_period(links: Links, whole: Links, name: str) -> None:
    """Raise where a period names a node that the whole span does not."""
    strange = sorted(set(links.countries) - set(whole.countries))
    if strange:
        message = f"period '{name}': node '{strange[0]}' is not among those of the whole span"
        raise TableError(message)


def _of_nodes(values: pl.DataFrame, ids: list[str]) -> list[float]:
    table = dict(values.iter_rows())
    return [float(table.get(node) or 0.0) for node in ids]


def _slice(links: Links, focal: str) -> Links:
    """Keep the nodes with the most exchange where there are too many, the focal one among them."""
    if links.nodes.height <= MOST_NODES:
        return links
    volume = received(links)["value"].to_numpy() + given(links)["value"].to_numpy()
    ids = links.countries
    order = np.lexsort((np.arange(len(ids)), -volume)).tolist()
    if focal in ids:
        order.remove(ids.index(focal))
        order.insert(0, ids.index(focal))
    chosen = sorted(order[:MOST_NODES])
    kept = [ids[i] for i in chosen]
    both = pl.col("citing").is_in(kept) & pl.col("cited").is_in(kept)
    return Links(
        links.nodes[chosen], links.table.filter(both), links.kind, links.technology, links.period
    )


def _countries(links: Links) -> list[str | None]:
    if links.kind == "country":
        return list(links.countries)
    if "country" in links.nodes.columns:
        return links.nodes["country"].cast(pl.String).to_list()
    return [None] * links.nodes.height


def _names(ids: list[str], kind: str) -> dict[str, list[str]]:
    if kind != "country":
        return {"en": ids, "nl": ids}
    return {lang: [countries.name(code, lang) for code in ids] for lang in ("en", "nl")}


def _blocs(codes: list[str | None], year: int | None) -> list[int]:
    known = sorted({code for code in codes if code})
    if year is None:
        table = countries.memberships().select("eu_from", "oecd_from", "nato_from")
        year = max(int(v) for v in table.max().row(0) if v is not None)
    rows: Mapping[str, int] = {
        code: 0 if eu else 1 if oecd_nato else 2
        for code, eu, oecd_nato in countries.blocs(known, year).iter_rows()
    }
    return [rows.get(code, -1) if code else -1 for code in codes]


def _core(
    kept: Links, links: Links, core: Collection[str] | None, indicators: pl.DataFrame | None
) -> tuple[list[int] | None, Floats]:
    """Level and distance per node; levels are None where the network has no core to speak of."""
    unknown = np.full(kept.nodes.height, np.nan)
    if links.kind != "country":
        return None, unknown
    if core is None and indicators is not None and "core" in indicators.columns:
        core = sorted(indicators.filter(pl.col("core"))["country"])
    if core is None:
        core = sorted(core_of(links).filter(pl.col("core"))["country"])
    if not core:
        return None, unknown
    if indicators is not None and "core_distance" in indicators.columns:
        far = indicators.select("country", "core_distance")
    else:
        far = core_distance(links, sorted(core))
    if indicators is not None and "near_core" in indicators.columns:
        near = indicators.select("country", "near_core")
    else:
        near = near_core(links, sorted(core))
    distances, nearby = dict(far.iter_rows()), dict(near.iter_rows())
    members = set(core)
    distance = np.array(
        [0.0 if node in members else _number(distances.get(node)) for node in kept.countries]
    )
    level = [
        CORE if node in members else NEAR if nearby.get(node) else OUTSIDE
        for node in kept.countries
    ]
    return level, distance


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _communities(exchange: Floats, strength: Floats) -> tuple[list[int], list[list[int]]]:
    """Return groups that exchange more among themselves than their sizes predict (greedy
    modularity).

    Numbered by exchange; the heads are the three with most exchange of each. Nodes without links
    are in none; communities past the last colour share the last number.
    """
    import igraph

    low, high = np.nonzero(np.triu(exchange))
    found = [-1] * len(strength)
    if not len(low):
        return found, []
    scale = exchange.max()
    graph = igraph.Graph(n=len(strength), edges=np.column_stack([low, high]).tolist())
    weights = (exchange[low, high] / scale).tolist()
    groups = [
        sorted(group, key=lambda i: (-strength[i], i))
        for group in graph.community_fastgreedy(weights=weights).as_clustering()
        if len(group) > 1
    ]
    groups.sort(key=lambda group: (-round(float(strength[sorted(group)].sum()), 9), group[0]))
    for number, group in enumerate(groups):
        for i in group:
            found[i] = min(number, COMMUNITIES)
    return found, [group[:3] for group in groups[:COMMUNITIES]]
