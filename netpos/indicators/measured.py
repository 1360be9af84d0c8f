"""Indicators of one technology and period in every draw, and how precise they are."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from netpos.errors import TableError
from netpos.graph import core as cores
from netpos.graph import dependence, kernels
from netpos.graph.kernels import Floats
from netpos.graph.links import Ints, Mask, Rows
from netpos.indicators import influence
from netpos.indicators.cells import Cells, Sources
from netpos.indicators.exchange import Exchange, Plan, planned
from netpos.indicators.holdings import Ends
from netpos.indicators.influence import Precision
from netpos.indicators.resampling import Bilinear, Held, Network, Sample, Valued, Worth
from netpos.indicators.weighing import Adding, Drawn, Summing
from netpos.progress import track
from netpos.tables import LINK_TABLE, NODE_TABLE, Links

_BLOCS = ("share_eu", "share_oecd_nato", "share_other")
_CONTRASTS = {"eu_less_oecd_nato": (1, 2), "eu_less_other": (1, 3), "oecd_nato_less_other": (2, 3)}
_LEAST_NODES = 3  # fewer have no core
_STACK = 500_000  # numbers in one stack of matrices: what fits near the processor


def _check_named(network: Network, table: pl.DataFrame) -> None:
    """Refuse a table without a row for a country that the links name."""
    named = {network.nodes[k] for end in network.selected(1)[1:] for k in end.tolist()}
    if absent := named - {*table["country"]}:
        names = ", ".join(sorted(absent))
        raise TableError(f"table 'countries' has no row for {names}, which the links name")


def _bare(nodes: list[str]) -> Links:
    """Nodes without links."""
    table = pl.DataFrame({"node": nodes, "families": [None] * len(nodes)}, dict(NODE_TABLE))
    return Links(table, pl.DataFrame(schema=dict(LINK_TABLE)))


@dataclass(frozen=True)
class Measured:
    """Everything of one technology and period, to draw from and to take errors from.

    ``parts`` are the clusters of each unit, see `netpos.indicators.weights.units`.
    """

    parts: csr_array
    network: Network
    own: Held
    located: Held
    value: Valued | None
    table: pl.DataFrame
    classes: tuple[NDArray[np.int64], NDArray[np.int64]]
    method: cores.CoreMethod

    @classmethod
    def of(
        cls,
        table: pl.DataFrame,
        sample: Sample,
        links: Mask,
        sources: Mask,
        families: Mask,
        *,
        year: int,
        memberships: pl.DataFrame | None,
        method: cores.CoreMethod,
        worth: Worth | None,
    ) -> Measured:
        """Sum links and families by unit; see `netpos.indicators.uncertainty.resample`."""
        countries = table["country"].to_list()
        network = Network.of(sample, links, sources, countries)
        _check_named(network, table)
        one = families.astype(np.float64)
        own, located = Held.of(sample, one, countries), Held.located(sample, one)
        worths = None if worth is None else Valued.of(sample, families, countries, worth)
        return cls.summed(
            table,
            sample.parts,
            network,
            own,
            located,
            worths,
            year=year,
            memberships=memberships,
            method=method,
        )

    @classmethod
    def summed(
        cls,
        table: pl.DataFrame,
        parts: csr_array,
        network: Network,
        own: Held,
        located: Held,
        value: Valued | None = None,
        *,
        year: int,
        memberships: pl.DataFrame | None,
        method: cores.CoreMethod,
    ) -> Measured:
        """Take links and families that are summed by unit already.

        Raises
        ------
        TableError
            The links name a country that is not in the table.
        """
        _check_named(network, table)
        nodes = _bare(network.nodes)
        classes = dependence.partner_classes(nodes, year=year, memberships=memberships)
        return cls(parts, network, own, located, value, table, classes, method)

    @property
    def rows(self) -> Ints:
        """Place of each country of the table among the nodes."""
        at = np.searchsorted(self.network.nodes, self.table["country"].to_list())
        return at.astype(np.int64)

    def draw(self, draws: int, seed: int) -> dict[str, Floats]:
        """Compute every indicator in every draw, ``(draws, countries)``."""
        return self.drawing(draws, seed)()

    def drawing(
        self, draws: int, seed: int, pool: Executor | None = None, *, last: bool = False
    ) -> Callable[[], dict[str, Floats]]:
        """Begin `draw` in threads of the pool, and return what waits for the result.

        Without a pool everything is computed when the result is asked for. As the ``last`` that is
        asked for the links are let go: what is drawn from takes as much.
        """
        entries, value = self.network.entries, self.value
        used: list[tuple[Rows, ...]] = [(entries.citing, entries.cited)]
        if value is not None:
            used += [(value.cited.citing, value.cited.cited), (value.alone.unit,)]
        drawn = Drawn.of(self.parts, *used, (self.own.unit,), (self.located.unit,))
        n, places = self.table.height, entries.cells
        both = [entries] if value is None else [entries, value.cited]
        closed, wide, renumbered = self._exchange(), self._wide(), []
        while both:
            renumbered.append(drawn.renumbered(both.pop(0)))
        del entries, used
        if last:
            self._let_go()
        summing = Summing.of(renumbered)
        held = [(self.own, n), (self.located, 1)]
        if value is not None:
            held.append((value.alone, n))
        adding = Adding.of([(drawn.placed(one), rows) for one, rows in held], drawn.units)
        valued = value is not None
        del held, value

        def some(numbers: Ints) -> dict[str, Floats]:
            weights = drawn.weights(numbers, seed)
            sums, shares = summing.totals(weights), adding.totals(weights)
            del weights
            of_links = sums[4 * closed.place + 1] + sums[4 * closed.place + 3]
            found = self._closed(closed, of_links, shares[:n], shares[n : n + 1])
            found |= wide.indicators(sums[4 * wide.place + 2] + sums[4 * wide.place + 3])
            if not valued:
                return found | {"value_share": np.full((numbers.size, n), np.nan)}
            worth = np.ascontiguousarray((sums[places:] + shares[n + 1 :]).T)
            return found | {"value_share": kernels.divide(worth, kernels.total(worth))}

        size = max(closed.place.size, wide.place.size)
        chunks = list(drawn.chunks(draws, size)) or [np.arange(0)]
        several: list[Callable[[], dict[str, Floats]]] = [partial(some, c) for c in chunks]
        if pool is not None:
            several = [pool.submit(one).result for one in several]

        def drawn_all() -> dict[str, Floats]:
            parts = [one() for one in track(several, "draws")]
            return {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}

        return drawn_all

    def _let_go(self) -> None:
        """Forget the links; how many they were is still known."""
        nobody = np.empty(0, dtype=np.int32)
        none = Bilinear(nobody, nobody, nobody, np.empty(0), 0)
        object.__setattr__(self, "network", replace(self.network, entries=none))
        if self.value is not None:
            object.__setattr__(self, "value", replace(self.value, cited=none))

    def _exchange(self) -> Exchanged:
        """Links between countries of the table, and the countries that have any."""
        n = self.table.height
        row = np.full(len(self.network.nodes), -1, dtype=np.int64)
        row[self.rows] = np.arange(n)
        place, *ends = self.network.selected(1)
        citing, cited = (row[end] for end in ends)
        return Exchanged.of(place, Cells.of(citing, cited, n), self.method)

    def _wide(self) -> _Wide:
        """Links to all sources."""
        place, citing, cited = self.network.selected(2)
        cells = Cells.of(citing, cited, len(self.network.nodes))
        return _Wide(place, Sources.of(cells, *self.classes), self.rows)

    def _closed(
        self, closed: Exchanged, values: Floats, families: Floats, located: Floats
    ) -> dict[str, Floats]:
        received = np.ascontiguousarray((closed.cells.received @ values).T)
        given = np.ascontiguousarray((closed.cells.given @ values).T)
        rank = kernels.competition_rank(received)
        held = np.ascontiguousarray(families.T)
        counted = kernels.significant(held)
        countries = self.table["country"].to_list()
        core, distance = closed.core(values, counted, countries, self.method)
        return {
            "balance_ratio": kernels.ratio_of(received, given),
            "family_share": kernels.divide(held, located.T),
            "received_share": kernels.divide(received, kernels.total(received)),
            "near_core_share": kernels.near_core(core, distance, counted),
            "top10_share": (rank <= 10).astype(np.float64),
        }

    def precision(self) -> tuple[dict[str, Precision], Floats]:
        """Compute the precision by indicator, and by how much the entropy of sources is too low."""
        n, m, parts = self.table.height, len(self.network.nodes), self.parts
        place = np.full(m, -1, dtype=np.int32)  # of each link: they are many
        place[self.rows] = np.arange(n)
        entries, *ends = self.network.countries(1)
        citing, cited = (place[end] for end in ends)
        found = {"family_share": influence.part_of_families(self.own, self.located, parts, n)}
        both = Ends.of(entries, parts)
        found["received_share"] = influence.part_of_links(entries, cited, parts, n, ends=both)
        found["balance_ratio"] = influence.balance(entries, citing, cited, parts, n, both)
        del entries, ends, citing, cited, both
        wide, citing_all, cited_all = self.network.countries(2)
        of_partner, bloc = self.classes
        scores = {
            name: np.broadcast_to(bloc == k, (m, m)).astype(np.float64)
            for k, name in enumerate(_BLOCS, 1)
        }
        for name, (one, other) in _CONTRASTS.items():
            scores[name] = scores[_BLOCS[one - 1]] - scores[_BLOCS[other - 1]]
        scores["similarity"] = np.broadcast_to(of_partner, (m, m)).astype(np.float64)
        sources, lost = influence.sources(wide, citing_all, cited_all, parts, scores)
        found |= {name: Precision(*(x[self.rows] for x in p)) for name, p in sources.items()}
        if self.value is not None:
            value = self.value
            found["value_share"] = influence.part_of_links(
                value.cited, value.cited.cell, parts, n, value.alone
            )
        return found, lost[self.rows]

    def citations(self) -> dict[str, Floats]:
        """Compute the citations behind each indicator that rests on them."""
        received, given = (x[self.rows] for x in self.network.citations(1))
        used = self.network.citations(2)[1][self.rows]
        found = {"received_share": received, "balance_ratio": received + given}
        found |= dict.fromkeys((*_BLOCS, *_CONTRASTS, "similarity", "source_effective"), used)
        if self.value is not None:
            found["value_share"] = self.value.counts
        return found


@dataclass(frozen=True)
class Exchanged:
    """Places of links between the countries of the table, and the countries that have any."""

    place: Ints
    cells: Cells
    active: Ints

    @classmethod
    def of(cls, place: Ints, cells: Cells, method: cores.CoreMethod) -> Exchanged:
        """Find the countries that have links; all of them where the core is of all."""
        n = cells.given.shape[0]
        active = np.unique(np.concatenate([cells.citing, cells.cited]))
        if active.size < _LEAST_NODES or method != "rich":
            active = np.arange(n)
        return cls(place, cells, active)

    def core(
        self, values: Floats, held: Floats, countries: list[str], method: cores.CoreMethod
    ) -> tuple[Mask, Floats]:
        """Compute the core, and the distance to it up to a factor of each draw: ``(draws, n)``.

        The distance is that of countries with `kernels.LEAST_FAMILIES` or more in any of the
        draws (``held``: families, ``(draws, n)``), the only ones that can be called near.
        """
        n, draws = len(countries), values.shape[1]
        core, far = np.zeros((draws, n), dtype=bool), np.full((draws, n), np.nan)
        weights = self.exchange.weights(values)
        enough = np.asarray((held[:, self.active] >= kernels.LEAST_FAMILIES).any(axis=0))
        if method == "rich":
            inside = self.exchange.core(weights)
        else:
            names = [countries[k] for k in self.active.tolist()]
            inside = np.ascontiguousarray(self._members(values, names, method).T)
        key = enough.tobytes()
        plan = self._plans.get(key)
        if plan is None:
            plan = planned(self.exchange.first, self.exchange.second, self.active.size, enough)
            self._plans[key] = plan
        distance = self.exchange.distance(weights, inside, plan)
        distance[:, ~inside.any(axis=0)] = np.nan
        core[:, self.active], far[:, self.active] = inside.T, distance.T
        return core, far

    @cached_property
    def _plans(self) -> dict[bytes, Plan]:
        """Plans of `planned` by the countries asked for, mostly the same in all draws."""
        return {}

    @cached_property
    def _placed(self) -> Cells:
        """Links between the countries that have any, by the place of these."""
        at = np.zeros(self.cells.given.shape[0], dtype=np.int64)
        at[self.active] = np.arange(self.active.size)
        return Cells.of(at[self.cells.citing], at[self.cells.cited], self.active.size)

    @cached_property
    def exchange(self) -> Exchange:
        """Pairs of these countries that exchange citations."""
        return Exchange.of(self._placed, self.active.size)

    def _members(self, values: Floats, names: list[str], method: cores.CoreMethod) -> Mask:
        """Find the core in another way, from matrices: ``(draws, countries)``."""
        cells, m, draws = self._placed, len(names), values.shape[1]
        inside = np.zeros((draws, m), dtype=bool)
        some = max(1, _STACK // max(1, m * m))
        for k in range(0, draws, some):
            part = slice(k, k + some)
            F = np.zeros((values[:, part].shape[1], m, m))
            F[:, cells.citing, cells.cited] = values[:, part].T
            inside[part] = core_members(F, names, method)
        return inside


@dataclass(frozen=True)
class _Wide:
    """Places of links to all sources, and the countries asked for among the nodes."""

    place: Ints
    sources: Sources
    rows: Ints

    def indicators(self, values: Floats) -> dict[str, Floats]:
        """Compute what rests on sources, ``(draws, countries)``."""
        of = self.sources
        given = of.cells.given @ values
        blocs = of.class_shares(values, given, 1)
        found = {name: blocs[..., k] for k, name in enumerate(_BLOCS)}
        found["similarity"] = kernels.similarity_score(of.class_shares(values, given, 0))
        found["source_effective"] = of.effective(values, given)
        return {name: np.ascontiguousarray(one[self.rows].T) for name, one in found.items()}


def core_members(F: Floats, nodes: list[str], method: cores.CoreMethod = "rich") -> Mask:
    """Compute the members of the core in a stack of matrices, ``(draws, n)``; see
    `netpos.graph.core.core`.
    """
    if method == "rich":
        return kernels.rich_core(F)
    found = np.zeros(F.shape[:-1], dtype=bool)
    bare = _bare(nodes)
    for d, one in enumerate(F):
        citing, cited = np.nonzero(one)
        table = pl.DataFrame(
            {
                "citing": bare.nodes["node"].gather(citing),
                "cited": bare.nodes["node"].gather(cited),
                "weight": one[citing, cited],
                "citations": pl.Series([None] * citing.size, dtype=pl.Int64),
            }
        )
        members = cores.core(Links(bare.nodes, table), method)["core"]
        found[d] = members.fill_null(value=False).to_numpy()
    return found
