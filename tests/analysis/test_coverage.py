"""How much of the citations is known, and references of families."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.analysis.test_results import tables_of
from tests.lens import record


def test_references_per_family_count_each_family_of_the_country_and_of_the_office(
    tmp_path: Path,
) -> None:
    records = [
        record(1, cites=[11, 12, 13], office="EP"),
        record(2, cites=[11], office="US", applicants=[("A", "NL"), ("B", "DE")]),
        record(3, office="US"),
        *[record(k, applicants=[("C INC", "US")], office="WO") for k in (11, 12, 13)],
    ]
    found = tables_of(tmp_path, records)["references"]
    rows = {
        key[1:]: (row["families"], row["references"], row["references_per_family"])
        for key, row in found.items()
        if key[0] == "all"
    }
    assert rows == {
        ("country", "DE"): (0.5, 0.5, 1),
        ("country", "NL"): (2.5, 3.5, 1.4),
        ("country", "US"): (3, 0, 0),
        ("office", "EP"): (1, 3, 3),
        ("office", "US"): (2, 1, 0.5),
        ("office", "WO"): (3, 0, 0),
    }


def test_references_are_those_of_families_of_the_period(tmp_path: Path) -> None:
    records = [
        record(1, cites=[3], published="2016-05-01"),
        record(2, cites=[1, 3], published="2022-05-01"),
        record(3, applicants=[("C INC", "US")], published="2016-05-01"),
    ]
    found = tables_of(tmp_path, records)["references"]
    for kind, code in (("country", "NL"), ("office", "EP")):
        early, late = found["2015-2020", kind, code], found["2021-2025", kind, code]
        assert (early["references"], late["references"]) == (1, 2), kind
    assert ("2021-2025", "country", "US") not in found  # who has no family there has no row


def test_coverage_counts_citations_that_are_in_the_corpus_and_located_at_both_ends(
    tmp_path: Path,
) -> None:
    """NL cites a located family, one without a country and a document outside; nowhere cites NL."""
    nowhere = {"applicants": [("Q LTD", None)], "priority": ("EP", "2016-01-01")}
    records = [
        record(1, cites=[2, 3, 901]),
        record(2, applicants=[("A INC", "US")], published="2022-01-01"),
        record(3, cites=[1], **nowhere),
    ]
    found = tables_of(tmp_path, records)["coverage"]
    columns = ("families", "families_with_country", "citations", "citations_resolved")
    for period, rule, want, located in (
        ("2015-2020", "all", (2, 1, 4, 3), 1),
        ("2021-2025", "all", (1, 1, 0, 0), 0),
        ("all", "all", (3, 2, 4, 3), 1),
        ("all", "applicant", (2, 2, None, None), None),
        ("all", "unknown", (1, 0, None, None), None),
        ("all", "priority", (0, 0, None, None), None),
    ):
        row = found[period, rule]
        assert tuple(row[c] for c in columns) == want, (period, rule)
        assert row["citations_located"] == located, (period, rule)


@pytest.mark.parametrize(("clock", "counted"), [("publication", 3), ("priority", 4)])
def test_a_citing_document_in_no_export_counts_where_its_year_may_lie_in_the_span(
    tmp_path: Path, clock: str, counted: int
) -> None:
    """Documents of 2014, 2015, 2025, 2026 and of no date cite NL; an invention is older than its
    publication, so by year of priority that of 2026 may lie in the span too.
    """
    made = record(1, published="2012-06-01", priority=("NL", "2011-01-01"), cited_by=range(11, 16))
    dates = ("2014-12-31", "2015-01-01", "2025-12-31", "2026-01-01")
    citing = made["biblio"]["cited_by"]["patents"]
    for document, date in zip(citing[:4], dates, strict=True):
        document["document_id"]["date"] = date
    found = tables_of(tmp_path, [made, record(2)], year_by=clock, to=2025)["coverage_by_country"]
    row = found["all", "NL", "received"]
    assert (row["citations"], row["located"]) == (counted, 0)


@pytest.mark.parametrize(("choice", "given", "located"), [("keep", 3, 2), ("drop", 2, 1)])
def test_coverage_counts_self_citations_where_the_run_does(
    tmp_path: Path, choice: str, given: int, located: int
) -> None:
    """FIRM of NL cites its own family in the US, one of DE and a document of no country."""
    records = [
        record(1, applicants=[("FIRM BV", "NL")], cites=[2, 3, 9]),
        record(2, applicants=[("FIRM INC", "US")]),
        record(3, applicants=[("OTHER GMBH", "DE")]),
    ]
    found = tables_of(tmp_path, records, self_citations=choice)["coverage_by_country"]
    row = found["all", "NL", "given"]
    assert (row["citations"], row["located"]) == (given, located)
    assert (("all", "US", "received") in found) == (choice == "keep")
