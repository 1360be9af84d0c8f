"""The SQL of `netpos.analysis.aggregates`: sums over the units that draws weigh, for any engine.

A unit is an organisation with the families that it holds alone, or one family that nobody or
several hold (`netpos.indicators.weights.units`). Units and clusters have the numbers that netpos
gives them, so that a seed means the same draws: organisations by name, then families of none or
several in order. They are counted within parts (the first letters of a name, blocks of families)
whose sizes are summed before: no machine has to sort all of them.
"""

from __future__ import annotations

from netpos.analysis.engines import shared_queries, words
from netpos.options import Options

#: What is written, and the name of the query that makes it.
WRITTEN = {
    "sizes": "netpos_sizes",
    "families": "netpos_held",
    "located": "netpos_placed",
    "coverage": "netpos_coverage",
    "links": "netpos_exchange",
    "units": "netpos_parts",
}
#: The number in each that must not be missing.
SUMS = {
    "sizes": "families_to_date",
    "families": "share",
    "located": "families",
    "coverage": "citations",
    "links": "weight",
    "units": "share",
}
_BLOCK = 65_536  # families numbered together

_QUERIES = {
    "netpos_holders": """\
WITH held AS (
  SELECT family, applicant AS organisation, SUM(share) AS share
  FROM netpos_applicants
  WHERE role = 'applicant' AND NOT person AND applicant IS NOT NULL
  GROUP BY family, applicant
),
whole AS (SELECT family, SUM(share) AS share, COUNT(*) AS k FROM held GROUP BY family)
SELECT held.family, held.organisation, whole.k, {part} AS part
FROM held JOIN whole ON whole.family = held.family
""",
    "netpos_clusters": """\
WITH firm AS (
  SELECT DISTINCT organisation, SUBSTR(organisation, 1, 2) AS head FROM netpos_holders
),
heads AS (SELECT head, COUNT(*) AS n FROM firm GROUP BY head),
before AS (
  SELECT head, SUM(n) OVER (ORDER BY head ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - n AS n
  FROM heads
)
SELECT firm.organisation, CAST(before.n AS BIGINT) - 1
       + ROW_NUMBER() OVER (PARTITION BY firm.head ORDER BY firm.organisation) AS cluster
FROM firm JOIN before ON before.head = firm.head
""",
    "netpos_units": """\
WITH holding AS (SELECT family, MAX(k) AS k, MIN(organisation) AS organisation
  FROM netpos_holders GROUP BY family),
other AS (
  SELECT f.family, COALESCE(holding.k, 0) AS k,
         FLOOR(CAST(f.family AS DOUBLE) / CAST({block} AS DOUBLE)) AS block
  FROM netpos_families AS f LEFT JOIN holding ON holding.family = f.family
  WHERE COALESCE(holding.k, 0) <> 1
),
blocks AS (SELECT block, COUNT(*) AS n FROM other GROUP BY block),
before AS (
  SELECT block,
         SUM(n) OVER (ORDER BY block ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - n AS n
  FROM blocks
),
firms AS (SELECT COUNT(*) AS n FROM netpos_clusters)
SELECT holding.family, holding.k, c.cluster AS unit
FROM holding JOIN netpos_clusters AS c ON c.organisation = holding.organisation
WHERE holding.k = 1
UNION ALL
SELECT other.family, other.k, firms.n + CAST(before.n AS BIGINT) - 1
       + ROW_NUMBER() OVER (PARTITION BY other.block ORDER BY other.family) AS unit
FROM other JOIN before ON before.block = other.block CROSS JOIN firms
""",
    "netpos_chosen": """\
SELECT m.technology, p.period, f.family, u.unit, f.international
FROM netpos_members AS m
JOIN netpos_families AS f ON f.family = m.family
JOIN netpos_periods AS p ON f.{year} BETWEEN p.first_year AND p.last_year
JOIN netpos_units AS u ON u.family = f.family
""",
    "netpos_sizes": """\
WITH cited AS (
  SELECT cited_family AS family, CAST(SUM(seed_citations) AS DOUBLE) AS n
  FROM netpos_citations WHERE cited_family IS NOT NULL GROUP BY cited_family
),
held AS (
  SELECT m.technology, p.period, s.country, s.share,
         CASE WHEN f.{year} >= p.first_year THEN s.share ELSE CAST(0 AS DOUBLE) END AS within,
         CASE WHEN f.international THEN CAST(1 AS DOUBLE) ELSE CAST(0 AS DOUBLE) END AS abroad,
         COALESCE(cited.n, CAST(0 AS DOUBLE)) AS cited
  FROM netpos_members AS m
  JOIN netpos_families AS f ON f.family = m.family
  JOIN netpos_periods AS p ON f.{year} <= p.last_year
  JOIN netpos_shares AS s ON s.family = m.family
  LEFT JOIN cited ON cited.family = m.family
)
SELECT technology, period, country, SUM(within) AS families, SUM(share) AS families_to_date,
       SUM(within * abroad) AS families_international, SUM(within * cited) AS cited_by_families
FROM held
GROUP BY technology, period, country
""",
    "netpos_held": """\
SELECT c.technology, c.period, c.unit, s.country, SUM(s.share) AS share, COUNT(*) AS families
FROM netpos_chosen AS c JOIN netpos_shares AS s ON s.family = c.family
GROUP BY c.technology, c.period, c.unit, s.country
""",
    "netpos_placed": """\
WITH placed AS (SELECT DISTINCT family FROM netpos_shares)
SELECT c.technology, c.period, c.unit, COUNT(*) AS families,
       SUM(CASE WHEN c.international THEN CAST(1 AS DOUBLE) ELSE CAST(0 AS DOUBLE) END)
         AS families_international
FROM netpos_chosen AS c JOIN placed ON placed.family = c.family
GROUP BY c.technology, c.period, c.unit
""",
    "netpos_coverage": """\
WITH placed AS (SELECT DISTINCT family FROM netpos_shares),
pair AS (
  SELECT c.citing_family AS citing, c.cited_family AS cited, f.{year} AS citing_year,
         CAST(EXTRACT(YEAR FROM o.date) AS BIGINT) AS outside_year
  FROM netpos_citations AS c
  LEFT JOIN netpos_families AS f ON f.family = c.citing_family
  LEFT JOIN netpos_outside AS o ON o.outside = c.outside
  WHERE (CAST(c.passes AS BIGINT) & {passes}) <> 0
),
given AS (
  SELECT pair.citing AS family, COUNT(*) AS n, COUNT(placed.family) AS located
  FROM pair LEFT JOIN placed ON placed.family = pair.cited
  WHERE pair.citing IS NOT NULL
  GROUP BY pair.citing
),
received AS (
  SELECT pair.cited AS family, pair.citing IS NULL AS beyond, pair.citing_year, pair.outside_year,
         COUNT(*) AS n, COUNT(placed.family) AS located
  FROM pair LEFT JOIN placed ON placed.family = pair.citing
  WHERE pair.cited IS NOT NULL
  GROUP BY pair.cited, pair.citing IS NULL, pair.citing_year, pair.outside_year
),
both_ways AS (
  SELECT c.technology, c.period, 'given' AS direction, c.family, given.n, given.located
  FROM netpos_chosen AS c JOIN given ON given.family = c.family
  UNION ALL
  SELECT m.technology, p.period, 'received' AS direction, m.family, r.n, r.located
  FROM received AS r
  JOIN netpos_periods AS p
    ON (NOT r.beyond AND r.citing_year BETWEEN p.first_year AND p.last_year)
    OR (r.beyond AND (r.outside_year IS NULL
      OR ({late} AND r.outside_year >= p.first_year)))
  JOIN netpos_members AS m ON m.family = r.family
)
SELECT b.technology, b.period, s.country, b.direction,
       SUM(s.share * CAST(b.n AS DOUBLE)) AS citations,
       SUM(s.share * CAST(b.located AS DOUBLE)) AS located
FROM both_ways AS b JOIN netpos_shares AS s ON s.family = b.family
GROUP BY b.technology, b.period, s.country, b.direction
""",
    "netpos_exchange": """\
WITH pair AS (
  SELECT c.citing_family, c.cited_family, f.{year} AS year
  FROM netpos_citations AS c
  JOIN netpos_families AS f ON f.family = c.citing_family
  WHERE c.cited_family IS NOT NULL AND (CAST(c.passes AS BIGINT) & {passes}) <> 0
),
chosen AS (
{chosen}
)
SELECT chosen.technology, p.period, chosen.in_links, chosen.in_sources,
       a.country AS citing, b.country AS cited, u.unit AS citing_unit, v.unit AS cited_unit,
       SUM(a.share * b.share) AS weight, COUNT(*) AS citations
FROM chosen
JOIN netpos_periods AS p ON chosen.year BETWEEN p.first_year AND p.last_year
JOIN netpos_shares AS a ON a.family = chosen.citing_family
JOIN netpos_shares AS b ON b.family = chosen.cited_family
JOIN netpos_units AS u ON u.family = chosen.citing_family
JOIN netpos_units AS v ON v.family = chosen.cited_family
GROUP BY chosen.technology, p.period, chosen.in_links, chosen.in_sources, a.country, b.country,
         u.unit, v.unit
""",
    "netpos_parts": """\
SELECT cluster AS unit, cluster, organisation, CAST(1 AS DOUBLE) AS share FROM netpos_clusters
UNION ALL
SELECT u.unit, c.cluster, h.organisation, h.part AS share
FROM netpos_units AS u
JOIN netpos_holders AS h ON h.family = u.family
JOIN netpos_clusters AS c ON c.organisation = h.organisation
WHERE u.k > 1
UNION ALL
SELECT unit, unit AS cluster, CAST(NULL AS STRING) AS organisation, CAST(1 AS DOUBLE) AS share
FROM netpos_units WHERE k = 0
""",
}

_PART = {
    "fractional": "CAST(held.share AS DOUBLE) / CAST(whole.share AS DOUBLE)",
    "country-unique": "CAST(1 AS DOUBLE) / CAST(whole.k AS DOUBLE)",
    "full": "CAST(1 AS DOUBLE) / CAST(whole.k AS DOUBLE)",
}
_PAIRS = """\
  SELECT pair.citing_family, pair.cited_family, pair.year, m.technology,
         {0} AS in_links, {1} AS in_sources
  FROM pair
  JOIN netpos_members AS m ON m.family = pair.{2}_family
  LEFT JOIN netpos_members AS n ON n.family = pair.{3}_family AND n.technology = m.technology"""
_BOTH = "n.family IS NOT NULL"
_CHOSEN = {
    "closed": _PAIRS.format(_BOTH, "TRUE", "citing", "cited"),
    "citing": _PAIRS.format("TRUE", "TRUE", "citing", "cited"),
    "cited": _PAIRS.format("TRUE", _BOTH, "cited", "citing")
    + "\n  UNION ALL\n"
    + _PAIRS.format("FALSE", "TRUE", "citing", "cited")
    + "\n  WHERE n.family IS NULL",
}


def aggregate_queries(options: Options | None = None) -> dict[str, str]:
    """Return the SQL that makes the aggregates: the same texts for DuckDB and for Spark.

    Parameters
    ----------
    options
        As for `netpos.aggregates_on`.

    Returns
    -------
    dict
        Name to query, in the order in which they run; each is read by those after it.

    Raises
    ------
    OptionError
        An option is set that the queries do not follow.

    Examples
    --------
    >>> queries = aggregate_queries()
    >>> [name for name in queries if name in WRITTEN.values()]
    ['netpos_sizes', 'netpos_held', 'netpos_placed', 'netpos_coverage', 'netpos_exchange', \
'netpos_parts']
    """
    options = options or Options()
    late = "r.outside_year <= p.last_year" if options.year_by == "publication" else "TRUE"
    found = words(options) | {
        "part": _PART[options.counting],
        "block": _BLOCK,
        "late": late,
        "chosen": _CHOSEN[options.scope],
    }
    own = {name: text.format(**found) for name, text in _QUERIES.items()}
    return shared_queries(options) | own
