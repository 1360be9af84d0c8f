"""Files of publications: damage is one clear line, and nothing of the rest is lost."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from netpos.errors import InputError
from netpos.ingest.corpus import ingest, read
from netpos.ingest.discover import find
from netpos.ingest.readers.publication_files import parquet_columns, read_json, read_parquet
from tests import worlds

WORLD = worlds.us_world(8)


def test_lists_wrapped_by_a_writer_are_the_same(tmp_path: Path) -> None:
    rows = worlds.publications(WORLD)
    lists = ("assignee_harmonized", "inventor_harmonized", "cpc", "citation")
    wrapped = [
        row | {c: {"list": [{"element": item} for item in row[c]]} for c in lists} for row in rows
    ]
    pl.DataFrame(wrapped).write_parquet(tmp_path / "w.parquet")
    worlds.write_publications(tmp_path / "p.parquet", WORLD)
    plain, other = (read(tmp_path / f"{n}.parquet") for n in "pw")
    for name in ("families", "applicants", "classifications", "citations", "outside"):
        assert plain.table(name).equals(other.table(name)), name


def test_a_subset_of_columns_is_enough(tmp_path: Path) -> None:
    table = pl.DataFrame(worlds.publications(WORLD))
    table.select("publication_number", "family_id").write_parquet(tmp_path / "a.parquet")
    corpus = read(tmp_path / "a.parquet")
    assert (corpus.counts["kept"], corpus.counts["families"]) == (len(WORLD), 8)


def test_a_damaged_file_leaves_the_corpus_as_it_was(tmp_path: Path) -> None:
    good = worlds.write_publications(tmp_path / "good.parquet", WORLD)
    before = ingest([good], tmp_path / "corpus").counts
    data = good.read_bytes()
    (tmp_path / "cut.parquet").write_bytes(data[: len(data) // 2])
    (tmp_path / "hole.parquet").write_bytes(data[:500] + bytes(1500) + data[2000:])
    assert parquet_columns(tmp_path / "cut.parquet") is None
    for name in ("cut", "hole"):
        with pytest.raises(InputError, match="damaged Parquet file") as caught:
            ingest([tmp_path / f"{name}.parquet"], tmp_path / "corpus")
        assert "\n" not in str(caught.value)
        assert ingest([good], tmp_path / "corpus").counts == before


def test_a_parquet_file_of_something_else_is_named(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "a.parquet")
    (source,) = find([tmp_path / "a.parquet"])
    assert source.form == "other-patents"
    assert "publication_number" in (source.why or "")
    with pytest.raises(InputError, match="not one of publications"):
        list(read_parquet(tmp_path / "a.parquet", file="a.parquet"))


def _flat_texts(row: dict) -> dict:
    return row | {"citation": [c["publication_number"] for c in row["citation"]]}


def _json_texts(row: dict) -> dict:
    return row | {"citation": json.dumps(row["citation"])}


def _other_records(row: dict) -> dict:
    return row | {"citation": [{"npl_text": "a"} for _ in row["citation"]]}


@pytest.mark.parametrize("change", [_flat_texts, _json_texts, _other_records])
def test_a_list_of_another_shape_is_refused_and_not_taken_for_empty(
    tmp_path: Path, change: Callable[[dict], dict]
) -> None:
    rows = [change(row) for row in worlds.publications(WORLD)]
    pl.DataFrame(rows).write_parquet(tmp_path / "a.parquet")
    words = "a.parquet: column 'citation' holds no records with publication_number"
    with pytest.raises(InputError, match=words):
        read(tmp_path / "a.parquet")


def test_lists_of_one_length_and_lists_of_nothing_are_lists(tmp_path: Path) -> None:
    cited = pa.struct([("publication_number", pa.string())])
    rows = [
        {"publication_number": f"US-{n}-B2", "family_id": str(n), "cpc": [],
         "citation": [{"publication_number": f"US-{3 - n}-B2"}]}
        for n in (1, 2)
    ]  # fmt: skip
    types = {"publication_number": pa.string(), "family_id": pa.string(),
             "cpc": pa.list_(pa.null()), "citation": pa.list_(cited, 1)}  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows, pa.schema(types)), tmp_path / "a.parquet")
    found = read(tmp_path / "a.parquet").table("citations")
    assert sorted(found.select("citing_family", "cited_family").rows()) == [(0, 1), (1, 0)]


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_whole_numbers_kept_as_fractions_are_whole(tmp_path: Path, kind: str) -> None:
    rows = [
        {"publication_number": "EP-1234567-A1", "family_id": 12.0, "publication_date": 20100106.0},
        {"publication_number": "EP-1234568-A1", "family_id": None, "publication_date": None},
        {"publication_number": "EP-1234569-A1", "family_id": -1.0, "publication_date": 0.0},
    ]
    path = tmp_path / f"a.{kind}"
    if kind == "parquet":
        pl.DataFrame(rows).write_parquet(path)
    else:
        path.write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "b.jsonl").write_text(
        '{"publication_number": "US-2011000001-A1", "family_id": "12", '
        '"publication_date": "20110106"}'
    )
    corpus = ingest([path, tmp_path / "b.jsonl"], tmp_path / "corpus")
    assert (corpus.counts["kept"], corpus.counts["families"]) == (4, 3)  # two are one family
    days = corpus.table("documents").sort("lens_id")["published"].to_list()
    assert days == [dt.date(2010, 1, 6), None, None, dt.date(2011, 1, 6)]


def test_bad_lines_are_rejected_with_their_number(tmp_path: Path) -> None:
    path = worlds.write_publication_lines(tmp_path / "a.jsonl", WORLD)
    lines = path.read_text().splitlines()
    lines.insert(2, '{"publication_number": "US-1-A", "citation": "none"}')
    lines.insert(4, lines[0][:50])
    lines.append(lines[0])
    path.write_text("\n".join(lines))
    corpus = read(path)
    counts = corpus.counts
    assert counts["read"] == len(WORLD) + 3
    assert (counts["kept"], counts["rejected"], counts["duplicates"]) == (len(WORLD), 2, 1)
    rejected = corpus.ledger.filter(pl.col("outcome") == "rejected")
    assert rejected["line"].to_list() == [3, 5]
    assert rejected["reason"].str.contains("not a publication|not valid JSON").all()


def test_a_list_of_records_is_read_as_lines_are(tmp_path: Path) -> None:
    rows = worlds.publications(WORLD)
    (tmp_path / "a.json").write_text(json.dumps(rows, indent=1))
    assert read(tmp_path / "a.json").counts["kept"] == len(WORLD)


def test_no_rows_are_an_empty_batch() -> None:
    (batch,) = read_json([])
    assert batch.read == 0


def test_titles_of_another_shape_are_passed_over(tmp_path: Path) -> None:
    rows = worlds.publications(WORLD)
    for name, odd in (("a", "A title"), ("b", [1, 2]), ("c", None), ("d", [{"other": "x"}])):
        table = [row | {"title_localized": odd} for row in rows]
        (tmp_path / f"{name}.json").write_text("".join(json.dumps(r) + "\n" for r in table))
        pl.DataFrame(table).write_parquet(tmp_path / f"{name}.parquet")
        for end in ("json", "parquet"):
            corpus = read(tmp_path / f"{name}.{end}")
            assert corpus.counts["kept"] == len(WORLD)
            assert corpus.table("titles").height == 0
