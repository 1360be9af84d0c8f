"""Links in one call."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import netpos
from netpos.analysis.shortcuts import year_span
from netpos.errors import InputError, OptionError
from netpos.ingest.corpus import ingest
from tests.lens import record, toy_records, write


def test_the_folder_of_a_corpus_will_do_for_the_corpus(tmp_path: Path) -> None:
    file = write(tmp_path / "r.jsonl", toy_records())
    ingest([file], tmp_path / "corpus")
    asked = {"technology": "quantum", "years": (2015, 2025)}
    for links in (netpos.country_links, netpos.organisation_links):
        found = links(tmp_path / "corpus", **asked)
        assert_frame_equal(found.table, links(netpos.read(file), **asked).table)
        assert found.table.height


def test_the_years_are_2015_to_2025_unless_others_are_asked_for(tmp_path: Path) -> None:
    """A Dutch family is cited in each of four years, by another organisation each."""
    years = (2014, 2015, 2025, 2026)
    citing = [
        record(y, published=f"{y}-06-01", applicants=[(f"F{y} INC", "US")], cites=[1])
        for y in years
    ]
    corpus = netpos.read(write(tmp_path / "r.jsonl", [record(1, published="2010-06-01"), *citing]))
    assert netpos.country_links(corpus).table.rows() == [("US", "NL", 2.0, 2)]
    assert netpos.organisation_links(corpus).table["citing"].to_list() == ["F2015", "F2025"]


def test_what_is_no_corpus_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no corpus in this folder"):
        netpos.country_links(tmp_path)
    with pytest.raises(OptionError, match="a DataFrame is no corpus"):
        netpos.country_links(pl.DataFrame({"a": [1]}))


@pytest.mark.parametrize("years", [(2015,), (2015, 2016, 2017), ("a", "b"), (2020.5, 2021)])
def test_years_that_are_none_are_refused(years: tuple[object, ...]) -> None:
    with pytest.raises(OptionError, match="write one, as 2020, or two"):
        year_span(years)
