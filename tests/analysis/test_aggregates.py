"""Sums by unit from DuckDB and Spark: those of netpos, and the tables and draws made of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest

from netpos.analysis import results
from netpos.analysis.aggregates import Aggregates, aggregates_on
from netpos.analysis.coverage import country_coverage, with_measurable
from netpos.analysis.study import Span, Study, prepare
from netpos.errors import InputError, OptionError, TableError
from netpos.indicators import uncertainty
from netpos.indicators.measured import Measured
from netpos.indicators.position import country_table
from netpos.indicators.resampling import Sample
from netpos.ingest.corpus import Corpus, ingest
from netpos.options import Options, make
from tests.analysis.engine_corpus import CASES, sockets
from tests.lens import record, write

QUANTUM = Path(__file__).parent.parent / "quantum.toml"
#: What Spark is tried with: the scope whose query is the longest.
ON_SPARK = {"scope": "cited", "year_by": "priority"}
SELECTED = [("quantum", "all"), ("quantum", "first"), ("all", "all"), ("all", "first")]


def near(found: pl.DataFrame, expected: pl.DataFrame, keys: list[str]) -> None:
    """Keys and counts equal, other numbers to 1e-9."""
    assert found.columns == expected.columns
    found, expected = found.sort(keys), expected.sort(keys)
    sums = [c for c, t in expected.schema.items() if t == pl.Float64]
    assert found.drop(sums).to_dicts() == expected.drop(sums).to_dicts()
    for name in sums:
        np.testing.assert_allclose(
            found[name].to_numpy(), expected[name].to_numpy(), rtol=1e-9, atol=1e-12, err_msg=name
        )


def periods(options: Options, word: str) -> tuple[str, Span]:
    """The first period, or all of it."""
    spans = options.spans()
    return spans[0] if word == "first" else spans[-1]


def sample_of(study: Study) -> Sample:
    return Sample.of(study.pairs, study.spread, study.shares, study.organisations)


def families(study: Study, technology: str, span: Span) -> pl.DataFrame:
    """Shares by unit and country, from netpos's own arrays."""
    sample, chosen = sample_of(study), study.chosen(technology, span)
    held = study.shares.matrix.tocoo()
    rows = pl.DataFrame(
        {
            "unit": sample.unit[held.row],
            "country": pl.Series(study.shares.names).gather(held.col),
            "share": held.data,
        }
    ).filter(pl.Series(chosen[held.row]))
    return rows.group_by("unit", "country").agg(
        pl.col("share").sum(), families=pl.len().cast(pl.Int64)
    )


def located(study: Study, technology: str, span: Span) -> pl.DataFrame:
    chosen = study.chosen(technology, span) & study.shares.located
    rows = {"unit": sample_of(study).unit, "abroad": study.international}
    return (
        pl.DataFrame(rows)
        .filter(pl.Series(chosen))
        .group_by("unit")
        .agg(families=pl.len().cast(pl.Int64), families_international=pl.col("abroad").sum())
    )


def links(study: Study, technology: str, span: Span) -> pl.DataFrame:
    """Weights and citations by pair of countries and units, from netpos's own arrays."""
    sample, spread = sample_of(study), study.spread
    names = pl.Series(spread.names)
    masks = [study.links_mask(technology, span, scope=scope) for scope in (None, "citing")]
    rows = pl.DataFrame(
        {
            "in_links": masks[0][spread.pair],
            "in_sources": masks[1][spread.pair],
            "citing": names.gather(spread.ends[0][spread.cell]),
            "cited": names.gather(spread.ends[1][spread.cell]),
            "citing_unit": sample.unit[study.pairs.citing[spread.pair]],
            "cited_unit": sample.unit[study.pairs.cited[spread.pair]],
            "weight": spread.weight[:],
        }
    ).filter(pl.col("in_links") | pl.col("in_sources"))
    keys = [c for c in rows.columns if c != "weight"]
    return rows.group_by(keys).agg(pl.col("weight").sum(), citations=pl.len().cast(pl.Int64))


def units(study: Study) -> pl.DataFrame:
    """Clusters of the units of the corpus, from netpos's own matrix."""
    sample = sample_of(study)
    parts, names = sample.parts.tocoo(), study.organisations.names
    used = {*range(len(names)), *sample.unit[: study.families].tolist()}
    rows = [
        (int(u), int(c), names[c] if c < len(names) else None, float(s))
        for u, c, s in zip(parts.row, parts.col, parts.data, strict=True)
        if u in used
    ]
    schema = {
        "unit": pl.Int64,
        "cluster": pl.Int64,
        "organisation": pl.String,
        "share": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def countries(study: Study, technology: str, span: Span) -> pl.DataFrame:
    """The table of countries as a run begins it."""
    table = country_table(
        study.links(technology, span),
        study.links(technology, span, scope="citing"),
        focal=study.options.focal,
        year=study.year_of_membership,
        located=study.located_families(technology, span),
    )
    return with_measurable(table, country_coverage(study, technology, span))


def measured(study: Study, technology: str, period: str, span: Span) -> Measured:
    keys = [pl.lit(technology).alias("technology"), pl.lit(period).alias("period")]
    table = countries(study, technology, span).select(*keys, pl.all())
    return Measured.of(
        uncertainty.checked(table),
        sample_of(study),
        study.links_mask(technology, span),
        study.links_mask(technology, span, scope="citing"),
        study.chosen(technology, span),
        year=study.year_of_membership,
        memberships=None,
        method="rich",
        worth=None,
    )


def whole(folder: Path, name: str) -> pl.DataFrame:
    path = folder / f"{name}.parquet"
    return pl.read_parquet(path / "*.parquet" if path.is_dir() else path)


def check(folder: Path, study: Study) -> None:
    """Every sum, table and draw is that of netpos."""
    found = Aggregates.read(folder)
    assert list(found.technologies) == study.names
    assert found.options == study.options
    assert found.year == study.year_of_membership
    for technology in study.names:
        for period, span in study.options.spans():
            expected = {
                "families": families(study, technology, span),
                "located": located(study, technology, span),
                "links": links(study, technology, span),
                "coverage": country_coverage(study, technology, span),
            }
            for name, one in expected.items():
                keys = [c for c, t in one.schema.items() if t != pl.Float64]
                table = found.table(name, technology, period)
                near(table.select(one.columns), one, keys)
    near(whole(folder, "units"), units(study), ["unit", "cluster"])
    for technology, word in SELECTED:
        period, span = periods(study.options, word)
        for of, scope in (("links", None), ("sources", "citing")):
            mine = found.links(technology, period, of=of)
            run = study.links(technology, span, scope=scope, period=period)
            near(mine.nodes, run.nodes, ["node"])
            near(mine.table, run.table, ["citing", "cited"])
            assert (mine.scope, mine.counting) == (run.scope, run.counting)
        same_table(
            found.countries(technology, period),
            countries(study, technology, span),
        )
        one, other = found.measured(technology, period), measured(study, technology, period, span)
        mine_drawn, run_drawn = one.draw(30, seed=7), other.draw(30, seed=7)
        assert mine_drawn.keys() == run_drawn.keys()
        for name, values in run_drawn.items():
            np.testing.assert_allclose(
                mine_drawn[name], values, rtol=1e-9, atol=1e-12, equal_nan=True, err_msg=name
            )
        assert np.isfinite(run_drawn["balance_ratio"]).any()
        mine_errors, run_errors = one.precision()[0], other.precision()[0]
        for mine_p, run_p in zip(mine_errors.values(), run_errors.values(), strict=True):
            for a, b in zip(mine_p, run_p, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-9, equal_nan=True)
        for name, values in other.citations().items():
            np.testing.assert_array_equal(one.citations()[name], values)


def same_table(found: pl.DataFrame, expected: pl.DataFrame) -> None:
    """Tables of countries with the same cells, numbers to 1e-9."""
    assert found.columns == expected.columns
    assert found.null_count().rows() == expected.null_count().rows()
    near(found, expected, ["country"])


@pytest.fixture
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Families numbered in many parts, as those of a large corpus are."""
    monkeypatch.setattr("netpos.analysis.aggregate_queries._BLOCK", 7)


@pytest.mark.usefixtures("_small_blocks")
@pytest.mark.parametrize("case", CASES)
def test_duckdb_gives_the_sums_tables_and_draws_of_netpos(
    engine_corpus: Corpus, tmp_path: Path, case: str
) -> None:
    assert engine_corpus.folder is not None
    options = make({**CASES[case]})
    aggregates_on(duckdb.connect(), engine_corpus.folder, tmp_path / "sums", options)
    check(tmp_path / "sums", prepare(engine_corpus, options))


@sockets
@pytest.mark.usefixtures("_small_blocks")
def test_spark_gives_the_sums_tables_and_draws_of_netpos_and_of_duckdb(
    engine_corpus: Corpus, spark: Any, tmp_path: Path
) -> None:
    assert engine_corpus.folder is not None
    options = make(ON_SPARK)
    aggregates_on(spark, engine_corpus.folder, tmp_path / "spark", options)
    check(tmp_path / "spark", prepare(engine_corpus, options))
    aggregates_on(duckdb.connect(), engine_corpus.folder, tmp_path / "duckdb", options)
    for name in ("sizes", "families", "located", "coverage", "links", "units"):
        one, other = whole(tmp_path / "spark", name), whole(tmp_path / "duckdb", name)
        keys = [c for c, t in one.schema.items() if t != pl.Float64]
        near(one.select(other.columns), other, keys)


def test_the_corpus_has_what_sums_by_unit_can_get_wrong(engine_corpus: Corpus) -> None:
    study = prepare(engine_corpus, Options())
    held = np.diff(study.organisations.matrix.indptr)[: study.families]
    assert {0, 1, 2} <= set(held.tolist())
    assert np.isnan(study.publication_years[: study.families]).any()
    outside = study.publication_years[study.families :]
    assert np.isnan(outside).any()
    assert np.isfinite(outside).any()
    assert (study.pairs.citing >= study.families).any()
    assert (study.pairs.cited >= study.families).any()
    assert study.pairs.self_citation.any()


def test_intervals_are_those_of_netpos_but_for_value(engine_corpus: Corpus, tmp_path: Path) -> None:
    assert engine_corpus.folder is not None
    options = Options()
    aggregates_on(duckdb.connect(), engine_corpus.folder, tmp_path, options)
    study = prepare(engine_corpus, options)
    period, span = periods(options, "all")
    ready = measured(study, "quantum", period, span)
    expected = uncertainty.resampling_of(ready, draws=50, seed=3)().intervals()
    expected = expected.filter(pl.col("indicator") != "value_share")
    found = Aggregates.read(tmp_path).indicators("quantum", period, draws=50, seed=3)
    near(found, expected, ["country", "indicator"])
    assert found["low"].count() > 0


def test_tables_of_an_earlier_call_are_replaced(engine_corpus: Corpus, tmp_path: Path) -> None:
    for counting in ("full", "fractional"):
        options = make({"counting": counting})
        aggregates_on(duckdb.connect(), str(engine_corpus.folder), tmp_path, options)
        assert Aggregates.read(tmp_path).options.counting == counting


def test_a_folder_without_aggregates_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no aggregates"):
        Aggregates.read(tmp_path)


def test_what_is_not_among_the_sums_is_refused(engine_corpus: Corpus, tmp_path: Path) -> None:
    aggregates_on(duckdb.connect(), str(engine_corpus.folder), tmp_path)
    found = Aggregates.read(tmp_path)
    with pytest.raises(OptionError, match="technology 'cheese' is unknown"):
        found.countries("cheese", "all")
    with pytest.raises(OptionError, match="period '1900' is unknown"):
        found.countries("quantum", "1900")


def test_a_sum_without_value_is_an_error(
    engine_corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "netpos.analysis.aggregates.SUMS",
        {**dict.fromkeys(("sizes", "families"), "NULLIF(1, 1)")},
    )
    with pytest.raises(TableError, match="sizes from DuckDB: a row has no value"):
        aggregates_on(duckdb.connect(), str(engine_corpus.folder), tmp_path)


def test_nothing_is_left_behind_in_the_connection(engine_corpus: Corpus, tmp_path: Path) -> None:
    connection = duckdb.connect()
    aggregates_on(connection, str(engine_corpus.folder), tmp_path)
    for query in (
        "SELECT view_name FROM duckdb_views() WHERE NOT internal",
        "SELECT table_name FROM duckdb_tables()",
    ):
        assert connection.execute(query).fetchall() == []


def test_international_families_are_unknown_as_in_a_run_where_no_export_lists_offices(
    tmp_path: Path,
) -> None:
    columns = ["country", "families_international", "international_share", "international_rank"]
    options = make({"technologies": str(QUANTUM), "draws": 0, "sensitivity": False})
    for listed in (False, True):
        home = tmp_path / str(listed)
        home.mkdir()
        # another member is not in the export; only in the second its office is listed
        rows = [record(n, office="US", members=[n, 90 + n]) for n in (1, 2)]
        if listed:
            members = rows[0]["families"]["simple_family"]["members"]
            members[1]["document_id"] = {"jurisdiction": "JP"}
        corpus = ingest([write(home / "e.jsonl", rows)], home / "corpus")
        run = results.tables(prepare(corpus, options))["countries"]
        expected = run.filter((pl.col("technology") == "quantum") & (pl.col("period") == "all"))
        aggregates_on(duckdb.connect(), home / "corpus", home / "sums", options)
        found = Aggregates.read(home / "sums").countries("quantum", "all")
        nl = pl.col("country") == "NL"
        assert found.filter(nl).select(columns).rows() == expected.filter(nl).select(columns).rows()
        assert found.filter(nl)["families_international"].to_list() == [1.0 if listed else None]
