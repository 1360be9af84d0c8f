"""The answer on top of the report: five sentences from tested statements, each with its evidence.

Nothing is said here that a section does not say: a technology is named only where a statement about
it is *sure* (see `netpos.viz.report.sentences`), and where none is, that is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from netpos.viz.numbers import cell, number
from netpos.viz.page import Page
from netpos.viz.report import facts
from netpos.viz.report.sentences import outside, sentence, statements
from netpos.viz.report.statement import Statement
from netpos.viz.words import in_sentence, joined, words

#: What tells strength and what tells weakness, in the order told: keys of statements.
STRONG = (
    ("leads",),
    ("top_families",),
    ("top_value",),
    ("cited",),
    ("top_received",),
    ("core_in", "core_within", "core_near"),
    ("balance_up_expected", "balance_up"),
)
WEAK = (("outside",), ("core_far",), ("balance_down_expected", "balance_down"))
#: Statements that name a leader tell strength only where it is the country in focus.
_LEADERS = ("leads", "cited")
#: Facts of the export that nothing checks.
_FACTS = ("organisation", "own")
#: Technologies named in a part of a sentence; of more the number is told.
_NAMED = 6


def answer(page: Page) -> list[dict[str, Markup]]:
    """Say in five sentences what the page holds: strong, weak, change, dependence, certainty.

    Parameters
    ----------
    page
        What the report is made of.

    Returns
    -------
    list
        ``lead`` (a word or two) and ``text``; a technology is a link to its section, a number is a
        cell of its table. Empty where no technology has a family. Where no family has a country,
        or none is from the country in focus, that is said in place of its position.
    """
    said = {ident: _tested(page, ident) for ident, _ in page.technologies}
    if not any(said.values()):
        return []
    nowhere = _nowhere(page)
    if nowhere:
        parts = {"position": nowhere, "certain": _certain(page, said)}
        t = words(page.lang)
        return [{"lead": escape(t[f"answer_{k}"]), "text": text} for k, text in parts.items()]
    union = statements(page.tables, facts.ALL, page.focal)
    t = words(page.lang)
    parts = {
        "strong": _standing(page, said, "strong", STRONG),
        "weak": _standing(page, said, "weak", WEAK),
        "change": _change(page, said, union),
        "depends": _depends(page, union),
        "certain": _certain(page, said),
    }
    return [{"lead": escape(t[f"answer_{k}"]), "text": text} for k, text in parts.items()]


def _nowhere(page: Page) -> Markup | None:
    """Say that no family has a country, or none that of the country in focus; else nothing."""
    t, focal = words(page.lang), in_sentence(page.focal, page.lang)
    whole = facts.first_row(page.rows("technologies", facts.ALL, facts.ALL))
    if whole and whole["families"] and whole.get("families_located") == 0:
        return escape(t["answer_unlocated"])
    mine = facts.first_row(page.rows("countries", facts.ALL, facts.ALL, country=page.focal))
    if whole and not (mine and mine["families"]):
        return escape(t["answer_absent"].format(focal=focal))
    return None


def _tested(page: Page, ident: str) -> list[Statement]:
    """Statements on a technology, and whether the country in focus is outside the ten largest."""
    found = statements(page.tables, ident, page.focal)
    return found + outside(page.tables, ident, page.focal) if found else found


def _standing(
    page: Page,
    said: Mapping[str, Sequence[Statement]],
    name: str,
    claims: Iterable[Sequence[str]],
) -> Markup:
    """Name the technologies for which each claim is sure; say so where there is none."""
    t, lang = words(page.lang), page.lang
    found = []
    for keys in claims:
        named = [
            _technology(page, ident, statement)
            for ident, every in said.items()
            for statement in every
            if statement.key in keys and statement.level == "sure" and _mine(statement, page.focal)
        ]
        if named:
            text = t[f"answer_{keys[0]}"].format(focal=in_sentence(page.focal, lang))
            found.append(Markup("{} {}").format(text, _list(named, lang)))
    if not found:
        return escape(t[f"answer_no_{name}"].format(focal=in_sentence(page.focal, lang)))
    office = facts.one_office(page)
    if office is not None:  # the world cannot be seen from one office
        found[0] = escape(t["answer_one_office"].format(office=office)) + Markup(" ") + found[0]
    return _capital(Markup("; ").join(found)) + Markup(".")


def _mine(statement: Statement, focal: str) -> bool:
    return statement.key not in _LEADERS or list(statement.codes.get("leader", ())) == [focal]


def _technology(page: Page, ident: str, statement: Statement) -> Markup:
    """Name a technology with a link to its section, its number, and the firm it rests on."""
    t, lang = words(page.lang), page.lang
    listed = dict(page.technologies)
    name = listed.get(ident, t["answer_all"])
    place = f"technology-{ident}" if ident in listed else "glance"
    text = Markup('<a href="#{}">{}</a>').format(place, name)
    beside = []
    for field in ("rank", "moved"):
        if field in statement.numbers:
            table, row, column, form = statement.numbers[field]
            shown = cell(table, row, column, form, lang)
            beside.append(Markup(t[f"answer_{field}"]).format(shown))
    if "firm" in statement.codes:
        beside.append(escape(t["answer_firm"].format(statement.codes["firm"][0])))
    return text + Markup(" ({})").format(Markup(", ").join(beside)) if beside else text


def _list(named: Sequence[Markup], lang: str) -> Markup:
    """Join names as a sentence does; of many the first and the number of the others."""
    left = len(named) - _NAMED
    shown = list(named[:_NAMED])
    if left > 0:
        shown.append(escape(words(lang)["others"].format(number=number(left, 0, lang=lang))))
    if len(shown) < 2:
        return Markup("").join(shown)
    last = Markup(" {} {}").format(words(lang)["and"], shown[-1])
    return Markup(", ").join(shown[:-1]) + last


def _capital(text: Markup) -> Markup:
    return Markup(text[:1].upper() + text[1:])


def _change(
    page: Page, said: Mapping[str, Sequence[Statement]], union: Sequence[Statement]
) -> Markup:
    """Tell where the share of families rose and where it fell, by the interval of the change."""
    t, lang = words(page.lang), page.lang
    if len(page.parts) < 2:
        return escape(t["answer_one_period"])
    fields = {
        "focal": in_sentence(page.focal, lang),
        "first": page.parts[0],
        "last": page.parts[-1],
    }
    found = []
    for way in ("up", "down"):
        key = f"change_family_share_{way}"
        named = [
            _technology(page, ident, s)
            for ident, every in {**said, facts.ALL: union}.items()
            for s in every
            if s.key == key
        ]
        if named:
            found.append(Markup("{} {}").format(t[f"answer_{key}"], _list(named, lang)))
    if not found:
        none = t["answer_no_change"].format(**fields)
        return Markup('{} <a href="#across">{}</a>').format(none, t["answer_numbers"])
    start = escape(t["answer_change_start"].format(**fields))
    return start + Markup(" ") + Markup("; ").join(found) + Markup(".")


def _depends(page: Page, union: Sequence[Statement]) -> Markup:
    """Tell on which group of countries and on which country the country in focus builds most."""
    t, lang = words(page.lang), page.lang
    mine = page.rows("countries", facts.ALL, facts.ALL, country=page.focal)
    group = [s for s in union if s.key == "class"]
    if not group or not mine.height:
        return escape(t["answer_no_sources"].format(focal=in_sentence(page.focal, lang)))
    found = [sentence(group[0], lang)]
    sources = facts.largest(
        page.rows("exposure", facts.ALL, facts.ALL, kind="country"), "share", "source", 2
    )
    if sources:
        tied = [r["source"] for r in sources if r["share"] == sources[0]["share"]]
        names = joined([in_sentence(code, lang) for code in tied], lang)
        share = cell("exposure", sources[0], "share", "percent", lang)
        found.append(Markup(t["answer_source"]).format(names=escape(names), share=share))
    found.append(Markup('<a href="dependence.html">{}</a>').format(t["answer_dependence"]))
    return Markup(" ").join(found)


def _certain(page: Page, said: Mapping[str, Sequence[Statement]]) -> Markup:
    """Tell how many statements hold, how many cannot be told, and what share is located."""
    t, lang = words(page.lang), page.lang
    tested = [s for every in said.values() for s in every if s.key not in _FACTS]
    levels = {k: sum(s.level == k for s in tested) for k in ("sure", "open", "export")}
    ways = page.table("sensitivity").height > 0
    total: dict[str, Any] = {k: number(n, 0, lang=lang) for k, n in levels.items()}
    total["total"] = number(len(tested), 0, lang=lang)
    key = "answer_counts" if ways else "answer_counts_intervals"
    one = "_one" if 1 in (len(tested), *levels.values()) else ""  # no plural of one
    found = [escape(t[f"{key}{one}"].format(**total) if tested else t["answer_no_statement"])]
    if levels["export"]:
        found.append(escape(t[f"answer_bare{one}"].format(**total)))
    union = facts.first_row(page.rows("technologies", facts.ALL, facts.ALL))
    if union and union.get("coverage") is not None:
        share = cell("technologies", union, "coverage", "whole_percent", lang)
        found.append(Markup(t["answer_located"]).format(share))
    found.append(Markup('<a href="#methods">{}</a>').format(t["answer_methods"]))
    return Markup(" ").join(found)
