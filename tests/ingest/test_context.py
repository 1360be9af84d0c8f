"""A large context is cut to what has to do with the corpus."""

from __future__ import annotations

from pathlib import Path

from netpos.ingest.context import CUT, cut
from netpos.ingest.corpus import ingest
from tests import worlds

WORLD = worlds.us_world()


def stray(n: int, family: int, cites: list[tuple[int, str, str]] = ()) -> worlds.Document:
    number = str(9_000_000 + n)
    rest = ("2019-01-01", "2017-01-01", None, [("STRAY INC", "US")])
    return worlds.Document(n, "US", number, "B2", family, *rest, cites=list(cites))


def test_only_what_names_the_corpus_or_is_named_by_it_enters(tmp_path: Path) -> None:
    seeds = [d.n for d in WORLD if d.family <= 20]
    world = [*WORLD, stray(901, 901), stray(902, 902, [(901, "", "")])]
    world += [stray(903, 903, [(seeds[0], "", "")]), stray(904, 903)]
    corpus = tmp_path / "corpus"
    ingest([worlds.write_lens(tmp_path / "s.jsonl", world, seeds)], corpus)
    rest = [d.n for d in world if d.n not in seeds]
    told: list[str] = []
    found = ingest(
        [worlds.write_publications(tmp_path / "c.parquet", world, rest)],
        corpus,
        role="context",
        report=told.append,
    )
    numbers = set(found.documents["doc_number"])
    assert {"9000903", "9000904"} <= numbers  # names a seed; is of the family of one that does
    assert not {"9000901", "9000902"} & numbers
    counts = found.counts
    assert counts["read"] == counts["kept"] + counts["rejected"] + counts["duplicates"]
    item = next(i for i in found.manifest["inputs"] if i["role"] == "context")
    assert item["read"] == len(rest)
    assert counts["passed_over"] == item["passed_over"] == len(rest) - item["kept"]
    assert any(f"the other {counts['passed_over']} stay aside" in line for line in told)
    # what stayed aside is needed once an export that names it comes
    more = ingest([worlds.write_lens(tmp_path / "m.jsonl", world, [902])], corpus)
    assert {"9000901", "9000902"} <= set(more.documents["doc_number"])


def test_a_context_of_lens_is_not_cut() -> None:
    item = {"role": "context", "form": "lens-jsonl", "parts": [{"stem": "x"}]}
    assert cut([item], lambda *_: (_ for _ in ()).throw(AssertionError)) is None
    assert "lens-jsonl" not in CUT
