"""Pages of tables and figures: their words are complete, and nothing breaks them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl
import pytest

from netpos.viz.numbers import FORMS
from netpos.viz.report.findings import (
    Findings,
    Section,
    Shown,
    finding_words,
    heading,
    told,
    write_findings,
)
from tests.findings import words

HOSTILE = "<img src=x onerror=alert(1)></script>"


def flat(entry: object, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(entry, dict):
        for key, inner in entry.items():
            yield from flat(inner, f"{name}.{key}")
    elif isinstance(entry, list):
        for k, inner in enumerate(entry):
            yield from flat(inner, f"{name}.{k}")
    else:
        yield name, str(entry)


def test_both_languages_have_the_same_words_with_the_same_places() -> None:
    en, nl = dict(flat(words()["en"])), dict(flat(words()["nl"]))
    assert set(en) == set(nl)
    for name, text in en.items():
        places = [sorted(re.findall(r"\{\w*\}", s)) for s in (text, nl[name])]
        assert set(places[0]) == set(places[1]), name


@pytest.mark.parametrize("entry", words()["note"], ids=lambda e: e["en"][:30])
def test_every_note_has_a_dutch_form_with_the_same_places(entry: dict[str, str]) -> None:
    places = [set(re.findall(r"\{\w+\}", entry[lang])) for lang in ("en", "nl")]
    assert places[0] == places[1]
    filled = re.sub(r"\{\w+\}", "7", entry["en"])
    said, known = told(filled, "nl")
    assert known
    assert said == re.sub(r"\{\w+\}", "7", entry["nl"])


def page(**more: object) -> str:
    rows = pl.DataFrame(
        {"country": ["NL", HOSTILE], "name": [HOSTILE, None], "score": [0.5, None]},
    ).with_columns(score_low=pl.lit(0.25), score_high=pl.lit(0.75))
    shown = Shown("opportunities", rows, {"country": "country", "name": "text", "score": "two"},
                  ["country"], focal=("country", "NL"), of=9)  # fmt: skip
    given = {
        "title": HOSTILE, "lead": HOSTILE, "facts": {HOSTILE: HOSTILE}, "notes": [HOSTILE],
        "sections": [Section(HOSTILE, [HOSTILE], ["not-drawn"], [shown])],
    }  # fmt: skip
    return write_findings(Findings(lang="en", **{**given, **more}))


def test_names_and_texts_are_escaped_everywhere() -> None:
    html = page(inputs=[HOSTILE], files=[HOSTILE], reading=[HOSTILE])
    assert "<img" not in html
    assert "<script" not in html
    assert html.count("&lt;img") >= 9


def test_unknown_is_a_dash_an_interval_stands_below_and_the_rest_is_told() -> None:
    html = page()
    assert '<span class="bounds">0.25 – 0.75</span>' in html
    assert ">–</span>" in html
    assert "The first 2 of 9 rows; all of them are in tables/opportunities.csv." in html
    assert html.count('<tr class="focal">') == 1


def test_a_part_without_rows_shows_no_table_and_made_up_data_say_so() -> None:
    empty = Shown("opportunities", pl.DataFrame({"score": []}, {"score": pl.Float64}),
                  {"score": "two"}, [])  # fmt: skip
    html = page(sections=[Section("a", tables=[empty])], synthetic=True)
    assert "<table" not in html
    assert "Synthetic data" in html


def test_headings_are_words_or_the_name_of_the_column() -> None:
    assert heading("rca", finding_words("nl")) == "RCA"
    assert heading("odd_one", finding_words("nl")) == "odd one"
    assert "small_percent" in FORMS


def test_a_list_cut_short_in_a_note_is_dutch_to_its_end() -> None:
    note = (
        "71 rows sum to less than 50, or to less than 0.005 % of the matrix; their indices rest "
        "on little and they are marked small: afg, aia and 66 more"
    )
    said, known = told(note, "nl")
    assert known
    assert said.endswith("afg, aia en nog 66")
    assert " and " not in said


def test_a_country_is_named_whatever_code_the_table_of_the_user_has() -> None:
    rows = pl.DataFrame({"country": ["jpn", "NL", "Korea, Rep.", "EU27", "zzz"]})
    shown = Shown("countries", rows, {"country": "country"}, ("country",))
    given = {"title": "t", "lead": "l", "facts": {}, "notes": []}
    html = write_findings(Findings(lang="nl", sections=[Section("A", tables=[shown])], **given))
    for name in ("Japan", "Nederland", "Zuid-Korea", "Europese Unie (27)", "zzz"):
        assert f">{name}<" in re.sub(r"\s*([<>])\s*", r"\1", html), name
    assert ">jpn<" not in html
