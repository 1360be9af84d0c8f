"""Figures of impact, value on the map, scores as a heat map: numbers of the tables, by hand."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import polars as pl
import pytest

from netpos.viz.charts import charts
from netpos.viz.charts import countries as chart_countries
from netpos.viz.charts import impact as chart_impact
from netpos.viz.charts.spec import Chart
from netpos.viz.charts.theme import render
from netpos.viz.page import Page
from netpos.viz.report.report import Figure, write_report
from tests.viz.charts.drawing import data_with
from tests.viz.report.test_report import Reader
from tests.viz.report_pages import changed, demo_page, empty, unmeasured, without

NEW = ("world-value", "share-all", "trend-all", "impact-all", "scores-heat", "impact-semiconductor")


def drawings(page: Page, names: tuple[str, ...] = NEW) -> dict[str, tuple[str, object]]:
    return {n: (key, d) for n, key, d in charts._drawn(page) if n in names and d is not None}


def made(page: Page, names: tuple[str, ...] = NEW) -> dict[str, Figure]:
    return {
        n: render(*d, name=n, said=charts.figure_words(page, key), lang=page.lang)
        for n, (key, d) in drawings(page, names).items()
    }


@cache
def usual() -> dict[str, Figure]:
    return made(unmeasured(demo_page()))


def numbers(figure: Figure) -> pl.DataFrame:
    return pl.read_csv(io.BytesIO(figure.csv.encode()), infer_schema_length=None)


#: Families and citations from abroad by country: two whole years and one too young to be cited.
COUNTS = {
    2015: {"NL": (10, 12), "US": (40, 20), "DE": (4, 3)},
    2016: {"NL": (20, 10), "US": (60, 30), "DE": (5, 0)},
    2017: {"NL": (10, None), "US": (50, None), "DE": (6, None)},
}


def by_hand() -> Page:
    rows = []
    for year, found in COUNTS.items():
        size = sum(n for n, _ in found.values())
        cited = sum(r or 0 for _, r in found.values())
        for country, (n, r) in found.items():
            share = None if r is None else r / cited
            rows.append(("quantum", country, year, float(n), n / size, None, share, year == 2017))
    names = "technology country year families family_share value_share received_share truncated"
    table = pl.DataFrame(rows, schema=names.split(), orient="row")
    return replace(demo_page(), tables={"trend": table})


def test_impact_is_citations_per_family_over_those_of_all_countries_that_year() -> None:
    drawn = chart_impact.impact(by_hand(), "quantum")
    assert drawn is not None
    found = {(c, y): v for c, y, v in drawn[1].select(
        "country", "year", "citations_relative").iter_rows()}  # fmt: skip
    # 2015: 35 citations to 54 families; 2016: 40 to 85
    assert found["NL", 2015] == pytest.approx((12 / 10) / (35 / 54), rel=1e-12)
    assert found["US", 2015] == pytest.approx((20 / 40) / (35 / 54), rel=1e-12)
    assert found["NL", 2016] == pytest.approx((10 / 20) / (40 / 85), rel=1e-12)
    assert found["DE", 2015] is None  # four families
    assert found["DE", 2016] == 0.0  # five families, none of them cited
    assert [found[c, 2017] for c in ("NL", "US", "DE")] == [None] * 3


def test_the_mean_of_impact_over_all_families_is_one() -> None:
    drawn = chart_impact.impact(by_hand(), "quantum")
    assert drawn is not None
    year = drawn[1].filter(pl.col("year") == 2016)
    assert year.height == 3
    mean = (year["citations_relative"] * year["families"]).sum() / year["families"].sum()
    assert mean == pytest.approx(1.0, rel=1e-12)


def test_a_single_year_with_a_point_is_no_trend_of_impact() -> None:
    page = by_hand()
    one = page.tables["trend"].filter(pl.col("year") != 2015)
    assert chart_impact.impact(replace(page, tables={"trend": one}), "quantum") is None
    bare = page.tables["trend"].drop("received_share")
    assert chart_impact.impact(replace(page, tables={"trend": bare}), "quantum") is None


@pytest.mark.parametrize(("name", "technology"), [
    ("trend-all", "all"), ("impact-all", "all"), ("impact-semiconductor", "semiconductor"),
])  # fmt: skip
def test_years_are_those_of_the_table(name: str, technology: str) -> None:
    table = demo_page().tables["trend"].filter(pl.col("technology") == technology)
    found = numbers(usual()[name])
    sizes = table.group_by("country").agg(pl.col("families").sum())
    largest = sizes.sort(["families", "country"], descending=[True, False])["country"][:5]
    assert set(found["country"]) == {*largest, "NL"}
    assert found.height == table.filter(pl.col("country").is_in({*largest, "NL"})).height
    both = [c for c in found.columns if c in table.columns and c not in ("country", "year")]
    assert {"family_share", "received_share", "truncated"} <= set(both)
    joined = found.join(
        table.select("country", pl.col("year").cast(pl.Int64), *both), on=["country", "year"]
    )
    assert joined.height == found.height
    for column in both:
        assert joined[column].equals(joined[f"{column}_right"]), column


def test_shares_of_all_technologies_are_those_of_the_union() -> None:
    found = numbers(usual()["share-all"])
    where = (pl.col("technology") == "all") & (pl.col("period") == "all")
    table = demo_page().tables["countries"].filter(where)
    want = {r["country"]: r for r in table.iter_rows(named=True)}
    assert found["country"][0] == table.sort("family_share", descending=True)["country"][0]
    assert {"family_share", "received_share", "value_share"} <= set(found.columns)
    for row in found.iter_rows(named=True):
        assert all(row[c] == want[row["country"]][c] for c in row if c != "country")


def test_citations_that_are_not_measurable_are_in_no_figure_by_year_nor_in_the_table() -> None:
    page = unmeasured(demo_page())
    got = made(page, ("trend-quantum", "impact-quantum"))
    for name, figure in got.items():
        mine = pl.col("country") == "NL"
        assert numbers(figure).filter(mine)["received_share"].null_count() == 11, name
        assert numbers(figure).filter(~mine)["received_share"].null_count() < 55, name
    assert "trend-quantum" in got
    shown = [
        node["data-cell"]
        for node in Reader(write_report(page)).cells()
        if node["data-cell"].startswith("trend|") and node["data-cell"].endswith("|received_share")
    ]
    assert not [c for c in shown if "|quantum|" in c]
    assert [c for c in shown if "|semiconductor|" in c]


def test_ranks_by_citations_that_are_not_measurable_are_under_no_way_of_counting() -> None:
    shown = {}
    for page in (demo_page(), unmeasured(demo_page())):
        key, drawn = drawings(page, ("sensitivity-quantum",))["sensitivity-quantum"]
        assert key == "sensitivity"
        shown[len(shown)] = set(drawn[1]["indicator"])
    assert shown == {0: {"family_share", "received_share"}, 1: {"family_share"}}


def test_value_on_the_map_is_that_of_the_table() -> None:
    where = (pl.col("technology") == "all") & (pl.col("period") == "all")
    table = demo_page().tables["countries"].filter(where & (pl.col("value_share") > 0))
    found = numbers(usual()["world-value"])
    assert found["country"].to_list() == sorted(table["country"])
    want = dict(table.select("country", "value_share").iter_rows())
    assert all(want[c] == v for c, v in found.select("country", "value_share").iter_rows())
    assert "Share of value" in usual()["world-value"].svg


def test_drawn_again_from_shuffled_tables_the_bytes_are_the_same() -> None:
    page = unmeasured(demo_page())
    mixed = {
        k: page.tables[k].sample(fraction=1.0, shuffle=True, seed=5)
        for k in ("countries", "trend", "scores")
    }
    again = made(replace(page, tables={**page.tables, **mixed}))
    assert set(again) == set(usual()) == set(NEW)
    for name, figure in again.items():
        assert figure == usual()[name], name


def test_without_a_table_or_families_none_of_them_is_drawn() -> None:
    assert not drawings(empty(demo_page()))
    left = set(drawings(without(demo_page(), "trend", "scores")))
    assert left == {"world-value", "share-all"}


def test_both_languages_say_what_the_new_figures_show() -> None:
    for kind in (*NEW[:-1], "impact"):
        texts = [charts.figure_words(demo_page(lang), kind) for lang in ("en", "nl")]
        assert texts[0] != texts[1]
        assert all("2015–2025" in text and "{" not in text for text in texts)
    dutch = made(demo_page("nl"), ("impact-all", "scores-heat"))
    assert "Citaties uit het buitenland per familie" in dutch["impact-all"].svg
    assert "Standaardafwijkingen van het gemiddelde" in dutch["scores-heat"].svg


def test_shares_and_ranks_by_period_stand_with_their_changes() -> None:
    page = demo_page()
    reader = Reader(write_report(page))
    table = next(n for n in reader.of("table") if n.get("class") == "periods")
    cells = {}
    for node in reader.cells():
        at = node
        while at is not None and at is not table:
            at = at["parent"]
        if at is table:
            cells[node["data-cell"] + "-" * ("data-less" in node)] = node["text"]
    where = (pl.col("technology") == "semiconductor") & (pl.col("country") == "NL")
    rows = page.tables["countries"].filter(where)
    by = {r["period"]: r for r in rows.iter_rows(named=True)}
    first, last = page.parts
    for period in page.parts:
        key = f"countries|semiconductor|{period}|NL|"
        assert cells[key + "family_share"] == f"{100 * by[period]['family_share']:.1f} %"
        assert cells[key + "family_rank"] == str(by[period]["family_rank"])
        assert cells[key + "value_share"] == f"{100 * by[period]['value_share']:.1f} %"
    change = by[last]["family_share"] - by[first]["family_share"]
    said = cells[f"countries|semiconductor|{last}|NL|family_share-"]
    assert said == f"{100 * change:+.1f}".replace("-", "−")
    gone = changed(
        page, "countries", {"technology": "semiconductor", "period": first, "country": "NL"},
        families=0.0, family_share=0.0,
    )  # fmt: skip
    html = write_report(gone)
    assert html.count(f'"countries|semiconductor|{first}|NL|family_rank"') == 0


def two_young_years() -> Page:
    """Two whole years and two incomplete ones; the last values lie near each other, one apart."""
    page, rows = by_hand(), []
    for year in (2015, 2016, 2017, 2018):
        for country, n, share in (("NL", 0.30, 0.31), ("US", 0.50, 0.51), ("DE", 0.10, 0.32)):
            rows.append((
                "quantum", country, year, 100 * n, n, None, share, year > 2016,
            ))  # fmt: skip
    table = pl.DataFrame(rows, schema=page.tables["trend"].columns, orient="row")
    return replace(page, tables={"trend": table.with_columns(pl.col("value_share").cast(float))})


@pytest.mark.parametrize(
    ("draw", "top", "panels"),
    [
        (chart_impact.impact, 3.2, 1),
        (chart_countries.trend, 0.51, 2),
    ],
)
def test_incomplete_years_are_shaded_from_the_first_and_labels_stand_apart(
    draw: Callable[[Page, str], tuple[Chart, pl.DataFrame] | None],
    top: float,
    panels: int,
) -> None:
    drawn = draw(two_young_years(), "quantum")
    assert drawn is not None
    shades = data_with(drawn[0], "a", "b")
    assert shades == [[{"a": 2016.5, "b": 2018.0}]] * len(shades) != []
    labels = data_with(drawn[0], "place", "value")
    assert len(labels) == panels
    (of_column,) = [
        found for found in labels if max(r["value"] for r in found) == pytest.approx(top)
    ]
    low, middle, high = sorted(of_column, key=lambda r: r["place"])
    assert low["place"] == low["value"]
    apart = max(middle["value"], low["value"] + 0.065 * top)
    assert middle["place"] == pytest.approx(apart)
    assert high["place"] == pytest.approx(max(high["value"], apart + 0.065 * top))
    assert middle["place"] > middle["value"]  # 1.02 and 1.03, 0.31 and 0.32: one is moved
