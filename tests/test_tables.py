"""The shared tables: what `Links` accepts, and what it hands to other libraries."""

from __future__ import annotations

import polars as pl
import pytest

from netpos.errors import TableError
from netpos.tables import Links

TABLE = pl.DataFrame(
    {
        "citing": ["NL", "NL", "DE", "NL"],
        "cited": ["DE", "NL", "NA", "DE"],
        "weight": [1.5, 4.0, 2.0, 0.5],
        "citations": [2, 4, 2, 1],
    }
)


def test_repeated_pairs_are_added_up_and_isolates_stay() -> None:
    links = Links.from_table(TABLE, {"NL": 3.0, "XK": 1.0})
    assert links.countries == ["DE", "NA", "NL", "XK"]
    assert links.table.rows() == [("DE", "NA", 2.0, 2), ("NL", "DE", 2.0, 3), ("NL", "NL", 4.0, 4)]
    assert links.nodes["families"].to_list() == [None, None, 3.0, 1.0]


def test_matrix_sparse_networkx_and_igraph_agree() -> None:
    links = Links.from_table(TABLE, {"XK": 1.0})
    dense = links.matrix()
    assert (links.sparse().toarray() == dense).all()
    graph = links.to_networkx()
    names = links.countries
    assert list(graph.nodes) == names
    for i, citing in enumerate(names):
        for j, cited in enumerate(names):
            weight = graph.edges[citing, cited]["weight"] if graph.has_edge(citing, cited) else 0
            assert weight == dense[i, j]
    assert graph.edges["NL", "DE"]["distance"] == 0.5
    assert graph.edges["NL", "DE"]["citations"] == 3
    assert "families" not in graph.nodes["NL"]
    other = links.to_igraph(domestic=False)
    edges = {(names[e.source], names[e.target]): e["weight"] for e in other.es}
    assert edges == {("NL", "DE"): 2.0, ("DE", "NA"): 2.0}
    assert links.to_pandas()["weight"].sum() == 8.0


@pytest.mark.parametrize("weight", [-1.0, None, float("nan"), float("inf")])
def test_a_weight_that_is_no_number_at_least_zero_is_named(weight: float | None) -> None:
    bad = pl.DataFrame({"citing": ["NL"], "cited": ["DE"], "weight": [weight]})
    with pytest.raises(TableError, match="NL -> DE"):
        Links.from_table(bad.with_columns(pl.col("weight").cast(pl.Float64)))


def test_a_missing_column_lists_what_is_there() -> None:
    with pytest.raises(TableError, match="'citing' is missing; it has: from, to"):
        Links.from_table(pl.DataFrame({"from": ["NL"], "to": ["DE"]}))


def test_an_unknown_count_of_citations_stays_unknown() -> None:
    table = TABLE.with_columns(citations=pl.Series([2, 4, 2, None]))
    links = Links.from_table(table)
    assert dict(
        links.table.select(pl.col("citing") + pl.col("cited"), "citations").iter_rows()
    ) == {"DENA": 2, "NLDE": None, "NLNL": 4}
