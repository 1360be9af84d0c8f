"""Exports to links and indicators, against numbers that netpos did not compute."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest

import netpos
from netpos import analysis
from netpos.countries import data_path
from netpos.errors import InputError, OptionError
from netpos.graph import balance, centrality, strength
from netpos.ingest.corpus import ingest, read
from netpos.options import Options, make
from tests.lens import TOY, TOY_FAMILIES, record, toy_records, write

QUANTUM = {"technology": "quantum", "years": (2015, 2025)}


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> netpos.Corpus:
    path = tmp_path_factory.mktemp("toy") / "toy.jsonl"
    return read(write(path, toy_records()))


def by_country(table: pl.DataFrame) -> dict[str, float]:
    return dict(table.select("country", "value").iter_rows())


def test_toy_corpus_gives_the_worked_matrix(toy: netpos.Corpus) -> None:
    links = analysis.country_links(toy, **QUANTUM)
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for citing, cited, weight, citations in links.table.iter_rows():
        found[citing][cited] = weight
        assert citations == TOY[citing][cited]
    assert found == {k: {j: float(w) for j, w in row.items()} for k, row in TOY.items()}
    assert dict(links.nodes.select("node", "families").iter_rows()) == TOY_FAMILIES


def test_links_are_of_the_years_asked_for_unless_the_period_has_a_name(tmp_path: Path) -> None:
    study = analysis.prepare(read(write(tmp_path / "p.jsonl", [record(1)])), make({}))
    assert study.links("quantum", (2015, 2018)).period == "2015-2018"
    assert study.links("quantum", (2015, 2018), period="early").period == "early"


def test_toy_strengths_and_pagerank_are_those_of_the_method_notes(toy: netpos.Corpus) -> None:
    links = analysis.country_links(toy, **QUANTUM)
    assert by_country(strength.received(links)) == {"NL": 8, "DE": 17, "US": 38, "CN": 13}
    assert by_country(strength.given(links)) == {"NL": 10, "DE": 17, "US": 24, "CN": 25}
    worked = {"NL": 0.14027806, "DE": 0.24448213, "US": 0.40124652, "CN": 0.21399328}
    assert by_country(centrality.pagerank(links)) == pytest.approx(worked, abs=5e-9)


@pytest.mark.parametrize(
    ("kind", "worked"),
    [
        ("report", (-0.0140351, 0, 0.0388889, -0.0136842)),
        ("total", (-0.0701754, 0, 2.3333333, -0.6842105)),
        ("scaled", (-0.0110803, 0, 0.3684211, -0.1080332)),
        ("dyadic", (-0.0102073, 0.0187856, 0.0935214, -0.0297727)),
        ("ratio", (-1 / 9, 0, 14 / 62, -12 / 38)),
    ],
)
def test_toy_balances_are_those_of_the_method_notes(
    toy: netpos.Corpus, kind: str, worked: tuple[float, ...]
) -> None:
    links = analysis.country_links(toy, **QUANTUM)
    found = by_country(balance.balance(links, kind))
    expected = dict(zip(("NL", "DE", "US", "CN"), worked, strict=True))
    assert found == pytest.approx(expected, abs=5e-8)  # printed with seven digits


WORKED = [
    record(1, applicants=[("A BV", "NL"), ("B BV", "NL"), ("C GMBH", "DE")], cites=[2, 3]),
    record(2, applicants=[("D INC", "US")]),
    record(3, applicants=[("E BV", "NL"), ("F INC", "US")]),
]


@pytest.mark.parametrize(
    ("counting", "worked"),
    [
        (
            "fractional",
            {
                "NL>US": Fraction(1),
                "DE>US": Fraction(1, 2),
                "NL>NL": Fraction(1, 3),
                "DE>NL": Fraction(1, 6),
            },
        ),
        (
            "country-unique",
            {
                "NL>US": Fraction(3, 4),
                "DE>US": Fraction(3, 4),
                "NL>NL": Fraction(1, 4),
                "DE>NL": Fraction(1, 4),
            },
        ),
        ("full", {"NL>US": 2, "DE>US": 2, "NL>NL": 1, "DE>NL": 1}),
    ],
)
def test_worked_example_of_counting(
    tmp_path: Path, counting: str, worked: dict[str, Fraction]
) -> None:
    corpus = read(write(tmp_path / "w.jsonl", WORKED))
    links = analysis.country_links(corpus, **QUANTUM, options=make({"counting": counting}))
    found = {f"{a}>{b}": w for a, b, w, _ in links.table.iter_rows()}
    assert found == pytest.approx({k: float(v) for k, v in worked.items()}, abs=1e-12)


def test_weights_conserve_the_number_of_links_with_both_ends_located(tmp_path: Path) -> None:
    records = [
        record(1, applicants=[("A", "NL"), ("B", "DE"), ("C", "FR")], cites=[2, 3, 4]),
        record(2, applicants=[("D", "US"), ("E", "JP")], cites=[3]),
        record(3, applicants=[("F", "KR")], cites=[4]),
        record(4, applicants=[("G", None)], priority=None),
    ]
    corpus = read(write(tmp_path / "c.jsonl", records))
    links = analysis.country_links(corpus, **QUANTUM)
    assert links.table["weight"].sum() == pytest.approx(3.0, abs=1e-12)


# --- the real nuclear patents, counted again with plain dicts ----------------------------------


def nuclear(real: Path) -> list[list[dict]]:
    files = sorted((real / "patentsview_nuclear").glob("*.json.gz"))
    return [json.loads(gzip.decompress(f.read_bytes()))["patents"] for f in files]


def test_nuclear_record_and_citation_counts_are_those_of_the_readme(real: Path) -> None:
    corpus = read(real / "patentsview_nuclear")
    assert corpus.counts["read"] == 895
    assert corpus.counts["kept"] == 861
    assert corpus.counts["duplicates"] == 34
    given = {i["name"]: i["read"] for i in corpus.manifest["inputs"]}
    assert given == {
        "G21B.json.gz": 258,
        "G21D.json.gz": 508,
        "G21H.json.gz": 123,
        "G21J.json.gz": 6,
    }
    # 13,003 different citing-cited pairs from the lists of cited patents
    assert corpus.citations.filter(pl.col("mentions") > 0).height == 13_003


@pytest.mark.parametrize(
    ("technology", "subclass", "cells"), [("fusion", "G21B", 9), ("plants", "G21D", 5)]
)
def test_nuclear_country_links_equal_an_independent_count(
    real: Path, technology: str, subclass: str, cells: int
) -> None:
    patents: dict[str, dict] = {}
    for batch in nuclear(real):
        for patent in batch:
            patents.setdefault(patent["patent_number"], patent)

    def countries_of(people: list[dict], field: str) -> Counter:
        return Counter(p[field] for p in people if p[field])

    def shares(patent: dict) -> dict[str, Fraction]:
        found = countries_of(patent["assignees"], "assignee_country") or countries_of(
            patent["inventors"], "inventor_country"
        )
        total = sum(found.values())
        return {c: Fraction(n, total) for c, n in found.items()}

    def in_technology(patent: dict) -> bool:
        return any((c["cpc_group_id"] or "") == subclass for c in patent["cpcs"])

    pairs = set()
    for number, patent in patents.items():
        pairs |= {(number, c["cited_patent_number"]) for c in patent["cited_patents"]}
        pairs |= {(c["citedby_patent_number"], number) for c in patent["citedby_patents"]}
    weights: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    for citing, cited in pairs:
        if citing in patents and cited in patents and citing != cited:
            a, b = patents[citing], patents[cited]
            if in_technology(a) and in_technology(b) and "2016" <= a["patent_date"][:4] <= "2022":
                for i, s in shares(a).items():
                    for j, t in shares(b).items():
                        weights[i, j] += s * t
    options = make(
        {
            "technologies": str(data_path("nuclear_technologies.toml")),
            "from": 2016,
            "to": 2022,
        }
    )
    corpus = read(real / "patentsview_nuclear")
    links = analysis.country_links(
        corpus, technology=technology, years=(2016, 2022), options=options
    )
    found = {(a, b): w for a, b, w, _ in links.table.iter_rows()}
    assert len(weights) >= cells
    assert found == pytest.approx({k: float(w) for k, w in weights.items()}, abs=1e-9)


def test_a_study_never_reads_tables_of_a_corpus_that_has_grown_since(tmp_path: Path) -> None:
    records = [record(k) for k in range(1, 5)]
    corpus = ingest([write(tmp_path / "a.jsonl", records[:2])], tmp_path / "corpus")
    study = analysis.prepare(corpus, Options())
    before = study.corpus.documents["lens_id"].to_list()
    ingest([write(tmp_path / "b.jsonl", records[2:])], tmp_path / "corpus")
    assert study.corpus.documents["lens_id"].to_list() == before
    for late in (study.corpus.table, study.corpus.scan):
        with pytest.raises(InputError, match="has changed since it was opened"):
            late("classifications")
    assert study.links("all", (1900, 2100), kind="organisation").kind == "organisation"
    with pytest.raises(InputError, match="has changed since it was opened"):
        analysis.prepare(netpos.Corpus(corpus.manifest, corpus.folder), Options())


def test_without_a_context_each_pair_is_one_citing_family_of_what_it_cites(
    toy: netpos.Corpus,
) -> None:
    study, n = netpos.prepare(toy), toy.table("families").height
    by_hand = [0] * study.rows
    for family, outside in toy.citations.select("cited_family", "outside").iter_rows():
        by_hand[n + outside if family is None else family] += 1
    assert study.citing_families.tolist() == by_hand
    assert sum(by_hand) == toy.citations.height > 0


def test_where_the_context_alone_tells_of_every_pair_nobody_is_cited(tmp_path: Path) -> None:
    ingest([write(tmp_path / "a.jsonl", [record(9)])], tmp_path / "corpus")
    context = write(tmp_path / "b.jsonl", [record(1, cites=[9])])
    corpus = ingest([context], tmp_path / "corpus", role="context")
    assert corpus.citations["seed_citations"].to_list() == [0]
    assert netpos.prepare(corpus).citing_families.tolist() == [0, 0]


def test_a_study_of_a_corpus_loads_no_reader_of_exports(tmp_path: Path) -> None:
    ingest([write(tmp_path / "toy.jsonl", toy_records())], tmp_path / "corpus")
    code = """
import sys, netpos
study = netpos.prepare(netpos.open_corpus(sys.argv[1]))
netpos.pagerank(study.links("quantum", (1900, 2100)))
slow = ("netpos.ingest.discover", "netpos.ingest.making", "rapidfuzz", "scipy.special")
print(study.families, [name for name in slow if name in sys.modules])
"""
    command = [sys.executable, "-c", code, str(tmp_path / "corpus")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    families = read(tmp_path / "toy.jsonl").counts["families"]
    assert done.stdout.split() == [str(families), "[]"]


@pytest.mark.parametrize("links", [netpos.country_links, netpos.organisation_links])
def test_one_year_is_a_span_and_years_in_the_wrong_order_are_refused(
    toy: netpos.Corpus, links: Callable[..., netpos.Links]
) -> None:
    one, span = (links(toy, technology="quantum", years=y) for y in (2020, (2020, 2020)))
    assert one.table.equals(span.table)
    assert one.nodes.equals(span.nodes)
    with pytest.raises(OptionError, match=r"write years=\(2015, 2020\)"):
        links(toy, technology="quantum", years=(2020, 2015))


def test_a_corpus_shows_itself_in_one_short_line(toy: netpos.Corpus) -> None:
    families = toy.families.height
    assert repr(toy) == (
        f"Corpus({toy.documents.height} documents, {families} simple families, in memory)"
    )
