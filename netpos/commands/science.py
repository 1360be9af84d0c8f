"""The knowledge position of a country: publications, their impact, its specialisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
from markupsafe import Markup, escape

from netpos import countries
from netpos.commands.publish import publish
from netpos.errors import InputError, OptionError
from netpos.progress import Report
from netpos.science.aggregates import activity_of_aggregates, impact_of_aggregates
from netpos.science.publications import UNION
from netpos.science.reading import read_aggregates, read_researchers, read_science_totals
from netpos.science.tables import COLUMNS, Period, science_tables
from netpos.science.topics import chooser, of_file, parse_technology, read_topics
from netpos.science.works import TYPES, counted_shares, read_works
from netpos.viz.numbers import FORMS, formed
from netpos.viz.report.findings import Findings, Section, Shown, finding_words
from netpos.viz.report.findings_answer import Measure, cell, told
from netpos.viz.sources import Sources
from netpos.viz.words import in_sentence, technology_name

_NO_SHARES = pl.DataFrame(schema={"work": pl.Int64, "country": pl.String, "share": pl.Float64})
_FORMS = {
    "country": "country", "works": "one", "works_full": "count", "works_all": "one",
    "share": "percent", "rank": "count", "per_100_fte": "two", "works_scored": "one",
    "fwci": "two", "fwci_full": "two", "fwci_openalex": "two", "top10": "percent", "rai": "two",
}  # fmt: skip


@dataclass(frozen=True)
class Choices:
    """What is read beside the works, and how they are counted."""

    focal: str
    benchmark: str = "report-4.1"
    periods: tuple[Period, ...] = ()
    window: int | None = 4
    types: tuple[str, ...] = TYPES
    min_cell: int = 30
    totals: Path | None = None
    researchers: Path | None = None
    aggregates: Path | None = None
    counting: str = "fractional"
    lang: str = "en"
    png: bool = False


def parse_window(text: str) -> int | None:
    """Read ``4`` or ``none``.

    Raises
    ------
    OptionError
        It is neither a number of years from 1 to 20 nor none.

    Examples
    --------
    >>> parse_window("4"), parse_window("none")
    (4, None)
    """
    if text == "none":
        return None
    if not text.isdecimal() or not 1 <= int(text) <= 20:
        raise OptionError(f"--window {text}: not understood", remedy="give years, as 4, or none")
    return int(text)


def parse_types(text: str) -> tuple[str, ...]:
    """Read ``article,review``.

    Raises
    ------
    OptionError
        One of them is not known.

    Examples
    --------
    >>> parse_types("review, article")
    ('article', 'review')
    """
    given = {part.strip() for part in text.split(",") if part.strip()}
    if not given or given - set(TYPES):
        raise OptionError(f"--types {text}: not known", remedy=f"use {', '.join(TYPES)}")
    return tuple(kind for kind in TYPES if kind in given)


def analyse_science(
    works: Sequence[Path],
    out: Path,
    chosen: Choices,
    *,
    technologies: Sequence[str] = (),
    definitions: Path | None = None,
    report: Report | None = None,
) -> Path:
    """Compute the knowledge position from works of OpenAlex or Lens.

    Parameters
    ----------
    works
        Files whose works are told apart by ``definitions``.
    out
        Where the results go.
    chosen
        What is counted.
    technologies
        ``ID=FILE``: every work of the file is of the technology.
    definitions
        Technologies by topics, fields of study and words of titles, TOML.
    report
        Called with one line of progress at a time.

    Returns
    -------
    Path
        The page to open.

    Raises
    ------
    InputError, OptionError
        A file cannot be used, or options do not fit together.
    """
    say = report or (lambda _: None)
    focal = countries.check_focal(chosen.focal)
    if chosen.aggregates is not None:
        if works or technologies or definitions:
            problem = "--aggregates: gives numbers already added up; works cannot be added"
            raise OptionError(problem, remedy="drop either")
        if chosen.counting != "fractional":
            problem = "--aggregates: gives numbers already counted"
            raise OptionError(problem, remedy="drop --counting")
        return _aggregates(out, chosen, focal, say)
    files = [(path, of_file(name)) for name, path in map(parse_technology, technologies)]
    called: dict[str, str | None] = {}
    if bool(works) != (definitions is not None):
        problem = "files of works and --technologies belong together"
        raise OptionError(problem, remedy="give both, or one --technology ID=FILE for each export")
    if definitions is not None:
        topics = read_topics(definitions)
        files += [(path, chooser(topics)) for path in works]
        called = {t.id: (t.name_nl if chosen.lang == "nl" else None) or t.name for t in topics}
    if not files:
        raise OptionError("no works are given", remedy="give --technology ID=FILE")
    counted_shares(_NO_SHARES, chosen.counting)  # before anything is read
    found = read_works(files, window=chosen.window, report=say)
    found = replace(found, shares=counted_shares(found.shares, chosen.counting))
    notes: list[str] = []
    totals = researchers = None
    if chosen.totals is not None:
        totals, more = read_science_totals(chosen.totals)
        notes += more
    if chosen.researchers is not None:
        researchers, more = read_researchers(chosen.researchers)
        notes += more
    first, last = chosen.periods[-1][1]
    if not found.works.filter(pl.col("year").is_between(first, last)).height:
        years = found.works["year"].sort().to_list()
        problem = f"no work is of {first} to {last}; they are of {years[0]} to {years[-1]}"
        raise InputError(problem, file=files[0][0], remedy="change --from and --to")
    tables, more = science_tables(
        found,
        chosen.periods,
        types=chosen.types,
        min_cell=chosen.min_cell,
        totals=totals,
        researchers=researchers,
        focal=focal,
    )
    notes += more
    works_behind = tables.pop("science_works", None)
    behind = None
    if works_behind is not None:
        keys = found.works.select("work", "key")
        shares = found.shares.join(keys, on="work").select("key", "country", "share")
        behind = {
            "science_works": works_behind, "science_shares": shares.sort("key", "country"),
        }  # fmt: skip
    counts = found.counts
    facts = {
        "read": counts["read"], "rejected": counts["rejected"], "duplicates": counts["duplicates"],
    }  # fmt: skip
    if counts["rejected"]:
        notes.append(f"{counts['rejected']} of {counts['read']} records cannot be read, see ledger")
    tables["ledger"] = found.ledger
    inputs = [path for path, _ in files]
    inputs += [p for p in (definitions, chosen.totals, chosen.researchers) if p is not None]
    own = [p.name for p in (chosen.totals, chosen.researchers) if p is not None]
    sources = Sources.of_works(found.source).and_those(Sources((), own))
    return _publish(tables, out, chosen, focal, notes, facts, inputs, say, behind, sources, called)


def _aggregates(out: Path, chosen: Choices, focal: str, say: Report) -> Path:
    """Return the same from a table of works and citations."""
    assert chosen.aggregates is not None
    table, notes = read_aggregates(chosen.aggregates)
    totals = None
    if chosen.totals is not None:
        totals, more = read_science_totals(chosen.totals)
        notes += more
    parts = []
    for period, (first, last) in chosen.periods:
        inside = table.filter(pl.col("year").is_between(first, last))
        mine = impact_of_aggregates(inside).with_columns(rai=pl.lit(None, pl.Float64))
        known = _totals_of(totals, period, first, last)
        if known is not None:
            found = activity_of_aggregates(inside, known)
            if found is None:
                notes.append(
                    "activity is not given: the totals have no row of the world, and countries of "
                    "the totals are not in the table"
                )
            else:
                mine = mine.drop("rai").join(found, on=["technology", "country"], how="left")
        parts.append(mine.with_columns(period=pl.lit(period)))
    notes = list(dict.fromkeys(notes))
    science = pl.concat(parts).rename({"works_world": "works_all"})
    if not science.height:
        raise InputError(
            "no row is of the years asked for",
            file=chosen.aggregates,
            remedy="change --from and --to",
        )
    gone = [c for c in COLUMNS if c not in science.columns]
    numbers = {"works_full": pl.Int64, "rank": pl.Int64}
    science = science.with_columns(
        rank=pl.when(pl.col("works") >= 20).then(
            pl.col("works").rank("min", descending=True).over("technology", "period").cast(pl.Int64)
        )
    )
    science = science.with_columns(
        pl.lit(None, numbers.get(c, pl.Float64)).alias(c) for c in gone if c != "rank"
    ).select(COLUMNS)
    notes.append(
        "from a table already added up: full counting, the top tenth and coverage are not known"
    )
    if UNION not in set(science["technology"]):
        notes.append(
            "from a table already added up no union can be made: a work in several technologies "
            "would count in each; give rows of the technology 'all' for that"
        )
    inputs = [p for p in (chosen.aggregates, chosen.totals) if p is not None]
    return _publish({"science": science}, out, chosen, focal, notes, {}, inputs, say)


def _totals_of(
    totals: pl.DataFrame | None, period: str, first: int, last: int
) -> pl.DataFrame | None:
    """Return all science of a period; totals without years are of the whole span."""
    if totals is None or ("year" not in totals.columns and period != UNION):
        return None
    if "year" in totals.columns:
        totals = totals.filter(pl.col("year").is_between(first, last))
    found = totals.group_by("country").agg(pl.col("works").sort().sum()).sort("country")
    return found if found.height else None


def _publish(
    tables: dict[str, pl.DataFrame],
    out: Path,
    chosen: Choices,
    focal: str,
    notes: list[str],
    facts: Mapping[str, int],
    inputs: Sequence[Path],
    say: Report,
    behind: Mapping[str, pl.DataFrame] | None = None,
    sources: Sources | None = None,
    called: Mapping[str, str | None] | None = None,
) -> Path:
    tables["science"] = countries.with_names(tables["science"], chosen.lang)
    for note in notes:
        say(f"note: {note}")
    names = {
        ident: (called or {}).get(ident) or technology_name(ident, chosen.lang)
        for ident in tables["science"]["technology"].unique().sort()
    }
    page, drawn = _page(tables, chosen, focal, notes, facts, names)
    options = {
        "focal": focal, "benchmark": chosen.benchmark, "from": chosen.periods[-1][1][0],
        "to": chosen.periods[-1][1][1],
        "periods": ",".join(name for name, _ in chosen.periods if name != UNION),
        "window": chosen.window, "types": ",".join(chosen.types), "min_cell": chosen.min_cell,
        "totals": chosen.totals, "researchers": chosen.researchers,
        "aggregates": chosen.aggregates, "counting": chosen.counting, "lang": chosen.lang,
    }  # fmt: skip
    return publish(
        page,
        tables,
        out,
        inputs=list(dict.fromkeys(inputs)),
        options=options,
        drawn=drawn,
        beside=("ledger",),
        evidence=behind,
        sources=sources,
        png=chosen.png,
    )


def _page(
    tables: Mapping[str, pl.DataFrame],
    chosen: Choices,
    focal: str,
    notes: list[str],
    read: Mapping[str, int],
    known: Mapping[str, str],
) -> tuple[Findings, dict[str, Any]]:
    """Return the page and its figures, of the whole span."""
    from netpos.viz.charts.science import panels, place

    lang = chosen.lang
    t = finding_words(lang)["science"]
    said = in_sentence(focal, lang)
    whole = tables["science"].filter(pl.col("period") == UNION)
    codes = list(dict.fromkeys([focal, *countries.benchmark_codes(chosen.benchmark)]))
    among = whole.filter(pl.col("country").is_in(codes))
    mine = whole.filter(pl.col("country") == focal)
    names = {code: countries.name(code, lang) for code in codes}
    drawn: dict[str, Any] = {
        "place": place(among.with_columns(pl.col("technology").replace(known)), focal, t)
    }
    captions = {"place": t["figure_place"].format(focal=said)}
    sections = []
    forms = {c: f for c, f in _FORMS.items() if c != "country" and mine[c].count()}
    sections.append(
        Section(
            t["position"].format(focal=said),
            [t["position_text"]],
            ["place"],
            [Shown("science", mine, {"technology": "technology", **forms}, _KEYS)],
        )
    )
    for technology in dict.fromkeys(among["technology"]):
        rows = among.filter(pl.col("technology") == technology)
        rows = rows.sort(["works", "country"], descending=[True, False])
        name = f"science-{technology}"
        drawn[name] = panels(rows, focal, names, t)
        title = t["all"] if technology == UNION else known[technology]
        captions[name] = t["figure_panels"].format(technology=title)
        sections.append(
            Section(
                title,
                _slope(rows, focal, said, t, lang),
                [name],
                [
                    Shown(
                        "science",
                        rows,
                        {c: f for c, f in _FORMS.items() if rows[c].count()},
                        _KEYS,
                        focal=("country", focal),
                    )
                ],
            )
        )
    if "science_coverage" in tables:
        sections.append(_coverage(tables["science_coverage"], t))
    first, last = chosen.periods[-1][1]
    facts = {
        t["fact_years"]: f"{first}–{last}",
        t["fact_counting"]: t[f"counting_{chosen.counting}"],
    }
    for key, value in read.items():
        facts[t[f"fact_{key}"]] = formed(value, FORMS["count"], lang)
    window = t["window_none"] if chosen.window is None else t["window"].format(n=chosen.window)
    page = Findings(
        lang,
        t["title"].format(focal=countries.name(focal, lang)),
        t["lead"].format(focal=said, first=first, last=last),
        facts,
        notes,
        sections,
        captions=captions,
        reading=[window, *t["reading"]],
        names=known,
        answer=_answer(mine, said, known, t, lang),
    )
    return page, drawn


def _answer(
    mine: pl.DataFrame, said: str, known: Mapping[str, str], t: Mapping[str, Any], lang: str
) -> list[tuple[str, Markup]]:
    """Say what part is its own, where that changes, and where it is cited more than the world."""
    if not mine.height:
        return []
    union = mine.filter(pl.col("technology") == UNION).drop_nulls("share")
    each = mine.filter(pl.col("technology") != UNION)
    size = escape(t["answer_share_unknown"].format(focal=said))
    if union.height:
        share = cell(Measure("science", "share", "percent", _KEYS), union.row(0, named=True), lang)
        share = Markup("{} ({})").format(*share.split("; ")) if "; " in share else share
        size = Markup(escape(t["answer_share"])).format(focal=said, share=share)
    found = [(t["answer_size"], size[:1].upper() + size[1:])]
    for part, column, form, level in (
        ("change", "share_slope", "points", 0.0),
        ("impact", "fwci", "two", 1.0),
    ):
        ways = {way: t[f"answer_{part}_{way}"] for way in ("up", "down", "left", "none")}
        text = told(each, Measure("science", column, form, _KEYS), level, known,
                    {**finding_words(lang), **ways}, lang, numbers=part == "impact")  # fmt: skip
        found.append((t[f"answer_{part}"], text))
    return found


_KEYS = ("technology", "period", "country")


def _coverage(table: pl.DataFrame, t: Mapping[str, Any]) -> Section:
    """Works and those with a country, most works first; all rows are in the table."""
    order = table.sort(["works", "technology", "year"], descending=[True, False, False])
    forms = {
        "technology": "technology", "year": "year", "type": "word", "counted": "yes",
        "works": "count", "located": "count", "all_located": "count",
    }  # fmt: skip
    shown = Shown(
        "science_coverage", order.head(15), forms, ("technology", "year", "type"), of=order.height
    )
    return Section(t["coverage"], [t["coverage_text"]], tables=[shown])


def _slope(rows: pl.DataFrame, focal: str, said: str, t: Mapping[str, Any], lang: str) -> list[str]:
    """Say that a share rises or falls, only where the interval of its slope leaves out 0."""
    mine = rows.filter(pl.col("country") == focal)
    if not mine.height:
        return []
    row = mine.row(0, named=True)
    low, high = row["share_slope_low"], row["share_slope_high"]
    if low is None or low <= 0 <= high:
        return []
    slope = FORMS["points"]._replace(digits=2)
    return [
        t["rises" if low > 0 else "falls"].format(
            focal=said,
            slope=formed(row["share_slope"], slope, lang),
            low=formed(low, slope, lang),
            high=formed(high, slope, lang),
        )
    ]
