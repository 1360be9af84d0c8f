"""Every indicator of nodes keeps the same promises."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import get_args

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from netpos.graph.balance import BalanceKind, balance, pure_importer
from netpos.graph.centrality import (
    betweenness,
    domestic,
    eigenvector,
    given,
    given_per_family,
    harmonic_in,
    harmonic_out,
    hits,
    pagerank,
    partners,
    received,
    received_per_family,
    s_core,
)
from netpos.graph.core import (
    CoreMethod,
    DistanceKind,
    core,
    core_distance,
    near_core,
    relative_distance,
)
from netpos.graph.coreness import coreness
from netpos.graph.dependence import similarity, source_diversity
from netpos.graph.sampling import sampled_betweenness
from netpos.tables import Links
from tests.graph.toys import EMPTY, NO_LINKS, ONE_ISOLATE, SINGLE, STAR, TOY, TWO_BLOCS, shuffled

NodeIndicator = Callable[[Links], pl.DataFrame]

NODE_INDICATORS: dict[str, NodeIndicator] = {
    f.__name__: f
    for f in (
        received,
        given,
        domestic,
        partners,
        received_per_family,
        given_per_family,
        pagerank,
        hits,
        betweenness,
        harmonic_in,
        harmonic_out,
        s_core,
        eigenvector,
        pure_importer,
        near_core,
        relative_distance,
        coreness,
        source_diversity,
    )
}
NODE_INDICATORS |= {f"balance {k}": partial(balance, kind=k) for k in get_args(BalanceKind)}
NODE_INDICATORS |= {f"core {m}": partial(core, method=m) for m in get_args(CoreMethod)}
NODE_INDICATORS |= {f"distance {k}": partial(core_distance, kind=k) for k in get_args(DistanceKind)}
NODE_INDICATORS["similarity"] = partial(similarity, year=2025)
NODE_INDICATORS["betweenness sampled"] = partial(sampled_betweenness, sources=2)

NETWORKS = {
    "toy": TOY,
    "blocs": TWO_BLOCS,
    "star": STAR,
    "isolate": ONE_ISOLATE,
    "none linked": NO_LINKS,
    "single": SINGLE,
    "empty": EMPTY,
}


@pytest.mark.parametrize("indicator", NODE_INDICATORS.values(), ids=NODE_INDICATORS.keys())
@pytest.mark.parametrize("links", NETWORKS.values(), ids=NETWORKS.keys())
def test_every_node_indicator_keeps_its_promises(indicator: NodeIndicator, links: Links) -> None:
    result = indicator(links)
    assert result.columns[0] == "country"
    assert result["country"].to_list() == links.countries  # every country, isolates too, in order
    for column in result.select(pl.selectors.float()):
        assert column.drop_nulls().is_finite().all()  # undefined is null
        assert not any(str(x) == "-0.0" for x in column)
    assert all(t in (pl.String, pl.Float64, pl.Int64, pl.Boolean) for t in result.dtypes)
    assert_frame_equal(
        indicator(shuffled(links)), result, check_exact=True
    )  # row order is irrelevant
    assert result.schema == indicator(TOY).schema


@pytest.mark.parametrize(
    "indicator",
    [f for name, f in NODE_INDICATORS.items() if name != "similarity"],
    ids=[name for name in NODE_INDICATORS if name != "similarity"],
)
def test_every_node_indicator_names_organisations_so(indicator: NodeIndicator) -> None:
    links = Links(TWO_BLOCS.nodes, TWO_BLOCS.table, kind="organisation")
    result = indicator(links)
    assert result.columns[0] == "organisation"
    assert result.drop("organisation").equals(indicator(TWO_BLOCS).drop("country"))
