"""Small inputs whose right answer can be told by hand, through every table of a run."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import polars as pl
import pytest

from netpos import analysis
from netpos.analysis import results
from netpos.commands.missing import missing_command
from netpos.ingest.corpus import ingest, read
from netpos.options import make

DATA = Path(__file__).parents[1] / "data" / "numbers"
#: Columns of the table of countries that a corpus of one country must not show.
OF_THE_WORLD = (
    "rca", "rca_within", "value", "value_share", "value_rank", "family_share", "family_rank",
    "received_share", "received_rank", "received_expected", "received_ratio", "given_expected",
    "given_ratio", "core", "core_distance", "core_distance_relative", "near_core", "pagerank",
)  # fmt: skip


@cache
def tables(*names: str, technologies: str = "one", **options: str | int) -> dict[str, pl.DataFrame]:
    """Every table of a run over these files, those called context as context."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        for role in ("seed", "context"):
            chosen = [DATA / n for n in names if ("context." in n) == (role == "context")]
            if chosen:
                corpus = ingest(chosen, Path(folder) / "corpus", role=role)
        asked = {"technologies": str(DATA / f"{technologies}.toml"), "draws": 0, "lang": "en"}
        if "totals" in options:
            options["totals"] = str(DATA / str(options["totals"]))
        study = analysis.prepare(corpus, make(asked | options))
        return results.tables(study)


def of(
    table: pl.DataFrame, column: str, key: str = "country", technology: str = "alpha", **more: str
) -> dict[str, object]:
    """One column by country, for the whole span."""
    where = {"technology": technology, "period": "all"} | more
    rows = table.filter([pl.col(k) == v for k, v in where.items() if k in table.columns])
    return dict(rows.select(key, column).iter_rows())


# --- balance against expectation ----------------------------------------------------------------


def test_the_residuals_are_the_links_beside_what_is_expected_of_them() -> None:
    found = tables("neutral_growth.jsonl.gz")
    pairs = found["residuals"]
    links = found["links"].filter(pl.col("citing") != pl.col("cited"))
    both = pairs.join(links, on=["technology", "period", "citing", "cited"], how="left")
    assert both["observed"].to_list() == both["weight"].fill_null(0.0).to_list()
    whole = pairs.filter((pl.col("technology") == "alpha") & (pl.col("period") == "all"))
    received = dict(whole.group_by("cited").agg(pl.col("expected").sum()).iter_rows())
    expected = of(found["countries"], "received_expected")
    for country, value in received.items():
        assert value == pytest.approx(expected[country], rel=1e-9)
    given = dict(whole.group_by("citing").agg(pl.col("expected").sum()).iter_rows())
    assert given == pytest.approx(of(found["countries"], "given"), rel=1e-9)
    ratios = whole.drop_nulls("ratio")
    assert (ratios["ratio"] - ratios["observed"] / ratios["expected"]).abs().max() < 1e-9
    # with many firms every pair has an interval, and that of 1 is in almost all
    assert whole["reason"].null_count() == whole.height == 12
    inside = (whole["low"] < 1) & (whole["high"] > 1)
    assert inside.sum() >= 10


# --- coverage and bounds ------------------------------------------------------------------------


def test_citing_documents_without_a_date_count_as_open() -> None:
    found = tables("undated_citing.jsonl")
    received = found["coverage_by_country"].filter(pl.col("direction") == "received")
    assert of(received, "citations") == {"NL": 11.0}
    assert of(received, "located") == {"NL": 1.0}
    assert of(found["countries"], "measurable") == {"NL": False, "US": True}
    # also where documents outside have no priority year at all
    by_priority = tables("undated_citing.jsonl", year_by="priority")
    assert of(by_priority["countries"], "measurable")["NL"] is False


# --- value --------------------------------------------------------------------------------------


def test_the_value_of_a_period_is_that_of_the_stock_on_the_data_date() -> None:
    found = tables("undated_value.jsonl")
    assert of(found["countries"], "value_share") == {"NL": 0.75, "US": 0.25}
    last = found["trend"].filter(pl.col("year") == 2019)
    assert of(last, "value_share") == {"NL": 0.75, "US": 0.25}
    # before there is no dated citation within two years to go by
    assert found["trend"].filter(pl.col("year") < 2019)["value_share"].null_count() == 16


def test_the_context_moves_no_value() -> None:
    alone = tables("context_value_seed.jsonl")
    both = tables("context_value_seed.jsonl", "context_value_context.jsonl")
    for column in ("value", "value_share", "value_rank", "citations_per_family", "families"):
        assert of(both["countries"], column) == of(alone["countries"], column)
    assert of(alone["countries"], "citations_per_family") == {"NL": 3.0, "US": 2.0}
    assert of(alone["countries"], "value") == {"NL": 1.2, "US": 0.8}
    same = ["family_id", "cited_by_families", "expected", "relevance", "markets", "value"]
    assert both["family_values"].select(same).equals(alone["family_values"].select(same))


def test_one_citation_to_a_young_family_makes_no_rank_by_value() -> None:
    found = tables("young_cell.jsonl.gz")
    rank, value = of(found["countries"], "value_rank"), of(found["countries"], "value")
    assert rank["NL"] is None
    assert value["NL"] == pytest.approx(1 + 29 / 30, rel=1e-11)
    assert min(v for c, v in value.items() if c != "NL") > value["NL"]
    assert rank["US"] == 1
    # and none of the others moves by it: 29 young families of the US count 29/30 for 1
    before = tables("young_cell_without.jsonl.gz")
    others = {c: r for c, r in of(before["countries"], "value_rank").items() if c != "NL"}
    assert {c: r for c, r in rank.items() if c != "NL"} == others


# --- the core -----------------------------------------------------------------------------------


def test_no_country_has_a_rank_by_value_where_all_values_are_zero() -> None:
    found = tables("neutral_growth.jsonl.gz")["countries"]  # no legal status: no live market
    assert set(of(found, "value").values()) == {0.0}
    assert set(of(found, "value_rank").values()) == {None}


def test_no_country_has_a_rank_by_citations_where_nobody_is_cited() -> None:
    found = tables("benchmark.jsonl")["countries"]
    assert set(of(found, "received").values()) == {0.0}
    assert set(of(found, "received_share").values()) == {None}
    assert set(of(found, "received_rank").values()) == {None}


def test_two_countries_outside_the_core_are_not_near_it() -> None:
    table = tables("nine_families.jsonl.gz")["countries"]
    assert of(table, "near_core") == {"CN": True, "US": True, "NL": True, "IT": None, "SE": None}
    assert of(table, "core_distance")["IT"] == pytest.approx(25 / 6, rel=1e-11)
    assert of(table, "core_distance_relative")["IT"] is None


# --- one country's corpus -----------------------------------------------------------------------


def test_a_corpus_of_one_country_shows_nothing_of_the_world() -> None:
    files = ("focal_seed.jsonl", "focal_context.jsonl")
    options = {"design": "focal", "totals": "totals_focal.csv", "benchmark": "US,KR"}
    found = tables(*files, technologies="two", **options)
    for column in OF_THE_WORLD:
        assert found["countries"][column].null_count() == found["countries"].height, column
    assert of(found["countries"], "received") == {"NL": 1.0, "KR": None}
    dependents = found["dependents"]
    assert of(dependents, "top_organisations") == {"KR": "BELTRAM (100.0 %)"}
    assert dependents["share"].null_count() == dependents.height > 0
    for column in ("family_rank", "value", "value_rank", "pagerank", "betweenness"):
        assert found["organisations"][column].null_count() == found["organisations"].height
    # a firm elsewhere has more families and citations than those that were fetched
    assert of(found["organisations"], "families", "organisation") == {
        "ALFRIK": 2.0,
        "BELTRAM": None,
    }
    assert of(found["organisations"], "given", "organisation")["BELTRAM"] is None
    assert of(found["benchmark"], "families") == {"NL": 2.0, "KR": None}
    for column in ("families_rank", "received_rank", "citations_per_family_rank"):
        assert found["benchmark"][column].null_count() == found["benchmark"].height
    assert not {"residuals", "trend", "family_values", "indicators"} & set(found)
    assert "received_share" not in set(found["bounds"]["indicator"])
    # the whole world has an answer to what was withheld
    world = tables("focal_world.jsonl", technologies="two", totals="totals_focal.csv")
    assert of(world["countries"], "rca")["NL"] == pytest.approx(4.0, rel=1e-11)
    assert of(world["dependents"], "share") == {"KR": 0.25}


def test_a_corpus_of_one_country_says_what_is_withheld() -> None:
    corpus = read(DATA / "focal_seed.jsonl")
    said = " ".join(analysis.prepare(corpus, make({"design": "focal"})).warnings)
    for word in ("rca", "dependents", "world shares and ranks", "not fetched"):
        assert word in said


# --- the rest -----------------------------------------------------------------------------------


def test_a_country_has_an_rca_of_zero_where_it_has_families_elsewhere_only() -> None:
    found = tables("rca_zero.jsonl", technologies="two", totals="totals.csv")["countries"]
    assert of(found, "rca_within", technology="beta")["NL"] == 0.0
    assert of(found, "rca", technology="beta")["NL"] == 0.0
    assert of(found, "rca_within")["NL"] == 1.5
    later = found.filter((pl.col("period") == "2021-2025") & (pl.col("country") == "NL"))
    assert later["rca_within"].null_count() == later.height  # no family in any technology


@pytest.mark.parametrize("choice", ["default", "keep", "drop"])
def test_citations_within_an_organisation_count_its_own_shares_in_the_technology(
    choice: str,
) -> None:
    # 1 -> 3 half its own, 4 -> 5 half its own; 1 -> 2 is of no technology
    found = tables("self_citations.jsonl", self_citations=choice)["organisations"]
    assert of(found, "self_citations", "organisation") == {"ALFRIK": 1.0, "ZELBRIX": 0.0}


def test_links_that_are_dropped_stand_in_no_table() -> None:
    found = tables("drop_tops.jsonl", self_citations="drop")
    exposure = found["exposure"].filter(pl.col("kind") == "country")
    assert of(exposure, "top_organisations", "source") == {"US": "ZELBRIX (100.0 %)"}
    kept = tables("drop_tops.jsonl")["exposure"].filter(pl.col("kind") == "country")
    assert of(kept, "top_organisations", "source") == {"US": "ALFRIK (50.0 %); ZELBRIX (50.0 %)"}
    given = found["coverage_by_country"].filter(pl.col("direction") == "given")
    assert of(given, "citations") == {"NL": 1.0}


def test_a_country_without_families_has_no_rank_in_the_benchmark() -> None:
    found = tables("benchmark.jsonl", scope="citing", benchmark="US,DE,KR")["benchmark"]
    assert of(found, "families") == {"DE": 0.0, "NL": 1.0, "US": 1.0}
    ranks = {c: of(found, f"{c}_rank") for c in ("families", "family_share", "balance_ratio")}
    assert ranks["families"] == ranks["family_share"] == {"DE": None, "NL": 1, "US": 1}
    assert ranks["balance_ratio"]["DE"] is None
    assert of(found, "received_rank")["DE"] == 1  # an older family of it is cited


def test_nothing_is_promised_that_cannot_be_located() -> None:
    corpus = read(DATA / "missing_design.jsonl")
    study = analysis.prepare(corpus, make({"technologies": str(DATA / "one.toml")}))
    text, notes = missing_command(study, as_="table")
    assert text.splitlines()[1:] == []
    assert not any("would make" in note for note in notes)
    assert "1 document is a design or plant patent" in notes[-1]


def test_rows_are_marked_truncated_by_the_clock_of_the_run() -> None:
    # data of 2025-12-01 or earlier: by publication only the last year is not whole
    published = tables("neutral_growth.jsonl.gz")
    filed = tables("neutral_growth.jsonl.gz", year_by="priority")
    last = published["trend"].filter("truncated")["year"].min()
    assert filed["trend"].filter("truncated")["year"].min() == last - 2
    for found in (published, filed):
        first = found["countries"].filter(pl.col("period") == "2015-2020")
        assert not first["truncated"].any()
        for name in ("countries", "technologies"):
            whole = found[name].filter(pl.col("period") == "all")
            assert whole["truncated"].all()
