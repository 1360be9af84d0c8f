"""What tables and columns mean is said once, in both languages."""

from __future__ import annotations

from netpos.viz import meanings as module
from netpos.viz.meanings import definition


def test_definitions_are_complete_in_both_languages_and_belong_to_a_table() -> None:
    words = module._definitions()
    assert set(words) - {"tables", "any", "derived"} <= set(words["tables"])
    for section in words.values():
        for entry in section.values():
            assert set(entry) == {"en", "nl"}
            assert all(text == text.strip() and text for text in entry.values())


def test_bounds_and_ranks_are_defined_by_the_column_they_belong_to() -> None:
    low = "ondergrens van het 95%-interval van similarity"
    assert definition("countries", "similarity_low", "nl") == low
    assert (
        definition("benchmark", "received_rank")
        == "rank by received, 1 = largest; ties share a rank"
    )
    assert definition("countries", "family_rank") == "rank by families, 1 = most; ties share a rank"
    assert definition("countries", "nobody_low") is None
    assert definition("countries", "_low") is None
