"""Papers on pages: what is drawn, and the words of it in both languages."""

from __future__ import annotations

import polars as pl
import pytest

from netpos.commands.papers import paper_network
from netpos.viz.report.findings import Findings, Section, finding_words, rendered


def test_the_words_are_there_in_both_languages() -> None:
    one, two = (finding_words(lang)["papers"] for lang in ("en", "nl"))
    assert set(one) == set(two)
    assert len(one["reading"]) == len(two["reading"])
    assert "within this corpus" in one["users"]
    assert "binnen dit corpus" in two["users"]


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_a_section_of_another_page_escapes_what_it_is_given(lang: str) -> None:
    page = Findings(
        lang, "t", "l", {}, [], [Section("<b>", ["<i>"], link=("maps/a b.html", "<u>"))]
    )
    html = rendered(page, heading="h", ident="papers", lead="<s>", more=("papers.html", "more"))
    assert 'id="papers"' in html
    assert not any(tag in html for tag in ("<b>", "<i>", "<u>", "<s>"))
    assert "maps/a%20b.html" in html


def test_the_network_of_a_map_goes_from_patents_to_papers() -> None:
    here = {"technology": ["q"], "period": ["all"]}
    links = pl.DataFrame({**here, "citing": ["NL"], "cited": ["US"], "links": [2.5]})
    sizes = pl.DataFrame({**here, "country": ["NL"], "families": [4.0]})
    tables = {"science_links": links, "science_linkage": sizes}
    found = paper_network(tables, "q", "all")
    assert found.table.select("citing", "cited", "weight").rows() == [("NL", "US", 2.5)]
    assert found.nodes.rows() == [("NL", 4.0), ("US", None)]
