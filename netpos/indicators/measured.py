"""Indicators of one technology and period in every draw, and how precise they are."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.errors import TableError
from netpos.graph import core as cores
from netpos.graph import dependence, kernels
from netpos.graph.kernels import Floats
from netpos.graph.links import Ints, Mask
from netpos.indicators import influence
from netpos.indicators.influence import Precision
from netpos.indicators.resampling import Drawn, Held, Network, Sample, Valued, Worth
from netpos.progress import track
from netpos.tables import LINK_TABLE, NODE_TABLE, Links

_BLOCS = ("share_eu", "share_oecd_nato", "share_other")


def _bare(nodes: list[str]) -> Links:
    """Nodes without links."""
    table = pl.DataFrame({"node": nodes, "families": [None] * len(nodes)}, dict(NODE_TABLE))
    return Links(table, pl.DataFrame(schema=dict(LINK_TABLE)))


@dataclass(frozen=True)
class Measured:
    """Everything of one technology and period, to draw from and to take errors from."""

    sample: Sample
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
        named = {network.nodes[k] for end in network.countries(1)[1:] for k in end.tolist()}
        if absent := named - {*countries}:
            names = ", ".join(sorted(absent))
            raise TableError(f"table 'countries' has no row for {names}, which the links name")
        one = families.astype(np.float64)
        return cls(
            sample,
            network,
            Held.of(sample, one, countries),
            Held.located(sample, one),
            None if worth is None else Valued.of(sample, families, countries, worth),
            table,
            dependence.partner_classes(_bare(network.nodes), year=year, memberships=memberships),
            method,
        )

    @property
    def rows(self) -> Ints:
        """Place of each country of the table among the nodes."""
        at = np.searchsorted(self.network.nodes, self.table["country"].to_list())
        return at.astype(np.int64)

    def draw(self, draws: int, seed: int, threads: int) -> dict[str, Floats]:
        """Compute every indicator in every draw, ``(draws, countries)``."""
        used = [self.network.entries.citing, self.network.entries.cited]
        used += [self.own.unit, self.located.unit]
        if self.value is not None:
            used += [self.value.cited.citing, self.value.cited.cited, self.value.alone.unit]
        drawn, n, rows = Drawn.of(self.sample, *used), self.table.height, self.rows
        network, own = self.network.placed(drawn), self.own.placed(drawn)
        one = self.located.placed(drawn)
        worth = None if self.value is None else self.value.placed(drawn)

        def some(numbers: Ints) -> dict[str, Floats]:
            weights = drawn.weights(numbers, seed)
            links, wide = network.stack(weights)
            families = np.ascontiguousarray(own.totals(weights, n).T)
            located = one.totals(weights, 1).T
            found = self._closed(links[:, rows][:, :, rows], families, located)
            found |= _from_sources(wide, self.classes, rows)
            if worth is None:
                return found | {"value_share": np.full((numbers.size, n), np.nan)}
            value = np.ascontiguousarray(worth.totals(weights).T)
            return found | {"value_share": kernels.divide(value, kernels.total(value))}

        chunks = list(drawn.chunks(draws, len(self.network.nodes))) or [np.arange(0)]
        if threads > 1:
            with ThreadPoolExecutor(threads) as pool:
                several = [pool.submit(some, chunk) for chunk in chunks]
                parts = [one.result() for one in track(several, "draws")]
        else:
            parts = [some(chunk) for chunk in track(chunks, "draws")]
        return {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}

    def _closed(self, F: Floats, families: Floats, located: Floats) -> dict[str, Floats]:
        received, given = kernels.received(F), kernels.given(F)
        rank = kernels.competition_rank(received)
        core = core_members(F, self.table["country"].to_list(), self.method)
        distance = kernels.resistance(F, core)
        distance[~core.any(axis=-1)] = np.nan
        return {
            "balance_ratio": kernels.ratio_of(received, given),
            "family_share": kernels.divide(families, located),
            "received_share": kernels.divide(received, kernels.total(received)),
            "near_core_share": kernels.near_core(core, distance, kernels.significant(families)),
            "top10_share": (rank <= 10).astype(np.float64),
        }

    def precision(self) -> tuple[dict[str, Precision], Floats]:
        """Compute the precision by indicator, and by how much the entropy of sources is too low."""
        n, m, parts = self.table.height, len(self.network.nodes), self.sample.parts
        place = np.full(m, -1, dtype=np.int64)
        place[self.rows] = np.arange(n)
        entries, *ends = self.network.countries(1)
        citing, cited = (place[end] for end in ends)
        found = {
            "family_share": influence.part_of_families(self.own, self.located, parts, n),
            "received_share": influence.part_of_links(entries, cited, parts, n),
            "balance_ratio": influence.balance(entries, citing, cited, parts, n),
        }
        entries, citing, cited = self.network.countries(2)
        of_partner, bloc = self.classes
        scores = {
            name: np.broadcast_to(bloc == k, (m, m)).astype(np.float64)
            for k, name in enumerate(_BLOCS, 1)
        }
        scores["similarity"] = np.broadcast_to(of_partner, (m, m)).astype(np.float64)
        sources, lost = influence.sources(entries, citing, cited, parts, scores)
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
        found |= dict.fromkeys((*_BLOCS, "similarity", "source_effective"), used)
        if self.value is not None:
            found["value_share"] = self.value.counts
        return found


def _from_sources(
    F: Floats, classes: tuple[NDArray[np.int64], NDArray[np.int64]], rows: Ints
) -> dict[str, Floats]:
    of_partner, own = classes
    blocs = kernels.class_shares(F, own)
    score = kernels.similarity_score(kernels.class_shares(F, of_partner))
    found = {name: blocs[:, rows, k] for k, name in enumerate(_BLOCS)}
    found["similarity"] = score[:, rows]
    found["source_effective"] = kernels.source_diversity(F).effective[:, rows]
    return found


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
