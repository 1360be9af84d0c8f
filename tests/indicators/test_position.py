"""The tables of countries and organisations: ranks, betweenness of organisations, members."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import numpy as np
import polars as pl
import pytest

import netpos
from netpos import analysis
from netpos.analysis import results
from netpos.indicators import position
from netpos.indicators.position import (
    country_table,
    organisation_table,
    rank,
    rank_of_present,
    rank_where_any,
)
from netpos.options import make
from netpos.tables import Links
from tests.graph.toys import links_of, names, random_matrix, to_networkx
from tests.lens import few, lens_id, record, write

HOME = pl.DataFrame({"organisation": ["AA"], "country": ["NL"]})


def organisations(matrix: np.ndarray) -> Links:
    links = links_of(matrix, families=[float(k) for k in range(len(matrix))])
    nodes = links.nodes.with_columns(cited_by_families=pl.lit(2.0), self_citations=pl.lit(0.0))
    return Links(nodes, links.table, "organisation")


def test_a_rank_is_the_number_of_larger_ones_and_one() -> None:
    table = pl.DataFrame({"x": [5.0, 7.0, 5.0, 0.0, None, 1.0]})
    assert table.select(rank("x"))["x"].to_list() == [2, 1, 2, 5, None, 4]
    assert table.select(rank_of_present("x"))["x"].to_list() == [2, 1, 2, None, None, 4]


def test_who_holds_no_family_has_no_rank_by_families() -> None:
    links = links_of([[0, 2, 0], [1, 0, 4], [0, 3, 0]], ["DE", "NL", "US"], [0.0, 4.0, 9.0])
    nodes = links.nodes.with_columns(
        families_international=pl.Series([0.0, 0.0, 2.0]), cited_by_families=pl.lit(0.0)
    )
    table = country_table(Links(nodes, links.table), links, focal="NL", year=2024)
    assert table["family_rank"].to_list() == [None, 2, 1]
    assert table["international_rank"].to_list() == [None, None, 1]
    assert table["family_share"].to_list() == [0.0, pytest.approx(4 / 13), pytest.approx(9 / 13)]
    assert table["received_rank"].to_list() == [3, 1, 2]  # cited once, five times, four times


def test_a_country_that_gives_and_receives_nothing_still_is_in_a_bloc_or_in_none() -> None:
    links = links_of([[0, 2, 0], [1, 0, 0], [0, 0, 0]], ["DE", "NL", "US"], [5.0, 4.0, 9.0])
    extra = pl.DataFrame({"node": ["BR", "FR"], "families": [1.0, 1.0]})
    nodes = pl.concat([links.nodes, extra], how="diagonal").sort("node")
    nodes = nodes.with_columns(families_international=pl.lit(0.0), cited_by_families=pl.lit(0.0))
    table = country_table(Links(nodes, links.table), links, focal="NL", year=2024)
    found = dict(table.select("country", "no_bloc").iter_rows())
    assert found == {"BR": True, "DE": False, "FR": False, "NL": False, "US": False}


@pytest.mark.parametrize("seed", range(12))
def test_betweenness_of_organisations_is_that_of_networkx(seed: int) -> None:
    links = organisations(random_matrix(seed))
    found = dict(organisation_table(links, HOME).select("organisation", "betweenness").iter_rows())
    if len(found) < 3:
        assert set(found.values()) == {None}
        return
    expected = nx.betweenness_centrality(to_networkx(links), weight="distance")
    assert found == pytest.approx(expected, abs=1e-8)


def test_betweenness_of_too_many_linked_organisations_is_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    w = np.zeros((6, 6))
    w[0, 1] = w[1, 2] = w[2, 3] = 1.0
    w[4, 4] = 7.0  # cites itself alone, as the last one cites nobody: neither is a link
    links = organisations(w)
    monkeypatch.setattr(position, "MOST_BETWEEN", 4)
    found = organisation_table(links, HOME)["betweenness"].to_list()
    # on the way from A to C and D lies B, to D from A and B lies C: 2 of 5 * 4 pairs each
    assert found == [0.0, pytest.approx(0.1), pytest.approx(0.1), 0.0, 0.0, 0.0]
    monkeypatch.setattr(position, "MOST_BETWEEN", 3)
    table = organisation_table(links, HOME)
    assert table["betweenness"].to_list() == [None] * 6
    assert table["betweenness"].dtype == pl.Float64
    assert table["pagerank"].null_count() == 0
    assert table["organisation"].to_list() == names(6)


@pytest.mark.parametrize(
    ("sizes", "part", "mark"),
    [
        ([1, 1], 1.0, False),
        ([5, 5], 0.2, True),
        ([1, 4], 0.4, True),  # 2 of 5
        ([None, 4], 0.25, True),  # the first does not state it
        ([None, None], None, None),
    ],
)
def test_the_part_of_members_in_the_corpus_stands_beside_the_value(
    tmp_path: Path, sizes: list[int | None], part: float | None, mark: bool | None
) -> None:
    records = []
    for n, size in enumerate(sizes, start=1):
        one = record(n)
        members = [{"lens_id": lens_id(n)}]
        members += [{"lens_id": lens_id(100 * n + k)} for k in range((size or 1) - 1)]
        one["families"] = {"simple_family": {"members": members, "size": size}}
        if size is None:
            one["families"] = {}
        records.append(one)
    _, two = few(tmp_path, "quantum", "imaging")
    options = make({"draws": 0, "sensitivity": False, "technologies": two})
    study = analysis.prepare(netpos.read(write(tmp_path / "x.jsonl", records)), options)
    whole = results.tables(study)["technologies"]
    table = whole.filter(pl.col("period") == "all")
    row = table.filter(pl.col("technology") == "quantum").row(0, named=True)
    assert row["members_in_corpus"] == (None if part is None else pytest.approx(part))
    assert row["members_missed"] is mark
    empty = table.filter(pl.col("technology") == "imaging").row(0, named=True)
    assert (empty["members_in_corpus"], empty["members_missed"]) == (None, None)
    mine = whole.filter(pl.col("technology") == "quantum").sort("period")
    assert mine["period"].to_list() == ["2015-2020", "2021-2025", "all"]
    assert mine["members_missed"].to_list() == [mark, None, mark]  # all published in 2018


def test_what_a_table_of_links_does_not_tell_of_its_countries_is_null() -> None:
    links = links_of([[0, 2, 0], [1, 0, 4], [0, 3, 0]], ["DE", "NL", "US"], [5.0, 4.0, 9.0])
    table = country_table(links, links, focal="NL", year=2024)
    for column in ("families_international", "international_share", "cited_by_families"):
        assert table[column].dtype == pl.Float64
        assert table[column].to_list() == [None] * 3
    assert table["received"].to_list() == [1.0, 5.0, 4.0]


def test_parts_of_a_family_have_a_rank() -> None:
    table = pl.DataFrame({"x": [0.25, 0.5, 0.0]})
    assert table.select(rank_where_any("x"))["x"].to_list() == [2, 1, 3]
