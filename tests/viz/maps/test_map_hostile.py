"""Names from files are text, whatever they hold: in the page, in CSV, in SVG."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import polars as pl
import pytest

from netpos.tables import Links
from netpos.viz.maps.map import map_svg, network_map

pytestmark = pytest.mark.e2e

HOSTILE = [
    '<img src=x onerror="window.ran=1">',
    "</script><script>window.ran=1</script>",
    '"><svg onload=window.ran=1>',
    "Shreffler href Inc",
    "<!--<script>",
    "\u202eABC \u05d0\u05d1 corp",
    "Emoji \U0001f680 GmbH",
    "N" * 300,
    "=1+1",
    "javascript:window.ran=1",
    "&lt;b&gt; {{ 7*7 }} ${7*7}",
    "control \x01\x0b sign",
    'O\'Neil & "Sons", Inc\nsecond line',
]
PLAIN = [f"PLAIN {k:02d}" for k in range(len(HOSTILE))]


def write(folder, names: list[str], text: str):
    """A page with the same network whatever the names, a text in every place that takes one."""
    n = len(names)
    rows = [(names[i], names[(i + k) % n], float(10 * i + k)) for i in range(n) for k in (1, 2, 5)]
    table = pl.DataFrame(rows, ["citing", "cited", "weight"], orient="row")
    nodes = pl.DataFrame(
        {"node": names, "families": [1.0 + i for i in range(n)], "country": ["NL", "US"] * n}
        | {"country": (["NL", "US", "CN"] * n)[:n]}
    )
    links = Links.from_table(table, nodes, kind="organisation", technology=text, period="2015-2025")
    period = Links.from_table(table, nodes, kind="organisation", technology=text)
    return network_map(
        links,
        folder / "m.html",
        title=text,
        technology={"en": text, "nl": text},
        periods={text: period},
        evidence={(names[0], names[1]): [(text, text)]},
        context={"left_out": text, text: text, "results": text, "graph_file": text},
        synthetic=True,
    )


def elements(page) -> dict[str, int]:
    """How many elements of each kind there are, drawings left out."""
    return page.evaluate(
        """() => {
          const count = {};
          for (const e of document.querySelectorAll("*")) {
            if (e.closest("svg") === null) count[e.tagName] = (count[e.tagName] || 0) + 1;
          }
          return count;
        }"""
    )


def walk(page, names: list[str]) -> list[dict[str, int]]:
    """Go through every part of the page that shows names; count elements on the way."""
    counts = [elements(page)]
    name = names[0]
    page.fill("#search", name)
    page.press("#search", "Enter")
    assert page.inner_text("#panel h2") == " ".join(name.split())
    counts.append(elements(page))
    first, second, third = (page.evaluate("(n) => NUMBER_OF.get(n)", n) for n in names[:3])
    page.select_option("#compare", str(third))
    counts.append(elements(page))
    page.evaluate("(link) => App.choose({ link })", [first, second])
    counts.append(elements(page))
    page.evaluate("showTip(nodeTip(NODES[0]), { clientX: 600, clientY: 400 })")
    page.click("#view-switch label:has([value=table])")
    counts.append(elements(page))
    page.click("#table-switch label:has([value=nodes])")
    counts.append(elements(page))
    page.click("#lang-switch label:has([value=nl])")
    page.focus("#period")
    page.keyboard.press("ArrowRight")
    page.evaluate("preparePrint()")
    counts.append(elements(page))
    return counts


@pytest.fixture(scope="module")
def walks():
    """What the walk through a plain page counted, once it was done."""
    return {}


@pytest.mark.parametrize("text", HOSTILE[:3])
def test_no_script_runs_and_no_element_is_injected(visit, tmp_path, walks, text):
    hostile = visit(write(tmp_path / "hostile", HOSTILE, text))
    if "plain" not in walks:
        plain = visit(write(tmp_path / "plain", PLAIN, "plain text"))
        walks["plain"] = walk(plain, PLAIN)
    asked = "window.ran"
    assert walk(hostile, HOSTILE) == walks["plain"]
    assert hostile.evaluate(asked) is None
    assert hostile.evaluate("document.scripts.length") == 3
    assert hostile.evaluate("document.images.length") == 0
    assert hostile.inner_text("h1") == text
    assert hostile.title() == text


def test_hostile_names_are_shown_as_text_in_the_table(visit, tmp_path):
    page = visit(write(tmp_path, HOSTILE, HOSTILE[1]), "#view=table&table=nodes")
    shown = page.evaluate(
        """() => [...document.querySelectorAll("#rows tbody tr")]
             .map((row) => row.cells[0].textContent)"""
    )
    assert sorted(shown) == sorted(HOSTILE)
    assert page.locator("#partner option").count() == len(HOSTILE) + 1
    assert page.locator("#boxes label").count() == len(HOSTILE)


def save(page, button: str) -> bytes:
    with page.expect_download() as waiting:
        page.click(button)
    return Path(waiting.value.path()).read_bytes()


def test_hostile_names_come_back_whole_from_the_csv(visit, tmp_path):
    page = visit(write(tmp_path, HOSTILE, HOSTILE[1]), "#links=all")
    rows = list(csv.DictReader(io.StringIO(save(page, "#save-links").decode(), newline="")))
    assert {row["citing"] for row in rows} == set(HOSTILE)
    assert len(rows) == 3 * len(HOSTILE)
    rows = list(csv.DictReader(io.StringIO(save(page, "#save-nodes").decode(), newline="")))
    assert sorted(row["organisation"] for row in rows) == sorted(HOSTILE)


KNOWN = {"svg", "rect", "g", "path", "circle", "polygon", "text", "ellipse", "line"}


def assert_harmless(svg: str | bytes) -> list[str]:
    root = ElementTree.fromstring(svg)
    for element in root.iter():
        assert element.tag.split("}")[1] in KNOWN
        assert not [name for name in element.attrib if name.startswith("on") or "href" in name]
    return ["".join(e.itertext()) for e in root.iter() if e.tag.endswith("}text")]


def test_hostile_names_are_text_in_svg_files(visit, tmp_path):
    path = write(tmp_path, HOSTILE, HOSTILE[1])
    page = visit(path)
    content = save(page, "#save-svg")
    texts = assert_harmless(content)
    assert HOSTILE[1] in texts  # the heading
    assert "=1+1" in texts
    assert "N" * 23 + "…" in texts
    drawing = tmp_path / "saved.svg"
    drawing.write_bytes(content)
    opened = visit(drawing, wait=False)
    assert opened.evaluate("window.ran") is None


def test_hostile_names_are_text_in_the_still_drawing():
    table = pl.DataFrame({"citing": HOSTILE[:-1], "cited": HOSTILE[1:], "weight": [1.0] * 12})
    texts = assert_harmless(map_svg(Links.from_table(table, kind="organisation")))
    assert "=1+1" in texts
    assert "control  sign" in texts
