"""The Dutch pages hold no English: every text of a run, its figures, its maps and its warnings."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import polars as pl
import pytest

from netpos import countries
from netpos.viz.charts.owners import ABROAD
from netpos.viz.report.report import write_report
from tests.viz.charts.drawing import drawn
from tests.viz.report.test_report import Reader
from tests.viz.report_pages import demo_page, empty, unmeasured
from tests.viz.report_runs import pages

#: Words that are the same in both languages, and names of things.
SHARED = {
    "English", "Families", "Indicator", "Nederlands", "PageRank", "Records", "lens-json",
    "lens-jsonl", "fractional", "families ·", "families).",
}  # fmt: skip
#: Attributes that are read to people or shown to them.
SPOKEN = ("aria-label", "title", "alt", "placeholder")


def texts(html: str) -> set[str]:
    """Every text that a person sees or hears, outside commands and programs."""
    reader = Reader(html)
    found = {text for text, tags in reader.texts if not {"script", "style", "code"} & set(tags)}
    return found | {n[k] for n in reader.all for k in SPOKEN if n.get(k)}


def option_values(html: str) -> set[str]:
    """The values of options in the list of the run's options: they are typed as they are."""
    nodes = Reader(html).of("dt", "dd")
    return {
        value["text"].strip()
        for key, value in pairwise(nodes)
        if key["tag"] == "dt" and key["text"].strip().startswith("--")
    }


def tables_named(html: str) -> set[str]:
    return {n["text"] for n in Reader(html).of("a") if n["href"].startswith("tables/")}


def countries_alike() -> set[str]:
    table = countries.countries()
    return set(table.filter(pl.col("name_en") == pl.col("name_nl"))["name_en"])


def wordy(text: str) -> bool:
    return len(re.findall(r"[^\W\d_]", text)) > 3


def untranslated(english: str, dutch: str, names: set[str]) -> set[str]:
    """Texts of both pages that are no names, no values of options and no tables."""
    alike = {t for t in texts(english) & texts(dutch) if wordy(t)}
    known = SHARED | names | countries_alike() | option_values(dutch) | tables_named(dutch)
    return {t for t in alike - known if not re.fullmatch(r"[\w./-]+\.\w{2,8}:?|netpos [\d.]+", t)}


def test_every_text_of_every_page_of_a_run_differs_between_the_languages() -> None:
    english, dutch = pages("en"), pages("nl")
    assert set(english) == set(dutch)
    firm = re.compile(r"\b(?:NL|DE|US|CN) FIRM \d+")
    seen = 0
    for name, path in english.items():
        first, second = path.read_text("utf-8"), dutch[name].read_text("utf-8")
        left = {t for t in untranslated(first, second, set()) if not firm.search(t)}
        assert left == set(), name
        seen += len(texts(second))
    assert seen > 1000


def test_every_text_of_the_report_with_all_its_figures_differs_between_the_languages() -> None:
    names = set(demo_page().tables["organisations"]["organisation"])
    found = {}
    for lang in ("en", "nl"):
        found[lang] = write_report(replace(demo_page(lang), figures=drawn(lang)))
    left = untranslated(found["en"], found["nl"], names)
    firms = re.compile(r"(?:DEMO|SYNTHETIC) [A-Z]+")
    assert {t for t in left if not firms.match(t.removeprefix(ABROAD))} == set()
    assert len(drawn("nl")) > 20
    assert len(texts(found["nl"])) > 800


@pytest.mark.parametrize("change", [empty, unmeasured])
def test_every_text_of_a_poorer_report_differs_too(change) -> None:
    names = set(demo_page().tables["organisations"]["organisation"])
    first, second = (write_report(change(demo_page(lang))) for lang in ("en", "nl"))
    left = untranslated(first, second, names)
    assert {t for t in left if not re.match(r"DEMO [A-Z]+", t)} == set()


def test_the_comparison_notices_a_text_that_stayed_english() -> None:
    page = replace(demo_page("nl"), warnings=["Nobody has translated this."])
    english = replace(demo_page("en"), warnings=page.warnings)
    names = set(page.tables["organisations"]["organisation"])
    left = untranslated(write_report(english), write_report(page), names)
    assert "Nobody has translated this." in left


def test_dutch_axes_and_legends_have_no_english_words() -> None:
    english = re.compile(
        r"\b(?:the|share|families of|rank by|cited|without|value|country|balance|year)\b", re.I
    )
    for name, figure in drawn("nl").items():
        for text in re.findall(r">([^<>]+)</text>", figure.svg):
            if not text.startswith("DEMO"):
                assert not english.search(text), (name, text)


# --- what a run writes in English ---------------------------------------------------------------
