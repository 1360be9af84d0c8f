"""Complexity by hand: the worked matrices, the edges, the messages."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from netpos.errors import OptionError, TableError
from netpos.indicators.complexity import (
    complexity_of,
    complexity_tables,
    eci_pci,
    relative_complexity,
)
from netpos.indicators.fitness import fitness, reflections
from netpos.indicators.relatedness import density, outlook

NESTED = ["1111", "1110", "1100", "1000"]
SECOND = ["11101", "11000", "01110", "10000"]
BLOCKS = ["11000", "10000", "11000", "00011", "00001"]  # two parts, and technology 2 of nobody


def cells(rows: list[str]) -> pl.DataFrame:
    """Rows of M as a table: countries A, B, ..., technologies 1, 2, ..."""
    pairs = [
        ("ABCDEFGH"[i], str(j + 1), x == "1")
        for i, row in enumerate(rows)
        for j, x in enumerate(row)
    ]
    schema = {"country": pl.String, "technology": pl.String, "presence": pl.Boolean}
    return pl.DataFrame(pairs, schema, orient="row")


def close(*expected: float) -> object:
    """The worked numbers are given to six decimals."""
    return pytest.approx(expected, abs=5.1e-7)


def test_the_worked_eci_and_pci_of_the_nested_matrix() -> None:
    sample, population = eci_pci(cells(NESTED)), eci_pci(cells(NESTED), ddof=0)
    assert sample.countries["eci"].to_list() == close(1.161895, 0.387298, -0.387298, -1.161895)
    assert sample.products["pci"].to_list() == close(-1.161895, -0.387298, 0.387298, 1.161895)
    assert population.countries["eci"].to_list() == close(1.341641, 0.447214, -0.447214, -1.341641)
    assert sample.notes == ()


def test_the_worked_eci_and_pci_of_the_second_matrix() -> None:
    got = eci_pci(cells(SECOND))
    assert got.countries["eci"].to_list() == close(0.121324, -0.317071, 1.294867, -1.099120)
    assert got.products["pci"].to_list() == close(
        -1.307133, -0.070413, 0.459182, 1.368550, -0.450186
    )


def test_empty_countries_and_technologies_are_null_and_change_nothing_else() -> None:
    wider = [*(row + "0" for row in SECOND), "000000"]
    for indicator, column in (
        (lambda t: eci_pci(t).countries, "eci"),
        (lambda t: eci_pci(t).products, "pci"),
        (lambda t: fitness(t, rounds=9).countries, "fitness"),
        (lambda t: fitness(t, rounds=9).products, "fitness_complexity"),
        (lambda t: reflections(t, order=3).countries, "reflection"),
        (lambda t: reflections(t, order=3).products, "reflection"),
    ):
        plain, more = indicator(cells(SECOND)), indicator(cells(wider))
        assert more[column].to_list()[-1] is None
        assert_frame_equal(more[:-1], plain, rel_tol=1e-12, abs_tol=1e-12)
    empty = density(cells(wider)).filter((pl.col("country") == "E") | (pl.col("technology") == "6"))
    assert empty["density"].null_count() == empty.height == 10


def test_in_parts_that_share_nothing_the_largest_is_taken_and_said() -> None:
    got = eci_pci(cells(BLOCKS))
    assert got.countries["eci"].is_null().to_list() == [False, False, False, True, True]
    assert got.products["pci"].is_null().to_list() == [False, False, True, True, True]
    assert got.notes[0].startswith("presence falls into 2 parts that share nothing")
    assert "3 of 5 countries and 2 of 4 technologies" in got.notes[0]
    assert got.countries["eci"].drop_nulls().to_list() == pytest.approx(
        eci_pci(cells(["11", "10", "11"])).countries["eci"].to_list(), rel=1e-12
    )


def test_of_parts_of_one_size_the_first_by_name_is_taken() -> None:
    got = eci_pci(cells(["1100", "1000", "0011", "0001"])).countries
    assert got["eci"].is_null().to_list() == [False, False, True, True]


def test_countries_with_the_same_technologies_have_no_order() -> None:
    got = eci_pci(cells(["111", "111", "111"]))
    assert got.countries["eci"].null_count() == 3
    assert "all countries have the same technologies" in got.notes[0]


def test_an_index_unrelated_to_diversity_has_no_sign() -> None:
    got = eci_pci(cells(["110", "011"]))  # two countries of equal size: either could come first
    assert got.countries["eci"].null_count() == 2
    assert "sign is open" in got.notes[0]


def test_the_index_rises_with_diversity() -> None:
    for rows in (NESTED, SECOND, BLOCKS[:3]):
        got = eci_pci(cells(rows)).countries.drop_nulls()
        assert np.corrcoef(got["eci"], got["diversity"])[0, 1] > 0


def test_on_the_scale_of_eci_a_country_is_the_mean_of_its_technologies() -> None:
    got = eci_pci(cells(SECOND), pci_scale="eci")
    mean = (
        cells(SECOND)
        .filter("presence")
        .join(got.products, on="technology")
        .group_by("country")
        .agg(pl.col("pci").mean())
        .sort("country")
    )
    assert got.countries["eci"].to_list() == pytest.approx(mean["pci"].to_list(), rel=1e-12)


def test_relative_complexity_by_rank_shares_the_rank_of_ties() -> None:
    products = pl.DataFrame({"pci": [5.0, 1.0, 5.0, None, 2.0]})
    by_rank = relative_complexity(products, by="rank")["complexity_0_100"].to_list()
    assert by_rank.pop(3) is None
    # ranks from the lowest: 1.0 first, 2.0 second, the two of 5.0 share 3.5
    assert by_rank == pytest.approx([100 * 2.5 / 3, 0, 100 * 2.5 / 3, 100 / 3], rel=1e-15)


@pytest.mark.parametrize("values", [[2.0, 2.0, 2.0], [2.0, None, None], [None, None, None]])
def test_relative_complexity_of_one_value_is_null(values: list[float | None]) -> None:
    products = pl.DataFrame({"pci": values}, {"pci": pl.Float64})
    for by in ("min-max", "rank"):
        assert relative_complexity(products, by=by)["complexity_0_100"].null_count() == 3


def test_complexity_of_a_technology_leaves_out_what_is_not_known_and_says_how_much() -> None:
    weights = pl.DataFrame(
        {
            "technology": ["q", "q", "q", "r", "s"],
            "subclass": ["A", "B", "C", "C", "A"],
            "families": [1.0, 3.0, 4.0, 2.0, 0.0],
        }
    )
    products = pl.DataFrame({"subclass": ["A", "B", "C"], "complexity_0_100": [10.0, 50.0, None]})
    got = complexity_of(weights, products)
    assert got.rows() == [("q", 40.0, 8.0, 0.5), ("r", None, 2.0, 0.0), ("s", None, 0.0, None)]


def test_options_without_sense_are_refused() -> None:
    with pytest.raises(OptionError, match="order -1"):
        reflections(cells(SECOND), order=-1)
    with pytest.raises(OptionError, match="rounds -1"):
        fitness(cells(SECOND), rounds=-1)
    with pytest.raises(OptionError, match="pci_scale 'atlas'; use own"):
        eci_pci(cells(SECOND), pci_scale="atlas")
    with pytest.raises(OptionError, match="'log'; use min-max or rank"):
        relative_complexity(pl.DataFrame({"pci": [1.0, 2.0]}), by="log")


MATRIX = pl.DataFrame(
    {
        "country": list("AAABBBCCCD"),
        "product": list("1231242341"),
        "value": [9.0, 1.0, 4.0, 3.0, 5.0, 1.0, 2.0, 6.0, 7.0, 2.0],
    }
)


def test_the_tables_of_a_matrix_hold_what_the_functions_say() -> None:
    tables = complexity_tables(MATRIX)
    assert list(tables) == ["countries", "products", "cells", "relatedness", "basis", "notes"]
    assert tables["countries"].columns == [
        "country",
        "total",
        "small",
        "diversity",
        "eci",
        "fitness",
        "coi",
    ]
    assert tables["countries"]["small"].all()  # the largest sums to 14, and 50 are asked for
    assert tables["products"].columns == [
        "product",
        "ubiquity",
        "mean_diversity",
        "pci",
        "complexity_0_100",
        "fitness_complexity",
    ]
    found = tables["cells"]
    assert found.columns == [
        "country",
        "product",
        "value",
        "rca",
        "presence",
        "density",
        "cog",
        "gain",
    ]
    assert found.height == 16
    # A: 9 of 14; product 1: 14 of 40
    assert found["rca"][0] == pytest.approx((9 / 14) / (14 / 40), rel=1e-12)
    index = eci_pci(found, product="product")
    assert tables["countries"]["eci"].equals(index.countries["eci"])
    coi = outlook(found, index.products, product="product")["coi"]
    assert tables["countries"]["coi"].equals(coi)


def test_the_tables_do_not_depend_on_the_order_of_rows_or_on_zero_rows() -> None:
    plain = complexity_tables(MATRIX)
    zero = pl.DataFrame({"country": ["D"], "product": ["2"], "value": [0.0]})
    for other in (MATRIX.reverse(), pl.concat([MATRIX, zero])):
        for name, table in complexity_tables(other).items():
            assert table.equals(plain[name], null_equal=True), name


def test_each_year_is_a_matrix_of_its_own() -> None:
    later = MATRIX.with_columns(pl.col("value").reverse())
    both = pl.concat(
        [t.with_columns(year=pl.lit(y, pl.Int32)) for y, t in ((2016, later), (2015, MATRIX))]
    )
    tables = complexity_tables(both)
    for year, matrix in ((2015, MATRIX), (2016, later)):
        for name, table in complexity_tables(matrix).items():
            of_year = tables[name].filter(pl.col("year") == year).drop("year")
            assert of_year.equals(table, null_equal=True), name
    assert tables["countries"]["year"].is_sorted()


def test_a_year_with_one_country_is_named() -> None:
    both = pl.concat([MATRIX, MATRIX.filter(pl.col("country") == "A")]).with_columns(
        year=pl.Series([2015] * 10 + [2016] * 3)
    )
    with pytest.raises(TableError, match=r"year 2016: .*holds only 'A'"):
        complexity_tables(both)


def test_a_negative_value_in_the_matrix_is_refused() -> None:
    with pytest.raises(TableError, match=r"value of A, 1 is -9\.0"):
        complexity_tables(MATRIX.with_columns(-pl.col("value")))


# --- the two rules that give the eigenvector its sign -------------------------------------------


#: Diverse countries hold the common technologies and two others, and simple ones hold rare ones.
CONTRARY = ["1111000", "1111000", "1111000", "1110100", "0000110", "0000011", "0000001"]


def test_where_the_rules_contradict_each_other_nothing_is_given_unless_one_is_chosen() -> None:
    given = eci_pci(cells(CONTRARY))
    assert not given.rules_agree
    other = eci_pci(cells(CONTRARY), sign="ubiquity")
    assert other.countries["eci"].to_list() == pytest.approx((-given.countries["eci"]).to_list())
    assert other.products["pci"].to_list() == pytest.approx((-given.products["pci"]).to_list())
    assert other.with_ubiquity == pytest.approx(-given.with_ubiquity)
    assert other.with_ubiquity < 0 < given.with_diversity
    withheld = eci_pci(cells(CONTRARY), sign="agreed")
    assert withheld.countries["eci"].null_count() == len(CONTRARY)
    assert withheld.products["pci"].null_count() == len(CONTRARY[0])
    assert withheld.with_diversity == given.with_diversity
    (note,) = withheld.notes
    assert "contradict each other" in note
    assert "--sign" in note


def test_where_the_rules_agree_they_give_the_same() -> None:
    first = eci_pci(cells(NESTED))
    assert first.rules_agree
    for sign in ("ubiquity", "agreed"):
        found = eci_pci(cells(NESTED), sign=sign)
        assert found.countries.equals(first.countries)
        assert found.products.equals(first.products)
        assert found.notes == ()


def test_mean_diversity_of_a_technology_is_that_of_the_countries_that_have_it() -> None:
    products = eci_pci(cells(NESTED)).products
    assert products["mean_diversity"].to_list() == [2.5, 3.0, 3.5, 4.0]
    assert eci_pci(cells(BLOCKS)).products["mean_diversity"].null_count() == 1


def test_an_unknown_sign_is_refused() -> None:
    with pytest.raises(OptionError, match="'size'; use diversity, ubiquity or agreed"):
        eci_pci(cells(NESTED), sign="size")


def test_an_index_that_is_empty_goes_with_neither_diversity_nor_ubiquity() -> None:
    index = eci_pci(cells(["110", "110", "110"]))
    assert index.countries["eci"].null_count() == 3
    assert (index.with_diversity, index.with_ubiquity) == (None, None)


def test_a_country_with_less_than_one_in_twenty_thousand_is_small_whatever_the_unit() -> None:
    rows = [("A", "a", 6e5), ("A", "b", 1e5), ("B", "b", 3e5 - 100), ("C", "a", 51.0)]
    table = pl.DataFrame([*rows, ("D", "b", 49.0)], ["country", "product", "value"], orient="row")
    for unit in (1e-6, 1.0, 1e6):
        tables = complexity_tables(table.with_columns(pl.col("value") * unit), least=0.0)
        found = tables["countries"]
        assert found["small"].to_list() == [False, False, False, True]
