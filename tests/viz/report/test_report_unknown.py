"""What an export does not know is said to be unknown: no zero, no empty frame, no vain advice."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from netpos.cli import app
from netpos.viz.report.answer import answer
from netpos.viz.report.report import write_report
from netpos.viz.words import words
from tests.conftest import shared_real
from tests.lens import FAST
from tests.viz.report.test_report import Reader
from tests.viz.report_pages import demo_page


def run(folder: Path, name: str, *more: str) -> str:
    path = shared_real() / "lens_csv" / f"{name}.csv.gz"
    call = ["run", str(path), "--out", str(folder), "--technologies", "all", *FAST, *more]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 0, done.stderr
    return (folder / "index.html").read_text(encoding="utf-8")


def shells(html: str) -> list[str]:
    """Tables without a row and figures without a drawing."""
    bodies = re.findall(r"<tbody>(.*?)</tbody>", html, re.DOTALL)
    figures = re.findall(r"<figure.*?</figure>", html, re.DOTALL)
    return [b for b in bodies if "<tr" not in b] + [f for f in figures if "<svg" not in f]


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_where_no_family_has_a_country_the_page_says_so_and_shows_no_zero(
    tmp_path: Path, lang: str
) -> None:
    html = run(tmp_path / "o", "2026_battery_raw_patents_10cols", "--lang", lang)
    t = words(lang)
    assert t["answer_unlocated"] in html
    assert t["answer_no_statement"] in html
    assert t["no_located"] in html
    assert t["answer"] not in html  # "in five sentences": there are two
    assert shells(html) == []
    numbers = [n["text"] for n in Reader(html).cells() if "families|NL" in n["data-cell"]]
    assert numbers == []
    assert not re.search(r">0[.,]0<", html)


def test_a_country_without_a_family_is_said_to_have_none_and_gets_no_table_of_zeros(
    tmp_path: Path,
) -> None:
    html = run(tmp_path / "o", "2026_opensangamo_lens-export")
    t = words("en")
    assert t["answer_absent"].format(focal="the Netherlands") in html
    assert t["of_one_country"] in html
    assert t["trend_numbers"].format(focal="the Netherlands") not in html
    assert "focal-share" not in html
    assert shells(html) == []
    # intervals were tried: no advice to try them
    assert t["part_intervals_tried_how"] in html
    assert t["part_intervals_how"] not in html


def test_families_are_not_said_to_be_national_where_no_office_of_a_member_is_known() -> None:
    page = demo_page()
    said = words("en")["international_unknown"]
    assert said not in write_report(page)
    html = write_report(replace(page, international=False))
    assert html.count(said) == 2  # two technologies have families
    assert "families_international" not in html


def test_one_statement_is_not_told_of_in_the_plural() -> None:
    page = demo_page()
    everything = page.table("countries").with_columns(
        (pl.lit(None, pl.Int64)).alias(c) for c in ("received_rank", "value_rank")
    )
    few = {"countries": everything, "technologies": page.table("technologies")}
    only = [t for t in page.technologies if t[0] == "quantum"]
    said = str(answer(replace(page, tables=few, technologies=only))[-1]["text"].striptags())
    assert "Statements tested on these technologies" in said
    assert not re.search(r"\b1 (hold|are|have)\b", said)
