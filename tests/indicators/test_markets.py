"""Where a family is in force, and what its markets weigh."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise, product

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy.sparse import csr_array

from netpos.countries import gni
from netpos.errors import TableError
from netpos.indicators.markets import (
    EP_MARKETS,
    Alive,
    Live,
    choices,
    live_markets,
    market_weights,
)
from netpos.indicators.value import (
    valuation,
)
from tests.indicators.test_value import EVERYONE, TODAY, WORKED_DOCUMENTS, documents


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


def live_matrix(live: pl.DataFrame, names: list[str], rows: int) -> csr_array:
    """Spread what `live_markets` returns over families × markets, the known ones."""
    known = live.filter(pl.col("market").is_in(names))
    at = (known["family"].to_numpy(), [names.index(name) for name in known["market"]])
    found = csr_array((known["part"].to_numpy().astype(np.float32), at), shape=(rows, len(names)))
    found.sort_indices()
    return found


def drawn_documents(families: int) -> pl.DataFrame:
    """Members of families at offices, of every status, sorted by family."""
    draw = np.random.default_rng(8)
    offices = ["EP", "WO", "DE", "FR", "NL", "US", "CN", "ES", "EA", "AD"]
    statuses = ["ACTIVE", "PATENTED", "PENDING", "EXPIRED", "UNKNOWN", None]
    rows = [
        (family, str(draw.choice(offices)), statuses[int(draw.integers(0, len(statuses)))])
        for family in range(families)
        for _ in range(int(draw.integers(0, 5)))
    ]
    return documents(*rows)


@pytest.mark.parametrize("cuts", [(), (7, 20)])
def test_markets_of_every_choice_held_together_are_those_of_each(cuts: tuple[int, ...]) -> None:
    """Against a matrix for each choice, of all families and of some, read whole or in parts."""
    table, names = drawn_documents(40), market_weights()["country"].to_list()
    bounds = [0, *cuts, 40]
    parts = [
        table.filter(pl.col("family").is_between(low, high, closed="left"))
        for low, high in pairwise(bounds)
    ]
    found = Live.of(parts, names, 42, data_date=TODAY)
    some = np.random.default_rng(1).random(42) < 0.5
    assert set(choices()) == {*product(EP_MARKETS, (1.0, 0.5))}
    assert choices()[0] == ("three", 1.0)
    for ep, pending in choices():
        live = live_markets(table, data_date=TODAY, ep=ep, pending=pending)
        alone = live_matrix(live, names, 42)
        for one, other in (
            (found.matrix((ep, pending)), alone),
            (found.matrix((ep, pending), some), alone[np.flatnonzero(some)]),
        ):
            assert one.dtype == other.dtype
            assert (one.indptr == other.indptr).all()
            assert (one.indices == other.indices).all()
            assert (one.data == other.data).all()
    assert {*np.unique(alone.data)} == {0.5, 1.0}


def test_families_without_documents_have_no_market() -> None:
    found = Live.of([documents()], ["DE", "US"], 3, data_date=TODAY)
    assert found.matrix().toarray().tolist() == [[0.0, 0.0]] * 3
    assert found.matrix(chosen=np.zeros(3, dtype=bool)).shape == (0, 2)


@pytest.mark.parametrize("cuts", [(), (7, 20)])
def test_markets_of_several_days_are_those_of_each(cuts: tuple[int, ...]) -> None:
    table, names = drawn_documents(40), market_weights()["country"].to_list()
    parts = [
        table.filter(pl.col("family").is_between(low, high, closed="left"))
        for low, high in pairwise([0, *cuts, 40])
    ]
    days = [dt.date(2018, 12, 31), dt.date(2020, 1, 1), TODAY]
    several = Alive.on(iter(parts), names, 42, days, data_date=TODAY)
    for day, found in zip(days, several, strict=True):
        alone = live_matrix(live_markets(table, data_date=TODAY, day=day), names, 42)
        assert (found.matrix() != alone).nnz == 0
        assert found.matrix().nnz == alone.nnz > 0
