"""The table of countries (or organisations) of one technology and period."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from netpos.graph import balance as bal
from netpos.graph import centrality, core, dependence, paths, strength
from netpos.tables import DIGITS, Links, rounded

#: Organisations with links above which their betweenness is left out.
MOST_BETWEEN = 2000


def rank(column: str) -> pl.Expr:
    """Compute the competition rank, 1 = largest, of the rounded values; null stays null.

    Examples
    --------
    >>> pl.DataFrame({"x": [5.0, 7.0, 5.0, None, 1.0]}).select(rank("x"))["x"].to_list()
    [2, 1, 2, None, 4]
    """
    return pl.col(column).round_sig_figs(DIGITS).rank("min", descending=True).cast(pl.Int64)


def rank_of_present(column: str) -> pl.Expr:
    """Compute `rank` where the value is above 0: who holds nothing has no rank.

    Examples
    --------
    >>> pl.DataFrame({"x": [5.0, 0.0, None]}).select(rank_of_present("x"))["x"].to_list()
    [1, None, None]
    """
    return pl.when(pl.col(column) > 0).then(rank(column))


def rank_where_any(column: str) -> pl.Expr:
    """Compute `rank`; null where nobody has anything, as `share` is.

    Examples
    --------
    >>> pl.DataFrame({"x": [5.0, 0.0]}).select(rank_where_any("x"))["x"].to_list()
    [1, 2]
    >>> pl.DataFrame({"x": [0.0, 0.0]}).select(rank_where_any("x"))["x"].to_list()
    [None, None]
    """
    return pl.when(pl.col(column).sum() > 0).then(rank(column))


def share(column: str, total: float | None = None) -> pl.Expr:
    """Compute the part of ``total``, by default the column's sum; null where that is 0."""
    whole = pl.col(column).sum() if total is None else pl.lit(float(total))
    return pl.when(whole > 0).then(pl.col(column) / whole)


def _named(table: pl.DataFrame, name: str) -> pl.Series:
    return table["value"].alias(name)


def _column(nodes: pl.DataFrame, name: str) -> pl.Series:
    """Return a column of the nodes, null where a user's own table has none."""
    if name in nodes.columns:
        return nodes[name]
    return pl.Series(name, [None] * nodes.height, dtype=pl.Float64)


def country_table(
    closed: Links,
    citing: Links,
    *,
    focal: str,
    year: int,
    method: core.CoreMethod = "rich",
    memberships: pl.DataFrame | None = None,
    located: tuple[float, float] | None = None,
) -> pl.DataFrame:
    """Compute every indicator of each country for one technology and period.

    Parameters
    ----------
    closed
        Links with both ends in the technology; its nodes carry ``families``,
        ``families_to_date``, ``families_international`` and ``cited_by_families``.
    citing
        Links in ``citing`` scope, for the questions of dependence.
    focal
        The country in focus; classes of partners are told with respect to it.
    year
        Reference year of memberships.
    method
        How the core cluster is found.
    memberships
        Table of memberships, default the shipped one.
    located
        Number of located families, and of international ones: what the shares divide by. Default
        the sums of the columns (the same unless families count in full).

    Returns
    -------
    pl.DataFrame
        One row per country of ``closed``, in code-point order; columns as in ``docs/tables.md``.
    """
    nodes = closed.nodes
    centre = core.core(closed, method=method)
    distance = core.core_distance(closed, centre)
    near = core.near_core(closed, centre, distance)
    table = pl.DataFrame(
        [
            nodes["node"].alias("country"),
            nodes["families"],
            _column(nodes, "families_international"),
            _named(strength.received(closed), "received"),
            _named(strength.given(closed), "given"),
            _named(strength.domestic(closed), "domestic"),
            _named(strength.received_per_family(closed), "received_per_family"),
            _named(strength.given_per_family(closed), "given_per_family"),
            _named(strength.partners(closed), "partners").cast(pl.Int64),
            _named(bal.balance(closed, "ratio"), "balance_ratio"),
            _named(bal.balance(closed, "report"), "balance"),
            _named(bal.balance(closed, "dyadic"), "balance_dyadic"),
            _named(bal.pure_importer(closed), "pure_importer"),
            _named(centrality.pagerank(closed), "pagerank"),
            _named(paths.betweenness(closed), "betweenness"),
            _named(paths.harmonic_in(closed), "harmonic_in"),
            centre["core"],
            _named(distance, "core_distance"),
            _named(core.relative_distance(closed, centre, distance), "core_distance_relative"),
            _named(near, "near_core"),
            _column(nodes, "cited_by_families"),
        ]
    )
    given_any = pl.col("given") + pl.col("domestic")
    table = rounded(table).with_columns(
        family_share=share("families", None if located is None else located[0]),
        family_rank=rank_of_present("families"),
        international_share=share(
            "families_international", None if located is None else located[1]
        ),
        international_rank=rank_of_present("families_international"),
        foreign_share=pl.when(given_any > 0).then(pl.col("given") / given_any),
        received_share=share("received"),
        received_rank=rank_where_any("received"),
        citations_per_family=pl.when(pl.col("families") > 0).then(
            pl.col("cited_by_families") / pl.col("families")
        ),
    )
    sources = dependence.source_diversity(citing)
    alike = dependence.similarity(citing, year=year, memberships=memberships)
    return (
        table.join(sources, on="country", how="left", maintain_order="left")
        .join(alike, on="country", how="left", maintain_order="left")
        .with_columns(pl.col("source_countries").fill_null(0))
        .pipe(_with_class, focal, year, memberships)
        .pipe(rounded)
    )


def _with_class(
    table: pl.DataFrame, focal: str, year: int, memberships: pl.DataFrame | None
) -> pl.DataFrame:
    from netpos import countries

    classes = countries.membership_class(focal, table["country"].to_list(), year, memberships)
    own = classes.select("country", "similarity_class", outside=pl.col("bloc") == "other")
    return (
        table.join(own, on="country", how="left", maintain_order="left")
        .with_columns(no_bloc=pl.coalesce("no_bloc", "outside"))
        .drop("outside")
    )


#: Columns of ``tables/countries.csv``, in order; those of later analyses may be absent.
COUNTRY_COLUMNS: Sequence[str] = [
    "technology",
    "period",
    "country",
    "name",
    "families",
    "family_share",
    "family_rank",
    "families_international",
    "international_share",
    "international_rank",
    "received",
    "given",
    "domestic",
    "received_per_family",
    "given_per_family",
    "foreign_share",
    "partners",
    "balance_ratio",
    "balance",
    "balance_dyadic",
    "pure_importer",
    "received_expected",
    "received_ratio",
    "given_expected",
    "given_ratio",
    "received_share",
    "received_rank",
    "pagerank",
    "betweenness",
    "harmonic_in",
    "core",
    "core_distance",
    "core_distance_relative",
    "near_core",
    "source_countries",
    "source_effective",
    "source_effective_estimated",
    "source_effective_rarefied",
    "source_hill2",
    "source_hill2_estimated",
    "source_evenness",
    "source_hhi",
    "share_eu",
    "share_oecd_nato",
    "share_other",
    "similarity",
    "similarity_class",
    "no_bloc",
    "rca",
    "rca_within",
    "value",
    "value_foreign",
    "value_share",
    "value_rank",
    "citations_per_family",
    "measurable",
    "truncated",
]


def organisation_table(links: Links, home: pl.DataFrame) -> pl.DataFrame:
    """Compute every indicator of each organisation for one technology and period.

    Parameters
    ----------
    links
        Links between organisations; nodes carry ``families``, ``cited_by_families`` and
        ``self_citations``.
    home
        ``organisation, country``: the country with its largest summed share.

    Returns
    -------
    pl.DataFrame
        ``organisation, country, families, family_rank, received, given, citations_per_family,
        pagerank, betweenness, self_citations``, by organisation in code-point order.
        ``betweenness`` is null where more than `MOST_BETWEEN` organisations have links: it looks
        at every path between any two of them.
    """
    nodes = links.nodes
    _, _, partners = strength.strengths(links)
    between = pl.Series("betweenness", [None] * nodes.height, dtype=pl.Float64)
    if int((partners > 0).sum()) <= MOST_BETWEEN:
        between = _named(paths.betweenness(links), "betweenness")
    table = pl.DataFrame(
        [
            nodes["node"].alias("organisation"),
            nodes["families"],
            _named(strength.received(links), "received"),
            _named(strength.given(links), "given"),
            _named(centrality.pagerank(links), "pagerank"),
            between,
            nodes["cited_by_families"],
            nodes["self_citations"],
        ]
    )
    return (
        rounded(table)
        .join(home, on="organisation", how="left", maintain_order="left")
        .with_columns(
            family_rank=rank_of_present("families"),
            citations_per_family=pl.when(pl.col("families") > 0).then(
                pl.col("cited_by_families") / pl.col("families")
            ),
        )
        .pipe(rounded)
    )


ORGANISATION_COLUMNS: Sequence[str] = [
    "technology",
    "period",
    "organisation",
    "country",
    "families",
    "family_rank",
    "received",
    "given",
    "citations_per_family",
    "value",
    "value_rank",
    "pagerank",
    "betweenness",
    "self_citations",
]
