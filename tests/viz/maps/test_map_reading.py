"""What a reader asks of a map first: whom it builds on, found by the names that people type."""

from __future__ import annotations

import pytest

from netpos.viz.maps.map import network_map

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def page_file(tmp_path_factory, sixty):
    return network_map(sixty, tmp_path_factory.mktemp("map") / "m.html", focal="SE")


@pytest.mark.parametrize(
    ("typed", "found"),
    [("USA", "US"), ("u.s.", "US"), ("Holland", "NL"), ("Deutschland", "DE"), ("UK", "GB")],
)
def test_names_that_people_type_are_found(visit, page_file, typed: str, found: str) -> None:
    page = visit(page_file)
    page.fill("#search", typed)
    page.press("#search", "Enter")
    name = page.evaluate(f"NODES.find((n) => n.id === '{found}').names.en")
    assert page.inner_text("#panel h2") == name


def test_partners_come_first_the_base_is_named_and_escape_closes(visit, page_file) -> None:
    page = visit(page_file)
    page.fill("#search", "NL")
    page.press("#search", "Enter")
    order = page.evaluate("[...document.querySelectorAll('#panel table')].map((t) => t.id)")
    assert order[:2] == ["partners-given", "partners-received"]
    assert "both ends in the technology" in page.inner_text("#base")
    faded = page.evaluate(
        """() => { const near = beside(selection().links);
          return [near.has(NODES.findIndex((n) => n.id === 'NL')), near.size, NODES.length]; }"""
    )
    assert faded[0]
    assert 1 < faded[1] <= faded[2]
    page.keyboard.press("Escape")
    assert page.evaluate("state.chosen") is None
