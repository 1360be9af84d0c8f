"""Companies: the printed numbers of the report from its check table, and what counting keeps to."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netpos.innovation.companies import (
    LEAST,
    UNION,
    Rule,
    classify,
    company_coverage,
    company_table,
    wilson,
)

#: Country, start-ups, million dollars each.
STARTUPS = [
    ("NL", 5, 4.02), ("US", 40, 3), ("GB", 20, 3), ("CA", 10, 3), ("DE", 9, 2.7), ("FR", 7, 2.6),
    ("CN", 6, 2), ("JP", 5, 1.5), ("IL", 3, 1.3), ("FI", 2, 1), ("ES", 2, 1),
]  # fmt: skip
#: Country, scale-ups, million dollars together, unicorns.
SCALEUPS = [
    ("US", 30, 10000, 7), ("CA", 8, 2500, 2), ("GB", 9, 2000, 1), ("CN", 3, 1300, 0),
    ("DE", 6, 1000, 0), ("FR", 5, 900, 0), ("FI", 2, 700, 1), ("ES", 2, 600, 1), ("AU", 2, 500, 0),
    ("IL", 2, 300, 0), ("NL", 4, 200, 0),
]  # fmt: skip


def check_table() -> pl.DataFrame:
    rows = []
    for country, n, each in STARTUPS:
        rows += [(f"s-{country}-{k}", country, float(each), False) for k in range(n)]
    for country, n, total, unicorns in SCALEUPS:
        rows += [(f"u-{country}-{k}", country, total / n, k < unicorns) for k in range(n)]
    table = pl.DataFrame(rows, ["company_id", "country", "funding", "unicorn"], orient="row")
    return table.with_columns(
        technology=pl.lit("quantum"), founded=pl.lit(2015, pl.Int32), active=pl.lit(value=True)
    )


@pytest.fixture(scope="module")
def quantum() -> dict[str, dict]:
    table = company_table(check_table()).filter(pl.col("technology") == "quantum")
    return {r["country"]: r for r in table.to_dicts()}


def test_the_printed_quantum_numbers_of_the_report(quantum: dict[str, dict]) -> None:
    nl = quantum["NL"]
    assert (nl["startups"], nl["startups_all"]) == (5, 109)
    assert (nl["scaleups"], nl["scaleups_all"]) == (4, 73)
    assert round(100 * nl["startup_share"], 1) == 4.6
    assert round(100 * nl["scaleup_share"], 1) == 5.5
    assert round(100 * nl["startup_funding_share"], 1) == 6.7
    assert round(100 * nl["scaleup_funding_share"], 1) == 1.0
    assert (nl["startup_funding_rank"], nl["scaleup_funding_rank"]) == (5, 11)
    assert sum(r["unicorns"] for r in quantum.values()) == 12


def test_the_wilson_intervals_of_the_report(quantum: dict[str, dict]) -> None:
    nl = quantum["NL"]
    ends = [
        100 * nl[f"{kind}_share_{end}"]
        for kind in ("startup", "scaleup")
        for end in ("low", "high")
    ]
    assert ends == pytest.approx([1.98, 10.29, 2.15, 13.26], abs=5e-3)


@pytest.mark.parametrize(("k", "n"), [(0, 7), (5, 109), (4, 73), (7, 7)])
def test_a_wilson_interval_is_its_formula(k: int, n: int) -> None:
    z, p = 1.959963984540054, k / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    assert wilson(k, n) == pytest.approx((middle - half, middle + half), abs=1e-12)
    assert wilson(0, 0) is None


def test_the_ratio_of_scale_ups_needs_ten_companies(quantum: dict[str, dict]) -> None:
    assert quantum["NL"]["scaleup_ratio"] is None  # 9
    assert quantum["NL"]["scaleup_ratio_low"] is None
    us = quantum["US"]
    assert us["scaleup_ratio"] == pytest.approx(30 / 70)
    assert (us["scaleup_ratio_low"], us["scaleup_ratio_high"]) == pytest.approx(wilson(30, 70))
    assert LEAST == 10


def test_the_largest_company_and_the_spread_of_funding_are_told(quantum: dict[str, dict]) -> None:
    assert quantum["US"]["scaleup_largest"] == pytest.approx(1 / 30)
    assert quantum["NL"]["startup_largest"] == pytest.approx(1 / 5)
    for row in quantum.values():
        if row["startups"]:
            low, high = row["startup_funding_share_low"], row["startup_funding_share_high"]
            assert low <= row["startup_funding_share"] <= high


def one(**facts: object) -> pl.DataFrame:
    row = {"company_id": "a", "country": "NL", "technology": "t", "founded": 2015, "active": True,
           "funding": 1.0} | facts  # fmt: skip
    schema = {"founded": pl.Int32, "country": pl.String, "active": pl.Boolean,
              "funding": pl.Float64}  # fmt: skip
    return pl.DataFrame({k: [v] for k, v in row.items()}, schema_overrides=schema)


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({}, "startup"),
        ({"funding": 9.999}, "startup"),
        ({"funding": 10.0}, "scaleup"),
        ({"funding": 0.0}, "startup"),
        ({"funding": None}, "unknown"),
        ({"founded": 1990}, "old"),
        ({"founded": 1991}, "startup"),
        ({"founded": None}, "unknown"),
        ({"active": False}, "inactive"),
        ({"active": None}, "unknown"),
    ],
)
def test_the_rule_of_the_report(facts: dict, kind: str) -> None:
    assert classify(one(**facts))["kind"].to_list() == [kind]


def test_scale_ups_may_be_told_by_employees_instead_never_by_both() -> None:
    rule = Rule(employees=50)
    for employees, kind in ((50.0, "startup"), (51.0, "scaleup"), (None, "unknown")):
        table = one(funding=900.0).with_columns(employees=pl.lit(employees, pl.Float64))
        assert classify(table, rule)["kind"].to_list() == [kind]


def test_a_company_without_country_stays_in_the_world_total() -> None:
    table = pl.concat([one(), one(company_id="b", country=None), one(company_id="c", country="DE")])
    rows = company_table(table).filter(pl.col("technology") == "t")
    assert rows["country"].to_list() == ["DE", "NL"]
    assert rows["startups_all"].to_list() == [3, 3]
    assert rows["startup_share"].sum() == pytest.approx(2 / 3)
    assert rows["startup_funding_share"].to_list() == pytest.approx([1 / 3, 1 / 3])
    assert company_coverage(table)["no_country"].to_list() == [1, 1]


def test_a_company_in_two_technologies_is_one_in_their_union() -> None:
    table = pl.concat([one(), one(technology="u"), one(company_id="b", technology="u")])
    rows = company_table(table)
    assert rows.select("technology", "startups").rows() == [("t", 1), ("u", 2), (UNION, 2)]
    assert company_coverage(table).select("technology", "companies").rows() == [
        ("t", 1), ("u", 2), (UNION, 2),
    ]  # fmt: skip


def test_unknown_is_not_zero() -> None:
    table = pl.concat([one(funding=None), one(company_id="b", funding=0.0)])
    row = company_table(table).row(0, named=True)
    assert row["startups"] == 1
    assert row["startup_funding"] == 0
    assert row["startup_funding_share"] is None
    assert row["scaleup_funding"] is None
    assert row["scaleup_share"] is None
    assert row["unicorns"] is None


companies = st.lists(
    st.tuples(
        st.sampled_from(["NL", "DE", "US", None]),
        st.sampled_from(["t", "u"]),
        st.sampled_from([1985, 2000, 2015, None]),
        st.sampled_from([True, False, None]),
        st.one_of(st.none(), st.floats(0, 500)),
    ),
    min_size=1,
    max_size=30,
).map(
    lambda rows: pl.concat(
        [
            one(company_id=f"c{k:02}", country=c, technology=t, founded=f, active=a, funding=m)
            for k, (c, t, f, a, m) in enumerate(rows)
        ]
    )
)


@given(companies)
def test_start_ups_and_scale_ups_are_those_that_count(table: pl.DataFrame) -> None:
    found = company_table(table, draws=0)
    coverage = company_coverage(table)
    for row in coverage.to_dicts():
        mine = found.filter(pl.col("technology") == row["technology"])
        located = (mine["startups"] + mine["scaleups"]).sum()
        assert located + row["no_country"] == row["counted"]
        left = row["old"] + row["inactive"] + row["unknown"]
        assert row["counted"] + left == row["companies"]


@given(companies)
def test_shares_sum_to_one_where_every_company_has_a_country(table: pl.DataFrame) -> None:
    located = table.with_columns(pl.col("country").fill_null("FR"))
    found = company_table(located, draws=0)
    for name in found["technology"].unique():
        mine = found.filter(pl.col("technology") == name)
        for column in ("startup_share", "scaleup_share", "startup_funding_share"):
            values = mine[column].drop_nulls()
            if values.len():
                assert values.sum() == pytest.approx(1.0)


@given(companies, st.floats(0, 400), st.floats(0, 400))
def test_a_higher_threshold_never_adds_scale_ups(
    table: pl.DataFrame, one_: float, other: float
) -> None:
    counts = [
        (classify(table, Rule(threshold=limit))["kind"] == "scaleup").sum()
        for limit in sorted((one_, other))
    ]
    assert counts[0] >= counts[1]


@given(companies)
def test_neither_the_order_of_rows_nor_the_unit_of_money_changes_a_share(
    table: pl.DataFrame,
) -> None:
    plain = company_table(table, draws=8)
    assert company_table(table.reverse(), draws=8).equals(plain, null_equal=True)
    scaled = company_table(table.with_columns(8 * pl.col("funding")), Rule(threshold=80), draws=8)
    same = [c for c in plain.columns if not c.endswith(("funding", "funding_all"))]
    assert scaled.select(same).equals(plain.select(same), null_equal=True)
