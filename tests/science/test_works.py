"""Reading works: the real samples, both sources, every container, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from netpos.errors import InputError
from netpos.science.topics import of_file
from netpos.science.works import Works, read_works


def work(number: int, **more: object) -> dict:
    return {
        "id": f"https://openalex.org/W{number}", "publication_year": 2015, "type": "article",
        "cited_by_count": 3, "authorships": [{"countries": ["NL"]}],
        "counts_by_year": [
            {"year": 2016, "cited_by_count": 2}, {"year": 2024, "cited_by_count": 1},
        ],
    } | more  # fmt: skip


def written(path: Path, records: list[dict]) -> Path:
    path.write_text("\n".join(json.dumps(r) for r in records) + "\n", encoding="utf-8")
    return path


def read(path: Path, **more: object) -> Works:
    return read_works([(path, of_file("q"))], **more)


def test_the_sample_of_openalex(real: Path) -> None:
    found = read(real / "openalex" / "works_292.jsonl.gz")
    assert dict(found.counts) == {"read": 292, "kept": 292, "rejected": 0, "duplicates": 0}
    assert found.source == "openalex"
    # counted by hand: works with a country in any authorship, or in an institution of one
    assert (found.works["located"] > 0).sum() == 136
    assert found.works["fwci_openalex"].null_count() == 30
    assert found.works["year"].min() == 1977
    assert found.works["citations_window"].null_count() == 292  # counts begin in 2012
    total = found.shares.group_by("work").agg(pl.col("share").sum())["share"]
    assert total.to_list() == pytest.approx([1.0] * 136)


def test_the_sample_of_lens(real: Path) -> None:
    found = read(real / "lens_scholarly" / "lens_export_100.jsonl.gz")
    assert found.counts["kept"] == 100
    assert found.source == "lens"
    located = found.works["located"]
    assert (located > 0).sum() == 71
    assert ((located == found.works["authors"]) & (located > 0)).sum() == 39
    assert (found.works["citations"] == 0).sum() == 19  # absent where nobody cites
    assert found.works["citations_window"].null_count() == 100


def test_the_country_of_a_publisher_is_never_that_of_an_author(tmp_path: Path) -> None:
    lens = {
        "lens_id": "000-000-000-000-001", "year_published": 2020,
        "publication_type": "journal article", "source": {"country": "Netherlands"},
        "authors": [{"last_name": "X"}],
    }  # fmt: skip
    assert read(written(tmp_path / "l.jsonl", [lens])).shares.height == 0


def test_citations_count_in_the_window_where_the_source_gives_years(tmp_path: Path) -> None:
    old = work(2, publication_year=2010)
    file = written(tmp_path / "a.jsonl", [work(1), old, work(3, publication_year=2021)])
    found = read(file)
    assert (found.first_counted, found.last_counted) == (2016, 2024)
    # counts begin in 2016, so a work of 2015 lacks its first year
    assert found.works["citations_window"].to_list() == [None, None, 1]
    assert read(file, window=3).works["citations_window"].to_list() == [None, None, 0]
    assert read(file, window=None).works["citations_window"].null_count() == 3


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        ({"type": "article"}, "article"),
        ({"type": "review"}, "review"),
        ({"type": "preprint"}, None),
        ({"type": "book-chapter"}, None),
        ({"is_retracted": True}, None),
        ({"is_paratext": True}, None),
        ({"primary_location": {"raw_type": "proceedings-article"}}, "conference"),
        ({"primary_location": {"source": {"type": "conference"}}}, "conference"),
        ({"primary_location": {"source": {"type": "journal"}}}, "article"),
    ],
)
def test_types_that_count(tmp_path: Path, record: dict, kind: str | None) -> None:
    found = read(written(tmp_path / "a.jsonl", [work(1, **record)]))
    assert found.works["type"].to_list() == [kind]


def test_identifiers_are_compared_without_address_and_case(tmp_path: Path) -> None:
    ids = {"doi": "https://doi.org/10.1000/ABC", "pmid": "https://pubmed.ncbi.nlm.nih.gov/123"}
    row = read(written(tmp_path / "a.jsonl", [work(1, ids=ids)])).works.row(0, named=True)
    assert (row["doi"], row["pmid"]) == ("10.1000/abc", "123")


@pytest.mark.parametrize(("name", "rows"), [("salmon_network", 24), ("easy_esg", 38)])
def test_a_real_scholarly_csv_gives_works_and_no_country(real: Path, name: str, rows: int) -> None:
    file = real / "lens_csv" / "not_patents" / f"{name}_scholarly_lens-export.csv.gz"
    found = read(file)
    assert (found.counts["read"], found.source) == (rows, "lens-csv")
    assert found.shares.height == 0


def test_two_sources_are_not_mixed(tmp_path: Path) -> None:
    lens = {"lens_id": "000-000-000-000-001", "year_published": 2020}
    one, two = written(tmp_path / "a.jsonl", [work(1)]), written(tmp_path / "b.jsonl", [lens])
    with pytest.raises(InputError, match=r"b.jsonl: .* another source"):
        read_works([(one, of_file("q")), (two, of_file("q"))])


def test_identifiers_are_compared_by_the_rules_of_references(tmp_path: Path) -> None:
    lens = [
        {"lens_id": "000-000-000-00x", "year_published": 2016, "external_ids": [
            {"type": "doi", "value": " https://www.doi.org/10.1000/AbC"},
            {"type": "pmid", "value": "PMID: 18523984"}]},
        {"lens_id": "000-000-000-01X", "year_published": 2016, "external_ids": [
            {"type": "doi", "value": "no doi"}, {"type": "pmid", "value": "none"}]},
    ]  # fmt: skip
    found = read(written(tmp_path / "w.jsonl", lens)).works
    assert found.select("lens_id", "doi", "pmid").rows() == [
        ("000-000-000-00X", "10.1000/abc", "18523984"),
        ("000-000-000-01X", None, None),
    ]
