"""Links between DOCDB families and their number map, carried out of another data base."""

from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
import pytest

from netpos import analysis
from netpos.analysis.ends import Ends, link_masks
from netpos.errors import InputError
from netpos.ingest.corpus import Corpus, ingest
from netpos.options import Options
from tests.lens import record, write

NUMBERS = """\
publn_auth,publn_nr,publn_kind,docdb_family_id,publn_date
EP,1,A1,11,2018-06-01
EP,2,A1,12,2018-06-01
JP,2001,A,13,9999-12-31
US,7000001,B2,13,2006-02-14
EP,99,A1,77,
XX,,A,14,
EP,98,A1,-1,
"""
#: 11 -> 12 and 11 -> 13 stand in the exports too; 14 and 15 nowhere else.
CITATIONS = """\
citing_family,cited_family,citing_date
11,12,
11,13,
11,14,
11,14,
15,11,2020-03-02
11,x,
"""
COUNTRIES = "family,country,share,year\n13,JP,1,2000\n14,FR,1,2001\n15,US,1,2019\n"
SPAN = (2010, 2025)


def _document(office: str, number: str, kind: str) -> dict:
    named = {"jurisdiction": office, "doc_number": number, "kind": kind}
    return {"patcit": {"document_id": named}}


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    """EP 1 (NL) cites EP 2 (DE), and a Japanese and a US document of one family outside."""
    cites = [_document("JP", "2001", "A"), _document("US", "7000001", "B2"), 2]
    records = [record(1, cites=cites, family=9), record(2, applicants=[("B GMBH", "DE")])]
    return write(tmp_path / "a.jsonl", records)


def _files(folder: Path, numbers: str = NUMBERS, citations: str = CITATIONS) -> list[Path]:
    (folder / "map.csv").write_text(numbers, encoding="utf-8")
    (folder / "links.csv").write_text(citations, encoding="utf-8")
    (folder / "countries.csv").write_text(COUNTRIES, encoding="utf-8")
    return [folder / "map.csv", folder / "links.csv"]


def _corpus(folder: Path, seeds: Path, context: list[Path], name: str = "c") -> Corpus:
    ingest([seeds], folder / name)
    return ingest(context, folder / name, role="context")


def _links(corpus: Corpus, folder: Path, scope: str) -> set[tuple]:
    options = Options(residences=str(folder / "countries.csv"), scope=scope)
    return set(analysis.country_links(corpus, years=SPAN, options=options).table.rows())


def test_links_between_families_count_once_beside_those_of_the_exports(
    tmp_path: Path, seeds: Path
) -> None:
    corpus = _corpus(tmp_path, seeds, _files(tmp_path))
    # by hand: NL cites DE (export and table), JP (two documents of one family, and table), FR
    assert _links(corpus, tmp_path, "citing") == {
        ("NL", "DE", 1.0, 1),
        ("NL", "JP", 1.0, 1),
        ("NL", "FR", 1.0, 1),
    }
    assert _links(corpus, tmp_path, "cited") == {("NL", "DE", 1.0, 1), ("US", "NL", 1.0, 1)}
    study = analysis.prepare(corpus, Options(residences=str(tmp_path / "countries.csv")))
    ends = Ends.of(study).table(link_masks(study, "all", SPAN))
    context = ends.filter(pl.col("source") == "context")
    assert set(context.select("direction", "form", "citations", "located").rows()) == {
        ("given", "docdb-citations", 2, 2),
        ("received", "docdb-citations", 1, 1),
    }
    assert any("column 'year'" in w for w in study.warnings)


def test_no_number_of_the_seeds_moves_but_their_links(tmp_path: Path, seeds: Path) -> None:
    before = ingest([seeds], tmp_path / "b").families
    after = _corpus(tmp_path, seeds, _files(tmp_path)).families.filter(pl.col("role") == "seed")
    same = ["documents", "publication_year", "year", "offices", "utility", "cites_count"]
    assert (
        after.sort("offices", "cites_count")
        .select(same)
        .equals(before.sort("offices", "cites_count").select(same))
    )


def test_a_number_map_alone_makes_documents_of_one_family_one_end(
    tmp_path: Path, seeds: Path
) -> None:
    alone = ingest([seeds], tmp_path / "b")
    assert alone.manifest["counts"]["citations"] == 3
    corpus = _corpus(tmp_path, seeds, _files(tmp_path)[:1])
    assert corpus.manifest["counts"]["citations"] == 2
    assert _links(corpus, tmp_path, "citing") == {("NL", "DE", 1.0, 1), ("NL", "JP", 1.0, 1)}


def test_every_row_is_accounted_for_and_named(tmp_path: Path, seeds: Path) -> None:
    corpus = _corpus(tmp_path, seeds, _files(tmp_path))
    counts = corpus.manifest["counts"]
    # 2 records, 5 + 2 rows of numbers, 5 families and one bad row of links; EP 99 stays aside
    assert (counts["read"], counts["passed_over"]) == (14, 1)
    assert counts["read"] == counts["kept"] + counts["rejected"] + counts["duplicates"]
    ledger = corpus.table("ledger").filter(pl.col("outcome") == "rejected")
    assert ledger.select("file", "line", "reason").rows() == [
        ("links.csv", 7, "cited_family is 'x', not the number of a DOCDB family"),
        ("map.csv", 7, "no publication_number"),
        ("map.csv", 8, "family is '-1', not the number of a DOCDB family"),
    ]


def test_order_split_and_container_do_not_matter(tmp_path: Path, seeds: Path) -> None:
    files = _files(tmp_path)
    expected = _corpus(tmp_path, seeds, files)
    head, *rows = CITATIONS.splitlines()
    other = tmp_path / "other"
    other.mkdir()
    turned = _files(other, NUMBERS.replace(",", ";"), "\n".join([head, *reversed(rows)]))
    packed = other / "map.csv.gz"
    packed.write_bytes(gzip.compress(turned[0].read_bytes()))
    table = pl.read_csv(turned[1], infer_schema=False).filter(pl.col("cited_family") != "x")
    table.cast({"citing_family": pl.Int64, "cited_family": pl.Int64}).with_columns(
        pl.col("citing_date").str.to_date()
    ).write_parquet(other / "links.parquet")
    folder = tmp_path / "d"
    ingest([seeds], folder)
    ingest([other / "links.parquet"], folder, role="context")
    found = ingest([packed], folder, role="context")
    for name in ("families", "citations"):
        assert found.table(name).equals(expected.table(name)), name


def test_damaged_and_foreign_tables_are_refused_in_a_line(tmp_path: Path, seeds: Path) -> None:
    _, links = _files(tmp_path)
    with pytest.raises(InputError, match=r"no classes; add it .* --role context"):
        ingest([links], tmp_path / "c")
    ingest([seeds], tmp_path / "c")
    whole = tmp_path / "links.parquet"
    pl.DataFrame({"citing_family": [11], "cited_family": [12]}).write_parquet(whole)
    whole.write_bytes(whole.read_bytes()[:60])
    with pytest.raises(InputError, match="damaged Parquet file"):
        ingest([whole], tmp_path / "c", role="context")
    foreign = tmp_path / "foreign.csv"
    foreign.write_text("from,to\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError, match="without the columns"):
        ingest([foreign], tmp_path / "c", role="context")
