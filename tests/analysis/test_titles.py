"""Titles of families: from whichever document has one, English before others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from netpos.analysis.titles import family_titles
from netpos.ingest.corpus import Corpus, read
from tests.lens import record, write


def titled(n: int, *titles: tuple[str, str], **options: Any) -> dict[str, Any]:
    found = record(n, **options)
    found["biblio"]["invention_title"] = [{"text": t, "lang": lang} for t, lang in titles]
    return found


def test_a_family_has_the_english_title_of_any_of_its_documents(tmp_path: Path) -> None:
    records = [
        titled(1, ("Pumpe", "de"), family=1),
        titled(2, ("Pompe", "fr"), ("Pump", "en"), family=1),
        titled(3, ("Zug", "de"), ("Train", "fr")),
        titled(4),
    ]
    corpus = read(write(tmp_path / "e.jsonl", records))
    found = family_titles(corpus, corpus.families["family"])
    assert sorted(found.select("title", "language").rows()) == [("Pump", "en"), ("Zug", "de")]
    one = corpus.documents.filter(pl.col("lens_id") == records[3]["lens_id"])["family"]
    assert family_titles(corpus, one).height == 0


def test_a_title_of_no_language_is_not_taken_for_an_english_one(tmp_path: Path) -> None:
    untold = titled(1, family=1)
    untold["biblio"]["invention_title"] = [{"text": "Rad"}]
    corpus = read(write(tmp_path / "e.jsonl", [untold, titled(2, ("Wheel", "en"), family=1)]))
    assert corpus.table("titles")["language"].to_list() == [None, "en"]
    found = family_titles(corpus, corpus.families["family"])
    assert found.select("title", "language").rows() == [("Wheel", "en")]


def test_a_corpus_of_other_tables_has_no_titles() -> None:
    assert family_titles(Corpus({}), pl.Series([1])).height == 0
