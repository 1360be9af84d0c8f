"""Every page and workbook names where its data are from."""

from __future__ import annotations

from dataclasses import replace

import pytest

from netpos.viz.report.compare import write_comparison
from netpos.viz.report.dependence import write_dependence
from netpos.viz.report.report import write_report
from netpos.viz.sources import data_sources
from tests.viz.report_pages import demo_page


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_each_form_has_its_own_source_and_invented_data_have_none(lang: str) -> None:
    lens = data_sources(["lens-json"], lang)
    office = data_sources(["patentsview"], lang)
    assert ["Lens" in s for s in lens] == [True]
    assert "PatentsView" in office[0]
    assert "CC BY 4.0" in office[0]
    assert data_sources(["lens-csv", "patentsview"], lang) == lens + office
    assert data_sources(["uspto-tables", "patentsview"], lang) == office
    assert "Google Patents Public Data" in data_sources(["google-publications"], lang)[0]
    made_up = data_sources(["lens-jsonl"], lang, synthetic=True, valued=True)
    assert not any("Lens" in s for s in made_up)
    assert "World Bank" in made_up[-1] or "Wereldbank" in made_up[-1]


def test_every_page_names_them() -> None:
    page = replace(demo_page(), synthetic=False, compared=("NL", "US"))
    for write in (write_report, write_comparison, write_dependence):
        assert "The Lens (lens.org)" in write(page).split("<footer>")[1]
