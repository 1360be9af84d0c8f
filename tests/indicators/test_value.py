"""The value index against the worked example, plain loops, and what may not move a rank."""

from __future__ import annotations

import datetime as dt
import random

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy.sparse import csr_array

from netpos.countries import gni
from netpos.errors import OptionError, TableError
from netpos.graph.links import Shares
from netpos.indicators import value as values
from netpos.indicators.markets import live_markets
from netpos.indicators.value import (
    drawn_ranks,
    members_in_corpus,
    node_values,
    valuation,
)

TODAY = dt.date(2025, 10, 31)
SCHEMA = {
    "family": pl.Int32,
    "office": pl.String,
    "legal_status": pl.String,
    "published": pl.Date,
    "granted": pl.Boolean,
    "application_date": pl.Date,
    "grant_date": pl.Date,
    "term_date": pl.Date,
    "discontinued_date": pl.Date,
    "form": pl.String,
}


def documents(*rows: tuple | dict) -> pl.DataFrame:
    """Documents from (family, office, status), other columns by name."""
    full = []
    for row in rows:
        given = row if isinstance(row, dict) else dict(zip(SCHEMA, row, strict=False))
        full.append(
            {
                "published": dt.date(2018, 6, 1),
                "granted": None,
                "application_date": dt.date(2017, 1, 1),
                "grant_date": None,
                "term_date": None,
                "discontinued_date": None,
                "form": "lens-json",
            }
            | given
        )
    return pl.DataFrame(full, schema=SCHEMA)


def shares_of(*held: dict[str, float]) -> Shares:
    rows = [(f, c, s) for f, h in enumerate(held) for c, s in h.items()]
    columns = {"family": pl.Int32, "country": pl.String, "share": pl.Float64}
    return Shares.of(pl.DataFrame(rows, schema=columns, orient="row"), "country", len(held))


# --- the worked example of the method notes -----------------------------------------------------

WORKED_DOCUMENTS = documents(
    (0, "US", "ACTIVE"),
    (0, "DE", "PATENTED"),
    (0, "NL", "ACTIVE"),
    (1, "DE", "ACTIVE"),
    (2, "US", "ACTIVE"),
    (2, "CN", "PENDING"),
    (3, "CN", "PATENTED"),
    (4, "NL", "INACTIVE"),
)
WORKED_SHARES = shares_of({"NL": 1.0}, {"DE": 1.0}, {"US": 1.0}, {"CN": 1.0}, {"NL": 1.0})
EVERYONE = np.ones(5, dtype=bool)


def worked() -> values.Valuation:
    return valuation(
        WORKED_DOCUMENTS,
        np.array([8.0, 2, 5, 1, 9]),
        np.full(5, 2018.0),
        {"ai": EVERYONE},
        data_date=TODAY,
    )


def test_the_worked_example_to_all_digits() -> None:
    table = worked().table
    assert table["relevance"].to_list() == [1.6, 0.4, 1.0, 0.2, 1.8]
    # the notes print six decimals
    coverage = [1.210985, 0.169419, 1.719094, 0.719094, 0.0]
    assert table["coverage"].to_list() == pytest.approx(coverage, abs=5e-7)
    assert table["value"].to_list() == pytest.approx(
        [1.937577, 0.067768, 1.719094, 0.143819, 0.0], abs=5e-7
    )
    assert table["value"].sum() == pytest.approx(3.868258, abs=5e-7)
    assert table["markets"].to_list() == ["DE NL US", "DE", "CN US", "CN", ""]
    found = node_values(worked(), WORKED_SHARES, EVERYONE)
    assert found["country"].to_list() == ["CN", "DE", "NL", "US"]
    assert (100 * found["value_share"]).to_list() == pytest.approx(
        [3.718, 1.752, 50.089, 44.441], abs=5e-4
    )


def test_the_home_market_is_left_out_of_the_foreign_value() -> None:
    found = node_values(worked(), WORKED_SHARES, EVERYONE)
    us, de, cn = 26945, 4565, 19376  # the Dutch market, at home, does not count
    expected = {
        "CN": 0.0,
        "DE": 0.0,
        "NL": 1.6 * (us + de) / us,
        "US": cn / us,
    }
    assert dict(found.select("country", "value_foreign").iter_rows()) == pytest.approx(
        expected, abs=1e-11
    )


def test_a_us_grant_covers_one() -> None:
    found = valuation(
        documents((0, "US", "ACTIVE")), np.ones(1), np.ones(1), {"x": EVERYONE[:1]}, data_date=TODAY
    )
    assert found.table["coverage"].to_list() == [1.0]


# --- markets ------------------------------------------------------------------------------------


# --- relevance ----------------------------------------------------------------------------------


# --- ranks and their stability ------------------------------------------------------------------


def ranks_of(
    table: pl.DataFrame, held: Shares, cited: list[float], **options: object
) -> pl.DataFrame:
    rows = len(cited)
    found = valuation(
        table,
        np.array(cited),
        np.full(rows, 2018.0),
        {"x": np.ones(rows, dtype=bool)},
        data_date=TODAY,
        **options,
    )
    return node_values(found, held, np.ones(rows, dtype=bool))


def test_a_rank_survives_where_the_same_markets_are_held() -> None:
    # both in the same markets: no error of an income can change the order
    table = documents(
        (0, "US", "ACTIVE"), (0, "CN", "ACTIVE"), (1, "US", "ACTIVE"), (1, "CN", "ACTIVE")
    )
    found = ranks_of(table, shares_of({"NL": 1.0}, {"DE": 1.0}), [3.0, 2.9])
    assert found["value_rank"].to_list() == [2, 1]
    assert found["value_rank_stable"].all()


def test_a_rank_does_not_survive_an_income_within_its_error() -> None:
    # NL in Germany 4565 (2 %), DE in India 3655 (2 %): ratio .8006; cited 4 : 5 times
    table = documents((0, "DE", "ACTIVE"), (1, "IN", "ACTIVE"))
    close = ranks_of(table, shares_of({"NL": 1.0}, {"DE": 1.0}), [4.0, 5.0])
    assert close["value_rank"].to_list() == [None, None]
    assert close.select("value_rank_low", "value_rank_high").rows() == [(1, 2), (1, 2)]
    clear = ranks_of(table, shares_of({"NL": 1.0}, {"DE": 1.0}), [4.0, 4.0])
    assert clear["value_rank"].to_list() == [2, 1]


@pytest.mark.parametrize("wrong", [0.98, 1.02])
def test_ranks_that_are_given_hold_for_incomes_at_the_ends_of_their_errors(wrong: float) -> None:
    pick = random.Random(5)
    offices = ["US", "CN", "JP", "DE", "EP", "KR", "NL", "IN"]
    states = ["ACTIVE", "PENDING", "INACTIVE", "UNKNOWN"]
    rows = [(f, pick.choice(offices), pick.choice(states)) for f in range(120) for _ in range(3)]
    table = documents(*rows)
    codes = ["NL", "DE", "US", "CN", "JP", "FR", "SE", "AT"]
    held = shares_of(*({pick.choice(codes): 1.0} for _ in range(120)))
    cited = [float(pick.randint(0, 9)) for _ in range(120)]
    base = ranks_of(table, held, cited)
    assert 0 < base["value_rank"].null_count() < base.height
    income = gni()
    for country in ("US", "CN", "DE", "GB", "KR"):
        moved = income.with_columns(
            gni_busd=pl.when(pl.col("country") == country)
            .then(pl.col("gni_busd") * (1 + (wrong - 1) * pl.col("error") / 0.02))
            .otherwise(pl.col("gni_busd"))
        )
        other = ranks_of(table, held, cited, gni=moved)
        plain = other["value"].rank("min", descending=True).cast(pl.Int64).alias("now")
        both = base.with_columns(plain).drop_nulls("value_rank")
        assert both["value_rank"].to_list() == both["now"].to_list()
        assert (base["value_rank_low"] <= plain).all()
        assert (base["value_rank_high"] >= plain).all()


def test_a_rank_does_not_survive_the_weight_of_pending_applications() -> None:
    table = documents((0, "US", "PENDING"), (1, "US", "ACTIVE"))
    found = ranks_of(table, shares_of({"NL": 1.0}, {"DE": 1.0}), [3.0, 2.0])
    assert found["value_rank"].to_list() == [None, None]


def test_a_rank_does_not_survive_the_set_of_european_markets() -> None:
    table = documents(
        (0, "EP", "ACTIVE"), (1, "JP", "ACTIVE"), (1, "IN", "ACTIVE"), (1, "GB", "ACTIVE")
    )
    found = ranks_of(table, shares_of({"NL": 1.0}, {"DE": 1.0}), [2.0, 2.0])
    assert found["value_rank"].to_list() == [None, None]


def test_those_behind_the_largest_have_no_rank(monkeypatch: pytest.MonkeyPatch) -> None:
    table = documents(*((f, "US", "ACTIVE") for f in range(6)))
    held = shares_of(*({c: 1.0} for c in ("A", "B", "C", "D", "E", "F")))
    cited = [60.0, 50.0, 40.0, 30.0, 20.0, 10.0]
    assert ranks_of(table, held, cited)["value_rank"].to_list() == [1, 2, 3, 4, 5, 6]
    monkeypatch.setattr(values, "MOST_RANKED", 3)
    assert ranks_of(table, held, cited)["value_rank"].to_list() == [1, 2, 3, None, None, None]
    tied = [60.0, 50.0, 40.0, 40.0, 20.0, 10.0]
    assert ranks_of(table, held, tied)["value_rank"].to_list() == [1, 2, None, None, None, None]


def test_holders_without_value_share_the_last_rank() -> None:
    table = documents((0, "US", "ACTIVE"), (1, "US", "INACTIVE"), (2, "US", "EXPIRED"))
    found = ranks_of(table, shares_of({"NL": 1.0}, {"DE": 1.0}, {"FR": 1.0}), [1.0, 1.0, 1.0])
    assert found["value_rank"].to_list() == [2, 2, 1]


def test_no_value_at_all_has_no_shares() -> None:
    found = ranks_of(documents((0, "US", "INACTIVE")), shares_of({"NL": 1.0}), [1.0])
    assert found["value_share"].to_list() == [None]


def test_values_of_countries_sum_to_that_of_the_families_and_the_kind_names_the_column() -> None:
    held = shares_of({"NL": 0.5, "DE": 0.5}, {"DE": 1.0}, {"US": 1.0}, {"CN": 1.0}, {"NL": 1.0})
    found = node_values(worked(), held, EVERYONE)
    assert found["value"].sum() == pytest.approx(worked().value.sum(), abs=1e-11)
    firms = node_values(worked(), held, EVERYONE, kind="organisation")
    assert firms.columns[0] == "organisation"
    assert "value_foreign" not in firms.columns


def test_families_from_a_csv_are_labelled() -> None:
    table = documents((0, "US", "ACTIVE"), {"family": 1, "office": "US", "form": "lens-csv"})
    found = valuation(table, np.ones(2), np.ones(2), {"x": EVERYONE[:2]}, data_date=TODAY).table
    assert found["basis"].to_list() == ["members", "csv"]


# --- stock by year ------------------------------------------------------------------------------


def test_the_part_of_members_in_the_corpus_is_over_stated_sizes() -> None:
    families = pl.DataFrame({"documents": [2, 5, 1], "family_size": [4, None, 1]})
    assert members_in_corpus(families, np.array([True, True, True, False])) == 3 / 5
    assert members_in_corpus(families, np.array([False, True, False])) is None


def test_the_order_of_documents_does_not_matter() -> None:
    mixed = WORKED_DOCUMENTS.sample(fraction=1.0, shuffle=True, seed=4)
    args = (np.array([8.0, 2, 5, 1, 9]), np.full(5, 2018.0), {"ai": EVERYONE})
    found = valuation(mixed, *args, data_date=TODAY)
    assert_frame_equal(found.table, worked().table, check_exact=True)


def test_wrong_input_is_named() -> None:
    with pytest.raises(OptionError, match="EP markets 'two' are unknown"):
        live_markets(WORKED_DOCUMENTS, data_date=TODAY, ep="two")
    with pytest.raises(OptionError, match=r"pending applications is 1\.5"):
        live_markets(WORKED_DOCUMENTS, data_date=TODAY, pending=1.5)
    with pytest.raises(OptionError, match="behind the data date"):
        live_markets(WORKED_DOCUMENTS, data_date=TODAY, day=dt.date(2026, 1, 1))
    with pytest.raises(TableError, match="legal_status"):
        live_markets(WORKED_DOCUMENTS.drop("legal_status"), data_date=TODAY)


def test_a_rank_by_value_stands_where_the_draws_bear_it_out() -> None:
    pick = np.random.default_rng(3)
    for _ in range(50):
        n = int(pick.integers(1, 8))
        share = np.round(pick.dirichlet(np.ones(n)), 2)
        low, high = share * pick.uniform(0.5, 1, n), share * pick.uniform(1, 1.6, n)
        names = [f"C{k}" for k in range(n)]
        rank = [1 + int((share > s).sum()) for s in share]
        table = pl.DataFrame({"country": names, "value_share": share, "value_rank": rank})
        known = pick.random(n) < 0.8
        drawn = pl.DataFrame(
            {
                "country": names,
                "indicator": ["value_share"] * n,
                "low": [x if k else None for x, k in zip(low, known, strict=True)],
                "high": [x if k else None for x, k in zip(high, known, strict=True)],
                "reason": [None if k else "too_few" for k in known],
            },
            schema_overrides={"low": pl.Float64, "high": pl.Float64, "reason": pl.String},
        )
        found = drawn_ranks(table, drawn)["value_rank"].to_list()
        for k in range(n):
            others = np.delete(share, k)
            stands = all(1 + (others > end).sum() == rank[k] for end in (low[k], high[k]))
            assert found[k] == (rank[k] if known[k] and stands else None)
        nothing = drawn.with_columns(pl.lit(None).alias(c) for c in ("low", "high", "reason"))
        assert drawn_ranks(table, nothing)["value_rank"].to_list() == rank


def test_who_has_nothing_has_no_rank_where_others_like_it_are_not_ranked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = documents((0, "US", "INACTIVE"), (1, "US", "INACTIVE"), (2, "US", "ACTIVE"))
    held = shares_of({"NL": 1.0}, {"DE": 1.0}, {"FR": 1.0})  # sorted: DE, FR, NL
    found = ranks_of(table, held, [1.0, 1.0, 1.0]).sort("country")
    assert found["value_rank"].to_list() == [2, 1, 2]
    monkeypatch.setattr(values, "MOST_RANKED", 2)
    found = ranks_of(table, held, [1.0, 1.0, 1.0]).sort("country")
    assert found["value_rank"].to_list() == [None, 1, None]
    assert found["value_rank_high"].to_list() == [None, 1, None]


def test_documents_of_which_there_is_no_part_are_refused() -> None:
    five = np.zeros(5)
    with pytest.raises(TableError, match="no table of documents"):
        valuation(iter(()), five, five, {"x": EVERYONE}, data_date=TODAY)


def test_values_are_the_same_some_nodes_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(2)
    parts = csr_array(draw.random((7, 5)) * (draw.random((7, 5)) < 0.5))
    weight = draw.random(5)
    monkeypatch.setattr(values, "_ROWS", 3)
    assert values._weighed(parts, weight) == pytest.approx(parts.toarray() @ weight, rel=1e-14)
