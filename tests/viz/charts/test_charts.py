"""Figures: their numbers are those of the tables, their bytes do not move, their names are text."""

from __future__ import annotations

import re
import struct
from dataclasses import replace

import polars as pl
import pytest

from netpos.viz.charts import charts
from netpos.viz.charts import drawing as drawn_beside
from netpos.viz.charts.theme import render
from netpos.viz.report.report import write_report
from netpos.viz.words import words
from tests.viz.charts.drawing import drawn, made, numbers, usual, valid
from tests.viz.report.test_report import Reader, check_cells
from tests.viz.report_pages import changed, demo_page, empty, unmeasured, without

HOSTILE = "<img src=x onerror=alert(1)></text><script>alert(2)</script>"


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
        valid(chart)


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
    for figure in list(drawn().values())[::9]:
        width, height = struct.unpack(">II", figure.png()[16:24])
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
            made_up = words("en")["synthetic_short"]
            again = render(*drawing, name=name, said=said, lang="en", made_up=made_up)
            assert again == drawn()[name]


# --- numbers ------------------------------------------------------------------------------------


def test_shares_of_citations_are_not_drawn_where_they_are_not_measurable() -> None:
    found = numbers(drawn()["share-quantum"]).filter(pl.col("country") == "NL")
    assert found["received_share"].to_list() == [None]
    assert found["family_share"][0] > 0
    for name in ("scores", "classes", "concentration"):
        assert set(numbers(drawn()[name])["technology"]) >= {"semiconductor"}
        assert "quantum" not in set(numbers(drawn()[name])["technology"]), name
    ranks = numbers(drawn()["rank-intervals"]).filter(pl.col("technology") == "quantum")
    # no column of ranks by citations where no technology has an interval for one
    assert "received_rank" not in ranks.columns or ranks["received_rank"].to_list() == [None]
    assert ranks["family_rank"][0] is not None


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


# --- in the report ------------------------------------------------------------------------------


def test_the_report_holds_the_figures_with_captions_and_files() -> None:
    page = replace(unmeasured(demo_page()), figures=drawn())
    reader = Reader(write_report(page))
    shown = [n for n in reader.of("figure") if n.get("class") == "chart"]
    assert len(shown) == len(drawn())
    assert all("Patent families 2015–2025" in n["text"] for n in shown)
    links = {n["href"] for n in reader.of("a")}
    for name in drawn():
        assert {f"figures/{name}.{end}" for end in ("svg", "csv")} <= links
    assert not any(link.endswith(".png") for link in links)
    with_png = write_report(replace(page, options={**page.options, "png": "True"}))
    assert with_png.count('.png">PNG</a>') == len(drawn())
    ids = [n["id"] for n in reader.all if "id" in n]
    assert len(ids) == len(set(ids))
    assert check_cells(page) > 300


def test_a_caption_is_the_text_alternative_of_its_drawing() -> None:
    said = charts.figure_words(demo_page(), "classes")
    assert f'aria-label="{said}"' in drawn()["classes"].svg


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


def test_figures_are_waited_for_when_the_first_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[str] = []

    def draw(job: drawn_beside.Job) -> str:
        drawn.append(job["name"])
        return f"<svg>{job['name']}</svg>"

    monkeypatch.setattr(drawn_beside, "draw", draw)
    page = unmeasured(demo_page())
    with charts.begun(page) as finished:
        found = finished(page)
        names = list(found)
        assert len(found) == len(names) > 10
        assert "share-all" in found
        assert "share-none" not in found
        assert not drawn  # names are known before
        assert found["share-all"].svg == "<svg>share-all</svg>"
        assert sorted(drawn) == sorted(names)
        assert [figure.svg for figure in found.values()] == [f"<svg>{n}</svg>" for n in names]
    assert len(drawn) == len(names)  # each once
