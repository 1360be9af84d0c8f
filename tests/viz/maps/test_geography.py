"""The map of the world behind a network: where countries are, and none under another."""

from __future__ import annotations

import json
import re

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netpos.tables import Links
from netpos.viz.maps import geography
from netpos.viz.maps.map import network_map
from tests.viz.conftest import CODES


@pytest.mark.parametrize(
    ("code", "north", "east"),
    [  # geographic coordinates of the World Factbook, degrees
        ("DE", 51.0, 9.0), ("FR", 46.0, 2.0), ("PL", 52.0, 20.0), ("ES", 40.0, -4.0),
        ("NL", 52.5, 5.75), ("FI", 64.0, 26.0), ("IN", 20.0, 77.0), ("BR", -10.0, -55.0),
        ("AU", -27.0, 133.0), ("EG", 27.0, 30.0), ("SG", 1.37, 103.8),
    ],
)  # fmt: skip
def test_the_middle_of_a_country_is_where_atlases_put_it(code, north, east) -> None:
    corners = np.array([[east - 4.5, north - 4.5], [east + 4.5, north + 4.5]])
    (left, low), (right, high) = geography.project(corners)
    x, y = geography.land().middles[code]
    assert left < x < right
    assert high < y < low


def test_the_union_as_one_country_stands_amid_its_members() -> None:
    middles = geography.land().middles
    x, y = middles["EU27"]
    assert middles["ES"][0] < x < middles["RO"][0]
    assert middles["FI"][1] < y < middles["MT"][1]
    assert geography.geographic(["EU27", "US"], [40.0, 40.0]).apart is None


def test_every_country_of_the_maps_has_a_place() -> None:
    assert set(CODES) <= set(geography.land().middles)


@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-60, 84)), min_size=2, max_size=9))
def test_west_stays_west_and_north_stays_up(points) -> None:
    degrees = np.array(points)
    x, y = geography.project(degrees).T
    assert (np.diff(x[np.argsort(degrees[:, 0])]) >= 0).all()
    assert (np.diff(y[np.argsort(degrees[:, 1])]) <= 0).all()


def test_europe_has_at_least_four_times_the_scale_of_the_united_states() -> None:
    def size(east: float, north: float) -> float:
        box = geography.project(np.array([[east, north], [east + 1, north + 1]]))
        return float(np.abs(np.diff(box, axis=0)).prod())

    assert size(10, 50) > 16 * size(-100, 38)


def some_nodes(seed: int, count: int) -> tuple[list[str], np.ndarray]:
    draw = np.random.default_rng(seed)
    codes = sorted(draw.choice(sorted(geography.land().middles), count, replace=False).tolist())
    return codes, draw.uniform(7, 40, count)


@given(st.integers(0, 2**32 - 1), st.sampled_from([20, 116, 233]))
def test_no_node_touches_another_whatever_their_sizes(seed, count) -> None:
    codes, sizes = some_nodes(seed, count)
    placed = geography.geographic(codes, sizes.tolist())
    spots = np.column_stack([placed.x, placed.y]).astype(float)
    far = np.hypot(*(spots[:, None] - spots[None]).transpose(2, 0, 1))
    free = far - sizes[:, None] - sizes[None]
    assert free[~np.eye(count, dtype=bool)].min() >= geography.GAP


@pytest.mark.parametrize("count", [20, 116, 233])
@pytest.mark.parametrize("seed", range(4))
def test_nodes_are_placed_alike_each_time(seed, count) -> None:
    codes, sizes = some_nodes(seed, count)
    first, second = (geography.geographic(codes, sizes.tolist()) for _ in range(2))
    assert first == second


def test_few_nodes_stand_exactly_in_their_countries() -> None:
    codes = ["BR", "IN", "NL", "US"]
    placed = geography.geographic(codes, [40.0] * 4)
    for code, x, y in zip(codes, placed.x, placed.y, strict=True):
        assert np.allclose((x, y), geography.land().middles[code], atol=1)


def test_no_shape_runs_across_the_map_from_edge_to_edge() -> None:
    rings = re.findall(r"M(-?\d+) (-?\d+)l([^z]*)z", geography.land().path)
    assert len(rings) > 173  # of all countries with a shape and a code
    for x, _, moves in rings:
        steps = [int(v) for v in re.findall(r"-?\d+", moves)][::2]
        across = np.cumsum([int(x), *steps])
        assert np.ptp(across) < 900, (x, moves[:40])  # Russia, the widest, is 700 units wide


@pytest.fixture(scope="module")
def page_file(tmp_path_factory, sixty, sixty_periods):
    path = tmp_path_factory.mktemp("map") / "m.html"
    return network_map(sixty, path, periods=sixty_periods)


@pytest.mark.e2e
def test_in_the_page_no_point_is_under_another_in_any_period_or_size(visit, page_file) -> None:
    page = visit(page_file, "#layout=geography")
    least = page.evaluate(
        """() => { let least = Infinity;
          DATA.periods.forEach((_, period) => SIZES.forEach((size) => {
            App.set({ period, size });
            NODES.forEach((a) => NODES.forEach((b) => {
              if (a.i >= b.i) return;
              const [p, q] = [position(a), position(b)];
              least = Math.min(least, Math.hypot(p.x - q.x, p.y - q.y) - nodeSize(a) - nodeSize(b));
            }));
          }));
          return least; }"""
    )
    assert least >= 25


#: Part of the picture that has exactly the colour of land.
LAND = """() => {
  network.redraw();
  const canvas = document.querySelector("#network canvas");
  const copy = document.createElement("canvas");
  [copy.width, copy.height] = [canvas.width, canvas.height];
  const pen = copy.getContext("2d", { willReadFrequently: true });
  pen.drawImage(canvas, 0, 0);
  const { data } = pen.getImageData(0, 0, copy.width, copy.height);
  let land = 0;
  for (let k = 0; k < data.length; k += 4) {
    if (data[k] === 0xe9 && data[k + 1] === 0xed && data[k + 2] === 0xf1) land += 1;
  }
  return land / (data.length / 4);
}"""


@pytest.mark.e2e
def test_the_map_is_drawn_sent_and_saved_with_its_shapes(visit, page_file) -> None:
    page = visit(page_file)
    page.select_option("#layout", "geography")
    assert page.evaluate("location.hash") == "#layout=geography"
    assert page.evaluate(LAND) > 0.1
    legend = page.inner_text("#legend")
    assert "Europe is enlarged" in legend
    assert "Distance says nothing about citations" in legend
    svg = page.evaluate("svgText(selection())")
    assert geography.land().path in svg
    assert "Europe is enlarged" in svg
    page.select_option("#layout", "force")
    assert page.evaluate(LAND) == 0
    assert geography.land().path not in page.evaluate("svgText(selection())")
    again = visit(page_file, "#layout=geography&lang=nl")
    assert again.input_value("#layout") == "geography"
    assert again.locator("#layout option:checked").inner_text() == "Wereldkaart"
    assert "waarop Europa is vergroot" in again.inner_text("#legend")
    again.fill("#search", "Duitsland")
    again.press("#search", "Enter")
    assert again.inner_text("#panel h2") == "Duitsland"
    home = again.evaluate("network.getPosition(NUMBER_OF.get('DE'))")
    again.click("#move_left")
    assert again.evaluate("network.getPosition(NUMBER_OF.get('DE'))")["x"] == home["x"] - 20


@pytest.mark.e2e
def test_codes_without_a_place_stand_below_and_organisations_have_no_map(visit, tmp_path) -> None:
    table = pl.DataFrame({"citing": ["NL", "ZZ"], "cited": ["ZZ", "US"], "weight": [2.0, 1.0]})
    page = visit(network_map(table, tmp_path / "m.html"), "#layout=geography")
    low = page.evaluate(
        "NODES.map((n) => [n.id, network.getPosition(n.i).y > DATA.apart.geography])"
    )
    assert low == [["NL", False], ["US", False], ["ZZ", True]]
    assert "Not a place on the map" in page.evaluate("svgText(selection())")
    links = Links.from_table(table, kind="organisation")
    text = network_map(links, tmp_path / "o.html").read_text(encoding="utf-8")
    data = json.loads(re.search(r'id="map-data"[^>]*>(.*?)</script>', text, re.DOTALL)[1])
    assert data["land"] is None
    assert 'value="geography"' not in text
