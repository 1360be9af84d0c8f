"""Every page can be read by everyone: checks by hand of structure, names, labels and contrast."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from netpos.viz.report import report
from netpos.viz.safe_html import template_text
from tests.viz.charts.drawing import drawn
from tests.viz.report.test_report import Reader
from tests.viz.report_runs import pages

LANGS = ("en", "nl")
#: Least contrast of letters that are not large (WCAG 2.2, criterion 1.4.3).
LEAST = 4.5


def each(lang: str) -> list[tuple[str, Reader]]:
    return [(name, Reader(path.read_text("utf-8"))) for name, path in pages(lang).items()]


def above(node: dict) -> list[dict]:
    found = []
    while node["parent"] is not None:
        node = node["parent"]
        found.append(node)
    return found


def named(reader: Reader, node: dict) -> bool:
    """Whether a link, a button or a drawing has a name that can be spoken."""
    if node.get("aria-label", "").strip() or node["text"].strip():
        return True
    inside = [n for n in reader.all if node in above(n)]
    return any(n.get("aria-label", "").strip() for n in inside)


# --- structure ----------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
def test_every_page_says_its_language_and_its_title(lang: str) -> None:
    for name, reader in each(lang):
        assert [n["lang"] for n in reader.of("html")] == [lang], name
        titles = [n["text"].strip() for n in reader.of("title") if n["parent"]["tag"] == "head"]
        assert len(titles) == 1, name
        assert titles[0], name


@pytest.mark.parametrize("lang", LANGS)
def test_every_page_has_one_first_heading_and_none_is_jumped_over(lang: str) -> None:
    for name, reader in each(lang):
        levels = [int(n["tag"][1]) for n in reader.of("h1", "h2", "h3", "h4", "h5", "h6")]
        assert levels[0] == 1, name
        assert levels.count(1) == 1, name
        assert all(b - a <= 1 for a, b in pairwise(levels)), name
        assert all(n["text"].strip() for n in reader.of("h1", "h2", "h3", "h4")), name


@pytest.mark.parametrize("lang", LANGS)
def test_ids_are_unique_and_what_points_to_one_finds_it(lang: str) -> None:
    for name, reader in each(lang):
        ids = [n["id"] for n in reader.all if "id" in n]
        assert len(ids) == len(set(ids)), name
        targets = {n["href"][1:] for n in reader.of("a") if n.get("href", "").startswith("#")}
        for key in ("aria-labelledby", "aria-describedby", "for", "list"):
            targets |= {part for n in reader.all if key in n for part in n[key].split()}
        assert targets <= set(ids), name


@pytest.mark.parametrize("lang", LANGS)
def test_every_page_has_one_main_part_and_sections_have_names(lang: str) -> None:
    for name, reader in each(lang):
        assert len(reader.of("main")) == 1, name
        for node in reader.of("nav", "aside"):
            assert node.get("aria-label", "").strip(), name


# --- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
def test_every_drawing_has_a_text_alternative(lang: str) -> None:
    seen = 0
    for name, reader in each(lang):
        assert not [n for n in reader.of("img") if "alt" not in n], name
        for node in reader.of("svg"):
            if node.get("aria-hidden") == "true":
                continue
            seen += 1
            assert node.get("role") == "img", name
            assert len(node.get("aria-label", "").strip()) > 10, name
    assert seen > 5


def test_every_figure_file_has_its_caption_as_text_alternative() -> None:
    for name, figure in drawn("nl").items():
        found = re.match(r'<svg role="img" aria-label="([^"]{40,})"', figure.svg)
        assert found, name
        assert "Patentfamilies 2015–2025" in found[1], name


@pytest.mark.parametrize("lang", LANGS)
def test_links_and_buttons_have_names(lang: str) -> None:
    seen = 0
    for name, reader in each(lang):
        for node in reader.of("a", "button", "summary"):
            seen += 1
            assert named(reader, node), (name, node)
            if node["tag"] == "a":
                assert node.get("href"), (name, node)
    assert seen > 100


@pytest.mark.parametrize("lang", LANGS)
def test_tables_have_headers_with_a_scope(lang: str) -> None:
    seen = 0
    for name, reader in each(lang):
        for table in reader.of("table"):
            heads = [n for n in reader.of("th") if table in above(n)]
            assert heads, name
            assert all(n.get("scope") in ("col", "row") for n in heads), name
            seen += 1
    assert seen > 5


@pytest.mark.parametrize("lang", LANGS)
def test_fields_of_forms_have_labels(lang: str) -> None:
    seen = 0
    for name, reader in each(lang):
        labelled = {n["for"] for n in reader.of("label") if n.get("for") and n["text"].strip()}
        for node in reader.of("input", "select", "textarea"):
            seen += 1
            wrapped = any(n["tag"] == "label" and n["text"].strip() for n in above(node))
            assert wrapped or node.get("id") in labelled or node.get("aria-label"), (name, node)
        for group in reader.of("fieldset"):
            assert [n for n in reader.of("legend") if n["parent"] is group], name
    assert seen > 20


# --- the map as it stands in a browser ----------------------------------------------------------

CHECK = """() => {
  const shown = (e) => e.getClientRects().length > 0;
  const all = (q) => [...document.querySelectorAll(q)];
  const name = (e) => (e.getAttribute("aria-label") || e.textContent || "").trim();
  const wrong = [];
  const ids = all("[id]").map((e) => e.id);
  if (new Set(ids).size !== ids.length) wrong.push("an id comes twice");
  let level = 0;
  for (const h of all("h1, h2, h3, h4, h5, h6").filter(shown)) {
    const own = Number(h.tagName[1]);
    if (own - level > 1) wrong.push(`h${level} is followed by h${own}: ${h.textContent}`);
    level = own;
  }
  if (all("h1").filter(shown).length !== 1) wrong.push("not one h1");
  for (const e of all("a[href], button, summary").filter(shown))
    if (!name(e)) wrong.push(`no name: ${e.outerHTML.slice(0, 90)}`);
  for (const e of all("th").filter(shown))
    if (!["col", "row"].includes(e.scope)) wrong.push(`no scope: ${e.outerHTML.slice(0, 90)}`);
  for (const e of all("input, select, textarea"))
    if (![...(e.labels || [])].some((l) => l.textContent.trim()) && !e.getAttribute("aria-label"))
      wrong.push(`no label: ${e.outerHTML.slice(0, 90)}`);
  for (const e of all("svg, [role=img]").filter(shown))
    if (!e.closest("[aria-hidden=true]") && !e.getAttribute("aria-label") &&
        !(e.parentElement.closest("[role=img]")))
      wrong.push(`no text: ${e.outerHTML.slice(0, 90)}`);
  for (const e of all("[aria-labelledby], [aria-describedby], label[for]"))
    for (const k of ["aria-labelledby", "aria-describedby", "for"])
      for (const id of (e.getAttribute(k) || "").split(" ").filter(Boolean))
        if (!document.getElementById(id)) wrong.push(`points to nothing: ${id}`);
  return wrong;
}"""


@pytest.mark.e2e
@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", ["maps/quantum.html", "maps/quantum-organisations.html"])
def test_a_map_in_use_keeps_its_names_labels_and_headings(visit, lang: str, name: str) -> None:
    page = visit(pages(lang)[name])
    assert page.evaluate("document.documentElement.lang") == lang
    assert page.evaluate(CHECK) == []
    page.click("#view-switch label:has([value=table])")
    assert page.locator("#table th").count() > 3
    assert page.evaluate(CHECK) == []


# --- contrast -----------------------------------------------------------------------------------


def luminance(colour: tuple[float, ...]) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def rgb(colour: str) -> tuple[float, ...]:
    digits = colour.lstrip("#")
    digits = "".join(c * 2 for c in digits) if len(digits) == 3 else digits
    return tuple(int(digits[k : k + 2], 16) / 255 for k in (0, 2, 4))


def ratio(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    bright = sorted((luminance(one), luminance(other)))
    return (bright[1] + 0.05) / (bright[0] + 0.05)


def letters(css: str) -> list[tuple[str, str | None, str]]:
    """Colour of letters, colour of the ground where the same rule sets it, and the selector."""
    names = dict(re.findall(r"(--[\w-]+):\s*(#[0-9a-f]{3,6})", css))
    plain = re.sub(r"var\((--[\w-]+)\)", lambda m: names.get(m[1], m[0]), css)
    plain = re.sub(r"/\*.*?\*/", "", plain, flags=re.DOTALL)
    found = []
    for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", plain):
        colour = re.search(r"(?:^|[;\s])color:\s*(#[0-9a-f]{3,6})\b", body)
        ground = re.search(r"background(?:-color)?:\s*(#[0-9a-f]{3,6})\b", body)
        if colour:
            found.append((colour[1], ground[1] if ground else None, selector.strip()))
    return found


@pytest.mark.parametrize(
    ("sheet", "grounds"),
    [
        ("report.css", ["#ffffff", "#f5f7fa", "#fff7ea"]),
        ("map.css", ["#ffffff", "#f5f7f9"]),
    ],
)
def test_letters_of_the_pages_stand_out_from_their_ground(sheet: str, grounds: list[str]) -> None:
    css = template_text(sheet)
    for ground in grounds:
        assert ground in css
    found = letters(css)
    assert len(found) > 8
    for colour, ground, selector in found:
        for under in [ground] if ground else grounds:
            assert ratio(rgb(colour), rgb(under)) >= LEAST, (selector, colour, under)


def test_numbers_stand_out_from_the_darkest_cell_of_the_heat_map() -> None:
    css = template_text("report.css")
    fill = re.search(r"\.heat-cell \{ background: rgb\((\d+) (\d+) (\d+) /", css)
    assert fill
    part = report._heat(1.0)
    blend = tuple(part * int(fill[k + 1]) / 255 + 1 - part for k in range(3))
    ink = re.search(r"--ink: (#[0-9a-f]{6})", css)
    assert ink
    assert ratio(rgb(ink[1]), blend) >= LEAST
    assert ".heat-cell .change { color: var(--ink); }" in css
