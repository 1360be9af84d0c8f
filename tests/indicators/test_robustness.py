"""The marks of statements, by their rule and at its edges."""

from __future__ import annotations

import polars as pl
import pytest

from netpos.indicators.robustness import GROUPS, robustness


def marks(
    values: list[float | None],
    ranks: list[int | None],
    *,
    indicator: str = "family_share",
    alone: tuple[float | None, int | None] | None = None,
    interval: tuple[float | None, float | None] | None = None,
    why: str | None = None,
    measurable: bool = True,
) -> dict:
    table = pl.DataFrame(
        {
            "technology": ["ai"] * len(values),
            "indicator": [indicator] * len(values),
            "value": pl.Series(values, dtype=pl.Float64),
            "rank": pl.Series(ranks, dtype=pl.Int64),
            "base": [True] + [False] * (len(values) - 1),
        }
    )
    value, rank = alone or (values[0], ranks[0])
    without = pl.DataFrame(
        {
            "technology": ["ai"],
            "indicator": [indicator],
            "organisation": ["A"],
            "organisation_share": [0.5],
            "abroad": [False],
            "value": pl.Series([value], dtype=pl.Float64),
            "rank": pl.Series([rank], dtype=pl.Int64),
        }
    )
    bounds = None
    if interval is not None:
        names = {"family_share": "family_rank", "received_share": "received_rank"}
        name = names.get(indicator, indicator)
        low, high = interval
        bounds = pl.DataFrame(
            {
                "technology": ["ai"],
                "period": ["all"],
                "country": ["NL"],
                "indicator": ["near_core_share" if indicator == "near_core" else name],
                "value": pl.Series([low], dtype=pl.Float64),
                "low": pl.Series([low], dtype=pl.Float64),
                "high": pl.Series([high], dtype=pl.Float64),
                "reason": pl.Series([why], dtype=pl.String),
            }
        )
        # neither those of others nor those of a part of the years say anything
        wide = bounds.with_columns(value=0.5, low=-99.0, high=99.0)
        others = [wide.with_columns(country=pl.lit("US")), wide.with_columns(period=pl.lit("2015"))]
        bounds = pl.concat([*others, bounds])
    found = robustness(table, without, focal="NL", intervals=bounds, measurable={"ai": measurable})
    rows = found.filter(pl.col("indicator") == indicator)
    assert rows.height == 1
    return rows.row(0, named=True)


NINE_OF_TEN = [8] * 9 + [11]


EIGHT_OF_TEN = [8] * 8 + [11, 12]


@pytest.mark.parametrize(
    ("case", "mark"),
    [
        ({"ranks": NINE_OF_TEN}, "robust"),
        ({"ranks": EIGHT_OF_TEN}, "fragile"),
        ({"ranks": NINE_OF_TEN, "interval": (7, 10)}, "robust"),
        ({"ranks": NINE_OF_TEN, "interval": (7, 11)}, "fragile"),
        ({"ranks": NINE_OF_TEN, "alone": (0.01, 11)}, "firm-driven"),
        ({"ranks": NINE_OF_TEN, "alone": (None, None)}, "firm-driven"),
        ({"ranks": EIGHT_OF_TEN, "alone": (0.01, 11)}, "firm-driven"),
        (
            {"ranks": NINE_OF_TEN, "measurable": False, "indicator": "received_share"},
            "not measurable",
        ),
        ({"ranks": NINE_OF_TEN, "measurable": False}, "robust"),  # size needs no citation
        ({"ranks": [11] * 10, "interval": (11, 30)}, "robust"),
    ],
)
def test_marks_follow_the_rule(case: dict, mark: str) -> None:
    assert marks([0.1] * 10, **case)["mark"] == mark


def test_who_has_no_families_has_no_rank_and_is_not_among_the_ten_first() -> None:
    absent = [0.0] * 10
    assert marks(absent, [None] * 10)["mark"] == "not measurable"
    once = marks([0.1] * 9 + [0.0], [8] * 9 + [None])
    assert (once["mark"], once["held"]) == ("robust", 0.9)
    twice = marks([0.1] * 8 + [0.0] * 2, [8] * 8 + [None] * 2)
    assert (twice["mark"], twice["held"]) == ("fragile", 0.8)
    assert marks([0.1] * 10, [8] * 10, alone=(0.0, None))["mark"] == "firm-driven"
    assert marks([0.1] * 10, [12] * 10, alone=(0.0, None))["mark"] == "robust"


def test_no_value_is_not_measurable_and_few_values_are_fragile() -> None:
    assert marks([None] * 4, [None] * 4)["mark"] == "not measurable"
    few = marks([0.1] * 2 + [None] * 3, [5] * 2 + [None] * 3)
    assert (few["mark"], few["held"], few["specifications"]) == ("fragile", 1.0, 2)
    half = marks([0.1] * 2 + [None] * 2, [5] * 2 + [None] * 2)
    assert half["mark"] == "robust"


@pytest.mark.parametrize(
    ("indicator", "values", "interval", "mark"),
    [
        ("balance_ratio", [0.1] * 10, (0.01, 0.2), "robust"),
        ("balance_ratio", [0.1] * 10, (-0.01, 0.2), "fragile"),
        ("balance_ratio", [0.1] * 8 + [-0.1] * 2, (0.01, 0.2), "fragile"),
        ("near_core", [1.0] * 10, (0.9, 0.9), "robust"),
        ("near_core", [1.0] * 10, (0.89, 0.89), "fragile"),
        ("near_core", [0.0] * 10, (0.1, 0.1), "robust"),
        ("near_core", [0.0] * 10, (0.2, 0.2), "fragile"),
        ("similarity", [1.8] * 10, (1.5, 1.99), "robust"),
        ("similarity", [1.8] * 10, (1.5, 2.0), "fragile"),
        ("source_effective", [5.0, 4.0, 6.0, 5.5], (4.0, 6.0), "robust"),
        ("source_effective", [5.0, 3.9, 6.0, 5.5], (4.0, 6.0), "fragile"),
        ("source_effective", [5.0] * 4, (3.9, 6.0), "fragile"),
    ],
)
def test_each_indicator_has_its_statement(
    indicator: str, values: list[float], interval: tuple[float, float], mark: str
) -> None:
    ranks = [None if indicator == "near_core" else 3] * len(values)
    assert marks(values, ranks, indicator=indicator, interval=interval)["mark"] == mark


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ({"ranks": NINE_OF_TEN, "interval": (7, 10)}, None),
        ({"ranks": EIGHT_OF_TEN}, "ways"),
        ({"ranks": NINE_OF_TEN, "interval": (7, 11)}, "interval"),
        ({"ranks": EIGHT_OF_TEN, "interval": (7, 11)}, "ways interval"),
        ({"ranks": EIGHT_OF_TEN, "alone": (0.01, 11)}, "firm ways"),
        ({"ranks": NINE_OF_TEN, "alone": (None, None), "interval": (7, 11)}, "firm interval"),
        ({"ranks": NINE_OF_TEN, "interval": (None, None)}, "no_interval"),
        ({"ranks": NINE_OF_TEN, "interval": (None, None), "why": "too_few"}, "too_few"),
        ({"ranks": NINE_OF_TEN, "interval": (None, None), "why": "one_firm"}, "one_firm"),
        (
            {"ranks": NINE_OF_TEN, "measurable": False, "indicator": "received_share"},
            "not_located",
        ),
        ({"ranks": [None] * 10, "indicator": "received_share"}, "no_value"),
    ],
)
def test_every_reason_stands_beside_the_mark(case: dict, reason: str | None) -> None:
    found = marks([0.1] * 10, **case)
    assert found["reason"] == reason
    assert (reason is None) == (found["mark"] == "robust")


def groups(first: list[str], ends: dict[str, tuple[float | None, float | None]]) -> dict[str, dict]:
    """Marks of the three groups, of which these are first in ten ways; their intervals."""
    part = {True: (0.6, 1), False: (0.2, 2)}
    rows = [("ai", g, *part[g == who], k == 0) for g in GROUPS for k, who in enumerate(first)]
    table = pl.DataFrame(rows, ["technology", "indicator", "value", "rank", "base"], orient="row")
    without = table.filter("base").with_columns(
        organisation=pl.lit("A"), organisation_share=pl.lit(0.5), abroad=pl.lit(value=False)
    )
    shares = dict.fromkeys(GROUPS, (0.1, 0.9))
    bounds = pl.DataFrame(
        [
            (name, 0.3, *pair, None if pair[0] else "too_few")
            for name, pair in (shares | ends).items()
        ],
        {"indicator": pl.String, "value": pl.Float64, "low": pl.Float64, "high": pl.Float64}
        | {"reason": pl.String},
        orient="row",
    ).with_columns(technology=pl.lit("ai"), period=pl.lit("all"), country=pl.lit("NL"))
    found = robustness(table, without, focal="NL", intervals=bounds)
    return {r["indicator"]: r for r in found.to_dicts() if r["indicator"] in GROUPS}


def test_the_largest_group_needs_a_difference_to_both_others_and_nine_in_ten_ways() -> None:
    eu, oecd, _ = GROUPS
    # the intervals of the shares meet throughout: only their differences are asked
    ahead = {"eu_less_oecd_nato": (0.1, 0.5), "eu_less_other": (0.2, 0.6)}
    between = {"oecd_nato_less_other": (-0.2, 0.3)}
    apart = groups([eu] * 9 + [oecd], ahead | between)
    assert {g: r["mark"] for g, r in apart.items()} == dict.fromkeys(GROUPS, "robust")
    meet = groups([eu] * 10, ahead | between | {"eu_less_oecd_nato": (-0.01, 0.5)})
    assert [r["mark"] for r in meet.values()] == ["fragile", "fragile", "robust"]
    assert [r["reason"] for r in meet.values()] == ["interval", "interval", None]
    ways = groups([eu] * 8 + [oecd] * 2, ahead | between)
    assert [r["reason"] for r in ways.values()] == ["ways", "ways", None]
    # behind the second is enough not to be the largest; ahead of one is not enough to be it
    second = {"oecd_nato_less_other": (0.1, 0.3)}
    unknown = groups([eu] * 10, ahead | second | {"eu_less_other": (None, None)})
    assert [r["reason"] for r in unknown.values()] == ["too_few", None, None]


def test_technologies_keep_the_order_of_the_table() -> None:
    names = [f"t{7 * k % 20:02}" for k in range(20)]
    base = {"indicator": "family_share", "value": 0.1, "rank": 4}
    table = pl.DataFrame([{"technology": t, **base, "base": True} for t in names])
    firm = {"organisation": "A", "organisation_share": 0.5, "abroad": False}
    without = pl.DataFrame([{"technology": t, **base, **firm} for t in names])
    found = robustness(table, without, focal="NL")
    assert found["technology"].to_list() == names
