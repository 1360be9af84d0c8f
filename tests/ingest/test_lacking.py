"""What forms lack is named and withheld."""

from __future__ import annotations

from pathlib import Path

from netpos import analysis
from netpos.analysis import results
from netpos.ingest.corpus import ingest, read
from netpos.ingest.lacking import lacking_told
from netpos.options import Options
from tests import worlds
from tests.lens import QUANTUM


def test_no_stock_alive_is_made_of_publications_without_status(tmp_path: Path) -> None:
    world = worlds.us_world()
    options = Options(technologies=QUANTUM[1], draws=0, sensitivity=False)
    held = {}
    for name, corpus in (
        ("lens", read(worlds.write_lens(tmp_path / "a.jsonl", world))),
        ("google", read(worlds.write_publications(tmp_path / "b.parquet", world))),
    ):
        study = analysis.prepare(corpus, options)
        held[name] = results.tables(study)["trend"]["value_share"].drop_nulls().len()
        told = [w for w in study.warnings if "legal status" in w and "priority" in w]
        assert len(told) == (name == "google")
    assert held["lens"]
    assert not held["google"]


def test_a_context_that_lacks_something_takes_nothing_away() -> None:
    inputs = [
        {"role": "seed", "form": "lens-jsonl"},
        {"role": "context", "form": "google-publications"},
    ]
    assert not lacking_told(inputs)


def test_a_cut_context_says_that_other_countries_look_better_located(tmp_path: Path) -> None:
    world = worlds.us_world()
    seeds = [d.n for d in world if d.family <= 10]
    ingest([worlds.write_lens(tmp_path / "s.jsonl", world, seeds)], tmp_path / "c")
    rest = worlds.write_publications(tmp_path / "p.parquet", world, range(len(seeds) + 1, 50))
    corpus = ingest([rest], tmp_path / "c", role="context")
    assert corpus.counts["context_mentions_outside"] > 0
    for design, told in (("focal", 1), ("world", 0)):
        study = analysis.prepare(corpus, Options(technologies=QUANTUM[1], design=design))
        assert sum("is overstated" in w for w in study.warnings) == told
