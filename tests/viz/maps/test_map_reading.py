"""What a reader asks of a map first: whom it builds on, found by the names that people type."""

from __future__ import annotations

import itertools

import numpy as np
import polars as pl
import pytest

from netpos import countries
from netpos.tables import Links
from netpos.viz.maps.map import network_map
from netpos.viz.maps.svg import PALETTE

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def page_file(tmp_path_factory, sixty):
    return network_map(sixty, tmp_path_factory.mktemp("map") / "m.html", focal="SE")


@pytest.mark.parametrize(
    ("typed", "found"),
    [("USA", "US"), ("u.s.", "US"), ("Holland", "NL"), ("Deutschland", "DE"), ("UK", "GB")],
)
def test_names_that_people_type_are_found(visit, page_file, typed: str, found: str) -> None:
    page = visit(page_file)
    page.fill("#search", typed)
    page.press("#search", "Enter")
    name = page.evaluate(f"NODES.find((n) => n.id === '{found}').names.en")
    assert page.inner_text("#panel h2") == name


def test_partners_come_first_the_base_is_named_and_escape_closes(visit, page_file) -> None:
    page = visit(page_file)
    page.fill("#search", "NL")
    page.press("#search", "Enter")
    order = page.evaluate("[...document.querySelectorAll('#panel table')].map((t) => t.id)")
    assert order[:2] == ["partners-given", "partners-received"]
    assert "both ends in the technology" in page.inner_text("#base")
    faded = page.evaluate(
        """() => { const near = beside(selection().links);
          return [near.has(NODES.findIndex((n) => n.id === 'NL')), near.size, NODES.length]; }"""
    )
    assert faded[0]
    assert 1 < faded[1] <= faded[2]
    page.keyboard.press("Escape")
    assert page.evaluate("state.chosen") is None


def spans(sixty_periods) -> tuple[pl.DataFrame, str]:
    """In 2015-2020 the core is KR alone; EE has no row there; over the whole span it is the US."""
    codes = [code for code in sixty_periods["2015-2020"].countries if code != "EE"]
    rows = [("2015-2025", code, code == "US", code == "DE") for code in [*codes, "EE"]]
    rows += [("2015-2020", code, code == "KR", code == "JP") for code in codes]
    return pl.DataFrame(rows, ["period", "country", "core", "near_core"], orient="row")


def test_the_core_is_that_of_the_period_in_picture_panel_table_and_legend(
    visit, tmp_path, sixty, sixty_periods
) -> None:
    path = network_map(
        sixty, tmp_path / "m.html", periods=sixty_periods, indicators=spans(sixty_periods)
    )
    page = visit(path)
    fills = """() => {
      const of = (c) => network.body.data.nodes.get(NUMBER_OF.get(c)).color.background;
      return Object.fromEntries(['US', 'DE', 'KR', 'JP', 'EE'].map((c) => [c, of(c)])); }"""
    far, near, core = PALETTE["core"]
    whole = page.evaluate(fills)
    assert whole == {"US": core, "DE": near, "KR": far, "JP": far, "EE": far}
    page.evaluate("App.set({ period: 1, chosen: { node: NUMBER_OF.get('KR') } })")
    early = page.evaluate(fills)
    assert early == {"US": far, "DE": far, "KR": core, "JP": near, "EE": "#ffffff"}
    assert "in the core" in page.inner_text("#panel .sub")
    legend = page.inner_text("#legend")
    assert "Core\n" in legend  # and not "(whole span)"
    assert "Not known in this period" in legend
    assert "Places are of the whole span" in legend
    levels = page.evaluate("""() => { state.table = 'nodes'; const all = tableColumns(selection());
      const column = all.find((c) => c.key === 'core');
      return ['KR', 'US', 'EE'].map((c) =>
        column.show(column.value(NODES[NUMBER_OF.get(c)]))); }""")
    assert levels == ["in the core", "outside the core", "Not known in this period"]
    page.evaluate("App.set({ period: 2 })")  # the table has no rows of it: the whole span stands
    assert page.evaluate(fills) == whole
    assert "Core (whole span)" in page.inner_text("#legend")


def test_a_threshold_takes_countries_without_links_away_but_not_the_one_looked_at(
    visit, page_file
) -> None:
    page = visit(page_file)
    page.evaluate("App.set({ threshold: THRESHOLDS.length - 3, chosen: null, compare: 5 })")
    left = page.evaluate(
        """() => { const { nodes, links } = selection();
          const ends = new Set(links.flatMap((l) => [l.from, l.to]));
          return [nodes.map((n) => n.id), nodes.filter((n) => !ends.has(n.i)).map((n) => n.i)]; }"""
    )
    assert 2 < len(left[0]) < 20
    assert set(left[1]) <= {page.evaluate("NUMBER_OF.get('SE')"), 5}
    assert "SE" in left[0]
    drawn = page.evaluate("network.body.data.nodes.getIds().map((i) => NODES[i].id)")
    assert drawn == left[0]
    assert f"{len(drawn)} of 62 countries" in page.inner_text("#count")


def test_a_hit_off_screen_comes_into_view_in_the_picture_and_in_the_table(visit, page_file) -> None:
    page = visit(page_file, reduced_motion="reduce")
    page.evaluate("network.moveTo({ position: { x: 9000, y: 9000 }, scale: 1.5 })")
    page.fill("#search", "Estonia")
    page.press("#search", "Enter")
    x, y, wide, tall = page.evaluate(
        """() => { const p = network.canvasToDOM(network.getPosition(NUMBER_OF.get('EE')));
          const box = document.getElementById('network'); return [p.x, p.y, box.clientWidth,
          box.clientHeight]; }"""
    )
    assert 0 < x < wide
    assert 0 < y < tall
    page.evaluate("App.set({ view: 'table', table: 'nodes' })")
    page.fill("#search", "Liechtenstein")
    page.press("#search", "Enter")
    row = page.locator("#rows tr.chosen").bounding_box()
    frame = page.locator("#table").bounding_box()
    assert frame["y"] <= row["y"] < frame["y"] + frame["height"]


@pytest.mark.parametrize("size", [(1400, 900), (1000, 700), (390, 800)])
def test_no_name_lies_under_the_buttons_of_the_picture(visit, page_file, size) -> None:
    page = visit(page_file, viewport={"width": size[0], "height": size[1]})
    ground = page.locator("#network").bounding_box()
    for button in page.locator(".zoom button").all():
        assert button.bounding_box()["x"] >= ground["x"] + ground["width"]


def many_countries(count: int) -> Links:
    """Countries with heavy tails, each citing the few largest."""
    codes = sorted(countries.countries()["iso2"])[:count]
    draw = np.random.default_rng(5)
    size = draw.lognormal(3, 2, count)
    i, j = np.nonzero(draw.random((count, count)) < 0.15)
    keep = i != j
    i, j = i[keep], j[keep]
    weight = np.round(size[i] * size[j] / size.sum(), 3) + 0.1
    table = pl.DataFrame(
        {"citing": np.array(codes)[i], "cited": np.array(codes)[j], "weight": weight}
    )
    return Links.from_table(table)


def test_among_130_countries_no_large_one_goes_unnamed_beside_a_smaller_one(
    visit, tmp_path
) -> None:
    page = visit(network_map(many_countries(130), tmp_path / "m.html"))
    page.wait_for_function(  # that the map fits into its place, which takes a while under load
        "() => { const s = network.getScale(), same = window.last === s; window.last = s; "
        "return same; }",
        polling=300,
    )
    named, sizes, met = page.evaluate(
        """() => { let labels, others; const own = placeLabels;
          placeLabels = (...all) => { others = all[3]; labels = own(...all); return [...labels]; };
          network.redraw();
          const pen = document.createElement("canvas").getContext("2d");
          const wide = measureWith(pen);
          const boxes = labels.map(({ text, x, y, font, strong }) => [
            x - wide(text, font, strong) / 2, y - 0.82 * font,
            x + wide(text, font, strong) / 2, y + 0.18 * font]);
          const meet = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
          const all = [...boxes, ...others];
          return [labels.map(({ node }) => node.i),
            NODES.map((n) => nodeSize(n) * network.getScale()),
            all.flatMap((a, k) => all.slice(k + 1).filter((b) => meet(a, b))).length]; }"""
    )
    assert met == 0  # no name over another, or over the name of a sector
    large = [i for i, r in enumerate(sizes) if r >= 5]
    assert len(large) > 20
    assert set(large) <= set(named)


def test_the_country_in_focus_stands_in_the_middle_and_its_partners_by_exchange(
    visit, tmp_path, sixty
) -> None:
    page = visit(network_map(sixty, tmp_path / "m.html", focal="SE"))
    page.select_option("#layout", "centre")
    far = page.evaluate(
        """() => Object.fromEntries(NODES.map((n) => { const { x, y } = network.getPosition(n.i);
          return [n.id, [Math.hypot(x / STYLE.aspect, y), y]]; }))"""
    )
    table = sixty.table.filter(pl.col("citing") != pl.col("cited"))
    mine = table.filter((pl.col("citing") == "SE") | (pl.col("cited") == "SE"))
    other = pl.when(pl.col("citing") == "SE").then(pl.col("cited")).otherwise(pl.col("citing"))
    ranked = mine.group_by(other.alias("other")).agg(pl.col("weight").sum())
    order = ranked.sort("weight", "other", descending=[True, False])["other"].to_list()
    assert far["SE"][0] == 0
    distances = [far[code][0] for code in order]
    assert all(a <= b + 2 for a, b in itertools.pairwise(distances))  # whole units on a ring
    lowest = max(far[code][1] for code in order)
    strangers = set(far) - set(order) - {"SE"}
    assert strangers >= {"IS", "QA"}
    assert all(far[code][1] > lowest for code in strangers)
    legend = page.inner_text("#legend")
    assert "the more citations to and from Sweden, the further in" in legend
    assert "layout=centre" in page.evaluate("location.hash")
    svg = page.evaluate("svgText(selection())")
    assert "No citations to or from Sweden" in svg


def test_without_a_country_in_focus_nothing_is_put_in_the_middle(visit, tmp_path, sixty) -> None:
    page = visit(network_map(sixty, tmp_path / "m.html", focal="VA"), "#layout=centre")
    assert page.locator("#layout option[value=centre]").count() == 0
    assert page.input_value("#layout") == "radial"


BEHIND = """(plain) => {
  const nodes = network.body.data.nodes.get();
  if (plain) network.body.data.edges.update(network.body.data.edges.getIds().map((id) =>
    ({ id, smooth: { enabled: true, type: "curvedCW", roundness: 0.16 } })));
  let behind = 0;
  network.body.data.edges.get().forEach(({ id, from, to }) => {
    const { edgeType } = network.body.edges[id];
    if (nodes.some((node) => {
      if (node.id === from || node.id === to) return false;
      for (let t = 0.04; t < 0.97; t += 0.02) {
        const { x, y } = edgeType.getPoint(t);
        if (Math.hypot(x - node.x, y - node.y) < node.size) return true;
      }
      return false;
    })) behind += 1;
  });
  return behind;
}"""


def test_links_go_round_the_nodes_that_they_would_pass_behind(visit, page_file) -> None:
    page = visit(page_file)
    now, plain = page.evaluate(BEHIND, False), page.evaluate(BEHIND, True)
    assert now < plain / 3, (now, plain)


def test_the_saved_picture_bends_links_as_the_page_does(visit, page_file) -> None:
    page = visit(page_file)
    away = page.evaluate(
        """() => { const bends = bendsOf(selection());
          return network.body.data.edges.get().map(({ id, from, to }) => {
            const spot = (i) => network.getPosition(i);
            const via = pulled(spot(from), spot(to), bends.get(id));
            const there = network.body.edges[id].edgeType.getViaNode();
            return Math.hypot(via.x - there.x, via.y - there.y); }); }"""
    )
    assert len(away) > 100
    assert max(away) < 0.01


def test_after_a_search_the_first_click_in_the_panel_counts(visit, page_file) -> None:
    page = visit(page_file)
    page.fill("#search", "Germany")
    page.press("#search", "Enter")
    before = page.evaluate("network.getPosition(NUMBER_OF.get('DE'))")
    page.click("#move_right")  # leaves the field, which must not build the panel anew
    after = page.evaluate("network.getPosition(NUMBER_OF.get('DE'))")
    assert after == {"x": before["x"] + 20, "y": before["y"]}
