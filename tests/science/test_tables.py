"""The tables of publications hold the worked example."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.stats import theilslopes

from netpos.science.tables import science_tables
from netpos.science.works import Works
from tests.science.test_publications import MEMBERS, SHARES, TOTALS, TOY


def works() -> Works:
    authors = {w: (len(a), sum(map(bool, a))) for w, *_, a in TOY}
    frame = MEMBERS.unique("work").select(
        "work", "year", "type", "citations",
        key=pl.format("W{}", "work"),
        citations_window=pl.lit(None, pl.Int64),
        authors=pl.col("work").replace_strict({w: n for w, (n, _) in authors.items()}),
        located=pl.col("work").replace_strict({w: n for w, (_, n) in authors.items()}),
        fwci_openalex=pl.lit(None, pl.Float64),
        **{name: pl.lit(None, pl.String) for name in ("doi", "pmid", "lens_id")},
    )  # fmt: skip
    members = MEMBERS.select("work", "technology")
    return Works(frame, SHARES, members, {}, pl.DataFrame(), "lens", None)


def test_output_impact_and_activity_are_those_worked_by_hand() -> None:
    periods = [("2015", (2015, 2015)), ("all", (2015, 2016))]
    tables, _ = science_tables(works(), periods, min_cell=1, totals=TOTALS)
    whole = tables["science"].filter((pl.col("technology") == "q") & (pl.col("period") == "all"))
    found = {r["country"]: r for r in whole.to_dicts()}
    for country, count, fwci, rai in (
        ("NL", 8 / 3, 27 / 16, 4.166667),
        ("DE", 4 / 3, 1, 0.925926),
        ("US", 5 / 2, 11 / 15, 0.78125),
        ("CN", 3 / 2, 2 / 9, 0.551471),
    ):
        assert found[country]["works"] == pytest.approx(count)
        assert found[country]["fwci"] == pytest.approx(fwci)
        assert found[country]["rai"] == pytest.approx(rai, abs=5e-7)


def test_coverage_counts_works_with_some_and_with_all_authors_located() -> None:
    tables, _ = science_tables(works(), [("all", (2015, 2016))], min_cell=1)
    row = tables["science_coverage"].row(
        by_predicate=(pl.col("technology") == "a")
        & (pl.col("year") == 2016)
        & (pl.col("type") == "article"),
        named=True,
    )
    # 7 (one author of two), 9, 10 and 11 (none)
    assert (row["works"], row["located"], row["all_located"]) == (4, 3, 2)


def test_the_interval_of_a_slope_holds_the_truth_where_it_is_printed() -> None:
    rng, years, held = np.random.default_rng(0), np.arange(6), []
    for _ in range(400):
        works = 100 + 10 * years
        found = theilslopes(rng.binomial(works, 0.05 + 0.004 * years) / works, years)
        held.append(found[2] <= 0.004 <= found[3])
    assert np.mean(held) > 0.95
