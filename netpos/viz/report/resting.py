"""On what a statement rests: the firm without which it changes, or why it has no interval."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from netpos.viz.report.statement import Statement

BLOCS = ("eu", "oecd_nato", "other")
#: Statements, and the indicator whose mark of robustness is about the same.
MARKED = {
    "top_families": "family_share",
    "top_received": "received_share",
    "top_value": "value_share",
    "core_in": "near_core",
    "core_within": "near_core",
    "core_near": "near_core",
    "core_far": "near_core",
    "balance_up": "balance_ratio",
    "balance_down": "balance_ratio",
    "balance_up_expected": "balance_ratio",
    "balance_down_expected": "balance_ratio",
    **{f"class_{k}": f"share_{k}" for k in BLOCS},
}
#: Statements on who leads: where it is the country in focus, its rank without one organisation.
LED = {"leads": "family_share", "cited": "received_share", "valued": "value_share"}


#: Statements, and the indicator whose interval they are held to.
HELD_TO = {
    "leads": "family_rank",
    "cited": "received_rank",
    "valued": "value_share",
    "top_families": "family_rank",
    "top_received": "received_rank",
    "top_value": "value_share",
    "balance_up": "balance_ratio",
    "balance_down": "balance_ratio",
    "balance_up_expected": "balance_ratio",
    "balance_down_expected": "balance_ratio",
    **{f"class_{k}": f"share_{k}" for k in BLOCS},
}


def withheld(statement: Statement, drawn: pl.DataFrame, focal: str) -> Statement:
    """Say why a fact of the export has no interval, where the run tried to give one."""
    key = statement.key
    if key == "class" and "bloc" in statement.codes:
        key = f"class_{statement.codes['bloc'][0]}"
    if statement.level != "export" or key not in HELD_TO or "reason" not in drawn.columns:
        return statement
    country = statement.codes.get("leader", [focal])[0]
    rows = drawn.filter(
        (pl.col("indicator") == HELD_TO[key])
        & (pl.col("country") == country)
        & pl.col("reason").is_not_null()
    )
    if not rows.height:
        return statement
    return replace(statement, codes={**statement.codes, "why": [rows["reason"][0]]})


def resting(statement: Statement, marks: pl.DataFrame, focal: str) -> Statement:
    """Name the organisation without which the statement would not hold, if it is one."""
    needed = {"organisation", "mark", "rank_without"}
    if statement.level == "open" or not needed <= set(marks.columns):
        return statement
    key = statement.key
    if key == "class":
        key = f"class_{statement.codes['bloc'][0]}"
    named = pl.col("organisation").is_not_null()
    if key in LED and list(statement.codes.get("leader", ())) == [focal]:
        behind = pl.col("rank_without").is_null() | (pl.col("rank_without") > 1)
        found = marks.filter((pl.col("indicator") == LED[key]) & behind & named)
    elif key in MARKED:
        driven = pl.col("mark") == "firm-driven"
        found = marks.filter((pl.col("indicator") == MARKED[key]) & driven & named)
    else:
        return statement
    if not found.height:
        return statement
    return replace(statement, codes={**statement.codes, "firm": [found["organisation"][0]]})
