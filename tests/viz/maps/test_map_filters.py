"""Filters by share and balance, and places that a reader moves: shown, sent and saved alike."""

from __future__ import annotations

import polars as pl
import pytest

from netpos.viz.maps.map import network_map

pytestmark = pytest.mark.e2e

SHOWN = """() => ({
  nodes: network.body.data.nodes.getIds().map((i) => NODES[i].id).sort(),
  links: network.body.data.edges.get()
    .map((e) => [NODES[e.from].id, NODES[e.to].id].join(">")).sort(),
})"""


@pytest.fixture(scope="module")
def page_file(tmp_path_factory, sixty):
    return network_map(sixty, tmp_path_factory.mktemp("map") / "m.html", focal="SE")


def foreign(sixty) -> pl.DataFrame:
    return sixty.table.filter(pl.col("citing") != pl.col("cited"))


def keys(table: pl.DataFrame) -> list[str]:
    return sorted(f"{a}>{b}" for a, b in table.select("citing", "cited").iter_rows())


def test_links_are_filtered_by_their_share_in_what_the_citing_one_cites(
    visit, page_file, sixty
) -> None:
    page = visit(page_file)
    page.uncheck("#main")
    page.select_option("#share", "0.1")
    share = pl.col("weight") / pl.col("weight").sum().over("citing")
    wanted = foreign(sixty).filter(share >= 0.1)
    shown = page.evaluate(SHOWN)
    assert shown["links"] == keys(wanted)
    assert set(shown["nodes"]) == {*wanted["citing"], *wanted["cited"], "SE"}
    svg = page.evaluate("svgText(selection())")
    assert "at least 10 % of what the citing one cites" in svg
    again = visit(page_file, page.evaluate("location.hash"))
    assert again.evaluate(SHOWN) == shown
    again.click("#view-switch label:has([value=table])")
    assert again.locator("#rows tbody tr").count() == wanted.height


@pytest.mark.parametrize(("choice", "way"), [("more", 1), ("less", -1)])
def test_countries_are_filtered_by_their_balance(visit, page_file, sixty, choice, way) -> None:
    page = visit(page_file)
    page.uncheck("#main")
    page.select_option("#balance", choice)
    table = foreign(sixty)
    received = dict(table.group_by("cited").agg(pl.col("weight").sum()).iter_rows())
    given = dict(table.group_by("citing").agg(pl.col("weight").sum()).iter_rows())
    wanted = {c for c in sixty.countries if way * (received.get(c, 0) - given.get(c, 0)) > 1e-9}
    shown = page.evaluate(SHOWN)
    assert set(shown["nodes"]) == wanted
    both = pl.col("citing").is_in(wanted) & pl.col("cited").is_in(wanted)
    assert shown["links"] == keys(table.filter(both))
    assert f"balance={choice}" in page.evaluate("location.hash")
    out = min(set(sixty.countries) - wanted)
    page.fill("#search", out)  # who is searched for is shown, whatever the filter
    page.press("#search", "Enter")
    assert out in page.evaluate(SHOWN)["nodes"]
    assert page.input_value("#balance") == "all"


PLACE = "(code) => network.getPosition(NUMBER_OF.get(code))"


def test_a_country_is_moved_by_mouse_and_by_keys_and_put_back(visit, page_file) -> None:
    page = visit(page_file, reduced_motion="reduce")
    home = page.evaluate(PLACE, "SE")
    page.focus("#move_left")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "move_left"
    moved = page.evaluate(PLACE, "SE")
    assert moved == {"x": home["x"] - 40, "y": home["y"]}
    at = page.evaluate(
        """() => { const box = document.getElementById("network").getBoundingClientRect();
          const p = network.canvasToDOM(network.getPosition(NUMBER_OF.get("JP")));
          return [box.left + p.x, box.top + p.y]; }"""
    )
    before, scale = page.evaluate(PLACE, "JP"), page.evaluate("network.getScale()")
    page.mouse.move(*at)
    page.mouse.down()
    page.mouse.move(at[0] + 30, at[1] + 50, steps=25)
    page.mouse.up()
    after = page.evaluate(PLACE, "JP")  # the first pixels tell a drag from a click
    assert after["x"] - before["x"] == pytest.approx(30 / scale, abs=10)
    assert after["y"] - before["y"] == pytest.approx(50 / scale, abs=10)
    assert page.inner_text("#panel h2") == "Sweden"  # moving is not choosing
    assert "2 moved by hand" in page.evaluate("svgText(selection())")
    other = visit(page_file, page.evaluate("location.hash"))
    assert other.evaluate(PLACE, "SE") == moved
    assert other.evaluate(PLACE, "JP")["y"] == pytest.approx(after["y"], abs=1)
    page.click("#move_back")
    assert page.evaluate(PLACE, "SE") == home
    page.click("#reset")
    assert page.evaluate(PLACE, "JP") == before


def test_places_in_an_address_that_make_no_sense_are_passed_over(visit, page_file) -> None:
    page = visit(page_file, "#at=1,2,XX&at=a,b,SE&at=999999999,1,SE&share=7&balance=odd")
    assert page.evaluate("[state.moved.size, state.share, state.balance]") == [0, 0, "all"]
