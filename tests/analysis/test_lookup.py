"""A user's countries reach documents by number, and all of a family."""

from __future__ import annotations

from pathlib import Path

import pytest

from netpos import analysis
from netpos.analysis.lookup import looked_up, unclear
from netpos.errors import InputError
from netpos.ingest.corpus import Corpus, read
from netpos.options import Options
from tests import worlds
from tests.analysis.test_study import QUANTUM
from tests.lens import lens_id, record, write


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """A family that cites five documents outside, known by number, and one of no country."""
    numbers = [("US", "20140313399", "A1"), ("EP", "7", "A1"), ("EP", "7", "B1"), ("JP", "9", "A")]
    cites = [
        {"patcit": {"document_id": {"jurisdiction": o, "doc_number": n, "kind": k}}}
        for o, n, k in numbers
    ]
    inside = record(2, applicants=[("BETA GMBH", None)], priority=None, family=9)
    return read(write(tmp_path / "a.jsonl", [record(1, cites=[*cites, 2]), inside]))


def located(corpus: Corpus, folder: Path, text: str) -> dict[str, dict[str, float]]:
    (folder / "r.csv").write_text(text, encoding="utf-8")
    n = corpus.families.height
    found = looked_up(corpus, folder / "r.csv", n)
    names = {
        n + row: f"{office}{number}{kind}"
        for row, office, number, kind in corpus.table("outside")
        .select("outside", "office", "doc_number", "kind")
        .iter_rows()
    }
    by: dict[str, dict[str, float]] = {}
    for family, country, share in found.iter_rows():
        by.setdefault(names.get(family, "inside"), {})[country] = share
    return by


def test_a_number_in_any_form_gives_its_document_a_country(corpus: Corpus, tmp_path: Path) -> None:
    text = "office,number,kind,country,share\nUS,2014/313399,A1,NL,1\nUS,2014313399,A1,DE,3\n"
    found = located(corpus, tmp_path, text + "ep,0000007,B1,FR,1\nEP,8,A1,GB,1\n")
    assert found == {"US20140313399A1": {"DE": 0.75, "NL": 0.25}, "EP7B1": {"FR": 1.0}}


def test_a_number_of_several_documents_without_a_kind_stays_open(
    corpus: Corpus, tmp_path: Path
) -> None:
    assert located(corpus, tmp_path, "office,number,country\nEP,7,NL\nJP,9,JP\n") == {
        "JP9A": {"JP": 1.0}
    }
    assert unclear(corpus, tmp_path / "r.csv") == 1
    study = analysis.prepare(corpus, Options(residences=str(tmp_path / "r.csv")))
    assert any("1 documents of" in w and "several families" in w for w in study.warnings)


def test_what_is_named_by_its_lens_id_is_never_several_documents(
    corpus: Corpus, tmp_path: Path
) -> None:
    text = f"lens_id,country\n{record(2)['lens_id']},NL\n"
    assert located(corpus, tmp_path, text) == {"inside": {"NL": 1.0}}
    assert unclear(corpus, tmp_path / "r.csv") == 0


def test_a_lens_id_gives_a_document_of_no_export_its_countries(tmp_path: Path) -> None:
    """Family 1 cites two documents outside, 5 and 6; of the second two countries are known."""
    corpus = read(write(tmp_path / "a.jsonl", [record(1, cites=[5, 6])]))
    table = tmp_path / "r.csv"
    rows = ((5, "US", 1), (6, "JP", 3), (6, "KR", 1))
    lines = [f"{lens_id(n)},{country},{share}" for n, country, share in rows]
    table.write_text("\n".join(["lens_id,country,share", *lines, ""]), encoding="utf-8")
    at = dict(corpus.table("outside").select("lens_id", "outside").iter_rows())
    found = looked_up(corpus, table, 1)
    assert found.rows() == sorted(
        [
            (1 + at[lens_id(5)], "US", 1.0),
            (1 + at[lens_id(6)], "JP", 0.75),
            (1 + at[lens_id(6)], "KR", 0.25),
        ]
    )


def test_documents_of_one_family_share_its_countries(corpus: Corpus, tmp_path: Path) -> None:
    text = "publn_auth,publn_nr,publn_kind,ctry_code,docdb_family_id\n"
    text += "EP,7,A1,NL,55\nEP,7,B1,,55\nEP,2,A1,,55\nUS,20140313399,A1,,56\n"
    found = located(corpus, tmp_path, text)
    assert found == {"EP7A1": {"NL": 1.0}, "EP7B1": {"NL": 1.0}, "inside": {"NL": 1.0}}
    options = Options(residences=str(tmp_path / "r.csv"), scope="closed")
    links = analysis.country_links(corpus, **QUANTUM, options=options)
    assert links.table.rows() == [("NL", "NL", 1.0, 1)]


def test_countries_of_docdb_families_alone_reach_publications(tmp_path: Path) -> None:
    world = worlds.us_world(6)
    for d in world:
        d.applicants = d.inventors = []
    corpus = read(worlds.write_publications(tmp_path / "p.parquet", world))
    text = "family,country,share,year\n50000001,NL,0.25,2010\n50000001,DE,0.75,2010\n"
    assert located(corpus, tmp_path, text) == {"inside": {"DE": 0.75, "NL": 0.25}}
    assert unclear(corpus, tmp_path / "r.csv") == 0


def test_a_number_needs_its_office(tmp_path: Path, corpus: Corpus) -> None:
    with pytest.raises(InputError, match="column 'office' is missing"):
        located(corpus, tmp_path, "number,country\n7,NL\n")
    with pytest.raises(InputError, match="country is empty"):
        located(corpus, tmp_path, "office,number,country\nEP,7,\n")
