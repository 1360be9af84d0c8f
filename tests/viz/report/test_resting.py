"""On what a statement rests."""

from __future__ import annotations

import polars as pl
import pytest

from tests.viz.report.test_sentences import KEYS, drawn, said, text, world


@pytest.mark.parametrize(
    ("reason", "said_so"), [("one_firm", "No interval: rests on one firm."), (None, None)]
)
def test_a_fact_whose_interval_is_withheld_says_why(
    reason: str | None, said_so: str | None
) -> None:
    gone = pl.lit(None, pl.Int64)
    table = world().with_columns(family_rank_low=gone, family_rank_high=gone)
    rows = pl.DataFrame(
        {**KEYS, "country": ["US"], "indicator": "family_rank", "value": 1.0, "low": None,
         "high": None, "reason": [reason]}
    )  # fmt: skip
    found = said({"countries": table, "indicators": rows}, "leads")
    assert found.level == "export"
    assert text(found).endswith(said_so or "(15.4 %).")
    other = rows.with_columns(country=pl.lit("CN"))
    assert text(said({"countries": table, "indicators": other}, "leads")).endswith("(15.4 %).")


def test_a_sentence_names_the_firm_on_which_it_rests() -> None:
    marks = pl.DataFrame(
        {"technology": ["t"], "indicator": ["balance_ratio"], "mark": ["firm-driven"],
         "organisation": ["ACME"], "rank_without": [3]}
    )  # fmt: skip
    tables = {"countries": world(), "robustness": marks}
    assert text(said(tables, "balance")).endswith("Without ACME this changes.")
    tables["robustness"] = marks.with_columns(mark=pl.lit("robust"))
    assert "ACME" not in text(said(tables, "balance"))


def test_the_group_it_builds_on_names_the_firm_it_hangs_on() -> None:
    marks = pl.DataFrame(
        {"technology": ["t"], "indicator": ["share_eu"], "mark": ["firm-driven"],
         "organisation": ["ACME"], "rank_without": [2]}
    )  # fmt: skip
    tables = {"countries": world(), "indicators": drawn(), "robustness": marks}
    assert text(said(tables, "class")).endswith("Without ACME this changes.")
    tables["robustness"] = marks.with_columns(indicator=pl.lit("share_other"))
    assert "ACME" not in text(said(tables, "class"))
