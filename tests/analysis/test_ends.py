"""How citations were located: by which source and rule, in both directions."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from netpos import analysis
from netpos.analysis import results
from netpos.analysis.ends import located_told
from netpos.ingest.corpus import ingest
from netpos.options import Options
from tests import worlds
from tests.lens import QUANTUM, record, write


def test_every_citation_has_its_end_in_one_source_by_one_rule(tmp_path: Path) -> None:
    """Two seeds, a family of the context, three documents outside of which one is looked up."""
    bare = [
        {"patcit": {"document_id": {"jurisdiction": "EP", "doc_number": n, "kind": "A1"}}}
        for n in ("501", "502")
    ]
    seeds = [
        record(1, cites=[2, 3, *bare], cited_by=[9]),
        record(2, applicants=[("BETA GMBH", None)], inventors=[("Y", "DE")]),
    ]
    context = [record(3, applicants=[("GAMMA LTD", None)], priority=("JP", "2010-01-01"))]
    ingest([write(tmp_path / "s.jsonl", seeds)], tmp_path / "c")
    corpus = ingest([write(tmp_path / "x.jsonl", context)], tmp_path / "c", role="context")
    (tmp_path / "r.csv").write_text("office,number,country\nEP,501,FR\n")
    options = Options(
        technologies=QUANTUM[1], draws=0, sensitivity=False, residences=str(tmp_path / "r.csv")
    )
    found = results.tables(analysis.prepare(corpus, options))
    table = found["located"].filter((pl.col("technology") == "all") & (pl.col("period") == "all"))
    rows = table.select("direction", "source", "form", "rule", "citations", "located").rows()
    assert sorted(rows, key=str) == sorted(
        [
            ("given", "context", "lens-json", "priority", 1, 1),
            ("given", "outside", None, "lookup", 1, 1),
            ("given", "outside", None, "unknown", 1, 0),
            ("given", "seed", "lens-json", "inventor", 1, 1),
            ("received", "outside", None, "unknown", 1, 0),
            ("received", "seed", "lens-json", "applicant", 1, 1),
        ],
        key=str,
    )
    assert located_told(found["located"]) == [
        "citations given: 3 of 4 located at both ends (75 %): seed 1, context 1, outside 1; "
        "2 to documents outside",
        "citations received: 1 of 2 located at both ends (50 %): seed 1; 1 from documents outside",
    ]


def test_citations_given_add_up_to_the_coverage(tmp_path: Path) -> None:
    world = worlds.us_world()
    seeds = [d.n for d in world if d.family <= 24]
    rest = [d.n for d in world if d.family > 24]
    ingest([worlds.write_lens(tmp_path / "s.jsonl", world, seeds)], tmp_path / "c")
    corpus = ingest(
        [worlds.write_publications(tmp_path / "p.parquet", world, rest)],
        tmp_path / "c",
        role="context",
    )
    options = Options(technologies=QUANTUM[1], draws=0, sensitivity=False)
    found = results.tables(analysis.prepare(corpus, options))
    keys = ["technology", "period"]
    given = found["located"].filter(pl.col("direction") == "given")
    added = given.group_by(keys).agg(pl.col("citations", "located").sum()).sort(keys)
    cover = found["coverage"].filter((pl.col("rule") == "all") & (pl.col("citations") > 0))
    expected = cover.select(
        *keys, "citations", located=pl.col("citations_located").cast(pl.Int64)
    ).sort(keys)
    assert added.equals(expected)
    forms = found["located"].filter(pl.col("source") == "context")["form"].unique().to_list()
    assert forms == ["google-publications"]
