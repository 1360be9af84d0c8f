"""netpos: read a country's technology position from patent citations.

The public names are listed here once and loaded when first used, so that ``import netpos`` and the
command line start quickly.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netpos.analysis.engines import links_on as links_on
    from netpos.analysis.engines import links_queries as links_queries
    from netpos.analysis.study import country_links as country_links
    from netpos.analysis.study import organisation_links as organisation_links
    from netpos.analysis.study import prepare as prepare
    from netpos.countries.codes import data_path as data_path
    from netpos.countries.codes import docs_path as docs_path
    from netpos.graph.backbone import backbone as backbone
    from netpos.graph.balance import balance as balance
    from netpos.graph.balance import pure_importer as pure_importer
    from netpos.graph.balance import reciprocity as reciprocity
    from netpos.graph.centrality import eigenvector as eigenvector
    from netpos.graph.centrality import hits as hits
    from netpos.graph.centrality import pagerank as pagerank
    from netpos.graph.core import core as core
    from netpos.graph.core import core_distance as core_distance
    from netpos.graph.core import near_core as near_core
    from netpos.graph.dependence import dependents as dependents
    from netpos.graph.dependence import exposure as exposure
    from netpos.graph.dependence import rao_stirling as rao_stirling
    from netpos.graph.dependence import similarity as similarity
    from netpos.graph.dependence import source_diversity as source_diversity
    from netpos.graph.paths import betweenness as betweenness
    from netpos.graph.paths import harmonic_in as harmonic_in
    from netpos.graph.paths import harmonic_out as harmonic_out
    from netpos.graph.peel import s_core as s_core
    from netpos.graph.sampling import sampled_betweenness as sampled_betweenness
    from netpos.graph.strength import domestic as domestic
    from netpos.graph.strength import given as given
    from netpos.graph.strength import given_per_family as given_per_family
    from netpos.graph.strength import partners as partners
    from netpos.graph.strength import received as received
    from netpos.graph.strength import received_per_family as received_per_family
    from netpos.indicators.complexity import complexity_tables as complexity_tables
    from netpos.ingest.corpus import Corpus as Corpus
    from netpos.ingest.corpus import open_corpus as open_corpus
    from netpos.ingest.corpus import read as read
    from netpos.ingest.user_tables import read_links as read_links
    from netpos.ingest.user_tables import read_matrix as read_matrix
    from netpos.options import Options as Options
    from netpos.tables import Links as Links
    from netpos.viz.maps.map import network_map as network_map

__version__ = "0.1.0"

#: Public name -> module it is defined in.
_HOME = {
    "Corpus": "netpos.ingest.corpus",
    "Links": "netpos.tables",
    "Options": "netpos.options",
    "backbone": "netpos.graph.backbone",
    "balance": "netpos.graph.balance",
    "betweenness": "netpos.graph.paths",
    "complexity_tables": "netpos.indicators.complexity",
    "core": "netpos.graph.core",
    "core_distance": "netpos.graph.core",
    "country_links": "netpos.analysis",
    "data_path": "netpos.countries.codes",
    "dependents": "netpos.graph.dependence",
    "docs_path": "netpos.countries.codes",
    "domestic": "netpos.graph.strength",
    "eigenvector": "netpos.graph.centrality",
    "exposure": "netpos.graph.dependence",
    "given": "netpos.graph.strength",
    "given_per_family": "netpos.graph.strength",
    "harmonic_in": "netpos.graph.paths",
    "harmonic_out": "netpos.graph.paths",
    "hits": "netpos.graph.centrality",
    "links_on": "netpos.analysis.engines",
    "links_queries": "netpos.analysis.engines",
    "near_core": "netpos.graph.core",
    "network_map": "netpos.viz.maps.map",
    "open_corpus": "netpos.ingest.corpus",
    "organisation_links": "netpos.analysis",
    "pagerank": "netpos.graph.centrality",
    "partners": "netpos.graph.strength",
    "prepare": "netpos.analysis",
    "pure_importer": "netpos.graph.balance",
    "rao_stirling": "netpos.graph.dependence",
    "read": "netpos.ingest.corpus",
    "read_links": "netpos.ingest.user_tables",
    "read_matrix": "netpos.ingest.user_tables",
    "received": "netpos.graph.strength",
    "received_per_family": "netpos.graph.strength",
    "reciprocity": "netpos.graph.balance",
    "s_core": "netpos.graph.peel",
    "sampled_betweenness": "netpos.graph.sampling",
    "similarity": "netpos.graph.dependence",
    "source_diversity": "netpos.graph.dependence",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    if name in _HOME:
        value = getattr(import_module(_HOME[name]), name)
        globals()[name] = value
        return value
    message = f"module 'netpos' has no attribute '{name}'"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
