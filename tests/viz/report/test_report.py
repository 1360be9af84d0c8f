"""The report: its numbers are those of the tables, its words are complete, it breaks on nothing."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from netpos.viz import words as report_words
from netpos.viz.numbers import KEYS, MINUS, UNKNOWN
from netpos.viz.report.report import Page, write_report
from netpos.viz.safe_html import template_text
from tests.viz.report_pages import changed, demo_page, empty, unmeasured, without

VOID = {"meta", "br", "img", "hr", "link", "input", "path", "rect", "circle", "line", "ellipse"}
HOSTILE = "<img src=x onerror=alert(1)></script><script>alert(2)</script>"
TEMPLATES = Path(report_words.__file__).parent / "templates"


class Reader(HTMLParser):
    """Elements in order, with their attributes, their text, and where they stand."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[dict] = []
        self.all: list[dict] = []
        self.texts: list[tuple[str, list[str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        parent = self.open[-1] if self.open else None
        node = {"tag": tag, "text": "", "parent": parent, **{k: v or "" for k, v in attrs}}
        self.all.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop()["tag"] == tag

    def handle_data(self, data: str) -> None:
        for node in self.open:
            node["text"] += data
        if data.strip():
            self.texts.append((data.strip(), [n["tag"] for n in self.open]))

    def of(self, *tags: str) -> list[dict]:
        return [n for n in self.all if n["tag"] in tags]

    def cells(self) -> list[dict]:
        return [n for n in self.all if "data-cell" in n]


def lookup(tables: dict[str, pl.DataFrame], name: str) -> object:
    """The value of a cell by its name, read independently of how the report finds it."""
    table, technology, period, key, column = name.split("|")
    frame = tables[table]
    wanted = {"technology": technology, "period": period} if period else {"technology": technology}
    wanted |= dict(zip(KEYS[table], key.split(",") if key else [], strict=True))
    rows = frame
    for k, v in wanted.items():
        text = v.replace("%7C", "|").replace("%2C", ",").replace("%25", "%")
        rows = rows.filter(pl.col(k).cast(pl.String).fill_null("") == text)
    assert rows.height == 1, name
    return rows[column][0]


def number(text: str, lang: str) -> tuple[float, float]:
    """The number a person reads, and half of its last decimal."""
    plain = text.replace(MINUS, "-").removesuffix(" %").removeprefix("+")
    if lang == "nl":
        plain = plain.replace(".", "").replace(",", ".")
    plain = plain.replace(",", "")
    assert re.fullmatch(r"-?\d+(\.\d+)?", plain), text
    decimals = len(plain.partition(".")[2])
    return float(plain), 0.5 * 10**-decimals


def check_cells(page: Page) -> int:
    """Compare every number with a cell reference to the table; return how many there are."""
    reader = Reader(write_report(page))
    for node in reader.cells():
        text = node["text"]
        value = lookup(page.tables, node["data-cell"]) if node["data-cell"] else 0.0
        if isinstance(value, str):
            said = text if page.lang == "en" else re.sub(r"(\d),(\d %)", r"\1.\2", text)
            assert said == value
            continue
        if "data-less" in node:
            before = lookup(page.tables, node["data-less"]) if node["data-less"] else 0.0
            value = value - before
        if value is None:
            assert text == UNKNOWN, node
            continue
        if text.startswith("< "):
            top, _ = number(text[2:], page.lang)
            assert 0 < 100 * value < top
            continue
        shown, half = number(text, page.lang)
        table, _, _, key, column = (node["data-cell"] or node["data-less"]).split("|")
        if table == "differences":  # of an indicator, the first part of the key
            column = key.split(",")[0].replace("received_share", "share")
        share = text.endswith(" %") or column.startswith(("share", "family_share", "value_share"))
        expected = 100 * value if share else value
        assert abs(shown - expected) <= half * (1 + 1e-9), (node, value)
        if text.startswith("+"):
            assert value > 0
    return len(reader.cells())


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_every_number_with_a_cell_reference_is_that_of_the_table(lang: str) -> None:
    assert check_cells(demo_page(lang)) > 500


def test_the_walk_over_the_cells_notices_a_number_that_is_not_the_tables(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = demo_page()
    html = write_report(page)
    spot = re.search(
        r'<span data-cell="countries\|semiconductor\|all\|NL\|families">([\d.]+)', html
    )
    assert spot
    wrong = html[: spot.start(1)] + str(float(spot[1]) + 0.2) + html[spot.end(1) :]
    monkeypatch.setattr("tests.viz.report.test_report.write_report", lambda _: wrong)
    with pytest.raises(AssertionError):
        check_cells(page)


def test_a_changed_cell_changes_the_number_shown() -> None:
    where = {"technology": "semiconductor", "period": "all", "country": "NL"}
    page = changed(demo_page(), "countries", where, received=1234.5)
    assert ">1,234.5</span>" in write_report(page)
    assert check_cells(page) > 500


def test_a_quantity_in_the_grid_never_stands_without_its_cell() -> None:
    reader = Reader(write_report(demo_page()))
    grid = next(n for n in reader.of("table") if n.get("class") == "grid")
    for node in reader.of("td"):
        if inside(node, grid) and re.search(r"\d", node["text"]):
            bound = [n["text"] for n in reader.cells() if inside(n, node)]
            left = node["text"]
            for text in bound:
                left = left.replace(text, "", 1)
            assert not re.search(r"\d", left), node["text"]


def inside(node: dict, other: dict) -> bool:
    while node is not None:
        if node is other:
            return True
        node = node["parent"]
    return False


# --- words --------------------------------------------------------------------------------------


def flat(words: dict) -> dict[str, str]:
    found = {}
    for key, value in words.items():
        if key in ("in_sentence", "areas"):  # names, by what they are names of
            continue
        if isinstance(value, str):
            found[key] = value
        else:
            for k, item in enumerate(value):
                for j, text in enumerate([item] if isinstance(item, str) else item):
                    found[f"{key}.{k}.{j}"] = text
    return found


def test_templates_hold_no_words_of_their_own() -> None:
    for path in sorted(TEMPLATES.glob("report*.j2")):
        text = path.read_text("utf-8")
        text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", text, flags=re.DOTALL)
        text = re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)
        spoken = re.findall(r'\b(?:aria-label|title|alt)="([^"]+)"', text)
        left = re.sub(r"<[^>]*>", " ", text)
        left = re.sub(r"\b(SVG|PNG|CSV|netpos|--)\b", "", left)
        assert re.findall(r"[A-Za-z]{2,}", left) == [], path.name
        assert re.findall(r"[A-Za-z]{2,}", " ".join(spoken)) == [], path.name


def test_the_dutch_report_says_nothing_in_english() -> None:
    page = replace(unmeasured(demo_page("nl")), options={})
    reader = Reader(write_report(page))
    en, nl = flat(report_words.words("en")), flat(report_words.words("nl"))
    english = {v for k, v in en.items() if v != nl[k]} - set(nl.values())
    english |= {"The Netherlands", "Netherlands", "United States", "Germany"}
    shown = {text for text, tags in reader.texts if "code" not in tags}
    assert (shown - set(page.tables)) & english == set()
    # netpos itself is cited by its title, which is English
    said = " ".join(text for text in shown if not text.startswith(nl["cite_title"]))
    for word in ("the", "families of", "which", "from", "cited", "with"):
        assert not re.search(rf"\b{word}\b", said, re.IGNORECASE), word


def test_a_warning_that_nobody_translated_is_marked_as_english() -> None:
    page = replace(demo_page("nl"), warnings=["Something nobody has seen before."])
    assert '<li lang="en">Something nobody' in write_report(page)
    assert "<li>Benadering via het bureau" in write_report(demo_page("nl"))


def test_each_translated_sentence_has_the_fields_of_the_english_one() -> None:
    words = tomllib.loads(template_text("report_words.toml"))
    for entry in words["warning"] + words["reason"]:
        assert sorted(re.findall(r"\{\w+\}", entry["en"])) == sorted(
            re.findall(r"\{\w+\}", entry["nl"])
        )


# --- parts that are there and not ---------------------------------------------------------------


def test_what_is_not_measurable_has_no_rank_no_number_and_no_sentence() -> None:
    html = write_report(unmeasured(demo_page()))
    assert "not measurable from this export" in html
    assert "netpos missing corpus --technology quantum --focal NL" in html
    hidden = re.findall(r'data-cell="(\w+\|quantum\|[^"]*)"', html)
    network = ("received", "given", "balance", "core_", "similarity", "source_", "exposure|")
    allowed = ("robustness|quantum||family_share", "trend|", "coverage_by_country|quantum|all|NL")
    for name in hidden:
        owner = name.split("|")[3]
        mine = "NL" in owner.split(",") or name.startswith(("exposure", "dependents"))
        if name.startswith("bounds|"):  # how far it could be off is told, its value is not
            assert name.endswith(("|low", "|high")), name
        elif mine and not name.startswith(allowed):
            assert not any(n in name for n in network), name
    section = html[html.index('id="technology-quantum"') : html.index('id="technology-semi')]
    for said in ("near the core cluster", "cited more than", "cited less", "builds most on"):
        assert said not in section
    whole = write_report(demo_page())
    section = whole[whole.index('id="technology-quantum"') : whole.index('id="technology-semi')]
    assert "core cluster" in section


OPTIONAL = (
    "trend", "sensitivity", "robustness", "indicators", "scores", "organisations", "exposure",
    "dependents", "overlap", "source_links", "coverage_by_country",
)  # fmt: skip


@pytest.mark.parametrize("name", OPTIONAL)
def test_a_run_without_a_table_leaves_its_part_out(name: str) -> None:
    page = without(demo_page(), name)
    html = write_report(page)
    assert f'data-cell="{name}|' not in html
    assert check_cells(page) > 200


def test_a_run_without_intervals_and_value_leaves_the_columns_out_and_says_so() -> None:
    columns = demo_page().tables["countries"].columns
    gone = [c for c in columns if c.endswith(("_low", "_high")) or c.startswith("value")]
    page = without(demo_page(), "indicators", columns={"countries": gone})
    html = write_report(page)
    assert '<th scope="col" class="n">95 % interval' not in html
    assert "Run again with --draws 1000" in html
    assert "Needs the legal status" in html
    assert check_cells(page) > 200


def test_an_empty_run_is_a_whole_page_that_says_what_to_do() -> None:
    page = empty(replace(demo_page(), warnings=["No family matches any technology of x.toml."]))
    html = write_report(page)
    reader = Reader(html)
    assert [n["text"] for n in reader.of("h2")] == [
        "Nothing to show yet",
        "Methods and definitions",
    ]
    assert "No family matches any technology" in html
    assert "netpos query" in html
    assert "<svg" not in html
    assert len(reader.of("table")) == 1  # what was read


def test_a_run_without_links_names_what_cannot_be_told_and_draws_nothing() -> None:
    page = demo_page()
    zero = {"links": pl.lit(0, pl.Int64), "coverage": pl.lit(None, pl.Float64)}
    facts = page.tables["technologies"].with_columns(core=pl.lit(""), **zero)
    network = ["received", "given", "domestic", "balance_ratio", "balance", "balance_dyadic"]
    network += ["core", "near_core", "core_distance", "received_rank", "received_share"]
    table = page.tables["countries"]
    table = table.with_columns(pl.lit(None, table.schema[c]).alias(c) for c in network)
    gone = ("exposure", "dependents", "links", "source_links", "organisation_links")
    bare = without(page, "sensitivity", "robustness", "indicators", "scores", "trend")
    tables = dict(bare.tables) | {"technologies": facts, "countries": table}
    tables |= {name: page.tables[name].clear() for name in gone}
    page = replace(bare, tables=tables, evidence={})
    html = write_report(page)
    assert "No citation has a country at both ends" in html
    assert "<svg" not in html
    assert "Balance</th>" not in html
    assert "Largest by families" in html
    assert check_cells(page) > 50


def test_countries_of_priority_offices_are_called_so() -> None:
    page = demo_page()
    rule = pl.when(pl.col("rule").is_in(["all", "unknown"])).then("rule").otherwise(pl.lit("x"))
    table = page.tables["coverage"].with_columns(rule=rule)
    here = pl.col("rule") == "x"
    table = table.filter(~here).vstack(
        table.filter(here).unique(["technology", "period"], keep="first", maintain_order=True)
        .with_columns(rule=pl.lit("priority"))
    )  # fmt: skip
    html = write_report(replace(page, tables={**page.tables, "coverage": table}))
    assert "(fractional), by priority office" in html
    assert "(fractional), by applicant" not in html


def test_one_period_has_no_changes() -> None:
    page = replace(demo_page(), periods=["all"])
    heads = {n["text"] for n in Reader(write_report(page)).of("th")}
    assert "Share" in heads
    assert not {"Change of share", "Change of rank"} & heads


# --- safety, access -----------------------------------------------------------------------------


def test_hostile_names_are_shown_as_text() -> None:
    page = demo_page()
    table = page.tables["organisations"]
    evil = table.with_columns(pl.lit(HOSTILE).alias("organisation")).unique(
        ["technology", "period"], maintain_order=True
    )
    page = replace(
        page,
        tables={**page.tables, "organisations": evil},
        technologies=[("quantum", HOSTILE), ("semiconductor", "|,%")],
        warnings=[HOSTILE],
        inputs=[(HOSTILE, HOSTILE, 1, 1, 0, 0)],
        skipped=[(HOSTILE, HOSTILE)],
        options={"aliases": HOSTILE},
    )
    html = write_report(page)
    assert "<img" not in html
    assert "<script" not in html
    assert html.count("&lt;img src=x onerror") >= 6
    Reader(html)
    assert check_cells(page) > 200


def test_the_page_names_no_other_host_and_no_script_may_run() -> None:
    html = write_report(demo_page())
    assert "http://" not in html.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in html
    assert "<script" not in html
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in html
    assert not re.search(r"\son\w+=", re.sub(r">[^<]*<", "><", html))


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_headings_descend_one_level_at_a_time_and_ids_are_unique(lang: str) -> None:
    reader = Reader(write_report(demo_page(lang)))
    levels = [int(n["tag"][1]) for n in reader.of("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    ids = [n["id"] for n in reader.all if "id" in n]
    assert len(ids) == len(set(ids))
    targets = {n["href"][1:] for n in reader.of("a") if n["href"].startswith("#")}
    assert targets <= set(ids)


def test_tables_have_headers_with_a_scope_and_rows_of_one_width() -> None:
    reader = Reader(write_report(demo_page()))
    for table in reader.of("table"):
        heads = [n for n in reader.of("th") if inside(n, table)]
        assert heads
        assert all(n["scope"] in ("col", "row") for n in heads)
        width = set()
        for row in (n for n in reader.of("tr") if inside(n, table)):
            cells = [n for n in reader.of("td", "th") if n["parent"] is row]
            width.add(sum(int(n.get("colspan", 1)) for n in cells))
        assert len(width) == 1, table["text"][:200]


def test_drawings_have_a_text_alternative() -> None:
    reader = Reader(write_report(demo_page()))
    drawn = reader.of("svg")
    assert len(drawn) == 2
    assert all(n["role"] == "img" and n["aria-label"] for n in drawn)


def test_the_same_tables_give_the_same_bytes() -> None:
    assert write_report(demo_page()) == write_report(demo_page())


def test_links_to_maps_stay_in_the_folder_of_the_page() -> None:
    reader = Reader(write_report(demo_page()))
    links = {n["href"] for n in reader.of("a") if not n["href"].startswith("#")}
    assert {"maps/quantum.html", "maps/quantum-organisations.html", "tables/countries.csv"} <= links
    links.remove("dependence.html")
    assert all(re.fullmatch(r"(maps|tables|figures)/[\w%.-]+", link) for link in links)


def test_patents_behind_a_link_are_those_of_the_run() -> None:
    page = demo_page()
    behind = page.evidence["semiconductor"]
    reader = Reader(write_report(page))
    titled = [n for n in reader.of("span") if n.get("title", "").startswith("family ")]
    shown = {(n["title"].removeprefix("family "), n["text"]) for n in titled}
    assert shown
    assert shown <= {pair for pairs in behind.values() for pair in pairs}
