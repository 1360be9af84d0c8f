"""Papers that patents cite: the worked example, the laws, and how often the interval is right."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netpos.science import linkage
from netpos.science.linkage import (
    matched,
    science_linkage,
    science_links,
    share_bounds,
    spread_links,
)
from tests.science.test_publications import SHARES

FAMILIES = pl.DataFrame(
    [(1, "NL", 1.0), (2, "US", 1.0), (3, "NL", 0.5), (3, "DE", 0.5)],
    {"family": pl.Int32, "country": pl.String, "share": pl.Float64},
    orient="row",
)
PAIRS = pl.DataFrame(
    [(1, 1), (1, 5), (2, 1), (2, 6), (3, 6)], {"family": pl.Int32, "work": pl.Int64}, orient="row"
)
SIZES = FAMILIES.group_by("country").agg(families=pl.col("share").sum())


def references(*rows: tuple[int, str | None, str | None, str | None]) -> pl.DataFrame:
    schema = {"family": pl.Int32, "lens_id": pl.String, "doi": pl.String, "pmid": pl.String}
    return pl.DataFrame(rows, schema, orient="row")


def works(*rows: tuple[int, str | None, str | None, str | None]) -> pl.DataFrame:
    schema = {"work": pl.Int64, "lens_id": pl.String, "doi": pl.String, "pmid": pl.String}
    return pl.DataFrame(rows, schema, orient="row")


def test_the_worked_links() -> None:
    table = science_links(spread_links(PAIRS, FAMILIES, SHARES))
    found = {(c, b): k for c, b, k in table.select("citing", "cited", "links").iter_rows()}
    worked = {("NL", "NL"): 11 / 12, ("NL", "DE"): 1 / 3, ("NL", "US"): 1, ("NL", "CN"): 1 / 4}
    assert {ends: k for ends, k in found.items() if ends[0] == "NL"} == pytest.approx(worked)
    assert found["US", "NL"] == pytest.approx(7 / 6)
    assert found["DE", "NL"] == pytest.approx(1 / 4)
    assert sum(found.values()) == pytest.approx(5)
    nl = table.filter(pl.col("citing") == "NL")
    assert nl["families"].to_list() == [1, 1, 2, 1]  # CN DE NL US


def test_the_worked_home_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    spread = spread_links(PAIRS, FAMILIES, SHARES)
    bare = science_linkage(spread, SIZES).filter(pl.col("country") == "NL").row(0, named=True)
    assert bare["home_source"] is None  # 2.5 links are too few to be told
    assert bare["home_use"] is None
    monkeypatch.setattr(linkage, "LEAST", 1)
    row = science_linkage(spread, SIZES).filter(pl.col("country") == "NL").row(0, named=True)
    assert row["papers_per_family"] == pytest.approx(2.5 / 1.5)
    assert row["home_source"] == pytest.approx(11 / 30)
    assert row["home_use"] == pytest.approx(11 / 28)
    assert (row["home_source_low"], row["home_use_high"]) == (None, None)


def test_a_reference_is_found_by_lens_id_then_doi_then_pmid() -> None:
    known = works(
        (1, "L1", "d1", "7"), (2, None, "d2", None), (3, None, None, "9"), (4, "L1", *2 * [None])
    )
    named = references(
        (0, "L1", "d2", None),  # the Lens ID wins, of two works with it the first
        (1, "L9", "d2", "9"),  # an unknown Lens ID: the DOI
        (2, None, None, "9"),
        (3, "L9", "d9", "8"),  # nowhere
        (1, None, None, "9"),  # another reference of the same family
    )
    assert matched(named, known).rows() == [
        (0, 1, "lens_id"), (1, 2, "doi"), (1, 3, "pmid"), (2, 3, "pmid"),
    ]  # fmt: skip


def test_a_paper_named_by_several_documents_in_several_ways_is_one_link() -> None:
    known = works((1, "L1", "d1", "7"))
    named = references((0, "L1", None, None), (0, None, "d1", None), (0, None, None, "7"))
    assert matched(named, known).rows() == [(0, 1, "lens_id")]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 5), st.integers(0, 5), st.sampled_from("ABC"), st.sampled_from("ABC")
        ),
        min_size=1,
        max_size=30,
        unique_by=lambda row: row[:2],
    )
)
def test_links_of_whole_ends_add_up_to_their_number_and_shares_to_one(
    rows: list[tuple[int, int, str, str]],
) -> None:
    pairs = pl.DataFrame([r[:2] for r in rows], PAIRS.schema, orient="row")
    one = {f: c for f, _, c, _ in rows}
    two = {w: c for _, w, _, c in rows}
    families = pl.DataFrame([(f, c, 1.0) for f, c in one.items()], FAMILIES.schema, orient="row")
    papers = pl.DataFrame([(w, c, 1.0) for w, c in two.items()], SHARES.schema, orient="row")
    spread = spread_links(pairs, families, papers)
    table = science_links(spread)
    assert table["links"].sum() == pytest.approx(len(rows))
    for end, share in (("citing", "source_share"), ("cited", "use_share")):
        sums = table.group_by(end).agg(pl.col(share).sum())[share]
        assert sums.to_list() == pytest.approx([1.0] * sums.len())
    sizes = families.group_by("country").agg(families=pl.col("share").sum())
    found = science_linkage(spread, sizes)
    assert found["papers"].sum() == pytest.approx(found["used"].sum())


def drawn(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Links of owners of very different size and habit; a quarter go home."""
    size = rng.pareto(2.0, 120) + 1
    habit = rng.beta(1, 3, 120)
    owner = rng.choice(120, 600, p=size / size.sum())
    inside = rng.random(600) < habit[owner]
    weights = 1 / np.sqrt(np.arange(1, 2001))
    paper = rng.choice(2000, 600, p=weights / weights.sum())
    return inside, owner, np.where(inside, paper, 2000 + paper)


def test_the_interval_holds_the_truth_in_nineteen_of_twenty_draws() -> None:
    rng = np.random.default_rng(0)
    held = [
        low <= 0.25 <= high
        for inside, owner, paper in (drawn(rng) for _ in range(600))
        if (ends := share_bounds(np.ones(600), inside, owner, paper)) is not None
        for low, high in [ends]
    ]
    assert len(held) > 300
    # three standard errors around .95
    assert abs(np.mean(held) - 0.95) < 3 * np.sqrt(0.95 * 0.05 / len(held))


def test_an_interval_that_knows_nothing_of_owners_would_be_too_narrow() -> None:
    rng = np.random.default_rng(0)
    alone = np.arange(600)
    held = [
        low <= 0.25 <= high
        for inside, _, _ in (drawn(rng) for _ in range(200))
        for low, high in [share_bounds(np.ones(600), inside, alone, alone)]
    ]
    assert np.mean(held) < 0.8


def test_no_interval_of_few_owners_or_of_none_or_all() -> None:
    n = np.arange(100)
    assert share_bounds(np.ones(100), n % 4 == 0, n % 20, n) is None
    assert share_bounds(np.ones(100), n % 4 == 0, n, n % 20) is None
    assert share_bounds(np.ones(100), n < 0, n, n) is None
    assert share_bounds(np.zeros(100), n % 4 == 0, n, n) is None
    assert share_bounds(np.ones(100), n % 4 == 0, n, n) is not None
