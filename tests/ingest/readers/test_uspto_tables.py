"""Bulk tables of the USPTO: their faults, and what stands in for a family."""

from __future__ import annotations

import zipfile
from pathlib import Path

import polars as pl
import pytest

from netpos import analysis
from netpos.errors import InputError
from netpos.ingest.corpus import Corpus, ingest, read
from netpos.ingest.discover import find
from netpos.ingest.readers.uspto_tables import read_tables
from netpos.ingest.records import PHASE_NUMBER, Batch, key
from netpos.options import Options
from tests import worlds
from tests.analysis.test_study import QUANTUM
from tests.lens import record, write

PATENTS = """patent_id\tpatent_type\tpatent_date\twipo_kind\twithdrawn
7000001\tutility\t2006-02-14\tB1\t0
7000002\tutility\t2006-02-14\tB2\t1
D512345\tdesign\t2006-02-14\tS1\t0
7000003\tutility\t2006-13-14\tB2\t0
"""


def tables(folder: Path, **texts: str) -> Path:
    folder.mkdir()
    for name, text in ({"g_patent": PATENTS} | texts).items():
        (folder / f"{name}.tsv").write_text(text, encoding="utf-8")
    return folder


def batch(folder: Path, **texts: str) -> Batch:
    (source,) = find([tables(folder, **texts)])
    (found,) = read_tables(source.tables, file=source.name)
    return found


def test_withdrawn_and_undated_rows_are_rejected_by_their_line(tmp_path: Path) -> None:
    found = batch(tmp_path / "t")
    assert found.rejected.rows() == [
        (3, "g_patent: withdrawn"),
        (5, "g_patent: '2006-13-14' is not a date"),
    ]
    assert found.records.select("lens_id", "publication_type").rows() == [
        ("US_7000001_B1", "GRANTED_PATENT"),
        ("US_D512345_S1", "DESIGN_RIGHT"),
    ]
    assert found.read == 4
    assert "the table g_us_patent_citation is not there: no citations of US grants" in found.notes


def test_a_row_of_too_few_cells_is_counted_and_the_lines_behind_it_stay_right(
    tmp_path: Path,
) -> None:
    head, *rows = PATENTS.splitlines()
    text = "\n".join([head, rows[0], "7000009\tutility", rows[1], ""])
    found = batch(tmp_path / "t", g_patent=text)
    assert found.rejected["line"].to_list() == [3, 4]
    assert found.records["line"].to_list() == [2]
    assert "1 rows of g_patent have too few or too many cells" in found.notes


CITED = """patent_id\tcitation_sequence\tcitation_patent_id\twipo_kind\tcitation_category
7000001\t0\t0412345\tS1\tcited by examiner
7000001\t1\tD412346\tS1\tcited by applicant
7000001\t2\t5000000\tA\tcited by third party
7000001\t3\t5000001\t\t
7000001\t4\t35000\tE1\tcited by other
7000002\t0\t5000002\tA\tcited by examiner
"""
FOREIGN = """patent_id\tcitation_sequence\tcitation_application_id\tcitation_country
7000001\t0\t1-98729\tJA
7000001\t1\t2612345\tDT
7000001\t2\t123\tCALIF
"""


def test_lost_letters_and_old_codes_are_repaired_and_words_are_phases(tmp_path: Path) -> None:
    found = batch(tmp_path / "t", g_us_patent_citation=CITED, g_foreign_citation=FOREIGN)
    names = {
        "US_D412345_S1": "EXA", "US_D412346_S1": "APP", "US_5000000_A": "TPO", "US_5000001": "",
        "US_RE35000_E1": "", "JP_198729": "", "DE_2612345": "",
    }  # fmt: skip
    expected = {key(n): PHASE_NUMBER[p] if p else 0 for n, p in names.items()}
    assert dict(found.references.select("other", "phase").iter_rows()) == expected
    assert found.references["row"].unique().to_list() == [0]
    assert "1 references of no known phase ('cited by other')" in found.notes


def test_a_publication_that_only_the_crosswalk_names_is_of_the_grants_family(
    tmp_path: Path,
) -> None:
    crosswalk = "pgpub_id\tpatent_id\tapplication_id\n20050012345\t7000001\t11/000,001\n"
    bulk = tables(tmp_path / "t", pg_granted_pgpubs_crosswalk=crosswalk)
    cited = {"jurisdiction": "US", "doc_number": "2005/0012345", "kind": "A1"}
    seeds = write(tmp_path / "s.jsonl", [record(1, cites=[{"patcit": {"document_id": cited}}])])
    ingest([seeds], tmp_path / "c")
    corpus = ingest([bulk], tmp_path / "c", role="context")
    assert corpus.citations["cited_family"].null_count() == 0
    assert corpus.families.filter(pl.col("role") == "context")["family_id"].to_list() == [
        "uspto:11000001"
    ]
    assert not corpus.families["offices_known"].filter(corpus.families["role"] == "context").any()


def test_phases_filter_as_those_of_lens_do(tmp_path: Path) -> None:
    world = worlds.us_world()
    corpora: list[Corpus] = [
        read(worlds.write_lens(tmp_path / "a.jsonl", world)),
        read(worlds.write_tables(tmp_path / "t", world)),
    ]
    for phase in ("examiner", "applicant"):
        options = Options(phase=phase)
        one, two = (analysis.country_links(c, **QUANTUM, options=options).table for c in corpora)
        assert one.height
        assert one.equals(two)


def test_what_is_missing_or_damaged_is_one_clear_line(tmp_path: Path) -> None:
    bad = tables(tmp_path / "a", g_cpc_current="patent_id\tsection\n7000001\tG\n")
    with pytest.raises(InputError, match=r"g_cpc_current.tsv.*column 'cpc_group' is missing"):
        read(bad)
    world = worlds.write_tables(tmp_path / "w", worlds.us_world(8))
    path = next(iter(sorted(world.glob("*.zip"))))
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(InputError, match="damaged table") as caught:
        ingest([world], tmp_path / "corpus")
    assert "\n" not in str(caught.value)
    assert path.name in str(caught.value)
    alone = tmp_path / "b"
    alone.mkdir()
    (alone / "g_us_patent_citation.tsv").write_text(CITED, encoding="utf-8")
    (source,) = find([alone])
    assert source.form == "other-patents"
    assert "g_patent.tsv" in (source.why or "")


def test_a_table_plain_and_zipped_side_by_side_is_read_once_and_told(tmp_path: Path) -> None:
    folder = tables(tmp_path / "t", g_us_patent_citation=CITED)
    alone = ingest([folder], tmp_path / "a")
    with zipfile.ZipFile(folder / "g_us_patent_citation.tsv.zip", "w") as archive:
        archive.writestr("g_us_patent_citation.tsv", CITED)
    both = ingest([folder], tmp_path / "b")
    assert both.counts == alone.counts
    assert both.manifest["skipped"] == [
        {
            "name": "g_us_patent_citation.tsv.zip",
            "form": "not-an-export",
            "why": "the same table as g_us_patent_citation.tsv, which is read instead",
        }
    ]


def test_an_owner_or_inventor_listed_twice_counts_once(tmp_path: Path) -> None:
    """Two rows of one owner beside one row of another: half each, not two thirds and one third."""
    places = "location_id\tdisambig_country\nn\tNL\nd\tDE\n"
    head = (
        "patent_id\tassignee_sequence\tassignee_id\tdisambig_assignee_organization\tlocation_id\n"
    )
    owners = head + "7000001\t0\ta\tFIRM\tn\n7000001\t1\ta\tFIRM\tn\n7000001\t2\tb\tOTHER\td\n"
    corpus = read(
        tables(tmp_path / "t", g_assignee_disambiguated=owners, g_location_disambiguated=places)
    )
    shares = corpus.applicants.select("applicant", "residence", "share").sort("applicant")
    assert shares.rows() == [("FIRM", "NL", 0.5), ("OTHER", "DE", 0.5)]


def test_tables_of_which_nothing_is_read_are_named(tmp_path: Path) -> None:
    found = batch(tmp_path / "t", g_foreign_priority="patent_id\n", g_us_rel_doc="patent_id\n")
    assert "tables of which nothing is read: g_foreign_priority, g_us_rel_doc" in found.notes
    world = worlds.write_tables(tmp_path / "w", worlds.us_world(8))
    (source,) = find([world])
    (found,) = read_tables(source.tables, file=source.name)
    assert not [n for n in found.notes if "nothing is read" in n]


def test_a_changed_table_is_another_export(tmp_path: Path) -> None:
    folder = tables(tmp_path / "t", g_us_patent_citation=CITED)
    first = ingest([folder], tmp_path / "c").manifest["inputs"][0]["sha256"]
    (folder / "g_us_patent_citation.tsv").write_text(CITED.replace("5000000", "5000009"))
    ingest([folder], tmp_path / "c")
    found = ingest([folder], tmp_path / "c").manifest["inputs"]
    assert len({i["sha256"] for i in found} | {first}) == len(found) == 2


def test_a_title_with_broken_signs_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    folder = tables(tmp_path / "t")
    text = "patent_id\tpatent_date\tpatent_title\n7000001\t2006-02-14\tPump \xe9\n"
    (folder / "g_patent.tsv").write_bytes(text.encode("latin-1"))
    (source,) = find([folder])
    (found,) = read_tables(source.tables, file=source.name)
    assert found.records.select("title", "title_language").rows() == [("Pump \ufffd", "en")]
