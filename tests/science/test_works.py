"""Reading works: the real samples, both sources, every container, and what is refused."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import polars as pl
import pytest

from netpos.errors import InputError, OptionError
from netpos.science.records import Record
from netpos.science.topics import chooser, of_file, parse_technology, read_topics
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


def test_every_container_gives_the_same_works(tmp_path: Path) -> None:
    records = [work(k, cited_by_count=k) for k in range(1, 8)]
    lines = written(tmp_path / "a.jsonl", records)
    expected = read(lines)
    (tmp_path / "b.json").write_text(json.dumps(records, indent=1))
    (tmp_path / "c.json").write_text(
        json.dumps({"meta": {"count": 7}, "results": records}, indent=1)
    )
    pages = [{"meta": {}, "results": records[:4]}, {"meta": {}, "results": records[4:]}]
    written(tmp_path / "d.jsonl", pages)
    (tmp_path / "e.jsonl.gz").write_bytes(gzip.compress(lines.read_bytes()))
    (tmp_path / "f.jsonl").write_bytes(b"\xef\xbb\xbf" + lines.read_bytes().replace(b"\n", b"\r\n"))
    pl.DataFrame(records).write_parquet(tmp_path / "g.parquet")
    for name in ("b.json", "c.json", "d.jsonl", "e.jsonl.gz", "f.jsonl", "g.parquet"):
        found = read(tmp_path / name)
        assert found.works.equals(expected.works, null_equal=True), name
        assert found.shares.equals(expected.shares), name
        assert found.counts == expected.counts, name


def test_citations_count_in_the_window_where_the_source_gives_years(tmp_path: Path) -> None:
    old = work(2, publication_year=2010)
    file = written(tmp_path / "a.jsonl", [work(1), old, work(3, publication_year=2021)])
    found = read(file)
    assert (found.first_counted, found.last_counted) == (2016, 2024)
    # counts begin in 2016, so a work of 2015 lacks its first year
    assert found.works["citations_window"].to_list() == [None, None, 1]
    assert read(file, window=3).works["citations_window"].to_list() == [None, None, 0]
    assert read(file, window=None).works["citations_window"].null_count() == 3


def test_a_work_in_two_files_is_one_in_two_technologies(tmp_path: Path) -> None:
    one = written(tmp_path / "a.jsonl", [work(1), work(2), work(1)])
    two = written(tmp_path / "b.jsonl", [work(2), work(3)])
    found = read_works([(one, of_file("q")), (two, of_file("a"))])
    assert dict(found.counts) == {"read": 5, "kept": 3, "rejected": 0, "duplicates": 2}
    by = found.members.join(found.works.select("work", "key"), on="work")
    assert sorted(by.select("technology", "key").rows()) == [
        ("a", "W2"), ("a", "W3"), ("q", "W1"), ("q", "W2"),
    ]  # fmt: skip
    assert found.ledger["outcome"].to_list() == ["duplicate"] * 2


def test_records_that_cannot_be_read_are_listed_with_their_line(tmp_path: Path) -> None:
    lines = [
        json.dumps(work(1)), '{"id": "https://openalex.org/W2", "publication_', "",
        json.dumps(work(3, publication_year=None)), json.dumps({"title": "x"}),
        json.dumps(work(4, publication_year="soon")),
    ]  # fmt: skip
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    found = read(tmp_path / "a.jsonl")
    assert dict(found.counts) == {"read": 5, "kept": 1, "rejected": 4, "duplicates": 0}
    assert found.ledger["line"].to_list() == [2, 4, 5, 6]
    assert "no year" in found.ledger["reason"][1]


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
    ids = {"doi": "https://doi.org/10.1/ABC", "pmid": "https://pubmed.ncbi.nlm.nih.gov/123"}
    row = read(written(tmp_path / "a.jsonl", [work(1, ids=ids)])).works.row(0, named=True)
    assert (row["doi"], row["pmid"]) == ("10.1/abc", "123")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "holds no record"),
        (b"hello\n", "not works of OpenAlex or Lens"),
        (b"PK\x03\x04", "Excel or zip"),
        (b"\x1f\x8b\x08\x00broken", "damaged gzip"),
        (b"PAR1 not really", "damaged Parquet"),
        (b'[{"id": 1', "not valid JSON"),
        (
            b"Lens ID,Title,Date Published,Publication Year\nx,y,z,2020\n",
            "no country of any author",
        ),
        (b'{"lens_id": "1", "jurisdiction": "US", "biblio": {}}\n', "export of patents"),
        (b'{"a": 1}\n', "no work can be used"),
    ],
)
def test_foreign_and_damaged_files_are_named(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "x.jsonl").write_bytes(content)
    with pytest.raises(InputError, match=words) as told:
        read(tmp_path / "x.jsonl")
    assert "x.jsonl" in str(told.value)


def test_a_real_scholarly_csv_is_refused_with_its_reason(real: Path, tmp_path: Path) -> None:
    file = real / "lens_csv" / "not_patents" / "salmon_network_scholarly_lens-export.csv.gz"
    with pytest.raises(InputError, match="Lens scholarly CSV, which has no country"):
        read(file)


def test_two_sources_are_not_mixed(tmp_path: Path) -> None:
    lens = {"lens_id": "000-000-000-000-001", "year_published": 2020}
    one, two = written(tmp_path / "a.jsonl", [work(1)]), written(tmp_path / "b.jsonl", [lens])
    with pytest.raises(InputError, match=r"b.jsonl: .* another source"):
        read_works([(one, of_file("q")), (two, of_file("q"))])


DEFINITIONS = """
[[technology]]
id = "quantum"
topics = ["T10020"]
terms = ["qubit*"]
exclude = ["joke"]

[[technology]]
id = "virus"
fields_of_study = ["Virology"]
"""


def test_definitions_tell_technologies_apart(tmp_path: Path) -> None:
    (tmp_path / "t.toml").write_text(DEFINITIONS)
    choose = chooser(read_topics(tmp_path / "t.toml"))
    topic = {"id": "https://openalex.org/T10020"}
    cases = [
        ({"title": "On qubits"}, ["quantum"]),
        ({"title": "Qubitless? a joke"}, []),
        ({"title": "subqubit"}, []),
        ({"primary_topic": topic, "fields_of_study": ["virology"]}, ["quantum", "virus"]),
        ({}, []),
    ]
    import msgspec

    for fields, expected in cases:
        assert list(choose(msgspec.convert(fields, Record))) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1\n", "no technologies"),
        ("[[technology]]\nid = 'A b'\nterms=['x']\n", "the id 'A b'"),
        ("[[technology]]\nid = 'a'\n", "nothing says"),
        ("[[technology]]\nid = 'a'\nterms = 'x'\n", "no list"),
        ("[[technology]]\nid = 'a'\nword = ['x']\n", "key 'word'"),
        ("[[technology]]\nid='a'\nterms=['x']\n[[technology]]\nid='a'\nterms=['x']\n", "twice"),
        ("[[", "not TOML"),
    ],
)
def test_wrong_definitions_are_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "t.toml").write_text(text)
    with pytest.raises(InputError, match=words):
        read_topics(tmp_path / "t.toml")


@pytest.mark.parametrize("text", ["quantum", "=f", "all=f", "Q q=f", "q="])
def test_a_technology_needs_an_id_and_a_file(text: str) -> None:
    with pytest.raises(OptionError, match="ID=FILE"):
        parse_technology(text)
