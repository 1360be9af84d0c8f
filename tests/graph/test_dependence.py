"""Sources, their blocs, exposure and dependents: toy, definitions, laws."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given as over
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import entropy

from netpos.countries import membership_class, memberships
from netpos.errors import OptionError, TableError
from netpos.graph.dependence import (
    dependents,
    exposure,
    partner_classes,
    rao_stirling,
    similarity,
    source_diversity,
)
from netpos.tables import Links
from tests.graph.toys import (
    EMPTY,
    NO_LINKS,
    ONE_ISOLATE,
    RANDOM,
    TOY,
    by_name,
    links_of,
    matrices,
    permuted,
    toy_values,
    values,
)

CODES = ["CN", "DE", "FR", "GB", "NL", "TW", "US"]
DIVERSITY = [
    "source_countries",
    "source_effective",
    "source_hill2",
    "source_hhi",
    "source_evenness",
]


# --- diversity ---------------------------------------------------------------------------------


def test_toy_diversity_is_that_of_the_methods() -> None:
    table = source_diversity(TOY)
    assert toy_values(table, "source_countries") == [3, 3, 3, 3]
    effective = toy_values(table, "source_effective")
    assert effective[:3] == pytest.approx([2.4545556, 2.2338847, 2.8845952], abs=5.1e-8)
    assert effective[3] == pytest.approx(
        1.822999, abs=5e-7
    )  # printed with six digits; exact 1.82299893
    assert np.log(effective[0]) == pytest.approx(0.8979457, abs=5e-8)
    assert toy_values(table, "source_hill2")[0] == pytest.approx(2.1739130, abs=5e-8)
    assert toy_values(table, "source_hhi")[0] == pytest.approx(0.46, rel=1e-14)
    assert toy_values(table, "source_evenness")[0] == pytest.approx(0.8173454, abs=5e-8)
    assert table.columns == ["country", *DIVERSITY]
    assert table.schema["source_countries"] == pl.Int64


def toy_distance() -> np.ndarray:
    d = np.zeros((4, 4))  # CN, DE, NL, US
    d[1, 3] = d[3, 1] = 0.2
    d[0, 1] = d[1, 0] = 0.9
    d[0, 3] = d[3, 0] = 0.6
    return d


def test_toy_rao_stirling_counts_ordered_pairs() -> None:
    assert toy_values(rao_stirling(TOY, toy_distance()))[0] == pytest.approx(0.198, rel=1e-14)


def test_rao_stirling_with_distance_one_is_one_minus_concentration() -> None:
    for links in RANDOM[:80]:
        n = links.nodes.height
        found = values(rao_stirling(links, 1 - np.eye(n)))
        hhi = values(source_diversity(links), "source_hhi")
        assert_allclose(found, 1 - hhi, rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("distance", "message"),
    [
        (np.zeros((3, 3)), "shape"),
        (-toy_distance(), "negative"),
        (np.triu(toy_distance()), "symmetric"),
        (toy_distance() + np.eye(4), "diagonal"),
        (np.full((4, 4), np.nan), "not a number"),
    ],
)
def test_what_is_no_distance_is_refused(distance: np.ndarray, message: str) -> None:
    with pytest.raises(TableError, match=message):
        rao_stirling(TOY, distance)


def test_no_sources_one_source_and_equal_sources() -> None:
    links = links_of([[0, 0, 0, 0], [2, 0, 0, 0], [3, 3, 0, 0], [1, 1, 1, 0]])
    rows = source_diversity(links).select(DIVERSITY).rows()
    assert rows[0] == (0, None, None, None, None)
    assert rows[1] == (1, 1.0, 1.0, 1.0, None)
    assert rows[2] == pytest.approx((2, 2.0, 2.0, 0.5, 1.0), rel=1e-15)
    assert rows[3] == pytest.approx((3, 3.0, 3.0, 1 / 3, 1.0), rel=1e-15)


def test_rounding_residue_of_fractional_counting_is_no_source() -> None:
    links = links_of([[0, 1, 1e-13], [0, 0, 0], [0, 0, 0]])
    assert source_diversity(links)["source_countries"].to_list() == [1, 0, 0]
    links = links_of([[0, 1, 1e-11], [0, 0, 0], [0, 0, 0]])
    assert source_diversity(links)["source_countries"].to_list() == [2, 0, 0]


def test_entropy_equals_that_of_scipy_on_200_networks() -> None:
    for links in RANDOM:
        found = values(source_diversity(links), "source_effective")
        for row, value in zip(links.foreign(), found, strict=True):
            if row.any():
                assert value == pytest.approx(np.exp(entropy(row)), rel=1e-12)
            else:
                assert np.isnan(value)


@over(matrices())
def test_higher_orders_never_count_more_sources(w: np.ndarray) -> None:
    table = source_diversity(links_of(w)).drop_nulls("source_effective")
    d0, d1, d2 = (values(table, c) for c in DIVERSITY[:3])
    assert (d0 >= d1 * (1 - 1e-12)).all()
    assert (d1 >= d2 * (1 - 1e-12)).all()
    assert (d2 >= 1 - 1e-12).all()
    assert_allclose(values(table, "source_hhi") * d2, 1, rtol=1e-12)


@over(st.lists(st.sampled_from([0.25, 1.0, 3.0, 40.0]), min_size=1, max_size=6))
def test_two_copies_of_the_sources_double_every_order(shares: list[float]) -> None:
    k = len(shares)
    one, two = np.zeros((k + 1, k + 1)), np.zeros((2 * k + 1, 2 * k + 1))
    one[0, 1:] = shares
    two[0, 1:] = shares * 2
    here = source_diversity(links_of(one)).row(0)[1:4]
    there = source_diversity(links_of(two)).row(0)[1:4]
    assert there == pytest.approx([2 * d for d in here], rel=1e-12)


@over(matrices(), st.integers(0, 99), st.sampled_from([0.001, 3.0, 1e6]), st.floats(0.01, 1000))
def test_relabelling_scale_and_domestic_links_leave_diversity_alone(
    w: np.ndarray, seed: int, factor: float, size: float
) -> None:
    moved, order = permuted(w, seed)
    here = source_diversity(links_of(w))
    there = source_diversity(links_of(moved * factor + size * np.eye(len(w))))
    for column in DIVERSITY:
        assert_allclose(values(there, column), values(here, column)[order], rtol=1e-12)


# --- similarity --------------------------------------------------------------------------------


def test_toy_similarity_is_that_of_the_methods() -> None:
    row = similarity(TOY, year=2025, focal="NL").row(0, named=True)
    assert row["country"] == "NL"
    assert row["similarity"] == pytest.approx(1.8, rel=1e-15)
    assert row["similarity_scaled"] == pytest.approx(0.6, rel=1e-14)
    shares = row["share_eu"], row["share_oecd_nato"], row["share_other"]
    assert shares == pytest.approx((0.3, 0.6, 0.1), rel=1e-15)
    assert row["no_bloc"] is False


def test_other_focal_countries_by_hand() -> None:
    """DE cites NL 2, US 12, CN 3; US cites NL 5, DE 10, CN 9, the first two class 2; CN is in no
    bloc, so that all are class 3."""
    table = similarity(TOY, year=2025)
    assert toy_values(table, "similarity") == pytest.approx([1.8, 35 / 17, 57 / 24, 3.0])
    assert toy_values(table, "no_bloc") == [False, False, False, True]
    assert toy_values(table, "share_eu") == pytest.approx([0.3, 2 / 17, 15 / 24, 5 / 25])
    assert toy_values(table, "share_other") == pytest.approx([0.1, 3 / 17, 9 / 24, 0])


def test_the_year_decides_whether_gb_is_in_the_union() -> None:
    links = links_of([[0, 0], [1, 0]], ["GB", "NL"])
    for year, expected in ((2019, 1.0), (2020, 2.0), (2025, 2.0)):
        assert by_name(similarity(links, year=year), "similarity")["NL"] == expected
    assert by_name(similarity(links, year=2019), "share_eu")["NL"] == 1


def test_taiwan_in_another_class_changes_the_score_and_not_the_shares() -> None:
    w = np.zeros((7, 7))
    w[4] = [1, 2, 0, 0, 0, 4, 3]
    links = links_of(w, CODES)
    plain = similarity(links, year=2025, focal="NL")
    partner = similarity(links, year=2025, focal="NL", overrides={"TW": 2})
    assert plain["similarity"].to_list() == pytest.approx([(3 + 2 + 12 + 6) / 10])
    assert partner["similarity"].to_list() == pytest.approx([(3 + 2 + 8 + 6) / 10])
    changed = ["similarity", "similarity_scaled"]
    assert plain.drop(changed).equals(partner.drop(changed))
    absent = similarity(links, year=2025, focal="NL", overrides={"SG": 2})
    assert absent.equals(plain)


def test_a_table_of_memberships_can_be_handed_in() -> None:
    table = memberships().with_columns(
        eu_from=pl.when(pl.col("iso2") == "US")
        .then(1776)
        .otherwise(pl.col("eu_from"))
        .cast(pl.Int32)
    )
    assert toy_values(similarity(TOY, year=2025, memberships=table), "share_eu")[
        0
    ] == pytest.approx(0.9)


def test_an_eu_member_outside_oecd_and_nato_is_class_three_to_the_united_states() -> None:
    links = links_of([[0, 0], [1, 0]], ["MT", "US"])
    found = similarity(links, year=2025, focal="US")
    assert found.select("share_eu", "similarity").row(0) == (1.0, 3.0)


def test_classes_are_those_of_membership_class_for_every_focal_country() -> None:
    codes = ["CH", "CN", "DE", "GB", "JP", "MT", "NL", "SU", "TW", "TX", "US"]
    links = links_of(np.ones((11, 11)), codes)
    classes, own = partner_classes(links, year=2025)
    for row, focal in enumerate(codes):
        peer = membership_class(focal, codes, 2025)
        assert classes[row].tolist() == peer["similarity_class"].to_list()
        name = {1: "eu", 2: "oecd_nato", 3: "other"}
        assert [name[int(k)] for k in own] == peer["bloc"].to_list()


def test_without_sources_there_is_no_similarity() -> None:
    table = similarity(links_of([[0, 0], [1, 0]], ["DE", "NL"]), year=2025)
    assert table.row(0) == ("DE", None, None, None, None, None, False)
    assert similarity(NO_LINKS, year=2025)["similarity"].null_count() == 4
    assert similarity(EMPTY, year=2025).height == 0


def test_wrong_questions_about_similarity_are_refused() -> None:
    with pytest.raises(OptionError, match="class of TW is 4; use 1, 2 or 3"):
        similarity(TOY, year=2025, overrides={"TW": 4})
    with pytest.raises(OptionError, match="country 'XQ'"):
        similarity(TOY, year=2025, focal="XQ")
    with pytest.raises(OptionError, match="not for organisations"):
        similarity(Links(TOY.nodes, TOY.table, kind="organisation"), year=2025)


@over(matrices(7, 7), st.integers(0, 99), st.floats(0.01, 1000))
def test_shares_add_up_and_scores_stay_in_their_range(
    w: np.ndarray, seed: int, size: float
) -> None:
    table = similarity(links_of(w, CODES), year=2025)
    known = table.drop_nulls("similarity")
    sums = known.select(pl.sum_horizontal("share_eu", "share_oecd_nato", "share_other"))
    assert_allclose(sums.to_series().to_numpy(), 1, rtol=1e-12)
    assert known["similarity"].is_between(1 - 1e-12, 3 + 1e-12).all()
    assert known["similarity_scaled"].is_between(-1e-12, 1 + 1e-12).all()
    assert (
        table["similarity"].is_null().to_numpy() == (links_of(w, CODES).foreign().sum(1) == 0)
    ).all()
    order = np.random.default_rng(seed).permutation(7)
    moved = links_of(w[np.ix_(order, order)] * 3 + size * np.eye(7), [CODES[k] for k in order])
    assert_allclose(
        values(similarity(moved, year=2025), "similarity"), values(table, "similarity"), rtol=1e-12
    )


# --- exposure and dependents -------------------------------------------------------------------


def test_toy_exposure_of_the_netherlands_by_hand() -> None:
    table = exposure(TOY, "NL", year=2025)
    assert table["source"].to_list() == ["eu", "oecd_nato", "other", "CN", "DE", "US"]
    assert table["kind"].to_list() == ["bloc"] * 3 + ["country"] * 3
    assert table["share"].to_list() == pytest.approx([0.3, 0.6, 0.1, 0.1, 0.3, 0.6], rel=1e-15)
    without_us = np.exp(entropy([0.3, 0.1]))
    assert table["effective_without"].to_list() == pytest.approx(
        [
            np.exp(entropy([6, 1])),
            without_us,
            np.exp(entropy([3, 6])),
            np.exp(entropy([3, 6])),
            np.exp(entropy([6, 1])),
            without_us,
        ],
        rel=1e-14,
    )


def test_nothing_is_left_without_the_only_source() -> None:
    table = exposure(links_of([[0, 0], [4, 0]], ["DE", "NL"]), "NL", year=2025)
    assert table.rows() == [
        ("eu", "bloc", 1.0, None),
        ("oecd_nato", "bloc", 0.0, 1.0),
        ("other", "bloc", 0.0, 1.0),
        ("DE", "country", 1.0, None),
    ]


def test_exposure_without_sources_is_empty() -> None:
    table = exposure(links_of([[0, 0], [4, 0]], ["DE", "NL"]), "DE", year=2025)
    assert table.rows() == []
    assert table.columns == ["source", "kind", "share", "effective_without"]
    assert exposure(ONE_ISOLATE, "AC", year=2025).height == 0


@over(matrices(7, 7))
def test_exposure_agrees_with_similarity_and_with_leaving_the_source_out(w: np.ndarray) -> None:
    links = links_of(w, CODES)
    table = exposure(links, "NL", year=2025)
    row = similarity(links, year=2025, focal="NL")
    if table.height == 0:
        assert row["similarity"].to_list() == [None]
        return
    blocs = by_name(table.filter(pl.col("kind") == "bloc"), "share")
    assert blocs == {k: row[f"share_{k}"][0] for k in ("eu", "oecd_nato", "other")}
    countries = table.filter(pl.col("kind") == "country")
    assert countries["share"].sum() == pytest.approx(1, rel=1e-12)
    for source, found in countries.select("source", "effective_without").rows():
        less = w.copy()
        less[CODES.index("NL"), CODES.index(source)] = 0
        left = by_name(source_diversity(links_of(less, CODES)), "source_effective")["NL"]
        assert (found is None) == (left is None)
        assert found is None or found == pytest.approx(left, rel=1e-12)


def test_toy_dependents_of_the_netherlands_by_hand() -> None:
    table = dependents(TOY, "NL")
    assert table.columns == ["country", "share"]
    assert by_name(table, "share") == {"CN": 1 / 25, "DE": 2 / 17, "US": 5 / 24}


def test_dependents_tell_zero_from_unknown() -> None:
    links = links_of([[0, 3, 0], [0, 0, 0], [0, 0, 0]], ["BE", "DE", "NL"])
    assert dependents(links, "NL").rows() == [("BE", 0.0), ("DE", None)]
    with pytest.raises(OptionError, match="'XQ'"):
        dependents(links, "XQ")
    with pytest.raises(OptionError, match="'XQ'"):
        exposure(links, "XQ", year=2025)


@over(matrices(2, 7))
def test_shares_of_all_focal_countries_add_up_to_one(w: np.ndarray) -> None:
    links = links_of(w)
    every = pl.concat([dependents(links, c) for c in links.countries])
    sums = every.drop_nulls().group_by("country").agg(pl.col("share").sum())
    assert_allclose(values(sums, "share"), 1, rtol=1e-12)
    assert_array_equal(
        sorted(sums["country"]),
        [c for c, g in zip(links.countries, links.foreign().sum(1), strict=True) if g],
    )
