"""Draws of organisations at both ends, against the same in plain loops, and their weights."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from netpos.graph.links import Shares
from netpos.indicators.uncertainty import HELD, MEASURED
from netpos.indicators.weights import poisson_weights, units
from tests.indicators.plain import Case, Clusters, in_full, made_up, plain_draw, ready


@pytest.mark.parametrize("seed", range(6))
def test_every_draw_is_that_of_plain_loops_with_both_ends_weighted(seed: int) -> None:
    case = made_up(seed, families=(60, 25, 120)[seed % 3], pairs=(240, 20, 500)[seed % 3])
    if seed > 3:
        case = in_full(case)
    corpus = ready(case)
    nodes = corpus.table["country"].to_list()
    found = corpus.resample(draws=12, seed=seed).draws
    clusters = Clusters.made(case)
    checked = 0
    for d in range(12):
        expected = plain_draw(case, nodes, clusters.weights(d, seed))
        for name in (*MEASURED, *HELD):
            for k, country in enumerate(nodes):
                mine, theirs = found[name][d, k], expected[name][country]
                assert mine == pytest.approx(theirs, rel=1e-9, abs=1e-11, nan_ok=True)
                checked += bool(math.isfinite(theirs))
    assert checked > 400


def test_a_cited_organisation_drops_out_of_draws_as_well_as_a_citing_one() -> None:
    # three families of NL by three firms, all citing one firm of US: without it nothing is given
    countries = [{"NL": 1.0}] * 3 + [{"US": 1.0}]
    case = Case(
        countries,
        [["A"], ["B"], ["C"], ["U"]],
        [True] * 4,
        [2020] * 4,
        [(0, 3), (1, 3), (2, 3)],
    )
    drawn = ready(case).resample(draws=200).draws["balance_ratio"]
    cited = poisson_weights(np.array([3]), np.arange(200))[0] == 0
    assert 40 < cited.sum() < 110
    assert np.isnan(drawn[cited]).all()


# --- weights ------------------------------------------------------------------------------------


def test_a_family_of_several_organisations_weighs_their_mean_by_shares() -> None:
    case = replace(made_up(0, families=4), organisations=[["B", "A"], [], ["B"], ["A"]])
    rows = [(f, o, 1.0) for f, held in enumerate(case.organisations) for o in held]
    columns = {"family": pl.Int32, "organisation": pl.String, "share": pl.Float64}
    shares = Shares.of(pl.DataFrame(rows, schema=columns, orient="row"), "organisation", 4)
    unit, parts = units(shares)  # full counting: both have a whole, and half of the weight
    assert unit.tolist() == [2, 3, 1, 0]
    assert parts.toarray()[unit].tolist() == [
        [0.5, 0.5, 0.0, 0.0],
        [0.0, 0.0, 0.0, 1.0],
        [0.0, 1.0, 0.0, 0.0],
        [1.0, 0.0, 0.0, 0.0],
    ]
