"""Complexity by hand: the worked matrices, the edges, the messages."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy.stats import pearsonr, spearmanr

from netpos.errors import OptionError, TableError
from netpos.indicators.bipartite import diversity, standardise, ubiquity
from netpos.indicators.complexity import (
    complexity_of,
    complexity_tables,
    eci_pci,
    relative_complexity,
)
from netpos.indicators.fitness import fitness, reflections
from netpos.indicators.relatedness import density, gain, outlook, relatedness

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


def test_the_worked_reflections_of_the_nested_matrix() -> None:
    got = {n: reflections(cells(NESTED), order=n).countries["reflection"] for n in (0, 2, 4)}
    assert got[0].to_list() == [4, 3, 2, 1]
    assert got[2].to_list() == pytest.approx([3.25, 3, 2.75, 2.5], rel=1e-15)
    assert got[4].to_list() == pytest.approx([3.0625, 3, 2.9375, 2.875], rel=1e-15)


def test_the_worked_eci_and_pci_of_the_nested_matrix() -> None:
    sample, population = eci_pci(cells(NESTED)), eci_pci(cells(NESTED), ddof=0)
    assert sample.countries["eci"].to_list() == close(1.161895, 0.387298, -0.387298, -1.161895)
    assert sample.products["pci"].to_list() == close(-1.161895, -0.387298, 0.387298, 1.161895)
    assert population.countries["eci"].to_list() == close(1.341641, 0.447214, -0.447214, -1.341641)
    assert sample.notes == ()


def test_the_worked_fitness_of_the_nested_matrix() -> None:
    got = fitness(cells(NESTED), rounds=3)
    assert got.countries["fitness"].to_list() == close(2.349391, 1.029019, 0.463146, 0.158445)
    assert got.products["fitness_complexity"].to_list() == close(
        0.172535, 0.393922, 0.875217, 2.558326
    )


def test_the_worked_eci_and_pci_of_the_second_matrix() -> None:
    got = eci_pci(cells(SECOND))
    assert got.countries["eci"].to_list() == close(0.121324, -0.317071, 1.294867, -1.099120)
    assert got.products["pci"].to_list() == close(
        -1.307133, -0.070413, 0.459182, 1.368550, -0.450186
    )


def test_the_worked_relatedness_of_the_second_matrix() -> None:
    got = relatedness(cells(SECOND))
    phi = {(a, b): v for a, b, v in got.iter_rows()}
    assert phi["1", "2"] == pytest.approx(2 / 3, rel=1e-15)
    assert phi["3", "4"] == 0.5
    assert ("1", "4") not in phi  # never together
    assert got.select("technology", "other").equals(
        got.select("technology", "other").sort("technology", "other")
    )


def test_the_worked_densities_of_the_second_matrix() -> None:
    row = pl.col("country") == "C"
    out = density(cells(SECOND)).filter(row)
    inside = density(cells(SECOND), include_self=True).filter(row)
    four = {"abs": 5.1e-5}  # the worked numbers have four decimals
    assert out["density"].to_list() == pytest.approx([0.75, 0.5, 0.5833, 1, 0.7143], **four)
    assert inside["density"].to_list() == pytest.approx([0.4286, 0.6667, 0.7222, 1, 0.3846], **four)
    assert out["distance"].to_list() == pytest.approx((1 - out["density"]).to_list(), abs=0)


@pytest.mark.parametrize("include_self", [False, True])
@pytest.mark.parametrize("minus_density", [False, True])
def test_outlook_and_gain_follow_their_sums_written_out(
    include_self: bool, minus_density: bool
) -> None:
    m = [[int(x) for x in row] for row in SECOND]
    pci = [-1.3, 0.2, 0.4, 1.5, -0.5]
    n, k = range(4), range(5)
    held = [sum(m[c][t] for c in n) for t in k]
    phi = [
        [
            sum(m[c][t] * m[c][u] for c in n) / max(held[t], held[u])
            if t != u or include_self
            else 0
            for u in k
        ]
        for t in k
    ]
    omega = [[sum(m[c][u] * phi[t][u] for u in k) / sum(phi[t]) for t in k] for c in n]
    coi = [sum((1 - m[c][t]) * omega[c][t] * pci[t] for t in k) for c in n]
    cog = [
        (1 - m[c][t])
        * (
            sum(phi[t][u] / sum(phi[u]) * (1 - m[c][u]) * pci[u] for u in k)
            - (omega[c][t] * pci[t] if minus_density else 0)
        )
        for c in n
        for t in k
    ]
    products = pl.DataFrame({"technology": list("12345"), "pci": pci})
    got = outlook(cells(SECOND), products, include_self=include_self)
    assert got["coi"].to_list() == pytest.approx(coi, rel=1e-12, abs=1e-15)
    gained = gain(cells(SECOND), products, include_self=include_self, minus_density=minus_density)
    assert gained["cog"].to_list() == pytest.approx(cog, rel=1e-12, abs=1e-15)


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


def test_diversity_is_zero_where_nothing_is_present_and_null_where_nothing_is_known() -> None:
    table = cells(["11", "10", "00"]).vstack(cells(["11", "10", "00", "00"]).tail(2))
    table = table.with_columns(
        presence=pl.when(pl.col("country") == "D").then(None).otherwise("presence")
    )
    assert diversity(table)["diversity"].to_list() == [2, 1, 0, None]
    assert ubiquity(table)["ubiquity"].to_list() == [2, 1]


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


def test_a_second_eigenvalue_that_is_not_simple_leaves_the_index_empty() -> None:
    # a ring of five: each rotation is as good as the next, eigenvalues come in pairs
    got = eci_pci(cells(["11000", "01100", "00110", "00011", "10001"]))
    assert got.countries["eci"].null_count() == 5
    assert got.products["pci"].null_count() == 5
    assert "is not simple" in got.notes[0]


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


def test_fitness_of_nested_countries_runs_until_their_order_has_settled() -> None:
    got = fitness(cells(NESTED))
    assert got.notes == ("fitness after 21 rounds, order of countries settled",)
    assert_frame_equal(got.countries, fitness(cells(NESTED), rounds=21).countries)
    assert fitness(cells(NESTED), rounds=0).countries["fitness"].to_list() == [1.0] * 4


def test_fitness_that_vanishes_never_becomes_zero_or_infinite() -> None:
    rows = ["1" * k + "0" * (8 - k) for k in range(1, 9)]
    got = fitness(cells(rows), rounds=5000)
    for column in (got.countries["fitness"], got.products["fitness_complexity"]):
        assert column.is_finite().all()
        assert column.mean() == pytest.approx(1.0, rel=1e-12)
    assert (got.countries["fitness"] > 0).all()


def test_standardised_values_have_mean_zero_and_the_asked_deviation() -> None:
    x = pl.Series("x", [1.0, 2.0, None, 4.0, 9.0])
    assert standardise(x).std(ddof=1) == pytest.approx(1, rel=1e-12)
    assert standardise(x, ddof=0).std(ddof=0) == pytest.approx(1, rel=1e-12)
    assert standardise(pl.Series([0.1 + 0.2, 0.3])).to_list() == [None, None]
    assert standardise(pl.Series([5.0])).to_list() == [None]


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


@pytest.mark.parametrize(
    "indicator",
    [
        diversity,
        ubiquity,
        eci_pci,
        fitness,
        relatedness,
        density,
        lambda t: reflections(t, order=2),
    ],
)
@pytest.mark.parametrize("rows", [["111"], ["1", "1", "1"]])
def test_a_matrix_of_one_row_or_column_is_refused(indicator, rows: list[str]) -> None:
    with pytest.raises(TableError, match=r"holds only '[A1]', at least 2 needed"):
        indicator(cells(rows))


def test_the_cells_are_checked() -> None:
    table = cells(SECOND)
    with pytest.raises(TableError, match="'presence' is Int8, expected Boolean"):
        eci_pci(table.with_columns(pl.col("presence").cast(pl.Int8)))
    with pytest.raises(TableError, match="A, 1 occurs more than once"):
        fitness(table.vstack(table.head(1)))
    with pytest.raises(TableError, match="column 'country' is null in row 0"):
        density(table.with_columns(country=pl.lit(None, pl.String)))
    with pytest.raises(TableError, match="holds nothing, at least 2"):
        eci_pci(table.clear())


def test_options_without_sense_are_refused() -> None:
    with pytest.raises(OptionError, match="order -1"):
        reflections(cells(SECOND), order=-1)
    with pytest.raises(OptionError, match="rounds -1"):
        fitness(cells(SECOND), rounds=-1)
    with pytest.raises(OptionError, match="pci_scale 'atlas'; use own"):
        eci_pci(cells(SECOND), pci_scale="atlas")
    with pytest.raises(OptionError, match="'log'; use min-max or rank"):
        relative_complexity(pl.DataFrame({"pci": [1.0, 2.0]}), by="log")


def test_products_named_twice_are_refused() -> None:
    products = pl.DataFrame({"technology": ["1", "1"], "pci": [1.0, 2.0]})
    with pytest.raises(TableError, match="'products': 1 occurs more than once"):
        outlook(cells(SECOND), products)


def test_products_without_pci_add_nothing_to_outlook_and_have_no_gain() -> None:
    known = pl.DataFrame({"technology": ["1", "2", "3", "4"], "pci": [1.0, 1.0, 1.0, None]})
    zero = pl.DataFrame({"technology": list("12345"), "pci": [1.0, 1.0, 1.0, 0.0, 0.0]})
    assert outlook(cells(SECOND), known).equals(outlook(cells(SECOND), zero))
    missing = gain(cells(SECOND), known).filter(pl.col("cog").is_null())
    assert set(missing["technology"]) == {"4", "5"}
    nothing = known.with_columns(pci=pl.lit(None, pl.Float64))
    assert outlook(cells(SECOND), nothing)["coi"].null_count() == 4


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


def test_both_correlations_of_the_worked_matrix_are_those_of_scipy() -> None:
    index = eci_pci(cells(SECOND))
    eci, pci = index.countries, index.products
    assert index.with_diversity == pytest.approx(pearsonr(eci["eci"], eci["diversity"])[0])
    # ranks of the rounded values: 1/2 computed in two ways is a tie
    ranks = spearmanr(pci["pci"].round(9), pci["ubiquity"])[0]
    assert index.with_ubiquity == pytest.approx(ranks)
    assert index.rules_agree == (index.with_diversity > 0 > index.with_ubiquity)


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


def test_gain_without_its_last_term_is_the_sum_over_what_is_missing() -> None:
    pci = pl.DataFrame({"technology": list("12345"), "pci": [0.3, -1.0, 2.0, 0.5, 1.0]})
    m = np.array([[int(x) for x in row] for row in SECOND], dtype=float)
    together, k = m.T @ m, m.sum(0)
    phi = together / np.maximum.outer(k, k)
    np.fill_diagonal(phi, 0)
    expected = np.zeros_like(m)
    for c in range(m.shape[0]):
        for t in range(m.shape[1]):
            for u in range(m.shape[1]):
                expected[c, t] += phi[t, u] / phi[u].sum() * (1 - m[c, u]) * pci["pci"][u]
    everywhere = gain(cells(SECOND), pci, minus_density=False, missing_only=False)
    assert everywhere["cog"].to_list() == pytest.approx(expected.ravel().tolist(), rel=1e-12)
    missing = gain(cells(SECOND), pci, minus_density=False)
    assert missing["cog"].to_list() == pytest.approx(((1 - m) * expected).ravel().tolist())
