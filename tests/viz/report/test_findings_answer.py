"""Sentences on top of a page of tables: said where an interval bears them out, and turned round."""

from __future__ import annotations

import polars as pl
from markupsafe import Markup

from netpos.viz.report.findings import finding_words
from netpos.viz.report.findings_answer import Measure, cell, listed, sides, told

IMPACT = Measure("science", "fwci", "two", ("technology", "period", "country"))
SAID = {
    **{
        way: finding_words("en")["science"][f"answer_impact_{way}"]
        for way in ("up", "down", "left", "none")
    },
    **{key: finding_words("en")[key] for key in ("and", "others")},
}


def rows(*values: tuple[str, float, float | None, float | None]) -> pl.DataFrame:
    table = pl.DataFrame(
        values,
        {
            "technology": pl.String,
            "fwci": pl.Float64,
            "fwci_low": pl.Float64,
            "fwci_high": pl.Float64,
        },
        orient="row",
    )
    return table.with_columns(period=pl.lit("all"), country=pl.lit("NL"))


def test_a_sentence_turns_round_with_its_data_and_falls_silent_at_the_level() -> None:
    more = told(rows(("a", 1.5, 1.2, 1.8)), IMPACT, 1.0, {"a": "Optics"}, SAID, "en").striptags()
    assert more == "Cited more than the world (1) in Optics (1.50; 1.20 – 1.80)."
    less = told(rows(("a", 0.5, 0.2, 0.8)), IMPACT, 1.0, {"a": "Optics"}, SAID, "en").striptags()
    assert less == "Cited less than the world (1) in Optics (0.50; 0.20 – 0.80)."
    for row in (("a", 1.5, 0.9, 1.8), ("a", 1.5, 1.0, 1.8), ("a", 1.5, None, None)):
        open_ = told(rows(row), IMPACT, 1.0, {}, SAID, "en")
        assert open_ == SAID["none"]


def test_what_is_left_open_is_counted() -> None:
    table = rows(("a", 1.5, 1.2, 1.8), ("b", 1.1, 0.9, 1.3), ("c", 3.0, None, None))
    text = told(table, IMPACT, 1.0, {}, SAID, "en").striptags()
    assert "In 2 technologies it cannot be told apart" in text
    assert sides(table.drop("fwci_low"), IMPACT, 1.0) == ([], [], 3)


def test_names_are_escaped_and_many_are_counted() -> None:
    hostile = "<img src=x onerror=alert(1)>"
    text = told(rows(("a", 1.5, 1.2, 1.8)), IMPACT, 1.0, {"a": hostile}, SAID, "en")
    assert isinstance(text, Markup)
    assert "<img" not in text
    assert "&lt;img" in text
    many = listed([f"t{k}" for k in range(9)], SAID, "en")
    assert many == "t0, t1, t2, t3, t4, t5 and 3 others"


def test_numbers_name_their_cell() -> None:
    row = rows(("a", 1.5, 1.2, 1.8)).row(0, named=True)
    assert '<span data-cell="science|a,all,NL|fwci">1,50</span>; 1,20 – 1,80' in cell(
        IMPACT, row, "nl"
    )
