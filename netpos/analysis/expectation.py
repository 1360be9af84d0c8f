"""Received and given beside what size and age lead to expect, by country and by pair."""

from __future__ import annotations

import numpy as np
import polars as pl

from netpos.analysis.study import Span, Study
from netpos.graph import expected
from netpos.indicators.residuals import intervals
from netpos.tables import rounded

#: Columns of the table of countries, beside the balance.
COLUMNS = ("received_expected", "received_ratio", "given_expected", "given_ratio")
#: Columns of ``tables/residuals.csv`` after technology and period.
RESIDUALS: dict[str, pl.DataType | type[pl.DataType]] = {
    "citing": pl.String,
    "cited": pl.String,
    "observed": pl.Float64,
    "expected": pl.Float64,
    "ratio": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "reason": pl.String,
}
#: Why a pair with one of these countries has no interval, whatever its links.
NOT_MEASURABLE = "not_measurable"


def expectation(study: Study, technology: str, span: Span) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Tell what a technology and span lead to expect; see `netpos.graph.expected`.

    Returns
    -------
    (countries, residuals)
        ``country`` with `COLUMNS`, ratios null where fewer than five citations are expected; and
        the pairs of countries with citations between them, or with five expected, as `RESIDUALS`.
        Both empty where not all families that could be cited are known: with another scope than
        ``closed``, and with ``--design focal``.
    """
    schema: dict[str, pl.DataType | type[pl.DataType]] = {"country": pl.String}
    countries = pl.DataFrame(schema=schema | dict.fromkeys(COLUMNS, pl.Float64))
    residuals = pl.DataFrame(schema=RESIDUALS)
    if study.options.scope != "closed" or study.options.design == "focal":
        return countries, residuals
    spread, names = study.spread, pl.Series(study.shares.names, dtype=pl.String)
    chosen = study.links_mask(technology, span)
    flows = expected.flows_of(
        study.pairs, spread, study.shares, study.member[technology], study.years, span, chosen
    )
    rates = expected.cohort_rates(flows)
    flow = expected.expected_flow(flows, rates)
    observed = np.zeros(flow.shape)
    at, weight, _ = spread.summed(chosen)
    observed[spread.ends[0][at], spread.ends[1][at]] = weight
    np.fill_diagonal(observed, 0.0)
    received, given = flow.sum(axis=0), expected.expected_given(flows, rates)
    countries = pl.DataFrame(
        {
            "country": names,
            "received_expected": received,
            "received_ratio": expected.ratio(observed.sum(axis=0), received),
            "given_expected": given,
            "given_ratio": expected.ratio(observed.sum(axis=1), given),
        },
        schema_overrides=dict.fromkeys(COLUMNS, pl.Float64),
    )
    focal = study.options.focal
    if focal not in study.shares.names:  # it has a row although it has nothing anywhere
        known = not np.isnan(given).all()
        row = pl.DataFrame({"country": [focal], "received_expected": [0.0]}).with_columns(
            pl.lit(0.0 if known else None, pl.Float64).alias("given_expected")
        )
        countries = pl.concat([countries, row], how="diagonal")
    citing, cited = np.nonzero((observed > 0) | (flow >= expected.LEAST_EXPECTED))
    of_pair = observed[citing, cited], flow[citing, cited]
    member, years = study.member[technology], study.years
    parts = (study.sampled, chosen, member, years, span)
    found = intervals(*parts, flows, rates, flow, citing, cited)
    residuals = pl.DataFrame(
        {
            "citing": names.gather(citing),
            "cited": names.gather(cited),
            "observed": of_pair[0],
            "expected": of_pair[1],
            "ratio": expected.ratio(*of_pair),
            "low": found.low,
            "high": found.high,
            "reason": pl.Series(found.reason.tolist(), dtype=pl.String).replace("", None),
        },
        schema=RESIDUALS,
    )
    return rounded(countries), rounded(residuals)


def only_measurable(residuals: pl.DataFrame, countries: pl.DataFrame) -> pl.DataFrame:
    """Take the intervals from pairs with a country of which too little is located."""
    lost = countries.filter(~pl.col("measurable").fill_null(value=True))["country"].implode()
    either = pl.col("citing").is_in(lost) | pl.col("cited").is_in(lost)
    return residuals.with_columns(
        *(pl.when(~either).then(pl.col(end)).alias(end) for end in ("low", "high")),
        reason=pl.when(either).then(pl.lit(NOT_MEASURABLE)).otherwise("reason"),
    )
