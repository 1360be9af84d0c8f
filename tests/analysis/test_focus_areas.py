"""Focus areas: colours of the complexity figures where asked for, and nothing else moves."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from netpos import options
from netpos.analysis.focus_areas import focus_areas
from netpos.analysis.technologies import load_technologies
from netpos.cli import app
from netpos.errors import InputError, OptionError
from netpos.viz.charts import charts
from netpos.viz.charts.technologies import AREA_COLOURS
from netpos.viz.charts.theme import FOCUS, PALE, PALETTE, render
from netpos.viz.page import Page
from netpos.viz.report.report import Figure
from netpos.viz.words import words
from tests.lens import FAST, few, toy_records, write
from tests.viz.charts.drawing import numbers
from tests.viz.report_pages import demo_page

NTS = load_technologies(None)
FIGURES = ("complexity-value", "complexity-balance")
AREAS = {"quantum": "Computing & <b>", "semiconductor": "Chips"}


def page(lang: str = "en", **areas: str) -> Page:
    """The demo with a third technology, complexity and specialisation given."""
    found = demo_page(lang)
    value = {"quantum": 80.0, "semiconductor": 60.0, "none": 20.0}
    facts = found.tables["technologies"].with_columns(
        complexity=pl.col("technology").replace_strict(value, default=None),
        complexity_basis=pl.lit("given"),
    )
    table = found.tables["countries"].with_columns(rca=pl.col("rca_within"))
    copy = table.filter(pl.col("technology") == "quantum").with_columns(
        technology=pl.lit("none"), value_share=pl.col("value_share") * 2
    )
    table = pl.concat([table.filter(pl.col("technology") != "none"), copy])
    tables = {**found.tables, "technologies": facts, "countries": table}
    return replace(found, tables=tables, areas=areas)


def drawn(found: Page) -> dict[str, Figure]:
    return {
        name: render(*d, name=name, said=charts.figure_words(found, key), lang=found.lang)
        for name, key, d in charts._drawn(found)
        if name in FIGURES and d is not None
    }


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_each_dot_has_the_colour_of_its_area_and_the_legend_names_the_areas(lang: str) -> None:
    found = drawn(page(lang, **AREAS))
    assert set(found) == set(FIGURES)
    none = words(lang)["no_area"]
    want = {
        "quantum": PALETTE[AREA_COLOURS[0]],
        "semiconductor": PALETTE[AREA_COLOURS[1]],
        "none": PALE,
    }
    for name, figure in found.items():
        table = numbers(figure)
        areas = dict(table.select("technology", "focus_area").iter_rows())
        assert areas == {**AREAS, "none": None}, name
        colours = [want[t] for t in table["technology"]]
        fills = re.findall(r'fill="(#[0-9a-f]{6})"', figure.svg)
        for colour in want.values():
            assert fills.count(colour) == 2, (name, colour)  # a dot, and its sign in the legend
        assert len(colours) == 3
        for text in ("Computing &amp; &lt;b&gt;", "Chips", none):
            assert f">{text}</text>" in figure.svg
        assert words(lang)["figure_areas"] in charts.figure_words(page(lang, **AREAS), name)


def test_the_colour_of_a_dot_follows_its_technology_not_its_place() -> None:
    one = drawn(page(quantum="A", semiconductor="B", none="B"))["complexity-value"]
    fills = re.findall(r'fill="(#[0-9a-f]{6})"', one.svg)
    assert fills.count(PALETTE[AREA_COLOURS[0]]) == 2
    assert fills.count(PALETTE[AREA_COLOURS[1]]) == 3
    assert PALE not in fills
    assert words("en")["no_area"] not in one.svg


def test_without_the_option_no_figure_has_an_area_and_all_dots_one_colour() -> None:
    for figure in drawn(page()).values():
        assert "focus_area" not in figure.csv
        fills = re.findall(r'fill="(#[0-9a-f]{6})"', figure.svg)
        assert fills.count(PALETTE[0]) > 3  # dots, and the signs of sizes
        assert not {PALETTE[k] for k in AREA_COLOURS[1:]} & set(fills)
    assert words("en")["figure_areas"] not in charts.figure_words(page(), "complexity-value")


def test_areas_change_no_other_figure() -> None:
    plain, coloured = page(), page(**AREAS)
    for (name, _, one), (_, _, two) in zip(
        charts._drawn(plain), charts._drawn(coloured), strict=True
    ):
        if name not in FIGURES and one is not None:
            assert two is not None
            assert one[0].to_dict() == two[0].to_dict(), name


def test_no_area_has_the_colour_of_the_country_in_focus_or_of_none() -> None:
    colours = [PALETTE[k] for k in AREA_COLOURS]
    assert len(set(colours)) == len(colours)
    assert not {FOCUS, PALE} & set(colours)


# --- where they come from -----------------------------------------------------------------------


def test_the_word_definitions_takes_them_from_the_technology_file() -> None:
    found = focus_areas("definitions", NTS, colours=len(AREA_COLOURS))
    assert found == {t.id: t.focus_area for t in NTS if t.focus_area}
    assert list(found) == [t.id for t in NTS if t.focus_area]
    assert "imaging" not in found  # the file says none


def test_a_table_gives_them_and_an_empty_cell_is_none(tmp_path: Path) -> None:
    path = tmp_path / "areas.csv"
    path.write_text("\ufefftechnology;Focus area\nquantum;Bits\nai_data;\nimaging;Bits\n", "utf-8")
    assert focus_areas(str(path), NTS, colours=len(AREA_COLOURS)) == {
        "quantum": "Bits",
        "imaging": "Bits",
    }
    assert focus_areas(None, NTS, colours=len(AREA_COLOURS)) == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("technology,focus_area\nquantum,A\nquantom,B\n", r"a\.csv:3: no technology 'quantom'"),
        ("technology,focus_area\nquantum,A\nquantum,B\n", r"a\.csv:3: quantum is already"),
        ("technology,focus_area\nquantum,A\n,B\n", r"a\.csv:3: technology is empty"),
        ("technology,colour\nquantum,A\n", "column 'focus_area' is missing"),
        (None, "no such file"),
    ],
)
def test_a_table_that_cannot_be_used_is_named_with_its_line(
    tmp_path: Path, text: str | None, said: str
) -> None:
    path = tmp_path / "a.csv"
    if text is not None:
        path.write_text(text, "utf-8")
    with pytest.raises(InputError, match=said):
        focus_areas(str(path), NTS, colours=len(AREA_COLOURS))


def test_no_area_at_all_or_more_than_colours_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("technology,focus_area\nquantum,\n", "utf-8")
    with pytest.raises(OptionError, match="no technology has a focus area"):
        focus_areas(str(path), NTS, colours=len(AREA_COLOURS))
    rows = [f"{t.id},area {k}" for k, t in enumerate(NTS)]
    path.write_text("technology,focus_area\n" + "\n".join(rows), "utf-8")
    with pytest.raises(OptionError, match="10 focus areas; at most 7"):
        focus_areas(str(path), NTS, colours=len(AREA_COLOURS))
    with pytest.raises(OptionError, match="--complexity"):
        options.make({"focus_areas": "definitions"})


def test_a_run_colours_its_figures_and_a_wrong_table_ends_it_before_any_output(
    tmp_path: Path,
) -> None:
    write(tmp_path / "e.jsonl", toy_records())
    rows = "quantum,10\nsemiconductor,20\n"
    (tmp_path / "c.csv").write_text("technology,complexity\n" + rows, "utf-8")
    (tmp_path / "wrong.csv").write_text("technology,focus_area\nx,A\n", "utf-8")
    call = ["run", str(tmp_path / "e.jsonl"), "--complexity", str(tmp_path / "c.csv"), *FAST]
    call += few(tmp_path, "quantum", "semiconductor")
    bad = [*call, "--out", str(tmp_path / "bad"), "--focus-areas", str(tmp_path / "wrong.csv")]
    done = CliRunner().invoke(app, bad)
    assert done.exit_code == 2
    lines = [x for x in done.stderr.splitlines() if x.startswith("netpos: ")]
    assert len(lines) == 1
    assert "wrong.csv:2: no technology 'x'" in lines[0]
    assert not (tmp_path / "bad" / "index.html").exists()
    good = [*call, "--out", str(tmp_path / "o"), "--focus-areas", "definitions"]
    done = CliRunner().invoke(app, good)
    assert done.exit_code == 0, done.stderr
    html = (tmp_path / "o" / "index.html").read_text("utf-8")
    assert "<code>--focus-areas</code></dt><dd>definitions</dd>" in html
