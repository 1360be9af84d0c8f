"""Made-up corpora, and every indicator of them in plain loops over Python's own numbers."""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace

import networkx as nx
import numpy as np
import polars as pl

from netpos.graph import links as graph_links
from netpos.graph.links import Citations, Shares, Spread
from netpos.indicators.position import country_table
from netpos.indicators.resampling import Sample, Worth
from netpos.indicators.uncertainty import Resampled, resample

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
    worth: Worth

    def resample(self, **options: object) -> Resampled:
        parts = (self.sample, self.links, self.sources, self.families)
        default = {"year": 2025, "draws": 40, "worth": self.worth}
        return resample(self.table, *parts, **(default | options))

    def intervals(self, **options: object) -> pl.DataFrame:
        return self.resample(**options).intervals()


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
    worth = Worth.of(pairs, *(np.array([of(f) for f in range(rows)]) for of in (expected, markets)))
    at = table["country"].to_list()
    value = plain_value(case, at, lambda _: 1, lambda *_: 1)
    whole = sum(value.values())
    table = table.with_columns(
        technology=pl.lit("quantum"),
        period=pl.lit("all"),
        value_share=pl.Series([value[c] / whole if whole else None for c in at], dtype=pl.Float64),
    )
    return Ready(table, Sample.of(pairs, spread, shares, organisations), *masks, inside, worth)


def expected(family: int) -> float:
    """Citations expected of a family, made up."""
    return 0.25 + 0.5 * (family % 5)


def markets(family: int) -> float:
    """Markets of a family, made up."""
    return 1.0 + family % 3


# --- weights in plain loops ---------------------------------------------------------------------


@dataclass(frozen=True)
class Clusters:
    """Clusters of each family with their parts of it, and the number of each cluster."""

    of: list[dict[str, float]]
    number: dict[str, int]

    @classmethod
    def made(cls, case: Case) -> Clusters:
        names = sorted({o for held in case.organisations for o in held})
        others = [f for f, held in enumerate(case.organisations) if len(held) != 1]
        bare = {f: len(names) + k for k, f in enumerate(others) if not case.organisations[f]}
        return cls(
            [
                {o: 1 / len(held) for o in held} if held else {f"~{f}": 1.0}
                for f, held in enumerate(case.organisations)
            ],
            {name: k for k, name in enumerate(names)} | {f"~{f}": k for f, k in bare.items()},
        )

    def weights(self, draw: int, seed: int) -> Callable[[int], float]:
        """Weight of a family in a draw."""
        of = {name: plain_weight(k, draw, seed) for name, k in self.number.items()}
        return lambda f: sum(part * of[name] for name, part in self.of[f].items())


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


def plain_value(
    case: Case,
    nodes: list[str],
    weight: Callable[[int], float],
    link: Callable[[int, int], float],
) -> dict[str, float]:
    """Value of each country: part without citations, and what each citation adds."""
    found = dict.fromkeys(nodes, 0.0)

    def add(f: int, amount: float) -> None:
        if case.member[f] and SPAN[0] <= case.years[f] <= SPAN[1]:
            for i, a in case.countries[f].items():
                found[i] += a * markets(f) * amount

    for f in range(len(case.countries)):
        add(f, weight(f) * max(0.0, 1 - expected(f)))
    for f, g in case.pairs:
        add(g, link(f, g) / max(1.0, expected(g)))
    return found


def plain_draw(
    case: Case,
    nodes: list[str],
    weight: Callable[[int], float],
    link: Callable[[int, int], float] | None = None,
    cores: bool = True,
) -> dict[str, dict]:
    """Every indicator of every country for one set of weights of families and links."""
    link = link or (lambda f, g: weight(f) * weight(g))
    closed: dict[tuple[str, str], float] = defaultdict(float)
    wide: dict[tuple[str, str], float] = defaultdict(float)
    for f, g in case.pairs:
        if not (case.member[f] and SPAN[0] <= case.years[f] <= SPAN[1]):
            continue
        for i, a in case.countries[f].items():
            for j, b in case.countries[g].items():
                if i != j and link(f, g):
                    wide[i, j] += link(f, g) * a * b
                    if case.member[g]:
                        closed[i, j] += link(f, g) * a * b
    families, located = dict.fromkeys(nodes, 0.0), 0.0
    for f, held in enumerate(case.countries):
        if case.member[f] and SPAN[0] <= case.years[f] <= SPAN[1]:
            located += weight(f) * bool(held)
            for i, a in held.items():
                families[i] += weight(f) * a
    received = {i: sum(w for (_, j), w in closed.items() if j == i) for i in nodes}
    given = {i: sum(w for (j, _), w in closed.items() if j == i) for i in nodes}
    core = plain_core(closed, nodes) if cores else set()
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

    value = plain_value(case, nodes, weight, link)
    return {
        "value_share": {i: part(value[i], sum(value.values())) for i in nodes},
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
