"""The value index against the worked example, plain loops, and what may not move a rank."""

from __future__ import annotations

import datetime as dt
import random

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from netpos.countries import gni
from netpos.errors import OptionError, TableError
from netpos.graph.links import Citations, Shares
from netpos.indicators import value as values
from netpos.indicators.markets import EP_MARKETS, live_markets, market_weights
from netpos.indicators.value import (
    drawn_ranks,
    members_in_corpus,
    node_values,
    relevance,
    stock,
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


def parts(table: pl.DataFrame, **options: object) -> dict[str, float]:
    found = live_markets(table, data_date=TODAY, **options)
    return dict(found.select("market", "part").iter_rows())


@pytest.mark.parametrize(
    ("status", "part"),
    [
        ("ACTIVE", 1.0),
        ("PATENTED", 1.0),
        ("PENDING", 0.5),
        ("EXPIRED", None),
        ("INACTIVE", None),
        ("DISCONTINUED", None),
        ("UNKNOWN", 1.0),
        (None, 1.0),
    ],
)
def test_each_status_counts_as_stated(status: str | None, part: float | None) -> None:
    found = parts(documents((0, "US", status)), pending=0.5)
    assert found == ({} if part is None else {"US": part})


def test_an_unknown_status_counts_for_twenty_years_and_is_flagged() -> None:
    old = {"family": 0, "office": "US", "legal_status": "UNKNOWN"}
    assert parts(documents(old | {"application_date": dt.date(2005, 10, 31)})) == {}
    assert parts(documents(old | {"application_date": dt.date(2005, 11, 1)})) == {"US": 1.0}
    dateless = old | {"application_date": None, "published": None}
    assert parts(documents(dateless)) == {}
    found = live_markets(documents((0, "US", None), (1, "US", "ACTIVE")), data_date=TODAY)
    assert found["unknown"].to_list() == [True, False]


def test_a_country_counts_once_with_its_best_member() -> None:
    table = documents((0, "DE", "PENDING"), (0, "EP", "ACTIVE"), (0, "DE", "INACTIVE"))
    assert parts(table, pending=0.5) == {"DE": 1.0, "FR": 1.0, "GB": 1.0}


def test_a_european_patent_stands_for_the_chosen_countries_and_wo_for_none() -> None:
    table = documents((0, "EP", "ACTIVE"), (0, "WO", "PENDING"), (0, "EA", "ACTIVE"))
    for name, expected in EP_MARKETS.items():
        assert set(parts(table, ep=name)) == set(expected)
    assert len(set(EP_MARKETS["all"])) == 39
    assert set(EP_MARKETS["three"]) < set(EP_MARKETS["six"]) < set(EP_MARKETS["all"])


def test_on_an_earlier_day_dates_decide() -> None:
    one = {
        "family": 0,
        "office": "US",
        "legal_status": "INACTIVE",
        "published": dt.date(2016, 6, 1),
        "application_date": dt.date(2015, 1, 1),
        "granted": True,
        "grant_date": dt.date(2018, 3, 1),
        "term_date": dt.date(2035, 1, 1),
        "discontinued_date": dt.date(2022, 5, 1),
    }

    def on(year: int, month: int = 12, day: int = 31, **changed: object) -> dict[str, float]:
        date = dt.date(year, month, day)
        return parts(documents(one | changed), day=date, pending=0.5)

    assert on(2015) == {}
    assert on(2016) == {"US": 0.5}
    assert on(2018, 2, 28) == {"US": 0.5}
    assert on(2018, 3, 1) == {"US": 1.0}
    assert on(2022, 4, 30) == {"US": 1.0}
    assert on(2022, 5, 1) == {}
    # the end of the term, where no other end is known
    expired = {"legal_status": "EXPIRED", "discontinued_date": None}
    assert on(2020, **expired | {"term_date": dt.date(2021, 1, 1)}) == {"US": 1.0}
    assert on(2021, **expired | {"term_date": dt.date(2021, 1, 1)}) == {}
    # dead for an unknown reason at an unknown time
    assert on(2020, **expired) == {}
    assert on(2020, legal_status="ACTIVE", discontinued_date=None) == {"US": 1.0}
    assert on(2020, legal_status="PENDING", discontinued_date=None, grant_date=None, granted=None)
    # filed on 1 January 2001, status not known: twenty years, and not the day after
    young = {"legal_status": "UNKNOWN", "application_date": dt.date(2001, 1, 1)}
    young |= {"term_date": None, "discontinued_date": None}
    assert on(2020, 12, 31, **young) == {"US": 1.0}
    assert on(2021, 1, 1, **young) == {}


def test_on_the_data_date_status_and_dates_agree() -> None:
    table = WORKED_DOCUMENTS
    now = live_markets(table, data_date=TODAY, pending=0.5)
    same = live_markets(table, data_date=TODAY, day=TODAY, pending=0.5)
    before = live_markets(table, data_date=TODAY, day=dt.date(2025, 10, 30), pending=0.5)
    assert_frame_equal(now, same)
    assert_frame_equal(now, before)


def test_market_weights_are_incomes_over_that_of_the_united_states() -> None:
    weights = market_weights()
    table = gni()
    income = dict(table.select("country", "gni_busd").iter_rows())
    for country, weight, error in weights.iter_rows():
        assert weight == pytest.approx(income[country] / 26945, rel=1e-12)
        assert 0 < error <= 0.1
    with pytest.raises(TableError, match="no row for US"):
        market_weights(table.filter(pl.col("country") != "US"))


def test_a_market_without_an_income_counts_nothing_and_is_flagged() -> None:
    table = documents((0, "CU", "ACTIVE"), (0, "US", "ACTIVE"))
    assert "CU" not in gni()["country"]
    found = valuation(table, np.ones(1), np.ones(1), {"x": EVERYONE[:1]}, data_date=TODAY).table
    assert found.select("coverage", "unweighted", "markets").row(0) == (1.0, True, "CU US")


# --- relevance ----------------------------------------------------------------------------------


def test_relevance_has_mean_one_in_every_full_cell() -> None:
    pick = np.random.default_rng(1)
    year = np.repeat([2016.0, 2017.0, 2018.0], 40)
    cited = np.concatenate([pick.poisson(m, 40) for m in (3, 1, 0.2)]).astype(float)
    found = relevance(cited, year, {"x": np.ones(120, dtype=bool)})
    assert not found["pooled"].any()
    means = (
        found.with_columns(year=pl.Series(year)).group_by("year").agg(pl.col("relevance").mean())
    )
    assert means["relevance"].to_list() == pytest.approx([1.0] * 3, abs=1e-12)


def plain_relevance(
    cited: list[float], years: list[float], fields: dict[str, list[bool]]
) -> dict[int, tuple[float | None, bool]]:
    out: dict[int, tuple[float | None, bool]] = {}
    for f in range(len(cited)):
        own = [name for name, inside in fields.items() if inside[f]]
        if not own:
            continue
        expected, wide = [], False
        for name in own:
            if years[f] != years[f]:
                continue
            cell = [k for k in range(len(cited)) if fields[name][k] and years[k] == years[k]]
            for reach in range(100):
                near = [k for k in cell if abs(years[k] - years[f]) <= reach]
                if len(near) >= 30 or len(near) == len(cell):
                    break
            wide |= len(near) > sum(years[k] == years[f] for k in cell)
            expected.append(sum(cited[k] for k in near) / len(near))
        if not expected:
            out[f] = (None, False)
            continue
        norm = sum(expected) / len(expected)
        if not any(c for name in own for c, k in zip(cited, fields[name], strict=True) if k):
            out[f] = (0.0, wide)
        else:
            short = max(0.0, 1 - norm)
            out[f] = ((cited[f] + short) / (norm + short), wide)
    return out


@pytest.mark.parametrize("seed", range(4))
def test_relevance_equals_plain_loops_with_small_cells_and_several_technologies(seed: int) -> None:
    pick = random.Random(seed)
    n = 200
    cited = [float(pick.choice([0, 0, 1, 2, 5])) for _ in range(n)]
    years = [pick.choice([2001.0, 2009.0, 2010.0, 2010.0, 2011.0, 2020.0]) for _ in range(n)]
    years[3] = float("nan")
    fields = {t: [pick.random() < p for _ in range(n)] for t, p in (("a", 0.6), ("b", 0.1))}
    found = relevance(np.array(cited), np.array(years), {t: np.array(f) for t, f in fields.items()})
    expected = plain_relevance(cited, years, fields)
    assert found["family"].to_list() == sorted(expected)
    for row in found.iter_rows(named=True):
        value, wide = expected[row["family"]]
        if value is None:
            assert row["relevance"] is row["expected"] is None
        else:
            assert row["relevance"] == pytest.approx(value, abs=1e-12)
            assert row["pooled"] == wide


@pytest.mark.parametrize(("size", "alone"), [(30, True), (29, False)])
def test_a_year_of_thirty_families_is_its_own_norm_and_one_of_fewer_is_not(
    size: int, alone: bool
) -> None:
    cited = np.array([2.0] * size + [32.0])
    year = np.array([2015.0] * size + [2016.0])
    found = relevance(cited, year, {"ai": np.ones(size + 1, dtype=bool)})
    assert found["pooled"][0] is (not alone)
    assert found["expected"][0] == pytest.approx(2 if alone else 3, rel=1e-12)  # (58 + 32) / 30


def test_one_citation_to_a_young_family_is_not_worth_a_cell() -> None:
    # 30 families of 2015 with 8 citations each; of the 30 of 2023 one is cited, once
    cited = np.array([8.0] * 30 + [1.0] + [0.0] * 29)
    year = np.repeat([2015.0, 2023.0], 30)
    found = relevance(cited, year, {"x": np.ones(60, dtype=bool)})
    assert found["expected"][30] == pytest.approx(1 / 30, rel=1e-12)
    assert found["relevance"].to_list() == pytest.approx(
        [1.0] * 30 + [1 + 29 / 30] + [29 / 30] * 29, rel=1e-12
    )
    assert found["shrunk"].to_list() == [False] * 30 + [True] * 30
    # nor does the first citation of a cell raise the others: 29 of 30, for 1 before
    without = relevance(np.where(year == 2023, 0.0, cited), year, {"x": np.ones(60, dtype=bool)})
    assert without["relevance"].to_list() == [1.0] * 60
    assert without["uncited"].to_list() == [False] * 30 + [True] * 30


def test_relevance_has_no_step_at_one_expected_citation() -> None:
    found = []
    for total in (29, 30, 31):
        cited = np.zeros(30)
        cited[:total] = 1.0
        cited[0] += total - cited.sum()
        table = relevance(cited, np.full(30, 2018.0), {"x": np.ones(30, dtype=bool)})
        found.append(table["relevance"][1])
    assert found == pytest.approx([1 + 1 / 30, 1.0, 30 / 31], rel=1e-12)


def test_where_nobody_is_cited_relevance_is_zero_and_flagged() -> None:
    found = relevance(np.zeros(3), np.full(3, 2018.0), {"x": np.ones(3, dtype=bool)})
    assert found["relevance"].to_list() == [0.0] * 3
    assert found["uncited"].all()


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


def test_the_stock_of_a_year_knows_nothing_of_later_years() -> None:
    table = documents(
        {
            "family": 0,
            "office": "US",
            "legal_status": "ACTIVE",
            "published": dt.date(2016, 5, 1),
            "grant_date": dt.date(2018, 1, 1),
        },
        {
            "family": 1,
            "office": "US",
            "legal_status": "INACTIVE",
            "published": dt.date(2016, 5, 1),
            "grant_date": dt.date(2017, 1, 1),
            "discontinued_date": dt.date(2019, 6, 1),
        },
        {
            "family": 2,
            "office": "US",
            "legal_status": "ACTIVE",
            "published": dt.date(2017, 5, 1),
            "grant_date": dt.date(2020, 1, 1),
        },
        {
            "family": 3,
            "office": "JP",
            "legal_status": "ACTIVE",
            "published": dt.date(2020, 5, 1),
            "grant_date": dt.date(2020, 6, 1),
        },
    )
    citing = np.array([2, 2, 3, 3])
    cited = np.array([0, 1, 0, 2])
    pairs = Citations(citing, cited, np.zeros(4, dtype=bool), 4)
    everyone = np.ones(4, dtype=bool)
    found = stock(
        table,
        pairs,
        shares_of({"NL": 1.0}, {"DE": 1.0}, {"US": 1.0}, {"JP": 1.0}),
        {"x": everyone},
        {"x": everyone, "all": everyone},
        np.array([2016.0, 2016, 2017, 2020]),
        np.full(4, 2015.0),
        (2016, 2020),
        data_date=TODAY,
    )
    of = {(t, c, y): v for t, c, y, v, _ in found.iter_rows()}
    assert of["x", "NL", 2016] == 0.0  # nobody has cited yet
    # 2017: three families are published, 0 and 1 are cited once each: mean 2/3, 1 + 1 - 2/3
    assert of["x", "NL", 2017] == pytest.approx(4 / 3, abs=1e-11)
    assert of["x", "DE", 2018] == pytest.approx(4 / 3, abs=1e-11)
    assert of["x", "DE", 2019] == 0.0  # discontinued
    # 2020: four families, citations 2, 1, 1, 0: mean 1
    assert [of["x", c, 2020] for c in ("NL", "DE", "US", "JP")] == pytest.approx([2, 0, 1, 0])
    assert of["all", "NL", 2020] == of["x", "NL", 2020]
    assert found.filter(pl.col("year") == 2016)["value_share"].null_count() == 8


def test_the_last_year_of_the_stock_ends_on_the_data_date() -> None:
    found = stock(
        WORKED_DOCUMENTS,
        Citations(np.array([1]), np.array([0]), np.zeros(1, dtype=bool), 5),
        WORKED_SHARES,
        {"x": EVERYONE},
        {"x": EVERYONE},
        np.full(5, 2018.0),
        np.full(5, 2017.0),
        (2024, 2030),
        data_date=TODAY,
    )
    assert found["year"].unique().to_list() == [2024, 2025]


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
