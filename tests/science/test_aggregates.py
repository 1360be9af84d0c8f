"""Publications already added up: the same impact and activity as from works."""

from __future__ import annotations

import polars as pl
import pytest

from netpos.science.aggregates import activity_of_aggregates, impact_of_aggregates
from tests.science.test_publications import MEMBERS, SHARES, TOTALS

KEY = ["technology", "country", "year", "type"]


def aggregates(technology: str) -> pl.DataFrame:
    """The worked example as sums of countries and of the world."""
    members = MEMBERS.filter(technology=technology)
    mine = (
        members.join(SHARES, on="work")
        .group_by(KEY)
        .agg(works=pl.col("share").sum(), citations=(pl.col("share") * pl.col("citations")).sum())
    )
    world = (
        members.group_by("technology", "year", "type")
        .agg(works=pl.len().cast(pl.Float64), citations=pl.col("citations").sum().cast(pl.Float64))
        .with_columns(country=pl.lit("world"))
        .select(mine.columns)
    )
    return pl.concat([mine, world])


def test_aggregates_give_the_same_impact_exactly() -> None:
    found = impact_of_aggregates(aggregates("q"))
    nl = found.filter(pl.col("country") == "NL").row(0, named=True)
    assert nl["fwci"] == pytest.approx(1.6875)
    assert nl["works_world"] == 8
    assert nl["share"] == pytest.approx(1 / 3)


def test_aggregates_give_the_worked_activity() -> None:
    found = activity_of_aggregates(aggregates("q"), TOTALS)
    assert found is not None
    worked = {"NL": 4.166667, "DE": 0.925926, "US": 0.78125, "CN": 0.551471}
    assert dict(found.select("country", "rai").iter_rows()) == pytest.approx(worked, abs=5e-7)
    part = found.join(TOTALS, on="country")
    assert (part["rai"] * part["works"]).sum() / TOTALS["works"].sum() == pytest.approx(1)


def test_the_world_of_both_tables_is_used_where_both_have_it() -> None:
    world = pl.DataFrame({"country": ["world"], "works": [1000.0]})
    found = activity_of_aggregates(aggregates("a"), pl.concat([TOTALS, world]))
    assert found is not None
    rai = dict(found.select("country", "rai").iter_rows())
    # 5/4 of 40 against 5 of 1000, p11 without a country included
    assert rai["NL"] == pytest.approx((5 / 4 / 40) / (5 / 1000))


def test_a_table_of_some_countries_knows_no_world_without_its_row() -> None:
    more = pl.concat([TOTALS, pl.DataFrame({"country": ["JP"], "works": [80.0]})])
    assert activity_of_aggregates(aggregates("q"), more) is None
