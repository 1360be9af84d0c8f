"""Complexity by record: every cell of published tables, with the conventions that give them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
import pytest

from netpos.errors import InputError
from netpos.indicators.bipartite import diversity, standardise, ubiquity
from netpos.indicators.complexity import eci_pci
from netpos.indicators.fitness import fitness, reflections
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
