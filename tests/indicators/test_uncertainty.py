"""Stability intervals against a slow bootstrap in plain loops, and against statistics."""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace

import networkx as nx
import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy import stats

from netpos.errors import OptionError, TableError
from netpos.graph import links as graph_links
from netpos.graph.links import Citations, Shares, Spread
from netpos.indicators.position import country_table
from netpos.indicators.uncertainty import (
    HELD,
    RESAMPLED,
    WITH_BOUNDS,
    Sample,
    add_intervals,
    clusters,
    intervals,
    percentile,
    poisson_weights,
)

SPAN = (2015, 2025)
EU = {"NL", "DE", "FR"}
OTHERS_IN_BLOCS = {"US", "JP"}  # OECD or NATO; CN and BR in neither


@dataclass(frozen=True)
class Case:
    """A made-up corpus: everything that the oracle reads is plain Python."""

    countries: list[dict[str, float]]
    organisations: list[list[str]]
    member: list[bool]
    years: list[int]
    pairs: list[tuple[int, int]]


def made_up(seed: int, families: int = 60, pairs: int = 240) -> Case:
    pick = random.Random(seed)
    codes = sorted({*EU, *OTHERS_IN_BLOCS, "CN", "BR"})
    countries, organisations = [], []
    for _ in range(families):
        parties = [pick.choice(codes[:5] if pick.random() < 0.7 else codes) for _ in range(3)]
        found = Counter(parties[: pick.randint(1, 3)] if pick.random() < 0.95 else [])
        countries.append({c: n / sum(found.values()) for c, n in sorted(found.items())})
        firms = [f"FIRM {pick.randint(0, 9)}" for _ in range(pick.randint(0, 2))]
        organisations.append(sorted(set(firms)))
    ends = {(pick.randrange(families), pick.randrange(families)) for _ in range(pairs)}
    return Case(
        countries,
        organisations,
        [pick.random() < 0.8 for _ in range(families)],
        [pick.randint(2012, 2025) for _ in range(families)],
        sorted((f, g) for f, g in ends if f != g),
    )


def in_full(case: Case) -> Case:
    """The same corpus, each country counting for a whole family."""
    return replace(case, countries=[dict.fromkeys(held, 1.0) for held in case.countries])


@dataclass(frozen=True)
class Ready:
    table: pl.DataFrame
    sample: Sample
    links: np.ndarray
    sources: np.ndarray
    families: np.ndarray

    def intervals(self, **options: object) -> pl.DataFrame:
        parts = (self.sample, self.links, self.sources, self.families)
        return intervals(self.table, *parts, **({"year": 2025, "draws": 40} | options))


def ready(case: Case) -> Ready:
    """The same corpus as netpos holds it, with its table of countries."""
    rows = len(case.countries)
    shares = Shares.of(
        pl.DataFrame(
            [(f, c, s) for f, held in enumerate(case.countries) for c, s in held.items()],
            schema={"family": pl.Int32, "country": pl.String, "share": pl.Float64},
            orient="row",
        ),
        "country",
        rows,
    )
    organisations = Shares.of(
        pl.DataFrame(
            [(f, o, 1 / len(held)) for f, held in enumerate(case.organisations) for o in held],
            schema={"family": pl.Int32, "organisation": pl.String, "share": pl.Float64},
            orient="row",
        ),
        "organisation",
        rows,
    )
    citing, cited = (np.array([p[k] for p in case.pairs], dtype=np.int64) for k in (0, 1))
    pairs = Citations(citing, cited, np.zeros(citing.size, dtype=bool), rows)
    spread = Spread.of(pairs, shares)
    member, years = np.array(case.member), np.array(case.years, dtype=float)
    measures = {"families_international": np.zeros(rows), "cited_by_families": np.zeros(rows)}

    def built(scope: graph_links.Scope) -> graph_links.Links:
        chosen = graph_links.select(pairs, member, years, SPAN, scope=scope)
        parts = (chosen, spread, shares, member, years, SPAN)
        return graph_links.build(*parts, scope=scope, always="NL", measures=measures)

    inside = member & (years >= SPAN[0]) & (years <= SPAN[1])
    located = float((inside & shares.located).sum())
    table = country_table(
        built("closed"), built("citing"), focal="NL", year=2025, located=(located, 0.0)
    )
    masks = [
        graph_links.select(pairs, member, years, SPAN, scope=scope)
        for scope in ("closed", "citing")
    ]
    return Ready(
        table.with_columns(technology=pl.lit("quantum"), period=pl.lit("all")),
        Sample.of(pairs, spread, shares, organisations),
        *masks,
        inside,
    )


# --- the same bootstrap in plain loops ----------------------------------------------------------


def plain_weight(position: int, draw: int, seed: int) -> int:
    """SplitMix64 and the inverse of the Poisson distribution, with Python's own integers."""
    full = 2**64 - 1

    def number(start: int, k: int) -> int:
        z = (start + (k + 1) * 0x9E3779B97F4A7C15) & full
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & full
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & full
        return z ^ (z >> 31)

    u = (number(number(seed, position), draw) >> 32) / 2**32
    weight, below = 0, math.exp(-1)
    while u >= below and weight < 12:
        weight += 1
        below += math.exp(-1) / math.factorial(weight)
    return weight


def ranks(values: dict[str, float]) -> dict[str, float]:
    close = {c: float(f"{v:.11e}") for c, v in values.items()}
    return {c: 1.0 + sum(w > v for w in close.values()) for c, v in close.items()}


def plain_core(F: dict[tuple[str, str], float], nodes: list[str]) -> set[str]:
    S = {(i, j): F.get((i, j), 0) + F.get((j, i), 0) for i in nodes for j in nodes if i != j}
    strength = {i: sum(S[i, j] for j in nodes if j != i) for i in nodes}
    order = sorted(nodes, key=lambda i: (-float(f"{strength[i]:.11e}"), i))
    to_stronger = [float(f"{sum(S[i, j] for j in order[:r]):.11e}") for r, i in enumerate(order)]
    if len(nodes) < 3 or max(to_stronger) == 0:
        return set()
    return set(order[: to_stronger.index(max(to_stronger)) + 1])


def plain_distance(
    F: dict[tuple[str, str], float], nodes: list[str], core: set[str]
) -> dict[str, float]:
    """Resistance by networkx after joining the core into one node."""
    found = {i: 0.0 if i in core else math.nan for i in nodes}
    S: dict[tuple[str, str], float] = defaultdict(float)
    for (i, j), w in F.items():
        S[min(i, j), max(i, j)] += w
    S = {k: w for k, w in S.items() if w > 0}
    if not core or not S:
        return dict.fromkeys(nodes, math.nan)
    mean = sum(S.values()) / len(S)
    graph = nx.Graph()
    for (i, j), w in S.items():
        a, b = ("*" if i in core else i), ("*" if j in core else j)
        if a != b:
            before = graph.edges[a, b]["weight"] if graph.has_edge(a, b) else 0.0
            graph.add_edge(a, b, weight=before + w / mean)
    if "*" in graph:
        whole = graph.subgraph(nx.node_connected_component(graph, "*"))
        for i in set(whole) - {"*"}:
            found[i] = nx.resistance_distance(whole, i, "*", weight="weight", invert_weight=False)
    return found


def plain_near(
    core: set[str], distance: dict[str, float], families: dict[str, float]
) -> dict[str, float]:
    outside = {
        i: d
        for i, d in distance.items()
        if i not in core and d == d and float(f"{families[i]:.11e}") >= 10
    }
    fifth = sorted(outside.values())[4] if len(outside) > 4 else math.inf
    named = {i for i, d in outside.items() if d <= fifth * (1 + 1e-12)}
    known = core if len(outside) <= 2 * len(named) else set(distance)
    near = core | named
    return {i: float(i in near) if core and i in known else math.nan for i in distance}


def plain_draw(case: Case, nodes: list[str], weight: Callable[[int], int]) -> dict[str, dict]:
    """Every indicator of every country for one set of weights; ``weight`` takes a family."""
    closed: dict[tuple[str, str], float] = defaultdict(float)
    wide: dict[tuple[str, str], float] = defaultdict(float)
    for f, g in case.pairs:
        if not (case.member[f] and SPAN[0] <= case.years[f] <= SPAN[1]):
            continue
        for i, a in case.countries[f].items():
            for j, b in case.countries[g].items():
                if i != j and weight(f):
                    wide[i, j] += weight(f) * a * b
                    if case.member[g]:
                        closed[i, j] += weight(f) * a * b
    families, located = dict.fromkeys(nodes, 0.0), 0.0
    for f, held in enumerate(case.countries):
        if case.member[f] and SPAN[0] <= case.years[f] <= SPAN[1]:
            located += weight(f) * bool(held)
            for i, a in held.items():
                families[i] += weight(f) * a
    received = {i: sum(w for (_, j), w in closed.items() if j == i) for i in nodes}
    given = {i: sum(w for (j, _), w in closed.items() if j == i) for i in nodes}
    core = plain_core(closed, nodes)
    distance = plain_distance(closed, nodes, core)

    def part(value: float, whole: float) -> float:
        return value / whole if whole else math.nan

    p = {}
    for i in nodes:
        out = {j: w for (k, j), w in wide.items() if k == i}
        p[i] = {j: w / sum(out.values()) for j, w in out.items()}

    def kind(i: str, j: str) -> int:
        blocs = EU | OTHERS_IN_BLOCS
        return 1 if i in EU and j in EU else 2 if i in blocs and j in blocs else 3

    def bloc(j: str) -> str:
        return "eu" if j in EU else "oecd_nato" if j in OTHERS_IN_BLOCS else "other"

    def over(i: str, of: Callable[[str, float], float]) -> float:
        return sum(of(j, q) for j, q in p[i].items()) if p[i] else math.nan

    return {
        "balance_ratio": {i: part(received[i] - given[i], received[i] + given[i]) for i in nodes},
        "core_distance": distance,
        "family_rank": ranks(families),
        "family_share": {i: part(families[i], located) for i in nodes},
        "received_rank": ranks(received),
        "received_share": {i: part(received[i], sum(received.values())) for i in nodes},
        "share_eu": {i: over(i, lambda j, q: q * (bloc(j) == "eu")) for i in nodes},
        "share_oecd_nato": {i: over(i, lambda j, q: q * (bloc(j) == "oecd_nato")) for i in nodes},
        "share_other": {i: over(i, lambda j, q: q * (bloc(j) == "other")) for i in nodes},
        "similarity": {i: over(i, lambda j, q, i=i: q * kind(i, j)) for i in nodes},
        "source_countries": {i: float(len(p[i])) for i in nodes},
        "source_effective": {
            i: math.exp(-sum(q * math.log(q) for q in p[i].values())) if p[i] else math.nan
            for i in nodes
        },
        "near_core_share": plain_near(core, distance, families),
        "top10_share": {i: float(r <= 10) for i, r in ranks(received).items()},
    }


def plain_intervals(case: Case, nodes: list[str], draws: int, seed: int) -> dict:
    keys = [held[0] if held else f"~{f:05d}" for f, held in enumerate(case.organisations)]
    position = {key: k for k, key in enumerate(sorted(set(keys)))}
    collected: dict[tuple[str, str], list[float]] = defaultdict(list)
    for d in range(draws):
        of_key = {key: plain_weight(k, d, seed) for key, k in position.items()}
        found = plain_draw(case, nodes, lambda f, of_key=of_key: of_key[keys[f]])
        for name, values in found.items():
            for i, value in values.items():
                if value == value:
                    collected[i, name].append(value)
    out = {}
    for (i, name), values in collected.items():
        values.sort()
        if name in HELD:
            out[i, name] = sum(values) / len(values)
        else:
            at = [math.ceil(k * len(values) / 1000) - 1 for k in (25, 975)]
            out[i, name] = (values[at[0]], values[at[1]])
    return out


@pytest.mark.parametrize("seed", range(6))
def test_intervals_are_those_of_a_bootstrap_in_plain_loops(seed: int) -> None:
    case = made_up(seed, families=(60, 25, 120)[seed % 3], pairs=(240, 20, 500)[seed % 3])
    if seed > 3:
        case = in_full(case)
    corpus = ready(case)
    nodes = corpus.table["country"].to_list()
    expected = plain_intervals(case, nodes, draws=40, seed=seed)
    values = plain_draw(case, nodes, lambda _: 1)
    found = corpus.intervals(seed=seed)
    assert found.height == len(nodes) * (len(RESAMPLED) + len(HELD))
    checked = 0
    for row in found.iter_rows(named=True):
        i, name = row["country"], row["indicator"]
        if name in HELD:
            known = values[name][i] == values[name][i]
            share = expected.get((i, name)) if known else None
            assert row["value"] == (None if share is None else pytest.approx(share, abs=1e-11))
            assert row["low"] is None
            assert row["high"] is None
            continue
        value = values[name][i]
        if name == "family_rank" and not values["family_share"][i]:
            value = math.nan  # who has no families has no rank
        if math.isnan(value):
            assert (row["value"], row["low"], row["high"]) == (None, None, None)
            continue
        low, high = expected[i, name]
        # printed with 12 significant digits; networkx inverts with another rounding
        near = 1e-9 if name == "core_distance" else 2e-11
        assert row["value"] == pytest.approx(value, rel=near, abs=1e-11)
        assert row["low"] == pytest.approx(low, rel=near, abs=1e-11)
        assert row["high"] == pytest.approx(high, rel=near, abs=1e-11)
        checked += 1
    assert checked > 40


# --- weights ------------------------------------------------------------------------------------


def test_weights_are_those_of_plain_integers() -> None:
    positions, draws = np.array([0, 3, 17, 100_000]), np.array([0, 1, 999])
    for seed in (0, 7, 2**64 - 1):
        plain = [[plain_weight(p, d, seed) for d in draws.tolist()] for p in positions.tolist()]
        assert poisson_weights(positions, draws, seed).tolist() == plain


def test_weights_are_poisson_distributed_and_independent() -> None:
    weights = poisson_weights(np.arange(400), np.arange(500), seed=1).astype(int)
    counts = np.bincount(weights.ravel(), minlength=13)
    expected = stats.poisson.pmf(np.arange(13), 1) * weights.size
    kinds = expected > 5
    chi2 = ((counts - expected)[kinds] ** 2 / expected[kinds]).sum()
    assert stats.chi2.sf(chi2, kinds.sum() - 1) > 1e-3
    along_draws = np.corrcoef(weights[:, :-1].ravel(), weights[:, 1:].ravel())[0, 1]
    along_clusters = np.corrcoef(weights[:-1].ravel(), weights[1:].ravel())[0, 1]
    limit = 4 / math.sqrt(weights.size)
    assert abs(along_draws) < limit
    assert abs(along_clusters) < limit


def test_a_weight_does_not_depend_on_what_else_is_asked_for() -> None:
    whole = poisson_weights(np.arange(50), np.arange(80), seed=5)
    some, few = np.array([49, 3, 3, 20]), np.array([79, 0])
    assert (poisson_weights(some, few, seed=5) == whole[np.ix_(some, few)]).all()
    assert (poisson_weights(np.arange(50), np.arange(80), seed=6) != whole).any()


def test_the_cluster_is_the_first_organisation_by_name() -> None:
    case = replace(
        made_up(0, families=4),
        organisations=[["B", "A"], [], ["B"], ["A"]],
    )
    assert clusters(organisations_of(case)).tolist() == [0, 2, 1, 0]


def organisations_of(case: Case) -> Shares:
    rows = [(f, o, 1.0) for f, held in enumerate(case.organisations) for o in held]
    columns = {"family": pl.Int32, "organisation": pl.String, "share": pl.Float64}
    table = pl.DataFrame(rows, schema=columns, orient="row")
    return Shares.of(table, "organisation", len(case.organisations))


# --- statistics ---------------------------------------------------------------------------------


def one_way(organisations: list[list[str]], cites: int) -> Case:
    """Families of NL that each cite ``cites`` of the three families of US, DE and JP."""
    n = len(organisations)
    targets = [n, n + 1, n + 2]
    return Case(
        [{"NL": 1.0}] * n + [{"US": 1.0}, {"DE": 1.0}, {"JP": 1.0}],
        [*organisations, ["U"], ["D"], ["J"]],
        [True] * (n + 3),
        [2020] * (n + 3),
        [(f, g) for f in range(n) for g in targets[:cites]],
    )


def test_a_country_that_rests_on_one_organisation_has_an_interval_from_zero() -> None:
    single = ready(one_way([["ONE"]] * 30, 1)).intervals(draws=1000)
    many = ready(one_way([[f"F{k}"] for k in range(30)], 1)).intervals(draws=1000)

    def bounds(table: pl.DataFrame) -> tuple[float, float]:
        row = table.filter((pl.col("country") == "NL") & (pl.col("indicator") == "family_share"))
        return row["low"][0], row["high"][0]

    assert bounds(single)[0] == 0.0
    assert bounds(many)[0] > 0.7


def test_the_interval_of_a_share_covers_what_the_standard_error_says() -> None:
    # 400 families of one cluster each, a quarter in NL: the share's standard error is that of a
    # proportion, and the percentile interval is 1.96 of it to each side
    countries = [{"NL": 1.0}] * 100 + [{"US": 1.0}] * 300
    case = Case(countries, [[]] * 400, [True] * 400, [2020] * 400, [(0, 200), (200, 0), (1, 0)])
    found = ready(case).intervals(draws=2000, seed=3)
    row = found.filter((pl.col("country") == "NL") & (pl.col("indicator") == "family_share"))
    error = math.sqrt(0.25 * 0.75 / 400)
    width = row["high"][0] - row["low"][0]
    # the quantiles of 2,000 draws have themselves an error of about 4 % of the width
    assert width == pytest.approx(2 * 1.96 * error, rel=0.12)
    assert row["low"][0] < row["value"][0] < row["high"][0]


def test_intervals_cover_the_true_share_about_as_often_as_they_say() -> None:
    pick = np.random.default_rng(11)
    inside = 0
    for k in range(100):
        here = pick.random(150) < 0.3
        countries = [{"NL": 1.0} if h else {"US": 1.0} for h in here]
        case = Case(countries, [[]] * 150, [True] * 150, [2020] * 150, [(0, 1)])
        found = ready(case).intervals(draws=200, seed=k)
        row = found.filter((pl.col("country") == "NL") & (pl.col("indicator") == "family_share"))
        inside += row["low"][0] <= 0.3 <= row["high"][0]
    # 95 of 100 expected; three standard errors are 6.5
    assert 88 <= inside <= 100


# --- contract -----------------------------------------------------------------------------------


def test_percentiles_are_those_of_the_inverted_distribution_function() -> None:
    values = np.random.default_rng(2).integers(0, 30, (137, 5)).astype(float)
    values[5:60, 2] = np.nan
    for k in (25, 500, 975):
        expected = [
            np.quantile(v[np.isfinite(v)], k / 1000, method="inverted_cdf") for v in values.T
        ]
        assert percentile(values, k).tolist() == expected


def test_a_country_without_families_and_links_has_no_shares_but_ranks() -> None:
    case = made_up(1)
    bare = replace(
        case, countries=[{c: s for c, s in h.items() if c != "NL"} for h in case.countries]
    )
    found = ready(bare).intervals().filter(pl.col("country") == "NL")
    of = {r["indicator"]: r for r in found.iter_rows(named=True)}
    assert of["balance_ratio"]["value"] is of["balance_ratio"]["low"] is None
    assert of["family_share"]["high"] == 0.0
    assert of["received_rank"]["low"] is not None


def test_without_links_nothing_is_invented() -> None:
    found = ready(replace(made_up(2), pairs=[])).intervals()
    relational = found.filter(pl.col("indicator").is_in(["balance_ratio", "core_distance"]))
    assert relational["low"].null_count() == relational.height > 0
    near = found.filter(pl.col("indicator") == "near_core_share")
    assert near["value"].null_count() == near.height


def test_with_no_draws_the_bounds_are_empty() -> None:
    found = ready(made_up(3)).intervals(draws=0)
    assert found["low"].null_count() == found["high"].null_count() == found.height
    assert found.filter(pl.col("indicator") == "family_share")["value"].null_count() == 0


def test_the_number_of_draws_at_a_time_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = ready(made_up(4))
    whole = corpus.intervals()
    monkeypatch.setattr("netpos.indicators.uncertainty._CELLS", 200)
    assert_frame_equal(corpus.intervals(), whole, check_exact=True)


def test_another_way_to_find_the_core_is_used_in_every_draw() -> None:
    corpus = ready(made_up(5))
    rich = corpus.intervals(method="rich")
    top = corpus.intervals(method="top-share")

    def bounds(table: pl.DataFrame, *names: str) -> pl.DataFrame:
        return table.filter(pl.col("indicator").is_in(names)).select("low", "high")

    assert not bounds(rich, "core_distance").equals(bounds(top, "core_distance"))
    assert bounds(rich, "similarity").equals(bounds(top, "similarity"))


def test_bounds_enclose_nothing_absurd() -> None:
    found = ready(made_up(6)).intervals().drop_nulls(["low"])
    assert (found["low"] <= found["high"]).all()
    shares = found.filter(pl.col("indicator").str.contains("share"))
    assert shares["low"].min() >= 0
    assert shares["high"].max() <= 1 + 1e-12


def test_the_table_of_countries_gets_two_columns_for_each_indicator() -> None:
    corpus = ready(made_up(7))
    found = corpus.intervals()
    wide = add_intervals(corpus.table, found)
    added = [f"{c}_{end}" for c in WITH_BOUNDS for end in ("low", "high")]
    assert wide.columns == [*corpus.table.columns, *added]
    assert wide["family_rank_low"].dtype == pl.Int64
    row = found.filter((pl.col("country") == "US") & (pl.col("indicator") == "balance_ratio"))
    us = wide.filter(pl.col("country") == "US")
    assert us["balance_ratio_high"][0] == row["high"][0] is not None


def test_wrong_input_is_named() -> None:
    corpus = ready(made_up(8))
    with pytest.raises(OptionError, match="--draws -1"):
        corpus.intervals(draws=-1)
    with pytest.raises(OptionError, match="--seed -1"):
        corpus.intervals(seed=-1)
    with pytest.raises(TableError, match="no row for NL"):
        replace(corpus, table=corpus.table.filter(pl.col("country") != "NL")).intervals()
    with pytest.raises(TableError, match="similarity"):
        replace(corpus, table=corpus.table.drop("similarity")).intervals()
    with pytest.raises(TableError, match="sorted"):
        replace(corpus, table=corpus.table.reverse()).intervals()
