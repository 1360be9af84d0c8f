"""Figures: their numbers are those of the tables, their bytes do not move, their names are text."""

from __future__ import annotations

import io
import json
import re
import struct
from dataclasses import replace
from functools import cache

import numpy as np
import polars as pl
import pytest

from netpos import countries
from netpos.viz.charts import charts
from netpos.viz.charts import world as chart_world
from netpos.viz.charts.theme import beside, render
from netpos.viz.page import Page
from netpos.viz.report.report import Figure, write_report
from tests.viz.report.test_report import Reader, check_cells
from tests.viz.report_pages import changed, demo_page, empty, unmeasured, without

HOSTILE = "<img src=x onerror=alert(1)></text><script>alert(2)</script>"


@cache
def drawn(lang: str = "en") -> dict[str, Figure]:
    return charts.figures(unmeasured(demo_page(lang)))


def numbers(figure: Figure) -> pl.DataFrame:
    return pl.read_csv(io.BytesIO(figure.csv.encode()), infer_schema_length=None)


def made(page: Page) -> set[str]:
    return {name for name, _, found in charts._drawn(page) if found is not None}


@cache
def usual() -> set[str]:
    return made(demo_page())


def test_every_figure_of_a_run_is_there() -> None:
    ids = {"quantum", "semiconductor"}
    across = set(charts.ACROSS) - {"complexity-value", "complexity-balance"}
    each = {f"{kind}-{i}" for kind in charts.EACH for i in ids}
    assert across | each <= set(drawn())
    assert not any("complexity" in name for name in drawn())


def test_every_chart_is_valid_vega_lite() -> None:
    charts_made = [d[0] for _, _, d in charts._drawn(demo_page()) if d is not None]
    assert len(charts_made) > 15
    for chart in charts_made:
        chart.to_dict(validate=True)


def test_drawings_are_safe_to_put_into_a_page() -> None:
    for name, figure in drawn().items():
        svg = figure.svg
        assert svg.startswith('<svg role="img" aria-label="'), name
        assert "<script" not in svg
        assert "NaN" not in svg
        assert not re.search(r"\son\w+=", svg)
        assert set(re.findall(r'https?://[^"]+', svg)) == {"http://www.w3.org/2000/svg"}, name
        ids = re.findall(r'\bid="([^"]+)"', svg)
        assert len(ids) == len(set(ids))
        assert all(i.startswith(f"{name}-") for i in ids)
        assert set(re.findall(r"url\(#([^)]+)\)", svg)) <= set(ids)
        fonts = set(re.findall(r'font-family="([^"]+)"', svg))
        assert all(f.startswith("Liberation Sans") for f in fonts), (name, fonts)


def test_pictures_have_twice_the_size_of_the_drawing() -> None:
    for figure in drawn().values():
        width, height = struct.unpack(">II", figure.png[16:24])
        box = re.search(r'width="([\d.]+)" height="([\d.]+)"', figure.svg)
        assert box
        assert width == pytest.approx(2 * float(box[1]), abs=2)
        assert height == pytest.approx(2 * float(box[2]), abs=2)


@pytest.mark.parametrize("name", ["world", "organisations-quantum", "share-semiconductor"])
def test_a_figure_drawn_again_from_shuffled_tables_has_the_same_bytes(name: str) -> None:
    page = unmeasured(demo_page())
    keep = ("countries", "organisations")
    mixed = {
        k: t.sample(fraction=1.0, shuffle=True, seed=3) if k in keep else t
        for k, t in page.tables.items()
    }
    for found, key, drawing in charts._drawn(replace(page, tables=mixed)):
        if found == name:
            assert drawing is not None
            said = charts.figure_words(page, key)
            again = render(*drawing, name=name, said=said, lang="en")
            assert again == drawn()[name]


# --- numbers ------------------------------------------------------------------------------------


def whole(name: str, technology: str = "semiconductor") -> pl.DataFrame:
    table = unmeasured(demo_page()).tables[name]
    return table.filter((pl.col("technology") == technology) & (pl.col("period") == "all"))


def test_shares_by_country_are_those_of_the_table_with_the_focal_country() -> None:
    found = numbers(drawn()["share-semiconductor"])
    table = dict(whole("countries").select("country", "family_share").iter_rows())
    assert found["family_share"].to_list() == [table[c] for c in found["country"]]
    assert found["family_share"].is_sorted(descending=True)
    assert "NL" in found["country"]
    assert found.height == 12


def test_shares_of_citations_are_not_drawn_where_they_are_not_measurable() -> None:
    found = numbers(drawn()["share-quantum"]).filter(pl.col("country") == "NL")
    assert found["received_share"].to_list() == [None]
    assert found["family_share"][0] > 0
    for name in ("scores", "classes", "concentration"):
        assert set(numbers(drawn()[name])["technology"]) >= {"semiconductor"}
        assert "quantum" not in set(numbers(drawn()[name])["technology"]), name
    ranks = numbers(drawn()["rank-intervals"]).filter(pl.col("technology") == "quantum")
    assert ranks["received_rank"].to_list() == [None]
    assert ranks["family_rank"][0] is not None


def test_ranks_by_period_and_their_intervals_are_those_of_the_table() -> None:
    table = demo_page().tables["countries"].filter(pl.col("country") == "NL")
    want = {(r["technology"], r["period"]): r for r in table.iter_rows(named=True)}
    for row in numbers(drawn()["rank-change"]).iter_rows(named=True):
        assert row["family_rank"] == want[row["technology"], row["period"]]["family_rank"]
    for row in numbers(drawn()["rank-intervals"]).iter_rows(named=True):
        own = want[row["technology"], "all"]
        ends = [row["family_rank_low"], row["family_rank"], row["family_rank_high"]]
        assert ends == [own["family_rank_low"], own["family_rank"], own["family_rank_high"]]


def test_sources_are_those_of_the_tables() -> None:
    exposure = whole("exposure").filter(pl.col("kind") == "country")
    ordered = exposure["share"].sort(descending=True).to_list()
    row = numbers(drawn()["concentration"]).filter(pl.col("technology") == "semiconductor")
    assert row["one"][0] == ordered[0]
    assert row["three"][0] == pytest.approx(sum(ordered[:3]), rel=1e-12)
    own = whole("countries").filter(pl.col("country") == "NL").row(0, named=True)
    classes = numbers(drawn()["classes"]).filter(pl.col("technology") == "semiconductor")
    for column in ("share_eu", "share_oecd_nato", "share_other"):
        assert classes[column][0] == own[column]
    listed = whole("exposure", "all").filter(pl.col("kind") == "country")
    want = dict(listed.select("source", "share").iter_rows())
    found = numbers(drawn()["exposure"])
    assert found["share"].to_list() == sorted(want.values(), reverse=True)[:12]
    assert all(want[s] == v for s, v in found.select("source", "share").iter_rows())


def test_the_specification_curve_has_every_way_of_counting_and_marks_the_run() -> None:
    found = numbers(drawn()["sensitivity-semiconductor"])
    table = demo_page().tables["sensitivity"]
    for kind in ("family_share", "received_share"):
        mine = (pl.col("technology") == "semiconductor") & (pl.col("indicator") == kind)
        ranks = table.filter(mine)["rank"].drop_nulls().sort().to_list()
        part = found.filter(pl.col("indicator") == kind)
        assert part["rank"].to_list() == ranks
        assert part["base"].sum() == 1


def test_organisations_are_the_ten_largest_of_the_world_and_of_the_country() -> None:
    found = numbers(drawn()["organisations-semiconductor"])
    table = whole("organisations").filter(pl.col("families") > 0)
    order = table.sort(["families", "organisation"], descending=[True, False])
    home = pl.col("country") == "NL"
    world = found.filter(pl.col("set") == "World")["organisation"].to_list()
    own = found.filter(pl.col("set") == "Netherlands")["organisation"].to_list()
    assert world == order["organisation"].to_list()[:10]
    assert own == order.filter(home)["organisation"].to_list()[:10]


def test_trends_show_the_years_of_the_table_and_which_are_incomplete() -> None:
    found = numbers(drawn()["trend-semiconductor"])
    table = demo_page().tables["trend"].filter(pl.col("technology") == "semiconductor")
    want = {(c, y): (s, p) for c, y, s, p in table.select(
        "country", "year", "family_share", "truncated").iter_rows()}  # fmt: skip
    assert "NL" in set(found["country"])
    assert found["truncated"].any()
    for c, y, s, p in found.select("country", "year", "family_share", "truncated").iter_rows():
        assert want[c, y] == (s, p)


def test_complexity_is_drawn_only_on_a_stated_basis() -> None:
    page = demo_page()
    value = pl.Series([10.0, 50.0, 90.0, None] * 3, dtype=pl.Float64)
    facts = page.tables["technologies"].with_columns(complexity=value.sort(nulls_last=True))
    table = page.tables["countries"].with_columns(rca=pl.col("rca_within"))
    tables = {**page.tables, "technologies": facts, "countries": table}
    assert not any("complexity" in n for n in made(replace(page, tables=tables)))
    tables["technologies"] = facts.with_columns(complexity_basis=pl.lit("given"))
    assert {"complexity-value", "complexity-balance"} <= made(replace(page, tables=tables))
    for basis, said in (
        ("given", "as given"),
        ("selection: 9", "selection"),
        ("matrix: 9", "matrix"),
    ):
        tables["technologies"] = facts.with_columns(complexity_basis=pl.lit(basis))
        caption = charts.figure_words(replace(page, tables=tables), "complexity-value")
        assert said in caption
    tables["countries"] = table.with_columns(rca=pl.lit(None, pl.Float64))
    assert not any("complexity" in n for n in made(replace(page, tables=tables)))


# --- parts that are there and not ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("gone", "names"),
    [
        ("trend", ["trend-quantum", "focal-share"]),
        ("sensitivity", ["sensitivity-quantum"]),
        ("scores", ["scores"]),
        ("organisations", ["organisations-quantum", "organisations-all"]),
        ("exposure", ["exposure", "concentration"]),
        ("countries", ["world", "share-quantum", "classes", "rank-change", "rank-intervals"]),
    ],
)
def test_without_a_table_its_figures_are_not_drawn(gone: str, names: list[str]) -> None:
    assert usual() - made(without(demo_page(), gone)) >= set(names)


def test_an_empty_run_has_no_figures() -> None:
    assert charts.figures(empty(demo_page())) == {}


def test_hostile_names_are_text_in_a_drawing() -> None:
    page = demo_page()
    table = page.tables["organisations"].with_columns(
        organisation=pl.lit(HOSTILE) + pl.int_range(pl.len()).cast(pl.String)
    )
    page = replace(page, tables={**page.tables, "organisations": table})
    for name, key, drawing in charts._drawn(page):
        if name == "organisations-quantum":
            assert drawing is not None
            svg = render(*drawing, name=name, said=charts.figure_words(page, key), lang="en").svg
            assert "<img" not in svg
            assert "<script" not in svg
            assert "&lt;img src=x" in svg


# --- the map ------------------------------------------------------------------------------------


def test_every_economy_is_a_shape_or_a_point_of_the_map() -> None:
    drawn_shapes = json.loads(chart_world.shapes())["objects"]["countries"]["geometries"]
    shapes = {g["id"] for g in drawn_shapes if "id" in g}
    assert len(drawn_shapes) == 176  # 177 in the source; Antarctica is left out
    assert len(shapes) == 173  # three have no code
    assert "010" not in shapes
    table = countries.countries()
    numeric = table["numeric"].to_list()
    shaped = {c for c, n in zip(table["iso2"], numeric, strict=True) if n in shapes}
    assert {"NA", "TW", "LU", "NL", "IL"} <= shaped
    assert not shaped & set(chart_world.POINTS)
    rest = set(table["iso2"]) - shaped - set(chart_world.POINTS)
    nobody = {"AQ", "BV", "HM", "GS", "TF", "UM", "CC", "CX", "SJ", "TK", "TV"}
    part_of_france_or_nl = {"BQ", "GF", "GP", "MQ", "RE", "YT"}
    assert rest - nobody - part_of_france_or_nl == {"GI"}


@pytest.mark.parametrize(
    ("code", "longitude", "latitude"),
    [
        ("SG", 103.82, 1.35), ("HK", 114.17, 22.28), ("MT", 14.38, 35.94), ("LI", 9.56, 47.17),
        ("MC", 7.42, 43.74), ("MO", 113.55, 22.20), ("BH", 50.56, 26.07), ("MU", 57.55, -20.35),
        ("BB", -59.54, 13.19), ("KY", -81.25, 19.32), ("XK", 20.90, 42.60), ("BM", -64.76, 32.32),
    ],
)  # fmt: skip
def test_points_lie_where_atlases_put_these_economies(
    code: str, longitude: float, latitude: float
) -> None:
    x, y = chart_world.POINTS[code]
    assert abs(x - longitude) < 0.25
    assert abs(y - latitude) < 0.25


def test_small_economies_with_families_are_points_on_the_map() -> None:
    table = demo_page().tables["countries"]
    here = (pl.col("technology") == "all") & (pl.col("period") == "all") & (pl.col("families") > 0)
    there = set(table.filter(here)["country"])
    small = there & set(chart_world.POINTS)
    assert {"SG", "HK"} <= small
    labels = set(re.findall(r">([A-Z]{2})</text>", drawn()["world"].svg))
    assert labels == small


# --- in the report ------------------------------------------------------------------------------


def test_the_report_holds_the_figures_with_captions_and_files() -> None:
    page = replace(unmeasured(demo_page()), figures=drawn())
    reader = Reader(write_report(page))
    shown = [n for n in reader.of("figure") if n.get("class") == "chart"]
    assert len(shown) == len(drawn())
    assert all("Patent families 2015–2025" in n["text"] for n in shown)
    links = {n["href"] for n in reader.of("a")}
    for name in drawn():
        assert {f"figures/{name}.{end}" for end in ("svg", "png", "csv")} <= links
    ids = [n["id"] for n in reader.all if "id" in n]
    assert len(ids) == len(set(ids))
    assert check_cells(page) > 300


def test_numbers_on_dutch_axes_have_commas() -> None:
    page = demo_page("nl")
    for name, key, drawing in charts._drawn(page):
        if name == "share-semiconductor":
            assert drawing is not None
            svg = render(*drawing, name=name, said=charts.figure_words(page, key), lang="nl").svg
            texts = re.findall(r">([^<]+)</text>", svg)
            assert any(re.fullmatch(r"\d+,\d %", x) for x in texts)
            assert not any(re.search(r"\d\.\d", x) for x in texts)
            assert "Verenigde Staten" in texts


def test_a_caption_is_the_text_alternative_of_its_drawing() -> None:
    said = charts.figure_words(demo_page(), "classes")
    assert f'aria-label="{said}"' in drawn()["classes"].svg


def test_names_beside_points_cover_nothing() -> None:
    random = np.random.default_rng(5)
    x, y = random.uniform(20, 380, 25).tolist(), random.uniform(20, 280, 25).tolist()
    names = ["n" * int(k) for k in random.integers(3, 14, 25)]
    sides = beside(x, y, names, radius=5, font=10, width=400)
    boxes = []
    for a, b, name, side in zip(x, y, names, sides, strict=True):
        wide = 5.6 * len(name)
        left = {"right": a + 9, "left": a - 9 - wide}.get(side, a - wide / 2)
        top = {"above": b - 19, "below": b + 9}.get(side, b - 5)
        if side != "none":
            boxes.append((left, top, left + wide, top + 10))
    assert len(boxes) > 15
    for i, p in enumerate(boxes):
        assert p[0] >= -1e-9
        assert p[2] <= 400 + 1e-9
        for q in boxes[:i]:
            assert p[2] <= q[0] or q[2] <= p[0] or p[3] <= q[1] or q[3] <= p[1]


def test_a_country_with_nothing_is_not_added_to_the_bars() -> None:
    where = {"technology": "quantum", "period": "all", "country": "NL"}
    page = changed(demo_page(), "countries", where, family_share=0.0)
    for name, _, drawing in charts._drawn(page):
        if name == "share-quantum":
            assert drawing is not None
            assert "NL" not in drawing[1]["country"]


def test_shares_that_are_all_zero_have_no_panel() -> None:
    page = demo_page()
    table = page.tables["countries"].with_columns(
        received_share=pl.lit(0.0), value_share=pl.lit(None, pl.Float64)
    )
    page = replace(page, tables={**page.tables, "countries": table})
    for name, _, drawing in charts._drawn(page):
        if name == "share-quantum":
            assert drawing is not None
            columns = set(drawing[1].columns)
            assert "family_share" in columns
            assert not {"received_share", "value_share"} & columns
