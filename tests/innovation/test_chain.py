"""Shares along the chain: the worked example, and when it may be said that they decline."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netpos.errors import TableError
from netpos.innovation.chain import STAGES, STEPS, chain

SCHEMA = {
    "technology": pl.String, "stage": pl.String, "share": pl.Float64, "low": pl.Float64,
    "high": pl.Float64,
}  # fmt: skip


def shares(*rows: tuple) -> pl.DataFrame:
    table = pl.DataFrame([("q", *row) for row in rows], SCHEMA, orient="row")
    none = pl.lit(None, pl.Float64)
    return table.with_columns(numerator=none, denominator=none)


WORKED = [
    ("publications", 0.08, 0.07, 0.09),
    ("families", 0.06, None, None),
    ("value", 0.01, None, None),
    ("startups", 0.05, 0.03, 0.07),
    ("scaleups", 0.02, 0.01, 0.04),
    ("scaleup_funding", 0.04, None, None),
]


def test_the_worked_chain() -> None:
    table = chain(shares(*WORKED))
    found = {r["stage"]: r for r in table.to_dicts()}
    steps = [found[s]["step_ratio"] for s in STEPS]
    assert steps[0] is None
    assert steps[1:] == pytest.approx([0.75, 5 / 6, 0.4])
    kept = [found[s]["retention"] for s in STEPS]
    assert kept == pytest.approx([1, 0.75, 0.625, 0.25])
    assert found["value"]["step_ratio"] is None
    assert found["value"]["retention"] == pytest.approx(0.125)
    assert table["declines"].all()


@pytest.mark.parametrize(
    ("stage", "row", "declines"),
    [
        ("scaleups", ("scaleups", 0.02, 0.01, 0.07), False),  # the intervals touch
        ("families", ("families", 0.09, None, None), False),  # one step rises
        ("families", ("families", 0.08, None, None), False),  # or stands still
        ("startups", ("startups", None, None, None), None),
        ("publications", ("publications", 0.08, None, None), None),  # no interval
        ("scaleups", ("scaleups", 0.02, None, None), None),
    ],
)
def test_words_need_every_step_and_both_intervals(
    stage: str, row: tuple, declines: bool | None
) -> None:
    rows = [row if r[0] == stage else r for r in WORKED]
    assert chain(shares(*rows))["declines"].unique().to_list() == [declines]


def test_an_unknown_step_is_passed_over_and_a_share_of_nothing_has_no_ratio() -> None:
    rows = {
        r["stage"]: r
        for r in chain(
            shares(("publications", 0.0, 0.0, 0.1), ("families", None, None, None),
                   ("startups", 0.05, None, None), ("scaleups", 0.1, None, None))
        ).to_dicts()
    }  # fmt: skip
    assert rows["startups"]["step_ratio"] is None
    assert rows["startups"]["retention"] is None
    assert rows["scaleups"]["step_ratio"] == pytest.approx(2)


def test_stages_that_are_not_known_or_twice_are_refused() -> None:
    with pytest.raises(TableError, match="stage 'profit'"):
        chain(shares(("profit", 0.1, None, None)))
    with pytest.raises(TableError, match="families occurs more than once"):
        chain(shares(("families", 0.1, None, None), ("families", 0.2, None, None)))


values = st.lists(st.floats(0.001, 1), min_size=len(STAGES), max_size=len(STAGES))


@given(values, st.permutations(range(len(STAGES))))
def test_the_steps_multiply_to_what_is_kept_in_any_order_of_rows(
    found: list[float], order: list[int]
) -> None:
    rows = [(stage, v, v / 2, v) for stage, v in zip(STAGES, found, strict=True)]
    table = chain(shares(*[rows[k] for k in order]))
    assert table["stage"].to_list() == list(STAGES)
    by = {r["stage"]: r for r in table.to_dicts()}
    product = 1.0
    for stage in STEPS[1:]:
        product *= by[stage]["step_ratio"]
        assert by[stage]["retention"] == pytest.approx(product)
