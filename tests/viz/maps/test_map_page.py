"""The page in a browser with the network off, used as a person uses it."""

from __future__ import annotations

import csv
import io
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import polars as pl
import pytest

from netpos import countries
from netpos.viz.maps.data import CONTEXT
from netpos.viz.maps.map import network_map

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def indicators(sixty, sixty_periods):
    rows = []
    for key, links in (("2015-2025", sixty), *sixty_periods.items()):
        for code in links.countries:
            received = links.table.filter((pl.col("cited") == code) & (pl.col("citing") != code))
            total = received["weight"].sum()
            rows.append((key, code, total, total * 0.9, total * 1.1, code != "CL", code > "AA"))
    names = ["period", "country", "value", "value_low", "value_high", "measurable", "pure_importer"]
    return pl.DataFrame(rows, names, orient="row")


@pytest.fixture(scope="module")
def page_file(tmp_path_factory, sixty, sixty_periods, indicators):
    families = [("fam-1", "038-066-141-127-891"), ("fam-2", "000-000-000-000-00X"), ("fam-3", "x")]
    return network_map(
        sixty,
        tmp_path_factory.mktemp("map") / "quantum.html",
        technology={"en": "Quantum technology", "nl": "Kwantumtechnologie"},
        periods=sixty_periods,
        indicators=indicators,
        evidence={("NL", "US"): [*families, ("fam-4", "y")]},
        context={
            "period": "2015-2025",
            "data_date": "2025-11-01",
            "records": 125000,
            "coverage": 0.87,
            "left_out": {"en": "12 without a family", "nl": "12 zonder familie"},
            "graph_file": "graphs/quantum.gexf",
            "version": "netpos 9.9",
            "results": "my results",
        },
        synthetic=True,
    )


@pytest.fixture
def page(visit, page_file):
    return visit(page_file)


def shown(page) -> dict:
    """What the picture holds, in numbers taken from vis-network itself."""
    return page.evaluate(
        """() => ({
          nodes: network.body.data.nodes.getIds().map((i) => NODES[i].id).sort(),
          links: network.body.data.edges.get().map((e) =>
            [NODES[e.from].id, NODES[e.to].id].join(">")).sort(),
          count: document.getElementById("count").textContent,
        })"""
    )


def table_rows(page) -> list[list[str]]:
    return page.evaluate(
        """() => [...document.querySelectorAll("#rows tbody tr")]
             .map((tr) => [...tr.cells].map((td) => td.textContent))"""
    )


def heading(page) -> str:
    return page.inner_text("#panel h2")


def spot(page, code: str) -> tuple[float, float]:
    """Where a country stands on the screen."""
    at = page.evaluate(
        """(code) => {
          const box = document.getElementById("network").getBoundingClientRect();
          const p = network.canvasToDOM(network.getPosition(NUMBER_OF.get(code)));
          return [box.left + p.x, box.top + p.y];
        }""",
        code,
    )
    return at[0], at[1]


def assert_picture_and_table_agree(page) -> dict:
    """The same links and countries in both, and in the count above them."""
    page.click("#view-switch label:has([value=map])")
    picture = shown(page)
    page.click("#view-switch label:has([value=table])")
    page.click("#table-switch label:has([value=links])")
    keys = page.evaluate(
        """() => [...document.querySelectorAll("#rows tbody tr")]
             .map((tr) => tr.dataset.key.split(">").map((i) => NODES[i].id).join(">")).sort()"""
    )
    assert keys == picture["links"]
    assert page.inner_text("#count") == picture["count"]
    page.click("#table-switch label:has([value=nodes])")
    keys = page.evaluate(
        """() => [...document.querySelectorAll("#rows tbody tr")]
             .map((tr) => NODES[tr.dataset.key].id).sort()"""
    )
    assert keys == picture["nodes"]
    links, countries_shown = re.match(r"([\d,.]+) \w+ .* · ([\d,.]+) ", picture["count"]).groups()
    assert int(re.sub(r"\D", "", links)) == len(picture["links"])
    assert int(re.sub(r"\D", "", countries_shown)) == len(picture["nodes"])
    page.click("#view-switch label:has([value=map])")
    return picture


def foreign(links) -> pl.DataFrame:
    return links.table.filter(pl.col("citing") != pl.col("cited"))


def test_the_first_view_shows_the_main_links_and_what_they_stand_for(page, sixty):
    picture = assert_picture_and_table_agree(page)
    table = foreign(sixty).with_columns(key=pl.col("citing") + ">" + pl.col("cited"))
    drawn = table.filter(pl.col("key").is_in(picture["links"]))
    share = round(100 * drawn["weight"].sum() / table["weight"].sum())
    total = f"{table.height:,}"
    assert picture["count"].startswith(
        f"{drawn.height} of {total} links shown, {share} % of citations · 62 of 62 countries"
    )
    for end in ("citing", "cited"):  # each country's strongest in and out are among them
        best = table.sort("weight", descending=True).unique(end, keep="first", maintain_order=True)
        assert set(best["key"]) <= set(picture["links"])
    assert heading(page) == "Netherlands"
    assert page.inner_text("h1") == "Who builds on whom: Quantum technology"
    assert "Synthetic data, not real positions" in page.inner_text("header")


def test_the_context_says_what_the_map_rests_on(page):
    text = page.inner_text("#context")
    for part in (
        "2025-11-01",
        "125,000",
        "87 % of citations",
        "12 without a family",
        "netpos 9.9",
        "fractional",
        "both ends in the technology",
        "graphs/quantum.gexf",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("DE", "Germany"),
        ("south kor", "South Korea"),
        ("nl", "Netherlands"),
        ("turkiye", "Türkiye"),
    ],
)
def test_typing_a_name_or_code_and_enter_opens_its_panel(page, typed, found):
    page.click("#search")
    page.keyboard.type(typed)
    page.keyboard.press("Enter")
    assert heading(page) == found


@pytest.mark.parametrize(
    ("typed", "found"),
    [("USA", "United States"), ("u.s.", "United States"), ("Holland", "Netherlands"),
     ("Deutschland", "Germany"), ("England", "United Kingdom"), ("Korea", "South Korea"),
     ("espana", "Spain")],
)  # fmt: skip
def test_a_country_is_found_by_what_people_type_for_it(page, typed: str, found: str):
    page.fill("#search", typed)
    page.press("#search", "Enter")
    assert heading(page) == found


def test_a_search_that_finds_nothing_says_so(page):
    page.fill("#search", "Atlantis")
    page.press("#search", "Enter")
    assert page.inner_text("#search-answer") == "Nothing found for “Atlantis”"
    assert heading(page) == "Netherlands"


def test_a_click_on_a_country_opens_its_panel_with_ranks_intervals_and_partners(page, sixty):
    page.mouse.click(*spot(page, "JP"))
    assert heading(page) == "Japan"
    received = foreign(sixty).filter(pl.col("cited") == "JP")["weight"].sum()
    ranks = foreign(sixty).group_by("cited").agg(pl.col("weight").sum())["weight"]
    row = page.inner_text("#panel tr[data-indicator=received]")
    assert f"{received:,.0f}" in row
    assert f"{(ranks > received).sum() + 1} of 62" in row
    assert "Citations from others" in row
    page.click("#more-indicators summary")
    value = page.inner_text("#panel tr[data-indicator=value]")
    assert f"[{received * 0.9:,.0f}; {received * 1.1:,.0f}]" in value
    given = foreign(sixty).filter(pl.col("citing") == "JP").sort("weight", descending=True)
    first = page.inner_text("#partners-given tbody tr").split("\t")
    assert first[0] == countries.name(given["cited"][0])
    assert first[2] == f"{100 * given['weight'][0] / given['weight'].sum():.0f} %"
    assert "OECD or NATO member, not EU" in page.inner_text("#panel .sub")


def test_the_mouse_over_a_country_tells_its_name_and_numbers(page):
    x, y = spot(page, "JP")
    page.mouse.move(x - 3, y)
    page.mouse.move(x, y, steps=3)
    page.wait_for_selector("#tip:not([hidden])")
    value = page.evaluate("number(DATA.periods[0].received[NUMBER_OF.get('JP')])")
    assert page.inner_text("#tip").split("\n")[:2] == ["Japan", f"Cited by others: {value}"]


def test_a_country_that_cannot_be_measured_gets_no_rank(page):
    page.fill("#search", "Chile")
    page.press("#search", "Enter")
    assert "Not measurable from this export" in page.inner_text("#panel")
    assert " of 62" not in page.inner_text("#indicators")


def test_a_click_on_the_ground_closes_the_panel(page):
    box = page.locator("#network").bounding_box()
    page.mouse.click(box["x"] + 6, box["y"] + box["height"] - 6)
    assert heading(page) == "Details"


def at_rest(page) -> None:
    """Wait until the picture no longer moves to a new frame."""
    page.evaluate(
        """() => new Promise((done) => {
          let before = "", same = 0;
          const look = () => {
            const now = JSON.stringify([network.getViewPosition(), network.getScale()]);
            same = now === before ? same + 1 : 0;
            before = now;
            if (same < 15) requestAnimationFrame(look); else done();
          };
          setTimeout(look, 300);
        })"""
    )


def click_link(page, citing: str, cited: str) -> None:
    """Click where the link lies free of others."""
    at_rest(page)
    at = page.evaluate(
        """([a, b]) => {
          const key = [a, b].map((c) => NUMBER_OF.get(c)).join(">");
          const box = document.getElementById("network").getBoundingClientRect();
          for (let t = 0.2; t < 0.85; t += 0.01) {
            const p = network.canvasToDOM(network.body.edges[key].edgeType.getPoint(t));
            const free = network.getEdgeAt(p) === key && network.getNodeAt(p) === undefined;
            if (free) return [box.left + p.x, box.top + p.y];
          }
          return null;
        }""",
        [citing, cited],
    )
    page.mouse.click(*at)


def test_a_click_on_a_link_shows_both_directions_and_the_families_behind_it(page, sixty):
    page.select_option("#partner", label="Netherlands")
    click_link(page, "NL", "US")
    assert heading(page) == "Netherlands → United States"
    text = page.inner_text("#panel")
    table = foreign(sixty)
    both = [
        table.filter((pl.col("citing") == a) & (pl.col("cited") == b))
        for a, b in (("NL", "US"), ("US", "NL"))
    ]
    facts = [t.inner_text() for t in page.locator(".facts-table").all()]
    for fact, row in zip(facts, both, strict=True):
        assert f"Pairs of families\t{row['citations'][0]:,}" in fact
    share = both[0]["weight"][0] / table.filter(pl.col("citing") == "NL")["weight"].sum()
    assert f"Of all citations abroad by Netherlands\t{100 * share:.0f} %" in facts[0]
    assert "038-066-141-127-891 (family fam-1)" in text
    assert "fam-3" in text
    assert "fam-4" not in text
    assert ("netpos explain 'my results' --technology quantum --citing US --cited NL") in text


def test_families_are_told_with_title_owners_and_year_where_known(page):
    said = page.evaluate("""() => [
      familyText("7", "001-002", "Pump", "A, B+", "2019", "1"),
      familyText("7", "001-002", "", "", "", "1"), familyText("7", "7"),
      familyText("7", "001-002", "<b>x</b>", "A", "2019", ""),
    ]""")
    assert said == [
        "Pump · A, B, and others, a person · 2019 · 001-002 (family 7)",
        "a person · 001-002 (family 7)",
        "7",
        "<b>x</b> · A · 2019 · 001-002 (family 7)",
    ]


def test_two_countries_stand_side_by_side(page):
    page.select_option("#compare", label="Germany")
    heads = page.locator("#indicators thead th").all_inner_texts()
    assert heads == ["Indicator", "Netherlands", "Germany"]
    cells = page.locator("#indicators tr[data-indicator=received] td").all_inner_texts()
    values = page.evaluate(
        """() => ["NL", "DE"].map((c) => number(DATA.periods[0].received[NUMBER_OF.get(c)]))"""
    )
    assert [cell.split("\n")[0] for cell in cells] == values
    assert "Netherlands cites Germany" in page.inner_text("#pair")


def test_all_links_are_drawn_when_asked_for(page, sixty):
    page.uncheck("#main")
    picture = assert_picture_and_table_agree(page)
    assert len(picture["links"]) == foreign(sixty).height
    assert "100 % of citations" in picture["count"]


def test_the_threshold_is_moved_with_the_keys_and_by_dragging(page, sixty):
    page.uncheck("#main")
    page.focus("#threshold")
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    least = page.evaluate("THRESHOLDS[state.threshold]")
    assert page.inner_text("#threshold-value") == f"{least:g} citations"
    assert page.get_attribute("#threshold", "aria-valuetext") == f"{least:g} citations"
    picture = assert_picture_and_table_agree(page)
    assert len(picture["links"]) == foreign(sixty).filter(pl.col("weight") >= least).height
    box = page.locator("#threshold").bounding_box()
    middle = box["y"] + box["height"] / 2
    now = page.evaluate("state.threshold / (THRESHOLDS.length - 1)")
    page.mouse.move(box["x"] + 8 + now * (box["width"] - 16), middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.75 * box["width"], middle, steps=5)
    page.mouse.up()
    more = page.evaluate("THRESHOLDS[state.threshold]")
    assert more > least
    picture = assert_picture_and_table_agree(page)
    assert len(picture["links"]) == foreign(sixty).filter(pl.col("weight") >= more).height


def test_the_period_changes_the_links_and_leaves_every_country_in_its_place(
    page, sixty, sixty_periods
):
    before = [v for code in ("NL", "US", "JP", "EE") for v in spot(page, code)]
    page.uncheck("#main")
    page.focus("#period")
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#period-value") == "2015-2020"
    picture = assert_picture_and_table_agree(page)
    assert len(picture["links"]) == foreign(sixty_periods["2015-2020"]).height
    page.evaluate("Picture.fit(false)")
    after = [v for code in ("NL", "US", "JP", "EE") for v in spot(page, code)]
    assert after == pytest.approx(before, abs=1.5)
    total = foreign(sixty_periods["2015-2020"]).filter(pl.col("cited") == "NL")["weight"].sum()
    assert f"{total:,.0f}" in page.inner_text("#panel tr[data-indicator=received]")
    click = "netpos explain 'my results' --technology quantum --period 2015-2020 --citing NL"
    page.evaluate("App.choose({ link: ['NL', 'US'].map((c) => NUMBER_OF.get(c)) })")
    assert click in page.inner_text("#panel")  # the embedded families are of the whole span


def test_only_partners_shows_all_links_of_one_country_and_no_other(page, sixty):
    page.select_option("#partner", label="Netherlands")
    picture = assert_picture_and_table_agree(page)
    mine = foreign(sixty).filter((pl.col("citing") == "NL") | (pl.col("cited") == "NL"))
    assert picture["links"] == sorted(f"{a}>{b}" for a, b in mine.select("citing", "cited").rows())
    partners = set(mine["citing"]) | set(mine["cited"])
    assert picture["nodes"] == sorted(partners)
    assert not page.is_checked("#main")


def test_countries_are_left_out_and_brought_back_by_their_boxes(page):
    page.click("#filter summary")
    page.get_by_label("United States", exact=True).uncheck()
    picture = assert_picture_and_table_agree(page)
    assert "US" not in picture["nodes"]
    assert not [key for key in picture["links"] if "US" in key]
    assert page.inner_text("#filter-count") == "61 of 62"
    page.click("#filter-none")
    assert shown(page)["nodes"] == []
    assert "No link passes the filters" in page.inner_text("#notice")
    page.click("#filter-all")
    assert len(shown(page)["nodes"]) == 62


def test_layout_colour_and_size_are_switched(page):
    radial = spot(page, "EE")
    page.select_option("#layout", label="Attraction")
    assert spot(page, "EE") != pytest.approx(radial, abs=10)
    fill = "network.body.data.nodes.get(NUMBER_OF.get('NL')).color.background"
    near = page.evaluate(fill)
    page.select_option("#colour", label="Membership")
    member = page.evaluate(fill)
    assert (near, member) != (near, near)
    assert "EU" in page.inner_text("#legend")
    page.select_option("#colour", label="Community")
    assert "…" in page.inner_text("#legend")
    size = "network.body.data.nodes.get(NUMBER_OF.get('NL')).size"
    by_received = page.evaluate(size)
    page.select_option("#size", label="Families")
    assert page.evaluate(size) != by_received
    assert "Size: families" in page.inner_text("#legend")


def test_shape_tells_membership_in_every_colouring(page):
    shapes = "['DE', 'US', 'CN'].map((c) => network.body.data.nodes.get(NUMBER_OF.get(c)).shape)"
    for colour in ("core", "bloc", "community"):
        page.select_option("#colour", colour)
        assert page.evaluate(shapes) == ["dot", "square", "triangle"]


def test_the_area_of_a_node_follows_what_it_receives(page, sixty):
    received = dict(foreign(sixty).group_by("cited").agg(pl.col("weight").sum()).iter_rows())
    sizes = page.evaluate("network.body.data.nodes.get().map((n) => [NODES[n.id].id, n.size])")
    big = {code: size for code, size in sizes if size > 7}
    top = max(received, key=received.get)
    assert len(big) > 8
    for code, size in big.items():
        assert (size / big[top]) ** 2 == pytest.approx(received[code] / received[top], rel=1e-9)


def test_the_language_changes_everywhere_at_once(page):
    page.click("#lang-switch label:has([value=nl])")
    assert page.get_attribute("html", "lang") == "nl"
    assert page.inner_text("h1") == "Wie bouwt voort op wie: Kwantumtechnologie"
    assert heading(page) == "Nederland"
    assert "verbindingen getoond" in page.inner_text("#count")
    assert "Synthetische gegevens" in page.inner_text("header")
    assert "12 zonder familie" in page.inner_text("#context")
    assert "125.000" in page.inner_text("#context")
    left = page.evaluate(
        """() => [...document.querySelectorAll("[data-t]")]
             .filter((e) => e.textContent !== DATA.words.nl[e.dataset.t]).length"""
    )
    assert left == 0
    page.fill("#search", "Duitsland")
    page.press("#search", "Enter")
    assert heading(page) == "Duitsland"


def test_a_view_can_be_sent_as_an_address(page, visit, page_file):
    page.click("#lang-switch label:has([value=nl])")
    page.select_option("#layout", "force")
    page.select_option("#colour", "bloc")
    page.select_option("#size", "pagerank")
    page.focus("#period")
    page.keyboard.press("ArrowRight")
    page.select_option("#partner", label="Nederland")
    page.focus("#threshold")
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    page.click("#filter summary")
    page.get_by_label("China", exact=True).uncheck()
    page.fill("#search", "Japan")
    page.press("#search", "Enter")
    page.select_option("#compare", label="Nederland")
    page.click("#view-switch label:has([value=table])")
    page.click("#rows thead th[data-column=cited] button")
    fragment = page.evaluate("location.hash")
    other = visit(page_file, fragment)
    same = """() => JSON.stringify({ ...state, off: [...state.off] })"""
    assert other.evaluate(same) == page.evaluate(same)
    for element in ("#count", "#panel", "#table", "h1"):
        assert other.inner_text(element) == page.inner_text(element)
    for control in ("#layout", "#colour", "#size", "#partner", "#period", "#threshold"):
        assert other.input_value(control) == page.input_value(control)


def test_an_address_that_makes_no_sense_opens_the_plain_view(visit, page_file):
    page = visit(
        page_file,
        "#view=pie&layout=1&period=1999&min=-3&partner=ZZZ&off=QQ&country=<b>&compare=9&link=a"
        "&sort_links=-constructor&lang=%E0%A4%A",
    )
    assert heading(page) == "Netherlands"
    assert len(shown(page)["links"]) > 100


def test_the_table_is_sorted_by_its_headings(page):
    page.click("#view-switch label:has([value=table])")

    def number(text: str) -> float:
        return float(re.sub(r"[^\d.]", "", text))

    weights = [number(row[2]) for row in table_rows(page)]
    assert weights == sorted(weights, reverse=True)
    assert page.get_attribute("th[data-column=weight]", "aria-sort") == "descending"
    page.click("th[data-column=weight] button")
    weights = [number(row[2]) for row in table_rows(page)]
    assert weights == sorted(weights)
    page.click("th[data-column=citing] button")
    names = [row[0] for row in table_rows(page)]
    assert names == sorted(names)
    assert page.get_attribute("th[data-column=weight]", "aria-sort") == "none"


def test_the_keyboard_alone_reaches_table_rows_and_panel(page):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "skip"
    page.keyboard.press("Enter")
    assert page.is_visible("#table")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('th').dataset.column") == "citing"
    page.keyboard.press("Enter")
    assert page.get_attribute("th[data-column=citing]", "aria-sort") == "ascending"
    assert page.evaluate("document.activeElement.closest('th').dataset.column") == "citing"
    for _ in range(5):
        page.keyboard.press("Tab")
    first = table_rows(page)[0]
    page.keyboard.press("Enter")
    assert heading(page) == f"{first[0]} → {first[1]}"
    assert "Details shown" in page.inner_text("#said")
    assert page.evaluate("document.activeElement.closest('tr') !== null")


def test_every_control_has_a_name_and_the_picture_a_description(page):
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("input, select, button, [role=img]")]
          .filter((e) => e.checkVisibility() && !(e.getAttribute("aria-label") ||
            (e.labels && e.labels.length && e.labels[0].textContent.trim()) ||
            e.textContent.trim())).map((e) => e.outerHTML)"""
    )
    assert nameless == []
    assert page.inner_text("#count") in page.get_attribute("#network", "aria-label")


def test_the_view_turns_without_motion_where_the_reader_asks_for_that(visit, page_file):
    page = visit(page_file, reduced_motion="reduce")
    assert page.evaluate("calm()") is False
    page.click("#zoom-in")
    first = page.evaluate("network.getScale()")
    page.wait_for_timeout(400)
    assert page.evaluate("network.getScale()") == first


def test_zoom_and_drag_move_the_picture_and_fit_brings_it_back(page):
    page.emulate_media(reduced_motion="reduce")
    scale, at = page.evaluate("network.getScale()"), spot(page, "NL")
    page.click("#zoom-in")
    assert page.evaluate("network.getScale()") == pytest.approx(1.35 * scale)
    box = page.locator("#network").bounding_box()
    x, y = box["x"] + 15, box["y"] + box["height"] - 15
    before = spot(page, "NL")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 80, y - 40, steps=4)
    page.mouse.up()
    after = spot(page, "NL")
    assert (after[0] - before[0], after[1] - before[1]) == pytest.approx((80, -40), abs=2)
    page.click("#zoom-fit")
    assert spot(page, "NL") == pytest.approx(at, abs=2)


def test_start_again_forgets_everything_but_the_language(page):
    first = shown(page)
    page.uncheck("#main")
    page.select_option("#layout", "force")
    page.click("#lang-switch label:has([value=nl])")
    page.click("#reset")
    assert shown(page)["links"] == first["links"]
    assert page.evaluate("location.hash") == "#lang=nl"


def save(page, button: str) -> tuple[str, bytes]:
    with page.expect_download() as waiting:
        page.click(button)
    download = waiting.value
    return download.suggested_filename, Path(download.path()).read_bytes()


def test_the_link_file_holds_what_is_shown(page, sixty):
    page.select_option("#partner", label="Netherlands")
    name, content = save(page, "#save-links")
    assert name == "quantum-links.csv"
    table = pl.read_csv(io.BytesIO(content))
    mine = foreign(sixty).filter((pl.col("citing") == "NL") | (pl.col("cited") == "NL"))
    columns = ["citing", "cited", "weight", "citations"]
    assert table.select(columns).sort("citing", "cited").equals(mine.select(columns))
    assert table["period"].unique().to_list() == ["2015-2025"]


def test_the_country_file_holds_what_is_shown(page):
    page.click("#filter summary")
    page.get_by_label("Germany", exact=True).uncheck()
    name, content = save(page, "#save-nodes")
    assert name == "quantum-countries.csv"
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    assert [row["country"] for row in rows] == shown(page)["nodes"]
    by_code = {row["country"]: row for row in rows}
    assert by_code["US"]["membership"] == "OECD/NATO"
    assert by_code["CN"]["name"] == "China"


def test_the_svg_file_is_the_picture_with_its_heading_legend_and_filters(page):
    name, content = save(page, "#save-svg")
    assert name == "quantum.svg"
    root = ElementTree.fromstring(content)
    texts = ["".join(e.itertext()) for e in root.iter() if e.tag.endswith("}text")]
    assert "Who builds on whom: Quantum technology" in texts
    assert "Netherlands" in texts
    assert any("main links only" in text and "% of citations" in text for text in texts)
    assert any(text.startswith("Synthetic data") for text in texts)
    arrows = [e for e in root.iter() if e.tag.endswith("}path") and e.get("fill") == "none"]
    assert len(arrows) == len(shown(page)["links"])


def test_the_png_file_is_a_picture(page):
    name, content = save(page, "#save-png")
    assert name == "quantum.png"
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(content[16:20]), int.from_bytes(content[20:24])) == (2800, 1800)
    assert len(content) > 100_000


def test_print_is_one_landscape_sheet_with_drawing_legend_and_filters(page):
    page.select_option("#partner", label="Netherlands")
    pdf = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    width, height = map(float, re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf).groups())
    assert (width, height) == pytest.approx((841.9, 595.3), abs=1.5)  # A4 in points
    page.emulate_media(media="print")
    assert page.is_visible("#print-figure svg")
    assert "only partners of Netherlands" in page.inner_text("#print-notes")
    assert "Near the core" in page.inner_text("#print-notes")
    assert not page.is_visible("#controls")
    drawn = page.locator("#print-figure path[fill=none]").count()
    page.emulate_media(media="screen")
    assert drawn == len(shown(page)["links"])


def test_a_map_that_says_how_citations_were_located_is_one_sheet_too(visit, tmp_path, sixty):
    line = "1,643 of 2,135 citations have a country at both ends (1,513 in the exports). " * 5
    context = dict.fromkeys(CONTEXT, "a word or two") | {"period": "2015-2025"}
    lines = {"located_given": f"All years: {line}\n2015-2020: {line}\n2021-2025: {line}"}
    lines["located_received"] = lines["located_given"]
    path = network_map(sixty, tmp_path / "m.html", context={**context, **lines}, lang="nl")
    page = visit(path)
    assert "2021-2025: 1,643" in page.inner_text("#context")
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))) == 1
    page.emulate_media(media="print")
    assert "All years: 1,643" in page.inner_text("#context")
    assert "2021-2025: 1,643" not in page.inner_text("#context")
    page.emulate_media(media="screen")


def test_without_scripts_the_drawing_and_the_context_can_be_read(visit, page_file):
    page = visit(page_file, wait=False, java_script_enabled=False)
    assert page.is_visible("#print-figure svg")
    assert "needs JavaScript" in page.inner_text("body")
    assert "125,000" in page.inner_text("#context")


def test_text_stands_out_from_its_ground(page):
    """WCAG AA: 4.5 to 1, over all text that is visible, light or dark."""
    page.click("#view-switch label:has([value=table])")
    pairs = page.evaluate(
        """() => {
          const ground = (e) => {
            for (let a = e; a; a = a.parentElement) {
              const c = getComputedStyle(a).backgroundColor;
              if (c !== "rgba(0, 0, 0, 0)") return c;
            }
            return "rgb(255, 255, 255)";
          };
          return [...document.querySelectorAll("body *")].filter((e) => e.checkVisibility() &&
              [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) &&
              !e.closest(".quiet, #skip, svg, script, noscript"))
            .map((e) => [getComputedStyle(e).color, ground(e), e.textContent.slice(0, 30)]);
        }"""
    )

    def light(colour: str) -> float:
        parts = [int(v) / 255 for v in re.findall(r"\d+", colour)[:3]]
        line = [v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
        return 0.2126 * line[0] + 0.7152 * line[1] + 0.0722 * line[2]

    assert len(pairs) > 200
    for colour, behind, text in pairs:
        high, low = sorted((light(colour), light(behind)), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, (text, colour, behind)
