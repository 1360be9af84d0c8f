"""What the pages say of certainty: reasons in place of intervals, one definition of each mark."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from netpos.viz.charts.charts import figure_words
from netpos.viz.report.compare import write_comparison
from netpos.viz.report.report import write_report
from netpos.viz.words import words
from tests.viz.charts.drawing import drawn
from tests.viz.report.test_report import Reader
from tests.viz.report_pages import changed, demo_page, without

METHODS = Path(__file__).parents[3] / "docs" / "methods.md"
QUANTUM = {"technology": "quantum", "country": "NL", "period": "all"}


def withheld(reason: str, lang: str = "en", column: str = "family_share"):
    """The demo with the interval of a number withheld for a reason."""
    page = demo_page(lang)
    table = page.tables["indicators"]
    if "reason" not in table.columns:
        table = table.with_columns(reason=pl.lit(None, pl.String))
    page = replace(page, tables={**page.tables, "indicators": table})
    page = changed(page, "indicators", QUANTUM | {"indicator": column}, reason=reason)
    gone = {f"{column}_low": None, f"{column}_high": None}
    return changed(page, "countries", QUANTUM, **gone)


@pytest.mark.parametrize(
    ("reason", "lang", "said"),
    [
        ("one_firm", "en", "rests on one firm"),
        ("too_few", "en", "too few"),
        ("not_calibrated", "en", "no interval known to hold"),
        ("not_measurable", "en", "not measurable"),
        ("one_firm", "nl", "rust op één bedrijf"),
        ("too_few", "nl", "te weinig"),
    ],
)
def test_a_withheld_interval_is_a_reason_in_words(reason: str, lang: str, said: str) -> None:
    html = write_report(withheld(reason, lang))
    cells = re.findall(
        r'data-reason="indicators\|quantum\|all\|NL,family_share\|reason">([^<]+)', html
    )
    assert len(cells) >= 2  # at a glance, and in the section of the technology
    assert set(cells) == {said}


def test_the_comparison_gives_the_reason_too() -> None:
    page = replace(withheld("one_firm"), compared=("NL", "US"))
    assert "rests on one firm" in write_comparison(page)


def test_a_number_with_an_interval_shows_no_reason() -> None:
    page = demo_page()
    assert page.rows("countries", "semiconductor", "all", country="NL")["family_share_low"][0] > 0
    html = write_report(page)
    assert 'data-reason="indicators|semiconductor|all|NL,family_share' not in html


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_legend_definitions_and_methods_define_a_mark_in_the_same_words(lang: str) -> None:
    t, html = words(lang), write_report(demo_page(lang))
    text = " ".join(node["text"] for node in Reader(html).of("p", "dd"))
    notes = " ".join(METHODS.read_text("utf-8").split())
    for mark in ("robust", "firm-driven", "fragile", "not measurable"):
        means = t[f"mark_{mark}_means"][:-1]
        assert means in text  # legend
        assert f"{means[0].upper()}{means[1:]}." in text  # definitions
        if lang == "en":
            assert f"**{mark}**: {means}." in notes


def test_every_mark_but_robust_has_its_reason_beside_it() -> None:
    page = demo_page()
    marks = page.tables["robustness"].filter(pl.col("technology") == "semiconductor")
    html = write_report(page)
    shown = 0
    for row in marks.iter_rows(named=True):
        name = f'data-reason="robustness|semiconductor||{row["indicator"]}|reason">'
        if name not in html:
            continue
        said = html.split(name, 1)[1].split("<", 1)[0]
        assert said == "; ".join(words("en")[f"reason_{c}"] for c in row["reason"].split())
        shown += 1
    assert shown > 1
    alone = changed(page, "robustness", {"technology": "semiconductor"}, reason=None)
    assert 'data-reason="robustness|semiconductor' not in write_report(alone)


def test_without_other_ways_of_counting_the_heading_says_so() -> None:
    page = without(demo_page(), "sensitivity", "robustness")
    html = write_report(page)
    assert "other ways of counting were not tried in this run" in html
    assert "Held to intervals and other ways" not in html
    assert "Held to intervals and other ways" in write_report(demo_page())


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_every_caption_of_an_interval_says_what_it_is_for(lang: str) -> None:
    t = words(lang)
    drawn = "organisations drawn anew" if lang == "en" else "opnieuw getrokken organisaties"
    for key, text in t.items():
        if isinstance(text, str) and key.startswith("figure_") and "95" in text:
            assert drawn in text, key
    assert drawn in t["interval_means"]
    assert t["interval_means"] in write_report(demo_page(lang))


def test_the_page_says_which_years_are_meant() -> None:
    page = demo_page()
    assert "(year of publication)" in write_report(page)
    other = replace(page, options={**page.options, "year_by": "priority"})
    html = write_report(other)
    assert "(priority year)" in html
    assert "year of publication" not in re.sub(r"<svg.*?</svg>", "", html, flags=re.S)


def test_a_period_is_marked_incomplete_only_where_it_is() -> None:
    page = demo_page()
    last = page.parts[-1]
    assert page.young is not None
    assert page.incomplete(last)
    assert not page.incomplete(page.parts[0])
    assert f"Share {last}*" in write_report(page)
    gone = pl.lit(value=False)
    parts = {n: page.tables[n].with_columns(truncated=gone) for n in ("trend", "countries")}
    whole = replace(page, tables={**page.tables, **parts})
    html = write_report(whole)
    assert f"Share {last}*" not in html
    assert "Not complete: years" not in html


# --- changes and counts -------------------------------------------------------------------------


def differences(low: float | None, high: float | None, reason: str | None = None):
    """The demo with the interval of the change of its share, and of the US against NL."""
    page = demo_page()
    first, last = page.parts[0], page.parts[-1]
    rows = [
        ("semiconductor", "family_share", "NL", last, "NL", first, -0.009, low, high, reason),
        ("semiconductor", "family_share", "NL", "all", "US", "all", -0.2, low, high, reason),
    ]
    names = ["technology", "indicator", "country", "period", "other_country", "other_period"]
    names += ["difference", "low", "high", "reason"]
    schema = dict.fromkeys(names, pl.String) | dict.fromkeys(names[6:9], pl.Float64)
    return replace(
        page, tables={**page.tables, "differences": pl.DataFrame(rows, schema, orient="row")}
    )


def test_a_change_stands_beside_its_interval_and_a_rank_only_where_it_is_told_apart() -> None:
    page = differences(-0.02, 0.004)
    html = write_report(page)
    last, first = page.parts[-1], page.parts[0]
    cell = f"differences|semiconductor|{last}|family_share,NL,NL,{first}|low"
    assert f'<span data-cell="{cell}">\u22122.0</span>' in html
    row = html.split('<th scope="row"><a href="#technology-semiconductor">', 1)[1].split("</tr>")[0]
    assert "not distinguishable" in row
    assert "family_rank_change" not in row
    apart = write_report(differences(-0.02, -0.004))
    row = apart.split('<th scope="row"><a href="#technology-semiconductor">', 1)[1].split("</tr>")[
        0
    ]
    assert "not distinguishable" not in row
    assert "family_rank_change" in row


def test_a_change_without_an_interval_says_why() -> None:
    html = write_report(differences(None, None, "too_few"))
    assert html.count("|family_share,NL,NL,2015-2020|reason") == 2


def test_two_countries_are_told_apart_by_the_interval_of_their_difference() -> None:
    said = "not distinguishable from the Netherlands"
    page = replace(differences(-0.3, 0.1), compared=("NL", "US"))
    assert write_comparison(page).count(said) == 1
    page = replace(differences(-0.3, -0.1), compared=("NL", "US"))
    assert said not in write_comparison(page)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("too_few", "too few to compare with the Netherlands"),
        ("one_firm", "too few to compare with the Netherlands"),
        ("not_calibrated", "difference from the Netherlands not tested"),
    ],
)
def test_a_difference_without_an_interval_is_not_called_one_that_cannot_be_told_apart(
    reason: str, words: str
) -> None:
    page = replace(differences(None, None, reason), compared=("NL", "US"))
    html = write_comparison(page)
    assert html.count(words) == 1
    assert "not distinguishable" not in html


def test_a_likeness_fixed_by_having_no_bloc_has_no_interval_and_is_compared_with_nothing() -> None:
    page = replace(demo_page(), compared=("NL", "CN"))
    cells = re.findall(r'<td class="n">(.*?)</td>', write_comparison(page))
    fixed = [c for c in cells if "in no bloc: fixed by that" in c]
    assert len(fixed) == 3  # the two technologies and all together
    for cell in fixed:
        assert re.sub(r"<[^>]+>", "", cell) == "3.00in no bloc: fixed by that"
    said = "Likeness of sources below 2, or not"
    marks = demo_page().tables["robustness"]
    tables = {**demo_page().tables, "robustness": marks.with_columns(country=pl.lit("CN"))}
    assert said in write_report(demo_page())
    assert said not in write_report(replace(demo_page(), focal="CN", tables=tables))


def test_changes_of_sources_need_twenty_citations_on_either_side() -> None:
    page = demo_page()
    name = '<span data-cell="exposure|semiconductor|'
    assert "data-less" in write_report(page)
    links = page.tables["source_links"]
    few = links.with_columns(
        weight=pl.when(
            (pl.col("period") == page.parts[0]) & (pl.col("citing") == "NL")
        ).then(pl.col("weight") / 100).otherwise("weight")
    )  # fmt: skip
    html = write_report(replace(page, tables={**page.tables, "source_links": few}))
    assert name in html
    assert not re.search(r'data-cell="exposure\|[^"]*" data-less', html)
    assert "No change is given below 20 citations" in html


def test_every_table_of_sources_says_its_base_and_its_counts() -> None:
    html = write_report(demo_page())
    assert html.count("cited families anywhere, in the technology or not") >= 4
    assert "Citations here have both families in the technology." in html
    assert 'data-cell="source_links|semiconductor|all|NL,' in html


def test_a_likeness_fixed_by_construction_says_so() -> None:
    page = replace(demo_page(), compared=("NL", "CN"))
    assert "in no bloc: fixed by that" in write_comparison(page)
    assert "in no bloc" not in write_comparison(replace(page, compared=("NL", "US")))


def test_the_command_for_missing_documents_names_the_technologies_of_the_run() -> None:
    page = demo_page()
    assert "--technologies" not in write_report(page)
    own = replace(page, options={**page.options, "technologies": "mine.toml"})
    assert "netpos missing corpus --technologies options/technologies.toml" in write_report(own)


# --- what the data are --------------------------------------------------------------------------


def test_a_corpus_of_one_office_says_so_first() -> None:
    page = demo_page()
    assert "of one office" not in write_report(page)
    one = replace(page, office="US", warnings=[])
    notes = Reader(write_report(one)).of("li")[0]["text"]
    assert notes.startswith("Every document of the technologies is of one office (United States)")
    assert "of one office" in write_comparison(replace(one, compared=("NL", "US")))
    assert "Of what is filed at one office (United States). Held to" in write_report(one)
    assert "filed at one office" not in write_report(page)


def test_what_is_not_measurable_leaves_no_empty_table_and_no_core_behind() -> None:
    page = demo_page()
    html = write_report(page)
    assert "Choose a technology." in html
    assert "core cluster:" in html
    withheld = page.tables["countries"].with_columns(measurable=pl.lit(False))
    blank = write_report(replace(page, tables={**page.tables, "countries": withheld}))
    assert "Choose a technology." not in blank
    assert "core cluster:" not in blank
    for table in re.findall(r"<table.*?</table>", blank, re.DOTALL):
        assert re.search(r"<tbody>\s*<tr", table), table[:300]
    heads = re.findall(r"<table class=\"heat\">", blank)
    assert not heads  # a table of nothing but "not measurable"


def test_every_figure_of_invented_data_says_that_they_are() -> None:
    page = demo_page()
    said = words("en")["synthetic"]
    assert said in figure_words(page, "world")
    assert said not in figure_words(replace(page, synthetic=False), "world")
    for name, figure in drawn("en").items():
        assert f">{words('en')['synthetic_short']}<" in figure.svg, name
        assert figure.csv.split("\n")[0].endswith(",synthetic"), name


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_what_citations_without_a_country_could_change_stands_beside_each_technology(
    lang: str,
) -> None:
    page = demo_page(lang)
    off = page.rows("bounds", "semiconductor", "all", country="NL").drop_nulls("low")
    assert off.height >= 3
    row = {"technology": "semiconductor", "period": "all", "country": "NL"}
    page = changed(page, "bounds", row | {"indicator": "share_eu"}, low=0.123, high=0.877)
    html = write_report(page)
    comma = "," if lang == "nl" else "."
    for end, value in (("low", "12.3 %"), ("high", "87.7 %")):
        cell = f"bounds|semiconductor|all|NL,share_eu|{end}"
        assert f'<span data-cell="{cell}">{value.replace(".", comma)}</span>' in html
    none = changed(page, "bounds", row | {"indicator": "share_eu"}, low=None, high=None)
    assert "bounds|semiconductor|all|NL,share_eu" not in write_report(none)


def test_a_change_of_rank_is_called_indistinguishable_only_where_that_of_the_share_was_tested() -> (
    None
):
    page = demo_page()
    html = write_report(page)
    told = words("en")
    for start in ('id="glance"', 'id="across"'):
        part = html[html.index(start) :]
        rows = re.findall(r"<tr>(?:(?!</tr>).)*?</tr>", part[: part.index("</section>")], re.S)
        seen = 0
        for row in rows:
            reason = re.search(r'data-reason="differences\|[^"]*family_share[^"]*">([^<]+)<', row)
            if reason and 'class="none why"' in row:
                seen += 1
                assert reason[1] in told.values()
                assert f'<span class="none why">{reason[1]}</span>' in row
                assert told["not_apart"] not in row
        assert seen, start
