"""Non-patent references of a corpus: kept when asked for, refused where they are not there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from netpos.errors import InputError
from netpos.ingest import compiled
from netpos.ingest.corpus import ingest, open_corpus, read
from netpos.ingest.nonpatent import references
from tests.ingest.readers.test_nonpatent import HEADER, PAPERS
from tests.lens import lens_id, record, write

RECORDS = [
    record(1, cites=[2, *PAPERS]),
    record(2, members=[3], cites=PAPERS[:1]),
    record(3, members=[2], office="US", cites=PAPERS[:2]),
    record(4, published="soon", cites=PAPERS),  # rejected: no date
]


def rows(folder: Path) -> list[tuple]:
    return references(open_corpus(folder))[0].rows()


def test_a_corpus_without_them_is_refused_and_made_whole_by_the_same_exports(
    tmp_path: Path,
) -> None:
    export, corpus = write(tmp_path / "e.jsonl", RECORDS), tmp_path / "c"
    ingest([export], corpus)
    with pytest.raises(InputError, match=r"non-patent references of e\.jsonl.*--nonpatent"):
        references(open_corpus(corpus))
    before = (corpus / "documents.parquet").stat().st_mtime_ns
    said: list[str] = []
    ingest([export], corpus, nonpatent=True, report=said.append)
    assert "e.jsonl: 11 non-patent references, 6 with an identifier" in said
    assert (corpus / "documents.parquet").stat().st_mtime_ns == before
    found = references(open_corpus(corpus))[0]
    assert (
        found["family"].n_unique() == 2
    )  # that of 1; that of 2 and 3; none of the record rejected
    assert found["counted"].sum() == 7
    said.clear()
    ingest([export], corpus, nonpatent=True, report=said.append)
    assert not any("non-patent" in line for line in said)  # read once
    more = write(tmp_path / "more.jsonl", [record(9, cites=PAPERS)])
    ingest([more], corpus)
    with pytest.raises(InputError, match=r"references of more\.jsonl"):
        references(open_corpus(corpus))


def test_a_record_read_twice_counts_once_and_keeps_the_papers_of_both(tmp_path: Path) -> None:
    one = write(tmp_path / "a.jsonl", [record(1, cites=PAPERS[:1])])
    two = write(tmp_path / "b.jsonl", [record(1, cites=PAPERS)])
    ingest([one, two], tmp_path / "c", nonpatent=True)
    found = references(open_corpus(tmp_path / "c"))[0]
    assert found["counted"].sum() in (1, 4)  # of the record that was kept
    assert set(found["doi"].drop_nulls()) == {"10.1021/acsami.6b00815", "10.1000/c"}


def test_every_form_and_both_ways_of_reading_give_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "e.jsonl", RECORDS)
    whole = json.dumps({"data": RECORDS[:3], "total": 3})
    (tmp_path / "e.json").write_text(whole, encoding="utf-8")
    ingest([tmp_path / "e.jsonl"], tmp_path / "c", nonpatent=True)
    ingest([tmp_path / "e.json"], tmp_path / "j", nonpatent=True)
    monkeypatch.setattr(compiled, "available", lambda: False)
    ingest([tmp_path / "e.jsonl"], tmp_path / "p", nonpatent=True)
    assert rows(tmp_path / "c") == rows(tmp_path / "p") == rows(tmp_path / "j")


def test_an_export_without_such_columns_is_silent_not_empty(tmp_path: Path) -> None:
    plain = "#,Jurisdiction,Kind,Display Key,Lens ID,Publication Date\n"
    (tmp_path / "plain.csv").write_text(f"{plain}1,EP,A1,EP 1 A1,{lens_id(1)},2018-01-01\n")
    told = HEADER.replace("#", "#,Publication Date")
    row = f"1,2018-01-01,EP,A1,EP 2 A1,{lens_id(2)},1,073-641-442-560-346,17331558\n"
    (tmp_path / "told.csv").write_text(f"{told}\n{row}")
    ingest([tmp_path / "plain.csv", tmp_path / "told.csv"], tmp_path / "c", nonpatent=True)
    found, silent = references(open_corpus(tmp_path / "c"))
    assert silent == ["plain.csv"]
    assert found["counted"].sum() == 1


def test_a_corpus_in_memory_and_a_damaged_table_are_refused(tmp_path: Path) -> None:
    export = write(tmp_path / "e.jsonl", RECORDS)
    with pytest.raises(InputError, match="does not hold"):
        references(read(export))
    ingest([export], tmp_path / "c", nonpatent=True)
    [table] = (tmp_path / "c" / "records").glob("*.nonpatent.parquet")
    table.write_bytes(b"PAR1")
    with pytest.raises(InputError, match="damaged"):
        references(open_corpus(tmp_path / "c"))
