"""What a map shows: countries, links, indicators, the core."""

from __future__ import annotations

import random

import polars as pl
import pytest

from netpos.tables import Links
from netpos.viz.maps import picture as map_picture
from netpos.viz.maps.map import network_map
from netpos.viz.maps.picture import picture
from tests.viz.conftest import organisation_network
from tests.viz.maps.test_map import data_of, four


def test_a_country_in_focus_is_kept_however_small_it_is():
    names = [f"O{k:03d}" for k in range(600)]
    links = organisation_network(names, 3_000)
    lone = pl.concat(
        [links.nodes, pl.DataFrame({"node": ["zz"], "families": [1.0], "country": ["NL"]})],
        how="diagonal_relaxed",
    )
    links = Links(lone.sort("node"), links.table, "organisation")
    shown = map_picture.picture(links, focal="zz")
    assert shown.ids[shown.focal[0]] == "zz"
    assert len(shown.ids) == 500


def test_indicators_are_matched_by_code_and_period_and_unknown_stays_empty(tmp_path):
    table = pl.DataFrame(
        {
            "technology": ["toy"] * 3 + ["other"],
            "period": ["all", "all", "2015-2020", "all"],
            "country": ["US", "NL", "NL", "NL"],
            "core_distance": [0.0, 0.733674, 0.5, 9.0],
            "core_distance_low": [0.0, 0.61, 0.4, 9.0],
            "core_distance_high": [0.0, 0.82, 0.6, 9.0],
            "similarity": [None, 0.6, 0.7, 9.0],
            "core": [True, False, False, False],
        }
    )
    periods = {"2015-2020": four()}
    data = data_of(network_map(four(), tmp_path / "m.html", indicators=table, periods=periods))
    ids = data["nodes"]["id"]
    nl, de, us = (ids.index(c) for c in ("NL", "DE", "US"))
    whole, early = data["indicators"]["all"], data["indicators"]["2015-2020"]
    assert (whole["core_distance"][nl], early["core_distance"][nl]) == (0.733674, 0.5)
    assert (whole["core_distance_low"][nl], whole["core_distance_high"][nl]) == (0.61, 0.82)
    assert whole["similarity"][us] is None
    assert whole["core_distance"][de] is None
    assert data["nodes"]["core"][us] == map_picture.CORE


def test_the_core_and_the_distance_come_from_the_analysis(tmp_path):
    shown = map_picture.picture(four())
    at = {code: i for i, code in enumerate(shown.ids)}
    # METHODS 4: core {US, CN}; distances .733674 and .388416
    assert {c for c in at if shown.core[at[c]] == map_picture.CORE} == {"US", "CN"}
    assert shown.distance[at["NL"]] == pytest.approx(0.733674, abs=5e-7)
    assert shown.distance[at["DE"]] == pytest.approx(0.388416, abs=5e-7)


def test_memberships_follow_the_year():
    links = Links.from_table(pl.DataFrame({"citing": ["GB"], "cited": ["NL"], "weight": [1.0]}))
    assert map_picture.picture(links, year=2019).bloc == [0, 0]
    assert map_picture.picture(links, year=2025).bloc == [1, 0]


def test_the_layout_leaves_the_global_random_numbers_alone(sixty):
    random.seed(11)
    expected = [random.random() for _ in range(3)]
    random.seed(11)
    picture(sixty)
    assert [random.random() for _ in range(3)] == expected


def test_communities_are_the_groups_that_exchange_among_themselves():
    rows = [(a, b, 10.0) for block in ("ABCD", "EFGH") for a in block for b in block if a != b]
    table = pl.DataFrame([*rows, ("A", "E", 1.0)], ["citing", "cited", "weight"], orient="row")
    shown = picture(Links.from_table(table, {**dict.fromkeys("ABCDEFGH", 1.0), "I": 1.0}))
    assert len(set(shown.community[:4])) == len(set(shown.community[4:8])) == 1
    assert shown.community[0] != shown.community[4]
    assert shown.community[8] == -1
