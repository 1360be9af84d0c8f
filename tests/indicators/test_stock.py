"""The value of the families alive at the end of each year."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from netpos.graph.links import Citations
from netpos.indicators.stock import _cited_by_year
from netpos.indicators.value import (
    stock,
)
from tests.indicators.test_value import (
    EVERYONE,
    TODAY,
    WORKED_DOCUMENTS,
    WORKED_SHARES,
    documents,
    shares_of,
)


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


def test_an_undated_citation_comes_when_dated_ones_do() -> None:
    """Of two dated citations one comes in the year of the cited family, one two years after."""
    published = np.array([2015.0, 2015.0, 2017.0, np.nan, 2016.0])
    citing, cited = (np.array(end, dtype=np.int32) for end in ((1, 2, 3), (0, 0, 4)))
    pairs = Citations(citing, cited, np.zeros(3, dtype=bool), 5)
    cited_by = _cited_by_year(pairs, published, None, 2020, 5)
    assert [cited_by(year)[4] for year in (2015, 2016, 2017, 2018, 2020)] == [0, 0.5, 0.5, 1, 1]
    assert [cited_by(year)[0] for year in (2014, 2015, 2016, 2017)] == [0, 1, 1, 2]
    of_three = _cited_by_year(pairs, published, None, 2020, 3)
    assert of_three(2020).tolist() == [2, 0, 0]  # of the first rows alone
    assert _cited_by_year(pairs, published, None, 2020, 4)(2020).tolist() == [2, 0, 0, 0]


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_the_stock_is_the_same_from_documents_some_at_a_time(cut: int) -> None:
    pairs = Citations(np.array([1]), np.array([0]), np.zeros(1, dtype=bool), 5)
    of = (pairs, WORKED_SHARES, {"x": EVERYONE}, {"x": EVERYONE})
    years = (np.full(5, 2018.0), np.full(5, 2017.0), (2018, 2025))
    table = WORKED_DOCUMENTS.sort("family")
    parts = [table.filter(pl.col("family") < cut), table.filter(pl.col("family") >= cut)]
    whole = stock(WORKED_DOCUMENTS, *of, *years, data_date=TODAY)
    assert_frame_equal(stock(iter(parts), *of, *years, data_date=TODAY), whole, check_exact=True)
    assert whole["value"].sum() > 0
