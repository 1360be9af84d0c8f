r"""The queries that fetch a technology from Lens: ``netpos query``.

A document is found when, and only when, one of its symbols belongs to the technology
(`netpos.commands.query_terms`); the definition is applied again to what was fetched. What is
known of the query language of Lens, and what is not, stands in
`netpos.docs_path("data.md")`.
"""

from __future__ import annotations

import calendar
import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from pathlib import Path
from typing import Any, Literal

import polars as pl

from netpos.analysis.chosen import WHOLE
from netpos.analysis.technologies import Technology, family_technologies, load_technologies
from netpos.commands.query_sql import Dialect, source_of, topic_queries, write_outside
from netpos.commands.query_terms import symbol_terms
from netpos.countries import check_focal
from netpos.errors import InputError, OptionError
from netpos.ingest.corpus import Corpus, open_corpus, reading

Form = Literal["lens", "api"]
#: Documents expected per publication year: technology (or ``all``) -> year -> documents.
Counts = Mapping[str, Mapping[int, int]]

#: Records one export may hold.
LIMIT = 50_000
#: Part of the limit that is filled where the number of hits is an estimate.
FILL = 0.8
#: Terms in one query; search engines of this kind refuse queries of about a thousand.
TERMS = 500
#: Numbers of slices of a year that end with a month.
SLICES = (1, 2, 3, 4, 6, 12)
#: Parts of a record that netpos reads, by their names in the answer of the Lens API.
FIELDS = (
    "lens_id",
    "jurisdiction",
    "doc_number",
    "kind",
    "date_published",
    "publication_type",
    "biblio.invention_title",
    "biblio.application_reference",
    "biblio.priority_claims",
    "biblio.parties.applicants",
    "biblio.parties.inventors",
    "biblio.classifications_ipcr",
    "biblio.classifications_cpc",
    "biblio.references_cited",
    "biblio.cited_by",
    "families.simple_family",
    "legal_status",
)

_SCHEME_FIELDS: tuple[tuple[Literal["IPC", "CPC"], str], ...] = (
    ("IPC", "class_ipcr.symbol"),
    ("CPC", "class_cpc.symbol"),
)
_COUNTRY_FIELDS = ("applicant.residence", "inventor.residence", "priority_claim.jurisdiction")
_Slice = tuple[dt.date | None, dt.date | None, int | None]


@dataclass(frozen=True)
class Query:
    """One query: a technology, a slice of publication dates, and what to send.

    ``first`` and ``last`` are None where the query is not limited by date. A technology with very
    many terms takes ``parts`` queries per slice, this being number ``part``. ``expected`` is the
    estimate of hits in the slice, of all its parts, None where there is none. ``text`` is the query
    of the web form, ``body`` that of the API; one of the two is there.
    """

    technology: str
    first: dt.date | None
    last: dt.date | None
    part: int = 1
    parts: int = 1
    expected: int | None = None
    text: str | None = None
    body: Mapping[str, Any] | None = None


def lens_queries(
    technologies: Sequence[Technology],
    *,
    technology: str | None = None,
    first: int | None = None,
    last: int | None = None,
    as_: Form = "lens",
    limit: int = LIMIT,
    counts: Counts | None = None,
    slices_per_year: int = 1,
    narrow: bool = False,
    terms: int = TERMS,
    country: str | None = None,
) -> list[Query]:
    r"""Write the queries that fetch the documents of technologies.

    Parameters
    ----------
    technologies
        From `netpos.analysis.technologies.load_technologies`.
    technology
        The id of one of them; default all.
    first, last
        First and last publication year; without them the queries have no date.
    as_
        ``lens``: the text for the search box. ``api``: the body of a search request, which asks
        for the fields netpos reads and for whole simple families.
    limit
        Records that one export may hold.
    counts
        Documents expected per publication year. Years are then put together, or cut, so that each
        slice is expected to stay below four fifths of the limit; a year that is not listed is a
        slice of its own. Without counts each year is one slice.
    slices_per_year
        Cut each year at least into this many: 1, 2, 3, 4, 6 or 12.
    narrow
        Use the ``core`` patterns where a technology has them.
    terms
        Most terms in one query; a technology with more takes several queries per slice.
    country
        Only documents with an applicant or inventor in this country or a priority filed there:
        the seeds of a run with ``--design focal``.

    Returns
    -------
    list of Query
        In the order of the technologies, then by date, then by part.

    Raises
    ------
    OptionError
        An option does not fit, a technology is unknown, or its excludes leave no symbol.

    Examples
    --------
    >>> ai = Technology("ai", "AI", "AI", ipc=("G06N3/",), cpc=("G06N10/00",))
    >>> print(lens_queries([ai])[0].text)
    class_ipcr.symbol:(G06N3\/*) OR class_cpc.symbol:(G06N10\/00 OR G06N3\/*)
    """
    _check(first, last, as_, limit, slices_per_year, terms)
    out = []
    for chosen in _chosen(technologies, technology):
        clauses = _clauses(chosen, terms, narrow=narrow)
        if country is not None:
            of_country = " OR ".join(f"{f}:{check_focal(country)}" for f in _COUNTRY_FIELDS)
            clauses = [f"({clause}) AND ({of_country})" for clause in clauses]
        expected = None if counts is None else counts.get(chosen.id, counts.get("all", {}))
        for start, end, hits in _slices(first, last, limit, expected, slices_per_year):
            for part, clause in enumerate(clauses, 1):
                about = (chosen.id, start, end, part, len(clauses), hits)
                if as_ == "lens":
                    out.append(Query(*about, text=_text(clause, start, end)))
                else:
                    out.append(Query(*about, body=_body(clause, start, end)))
    return out


def _chosen(technologies: Sequence[Technology], technology: str | None) -> list[Technology]:
    known = [t.id for t in technologies]
    if technology is not None and technology not in known:
        remedy = f"known: {', '.join(known)}"
        raise OptionError(f"--technology {technology}: unknown", remedy=remedy)
    return [t for t in technologies if technology in (None, t.id)]


def _check(
    first: int | None, last: int | None, as_: str, limit: int, slices_per_year: int, terms: int
) -> None:
    if as_ not in ("lens", "api"):
        raise OptionError(f"--as {as_}: unknown", remedy="choose lens or api")
    if (first is None) != (last is None):
        problem = f"--from {first} --to {last}: one end is missing".replace("None", "(none)")
        raise OptionError(problem, remedy="give both years, or neither for a query without dates")
    if first is not None and last is not None and not 1700 <= first <= last <= 2999:
        raise OptionError(f"--from {first} --to {last}: not a span of years")
    for name, value in (("--limit", limit), ("--terms", terms)):
        if value < 1:
            raise OptionError(f"{name} {value}: expected a number above 0")
    if slices_per_year not in SLICES:
        choice = ", ".join(map(str, SLICES))
        raise OptionError(f"--slices {slices_per_year}: unknown", remedy=f"choose one of {choice}")


def _clauses(technology: Technology, most: int, *, narrow: bool) -> list[str]:
    """Return the part of the query on symbols, in as many clauses as the limit of terms asks."""
    found = [
        (field, term.replace("/", "\\/"))
        for scheme, field in _SCHEME_FIELDS
        for term in symbol_terms(technology, scheme, narrow=narrow)
    ]
    if not found:
        problem = f"technology {technology.id}: its excludes take away every symbol"
        raise OptionError(problem, remedy="change the definition")
    clauses = []
    for at in range(0, len(found), most):
        by_field: dict[str, list[str]] = {}
        for field, term in found[at : at + most]:
            by_field.setdefault(field, []).append(term)
        clauses.append(" OR ".join(f"{f}:({' OR '.join(ts)})" for f, ts in by_field.items()))
    return clauses


def _text(clause: str, start: dt.date | None, end: dt.date | None) -> str:
    if start is None or end is None:
        return clause
    if (start.month, start.day, end.month, end.day) == (1, 1, 12, 31):
        return f"({clause}) AND year_published:[{start.year} TO {end.year}]"
    return f"({clause}) AND date_published:[{start} TO {end}]"


def _body(clause: str, start: dt.date | None, end: dt.date | None) -> dict[str, Any]:
    """Body of a search request, in the parts of the query language that the API documents."""
    wanted: dict[str, Any] = {"must": [{"query_string": {"query": clause}}]}
    if start is not None and end is not None:
        dates = {"gte": start.isoformat(), "lte": end.isoformat()}
        wanted["filter"] = [{"range": {"date_published": dates}}]
    return {
        "query": {"bool": wanted},
        "include": list(FIELDS),
        "expand_by": "SIMPLE_FAMILY",
        "stemming": False,
        "size": 100,
        "scroll": "1m",
    }


def _slices(
    first: int | None,
    last: int | None,
    limit: int,
    counts: Mapping[int, int] | None,
    slices_per_year: int,
) -> list[_Slice]:
    """Cut the span into slices that follow each other without a gap."""
    if first is None or last is None:
        return [(None, None, None)]
    room = max(int(limit * FILL), 1)
    out: list[_Slice] = []
    filled: int | None = None  # hits in the last slice, where it ends with a year and may grow
    for year in range(first, last + 1):
        hits = None if counts is None else counts.get(year)
        number = max(slices_per_year, _number(ceil((hits or 0) / room), year, limit))
        if number > 1 or hits is None:
            share = None if hits is None else ceil(hits / number)
            out += [(a, b, share) for a, b in _slices_of(year, number)]
            filled = None
        elif filled is not None and filled + hits <= room:
            filled += hits
            out[-1] = (out[-1][0], dt.date(year, 12, 31), filled)
        else:
            filled = hits
            out.append((dt.date(year, 1, 1), dt.date(year, 12, 31), hits))
    return out


def _number(needed: int, year: int, limit: int) -> int:
    if needed > 365:
        problem = f"--limit {limit}: {year} has too many documents even for one slice a day"
        raise OptionError(problem, remedy="narrow the definition")
    return next((n for n in SLICES if n >= needed), needed)


def _slices_of(year: int, number: int) -> list[tuple[dt.date, dt.date]]:
    """Cut a year into slices: of whole months where the number allows, else of equal days."""
    if number in SLICES:
        months = 12 // number
        return [
            (dt.date(year, m, 1), dt.date(year, e, calendar.monthrange(year, e)[1]))
            for m in range(1, 13, months)
            for e in [m + months - 1]
        ]
    day, days = dt.date(year, 1, 1), 366 if calendar.isleap(year) else 365
    starts = [day + dt.timedelta(days=days * k // number) for k in range(number + 1)]
    return [(a, b - dt.timedelta(days=1)) for a, b in pairwise(starts)]


def corpus_counts(
    corpus: Corpus, technologies: Sequence[Technology], *, narrow: bool = False
) -> dict[str, dict[int, int]]:
    """Count the documents of each technology's families in a corpus by publication year.

    Use it to slice again after a first fetch; it knows nothing of what the corpus lacks.

    Returns
    -------
    dict
        Technology -> year -> documents of its families, undated ones left out.
    """
    families = family_technologies(
        corpus.table("classifications").cast({"scheme": pl.String}), technologies, narrow=narrow
    )
    found = (
        corpus.documents.select("family", year=pl.col("published").dt.year())
        .drop_nulls()
        .join(families, on="family")
        .group_by("technology", "year")
        .len()
        .sort("technology", "year")
    )
    out: dict[str, dict[int, int]] = {t.id: {} for t in technologies}
    for technology, year, documents in found.iter_rows():
        out[technology][year] = documents
    return out


def read_counts(path: Path) -> dict[str, dict[int, int]]:
    """Read expected documents: CSV ``year,documents``, with ``technology`` as third column or not.

    Without that column the counts hold for each technology (under the name ``all``).

    Raises
    ------
    InputError
        No such file, a column is missing, or a cell is no whole number.
    """
    remedy = "write a CSV with the columns year,documents[,technology]"
    try:
        table = pl.read_csv(path, infer_schema=False)
    except FileNotFoundError as cause:
        raise InputError("no such file", file=path, remedy="check the path") from cause
    except (OSError, pl.exceptions.PolarsError) as cause:
        raise InputError("not a CSV file", file=path, remedy=remedy) from cause
    table = table.rename({c: c.strip().lower() for c in table.columns})
    for column in ("year", "documents"):
        if column not in table.columns:
            raise InputError(f"column '{column}' is missing", file=path, remedy=remedy)
    out: dict[str, dict[int, int]] = {}
    for line, row in enumerate(table.iter_rows(named=True), 2):
        try:
            year, documents = int(row["year"]), int(row["documents"])
        except (TypeError, ValueError) as cause:
            problem = f"'{row['year']},{row['documents']}' are not two whole numbers"
            raise InputError(problem, file=path, line=line, remedy=remedy) from cause
        technology = (row.get("technology") or "all").strip()
        if documents < 0 or year in out.get(technology, {}):
            problem = f"{technology} {year}: below zero, or there twice"
            raise InputError(problem, file=path, line=line, remedy=remedy)
        out.setdefault(technology, {})[year] = documents
    return out


def written(queries: Iterable[Query]) -> str:
    """Write queries for a person (web form) or a program (API form).

    Returns
    -------
    str
        Web form: per query a line that begins with ``#`` and says what it fetches, then the query
        on one line. API form: a JSON array of ``technology, from, to, part, parts, expected,
        request``, ``expected`` being an equal part of what the slice holds. Ends with a line end.
    """
    lines, requests = [], []
    for q in queries:
        if q.text is not None:
            span = "any date" if q.first is None else f"{q.first} to {q.last}"
            part = "" if q.parts == 1 else f", part {q.part} of {q.parts}"
            hits = "" if q.expected is None else f", about {q.expected:,} documents expected"
            hits += " in all parts" if hits and q.parts > 1 else ""
            lines.append(f"# {q.technology}, published {span}{part}{hits}\n{q.text}\n")
        else:
            span_of = {"from": str(q.first) if q.first else None, "to": str(q.last or "") or None}
            about = {"technology": q.technology, **span_of, "part": q.part, "parts": q.parts}
            # parts have one number together: taken to be spread evenly
            share = None if q.expected is None else -(-q.expected // q.parts)
            requests.append({**about, "expected": share, "request": q.body})
    if requests:
        return json.dumps(requests, indent=1, ensure_ascii=False) + "\n"
    return "\n".join(lines)


def query_command(
    definitions: Path | None = None,
    *,
    technology: str | None = None,
    first: int | None = None,
    last: int | None = None,
    as_: Form | Dialect = "lens",
    limit: int = LIMIT,
    counts: Path | None = None,
    slices_per_year: int = 1,
    narrow: bool = False,
    terms: int = TERMS,
    country: str | None = None,
    source: str | None = None,
    revision: str | None = None,
) -> str:
    """Return what ``netpos query`` prints; see `lens_queries`.

    Parameters
    ----------
    definitions
        TOML file of technologies; default the shipped ten.
    counts
        A CSV for `read_counts`, or the folder of a corpus for `corpus_counts`.
    technology, first, last, as_, limit, slices_per_year, narrow, terms, country
        See `lens_queries`; ``as_`` may also be ``bigquery`` or ``duckdb``.
    source, revision
        See `netpos.commands.query_sql.source_of`.
    """
    if definitions is not None and str(definitions) == WHOLE:
        problem = "--technologies all: there is nothing to ask for without definitions"
        raise OptionError(problem, remedy="name a file, or leave it out for the ten of the NTS")
    technologies = load_technologies(definitions)
    if as_ == "bigquery" or as_ == "duckdb":
        _check(first, last, "lens", limit, slices_per_year, terms)
        of = source_of(as_, source, revision)
        chosen = _chosen(technologies, technology)
        return topic_queries(
            chosen, as_, of, first=first, last=last, narrow=narrow, country=country
        )
    expected: Counts | None = None
    if counts is not None and counts.is_dir():
        opened = open_corpus(counts)
        with reading(opened):
            expected = corpus_counts(opened, technologies, narrow=narrow)
    elif counts is not None:
        expected = read_counts(counts)
    return written(
        lens_queries(
            technologies,
            technology=technology,
            first=first,
            last=last,
            as_=as_,
            limit=limit,
            counts=expected,
            slices_per_year=slices_per_year,
            narrow=narrow,
            terms=terms,
            country=country,
        )
    )


def outside_command(
    corpus: Path, out: Path, dialect: Dialect, source: str | None, revision: str | None
) -> list[str]:
    """Write the query for what a corpus cites or is cited by, with its list; return what to say."""
    of = source_of(dialect, source, revision)
    opened = open_corpus(corpus)
    with reading(opened):
        _, notes = write_outside(opened, dialect, of, out)
    return notes
