"""What citations would be at random, in a run."""

from __future__ import annotations

import polars as pl
import pytest

from tests.analysis.test_known_answers import of, tables


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
