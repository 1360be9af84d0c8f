"""The page that a run opens with: one offline file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import jinja2
import polars as pl

from netpos import countries


@dataclass(frozen=True)
class Page:
    """What the page shows: names, tables and the facts of the run."""

    focal: str
    lang: str
    technologies: Sequence[tuple[str, str]]
    tables: dict[str, pl.DataFrame]
    periods: Sequence[str]
    span: tuple[int, int]
    inputs: Sequence[tuple[str, str, int, int, int, int]]
    skipped: Sequence[tuple[str, str | None]]
    warnings: Sequence[str]
    data_date: str
    counting: str
    scope: str
    by: str
    version: str
    synthetic: bool


@cache
def _environment() -> jinja2.Environment:
    env = jinja2.Environment(
        loader=jinja2.PackageLoader("netpos.viz"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.policies["json.dumps_kwargs"] = {"allow_nan": False, "sort_keys": True}
    return env


def number(value: float | None, digits: int = 1, *, lang: str = "en") -> str:
    """Write a number for people: thousands separated, unknown as a dash.

    Examples
    --------
    >>> number(1234.56), number(1234.56, lang="nl"), number(None)
    ('1,234.6', '1.234,6', '–')
    """
    if value is None:
        return "–"
    text = f"{value:,.{digits}f}"
    return text if lang == "en" else text.replace(",", " ").replace(".", ",").replace(" ", ".")


def percent(value: float | None, digits: int = 1, *, lang: str = "en") -> str:
    """Write a share as a percentage.

    Examples
    --------
    >>> percent(0.1234), percent(None)
    ('12.3 %', '–')
    """
    return "–" if value is None else f"{number(100 * value, digits, lang=lang)} %"


def write_report(page: Page) -> str:
    """Render the page.

    Parameters
    ----------
    page
        What it shows.

    Returns
    -------
    str
        HTML without any reference to another host; every name is escaped.
    """
    lang = page.lang

    def shown(value: float | None, digits: int = 1) -> str:
        return number(value, digits, lang=lang)

    def share(value: float | None, digits: int = 1) -> str:
        return percent(value, digits, lang=lang)

    template = _environment().get_template("report.html.j2")
    return template.render(
        page=page,
        focal_name=countries.name(page.focal, lang),
        rows=[_row(page, ident, name) for ident, name in page.technologies],
        union=_row(page, "all", ""),
        shown=shown,
        share=share,
        t=_TEXTS[lang],
        total=[sum(i[k] for i in page.inputs) for k in range(2, 6)],
    )


def _row(page: Page, ident: str, name: str) -> dict[str, object]:
    """One technology: its coverage, its leaders, the focal country."""
    whole = pl.col("period") == "all"
    here = pl.col("technology") == ident
    facts = page.tables["technologies"].filter(here & whole).row(0, named=True)
    table = page.tables["countries"].filter(here & whole)
    cover = page.tables["coverage"].filter(here & whole)
    leaders = (
        table.filter(pl.col("families") > 0)
        .sort(["families", "country"], descending=[True, False])
        .head(5)
    )
    cited = (
        table.filter(pl.col("received") > 0)
        .sort(["received", "country"], descending=[True, False])
        .head(5)
    )
    rules = cover.filter(~pl.col("rule").is_in(["all"]) & (pl.col("families") > 0))
    total = cover.filter(pl.col("rule") == "all").row(0, named=True)
    return {
        "id": ident,
        "name": name,
        "facts": facts,
        "focal": table.filter(pl.col("country") == page.focal).row(0, named=True),
        "leaders": leaders.to_dicts(),
        "cited": cited.to_dicts(),
        "rules": [(r["rule"], r["families"] / total["families"]) for r in rules.to_dicts()],
        "total": total,
        "countries": table.filter(pl.col("families") > 0).height,
        "links": bool(facts["links"]),
    }


_TEXTS = {
    "en": {
        "title": "Technology position from patent citations",
        "synthetic": "Synthetic data: invented for demonstration, not real positions.",
        "overview": "Overview",
        "intro": "How {} stands in each technology, {} to {}, counted in simple patent families "
        "and the citations between them. Families are {} counts; links are {}.",
        "technology": "Technology",
        "families": "Families",
        "share": "Share",
        "rank": "Rank",
        "received": "Cited by others",
        "given": "Cites others",
        "balance": "Balance",
        "coverage": "Links located",
        "core": "Core cluster",
        "map": "Map",
        "open": "open map",
        "leaders": "Largest by families",
        "cited": "Most cited from abroad",
        "focal": "In focus",
        "no_family": "no family of this technology in these exports",
        "no_links": "No citation has a country at both ends, so there is no network to draw. "
        "See 'netpos missing', or pass --residences FILE.",
        "partners": "partners",
        "in_core": "in the core cluster",
        "near_core": "near the core cluster",
        "not_near": "not near the core cluster",
        "located_by": "Country of a family decided by",
        "all": "All technologies together",
        "notes": "Read this first",
        "sources": "What was read",
        "file": "File",
        "form": "Form",
        "read": "Read",
        "kept": "Kept",
        "rejected": "Rejected",
        "duplicates": "Duplicates",
        "sum": "All files",
        "ledger": "Every record not kept is listed in ledger.csv with its line and the reason.",
        "skipped": "Left alone, no patent export",
        "how": "How to read the numbers",
        "how_list": [
            "Families: simple patent families, each spread over the countries of its {by}s.",
            "Cited by others / cites others: citations between families across borders, counted "
            "once per pair of families. Being cited is knowledge going out.",
            "Balance: (received - given) / (received + given), between -1 and 1; above 0 the "
            "country is cited more than it cites.",
            "Links located: share of the citations made in the technology whose two ends both "
            "have a known country in these exports. The rest is not in the network.",
            "Core cluster: rich-core of Ma and Mondragon on the exchange of citations; it mostly "
            "follows size.",
            "Patent offices differ in how much they cite, countries cite themselves more, and the "
            "last 18 months are incomplete: read small differences with care.",
        ],
        "made": "Made with netpos {} · data up to {} · {}-{} by publication year of the family",
        "tables": "Tables",
        "tables_text": "All numbers: tables/countries.csv, tables/links.csv, "
        "tables/technologies.csv, tables/coverage.csv, tables/organisations.csv.",
    },
    "nl": {
        "title": "Technologiepositie uit octrooicitaties",
        "synthetic": "Synthetische gegevens: verzonnen ter demonstratie, geen echte posities.",
        "overview": "Overzicht",
        "intro": "Hoe {} ervoor staat in elke technologie, {} tot en met {}, geteld in "
        "eenvoudige octrooifamilies en de citaties daartussen. Families: telling {}; "
        "verbindingen: {}.",
        "technology": "Technologie",
        "families": "Families",
        "share": "Aandeel",
        "rank": "Rang",
        "received": "Geciteerd door anderen",
        "given": "Citeert anderen",
        "balance": "Balans",
        "coverage": "Citaties geplaatst",
        "core": "Kerncluster",
        "map": "Kaart",
        "open": "open kaart",
        "leaders": "Grootste naar families",
        "cited": "Meest geciteerd vanuit het buitenland",
        "focal": "In beeld",
        "no_family": "geen familie van deze technologie in deze exports",
        "no_links": "Geen enkele citatie heeft aan beide kanten een land, dus er is geen netwerk "
        "om te tekenen. Zie 'netpos missing', of geef --residences FILE.",
        "partners": "partners",
        "in_core": "in het kerncluster",
        "near_core": "dicht bij het kerncluster",
        "not_near": "niet dicht bij het kerncluster",
        "located_by": "Land van een familie bepaald door",
        "all": "Alle technologieën samen",
        "notes": "Lees dit eerst",
        "sources": "Wat is gelezen",
        "file": "Bestand",
        "form": "Vorm",
        "read": "Gelezen",
        "kept": "Behouden",
        "rejected": "Afgewezen",
        "duplicates": "Dubbel",
        "sum": "Alle bestanden",
        "ledger": "Elk niet behouden record staat in ledger.csv met regel en reden.",
        "skipped": "Overgeslagen, geen octrooi-export",
        "how": "Hoe de getallen te lezen",
        "how_list": [
            "Families: eenvoudige octrooifamilies, elk verdeeld over de landen van de partijen "
            "({by}).",
            "Geciteerd door anderen / citeert anderen: citaties tussen families over grenzen heen, "
            "eenmaal geteld per paar families. Geciteerd worden is kennis die naar buiten gaat.",
            "Balans: (ontvangen - gegeven) / (ontvangen + gegeven), tussen -1 en 1; boven 0 wordt "
            "het land meer geciteerd dan het citeert.",
            "Citaties geplaatst: aandeel van de citaties in de technologie waarvan beide kanten "
            "een bekend land hebben in deze exports. De rest zit niet in het netwerk.",
            "Kerncluster: rich-core van Ma en Mondragon op de uitwisseling van citaties; volgt "
            "vooral omvang.",
            "Octrooibureaus citeren verschillend veel, landen citeren zichzelf vaker, en de "
            "laatste 18 maanden zijn onvolledig: lees kleine verschillen met voorzichtigheid.",
        ],
        "made": "Gemaakt met netpos {} · gegevens tot {} · {}-{} naar publicatiejaar van de "
        "familie",
        "tables": "Tabellen",
        "tables_text": "Alle getallen: tables/countries.csv, tables/links.csv, "
        "tables/technologies.csv, tables/coverage.csv, tables/organisations.csv.",
    },
}
