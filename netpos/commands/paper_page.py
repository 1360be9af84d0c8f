"""Papers that patents cite, on pages: a page of their own, maps, and a section of the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl
from markupsafe import Markup

import netpos
from netpos import countries
from netpos.analysis import UNION
from netpos.commands.papers import Papers, paper_evidence, paper_network
from netpos.commands.publish import write_figures
from netpos.outputs import Outputs
from netpos.viz.maps import map as network_map
from netpos.viz.page import Figure
from netpos.viz.report.findings import (
    Findings,
    Section,
    Shown,
    finding_words,
    rendered,
    write_findings,
)
from netpos.viz.report.findings_answer import Measure, cell, told
from netpos.viz.sources import Sources
from netpos.viz.words import in_sentence, translated, words

_WHOLE = "all"
_KEYS = ("technology", "period", "country")
_LINK_KEYS = ("technology", "period", "citing", "cited")
_FORMS = {
    "families": "one", "papers": "one", "papers_per_family": "two", "home_source": "percent",
    "used": "one", "home_use": "percent",
}  # fmt: skip
_COVERAGE = {
    "families": "count", "families_readable": "count", "families_naming": "count",
    "references": "count", "identified": "count", "identified_share": "percent", "links": "count",
    "links_located": "count", "papers": "count",
}  # fmt: skip
#: Countries listed in a table.
_MOST = 10

Tables = Mapping[str, pl.DataFrame]


def write_papers(
    papers: Papers,
    tables: Tables,
    written: Outputs,
    names: Mapping[str, Mapping[str, str]],
    *,
    synthetic: bool,
) -> Markup:
    """Write ``papers.html``, its figure and a map of each technology; give the report's section.

    Parameters
    ----------
    papers
        What the tables were made of.
    tables
        As `netpos.commands.papers.paper_tables` gives them.
    written
        Where files go.
    names
        Titles of the technologies in both languages.
    synthetic
        Say that the data are made up.
    """
    options = papers.study.options
    lang, focal = options.lang, options.focal
    t = finding_words(lang)["papers"]
    maps = _maps(papers, tables, written, names, synthetic=synthetic)
    made_up = words(lang)["synthetic_short"] if synthetic else None
    figures = _figures(tables, focal, lang, t, names, made_up) if options.figures else {}
    write_figures(figures, written, png=options.png)
    about = [translated(w, "warning", lang) for w in papers.warnings()]
    page = Findings(
        lang,
        t["title"].format(focal=countries.name(focal, lang)),
        t["lead"].format(focal=in_sentence(focal, lang), first=options.first, last=options.last),
        {},
        [text for text, _ in about],
        [
            _position(tables, focal, t, lang),
            *(
                _technology(tables, name, focal, t, titles[lang], maps.get(name))
                for name, titles in names.items()
            ),
            _coverage(tables, t),
        ],
        figures=figures,
        captions={name: _caption(t, focal, lang) for name in figures},
        reading=t["reading"],
        files=sorted(n for n in tables if n.startswith("science_link")),
        inputs=[name for name, _ in papers.files],
        version=netpos.__version__,
        synthetic=synthetic,
        sources=_sources(papers).told(lang, synthetic=synthetic),
        names={name: titles[lang] for name, titles in names.items()},
        answer=_answer(tables, focal, t, names, lang),
        png=options.png,
    )
    written.text("papers.html", write_findings(page))
    short = replace(page, sections=[_position(tables, focal, t, lang)])
    return rendered(
        short,
        heading=t["section"],
        ident="papers",
        lead=t["section_text"].format(focal=in_sentence(focal, lang)),
        more=("papers.html", t["more"]),
    )


def _sources(papers: Papers) -> Sources:
    """Return where patents and works are from."""
    forms = [i["form"] for i in papers.study.corpus.manifest["inputs"]]
    return Sources.of_forms(forms).and_those(Sources.of_works(papers.works.source))


def _answer(
    tables: Tables,
    focal: str,
    t: Mapping[str, Any],
    names: Mapping[str, Mapping[str, str]],
    lang: str,
) -> list[tuple[str, Markup]]:
    """Say whose papers its patents use, who uses its papers, and how far references lead."""
    rows = _mine(tables, focal)
    said = {name: titles[lang] for name, titles in names.items()}
    found = []
    for part, column in (("source", "home_source"), ("use", "home_use")):
        measure = Measure("science_linkage", column, "percent", _KEYS)
        words_of = {way: t[f"answer_{part}_{way}"] for way in ("up", "down", "left", "none")}
        both = {**finding_words(lang), **words_of}
        found.append((t[f"answer_{part}"], told(rows, measure, 0.5, said, both, lang)))
    here = (pl.col("technology") == UNION) & (pl.col("period") == _WHOLE)
    coverage = tables["science_link_coverage"].filter(here).drop_nulls("identified_share")
    if coverage.height:
        keys = ("technology", "period")
        row = coverage.row(0, named=True)
        text = Markup(t["answer_identified"]).format(
            share=cell(
                Measure("science_link_coverage", "identified_share", "percent", keys), row, lang
            ),
            references=cell(
                Measure("science_link_coverage", "references", "count", keys), row, lang
            ),
        )
        found.append((t["answer_certain"], text))
    return found


def _caption(t: Mapping[str, Any], focal: str, lang: str) -> str:
    return str(t["figure"].format(focal=in_sentence(focal, lang)))


def _figures(
    tables: Tables,
    focal: str,
    lang: str,
    t: Mapping[str, Any],
    names: Mapping[str, Mapping[str, str]],
    made_up: str | None,
) -> dict[str, Figure]:
    from netpos.viz.charts.companies import two_shares
    from netpos.viz.charts.theme import render

    titles = pl.col("technology").replace_strict({k: v[lang] for k, v in names.items()})
    drawn = two_shares(
        _mine(tables, focal).with_columns(titles),
        ["home_source", "home_use"],
        [t["home_source"], t["home_use"]],
        t,
    )
    if drawn is None:
        return {}
    said = _caption(t, focal, lang)
    return {"papers": render(*drawn, name="papers", said=said, lang=lang, made_up=made_up)}


def _mine(tables: Tables, focal: str) -> pl.DataFrame:
    table = tables["science_linkage"]
    return table.filter((pl.col("period") == _WHOLE) & (pl.col("country") == focal))


def _coverage(tables: Tables, t: Mapping[str, Any]) -> Section:
    table = tables["science_link_coverage"]
    forms = {"technology": "technology", "period": "word", **_COVERAGE}
    shown = Shown("science_link_coverage", table, forms, ("technology", "period"))
    return Section(t["coverage"], [t["coverage_text"]], tables=[shown])


def _position(tables: Tables, focal: str, t: Mapping[str, Any], lang: str) -> Section:
    mine = _mine(tables, focal)
    forms = {"technology": "technology"} | {c: f for c, f in _FORMS.items() if mine[c].count()}
    shown = Shown("science_linkage", mine, forms, _KEYS, focal=("technology", UNION))
    title = t["position"].format(focal=in_sentence(focal, lang))
    return Section(title, [t["position_text"]], ["papers"], [shown])


def _technology(
    tables: Tables,
    name: str,
    focal: str,
    t: Mapping[str, Any],
    title: str,
    drawn: str | None,
) -> Section:
    """Whose papers the country uses, who uses its papers, and the countries side by side."""
    here = (pl.col("technology") == name) & (pl.col("period") == _WHOLE)
    links = tables["science_links"].filter(here)
    order = ["links", "citing", "cited"]
    sources = links.filter(pl.col("citing") == focal).sort(order, descending=[True, False, False])
    users = links.filter(pl.col("cited") == focal).sort(order, descending=[True, False, False])
    rows = tables["science_linkage"].filter(here)
    rows = rows.sort(["papers", "country"], descending=[True, False])
    first = rows.head(_MOST)
    if focal not in first["country"]:
        first = pl.concat([first, rows.filter(pl.col("country") == focal)])
    shown = []
    for table, end, share, said in (
        (sources, "cited", "source_share", "sources"),
        (users, "citing", "use_share", "users"),
    ):
        forms = {
            end: "country", "links": "one", share: "percent", "families": "count",
            "papers": "count",
        }  # fmt: skip
        forms = {c: f for c, f in forms.items() if table[c].count()}
        shown.append(
            Shown("science_links", table.head(_MOST), forms, _LINK_KEYS, (end, focal),
                  table.height, t[said])
        )  # fmt: skip
    columns = {"country": "country"} | {c: f for c, f in _FORMS.items() if first[c].count()}
    shown.append(
        Shown("science_linkage", first, columns, _KEYS, ("country", focal), rows.height,
              t["compared"])
    )  # fmt: skip
    text = [] if links.height else [t["nothing"]]
    return Section(title, text, tables=shown, link=(drawn, t["map"]) if drawn else None)


def _maps(
    papers: Papers,
    tables: Tables,
    written: Outputs,
    names: Mapping[str, Mapping[str, str]],
    *,
    synthetic: bool,
) -> dict[str, str]:
    """Write a map of each technology with links; returns their names below the results."""
    options = papers.study.options
    said = {lang: finding_words(lang)["papers"] for lang in ("en", "nl")}
    found = {}
    for technology, title in names.items():
        whole = paper_network(tables, technology, _WHOLE)
        if not whole.table.height:
            continue
        name = f"maps/{technology}-papers.html"
        network_map.network_map(
            whole,
            written.out / name,
            focal=options.focal,
            title={lang: said[lang]["map_title"].format(technology=title[lang]) for lang in said},
            technology=title,
            periods={
                period: paper_network(tables, technology, period)
                for period, _ in options.spans()
                if period != _WHOLE
            },
            evidence=paper_evidence(papers, technology, (options.first, options.last)),
            context={
                "period": f"{options.first}-{options.last}",
                "counting": options.counting,
                "method": {lang: said[lang]["map_method"] for lang in said},
                "membership_year": papers.study.year_of_membership,
            },
            lang=options.lang,
            seed=options.seed,
            core=(),
            synthetic=synthetic,
        )
        written.names.append(name)
        found[technology] = name
    return found
