"""Read publications: OpenAlex works and Lens scholarly records, as they were exported.

One pass over the records, each decoded to the few fields that count; what cannot be used is listed
with file and line. read = kept + rejected + duplicates.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from netpos.countries import is_country
from netpos.errors import InputError, OptionError
from netpos.ingest.paper_ids import plain_doi, plain_pmid
from netpos.science.records import Author, Record, records

#: Kinds of works that count, and what the sources call them.
TYPES = ("article", "review", "conference")
_KINDS = {
    "article": "article", "journal article": "article", "review": "review",
    "review article": "review", "conference proceedings article": "conference",
    "conference paper": "conference", "proceedings-article": "conference",
}  # fmt: skip
_ROWS = 100_000
_PLAIN = {"doi": plain_doi, "pmid": plain_pmid}
_ROMAN = re.compile(r"https?://openalex\.org/")


@dataclass(frozen=True)
class Works:
    """Publications as tables.

    Parameters
    ----------
    works
        One row per work: ``work`` Int64, ``key`` (OpenAlex or Lens id), ``year`` Int32, ``type``
        (article, review, conference; null: another, which does not count), ``citations`` Int64 [all
        time], ``citations_window`` Int64 [null where the source does not give years], ``authors``,
        ``located`` Int64 [authors; with a country], ``fwci_openalex`` Float64, ``doi``, ``pmid``,
        ``lens_id`` String.
    shares
        ``work``, ``country`` String, ``share`` Float64: each located author weighs the same, an
        author's countries share equally; sums to 1 in a work with a located author.
    members
        ``work``, ``technology`` String.
    counts
        ``read``, ``kept``, ``rejected``, ``duplicates``.
    ledger
        ``file``, ``line``, ``outcome``, ``reason`` of each record not kept.
    source
        ``openalex``, ``lens`` or ``lens-csv``, which knows no country of any author.
    window
        Years in which citations count, the year of publication included; None: all.
    first_counted, last_counted
        First and last year of which the source gives citations by year; None where it gives none.
    """

    works: pl.DataFrame
    shares: pl.DataFrame
    members: pl.DataFrame
    counts: Mapping[str, int]
    ledger: pl.DataFrame
    source: str
    window: int | None
    first_counted: int | None = None
    last_counted: int | None = None


@dataclass
class _Made:
    """Columns as they fill."""

    works: list[tuple[Any, ...]] = field(default_factory=list)
    shares: list[tuple[int, str, float]] = field(default_factory=list)
    years: list[tuple[int, int, int]] = field(default_factory=list)
    members: list[tuple[int, str]] = field(default_factory=list)
    frames: dict[str, list[pl.DataFrame]] = field(default_factory=dict)

    def flush(self) -> None:
        for name, rows, schema in (
            ("works", self.works, _WORKS),
            ("shares", self.shares, _SHARES),
            ("years", self.years, _YEARS),
            ("members", self.members, _MEMBERS),
        ):
            self.frames.setdefault(name, []).append(pl.DataFrame(rows, schema, orient="row"))
            rows.clear()

    def table(self, name: str) -> pl.DataFrame:
        return pl.concat(self.frames[name])


_WORKS: dict[str, Any] = {
    "work": pl.Int64, "key": pl.String, "year": pl.Int32, "type": pl.String,
    "citations": pl.Int64, "by_year": pl.Boolean, "authors": pl.Int64, "located": pl.Int64,
    "fwci_openalex": pl.Float64, "doi": pl.String, "pmid": pl.String, "lens_id": pl.String,
    "file": pl.String, "line": pl.Int64,
}  # fmt: skip
_SHARES: dict[str, Any] = {"work": pl.Int64, "country": pl.String, "share": pl.Float64}
_YEARS: dict[str, Any] = {"work": pl.Int64, "in": pl.Int32, "n": pl.Int64}
_MEMBERS: dict[str, Any] = {"work": pl.Int64, "technology": pl.String}
_LEDGER = {"file": pl.String, "line": pl.Int64, "outcome": pl.String, "reason": pl.String}

#: Which technologies a record belongs to.
Chooser = Callable[[Record], Sequence[str]]


def read_works(
    files: Sequence[tuple[Path, Chooser]],
    *,
    window: int | None = 4,
    report: Callable[[str], None] | None = None,
) -> Works:
    """Read works of OpenAlex (JSON lines, API pages, Parquet) or Lens scholarly (JSON lines, CSV).

    Parameters
    ----------
    files
        Path of each file, and what tells the technologies of a record in it. Plain or ``.gz``.
    window
        Citations count in so many years from that of publication on, where the source gives them
        by year; None: all.
    report
        Called with one line per file.

    Returns
    -------
    Works
        Each work once, with the technologies of all files that hold it; facts are those of the
        first. A record that belongs to no technology is kept and counts in none.

    Raises
    ------
    InputError
        A file is missing, damaged or of another kind; the files are of two sources; none holds a
        record.
    """
    say = report or (lambda _: None)
    made, ledger, number = _Made(), [], 0
    sources: set[str] = set()
    for path, chooser in files:
        before = number
        for line, record in records(path):
            number += 1
            if isinstance(record, str):
                ledger.append((path.name, line, "rejected", record))
                continue
            problem = _add(made, record, number, path.name, line, chooser, sources)
            if problem:
                ledger.append((path.name, line, "rejected", problem))
            if len(made.works) >= _ROWS:
                made.flush()
        if number == before:
            raise InputError("holds no record", file=path, remedy="export it again")
        if len(sources) > 1:
            problem = "these are works of another source than the files before"
            raise InputError(
                problem, file=path, remedy="give OpenAlex, Lens JSON lines or Lens CSV alone"
            )
        say(f"{path.name}: {number - before:,} records read")
    made.flush()
    works = made.table("works")
    if not works.height:
        reason = ledger[0][3] if ledger else "no records"
        raise InputError(f"no work can be used ({reason})", file=files[0][0])
    return _whole(made, works, ledger, number, next(iter(sources)), window)


def _whole(
    made: _Made,
    works: pl.DataFrame,
    ledger: list[tuple[str, int, str, str]],
    number: int,
    source: str,
    window: int | None,
) -> Works:
    """Each work once; citations within the window."""
    first = pl.col("work").first().over("key")
    keys = works.select("work", "key", "file", "line", kept=first)
    again = keys.filter(pl.col("work") != pl.col("kept"))
    ledger += [
        (file, line, "duplicate", f"{key} is there already")
        for file, line, key in again.select("file", "line", "key").iter_rows()
    ]
    one = dict(again.select("work", "kept").iter_rows())
    members = made.table("members").with_columns(pl.col("work").replace(one)).unique()
    works = works.join(again.select("work"), on="work", how="anti")
    shares = made.table("shares").join(again.select("work"), on="work", how="anti")
    years = made.table("years")
    start, end = years["in"].min(), years["in"].max()
    counted = pl.lit(None, pl.Int64)
    if window is not None and years.height:
        inside = years.join(works.select("work", "year"), on="work").filter(
            pl.col("in").is_between(pl.col("year"), pl.col("year") + window - 1)
        )
        sums = inside.group_by("work").agg(inside=pl.col("n").sum())
        works = works.join(sums, on="work", how="left", maintain_order="left")
        known = pl.col("by_year") & (pl.col("year") >= start)
        counted = pl.when(known).then(pl.col("inside").fill_null(0))
    works = works.with_columns(citations_window=counted).drop(
        "by_year", "file", "line", "inside", strict=False
    )
    kept = works.height
    rows = sorted(ledger)
    rejected = sum(r[2] == "rejected" for r in rows)
    return Works(
        works.sort("work"),
        shares.sort("work", "country"),
        members.sort("technology", "work"),
        {"read": number, "kept": kept, "rejected": rejected, "duplicates": len(rows) - rejected},
        pl.DataFrame(rows, _LEDGER, orient="row"),
        source,
        window,
        start if isinstance(start, int) else None,
        end if isinstance(end, int) else None,
    )


def author_shares(authors: Sequence[Sequence[str]]) -> dict[str, float]:
    """Share a work among the countries of its authors.

    Each author with a country weighs the same, and an author's countries share equally; authors
    without one do not count.

    Parameters
    ----------
    authors
        The different countries of each author; empty where not known.

    Returns
    -------
    dict
        Country -> share, summing to 1; empty where no author has a country.

    Examples
    --------
    >>> author_shares([["NL"], ["NL"], ["DE"]]), author_shares([["NL", "US"]]), author_shares([[]])
    ({'NL': 0.6666666666666666, 'DE': 0.3333333333333333}, {'NL': 0.5, 'US': 0.5}, {})
    """
    located = [codes for codes in authors if codes]
    counts: dict[tuple[str, int], int] = {}
    for codes in located:
        for code in codes:
            counts[code, len(codes)] = counts.get((code, len(codes)), 0) + 1
    found: dict[str, float] = {}
    for (code, several), n in counts.items():
        found[code] = found.get(code, 0.0) + n / (several * len(located))
    return found


def source_of(record: Record, file: str | Path, line: int) -> str:
    """Tell whose record it is: ``openalex``, ``lens``, or ``lens-csv``, without countries.

    Raises
    ------
    InputError
        It is a patent.
    """
    lens = record.lens_id is not None and record.publication_year is None
    if lens and (record.jurisdiction is not None or record.biblio is not None):
        problem = "a Lens export of patents, not of scholarly works"
        raise InputError(problem, file=file, line=line, remedy="give it to netpos run")
    if lens and record.sizes_only:
        return "lens-csv"
    return "lens" if lens else "openalex"


def counted_shares(shares: pl.DataFrame, counting: str) -> pl.DataFrame:
    """Count works of several countries in another way than by their authors.

    Parameters
    ----------
    shares
        ``work``, ``country``, ``share`` by authors, as `netpos.science.works.read_works` gives it.
    counting
        ``fractional``: as it is. ``country-unique``: each different country of a work the same.
        ``full``: 1 for every country, so that shares of countries sum to more than 1.

    Raises
    ------
    OptionError
        ``counting`` is none of these.

    Examples
    --------
    >>> shares = pl.DataFrame({"work": [1, 1], "country": ["DE", "NL"], "share": [0.25, 0.75]})
    >>> [counted_shares(shares, c)["share"].to_list() for c in ("country-unique", "full")]
    [[0.5, 0.5], [1.0, 1.0]]
    """
    if counting == "fractional":
        return shares
    if counting == "country-unique":
        return shares.with_columns(share=1.0 / pl.len().over("work"))
    if counting == "full":
        return shares.with_columns(share=pl.lit(1.0))
    remedy = "choose fractional, country-unique or full"
    raise OptionError(f"--counting {counting}: unknown", remedy=remedy)


def _add(
    made: _Made,
    record: Record,
    number: int,
    file: str,
    line: int,
    chooser: Chooser,
    sources: set[str],
) -> str:
    """Take a record in; why it cannot be, or an empty text."""
    source = source_of(record, file, line)
    lens = source != "openalex"
    lens_id = record.lens_id and record.lens_id.strip().upper()
    key = lens_id if lens else _ROMAN.sub("", str(record.id or ""))
    year = record.year_published if lens else record.publication_year
    if not key:
        return "no OpenAlex id and no Lens id"
    if year is None or not 1000 <= year <= 9999:
        return "no year of publication"
    sources.add(source)
    listed = (record.authors if lens else record.authorships) or []
    codes = [_countries(author, lens=lens) for author in listed]
    shares = author_shares(codes)
    citations = record.scholarly_citations_count if lens else record.cited_by_count
    external = _external(record)
    made.works.append(
        (
            number, key, year, _kind(record, lens=lens), citations or 0,
            record.counts_by_year is not None, len(listed), sum(map(bool, codes)), record.fwci,
            external.get("doi"), external.get("pmid"), lens_id or None, file, line,
        )
    )  # fmt: skip
    made.shares += [(number, country, share) for country, share in sorted(shares.items())]
    made.years += [(number, c.year, c.cited_by_count) for c in record.counts_by_year or []]
    made.members += [(number, technology) for technology in chooser(record)]
    return ""


def _kind(record: Record, *, lens: bool) -> str | None:
    """Return the kind of a work; None for what does not count."""
    if record.is_retracted or record.is_paratext:
        return None
    name = (record.publication_type if lens else record.type) or ""
    kind = _KINDS.get(name.lower())
    place = record.primary_location
    if kind == "article" and place is not None:
        venue = place.source.type if place.source else None
        if place.raw_type == "proceedings-article" or venue == "conference":
            return "conference"
    return kind


def _countries(author: Author, *, lens: bool) -> list[str]:
    """Return the different countries of an author."""
    if lens:
        codes = [a.country_code for a in author.affiliations or []]
    else:
        codes = [*(author.countries or [])]
        if not codes:
            codes = [a.country_code for a in author.institutions or []]
    known = (code.upper() for code in codes if code)
    return list(dict.fromkeys(code for code in known if is_country(code)))


def _external(record: Record) -> dict[str, str]:
    """DOI and PMID as they are compared, by the rules for what patents say of papers."""
    found: dict[str, Any] = dict(record.ids or {})
    if record.doi:
        found["doi"] = record.doi
    for entry in record.external_ids or []:
        found.setdefault(entry.type.lower(), entry.value)
    doi, pmid = (plain(str(found.get(n) or "")) for n, plain in _PLAIN.items())
    return {n: text for n, text in (("doi", doi), ("pmid", pmid)) if text}


# --- records of a file ---------------------------------------------------------------------------
