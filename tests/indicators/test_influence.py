"""Errors in closed form against derivatives of the indicators taken numerically, link by link."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np
import pytest
from scipy.sparse import csr_array

from netpos.indicators.influence import DEDUCTED, DEDUCTED_OF_BALANCE, LEAST_PART, balance
from netpos.indicators.resampling import Bilinear
from netpos.indicators.uncertainty import CONTRASTS
from tests.indicators.plain import (
    SPAN,
    Case,
    Clusters,
    expected,
    in_full,
    made_up,
    markets,
    plain_draw,
    ready,
)

STEP = 1e-4
SMOOTH = (
    "balance_ratio",
    "family_share",
    "received_share",
    "share_eu",
    "similarity",
    "value_share",
)


def derivative(case: Case, nodes: list[str], weight, link) -> dict:
    """Derivative of every indicator along a direction of weights of families and links."""
    ends = [
        plain_draw(
            case,
            nodes,
            lambda f, s=s: 1 + s * weight(f),
            lambda f, g, s=s: 1 + s * link(f, g),
            cores=False,
        )
        for s in (STEP, -STEP)
    ]
    for one in ends:
        for name, (of, than) in CONTRASTS.items():
            one[name] = {i: one[of][i] - one[than][i] for i in nodes}

    def of(name: str, i: str) -> float:
        up, down = (e[name][i] for e in ends)
        if name == "source_effective":
            up, down = (math.log(v) if v == v else v for v in (up, down))
        return (up - down) / (2 * STEP)

    every = (*SMOOTH, *CONTRASTS, "source_effective")
    return {(name, i): of(name, i) for name in every for i in nodes}


@pytest.mark.parametrize("seed", [0, 3])
def test_errors_are_sums_of_squared_derivatives_by_organisation_less_those_by_pair(
    seed: int,
) -> None:
    case = made_up(seed, families=40, pairs=120)
    if seed == 3:
        case = in_full(case)
    corpus = ready(case)
    nodes = corpus.table["country"].to_list()
    found = corpus.resample(draws=1)
    clusters = Clusters.made(case)
    squares: dict = defaultdict(float)
    fourths: dict = defaultdict(float)
    pairs: dict = defaultdict(float)
    for name in clusters.number:

        def part(f: int, name=name) -> float:
            return clusters.of[f].get(name, 0.0)

        slopes = derivative(case, nodes, part, lambda f, g, part=part: part(f) + part(g))
        for key, slope in slopes.items():
            squares[key] += slope**2
            fourths[key] += slope**4
    # families of one organisation alone are one unit, all others one each
    unit = [o[0] if len(o) == 1 else str(f) for f, o in enumerate(case.organisations)]
    for pair in {frozenset((unit[f], unit[g])) for f, g in case.pairs}:
        slopes = derivative(
            case,
            nodes,
            lambda _: 0.0,
            lambda f, g, pair=pair: float(frozenset((unit[f], unit[g])) == pair),
        )
        for key, slope in slopes.items():
            pairs[key] += slope**2
    checked = 0
    for name in (*SMOOTH, *CONTRASTS, "source_effective"):
        less = {"family_share": 0.0, "source_effective": 0.0, "balance_ratio": DEDUCTED_OF_BALANCE}
        part = less.get(name, DEDUCTED)
        for k, country in enumerate(nodes):
            whole = squares[name, country]
            if not math.isfinite(whole):
                continue
            kept = max(whole - part * pairs[name, country], LEAST_PART * whole)
            precision = found.precision[name]
            assert precision.error[k] == pytest.approx(math.sqrt(kept), rel=1e-5, abs=1e-9)
            alike = whole**2 / fourths[name, country] if fourths[name, country] else 0.0
            held = holdings(case, clusters, name, country)
            several = effective(held) if name != "balance_ratio" else math.inf
            if name != "balance_ratio":
                assert precision.holders[k] == len(held)
                assert precision.effective[k] == pytest.approx(several)
                freedom = max(1.0, min(alike, several) - 1)
                if kept > 1e-12:  # else fourth powers are noise
                    assert precision.freedom[k] == pytest.approx(freedom, rel=1e-4)
            if name == "source_effective":  # between countries: the part of second order beside
                sources = corpus.table["source_countries"][k]
                second = 4 * found.lost[k] ** 2 / max(sources - 1, 1)
                kept = max(whole - DEDUCTED * pairs[name, country], LEAST_PART * whole)
                error = found.precision["source_between"].error[k]
                assert error == pytest.approx(math.sqrt(kept + second), rel=1e-5, abs=1e-9)
            checked += 1
    assert checked > 30


def effective(held: dict[str, float]) -> float:
    whole = sum(x * x for x in held.values())
    return sum(held.values()) ** 2 / whole if whole else 0.0


def holdings(case: Case, clusters: Clusters, name: str, country: str) -> dict[str, float]:
    """What each organisation has at the country's own end."""
    held: dict[str, float] = defaultdict(float)

    def inside(f: int) -> bool:
        return case.member[f] and SPAN[0] <= case.years[f] <= SPAN[1]

    def give(f: int, amount: float) -> None:
        for cluster, part in clusters.of[f].items():
            if amount:
                held[cluster] += part * amount * case.countries[f].get(country, 0.0)

    if name == "family_share":
        for f in range(len(case.countries)):
            give(f, float(inside(f)))
    elif name == "value_share":
        for f in range(len(case.countries)):
            give(f, inside(f) * markets(f) * max(0.0, 1 - expected(f)))
        for _, g in case.pairs:
            give(g, inside(g) * markets(g) / max(1.0, expected(g)))
    else:
        received = name == "received_share"
        for f, g in case.pairs:
            if not inside(f) or (received and not case.member[g]):
                continue
            own, other = (g, f) if received else (f, g)
            abroad = sum(b for j, b in case.countries[other].items() if j != country)
            give(own, abroad)
    return {k: v for k, v in held.items() if v > 0}


def test_independent_families_have_the_error_of_a_proportion() -> None:
    countries = [{"NL": 1.0}] * 100 + [{"US": 1.0}] * 300
    case = Case(countries, [[]] * 400, [True] * 400, [2020] * 400, [(0, 200), (200, 0), (1, 0)])
    error = ready(case).resample(draws=1).precision["family_share"].error[0]
    assert error == pytest.approx(math.sqrt(0.25 * 0.75 / 400))


def test_the_closed_form_is_what_the_variance_of_small_perturbations_tends_to() -> None:
    # weights 1 + t e, e independent with variance 1 by organisation: variance / t^2 -> sum U^2
    case = made_up(11, families=60, pairs=240)
    corpus = ready(case)
    nodes = corpus.table["country"].to_list()
    error = corpus.resample(draws=1).precision["source_effective"].error  # nothing is taken off
    clusters, pick, t = Clusters.made(case), np.random.default_rng(1), 1e-3
    logs = []
    for _ in range(200):
        e = {name: pick.choice([-1.0, 1.0]) for name in clusters.number}

        def weight(f: int, e=e) -> float:
            return 1 + t * sum(part * e[name] for name, part in clusters.of[f].items())

        found = plain_draw(case, nodes, weight, cores=False)["source_effective"]
        logs.append([math.log(found[i]) if found[i] == found[i] else math.nan for i in nodes])
    spread = np.nanstd(np.array(logs), axis=0) / t
    known = np.isfinite(spread) & (error > 0)
    assert known.sum() > 4
    # a standard deviation of 200 numbers is itself off by 5 %
    assert spread[known] == pytest.approx(error[known], rel=0.2)


@pytest.mark.parametrize(
    ("citing", "sources", "lost"),
    [
        # independent citations: sources less one over twice the citations (Miller and Madow)
        ("ABCD", ["US", "DE", "US", "US"], 1 / 8),
        # A once to each. Of squares over parts 6 / .75 + 2 / .25 = 16, less the squares of what
        # each has, 2 squared and six times 1: 6. By link 4 / 2 squared, over twice 4 squared
        ("AABC", ["US", "DE", "US", "US"], (6 - 4) / 32),
        # A twice to US: 8 / .75 + 2 / .25 less 10
        ("AABC", ["US", "US", "DE", "US"], (32 / 3 + 8 - 10 - 4) / 32),
        ("ABCD", ["US"] * 4, 0.0),
    ],
)
def test_the_entropy_of_sources_is_too_low_by_their_variances_over_twice_their_parts(
    citing: str, sources: list[str], lost: float
) -> None:
    countries = [{"NL": 1.0}] * 4 + [{c: 1.0} for c in sources]
    firms = [[c] for c in citing] + [[f"T{k}"] for k in range(4)]
    case = Case(countries, firms, [True] * 8, [2020] * 8, [(k, 4 + k) for k in range(4)])
    corpus = ready(case)
    at = corpus.table["country"].to_list().index("NL")
    assert corpus.resample(draws=1).lost[at] == pytest.approx(lost, abs=1e-12)


def test_a_balance_rests_on_those_that_cite_and_those_that_are_cited() -> None:
    # organisations 0, 1 and 2 of the first country cite 3 of the other, which cites 0
    citing, cited = np.array([0, 1, 2, 3], np.int32), np.array([3, 3, 3, 0], np.int32)
    country = np.array([0, 0, 0, 1], np.int32)
    links = Bilinear(np.zeros(4, np.int32), citing, cited, np.ones(4), 1)
    parts = csr_array(np.eye(4))
    found = balance(links, country[citing], country[cited], parts, 2)
    assert found.holders.tolist() == [3.0, 1.0]
    # of the first, one takes part in two of four links: 4² / (2² + 1 + 1)
    assert found.effective.tolist() == [pytest.approx(4.0**2 / (2**2 + 1 + 1)), 1.0]
