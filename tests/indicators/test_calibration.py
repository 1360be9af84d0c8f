"""Intervals hold the truth of small worlds, and would not with one end of a link drawn."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
import pytest

from netpos.indicators import influence
from netpos.indicators.calibration import RATIOS, Truths, cell, coverage, held, meets, tables
from netpos.indicators.differences import NOT_BETWEEN
from netpos.indicators.uncertainty import CONTRASTS, MEASURED, RANKED
from netpos.indicators.worlds import FOCAL, SPECIAL, WORLDS
from tests.conftest import ROOT

CORPORA = range(500, 512)


def shares(counts: pl.DataFrame, kind: str) -> dict[str, float]:
    part = coverage(counts).filter((pl.col("group") == "all") & (pl.col("kind") == kind))
    return dict(part.select("indicator", "coverage").iter_rows())


@pytest.fixture(scope="module")
def counts() -> pl.DataFrame:
    return cell(WORLDS["B"], 250, CORPORA, draws=100)


def test_intervals_of_a_short_calibration_hold_in_nine_of_ten_corpora(counts: pl.DataFrame) -> None:
    found = shares(counts, "interval")
    assert set(found) == {*MEASURED, *RANKED, *CONTRASTS}
    # twelve corpora of fifteen dependent countries: three standard errors are about .08
    assert min(found.values()) > 0.85
    for kind in ("countries", "periods"):
        found = shares(counts, kind)
        assert set(found) == set(MEASURED) - set(NOT_BETWEEN if kind == "countries" else ())
        assert min(found.values()) > 0.82
    found = shares(counts, "pairs")
    assert set(found) == set(RATIOS.values())
    assert min(found.values()) > 0.88  # of some 450 pairs each


def test_with_the_citing_end_only_the_same_calibration_fails(
    monkeypatch: pytest.MonkeyPatch, counts: pl.DataFrame
) -> None:
    both_of = influence.Ends.of.__func__

    def citing_only(cls, entries, parts):
        ends = both_of(cls, entries, parts)
        nothing = ends.dyads._replace(amount=np.zeros(ends.dyads.entry.size))
        return ends._replace(both=(ends.citing,), dyads=nothing)

    monkeypatch.setattr(influence.Ends, "of", classmethod(citing_only))
    found = shares(cell(WORLDS["B"], 250, CORPORA, draws=100), "interval")
    right = shares(counts, "interval")
    for name in ("received_share", "value_share", "source_effective"):
        assert found[name] < 0.75 < 0.85 < right[name]


def test_an_interval_holds_where_the_truth_lies_between_its_bounds() -> None:
    world = WORLDS["B"]
    made, truths = tables(world.draw(250, 7), draws=50, seed=7), Truths.of_world(WORLDS["B"])
    found = held(made, truths)
    rows = made.intervals.drop_nulls("low")
    assert found.filter(pl.col("kind") == "interval").height == rows.height
    row = rows.row(by_predicate=(pl.col("country") == "US") & (pl.col("indicator") == "share_eu"))
    low, high = row[5], row[6]
    inside = low <= truths.of["all"]["share_eu"]["US"] <= high
    us = (pl.col("country") == "US") & (pl.col("indicator") == "share_eu")
    assert found.filter(us & (pl.col("kind") == "interval"))["held"].to_list() == [inside]
    pair = made.ratios.drop_nulls("low").row(0, named=True)
    inside = (
        pair["low"]
        <= world.ratios("all")[world.codes.index(pair["citing"]), world.codes.index(pair["cited"])]
        <= pair["high"]
    )
    same = pl.col("country") == f"{pair['citing']} {pair['cited']}"
    first = found.filter(same & (pl.col("indicator") == pair["indicator"]))
    assert first["held"].to_list() == [inside]


def test_a_country_whose_families_or_citations_are_one_firms_has_no_interval_of_them() -> None:
    for world, name in (("D", "family_share"), ("D", "source_effective"), ("E", "received_share")):
        made = tables(SPECIAL[world].draw(250, 3), draws=50, seed=3)
        row = made.intervals.filter(
            (pl.col("country") == FOCAL) & (pl.col("indicator") == name)
        ).row(0, named=True)
        assert row["low"] is None
        assert row["reason"] in {"one_firm", "too_few"}


def test_a_cell_passes_when_its_binomial_interval_meets_the_goal() -> None:
    assert meets(190, 200)
    assert meets(172, 200)  # .86, up to .917
    assert not meets(160, 200)
    assert meets(200, 200)  # .974 at least
    assert not meets(1000, 1000)
    assert meets(1000, 1000, rank=True)


def test_the_methods_hold_a_table_of_every_indicator_with_an_interval() -> None:
    text = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")
    made = text.split("<!-- made by make calibrate -->")[1].split("<!-- end of what")[0]
    made = made.split("*The focal country")[0]
    rows = re.findall(r"^\| `(\w+)` \| (all|small) \|(.+)\|$", made, re.MULTILINE)
    parts = made.split("*Differences")
    assert len(parts) == 3
    pairs = parts[2].split("*Citations between two")[1]
    assert all(f"| `{name}` |" in pairs for name in RATIOS.values())
    intervals = {name for name, _, _ in rows if f"| `{name}` |" in parts[0]}
    assert intervals == {*MEASURED, *RANKED, *CONTRASTS}
    for part, none in zip(parts[1:], (NOT_BETWEEN, ()), strict=True):
        assert {n for n in MEASURED if f"| `{n}` |" in part} == set(MEASURED) - set(none)
    for _, group, cells in rows:
        values = [v.strip() for v in cells.split("|")]
        assert len(values) == 9
        assert group == "small" or "–" not in values


def test_differences_between_countries_are_of_the_focal_one_where_the_world_is_about_it(
    counts: pl.DataFrame,
) -> None:
    about = cell(SPECIAL["E"], 250, [500], draws=60)
    assert set(about.filter(kind="countries")["small"]) == {True}
    assert set(about.filter(kind="interval")["small"]) == {True, False}
    assert False in set(counts.filter(kind="countries")["small"])  # where it is about another
