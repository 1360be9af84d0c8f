"""Intervals of observed over expected: against plain derivatives, and in worlds of ratio 1."""

from __future__ import annotations

import threading
from collections import Counter

import numpy as np
import polars as pl
import pytest
from scipy.stats import t as student

from netpos.graph import expected
from netpos.graph.expected import cohort_rates, expected_flow, flows_of
from netpos.graph.links import Citations, Shares, Spread
from netpos.indicators import compiled, residuals
from netpos.indicators.bounds import LEAST_CITATIONS, LEAST_EFFECTIVE, LEAST_ORGANISATIONS
from netpos.indicators.residuals import LEAST_PART, Intervals, Sampled, intervals

CODES = ["CN", "DE", "NL", "US"]
SPAN = (2010, 2019)


class Made:
    """Families with countries, organisations and years, and citations among them."""

    def __init__(self, seed: int, organisations: int, *, shared: bool, pull: float) -> None:
        pick = np.random.default_rng(seed)
        of_firm = pick.choice(4, organisations, p=[0.35, 0.2, 0.15, 0.3])
        of_firm[:4] = range(4)
        size = np.ceil(pick.lognormal(1.0, 0.8, organisations)).astype(int)
        owner = np.repeat(np.arange(organisations), size)
        n = owner.size
        growth = np.array([1.0, -0.5, 0.0, 0.2])[of_firm[owner]]
        chance = np.exp(growth[:, None] * np.linspace(-1, 1, 15))
        chance = np.cumsum(chance / chance.sum(axis=1, keepdims=True), axis=1)
        self.year = 2005 + (pick.random(n)[:, None] > chance[:, :-1]).sum(axis=1)
        attraction = pick.lognormal(0.0, pull, organisations)[owner]
        pairs = set()
        for f in np.flatnonzero(self.year >= SPAN[0]).tolist():
            pool = np.flatnonzero(self.year < self.year[f])
            weight = attraction[pool] * np.where(
                of_firm[owner[pool]] == of_firm[owner[f]], 3.0, 1.0
            )
            for g in pick.choice(pool, 4, p=weight / weight.sum()).tolist():
                pairs.add((f, g))
        firms = [[k] for k in owner.tolist()]
        if shared:  # some are co-owned, some belong to no organisation
            for f in range(n):
                if pick.random() < 0.2:
                    firms[f].append(int(pick.integers(organisations)))
                firms[f] = sorted(set(firms[f]))
                if pick.random() < 0.15:
                    firms[f] = []
        homes = [
            sorted({int(of_firm[k]) for k in held} or {int(of_firm[owner[f]])})
            for f, held in enumerate(firms)
        ]
        self.shares = self._shares(
            [(f, CODES[c], 1 / len(h)) for f, h in enumerate(homes) for c in h], "country"
        )
        self.firms = self._shares(
            [(f, f"{k:04d}", 1 / len(h)) for f, h in enumerate(firms) for k in h], "organisation"
        )
        ends = np.array(sorted(pairs), dtype=np.int32).T
        self.pairs = Citations(ends[0], ends[1], np.zeros(ends.shape[1], dtype=bool), n)
        self.spread = Spread.of(self.pairs, self.shares)
        self.sample = Sampled.of(self.pairs, self.spread, self.shares, self.firms)

    def _shares(self, rows: list[tuple], kind: str) -> Shares:
        schema = {"family": pl.Int32, kind: pl.String, "share": pl.Float64}
        return Shares.of(pl.DataFrame(rows, schema, orient="row"), kind, self.year.size)

    def intervals(self) -> tuple[np.ndarray, np.ndarray, Intervals, np.ndarray]:
        n = self.year.size
        every = np.ones(n, dtype=bool)
        years, chosen = self.year.astype(float), np.ones(len(self.pairs), dtype=bool)
        parts = (chosen, every, years, SPAN)
        flows = flows_of(self.pairs, self.spread, self.shares, every, years, SPAN, chosen)
        rates = cohort_rates(flows)
        flow = expected_flow(flows, rates)
        i, j = np.nonzero(flow)
        found = intervals(self.sample, *parts, flows, rates, flow, i, j)
        return i, j, found, rates

    def sums(
        self, weight: np.ndarray, rates: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Observed, expected, and what a citation of each country and year is expected to be.

        With organisations of other weights and the rates held fixed, in plain loops.
        """
        family = self.sample.holders(np.arange(self.year.size)) @ weight
        matrix = self.shares.matrix.toarray()
        observed, abroad = np.zeros((4, 4)), np.zeros((4, 10))
        for f, g in zip(self.pairs.citing.tolist(), self.pairs.cited.tolist(), strict=True):
            links = np.outer(matrix[f], matrix[g]) * family[f] * family[g]
            np.fill_diagonal(links, 0.0)
            observed += links
            abroad[:, self.year[f] - SPAN[0]] += links.sum(axis=1)
        held = np.zeros((4, rates.shape[1]))
        for f, year in enumerate(self.year.tolist()):
            held[:, year - self.year.min()] += matrix[f] * family[f]
        offered = rates @ held.T
        part = np.zeros((4, 10, 4))
        for i in range(4):
            for t in range(10):
                if abroad[i, t]:
                    part[i, t] = offered[t] / (offered[t].sum() - offered[t, i])
        return observed, np.einsum("it,itj->ij", abroad, part), part

    def log_ratio(self, weight: np.ndarray, rates: np.ndarray) -> np.ndarray:
        """ln O - ln E, 0 where there is neither."""
        observed, expected, _ = self.sums(weight, rates)
        return np.log(np.where(observed, observed, 1)) - np.log(np.where(expected, expected, 1))

    def by_hand(self, U: np.ndarray, rates: np.ndarray, i: int, j: int) -> float:
        """Half the width of the logarithm of an interval, from influences of organisations."""
        observed, expected, part = self.sums(np.ones(len(U)), rates)
        matrix, holders = (
            self.shares.matrix.toarray(),
            self.sample.holders(np.arange(self.year.size)).toarray(),
        )
        own, theirs, links = np.zeros(len(U)), np.zeros(len(U)), 0.0
        for f, g in zip(self.pairs.citing.tolist(), self.pairs.cited.tolist(), strict=True):
            t = self.year[f] - SPAN[0]
            for k in range(4):
                w = matrix[f, i] * matrix[g, k]
                if k == i or not w:
                    continue
                links += (w * ((k == j) / observed[i, j] - part[i, t, j] / expected[i, j])) ** 2
                if k == j:
                    own += w * holders[f]
                    theirs += w * holders[g]
        squares, fourths = (U[:, i, j] ** 2).sum(), (U[:, i, j] ** 4).sum()
        effective = min(x.sum() ** 2 / (x**2).sum() for x in (own, theirs))
        freedom = max(min(effective, squares**2 / fourths) - 1, 1)
        variance = max(squares - links, LEAST_PART * squares)
        return student.ppf(0.975, freedom) * np.sqrt(variance)


@pytest.mark.parametrize("seed", range(2))
def test_errors_are_those_of_plain_derivatives(seed: int) -> None:
    made = Made(seed, 45, shared=True, pull=0.5)
    i, j, found, rates = made.intervals()
    firms = made.sample.number.shape[1]
    one, step = np.ones(firms), 1e-4
    U = np.zeros((firms, 4, 4))
    for k in range(firms):
        up, down = one.copy(), one.copy()
        up[k] += step
        down[k] -= step
        U[k] = (made.log_ratio(up, rates) - made.log_ratio(down, rates)) / (2 * step)
    ratio = np.exp(made.log_ratio(one, rates))
    checked = 0
    for p, (a, b) in enumerate(zip(i.tolist(), j.tolist(), strict=True)):
        if not found.reason[p]:
            assert np.sqrt(found.low[p] * found.high[p]) == pytest.approx(ratio[a, b], rel=1e-9)
            reach = np.log(found.high[p] / found.low[p]) / 2
            # fourth powers of organisations that only have families are left out
            assert reach == pytest.approx(made.by_hand(U, rates, a, b), rel=3e-3)
            checked += 1
    assert checked >= 3


def test_intervals_hold_the_ratio_of_worlds_in_which_it_is_one() -> None:
    held = printed = 0
    for seed in range(60):
        _, _, found, _ = Made(100 + seed, 80, shared=False, pull=1.0).intervals()
        known = found.reason == ""
        held += int(((found.low <= 1) & (found.high >= 1))[known].sum())
        printed += int(known.sum())
    assert printed > 300
    assert 0.90 <= held / printed <= 0.99


def test_no_interval_rests_on_few_citations_or_one_firm() -> None:
    made = Made(5, 12, shared=False, pull=2.0)
    _, _, found, _ = made.intervals()
    assert set(found.reason) <= {"", "too_few", "one_firm"}
    assert {"too_few"} <= set(found.reason)
    assert np.isnan(found.low[found.reason != ""]).all()
    assert np.isnan(found.high[found.reason != ""]).all()
    assert (found.low[found.reason == ""] > 0).all()


def test_one_firm_is_told_where_there_are_enough_that_weigh_as_few() -> None:
    """Firms that cite, and firms cited, in the links of each pair, counted one by one."""
    made = Made(0, 60, shared=False, pull=4.0)
    i, j, found, _ = made.intervals()
    home, firm = (shares.matrix.indices for shares in (made.shares, made.firms))
    told = Counter()
    for p, pair in enumerate(zip(i.tolist(), j.tolist(), strict=True)):
        ends = [
            (int(firm[f]), int(firm[g]))
            for f, g in zip(made.pairs.citing, made.pairs.cited, strict=True)
            if (home[f], home[g]) == pair
        ]
        weights = [list(Counter(end).values()) for end in zip(*ends, strict=True)]
        effective = min(sum(w) ** 2 / sum(x * x for x in w) for w in weights)
        enough = len(ends) >= LEAST_CITATIONS and min(map(len, weights)) >= LEAST_ORGANISATIONS
        assert (found.reason[p] == "one_firm") == (enough and effective < LEAST_EFFECTIVE)
        told[found.reason[p]] += 1
    assert told["one_firm"] > 3
    assert told["too_few"] > 3


def test_twenty_citations_have_an_interval_and_nineteen_have_none() -> None:
    made = Made(3, 30, shared=False, pull=0.5)
    i, j, found, _ = made.intervals()
    home = made.shares.matrix.indices
    seen = Counter(zip(home[made.pairs.citing], home[made.pairs.cited], strict=True))
    told = {seen[pair]: found.reason[p] for p, pair in enumerate(zip(i, j, strict=True))}
    assert (told[19], told[20]) == ("too_few", "")


@pytest.mark.parametrize("numbers", [1, 40])
def test_how_many_organisations_are_taken_at_a_time_changes_no_digit(
    numbers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETPOS_DRAWS", "0")  # what is compiled takes one at a time
    made = Made(3, 80, shared=True, pull=1.0)
    _, _, whole, _ = made.intervals()
    monkeypatch.setattr(residuals, "_NUMBERS", numbers)
    monkeypatch.setattr(residuals, "_AT_ONCE", 50)
    monkeypatch.setattr(expected, "_AT_ONCE", 50)
    _, _, parts, _ = made.intervals()
    assert np.isfinite(whole.low).any()
    assert whole.low.tobytes() == parts.low.tobytes()
    assert whole.high.tobytes() == parts.high.tobytes()
    assert whole.reason.tolist() == parts.reason.tolist()


def test_countries_side_by_side_have_the_intervals_of_one_after_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = Made(3, 80, shared=True, pull=1.0)
    _, _, alone, _ = made.intervals()
    threads, squares = set(), residuals._squares

    def told(*given: object) -> tuple[np.ndarray, ...]:
        threads.add(threading.current_thread().name)
        return squares(*given)

    monkeypatch.setattr(residuals, "_squares", told)
    monkeypatch.setattr(residuals, "_MOST_ALONE", 0)
    monkeypatch.setattr(pl, "thread_pool_size", lambda: 3)
    _, _, apart, _ = made.intervals()
    assert threading.main_thread().name not in threads
    assert threads
    assert np.isfinite(alone.low).any()
    assert alone.low.tobytes() == apart.low.tobytes()
    assert alone.high.tobytes() == apart.high.tobytes()
    assert alone.reason.tolist() == apart.reason.tolist()


@pytest.mark.skipif(
    not compiled.available(), reason="netpos was installed without its compiled draws"
)
@pytest.mark.parametrize(("seed", "shared"), [(3, True), (5, False)])
def test_what_is_compiled_has_the_digits_of_numpy(
    seed: int, shared: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Made(seed, 60, shared=shared, pull=0.5)
    sums, squares = [], residuals._squares

    def kept(*given: object) -> tuple[np.ndarray, ...]:
        sums.append(squares(*given))
        return sums[-1]

    monkeypatch.setattr(residuals, "_squares", kept)
    i, _, found, _ = made.intervals()
    monkeypatch.setenv("NETPOS_DRAWS", "0")
    plain = made.intervals()[2]
    assert found.low.tobytes() == plain.low.tobytes()
    assert found.high.tobytes() == plain.high.tobytes()
    assert np.isfinite(found.low).sum() >= 4
    half = len(sums) // 2  # countries that cite: first compiled, then not
    assert half >= len(np.unique(i)) - 1
    for one, other in zip(sums[:half], sums[half:], strict=True):
        assert [a.tobytes() for a in one] == [a.tobytes() for a in other]
        assert all((a > 0).all() for a in one[1:])
    assert max(one[1].size for one in sums[:half]) > 1


def test_a_document_outside_without_a_country_has_no_holders() -> None:
    """Row 0 is a family, rows 1 and 2 lie outside; only row 2 has a country."""
    none = np.empty(0, dtype=np.int32)
    pairs = Citations(none, none, np.empty(0, dtype=bool), 1)
    countries = pl.DataFrame({"family": [2], "country": ["NL"], "share": [1.0]})
    firms = pl.DataFrame({"family": [1, 2], "organisation": ["A", "B"], "share": [1.0, 1.0]})
    shares = Shares.of(countries, "country", 3)
    spread = Spread.of(pairs, shares)
    sample = Sampled.of(pairs, spread, shares, Shares.of(firms, "organisation", 3))
    held = sample.holders(np.arange(3)).toarray()
    assert held.tolist() == [
        [0.0, 0.0, 1.0],
        [0.0, 0.0, 0.0],
        [0.0, 1.0, 0.0],
    ]
