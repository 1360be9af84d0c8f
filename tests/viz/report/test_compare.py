"""The comparison page: its numbers are those of the tables, its words those of both languages."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from netpos import countries, options
from netpos.cli import app
from netpos.errors import OptionError
from netpos.viz.charts import charts
from netpos.viz.charts.theme import render
from netpos.viz.page import Page
from netpos.viz.report.compare import write_comparison
from netpos.viz.report.report import Figure, write_report
from netpos.viz.words import words
from tests.lens import FAST, QUANTUM, toy_records, write
from tests.viz.charts.drawing import valid
from tests.viz.report.test_report import Reader, inside, lookup, number
from tests.viz.report_pages import demo_page, empty, unmeasured, without

BESIDE = ("NL", "US", "DE", "CN", "LI")
#: What the page must tell of each technology: column and whether it may be absent.
WANTED = (
    "families", "family_share", "family_rank", "value_share", "received_share", "received_rank",
    "balance_ratio", "core_distance", "source_effective", "similarity",
)  # fmt: skip


def beside(page: Page, *codes: str) -> Page:
    return replace(page, compared=codes or BESIDE)


def truth(page: Page, technology: str, country: str, column: str, period: str = "all") -> object:
    """A cell of countries.csv, found without the code under test."""
    keys = {"technology": technology, "country": country, "period": period}
    rows = page.tables["countries"].filter([pl.col(k) == v for k, v in keys.items()])
    return rows[column][0] if rows.height else None


def check(html: str, page: Page) -> int:
    """Compare each number bound to a cell with the table; return how many there are."""
    found = Reader(html).cells()
    for node in found:
        value = lookup(page.tables, node["data-cell"])
        if "data-less" in node:
            value = value - lookup(page.tables, node["data-less"])
        text = node["text"]
        assert value is not None, node
        if text.startswith("< "):
            assert 0 < 100 * value < number(text[2:], page.lang)[0]
            continue
        shown, half = number(text, page.lang)
        percent = "_share" in node["data-cell"].rsplit("|", 1)[1] or text.endswith(" %")
        assert abs(shown - value * (100 if percent else 1)) <= half * (1 + 1e-9), (node, value)
        assert not text.startswith("+") or value > 0
    return len(found)


@cache
def html_of(lang: str) -> str:
    return write_comparison(beside(unmeasured(demo_page(lang))))


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_every_number_is_that_of_its_cell(lang: str) -> None:
    page = beside(unmeasured(demo_page(lang)))
    assert check(html_of(lang), page) > 150


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_no_number_in_a_table_stands_without_its_cell(lang: str) -> None:
    reader = Reader(html_of(lang))
    seen = 0
    for cell in reader.of("td"):
        left = cell["text"]
        for node in reader.cells():
            if inside(node, cell):
                left = left.replace(node["text"], "", 1)
                seen += 1
        assert not re.search(r"\d", left), cell["text"]
    assert seen > 150


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_each_column_holds_the_numbers_of_the_country_above_it(lang: str) -> None:
    reader = Reader(html_of(lang))
    names = [countries.name(code, lang) for code in BESIDE]
    heads = [n["text"] for n in reader.of("th") if n.get("class") == "n"]
    assert heads == names * 3
    at, bound = {}, 0
    for node in reader.all:
        if node["tag"] == "tr":
            place = -1
        elif node["tag"] == "td":
            place += 1
            at[id(node)] = place
    for node in reader.cells():
        holder = node
        while holder is not None and holder["tag"] != "td":
            holder = holder["parent"]
        if holder is not None:
            assert node["data-cell"].split("|")[3] == BESIDE[at[id(holder)]]
            bound += 1
    assert bound > 150


@pytest.mark.parametrize("column", WANTED)
def test_what_the_table_knows_of_a_country_is_on_the_page(column: str) -> None:
    page = beside(unmeasured(demo_page()))
    shown = set(re.findall(r'data-cell="([^"]+)"', html_of("en")))
    linked = {"received_share", "received_rank", "balance_ratio", "core_distance"}
    linked |= {"source_effective", "similarity"}
    told = 0
    for technology in ("quantum", "semiconductor", "all"):
        for country in BESIDE:
            value = truth(page, technology, country, column)
            known = value is not None
            if column in linked:
                known &= truth(page, technology, country, "measurable") is not False
            if column == "family_rank":
                known &= bool(truth(page, technology, country, "families"))
            if column == "received_rank":
                known &= bool(truth(page, technology, country, "received"))
            assert (f"countries|{technology}|all|{country}|{column}" in shown) == known
            told += known
    assert told >= 8


def test_ranks_stand_with_both_ends_of_their_intervals() -> None:
    html = html_of("en")
    for end in ("family_rank", "received_rank"):
        cell = f"countries|semiconductor|all|US|{end}"
        for name in (cell, f"{cell}_low", f"{cell}_high"):
            assert f'data-cell="{name}"' in html


def test_changes_are_those_between_the_first_and_the_last_period() -> None:
    page = beside(demo_page())
    reader = Reader(write_comparison(page))
    found = {
        (n["data-cell"].split("|")[3], n["data-cell"].split("|")[4]): n["text"]
        for n in reader.cells()
        if "data-less" in n and n["data-cell"].startswith("countries|semiconductor|")
    }
    for country in ("NL", "US", "DE", "CN"):
        ranks = [
            truth(page, "semiconductor", country, "family_rank", p)
            for p in ("2015-2020", "2021-2025")
        ]
        shown, _ = number(found[country, "family_rank"], "en")
        assert shown == ranks[0] - ranks[1]  # + is better


def test_a_country_that_is_not_measurable_has_no_number_on_citations_and_is_named() -> None:
    html = html_of("en")
    names = re.findall(r'data-cell="countries\|quantum\|all\|NL\|(\w+)"', html)
    assert "family_share" in names
    network = ("received", "balance", "core", "source", "similarity")
    assert not [n for n in names if n.startswith(network)]
    section = html[html.index('id="compared-quantum"') : html.index('id="compared-semicond')]
    assert re.search(r"left out, for: Netherlands\.", section)
    assert re.search(r"exports and years for: Liechtenstein\.", section)


def test_a_technology_without_families_says_so_and_has_no_table() -> None:
    html = html_of("en")
    section = html[html.index('id="compared-none"') : html.index('id="compared-all"')]
    assert "for any of these countries" in section
    assert "<table" not in section


def test_a_run_without_value_intervals_or_trend_leaves_them_out_and_says_so() -> None:
    page = demo_page()
    gone = [
        c
        for c in page.tables["countries"].columns
        if c.endswith(("_low", "_high")) or c.startswith("value")
    ]
    page = beside(without(page, "trend", columns={"countries": gone}))
    html = write_comparison(page)
    assert "95 % stability" not in html
    assert "No intervals" in html
    assert "No values in this run" in html
    assert "Rank by value" not in html
    assert check(html, page) > 80


def test_an_empty_run_has_a_page_without_tables_and_without_figures() -> None:
    page = beside(empty(demo_page()))
    html = write_comparison(page)
    assert "<table" not in html
    assert html.count("for any of these countries") == 4
    assert made(page) == {}


def made(page: Page) -> dict[str, Figure]:
    return {
        name: render(*drawn, name=name, said=charts.figure_words(page, key), lang=page.lang)
        for name, key, drawn in charts._drawn(page)
        if name in charts.COMPARED and drawn is not None
    }


@pytest.fixture(scope="module")
def figures() -> dict[str, Figure]:
    return made(beside(unmeasured(demo_page())))


def rows(figure: Figure) -> list[dict]:
    return pl.read_csv(io.BytesIO(figure.csv.encode()), infer_schema_length=None).to_dicts()


# --- figures ------------------------------------------------------------------------------------


def test_figures_name_the_countries_and_their_captions_source_and_counting() -> None:
    for lang in ("en", "nl"):
        page = beside(demo_page(lang))
        drawn = made(page)
        assert set(drawn) == set(charts.COMPARED)
        for name, figure in drawn.items():
            for code in BESIDE:
                assert countries.name(code, lang) in figure.svg
            said = charts.figure_words(page, name)
            assert "2015\u20132025" in said
            assert page.data_date in said
            assert words(lang)["counting_fractional"] in said
            assert words(lang)["by_applicant"] in said
        html = write_comparison(replace(page, figures=drawn))
        for name in drawn:
            assert f'href="figures/{name}.csv"' in html


def test_charts_are_valid_and_two_countries_are_enough() -> None:
    for codes in (("NL", "US"), BESIDE):
        drawn = [
            d for n, _, d in charts._drawn(beside(demo_page(), *codes)) if n in charts.COMPARED
        ]
        assert len(drawn) == 2
        for found in drawn:
            assert found is not None
            valid(found[0])


# --- words and safety ---------------------------------------------------------------------------


def test_the_dutch_page_says_nothing_in_english() -> None:
    reader = Reader(html_of("nl"))
    # netpos itself is cited by its title, which is English
    cited = words("nl")["cite_title"]
    said = " ".join(text for text, _ in reader.texts if not text.startswith(cited))
    for word in ("the", "which", "from", "cited", "with", "families of", "rank", "country"):
        assert not re.search(rf"\b{word}\b", said, re.IGNORECASE), word
    assert "Nederland naast de Verenigde Staten, Duitsland, China en Liechtenstein" in said


def test_hostile_names_are_text_and_no_script_may_run() -> None:
    evil = "<img src=x onerror=alert(1)></script><script>alert(2)</script>"
    page = replace(
        beside(demo_page()), technologies=[("quantum", evil), ("none", evil)], warnings=[evil]
    )
    html = write_comparison(replace(page, figures=made(page)))
    assert "<img" not in html
    assert "<script" not in html
    assert "default-src 'none'" in html
    hosts = set(re.findall(r"https?://[^\"'<> ]+", html))
    assert hosts <= {"http://www.w3.org/2000/svg"}
    Reader(html)


# --- the option ---------------------------------------------------------------------------------


def test_without_the_option_there_is_no_page_no_figure_and_no_link() -> None:
    page = demo_page()
    assert not {n for n, _, _ in charts._drawn(page)} & set(charts.COMPARED)
    assert "comparison.html" not in write_report(page)
    assert 'href="comparison.html"' in write_report(beside(page))


@pytest.mark.parametrize(
    ("text", "words_of_the_error"),
    [
        ("XQ", "--compare-with XQ: no country has this code"),
        ("EP", "--compare-with EP: this is an office"),
        ("", "name one to four countries besides NL"),
        ("NL", "NL is the country in focus already"),
        ("US,us", "US is named twice"),
        ("US,DE,FR,CN,KR", "5 countries besides NL; four at most"),
        ("US;DE", "--compare-with US;DE: no country has this code"),
    ],
)
def test_a_wrong_choice_of_countries_is_one_line_and_exit_code_2(
    text: str, words_of_the_error: str, tmp_path: Path
) -> None:
    with pytest.raises(OptionError, match=re.escape(words_of_the_error)):
        options.make({"compare_with": text})
    path = write(tmp_path / "e.jsonl", toy_records()[:3])
    call = ["run", str(path), "--out", str(tmp_path / "o"), "--compare-with", text, *FAST, *QUANTUM]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 2
    lines = done.stderr.strip().splitlines()
    assert [line for line in lines if words_of_the_error in line] == lines
    assert not (tmp_path / "o").exists()


def test_options_that_contradict_the_comparison_are_refused() -> None:
    with pytest.raises(OptionError, match="--design focal"):
        options.make({"compare_with": "US", "design": "focal"})
    with pytest.raises(OptionError, match="name CN"):
        options.make({"compare_with": "HK", "merge_cn": True})
    assert options.make({"compare_with": "us, UK", "focal": "DE"}).compared() == ["DE", "US", "GB"]
    with pytest.raises(OptionError, match="in focus already"):
        options.make({"compare_with": "GB", "focal": "UK"})


def test_a_run_writes_the_page_from_the_command_line_and_repeats_it(tmp_path: Path) -> None:
    path = write(tmp_path / "e.jsonl", toy_records())
    call = ["run", str(path), "--out", str(tmp_path / "o"), "--compare-with", "US,cn,FR"]
    call += [*FAST, *QUANTUM]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 0, done.stderr
    html = (tmp_path / "o" / "comparison.html").read_text("utf-8")
    table = pl.read_parquet(tmp_path / "o" / "tables" / "countries.parquet")
    page = replace(demo_page(), tables={"countries": table, "technologies": facts(tmp_path / "o")})
    assert check(html, page) > 40
    assert re.search(r"exports and years for: France\.", html)
    again = tmp_path / "again"
    call = ["run", str(path), "--out", str(again), "--config", str(tmp_path / "o" / "run.toml")]
    assert CliRunner().invoke(app, call).exit_code == 0
    assert (again / "comparison.html").read_text("utf-8") == html


def facts(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / "tables" / "technologies.parquet")


def test_nothing_is_wider_than_a_phone(browser, tmp_path: Path, figures: dict[str, Figure]) -> None:
    page = replace(beside(unmeasured(demo_page())), figures=figures)
    path = tmp_path / "comparison.html"
    path.write_text(write_comparison(page), encoding="utf-8")
    for width in (1280, 390):
        context = browser.new_context(viewport={"width": width, "height": 800}, offline=True)
        view = context.new_page()
        view.goto(path.as_uri())
        assert view.evaluate("document.documentElement.scrollWidth") <= width
        context.close()
