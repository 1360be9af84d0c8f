"""R&D intensity: the worked example in every variant, and the laws of the decomposition."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from netpos.errors import OptionError, TableError
from netpos.innovation.intensity import VARIANTS, decompose, sector_parts, sides

SECTORS = ["machinery", "pharma", "ict", "business services", "trade"]
ADDED = {"NL": [30, 10, 50, 90, 700], "DE": [40, 25, 60, 80, 660]}
SPENT = {"NL": [3.0, 0.6, 1.0, 0.9, 0.7], "DE": [3.2, 5, 3, 1.6, 1.32]}
LATER = [3.2, 1.2, 1.7, 1.5, 0.8]


def worked(spent: list[float] | None = None) -> pl.DataFrame:
    rows = [
        (country, sector, float(ADDED[country][k]), float(berd[k]), 1000.0)
        for country, berd in (("NL", spent or SPENT["NL"]), ("DE", SPENT["DE"]))
        for k, sector in enumerate(SECTORS)
    ]
    return pl.DataFrame(rows, ["country", "sector", "value_added", "berd", "gdp"], orient="row")


def parts(table: pl.DataFrame) -> dict[str, tuple]:
    return {
        r["variant"]: (r["structure"], r["intrinsic"], r["interaction"])
        for r in decompose(table).to_dicts()
    }


def close(*values: float | None) -> object:
    return pytest.approx(values, abs=1e-12)


def test_the_worked_example_in_every_variant() -> None:
    table = sides(worked(), "NL", ["DE"])
    row = decompose(table).row(0, named=True)
    assert (row["intensity"], row["intensity_benchmark"], row["gap"]) == close(0.62, 1.412, -0.792)
    found = parts(table)
    assert found["A"] == close(-0.402, -0.390, None)
    assert found["B"] == close(-0.196, -0.596, None)
    assert found["C"] == close(-0.299, -0.493, None)
    assert found["D"] == close(-0.402, -0.596, 0.206)


def test_the_structure_part_is_half_a_quarter_or_more_of_the_same_gap_by_variant() -> None:
    table = decompose(sides(worked(), "NL", ["DE"]))
    shares = [round(100 * v) for v in table["structure_share"]]
    assert shares == [51, 25, 38, 51]


def test_the_worked_waterfalls() -> None:
    table = sector_parts(sides(worked(), "NL", ["DE"]))
    a = dict(table.filter(pl.col("variant") == "A").select("sector", "intrinsic").iter_rows())
    assert [a[s] for s in SECTORS] == pytest.approx([0.06, -0.14, -0.15, -0.09, -0.07], abs=1e-12)
    b = dict(table.filter(pl.col("variant") == "B").select("sector", "intrinsic").iter_rows())
    assert (b["pharma"], b["ict"]) == close(-0.35, -0.18)


def test_the_worked_example_with_value_added_as_base() -> None:
    found = parts(sides(worked(), "NL", ["DE"], base="value_added"))["A"]
    assert found[:2] == pytest.approx((-0.484643, -0.443182), abs=5e-7)


def test_the_worked_example_in_another_year() -> None:
    table = sides(worked(LATER), "NL", ["DE"])
    assert decompose(table)["gap"][0] == pytest.approx(-0.572, abs=1e-12)
    assert parts(table)["A"] == close(-0.402, -0.170, None)


def test_a_benchmark_of_several_countries_is_their_mean_or_their_sum() -> None:
    third = (
        worked()
        .filter(pl.col("country") == "DE")
        .with_columns(
            country=pl.lit("FR"), value_added=2 * pl.col("value_added"), gdp=pl.lit(4000.0)
        )
    )
    both = pl.concat([worked(), third])
    mean = sides(both, "NL", ["DE", "FR"]).filter(pl.col("sector") == "ict")
    # DE: 60 of 1000, 3 of 60; FR: 120 of 4000, 3 of 120
    assert mean.row(0)[3:] == close((0.06 + 0.03) / 2, (3 / 60 + 3 / 120) / 2)
    pooled = sides(both, "NL", ["DE", "FR"], pooled=True).filter(pl.col("sector") == "ict")
    assert pooled.row(0)[3:] == close(180 / 5000, 6 / 180)


def test_a_sector_unknown_in_one_country_is_left_out_on_both_sides() -> None:
    gone = worked().with_columns(
        berd=pl.when((pl.col("country") == "DE") & (pl.col("sector") == "ict"))
        .then(None)
        .otherwise("berd")
    )
    table = sides(gone, "NL", ["DE"])
    assert table["sector"].to_list() == sorted(set(SECTORS) - {"ict"})


def test_a_sector_without_value_added_makes_null_only_what_needs_its_intensity() -> None:
    table = pl.DataFrame(
        {"sector": ["a", "b"], "w": [0.0, 0.1], "x": [None, 0.02], "w_benchmark": [0.1, 0.1],
         "x_benchmark": [0.03, 0.01]}
    )  # fmt: skip
    rows = {r["variant"]: r for r in decompose(table).to_dicts()}
    assert rows["A"]["gap"] == pytest.approx(100 * (0.002 - 0.003 - 0.001))
    for variant in VARIANTS:
        assert rows[variant]["structure"] is None


def test_what_is_not_there_is_named() -> None:
    with pytest.raises(TableError, match="no country 'FR'"):
        sides(worked(), "NL", ["FR"])
    with pytest.raises(TableError, match="gdp of DE is missing"):
        sides(
            worked().with_columns(gdp=pl.when(pl.col("country") == "NL").then("gdp")), "NL", ["DE"]
        )
    with pytest.raises(OptionError, match="use gdp or value_added"):
        sides(worked(), "NL", ["DE"], base="sales")


rates = st.floats(1e-4, 0.5)
rows = st.lists(st.tuples(rates, rates, rates, rates), min_size=1, max_size=12)


def table_of(found: list[tuple[float, float, float, float]]) -> pl.DataFrame:
    named = [(f"s{k:02}", *row) for k, row in enumerate(found)]
    return pl.DataFrame(named, ["sector", "w", "x", "w_benchmark", "x_benchmark"], orient="row")


@given(rows)
def test_the_parts_of_every_variant_sum_to_the_gap(found: list) -> None:
    for row in decompose(table_of(found)).to_dicts():
        total = row["structure"] + row["intrinsic"] + (row["interaction"] or 0.0)
        assert total == pytest.approx(row["gap"], abs=1e-9)


@given(rows)
def test_the_waterfall_ends_at_the_intrinsic_total(found: list) -> None:
    table = table_of(found)
    steps = sector_parts(table).group_by("variant").agg(pl.col("intrinsic").sum())
    expected = dict(decompose(table).select("variant", "intrinsic").iter_rows())
    assert dict(steps.iter_rows()) == pytest.approx(expected, abs=1e-9)


@given(rows)
def test_a_country_compared_with_itself_has_no_gap(found: list) -> None:
    same = [(w, x, w, x) for w, x, _, _ in found]
    for row in decompose(table_of(same)).to_dicts():
        assert row["gap"] == 0
        assert row["structure"] == 0
        assert row["intrinsic"] == 0
        assert row["structure_share"] is None


@given(rows)
def test_equal_weights_leave_no_structure_and_equal_intensities_nothing_intrinsic(
    found: list,
) -> None:
    for row in decompose(table_of([(w, x, w, y) for w, x, _, y in found])).to_dicts():
        assert row["structure"] == 0
    for row in decompose(table_of([(w, x, v, x) for w, x, v, _ in found])).to_dicts():
        assert row["intrinsic"] == 0


@given(rows, st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_splitting_a_sector_of_even_intensity_changes_nothing(
    found: list, own: float, other: float
) -> None:
    (w, x, v, y), *rest = found
    split = [(w * own, x, v * other, y), (w * (1 - own), x, v * (1 - other), y), *rest]
    one, two = decompose(table_of(found)), decompose(table_of(split))
    for column in ("gap", "structure", "intrinsic", "interaction"):
        assert one[column].to_list() == pytest.approx(two[column].to_list(), abs=1e-9)


@given(rows)
def test_the_intrinsic_part_of_b_is_the_gap_in_intensity_at_the_benchmarks_structure(
    found: list,
) -> None:
    row = decompose(table_of(found)).row(1, named=True)
    adjusted = 100 * sum(v * x for _, x, v, _ in found)
    assert row["intrinsic"] == pytest.approx(adjusted - row["intensity_benchmark"], abs=1e-9)
    assume(abs(row["gap"]) > 1e-6)
    assert row["structure_share"] == pytest.approx(row["structure"] / row["gap"])
