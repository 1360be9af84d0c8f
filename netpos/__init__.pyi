"""The public names of netpos, each with the module it is defined in: the one list of them."""

from .analysis.aggregate_queries import aggregate_queries as aggregate_queries
from .analysis.aggregates import Aggregates as Aggregates
from .analysis.aggregates import aggregates_on as aggregates_on
from .analysis.engines import links_on as links_on
from .analysis.engines import links_queries as links_queries
from .analysis.shortcuts import country_links as country_links
from .analysis.shortcuts import organisation_links as organisation_links
from .analysis.study import prepare as prepare
from .commands.library import Results as Results
from .commands.library import run as run
from .countries.codes import data_path as data_path
from .countries.codes import docs_path as docs_path
from .graph.backbone import backbone as backbone
from .graph.balance import balance as balance
from .graph.balance import pure_importer as pure_importer
from .graph.balance import reciprocity as reciprocity
from .graph.centrality import eigenvector as eigenvector
from .graph.centrality import hits as hits
from .graph.centrality import pagerank as pagerank
from .graph.core import core as core
from .graph.core import core_distance as core_distance
from .graph.core import near_core as near_core
from .graph.dependence import dependents as dependents
from .graph.dependence import exposure as exposure
from .graph.dependence import rao_stirling as rao_stirling
from .graph.dependence import similarity as similarity
from .graph.dependence import source_diversity as source_diversity
from .graph.paths import betweenness as betweenness
from .graph.paths import harmonic_in as harmonic_in
from .graph.paths import harmonic_out as harmonic_out
from .graph.peel import s_core as s_core
from .graph.sampling import sampled_betweenness as sampled_betweenness
from .graph.strength import domestic as domestic
from .graph.strength import given as given
from .graph.strength import given_per_family as given_per_family
from .graph.strength import partners as partners
from .graph.strength import received as received
from .graph.strength import received_per_family as received_per_family
from .indicators.complexity import complexity_tables as complexity_tables
from .ingest.corpus import Corpus as Corpus
from .ingest.corpus import open_corpus as open_corpus
from .ingest.corpus import read as read
from .ingest.user_tables import read_links as read_links
from .ingest.user_tables import read_matrix as read_matrix
from .options import Options as Options
from .tables import Links as Links
from .viz.maps.map import network_map as network_map

__version__: str
__all__: list[str]
