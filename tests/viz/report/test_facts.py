"""What each part of the report shows."""

from __future__ import annotations

import re
from dataclasses import replace

import polars as pl

from netpos.viz.report.report import write_report
from tests.viz.report_pages import changed, demo_page, without


def test_a_rank_does_not_change_where_the_country_had_nothing() -> None:
    where = {"technology": "quantum", "period": "2015-2020", "country": "NL"}
    page = changed(without(demo_page(), "differences"), "countries", where, families=0.0)
    html = write_report(page)
    assert "technologies|quantum|2021-2025||family_rank_change" not in html
    assert "technologies|semiconductor|2021-2025||family_rank_change" in html


def test_values_that_are_all_zero_are_no_values() -> None:
    page = demo_page()
    table = page.tables["countries"]
    nought = [pl.lit(0.0).alias(c) for c in ("value", "value_foreign", "value_share")]
    table = table.with_columns(*nought, value_rank=pl.lit(1, pl.Int64))
    html = write_report(replace(page, tables={**page.tables, "countries": table}))
    assert "Value rank" not in html
    assert "|value" not in "".join(re.findall(r'data-cell="countries\|[^"]*"', html))
    assert "Needs the legal status" in html


def test_a_country_with_nothing_in_a_technology_has_no_rank_there() -> None:
    where = {"technology": "quantum", "country": "NL"}
    page = changed(demo_page(), "countries", where, families=0.0)
    html = write_report(page)
    assert "countries|quantum|all|NL|family_rank" not in html
    assert "countries|semiconductor|all|NL|family_rank" in html


def test_who_has_most_value_is_listed_for_each_technology_in_the_order_of_the_tables() -> None:
    page = demo_page()
    html = write_report(page)
    names = [ident for ident, _ in page.technologies]
    for table in ("organisations", "holders"):
        rows = page.rows(table, "quantum", "all")
        if table == "holders":
            rows = rows.filter(pl.col("kind") == "organisation")
        rows = rows.filter(pl.col("value") > 0).to_dicts()
        wanted = [
            r["organisation"] for r in sorted(rows, key=lambda r: (-r["value"], r["organisation"]))
        ]
        cells = re.findall(rf'data-cell="{table}\|quantum\|all\|([^"|]*)\|value"', html)
        found = [cell.split(",")[-1] for cell in cells]
        assert found == wanted[:10]
        assert found
    assert html.count("<h4>Most value <span") == len(names) - 1  # one has no family
    nought = {
        name: page.tables[name].with_columns(value=pl.lit(0.0))
        for name in ("organisations", "holders")
    }
    assert "<h4>Most value" not in write_report(replace(page, tables={**page.tables, **nought}))


def test_numbers_in_place_of_names_are_said_to_be_pseudonyms() -> None:
    page = demo_page()
    assert "pseudonym" not in write_report(page)
    table = page.tables["organisations"]
    first = table.filter(pl.col("technology") == "all")["organisation"][0]
    named = table.with_columns(pl.col("organisation").replace({first: "ASSIGNEE 125"}))
    html = write_report(replace(page, tables={**page.tables, "organisations": named}))
    assert "ASSIGNEE 125 and the like are pseudonyms" in html
