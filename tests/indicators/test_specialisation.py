"""RCA, symmetric RCA and presence: by hand, by law, against scipy and against published tables."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from polars.testing import assert_frame_equal
from scipy.stats.contingency import expected_freq

from netpos.errors import TableError
from netpos.indicators.specialisation import presence, rca, symmetric_rca

X = np.array([[10, 10, 10, 10], [12, 6, 6, 0], [8, 4, 0, 0], [10, 0, 0, 0]], dtype=float)
COUNTS = arrays(
    np.float64,
    array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=6),
    elements=st.integers(0, 30).map(float),
).filter(lambda x: x.sum() > 0)


def counts(x: np.ndarray) -> pl.DataFrame:
    n, m = x.shape
    return pl.DataFrame(
        {
            "country": [f"C{i}" for i in range(n) for _ in range(m)],
            "technology": [f"t{j}" for _ in range(n) for j in range(m)],
            "families": x.ravel(),
        }
    )


def values(table: pl.DataFrame, column: str, shape: tuple[int, ...]) -> np.ndarray:
    return table[column].cast(pl.Float64).fill_null(np.nan).to_numpy().reshape(shape)


def test_the_worked_matrix_gives_the_worked_first_row() -> None:
    got = rca(counts(X))["rca"].head(4).to_list()
    assert got == pytest.approx([0.5375, 1.075, 1.34375, 2.15], rel=1e-15)


@given(COUNTS)
def test_rca_is_observed_over_expected_of_the_contingency_table(x: np.ndarray) -> None:
    got = values(rca(counts(x)), "rca", x.shape)
    with np.errstate(invalid="ignore"):
        expected = x / expected_freq(x)
    np.testing.assert_allclose(got, expected, rtol=1e-12)


@given(COUNTS)
def test_rca_averaged_over_countries_by_size_is_one(x: np.ndarray) -> None:
    table = rca(counts(x)).with_columns(size=pl.col("families").sum().over("country"))
    means = (
        table.drop_nulls("rca")
        .group_by("technology")
        .agg((pl.col("rca") * pl.col("size")).sum() / x.sum())
    )
    assert means["rca"].to_numpy() == pytest.approx(1.0, rel=1e-12)


@given(COUNTS, st.floats(1e-3, 1e6))
def test_rca_and_presence_do_not_depend_on_the_unit(x: np.ndarray, unit: float) -> None:
    plain, scaled = counts(x), counts(x * unit)
    assert_frame_equal(
        rca(scaled).drop("families"), rca(plain).drop("families"), rel_tol=1e-12, abs_tol=0
    )
    assert presence(scaled)["presence"].equals(presence(plain)["presence"])


@given(COUNTS, st.randoms())
def test_the_order_of_rows_changes_no_digit(x: np.ndarray, random) -> None:
    x = x / 7
    order = list(range(x.size))
    random.shuffle(order)
    keys = ["country", "technology"]
    for indicator in (rca, symmetric_rca, presence):
        assert indicator(counts(x)[order]).sort(keys).equals(indicator(counts(x)).sort(keys))


@given(COUNTS)
def test_presence_is_the_exact_comparison_of_whole_counts(x: np.ndarray) -> None:
    got = presence(counts(x))["presence"].to_list()
    whole = x.astype(int)
    row, column, total = whole.sum(1), whole.sum(0), whole.sum()
    expected = [
        Fraction(int(whole[i, j] * total), int(row[i] * column[j])) >= 1
        if row[i] and column[j]
        else None
        for i in range(x.shape[0])
        for j in range(x.shape[1])
    ]
    assert got == expected


@given(COUNTS)
def test_symmetric_rca_lies_between_minus_one_and_one_and_inverts(x: np.ndarray) -> None:
    s = values(symmetric_rca(counts(x)), "symmetric_rca", x.shape)
    known = ~np.isnan(s)
    assert ((s[known] >= -1) & (s[known] < 1)).all()
    back = (1 + s) / (1 - s)
    # the way back loses what 1 - s has lost: values up to 30 * 36 lie close to 1
    np.testing.assert_allclose(back, values(rca(counts(x)), "rca", x.shape), rtol=1e-11, atol=1e-15)


def test_a_tie_counts_as_present_whatever_the_fractions() -> None:
    x = np.outer([1 / 3, 0.1, 0.7], [0.1, 1 / 7, 3.3, 1e-9])
    assert presence(counts(x))["presence"].all()


def test_a_share_just_below_the_expected_one_is_not_present() -> None:
    x = np.array([[1e10 - 1, 1e10 + 1], [1e10 + 1, 1e10 - 1]])
    assert presence(counts(x))["presence"].to_list() == [False, True, True, False]


def test_an_empty_country_or_technology_is_null_and_changes_nothing_else() -> None:
    wider = np.zeros((5, 5))
    wider[:4, :4] = X
    got = values(rca(counts(wider)), "rca", (5, 5))
    assert np.isnan(got[4]).all()
    assert np.isnan(got[:, 4]).all()
    np.testing.assert_array_equal(got[:4, :4], values(rca(counts(X)), "rca", (4, 4)))
    assert presence(counts(wider))["presence"].null_count() == 9


def test_an_unknown_count_is_null_and_left_out_of_the_sums() -> None:
    table = counts(X).with_columns(
        families=pl.when((pl.col("country") == "C3") & (pl.col("technology") == "t1"))
        .then(None)
        .otherwise("families")
    )
    got = rca(table)
    assert got.filter(pl.col("families").is_null())["rca"].to_list() == [None]
    assert got["rca"].head(4).to_list() == rca(counts(X))["rca"].head(4).to_list()
    assert presence(table)["presence"].null_count() == 1


def test_absent_pairs_are_zero_and_stay_absent() -> None:
    assert_frame_equal(
        rca(counts(X).filter(pl.col("families") > 0)),
        rca(counts(X)).filter(pl.col("families") > 0),
    )


def test_huge_and_tiny_values_stay_finite_or_null() -> None:
    assert presence(counts(X * 1e160))["presence"].equals(presence(counts(X))["presence"])
    for factor in (1e305, 1e-310):
        found = rca(counts(X * factor))["rca"].drop_nulls()
        assert found.is_finite().all()


def test_totals_replace_the_sums_over_the_listed_technologies() -> None:
    # NL 3 of 30 families, the world 5 of 100: (3/30) / (5/100) = 2; DE (2/50) / .05 = .8
    table = pl.DataFrame(
        {"country": ["NL", "DE"], "technology": ["quantum"] * 2, "families": [3.0, 2.0]}
    )
    totals = pl.DataFrame({"country": ["US", "NL", "DE"], "families": [20.0, 30.0, 50.0]})
    assert rca(table, totals=totals)["rca"].to_list() == pytest.approx([2.0, 0.8], rel=1e-15)
    assert presence(table, totals=totals)["presence"].to_list() == [True, False]


def test_totals_that_are_the_row_sums_change_nothing() -> None:
    totals = counts(X).group_by("country").agg(pl.col("families").sum())
    assert_frame_equal(rca(counts(X), totals=totals), rca(counts(X)), rel_tol=1e-15, abs_tol=0)


def test_a_country_without_a_possible_total_is_null_and_left_out_of_the_world() -> None:
    table = pl.DataFrame(
        {"country": ["NL", "DE", "XK"], "technology": ["q"] * 3, "families": [3.0, 2.0, 9.0]}
    )
    totals = pl.DataFrame({"country": ["DE", "NL"], "families": [70.0, 30.0]})
    got = rca(table, totals=totals)["rca"].to_list()
    assert got[:2] == pytest.approx([2.0, (2 / 70) / (5 / 100)], rel=1e-15)
    assert got[2] is None
    low = pl.DataFrame({"country": ["DE", "NL", "XK"], "families": [70.0, 2.9, 0.0]})
    assert rca(table, totals=low)["rca"].is_null().to_list() == [True, False, True]


def test_two_totals_of_one_country_are_refused() -> None:
    totals = pl.DataFrame({"country": ["C0", "C0"], "families": [1.0, 2.0]})
    with pytest.raises(TableError, match="'totals': C0 occurs more than once"):
        rca(counts(X), totals=totals)


@pytest.mark.parametrize("wrong", [-1.0, float("nan"), float("inf")])
def test_a_value_that_is_no_count_is_refused_with_its_place(wrong: float) -> None:
    x = X.copy()
    x[1, 2] = wrong
    with pytest.raises(TableError, match=rf"families of C1, t2 is {wrong}, expected a number >= 0"):
        rca(counts(x))


def test_text_in_place_of_counts_is_refused() -> None:
    with pytest.raises(TableError, match="'families' is String, expected numbers"):
        rca(counts(X).with_columns(pl.col("families").cast(pl.String)))


def test_a_missing_column_is_named_with_those_that_are_there() -> None:
    with pytest.raises(TableError, match="'technology' is missing; it has: country, families"):
        rca(counts(X).drop("technology"))


def test_a_repeated_pair_is_refused() -> None:
    with pytest.raises(TableError, match="C0, t0 occurs more than once"):
        rca(pl.concat([counts(X), counts(X).head(1)]))


def test_columns_may_have_other_names() -> None:
    renamed = counts(X).rename({"country": "region", "technology": "product", "families": "value"})
    got = rca(renamed, country="region", product="product", value="value")
    assert got["rca"].equals(rca(counts(X))["rca"])


def test_an_empty_table_gives_an_empty_column() -> None:
    assert rca(counts(X).clear())["rca"].to_list() == []
    assert presence(counts(X).clear()).schema["presence"] == pl.Boolean


@pytest.mark.parametrize(
    ("period", "kind", "cells"),
    [(1, "Gen", 5810), (1, "AI", 250), (2, "Gen", 8365), (2, "AI", 1750)],
)
def test_published_rca_of_patents_by_field_is_reproduced(
    real: Path, period: int, kind: str, cells: int
) -> None:
    def read(name: str) -> pl.DataFrame:
        file = real / "patent_rca_fields" / f"period{period}_{name}.csv.gz"
        return pl.read_csv(file, separator=";", infer_schema=False)

    def number(column: str) -> pl.Expr:
        text = pl.col(column).str.replace(",", ".", literal=True)
        return pl.when(text != "NA").then(text).cast(pl.Float64)

    table = (
        read("counts")
        .filter(pl.col("info") == {"Gen": "general", "AI": "AI"}[kind])
        .rename({"country_code": "country"})
        .drop("info")
        .unpivot(index="country", variable_name="technology", value_name="families")
        .with_columns(number("families"))
    )
    published = read("rca").select(
        country="ctry_code", technology="techn_field_nr", published=number(f"RCA_{kind}")
    )
    keys = ["country", "technology"]
    both = published.join(rca(table), on=keys, how="full", coalesce=True)
    # the published table writes 0 where a country or a field has no patents, netpos null
    differ = both.filter(pl.col("published").is_null() != pl.col("rca").is_null())
    sums = [table.group_by(k).agg(pl.col("families").sum()) for k in keys]
    nobody = [
        t.filter(pl.col("families") == 0)[k].implode() for t, k in zip(sums, keys, strict=True)
    ]
    empty = pl.col("country").is_in(nobody[0]) | pl.col("technology").is_in(nobody[1])
    assert (differ["published"] == 0).all()
    assert differ.equals(both.filter(empty & pl.col("published").is_not_null()), null_equal=True)
    known = both.filter(~empty).drop_nulls()
    assert both.select("families").drop_nulls().height == cells == known.height + differ.height
    # the published decimals end at the 15th digit; 3e-13 is the largest difference seen
    assert (known["rca"] - known["published"]).abs().max() < 4e-13
