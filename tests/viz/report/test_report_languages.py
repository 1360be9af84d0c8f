"""The Dutch pages hold no English: every text of a run, its figures, its maps and its warnings."""

from __future__ import annotations

import ast
import inspect
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from netpos import countries
from netpos.analysis import notes, pattern_hits
from netpos.ingest import discover, recognise
from netpos.ingest.readers import lens_header
from netpos.viz import words as report_words
from netpos.viz.report.report import write_report
from tests.viz.report.test_report import Reader
from tests.viz.report_pages import demo_page, empty, unmeasured
from tests.viz.report_runs import drawn, pages

#: Words that are the same in both languages, and names of things.
SHARED = {
    "English", "Families", "Indicator", "Nederlands", "PageRank", "Records", "lens-jsonl",
    "fractional", "families ·", "families).",
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
    assert {t for t in left if not firms.match(t)} == set()
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


def sentence(node: ast.expr) -> str | None:
    """A text of the program with 7 in place of what it fills in."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join("7" if isinstance(v, ast.FormattedValue) else str(v.value)
                       for v in node.values)  # fmt: skip
    return None


def warnings_written() -> list[str]:
    """Every sentence that the analysis adds to what the reader must know."""
    found = []
    for function in (notes.warnings, notes.width_warnings, pattern_hits.jump_warnings):
        for node in ast.walk(ast.parse(inspect.getsource(function))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "append":
                found.append(sentence(node.args[0]))
            elif isinstance(node, ast.Return) and isinstance(node.value, ast.List):
                found += [sentence(e) for e in node.value.elts]
    return [text for text in found if text]


def target(node: ast.Assign) -> str:
    return getattr(node.targets[0], "id", "")


def reasons_written() -> list[str]:
    """Every clause that says why a file is left alone."""
    found = []
    for module in (discover, recognise, lens_header):
        tree = ast.parse(Path(module.__file__).read_text("utf-8"))
        for function in (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)):
            if function.name not in ("_unusual", "recognise", "_json", "_foreign", "_csv",
                                     "_sources", "_members", "_not_opened", "recognise_header",
                                     ):  # fmt: skip
                continue
            for node in ast.walk(function):
                value = None
                given = isinstance(node, ast.keyword) and node.arg == "why"
                if given or (isinstance(node, ast.Assign) and target(node) == "why"):
                    value = node.value
                elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
                    value = node.value.elts[-1]
                elif isinstance(node, ast.Return) and function.name in ("_unusual", "_not_opened"):
                    value = node.value.orelse if isinstance(node.value, ast.IfExp) else node.value
                text = sentence(value) if value is not None else None
                if text:
                    found.append(text)
    found += [recognise._SCHOLARLY, recognise._FRAME, recognise._FLAT.format(key="'7'")]
    found += [why for _, _, why in recognise._FOREIGN] + [why for _, why in discover._NOT_OPENED]
    elsewhere = [f"{what}, which netpos does not read; {lens_header._INSTEAD}"
                 for _, what in lens_header._FOREIGN]  # fmt: skip
    return [*(x for x in found if not x.startswith("7")), *elsewhere, discover._TAR]


def test_every_warning_of_a_run_has_its_dutch() -> None:
    written = warnings_written()
    assert len(written) >= 11
    for text in written:
        assert report_words.translated(text, "warning", "nl")[1], text


def test_every_reason_to_leave_a_file_alone_has_its_dutch() -> None:
    written = reasons_written()
    assert len(written) >= 15
    for text in written:
        said, told = report_words.translated(text, "reason", "nl")
        assert told, text
        assert said != text


def test_sentences_and_lists_inside_a_sentence_are_translated_too() -> None:
    why = (
        "JSON of something else (keys a, b); netpos reads patent exports of Lens.org or PatentsView"
    )
    said, _ = report_words.translated(why, "reason", "nl")
    assert said.startswith("JSON van iets anders (sleutels a, b); netpos leest")
    jumps = (
        "The part of a pattern in its technology jumps: H10 of semiconductor (40% of its families "
        "in 2023); Y02E10/50 of energy (12% of its families in 2021); and 2 more. Check whether "
        "the classification scheme changed; see tables/pattern_hits.csv."
    )
    said, told = report_words.translated(jumps, "warning", "nl")
    assert told
    assert "H10 van semiconductor (40% van de families in 2023); Y02E10/50 van energy" in said
    assert "; en nog 2. Controleer" in said
    codes = "Residence codes that are no country were set aside: ZZ (3), QQ (1) and more."
    assert report_words.translated(codes, "warning", "nl")[0].endswith("ZZ (3), QQ (1) en meer.")
