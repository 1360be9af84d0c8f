"""Start-ups and scale-ups of a country beside those of others, by technology."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from netpos import countries
from netpos.commands.publish import publish
from netpos.errors import InputError, OptionError
from netpos.innovation.companies import UNION, Rule, classify, company_coverage, company_table
from netpos.innovation.reading import read_companies
from netpos.progress import Report
from netpos.viz.numbers import FORMS, formed
from netpos.viz.report.findings import Findings, Section, Shown, finding_words
from netpos.viz.words import in_sentence, technology_name, with_names

#: Countries shown of a technology.
_ROWS = 12
_COUNTED = {
    "country": "country", "startups": "count", "startup_share": "percent", "scaleups": "count",
    "scaleup_share": "percent", "scaleup_ratio": "percent", "unicorns": "count",
}  # fmt: skip
_FUNDED = {
    "country": "country", "startup_funding": "one", "startup_funding_share": "percent",
    "startup_funding_rank": "count", "scaleup_funding": "one",
    "scaleup_funding_share": "percent", "scaleup_funding_rank": "count",
    "scaleup_largest": "whole_percent",
}  # fmt: skip


def analyse_companies(
    file: Path,
    out: Path,
    *,
    focal: str = "NL",
    rule: Rule | None = None,
    currency: str = "USD",
    draws: int = 1000,
    seed: int = 0,
    lang: str = "en",
    png: bool = False,
    report: Report | None = None,
) -> Path:
    """Count companies from ``company_id,country,technology,founded,status,funding_usd_m``.

    Parameters
    ----------
    file
        The table of companies.
    out
        Where the results go.
    focal
        Country in focus, alpha-2.
    rule
        Which companies count; see `netpos.innovation.companies.Rule`.
    currency
        Of the threshold and so of the table.
    draws, seed
        As for `netpos.innovation.companies.company_table`.
    lang
        Language of the page.
    png
        Write each figure as PNG too.
    report
        Called with one line of progress at a time.

    Returns
    -------
    Path
        The page to open.

    Raises
    ------
    InputError, OptionError
        The table cannot be used, or an option does not fit it.
    """
    say = report or (lambda _: None)
    focal = countries.check_focal(focal)
    rule = rule or Rule()
    if len(currency) != 3 or not currency.isalpha():
        raise OptionError(f"--currency {currency}: no code", remedy="give three letters, as USD")
    companies, notes = read_companies(file, currency=currency, employees=rule.employees is not None)
    coverage = company_coverage(companies, rule)
    if not coverage["counted"].sum():
        found = classify(companies, rule)["kind"].value_counts(sort=True).rows()
        why = ", ".join(f"{n} {kind}" for kind, n in found)
        raise InputError(
            f"no company counts ({why})", file=file, remedy="see --founded-after and the columns"
        )
    table = company_table(companies, rule, focal=focal, draws=draws, seed=seed)
    table = countries.with_names(table, lang)
    whole = coverage.filter(pl.col("technology") == UNION).row(0, named=True)
    if whole["no_country"]:
        notes.append(f"{whole['no_country']} of {whole['counted']} companies have no country")
    if whole["unknown"]:
        notes.append(
            f"{whole['unknown']} of {whole['companies']} companies are left out: year, status or "
            "funding is not known"
        )
    for note in notes:
        say(f"note: {note}")
    page, drawn = _page(table, coverage, focal, rule, currency.upper(), lang, notes)
    options = {
        "focal": focal, "founded_after": rule.founded_after, "threshold": rule.threshold,
        "currency": currency.upper(), "employees": rule.employees, "draws": draws, "seed": seed,
        "lang": lang,
    }  # fmt: skip
    tables = {"companies": table, "company_coverage": coverage}
    behind = {"companies": classify(companies, rule).sort("technology", "company_id")}
    return publish(
        page,
        tables,
        out,
        inputs=[file],
        options=options,
        drawn=drawn,
        evidence=behind,
        png=png,
    )


def _page(
    table: pl.DataFrame,
    coverage: pl.DataFrame,
    focal: str,
    rule: Rule,
    currency: str,
    lang: str,
    notes: list[str],
) -> tuple[Findings, dict[str, Any]]:
    """Return the page and its two figures."""
    from netpos.viz.charts.companies import two_shares

    t = finding_words(lang)["companies"]
    said = in_sentence(focal, lang)
    mine = table.filter(pl.col("country") == focal)
    named = with_names(mine.filter(pl.col("technology") != UNION), lang)
    names = [t["startups"], t["scaleups"]]
    drawn = {
        "companies": two_shares(named, ["startup_share", "scaleup_share"], names, t),
        "funding": two_shares(named, ["startup_funding_share", "scaleup_funding_share"], names, t),
    }
    captions = {name: t[f"figure_{name}"].format(focal=said) for name in drawn}
    whole = mine.filter(pl.col("technology") == UNION).row(0, named=True)
    count = FORMS["count"]
    facts = {
        t["fact_counted"]: formed(whole["startups_all"] + whole["scaleups_all"], count, lang),
        t["fact_startups"]: _of(whole, "startups", lang, t),
        t["fact_scaleups"]: _of(whole, "scaleups", lang, t),
    }
    large = (
        t["rule_employees"].format(n=rule.employees)
        if rule.employees is not None
        else t["rule_funding"].format(
            n=formed(rule.threshold, FORMS["small"]._replace(digits=0), lang), currency=currency
        )
    )
    rule_said = t["rule"].format(year=rule.founded_after, large=large)
    sections = [
        Section(t["coverage"], [rule_said, t["coverage_text"]], tables=[_coverage(coverage)]),
        Section(
            t["position"].format(focal=said),
            [t["position_text"]],
            ["companies"],
            [_mine(mine, {"technology": "technology", **_counted(mine)})],
        ),
        Section(
            t["funding"].format(focal=said),
            [t["funding_text"].format(currency=currency)],
            ["funding"],
            [_mine(mine, {"technology": "technology", **_FUNDED})],
        ),
        *[_technology(table, name, focal, t, lang) for name in mine["technology"]],
    ]
    page = Findings(
        lang,
        t["title"].format(focal=countries.name(focal, lang)),
        t["lead"].format(focal=said),
        facts,
        notes,
        sections,
        captions=captions,
        reading=t["reading"],
    )
    return page, drawn


def _of(row: Mapping[str, Any], name: str, lang: str, t: Mapping[str, Any]) -> str:
    own, every = (formed(row[c], FORMS["count"], lang) for c in (name, f"{name}_all"))
    return str(t["of"].format(own=own, all=every))


def _counted(rows: pl.DataFrame) -> dict[str, str]:
    """Return the columns of numbers; unicorns only where the table tells them."""
    known = rows["unicorns"].count() > 0
    return {c: form for c, form in _COUNTED.items() if known or c != "unicorns"}


def _coverage(coverage: pl.DataFrame) -> Shown:
    forms = {"technology": "technology"} | dict.fromkeys(coverage.columns[1:], "count")
    return Shown("company_coverage", coverage, forms, ["technology"], focal=("technology", UNION))


def _mine(rows: pl.DataFrame, forms: Mapping[str, str]) -> Shown:
    forms = {c: form for c, form in forms.items() if c != "country"}
    for kind in ("startup", "scaleup"):  # the denominators beside the shares
        if f"{kind}_share" in forms:
            forms = _after(forms, f"{kind}s", f"{kind}s_all", "count")
        if f"{kind}_funding_share" in forms:
            forms = _after(forms, f"{kind}_funding", f"{kind}_funding_all", "one")
    return Shown("companies", rows, forms, ["technology", "country"], focal=("technology", UNION))


def _after(forms: Mapping[str, str], column: str, new: str, form: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, written in forms.items():
        found[name] = written
        if name == column:
            found[new] = form
    return found


def _technology(
    table: pl.DataFrame, name: str, focal: str, t: Mapping[str, Any], lang: str
) -> Section:
    """Return the countries with most companies in a technology, and the one in focus."""
    rows = table.filter(pl.col("technology") == name)
    size = pl.col("startups") + pl.col("scaleups")
    order = rows.with_columns(size=size).sort(["size", "country"], descending=[True, False])
    first = order.head(_ROWS)
    if focal not in first["country"]:
        first = pl.concat([first, order.filter(pl.col("country") == focal)])
    first = first.drop("size")
    title = t["all"] if name == UNION else technology_name(name, lang)
    forms = (_counted(first), _FUNDED)
    shown = [
        Shown("companies", first, f, ["technology", "country"], ("country", focal), rows.height)
        for f in forms
    ]
    return Section(title, tables=shown)
