"""A corpus under the options of a run, and every table, mark and list made from it."""

from netpos.analysis.chosen import NO_FILTERS, UNION, counted_pairs, members
from netpos.analysis.coverage import coverage_table
from netpos.analysis.located import country_shares, home_countries
from netpos.analysis.shortcuts import country_links, organisation_links
from netpos.analysis.study import (
    Kind,
    Span,
    Study,
    Tables,
    prepare,
)

__all__ = [
    "NO_FILTERS",
    "UNION",
    "Kind",
    "Span",
    "Study",
    "Tables",
    "counted_pairs",
    "country_links",
    "country_shares",
    "coverage_table",
    "home_countries",
    "members",
    "organisation_links",
    "prepare",
]
