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
from netpos.graph.kernels import Floats
from netpos.graph.links import Citations, Ints, Mask, Scope, Shares, Spread, build, select
from netpos.indicators.position import country_table
from netpos.indicators.relevance import relevance
from netpos.indicators.resampling import Sample, Worth
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

    @cached_property
    def codes(self) -> list[str]:
        """Countries in alphabetical order, as in every table."""
        return sorted(CODES[: self.countries])

    @cached_property
    def part(self) -> Floats:
        """Part of the organisations of each country."""
        part = _PARTS[[CODES.index(c) for c in self.codes]]
        found: Floats = part / part.sum()
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

    @cached_property
    def _by_taste(self) -> Floats:
        """Mean preference of the organisations of each country, by 100,000 tastes."""
        pick, part, found = np.random.default_rng(5), self.part, []
        for row in self._made[1]:
            taste = pick.dirichlet((self.taste or 1.0) * row, 100_000)
            taste = taste if self.fixed else taste * part
            found.append((taste / taste.sum(axis=1, keepdims=True)).mean(axis=0))
        return np.stack(found)

    def truth(self, period: str) -> Truth:
        """Value of every indicator in the limit, by country."""
        n, (alpha, _, profile) = self.countries, self._made
        families = self.part[:, None] * profile
        flows = np.zeros((len(_YEARS), n, n))  # of citing cohorts, without shared families
        cited_by = np.zeros((n, len(_YEARS)))  # citations to families of a cohort
        for t in range(len(_YEARS)):
            pool = families[:, :t] if self.growth else families
            if not pool.size:
                continue
            chance = np.where(np.eye(n, dtype=bool), self.home, 1.0) * alpha * pool.sum(axis=1)
            if self.taste:
                chance = self._by_taste
            chance = chance / chance.sum(axis=1, keepdims=True)
            flows[t] = _CITATIONS * families[:, t, None] * chance
            received = flows[t].sum(axis=0)
            cited_by[:, : pool.shape[1]] += (
                received[:, None] * pool / pool.sum(axis=1, keepdims=True)
            )
        first, last = PERIODS[period]
        inside = np.isin(_YEARS, np.arange(first, last + 1))
        expected = cited_by.sum(axis=0) / families.sum(axis=0)
        each, alone = 1.0 / np.maximum(expected, 1.0), np.maximum(1.0 - expected, 0.0)
        value = (cited_by * each + families * alone)[:, inside].sum(axis=1)
        # half of a shared family is held by an organisation drawn by size
        spread = (1 - self.shared / 2) * np.eye(n) + self.shared / 2 * self.part
        F = spread.T @ flows[inside].sum(axis=0) @ spread
        held = spread.T @ families[:, inside].sum(axis=1)
        return _indicators(self.codes, F, held, spread.T @ value)


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
