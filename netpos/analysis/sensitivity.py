"""Whether the position of the focal country survives other ways of counting.

A run makes choices. Here each is changed alone and every two together, and the focal country's
value and rank are told for each. `netpos.indicators.robustness` tells which statements about it
hold throughout. The choices other than those varied are the ones of the run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product
from pathlib import Path
from typing import Any, NamedTuple, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from netpos import analysis, countries
from netpos.analysis.study import Study
from netpos.graph import dependence, kernels
from netpos.graph.kernels import Floats
from netpos.graph.links import (
    Citations,
    Ints,
    Mask,
    Rows,
    Scope,
    Shares,
    Spread,
    gathered,
    select,
)
from netpos.graph.residence import By, Counting
from netpos.indicators.uncertainty import core_members
from netpos.options import Options
from netpos.tables import LINK_TABLE, NODE_TABLE, Links, rounded

#: Indicators of the table, in order; those of the second line have rank 1 for the smallest.
INDICATORS = (
    *("balance_ratio", "family_share", "received_share", "source_effective"),
    *("core_distance", "similarity"),
    "near_core",
)
_SMALLEST_FIRST = ("core_distance", "similarity")
#: What a corpus around one country cannot tell, see `netpos.analysis.results`.
_WORLD = ("core_distance", "family_share", "near_core", "received_share")
#: Years after publication in which a citation counts where the window is changed.
WINDOW = 5

_COLUMNS = (
    "counting",
    "by",
    "family",
    "scope",
    "window",
    "phase",
    "citing_office",
    "symbols",
    "utility_models",
)


class Specification(NamedTuple):
    """One way of counting; the fields are those of `netpos.options.Options`, and ``family``.

    With ``family`` = ``extended`` the unit is the extended family: in any technology that one of
    its simple families is in, published when the first of them was, with the countries of the
    earliest one that is located; a link exists once between two of them.
    """

    counting: str = "fractional"
    by: str = "applicant"
    family: str = "simple"
    scope: str = "closed"
    window: int | None = None
    phase: str = "all"
    citing_office: str = "all"
    symbols: str = "both"
    utility_models: str = "keep"


def _alternatives(base: Specification) -> dict[str, list[Any]]:
    def others(all_levels: Iterable[str], now: str) -> list[Any]:
        return [level for level in all_levels if level != now]

    return {
        "counting": others(get_args(Counting), base.counting),
        "by": others(get_args(By), base.by),
        "family": ["extended"],
        "scope": others(("closed", "citing", "cited"), base.scope),
        "window": [WINDOW if base.window is None else None],
        "phase": ["examiner" if base.phase == "all" else "all"],
        "citing_office": ["EP,WO" if base.citing_office == "all" else "all"],
        "symbols": ["ipc" if base.symbols == "both" else "both"],
        "utility_models": ["drop" if base.utility_models == "keep" else "keep"],
    }


def specifications(options: Options) -> list[Specification]:
    """List the run's own choices first, then each changed alone, then every two changed.

    Examples
    --------
    >>> found = specifications(Options())
    >>> len(found), found[0] == Specification(), found[1].counting
    (65, True, 'country-unique')
    """
    base = Specification(
        **{c: getattr(options, c) for c in _COLUMNS if c != "family"}, family="simple"
    )
    changes = _alternatives(base)
    found = [base]
    for number in (1, 2):
        for names in combinations(_COLUMNS, number):
            found += [
                base._replace(**dict(zip(names, levels, strict=True)))
                for levels in product(*(changes[name] for name in names))
            ]
    return found


# --- what specifications share ------------------------------------------------------------------


@dataclass(frozen=True)
class _Unit:
    """Rows and pairs at one family level; ``of_row`` maps simple families to their unit."""

    of_row: Rows
    pairs: Citations
    of_pair: Rows
    years: Floats

    def rows(self, mask: Mask) -> Mask:
        """Units with any row in the mask."""
        out = np.zeros(mask.size, dtype=bool)
        out[self.of_row[mask]] = True
        return out

    def selected(self, mask: Mask) -> Mask:
        """Pairs of units with any pair in the mask."""
        out = np.zeros(len(self.pairs), dtype=bool)
        out[self.of_pair[mask & (self.of_pair >= 0)]] = True
        return out


@dataclass(frozen=True)
class _Members:
    """Families of each technology, and those that can be an end of its links; see `Study`."""

    member: Mapping[str, Mask]
    ends: Mapping[str, Mask]


def held_by(spec: Specification) -> tuple[str, str, str]:
    """What decides who holds a unit: specifications alike in it go one after the other."""
    return spec.counting, spec.by, spec.family


class _Shared:
    """Parts of a study under each choice, made once and only when a specification needs them."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self._counted: dict[tuple[object, ...], Mask] = {}
        self._members: dict[tuple[object, ...], _Members] = {}
        self._held: dict[tuple[object, ...], _Held] = {}
        self.wide = self._pairs(**analysis.NO_FILTERS)
        self._code = self._codes(self.wide)

    def _changed(self, changed: Mapping[str, object]) -> Options | None:
        """The options of the run with these changed; None where they say so already."""
        options = self.study.options
        if all(getattr(options, k) == v for k, v in changed.items()):
            return None
        return options.model_copy(update=changed)

    def _pairs(self, **changed: object) -> Citations:
        study, options = self.study, self._changed(changed)
        if options is None:
            return study.pairs
        return analysis.counted_pairs(
            study.corpus,
            options,
            study.publication_years,
            study.data_date,
            lambda: study.organisations,
        )

    def _codes(self, pairs: Citations) -> Ints:
        codes: Ints = pairs.citing.astype(np.int64) * self.study.rows + pairs.cited
        return codes

    def counted(self, spec: Specification) -> Mask:
        """Which of all pairs pass the filters of the specification."""
        key = (spec.window, spec.phase, spec.citing_office)
        if key not in self._counted:
            changed = {k: getattr(spec, k) for k in ("window", "phase", "citing_office")}
            passed = self._codes(self._pairs(**changed))
            at = np.searchsorted(self._code, passed)  # pairs are sorted
            assert np.array_equal(self._code[at], passed)  # and those that pass are some of all
            self._counted[key] = np.zeros(len(self.wide), dtype=bool)
            self._counted[key][at] = True
        return self._counted[key]

    def members(self, spec: Specification) -> _Members:
        """The technologies of the specification."""
        key = (spec.symbols, spec.utility_models)
        if key not in self._members:
            study = self.study
            options = self._changed({k: getattr(spec, k) for k in ("symbols", "utility_models")})
            found = study.member, study.ends
            if options is not None:
                found = analysis.members(study.corpus, options, study.technologies, study.rows)
            self._members[key] = _Members(*found)
        return self._members[key]

    def held(self, spec: Specification) -> _Held:
        """Countries of each unit, and all pairs spread over them; only the last is kept."""
        key = held_by(spec)
        if key not in self._held:
            self._held.clear()
            options = self._changed({"counting": spec.counting, "by": spec.by})
            shares = self.study.shares
            if options is not None:
                _, shares, _ = analysis.country_shares(self.study.corpus, options)
            shares = _with_node(shares, self.study.options.focal)
            spread = Spread.of(self.unit(spec).pairs, shares)
            self._held[key] = _Held(shares, spread, self._classes(shares.names))
        return self._held[key]

    def _classes(self, names: list[str]) -> Ints:
        nodes = pl.DataFrame({"node": names, "families": [None] * len(names)}, dict(NODE_TABLE))
        bare = Links(nodes, pl.DataFrame(schema=dict(LINK_TABLE)))
        path = self.study.options.memberships
        members = countries.memberships(Path(path)) if path else None
        return dependence.partner_classes(
            bare, year=self.study.year_of_membership, memberships=members
        )[0]

    def unit(self, spec: Specification) -> _Unit:
        """Return the family level of the specification."""
        return self.simple if spec.family == "simple" else self.extended

    @cached_property
    def simple(self) -> _Unit:
        here = self.study
        rows, pairs = (np.arange(n, dtype=np.int32) for n in (here.rows, len(self.wide)))
        return _Unit(rows, self.wide, pairs, here.years)

    @cached_property
    def extended(self) -> _Unit:
        here, wide = self.study, self.wide
        of_row = extended_families(here)
        years = np.full(here.rows, np.inf)
        np.fmin.at(years, of_row, here.years)
        years[~np.isfinite(years)] = np.nan
        citing, cited = of_row[wide.citing], of_row[wide.cited]
        apart = citing != cited
        code = citing[apart].astype(np.int64) * here.rows + cited[apart]
        del citing, cited
        codes, at = np.unique(code, return_inverse=True)
        of_pair = np.full(len(wide), -1, dtype=np.int32)
        of_pair[apart] = at
        same = np.zeros(codes.size, dtype=bool)
        same[at[wide.self_citation[apart]]] = True
        ends = ((codes // here.rows).astype(np.int32), (codes % here.rows).astype(np.int32))
        pairs = Citations(*ends, same, wide.families)
        return _Unit(of_row, pairs, of_pair, years)


def _with_node(shares: Shares, name: str) -> Shares:
    """The shares with a column for this node, of zeros where it holds nothing."""
    if name in shares.names:
        return shares
    names = sorted([*shares.names, name])
    place = np.searchsorted(names, shares.names)
    m = shares.matrix
    wide = csr_array((m.data, place[m.indices], m.indptr), shape=(m.shape[0], len(names)))
    return Shares(names, wide)


def extended_families(study: Study) -> NDArray[np.int32]:
    """Row that stands for each row's extended family: the earliest located simple family in it.

    A family without an extended family, and a document outside the corpus, stands for itself.
    """
    families = study.corpus.columns("families", "family", "extended", "earliest_priority")
    order = families.select(
        "family",
        "extended",
        "earliest_priority",
        located=~pl.Series(study.shares.located[: families.height]),
    ).sort("located", "earliest_priority", "family", nulls_last=True)
    first = (
        order.drop_nulls("extended")
        .group_by("extended", maintain_order=True)
        .agg(unit=pl.col("family").first())
    )
    unit = families.join(first, on="extended", how="left", maintain_order="left")["unit"]
    out = np.arange(study.rows, dtype=np.int32)
    out[: families.height] = unit.fill_null(families["family"]).to_numpy()
    return out


# --- the focal country under one specification --------------------------------------------------

_Found = dict[str, tuple[float, float]]


def _focal(
    shared: _Shared, spec: Specification, *, without: Mapping[str, Mask] | None = None
) -> dict[str, _Found]:
    """Value and rank of each indicator by technology, period ``all``; NaN where undefined."""
    of, options = shared.members(spec), shared.study.options
    unit, held = shared.unit(spec), shared.held(spec)
    span = (options.first, options.last)
    counted = unit.selected(shared.counted(spec))
    if options.self_citations == "drop":
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


@dataclass(frozen=True)
class _Held:
    """Countries of each unit, pairs spread over them, and classes of partners by number."""

    shares: Shares
    spread: Spread
    classes: Ints


def _values(held: _Held, masks: Sequence[Mask], inside: Mask, options: Options) -> _Found:
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
    shared = _Shared(study)
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
        **dict.fromkeys(_COLUMNS, pl.String),
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
    shared = _Shared(study)
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
