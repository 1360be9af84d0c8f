"""What citations would be at random, in a run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from netpos.analysis import prepare
from netpos.analysis.expectation import expectation, only_measurable
from netpos.ingest.corpus import read
from netpos.options import make
from tests.analysis.test_known_answers import of, tables
from tests.lens import record, write


def test_growth_alone_explains_the_balance_where_citations_go_at_random() -> None:
    table = tables("neutral_growth.jsonl.gz")["countries"]
    balance = of(table, "balance_ratio")
    assert balance["CN"] == pytest.approx(-0.318667504714, abs=1e-11)
    assert balance["JP"] == pytest.approx(0.285875706215, abs=1e-11)
    for column in ("received_ratio", "given_ratio"):
        ratio = of(table, column)
        # one standard error of 542 and 316 citations: 4 and 6 %
        assert ratio["CN"] == pytest.approx(1.0, abs=0.08)
        assert ratio["JP"] == pytest.approx(1.0, abs=0.08)
        assert ratio["US"] == pytest.approx(1.0, abs=0.08)
    sums = table.group_by("technology", "period").agg(
        pl.col("received", "given", "received_expected", "given_expected").sum()
    )
    for column in ("given", "received_expected", "given_expected"):
        assert sums[column].to_list() == pytest.approx(sums["received"].to_list(), rel=1e-9)


def test_nothing_is_expected_where_those_that_could_be_cited_are_not_known() -> None:
    found = tables("neutral_growth.jsonl.gz", scope="citing")
    for column in ("received_expected", "received_ratio", "given_expected", "given_ratio"):
        assert found["countries"][column].null_count() == found["countries"].height
    assert not found["residuals"].height


def test_a_focal_country_with_nothing_anywhere_has_nothing_expected_where_others_have(
    tmp_path: Path,
) -> None:
    cited, citing = record(2, applicants=[("B INC", "US")]), record(1, cites=[2])
    for records, given in (([citing, cited], 0.0), ([record(1), cited], None)):
        corpus = read(write(tmp_path / "e.jsonl", records))
        study = prepare(corpus, make({"focal": "ZW"}))
        countries, _ = expectation(study, "quantum", (2015, 2025))
        row = countries.filter(pl.col("country") == "ZW").row(0, named=True)
        assert (row["received_expected"], row["given_expected"]) == (0.0, given)
        assert (row["received_ratio"], row["given_ratio"]) == (None, None)


def test_citations_of_families_without_a_year_are_among_the_expected(tmp_path: Path) -> None:
    """Two Dutch families cite one of the US each, dated and not; a US one cites the Netherlands."""
    us = {"applicants": [("B INC", "US")]}
    records = [
        record(1, cites=[3]),
        record(2, cites=[4]),
        record(3, **us),
        record(4, published=None, priority=None, **us),
        record(5, cites=[1], **us),
    ]
    study = prepare(read(write(tmp_path / "e.jsonl", records)), make({}))
    assert int(np.isnan(study.years).sum()) == 1
    found, pairs = expectation(study, "quantum", (2015, 2025))
    sums = found.select(pl.col("received_expected", "given_expected").sum()).row(0)
    assert sums == pytest.approx((3, 3))
    assert pairs.filter(citing="NL", cited="US")["observed"].to_list() == [2]


def test_a_pair_has_no_interval_where_either_of_its_countries_is_not_measurable() -> None:
    pairs = [("NL", "DE"), ("DE", "NL"), ("NL", "US"), ("US", "KR")]
    residuals = pl.DataFrame(
        [(*pair, 0.5, 2.0, None) for pair in pairs],
        {"citing": pl.String, "cited": pl.String, "low": pl.Float64, "high": pl.Float64,
         "reason": pl.String},
        orient="row",
    )  # fmt: skip
    countries = pl.DataFrame(
        {"country": ["DE", "KR", "NL", "US"], "measurable": [False, True, None, True]}
    )
    assert only_measurable(residuals, countries).rows() == [
        ("NL", "DE", None, None, "not_measurable"),
        ("DE", "NL", None, None, "not_measurable"),
        ("NL", "US", 0.5, 2.0, None),
        ("US", "KR", 0.5, 2.0, None),
    ]
