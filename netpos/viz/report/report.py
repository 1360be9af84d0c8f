"""The page that a run opens with: one offline file without scripts, in English or Dutch.

Each number that stands in a table carries the name of its cell, so that a reader, a test or
``netpos explain`` can follow it. A part whose table or column is absent is left out and named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import polars as pl
from markupsafe import Markup

from netpos import countries
from netpos.tables import Links
from netpos.viz.charts import charts
from netpos.viz.maps.picture import picture
from netpos.viz.maps.svg import draw
from netpos.viz.numbers import (
    Form,
    cell,
    difference,
    formed,
    interval,
    listed,
    number,
    percent,
    reference,
)
from netpos.viz.page import Figure, Page, counted_by, excludes_zero
from netpos.viz.report import behind as report_behind
from netpos.viz.report import facts, located
from netpos.viz.report.answer import answer
from netpos.viz.report.sentences import sentence, statements
from netpos.viz.safe_html import environment
from netpos.viz.words import in_sentence, translated, words

__all__ = ["Figure", "Page", "number", "percent", "write_report"]

#: Links in the still drawing of a map, and its size.
THUMBNAIL_LINKS, THUMBNAIL = 70, (620, 460)
#: Column of countries.csv, how it is written, and the column of its rank.
SIZE_LINES = (
    ("families", "one", "family_rank"),
    ("family_share", "percent", None),
    ("families_international", "one", "international_rank"),
    ("value", "one", "value_rank"),
    ("value_foreign", "one", None),
    ("citations_per_family", "one", None),
    ("rca_within", "two", None),
    ("rca", "two", None),
)
LINK_LINES = (
    ("received", "one", "received_rank"),
    ("given", "one", None),
    ("balance_ratio", "two", None),
    ("balance", "small", None),
    ("balance_dyadic", "small", None),
    ("partners", "count", None),
    ("received_ratio", "two", None),
    ("core_distance", "small", None),
    ("core_distance_relative", "two", None),
    ("source_effective", "one", None),
    ("source_hhi", "two", None),
    ("similarity", "two", None),
)
#: Order of the rules that decide a family's country.
RULES = ("applicant", "inventor", "imputed", "lookup", "priority", "office", "unknown")
#: What is said of the country in focus, in the order shown, and those shown at a glance.
STATED = (
    ("family_share", "percent"),
    ("received_share", "percent"),
    ("value_share", "percent"),
    ("balance_ratio", "two"),
    ("near_core", "count"),
    *((f"share_{k}", "percent") for k in facts.BLOCS),
    ("source_effective", "one"),
    ("similarity", "two"),
)
AT_A_GLANCE = ("family_share", "received_share", "balance_ratio")
#: Marks of robustness, best first, and the class of their sign.
MARKS = {"robust": "good", "firm-driven": "middle", "fragile": "bad", "not measurable": "none"}


def write_report(page: Page) -> str:
    """Render the report.

    Parameters
    ----------
    page
        What it is made of; see `Page`.

    Returns
    -------
    str
        HTML without scripts and without any reference to another host; every name is escaped.
    """
    t = words(page.lang)
    yes_no = {"True": t["yes"], "False": t["no"]}
    rows, union, every = facts.technologies(page)
    for row in rows:
        row["thumbnail"] = _thumbnail(page, row) if row["links"] else None
        row["said"] = _said(page, row["id"])
        row["ranked"] = report_behind.listed(page, row)
    found, lang = answer(page), page.lang
    template = environment().get_template("report.html.j2")
    return template.render(
        page=page,
        t=t,
        data_sources=facts.data_sources(page),
        clock=t[f"clock_{page.year_by}"],
        excludes_zero=excludes_zero,
        office=facts.one_office(page),
        pseudonym=facts.pseudonym(page),
        office_name=partial(located.office_name, lang=lang),
        open_lines=located.open_lines(page),
        union=union,
        rows=rows,
        every=every,
        has=_has(page, rows) | {"rca": facts.specialisation(page)},
        first=page.parts[0] if page.parts else None,
        last=page.parts[-1] if page.parts else None,
        focal_name=countries.name(page.focal, lang),
        focal_said=in_sentence(page.focal, lang),
        name_of=partial(countries.name, lang=lang),
        names=dict(page.technologies),
        blocs=facts.BLOCS,
        wide=facts.wide_sources(union),
        missing=facts.parts_missing(page, union, every),
        rules=[k for k in RULES if any(r["rule"] == k for row in rows for r in row["rules"])],
        overlap=_overlaps(page),
        cross=[k for k in charts.ACROSS if union not in rows or not k.endswith("-all")],
        size_lines=[x for x in SIZE_LINES if facts.has_value(page) or "value" not in x[0]],
        by=counted_by(page),
        link_lines=LINK_LINES,
        warnings=[translated(text, "warning", lang) for text in page.warnings],
        skipped=[(name, *translated(why or "", "reason", lang)) for name, why in page.skipped],
        files=sorted(page.tables),
        chosen=[(k.replace("_", "-"), yes_no.get(v, v)) for k, v in sorted(page.options.items())],
        total=[sum(i[k] for i in page.inputs) for k in range(2, 6)],
        c=partial(cell, lang=lang),
        between=partial(interval, lang=lang, reasons=page.reasons),
        moved=partial(difference, lang=lang),
        listed=partial(listed, lang=lang),
        shown=partial(number, digits=0, lang=lang),
        part=partial(formed, form=Form(digits=1, significant=2), lang=lang),
        reference=reference,
        reasons=lambda codes: _reasons(codes, t),
        heat=_heat,
        missing_call=partial(_missing_call, page),
        marks=MARKS,
        stated=STATED,
        at_a_glance=[k for k in AT_A_GLANCE if k == "family_share" or union["links"]],
        answer=found,
        answer_title=t["answer" if len(found) == 5 else "answer_plain"],
        patent=partial(report_behind.patent, page),
        drawing=lambda name: Markup(page.figures[name].svg),
        caption=partial(charts.figure_words, page),
    )


def _has(page: Page, rows: list[dict[str, Any]]) -> dict[str, bool]:
    """Which columns and parts are there."""
    several = len(page.parts) > 1
    valued = facts.has_value(page)
    return {
        "value": valued and any(facts.has_rank(row["focal"]) for row in rows),
        "value_share": valued and page.has("countries", "value_share"),
        "organisation_value": valued and page.has("organisations", "value_rank"),
        "value_period": valued and page.has("countries", "value_share"),
        "value_trend": valued and page.has("trend", "value_share"),
        "bounds": page.has("countries", "family_rank_low"),
        "within": page.has("countries", "rca_within"),
        "change": several and page.has("technologies", "family_rank_change"),
        "marks": page.table("robustness").height > 0,
        "ways": page.table("sensitivity").height > 0,
        "organisation_country": page.has("organisations", "country"),
        "organisation_cited": page.has("organisations", "citations_per_family"),
        "received_trend": page.has("trend", "received_share"),
        "evidence": any(r["behind"] for row in rows for r in (*row["sources"], *row["users"])),
    }


def _said(page: Page, ident: str) -> dict[str, list[Markup]]:
    """Sentences by how much they may be relied on."""
    found = statements(page.tables, ident, page.focal)
    return {
        "checked": [sentence(s, page.lang) for s in found if not s.bare and not s.change],
        "changed": [sentence(s, page.lang) for s in found if s.change],
        "export": [sentence(s, page.lang) for s in found if s.bare],
    }


def _reasons(codes: str, t: Mapping[str, Any]) -> str:
    """Say the reasons of a mark, parted by blanks in the table, in words."""
    return "; ".join(str(t[f"reason_{code}"]) for code in codes.split())


def _overlaps(page: Page) -> list[dict[str, Any]]:
    """Return the pairs of technologies that share most families."""
    table = page.table("overlap")
    if not table.height:
        return []
    pairs = table.filter((pl.col("technology") != pl.col("other")) & (pl.col("families") > 0))
    order = ["families", "technology", "other"]
    return pairs.sort(order, descending=[True, False, False]).head(10).to_dicts()


def _missing_call(page: Page, technology: str) -> str:
    """Return the command that lists what would raise coverage."""
    only = "" if technology == facts.ALL else f" --technology {technology}"
    years = f" --from {page.span[0]} --to {page.span[1]}"
    # the definitions of the run are kept beside the page
    lists = " --technologies options/technologies.toml" if page.options.get("technologies") else ""
    return f"netpos missing {page.corpus}{lists}{only} --focal {page.focal}{years} --as lens-query"


def _heat(share: float | None) -> float:
    """Opacity of a cell: its share, half of everything being the darkest."""
    return min(1.0, 2.0 * (share or 0.0)) * 0.6


def _thumbnail(page: Page, row: Mapping[str, Any]) -> Markup | None:
    """Draw the map of a technology with its strongest links, from the tables."""
    links = page.rows("links", row["id"], facts.ALL)
    table = page.rows("countries", row["id"], facts.ALL)
    if not links.height or not table.height:
        return None
    sizes = table.select(node="country", families="families")
    columns = [c for c in ("country", "core", "core_distance", "near_core") if c in table.columns]
    known = "core" in columns and table["core"].null_count() < table.height
    network = Links.from_table(links.select("citing", "cited", "weight", "citations"), sizes)
    shown = picture(
        network,
        focal=page.focal,
        indicators=table.select(columns) if known else None,
        year=int(page.data_date[:4]),
    )
    edges = replace(shown.edges, main=min(shown.edges.main, THUMBNAIL_LINKS))
    width, height = THUMBNAIL
    drawing = draw(replace(shown, edges=edges), lang=page.lang, width=width, height=height)
    return Markup(drawing)
