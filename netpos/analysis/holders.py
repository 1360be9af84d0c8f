"""Who holds the families of a country: its own organisations, foreign ones, persons."""

from __future__ import annotations

import polars as pl

from netpos.analysis.behind import behind_node
from netpos.analysis.study import Span, Study
from netpos.tables import rounded

#: What may stand behind a part of a family, in the order in which a reader asks.
KINDS = ("organisation", "person", "unnamed")
SCHEMA = {
    "kind": pl.String,
    "organisation": pl.String,
    "country": pl.String,
    "foreign": pl.Boolean,
    "families": pl.Float64,
    "share": pl.Float64,
    "value": pl.Float64,
}


def holders(study: Study, technology: str, span: Span, *, valued: bool = False) -> pl.DataFrame:
    """Tell who holds the families of the focal country; the rows add up to them.

    The part of a family that counts for the country goes to the applicants that reside there, by
    their shares; where none does (the country comes from inventors, from the usual residence of an
    organisation, or from an office), to all its applicants. All persons together are one row, and
    so are families without a name.

    Parameters
    ----------
    study, technology, span
        Of a run.
    valued
        Whether the value of the focal country is known; the rows then add up to it as well.

    Returns
    -------
    pl.DataFrame
        ``kind`` (one of `KINDS`), ``organisation``, ``country`` under which the organisation stands
        (that of most of its families), ``foreign`` where that is not the focal one, ``families``
        [families, by the counting rule], ``share`` of those of the country,
        ``value`` of these families (null where not ``valued``); most families first.
    """
    focal = study.options.focal
    held = behind_node(study, technology, span, focal, "families")
    if not held.height:
        return pl.DataFrame(schema=SCHEMA)
    worth = pl.DataFrame(schema={"kind": pl.String, "organisation": pl.String, "value": pl.Float64})
    if valued:
        worth = _split(study, behind_node(study, technology, span, focal, "value"))
        worth = worth.rename({"part": "value"})
    missing = pl.col("value").fill_null(0.0) if valued else pl.lit(None, pl.Float64)
    order = pl.col("kind").replace_strict({k: i for i, k in enumerate(KINDS)}, return_dtype=pl.Int8)
    return (
        rounded(
            _split(study, held)
            .rename({"part": "families"})
            .join(worth, on=["kind", "organisation"], how="left", nulls_equal=True)
            .join(study.home, on="organisation", how="left")
            .with_columns(
                foreign=pl.when(pl.col("country").is_not_null()).then(pl.col("country") != focal),
                share=pl.col("families") / pl.col("families").sort().sum(),
                order=order,
                value=missing,
            )
        )
        .sort(["order", "families", "organisation"], descending=[False, True, False])
        .select(list(SCHEMA))
    )


def _split(study: Study, held: pl.DataFrame) -> pl.DataFrame:
    """Give the part of each family to its applicants: ``kind, organisation, part``, summed."""
    focal = study.options.focal
    residence = pl.col("residence")
    if study.options.merge_cn:
        residence = residence.replace({"HK": "CN", "MO": "CN"})
    here = pl.col("here").any().over("family")
    parties = (
        study.applicants.filter(pl.col("family").is_in(held["family"].implode()))
        .filter(pl.col("role") == "applicant")
        .join(held, on="family", how="inner")
        .with_columns(here=(residence == focal).fill_null(value=False))
        .filter(pl.col("here") | ~here)
        # an applicant has a share above 0, whether its residence is known or not
        .with_columns(weight=pl.col("share") / pl.col("share").sort().sum().over("family"))
    )
    named = ~pl.col("person") & pl.col("applicant").is_not_null()
    entries = parties.select(
        kind=pl.when(pl.col("person"))
        .then(pl.lit("person"))
        .when(pl.col("applicant").is_not_null())
        .then(pl.lit("organisation"))
        .otherwise(pl.lit("unnamed")),
        organisation=pl.when(named).then(pl.col("applicant")),
        part=pl.col("part") * pl.col("weight"),
    )
    nobody = held.join(parties.select("family").unique(), on="family", how="anti")
    rest = nobody.select(
        kind=pl.lit("unnamed"), organisation=pl.lit(None, pl.String), part=pl.col("part")
    )
    return (
        pl.concat([entries, rest])
        .group_by("kind", "organisation")
        .agg(pl.col("part").sort().sum())
        .filter(pl.col("part") > 0)
    )
