"""Links between countries, computed by another engine from the Parquet files of a corpus.

The same SQL runs unchanged on DuckDB, inside the process, and on Spark, on one machine or many.
What an engine reads are the files of the corpus; netpos adds three small tables: which
classification symbols belong to which technology, which countries the
offices of a priority stand for, and the periods.
Definitions therefore live in one place. Every share and weight is a double by ``CAST``: Spark takes
``1.0 / k`` for a decimal number, and a sum of 1,000 or more of such products is NULL there, without
an error.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from netpos import countries
from netpos.analysis.chosen import WHOLE
from netpos.analysis.runners import DuckDB, Spark, Tables, runner_of, tables_of
from netpos.analysis.technologies import load_technologies, match
from netpos.errors import OptionError, TableError
from netpos.graph.links import filter_passes
from netpos.graph.residence import AGREEMENT
from netpos.options import Options

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netpos.analysis.technologies import Technology

#: Options that change links and that only netpos itself follows.
REFUSED = (
    "window", "citing_office", "design", "residences", "office_proxy", "aliases", "self_citations",
)  # fmt: skip
TABLES = ("families", "applicants", "classifications", "citations")
_SYMBOLS = {"technology": pl.String, "scheme": pl.String, "symbol": pl.String}
_OFFICES = {"offices": pl.String, "country": pl.String}
_PERIODS = {"period": pl.String, "first_year": pl.Int64, "last_year": pl.Int64}
_RESULT = {
    "technology": pl.String,
    "period": pl.String,
    "citing": pl.String,
    "cited": pl.String,
    "weight": pl.Float64,
    "citations": pl.Int64,
}

#: Each query is kept under its name for those after it: shares of countries, and technologies.
_SHARED = {
    "netpos_steps": """\
WITH party AS (
  SELECT family, role, applicant, person, {residence} AS residence
  FROM netpos_applicants
),
firm AS (
  SELECT family, applicant, residence
  FROM party WHERE role = 'applicant' AND NOT person AND applicant IS NOT NULL
),
named AS (
  SELECT applicant, residence, COUNT(*) AS n
  FROM (SELECT DISTINCT family, applicant, residence FROM firm WHERE residence IS NOT NULL) AS once
  GROUP BY applicant, residence
),
naming AS (SELECT applicant, SUM(n) AS n FROM named GROUP BY applicant),
usual AS (
  SELECT named.applicant, named.residence
  FROM named JOIN naming ON naming.applicant = named.applicant
  WHERE CAST(named.n AS DOUBLE) / CAST(naming.n AS DOUBLE) >= CAST({agreement} AS DOUBLE)
)
SELECT family, residence AS country, CASE WHEN role = '{by}' THEN 1 ELSE 2 END AS step,
       COUNT(*) AS n
FROM party
WHERE residence IS NOT NULL AND role IN ('applicant', 'inventor')
GROUP BY family, residence, role
UNION ALL
SELECT firm.family, usual.residence AS country, 3 AS step, COUNT(*) AS n
FROM firm JOIN usual ON usual.applicant = firm.applicant
WHERE firm.residence IS NULL
GROUP BY firm.family, usual.residence
""",
    "netpos_located": """\
WITH found AS (SELECT DISTINCT family FROM netpos_steps),
office_step AS (
  SELECT DISTINCT f.family, o.country
  FROM netpos_families AS f
  JOIN netpos_offices AS o ON o.offices = CAST(f.priority_offices AS STRING)
  LEFT JOIN found ON found.family = f.family
  WHERE found.family IS NULL
),
every_step AS (
  SELECT family, country, step, n FROM netpos_steps
  UNION ALL
  SELECT family, country, 5 AS step, 1 AS n FROM office_step
),
deciding AS (SELECT family, MIN(step) AS step FROM every_step GROUP BY family)
SELECT e.family, {country} AS country, SUM(e.n) AS n
FROM every_step AS e JOIN deciding AS d ON d.family = e.family AND d.step = e.step
GROUP BY e.family, {country}
""",
    "netpos_shares": """\
WITH whole AS (SELECT family, SUM(n) AS n, COUNT(*) AS k FROM netpos_located GROUP BY family)
SELECT located.family, located.country, {share} AS share
FROM netpos_located AS located JOIN whole ON whole.family = located.family
""",
    "netpos_fields": """\
SELECT DISTINCT c.family, s.technology
FROM netpos_classifications AS c
JOIN netpos_symbols AS s ON s.symbol = c.symbol AND s.scheme = CAST(c.scheme AS STRING)
JOIN netpos_families AS f ON f.family = c.family
WHERE f.role = 'seed'{utility}
""",
    "netpos_members": """\
SELECT family, technology FROM netpos_fields
UNION ALL
SELECT DISTINCT family, 'all' AS technology FROM netpos_fields
""",
}

#: The last query makes the links.
_QUERIES = {
    **_SHARED,
    "netpos_links": """\
WITH pair AS (
  SELECT c.citing_family, c.cited_family, f.{year} AS year
  FROM netpos_citations AS c
  JOIN netpos_families AS f ON f.family = c.citing_family
  WHERE c.cited_family IS NOT NULL AND (CAST(c.passes AS BIGINT) & {passes}) <> 0
)
SELECT m.technology, p.period, a.country AS citing, b.country AS cited,
       SUM(a.share * b.share) AS weight, COUNT(*) AS citations
FROM pair
JOIN netpos_periods AS p ON pair.year BETWEEN p.first_year AND p.last_year
JOIN netpos_members AS m ON {ends}
JOIN netpos_shares AS a ON a.family = pair.citing_family
JOIN netpos_shares AS b ON b.family = pair.cited_family
GROUP BY m.technology, p.period, a.country, b.country
""",
}

_SHARE = {
    "fractional": "CAST(located.n AS DOUBLE) / CAST(whole.n AS DOUBLE)",
    "country-unique": "CAST(1 AS DOUBLE) / CAST(whole.k AS DOUBLE)",
    "full": "CAST(1 AS DOUBLE)",
}
_ENDS = {
    "closed": "m.family = pair.citing_family JOIN netpos_members AS n\n"
    "  ON n.family = pair.cited_family AND n.technology = m.technology",
    "citing": "m.family = pair.citing_family",
    "cited": "m.family = pair.cited_family",
}


def links_queries(options: Options | None = None) -> dict[str, str]:
    """Return the SQL that makes the links: the same texts for DuckDB and for Spark.

    Each result is kept under its name and read by the next; the last are the links. The tables of
    the corpus are ``netpos_families``, ``netpos_applicants``, ``netpos_classifications`` and
    ``netpos_citations``; besides there are ``netpos_symbols`` (technology, scheme, symbol),
    ``netpos_offices`` (offices, country) and ``netpos_periods`` (period, first_year, last_year).
    `links_on` registers all of them and runs the queries.

    Parameters
    ----------
    options
        As for `links_on`.

    Returns
    -------
    dict
        Name to query, in the order in which they run.

    Raises
    ------
    OptionError
        An option is set that the query does not follow.

    Examples
    --------
    >>> queries = links_queries()
    >>> print(*queries)
    netpos_steps netpos_located netpos_shares netpos_fields netpos_members netpos_links
    >>> print(queries["netpos_members"].splitlines()[0])
    SELECT family, technology FROM netpos_fields
    """
    found = words(options or Options())
    return {name: text.format(**found) for name, text in _QUERIES.items()}


def words(options: Options) -> dict[str, object]:
    """Return what stands in the queries for the options.

    Raises
    ------
    OptionError
        An option is set that the queries do not follow.

    Examples
    --------
    >>> words(Options())["year"]
    'publication_year'
    """
    default = Options()
    remedy = "use netpos itself for it (netpos run, netpos.country_links)"
    if options.technologies == WHOLE:
        raise OptionError("--technologies all: not in SQL", remedy=remedy)
    for name in REFUSED:
        if getattr(options, name) != getattr(default, name):
            problem = f"--{name.replace('_', '-')}: the query for other engines does not know it"
            raise OptionError(problem, remedy=remedy)
    if countries.is_union(options.focal):
        problem = f"--focal {options.focal}: the query for other engines knows no bloc as a country"
        raise OptionError(problem, remedy=remedy)
    china = "CASE WHEN {0} IN ('HK', 'MO') THEN 'CN' ELSE {0} END"
    merge = china.format if options.merge_cn else "{0}".format
    year = "publication_year" if options.year_by == "publication" else "priority_year"
    return {
        "residence": merge("residence"),
        "country": merge("e.country"),
        "agreement": AGREEMENT,
        "by": options.by,
        "share": _SHARE[options.counting],
        "utility": " AND NOT COALESCE(f.utility, FALSE)" * (options.utility_models == "drop"),
        "year": year,
        "passes": filter_passes(options.phase, options.category),
        "ends": _ENDS[options.scope],
    }


def shared_queries(options: Options) -> dict[str, str]:
    """Return the queries before the links: countries of families, and their technologies.

    Examples
    --------
    >>> print(*shared_queries(Options()))
    netpos_steps netpos_located netpos_shares netpos_fields netpos_members
    """
    found = words(options)
    return {name: text.format(**found) for name, text in _SHARED.items()}


def links_on(
    engine: Any,  # noqa: ANN401 - a DuckDB connection or a Spark session, which need not be there
    folder: str | os.PathLike[str],
    options: Options | None = None,
) -> pl.DataFrame:
    r"""Compute the country links of every technology and period with DuckDB or Spark.

    .. math:: W_{ij} = \sum_{(f, g)} a_i(f)\, a_j(g)

    over the ordered pairs of families that the options select, with :math:`a_i(f)` the share of
    country i in family f: what `netpos.country_links` gives for one technology and span, here for
    all of them at once. Sums have no fixed order in these engines, so the last digits may
    move between runs (relative 1e-14).

    Parameters
    ----------
    engine
        A connection from ``duckdb.connect()``, or a Spark session; the memory and the cores it may
        use are set there.
    folder
        The corpus (``netpos ingest``); for Spark any path it can read, as ``hdfs://...``.
    options
        ``technologies, by, counting, scope, first, last, periods, year_by, phase, category,
        symbols, narrow, utility_models, merge_cn`` are followed; the defaults are those of the
        command line.

    Returns
    -------
    pl.DataFrame
        ``technology, period, citing, cited`` String, ``weight`` Float64 [citations between
        families, by the counting rule], ``citations`` Int64 [pairs of families with a share in the
        cell], as in ``links.csv``; never null; only cells with a weight; technologies in the order
        of their definitions, ``all`` last, periods by start, ``all`` last.

    Raises
    ------
    OptionError
        ``engine`` is neither of the two, or an option is set that the query does not follow
        (``window``, ``citing_office``, ``design``, ``residences``, ``office_proxy``, ``aliases``,
        ``self_citations``, a bloc as ``focal``).
    TableError
        The engine returned a cell without a weight.

    References
    ----------
    `netpos.docs_path("engines.md")`; method notes (`netpos.docs_path`) for the shares and the
    counting rules.

    Examples
    --------
    >>> import tempfile, duckdb, netpos
    >>> from pathlib import Path
    >>> from netpos.ingest.corpus import ingest
    >>> from netpos.countries import data_path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = ingest([data_path("demo_synthetic_lens.jsonl.gz")], Path(folder))
    ...     links = netpos.links_on(duckdb.connect(), folder)
    >>> links.columns
    ['technology', 'period', 'citing', 'cited', 'weight', 'citations']
    >>> links["weight"].null_count()
    0
    """
    options = options or Options()
    queries = links_queries(options)
    runner = runner_of(engine)
    *before, last = queries
    with tables_of(runner) as tables:
        technologies = put_tables(tables, os.fspath(folder).rstrip("/"), options)
        tables.keep({name: queries[name] for name in before})
        found = _frame(runner.rows(queries[last]), _RESULT)
    if sum(found.null_count().row(0)):
        raise TableError(f"links from {runner.name}: a cell has no value; the sums are not usable")
    order = {t.id: k for k, t in enumerate(technologies)} | {"all": len(technologies)}
    times = {name: k for k, (name, _) in enumerate(options.spans())}
    return found.sort(
        pl.col("technology").replace_strict(order, return_dtype=pl.Int32),
        pl.col("period").replace_strict(times, return_dtype=pl.Int32),
        "citing",
        "cited",
    )


def put_tables(tables: Tables, where: str, options: Options) -> tuple[Technology, ...]:
    """Give an engine the tables of a corpus and the small ones beside them.

    Returns
    -------
    tuple
        The technologies, in the order of their definitions.
    """
    runner: DuckDB | Spark = tables.runner
    tables.read(where, TABLES)
    technologies = load_technologies(_definitions(options))
    symbols = match(
        _frame(
            runner.rows(
                "SELECT DISTINCT CAST(scheme AS STRING) AS scheme, symbol "
                "FROM netpos_classifications"
            ),
            {"scheme": pl.String, "symbol": pl.String},
        ),
        technologies,
        narrow=options.narrow,
        symbols_from=options.symbols,
    )
    small = {
        "netpos_symbols": symbols.select(list(_SYMBOLS)).unique(maintain_order=True),
        "netpos_offices": _offices(
            runner.rows(
                "SELECT DISTINCT CAST(priority_offices AS STRING) AS offices, priority_offices "
                "FROM netpos_families WHERE priority_offices IS NOT NULL"
            )
        ),
        "netpos_periods": _frame([(name, *span) for name, span in options.spans()], _PERIODS),
    }
    tables.put(small)
    return technologies


def _definitions(options: Options) -> Path | None:
    """Where the definitions of the technologies lie; None: the shipped ones."""
    return Path(options.technologies) if options.technologies else None


def _offices(lists: Iterable[tuple[Any, ...]]) -> pl.DataFrame:
    """Countries that each list of offices of the earliest priority stands for, each once."""
    rows = [(text, code) for text, codes in lists for code in codes]
    table = _frame(rows, {"offices": pl.String, "code": pl.String})
    resolved = countries.resolve(table["code"])["country"]
    found = table.select("offices", country=resolved).drop_nulls().unique()
    return found.cast({"country": pl.String}).select(list(_OFFICES)).sort(list(_OFFICES))


def _frame(rows: Iterable[tuple[Any, ...]], schema: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=schema, orient="row")
