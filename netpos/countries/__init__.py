"""Codes of countries and offices, successor states, memberships, gross national income.

Codes are looked up exactly, never by substring. A *country* is one of the 249 codes of ISO 3166-1
or Kosovo (XK); an *office* (EP, WO, ...) is never a country; a *historic* code (SU, DD, ...) is
drawn as its successor but keeps its own, empty row in the table of memberships.

The tables are shipped in the folder ``data``; its ``sources.toml`` says where each comes from.
"""

from netpos.countries.benchmarks import benchmark_codes
from netpos.countries.codes import (
    countries,
    data_path,
    is_country,
    is_office,
    name,
    node_names,
    with_names,
)
from netpos.countries.memberships import (
    blocs,
    class_overrides,
    gni,
    member,
    membership_class,
    memberships,
)
from netpos.countries.resolve import check_focal, focal_code, label_to_country, resolve
from netpos.countries.unions import is_union, lifted, summed, union_members

__all__ = [
    "benchmark_codes",
    "blocs",
    "check_focal",
    "class_overrides",
    "countries",
    "data_path",
    "focal_code",
    "gni",
    "is_country",
    "is_office",
    "is_union",
    "label_to_country",
    "lifted",
    "member",
    "membership_class",
    "memberships",
    "name",
    "node_names",
    "resolve",
    "summed",
    "union_members",
    "with_names",
]
