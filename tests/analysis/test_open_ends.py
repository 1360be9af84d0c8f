"""What open citations lack, by reason and office, in both directions."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from netpos import analysis
from netpos.analysis import results
from netpos.analysis.open_ends import REASONS, open_told
from netpos.ingest.corpus import ingest
from netpos.options import Options
from tests import worlds
from tests.lens import QUANTUM, record, write


def _document(office: str | None, number: str | None, kind: str | None = "A1") -> dict:
    named = {"jurisdiction": office, "doc_number": number, "kind": kind}
    return {"patcit": {"document_id": {k: v for k, v in named.items() if v}}}


def test_each_reason_is_told_with_its_office(tmp_path: Path) -> None:
    """By hand: EP 1 (NL) cites a US, two JP documents, three Lens IDs, of which one has an office
    and one a number besides, a family of no country and a number that two families have; a family
    of no country cites EP 1.
    """
    nobody = {"applicants": [("BETA GMBH", None)], "priority": None}
    twice = [record(n, doc_number="77", office="FR", kind=k) for n, k in ((4, "A1"), (5, "B1"))]
    for one, family in zip(twice, (44, 55), strict=True):
        one["biblio"]["publication_reference"] = {
            "jurisdiction": "FR",
            "doc_number": "77",
            "kind": one["kind"],
        }
        one["doc_number"] = "77"
        one["families"] = {"simple_family": {"family_id": family}}
    parts: list[dict] = [{}, {"jurisdiction": "EP"}, {"doc_number": "4711"}]
    bare = [
        {"patcit": {"lens_id": record(n)["lens_id"], "document_id": part}}
        for n, part in enumerate(parts, start=8)
    ]
    cites = [_document("US", "7000001", "B2"), _document("JP", "2001", "A")]
    cites += [_document("JP", "2002", "A"), *bare, 2, _document("FR", "77", None)]
    seeds = [record(1, cites=cites), record(2, cites=[1], **nobody), *twice]
    corpus = ingest([write(tmp_path / "s.jsonl", seeds)], tmp_path / "c")
    assert corpus.manifest["counts"]["mentions_ambiguous"] == 1
    options = Options(technologies=QUANTUM[1], draws=0, sensitivity=False)
    table = results.tables(analysis.prepare(corpus, options))["open"]
    whole = table.filter((pl.col("technology") == "all") & (pl.col("period") == "all"))
    rows = set(whole.select("direction", "reason", "office", "citations").rows())
    assert rows == {
        ("given", "number", "US", 1),
        ("given", "number", "JP", 2),
        ("given", "no_number", None, 2),
        ("given", "no_number", "EP", 1),
        ("given", "family", "EP", 1),
        ("given", "ambiguous", "FR", 1),
        ("given", "own_family", "EP", 1),
        ("received", "own_family", "EP", 1),
        ("received", "family", "EP", 1),
    }
    assert open_told(table) == [
        "open citations given: 9; 22 % are to numbered documents of JP: publications of Google/IFI "
        "or Lens as context could locate these at most"
    ]


def test_open_and_located_add_up_for_every_technology_and_period(tmp_path: Path) -> None:
    world = worlds.us_world()
    seeds = [d.n for d in world if d.family <= 24]
    corpus = ingest([worlds.write_lens(tmp_path / "s.jsonl", world, seeds)], tmp_path / "c")
    options = Options(technologies=QUANTUM[1], draws=0, sensitivity=False)
    found = results.tables(analysis.prepare(corpus, options))
    keys = ["technology", "period", "direction"]
    rest = (
        found["located"]
        .group_by(keys)
        .agg((pl.col("citations") - pl.col("located")).sum().alias("citations"))
    )
    added = found["open"].group_by(keys).agg(pl.col("citations").sum()).sort(keys)
    assert added.equals(rest.filter(pl.col("citations") > 0).sort(keys))
    assert set(found["open"]["reason"]) <= set(REASONS)
    # everything that could be fetched is of the US
    assert set(found["open"].filter(pl.col("reason") == "number")["office"]) == {"US"}
