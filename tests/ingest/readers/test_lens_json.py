"""Records of the Lens in JSON, read one by one."""

from __future__ import annotations

from pathlib import Path

from netpos.commands import check as checking


def test_broken_line_is_reported_by_its_number(real: Path) -> None:
    (found,) = checking.check([real / "lens_json/patentslens_jl/biopoly_broken1.jsonl.gz"])
    assert [line for line, _ in found.rejected_lines] == [4]
    assert "Line 4 is rejected: not valid JSON" in checking.paragraph(found)


def test_record_without_lens_id_goes_by_its_doc_key(real: Path) -> None:
    from netpos.ingest.corpus import read

    corpus = read(real / "lens_json/patentslens_jl/biopoly_broken2.jsonl.gz")
    third = corpus.documents.filter(corpus.documents["line"] == 3)
    assert third["lens_id"].to_list() == ["US_20160266975_A1_20160915"]


def test_reference_that_names_nothing_is_counted(real: Path) -> None:
    (found,) = checking.check([real / "lens_json/patentslens_jl/biopoly_broken3.jsonl.gz"])
    assert found.notes == ["1 reference names no document"]
