"""The lists of one country's products: by hand, and what they keep to."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netpos.errors import OptionError, TableError
from netpos.indicators.opportunities import (
    MIXES,
    Mix,
    complex_products,
    opportunities,
    parse_mix,
    product_cells,
    top_products,
)

CELLS = pl.DataFrame(
    {
        "country": ["DE", "DE", "DE", "NL", "NL", "NL"],
        "product": list("abcabc"),
        "value": [1.0, 4.0, None, 3.0, 0.0, 2.0],
        "rca": [0.5, 2.0, None, 1.2, 0.0, 2.0],
        "presence": [False, True, None, True, False, True],
    }
)
PCI = pl.DataFrame({"product": list("abc"), "pci": [1.0, -0.5, None]})


def test_the_weights_of_each_mix_add_up_to_one() -> None:
    assert len(MIXES) == 6
    for mix in MIXES:
        assert sum(mix) == pytest.approx(1.0, abs=1e-12)
        assert min(mix) > 0


def test_shares_are_of_the_world_and_of_the_country() -> None:
    own = product_cells(CELLS, PCI, "NL")
    assert own["world_share"].to_list() == [0.75, 0.0, 1.0]
    assert own["own_share"].to_list() == pytest.approx([0.6, 0.0, 0.4], rel=1e-15)
    assert own["presence"].to_list() == [True, False, True]
    assert own["pci"].to_list() == [1.0, -0.5, None]


def test_what_a_country_does_not_have_is_in_no_list_of_what_it_sells() -> None:
    own = product_cells(CELLS, PCI, "NL")
    assert top_products(own)["product"].to_list() == ["c", "a"]
    assert complex_products(own)["product"].to_list() == ["a"]  # c has no pci
    assert complex_products(own, least_share=0.61).height == 0


def test_ties_share_a_rank_and_stand_by_product() -> None:
    own = pl.DataFrame(
        {"product": list("cab"), "value": 1.0, "world_share": 0.5, "rca": 1.0, "pci": 0.0}
    )
    assert top_products(own).select("rank", "product").rows() == [(1, "a"), (1, "b"), (1, "c")]


def test_a_country_that_is_not_there_is_named() -> None:
    with pytest.raises(TableError, match="no country 'XX'"):
        product_cells(CELLS, PCI, "XX")


@pytest.mark.parametrize("text", ["", "50/15", "50/15/35/1", "a/b/c", "-1/1/1", "0/0/0", "1/1/inf"])
def test_a_mix_that_is_not_three_weights_is_refused(text: str) -> None:
    with pytest.raises(OptionError, match="not three weights"):
        parse_mix(text)


def test_candidates_of_another_kind_are_refused() -> None:
    for call in (lambda c: product_cells(CELLS, PCI, "NL", candidates=c),):
        with pytest.raises(OptionError, match="missing or all"):
            call("some")


tables = st.lists(
    st.tuples(
        st.floats(0, 1), st.floats(-3, 3), st.floats(-1, 1), st.booleans(), st.floats(0.01, 5)
    ),
    min_size=2,
    max_size=30,
).map(
    lambda rows: pl.DataFrame(
        [(f"p{k:02}", *row) for k, row in enumerate(rows)],
        ["product", "distance", "pci", "gain", "presence", "rca"],
        orient="row",
    )
)


@given(tables)
def test_scores_over_all_products_sum_to_nothing_and_follow_their_rank(own: pl.DataFrame) -> None:
    table = opportunities(own, candidates="all", top=None)
    assert table["score"].sum() == pytest.approx(0.0, abs=1e-9 * own.height)
    assert table["score"].is_sorted(descending=True)
    assert sorted(table["product"]) == own["product"].to_list()
    assert table["mixes"].is_between(0, len(MIXES)).all()


@given(tables)
def test_nearness_alone_puts_the_nearest_first(own: pl.DataFrame) -> None:
    table = opportunities(own, mix=Mix(1.0, 0.0, 0.0), candidates="all", top=None)
    spread = own["distance"].max() - own["distance"].min()
    if spread > 1e-6:
        assert table["distance"][0] == pytest.approx(own["distance"].min(), abs=1e-9)


@given(tables)
def test_only_what_is_missing_is_listed_and_its_score_does_not_depend_on_that(
    own: pl.DataFrame,
) -> None:
    everything = opportunities(own, candidates="all", top=None)
    missing = opportunities(own, top=None)
    lacking = own.filter(~pl.col("presence"))["product"].to_list()
    assert sorted(missing["product"]) == lacking
    scores = dict(everything.select("product", "score").iter_rows())
    assert all(scores[p] == s for p, s in missing.select("product", "score").iter_rows())


@pytest.mark.parametrize(
    ("text", "mix"),
    [
        ("1/0/0", (1.0, 0.0, 0.0)),
        ("0.5/0.25/0.25", (0.5, 0.25, 0.25)),
        ("2/1/1", (0.5, 0.25, 0.25)),
    ],
)
def test_weights_are_divided_by_their_sum_and_may_be_nothing(text: str, mix: Mix) -> None:
    assert parse_mix(text) == mix


def test_of_what_nobody_sells_there_is_no_part() -> None:
    nothing = CELLS.with_columns(value=pl.when(pl.col("product") != "b").then("value"))
    own = product_cells(nothing.with_columns(pl.col("value").fill_null(0.0)), PCI, "NL")
    assert own["world_share"].to_list() == [0.75, None, 1.0]
    none = CELLS.with_columns(value=pl.when(pl.col("country") == "NL").then(0.0).otherwise("value"))
    assert product_cells(none, PCI, "NL")["own_share"].to_list() == [None] * 3


def test_the_unit_of_a_column_does_not_matter_to_scores_and_a_flat_one_adds_nothing() -> None:
    own = pl.DataFrame(
        {
            "product": list("abc"),
            "distance": [0.1, 0.2, 0.6],
            "pci": [0.5, -1.0, 2.0],
            "gain": [3.0, 1.0, 1.0],
            "presence": False,
            "rca": 0.5,
        }
    )
    scores = opportunities(own, top=None)["score"].to_list()
    for unit in (1e-9, 1e9):
        other = opportunities(own.with_columns(pl.col("gain", "pci") * unit), top=None)
        assert other["score"].to_list() == pytest.approx(scores, rel=1e-9)
    flat = opportunities(own.with_columns(gain=pl.lit(0.0)), top=None)["score"].to_list()
    nearly = pl.Series("gain", [1e6, 1e6, 1e6 + 1e-9])  # as rounding leaves it
    assert opportunities(own.with_columns(nearly), top=None)["score"].to_list() == flat
