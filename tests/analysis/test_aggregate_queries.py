"""The SQL of the aggregates: what it is made of, and what it refuses."""

from __future__ import annotations

import pytest

from netpos.analysis.aggregate_queries import SUMS, WRITTEN, aggregate_queries
from netpos.analysis.engines import REFUSED, links_queries
from netpos.errors import OptionError
from netpos.options import make


@pytest.mark.parametrize("counting", ["fractional", "country-unique", "full"])
@pytest.mark.parametrize("scope", ["closed", "citing", "cited"])
def test_every_division_is_of_doubles_and_nothing_is_left_to_fill_in(
    counting: str, scope: str
) -> None:
    text = "\n".join(aggregate_queries(make({"counting": counting, "scope": scope})).values())
    for line in text.splitlines():
        if "/" in line:
            assert line.count("AS DOUBLE") >= 2, line
    assert "1.0" not in text
    assert "{" not in text


def test_countries_and_technologies_are_found_as_for_links() -> None:
    shared = set(aggregate_queries().items()) & set(links_queries().items())
    assert {name for name, _ in shared} == set(links_queries()) - {"netpos_links"}


def test_what_is_written_is_made_and_has_a_sum() -> None:
    assert set(WRITTEN.values()) <= set(aggregate_queries())
    assert set(WRITTEN) == set(SUMS)


@pytest.mark.parametrize("name", REFUSED)
def test_an_option_that_the_queries_do_not_follow_is_refused(name: str) -> None:
    values: dict[str, object] = {
        "window": 5,
        "citing_office": "EP",
        "design": "focal",
        "residences": "r.csv",
        "office_proxy": True,
        "aliases": "a.csv",
        "self_citations": "drop",
    }
    with pytest.raises(OptionError, match="--" + name.replace("_", "-")):
        aggregate_queries(make({name: values[name]}))
