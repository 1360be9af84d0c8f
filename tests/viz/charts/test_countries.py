"""Figures of one technology."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from netpos.viz.charts.countries import chosen, organisations
from tests.viz.charts.drawing import drawn, numbers, whole
from tests.viz.report_pages import demo_page


def test_shares_by_country_are_those_of_the_table_with_the_focal_country() -> None:
    found = numbers(drawn()["share-semiconductor"])
    table = dict(whole("countries").select("country", "family_share").iter_rows())
    assert found["family_share"].to_list() == [table[c] for c in found["country"]]
    assert found["family_share"].is_sorted(descending=True)
    assert "NL" in found["country"]
    assert found.height == 12


def test_organisations_are_the_ten_largest_of_the_world_and_of_the_country() -> None:
    found = numbers(drawn()["organisations-semiconductor"])
    table = whole("organisations").filter(pl.col("families") > 0)
    order = table.sort(["families", "organisation"], descending=[True, False])
    home = pl.col("country") == "NL"
    world = found.filter(pl.col("set") == "World")["organisation"].to_list()
    own = found.filter(pl.col("set") == "Netherlands")["organisation"].to_list()
    assert world == order["organisation"].to_list()[:10]
    assert own == order.filter(home)["organisation"].to_list()[:10]


def test_organisations_at_one_point_share_it_and_every_point_has_a_label() -> None:
    page = demo_page()
    rows = page.tables["organisations"].filter(
        (pl.col("technology") == "semiconductor") & (pl.col("period") == "all")
    )
    n = 6
    crowd = rows.head(n).with_columns(
        organisation=pl.Series([f"AN ORGANISATION WITH A NAME {k}" for k in range(n)]),
        country=pl.Series(["US"] * n),
        family_rank=pl.Series([*range(1, n + 1)], dtype=rows.schema["family_rank"]),
        families=pl.Series([4.0, 4.0, 3.99, 3.98, 3.97, 3.96]),
        citations_per_family=pl.Series([2.0, 2.0, 2.01, 2.0, 2.01, 2.0]),
    )
    tables = {**page.tables, "organisations": crowd}
    found = organisations(replace(page, tables=tables), "semiconductor")
    assert found is not None
    spec = found[0].to_dict()
    # nobody from the country in focus: the one panel has the whole width
    assert len(spec["hconcat"]) == 1
    assert spec["hconcat"][0]["width"] > 600
    points = next(iter(spec["datasets"].values()))
    assert len(points) == n - 1
    assert sum("; " in p["label"] for p in points) == 1
    assert all(p["label"] and p["side"] != "none" for p in points)
    assert found[1].height == n


def test_trends_show_the_years_of_the_table_and_which_are_incomplete() -> None:
    found = numbers(drawn()["trend-semiconductor"])
    table = demo_page().tables["trend"].filter(pl.col("technology") == "semiconductor")
    want = {(c, y): (s, p) for c, y, s, p in table.select(
        "country", "year", "family_share", "truncated").iter_rows()}  # fmt: skip
    assert "NL" in set(found["country"])
    assert found["truncated"].any()
    for c, y, s, p in found.select("country", "year", "family_share", "truncated").iter_rows():
        assert want[c, y] == (s, p)


def test_lines_are_those_of_the_countries_compared_with_where_they_are_chosen() -> None:
    rows = pl.DataFrame(
        {
            "country": [*"ABCDEFGH"],
            "year": [2020] * 8,
            "families": [8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0],
        }
    )
    assert chosen(rows, "H")[0] == [*"ABCDE", "H"]
    assert chosen(rows, "H", {"G", "B", "Z"})[0] == ["B", "G", "H"]
    assert chosen(rows, "H", {"Z"})[0] == [*"ABCDE", "H"]
