"""The answer on top: flip the data and it flips, blur them and it says that nothing survives."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from netpos.viz.page import Page
from netpos.viz.report.answer import answer
from netpos.viz.report.report import write_report
from netpos.viz.report.sentences import outside, statements
from tests.viz.report.test_report import HOSTILE, Reader
from tests.viz.report.test_sentences import world
from tests.viz.report_pages import demo_page, empty

LEADS = ["Strong.", "Weak.", "Rising or falling.", "Most dependent on.", "How sure."]


def page(lang: str = "en", **focal: Any) -> Page:
    """The demo's page with one technology made by hand, NL as told, and nothing else."""
    return replace(
        demo_page(lang),
        technologies=[("t", "Testing")],
        tables={"countries": world(**focal)},
        periods=["all"],
    )


def told(found: Page) -> dict[str, str]:
    return {str(s["lead"]): str(s["text"].striptags()) for s in answer(found)}


def test_a_rank_that_is_sure_is_strong_or_weak_and_one_that_is_not_is_neither() -> None:
    ten = {"family_rank": 4, "family_rank_low": 3, "family_rank_high": 6}
    said = told(page(**ten))
    assert said["Strong."].startswith("Among the ten largest by families in Testing (rank 4)")
    assert "by families" not in said["Weak."]
    behind = {"family_rank": 11, "family_rank_low": 11, "family_rank_high": 12}
    said = told(page(**behind))
    assert said["Weak."].startswith("Not among the ten largest by families in Testing (rank 11)")
    assert "by families" not in said["Strong."]
    blurred = {"family_rank": 11, "family_rank_low": 9, "family_rank_high": 12}
    said = told(page(**blurred))
    assert "by families" not in said["Strong."] + said["Weak."]


def test_what_is_strong_at_one_office_is_not_said_of_the_world() -> None:
    ten = page(family_rank=4, family_rank_low=3, family_rank_high=6)
    said = told(replace(ten, office="US"))
    begins = (
        "Of what is filed at one office (United States), not of the world: among the ten largest"
    )
    assert said["Strong."].startswith(begins)
    assert "office" not in said["Weak."]  # nothing is claimed there
    assert "office" not in told(ten)["Strong."]


def test_being_outside_needs_nine_in_ten_ways_of_counting() -> None:
    tables = {"countries": world(family_rank=11, family_rank_low=11, family_rank_high=12)}
    assert [s.level for s in outside(tables, "t", "NL")] == ["sure"]
    ranks = [11] * 8 + [9] * 2
    ways = pl.DataFrame(
        {
            "technology": "t",
            "indicator": "family_share",
            "value": [0.01] * 10,
            "rank": ranks,
            "leader": pl.Series([None] * 10, dtype=pl.String),
        }
    )
    assert outside({**tables, "sensitivity": ways}, "t", "NL") == []
    agree = ways.with_columns(rank=pl.Series([11] * 9 + [9]))
    assert len(outside({**tables, "sensitivity": agree}, "t", "NL")) == 1
    assert outside(tables, "t", "ZZ") == []


def test_where_nothing_survives_it_says_so() -> None:
    blurred = {"family_rank_low": 1, "family_rank_high": 12, "received_rank_low": 1}
    none = {"near_core": None, "balance_ratio_low": -0.5, "balance_ratio_high": 0.5}
    said = told(page(**blurred, received_rank_high=12, **none))
    assert "For no technology" in said["Strong."]
    assert "For no technology" in said["Weak."]
    assert said["Rising or falling."].startswith("One period only")
    assert "cannot be measured" in said["Most dependent on."]


def differences(low: float, high: float) -> pl.DataFrame:
    row = {
        "technology": "t", "indicator": "family_share", "country": "NL", "other_country": "NL",
        "period": "late", "other_period": "early", "difference": (low + high) / 2, "low": low,
        "high": high, "reason": None,
    }  # fmt: skip
    return pl.DataFrame([row], schema_overrides={"reason": pl.String})


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.01, 0.03, "families rose in Testing (+2.0 points)."),
        (-0.03, -0.01, "families fell in Testing (−2.0 points)."),
        (-0.01, 0.03, "In no technology is a rise or fall"),
    ],
)
def test_the_change_follows_its_interval(low: float, high: float, expected: str) -> None:
    one = page()
    tables = {**one.tables, "differences": differences(low, high)}
    found = replace(one, tables=tables, periods=["early", "late", "all"])
    assert expected in told(found)["Rising or falling."]


def test_the_counts_are_those_of_the_statements_below() -> None:
    found = demo_page()
    every = [
        s
        for ident, _ in found.technologies
        for s in [
            *statements(found.tables, ident, "NL"),
            *outside(found.tables, ident, "NL"),
        ]
        if s.key not in ("organisation", "own")
    ]
    sure = sum(s.level == "sure" for s in every)
    unknown = sum(s.level == "open" for s in every)
    said = told(found)["How sure."]
    assert f"Of {len(every)} statements on these technologies {sure} hold" in said
    assert f"{unknown} are not distinguishable" in said


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_five_sentences_stand_before_the_first_table_and_every_link_lands(lang: str) -> None:
    found = demo_page(lang)
    html = write_report(found)
    assert html.index('class="answer"') < html.index("<table")
    reader = Reader(html)
    said = next(n for n in reader.of("ul") if n.get("class") == "answer")
    items = [n for n in reader.of("li") if n["parent"] is said]
    assert len(items) == 5
    ids = {n["id"] for n in reader.all if "id" in n}
    links = re.findall(r'href="#([^"]+)"', "".join(str(s["text"]) for s in answer(found)))
    assert links
    assert set(links) <= ids
    if lang == "en":
        assert [str(s["lead"]) for s in answer(found)] == LEADS


def test_the_group_it_builds_on_is_the_tested_statement_on_all_technologies() -> None:
    found = demo_page()
    group = [s for s in statements(found.tables, "all", "NL") if s.key == "class"]
    said = told(found)["Most dependent on."]
    assert ("not distinguishable" in said) == (group[0].level == "open")
    sources = found.tables["exposure"].filter(technology="all", period="all", kind="country")
    top = sources.sort("share", descending=True).row(0, named=True)
    assert f"{100 * top['share']:.1f} %" in said


def test_no_family_no_answer_and_hostile_names_are_text() -> None:
    assert answer(empty(demo_page())) == []
    ten = {"family_rank": 4, "family_rank_low": 3, "family_rank_high": 6}
    hostile = replace(page(**ten), technologies=[("t", HOSTILE)])
    assert "<img" not in "".join(str(s["text"]) for s in answer(hostile))
