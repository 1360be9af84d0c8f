r"""How far each indicator would move with other families: a cluster bootstrap.

Families of one organisation are no independent observations, so whole organisations are drawn. In
each draw :math:`d` every cluster :math:`k` gets a weight :math:`w_{kd}`, Poisson with mean 1, that
multiplies the outgoing links and the own count of its families:

.. math:: W_{ij}^{(d)} = \sum_k w_{kd} \sum_{(f, g):\, f \in k} a_i(f)\, a_j(g), \qquad
          N_i^{(d)} = \sum_k w_{kd} \sum_{f \in k} a_i(f)

Core, distances, shares and ranks are computed anew in every draw. The interval is that from the
2.5th to the 97.5th percentile of the draws. It tells how stable a number is against the presence
of single organisations; it knows nothing of citations that the export lacks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from netpos.errors import OptionError, TableError
from netpos.graph import core as cores
from netpos.graph import dependence, kernels
from netpos.graph.kernels import Floats
from netpos.graph.links import Citations, Ints, Mask, Shares, Spread, gathered
from netpos.progress import track
from netpos.tables import LINK_TABLE, NODE_TABLE, Links, require, rounded

#: Columns of the table of countries that are drawn again.
RESAMPLED = (
    "balance_ratio",
    "core_distance",
    "family_rank",
    "family_share",
    "received_rank",
    "received_share",
    "share_eu",
    "share_oecd_nato",
    "share_other",
    "similarity",
    "source_countries",
    "source_effective",
)
#: Those whose interval stands in the table of countries, in this order.
WITH_BOUNDS = (
    "received_rank",
    "family_rank",
    "balance_ratio",
    "core_distance",
    "source_effective",
    "similarity",
    "family_share",
)
#: Shares of the draws in which a statement holds.
HELD = ("near_core_share", "top10_share")
_STATED = {"near_core_share": "near_core", "top10_share": "received_rank"}
_RANKS = ("family_rank", "received_rank")

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_POISSON = np.exp(-1.0) * np.cumsum(1.0 / np.cumprod([1, *range(1, 13)]))
_STEPS = np.floor(_POISSON[:12] * 2.0**32).astype(np.uint32)
_CELLS = 500_000  # numbers in one stack of matrices: what fits near the processor


# --- weights ------------------------------------------------------------------------------------


def _mix(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble 64 bits: the output function of SplitMix64."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def splitmix(start: NDArray[np.uint64], counter: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Number ``counter`` (from 0) of the SplitMix64 sequences with these starting values.

    References
    ----------
    Steele, Lea and Flood 2014.

    Examples
    --------
    >>> splitmix(np.array([1234567], np.uint64), np.arange(2, dtype=np.uint64)).tolist()
    [6457827717110365317, 3203168211198807973]
    """
    return _mix(start + (counter + np.uint64(1)) * _GOLDEN)


def poisson_weights(positions: Ints, draws: Ints, seed: int = 0) -> NDArray[np.uint8]:
    """Weights of clusters, Poisson distributed with mean 1.

    A weight depends on the seed, the position of the cluster and the number of the draw alone:
    not on which others are asked for, nor on their order. Each cluster has a SplitMix64 sequence
    that starts from the number at its position in the sequence of the seed; the upper 32 bits are
    turned into a weight by the inverse of the distribution function (0 to 12).

    Parameters
    ----------
    positions
        Positions of clusters, from 0.
    draws
        Numbers of draws, from 0.
    seed
        0 to 2^64 - 1.

    Returns
    -------
    ``(positions, draws)``.

    Raises
    ------
    OptionError
        The seed is negative or too large.

    Examples
    --------
    >>> poisson_weights(np.array([0, 1, 2]), np.arange(6), seed=0).tolist()
    [[1, 1, 1, 1, 2, 0], [0, 0, 2, 0, 1, 1], [3, 2, 1, 1, 0, 2]]
    """
    if not 0 <= seed < 2**64:
        raise OptionError(f"--seed {seed}: out of range", remedy="use a whole number from 0")
    start = splitmix(np.array(seed, dtype=np.uint64), positions.astype(np.uint64))
    number = splitmix(start[:, None], draws.astype(np.uint64))
    upper = (number >> np.uint64(32)).astype(np.uint32)
    weights = np.zeros(upper.shape, dtype=np.uint8)
    for step in _STEPS:
        weights += upper >= step
    return weights


def clusters(organisations: Shares) -> Ints:
    """Cluster of each family: its first organisation by name, or the family itself.

    Parameters
    ----------
    organisations
        Organisations of each row, as `netpos.graph.links.Shares`. The order in which applicants
        were filed is not kept in a corpus; first is the lowest name in code-point order.

    Returns
    -------
    Position of each row's cluster among the sorted keys: organisations that are first somewhere,
    by name; then families without an organisation (and documents outside the corpus), by number.

    Examples
    --------
    >>> table = pl.DataFrame({"family": [0, 0, 2], "organisation": ["B", "A", "B"],
    ...     "share": [0.5, 0.5, 1.0]})
    >>> clusters(Shares.of(table, "organisation", 4)).tolist()
    [0, 2, 1, 3]
    """
    matrix = organisations.matrix.sorted_indices()
    rows, names = matrix.shape
    key = np.arange(rows, dtype=np.int64) + names
    held = np.diff(matrix.indptr) > 0
    key[held] = matrix.indices[matrix.indptr[:-1][held]]
    position: Ints = np.unique(key, return_inverse=True)[1].astype(np.int64)
    return position


# --- resampling ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sample:
    """What is drawn again: pairs, their spread over countries, shares, the cluster of each row."""

    pairs: Citations
    spread: Spread
    shares: Shares
    cluster: Ints

    @classmethod
    def of(cls, pairs: Citations, spread: Spread, shares: Shares, organisations: Shares) -> Sample:
        """Take the parts of a corpus; ``spread`` belongs to ``pairs`` and ``shares``."""
        return cls(pairs, spread, shares, clusters(organisations))


@dataclass(frozen=True)
class _Network:
    """Weights of foreign links by cluster: ``matrix[cell, cluster]``, with the ends of cells."""

    nodes: list[str]
    citing: Ints
    cited: Ints
    matrix: csr_array

    @classmethod
    def of(cls, sample: Sample, chosen: Mask, countries: list[str]) -> _Network:
        spread = sample.spread
        abroad = spread.ends[0] != spread.ends[1]
        keep = np.flatnonzero(
            gathered(chosen, spread.pair) & gathered(np.asarray(abroad), spread.cell)
        )
        cell = spread.cell[keep]
        at, row = np.unique(cell, return_inverse=True)
        column = sample.cluster[sample.pairs.citing[spread.pair[keep]]]
        ends = [spread.ends[0][at], spread.ends[1][at]]
        names = {spread.names[k] for k in np.unique(np.concatenate(ends)).tolist()}
        nodes = sorted({*countries, *names})
        place = {name: k for k, name in enumerate(nodes)}
        number = np.array([place.get(name, -1) for name in spread.names], dtype=np.int64)
        shape = (at.size, int(sample.cluster.max(initial=-1)) + 1)
        matrix = csr_array((spread.weight[keep], (row, column)), shape=shape)
        return cls(nodes, number[ends[0]], number[ends[1]], matrix)

    def stack(self, weights: Floats, columns: Ints) -> Floats:
        """Matrices of foreign links, ``(draws, n, n)``, for weights of these clusters."""
        n = len(self.nodes)
        found = np.zeros((weights.shape[1], n, n))
        found[:, self.citing, self.cited] = (_columns(self.matrix, columns) @ weights).T
        return found


def _columns(matrix: csr_array, columns: Ints) -> csr_array:
    """Keep sorted columns that cover all entries, without copying the values."""
    at = np.searchsorted(columns, matrix.indices)
    return csr_array((matrix.data, at, matrix.indptr), shape=(matrix.shape[0], columns.size))


def intervals(
    table: pl.DataFrame,
    sample: Sample,
    links: Mask,
    sources: Mask,
    families: Mask,
    *,
    year: int,
    memberships: pl.DataFrame | None = None,
    method: cores.CoreMethod = "rich",
    draws: int = 1000,
    seed: int = 0,
) -> pl.DataFrame:
    """Stability intervals of the indicators of one technology and period.

    Parameters
    ----------
    table
        Rows of `netpos.indicators.position.country_table` with ``technology`` and ``period``.
    sample
        The corpus, see `Sample`.
    links, sources
        Pairs counted in the table's links (scope ``closed``) and in those for the questions of
        dependence (scope ``citing``), see `netpos.graph.links.select`.
    families
        Rows counted as families of the technology and period.
    year, memberships, method
        As given to the table.
    draws
        Number of draws; with 0 the bounds are null.
    seed
        Of the weights, see `poisson_weights`.

    Returns
    -------
    ``technology, period, country, indicator, value, low, high``, sorted by country and indicator:
    every column of `RESAMPLED` with the table's value and its 95 % interval [unit of the
    indicator], and the shares of draws `HELD`: ``near_core_share``, in which the country belongs
    to the core or the nearest outside it, and ``top10_share``, in which its ``received_rank`` is
    10 or better (no bounds). A draw in which an indicator is undefined is left out; where the
    value itself is null, so are the bounds.

    Raises
    ------
    OptionError
        ``draws`` or ``seed`` is negative.
    TableError
        The table lacks a column, holds several technologies or periods, or has a country twice.

    References
    ----------
    docs/methods.md; Efron and Tibshirani 1993; Field and Welsh 2007 (clusters);
    Hanley and MacGibbon 2006 (Poisson weights).
    """
    if draws < 0:
        raise OptionError(f"--draws {draws}: out of range", remedy="use 0 or more, such as 1000")
    countries = _checked(table)
    closed = _Network.of(sample, links, countries)
    if closed.nodes != countries:
        absent = ", ".join(sorted(set(closed.nodes) - set(countries)))
        raise TableError(f"table 'countries' has no row for {absent}, which the links name")
    wide = _Network.of(sample, sources, countries)
    own = _own(sample, families, countries)  # located families in the last row
    used = np.unique(np.concatenate([m.indices for m in (closed.matrix, wide.matrix, own)]))
    classes = dependence.partner_classes(_bare(wide.nodes), year=year, memberships=memberships)
    parts = []
    several = list(_chunks(draws, len(wide.nodes)))
    for numbers in track(several, "draws"):
        weights = poisson_weights(used, numbers, seed).astype(np.float64)
        counts = np.ascontiguousarray((_columns(own, used) @ weights).T)
        F = closed.stack(weights, used)
        parts.append(
            _closed(F, counts, closed.nodes, method)
            | _sources(wide.stack(weights, used), classes, wide.nodes, countries)
        )
    found = {k: np.concatenate([p[k] for p in parts]) for k in parts[0]}
    return _long(table, found)


def _checked(table: pl.DataFrame) -> list[str]:
    needed = dict.fromkeys(("technology", "period", "country"), pl.String)
    require(table, needed, name="countries")
    for column in (*RESAMPLED, *_STATED.values()):
        if column not in table.columns:
            require(table, {column: pl.Float64}, name="countries")
    if table.select("technology", "period").n_unique() > 1:
        raise TableError("table 'countries' holds several technologies or periods; give one")
    countries = table["country"]
    if countries.is_duplicated().any() or not countries.is_sorted():
        raise TableError("table 'countries' is not sorted by country, each once")
    return countries.to_list()


def _own(sample: Sample, families: Mask, countries: list[str]) -> csr_array:
    """Families of each country by cluster, and in a last row those of any: ``(.., clusters)``."""
    rows = np.flatnonzero(families)
    held = sample.shares.matrix[rows].tocoo()
    place = {name: k for k, name in enumerate(countries)}
    number = np.array([place.get(name, -1) for name in sample.shares.names], dtype=np.int64)
    at, cluster = number[held.col], sample.cluster[rows[held.row]]
    if (at < 0).any():
        raise TableError("table 'countries' has no row for a country that has families")
    located = rows[sample.shares.located[rows]]
    row = np.concatenate([at, np.full(located.size, len(countries))])
    column = np.concatenate([cluster, sample.cluster[located]])
    shape = (len(countries) + 1, int(sample.cluster.max(initial=-1)) + 1)
    return csr_array(
        (np.concatenate([held.data, np.ones(located.size)]), (row, column)), shape=shape
    )


def _bare(nodes: list[str]) -> Links:
    """Nodes without links."""
    table = pl.DataFrame({"node": nodes, "families": [None] * len(nodes)}, dict(NODE_TABLE))
    return Links(table, pl.DataFrame(schema=dict(LINK_TABLE)))


def _chunks(draws: int, nodes: int) -> Iterator[Ints]:
    size = max(1, min(250, _CELLS // max(1, nodes * nodes)))
    yield from (np.arange(k, min(k + size, draws)) for k in range(0, max(draws, 1), size))


def _closed(
    F: Floats, own: Floats, nodes: list[str], method: cores.CoreMethod
) -> dict[str, Floats]:
    families, located = own[:, :-1], own[:, -1:]
    received, given = kernels.received(F), kernels.given(F)
    rank = kernels.competition_rank(received)
    core = core_members(F, nodes, method)
    distance = kernels.resistance(F, core)
    distance[~core.any(axis=-1)] = np.nan
    return {
        "balance_ratio": kernels.ratio_of(received, given),
        "core_distance": distance,
        "family_rank": kernels.competition_rank(families),
        "family_share": kernels.divide(families, located),
        "received_rank": rank,
        "received_share": kernels.divide(received, kernels.total(received)),
        "near_core_share": kernels.near_core(core, distance, kernels.significant(families)),
        "top10_share": (rank <= 10).astype(np.float64),
    }


def core_members(F: Floats, nodes: list[str], method: cores.CoreMethod = "rich") -> Mask:
    """Members of the core in a stack of matrices, ``(draws, n)``; see `netpos.graph.core.core`."""
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


def _sources(
    F: Floats,
    classes: tuple[NDArray[np.int64], NDArray[np.int64]],
    nodes: list[str],
    countries: list[str],
) -> dict[str, Floats]:
    diversity = kernels.source_diversity(F)
    of_partner, own = classes
    blocs = kernels.class_shares(F, own)
    score = kernels.similarity_score(kernels.class_shares(F, of_partner))
    rows = np.searchsorted(nodes, countries)
    return {
        "share_eu": blocs[:, rows, 0],
        "share_oecd_nato": blocs[:, rows, 1],
        "share_other": blocs[:, rows, 2],
        "similarity": score[:, rows],
        "source_countries": diversity.countries[:, rows],
        "source_effective": diversity.effective[:, rows],
    }


# --- from draws to a table ----------------------------------------------------------------------


def percentile(values: Floats, per_mille: int) -> Floats:
    """Percentile of each column by the inverted distribution function, NaN left out.

    The smallest value such that at least ``per_mille`` / 1000 of the values are no larger; NaN for
    a column without values.

    Examples
    --------
    >>> percentile(np.array([[3.0], [1.0], [np.nan], [2.0], [4.0]]), 500).tolist()
    [2.0]
    """
    ordered = np.sort(values, axis=0)  # NaN last
    number = np.isfinite(values).sum(axis=0)
    at = np.maximum(-(-number * per_mille // 1000) - 1, 0)
    found: Floats = np.take_along_axis(ordered, at[None], axis=0)[0]
    return found


def _long(table: pl.DataFrame, found: dict[str, Floats]) -> pl.DataFrame:
    head = table.select("technology", "period", "country")
    parts = []
    for name in (*RESAMPLED, *HELD):
        values = found[name]
        empty = np.full(table.height, np.nan)
        if name in HELD:
            defined = np.isfinite(values).sum(axis=0)
            share = kernels.divide(np.nansum(values, axis=0), defined)
            stated = table[_STATED[name]].is_not_null().to_numpy()
            value, low, high = pl.Series(np.where(stated, share, np.nan)), empty, empty
        else:
            value = table[name].cast(pl.Float64)
            bounds = (percentile(values, 25), percentile(values, 975)) if len(values) else None
            low, high = bounds or (empty, empty)
        parts.append(
            head.with_columns(
                indicator=pl.lit(name),
                value=value.alias("value"),
                low=pl.Series(low, dtype=pl.Float64),
                high=pl.Series(high, dtype=pl.Float64),
            )
        )
    known = pl.col("value").is_not_null()
    long = rounded(pl.concat(parts)).with_columns(
        pl.when(known).then(pl.col(c)).alias(c) for c in ("low", "high")
    )
    return long.sort("country", "indicator")


def add_intervals(table: pl.DataFrame, intervals: pl.DataFrame) -> pl.DataFrame:
    """Put ``<column>_low`` and ``<column>_high`` behind the columns of the table of countries.

    Parameters
    ----------
    table
        ``technology, period, country`` and others; any number of technologies and periods.
    intervals
        What `intervals` returned for them, put together.

    Returns
    -------
    The table in its own row order with two columns for each of `WITH_BOUNDS`, Int64 for ranks;
    null where there is no interval.
    """
    keys = ["technology", "period", "country"]
    require(intervals, {"indicator": pl.String, "low": pl.Float64}, name="intervals")
    for name in WITH_BOUNDS:
        dtype = pl.Int64 if name in _RANKS else pl.Float64
        bounds = intervals.filter(pl.col("indicator") == name).select(
            *keys, pl.col("low", "high").cast(dtype).name.prefix(f"{name}_")
        )
        table = table.join(bounds, on=keys, how="left", maintain_order="left")
    return table
