"""The focal country without the one organisation on which a number rests most.

For each indicator every organisation that takes part in it is left out in turn: with all families
in which it takes part and all their links, citing and cited. What each takes away is summed once
from matrices of organisations and countries; the study is not made again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from netpos.analysis.study import Study
from netpos.analysis.ways import bloc_classes
from netpos.graph import kernels
from netpos.graph.kernels import Floats
from netpos.graph.links import Ints, Mask, Rows, gathered, select
from netpos.indicators import focal
from netpos.indicators.cells import Cells
from netpos.indicators.robustness import STATED, said
from netpos.progress import track
from netpos.tables import rounded

#: Organisations that are always left out for the core, those with the largest part first: each
#: needs its own distances. Whoever comes behind them takes part in a few links of a hundred.
CORE_TRIED = 100
#: Cubes of the number of countries that are spent on more: all of 4,000 organisations with 40
#: countries, of 200 with 110.
CORE_WORK = 300_000_000
#: Matrices of links made at a time, in numbers.
_AT_ONCE = 4_000_000
#: What remains of a sum when all of it is taken away, relative to the sum.
_RESIDUE = 1e-10


def without_one(study: Study, worth: Floats | None = None) -> pl.DataFrame:
    """Leave out, for each indicator, the organisation whose absence changes it most.

    Of the organisations without which the statement about the indicator would not hold (see
    `netpos.indicators.robustness`), else of all, the one is taken without which the value moves
    furthest; ties by the part that it carries, then by name. Those that hold families of the focal
    country are tried, and for what rests on citations also those at the other end of its links.

    Parameters
    ----------
    study
        The run; its base case, period ``all``.
    worth
        Value of each row; None: not known.

    Returns
    -------
    ``technology, indicator, organisation, organisation_share, abroad, value, rank``, one row per
    technology and statement: ``organisation_share`` is the part of the focal country's families,
    value or links behind the indicator in which the organisation takes part, ``abroad`` whether it
    holds none of the country's families and stands at the other end of its links, ``value`` and
    ``rank`` those without it. ``organisation`` is null, and the share 0, where there is none.

    References
    ----------
    Method notes (`netpos.docs_path`).
    """
    if worth is not None:
        worth = np.nan_to_num(worth, nan=0.0)
    names = track(study.names, "without one organisation")
    rows = [row for name in names for row in _Left(study, name, worth).rows()]
    schema = {
        "technology": pl.String,
        "indicator": pl.String,
        "organisation": pl.String,
        "organisation_share": pl.Float64,
        "abroad": pl.Boolean,
        "value": pl.Float64,
        "rank": pl.Float64,
    }
    table = pl.DataFrame(rows, schema=schema, orient="row")
    return rounded(table.with_columns(pl.col("value", "rank").fill_nan(None))).with_columns(
        pl.col("rank").cast(pl.Int64)
    )


@dataclass(frozen=True)
class _Entries:
    """Foreign links of a selection, entry by entry, and who takes part in the pair of each.

    ``of_pair`` numbers the pairs among those chosen; ``parties[pair, organisation]`` is 1 where
    the organisation takes part at either end.
    """

    of_pair: Rows
    citing: Rows
    cited: Rows
    weight: Floats
    parties: csr_array
    n: int

    @classmethod
    def of(cls, study: Study, chosen: Mask) -> _Entries:
        spread = study.spread
        abroad = np.asarray(spread.ends[0] != spread.ends[1])
        keep = np.flatnonzero(gathered(chosen, spread.pair) & gathered(abroad, spread.cell))
        pair = spread.pair[keep]  # in order
        first = np.diff(pair, prepend=-1) != 0
        pairs, of_pair = pair[first], np.cumsum(first, dtype=np.int32) - 1
        del pair, first
        held = _held(study)
        parties = held[study.pairs.citing[pairs]] + held[study.pairs.cited[pairs]]
        parties.data = np.ones_like(parties.data)
        cell = spread.cell[keep]
        citing, cited = (end[cell].astype(np.int32) for end in spread.ends)
        n = len(spread.names)
        return cls(of_pair, citing, cited, spread.weight[keep], csr_array(parties), n)

    def tried(self, mine: int, *, given_only: bool = False) -> Ints:
        """Return organisations that take part in a link of this country."""
        own = self.citing == mine
        if not given_only:
            own |= self.cited == mine
        return np.unique(self.parties[np.unique(self.of_pair[own])].indices).astype(np.int64)

    def by_column(self, column: Rows, keep: Mask | slice, width: int) -> csr_array:
        """Return weights of the entries kept as a matrix of pairs × columns."""
        shape = (self.parties.shape[0], width)
        return csr_array((self.weight[keep], (self.of_pair[keep], column[keep])), shape=shape)

    def taken(self, firms: Ints, column: Rows, keep: Mask | slice, width: int) -> csr_array:
        """Tell what goes of each column with each of these organisations."""
        return csr_array(self.parties[:, firms].T.tocsr() @ self.by_column(column, keep, width))

    def linked(self, nodes: Ints) -> tuple[Cells, Ints]:
        """Return the pairs of these countries that have links, and the pair of each entry."""
        place = np.zeros(self.n, dtype=np.int64)
        place[nodes] = np.arange(nodes.size)
        code = place[self.citing] * nodes.size + place[self.cited]
        pairs, of_entry = np.unique(code, return_inverse=True)
        return Cells.of(pairs // nodes.size, pairs % nodes.size, nodes.size), of_entry

    def left(self, firms: Ints, column: Ints, width: int) -> Iterator[tuple[Ints, Floats]]:
        """Return sums by column without each of the organisations."""
        whole = _sums(column, self.weight, width)
        step = max(1, _AT_ONCE // max(width, 1))
        for start in range(0, firms.size, step):
            part = firms[start : start + step]
            gone = self.taken(part, column, slice(None), width).toarray()
            yield np.arange(start, start + part.size), _less(whole[None], gone)

    def stacks(self, firms: Ints, nodes: Ints) -> Iterator[tuple[Ints, Floats]]:
        """Return matrices of links between these countries without each of the organisations."""
        place = np.full(self.n, -1, dtype=np.int64)
        place[nodes] = np.arange(nodes.size)
        cell = place[self.citing] * nodes.size + place[self.cited]
        for k, sums in self.left(firms, cell, nodes.size**2):
            yield k, sums.reshape(k.size, nodes.size, nodes.size)


def _sums(column: Rows, weight: Floats, width: int) -> Floats:
    """Sum the weights by column."""
    found: Floats = np.bincount(column, weights=weight, minlength=width).astype(np.float64)
    return found


def _less(whole: Floats, gone: Floats) -> Floats:
    """Subtract, with nothing left where all of it is taken."""
    left = whole - gone
    return np.where(left <= _RESIDUE * whole, 0.0, left)


def _held(study: Study) -> csr_array:
    """Rows × organisations: 1 where one takes part; a last column, in which nobody does."""
    m = study.organisations.matrix
    shape = (m.shape[0], m.shape[1] + 1)
    return csr_array((np.ones(m.data.size, dtype=np.int8), m.indices, m.indptr), shape=shape)


class _Left:
    """One technology with each organisation left out."""

    def __init__(self, study: Study, technology: str, worth: Floats | None) -> None:
        self.study, self.technology = study, technology
        names = study.shares.names
        self.span = (study.options.first, study.options.last)
        self.inside = np.flatnonzero(study.chosen(technology, self.span))
        self.mine = names.index(study.options.focal) if study.options.focal in names else -1
        self.worth = worth
        self._known: dict[tuple[str, bytes], focal.Measured] = {}

    # --- what there is ---------------------------------------------------------------------

    @cached_property
    def closed(self) -> _Entries:
        """Links as the run counts them."""
        return _Entries.of(self.study, self._counted())

    def _counted(self) -> Mask:
        return self.study.links_mask(self.technology, self.span)

    @cached_property
    def sources(self) -> _Entries:
        """Links to documents cited anywhere."""
        return _Entries.of(self.study, self._made())

    def _made(self) -> Mask:
        study = self.study
        ends = study.ends[self.technology]
        chosen = select(study.pairs, ends, study.years, self.span, scope="citing")
        if study.options.self_citations == "drop":
            chosen &= ~study.pairs.self_citation
        return chosen

    @cached_property
    def held(self) -> csr_array:
        """Organisations × families of the technology: 1 where one takes part."""
        return csr_array(_held(self.study)[self.inside].T.tocsr())

    @cached_property
    def shares(self) -> csr_array:
        """Shares of the countries in these families."""
        return self.study.shares.matrix[self.inside]

    @cached_property
    def own(self) -> Ints:
        """Organisations that hold families of the focal country."""
        here = self.shares[:, [self.mine]].toarray().ravel() > 0
        return np.flatnonzero(self.held @ here.astype(np.float64) > 0).astype(np.int64)

    def sizes(self, firms: Ints) -> tuple[Floats, Floats, Floats]:
        """Return families and value by country, and families located, without each organisation."""
        held = self.held[firms]
        every = np.ones(self.inside.size)
        located = self.study.shares.located[self.inside].astype(np.float64)
        families = _less(self.shares.T @ every, (held @ self.shares).toarray())
        worth = np.zeros((firms.size, len(self.study.shares.names)))
        if self.worth is not None:
            each = self.shares.multiply(self.worth[self.inside][:, None]).tocsr()
            worth = _less(each.T @ every, (held @ each).toarray())
        return families, worth, located.sum() - held @ located

    @cached_property
    def nodes(self) -> Ints:
        """Countries with families or links, and the focal one."""
        there = self.shares.T @ np.ones(self.inside.size) > 0
        there[[self.mine]] = True
        spread = self.study.spread
        for chosen in (self._counted(), self._made()):
            cells = spread.summed(chosen)[0]
            ends = np.array([end[cells] for end in spread.ends])
            there[ends[:, ends[0] != ends[1]]] = True
        return np.flatnonzero(there).astype(np.int64)

    @property
    def names(self) -> list[str]:
        """Codes of the countries."""
        return [self.study.shares.names[k] for k in self.nodes]

    @cached_property
    def classes(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Class of each country for each, and of each."""
        return bloc_classes(self.study, self.names)

    # --- each organisation -------------------------------------------------------------------

    def of_sizes(self, firms: Ints) -> focal.Values:
        """Return shares of families and value without each organisation."""
        families, worth, located = self.sizes(firms)
        known = worth if self.worth is not None else None
        return focal.of_sizes(families, located, known, self.mine)

    def of_strength(self, firms: Ints) -> focal.Values:
        """Return balance and share of citations received without each organisation."""
        links, at = self.closed, self.mine
        received, given = (
            _less(
                _sums(end, links.weight, links.n)[None],
                links.taken(firms, end, slice(None), links.n).toarray(),
            )
            for end in (links.cited, links.citing)
        )
        share = kernels.divide(received, kernels.total(received))
        return {
            "balance_ratio": focal.ranked("balance_ratio", kernels.ratio_of(received, given), at),
            "received_share": focal.ranked("received_share", share, at),
        }

    def of_links(self, firms: Ints) -> focal.Values:
        """Return whether the country is near the core without each organisation."""
        at = int(np.searchsorted(self.nodes, self.mine))
        families = self.sizes(firms)[0][:, self.nodes]
        cells, of_entry = self.closed.linked(self.nodes)
        method, pairs = self.study.options.core, cells.citing.size
        found = [
            focal.of_core(cells, left.T, families[k], self.names, at, method)
            for k, left in self.closed.left(firms, of_entry, pairs)
        ]
        return _together(found)

    def of_sources(self, firms: Ints) -> focal.Values:
        """Return sources without each organisation, from the row of the focal country alone.

        So there is no rank among countries; see `ranks_of_sources`.
        """
        links = self.sources
        made = links.citing == self.mine
        whole = _sums(links.cited[made], links.weight[made], links.n)
        row = _less(whole[None], links.taken(firms, links.cited, made, links.n).toarray())
        at = int(np.searchsorted(self.nodes, self.mine))
        of_partner, own = self.classes
        return focal.of_sources(row[:, None, self.nodes], (of_partner[[at]], own), 0)

    def ranks_of_sources(self, firms: Ints) -> focal.Values:
        """Do as `of_sources`, with ranks among countries, from whole matrices."""
        at = int(np.searchsorted(self.nodes, self.mine))
        found = [
            focal.of_sources(F, self.classes, at) for _, F in self.sources.stacks(firms, self.nodes)
        ]
        return _together(found)

    # --- the one that matters most -----------------------------------------------------------

    def rows(self) -> Iterator[tuple[object, ...]]:
        """Return one row per statement; links are let go before those to all sources are held."""
        found = {name: self._chosen(name) for name in STATED if name not in _OF_SOURCES}
        self.__dict__.pop("closed", None)
        found |= {name: self._chosen(name) for name in STATED if name in _OF_SOURCES}
        for indicator in STATED:
            yield self.technology, indicator, *found[indicator]

    def _chosen(self, indicator: str) -> tuple[object, ...]:
        nobody = (None, 0.0, None, None, None)
        if self.mine < 0:
            return nobody
        base = self._values(indicator, np.array([len(self.study.organisations.names)]))
        firms = self._tried(indicator)
        if np.isnan(base.value[0]) or not firms.size:
            return nobody
        part = self._parts(indicator, firms)
        tried = max(CORE_TRIED, CORE_WORK // max(self.nodes.size, 1) ** 3)
        if indicator == "near_core" and firms.size > tried:
            order = np.lexsort((firms, -kernels.significant(part)))[:tried]
            firms, part = firms[np.sort(order)], part[np.sort(order)]
        found = self._values(indicator, firms)
        own = said(indicator, base.value, base.rank, base.value)[0]
        other = said(indicator, found.value, found.rank, np.full(firms.size, base.value[0]))
        flips = other != own  # NaN, no value, is another statement as well
        moved = np.abs(found.value - base.value[0])
        keys = (
            np.array([self.study.organisations.names[k] for k in firms]),
            -kernels.significant(part),
            -kernels.significant(np.where(np.isnan(moved), np.inf, moved)),
            ~flips,
        )
        best = int(np.lexsort(keys)[0])
        if part[best] <= 0:
            return nobody
        firm = firms[[best]]
        value, rank = found.value[best], found.rank[best]
        if indicator in ("similarity", "source_effective"):
            rank = self.ranks_of_sources(firm)[indicator].rank[0]
        name = self.study.organisations.names[int(firm[0])]
        return name, part[best], int(firm[0]) not in self.own, value, rank

    def _tried(self, indicator: str) -> Ints:
        if indicator in ("family_share", "value_share"):
            return self.own
        if indicator in _OF_SOURCES:
            return np.union1d(self.own, self.sources.tried(self.mine, given_only=True))
        return np.union1d(self.own, self.closed.tried(self.mine))

    def _values(self, indicator: str, firms: Ints) -> focal.Measured:
        key = indicator, firms.tobytes()
        if key not in self._known:
            make = (
                self.of_sizes
                if indicator in ("family_share", "value_share")
                else self.of_sources
                if indicator in _OF_SOURCES
                else self.of_links
                if indicator == "near_core"
                else self.of_strength
            )
            self._known |= {(name, key[1]): found for name, found in make(firms).items()}
        return self._known[key]

    def _parts(self, indicator: str, firms: Ints) -> Floats:
        """Part of what the indicator rests on in which each organisation takes part."""
        mine = self.mine
        if indicator in ("family_share", "value_share"):
            weight = self.shares[:, [mine]].toarray().ravel()
            if indicator == "value_share" and self.worth is not None:
                weight = weight * self.worth[self.inside]
            return np.nan_to_num(kernels.divide(self.held[firms] @ weight, weight.sum()))
        links = self.sources if indicator in _OF_SOURCES else self.closed
        keep = links.citing == mine
        if indicator == "received_share":
            keep = links.cited == mine
        elif indicator not in _OF_SOURCES:
            keep |= links.cited == mine
        gone = links.taken(firms, np.zeros_like(links.citing), keep, 1).toarray()[:, 0]
        return np.nan_to_num(kernels.divide(gone, links.weight[keep].sum()))


_OF_SOURCES = ("similarity", "source_effective", *focal.GROUPS)


def _together(parts: Sequence[focal.Values]) -> focal.Values:
    """Chunks of draws one after the other."""
    return {
        name: focal.Measured(*(np.concatenate([p[name][k] for p in parts]) for k in (0, 1)))
        for name in parts[0]
    }
