"""Graph files read back by other libraries than the one that wrote them, and equal."""

from __future__ import annotations

import json
import math
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import igraph
import networkx as nx
import numpy as np
import polars as pl
import pytest

from netpos import analysis
from netpos.analysis import results
from netpos.errors import TableError
from netpos.ingest.corpus import ingest
from netpos.options import Options
from netpos.tables import Links
from netpos.viz.graph_files import graph_files
from tests.lens import TOY, TOY_FAMILIES, toy_records, write

ENDINGS = [".gexf", ".graphml", ".net", "-bloc.clu", ".json"]
HOSTILE = [
    "<script>alert(1)</script>",
    "A \"quoted\" & 'both'",
    "Line\nbreak\ttab\r\nand more",
    "Control\x00\x07\x1b\x85signs",
    "X" * 300,
    "=1+1",
    "@SUM(A1)",
    "שלום \u202eRTL\u202c",
    "Emoji 🧪🇳🇱",
    "back\\slash",
    "back/slash",
    "]]> <!-- &amp; &#65;",
    "*Vertices 9",
    "% no comment",
    " blank at both ends ",
    "",
]
#: What cleaning makes of them, written by hand where it makes anything of them.
CLEAN = {
    "Line\nbreak\ttab\r\nand more": "Line break tab and more",
    "Control\x00\x07\x1b\x85signs": "Controlsigns",
    "": "(no name)",
}
PAJEK = {
    "A \"quoted\" & 'both'": "A 'quoted' & 'both'",
    "back\\slash": "back/slash (2)",
}


def toy() -> Links:
    rows = [(a, b, float(w), w) for a, row in TOY.items() for b, w in row.items()]
    table = pl.DataFrame(rows, ["citing", "cited", "weight", "citations"], orient="row")
    families = {k: float(v) for k, v in TOY_FAMILIES.items()}
    return Links.from_table(table, families, technology="quantum", period="all")


def hostile(names: list[str] = HOSTILE) -> Links:
    """A ring, with a chord whose weight has many digits."""
    n = len(names)
    table = pl.DataFrame(
        {
            "citing": [*names, names[0]],
            "cited": [*names[1:], names[0], names[n // 2]],
            "weight": [*(float(k + 1) for k in range(n)), 1 / 3],
        }
    )
    links = Links.from_table(table, dict.fromkeys(names, 2.0), kind="organisation")
    country = pl.Series("country", (["NL", "US", "CN", None] * n)[:n], dtype=pl.String)
    return Links(links.nodes.with_columns(country), links.table, "organisation")


def expected_edges(links: Links, names: dict[str, str]) -> dict[tuple[str, str], float]:
    """Foreign links by the names of a file, from the link table alone."""
    return {
        (names.get(a, a), names.get(b, b)): float(f"{w:.12g}")
        for a, b, w, *_ in links.table.iter_rows()
        if a != b
    }


def found_edges(graph: nx.DiGraph) -> dict[tuple[str, str], float]:
    return {(a, b): d["weight"] for a, b, d in graph.edges(data=True)}


def of_igraph(graph: igraph.Graph, name: str) -> dict[tuple[str, str], float]:
    names = graph.vs[name]
    return {(names[e.source], names[e.target]): e["weight"] for e in graph.es}


def read_pajek(path: Path) -> nx.DiGraph:
    """networkx does not step over a byte order mark by itself."""
    lines = path.read_bytes().decode("utf-8-sig").splitlines()
    return nx.DiGraph(nx.parse_pajek(lines))


def partition(path: Path) -> list[int]:
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    assert head == f"*Vertices {len(rows)}"
    return [int(row) for row in rows]


INDICATORS = pl.DataFrame(
    {
        "technology": ["quantum"] * 5,
        "period": ["all"] * 4 + ["2015-2020"],
        "country": ["CN", "DE", "NL", "US", "NL"],
        "name": ["China", "Germany", "Netherlands", "United States", "Netherlands"],
        "families": [50.0, 20.0, 5.0, 60.0, 99.0],
        "family_rank": [2, 3, 4, 1, 9],
        "received": [13.0, 17.0, 8.0, 38.0, 99.0],
        "balance_ratio": [-0.2, None, 0.1 + 0.2, float("nan"), 0.9],
        "core": [True, False, False, True, True],
        "near_core": [True, True, False, True, True],
        "core_distance": [0.0, 0.25, 1e-7, 0.0, 9.0],
        "value": [1.0, 2.0, 3.0, 4.0, 5.0],  # a name that functions of links use for their result
        "nothing": [None] * 5,
    }
)


# --- each form, read back ---------------------------------------------------------------------


@pytest.mark.parametrize("links", [toy(), hostile()], ids=["countries", "hostile"])
def test_gexf_read_by_networkx_has_the_same_nodes_and_weights(links: Links, tmp_path: Path) -> None:
    graph_files(links, tmp_path / "g")
    graph = nx.read_gexf(tmp_path / "g.gexf")
    assert isinstance(graph, nx.DiGraph)  # so no edge comes twice
    assert list(graph) == [CLEAN.get(n, n) for n in links.countries]
    assert found_edges(graph) == expected_edges(links, CLEAN)


@pytest.mark.parametrize("links", [toy(), hostile()], ids=["countries", "hostile"])
def test_graphml_read_by_igraph_and_networkx_has_the_same_nodes_and_weights(
    links: Links, tmp_path: Path
) -> None:
    graph_files(links, tmp_path / "g")
    wanted = [CLEAN.get(n, n) for n in links.countries]
    one = nx.read_graphml(tmp_path / "g.graphml")
    names = nx.get_node_attributes(one, "name")
    assert list(names.values()) == wanted
    assert found_edges(nx.relabel_nodes(one, names)) == expected_edges(links, CLEAN)
    two = igraph.Graph.Read_GraphML(str(tmp_path / "g.graphml"))
    assert two.is_directed()
    assert two.vs["name"] == wanted
    assert of_igraph(two, "name") == expected_edges(links, CLEAN)


def test_ids_of_graphml_are_the_codes_where_all_are_tokens_of_xml_else_numbers(
    tmp_path: Path,
) -> None:
    graph_files(toy(), tmp_path / "a")
    graph_files(hostile(["AT&T", "B", "C"]), tmp_path / "b")
    assert list(nx.read_graphml(tmp_path / "a.graphml")) == ["CN", "DE", "NL", "US"]
    assert list(nx.read_graphml(tmp_path / "b.graphml")) == ["n0", "n1", "n2"]


@pytest.mark.parametrize("links", [toy(), hostile()], ids=["countries", "hostile"])
def test_pajek_read_by_igraph_and_networkx_has_the_same_nodes_and_weights(
    links: Links, tmp_path: Path
) -> None:
    graph_files(links, tmp_path / "g")
    names = CLEAN | PAJEK
    wanted = [names.get(n, n) for n in links.countries]
    one = read_pajek(tmp_path / "g.net")
    assert list(one) == wanted
    assert found_edges(one) == expected_edges(links, names)
    two = igraph.Graph.Read_Pajek(str(tmp_path / "g.net"))
    assert two.vs["name"] == wanted
    assert of_igraph(two, "name") == expected_edges(links, names)


def test_a_pajek_file_of_ascii_names_has_no_byte_order_mark_and_any_other_has(
    tmp_path: Path,
) -> None:
    graph_files(toy(), tmp_path / "a")
    graph_files(hostile(["é", "b", "c"]), tmp_path / "b")
    assert (tmp_path / "a.net").read_bytes().startswith(b"*Vertices 4\n")
    assert (tmp_path / "b.net").read_bytes().startswith(b"\xef\xbb\xbf*Vertices 3\n")
    assert igraph.Graph.Read_Pajek(str(tmp_path / "b.net")).vs["name"] == ["b", "c", "é"]


@pytest.mark.parametrize("links", [toy(), hostile()], ids=["countries", "hostile"])
def test_vosviewer_strengths_are_the_matrix_plus_its_transpose(
    links: Links, tmp_path: Path
) -> None:
    graph_files(links, tmp_path / "g")
    network = json.loads((tmp_path / "g.json").read_text(encoding="utf-8"))["network"]
    n = links.nodes.height
    found = np.zeros((n, n))
    for link in network["links"]:
        assert link["source_id"] < link["target_id"]
        found[link["source_id"] - 1, link["target_id"] - 1] = link["strength"]
    both = links.foreign() + links.foreign().T
    assert found == pytest.approx(np.triu(both), rel=1e-11)  # 12 digits are kept
    assert [item["id"] for item in network["items"]] == list(range(1, n + 1))
    named = [CLEAN.get(x, x).replace("<", "‹").replace(">", "›") for x in links.countries]
    if links.kind == "organisation":
        assert [item["label"] for item in network["items"]] == named
    else:
        assert [item["description"] for item in network["items"]] == links.countries


def test_vosviewer_finds_nothing_to_refuse(tmp_path: Path) -> None:
    """The checks that VOSviewer Online makes of a JSON file."""
    places = {c: (float(k), 1.0) for k, c in enumerate(["CN", "DE", "NL", "US"])}
    graph_files(toy(), tmp_path / "g", indicators=INDICATORS, positions=places)
    found = json.loads((tmp_path / "g.json").read_text(encoding="utf-8"))
    items = found["network"]["items"]
    assert len({item["id"] for item in items}) == len(items) >= 3
    for item in items:
        assert item.keys() == items[0].keys()
        assert item["scores"].keys() == items[0]["scores"].keys()
        assert all(isinstance(v, int | float) and v >= 0 for v in item["weights"].values())
        assert all(v is None or isinstance(v, int | float) for v in item["scores"].values())
        assert isinstance(item["cluster"], int)
        assert 1 <= item["cluster"] <= 1000
        assert {type(item["x"]), type(item["y"])} == {float}
    assert list(items[0]["weights"]) == ["received", "given", "families", "domestic"]
    assert [item["scores"]["balance_ratio"] for item in items] == [-0.2, None, 0.3, None]
    assert [item["y"] for item in items] == [-1.0] * 4  # maps count downwards, VOSviewer upwards
    ids = {item["id"] for item in items}
    for link in found["network"]["links"]:
        assert {link["source_id"], link["target_id"]} <= ids
        assert link["strength"] > 0


# --- attributes -------------------------------------------------------------------------------

ATTRIBUTES = {
    "CN": {
        "value": 1.0,
        "family_rank": 2,
        "balance_ratio": -0.2,
        "core": 1,
        "near_core": 1,
        "focal": 0,
        "core_distance": 0.0,
        "families": 50.0,
        "received": 13.0,
        "given": 25.0,
        "domestic": 60.0,
        "bloc": "other",
        "label": "China",
    },
    "DE": {
        "value": 2.0,
        "family_rank": 3,
        "core": 0,
        "near_core": 1,
        "focal": 0,
        "core_distance": 0.25,
        "families": 20.0,
        "received": 17.0,
        "given": 17.0,
        "domestic": 20.0,
        "bloc": "EU",
        "label": "Germany",
    },
    "NL": {
        "value": 3.0,
        "family_rank": 4,
        "balance_ratio": 0.3,
        "core": 0,
        "near_core": 0,
        "focal": 1,
        "core_distance": 1e-7,
        "families": 5.0,
        "received": 8.0,
        "given": 10.0,
        "domestic": 4.0,
        "bloc": "EU",
        "label": "Netherlands",
    },
    "US": {
        "value": 4.0,
        "family_rank": 1,
        "core": 1,
        "near_core": 1,
        "focal": 0,
        "core_distance": 0.0,
        "families": 60.0,
        "received": 38.0,
        "given": 24.0,
        "domestic": 90.0,
        "bloc": "OECD or NATO",
        "label": "United States",
    },
}


def test_attributes_are_those_of_the_toy_in_gexf_and_graphml(tmp_path: Path) -> None:
    """By hand: rows of the period ``all``; unknown left out; Booleans 0 and 1; 12 digits."""
    graph_files(toy(), tmp_path / "g", indicators=INDICATORS)
    gexf = nx.read_gexf(tmp_path / "g.gexf")
    found = {n: {k: v for k, v in d.items() if k != "viz"} for n, d in gexf.nodes(data=True)}
    assert found == ATTRIBUTES
    graphml = dict(nx.read_graphml(tmp_path / "g.graphml").nodes(data=True))
    assert graphml == {code: {"name": code, **row} for code, row in ATTRIBUTES.items()}
    types = {k: type(v) for k, v in found["NL"].items()}
    assert {k for k, t in types.items() if t is int} == {
        "family_rank", "core", "near_core", "focal",
    }  # fmt: skip


def test_attributes_read_by_igraph_are_those_of_the_toy(tmp_path: Path) -> None:
    graph_files(toy(), tmp_path / "g", indicators=INDICATORS, title="Quantum")
    graph = igraph.Graph.Read_GraphML(str(tmp_path / "g.graphml"))
    assert graph["title"] == "Quantum"
    for vertex in graph.vs:
        found = {k: v for k, v in vertex.attributes().items() if k not in ("id", "name")}
        known = {
            k: v for k, v in found.items() if not (isinstance(v, float) and math.isnan(v)) and v
        }
        wanted = {k: v for k, v in ATTRIBUTES[vertex["id"]].items() if v}
        assert known == wanted  # igraph gives NaN where a number is not known


def test_citations_are_an_attribute_of_edges_where_they_are_known(tmp_path: Path) -> None:
    graph_files(toy(), tmp_path / "g")
    for graph in (nx.read_gexf(tmp_path / "g.gexf"), nx.read_graphml(tmp_path / "g.graphml")):
        assert {(a, b): d["citations"] for a, b, d in graph.edges(data=True)} == {
            (a, b): w for a, row in TOY.items() for b, w in row.items() if a != b
        }
    graph_files(hostile(), tmp_path / "h")
    for graph in (nx.read_gexf(tmp_path / "h.gexf"), nx.read_graphml(tmp_path / "h.graphml")):
        assert not any("citations" in d for *_, d in graph.edges(data=True))


def test_partitions_are_in_the_order_of_the_vertices(tmp_path: Path) -> None:
    names = graph_files(toy(), tmp_path / "g", indicators=INDICATORS)
    assert names == ["g" + e for e in [*ENDINGS[:4], "-core.clu", ".json"]]
    assert partition(tmp_path / "g-bloc.clu") == [3, 1, 1, 2]  # CN other, DE NL EU, US OECD
    assert partition(tmp_path / "g-core.clu") == [1, 2, 3, 1]  # CN US core, DE near, NL outside


def test_bloc_follows_the_year_of_the_memberships(tmp_path: Path) -> None:
    links = Links.from_table(pl.DataFrame({"citing": ["GB"], "cited": ["NL"], "weight": [1.0]}))
    graph_files(links, tmp_path / "a", year=2015)
    graph_files(links, tmp_path / "b", year=2025)
    assert partition(tmp_path / "a-bloc.clu") == [1, 1]
    assert partition(tmp_path / "b-bloc.clu") == [2, 1]


# --- time -------------------------------------------------------------------------------------


def yearly() -> dict[int, Links]:
    rows = {
        2015: [("NL", "DE", 1.0), ("NL", "NL", 4.0)],
        2016: [("NL", "DE", 2.0)],
        2017: [("US", "DE", 1.5)],
        2018: [("NL", "DE", 3.0), ("US", "US", 7.0)],
    }
    return {
        y: Links.from_table(
            pl.DataFrame(r, ["citing", "cited", "weight"], orient="row"),
            {"NL": 2.0, "FR": 1.0} if y == 2017 else None,
        )
        for y, r in rows.items()
    }


def test_years_become_spells_of_consecutive_years_by_hand(tmp_path: Path) -> None:
    every = pl.concat([links.table for links in yearly().values()])
    links = Links.from_table(every, {"FR": 1.0, "JP": 0.0})
    graph_files(links, tmp_path / "g", yearly=yearly())
    graph = nx.read_gexf(tmp_path / "g.gexf")
    assert graph.graph["mode"] == "dynamic"

    def spell(a: int, b: int) -> tuple[str, str]:
        return f"{a}-01-01", f"{b}-12-31"

    assert graph.edges["NL", "DE"]["spells"] == [spell(2015, 2016), spell(2018, 2018)]
    assert graph.edges["NL", "DE"]["weight_by_year"] == [
        (1.0, *spell(2015, 2015)),
        (2.0, *spell(2016, 2016)),
        (3.0, *spell(2018, 2018)),
    ]
    assert graph.edges["NL", "DE"]["weight"] == 6.0
    assert graph.edges["US", "DE"]["spells"] == [spell(2017, 2017)]
    assert graph.nodes["NL"]["spells"] == [spell(2015, 2018)]  # 2017: families without links
    assert graph.nodes["US"]["spells"] == [spell(2017, 2018)]  # 2018: domestic links only
    assert graph.nodes["FR"]["spells"] == [spell(2017, 2017)]
    assert "spells" not in graph.nodes["JP"]
    nodes = {n: d.get("spells", []) for n, d in graph.nodes(data=True)}
    for a, b, d in graph.edges(data=True):  # an edge never without its ends
        for start, end in d["spells"]:
            for node in (a, b):
                assert any(s <= start and end <= e for s, e in nodes[node])


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (("JP", "NL"), "year 2015: node 'JP' is not among those of the whole span"),
        (("DE", "NL"), "year 2015: the link DE -> NL is not in the whole span"),
    ],
)
def test_a_year_with_what_the_span_lacks_is_refused(
    extra: tuple[str, str], message: str, tmp_path: Path
) -> None:
    links = Links.from_table(pl.DataFrame({"citing": ["NL"], "cited": ["DE"], "weight": [1.0]}))
    table = pl.DataFrame({"citing": [extra[0]], "cited": [extra[1]], "weight": [1.0]})
    with pytest.raises(TableError, match=re.escape(message)):
        graph_files(links, tmp_path / "g", yearly={2015: Links.from_table(table)})
    assert not list(tmp_path.iterdir())


# --- picture ----------------------------------------------------------------------------------


def test_position_colour_and_size_are_those_of_the_map_with_y_upwards(tmp_path: Path) -> None:
    graph_files(toy(), tmp_path / "g", positions={"NL": (12, 34), "US": (-5, 0)})
    graph = nx.read_gexf(tmp_path / "g.gexf")
    look = {n: d["viz"] for n, d in graph.nodes(data=True)}
    assert look["NL"]["position"] == {"x": 12.0, "y": -34.0, "z": 0.0}
    assert look["US"]["position"] == {"x": -5.0, "y": 0.0, "z": 0.0}
    assert "position" not in look["DE"]
    assert look["NL"]["color"] == {"r": 0, "g": 0x72, "b": 0xB2, "a": 1.0}  # EU, as on the map
    assert look["US"]["size"] == 40.0  # most received, the largest of the map
    assert look["NL"]["size"] == pytest.approx(40 * math.sqrt(8 / 38), abs=1e-3)
    # one node without a place: Pajek and VOSviewer place them all
    assert "x" not in json.loads((tmp_path / "g.json").read_text())["network"]["items"][0]
    assert (tmp_path / "g.net").read_text().splitlines()[1] == '1 "CN"'


def test_positions_of_pajek_lie_in_its_square_and_keep_their_shape(tmp_path: Path) -> None:
    places = {"CN": (0, 0), "DE": (100, 0), "NL": (0, 50), "US": (100, 50)}
    graph_files(toy(), tmp_path / "g", positions=places)
    graph = igraph.Graph.Read_Pajek(str(tmp_path / "g.net"))
    assert graph.vs["x"] == [0.05, 0.95, 0.05, 0.95]
    assert graph.vs["y"] == [0.275, 0.275, 0.725, 0.725]


# --- small, odd, repeated ---------------------------------------------------------------------


def test_an_empty_network_gives_files_that_every_reader_opens(tmp_path: Path) -> None:
    links = Links.from_table(pl.DataFrame(schema={"citing": pl.String, "cited": pl.String,
                                                  "weight": pl.Float64}))  # fmt: skip
    assert graph_files(links, tmp_path / "g", yearly={}, positions={}) == ["g" + e for e in ENDINGS]
    assert len(nx.read_gexf(tmp_path / "g.gexf")) == 0
    assert len(nx.read_graphml(tmp_path / "g.graphml")) == 0
    assert igraph.Graph.Read_GraphML(str(tmp_path / "g.graphml")).vcount() == 0
    assert igraph.Graph.Read_Pajek(str(tmp_path / "g.net")).vcount() == 0
    assert partition(tmp_path / "g-bloc.clu") == []
    assert json.loads((tmp_path / "g.json").read_text())["network"]["items"] == []


def test_one_node_with_domestic_links_keeps_them_as_an_attribute(tmp_path: Path) -> None:
    links = Links.from_table(pl.DataFrame({"citing": ["NL"], "cited": ["NL"], "weight": [4.5]}))
    graph_files(links, tmp_path / "g", positions={"NL": (7, 7)})
    for graph in (nx.read_gexf(tmp_path / "g.gexf"), nx.read_graphml(tmp_path / "g.graphml")):
        assert list(graph.edges) == []
        assert graph.nodes["NL"]["domestic"] == 4.5
    assert igraph.Graph.Read_Pajek(str(tmp_path / "g.net")).vs["x"] == [0.5]


def test_links_of_weight_zero_are_left_out_and_a_weight_that_is_none_is_refused(
    tmp_path: Path,
) -> None:
    nodes = pl.DataFrame({"node": ["DE", "NL"], "families": [1.0, None]})
    for weight, fine in ((0.0, True), (float("nan"), False), (None, False), (-1.0, False)):
        table = pl.DataFrame(
            {"citing": ["NL"], "cited": ["DE"], "weight": [weight], "citations": [1]},
            {"citing": pl.String, "cited": pl.String, "weight": pl.Float64, "citations": pl.Int64},
        )
        if fine:
            graph_files(Links(nodes, table), tmp_path / "g")
            assert nx.read_graphml(tmp_path / "g.graphml").number_of_edges() == 0
        else:
            with pytest.raises(TableError, match="weight of NL -> DE is"):
                graph_files(Links(nodes, table), tmp_path / "g")


@pytest.mark.parametrize("links", [toy(), hostile()], ids=["countries", "hostile"])
def test_files_hold_no_nan_no_none_no_boolean_words_no_control_signs_and_no_time(
    links: Links, tmp_path: Path
) -> None:
    table = INDICATORS if links.kind == "country" else None
    for name in graph_files(links, tmp_path / "g", indicators=table):
        text = (tmp_path / name).read_bytes().decode("utf-8")
        assert not re.search(r"\b(nan|inf|None|True|False|true|false)\b", text)
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]", text)
        assert "lastmodified" not in text
        assert ("null" in text) == (name == "g.json" and table is not None)


def test_names_made_equal_by_cleaning_stay_apart(tmp_path: Path) -> None:
    graph_files(hostile(["A\x01", "A\x02", "B"]), tmp_path / "g")
    graph = nx.read_gexf(tmp_path / "g.gexf")
    assert list(graph) == ["A", "A (2)", "B"]
    assert found_edges(graph) == {
        ("A", "A (2)"): pytest.approx(4 / 3, rel=1e-11),  # the ring and the chord
        ("A (2)", "B"): 2.0,
        ("B", "A"): 3.0,
    }


@pytest.mark.parametrize("links", [toy(), hostile()], ids=["countries", "hostile"])
def test_bytes_do_not_change_with_a_second_run_or_the_order_of_rows(
    links: Links, tmp_path: Path
) -> None:
    years = yearly() if links.kind == "country" else None
    if years:
        every = pl.concat([links.table, *(y.table for y in years.values())])
        links = Links.from_table(every, {**dict(links.nodes.iter_rows()), "FR": 1.0})
    places = {n: (k, k * k) for k, n in enumerate(links.countries)}
    mixed = Links(
        links.nodes.sample(fraction=1, shuffle=True, seed=1),
        links.table.sample(fraction=1, shuffle=True, seed=2),
        links.kind,
        links.technology,
        links.period,
    )
    for k, (found, order) in enumerate([(links, 1), (links, 1), (mixed, -1)]):
        turned = dict(list((years or {}).items())[::order])
        where = dict(list(places.items())[::order])
        table = INDICATORS[::order] if links.kind == "country" else None
        names = graph_files(
            found, tmp_path / str(k) / "g", yearly=turned, positions=where, indicators=table
        )
        for name in names:
            first = (tmp_path / "0" / name).read_bytes()
            assert (tmp_path / str(k) / name).read_bytes() == first


def test_an_attribute_that_no_graph_file_holds_is_named(tmp_path: Path) -> None:
    table = pl.DataFrame({"country": ["NL"], "offices": [["EP", "WO"]]})
    with pytest.raises(TableError, match="column 'offices' is List"):
        graph_files(toy(), tmp_path / "g", indicators=table)
    assert not list(tmp_path.iterdir())


def test_a_stem_with_a_dot_keeps_it(tmp_path: Path) -> None:
    assert graph_files(toy(), tmp_path / "new" / "a.b")[0] == "a.b.gexf"
    assert (tmp_path / "new" / "a.b.gexf").is_file()


def test_xml_files_are_well_formed_for_the_schemas_they_name(tmp_path: Path) -> None:
    """Attributes of edges and nodes are declared before use; ids of edges are unique."""
    graph_files(hostile(), tmp_path / "g")
    root = ET.parse(tmp_path / "g.gexf").getroot()
    space = {"g": "http://www.gexf.net/1.2draft"}
    assert root.tag == "{http://www.gexf.net/1.2draft}gexf"
    declared = {
        (a.get("class"), x.get("id")) for a in root.iterfind(".//g:attributes", space) for x in a
    }
    for kind in ("node", "edge"):
        for element in root.iterfind(f".//g:{kind}", space):
            used = {(kind, v.get("for")) for v in element.iterfind(".//g:attvalue", space)}
            assert used <= declared
    ids = [e.get("id") for e in root.iterfind(".//g:edge", space)]
    assert (
        len(ids)
        == len(set(ids))
        == hostile().table.filter(pl.col("citing") != pl.col("cited")).height
    )


# --- a run ------------------------------------------------------------------------------------


def test_graphs_of_a_run_hold_the_numbers_of_its_tables(tmp_path: Path) -> None:
    """From records to files: nodes as countries.csv, edges as links.csv, years add up."""
    source = write(tmp_path / "toy.jsonl", toy_records())
    study = analysis.prepare(ingest([source], tmp_path / "corpus", processes=1), Options())
    tables = results.tables(study)
    whole = (study.options.first, study.options.last)
    for kind, table, links_table in (
        ("country", "countries", "links"),
        ("organisation", "organisations", "organisation_links"),
    ):
        links = study.links("quantum", whole, kind=kind, period="all")
        years = {
            y: study.links("quantum", (y, y), kind=kind) for y in range(whole[0], whole[1] + 1)
        }
        graph_files(links, tmp_path / kind, indicators=tables[table], yearly=years)
        here = (pl.col("technology") == "quantum") & (pl.col("period") == "all")
        graph = nx.read_gexf(tmp_path / f"{kind}.gexf")
        rows = tables[links_table].filter(here)
        assert found_edges(graph) == {
            (a, b): w for a, b, w in rows.select("citing", "cited", "weight").iter_rows() if a != b
        }
        assert graph.number_of_edges() > 0
        for row in tables[table].filter(here).iter_rows(named=True):
            node = graph.nodes[row[kind]]
            for name in ("families", "family_rank", "received", "given", "pagerank"):
                assert node.get(name) == row[name]
            if kind == "country":
                assert node["domestic"] == TOY[row[kind]][row[kind]] == row["domestic"]
                assert node["core"] == int(row["core"])
        for _, _, data in graph.edges(data=True):
            parts = [w for w, *_ in data["weight_by_year"]]
            assert math.fsum(parts) == pytest.approx(data["weight"], rel=1e-11)
