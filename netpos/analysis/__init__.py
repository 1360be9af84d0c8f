"""A corpus under the options of a run, and every table, mark and list made from it."""

from netpos.analysis.study import (
    NO_FILTERS,
    UNION,
    Span,
    Study,
    Tables,
    counted_pairs,
    country_links,
    country_shares,
    coverage_table,
    home_countries,
    members,
    organisation_links,
    prepare,
)

__all__ = [
    "NO_FILTERS",
    "UNION",
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
