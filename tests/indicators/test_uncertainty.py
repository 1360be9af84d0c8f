"""Intervals by hand from estimates and errors, ranks from draws, and when there are none."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from netpos.errors import OptionError, TableError
from netpos.indicators.bounds import REASONS
from netpos.indicators.uncertainty import (
    CONTRASTS,
    HELD,
    NOT_CALIBRATED,
    RESAMPLED,
    WITH_BOUNDS,
    add_intervals,
)
from tests.indicators.plain import Case, made_up, ready

# --- when there is none -------------------------------------------------------------------------


def given_by(organisations: list[list[str]], cites: int) -> Case:
    """Families of NL that each cite ``cites`` of 30 families of ten firms in US, DE and JP."""
    n = len(organisations)
    targets = [[{"US": 1.0}, {"DE": 1.0}, {"JP": 1.0}][k % 3] for k in range(30)]
    return Case(
        [{"NL": 1.0}] * n + targets,
        [*organisations, *([f"T{k % 10}"] for k in range(30))],
        [True] * (n + 30),
        [2020] * (n + 30),
        [(f, n + (7 * f + 11 * k) % 30) for f in range(n) for k in range(cites)],
    )


def reason(case: Case, indicator: str, **options: object) -> str | None:
    corpus = ready(case)
    if "measurable" in options:
        held = pl.lit(options.pop("measurable"))
        corpus = replace(corpus, table=corpus.table.with_columns(measurable=held))
    row = corpus.intervals(**options).filter(
        (pl.col("country") == "NL") & (pl.col("indicator") == indicator)
    )
    assert row["low"].is_null().all() == row["reason"].is_not_null().all()
    return row["reason"][0]


def test_a_number_of_one_or_two_organisations_rests_on_one_firm() -> None:
    assert reason(given_by([["A"]] * 20, 3), "similarity") == "one_firm"
    assert reason(given_by([["A"], ["B"]] * 10, 3), "similarity") == "one_firm"
    assert reason(given_by([["A"], ["B"], ["C"]] * 7, 3), "similarity") is None
    assert reason(given_by([["A"]] * 20, 3), "family_share") == "one_firm"
    assert reason(given_by([["A"]] * 20, 3), "family_rank") == "one_firm"


def test_a_share_at_its_end_has_no_interval() -> None:
    countries = [{"NL": 1.0}] * 24 + [{"US": 1.0}] * 6
    firms = [[f"F{k}"] for k in range(30)]
    pairs = [(f, 24 + f % 6) for f in range(24)]
    case = Case(countries, firms, [True] * 30, [2020] * 30, pairs)
    assert reason(case, "share_oecd_nato") == "too_few"  # all 24 go there
    assert reason(case, "source_effective") == "too_few"  # all to one country
    assert reason(case, "balance_ratio") == "too_few"  # nothing is received


def test_an_error_of_fewer_than_two_degrees_of_freedom_has_no_interval() -> None:
    # three firms alike leave two degrees, two large ones and a small one fewer
    assert reason(given_by([["A"], ["B"], ["C"]] * 7, 3), "family_share") is None
    two = given_by([["A"]] * 10 + [["B"]] * 10 + [["C"]], 3)
    assert 2 < 21**2 / (10**2 + 10**2 + 1) < 3
    assert reason(two, "family_share") == reason(two, "family_rank") == "too_few"
    assert reason(two, "similarity") == "too_few"


def test_what_cannot_be_located_and_what_is_not_calibrated_is_named_first() -> None:
    case = given_by([["A"], ["B"], ["C"]] * 7, 3)
    assert reason(case, "similarity", measurable=False) == "not_measurable"
    assert reason(case, "similarity", measurable=True) is None
    many = given_by([[f"F{k}"] for k in range(20)], 3)
    assert reason(many, "family_share", measurable=False) is None  # rests on no links
    for name in NOT_CALIBRATED:
        assert reason(case, name, measurable=False) == "not_calibrated"
    assert reason(case, "value_share", worth=None) == "not_calibrated"


def test_every_row_has_an_interval_or_a_reason() -> None:
    found = ready(made_up(1)).intervals()
    rows = found.filter(~pl.col("indicator").is_in(HELD))
    assert (rows["low"].is_null() == rows["reason"].is_not_null()).all()
    assert (rows["low"].is_null() == rows["high"].is_null()).all()
    assert set(rows["reason"].drop_nulls()) <= set(REASONS)
    each = len(RESAMPLED) + len(CONTRASTS) + len(HELD)
    assert found.height == found["country"].n_unique() * each


def test_with_no_draws_there_are_neither_bounds_nor_reasons() -> None:
    found = ready(made_up(3)).intervals(draws=0)
    for column in ("low", "high", "reason"):
        assert found[column].null_count() == found.height
    assert found.filter(pl.col("indicator") == "family_share")["value"].null_count() == 0


# --- contract -----------------------------------------------------------------------------------


def test_without_links_nothing_is_invented() -> None:
    found = ready(replace(made_up(2), pairs=[])).intervals()
    relational = found.filter(pl.col("indicator").is_in(["balance_ratio", "similarity"]))
    assert relational["low"].null_count() == relational.height > 0
    assert set(relational["reason"]) == {"too_few"}
    near = found.filter(pl.col("indicator") == "near_core_share")
    assert near["value"].null_count() == near.height


def test_neither_threads_nor_the_number_of_draws_at_a_time_matter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    corpus = ready(made_up(4, families=120, pairs=900))
    whole = corpus.intervals()
    assert whole["low"].count() > 20
    monkeypatch.setattr("netpos.indicators.weighing._CELLS", 200)
    assert_frame_equal(corpus.intervals(), whole, check_exact=True)
    assert_frame_equal(corpus.intervals(threads=2), whole, check_exact=True)
    monkeypatch.setattr(
        "netpos.indicators.uncertainty._MOST_BESIDE", -1
    )  # errors after draws, not beside them
    assert_frame_equal(corpus.intervals(threads=2), whole, check_exact=True)


def test_bounds_lie_in_the_range_of_their_indicator() -> None:
    found = ready(made_up(6, families=120, pairs=900)).intervals().drop_nulls("low")
    assert (found["low"] <= found["high"]).all()
    shares = found.filter(pl.col("indicator").str.contains("share"))
    assert shares["low"].min() > 0
    assert shares["high"].max() <= 1
    ranks = found.filter(pl.col("indicator").str.ends_with("rank"))
    assert (ranks["low"] <= ranks["value"]).all()
    assert (ranks["value"] <= ranks["high"]).all()


def test_the_table_of_countries_gets_two_columns_for_each_indicator() -> None:
    corpus = ready(made_up(7, families=120, pairs=900))
    found = corpus.intervals()
    wide = add_intervals(corpus.table, found)
    added = [f"{c}_{end}" for c in WITH_BOUNDS for end in ("low", "high")]
    assert wide.columns == [*corpus.table.columns, *added]
    assert wide["family_rank_low"].dtype == pl.Int64
    row = found.filter((pl.col("country") == "US") & (pl.col("indicator") == "balance_ratio"))
    us = wide.filter(pl.col("country") == "US")
    assert us["balance_ratio_high"][0] == row["high"][0] is not None


def test_wrong_input_is_named() -> None:
    corpus = ready(made_up(8))
    with pytest.raises(OptionError, match="--draws -1"):
        corpus.intervals(draws=-1)
    with pytest.raises(OptionError, match="--seed -1"):
        corpus.intervals(seed=-1)
    with pytest.raises(TableError, match="no row for"):
        replace(corpus, table=corpus.table.filter(pl.col("country") != "NL")).intervals()
    with pytest.raises(TableError, match="similarity"):
        replace(corpus, table=corpus.table.drop("similarity")).intervals()
    with pytest.raises(TableError, match="sorted"):
        replace(corpus, table=corpus.table.reverse()).intervals()
