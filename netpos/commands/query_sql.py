r"""Queries for the table of publications of Google/IFI: ``netpos query --as bigquery|duckdb``.

The same definition as for Lens: a document is found when one of its symbols belongs to the
technology. Only sub-fields that netpos reads are named, since BigQuery bills what a query reads.
What is known of the table stands in `netpos.docs_path("data.md")`; nothing was run on the table
itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import polars as pl

from netpos.analysis.technologies import Technology
from netpos.commands.query_terms import symbol_terms
from netpos.countries import check_focal
from netpos.errors import OptionError
from netpos.files import write_text
from netpos.ingest.corpus import Corpus
from netpos.ingest.document_numbers import normal_number
from netpos.ingest.readers.publications import DAYS, LISTS, NEEDED
from netpos.outputs import make_folder

Dialect = Literal["bigquery", "duckdb"]

#: The table of BigQuery, as documented.
TABLE = "patents-public-data.patents.publications"
#: Most bytes that a query may be billed for: a free month.
BYTES = 2**40
#: The user's own table with the list of documents, in a data set of this name.
LISTED = "netpos.outside"
_COLUMNS = (NEEDED, "country_code", "kind_code", "family_id", *DAYS)
_BIGQUERY_NAME = re.compile(r"[A-Za-z0-9_\-]+(\.[A-Za-z0-9_\-$]+){1,2}")
_REVISION = re.compile(r"[A-Za-z0-9._\-]{1,100}")


def source_of(dialect: Dialect, source: str | None, revision: str | None) -> str:
    """Return what stands behind FROM.

    Parameters
    ----------
    dialect
        ``bigquery`` or ``duckdb``.
    source
        A table of BigQuery, or Parquet files: a path with stars, or an ``hf://`` or ``https://``
        address. ``{revision}`` in it is replaced.
    revision
        What pins a copy on a hub; required for ``hf://`` addresses without ``@``.

    Raises
    ------
    OptionError
        One is missing, or is no name of such a thing.

    Examples
    --------
    >>> source_of("duckdb", "hf://datasets/a/b/*.parquet", "v1")
    "read_parquet('hf://datasets/a/b@v1/*.parquet')"
    >>> source_of("bigquery", None, None)
    '`patents-public-data.patents.publications`'
    """
    if revision is not None and not _REVISION.fullmatch(revision):
        raise OptionError("--revision: letters, digits, . _ and - only")
    if dialect == "bigquery":
        name = source or TABLE
        if revision is not None:
            raise OptionError("--revision: goes with --as duckdb and a copy on a hub")
        if not _BIGQUERY_NAME.fullmatch(name):
            problem = f"--source {name}: no name of a table"
            raise OptionError(problem, remedy=f"write it as {TABLE}")
        return f"`{name}`"
    if not source:
        problem = "--as duckdb: the Parquet files are not named"
        raise OptionError(problem, remedy="pass --source 'publications/*.parquet' or an address")
    if not source.isprintable():
        raise OptionError("--source: holds signs that no path has")
    path = source
    if "{revision}" in source:
        path = source.replace("{revision}", revision or "")
    elif source.startswith("hf://") and "@" not in source and revision:
        parts = source.split("/")
        parts[4:5] = [f"{part}@{revision}" for part in parts[4:5]]
        path = "/".join(parts)
    elif revision:
        remedy = "write {revision} where it belongs in --source"
        raise OptionError("--revision: no place for it", remedy=remedy)
    if (path.startswith("hf://") and "@" not in path) or ("{revision}" in source and not revision):
        problem = "--source: a copy on a hub changes; nothing says which one is meant"
        raise OptionError(problem, remedy="pass --revision, as the hub shows it")
    return f"read_parquet({_text(path)})"


def topic_queries(
    technologies: Sequence[Technology],
    dialect: Dialect,
    source: str,
    *,
    first: int | None = None,
    last: int | None = None,
    narrow: bool = False,
    country: str | None = None,
) -> str:
    """Write a query per technology for the whole span.

    Parameters
    ----------
    technologies
        Those to ask for.
    dialect
        ``bigquery`` or ``duckdb``.
    source
        From `source_of`.
    first, last
        First and last publication year; without them the query has no date.
    narrow
        Use the ``core`` patterns where a technology has them.
    country
        Only documents with an applicant or inventor there.

    Returns
    -------
    str
        SQL, with what to do first in comments.

    Raises
    ------
    OptionError
        The excludes of a technology leave no symbol.
    """
    out = [_head(dialect, source)]
    for t in technologies:
        symbols = []
        for column in ("ipc", "cpc"):
            terms = symbol_terms(t, "IPC" if column == "ipc" else "CPC", narrow=narrow)
            if terms:
                symbols.append(_any(dialect, column, "code", _pattern(terms)))
        if not symbols:
            problem = f"technology {t.id}: its excludes take away every symbol"
            raise OptionError(problem, remedy="change the definition")
        conditions = [f"({' OR '.join(symbols)})"]
        if first is not None and last is not None:
            conditions.append(f"publication_date BETWEEN {first}0101 AND {last}1231")
        if country is not None:
            code = check_focal(country)
            homes = [
                _any(dialect, f"{who}_harmonized", "country_code", code)
                for who in ("assignee", "inventor")
            ]
            conditions.append(f"({' OR '.join(homes)})")
        span = "any date" if first is None else f"published {first} to {last}"
        out.append(f"-- {_line(t.id)}, {span}\n" + _written(dialect, source, conditions, t.id))
    return "\n".join(out)


def outside_query(dialect: Dialect, source: str, listed: str = LISTED) -> str:
    """Write the query for the documents of a list; see `outside_list`.

    Parameters
    ----------
    dialect, source
        See `topic_queries`.
    listed
        The table of the list, or the name of its file.
    """
    bare = "REGEXP_REPLACE(publication_number, r'-[A-Z][0-9]*$', '')"
    of = f"`{listed}`"
    if dialect == "duckdb":
        bare = bare.replace(" r'", " '")
        of = f"read_csv({_text(listed)}, header = true, all_varchar = true)"
    condition = f"{bare} IN (SELECT number FROM {of})"
    head = _head(dialect, source)
    if dialect == "bigquery":
        head += (
            "-- first put the list into a table of your own:\n"
            "--   bq mk netpos\n"
            f"--   bq load --source_format=CSV --skip_leading_rows=1 {listed} outside.csv \\\n"
            "--     number:STRING\n"
        )
    return head + "\n" + _written(dialect, source, [condition], "outside")


def outside_list(corpus: Corpus) -> tuple[pl.DataFrame, int]:
    """List the documents that a corpus cites or is cited by, as the table spells their numbers.

    Returns
    -------
    (list, without)
        ``number`` String, office and number without kind, sorted: every spelling that stands for
        a document outside the corpus; and how many documents outside have no number.
    """
    outside = corpus.table("outside").select("office", "doc_number")
    known = outside.drop_nulls().unique()
    found = {s for office, number in known.iter_rows() for s in spellings(office, number)}
    return pl.DataFrame({"number": sorted(found)}, {"number": pl.String}), (
        outside.height - outside.drop_nulls().height
    )


def spellings(office: str, number: str) -> list[str]:
    """Return the ways in which the table may write a number, each meaning the same document.

    Examples
    --------
    >>> spellings("US", "20140313399"), spellings("EP", "0227762")
    (['US-20140313399', 'US-2014313399'], ['EP-0227762', 'EP-227762'])
    >>> spellings("WO", "1999/012345")
    ['WO-1999012345', 'WO-99012345', 'WO-9912345']
    >>> spellings("JP", "H05-98729")
    ['JP-1993098729', 'JP-H05098729', 'JP-H0598729']
    """
    plain = normal_number(office, number)
    if plain is None:
        return []
    tried = [plain, re.sub(r"[^0-9A-Z]", "", number.upper())]
    if office == "US" and re.fullmatch(r"20\d\d0\d{6}", plain):
        tried.append(plain[:4] + plain[5:])
    if office == "WO" and re.fullmatch(r"\d{10}", plain):
        year, serial = plain[:4], plain[4:]
        tried += [f"{year[2:]}{serial}", f"{year[2:]}{int(serial):05d}"]
    if office == "JP" and re.fullmatch(r"\d{10}", plain):
        count = int(plain[4:])
        for letter, before in (("S", 1925), ("H", 1988)):
            era = int(plain[:4]) - before
            if 1 <= era <= 64:
                tried += [f"{letter}{era:02d}{count}", f"{letter}{era:02d}{count:06d}"]
    same = {t for t in tried if t and normal_number(office, t) == plain}
    return sorted(f"{office}-{t}" for t in same)


def write_outside(
    corpus: Corpus, dialect: Dialect, source: str, out: Path
) -> tuple[Path, list[str]]:
    """Write the query and its list into a folder; return the query and what is to be said.

    Raises
    ------
    OptionError
        No document outside has a number.
    """
    table, without = outside_list(corpus)
    if not table.height:
        problem = "--outside: the corpus names no document outside by its number"
        raise OptionError(problem, remedy="fetch by Lens ID: netpos missing CORPUS")
    make_folder(out)
    path = write_text(out / "outside.csv", table.write_csv())
    listed = LISTED if dialect == "bigquery" else str(path)
    query = write_text(out / "outside.sql", outside_query(dialect, source, listed))
    notes = [f"{table.height:,} numbers in {path}"]
    if without:
        notes.append(f"{without:,} documents outside have no number and cannot be asked for here")
    return query, notes


# --- the parts of a query ------------------------------------------------------------------


def _pattern(terms: Iterable[str]) -> str:
    """Return a regular expression that matches a whole symbol."""
    parts = [f"{t[:-1]}.*" if t.endswith("*") else t for t in terms]  # letters, digits, a slash
    return "|".join(parts)


def _any(dialect: Dialect, column: str, field: str, pattern: str) -> str:
    """Return the condition that one element of a repeated column matches."""
    if dialect == "bigquery":
        return (
            f"EXISTS (SELECT 1 FROM UNNEST({column}) AS x "
            f"WHERE REGEXP_CONTAINS(x.{field}, r'^(?:{pattern})$'))"
        )
    return (
        f"len(list_filter({column}, lambda x: "
        f"coalesce(regexp_full_match(x.{field}, '{pattern}'), false))) > 0"
    )


def _written(dialect: Dialect, source: str, conditions: Sequence[str], name: str) -> str:
    select = [*_COLUMNS, *(_list(dialect, column, fields) for column, fields in LISTS.items())]
    where = "\n  AND ".join(conditions)
    body = "SELECT\n  " + ",\n  ".join(select) + f"\nFROM {source}\nWHERE {where}"
    if dialect == "bigquery":
        return f"{body};\n"
    file = re.sub(r"[^0-9A-Za-z_-]", "-", name)[:100]
    return f"COPY (\n{body}\n) TO '{file}.parquet' (FORMAT parquet, COMPRESSION zstd);\n"


def _list(dialect: Dialect, column: str, fields: Sequence[str]) -> str:
    if dialect == "bigquery":
        named = ", ".join(f"x.{f}" for f in fields)
        return f"ARRAY(SELECT AS STRUCT {named} FROM UNNEST({column}) AS x) AS {column}"
    named = ", ".join(f"'{f}': x.{f}" for f in fields)
    return f"list_transform({column}, lambda x: {{{named}}}) AS {column}"


def _head(dialect: Dialect, source: str) -> str:
    if dialect == "bigquery":
        return (
            "-- Not run on the table itself: see what it costs before you run it.\n"
            "-- One query a file, for the tool bq:\n"
            "--   bq query --use_legacy_sql=false --dry_run < one.sql\n"
            f"--   bq query --use_legacy_sql=false --maximum_bytes_billed={BYTES} \\\n"
            "--     --destination_table=netpos.topic < one.sql\n"
            "--   bq extract --destination_format=PARQUET netpos.topic \\\n"
            "--     gs://YOUR-BUCKET/topic-*.parquet\n"
        )
    lines = [
        "-- Not run on the files themselves. DuckDB: duckdb < queries.sql",
        "SET preserve_insertion_order = false;",
    ]
    if "://" in source:
        lines += [
            "INSTALL httpfs;",
            "LOAD httpfs;",
            "SET threads = 64;",
            "SET http_retries = 8;",
            "SET http_timeout = 120000;",
        ]
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _line(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)
