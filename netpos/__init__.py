"""netpos: read a country's technology position from patent citations."""

from netpos.analysis import country_links, organisation_links, prepare
from netpos.ingest.corpus import Corpus, ingest, open_corpus, read
from netpos.options import Options
from netpos.tables import Links

__version__ = "0.1.0"

__all__ = [
    "Corpus",
    "Links",
    "Options",
    "country_links",
    "ingest",
    "open_corpus",
    "organisation_links",
    "prepare",
    "read",
]
