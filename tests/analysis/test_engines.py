"""The same SQL on DuckDB, on Spark, and netpos itself: the same links between countries."""

from __future__ import annotations

from typing import Any

import duckdb
import polars as pl
import pytest

from netpos.analysis.engines import REFUSED, links_on, links_queries
from netpos.analysis.study import prepare
from netpos.errors import OptionError, TableError
from netpos.ingest.corpus import Corpus
from netpos.options import Options, make
from tests.analysis.engine_corpus import CASES, sockets

KEYS = ["technology", "period", "citing", "cited"]


def by_netpos(engine_corpus: Corpus, options: Options) -> pl.DataFrame:
    """Links of every technology and period, cut one by one."""
    study = prepare(engine_corpus, options)
    parts = [
        study.links(technology, span, period=period).table.select(
            technology=pl.lit(technology),
            period=pl.lit(period),
            citing="citing",
            cited="cited",
            weight="weight",
            citations="citations",
        )
        for technology in study.names
        for period, span in options.spans()
    ]
    return pl.concat(parts)


def same(found: pl.DataFrame, expected: pl.DataFrame) -> None:
    """Keys and counts equal and in the same order, weights to 1e-9, nothing unknown."""
    assert found.columns == expected.columns
    assert found.select(*KEYS, "citations").equals(expected.select(*KEYS, "citations"))
    assert sum(found.null_count().row(0)) == 0
    apart = (found["weight"] / expected["weight"] - 1.0).abs().max()
    assert isinstance(apart, float)
    assert apart <= 1e-9


@pytest.mark.parametrize("case", CASES)
def test_duckdb_gives_the_links_of_netpos(engine_corpus: Corpus, case: str) -> None:
    assert engine_corpus.folder is not None
    options = make({**CASES[case]})
    expected = by_netpos(engine_corpus, options)
    assert expected.height > 40
    same(links_on(duckdb.connect(), engine_corpus.folder, options), expected)


def test_the_corpus_of_these_tests_has_groups_above_a_thousand_and_every_step(
    engine_corpus: Corpus,
) -> None:
    weights = by_netpos(engine_corpus, Options())["weight"]
    assert weights.filter(weights > 1000).len() >= 2
    assert weights.filter(weights != weights.round()).len() > 20
    rules = set(prepare(engine_corpus, Options()).located["rule"])
    assert rules == {"applicant", "inventor", "imputed", "priority", "unknown"}


def test_the_query_leaves_nothing_behind_in_the_connection(engine_corpus: Corpus) -> None:
    connection = duckdb.connect()
    links_on(connection, str(engine_corpus.folder))
    assert (
        connection.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
        == []
    )


def test_every_division_and_constant_of_the_query_is_a_double() -> None:
    for counting in ("fractional", "country-unique", "full"):
        text = "\n".join(links_queries(make({"counting": counting})).values())
        for line in text.splitlines():
            if "/" in line:
                assert line.count("AS DOUBLE") >= 2, line
        assert "1.0" not in text


@pytest.mark.parametrize("name", REFUSED)
def test_an_option_that_the_query_does_not_follow_is_refused(
    engine_corpus: Corpus, name: str
) -> None:
    values: dict[str, object] = {
        "window": 5,
        "citing_office": "EP",
        "design": "focal",
        "residences": "r.csv",
        "office_proxy": True,
        "aliases": "a.csv",
        "self_citations": "drop",
    }
    with pytest.raises(OptionError, match="--" + name.replace("_", "-")):
        links_on(duckdb.connect(), str(engine_corpus.folder), make({name: values[name]}))


def test_the_whole_export_as_one_technology_is_refused() -> None:
    with pytest.raises(OptionError, match="not in SQL"):
        links_queries(make({"technologies": "all"}))


def test_an_engine_that_is_neither_is_refused(engine_corpus: Corpus) -> None:
    with pytest.raises(OptionError, match="engine str: neither"):
        links_on("duckdb", str(engine_corpus.folder))


def test_a_sum_without_value_is_an_error_and_not_a_row(
    engine_corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = links_queries()
    lossy = "NULLIF(SUM(a.share * b.share), 1.0)"
    broken["netpos_links"] = broken["netpos_links"].replace("SUM(a.share * b.share)", lossy)
    monkeypatch.setattr("netpos.analysis.engines.links_queries", lambda _: broken)
    with pytest.raises(TableError, match="a cell has no value"):
        links_on(duckdb.connect(), str(engine_corpus.folder))


@sockets
@pytest.mark.parametrize("case", CASES)
def test_spark_gives_the_links_of_netpos_and_of_duckdb(
    engine_corpus: Corpus, spark: Any, case: str
) -> None:
    assert engine_corpus.folder is not None
    options = make({**CASES[case]})
    found = links_on(spark, engine_corpus.folder, options)
    same(found, by_netpos(engine_corpus, options))
    same(found, links_on(duckdb.connect(), engine_corpus.folder, options))


@sockets
def test_spark_loses_the_largest_sums_where_the_share_is_no_double(spark: Any) -> None:
    """The fault that the casts are for; should Spark mend it, this test may go."""
    numbers = "(SELECT id, 1 AS k FROM range(1500))"
    decimal = "CAST(1.0 / k AS DECIMAL(38,35))"
    ansi = spark.conf.get("spark.sql.ansi.enabled", "false")
    spark.conf.set("spark.sql.ansi.enabled", "false")  # by default from 4.0: an error, not NULL
    try:
        lost = spark.sql(f"SELECT SUM({decimal}) AS s FROM {numbers}").collect()[0][0]
    finally:
        spark.conf.set("spark.sql.ansi.enabled", ansi)
    kept = spark.sql(f"SELECT SUM(CAST(1 AS DOUBLE) / k) AS s FROM {numbers}").collect()[0][0]
    assert (lost, kept) == (None, 1500.0)
