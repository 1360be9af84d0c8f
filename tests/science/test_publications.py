"""Publications: the worked example, and the laws of impact and activity."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netpos.errors import OptionError
from netpos.innovation.companies import wilson
from netpos.science.publications import (
    MEASURED,
    UNION,
    activity,
    output_impact,
    productivity,
    scored,
    union_scores,
)
from netpos.science.works import author_shares, counted_shares

#: Work, technologies, year, type, citations in four years, countries of each author.
TOY = [
    (1, "q", 2015, "article", 10, ["NL", "NL", "DE"]),
    (2, "q", 2015, "article", 2, ["DE"]),
    (3, "q", 2015, "article", 0, ["US"]),
    (4, "q", 2015, "article", 4, ["NL+US"]),
    (5, "q", 2015, "review", 20, ["US", "US"]),
    (6, "q", 2015, "review", 10, ["NL", "CN"]),
    (7, "qa", 2016, "article", 6, ["NL", ""]),
    (8, "q", 2016, "article", 0, ["CN"]),
    (9, "a", 2016, "article", 3, ["CN", "CN"]),
    (10, "a", 2016, "article", 9, ["US", "NL", "DE", "DE"]),
    (11, "a", 2016, "article", 0, [""]),
    (12, "a", 2015, "article", 5, ["DE"]),
]
MEMBERS = pl.DataFrame(
    [(w, t, y, k, c) for w, ts, y, k, c, _ in TOY for t in ts],
    {"work": pl.Int64, "technology": pl.String, "year": pl.Int32, "type": pl.String,
     "citations": pl.Int64},
    orient="row",
)  # fmt: skip
SHARES = pl.DataFrame(
    [
        (w, country, share)
        for w, _, _, _, _, authors in TOY
        for country, share in author_shares([a.split("+") if a else [] for a in authors]).items()
    ],
    {"work": pl.Int64, "country": pl.String, "share": pl.Float64},
    orient="row",
)
TOTALS = pl.DataFrame({"country": ["NL", "DE", "US", "CN"], "works": [40.0, 90.0, 200.0, 170.0]})


def toy() -> dict[tuple[str, str], dict]:
    table = output_impact(scored(MEMBERS, min_cell=1).scores, SHARES)
    return {(r["technology"], r["country"]): r for r in table.to_dicts()}


def test_an_author_without_country_takes_nothing_from_the_others() -> None:
    assert author_shares([["NL"], []]) == {"NL": 1.0}


def test_the_expected_citations_of_the_worked_cells() -> None:
    cells = scored(MEMBERS, min_cell=1).cells
    found = {(r["technology"], r["year"], r["type"]): r["expected"] for r in cells.to_dicts()}
    assert found == pytest.approx(
        {
            ("q", 2015, "article"): 4,
            ("q", 2015, "review"): 15,
            ("q", 2016, "article"): 3,
            ("a", 2016, "article"): 4.5,
            ("a", 2015, "article"): 5,
        }
    )


@pytest.mark.parametrize(
    ("country", "works", "full", "fwci", "fwci_full"),
    [
        ("NL", 8 / 3, 4, 27 / 16, 37 / 24),
        ("DE", 4 / 3, 2, 1, 1.5),
        ("US", 5 / 2, 3, 11 / 15, 7 / 9),
        ("CN", 3 / 2, 2, 2 / 9, 1 / 3),
    ],
)
def test_the_worked_output_and_impact(
    country: str, works: float, full: int, fwci: float, fwci_full: float
) -> None:
    row = toy()["q", country]
    assert row["works"] == pytest.approx(works)
    assert row["works_full"] == full
    assert row["fwci"] == pytest.approx(fwci)
    assert row["fwci_full"] == pytest.approx(fwci_full)


def test_the_worked_impact_of_the_second_technology() -> None:
    found = {c: r["fwci"] for (t, c), r in toy().items() if t == "a"}
    expected = {"NL": 22 / 15, "DE": 4 / 3, "CN": 2 / 3, "US": 2}
    assert found == pytest.approx(expected)


def test_the_worked_activity() -> None:
    table = activity(output_impact(scored(MEMBERS, min_cell=1).scores, SHARES), TOTALS)
    found = {(r["technology"], r["country"]): r["rai"] for r in table.to_dicts()}
    for technology, values in (
        ("q", {"NL": 4.166667, "DE": 0.925926, "US": 0.78125, "CN": 0.551471}),
        ("a", {"NL": 3.90625, "DE": 2.083333, "US": 0.15625, "CN": 0.735294}),
    ):
        for country, value in values.items():
            assert found[technology, country] == pytest.approx(value, abs=5e-7)


def test_total_share_times_activity_sums_to_one() -> None:
    table = activity(output_impact(scored(MEMBERS, min_cell=1).scores, SHARES), TOTALS)
    part = table.join(TOTALS.rename({"works": "total"}), on="country").with_columns(
        x=pl.col("rai") * pl.col("total") / TOTALS["works"].sum()
    )
    assert part.group_by("technology").agg(pl.col("x").sum())["x"].to_list() == pytest.approx(
        [1, 1]
    )


def test_the_worked_productivity_uses_only_years_with_researchers_on_both_sides() -> None:
    works = pl.DataFrame(
        {
            "technology": ["q"] * 2,
            "country": ["NL"] * 2,
            "year": [2015, 2016],
            "works": [8 / 3, 9.0],
        }
    )
    fte = pl.DataFrame(
        {"country": ["NL"] * 3, "year": [2015, 2016, 2017], "fte": [2000.0, None, 5.0]}
    )
    found = productivity(works, fte)
    assert found["per_100_fte"].to_list() == pytest.approx([0.133333], abs=5e-7)


def one_cell(citations: list[int]) -> pl.DataFrame:
    return pl.DataFrame(
        {"work": range(len(citations)), "technology": "q", "year": 2015, "type": "article",
         "citations": citations},
        schema_overrides={"year": pl.Int32, "work": pl.Int64},
    )  # fmt: skip


def test_the_worked_tops_share_ties_out() -> None:
    half = scored(one_cell([0, 1, 2, 2, 3]), min_cell=1, top=0.5).scores
    assert half["top"].to_list() == pytest.approx([0, 0, 0.75, 0.75, 1])
    tenth = scored(one_cell([10, 2, 0, 4]), min_cell=1).scores
    assert tenth["top"].to_list() == pytest.approx([0.4, 0, 0, 0])


def test_the_worked_union_counts_a_work_in_two_technologies_half_in_each() -> None:
    table = union_scores(MEMBERS, min_cell=1).filter(pl.col("year") == 2016)
    assert table["technology"].unique().to_list() == [UNION]
    assert table["score"].sum() == pytest.approx(5)
    assert table.filter(pl.col("work") == 7)["score"][0] == pytest.approx(
        (6 / 2 + 6 / (30 / 7)) / 2
    )


def test_output_times_impact_sums_to_output_only_where_every_work_has_a_country() -> None:
    found = toy()
    for technology, value in (("q", 1.0), ("a", 1.25)):
        rows = [r for (t, _), r in found.items() if t == technology]
        total = sum(r["works"] * r["fwci"] for r in rows) / sum(r["works"] for r in rows)
        assert total == pytest.approx(value)


def test_a_thin_cell_borrows_years_then_types_never_reviews() -> None:
    def cell(year: int, kind: str, n: int, first: int) -> pl.DataFrame:
        return one_cell([year - 2010] * n).with_columns(
            pl.col("work") + first, year=pl.lit(year, pl.Int32), type=pl.lit(kind)
        )

    table = pl.concat(
        [
            cell(2015, "article", 30, 0),
            cell(2016, "article", 10, 100),
            cell(2018, "article", 10, 200),
            cell(2025, "article", 10, 300),
            cell(2025, "conference", 25, 400),
            cell(2025, "review", 29, 500),
        ]
    )
    cells = {(r["year"], r["type"]): r for r in scored(table).cells.to_dicts()}
    assert cells[2015, "article"]["pooled"] == ""
    assert cells[2016, "article"]["pooled"] == "years"
    assert cells[2016, "article"]["pooled_works"] == 40  # 2015 and 2016; one year reaches
    assert cells[2016, "article"]["expected"] == pytest.approx((30 * 5 + 10 * 6) / 40)
    assert cells[2018, "article"]["pooled"] == "none"  # 20 within two years
    assert cells[2025, "article"]["pooled"] == "types"
    assert cells[2025, "article"]["pooled_works"] == 35
    assert cells[2025, "review"]["pooled"] == "none"
    assert cells[2025, "review"]["expected"] is None


def test_where_nobody_is_cited_there_is_no_score() -> None:
    found = scored(one_cell([0, 0, 0]), min_cell=1).scores
    assert found["score"].null_count() == 3
    assert output_impact(found, SHARES)["fwci"].null_count() == output_impact(found, SHARES).height


counts = st.lists(st.integers(0, 50), min_size=1, max_size=40)


@given(counts)
def test_the_mean_score_of_a_cell_is_one_and_its_top_is_a_tenth(citations: list[int]) -> None:
    found = scored(one_cell(citations), min_cell=1).scores
    assert found["top"].sum() == pytest.approx(0.1 * len(citations))
    if any(citations):
        assert found["score"].mean() == pytest.approx(1)


@given(counts, st.integers(2, 9))
def test_scaling_the_citations_of_a_cell_changes_nothing(citations: list[int], k: int) -> None:
    one = scored(one_cell(citations), min_cell=1).scores
    other = scored(one_cell([k * c for c in citations]), min_cell=1).scores
    for column in ("score", "top"):
        assert one[column].to_list() == pytest.approx(other[column].to_list())


@given(st.permutations(range(12)))
def test_the_order_of_works_changes_no_digit(order: list[int]) -> None:
    moved = MEMBERS.join(
        pl.DataFrame({"work": [k + 1 for k in order], "at": range(12)}), on="work"
    ).sort("at").drop("at")  # fmt: skip
    first = output_impact(scored(MEMBERS, min_cell=1).scores, SHARES)
    other = output_impact(scored(moved, min_cell=1).scores, SHARES.reverse())
    assert other.equals(first, null_equal=True)


def test_the_interval_of_impact_holds_the_truth_where_it_is_printed() -> None:
    """Lognormal citations, spread 1.1 as in the literature, a country cited 1.3 times the mean."""
    generator = np.random.default_rng(3)
    n, others, draws = MEASURED, 1000, 300

    def citations(mean: float, size: int) -> np.ndarray:
        return generator.poisson(generator.lognormal(np.log(mean) - 1.1**2 / 2, 1.1, size))

    held = 0
    shares = pl.DataFrame(
        {"work": range(n), "country": "NL", "share": generator.choice([1.0, 0.5, 1 / 3], n)},
        schema_overrides={"work": pl.Int64},
    )
    truth = 1.3 * 8 / ((n * 1.3 * 8 + others * 8) / (n + others))
    for _ in range(draws):
        cell = one_cell([*citations(1.3 * 8, n).tolist(), *citations(8, others).tolist()])
        row = output_impact(scored(cell).scores, shares).row(0, named=True)
        held += row["fwci_low"] <= truth <= row["fwci_high"]
    assert 0.91 <= held / draws <= 0.99
    fewer = output_impact(scored(cell).scores, shares.head(n - 1))
    assert fewer["fwci_low"].to_list() == [None]


def parts(generator: np.random.Generator, works: int, chance: float) -> pl.DataFrame:
    """Works of NL whole, or of NL and DE in halves, or of DE; each by chance."""
    kind = generator.choice(3, works, p=[chance / 2, chance, 1 - 1.5 * chance])
    rows = []
    for k, one in enumerate(kind):
        shares = ({"NL": 1.0}, {"NL": 0.5, "DE": 0.5}, {"DE": 1.0})[one]
        rows += [(k, country, share) for country, share in shares.items()]
    return pl.DataFrame(
        rows, {"work": pl.Int64, "country": pl.String, "share": pl.Float64}, orient="row"
    )


def test_the_interval_of_a_share_is_that_of_wilson_where_works_count_whole() -> None:
    shares = pl.DataFrame(
        {"work": range(40), "country": ["NL"] * 7 + ["DE"] * 33, "share": [1.0] * 40},
        schema_overrides={"work": pl.Int64},
    )
    row = output_impact(scored(one_cell([1] * 40)).scores, shares).row(1, named=True)
    assert row["country"] == "NL"
    assert (row["share_low"], row["share_high"]) == pytest.approx(wilson(7, 40))


def test_the_interval_of_a_share_holds_the_truth_where_works_count_in_parts() -> None:
    generator = np.random.default_rng(5)
    for works, chance in ((60, 0.05), (200, 0.1)):
        scores = scored(one_cell([1] * works)).scores
        held = total = 0
        for _ in range(300):
            table = output_impact(scores, parts(generator, works, chance))
            row = table.filter(pl.col("country") == "NL")
            if row.height:
                total += 1
                held += row["share_low"][0] <= chance <= row["share_high"][0]
        assert 0.905 <= held / total <= 0.99  # .93 to .95 with many draws


def test_other_ways_of_counting_the_worked_example() -> None:
    scores = scored(MEMBERS, min_cell=1).scores
    full = output_impact(scores, counted_shares(SHARES, "full"))
    rows = {(r["technology"], r["country"]): r for r in full.to_dicts()}
    nl = rows["q", "NL"]
    assert (nl["works"], nl["works_full"]) == (4, 4)
    assert nl["fwci"] == pytest.approx(37 / 24)
    assert nl["share"] == pytest.approx(4 / 8)  # of eight works with a country
    assert (nl["share_low"], nl["share_high"]) == pytest.approx(wilson(4, 8))
    unique = output_impact(scores, counted_shares(SHARES, "country-unique"))
    rows = {(r["technology"], r["country"]): r for r in unique.to_dicts()}
    assert rows["q", "NL"]["works"] == pytest.approx(1 / 2 + 1 / 2 + 1 / 2 + 1)  # p1 p4 p6 p7
    assert unique.filter(technology="q")["share"].sum() == pytest.approx(1)
    with pytest.raises(OptionError, match="--counting half: unknown"):
        counted_shares(SHARES, "half")
