"""Whether the position of the focal country survives other ways of counting.

A run makes choices. Here each is changed alone and every two together, and the focal country's
value and rank are told for each, and who comes first. `netpos.indicators.robustness` tells which
statements about it hold throughout. The choices other than those varied are the ones of the run.
"""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor
from hashlib import blake2b

import numpy as np
import polars as pl

from netpos.analysis.study import Study
from netpos.analysis.ways import (
    COLUMNS,
    Chosen,
    Held,
    Specification,
    Variants,
    chosen_by,
    entries_of,
    held_by,
    specifications,
)
from netpos.graph import compiled, kernels
from netpos.graph.entries import stored
from netpos.graph.kernels import Floats
from netpos.graph.links import Ints, Mask, Rows, Spread
from netpos.indicators import focal
from netpos.options import Options
from netpos.progress import track
from netpos.tables import rounded

#: Who comes first in the world, by families, citations received and value.
LEADERS = ("leader_families", "leader_received", "leader_value")
#: Indicators of the table: of the focal country, and who leads.
INDICATORS = (
    *("balance_ratio", "core_distance", "family_share", "near_core", "received_share"),
    *("similarity", "source_effective", "value_share"),
    *focal.GROUPS,
    *LEADERS,
)
#: What a corpus around one country cannot tell, see `netpos.analysis.results`.
_WORLD = ("core_distance", "family_share", "near_core", "received_share", "value_share", *LEADERS)
_Found = dict[str, tuple[float, float, str | None]]
_Sizes = tuple[Floats, Floats, Floats | None, focal.Values]


# --- the focal country under one specification --------------------------------------------------


class _Country:
    """What is said of the focal country; what a choice does not change is reckoned once."""

    def __init__(self, shared: Variants, options: Options, pool: Executor | None = None) -> None:
        self.shared, self.options, self.pool = shared, options, pool
        self._sizes: dict[tuple[object, ...], _Sizes] = {}
        self._sources: dict[tuple[object, ...], focal.Values] = {}
        self._linked: dict[bytes, focal.Values] = {}

    def of(self, spec: Specification) -> dict[str, _Found]:
        """Value, rank and leader of each indicator by technology, period ``all``; NaN:
        undefined.
        """
        held, unit = self.shared.held(spec), self.shared.unit(spec)  # others held go first
        counted = unit.selected(self.shared.counted(spec))
        if self.shared.study.drops_self_citations():
            counted = counted & ~unit.pairs.self_citation
        names = self.shared.study.names
        if self.pool is None:
            return {t: self._found(spec, t, held, counted) for t in names}
        self.shared.begin(spec)
        # the last is the union of all, and takes as long as the others together
        begun = {t: self.pool.submit(self._found, spec, t, held, counted) for t in names[::-1]}
        return {t: begun[t].result() for t in names}

    def _found(self, spec: Specification, technology: str, held: Held, counted: Mask) -> _Found:
        chosen = self.shared.chosen(spec, technology)
        key = (technology, *held_by(spec), *chosen_by(spec))
        if key not in self._sizes:
            self._sizes[key] = self._size(held, chosen)
        families, located, value, sizes = self._sizes[key]
        if spec.scope == "cited":
            pairs = self.shared.cited(spec, technology)
        else:
            pairs = chosen.closed if spec.scope == "closed" else chosen.citing
        at = held.shares.names.index(self.options.focal)
        nodes, F = _matrix(held, pairs, counted, families, at)
        names = [held.shares.names[k] for k in nodes.tolist()]
        linked = self._links(F, families[nodes], names)
        first = {
            "leader_families": (families[None], held.shares.names),
            "leader_received": (kernels.received(F), names),
        }
        if value is not None:
            first["leader_value"] = (value, held.shares.names)
        same = (technology, *spec._replace(scope=""))
        if same not in self._sources:
            nodes, F = _matrix(held, chosen.citing, counted, families, at)
            classes = held.classes[0][np.ix_(nodes, nodes)], held.classes[1][nodes]
            place = int(np.searchsorted(nodes, at))
            self._sources[same] = focal.of_sources(F, classes, place)
        found = {**sizes, **linked, **self._sources[same]}
        out: _Found = {k: (float(v.value[0]), float(v.rank[0]), None) for k, v in found.items()}
        out |= dict.fromkeys(LEADERS, (np.nan, np.nan, None))
        for name, (stack, codes) in first.items():
            who, amount = focal.leader(stack)
            total = located[0] if name == "leader_families" else float(np.nansum(stack))
            part = float(kernels.divide(amount, total)[0])
            out[name] = (part, np.nan, codes[int(who[0])] if who[0] >= 0 else None)
        if self.options.design == "focal":
            unknown = (np.nan, np.nan, None)
            out = {k: unknown if k in _WORLD else (v, np.nan, None) for k, (v, _, _) in out.items()}
        return out

    def _links(self, F: Floats, families: Floats, names: list[str]) -> focal.Values:
        """Compute what rests on links, once where choices change nothing of a technology."""
        key = blake2b(F.tobytes() + families.tobytes() + " ".join(names).encode()).digest()
        if key not in self._linked:
            at = names.index(self.options.focal)
            made = focal.of_links(F, families[None], names, at, self.options.core)
            self._linked[key] = made
        return self._linked[key]

    def _size(self, held: Held, chosen: Chosen) -> _Sizes:
        """Families of each country, those located, value of each country, and the focal one's."""
        shares = held.shares
        matrix = shares.matrix[chosen.units].T
        families = matrix @ np.ones(chosen.units.size)
        located = np.array([float(shares.located[chosen.units].sum())])
        value = None if chosen.worth is None else (matrix @ chosen.worth)[None]
        at = shares.names.index(self.options.focal)
        return families, located, value, focal.of_sizes(families[None], located, value, at)


def _matrix(
    held: Held, pairs: Rows, counted: Mask, families: Floats, focal: int
) -> tuple[Ints, Floats]:
    """Countries with families or links, and the focal one; foreign links among them."""
    spread = held.spread
    weight = _weights(spread, held.before, pairs, counted)
    at = np.flatnonzero(weight > 0)
    citing, cited = spread.ends[0][at], spread.ends[1][at]
    there = families > 0
    there[np.concatenate([citing, cited, [focal]]).astype(np.int64)] = True
    nodes = np.flatnonzero(there)
    F = np.zeros((1, nodes.size, nodes.size))
    F[0, np.searchsorted(nodes, citing), np.searchsorted(nodes, cited)] = weight[at]
    F[0, np.arange(nodes.size), np.arange(nodes.size)] = 0.0
    return nodes, F


def _weights(spread: Spread, before: Rows, pairs: Rows, counted: Mask) -> Floats:
    """Sum the entries of those of the pairs that are counted, by cell."""
    cells = spread.ends[0].size
    held, levels = stored(spread.weight)
    found = compiled.sum_pairs(pairs, counted, before, spread.cell, held, cells, levels)
    if found is None:
        keep = entries_of(before, pairs[counted.take(pairs)])
        cell, weight = spread.cell.take(keep), spread.weight[keep]
        found = np.bincount(cell, weight, minlength=cells).astype(np.float64, copy=False)
    return found


# --- tables -------------------------------------------------------------------------------------


def sensitivity(study: Study, worth: Floats | None = None) -> pl.DataFrame:
    """Value and rank of the focal country under every specification, and who leads.

    Parameters
    ----------
    study
        The run; see `netpos.analysis.ways.specifications` for what is varied.
    worth
        Value of each row, NaN or 0 where it has none; None: not known.

    Returns
    -------
    ``technology, indicator, counting, by, family, scope, window, phase, citing_office, symbols,
    utility_models, classes, value, rank, leader, base``: one row per technology, indicator of
    `INDICATORS` and specification, the base case first; period ``all``. ``window`` is null without
    one; rank 1 is the largest, for ``core_distance`` and ``similarity`` the smallest, for the
    parts of groups of countries the place among the three; ``near_core`` is 1 or 0 without rank.
    Rows of `LEADERS` give the first country as ``leader`` (null where several are) and its share.
    Null where undefined. What is said of sources always looks at scope ``citing``, so a change of
    scope leaves it as it is.

    References
    ----------
    Method notes (`netpos.docs_path`).
    """
    if worth is not None:
        worth = np.nan_to_num(worth, nan=0.0)
    rows = []
    wanted = list(enumerate(specifications(study.options)))
    # pairs of extended families come last: until then they are not held
    ordered = sorted(
        wanted, key=lambda each: (each[1].family != "simple", held_by(each[1]), chosen_by(each[1]))
    )
    # technologies side by side where each takes long
    threads = pl.thread_pool_size() if study.is_large else 1
    pool = ThreadPoolExecutor(threads) if threads > 1 else None
    country = _Country(Variants(study, worth), study.options, pool)
    try:
        for number, spec in track(ordered, "other ways of counting"):
            for technology, found in country.of(spec).items():
                rows += [
                    (technology, name, *spec, *found[name], number == 0, number)
                    for name in INDICATORS
                ]
    finally:
        if pool is not None:
            pool.shutdown(cancel_futures=True)
    columns: dict[str, pl.DataType | type[pl.DataType]] = {
        "technology": pl.String,
        "indicator": pl.String,
        **dict.fromkeys(COLUMNS, pl.String),
        "value": pl.Float64,
        "rank": pl.Float64,
        "leader": pl.String,
        "base": pl.Boolean,
        "number": pl.Int64,
    }
    columns["window"] = pl.Int64
    table = pl.DataFrame(rows, schema=columns, orient="row")
    order = {name: k for k, name in enumerate(study.names)}
    at = pl.col("technology").replace_strict(order, return_dtype=pl.Int64)
    return (
        rounded(table)
        .with_columns(pl.col("rank").cast(pl.Int64))
        .sort(at, "indicator", "number")
        .drop("number")
    )


def worth_of(study: Study, family_values: pl.DataFrame) -> Floats | None:
    """Value of each row from the table ``family_values``; None without any citation."""
    if not len(study.all_pairs):
        return None
    ids = study.corpus.columns("families", "family", "family_id")
    found = family_values.select("family_id", "value").join(ids, on="family_id", how="inner")
    worth = np.zeros(study.rows)
    worth[found["family"].to_numpy()] = found["value"].fill_null(0.0).to_numpy()
    return worth
