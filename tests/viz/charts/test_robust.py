"""Figures on how far numbers can be relied on."""

from __future__ import annotations

import polars as pl

from tests.viz.charts.drawing import drawn, numbers
from tests.viz.report_pages import demo_page


def test_ranks_by_period_and_their_intervals_are_those_of_the_table() -> None:
    table = demo_page().tables["countries"].filter(pl.col("country") == "NL")
    want = {(r["technology"], r["period"]): r for r in table.iter_rows(named=True)}
    for row in numbers(drawn()["rank-change"]).iter_rows(named=True):
        assert row["family_rank"] == want[row["technology"], row["period"]]["family_rank"]
    for row in numbers(drawn()["rank-intervals"]).iter_rows(named=True):
        own = want[row["technology"], "all"]
        ends = [row["family_rank_low"], row["family_rank"], row["family_rank_high"]]
        assert ends == [own["family_rank_low"], own["family_rank"], own["family_rank_high"]]


def test_the_specification_curve_has_every_way_of_counting_and_marks_the_run() -> None:
    found = numbers(drawn()["sensitivity-semiconductor"])
    table = demo_page().tables["sensitivity"]
    for kind in ("family_share", "received_share"):
        mine = (pl.col("technology") == "semiconductor") & (pl.col("indicator") == kind)
        ranks = table.filter(mine)["rank"].drop_nulls().sort().to_list()
        part = found.filter(pl.col("indicator") == kind)
        assert part["rank"].to_list() == ranks
        assert part["base"].sum() == 1
