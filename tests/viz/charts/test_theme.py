"""How figures look."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netpos.viz.charts import charts
from netpos.viz.charts import scores as chart_scores
from netpos.viz.charts import theme as chart_theme
from netpos.viz.charts.drawing import stepwise, tidy
from netpos.viz.charts.theme import (
    COUNTRY_COLOURS,
    FOCUS,
    beside,
    country_colours,
    render,
)
from tests.viz.charts.drawing import drawn
from tests.viz.report.test_accessibility import LEAST, ratio, rgb
from tests.viz.report_pages import demo_page


def test_numbers_on_dutch_axes_have_commas() -> None:
    page = demo_page("nl")
    for name, key, drawing in ((n, k, make()) for n, k, make in charts._kinds(page)):
        if name == "share-semiconductor":
            assert drawing is not None
            svg = render(*drawing, name=name, said=charts.figure_words(page, key), lang="nl").svg
            texts = re.findall(r">([^<]+)</text>", svg)
            assert any(re.fullmatch(r"\d+,\d %", x) for x in texts)
            assert not any(re.search(r"\d\.\d", x) for x in texts)
            assert "Verenigde Staten" in texts


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


def test_the_ratio_is_that_of_the_guideline() -> None:
    assert ratio(rgb("#000"), rgb("#fff")) == pytest.approx(21)
    assert ratio(rgb("#777777"), rgb("#ffffff")) == pytest.approx(4.48, abs=0.005)
    for colour in ("#777777", "#bd1f01", "#00224e"):
        want = ratio(rgb(colour), rgb("#ffffff"))
        assert chart_theme.contrast(colour) == pytest.approx(want, rel=1e-12)


def test_letters_of_the_figures_stand_out_from_white() -> None:
    seen = set()
    for name, figure in drawn("en").items():
        for attributes in re.findall(r"<text([^>]*)>", figure.svg):
            fill = re.search(r'fill="(#[0-9a-fA-F]{3,6})"', attributes)
            assert fill, (name, attributes)
            seen.add(fill[1])
            assert ratio(rgb(fill[1]), rgb("#ffffff")) >= LEAST, (name, fill[1])
    assert len(seen) > 5
    for ground in chart_scores.DIVERGING:
        assert ratio(rgb(chart_theme.INK), rgb(ground)) >= LEAST


def test_every_colour_of_a_line_has_letters_that_can_be_read() -> None:
    for colour in chart_theme.PALETTE:
        assert ratio(rgb(chart_theme.readable(colour)), rgb("#ffffff")) >= LEAST, colour


def test_a_country_has_one_colour_whatever_stands_beside_it() -> None:
    one = dict(zip(["US", "DE", "NL"], country_colours(["US", "DE", "NL"], "NL"), strict=True))
    two = dict(zip(["CN", "DE", "US"], country_colours(["CN", "DE", "US"], "CN"), strict=True))
    assert (one["US"], one["DE"]) == (two["US"], two["DE"])
    assert one["NL"] == two["CN"] == FOCUS
    assert FOCUS not in COUNTRY_COLOURS.values()
    assert len(set(COUNTRY_COLOURS.values())) == len(COUNTRY_COLOURS)
    few = country_colours(["US", "MT", "CY", "LU", "NL"], "NL")
    assert len(set(few)) == 5


def corners(outline: str) -> list[list[tuple[float, float]]]:
    """Absolute corners of each ring of a path of M, L, m, l and z: as the standard reads it."""
    rings: list[list[tuple[float, float]]] = []
    at, start = (0.0, 0.0), (0.0, 0.0)
    for letter, body in re.findall(r"([MLZmlz])([^MLZmlz]*)", outline):
        numbers = [float(v) for v in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", body)]
        if letter in "zZ":
            at = start
        for k, (x, y) in enumerate(zip(numbers[::2], numbers[1::2], strict=True)):
            at = (at[0] + x, at[1] + y) if letter in "ml" else (x, y)
            if letter in "Mm" and k == 0:
                start = at
                rings.append([])
            rings[-1].append(at)
    return rings


@given(
    st.lists(
        st.lists(st.tuples(st.floats(-999, 999), st.floats(-999, 999)), min_size=3, max_size=40),
        min_size=1,
        max_size=4,
    )
)
def test_an_outline_in_steps_ends_where_its_corners_are(rings) -> None:
    text = "".join("M" + "L".join(f"{x:.2f},{y:.2f}" for x, y in ring) + "Z" for ring in rings)
    found = corners(stepwise(text))
    assert len(found) == len(rings)
    for got, wanted in zip(found, corners(text), strict=True):
        for x, y in wanted:
            assert min(max(abs(x - a), abs(y - b)) for a, b in got) <= 0.0500001


def test_what_draws_nothing_is_left_out_and_a_font_is_said_once() -> None:
    drawn = (
        '<svg><g transform="translate(0,0)"><path d="M0,0h0v0h0Z"/><path d="" display="none"/>'
        '<text font-family="A, B" opacity="1">5</text><path d="M1,1h2" opacity="0.7"/>'
        '<text font-family="A, B">6</text></g></svg>'
    )
    assert tidy(drawn, "a", "x") == (
        '<svg role="img" aria-label="x" font-family="A, B"><g><text>5</text>'
        '<path d="M1,1h2" opacity="0.7"/><text>6</text></g></svg>'
    )
