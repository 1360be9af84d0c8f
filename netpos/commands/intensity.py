"""Why a country spends more or less on R&D than others: structure and intrinsic part."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import polars as pl

from netpos import countries
from netpos.commands.publish import publish
from netpos.errors import InputError, OptionError, TableError
from netpos.innovation.intensity import VARIANTS, intensity_tables
from netpos.innovation.reading import read_sectors
from netpos.progress import Report
from netpos.viz.numbers import FORMS, formed
from netpos.viz.report.findings import Findings, Section, Shown, finding_words
from netpos.viz.words import in_sentence

_BASES: dict[str, Literal["gdp", "value_added"]] = {"gdp": "gdp", "value-added": "value_added"}


def analyse_intensity(
    file: Path,
    out: Path,
    *,
    focal: str,
    benchmark: str,
    base: str = "gdp",
    pooled: bool = False,
    benchmark_set: str = "fixed",
    merge: Path | None = None,
    variant: str = "A",
    lang: str = "en",
    png: bool = False,
    report: Report | None = None,
) -> Path:
    """Decompose the gap in R&D intensity from ``country,year,sector,value_added,berd[,gdp]``.

    Parameters
    ----------
    file
        The table of sectors.
    out
        Where the results go.
    focal
        Country in focus, alpha-2.
    benchmark
        Countries it is compared with: codes or the name of a set.
    base
        ``gdp`` or ``value-added``: what the weight of a sector divides by.
    pooled
        Add the countries of the benchmark up instead of taking the mean of their sectors.
    benchmark_set
        ``fixed``: the same countries in every year. ``each-year``: those that are there.
    merge
        ``sector,group``: bring sectors to a common level.
    variant
        The one that the figures show; the tables hold all.
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
    codes = [code for code in countries.benchmark_codes(benchmark) if code != focal]
    if not codes:
        raise OptionError(
            f"--benchmark {benchmark}: no country but {focal}", remedy="give codes, as DE,FR,SE"
        )
    if base not in _BASES:
        raise OptionError(f"--base {base}: unknown", remedy="choose gdp or value-added")
    if benchmark_set not in ("fixed", "each-year"):
        problem = f"--benchmark-set {benchmark_set}: unknown"
        raise OptionError(problem, remedy="choose fixed or each-year")
    if variant not in VARIANTS:
        raise OptionError(f"--variant {variant}: unknown", remedy="choose A, B, C or D")
    sectors, notes = read_sectors(file, merge, pooled=pooled)
    if base == "gdp" and not sectors["gdp"].count():
        remedy = "add a column gdp, or choose --base value-added"
        raise InputError("column 'gdp' is missing", file=file, remedy=remedy)
    if focal not in sectors["country"]:
        raise InputError(f"no row is of {focal}", file=file, remedy="choose another --focal")
    try:
        tables, more = intensity_tables(
            sectors, focal, codes, base=_BASES[base], pooled=pooled, fixed=benchmark_set == "fixed"
        )
    except TableError as error:
        problem = f"no year has {focal} and a country of the benchmark"
        raise InputError(problem, file=file, remedy="choose another --benchmark") from error
    notes += more
    tables["intensity"] = countries.with_names(tables["intensity"], lang)
    for note in notes:
        say(f"note: {note}")
    how = {"base": base, "pooled": pooled, "set": benchmark_set, "variant": variant}
    page, drawn = _page(tables, focal, how, lang, notes)
    options = {
        "focal": focal, "benchmark": benchmark, "base": base, "pooled": pooled,
        "benchmark_set": benchmark_set, "sectors": merge, "variant": variant, "lang": lang,
    }  # fmt: skip
    inputs = [file, *([merge] if merge else [])]
    return publish(page, tables, out, inputs=inputs, options=options, drawn=drawn, png=png)


def _page(
    tables: Mapping[str, pl.DataFrame],
    focal: str,
    how: Mapping[str, Any],
    lang: str,
    notes: list[str],
) -> tuple[Findings, dict[str, Any]]:
    """Return the page, its sectors those of the last year, and the figures."""
    from netpos.viz.charts import intensity as charts

    t = finding_words(lang)["intensity"]
    variant = how["variant"]
    parts = tables["decomposition"]
    year = int(parts.select(pl.col("year").max()).item())
    last = parts.filter((pl.col("year") == year) & (pl.col("variant") == variant)).row(
        0, named=True
    )
    said = in_sentence(focal, lang)
    base = t[f"base_{how['base']}"]
    codes = last["benchmark"].split()
    benchmark = ", ".join(countries.name(code, lang) for code in codes)
    words = dict(t) | {
        "focal_word": countries.name(focal, lang),
        "benchmark_word": t["benchmark"],
        "axis_gap": t["axis_gap"].format(base=base),
    }
    of_year = tables["sectors"].filter(pl.col("year") == year)
    drawn = {
        "gap": charts.gap_over_time(parts, variant, words),
        "waterfall": charts.waterfall(of_year, variant, words),
        "sectors": charts.dumbbells(of_year, words),
    }
    filled = {"focal": said, "year": year, "variant": variant, "base": base}
    captions = {name: t[f"figure_{name}"].format(**filled) for name in drawn}
    points = FORMS["two"]
    facts = {
        t["fact_intensity"]: f"{formed(last['intensity'], points, lang)} %",
        t["fact_benchmark"]: f"{formed(last['intensity_benchmark'], points, lang)} %",
        t["fact_gap"]: formed(last["gap"], points._replace(signed=True), lang),
        t["fact_year"]: str(year),
        t["fact_sectors"]: str(last["sectors"]),
    }
    kind = t["benchmark_pooled" if how["pooled"] else "benchmark_mean"]
    stated = t["set_fixed" if how["set"] == "fixed" else "set_each_year"]
    sections = [
        Section(
            t["decomposition"],
            [
                t["decomposition_text"],
                t["benchmark_text"].format(list=benchmark, kind=kind, set=stated),
            ],
            ["gap"],
            [_decomposition(parts, t["in_percent"].format(base=base))],
        ),
        Section(
            t["sectors"].format(year=year),
            [t["sectors_text"].format(**filled)],
            ["waterfall", "sectors"],
            [_sectors(of_year, variant)],
        ),
        Section(
            t["coverage"],
            [t["coverage_text"]],
            tables=[_coverage(tables["intensity"], focal)],
        ),
    ]  # fmt: skip
    page = Findings(
        lang,
        t["title"].format(focal=countries.name(focal, lang)),
        t["lead"].format(focal=said, base=base),
        facts,
        notes,
        sections,
        captions=captions,
        reading=t["reading"],
    )
    return page, drawn


def _decomposition(parts: pl.DataFrame, unit: str) -> Shown:
    forms = {
        "year": "year", "variant": "text", "intensity": "three", "intensity_benchmark": "three",
        "gap": "three", "structure": "three", "intrinsic": "three", "interaction": "three",
        "structure_share": "whole_percent",
    }  # fmt: skip
    rows = parts.sort(["year", "variant"], descending=[True, False])
    return Shown("decomposition", rows, forms, ["year", "variant"], caption=unit)


def _sectors(rows: pl.DataFrame, variant: str) -> Shown:
    letter = "a" if variant == "D" else variant.lower()
    other = "b" if variant == "D" else letter
    forms = {
        "sector": "text", "value_added": "one", "berd": "two", "weight": "percent",
        "weight_benchmark": "percent", "intensity": "small_percent",
        "intensity_benchmark": "small_percent", f"structure_{letter}": "three",
        f"intrinsic_{other}": "three",
    }  # fmt: skip
    return Shown("sectors", rows, forms, ["year", "sector"])


def _coverage(table: pl.DataFrame, focal: str) -> Shown:
    forms = {
        "year": "year", "name": "text", "berd": "one", "base": "one", "intensity": "three",
        "sectors": "count", "compared": "count", "compared_berd": "one", "covered": "whole_percent",
    }  # fmt: skip
    rows = table.sort(["year", ~pl.col("focal"), "country"], descending=[True, False, False])
    return Shown("intensity", rows, forms, ["year", "country"], focal=("country", focal))
