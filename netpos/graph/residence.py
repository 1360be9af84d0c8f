"""Shares of countries and organisations in each simple family, and by which rule.

The first step of the chain that gives any country decides the whole family (each step's share is
part of every coverage table):

``applicant`` residence of applicants · ``inventor`` residence of inventors · ``imputed`` residence
that the applicant organisation states elsewhere in the corpus, where at least nine in ten of its
families agree · ``lookup`` the user's residences · ``priority`` national office of the earliest
priority · ``office`` office of publication (a proxy, only on request) · ``unknown``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeVar

import polars as pl

from netpos import countries
from netpos.errors import OptionError
from netpos.tables import Schema, require

RULES = ("applicant", "inventor", "imputed", "lookup", "priority", "office", "unknown")
F = TypeVar("F", pl.DataFrame, pl.LazyFrame)
By = Literal["applicant", "inventor"]
Counting = Literal["fractional", "country-unique", "full"]

SHARES: Schema = {"family": pl.Int32, "country": pl.String, "share": pl.Float64, "rule": pl.String}
_APPLICANTS: Schema = {
    "family": pl.Int32,
    "role": pl.String,
    "applicant": pl.String,
    "residence": pl.String,
    "person": pl.Boolean,
}
_FAMILIES: Schema = {"family": pl.Int32, "priority_offices": pl.List(pl.String)}

#: Share of an organisation's located families that must name one country to impute it.
AGREEMENT = 0.9


def family_countries(
    families: pl.DataFrame,
    applicants: pl.DataFrame,
    *,
    by: By = "applicant",
    lookup: pl.DataFrame | None = None,
    office_proxy: bool = False,
    merge_cn: bool = False,
    usual: pl.DataFrame | None = None,
) -> pl.DataFrame:
    r"""Return the share of each country in each family, by the first rule that gives one.

    .. math:: a_i(f) = \frac{|\{p \in f : p \text{ resides in } i\}|}
                            {|\{p \in f : p \text{ has a known residence}\}|}

    over the parties p of the deciding step; shares of a family sum to 1.

    Parameters
    ----------
    families
        ``family`` Int32, ``priority_offices`` List(String); with ``office_proxy`` also
        ``offices`` List(String).
    applicants
        One row per family and party: ``family, role, applicant, residence, person``; rows of other
        families count only towards what a name has elsewhere.
    by
        Which residence comes first.
    lookup
        The user's residences: ``family, country, share``.
    office_proxy
        Add the national offices of publication as the last step.
    merge_cn
        Count Hong Kong and Macao with China.
    usual
        Where only parties of these families are given: what `usual_residences` returned of all.

    Returns
    -------
    pl.DataFrame
        ``family, country, share, rule``, sorted by family and country; a family that no step
        locates has one row with null country and share and rule ``unknown``.

    Raises
    ------
    TableError
        A column is missing or of another type.
    OptionError
        ``by`` is neither applicant nor inventor.

    Examples
    --------
    >>> families = pl.DataFrame({"family": [0, 1], "priority_offices": [["US"], ["DE", "NL"]]},
    ...     schema={"family": pl.Int32, "priority_offices": pl.List(pl.String)})
    >>> applicants = pl.DataFrame({"family": [0, 0, 0], "role": ["applicant"] * 3,
    ...     "applicant": ["A", "B", "C"], "residence": ["NL", "NL", "DE"], "person": [False] * 3},
    ...     schema_overrides={"family": pl.Int32})
    >>> for row in family_countries(families, applicants).iter_rows():
    ...     print(row[0], row[1], round(row[2], 3), row[3])
    0 DE 0.333 applicant
    0 NL 0.667 applicant
    1 DE 0.5 priority
    1 NL 0.5 priority
    """
    require(families, _FAMILIES, name="families")
    require(applicants, _APPLICANTS, name="applicants")
    if by not in ("applicant", "inventor"):
        raise OptionError(f"--by {by}: unknown", remedy="choose applicant or inventor")
    if merge_cn:
        merged = pl.col("residence").replace({"HK": "CN", "MO": "CN"})
        applicants = applicants.with_columns(residence=merged)
    first, second = ("applicant", "inventor") if by == "applicant" else ("inventor", "applicant")
    located = applicants.select("family", "role", "residence").filter(
        pl.col("residence").is_not_null()
    )
    steps: list[Callable[[pl.DataFrame], pl.DataFrame]] = [
        lambda open_: _parties(_of(located.filter(pl.col("role") == first), open_), first),
        lambda open_: _parties(_of(located.filter(pl.col("role") == second), open_), second),
        lambda open_: _parties(_imputed(applicants, open_, usual), "imputed"),
    ]
    if lookup is not None:
        steps.append(lambda open_: _weighted(_of(lookup, open_), "lookup"))
    steps.append(lambda open_: _offices(_of(families, open_), "priority_offices", "priority"))
    if office_proxy:
        steps.append(lambda open_: _offices(_of(families, open_), "offices", "office"))
    # each step sees only the families that no step before it has located
    undecided = families.select("family")
    found: list[pl.DataFrame] = []
    for step in steps:
        found.append(step(undecided))
        undecided = undecided.join(found[-1], on="family", how="anti")
    chosen = pl.concat(found)
    if merge_cn:
        chosen = (
            chosen.with_columns(pl.col("country").replace({"HK": "CN", "MO": "CN"}))
            .group_by("family", "country", "rule")
            .agg(pl.col("share").sort().sum())
        )
    unknown = undecided.with_columns(
        country=pl.lit(None, pl.String), share=pl.lit(None, pl.Float64), rule=pl.lit("unknown")
    )
    return (
        pl.concat([chosen.select(list(SHARES)), unknown])
        .cast(pl.Schema(SHARES))
        .sort("family", "country")
    )


def _of(table: pl.DataFrame, families: pl.DataFrame) -> pl.DataFrame:
    """Rows about these families."""
    return table.join(families, on="family", how="semi")


def _parties(located: pl.DataFrame, rule: str) -> pl.DataFrame:
    counted = located.group_by("family", "residence").agg(n=pl.len())
    return counted.select(
        "family",
        country="residence",
        share=pl.col("n") / pl.col("n").sum().over("family"),
        rule=pl.lit(rule),
    )


def _weighted(lookup: pl.DataFrame, rule: str) -> pl.DataFrame:
    require(lookup, {k: SHARES[k] for k in ("family", "country", "share")}, name="lookup")
    summed = lookup.group_by("family", "country").agg(pl.col("share").sort().sum())
    return summed.select(
        "family",
        "country",
        share=pl.col("share") / pl.col("share").sort().sum().over("family"),
        rule=pl.lit(rule),
    )


def _offices(families: pl.DataFrame, column: str, rule: str) -> pl.DataFrame:
    exploded = families.select("family", country=pl.col(column)).explode("country").drop_nulls()
    codes = exploded["country"].unique()
    resolved = countries.resolve(codes).select("code_as_filed", "country")
    national = (
        exploded.join(resolved, left_on="country", right_on="code_as_filed", how="left")
        .select("family", country="country_right")
        .drop_nulls()
        .unique()
    )
    return national.select(
        "family", "country", share=1.0 / pl.len().over("family"), rule=pl.lit(rule)
    )


def _imputed(
    applicants: pl.DataFrame, families: pl.DataFrame, usual: pl.DataFrame | None
) -> pl.DataFrame:
    """Rows of firms without a residence in these families, given the one their name has elsewhere.

    What a name has elsewhere is counted over all families.
    """
    homeless = _of(_firms(applicants).filter(pl.col("residence").is_null()), families)
    if usual is None:
        usual = usual_residences(applicants)
    return homeless.join(usual, on="applicant", how="inner").select("family", residence="usual")


def _firms(applicants: F) -> F:
    return applicants.filter(
        (pl.col("role") == "applicant") & ~pl.col("person") & pl.col("applicant").is_not_null()
    ).select("family", "applicant", "residence")


def usual_residences(applicants: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame:
    """Find the residence that the name of a firm has in most families, `AGREEMENT` of them at
    least.

    Parameters
    ----------
    applicants
        See `family_countries`; read as far as needed if lazy.

    Returns
    -------
    ``applicant, usual`` of names that have no residence in some family.

    Examples
    --------
    >>> table = pl.DataFrame({"family": [0, 1], "role": ["applicant"] * 2, "applicant": ["A", "A"],
    ...     "residence": ["NL", None], "person": [False, False]})
    >>> usual_residences(table).rows()
    [('A', 'NL')]
    """
    firms = applicants.lazy().pipe(_firms)
    homeless = firms.filter(pl.col("residence").is_null()).select("applicant").unique()
    return (
        firms.filter(pl.col("residence").is_not_null())
        .join(homeless, on="applicant", how="semi")
        .unique(["family", "applicant", "residence"])
        .group_by("applicant", "residence")
        .agg(n=pl.len())
        .with_columns(agreement=pl.col("n") / pl.col("n").sum().over("applicant"))
        .filter(pl.col("agreement") >= AGREEMENT)
        .select("applicant", usual="residence")
        .collect()
    )


def counted(shares: pl.DataFrame, counting: Counting = "fractional") -> pl.DataFrame:
    """Turn fractional shares into the weights of a counting rule.

    ``fractional``: a country's share of the located parties. ``country-unique``: 1 / number of
    countries. ``full``: 1 for each country (totals are then not conserved).

    Raises
    ------
    OptionError
        ``counting`` is unknown.

    Examples
    --------
    >>> shares = pl.DataFrame({"family": [0, 0], "country": ["DE", "NL"], "share": [1 / 3, 2 / 3]})
    >>> counted(shares, "country-unique")["share"].to_list()
    [0.5, 0.5]
    """
    located = shares.filter(pl.col("country").is_not_null())
    if counting == "fractional":
        return located
    if counting == "country-unique":
        return located.with_columns(share=1.0 / pl.len().over("family"))
    if counting == "full":
        return located.with_columns(share=pl.lit(1.0))
    remedy = "choose fractional, country-unique or full"
    raise OptionError(f"--counting {counting}: unknown", remedy=remedy)


def family_organisations(
    applicants: pl.DataFrame, *, counting: Counting = "fractional"
) -> pl.DataFrame:
    """Return the share of each organisation in each family: 1 / number of its applicants.

    Persons are no organisations; their part of a family belongs to nobody.

    Returns
    -------
    pl.DataFrame
        ``family, organisation, share``, sorted.

    Examples
    --------
    Two firms and a person file together; an inventor, whatever is known of one, files nothing:

    >>> table = pl.DataFrame({"family": [0, 0, 0, 0], "role": [*["applicant"] * 3, "inventor"],
    ...     "applicant": ["A BV", "B NV", "C", "D"], "person": [False, False, True, False],
    ...     "share": [0.25, 0.5, 0.25, 1.0]})
    >>> family_organisations(table).rows()
    [(0, 'A BV', 0.25), (0, 'B NV', 0.5)]
    >>> family_organisations(table, counting="country-unique")["share"].to_list()
    [0.5, 0.5]
    >>> family_organisations(table, counting="full")["share"].to_list()
    [1.0, 1.0]
    """
    named = (
        applicants.filter((pl.col("role") == "applicant") & ~pl.col("person"))
        .drop_nulls("applicant")
        .group_by("family", "applicant")
        .agg(pl.col("share").sort().sum())
        .rename({"applicant": "organisation"})
        .sort("family", "organisation")
    )
    if counting == "full":
        return named.with_columns(share=pl.lit(1.0))
    if counting == "country-unique":
        return named.with_columns(share=1.0 / pl.len().over("family"))
    return named
