"""Statements written out as sentences."""

from __future__ import annotations

from netpos.viz.words import in_sentence, joined, words


def test_every_statement_has_words_in_both_languages() -> None:
    keys = ["leads", "cited", "organisation", "own", "top_families", "top_value", "top_received"]
    both = [*keys, "class"]
    alone = ["core_in", "core_near", "core_far", "balance_up", "balance_down"]
    for lang in ("en", "nl"):
        there = words(lang)
        assert all(f"say_{k}" in there for k in both + alone)
        assert all(f"say_{k}_open" in there for k in [*both, "core", "balance"])


def test_countries_in_sentences_carry_their_article() -> None:
    assert joined([in_sentence(c, "en") for c in ("US", "CN", "NL")], "en") == (
        "the United States, China and the Netherlands"
    )
    assert in_sentence("GB", "nl") == "het Verenigd Koninkrijk"
