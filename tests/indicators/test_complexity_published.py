"""Complexity by record: every cell of published tables, with the conventions that give them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pytest
from scipy.stats import spearmanr

from netpos.errors import InputError
from netpos.indicators.bipartite import diversity, standardise, ubiquity
from netpos.indicators.complexity import eci_pci
from netpos.indicators.fitness import fitness, reflections
from netpos.indicators.opportunities import (
    MIXES,
    complex_products,
    opportunities,
    product_cells,
    top_products,
)
from netpos.indicators.relatedness import density, gain, outlook
from netpos.indicators.specialisation import presence, rca
from netpos.ingest.user_tables import read_matrix


class Published(NamedTuple):
    """One folder of published tables, and the cells computed from its trade table."""

    folder: Path
    cells: pl.DataFrame

    def values(self, name: str, key: str) -> pl.DataFrame:
        file = self.folder / f"{name}.csv.gz"
        return pl.read_csv(file, schema_overrides={key: pl.String}).sort(key)


def published(folder: Path, matrix: pl.DataFrame) -> Published:
    return Published(folder, presence(matrix, product="product", value="value"))


@pytest.fixture(scope="module")
def services() -> Published:
    from tests.conftest import shared_real

    folder = shared_real() / "complexity_reference" / "services_2016"
    table = pl.read_csv(folder / "services_trade_2016.csv.gz")
    # the tables were made with one negative value (Botswana, product 10), which netpos refuses;
    # as 0 it leaves each presence as published, and with it all that follows
    assert (table["value"] < 0).sum() == 1
    return published(folder, table.with_columns(pl.col("value").clip(lower_bound=0)))


def test_the_negative_value_in_the_services_table_is_refused_with_its_line(real: Path) -> None:
    file = real / "complexity_reference" / "services_2016" / "services_trade_2016.csv.gz"
    with pytest.raises(
        InputError, match=r"services_trade_2016.csv.gz:609: value is -91815.0, less"
    ):
        read_matrix(file)


@pytest.fixture(scope="module")
def trade() -> Published:
    from tests.conftest import shared_real

    folder = shared_real() / "complexity_reference" / "trade_hs4_2017"
    return published(folder, read_matrix(folder / "world_trade_2017.csv.gz"))


def compare_presence(table: pl.DataFrame, cells: pl.DataFrame, *, countries: int, products: int):
    """All cells of the whole matrix; what a table does not list is 0."""
    assert cells["country"].n_unique() == countries
    assert cells["product"].n_unique() == products
    keys = ["country", "product"]
    both = table.join(cells, on=keys, how="full", coalesce=True)
    got = both["presence"].fill_null(False)
    assert got.equals(both["value"].fill_null(0.0) == 1.0)
    assert table.height <= both.height <= countries * products


def test_presence_is_the_published_one_in_all_880_cells_of_services(services: Published) -> None:
    table = pl.read_csv(services.folder / "revealed_comparative_advantage.csv.gz")
    assert table.height == 735
    compare_presence(table, services.cells.drop("value"), countries=80, products=11)


def test_presence_is_the_published_one_in_all_273728_cells_of_trade(trade: Published) -> None:
    table = pl.read_csv(
        trade.folder / "world_rca_2017.csv.gz", schema_overrides={"product": pl.String}
    )
    assert table.height == 176_971
    compare_presence(table, trade.cells.drop("value"), countries=224, products=1222)
    assert trade.cells["value"].null_count() == 56_461


def test_presence_is_rca_of_at_least_one_in_all_published_trade(
    services: Published, trade: Published
) -> None:
    for cells in (services.cells, trade.cells):
        computed = rca(cells, product="product", value="value")
        assert (computed["rca"] >= 1).fill_null(False).equals(cells["presence"].fill_null(False))


@pytest.mark.parametrize("name", ["services", "trade"])
def test_diversity_and_ubiquity_are_the_published_ones(
    name: str, request: pytest.FixtureRequest
) -> None:
    data: Published = request.getfixturevalue(name)
    for indicator, key, column in (
        (diversity, "country", "diversity"),
        (ubiquity, "product", "ubiquity"),
    ):
        got = indicator(data.cells, product="product")
        expected = data.values(column, key)
        assert got[key].equals(expected[key])
        assert got[column].cast(pl.Float64).to_list() == expected["value"].to_list()


def test_services_are_standardised_fitness_of_columns_19_and_20(services: Published) -> None:
    # column 1 is the start, so column 19 holds round 18
    of_country = fitness(services.cells, rounds=18, product="product").countries
    of_product = fitness(services.cells, rounds=19, product="product").products
    for table, key, column, name in (
        (of_country, "country", "fitness", "economic_complexity_index"),
        (of_product, "product", "fitness_complexity", "product_complexity_index"),
    ):
        expected = services.values(name, key)
        assert table[key].equals(expected[key])
        difference = (standardise(table[column]) - expected["value"]).abs().max()
        assert difference < 1e-12


def test_services_are_not_the_eigenvector_although_their_columns_say_so(
    services: Published,
) -> None:
    eci = eci_pci(services.cells, product="product").countries["eci"]
    expected = services.values("economic_complexity_index", "country")["value"]
    assert np.corrcoef(eci, expected)[0, 1] == pytest.approx(0.12, abs=0.005)


def test_trade_is_standardised_reflections_of_orders_18_and_19(trade: Published) -> None:
    of_country = reflections(trade.cells, order=18, product="product").countries
    of_product = reflections(trade.cells, order=19, product="product").products
    for table, key, name in (
        (of_country, "country", "economic_complexity_index"),
        (of_product, "product", "product_complexity_index"),
    ):
        expected = trade.values(name, key)
        assert table[key].equals(expected[key])
        difference = (standardise(table["reflection"]) - expected["value"]).abs().max()
        # order 18 differs between countries by 1e-6 of its size, so ten digits are left
        assert difference < 5e-10


def test_trade_by_eigenvector_is_as_close_as_stated(trade: Published) -> None:
    index = eci_pci(trade.cells, product="product")
    assert index.notes == ()
    for values, key, name, correlation, largest in (
        (index.countries["eci"], "country", "economic_complexity_index", 0.999971, 0.026),
        (index.products["pci"], "product", "product_complexity_index", 0.999991, 0.022),
    ):
        expected = trade.values(name, key)["value"]
        assert np.corrcoef(values, expected)[0, 1] == pytest.approx(correlation, abs=5e-7)
        assert (values - expected).abs().max() == pytest.approx(largest, abs=5e-4)


def test_trade_by_fitness_is_as_far_as_stated(trade: Published) -> None:
    fit = fitness(trade.cells, rounds=19, product="product")
    for values, key, name, correlation in (
        (fit.countries["fitness"], "country", "economic_complexity_index", 0.60),
        (fit.products["fitness_complexity"], "product", "product_complexity_index", 0.52),
    ):
        expected = trade.values(name, key)["value"]
        assert np.corrcoef(values, expected)[0, 1] == pytest.approx(correlation, abs=5e-3)


@pytest.fixture(scope="module")
def stata() -> Published:
    from tests.conftest import shared_real

    folder = shared_real() / "complexity_reference" / "stata_1995"
    return published(folder, read_matrix(folder / "trade.csv"))


def stata_values(stata: Published, column: str) -> pl.DataFrame:
    file = stata.folder / "published.csv"
    table = pl.read_csv(file, schema_overrides={"product": pl.String})
    return table.filter(pl.col(column).is_not_null()).select("country", "product", expected=column)


def largest(found: pl.DataFrame, expected: pl.DataFrame, column: str, *keys: str) -> float:
    both = expected.join(found, on=list(keys), how="left")
    assert both[column].null_count() == 0
    return float((both[column] - both["expected"]).abs().max())


# Standardised over 10 x 30 rows with ddof 1, which repeat each country 30 times: 10 - 1/30.
OVER_ROWS = 1 / 30
# The published values have nine decimals; the package's own solver leaves the rest.


def test_the_stata_tables_follow_for_eci(stata: Published) -> None:
    index = eci_pci(stata.cells, ddof=OVER_ROWS, product="product")
    expected = stata_values(stata, "eci")
    assert expected.height == 5
    assert largest(index.countries, expected, "eci", "country") < 6e-10


def test_the_stata_tables_follow_for_pci_on_the_scale_of_eci(stata: Published) -> None:
    index = eci_pci(stata.cells, ddof=OVER_ROWS, pci_scale="eci", product="product")
    expected = stata_values(stata, "pci")
    assert expected.height == 30
    assert largest(index.products, expected, "pci", "product") < 2e-9
    own = eci_pci(stata.cells, product="product").products["pci"]
    assert np.corrcoef(own, index.products["pci"])[0, 1] == pytest.approx(1, abs=1e-12)


def test_the_stata_tables_follow_for_density_without_the_product_itself(stata: Published) -> None:
    expected = stata_values(stata, "density")
    assert expected.height == 60
    keys = ("country", "product")
    found = density(stata.cells, product="product")
    assert largest(found, expected, "density", *keys) < 1e-10
    inside = density(stata.cells, include_self=True, product="product")
    assert largest(inside, expected, "density", *keys) > 0.01


def test_the_stata_tables_follow_for_outlook_and_gain_from_the_uncentred_pci(
    stata: Published,
) -> None:
    index = eci_pci(stata.cells, ddof=OVER_ROWS, pci_scale="eci-uncentred", product="product")
    coi = outlook(stata.cells, index.products, product="product")
    coi = coi.with_columns(standardise(coi["coi"], ddof=OVER_ROWS))
    assert largest(coi, stata_values(stata, "coi"), "coi", "country") < 6e-10
    cog = gain(stata.cells, index.products, minus_density=False, product="product")
    expected = stata_values(stata, "cog")
    assert expected.height == 60
    assert largest(cog, expected, "cog", "country", "product") < 2e-9


# --- the sign of the eigenvector, and the products of one country --------------------------------


def test_trade_is_signed_alike_by_both_rules(trade: Published) -> None:
    index = eci_pci(trade.cells, product="product")
    assert index.rules_agree
    countries = index.countries.drop_nulls()
    by_rank = spearmanr(countries["eci"], countries["diversity"])[0]
    assert by_rank == pytest.approx(0.51, abs=5e-3)
    assert index.with_diversity == pytest.approx(0.545, abs=5e-4)
    assert index.with_ubiquity == pytest.approx(-0.45, abs=5e-3)


def test_patents_in_35_fields_are_signed_oppositely_by_the_two_rules(real: Path) -> None:
    file = real / "patent_rca_fields" / "period2_counts.csv.gz"
    table = pl.read_csv(file, separator=";", infer_schema_length=0, null_values=[])
    table = table.filter(pl.col("info") == "general")
    fields = [str(k) for k in range(1, 36)]
    long = table.unpivot(fields, index="country_code", variable_name="product").select(
        country="country_code", product="product", value=pl.col("value").cast(pl.Float64)
    )
    cells = presence(long, product="product", value="value")
    index = eci_pci(cells, product="product")
    assert index.countries["eci"].count() == 214
    assert index.with_diversity == pytest.approx(0.05, abs=5e-3)
    assert index.with_ubiquity == pytest.approx(0.53, abs=5e-3)
    assert not index.rules_agree
    eci = dict(index.countries.select("country", "eci").iter_rows())
    assert eci["KR"] == pytest.approx(-2.82, abs=5e-3)
    assert eci["JP"] == pytest.approx(-1.95, abs=5e-3)
    # semiconductors (field 8) last and machine tools (26) first: the mirror image of what is meant
    assert index.products.sort("pci")["product"].to_list()[::34] == ["8", "26"]
    other = eci_pci(cells, sign="ubiquity", product="product")
    assert other.products.sort("pci")["product"].to_list()[::34] == ["26", "8"]
    assert eci_pci(cells, sign="agreed", product="product").products["pci"].null_count() == 35


class Dutch(NamedTuple):
    """The products of the Netherlands in 2017, for each set of candidates."""

    missing: pl.DataFrame
    all: pl.DataFrame


@pytest.fixture(scope="module")
def dutch(trade: Published) -> Dutch:
    cells = rca(trade.cells, product="product", value="value")
    pci = eci_pci(cells, product="product").products
    return Dutch(*(product_cells(cells, pci, "nld", candidates=c) for c in ("missing", "all")))


def test_the_netherlands_2017_have_the_computed_eci_diversity_and_outlook(
    trade: Published,
) -> None:
    index = eci_pci(trade.cells, product="product")
    row = index.countries.filter(pl.col("country") == "nld").row(0, named=True)
    assert row["eci"] == pytest.approx(1.082316, abs=5e-7)
    assert row["diversity"] == 451
    coi = outlook(trade.cells, index.products, product="product")
    assert coi.filter(pl.col("country") == "nld")["coi"][0] == pytest.approx(-13.530595, abs=5e-7)


def test_the_netherlands_2017_sell_these_products_to_the_world(dutch: Dutch) -> None:
    table = top_products(dutch.missing)
    assert table["product"].to_list() == [
        *("0601", "0603", "0602", "4807", "5904", "3703", "5302", "0408", "1804", "1805"),
    ]
    shares = [0.732607, 0.445812, 0.440956, 0.407275, 0.350220]
    shares += [0.295534, 0.293206, 0.284804, 0.283188, 0.278442]
    assert table["world_share"].to_list() == pytest.approx(shares, abs=5e-7)
    pci = [-0.506162, -1.562058, -0.770279, 0.443234, -0.183591]
    assert table["pci"].head(5).to_list() == pytest.approx(pci, abs=5e-7)
    assert table["rank"].to_list() == list(range(1, 11))


@pytest.mark.parametrize(
    ("choice", "products"),
    [
        ({}, "8457 9012 9017 8514 8479 8477 8458 8202 8209 3908"),
        (
            {"specialised": True, "least_share": 0.0},
            "9012 8202 8209 3908 3707 9016 2842 2816 7017 2925",
        ),
        ({"least_share": 0.0}, "2812 8457 3705 9012 8420 8113 3818 9017 8475 2920"),
    ],
)
def test_the_most_complex_products_of_the_netherlands_2017(
    dutch: Dutch, choice: dict[str, Any], products: str
) -> None:
    assert complex_products(dutch.missing, **choice)["product"].to_list() == products.split()


def test_the_opportunities_of_the_netherlands_2017_among_what_it_lacks(dutch: Dutch) -> None:
    table = opportunities(dutch.missing)
    first = "3810 2937 8475 8514 8479 8208 3705 9024 2920 3702"
    assert table["product"].to_list() == first.split()
    scores = [1.209794, 1.039157, 1.033289, 1.027121, 0.984594]
    assert table["score"].head(5).to_list() == pytest.approx(scores, abs=5e-7)
    assert table.row(0)[2:5] == pytest.approx((0.591432, 1.781963, 0.302752), abs=5e-7)
    assert dutch.missing.filter(~pl.col("presence")).height == 771
    assert opportunities(dutch.missing, top=None).height == 771


def test_the_opportunities_of_the_netherlands_2017_among_all_products(dutch: Dutch) -> None:
    table = opportunities(dutch.all, candidates="all", top=None)
    first = "9016 3703 1802 3707 9012 3701 3910 8486 9022"
    scores = [2.022037, 2.004028, 1.978147, 1.894690, 1.842494]
    scores += [1.787896, 1.704681, 1.696920, 1.646275]
    assert table["product"].head(9).to_list() == first.split()
    assert table["score"].head(9).to_list() == pytest.approx(scores, abs=5e-7)
    assert table.height == 1222


def test_the_gain_that_ranks_has_no_density_term(trade: Published, dutch: Dutch) -> None:
    lacking = dutch.missing.filter(~pl.col("presence"))
    assert np.corrcoef(lacking["gain"], lacking["pci"])[0, 1] == pytest.approx(0.911, abs=5e-4)
    pci = eci_pci(trade.cells, product="product").products
    cog = gain(trade.cells, pci, product="product").filter(pl.col("country") == "nld")
    both = lacking.select("product", "pci").join(cog, on="product")
    assert np.corrcoef(both["cog"], both["pci"])[0, 1] == pytest.approx(-0.947, abs=5e-4)
    assert both.sort("cog", descending=True)["product"].to_list()[:2] == ["0706", "2709"]


def test_mixes_count_the_published_lists_that_hold_a_product(dutch: Dutch) -> None:
    table = opportunities(dutch.missing, top=None)
    lists = [set(opportunities(dutch.missing, mix=mix)["product"]) for mix in MIXES]
    for product, mixes in table.select("product", "mixes").iter_rows():
        assert mixes == sum(product in one for one in lists), product
    assert table["mixes"].sum() == 10 * len(MIXES)
