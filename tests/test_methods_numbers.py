"""Numbers of the method notes that no other test holds, to the digits given there.

What other libraries give for the same networks is told in the notes too, and held here, so that a
reader who compares finds what is printed.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import networkx as nx
import numpy as np
import polars as pl
import pytest

from netpos.graph.balance import balance
from netpos.graph.centrality import eigenvector, pagerank
from netpos.graph.core import core
from netpos.graph.dependence import rao_stirling
from netpos.graph.peel import s_core
from netpos.graph.strength import given, received
from netpos.indicators.bipartite import standardise
from netpos.indicators.specialisation import rca
from netpos.tables import Links
from tests.graph.test_dependence import toy_distance
from tests.graph.toys import (
    TOY,
    TOY_MATRIX,
    TOY_ORDER,
    links_of,
    to_igraph,
    to_networkx,
    toy_values,
)


def in_order(values: dict[str, float]) -> list[float]:
    return [values[country] for country in TOY_ORDER]


# --- the toy ------------------------------------------------------------------------------------


def test_the_toy_has_76_foreign_links_in_twelve_pairs_of_6_3333_on_average() -> None:
    foreign = TOY.foreign()
    assert foreign.sum() == 76
    assert sum(toy_values(received(TOY))) == sum(toy_values(given(TOY))) == 76
    assert np.count_nonzero(foreign) == 12
    assert foreign.sum() / 12 == pytest.approx(6.3333, abs=5e-5)
    dyads = foreign + foreign.T
    assert dyads.sum() / np.count_nonzero(dyads) == pytest.approx(12.6667, abs=5e-5)
    # the scale of the kind `scaled`: total = scaled times the mean weight
    total, scaled = toy_values(balance(TOY, "total")), toy_values(balance(TOY, "scaled"))
    assert total[2] / scaled[2] == pytest.approx(76 / 12, rel=1e-12)


def test_the_exchange_of_the_toy_with_higher_ranks_is_0_29_29_18() -> None:
    table = core(TOY).sort("rank")
    assert table["country"].to_list() == ["US", "CN", "DE", "NL"]
    assert table["strength"].to_list() == [62, 38, 34, 18]
    s = TOY.foreign() + TOY.foreign().T
    at = [TOY.countries.index(c) for c in table["country"]]
    assert [float(s[at[r], at[:r]].sum()) for r in range(4)] == [0, 29, 29, 18]


def test_without_weights_the_pageranks_of_the_toy_are_equal() -> None:
    even = links_of((TOY_MATRIX > 0).astype(float), TOY_ORDER)
    assert toy_values(pagerank(even)) == pytest.approx([0.25] * 4, abs=1e-15)
    weighted = dict(zip(TOY_ORDER, toy_values(pagerank(TOY)), strict=True))
    # python-igraph takes no notice of weights that are not named
    assert to_igraph(TOY).pagerank() == pytest.approx([0.25] * 4)
    assert weighted["US"] > 0.4


def test_without_weights_the_core_numbers_of_the_toy_are_six() -> None:
    even = links_of((TOY_MATRIX > 0).astype(float), TOY_ORDER)
    assert toy_values(s_core(even)) == [6.0] * 4
    assert in_order(nx.core_number(to_networkx(TOY))) == [6] * 4


def test_the_eigenvector_of_the_toy_at_length_one_is_that_of_networkx() -> None:
    found = np.array(toy_values(eigenvector(TOY)))
    printed = [0.245836, 0.474644, 0.741683, 0.405198]
    assert found / np.linalg.norm(found) == pytest.approx(printed, abs=5e-7)
    of_networkx = nx.eigenvector_centrality_numpy(to_networkx(TOY), weight="weight")
    assert in_order(of_networkx) == pytest.approx(printed, abs=5e-7)


def test_rao_stirling_of_the_toy_over_unordered_pairs_is_0_099() -> None:
    assert toy_values(rao_stirling(TOY, toy_distance()))[0] / 2 == pytest.approx(0.099, rel=1e-12)


# --- what other libraries call closeness ----------------------------------------------------------


def test_closeness_of_other_libraries_on_the_toy() -> None:
    network, graph = to_networkx(TOY), to_igraph(TOY)
    length = [1 / w for w in graph.es["weight"]]

    def of_igraph(mode: str) -> list[float]:
        found = graph.closeness(mode=mode, weights=length)
        return in_order(dict(zip(graph.vs["name"], found, strict=True)))

    into = [4.0909, 5.8065, 10, 5.1429]
    assert in_order(nx.closeness_centrality(network, distance="distance")) == pytest.approx(
        into, abs=5e-5
    )
    assert of_igraph("in") == pytest.approx(into, abs=5e-5)
    assert of_igraph("out") == pytest.approx([4.2188, 5.3465, 7.2973, 6.6667], abs=5.1e-5)
    assert of_igraph("all") == pytest.approx([4.7368, 6.4286, 10, 7.5], abs=5e-5)


def test_closeness_of_other_libraries_on_the_torn_network() -> None:
    ends = [("A", "B"), ("C", "B"), ("B", "D"), ("E", "F")]
    network = nx.DiGraph()
    network.add_nodes_from("ABCDEF")
    network.add_edges_from(ends)
    found = nx.closeness_centrality(network)
    assert [found[k] for k in "ABCDEF"] == pytest.approx([0, 0.4, 0, 0.36, 0, 0.2])
    import igraph

    graph = igraph.Graph.TupleList(ends, directed=True)
    of_igraph = dict(zip(graph.vs["name"], graph.closeness(mode="in"), strict=True))
    nan = float("nan")
    expected = [nan, 1, nan, 0.6, nan, 1]
    assert [of_igraph[k] for k in "ABCDEF"] == pytest.approx(expected, nan_ok=True)


# --- real tables ----------------------------------------------------------------------------------


def table(path: Path, **options: object) -> pl.DataFrame:
    with gzip.open(path) as file:
        return pl.read_csv(file.read(), infer_schema_length=None, **options)


#: Continents as the published table has them; all others are in Europe.
CONTINENTS = {
    "Africa": "Burkina Faso, Cameroon, Côte d’Ivoire, Egypt, Gabon, Gambia, Ghana, Guinea, Kenya, "
    "Madagascar, Morocco, Niger, Nigeria, Seychelles, Sierra Leone, South Africa, Tunisia, Uganda, "
    "Zimbabwe",
    "Americas": "Antigua & Barbuda, Argentina, Bahamas, Belize, Bermuda, Bolivia, Brazil, Canada, "
    "Cayman Islands, Chile, Colombia, Costa Rica, Cuba, Dominican Republic, Ecuador, El Salvador, "
    "Guatemala, Jamaica, Mexico, Netherlands Antilles, Panama, Peru, Puerto Rico, "
    "St. Kitts & Nevis, U.S. Virgin Islands, United States, Uruguay, Venezuela",
    "Asia": "Armenia, Bangladesh, Cambodia, China, Cyprus, Georgia, Hong Kong SAR China, India, "
    "Indonesia, Iran, Israel, Japan, Jordan, Kazakhstan, Kuwait, Kyrgyzstan, Lebanon, Malaysia, "
    "North Korea, Oman, Pakistan, Philippines, Saudi Arabia, Singapore, South Korea, Sri Lanka, "
    "Taiwan, Thailand, Turkey, United Arab Emirates, Vietnam",
    "Oceania": "Australia, New Caledonia, New Zealand, Solomon Islands, "
    "United States Minor Outlying Islands (the)",
}


def test_country_flows_add_up_to_the_published_flows_of_continents(real: Path) -> None:
    folder = real / "country_citations_pharma"
    flows = table(folder / "back_citations_ctry_16.csv.gz")
    published = table(folder / "back_citations_conti_16.csv.gz")
    assert published["share_inv_cited"].sum() == pytest.approx(602_309.32, abs=0.005)
    assert flows["share_inv_cited"].sum() == pytest.approx(602_309.57, abs=0.005)
    links = Links.from_table(
        flows.select(citing="ctry_name_citing", cited="ctry_name_cited", weight="share_inv_cited")
    )
    places = {c: k for k, names in CONTINENTS.items() for c in names.split(", ")}
    assert set(places) <= set(links.countries)
    kinds = ["Africa", "Americas", "Asia", "Europe", "Oceania"]
    member = np.array([[places.get(c, "Europe") == k for k in kinds] for c in links.countries])
    got = member.T.astype(float) @ links.matrix() @ member
    want = np.zeros((5, 5))
    ends = published.select("conti_citing", "conti_cited", "share_inv_cited")
    for citing, cited, weight in ends.iter_rows():
        want[kinds.index(citing), kinds.index(cited)] += weight
    # the two tables differ by 0.25 of a citation in all
    assert np.abs(got - want).max() < 0.26
    assert got.sum() == pytest.approx(want.sum(), rel=1e-6)


def test_rca_of_the_fixture_without_expected_values_is_as_computed_in_the_notes(
    real: Path,
) -> None:
    path = real / "complexity_reference" / "rca_fixture_datawheel" / "fixture_exports.csv.gz"
    exports = table(path)
    cells = exports.select(
        country="Exporter Country",
        technology="Section",
        families=pl.col("Trade Value").cast(pl.Float64),
    )
    assert (cells["country"].n_unique(), cells["technology"].n_unique()) == (226, 21)
    found = rca(cells).filter(pl.col("country") == "Netherlands")
    first = found.sort("technology")["rca"][:3].to_list()
    assert first == pytest.approx([0.7075327, 2.0479245, 1.4775666], abs=5e-8)


def test_published_fitness_has_mean_one_in_every_year(real: Path) -> None:
    folder = real / "complexity_reference" / "published_fitness"
    found = table(folder / "comtrade_fitness.csv.gz").rename({"": "year"})
    countries = [c for c in found.columns if c != "year"]
    assert len(countries) == 169
    assert found["year"].to_list() == list(range(1996, 2019))
    sums = found.select(pl.sum_horizontal(countries)).to_series()
    assert sums.to_list() == pytest.approx([169.0] * 23, rel=1e-9)
    last = found.row(-1, named=True)
    order = sorted(countries, key=lambda c: -last[c])[:10]
    assert order == ["CHN", "USA", "DEU", "JPN", "ITA", "FRA", "IND", "GBR", "BEL", "NLD"]
    assert last["NLD"] == pytest.approx(4.506, abs=5e-4)


def test_published_fitness_of_technologies_is_scaled_otherwise(real: Path) -> None:
    folder = real / "complexity_reference" / "published_fitness"
    found = table(folder / "tech_fitness_8dig.csv.gz").rename({"": "year"})
    countries = [c for c in found.columns if c != "year"]
    rows = {r["year"]: [r[c] for c in countries if r[c] is not None] for r in found.to_dicts()}
    assert np.mean(rows[1900]) == pytest.approx(22.07, abs=5e-3)
    assert len(rows[2017]) == 2
    assert min(rows[1900]) == pytest.approx(1.618, abs=5e-4)


def test_published_complexity_of_products_is_standardised_with_ddof_0(real: Path) -> None:
    path = real / "complexity_reference" / "atlas_pci" / "hs92_product_year_4.csv.gz"
    found = table(path, schema_overrides={"product_hs92_code": pl.String, "pci": pl.Float64})
    years = 0
    for _, part in found.drop_nulls("pci").group_by("year"):
        published = part["pci"]  # printed with three digits
        again = standardise(published, ddof=0.0)
        assert (published - again).abs().max() < 5e-3
        years += 1
    assert years == 29
