"""Every real file is what its README says, counted by netpos."""

from __future__ import annotations

from pathlib import Path

import pytest

from netpos.commands import check as checking

# file, form, read, kept, rejected, references, families; numbers of the README beside the files
CASES = [
    ("lens_csv/2016_drones_fulltext_families_5884_raw.csv.gz", "lens-csv", 5884, 5884, 0, 0),
    ("lens_csv/2021_antontruly_lens-export.csv.gz", "lens-csv", 3779, 3779, 0, 0),
    ("lens_csv/2025_polyphosphate_patents_data.csv.gz", "lens-csv", 86, 86, 0, 0),
    ("lens_csv/2026_battery_raw_patents_10cols.csv.gz", "lens-csv", 797, 797, 0, 0),
    ("lens_csv/2026_opensangamo_lens-export.csv.gz", "lens-csv", 130, 130, 0, 0),
    ("lens_json/patentslens_jl/biopoly_broken1.jsonl.gz", "lens-jsonl", 10, 9, 1, 35),
    ("lens_json/patentslens_jl/biopoly_broken2.jsonl.gz", "lens-jsonl", 10, 10, 0, 35),
    ("lens_json/patentslens_jl/biopoly_broken3.jsonl.gz", "lens-jsonl", 10, 10, 0, 32),
    ("lens_json/patentslens_jl/biopoly_min.jsonl", "lens-jsonl", 1, 1, 0, 0),
    ("lens_json/lens_api_doc/sample_response_EP2471949A1.json", "lens-json", 1, 1, 0, 15),
    (
        "lens_json_legacy_2020/Coronavirus-CPC-based-patents.jsonl.gz",
        "lens-legacy-jsonl",
        1470,
        1470,
        0,
        0,
    ),
    (
        "lens_json_legacy_2020/Coronavirus-MERS-diagnosis-patents.jsonl.gz",
        "lens-legacy-jsonl",
        18,
        18,
        0,
        0,
    ),
    (
        "lens_json_legacy_2020/Coronavirus-patents-SARS-MERS-TAC.jsonl.gz",
        "lens-legacy-jsonl",
        1588,
        1588,
        0,
        0,
    ),
    ("patentsview_nuclear/G21B.json.gz", "patentsview-json", 258, 258, 0, 6667),
    ("patentsview_nuclear/G21D.json.gz", "patentsview-json", 508, 508, 0, 5831),
    ("patentsview_nuclear/G21H.json.gz", "patentsview-json", 123, 123, 0, 1460),
    ("patentsview_nuclear/G21J.json.gz", "patentsview-json", 6, 6, 0, 22),
]


@pytest.mark.parametrize(
    ("name", "form", "read", "kept", "rejected", "references"), CASES, ids=[c[0] for c in CASES]
)
def test_check_counts_what_the_readme_counts(
    real: Path, name: str, form: str, read: int, kept: int, rejected: int, references: int
) -> None:
    (found,) = checking.check([real / name])
    assert found.form == form
    assert (found.records, found.kept, found.rejected) == (read, kept, rejected)
    assert found.references == references
    text = checking.paragraph(found)
    assert f"{read:,} records read" in text
    assert "\n" not in text


@pytest.mark.parametrize(
    ("name", "inside", "with_id", "families"),
    [
        ("lens_json/patentslens_jl/biopoly_broken1.jsonl.gz", 0, 34, 7),
        ("lens_json/patentslens_jl/biopoly_broken2.jsonl.gz", 0, 34, 8),
        ("lens_json/patentslens_jl/biopoly_broken3.jsonl.gz", 0, 31, 8),
        ("patentsview_nuclear/G21B.json.gz", 247, 6667, 258),
        ("patentsview_nuclear/G21D.json.gz", 107, 5831, 508),
        ("patentsview_nuclear/G21H.json.gz", 31, 1460, 123),
        ("patentsview_nuclear/G21J.json.gz", 0, 22, 6),
        ("lens_csv/2025_polyphosphate_patents_data.csv.gz", 0, 0, 51),
        ("lens_csv/2026_opensangamo_lens-export.csv.gz", 0, 0, 130),
    ],
)
def test_check_counts_references_inside_the_file_and_families(
    real: Path, name: str, inside: int, with_id: int, families: int
) -> None:
    (found,) = checking.check([real / name])
    assert (found.references_inside, found.references_with_id) == (inside, with_id)
    assert found.families == families


def test_residence_is_stated_as_often_as_measured_before(real: Path) -> None:
    (found,) = checking.check([real / "lens_json/patentslens_jl/biopoly_broken2.jsonl.gz"])
    assert (found.residence_rate, found.inventor_residence_rate) == (0.7, 0.7)


def test_overlapping_legacy_collections_merge_on_their_ids(real: Path) -> None:
    from netpos.ingest.corpus import read

    corpus = read(real / "lens_json_legacy_2020")
    assert corpus.counts["read"] == 1470 + 18 + 1588
    assert corpus.counts["kept"] == 2866
