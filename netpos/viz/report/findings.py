"""The page of a command that has tables and figures but no maps: one offline file, no scripts.

What the page says is in ``findings_words.toml``; its numbers are cells of the tables, each with the
name of its cell, and every column shown is defined at the end, in the words of the workbook.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import polars as pl
from markupsafe import Markup

from netpos import countries
from netpos.viz.meanings import definition
from netpos.viz.numbers import FORMS, UNKNOWN, formed
from netpos.viz.page import Figure
from netpos.viz.safe_html import environment, template_text
from netpos.viz.sources import citation
from netpos.viz.words import dutch_number, technology_name, words

#: Forms of columns that hold no numbers.
_TEXTS = ("text", "word", "country", "technology", "yes")


@dataclass(frozen=True)
class Shown:
    """Rows of a table as the page shows them.

    Parameters
    ----------
    table
        Name of the table: ``tables/<table>.csv``.
    rows
        The rows to show, with every column that is shown, and those of ``keys``.
    columns
        Column -> how it is written: a form of `netpos.viz.numbers.FORMS`, ``text``, ``country``
        or ``technology`` (its name), ``word`` (a code that has words), ``year`` or ``yes`` (only
        true shows). A column with ``_low``
        and ``_high`` beside it carries its interval below the number.
    keys
        Columns that tell the rows of the table apart.
    focal
        Column and value of the rows set off.
    of
        Rows that the table has altogether.
    caption
        What stands above it.
    """

    table: str
    rows: pl.DataFrame
    columns: Mapping[str, str]
    keys: Sequence[str]
    focal: tuple[str, object] | None = None
    of: int | None = None
    caption: str = ""


@dataclass(frozen=True)
class Section:
    """A part of the page: heading, paragraphs, names of figures, tables, a file and its name."""

    title: str
    text: Sequence[str] = ()
    figures: Sequence[str] = ()
    tables: Sequence[Shown] = ()
    link: tuple[str, str] | None = None


@dataclass(frozen=True)
class Findings:
    """What a page is made of.

    Parameters
    ----------
    lang
        ``en`` or ``nl``.
    title, lead
        Heading, and what the page is about in one or two sentences.
    facts
        Short facts below it: label -> value, both as shown.
    notes
        What the reader must know first, in English as the command wrote them; those listed in
        ``findings_words.toml`` are given in the language of the page.
    sections
        The parts, in order.
    figures, captions
        Name -> figure, name -> caption. A figure that a section names and that is not here was not
        drawn.
    reading
        How to read the numbers: sentences at the end.
    files
        Names of all tables written.
    inputs
        Names of the files read.
    version
        Of netpos.
    synthetic
        Say that the data are invented.
    sources
        Where the data are from, each with its attribution; see `netpos.viz.sources`.
    names
        Technologies of the user, id -> name; others are named as shipped.
    answer
        Sentences on top, made from what the intervals bear out: a word or two, and the text.
    png
        There is a PNG of each figure beside its SVG.
    """

    lang: str
    title: str
    lead: str
    facts: Mapping[str, str]
    notes: Sequence[str]
    sections: Sequence[Section]
    figures: Mapping[str, Figure] = field(default_factory=dict)
    captions: Mapping[str, str] = field(default_factory=dict)
    reading: Sequence[str] = ()
    files: Sequence[str] = ()
    inputs: Sequence[str] = ()
    version: str = ""
    synthetic: bool = False
    sources: Sequence[str] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    answer: Sequence[tuple[str, Markup]] = ()
    png: bool = False


@cache
def _file() -> dict[str, Any]:
    return tomllib.loads(template_text("findings_words.toml"))


def finding_words(lang: str) -> dict[str, Any]:
    """Return the words of these pages in a language.

    Examples
    --------
    >>> finding_words("nl")["contents"]
    'Op deze pagina'
    """
    return dict(_file()[lang])


def told(note: str, lang: str) -> tuple[str, bool]:
    """Give a note of a command in the language of the page, and whether it is in it.

    Examples
    --------
    >>> told("something new", "nl")
    ('something new', False)
    """
    if lang == "en":
        return note, True
    for entry in _file()["note"]:
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(entry["en"]))
        found = re.fullmatch(pattern, note)
        if found:
            given = {k: _given(v) for k, v in found.groupdict().items()}
            return str(entry[lang]).format(**given), True
    return note, False


def _given(text: str) -> str:
    """Write what a note names as Dutch does: a number, or a list cut short."""
    return re.sub(r" and ([\d,]+) more$", r" en nog \1", dutch_number(text))


def write_findings(page: Findings) -> str:
    """Render a page.

    Parameters
    ----------
    page
        What it is made of.

    Returns
    -------
    str
        HTML without scripts and without any reference to another host; every name is escaped.
    """
    t = finding_words(page.lang)
    return (
        environment()
        .get_template("findings.html.j2")
        .render(
            page=page,
            t=t,
            notes=[told(note, page.lang) for note in page.notes],
            parts=[_part(section, page, t) for section in page.sections],
            drawing=lambda name: Markup(page.figures[name].svg),
            definitions=_definitions(page, t),
            common=words(page.lang),
            cite=citation(page.version, page.lang),
        )
    )


def rendered(
    page: Findings, *, heading: str, ident: str, lead: str, more: tuple[str, str]
) -> Markup:
    """Render the sections of a page as one section of another.

    Parameters
    ----------
    page
        What it is made of; its title, facts and notes are left out.
    heading, ident, lead
        Of the section.
    more
        File and name of a page that says more.
    """
    t = finding_words(page.lang)
    return Markup(
        environment()
        .get_template("report_papers.html.j2")
        .render(
            page=page,
            heading=heading,
            ident=ident,
            lead=lead,
            more=more,
            parts=[_part(section, page, t) for section in page.sections],
            drawing=lambda name: Markup(page.figures[name].svg),
        )
    )


def _part(section: Section, page: Findings, t: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "title": section.title,
        "text": section.text,
        "link": section.link,
        "figures": [name for name in section.figures if name in page.figures],
        "tables": [_table(shown, page, t) for shown in section.tables if shown.rows.height],
    }


def _table(shown: Shown, page: Findings, t: Mapping[str, Any]) -> dict[str, Any]:
    rows = shown.rows.to_dicts()
    focal = shown.focal
    return {
        "caption": shown.caption,
        "heads": [(heading(name, t), form not in _TEXTS) for name, form in shown.columns.items()],
        "rows": [
            {
                "focal": focal is not None and row[focal[0]] == focal[1],
                "cells": [
                    _cell(shown, row, name, form, page, t) for name, form in shown.columns.items()
                ],
            }
            for row in rows
        ],
        "more": None
        if shown.of is None or shown.of <= len(rows)
        else t["more_rows"].format(shown=len(rows), of=shown.of, table=shown.table),
    }


def heading(column: str, t: Mapping[str, Any]) -> str:
    """Give the heading of a column; one without words stands as it is called in the table.

    Examples
    --------
    >>> heading("world_share", finding_words("en")), heading("odd_one", finding_words("en"))
    ('World share', 'odd one')
    """
    return str(t["columns"].get(column) or column.replace("_", " "))


def _cell(
    shown: Shown,
    row: Mapping[str, Any],
    name: str,
    form: str,
    page: Findings,
    t: Mapping[str, Any],
) -> dict[str, Any]:
    """Text of a cell, its interval, and the name under which both are found in the tables."""
    low, high = row.get(f"{name}_low"), row.get(f"{name}_high")
    bounds = ""
    if form in FORMS and low is not None and high is not None:
        plain = "of_hundred" if form == "percent" else form
        bounds = " – ".join(formed(v, FORMS[plain], page.lang) for v in (low, high))
    keys = ",".join(_safe(row[k]) for k in shown.keys)
    return {
        "text": _text(row[name], form, page, t),
        "number": form not in _TEXTS,
        "bounds": bounds,
        "reference": f"{shown.table}|{keys}|{name}",
    }


def _safe(value: object) -> str:
    text = "" if value is None else str(value)
    return text.replace("%", "%25").replace("|", "%7C").replace(",", "%2C")


def _text(value: Any, form: str, page: Findings, t: Mapping[str, Any]) -> str:  # noqa: ANN401 - any value that a cell holds
    if value is None:
        return UNKNOWN
    if form == "country":
        return _country(str(value), page.lang)
    if form == "technology":
        return page.names.get(str(value)) or technology_name(str(value), page.lang)
    if form == "word":
        return str(t["codes"].get(str(value), value))
    if form == "yes":
        return str(t["yes"]) if value else ""
    if form in ("text", "year"):
        return str(value)
    return formed(value, FORMS[form], page.lang)


@cache
def _country(label: str, lang: str) -> str:
    """Name a country by its code, or by what a table of the user calls it; others as they stand."""
    if countries.is_union(label):
        return countries.name(label, lang)
    code = countries.label_to_country(pl.Series("label", [label]))["country"][0]
    return label if code is None else countries.name(code, lang)


def _definitions(page: Findings, t: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Heading and meaning of every column shown; a heading once for each meaning."""
    found: dict[tuple[str, str], None] = {}
    for section in page.sections:
        for shown in section.tables:
            for name in shown.columns:
                meaning = definition(shown.table, name, page.lang)
                if shown.rows.height and meaning is not None:
                    found[heading(name, t), meaning] = None
    return list(found)
