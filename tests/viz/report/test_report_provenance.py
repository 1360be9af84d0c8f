"""Lists of families in the report and the maps are those that `netpos explain` gives."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from netpos import analysis
from netpos.analysis import behind
from netpos.cli import app
from netpos.commands import explain
from netpos.ingest.corpus import open_corpus
from netpos.options import make
from tests.lens import QUANTUM, record, toy_records, write
from tests.viz.report.test_report import Reader, inside

pytestmark = pytest.mark.usefixtures("open_once")

QUICK = ["--draws", "0", "--no-sensitivity", "--no-figures"]
OUTSIDE = ["A01B1/00"]
#: Families of several countries, and citations to families outside the technologies.
MIXED = [
    record(1, applicants=[("A BV", "NL"), ("B GMBH", "DE"), ("C SA", "FR")], cites=[2, 3, 4, 6]),
    record(2, applicants=[("D INC", "US"), ("E KK", "JP")], cites=[3, 4], published="2022-01-01"),
    record(3, applicants=[("F CO LTD", "KR"), ("A BV", "NL")], cites=[4, 7]),
    record(4, applicants=[("A BV", "NL")], published="2016-01-01", members=[5]),
    record(5, applicants=[("A BV", "NL")], office="US", members=[4], published="2016-02-01"),
    record(6, applicants=[("D INC", "US")], symbols=OUTSIDE, published="2015-03-01"),
    record(7, applicants=[("D INC", "US")], symbols=OUTSIDE, published="2015-04-01"),
    record(8, applicants=[("A BV", "NL")], cites=[6, 7, 2], published="2023-01-01"),
    record(9, applicants=[("A BV", "NL")], cites=[7], published="2023-02-01"),
]


def run(exports: Path, out: Path, *more: str) -> Path:
    done = CliRunner().invoke(app, ["run", str(exports), "--out", str(out), *QUICK, *more])
    assert done.exit_code == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toy")
    return run(write(folder / "e.jsonl", toy_records()), folder / "o", *QUANTUM)


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mixed")
    return run(write(folder / "e.jsonl", MIXED), folder / "o", *QUANTUM)


def lists(results: Path) -> dict[str, list[tuple[str, float, str]]]:
    """Name of a ranked cell -> families listed in the report: id, contribution, Lens id."""
    reader = Reader((results / "index.html").read_text("utf-8"))
    found = {}
    for node in reader.all:
        if "data-behind" in node:
            spans = [n for n in reader.all if "data-family" in n and inside(n, node)]
            assert all(n["data-lens"] in n["text"] for n in spans)
            found[node["data-behind"]] = [
                (n["data-family"], float(n["data-part"]), n["data-lens"]) for n in spans
            ]
    return found


def check(results: Path, cell: str, given: list[tuple[str, float, str]]) -> None:
    _, technology, period, country, column = cell.split("|")
    found = explain.explain(
        results, technology=technology, period=period, country=country, indicator=column
    )
    assert len(found.parts) == 1
    want = found.parts[0]
    assert [i for i, _, _ in given] == want.families["family_id"].to_list(), cell
    assert [p for _, p, _ in given] == pytest.approx(want.families["contribution"].to_list())
    documents = {
        family["family_id"]: {d["lens_id"] for d in family["documents"]}
        for family in explain.as_dict(found)["parts"][0]["families"]
    }
    assert all(lens in documents[i] for i, _, lens in given)
    table = pl.read_parquet(results / "tables" / "countries.parquet")
    row = table.filter(
        (pl.col("technology") == technology)
        & (pl.col("period") == period)
        & (pl.col("country") == country)
    ).row(0, named=True)
    amount = {"family_rank": "families", "received_rank": "received"}[column]
    assert sum(p for _, p, _ in given) == pytest.approx(row[amount])
    assert found.value == row[column]


@pytest.mark.parametrize("corpus", ["toy", "mixed"])
def test_each_list_behind_a_rank_is_that_of_explain(
    corpus: str, request: pytest.FixtureRequest
) -> None:
    results = request.getfixturevalue(corpus)
    found = lists(results)
    assert len(found) >= 4
    for cell, given in found.items():
        check(results, cell, given)
    columns = {cell.rsplit("|", 1)[1] for cell in found}
    assert columns == {"family_rank", "received_rank"}


def test_a_sample_of_lists_of_the_demo_is_that_of_explain(demo: Path) -> None:
    found = lists(demo)
    assert len(found) > 40
    assert sum("|NL|family_rank" in cell for cell in found) >= 5
    for cell in sorted(found)[::9]:
        check(demo, cell, found[cell])


def test_the_country_in_focus_has_its_lists_wherever_they_are_few_enough(demo: Path) -> None:
    found = lists(demo)
    table = pl.read_parquet(demo / "tables" / "countries.parquet").filter(
        (pl.col("period") == "all") & (pl.col("technology") != "all") & (pl.col("country") == "NL")
    )
    for row in table.to_dicts():
        cell = f"countries|{row['technology']}|all|NL|family_rank"
        families = (
            explain.explain(demo, technology=row["technology"], country="NL", indicator="families")
            .parts[0]
            .families
        )
        assert (cell in found) == (0 < families.height <= behind.MOST_FOCAL), cell


def test_a_list_that_is_too_long_is_left_out_not_cut(toy: Path) -> None:
    found = lists(toy)
    assert "countries|quantum|all|US|family_rank" not in found  # 60 families
    assert len(found["countries|quantum|all|DE|family_rank"]) == 20
    assert max(len(given) for given in found.values()) == behind.MOST


def test_the_page_names_the_call_that_lists_the_rest(toy: Path) -> None:
    reader = Reader((toy / "index.html").read_text("utf-8"))
    calls = {n["text"] for n in reader.of("code")}
    assert "netpos explain . --technology quantum --country NL --indicator families" in calls
    call = ["explain", str(toy), *next(c for c in calls if "--indicator" in c).split()[3:]]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 0, done.stderr
    assert "5 from 5 families" in done.stdout


# --- links --------------------------------------------------------------------------------------


def on_map(results: Path, technology: str) -> dict[tuple[str, str], list[list[str]]]:
    """Link of a country map -> the families listed for it."""
    html = (results / "maps" / f"{technology}.html").read_text("utf-8")
    block = re.search(r'<script id="map-data"[^>]*>(.*?)</script>', html, re.DOTALL)
    assert block
    data = json.loads(block[1])
    ids = data["nodes"]["id"]
    found = {}
    for pair, families in data["evidence"].items():
        citing, cited = pair.split(">")
        found[ids[int(citing)], ids[int(cited)]] = families
    return found


@pytest.mark.parametrize("corpus", ["toy", "mixed"])
def test_families_of_the_links_of_a_map_are_the_first_that_explain_gives(
    corpus: str, request: pytest.FixtureRequest
) -> None:
    results = request.getfixturevalue(corpus)
    found = on_map(results, "quantum")
    assert len(found) >= 6
    for (citing, cited), families in found.items():
        want = explain.explain(results, technology="quantum", citing=citing, cited=cited)
        first = want.parts[0].families.head(3)
        assert [i for i, *_ in families] == first["family_id"].to_list(), (citing, cited)
        documents = {
            f["family_id"]: {d["lens_id"] for d in f["documents"]}
            for f in explain.as_dict(want)["families"]
        }
        assert all(lens in documents[i] for i, lens, *_ in families)


def sources(results: Path) -> dict[str, list[str]]:
    """Heading of a list of patents behind a link of the report -> families in it."""
    reader = Reader((results / "index.html").read_text("utf-8"))
    section = next(n for n in reader.all if n.get("id") == "technology-quantum")
    found, term = {}, ""
    for node in reader.all:
        if node["tag"] == "dt":
            term = node["text"]
        if node["tag"] == "dd" and "→" in term and inside(node, section):
            spans = [n["title"] for n in reader.of("span") if "title" in n and inside(n, node)]
            found[term] = [title.split()[-1] for title in spans]
    return found


def test_families_behind_a_source_are_counted_as_the_number_beside_them(
    mixed: Path, tmp_path: Path
) -> None:
    """The numbers have the cited end anywhere; explain gives that in a run of that scope."""
    anywhere = run(mixed.parent / "e.jsonl", tmp_path / "o", *QUANTUM, "--scope", "citing")
    shown = sources(mixed)
    assert shown == sources(anywhere)
    assert "Netherlands → United States" in shown
    names = {"Netherlands": "NL", "United States": "US", "Germany": "DE", "France": "FR",
             "Japan": "JP", "South Korea": "KR"}  # fmt: skip
    for term, families in shown.items():
        citing, cited = (names[name] for name in term.split(" → "))
        want = explain.explain(anywhere, technology="quantum", citing=citing, cited=cited)
        assert families == want.parts[0].families.head(3)["family_id"].to_list(), term
    closed = explain.explain(mixed, technology="quantum", citing="NL", cited="US")
    narrower = closed.parts[0].families.head(3)["family_id"].to_list()
    assert shown["Netherlands → United States"] != narrower
    text = (mixed / "index.html").read_text("utf-8")
    assert "with both ends in the technology (links.csv)" in text
    assert "with both ends in the technology" not in (anywhere / "index.html").read_text("utf-8")


@pytest.mark.parametrize("kind", ["country", "organisation"])
def test_evidence_of_some_links_is_that_of_all_for_these(mixed: Path, kind: Any) -> None:
    study = analysis.prepare(open_corpus(mixed / "corpus"), make({"technologies": QUANTUM[1]}))
    span = (study.options.first, study.options.last)
    every = behind.evidence(study, "quantum", span, kind=kind)
    assert len(every) >= 4
    for some in ([], list(every)[::2], list(every)):
        found = behind.evidence(study, "quantum", span, some, kind=kind)
        assert found == {link: every[link] for link in some}
