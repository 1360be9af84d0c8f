"""A network prepared for other programs."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import polars as pl

from netpos.viz.export import RESERVED
from netpos.viz.graph_files import graph_files
from tests.viz.test_graph_files import toy


def test_reserved_names_get_an_underscore_and_keep_their_values(tmp_path: Path) -> None:
    rows = {name: [float(k)] * 4 for k, name in enumerate([*RESERVED, "Label", "id_", "a<b&\x01"])}
    table = pl.DataFrame({"country": ["CN", "DE", "NL", "US"], **rows})
    graph_files(toy(), tmp_path / "g", indicators=table)
    for graph in (nx.read_gexf(tmp_path / "g.gexf"), nx.read_graphml(tmp_path / "g.graphml")):
        node = graph.nodes["NL"]
        assert node["label"] == "Netherlands"
        assert {k: node[f"{k}_"] for k in RESERVED} == {k: rows[k][0] for k in RESERVED}
        assert (node["Label_"], node["id_ (2)"], node["a<b&"]) == (11.0, 12.0, 13.0)
        assert graph.edges["NL", "DE"]["weight"] == 3.0
