"""The ways of counting that are compared, and a study under each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations, product
from typing import Any, NamedTuple, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from netpos.analysis.chosen import (
    NO_FILTERS,
    WHOLE,
    Marks,
    counted_pairs,
    in_window,
    members,
    office_bits,
    without_utility_models,
)
from netpos.analysis.located import country_shares
from netpos.analysis.pattern_hits import families_found
from netpos.analysis.study import Study
from netpos.analysis.technologies import Technology
from netpos.analysis.units import Unit, distinct_pairs, extended_families, numbers_of
from netpos.graph import dependence
from netpos.graph.kernels import Floats
from netpos.graph.links import (
    Citations,
    Ints,
    Mask,
    Rows,
    Shares,
    Spread,
    passing,
)
from netpos.graph.residence import By, Counting
from netpos.ingest.memory import give_back
from netpos.options import Options
from netpos.tables import LINK_TABLE, NODE_TABLE, Links

#: Pairs whose entries are counted at a time.
_CHUNK = 250_000
#: Pairs of a corpus up to which all that was chosen is kept.
_MOST_KEPT = 1_000_000
#: Years after publication in which a citation counts where the window is changed.
WINDOW = 5


COLUMNS = (
    "counting",
    "by",
    "family",
    "scope",
    "window",
    "phase",
    "citing_office",
    "symbols",
    "utility_models",
    "classes",
)


class Specification(NamedTuple):
    """One way of counting; the fields are those of `netpos.options.Options`, and ``family``.

    With ``family`` = ``extended`` the unit is the extended family: in any technology that one of
    its simple families is in, published when the first of them was, with the countries of the
    earliest one that is located; a link exists once between two of them. With ``classes`` =
    ``without_largest`` each technology is defined without the pattern of its list that finds most
    of its families.
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
    classes: str = "all"


#: The choices of which every two are changed together.
_PAIRED = COLUMNS[:-1]


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

    Last, and alone, each technology without its largest class. With ``--technologies all`` symbols
    decide nothing, and what rests on them is not changed.

    Examples
    --------
    >>> found = specifications(Options())
    >>> len(found), found[0] == Specification(), found[1].counting, found[-1].classes
    (66, True, 'country-unique', 'without_largest')
    """
    base = Specification(**{c: getattr(options, c) for c in _PAIRED if c != "family"})
    changes = _alternatives(base)
    found = [base]
    for number in (1, 2):
        for names in combinations(_PAIRED, number):
            found += [
                base._replace(**dict(zip(names, levels, strict=True)))
                for levels in product(*(changes[name] for name in names))
            ]
    if options.technologies == WHOLE:  # no symbol decides what is in it
        return [way for way in found if way.symbols == base.symbols]
    return [*found, base._replace(classes="without_largest")]


def without_largest_class(study: Study) -> tuple[Technology, ...]:
    """Define each technology without the pattern that finds most of its families in the
    span.

    Ties go to the first pattern by code point. A technology of one pattern finds nothing then.
    """
    options, found = study.options, families_found(study)
    out = []
    for technology in study.technologies:
        inside = np.flatnonzero(study.chosen(technology.id, (options.first, options.last)))
        here = found.filter(
            (pl.col("technology") == technology.id)
            & pl.col("family").is_in(pl.Series(inside, dtype=pl.Int32).implode())
        )
        sizes = here.group_by("pattern").len().sort(["len", "pattern"], descending=[True, False])
        gone = sizes["pattern"].head(1).to_list()
        ipc, cpc, core = (
            tuple(p for p in patterns if p not in gone)
            for patterns in (technology.ipc, technology.cpc, technology.core)
        )
        if options.narrow and technology.core and not core:
            ipc = cpc = ()  # else the whole list would stand in for the narrow one
        out.append(replace(technology, ipc=ipc, cpc=cpc, core=core))
    return tuple(out)


@dataclass(frozen=True)
class Members:
    """Families of each technology, and those that can be an end of its links; see `Study`."""

    member: Marks
    ends: Marks


@dataclass(frozen=True)
class Held:
    """Countries of each unit, pairs spread over them, and classes of partners by number.

    ``before`` tells how many entries of the spread belong to earlier pairs than each; the spread
    itself has no numbers of pairs.
    """

    shares: Shares
    spread: Spread
    classes: tuple[Ints, Ints]
    before: Rows


class Chosen(NamedTuple):
    """Units of a technology in the span, and the pairs that may make its links, by number.

    ``worth`` is the value of each of the units, None: not known; ``citing`` are pairs whose citing
    end is of the technology, ``closed`` those of which both are.
    """

    units: Ints
    worth: Floats | None
    citing: Rows
    closed: Rows


def held_by(spec: Specification) -> tuple[str, str, str]:
    """Tell what decides who holds a unit: specifications alike in it go one after the other."""
    return spec.counting, spec.by, spec.family


def chosen_by(spec: Specification) -> tuple[str, str, str, str]:
    """Tell what decides which units and pairs may be of a technology."""
    return spec.family, spec.symbols, spec.utility_models, spec.classes


def in_span(years: Floats, span: tuple[int, int]) -> Mask:
    """Return which years lie in the span."""
    return np.asarray((years >= span[0]) & (years <= span[1]))


class Variants:
    """Parts of a study under each choice, made once and only when a specification needs them."""

    def __init__(self, study: Study, worth: Floats | None = None) -> None:
        self.study, self._worth = study, worth
        self._chosen: dict[tuple[object, ...], dict[str, Chosen]] = {}
        self._counted: dict[tuple[object, ...], NDArray[np.uint8]] = {}
        self._members: dict[tuple[object, ...], Members] = {}
        self._held: dict[tuple[object, ...], Held] = {}
        self.wide = self._wide()

    def _changed(self, changed: Mapping[str, object]) -> Options | None:
        """Return the options of the run with these changed; None where they say so already."""
        options = self.study.options
        if all(getattr(options, k) == v for k, v in changed.items()):
            return None
        return options.model_copy(update=changed)

    def _wide(self) -> Citations:
        """Return the pairs without filters."""
        study, options = self.study, self._changed(NO_FILTERS)
        if options is None:
            return study.pairs
        return counted_pairs(
            study.corpus,
            options,
            study.publication_years,
            study.data_date,
            lambda: study.organisations,
        )

    def _passing(self, options: Options) -> Mask:
        """Tell which rows of the citation table pass the filters, whatever the window."""
        return passing(
            self.study.corpus.scan("citations"),
            phase=options.phase,
            category=options.category,
            office_bits=office_bits(options.citing_office),
        )

    def counted(self, spec: Specification) -> Mask:
        """Tell which of all pairs pass the filters of the specification."""
        key = (spec.window, spec.phase, spec.citing_office)
        if key not in self._counted:
            study = self.study
            names = ("window", "phase", "citing_office")
            options = study.options.model_copy(update={k: getattr(spec, k) for k in names})
            every = self._passing(study.options.model_copy(update=NO_FILTERS))
            found = self._passing(options)[every]
            if options.window is not None:
                years = study.publication_years
                found &= in_window(self.wide, options.window, years, study.data_date)
            self._counted[key] = np.packbits(found)  # a bit for each pair
        return np.unpackbits(self._counted[key], count=len(self.wide)).view(np.bool_)

    def members(self, spec: Specification) -> Members:
        """Return the technologies of the specification."""
        key = (spec.symbols, spec.utility_models, spec.classes)
        if key not in self._members:
            study = self.study
            options = self._changed({k: getattr(spec, k) for k in ("symbols", "utility_models")})
            found = study.member, study.ends
            if spec.utility_models == "drop" and study.options.utility_models != "drop":
                every = self.members(spec._replace(utility_models="keep"))
                usable = without_utility_models(study.corpus)
                found = every.member.within(usable), every.ends.within(usable)
            elif spec.classes != "all":
                fewer = without_largest_class(study)
                found = members(study.corpus, options or study.options, fewer, study.rows)
            elif options is not None:
                found = members(study.corpus, options, study.technologies, study.rows)
            if found[0].same(found[1]):
                found = found[0], found[0]
            self._members[key] = Members(*found)
        return self._members[key]

    def held(self, spec: Specification) -> Held:
        """Return countries of each unit, and all pairs spread over them; only the last is kept."""
        key = held_by(spec)
        if key not in self._held:
            self._held.clear()
            give_back()
            options = self._changed({"counting": spec.counting, "by": spec.by})
            shares = self.study.shares
            if options is not None:
                _, shares, _ = country_shares(self.study.corpus, options)
            shares = _with_node(shares, self.study.options.focal)
            pairs = self.unit(spec).pairs
            spread = Spread.of(pairs, shares)
            classes = bloc_classes(self.study, shares.names)
            before = entries_before(spread, len(pairs))
            spread = replace(spread, pair=spread.pair[:0])  # which the former tells as well
            self._held[key] = Held(shares, spread, classes, before)
        return self._held[key]

    def begin(self, spec: Specification) -> None:
        """Make what all technologies of a specification need, which then may be asked for side by
        side.
        """
        key = chosen_by(spec)
        if key in self._chosen:
            return
        self.members(spec)
        self.unit(spec)
        options = self.study.options
        own = ("simple", options.symbols, options.utility_models, "all")
        every = len(self.wide) <= _MOST_KEPT
        kept = {own} if spec.family == own[0] else set()  # those of extended families come last
        self._chosen = {k: v for k, v in self._chosen.items() if every or k in kept} | {key: {}}

    def chosen(self, spec: Specification, technology: str) -> Chosen:
        """Return what of a technology does not depend on who holds it or which citations count.

        Kept are that of the run's own choices, up to extended families, and the last; all of a
        small corpus.
        """
        self.begin(spec)
        found = self._chosen[chosen_by(spec)]
        if technology not in found:
            found[technology] = self._choose(spec, technology)
        return found[technology]

    def _choose(self, spec: Specification, technology: str) -> Chosen:
        unit, of, span = self.unit(spec), self.members(spec), self.span
        member = of.member[technology]
        units = np.flatnonzero(unit.rows(member) & in_span(unit.years, span))
        worth = None if self._worth is None else unit.sums(self._worth, member)[units]
        ends = unit.rows(of.ends[technology])
        dated = in_span(unit.years, span)
        return Chosen(units, worth, *numbers_of(unit.pairs, ends & dated, ends))

    def cited(self, spec: Specification, technology: str) -> Rows:
        """Return the pairs whose cited end is of the technology, from citing units of the span."""
        unit = self.unit(spec)
        ends = unit.rows(self.members(spec).ends[technology])
        return numbers_of(unit.pairs, in_span(unit.years, self.span), ends, firsts=False)[1]

    @property
    def span(self) -> tuple[int, int]:
        """First and last year of the run."""
        return self.study.options.first, self.study.options.last

    def unit(self, spec: Specification) -> Unit:
        """Return the family level of the specification."""
        return self.simple if spec.family == "simple" else self.extended

    @cached_property
    def simple(self) -> Unit:
        """Simple families: every row its own unit."""
        here = self.study
        return Unit(None, self.wide, None, here.years)

    @cached_property
    def extended(self) -> Unit:
        """Extended families, and the distinct pairs between them."""
        here, wide = self.study, self.wide
        of_row = extended_families(here)
        years = np.full(here.rows, np.inf)
        np.fmin.at(years, of_row, here.years)
        years[~np.isfinite(years)] = np.nan
        ends, of_pair = distinct_pairs(wide, of_row)
        same = np.zeros(ends[0].size, dtype=bool)
        same[of_pair[wide.self_citation & (of_pair >= 0)]] = True
        return Unit(of_row, Citations(*ends, same, wide.families), of_pair, years)


def entries_before(spread: Spread, pairs: int) -> Rows:
    """Count the entries of all pairs before each, and of all pairs: ``pairs + 1`` numbers.

    Examples
    --------
    >>> none = np.empty(0, dtype=np.int32)
    >>> spread = Spread(np.array([0, 0, 2], dtype=np.int32), none, np.empty(0), (none, none), [])
    >>> entries_before(spread, 3).tolist()
    [0, 2, 2, 3]
    """
    small = spread.pair.size < 2**31
    found: Rows = np.zeros(pairs + 1, np.int32) if small else np.zeros(pairs + 1, np.int64)
    for start in range(0, pairs, _CHUNK):
        stop = min(start + _CHUNK, pairs)
        # of another kind all of them would be copied to look for two
        begin, end = np.searchsorted(spread.pair, np.array([start, stop], spread.pair.dtype))
        number = np.bincount(spread.pair[begin:end] - start, minlength=stop - start)
        found[start + 1 : stop + 1] = number
    np.cumsum(found, out=found)
    return found


def entries_of(before: Rows, pairs: Rows) -> Ints:
    """Return the entries of some pairs, in their order; see `entries_before`.

    Examples
    --------
    >>> entries_of(np.array([0, 2, 2, 3]), np.array([0, 2])).tolist()
    [0, 1, 2]
    """
    begin = before.take(pairs).astype(np.int64)
    number = before.take(pairs + 1) - begin
    held = number > 0
    begin, number = begin[held], number[held]
    done = np.cumsum(number)
    if not done.size or done[-1] == done.size:  # one each
        return begin
    return np.repeat(begin - (done - number), number) + np.arange(done[-1])


def bloc_classes(study: Study, names: list[str]) -> tuple[Ints, Ints]:
    """Return the class of each country for each, and of each; see `dependence.partner_classes`."""
    nodes = pl.DataFrame({"node": names, "families": [None] * len(names)}, dict(NODE_TABLE))
    bare = Links(nodes, pl.DataFrame(schema=dict(LINK_TABLE)))
    return dependence.partner_classes(
        bare, year=study.year_of_membership, memberships=study.memberships
    )


def _with_node(shares: Shares, name: str) -> Shares:
    """Return the shares with a column for this node, of zeros where it holds nothing."""
    if name in shares.names:
        return shares
    names = sorted([*shares.names, name])
    place = np.searchsorted(names, shares.names)
    m = shares.matrix
    wide = csr_array((m.data, place[m.indices], m.indptr), shape=(m.shape[0], len(names)))
    return Shares(names, wide)
