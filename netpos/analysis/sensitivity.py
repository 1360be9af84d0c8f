"""Whether the position of the focal country survives other ways of counting.

A run makes choices. Here each is changed alone and every two together, and the focal country's
value and rank are told for each. `netpos.indicators.robustness` tells which statements about it
hold throughout. The choices other than those varied are the ones of the run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from netpos.analysis.study import Study
from netpos.analysis.ways import COLUMNS, Held, Specification, Variants, held_by, specifications
from netpos.graph import kernels
from netpos.graph.kernels import Floats
from netpos.graph.links import (
    Ints,
    Mask,
    Scope,
    Spread,
    gathered,
    select,
)
from netpos.indicators.uncertainty import core_members
from netpos.options import Options
from netpos.tables import rounded

#: Indicators of the table, in order; those of the second line have rank 1 for the smallest.
INDICATORS = (
    *("balance_ratio", "family_share", "received_share", "source_effective"),
    *("core_distance", "similarity"),
    "near_core",
)
_SMALLEST_FIRST = ("core_distance", "similarity")
#: What a corpus around one country cannot tell, see `netpos.analysis.results`.
_WORLD = ("core_distance", "family_share", "near_core", "received_share")


# --- what specifications share ------------------------------------------------------------------


# --- the focal country under one specification --------------------------------------------------

_Found = dict[str, tuple[float, float]]


def _focal(
    shared: Variants, spec: Specification, *, without: Mapping[str, Mask] | None = None
) -> dict[str, _Found]:
    """Value and rank of each indicator by technology, period ``all``; NaN where undefined."""
    of, options = shared.members(spec), shared.study.options
    unit, held = shared.unit(spec), shared.held(spec)
    span = (options.first, options.last)
    counted = unit.selected(shared.counted(spec))
    if shared.study.drops_self_citations():
        counted &= ~unit.pairs.self_citation
    in_span = (unit.years >= span[0]) & (unit.years <= span[1])
    scope: Scope = spec.scope  # type: ignore[assignment] # checked by Options
    found = {}
    for technology in shared.study.names:
        inside = unit.rows(of.member[technology]) & in_span
        ends, chosen = unit.rows(of.ends[technology]), counted
        if without is not None:
            kept = ~without[technology]
            inside, ends = inside & kept, ends & kept
            chosen = chosen & gathered(kept, unit.pairs.citing) & gathered(kept, unit.pairs.cited)
        masks = [
            chosen & select(unit.pairs, ends, unit.years, span, scope=s) for s in (scope, "citing")
        ]
        found[technology] = _values(held, masks, inside, options)
    return found


def _values(held: Held, masks: Sequence[Mask], inside: Mask, options: Options) -> _Found:
    shares = held.shares
    families = shares.matrix.T @ inside.astype(np.float64)
    located = float((inside & shares.located).sum())
    at = shares.names.index(options.focal)
    nodes, F = _matrix(held.spread, masks[0], families, at)
    received, given = kernels.received(F), kernels.given(F)
    core = core_members(F, [shares.names[k] for k in nodes.tolist()], options.core)
    distance = kernels.resistance(F, core)
    distance[~core.any(axis=-1)] = np.nan
    size = families[nodes]
    values = {
        "balance_ratio": kernels.ratio_of(received, given),
        "family_share": kernels.divide(size, located)[None],
        "received_share": kernels.divide(received, kernels.total(received)),
        "core_distance": distance,
        "near_core": kernels.near_core(core, distance, kernels.significant(size)),
    }
    found = _ranked(values, int(np.searchsorted(nodes, at)))
    nodes, F = _matrix(held.spread, masks[1], families, at)
    classes = held.classes[np.ix_(nodes, nodes)]
    values = {
        "source_effective": kernels.source_diversity(F).effective,
        "similarity": kernels.similarity_score(kernels.class_shares(F, classes)),
    }
    found |= _ranked(values, int(np.searchsorted(nodes, at)))
    if options.design == "focal":
        unknown = (np.nan, np.nan)
        found = {k: unknown if k in _WORLD else (v, np.nan) for k, (v, _) in found.items()}
    return found


def _matrix(spread: Spread, chosen: Mask, families: Floats, focal: int) -> tuple[Ints, Floats]:
    """Countries with families or links, and the focal one; foreign links among them."""
    keep = gathered(chosen, spread.pair)
    cells = spread.ends[0].size
    weight = np.bincount(spread.cell[keep], weights=spread.weight[keep], minlength=cells)
    at = np.flatnonzero(weight > 0)
    citing, cited = spread.ends[0][at], spread.ends[1][at]
    there = families > 0
    there[np.concatenate([citing, cited, [focal]]).astype(np.int64)] = True
    nodes = np.flatnonzero(there)
    F = np.zeros((1, nodes.size, nodes.size))
    F[0, np.searchsorted(nodes, citing), np.searchsorted(nodes, cited)] = weight[at]
    F[0, np.arange(nodes.size), np.arange(nodes.size)] = 0.0
    return nodes, F


def _ranked(values: Mapping[str, Floats], at: int) -> _Found:
    out = {}
    for name, stack in values.items():
        column = stack[0]
        turned = -column if name in _SMALLEST_FIRST else column
        none = name == "near_core" or (name == "family_share" and column[at] == 0)
        rank = np.nan if none else kernels.competition_rank(turned)[at]
        out[name] = (float(column[at]), float(rank))
    return out


# --- tables -------------------------------------------------------------------------------------


def sensitivity(study: Study) -> pl.DataFrame:
    """Value and rank of the focal country under every specification.

    Parameters
    ----------
    study
        The run; see `specifications` for what is varied.

    Returns
    -------
    ``technology, indicator, counting, by, family, scope, window, phase, citing_office, symbols,
    utility_models, value, rank, base``: one row per technology, indicator of `INDICATORS` and
    specification, the base case first; period ``all``. ``window`` is null without one; rank 1 is
    the largest, for ``core_distance`` and ``similarity`` the smallest; ``near_core`` is 1 or 0
    without rank. Null where undefined. ``source_effective`` and ``similarity`` always look at
    scope ``citing``, so a change of scope leaves them as they are.

    References
    ----------
    docs/methods.md.
    """
    shared = Variants(study)
    rows = []
    wanted = list(enumerate(specifications(study.options)))
    for number, spec in sorted(wanted, key=lambda each: held_by(each[1])):
        for technology, found in _focal(shared, spec).items():
            rows += [
                (technology, name, *spec, *found[name], number == 0, number) for name in INDICATORS
            ]
    columns: dict[str, pl.DataType | type[pl.DataType]] = {
        "technology": pl.String,
        "indicator": pl.String,
        **dict.fromkeys(COLUMNS, pl.String),
        "value": pl.Float64,
        "rank": pl.Float64,
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


def without_largest(study: Study) -> pl.DataFrame:
    """The focal country without its largest organisation.

    The largest is the one with the largest share of the country's families of the technology in
    the whole span, ties by name; every family in which it takes part is left out, with its links.

    Parameters
    ----------
    study
        The run.

    Returns
    -------
    ``technology, indicator, organisation, organisation_share, value, rank``: the base case of
    `sensitivity` over again; ``organisation`` is null, and the share 0, where no family of the
    focal country has an organisation.

    References
    ----------
    docs/methods.md.
    """
    shared = Variants(study)
    options = study.options
    shares, firms = study.shares, study.organisations
    focal = np.zeros(study.rows)
    if options.focal in shares.names:
        focal = shares.matrix[:, [shares.names.index(options.focal)]].toarray().ravel()
    left_out: dict[str, Mask] = {}
    largest: dict[str, tuple[str | None, float]] = {}
    for technology in study.names:
        part = focal * study.chosen(technology, (options.first, options.last))
        size = kernels.significant(firms.matrix.T @ part)
        left_out[technology] = np.zeros(study.rows, dtype=bool)
        largest[technology] = (None, 0.0)
        if size.any():
            first = int(np.argmax(size))
            held = firms.matrix[:, [first]].toarray().ravel() > 0
            left_out[technology] = held
            largest[technology] = (firms.names[first], size[first] / part.sum())
    base = specifications(options)[0]
    rows = [
        (technology, name, *largest[technology], *found[name])
        for technology, found in _focal(shared, base, without=left_out).items()
        for name in sorted(INDICATORS)
    ]
    columns = {
        "technology": pl.String,
        "indicator": pl.String,
        "organisation": pl.String,
        "organisation_share": pl.Float64,
        "value": pl.Float64,
        "rank": pl.Float64,
    }
    table = pl.DataFrame(rows, schema=columns, orient="row")
    return rounded(table).with_columns(pl.col("rank").cast(pl.Int64))
