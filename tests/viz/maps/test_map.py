"""The file of a map: what is in it, that it is the same every time, that it stays small."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest

from netpos.errors import OptionError, TableError
from netpos.tables import Links
from netpos.viz import safe_html
from netpos.viz.maps import data as map_data
from netpos.viz.maps import map as map_module
from netpos.viz.maps.map import map_svg, network_map
from tests.viz.conftest import CODES, organisation_network

FOUR = pl.DataFrame(
    {
        "citing": ["NL"] * 4 + ["DE"] * 4 + ["US"] * 4 + ["CN"] * 4,
        "cited": ["NL", "DE", "US", "CN"] * 4,
        "weight": [4.0, 3, 6, 1, 2, 20, 12, 3, 5, 10, 90, 9, 1, 4, 20, 60],
        "citations": [4, 3, 6, 1, 2, 20, 12, 3, 5, 10, 90, 9, 1, 4, 20, 60],
    }
)
FAMILIES = {"NL": 5.0, "DE": 20.0, "US": 60.0, "CN": 50.0}


def four(**about: object) -> Links:
    return Links.from_table(FOUR, FAMILIES, technology="toy", period="all", **about)


def data_of(path: Path) -> dict:
    text = path.read_text(encoding="utf-8")
    block = re.search(r'<script id="map-data" type="application/json">(.*?)</script>', text, re.S)
    return json.loads(block.group(1))


class Elements(HTMLParser):
    """The elements of a page and their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, list[tuple[str, str | None]]]] = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, attrs))


def test_the_page_holds_every_foreign_link_once_and_the_sums_of_each_country(tmp_path):
    data = data_of(network_map(four(), tmp_path / "m.html"))
    period = data["periods"][0]
    ids = data["nodes"]["id"]
    flat = period["links"]
    rows = {
        (ids[flat[k]], ids[flat[k + 1]]): (flat[k + 2], flat[k + 3]) for k in range(0, len(flat), 4)
    }
    foreign = FOUR.filter(pl.col("citing") != pl.col("cited"))
    assert rows == {(a, b): (w, c) for a, b, w, c in foreign.iter_rows()}
    assert (period["total"], period["weight"]) == (12, 76)
    # R and G of the toy: METHODS, head
    assert dict(zip(ids, period["received"], strict=True)) == {
        "NL": 8,
        "DE": 17,
        "US": 38,
        "CN": 13,
    }
    assert dict(zip(ids, period["given"], strict=True)) == {"NL": 10, "DE": 17, "US": 24, "CN": 25}
    pagerank = dict(zip(ids, period["pagerank"], strict=True))
    published = {"NL": 0.14027806, "DE": 0.24448213, "US": 0.40124652, "CN": 0.21399328}
    for country, value in published.items():
        assert pagerank[country] == pytest.approx(value, abs=5e-9)  # published to 8 decimals


def test_a_map_without_a_table_of_indicators_tells_what_the_links_tell(tmp_path):
    data = data_of(network_map(four(), tmp_path / "m.html"))
    ids, columns = data["nodes"]["id"], data["indicators"]["all"]
    at = ids.index("NL")
    assert (columns["partners"][at], columns["domestic"][at]) == (3, 4)
    assert columns["balance_ratio"][at] == pytest.approx(-1 / 9, abs=1e-12)


def test_rows_in_any_order_give_the_same_bytes(tmp_path, sixty, sixty_periods):
    def shuffled(links: Links, seed: int) -> Links:
        table = links.table.sample(fraction=1, shuffle=True, seed=seed)
        nodes = links.nodes.sample(fraction=1, shuffle=True, seed=seed + 1)
        return Links(nodes, table, links.kind, links.technology, links.period)

    one = network_map(sixty, tmp_path / "a" / "m.html", periods=sixty_periods).read_bytes()
    mixed = {key: shuffled(span, 5) for key, span in sixty_periods.items()}
    two = network_map(shuffled(sixty, 7), tmp_path / "b" / "m.html", periods=mixed).read_bytes()
    assert one == two


def test_positions_do_not_depend_on_the_periods(tmp_path, sixty, sixty_periods):
    alone = data_of(network_map(sixty, tmp_path / "a.html"))
    both = data_of(network_map(sixty, tmp_path / "b.html", periods=sixty_periods))
    assert len(both["periods"]) == 3
    for layout in ("radial", "force"):
        assert alone["nodes"][layout] == both["nodes"][layout]


def test_the_policy_names_exactly_the_scripts_and_the_style_of_the_page(tmp_path):
    text = network_map(four(), tmp_path / "m.html").read_text(encoding="utf-8")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text).group(1)
    policy = policy.replace("&#39;", "'")
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; ")
    for tag, rule in (("script", "script-src"), ("style", "style-src")):
        inside = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.S)
        named = re.search(rf"{rule} ([^;]*)", policy).group(1).split()
        digests = [base64.b64encode(hashlib.sha256(t.encode()).digest()).decode() for t in inside]
        assert named == [f"'sha256-{digest}'" for digest in digests]
    seen = Elements()
    seen.feed(text)
    assert [a for tag, a in seen.found if tag == "script"] == [
        [("id", "map-data"), ("type", "application/json")],
        [],
        [],
    ]
    names = {name for _, attributes in seen.found for name, _ in attributes}
    assert not {name for name in names if name == "style" or name.startswith("on")}


def test_five_hundred_organisations_and_ten_thousand_links_stay_below_the_size(tmp_path):
    names = [f"ORGANISATION NUMBER {k:03d} BV" for k in range(500)]
    links = organisation_network(names, 10_000)
    halves = {
        "2015-2020": Links(links.nodes, links.table[::2], "organisation"),
        "2021-2025": Links(links.nodes, links.table[1::2], "organisation"),
    }
    evidence = {
        pair: [(f"12345678{k}", f"038-066-141-127-89{k}") for k in range(5)]
        for pair in links.table.select("citing", "cited").iter_rows()
    }
    path = network_map(links, tmp_path / "m.html", periods=halves, evidence=evidence)
    assert path.stat().st_size < 1_500_000
    asked: list[tuple[str, str]] = []

    def of_drawn(drawn):
        asked.extend(drawn)
        return {pair: evidence[pair] for pair in drawn}

    other = network_map(links, tmp_path / "o/m.html", periods=halves, evidence=of_drawn)
    assert other.read_bytes() == path.read_bytes()
    assert 0 < len(asked) < len(evidence)
    data = data_of(path)
    assert len(data["periods"][0]["links"]) == 40_000
    assert len(data["evidence"]) == data["periods"][0]["main"]
    assert {len(families) for families in data["evidence"].values()} == {3}


def test_above_the_ceiling_the_strongest_are_kept_and_the_totals_stay_those_of_all(tmp_path):
    names = [f"O{k:03d}" for k in range(620)]
    links = organisation_network(names, 12_000)
    data = data_of(network_map(links, tmp_path / "m.html"))
    period, ids = data["periods"][0], data["nodes"]["id"]
    assert (len(ids), data["nodes_total"], period["total"]) == (500, 620, 12_000)
    kept = len(period["links"]) // 4
    assert kept <= 10_000
    volume = pl.concat(
        [
            links.table.select(pl.col("citing").alias("node"), "weight"),
            links.table.select(pl.col("cited").alias("node"), "weight"),
        ]
    )
    volume = dict(volume.group_by("node").agg(pl.col("weight").sum()).iter_rows())
    dropped = [volume.get(name, 0.0) for name in set(names) - set(ids)]
    assert min(volume[name] for name in ids) >= max(dropped)
    at = max(range(500), key=lambda i: period["received"][i])
    received = links.table.filter(pl.col("cited") == ids[at])["weight"].sum()
    assert period["received"][at] == pytest.approx(received, rel=1e-11)  # 12 digits in the page


def test_tables_of_the_reader_are_taken_as_they_are(tmp_path):
    network_map(FOUR, tmp_path / "polars.html")
    network_map(FOUR.to_pandas(), tmp_path / "pandas.html")
    one, two = (data_of(tmp_path / f"{k}.html")["periods"] for k in ("polars", "pandas"))
    assert one == two


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"lang": "de"}, OptionError, "lang 'de'"),
        (
            {
                "periods": {
                    "p": Links.from_table(
                        pl.DataFrame({"citing": ["FR"], "cited": ["US"], "weight": [1.0]})
                    )
                }
            },
            TableError,
            "node 'FR'",
        ),
        ({"indicators": pl.DataFrame({"land": ["NL"]})}, TableError, "'country' is missing"),
        ({"indicators": pl.DataFrame({"country": ["NL", "NL"]})}, TableError, "NL has more than"),
    ],
)
def test_what_cannot_be_drawn_is_said_and_nothing_is_written(tmp_path, options, error, said):
    with pytest.raises(error, match=re.escape(said)):
        network_map(four(), tmp_path / "m.html", **options)
    assert list(tmp_path.iterdir()) == []


def test_every_word_that_the_scripts_ask_for_is_there():
    known = set(map_data.words("en"))
    for name in map_module.SCRIPTS:
        for key in re.findall(r'say\("([a-z_0-9]+)"', safe_html.template_text(name)):
            assert key in known, (name, key)


def test_the_still_drawing_is_the_same_for_any_order_and_names_the_country_in_focus(sixty):
    one = map_svg(sixty)
    table = sixty.table.sample(fraction=1, shuffle=True, seed=2)
    assert one == map_svg(Links(sixty.nodes.reverse(), table))
    import xml.etree.ElementTree as ElementTree

    root = ElementTree.fromstring(one)
    texts = ["".join(e.itertext()) for e in root.iter() if e.tag.endswith("text")]
    assert "Netherlands" in texts
    assert len([t for t in texts if len(t) > 2]) > 50  # names, not codes, for most of 60
    assert ">Nederland<" in map_svg(sixty, lang="nl")


@pytest.mark.parametrize("count", [0, 1, 2])
def test_small_networks_have_a_still_drawing_and_a_page(tmp_path, count):
    nodes = pl.DataFrame(
        {"node": CODES[:count], "families": [1.0] * count},
        {"node": pl.String, "families": pl.Float64},
    ).sort("node")
    links = Links(nodes, four().table.clear())
    assert map_svg(links).startswith("<svg")
    assert data_of(network_map(links, tmp_path / "m.html"))["periods"][0]["total"] == 0
