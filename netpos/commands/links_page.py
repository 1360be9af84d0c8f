"""The page of ``netpos links``: the country in focus in the user's own links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from netpos import countries
from netpos.viz.numbers import FORMS, formed
from netpos.viz.report.findings import Findings, Section, Shown, finding_words
from netpos.viz.words import in_sentence, technology_name

_WHOLE = "all"
#: Rows of a table of countries, and of sources and users.
_MOST, _NEAREST = 15, 10
_POSITION = {
    "received": "one", "given": "one", "domestic": "one", "balance_ratio": "two",
    "partners": "count", "source_effective": "one", "core_distance": "small",
}  # fmt: skip

Tables = Mapping[str, pl.DataFrame]


def links_page(
    tables: Tables,
    maps: Mapping[str, str],
    focal: str,
    compared: Sequence[str],
    notes: Sequence[str],
    *,
    year: int,
    lang: str,
    synthetic: bool,
) -> tuple[Findings, dict[str, Any]]:
    """Return the page of a table of links, and its figures.

    Parameters
    ----------
    tables
        ``countries``, ``links``, ``exposure``, ``dependents``, with technology and period.
    maps
        Technology -> file of its map.
    focal
        Code of the country in focus.
    compared
        Countries that figures and tables of countries are about; empty: those with most.
    notes
        What the reader must know first.
    year
        Reference year of memberships.
    lang
        ``en`` or ``nl``.
    synthetic
        The links are made up.
    """
    from netpos.viz.charts.flows import exchange  # the chart library is slow to load

    t = finding_words(lang)["links"]
    said = in_sentence(focal, lang)
    mine = tables["countries"].filter(pl.col("country") == focal)
    keys = ("technology", "period")
    position = {"technology": "technology", "period": "word", **_POSITION}
    sections = [
        Section(t["position"], tables=[Shown("countries", mine, position, [*keys, "country"])])
    ]
    if compared:
        names = ", ".join(countries.name(code, lang) for code in compared)
        sections[0] = Section(
            t["position"], [t["benchmark"].format(names=names)], tables=sections[0].tables
        )
    drawn, captions = {}, {}
    for number, (technology, file) in enumerate(maps.items(), start=1):
        name = technology_name(technology, lang)
        figure = "exchange" if len(maps) == 1 else f"exchange-{number}"
        rows = _whole(tables["countries"], technology)
        drawn[figure] = exchange(rows, focal, t, benchmark=compared)
        captions[figure] = t["figure"].format(technology=name)
        sections += [
            Section(
                t["countries"].format(technology=name),
                figures=[figure],
                tables=[_countries(rows, focal, compared)],
                link=(file, t["maps"].format(technology=name)),
            ),
            *_both_ways(tables, technology, name, said, t),
        ]
    whole = tables["links"].filter(pl.col("period") == _WHOLE)
    facts = {
        t["fact_countries"]: formed(
            tables["countries"]["country"].n_unique(), FORMS["count"], lang
        ),
        t["fact_links"]: formed(whole.height, FORMS["count"], lang),
        t["fact_weight"]: formed(float(whole["weight"].sum()), FORMS["one"], lang),
        t["fact_year"]: str(year),
    }
    page = Findings(
        lang,
        t["title"].format(focal=countries.name(focal, lang)),
        t["lead"].format(focal=said),
        facts,
        notes,
        sections,
        captions=captions,
        reading=t["reading"],
        synthetic=synthetic,
    )
    return page, drawn


def _whole(table: pl.DataFrame, technology: str) -> pl.DataFrame:
    return table.filter((pl.col("technology") == technology) & (pl.col("period") == _WHOLE))


def _countries(rows: pl.DataFrame, focal: str, compared: Sequence[str]) -> Shown:
    """Return the countries that receive and give most, or those compared with."""
    both = pl.col("received") + pl.col("given")
    order = rows.sort([both, pl.col("country")], descending=[True, False])
    if compared:
        order = order.filter(pl.col("country").is_in([focal, *compared]))
    shown = order.head(_MOST)
    if focal not in set(shown["country"]):
        shown = pl.concat([shown, order.filter(pl.col("country") == focal)])
    columns = {"country": "country", **_POSITION}
    keys = ("technology", "period", "country")
    of = None if compared else order.height
    return Shown("countries", shown, columns, keys, focal=("country", focal), of=of)


def _both_ways(
    tables: Tables, technology: str, name: str, said: str, t: Mapping[str, Any]
) -> list[Section]:
    """Return on whom the country builds and who builds on it."""
    sources = _whole(tables["exposure"], technology).filter(pl.col("kind") == "country")
    sources = sources.sort(["share", "source"], descending=[True, False])
    users = _whole(tables["dependents"], technology)
    users = users.sort(["share", "country"], descending=[True, False])
    of_sources = {"source": "country", "share": "percent", "effective_without": "one"}
    of_users = {"country": "country", "share": "percent"}
    keys = ["technology", "period"]
    found = [
        (
            "sources",
            Shown(
                "exposure", sources.head(_NEAREST), of_sources, [*keys, "kind", "source"],
                of=sources.height,
            ),
        ),
        (
            "users",
            Shown(
                "dependents", users.head(_NEAREST), of_users, [*keys, "country"], of=users.height
            ),
        ),
    ]  # fmt: skip
    return [
        Section(t[key].format(focal=said, technology=name), tables=[shown]) for key, shown in found
    ]
