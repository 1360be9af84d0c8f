"""Which families and which citations the options choose."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from netpos import analysis
from netpos.analysis import chosen
from netpos.analysis.chosen import Marks, technologies_of
from netpos.errors import InputError
from netpos.ingest.corpus import Corpus, ingest, read
from netpos.options import make
from tests.lens import record, toy_records, write

QUANTUM = {"technology": "quantum", "years": (2015, 2025)}


def by_country(table: pl.DataFrame) -> dict[str, float]:
    return dict(table.select("country", "value").iter_rows())


def test_one_mention_must_pass_both_filters(tmp_path: Path) -> None:
    split = [
        {"patcit": {"lens_id": record(9)["lens_id"]}, "cited_phase": "SEA", "category": ["A"]},
        {"patcit": {"lens_id": record(9)["lens_id"]}, "cited_phase": "APP", "category": ["X"]},
    ]
    corpus = read(write(tmp_path / "f.jsonl", [record(1, cites=split), record(9)]))

    def links(**options: object) -> int:
        found = analysis.country_links(corpus, **QUANTUM, options=make(options))
        return found.table.height

    assert links(phase="examiner") == 1
    assert links(category="XY") == 1
    assert links(phase="examiner", category="XY") == 0
    assert links(phase="applicant", category="XY") == 1
    assert links(phase="applicant", category="A") == 0


def test_a_link_known_only_from_cited_by_passes_only_all(tmp_path: Path) -> None:
    corpus = read(write(tmp_path / "b.jsonl", [record(1), record(9, cited_by=[1])]))
    assert analysis.country_links(corpus, **QUANTUM).table.height == 1
    examiner = make({"phase": "examiner"})
    assert analysis.country_links(corpus, **QUANTUM, options=examiner).table.height == 0


@pytest.mark.parametrize("at_once", [1, 4, 1_000_000])
@pytest.mark.parametrize("design", ["world", "focal"])
def test_symbols_read_in_pieces_make_the_families_of_each_technology(
    at_once: int, design: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pick = random.Random(3)
    choice = ["G06N3/02", "G06N3/08", "G06N10/00", "H04L9/08", "H04L9/32", "A01B1/00"]
    symbols = {k: sorted(pick.sample(choice, pick.randint(1, 4))) for k in range(1, 31)}
    records = [record(k, symbols=own) for k, own in symbols.items()]
    definitions = tmp_path / "technologies.toml"
    definitions.write_text(
        '[[technology]]\nid = "ai"\nipc = ["G06N"]\nexclude = ["G06N3/02"]\n'
        '[[technology]]\nid = "keys"\ncpc = ["H04L9/"]\n',
        encoding="utf-8",
    )
    ingest([write(tmp_path / "seed.jsonl", records[:20])], tmp_path / "corpus")
    context = write(tmp_path / "context.jsonl", records[20:])
    corpus = ingest([context], tmp_path / "corpus", role="context")

    monkeypatch.setattr("netpos.analysis.chosen._AT_ONCE", at_once)
    study = analysis.prepare(corpus, make({"technologies": str(definitions), "design": design}))
    ids = dict(corpus.documents.select("family", "doc_number").iter_rows())
    ends = {
        "ai": {k for k, own in symbols.items() if {"G06N3/08", "G06N10/00"} & set(own)},
        "keys": {k for k, own in symbols.items() if {"H04L9/08", "H04L9/32"} & set(own)},
    }
    ends["all"] = ends["ai"] | ends["keys"]
    members = {name: {k for k in found if k <= 20} for name, found in ends.items()}
    for masks, expected in (
        (study.member, members),
        (study.ends, ends if design == "focal" else members),
    ):
        found = {n: {int(ids[k]) for k in mask.nonzero()[0].tolist()} for n, mask in masks.items()}
        assert found == expected
    assert list(study.member) == ["ai", "keys", "all"]


@pytest.mark.parametrize(("choice", "families"), [("keep", 2.0), ("drop", 1.0)])
def test_utility_models_stay_unless_dropped(tmp_path: Path, choice: str, families: float) -> None:
    records = [record(1), record(2, office="CN", kind="U")]
    corpus = read(write(tmp_path / "u.jsonl", records))
    links = analysis.country_links(corpus, **QUANTUM, options=make({"utility_models": choice}))
    assert links.nodes["families"].sum() == families


def test_a_window_counts_only_cohorts_with_the_whole_window(tmp_path: Path) -> None:
    records = [
        record(1, published="2020-01-01", cites=[2, 3, 6]),
        record(2, published="2017-01-01", applicants=[("B INC", "US")]),
        record(3, published="2012-01-01", applicants=[("C KK", "JP")]),
        record(4, published="2023-06-01", cites=[5]),
        record(5, published="2022-01-01", applicants=[("D SA", "FR")]),
        record(6, published="2019-12-31", applicants=[("E AB", "SE")]),
        record(7, published="2018-12-01", applicants=[("F GMBH", "DE")], cites=[8]),
        record(8, published="2018-01-01", applicants=[("G CO", "KR")]),
        record(9, published="2016-01-01", applicants=[("H LTD", "CN")], cites=[2]),
    ]
    corpus = read(write(tmp_path / "w.jsonl", records))
    links = analysis.country_links(corpus, **QUANTUM, options=make({"window": 3}))
    # 2020-2017 = 3 is in, and 2018-2018 = 0; 2012 is too old, and 2016 precedes what it cites.
    # 2019 + 3 is 2022, the last full year; 2022 + 3 lies behind it
    assert links.table.select("citing", "cited").rows() == [
        *(("DE", "KR"), ("NL", "SE"), ("NL", "US")),
    ]


def test_the_whole_export_is_one_technology_with_every_family_of_the_seeds(tmp_path: Path) -> None:
    records = [record(1), record(2, symbols=["A01B1/00"]), record(3, symbols=[])]
    seeds = write(tmp_path / "s.jsonl", [*records, record(4, office="CN", kind="U")])
    ingest([seeds], tmp_path / "corpus")
    context = write(tmp_path / "c.jsonl", [record(9)])
    corpus = ingest([context], tmp_path / "corpus", role="context")
    for choice, families in (("keep", 4), ("drop", 3)):
        given = make({"technologies": "all", "utility_models": choice})
        study = analysis.prepare(corpus, given)
        assert study.names == ["all"]
        assert list(study.member) == list(study.fields) == ["all"]
        assert int(study.member["all"].sum()) == families


def test_the_word_of_the_option_is_not_a_file() -> None:
    (whole,) = technologies_of("all")
    assert (whole.id, whole.ipc, whole.cpc) == ("all", (), ())
    assert len(technologies_of(None)) == 10
    with pytest.raises(InputError, match="no such file"):
        technologies_of("./all")


@pytest.mark.parametrize(
    ("offices", "citations"), [("all", 3), ("EP", 1), ("US,EP", 2), ("us, wo", 2), ("JP", 0)]
)
def test_only_citations_by_the_offices_asked_for_count(
    tmp_path: Path, offices: str, citations: int
) -> None:
    """A Dutch family is cited from EP, US and WO."""
    citing = [
        record(n, office=office, applicants=[(f"F{n} INC", "US")], cites=[1])
        for n, office in enumerate(("EP", "US", "WO"), start=2)
    ]
    corpus = read(write(tmp_path / "o.jsonl", [record(1), *citing]))
    options = make({"citing_office": offices})
    links = analysis.country_links(corpus, technology="quantum", options=options)
    assert links.table["citations"].sum() == citations


def test_families_in_several_groups_of_rows_are_chosen_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [record(k, cites=[k + 1], symbols=["G06N10/00"]) for k in range(1, 9)]
    path = write(tmp_path / "a.jsonl", records)
    links = []
    for name, rows in (("whole", 1 << 20), ("groups", 3)):  # beyond a million families
        monkeypatch.setattr("netpos.ingest.making._ROWS", rows)
        corpus = ingest([path], tmp_path / name)
        assert corpus.columns("families", "role").n_chunks() == (1 if name == "whole" else 3)
        links += [
            analysis.country_links(corpus, **QUANTUM, options=make({"utility_models": way})).table
            for way in ("keep", "drop")
        ]
    assert links[0].height
    assert links[2].equals(links[0])
    assert links[3].equals(links[1])


@pytest.mark.parametrize("most", [0, 1 << 20])
def test_technologies_of_few_rows_are_found_beside_other_work_those_of_many_when_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    corpus = read(write(tmp_path / "a.jsonl", toy_records()))
    want = analysis.prepare(corpus, make({}))
    monkeypatch.setattr(chosen, "_MOST_BESIDE", most)
    begun, found = threading.Event(), chosen.members
    monkeypatch.setattr(chosen, "members", lambda *given: begun.set() or found(*given))
    asked = corpus, want.options, want.technologies, want.rows
    with chosen.members_begun(*asked) as waiting:
        assert begun.wait(20 if most else 0) == bool(most)
        own, ends = waiting()
    assert own.same(want.member)
    assert ends.same(want.ends)
    assert own.size("quantum") > 0


def test_marks_are_those_of_the_masks_as_long_as_the_rows() -> None:
    draw = np.random.default_rng(3)
    masks = {name: draw.random(21) < 0.4 for name in "abc"}
    marks, usable = Marks(masks, 50), draw.random(50) < 0.5
    for name, mask in masks.items():
        assert marks[name].tolist() == [*mask.tolist(), *[False] * 29]
        assert marks.size(name) == mask.sum()
        within = [*(mask & usable[:21]).tolist(), *[False] * 29]
        assert marks.within(usable)[name].tolist() == within
    assert (list(marks), len(marks)) == (["a", "b", "c"], 3)
    assert marks["a"].tolist() == [*masks["a"].tolist(), *[False] * 29]  # after it was let go
    assert marks.same(Marks(masks, 50))
    assert not marks.same(Marks(masks | {"b": ~masks["b"]}, 50))
    assert not marks.same(Marks({"a": masks["a"]}, 50))
    with pytest.raises(ValueError, match="read-only"):
        marks["a"][0] = True
    with pytest.raises(KeyError):
        marks["x"]


@pytest.mark.parametrize("at_once", [1, 2, 3, 100])
def test_rows_of_a_family_are_read_together(
    at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = read(write(tmp_path / "a.jsonl", toy_records()))
    several = corpus.documents.with_columns(
        pl.Series("family", range(corpus.documents.height)) // 3
    )
    several = several.with_columns(pl.col("family").cast(pl.Int32))
    corpus = Corpus(corpus.manifest, corpus.folder, {"documents": several})
    monkeypatch.setattr(chosen, "_AT_ONCE", at_once)
    parts = list(chosen.whole_families(corpus, "documents", "office", "form"))
    whole = corpus.columns("documents", "family", "office", "form").drop_nulls("family")
    assert_frame_equal(pl.concat(parts), whole, check_exact=True)
    families = [set(part["family"]) for part in parts]
    assert sum(map(len, families)) == whole["family"].n_unique()
    assert (len(parts) > 1) == (at_once < whole.height)
    bare = Corpus(corpus.manifest, corpus.folder, {"documents": corpus.documents.clear()})
    (none,) = chosen.whole_families(bare, "documents", "office")
    assert (none.height, none.columns) == (0, ["family", "office"])
