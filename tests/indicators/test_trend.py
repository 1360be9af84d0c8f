"""Trends against plain counts, and slopes against SciPy's regression."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy.stats import linregress, t

from netpos.errors import OptionError, TableError
from netpos.graph.links import Citations, Shares, Spread
from netpos.indicators.trend import changes, guard_date, last_whole_year, slopes, trend

LAST = 2024  # of data of 31 October 2025, by year of publication
SPAN = (2015, 2025)


class Corpus:
    """Families in NL, DE and US with plain lists beside what netpos holds."""

    def __init__(
        self, seed: int, families: int = 300, pairs: int = 2000, *, full: bool = False
    ) -> None:
        pick = random.Random(seed)
        self.held = [
            {c: 1.0 if full else 1 / len(h) for c in h}
            for h in (pick.sample(["NL", "DE", "US"], pick.randint(1, 2)) for _ in range(families))
        ]
        self.held[0] = {}
        self.years = [pick.randint(2010, 2025) for _ in range(families)]
        self.inside = {
            "quantum": [pick.random() < 0.6 for _ in range(families)],
            "ai": [pick.random() < 0.4 for _ in range(families)],
        }
        ends = {(pick.randrange(families), pick.randrange(families)) for _ in range(pairs)}
        self.ends = sorted((f, g) for f, g in ends if f != g)
        rows = [(f, c, s) for f, h in enumerate(self.held) for c, s in h.items()]
        schema = {"family": pl.Int32, "country": pl.String, "share": pl.Float64}
        self.shares = Shares.of(
            pl.DataFrame(rows, schema=schema, orient="row"), "country", families
        )
        citing, cited = (np.array([e[k] for e in self.ends]) for k in (0, 1))
        self.pairs = Citations(citing, cited, np.zeros(citing.size, dtype=bool), families)
        self.spread = Spread.of(self.pairs, self.shares)

    def trend(self, **options: object) -> pl.DataFrame:
        member = {name: np.array(inside) for name, inside in self.inside.items()}
        return trend(
            self.pairs,
            self.spread,
            self.shares,
            member,
            np.array(self.years, dtype=float),
            **({"span": SPAN, "last_whole": LAST, "focal": "NL"} | options),
        )


@pytest.mark.parametrize(("seed", "window"), [(0, 3), (1, 3), (2, 3), (3, 3), (4, 3), (1, 0)])
def test_a_trend_equals_plain_counts(seed: int, window: int) -> None:
    corpus = Corpus(seed, full=seed > 2)
    sizes: dict[tuple, float] = defaultdict(float)
    got: dict[tuple, float] = defaultdict(float)
    for name, inside in corpus.inside.items():
        for f, held in enumerate(corpus.held):
            for c, s in held.items():
                if inside[f]:
                    sizes[name, c, corpus.years[f]] += s
        for f, g in corpus.ends:
            if inside[f] and inside[g] and 0 <= corpus.years[f] - corpus.years[g] <= window:
                for i, a in corpus.held[f].items():
                    for j, b in corpus.held[g].items():
                        if i != j:
                            got[name, j, corpus.years[g]] += a * b
    table = corpus.trend(window=window) if window != 3 else corpus.trend()
    assert table.height == 2 * 3 * 11
    for row in table.iter_rows(named=True):
        name, year = row["technology"], row["year"]
        key = (name, row["country"], year)
        assert row["families"] == pytest.approx(sizes[key], abs=1e-11)  # 12 digits are printed
        there = [f for f, y in enumerate(corpus.years) if y == year and corpus.held[f]]
        total = sum(corpus.inside[name][f] for f in there)
        assert row["family_share"] == pytest.approx(sizes[key] / total, abs=1e-11)
        cited = sum(got[name, c, year] for c in ("NL", "DE", "US"))
        if year + window > 2024 or not cited:  # 2024 is the last whole year
            assert row["received_share"] is None
        else:
            assert row["received_share"] == pytest.approx(got[key] / cited, abs=1e-11)
        assert row["truncated"] == (year > 2024)
        assert row["value_share"] is None


def test_shares_of_a_year_sum_to_one() -> None:
    sums = Corpus(1).trend().group_by("technology", "year").agg(pl.col("family_share").sum())
    assert sums["family_share"].to_list() == pytest.approx([1.0] * 22, abs=1e-11)


def test_the_guard_is_eighteen_months_before_the_data_date() -> None:
    assert guard_date(dt.date(2025, 6, 30)) == dt.date(2023, 12, 30)
    assert guard_date(dt.date(2025, 7, 1)) == dt.date(2024, 1, 1)
    assert guard_date(dt.date(2024, 8, 31)) == dt.date(2023, 2, 28)
    assert guard_date(dt.date(2025, 8, 31)) == dt.date(2024, 2, 29)


@pytest.mark.parametrize(
    ("day", "published", "filed"),
    [
        (dt.date(2025, 6, 29), 2024, 2022),
        (dt.date(2025, 7, 1), 2024, 2023),
        (dt.date(2025, 12, 31), 2025, 2023),
        (dt.date(2026, 1, 1), 2025, 2023),
    ],
)
def test_a_year_is_whole_when_it_is_over_and_by_priority_eighteen_months_later(
    day: dt.date, published: int, filed: int
) -> None:
    assert last_whole_year(day) == last_whole_year(day, "publication") == published
    assert last_whole_year(day, "priority") == filed
    table = Corpus(2).trend(last_whole=filed)
    assert table.filter("truncated")["year"].unique().to_list() == list(range(filed + 1, 2026))
    cited = table.drop_nulls("received_share")["year"].max()
    assert cited == filed - 3


def test_the_focal_country_has_rows_without_families() -> None:
    table = Corpus(3).trend(focal="BE").filter(pl.col("country") == "BE")
    assert table.height == 22
    assert table["families"].sum() == 0
    assert table["family_share"].to_list() == [0.0] * 22


def test_a_year_without_families_has_no_shares() -> None:
    corpus = Corpus(4)
    corpus.years = [2016 if y == 2015 else y for y in corpus.years]
    table = corpus.trend().filter(pl.col("year") == 2015)
    assert table["families"].sum() == 0
    assert table["family_share"].null_count() == table["received_share"].null_count() == 6


def test_a_longer_window_leaves_fewer_years() -> None:
    table = Corpus(5).trend(window=5).drop_nulls("received_share")
    assert table["year"].max() == 2019


def test_pairs_can_be_left_out() -> None:
    corpus = Corpus(6)
    none = corpus.trend(counted=np.zeros(len(corpus.ends), dtype=bool))
    assert none["received_share"].null_count() == none.height
    every = np.ones(len(corpus.ends), dtype=bool)
    assert_frame_equal(corpus.trend(counted=every), corpus.trend(), check_exact=True)


def test_values_are_put_in_their_rows() -> None:
    values = pl.DataFrame(
        {"technology": ["ai"], "country": ["NL"], "year": [2018], "value_share": [0.25]}
    )
    table = Corpus(7).trend(values=values).drop_nulls("value_share")
    assert table.select("technology", "country", "year").rows() == [("ai", "NL", 2018)]


def test_slopes_are_those_of_scipy() -> None:
    table = Corpus(8).trend()
    found = slopes(table)
    assert found.height == 2 * 3 * 3
    checked = 0
    for row in found.iter_rows(named=True):
        own = table.filter(
            (pl.col("technology") == row["technology"])
            & (pl.col("country") == row["country"])
            & ~pl.col("truncated")
        ).drop_nulls(row["indicator"])
        assert row["years"] == own.height
        if row["indicator"] == "value_share":
            assert row["slope"] is row["low"] is row["high"] is None
            continue
        fit = linregress(own["year"].to_numpy(), own[row["indicator"]].to_numpy())
        half = t.ppf(0.975, own.height - 2) * fit.stderr
        # the sums of squares are taken another way; printed with 12 digits
        assert row["slope"] == pytest.approx(fit.slope, rel=1e-9, abs=1e-14)
        assert row["low"] == pytest.approx(fit.slope - half, rel=1e-9, abs=1e-12)
        assert row["high"] == pytest.approx(fit.slope + half, rel=1e-9, abs=1e-12)
        checked += 1
    assert checked == 12


@pytest.mark.parametrize(("years", "known"), [(2, False), (3, True)])
def test_a_slope_needs_three_years(years: int, known: bool) -> None:
    table = pl.DataFrame(
        {
            "technology": ["ai"] * years,
            "country": ["NL"] * years,
            "year": list(range(2015, 2015 + years)),
            "family_share": [0.5] * years,
            "truncated": [False] * years,
        }
    )
    row = slopes(table, ["family_share"]).row(0, named=True)
    assert (row["slope"], row["low"], row["high"]) == ((0.0,) * 3 if known else (None,) * 3)


def test_the_order_of_rows_does_not_matter_for_slopes() -> None:
    table = Corpus(9).trend()
    mixed = table.sample(fraction=1.0, shuffle=True, seed=1)
    assert_frame_equal(
        slopes(mixed).sort("technology", "country", "indicator"),
        slopes(table).sort("technology", "country", "indicator"),
        check_exact=True,
    )


COUNTRIES = pl.DataFrame(
    {
        "technology": ["quantum"] * 5 + ["ai"] * 2,
        "period": ["P1", "P1", "P2", "P2", "all", "P1", "P2"],
        "country": ["NL", "BE", "NL", "DE", "NL", "NL", "NL"],
        "family_share": [0.010, 0.1, 0.008, 0.2, 0.009, 0.0, 0.1],
        "family_rank": [11, 3, 12, 2, 11, 40, 5],
    }
)


def test_changes_are_those_of_the_method_notes_and_null_where_absent() -> None:
    assert changes(COUNTRIES, "P1", "P2").rows() == [
        ("quantum", "BE", None, None, None),
        ("quantum", "DE", None, None, None),
        ("quantum", "NL", -0.002, -0.2, -1),
        ("ai", "NL", 0.1, None, 35),
    ]


def test_wrong_input_is_named() -> None:
    with pytest.raises(OptionError, match="period 'P3' is not in the table; known: P1, P2, all"):
        changes(COUNTRIES, "P1", "P3")
    with pytest.raises(TableError, match="none of the columns"):
        changes(COUNTRIES.drop("family_share", "family_rank"), "P1", "P2")
    with pytest.raises(TableError, match="family_share"):
        slopes(COUNTRIES.drop("family_share"), ["family_share"])
    with pytest.raises(OptionError, match="span 2021-2020 is reversed"):
        Corpus(0).trend(span=(2021, 2020))
    assert Corpus(0).trend(span=(2020, 2020))["year"].unique().to_list() == [2020]
    with pytest.raises(OptionError, match="window of -1"):
        Corpus(0).trend(window=-1)


def test_rows_of_one_year_alone_have_no_slope() -> None:
    table = pl.DataFrame({"technology": "ai", "country": "NL", "year": [2018] * 3})
    table = table.with_columns(family_share=pl.Series([0.1, 0.2, 0.4]), truncated=False)
    row = slopes(table, ["family_share"]).row(0, named=True)
    assert (row["slope"], row["low"], row["high"], row["years"]) == (None, None, None, 3)
