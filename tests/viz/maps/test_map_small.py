"""Networks with next to nothing in them, and large ones: a page that says so."""

from __future__ import annotations

import polars as pl
import pytest

from netpos.tables import LINK_TABLE, NODE_TABLE, Links
from netpos.viz.maps.map import network_map
from tests.viz.conftest import country_network, organisation_network

pytestmark = pytest.mark.e2e


def links_of(nodes: list[str], rows: list[tuple[str, str, float, int]] = (), **about) -> Links:
    return Links(
        pl.DataFrame({"node": sorted(nodes), "families": [1.0] * len(nodes)}, dict(NODE_TABLE)),
        pl.DataFrame(list(rows), dict(LINK_TABLE), orient="row"),
        **about,
    )


@pytest.mark.parametrize(
    ("nodes", "rows", "said"),
    [
        ([], [], "This network holds no country."),
        (["NL"], [("NL", "NL", 4.0, 4)], "This network holds one country"),
        (["NL", "DE"], [], "These 2 countries are isolated"),
        (["NL", "DE", "FR", "US"], [("US", "US", 1.0, 1)], "These 4 countries are isolated"),
    ],
)
@pytest.mark.parametrize("kind", ["country", "organisation"])
def test_a_network_without_links_says_so(visit, tmp_path, nodes, rows, said, kind):
    path = network_map(links_of(nodes, rows, kind=kind), tmp_path / "m.html")
    page = visit(path)
    said = said.replace("countries", "organisations") if kind == "organisation" else said
    said = said.replace("country", "organisation") if kind == "organisation" else said
    assert said in page.inner_text("#notice")
    assert "0 of 0 links shown" in page.inner_text("#count")
    names = page.evaluate("network.body.data.nodes.length")
    assert names == len(nodes)
    for layout in ("force", "radial"):
        page.select_option("#layout", layout)
        page.click("#zoom-fit")
    page.click("#view-switch label:has([value=table])")
    page.click("#table-switch label:has([value=nodes])")
    assert page.locator("#rows tbody tr").count() == len(nodes)
    page.click("#view-switch label:has([value=map])")
    with page.expect_download():
        page.click("#save-svg")
    assert len(page.pdf()) > 1000


def test_two_countries_with_a_link_are_drawn(visit, tmp_path):
    page = visit(network_map(links_of(["NL", "DE"], [("NL", "DE", 3.0, 3)]), tmp_path / "m.html"))
    assert not page.is_visible("#notice")
    assert page.evaluate("network.body.data.edges.length") == 1
    assert "1 of 1 links shown, 100 % of citations" in page.inner_text("#count")


def test_a_focal_country_that_is_not_there_is_named(visit, tmp_path):
    links = links_of(["US", "DE"], [("US", "DE", 3.0, 3)])
    page = visit(network_map(links, tmp_path / "m.html", focal="NL"))
    assert "Netherlands is not in this network." in page.inner_text("#notice")
    page.click("#lang-switch label:has([value=nl])")
    assert "Nederland komt in dit netwerk niet voor." in page.inner_text("#notice")


def test_the_ceiling_is_stated_in_the_page_with_the_graph_file(visit, tmp_path):
    links = organisation_network([f"O{k:03d}" for k in range(600)], 11_000)
    path = network_map(links, tmp_path / "m.html", context={"graph_file": "graphs/toy.gexf"})
    page = visit(path)
    notice = page.inner_text("#notice")
    assert "the 500 nodes with the most exchange of 600" in notice
    assert "graphs/toy.gexf" in notice
    assert "of 11,000 links shown" in page.inner_text("#count")
    told = {"graph_file": None, "links_file": "tables/organisation_links.csv"}
    page = visit(network_map(links, tmp_path / "t.html", context=told))
    assert "All links stand in the table tables/organisation_links.csv." in page.inner_text(
        "#notice"
    )
    page.click("#lang-switch label:has([value=nl])")
    notice = page.inner_text("#notice")
    assert "Alle verbindingen staan in de tabel tables/organisation_links.csv." in notice
    assert "graafbestand" not in notice


def answers(page) -> bool:
    """Whether the page draws again when the layout is changed."""
    other = "force" if page.input_value("#layout") == "radial" else "radial"
    before = page.evaluate("JSON.stringify(network.getPositions())")
    page.select_option("#layout", other)
    page.wait_for_function("(b) => JSON.stringify(network.getPositions()) !== b", arg=before)
    return bool(page.evaluate("document.documentElement.dataset.usable === 'true'"))


def test_sixty_countries_are_drawn_and_answer(visit, tmp_path):
    links = country_network()
    assert links.nodes.height >= 60
    assert links.table.height >= 2000
    assert answers(visit(network_map(links, tmp_path / "m.html")))


def test_five_hundred_organisations_are_drawn_and_answer(visit, tmp_path):
    links = organisation_network([f"ORGANISATION {k:03d}" for k in range(500)], 10_000)
    assert answers(visit(network_map(links, tmp_path / "m.html")))
