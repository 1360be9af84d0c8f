"""The first sheet of a workbook: the answer, and what it rests on."""

from __future__ import annotations

from collections.abc import Sequence

from netpos import countries
from netpos.viz.numbers import FORMS, formed
from netpos.viz.page import Page
from netpos.viz.report.answer import answer
from netpos.viz.report.facts import data_sources
from netpos.viz.report.findings import Findings, finding_words, told
from netpos.viz.sources import citation
from netpos.viz.words import words

Rows = list[tuple[str, str]]


def summary(page: Page) -> Rows:
    """Return labels and texts: the five sentences of the page, then focal country, years, coverage.

    Parameters
    ----------
    page
        What the report is made of.

    Returns
    -------
    list
        One row per line of the sheet; texts are plain, numbers as on the page.
    """
    t, lang = words(page.lang), page.lang
    title = t["heading"].format(name=countries.name(page.focal, lang))
    rows: Rows = [(title, "")]
    if page.synthetic:
        rows.append(("", str(t["synthetic"])))
    rows += [(part["lead"].striptags(), part["text"].striptags()) for part in answer(page)]
    whole = page.rows("technologies", "all", "all")
    rows += [
        (t["summary_focal"], f"{countries.name(page.focal, lang)} ({page.focal})"),
        (t["strip_period"], f"{page.span[0]}–{page.span[1]} ({t[f'clock_{page.year_by}']})"),
        (t["strip_date"], page.data_date),
    ]
    if whole.height:
        known = whole.row(0, named=True)
        for label, column, form in (
            ("strip_families", "families", "count"),
            ("strip_country", "families_located", "count"),
            ("strip_links", "links", "count"),
            ("strip_coverage", "coverage", "whole_percent"),
        ):
            rows.append((t[label], formed(known[column], FORMS[form], lang)))
    return rows + _sources(data_sources(page), page.version, lang)


def summary_of_findings(page: Findings) -> Rows:
    """Return the same of a page without maps: what it is about, its facts and notes.

    Parameters
    ----------
    page
        What the page is made of, with its inputs and sources.
    """
    t, common = finding_words(page.lang), words(page.lang)
    rows: Rows = [(page.title, page.lead)]
    if page.synthetic:
        rows.append(("", str(t["synthetic"])))
    rows += list(page.facts.items())
    rows += [
        (t["notes"] if k == 0 else "", told(n, page.lang)[0]) for k, n in enumerate(page.notes)
    ]
    rows.append((common["summary_inputs"], ", ".join(page.inputs)))
    return rows + _sources(page.sources, page.version, page.lang)


def _sources(sources: Sequence[str], version: str, lang: str) -> Rows:
    t = words(lang)
    label = str(t["data_sources"]).rstrip(":")
    return [
        *((label if k == 0 else "", text) for k, text in enumerate(sources)),
        (str(t["cite_title"]).rstrip(":"), citation(version, lang)),
    ]
