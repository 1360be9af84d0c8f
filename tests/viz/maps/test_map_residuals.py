"""The width of links as dependence beyond size: citations over those expected."""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest

from netpos.errors import TableError
from netpos.tables import Links
from netpos.viz.maps.map import network_map

LINKS = [("NL", "US", 60.0), ("NL", "DE", 20.0), ("DE", "US", 90.0), ("US", "NL", 10.0)]
RATIOS = [("NL", "US", 0.5), ("NL", "DE", 4.0), ("DE", "US", 1.0), ("US", "NL", None)]


def links() -> Links:
    table = pl.DataFrame(LINKS, ["citing", "cited", "weight"], orient="row")
    return Links.from_table(table, {"NL": 20.0, "DE": 40.0, "US": 90.0})


def residuals(period: str = "all") -> pl.DataFrame:
    table = pl.DataFrame(RATIOS, ["citing", "cited", "ratio"], orient="row")
    known = pl.col("ratio") == 4.0
    return table.with_columns(
        period=pl.lit(period), low=pl.when(known).then(2.5), high=pl.when(known).then(6.0)
    )


def block(path: Path) -> dict:
    html = path.read_text("utf-8")
    found = re.search(r'<script id="map-data" type="application/json">(.*?)</script>', html, re.S)
    assert found
    return json.loads(found[1])


def test_the_page_holds_the_ratio_of_each_link_that_has_one(tmp_path: Path) -> None:
    data = block(network_map(links(), tmp_path / "m.html", residuals=residuals()))
    ids = data["nodes"]["id"]
    held = {
        tuple(ids[int(k)] for k in key.split(">")): v
        for key, v in data["periods"][0]["ratios"].items()
    }
    assert held == {
        ("NL", "US"): [0.5, None, None],
        ("NL", "DE"): [4, 2.5, 6],
        ("DE", "US"): [1, None, None],
    }
    assert data["has_ratios"] is True


def test_without_ratios_there_is_no_such_choice(tmp_path: Path) -> None:
    assert block(network_map(links(), tmp_path / "m.html"))["has_ratios"] is False
    other = network_map(links(), tmp_path / "o.html", residuals=residuals("2015-2020"))
    assert block(other)["has_ratios"] is False
    with pytest.raises(TableError, match="ratio"):
        network_map(links(), tmp_path / "p.html", residuals=residuals().drop("ratio"))


WIDTHS = """() => Object.fromEntries(network.body.data.edges.get().map((e) =>
    [[NODES[e.from].id, NODES[e.to].id].join(">"), e.width]))"""


@pytest.mark.parametrize(
    ("lang", "said"), [("en", "Width: citations over"), ("nl", "Dikte: citaties gedeeld door")]
)
def test_the_reader_can_let_the_width_follow_the_ratio(visit, tmp_path, lang, said) -> None:
    path = network_map(links(), tmp_path / "m.html", residuals=residuals(), lang=lang)
    page = visit(path)
    assert page.locator("#width-field").is_visible()
    before = page.evaluate(WIDTHS)
    assert max(before, key=before.get) == "DE>US"
    page.select_option("#width", "ratio")
    after = page.evaluate(WIDTHS)
    assert max(after, key=after.get) == "NL>DE"
    # area of the line follows the square root; what has no ratio is drawn thinnest
    assert after["DE>US"] / after["NL>DE"] == pytest.approx((1 / 4) ** 0.5)
    assert min(after, key=after.get) == "US>NL"
    assert said in page.locator("#legend").inner_text()
    assert "width=ratio" in page.evaluate("location.hash")
    page.evaluate("App.choose({ link: ['NL', 'DE'].map((c) => NUMBER_OF.get(c)) })")
    panel = page.locator("#panel").inner_text()
    assert ("4 (2.5 – 6)" if lang == "en" else "4 (2,5 – 6)") in panel
    page.evaluate("App.choose({ link: ['NL', 'US'].map((c) => NUMBER_OF.get(c)) })")
    none = {"en": "0.5 (no interval)", "nl": "0,5 (geen interval)"}
    assert none[lang] in page.locator("#panel").inner_text()


def test_a_map_without_ratios_hides_the_choice(visit, tmp_path) -> None:
    page = visit(network_map(links(), tmp_path / "m.html"), "#width=ratio")
    assert page.locator("#width-field").is_hidden()
    assert page.evaluate("state.width") == "weight"


@pytest.mark.e2e
@pytest.mark.parametrize("ratios", [True, False])
@pytest.mark.parametrize("lang", ["en", "nl"])
@pytest.mark.parametrize("width", [1400, 390])
def test_every_choice_is_wide_enough_to_be_read(visit, tmp_path, lang, ratios, width) -> None:
    given = residuals() if ratios else None
    page = visit(network_map(links(), tmp_path / "m.html", residuals=given, lang=lang))
    page.set_viewport_size({"width": width, "height": 900})
    narrow = page.evaluate(
        """() => [...document.querySelectorAll(".controls select")]
        .filter((s) => s.checkVisibility()).map((s) => [s.id, s.getBoundingClientRect().width])"""
    )
    assert len(narrow) >= 6 + ratios
    assert [(name, wide) for name, wide in narrow if wide < 100] == []
