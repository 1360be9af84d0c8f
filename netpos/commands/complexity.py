"""Complexity of the user's own matrix, and the products of one of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import polars as pl

from netpos import countries
from netpos.commands.publish import publish
from netpos.errors import InputError, OptionError
from netpos.indicators.complexity import LEAST_SHARE, Sign, complexity_tables
from netpos.indicators.opportunities import (
    MIXES,
    Mix,
    complex_products,
    opportunities,
    parse_mix,
    product_cells,
    top_products,
)
from netpos.ingest.user_tables import label_countries, read_matrix_of, read_names
from netpos.progress import Report
from netpos.viz.numbers import FORMS, formed
from netpos.viz.report.findings import Findings, Section, Shown, finding_words
from netpos.viz.words import in_sentence

Kind = Literal["countries", "regions"]
#: Rows of the tables of countries on the page.
_ROWS = 25
_NAMES: dict[str, Any] = {"product": pl.String, "name": pl.String}


@dataclass(frozen=True)
class Choices:
    """What is listed of the row in focus, and how."""

    top: int = 10
    mix: Mix = MIXES[0]
    candidates: Literal["missing", "all"] = "missing"
    least_share: float = 0.0001
    specialised: bool = False


def choices(
    *, top: int, mix: str, candidates: str, least_share: float, specialised: bool
) -> Choices:
    """Check what the command line says about the lists.

    Parameters
    ----------
    top, mix, candidates, specialised
        As `Choices`; ``mix`` as ``50/15/35``.
    least_share
        Percent of the country's own total.

    Raises
    ------
    OptionError
        One of them makes no sense.
    """
    weights = parse_mix(mix)
    if candidates not in ("missing", "all"):
        raise OptionError(f"--candidates {candidates}: unknown", remedy="choose missing or all")
    if not 0 <= least_share <= 100:
        problem = f"--least-share {least_share:g}: not a percentage"
        raise OptionError(problem, remedy="give percent of the country's own total, as 0.01")
    chosen: Any = candidates
    return Choices(top, weights, chosen, least_share / 100, specialised)


def analyse_matrix(
    file: Path,
    out: Path,
    *,
    focal: str | None = None,
    names: Path | None = None,
    chosen: Choices | None = None,
    sign: Sign = "agreed",
    regions: str | None = None,
    least: float = 50.0,
    lang: str = "en",
    png: bool = False,
    report: Report | None = None,
) -> Path:
    """Compute RCA, complexity, fitness, relatedness and opportunity from
    ``country,product,value[,year]``.

    Parameters
    ----------
    file
        The matrix, one row per cell.
    out
        Where the results go.
    focal
        The row in focus, as the matrix calls it or as its country code; with it the lists of
        products are written.
    names
        ``product,name``.
    chosen
        What is listed of the row in focus.
    sign
        As for `netpos.indicators.complexity.eci_pci`.
    regions
        Keep the regions whose code begins with this, or with one of several by commas.
    least
        Regions whose values sum to less are left out, countries marked.
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
    InputError, TableError, OptionError
        The matrix cannot be used, or an option does not fit it.
    """
    say = report or (lambda _: None)
    matrix, kind = read_matrix_of(file)
    matrix = matrix.with_columns(pl.col("value").fill_null(0.0))
    matrix, notes = _kept(matrix, kind, regions, least, file)
    given = read_names(names, "product") if names else pl.DataFrame(schema=_NAMES)
    row = None if focal is None else _row(matrix["country"].unique().sort(), focal, kind)
    tables = complexity_tables(matrix, sign=sign, least=least)
    tables["basis"] = _with_kind(tables["basis"], kind)
    notes += [n for n in tables["notes"]["note"].to_list() if not n.startswith("fitness after")]
    small = tables["countries"].filter("small")["country"].unique().sort()
    if small.len():
        notes.append(_small_note(small, least))
    tables["notes"] = _notes(tables["notes"], notes)
    for note in notes:
        say(f"note: {note}")
    chosen = chosen or Choices()
    own: dict[int | None, pl.DataFrame] = {}
    if row is not None:
        own = _own(tables, row, chosen)
        tables |= _lists(own, chosen, given)
    page, drawn = _page(tables, own, row, kind, chosen, lang, notes)
    options = {
        "focal": focal, "names": names, "top": chosen.top,
        "mix": "/".join(f"{100 * w:g}" for w in chosen.mix), "candidates": chosen.candidates,
        "least_share": 100 * chosen.least_share, "specialised": chosen.specialised, "sign": sign,
        "regions": regions, "min_families": least, "lang": lang,
    }  # fmt: skip
    inputs = [file, *([names] if names else [])]
    return publish(
        page,
        tables,
        out,
        inputs=inputs,
        options=options,
        drawn=drawn,
        beside=("cells", "relatedness"),
        png=png,
    )


def _kept(
    matrix: pl.DataFrame, kind: Kind, regions: str | None, least: float, file: Path
) -> tuple[pl.DataFrame, list[str]]:
    """Return the rows that take part, and what was left out."""
    notes: list[str] = []
    if kind == "countries":
        matrix, notes = _one_row_each(matrix)
    if regions is not None:
        if kind != "regions":
            problem = "--regions: the rows of this matrix are not called regions"
            raise OptionError(problem, remedy="call their column 'region', or drop the option")
        heads = [head.strip() for head in regions.split(",") if head.strip()]
        begins = pl.any_horizontal([pl.col("country").str.starts_with(h) for h in heads] or False)
        matrix = matrix.filter(begins)
    if kind == "regions":
        keys = ["country", *(["year"] if "year" in matrix.columns else [])]
        total = pl.col("value").sort().sum().over(keys)
        rows = matrix.select(keys).unique().height
        matrix = matrix.filter(total >= least)
        dropped = rows - matrix.select(keys).unique().height
        if dropped:
            notes.append(f"{dropped} of {rows} regions sum to less than {least:g} and are left out")
    if matrix["country"].n_unique() < 2:
        remedy = "lower --min-families, or widen --regions"
        raise InputError("fewer than two regions are left", file=file, remedy=remedy)
    return matrix, notes


def _one_row_each(matrix: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """Add up the rows that call one country by several labels, under its code."""
    known = countries.label_to_country(matrix["country"].unique().sort()).drop_nulls()
    several = known.filter(pl.col("country").is_duplicated())
    if not several.height:
        return matrix, []
    named, notes = label_countries(
        matrix.filter(pl.col("country").is_in(several["label"].implode())), ["country"]
    )
    others = matrix.filter(~pl.col("country").is_in(several["label"].implode()))
    keys = [c for c in matrix.columns if c != "value"]
    added = named.group_by(keys).agg(pl.col("value").sort().sum()).select(matrix.columns)
    return pl.concat([others, added]).sort(keys), notes


def _row(labels: pl.Series, focal: str, kind: Kind) -> str:
    """Return the row that a code means: as written, in other capitals, or as the country it stands
    for.
    """
    asked = focal.strip()
    exact = [label for label in labels if label == asked]
    found = exact or [label for label in labels if label.casefold() == asked.casefold()]
    if not found and kind == "countries":
        known = dict(countries.label_to_country(labels).drop_nulls().iter_rows())
        wanted = countries.label_to_country(pl.Series("label", [asked]))["country"][0]
        found = [label for label in labels if wanted and known.get(label) == wanted]
    if not found and countries.is_union(asked.upper()):
        problem = f"--focal {focal}: not a row of the matrix, and its members are not added up here"
        remedy = (
            f"the indices of all rows change with it; to take them as one, give one row {focal} in "
            "place of its members"
        )
        raise OptionError(problem, remedy=remedy)
    if len(found) != 1:
        some = ", ".join(labels.head(5))
        problem = f"--focal {focal}: not a row of the matrix"
        raise OptionError(problem, remedy=f"it has {labels.len()} rows, as {some}")
    return str(found[0])


def _with_kind(basis: pl.DataFrame, kind: Kind) -> pl.DataFrame:
    place = basis.columns.index("countries")
    return basis.insert_column(place, pl.Series("rows", [kind] * basis.height))


def _small_note(small: pl.Series, least: float) -> str:
    some = ", ".join(small.head(5)) + (f" and {small.len() - 5} more" if small.len() > 5 else "")
    return (
        f"{small.len()} rows sum to less than {least:g}, or to less than {100 * LEAST_SHARE:g} % "
        f"of the matrix; their indices rest on little and they are marked small: {some}"
    )


def _notes(table: pl.DataFrame, notes: list[str]) -> pl.DataFrame:
    """Return the notes of the tables, with those of the command."""
    extra = pl.DataFrame({"note": [n for n in notes if n not in set(table["note"])]})
    if not extra.height:
        return table
    return pl.concat([table, extra.cast({"note": pl.String})], how="diagonal")


def _years(table: pl.DataFrame) -> list[int | None]:
    return table["year"].unique().sort().to_list() if "year" in table.columns else [None]


def _of_year(table: pl.DataFrame, year: int | None) -> pl.DataFrame:
    return table if year is None else table.filter(pl.col("year") == year).drop("year")


def _own(
    tables: Mapping[str, pl.DataFrame], row: str, chosen: Choices
) -> dict[int | None, pl.DataFrame]:
    """Products of the row in focus, for each year in which it is there."""
    found = {}
    for year in _years(tables["cells"]):
        cells = _of_year(tables["cells"], year)
        if (cells["country"] == row).any():
            products = _of_year(tables["products"], year)
            found[year] = product_cells(cells, products, row, candidates=chosen.candidates)
    return found


def _lists(
    own: Mapping[int | None, pl.DataFrame], chosen: Choices, names: pl.DataFrame
) -> dict[str, pl.DataFrame]:
    """Return the three lists, years one below the other."""
    parts: dict[str, list[pl.DataFrame]] = {}
    for year, table in own.items():
        found = {
            "top_products": top_products(table, top=chosen.top),
            "complex_products": complex_products(
                table,
                top=chosen.top,
                least_share=chosen.least_share,
                specialised=chosen.specialised,
            ),
            "opportunities": opportunities(
                table, mix=chosen.mix, candidates=chosen.candidates, top=chosen.top
            ),
        }
        for name, part in found.items():
            named = part.join(names, on="product", how="left", maintain_order="left")
            order = ["rank", "product", "name", *(c for c in part.columns[2:])]
            ready = named.select(order)
            if year is not None:
                ready = ready.insert_column(0, pl.Series("year", [year] * ready.height, pl.Int32))
            parts.setdefault(name, []).append(ready)
    return {name: pl.concat(tables) for name, tables in parts.items()}


def _page(
    tables: Mapping[str, pl.DataFrame],
    own: Mapping[int | None, pl.DataFrame],
    row: str | None,
    kind: Kind,
    chosen: Choices,
    lang: str,
    notes: list[str],
) -> tuple[Findings, dict[str, Any]]:
    """Return the page of the last year (in which the row in focus is there), and its figure."""
    words = finding_words(lang)
    t = words["complexity"]
    year = list(own)[-1] if own else _years(tables["basis"])[-1]
    now = {name: _of_year(table, year) for name, table in tables.items() if name != "notes"}
    keys = [] if year is None else ["year"]
    shown = {name: _dated(table, year) for name, table in now.items()}
    said = str(year) if year is not None else t["no_year"]
    basis = now["basis"].row(0, named=True)
    withheld = not now["products"]["pci"].count()
    sections = [
        Section(
            t["basis"],
            [t["basis_text"]],
            tables=[
                Shown(
                    "basis",
                    shown["basis"],
                    {
                        "rows": "word", "countries": "count", "products": "count", "sign": "word",
                        "with_diversity": "two", "with_ubiquity": "two", "agree": "yes",
                    },
                    keys,
                )
            ],
        )
    ]  # fmt: skip
    drawn: dict[str, Any] = {}
    title, lead = t["title_all"], t["lead_all" if kind == "countries" else "lead_regions"]
    captions: dict[str, str] = {}
    if row is not None and own:
        code = countries.label_to_country(pl.Series("label", [row]))["country"][0]
        name = countries.name(code, lang) if code and kind == "countries" else row
        title, lead = t["title"].format(focal=name), t["lead"]
        name_said = in_sentence(code, lang) if code and kind == "countries" else row
        sections += _sections(shown, name_said, chosen, keys, t, lang)
        if not withheld:
            from netpos.viz.charts.products import distance_complexity

            first = now["opportunities"].select("product", "name")
            drawn["products"] = distance_complexity(own[year], first, t)
            captions["products"] = t["figure"].format(focal=name_said)
        lead = lead.format(focal=name_said, year=said)
    else:
        lead = lead.format(year=said)
    if withheld:
        sections[0] = Section(
            t["basis"], [*sections[0].text, t["withheld"]], tables=sections[0].tables
        )
    order = shown["countries"].sort(["eci", "country"], descending=[True, False], nulls_last=True)
    sections.append(
        Section(
            t[kind],
            tables=[
                Shown(
                    "countries",
                    order.head(_ROWS),
                    {
                        "country": "country" if kind == "countries" else "text", "total": "count",
                        "diversity": "count", "eci": "two", "fitness": "two", "coi": "two",
                        "small": "yes",
                    },
                    [*keys, "country"],
                    focal=None if row is None else ("country", row),
                    of=order.height,
                )
            ],
        )
    )  # fmt: skip
    facts = {
        t[f"fact_rows_{kind}"]: formed(basis["countries"], FORMS["count"], lang),
        t["fact_products"]: formed(basis["products"], FORMS["count"], lang),
    }
    if year is not None:
        facts[t["fact_year"]] = str(year)
    page = Findings(
        lang, title, lead, facts, notes, sections, captions=captions, reading=t["reading"]
    )
    return page, drawn


def _dated(table: pl.DataFrame, year: int | None) -> pl.DataFrame:
    return table if year is None else table.with_columns(year=pl.lit(year))


def _sections(
    shown: Mapping[str, pl.DataFrame],
    name: str,
    chosen: Choices,
    keys: list[str],
    t: Mapping[str, Any],
    lang: str,
) -> list[Section]:
    """Return the three lists of the row in focus."""
    share = formed(chosen.least_share, FORMS["percent"]._replace(digits=2), lang)
    of_size = t["complex_products_text"].format(share=share)
    size = [of_size if chosen.least_share else t["complex_products_any"]]
    size += [t["complex_specialised"]] if chosen.specialised else []
    weights = (formed(w, FORMS["whole_percent"], lang) for w in chosen.mix)
    how = t[f"opportunities_{chosen.candidates}"].format(
        focal=name, **dict(zip(chosen.mix._fields, weights, strict=True))
    )
    forms = {
        "rank": "count", "product": "text", "name": "text", "world_share": "percent", "rca": "two",
        "pci": "two", "own_share": "small_percent", "distance": "three", "gain": "three",
        "score": "two", "mixes": "count",
    }  # fmt: skip

    def table(which: str) -> list[Shown]:
        rows = shown[which]
        bare = not rows["name"].count()
        columns = [c for c in rows.columns if c != "year" and not (bare and c == "name")]
        return [Shown(which, rows, {c: forms[c] for c in columns}, [*keys, "product"])]

    return [
        Section(t["top_products"], tables=table("top_products")),
        Section(t["complex_products"], size, tables=table("complex_products")),
        Section(t["opportunities"], [how], ["products"], table("opportunities")),
    ]
