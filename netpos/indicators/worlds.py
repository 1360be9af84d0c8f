r"""Corpora drawn from worlds of which the truth is known, to see whether intervals hold it.

A world has countries, and organisations that are drawn anew for every corpus: the country of each
by chance, its number of families and its pull (how often its families are cited) log-normal. The
truth is the value of an indicator in the limit of infinitely many organisations. A family cites
four others (other families of its own organisation too), family :math:`g` in proportion to

.. math:: \mathrm{pull}(g)\, \alpha_{c(g)}\, h_{c(f)\,c(g)}

with :math:`h` the preference for the home country, or, in a world of tastes, in proportion to the
taste of its organisation for the country of :math:`g`, a Dirichlet draw around a row of its
country.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from netpos.graph import kernels
from netpos.graph.expected import LEAST_EXPECTED, Flows, cohort_rates, expected_flow, flows_of
from netpos.graph.kernels import Floats, divide
from netpos.graph.links import Citations, Ints, Mask, Scope, Shares, Spread, build, select
from netpos.indicators import residuals
from netpos.indicators.position import country_table
from netpos.indicators.relevance import relevance
from netpos.indicators.resampling import Sample, Worth
from netpos.indicators.uncertainty import CONTRASTS
from netpos.tables import Links

_NAMES = "US CN JP DE KR FR GB NL CA IT SE CH TW IL BR"
#: Countries of a world, by falling size.
CODES = tuple(_NAMES.split(" "))
_PARTS = np.array([0.2, 0.15, 0.12, 0.1, 0.08, 0.06, 0.06, 0.05, 0.04, 0.04, 0.03, 0.03])
_PARTS = np.append(_PARTS, [0.02, 0.01, 0.01])
#: The country that all others are compared with, and a small one.
FOCAL, SMALL = "NL", "SE"
FIRST, LAST = 2006, 2025
PERIODS = {"all": (FIRST, LAST), "2006-2015": (FIRST, 2015), "2016-2025": (2016, LAST)}
_YEARS = np.arange(FIRST, LAST + 1)
_BLOC_YEAR = 2020
_CITATIONS = 4
_MANY = 1e6  # families in a limit, where a number of them is asked
_LEAST_OF_STAR = 10  # families: two citations of one family to the same one count once
Truth = dict[str, dict[str, float]]


@dataclass(frozen=True)
class World:
    """A world to draw corpora from.

    Parameters
    ----------
    name
        Its letter.
    countries
        Number of countries, of `CODES`.
    taste
        Concentration of the tastes around the row of the country; None = no tastes.
    size, pull
        Standard deviations of the logarithms of families and of pull of an organisation.
    home
        Preference for the home country.
    shared
        Part of the families that a second organisation, drawn by size, holds one half of.
    growth
        How differently the cohorts of countries grow; a family then cites earlier cohorts only.
    fixed
        With tastes: the taste is for the country, however many families it has.
    giant
        Part of the families of the focal country that one organisation of it holds.
    star
        Part of the citations to the focal country that go to one organisation of it.
    focal_part
        Part of the organisations that are of the focal country; None = as in the others.
    """

    name: str
    countries: int = 15
    taste: float | None = None
    size: float = 1.0
    pull: float = 1.0
    home: float = 3.0
    shared: float = 0.0
    growth: float = 0.0
    fixed: bool = False
    giant: float = 0.0
    star: float = 0.0
    focal_part: float | None = None

    @property
    def watched(self) -> str:
        """The country about which the world is: a small one, or the focal one."""
        special = self.giant or self.star or self.focal_part is not None
        return FOCAL if special else SMALL

    @cached_property
    def codes(self) -> list[str]:
        """Countries in alphabetical order, as in every table."""
        return sorted(CODES[: self.countries])

    @cached_property
    def part(self) -> Floats:
        """Part of the organisations of each country."""
        part = _PARTS[[CODES.index(c) for c in self.codes]]
        found: Floats = part / part.sum()
        if self.focal_part is not None:
            at = self.codes.index(FOCAL)
            found = found * (1 - self.focal_part) / (1 - found[at])
            found[at] = self.focal_part
        return found

    @cached_property
    def _made(self) -> tuple[Floats, Floats, Floats]:
        """Attraction of each country, preferred rows, and profile of its cohorts over the years."""
        pick, n = np.random.default_rng(99), self.countries
        alpha = np.ones(n) if self.taste else np.exp(pick.normal(0, 0.5, n))
        rows = np.exp(pick.normal(0, 0.5, (n, n))) * (1 + np.eye(n))
        trend = self.growth * np.linspace(1, -1, n)[pick.permutation(n)]
        profile = np.exp(trend[:, None] * (_YEARS - 2015.5) / 10)
        return (
            alpha,
            rows / rows.sum(axis=1, keepdims=True),
            profile / profile.sum(axis=1, keepdims=True),
        )

    def draw(self, organisations: int, seed: int) -> Corpus:
        """Draw a corpus of so many organisations."""
        pick, n = np.random.default_rng([ord(self.name[0]), organisations, seed]), self.countries
        alpha, rows, profile = self._made
        country = pick.choice(n, organisations, p=self.part)
        size = np.ceil(pick.lognormal(0.5, self.size, organisations)).astype(np.int64)
        pull = pick.lognormal(0.0, self.pull, organisations)
        self._raise_first(country, size, pull)
        owner = np.repeat(np.arange(organisations), size)
        home = country[owner]
        later = pick.random(owner.size)[:, None] > np.cumsum(profile, axis=1)[home]
        year: Ints = np.minimum(FIRST + later.sum(axis=1), LAST).astype(np.int64)
        second = pick.choice(organisations, owner.size, p=size / size.sum())
        second[(pick.random(owner.size) >= self.shared) | (second == owner)] = -1
        attraction: Floats = pull[owner] * alpha[home]
        tastes = None
        if self.taste:
            tastes = np.stack([pick.dirichlet(self.taste * rows[k]) for k in country])
            attraction = np.ones(owner.size)

        def cited(citing: Ints, pool: Ints) -> tuple[Ints, Ints]:
            order = pool[np.argsort(home[pool], kind="stable")]
            sums = np.cumsum(attraction[order])
            total = np.bincount(home[order], attraction[order], n).astype(np.float64)
            before = np.cumsum(total) - total
            chance = np.where(np.eye(n, dtype=bool), self.home, 1.0)[home[citing]] * total
            if tastes is not None:
                chance = tastes[owner[citing]] * ((total > 0) if self.fixed else total)
            chance = np.cumsum(chance / chance.sum(axis=1, keepdims=True), axis=1)
            source = np.repeat(np.arange(citing.size), _CITATIONS)
            found, todo = np.zeros(source.size, np.int64), np.arange(source.size)
            for _ in range(50):  # a family does not cite itself
                j = (pick.random(todo.size)[:, None] > chance[source[todo]]).sum(axis=1)
                j = np.minimum(j, n - 1)
                at = np.searchsorted(sums, before[j] + pick.random(todo.size) * total[j], "right")
                found[todo] = order[np.minimum(at, order.size - 1)]
                todo = todo[found[todo] == citing[source[todo]]]
            kept = np.setdiff1d(np.arange(source.size), todo)
            return citing[source[kept]], found[kept]

        every = np.arange(owner.size)
        cohorts = [(every, every)]
        if self.growth:
            cohorts = [(every[year == t], every[year < t]) for t in _YEARS[1:]]
        parts = [cited(a, b) for a, b in cohorts if a.size and b.size]
        pairs = np.unique(np.concatenate([np.stack(p, axis=1) for p in parts]), axis=0)
        worth = pick.uniform(0.3, 2.0, owner.size)
        return Corpus(self, country, owner, second, year, pairs[:, 0], pairs[:, 1], worth)

    def _raise_first(self, country: Ints, size: Ints, pull: Floats) -> None:
        """Make the first organisation of the focal country the one that dominates it."""
        mine = np.flatnonzero(country == self.codes.index(FOCAL))
        if mine.size < 2:
            return
        first, others = mine[0], mine[1:]
        if self.giant:
            size[first] = round(self.giant / (1 - self.giant) * size[others].sum())
            pull[first] = np.exp(self.pull**2 / 2)
        if self.star:
            size[first] = max(size[first], _LEAST_OF_STAR)
            drawn = self.star / (1 - self.star) * (size[others] * pull[others]).sum()
            pull[first] = drawn / size[first]

    @cached_property
    def _by_taste(self) -> Floats:
        """Mean preference of the organisations of each country, by 100,000 tastes."""
        pick, part, found = np.random.default_rng(5), self.part, []
        for row in self._made[1]:
            taste = pick.dirichlet((self.taste or 1.0) * row, 100_000)
            taste = taste if self.fixed else taste * part
            found.append((taste / taste.sum(axis=1, keepdims=True)).mean(axis=0))
        return np.stack(found)

    @cached_property
    def _limit(self) -> tuple[Floats, Floats, Floats]:
        """Return what there is in the limit, without shared families.

        Families by country and year; citations by year, citing and cited country; the part of
        each year in the citations from a year to a country, ``(T, S, n)``.
        """
        n, (alpha, _, profile) = self.countries, self._made
        families, alpha, at = self.part[:, None] * profile, alpha.copy(), self.codes.index(FOCAL)
        families[at] /= 1 - self.giant
        alpha[at] /= 1 - self.star
        flows = np.zeros((len(_YEARS), n, n))
        parts = np.zeros((len(_YEARS), len(_YEARS), n))
        for t in range(len(_YEARS)):
            pool = families[:, :t] if self.growth else families
            if not pool.size:
                continue
            chance = np.where(np.eye(n, dtype=bool), self.home, 1.0) * alpha * pool.sum(axis=1)
            if self.taste:
                chance = self._by_taste
            chance = chance / chance.sum(axis=1, keepdims=True)
            flows[t] = _CITATIONS * families[:, t, None] * chance
            parts[t, : pool.shape[1]] = (pool / pool.sum(axis=1, keepdims=True)).T
        return families, flows, parts

    @property
    def _spread(self) -> Floats:
        """Part of a family of one country that is held in each."""
        # half of a shared family is held by an organisation drawn by size
        found: Floats = (1 - self.shared / 2) * np.eye(self.countries)
        found += self.shared / 2 * self._of_families
        return found

    @property
    def _of_families(self) -> Floats:
        """Part of the families of each country."""
        families = self._limit[0].sum(axis=1)
        return np.asarray(families / families.sum(), dtype=np.float64)

    def truth(self, period: str) -> Truth:
        """Value of every indicator in the limit, by country."""
        families, flows, parts = self._limit
        inside = _inside(period)
        cited_by = np.einsum("tij,tsj->js", flows, parts)  # citations to families of a cohort
        expected = cited_by.sum(axis=0) / families.sum(axis=0)
        each, alone = 1.0 / np.maximum(expected, 1.0), np.maximum(1.0 - expected, 0.0)
        value = (cited_by * each + families * alone)[:, inside].sum(axis=1)
        spread = self._spread
        F = spread.T @ flows[inside].sum(axis=0) @ spread
        held = spread.T @ families[:, inside].sum(axis=1)
        return _indicators(self.codes, F, held, spread.T @ value)

    def ratios(self, period: str) -> Floats:
        """Citations of each country to each over those expected, in the limit: ``(n, n)``."""
        families, flows, parts = self._limit
        inside, spread = _inside(period), self._spread
        families, flows, parts = _MANY * families, _MANY * flows[inside], parts[inside]
        F = np.einsum("ik,tij,jl->tkl", spread, flows, spread)
        home = np.einsum("tkk->kt", F)
        between = np.einsum("ik,tij,tsj,jl->tskl", spread, flows, parts, spread, optimize=True)
        across = between.sum(axis=(2, 3)) - np.einsum("tskk->ts", between)
        held = spread.T @ families
        found = Flows(F.sum(axis=2).T - home, home, across, held[:, inside], held)
        return np.asarray(divide(F.sum(axis=0), expected_flow(found)), dtype=np.float64)


def _inside(period: str) -> Mask:
    first, last = PERIODS[period]
    return (first <= _YEARS) & (last >= _YEARS)


def _indicators(codes: list[str], F: Floats, families: Floats, value: Floats) -> Truth:
    """Compute the indicators of a matrix of links and of countries' families and value, with
    domestic links.
    """
    n = len(codes)
    rows = [(a, b, float(F[i, j])) for i, a in enumerate(codes) for j, b in enumerate(codes)]
    links = Links(
        pl.DataFrame({"node": codes, "families": families / families.sum()}),
        pl.DataFrame(
            [(*row, 1) for row in rows],
            schema={
                "citing": pl.String,
                "cited": pl.String,
                "weight": pl.Float64,
                "citations": pl.Int64,
            },
            orient="row",
        ),
    )
    table = country_table(links, links, focal=FOCAL, year=_BLOC_YEAR)
    received = kernels.received((F * (1 - np.eye(n)))[None])[0]
    found = {c: dict(zip(codes, table[c].to_list(), strict=True)) for c in _KEPT}
    for name, (one, other) in CONTRASTS.items():
        found[name] = {c: found[one][c] - found[other][c] for c in codes}
    found["received_share"] = dict(zip(codes, (received / received.sum()).tolist(), strict=True))
    found["value_share"] = dict(zip(codes, (value / value.sum()).tolist(), strict=True))
    return found


_KEPT = (
    "balance_ratio",
    "family_rank",
    "family_share",
    "received_rank",
    "share_eu",
    "share_oecd_nato",
    "share_other",
    "similarity",
    "source_effective",
)


@dataclass(frozen=True)
class Corpus:
    """A corpus of a world: organisations with countries, families with owners, citations."""

    world: World
    country: Ints
    owner: Ints
    second: Ints
    year: Ints
    citing: Ints
    cited: Ints
    coverage: Floats

    @cached_property
    def sample(self) -> Sample:
        """The corpus as what is drawn again."""
        return Sample.of(self.pairs, Spread.of(self.pairs, self.shares), self.shares, self._holders)

    @cached_property
    def pairs(self) -> Citations:
        """The citations."""
        rows = self.owner.size
        return Citations(self.citing, self.cited, np.zeros(self.citing.size, dtype=bool), rows)

    @cached_property
    def shares(self) -> Shares:
        """Countries of each family."""
        names = np.array(self.world.codes)
        return self._held(names[self.country], "country")

    @cached_property
    def _holders(self) -> Shares:
        names = np.array([f"{k:06d}" for k in range(self.country.size)])
        return self._held(names, "organisation")

    def _held(self, name: np.ndarray, kind: str) -> Shares:
        rows = self.owner.size
        both = np.flatnonzero(self.second >= 0)
        part = np.where(self.second >= 0, 0.5, 1.0)
        table = pl.DataFrame(
            {
                "family": np.concatenate([np.arange(rows), both]).astype(np.int32),
                kind: np.concatenate([name[self.owner], name[self.second[both]]]).tolist(),
                "share": np.concatenate([part, part[both]]),
            }
        )
        return Shares.of(table, kind, rows)

    def selected(self, period: str) -> Selected:
        """Return the table of countries of a period and the masks that belong to it."""
        span = PERIODS[period]
        member = np.ones(self.owner.size, dtype=bool)
        years = self.year.astype(np.float64)
        sample = self.sample
        inside = (self.year >= span[0]) & (self.year <= span[1])

        measures = dict.fromkeys(
            ("families_international", "cited_by_families"), np.zeros(member.size)
        )

        def scope(scope: Scope) -> tuple[Links, Mask]:
            chosen = select(self.pairs, member, years, span, scope=scope)
            parts = (chosen, sample.spread, self.shares, member, years, span)
            return build(*parts, scope=scope, always=FOCAL, measures=measures), chosen

        closed, wide = scope("closed"), scope("citing")
        worth = self.worth()
        values = self.shares.matrix.T @ (self._value(worth) * inside)
        table = country_table(closed[0], wide[0], focal=FOCAL, year=_BLOC_YEAR)
        of = dict(zip(self.shares.names, (values / values.sum()).tolist(), strict=True))
        table = table.with_columns(
            technology=pl.lit(self.world.name),
            period=pl.lit(period),
            value_share=pl.col("country").replace_strict(of, default=0.0, return_dtype=pl.Float64),
        )
        return Selected(table, closed[1], wide[1], inside, worth)

    def ratios(self, period: str) -> pl.DataFrame:
        """Return the intervals of citations over those expected: ``citing, cited, low, high``."""
        span, years = PERIODS[period], self.year.astype(np.float64)
        member = np.ones(years.size, dtype=bool)
        spread, shares = self.sample.spread, self.shares
        chosen = select(self.pairs, member, years, span, scope="closed")
        flows = flows_of(self.pairs, spread, shares, member, years, span, chosen)
        rates = cohort_rates(flows)
        flow = expected_flow(flows, rates)
        i, j = np.nonzero(flow >= LEAST_EXPECTED)
        sampled = residuals.Sampled.of(self.pairs, spread, shares, self._holders)
        parts = (sampled, chosen, member, years, span)
        found = residuals.intervals(*parts, flows, rates, flow, i, j)
        names = pl.Series(shares.names, dtype=pl.String)
        ends = {"citing": names.gather(i), "cited": names.gather(j)}
        return pl.DataFrame(ends | {"low": found.low, "high": found.high}).fill_nan(None)

    def worth(self) -> Worth:
        """Value of the families, see `netpos.indicators.value`."""
        rows = self.owner.size
        cited_by = np.bincount(self.cited, minlength=rows).astype(np.float64)
        norm = relevance(cited_by, self.year.astype(np.float64), {"all": np.ones(rows, bool)})
        expected = norm["expected"].fill_null(np.nan).to_numpy()
        return Worth.of(self.pairs, expected, self.coverage)

    def _value(self, worth: Worth) -> Floats:
        cited_by = np.bincount(self.cited, minlength=self.owner.size)
        return np.asarray(worth.alone + cited_by * worth.each, dtype=np.float64)


@dataclass(frozen=True)
class Selected:
    """What `netpos.indicators.uncertainty.resample` is given for a period."""

    table: pl.DataFrame
    links: Mask
    sources: Mask
    families: Mask
    worth: Worth


#: The worlds of the calibration.
WORLDS = {
    "A": World("A", countries=12, taste=10.0, size=0.8),
    "B": World("B"),
    "C": World("C", shared=0.2, growth=1.5),
}
#: Worlds about the focal country: one organisation dominates its families, or the citations to
#: it, or it has few organisations.
SPECIAL = {
    "D": World("D", giant=0.6),
    "E": World("E", star=0.6),
    "F": World("F", focal_part=0.02),
}
