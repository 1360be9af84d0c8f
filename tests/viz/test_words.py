"""The words of the report in both languages."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest

from netpos.analysis import notes, pattern_hits
from netpos.ingest import discover, recognise
from netpos.ingest.readers import lens_header
from netpos.viz import words as report_words
from tests.viz.report.test_report import TEMPLATES, flat


def test_both_languages_say_the_same_things_with_the_same_fields() -> None:
    en, nl = flat(report_words.words("en")), flat(report_words.words("nl"))
    assert list(en) == list(nl)
    for key, text in en.items():
        fields = sorted(set(re.findall(r"\{(\w*)\}", text)))
        assert fields == sorted(set(re.findall(r"\{(\w*)\}", nl[key]))), key
        assert text.strip() == text
        assert nl[key].strip() == nl[key] != ""
    same = {k for k in en if en[k] == nl[k]}
    assert {en[k] for k in same} == {
        "Share", "Rank", "PageRank", "World", "Indicator", "EU", "fractional", "no",
    } & {en[k] for k in same} | {en[k] for k in same if len(en[k]) < 13}  # fmt: skip


def test_every_word_of_the_file_is_used_somewhere() -> None:
    code = "".join(p.read_text("utf-8") for p in TEMPLATES.parent.rglob("*.py"))
    code += "".join(p.read_text("utf-8") for p in TEMPLATES.glob("report*.j2"))
    built = (
        "column_", "counting_", "by_", "scope_", "rule_", "part_", "bloc_", "say_", "said_", "way_",
        "choice_", "figure_", "chart_", "sensitivity_", "mark_", "short_", "stated_",
        "every_family_", "basis_", "reason_", "clock_", "base_", "answer_", "holder_",
        "dependence_beyond_", "rca_", "could_be_", "direction_", "lacks_", "end_", "open_",
    )  # fmt: skip
    words = [k.split(".")[0] for k in flat(report_words.words("en"))]
    unused = {k for k in words if not k.startswith(built) and not re.search(rf"\b{k}\b", code)}
    assert unused == set()


def test_percentages_of_warnings_are_written_as_those_of_the_page() -> None:
    for noted, said in (
        ("61% of the families", "61 % of the families"),
        ("the exports (4.6%), counted", "the exports (4.6 %), counted"),
        ("light (40% of its families in 2023)", "light (40 % of its families in 2023)"),
        ("the list of 50%.toml", "the list of 50%.toml"),
        ("the list of set 10% (a).csv, 50% rule", "the list of set 10% (a).csv, 50% rule"),
    ):
        assert report_words.translated(noted, "warning", "en") == (said, True)
    assert report_words.translated("61% of it", "reason", "en") == ("61% of it", True)
    assert report_words.translated("new (4.6%)", "warning", "nl") == ("new (4.6 %)", False)


@pytest.mark.parametrize(
    ("warning", "part"),
    [
        ("No family matches any technology of a b.toml.", "uit a b.toml."),
        ("62% of the families lie outside 2015-2025; check --from and --to.", "62 % van de"),
        (
            "Back-file missing: no family is published in or before 2010, so citations received "
            "are understated for older knowledge.",
            "in of voor 2010",
        ),
        (
            "Families are incomplete: 1,234 of 5,678 members are in the corpus (22%); ask for "
            "whole families when exporting.",
            "1.234 van 5.678 leden",
        ),
    ],
)
def test_warnings_of_a_run_are_translated_with_their_numbers(warning: str, part: str) -> None:
    text, told = report_words.translated(warning, "warning", "nl")
    assert told
    assert part in text


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
            if function.name not in ("_unusual", "_bulk", "recognise", "_json", "_foreign", "_csv",
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
    assert "H10 van semiconductor (40 % van de families in 2023); Y02E10/50 van energy" in said
    assert "; en nog 2. Controleer" in said
    codes = "Residence codes that are no country were set aside: ZZ (3), QQ (1) and more."
    assert report_words.translated(codes, "warning", "nl")[0].endswith("ZZ (3), QQ (1) en meer.")
