"""Statements under the other ways of counting."""

from __future__ import annotations

import pytest

from netpos.viz.report.sentences import Statement
from tests.viz.report.test_sentences import said, text, ways, world


@pytest.mark.parametrize(("key", "claim"), [("leads", "families"), ("cited", "received")])
def test_a_leader_is_named_only_where_nine_in_ten_ways_of_counting_name_it(
    key: str, claim: str
) -> None:
    def with_leaders(*leaders: str | None) -> Statement | None:
        rows = ways(f"leader_{claim}", [0.2] * 10, leader=list(leaders))
        return said({"countries": world(), "sensitivity": rows}, key)

    assert with_leaders(*["US"] * 9, "CN").level == "sure"
    assert with_leaders(*["US"] * 9, None).level == "sure"
    # another country leads in two ways; which of them the country in focus is does not matter
    found = with_leaders(*["US"] * 8, "CN", "JP")
    assert found.level == "open"
    assert text(found).endswith("between the United States, China and Japan.")
    tied = with_leaders(*["US"] * 8, None, None)
    assert tied.level == "open"


def test_the_ways_of_another_claim_are_no_support() -> None:
    rows = ways("leader_received", [0.2] * 10, leader=["US"] * 10)
    assert said({"countries": world(), "sensitivity": rows}, "leads").level == "open"
    rows = ways("leader_families", [0.2] * 4 + [None] * 6, leader=["US"] * 4 + [None] * 6)
    assert said({"countries": world(), "sensitivity": rows}, "leads").level == "open"
