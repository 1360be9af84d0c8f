"""Numbers traced back to families and documents."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from netpos.cli import app
from netpos.commands import explain
from netpos.errors import InputError, OptionError
from tests.commands.small_runs import RECORDS, TABLES, whole_run
from tests.lens import QUANTUM, lens_id, record, write

pytestmark = pytest.mark.usefixtures("open_once")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explain")
    path = write(folder / "e.jsonl", RECORDS)
    done = CliRunner().invoke(app, ["run", str(path), "--out", str(folder / "o"), *TABLES])
    assert done.exit_code == 0, done.stderr
    return folder / "o"


def rows(results: Path, table: str) -> list[dict]:
    return (
        pl.read_parquet(results / "tables" / f"{table}.parquet")
        .filter(pl.col("technology") == "quantum")
        .to_dicts()
    )


@pytest.mark.parametrize("indicator", explain.ADDITIVE[:-1])
def test_every_additive_cell_of_countries_is_the_sum_over_its_families(
    results: Path, indicator: str
) -> None:
    seen = 0
    for row in rows(results, "countries"):
        found = explain.explain(
            results,
            technology="quantum",
            period=row["period"],
            country=row["country"],
            indicator=indicator,
        )
        assert found.additive
        assert found.value == pytest.approx(row[indicator], abs=1e-12)
        assert found.parts[0].value == pytest.approx(row[indicator], abs=1e-9)
        assert found.parts[0].families["contribution"].sum() == pytest.approx(
            row[indicator], abs=1e-9
        )
        seen += found.parts[0].families.height
    assert seen > 0


def test_every_link_is_the_sum_over_its_citing_families(results: Path) -> None:
    links = rows(results, "links")
    assert len(links) > 10
    for row in links:
        found = explain.explain(
            results,
            technology="quantum",
            period=row["period"],
            citing=row["citing"],
            cited=row["cited"],
        )
        assert found.parts[0].value == pytest.approx(row["weight"], abs=1e-9)


def test_organisation_cells_are_sums_too(results: Path) -> None:
    for row in rows(results, "organisations"):
        for indicator in ("families", "received", "given"):
            found = explain.explain(
                results,
                technology="quantum",
                period=row["period"],
                organisation=row["organisation"],
                indicator=indicator,
            )
            assert found.parts[0].value == pytest.approx(row[indicator], abs=1e-9)


def test_json_names_documents_with_file_and_line(results: Path) -> None:
    arguments = ["explain", str(results), "--technology", "quantum", "--country", "NL", "--json"]
    found = json.loads(CliRunner().invoke(app, arguments).stdout)
    assert found["value"] == pytest.approx(1 + 1 / 2 + 1 / 3, abs=1e-9)
    assert found["sum"] == pytest.approx(found["value"], abs=1e-9)
    first = found["families"][0]
    assert first["contribution"] == 1
    assert [(d["file"], d["line"]) for d in first["documents"]] == [("e.jsonl", 4), ("e.jsonl", 5)]


def test_a_ratio_gives_both_parts(results: Path) -> None:
    found = explain.explain(results, technology="quantum", country="NL", indicator="balance_ratio")
    assert not found.additive
    received, given = (p.value for p in found.parts)
    assert [p.name for p in found.parts] == ["received", "given"]
    assert found.value == pytest.approx((received - given) / (received + given), abs=1e-11)


def test_what_rests_on_sources_is_explained_by_links_to_any_technology(results: Path) -> None:
    found = explain.explain(
        results, technology="quantum", country="NL", indicator="source_effective"
    )
    sources = pl.read_parquet(results / "tables" / "source_links.parquet").filter(
        (pl.col("technology") == "quantum")
        & (pl.col("period") == "all")
        & (pl.col("citing") == "NL")
        & (pl.col("cited") != "NL")
    )
    assert sum(p.value for p in found.parts) == pytest.approx(sources["weight"].sum(), abs=1e-12)


def test_the_study_is_prepared_once_for_a_question(
    results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    original = explain.open_results
    monkeypatch.setattr(explain, "open_results", lambda f: (asked.append(f), original(f))[1])
    arguments = ["explain", str(results), "--technology", "quantum", "--country", "NL"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.stderr
    assert "e.jsonl:4" in done.stdout
    assert len(asked) == 1


def test_an_absent_link_is_zero_from_no_family(results: Path) -> None:
    found = explain.explain(results, technology="quantum", citing="KR", cited="DE")
    assert (found.value, found.parts[0].value, found.parts[0].families.height) == (0.0, 0.0, 0)


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"technology": "alchemy", "country": "NL"}, "alchemy"),
        ({"period": "1999", "country": "NL"}, "1999"),
        ({"country": "ZW"}, "ZW"),
        ({"country": "NL", "indicator": "charm"}, "charm"),
        ({"citing": "NL"}, "--cited"),
        ({"citing": "NL", "cited": "EP"}, "EP"),
        ({}, "which number"),
        ({"country": ""}, "is no country"),
        ({"organisation": ""}, "no row"),
        ({"country": "NL", "organisation": "A"}, "which number"),
        ({"country": "NL", "citing": "NL", "cited": "US"}, "which number"),
        ({"citing": "NL", "cited": "US", "indicator": "rca"}, "the weight of the link"),
        ({"country": "NL", "indicator": "name"}, "it comes from the table of countries"),
        ({"country": "NL", "indicator": "family_share_low"}, "no family adds to this column"),
    ],
)
def test_a_wrong_question_is_named(results: Path, wrong: dict[str, str], word: str) -> None:
    with pytest.raises(OptionError, match=word):
        explain.explain(results, **wrong)


def test_a_folder_without_results_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no results"):
        explain.explain(tmp_path, country="NL")


# --- every cell -----------------------------------------------------------------------------------


def test_a_source_is_explained_by_each_country_cited_wherever_it_is(tmp_path: Path) -> None:
    folder = whole_run(tmp_path)
    chosen = {"technology": "alpha", "country": "NL"}
    found = explain.explain(folder, **chosen, indicator="source_effective")
    given = {part.name: part.value for part in found.parts}
    links = pl.read_parquet(folder / "tables" / "source_links.parquet").filter(
        technology="alpha", period="all", citing="NL"
    )
    want = {f"to {r['cited']}": r["weight"] for r in links.to_dicts() if r["cited"] != "NL"}
    assert given == pytest.approx(want)
    closed = explain.explain(folder, **chosen, indicator="given")
    assert sum(given.values()) > closed.parts[0].value + 0.5
    europe = explain.explain(folder, **chosen, indicator="share_eu")
    assert europe.parts[0].value == pytest.approx(want["to DE"] + want.get("to FR", 0))
    text = explain.paragraphs(found)
    assert "exp(-sum of p ln p)" in text
    assert "to US: " in text


def test_the_whole_world_is_counted_not_listed(results: Path) -> None:
    found = explain.explain(results, technology="quantum", country="NL", indicator="family_share")
    one, world = explain.as_dict(found)["parts"]
    assert len(one["families"]) == 3
    assert world == {"name": "located families", "sum": 4.0, "number_of_families": 4}
    assert "located families: 4 from 4 families" in explain.paragraphs(found)


def test_cited_documents_outside_the_corpus_are_named_where_they_have_a_country(
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "e.jsonl", [record(1, applicants=[("A BV", "NL")], cites=[901, 902])])
    places = tmp_path / "r.csv"
    places.write_text(f"lens_id,country\n{lens_id(901)},US\n{lens_id(902)},US\n", encoding="utf-8")
    options = ["--residences", str(places), "--scope", "citing", *TABLES]
    done = CliRunner().invoke(app, ["run", str(path), "--out", str(tmp_path / "o"), *options])
    assert done.exit_code == 0, done.stderr
    chosen = {"technology": "quantum", "country": "US", "indicator": "received"}
    found = explain.explain(tmp_path / "o", **chosen)
    assert found.value == found.parts[0].value == 2
    assert set(found.parts[0].families["family_id"]) == {lens_id(901), lens_id(902)}
    assert "a document outside the corpus" in explain.paragraphs(found)


def test_a_family_is_told_with_title_owners_year_and_its_page(tmp_path: Path) -> None:
    one = record(1, applicants=[("A BV", "NL"), ("DOE JOHN", "NL")], inventors=[("DOE JOHN", "NL")])
    one["biblio"]["invention_title"] = [
        {"text": "Pumpe", "lang": "de"},
        {"text": "=Pump", "lang": "en"},
    ]
    path = write(tmp_path / "e.jsonl", [one])
    done = CliRunner().invoke(app, ["run", str(path), "--out", str(tmp_path / "o"), *TABLES])
    assert done.exit_code == 0, done.stderr
    found = explain.explain(tmp_path / "o", technology="quantum", country="NL")
    (family,) = explain.as_dict(found)["families"]
    assert family["title"] == "=Pump"
    assert family["owners"] == ["A"]  # a person beside an organisation is left out everywhere
    assert family["year"] == 2018
    page = f"https://www.lens.org/lens/patent/{lens_id(1)}"
    assert family["link"] == page
    assert f"    =Pump · A · 2018 · {page}" in explain.paragraphs(found).splitlines()


def test_numbers_of_a_bloc_are_explained_and_its_gaps_listed(tmp_path: Path) -> None:
    from tests.analysis.test_located import UNION_WORLD

    source = write(tmp_path / "r.jsonl", [*UNION_WORLD, record(7, cites=[99])])
    run = ["run", str(source), "--out", str(tmp_path / "o"), "--focal", "EU27", *TABLES]
    assert CliRunner().invoke(app, run).exit_code == 0
    here = ["explain", str(tmp_path / "o"), "--technology", "quantum", "--json"]
    asked = CliRunner().invoke(app, [*here, "--country", "EU27", "--indicator", "families"])
    found = json.loads(asked.stdout)
    # 1, 4 and 7 whole; 2 and 6 are shared with CH and US
    assert found["value"] == sum(f["contribution"] for f in found["families"]) == 4.0
    link = json.loads(CliRunner().invoke(app, [*here, "--citing", "US", "--cited", "EU27"]).stdout)
    assert link["value"] == 1.5
    member = CliRunner().invoke(app, [*here, "--country", "NL", "--indicator", "families"])
    assert member.exit_code == 2
    gaps = ["missing", str(tmp_path / "o" / "corpus"), "--focal", "EU27", "--as", "ids"]
    asked = CliRunner().invoke(app, [*gaps, *QUANTUM, "--technology", "quantum"])
    assert asked.stdout.split() == [lens_id(99)]
