"""The corpus folder: same tables from every container, whole after any interruption, readable."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import duckdb
import polars as pl
import pytest
import zstandard

from netpos.errors import InputError, OptionError
from netpos.ingest import corpus as corpora
from netpos.ingest.corpus import TABLES, ingest, open_corpus, read
from netpos.ingest.inputs import cores
from tests.conftest import ROOT
from tests.lens import record, toy_records, write

RECORDS = toy_records()
LINES = "".join(json.dumps(r) + "\n" for r in RECORDS).encode()


def zipped(*files: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return buffer.getvalue()


CONTAINERS = {
    "a.jsonl": LINES,
    "bom.jsonl": b"\xef\xbb\xbf" + LINES,
    "crlf.jsonl": LINES.replace(b"\n", b"\r\n\r\n"),
    "a.jsonl.gz": gzip.compress(LINES),
    "two.jsonl.gz": gzip.compress(LINES[:5000]) + gzip.compress(LINES[5000:]),
    "a.jsonl.zst": zstandard.ZstdCompressor().compress(LINES),
    "misnamed.csv": LINES,
    "array.json": json.dumps(RECORDS).encode(),
    "pretty.json": json.dumps(RECORDS, indent=2).encode(),
    "response.json": json.dumps({"total": 135, "max_score": 1.0, "data": RECORDS}).encode(),
    "pages.json": b"".join(
        json.dumps({"total": 135, "data": RECORDS[k : k + 50]}, indent=1).encode() + b"\n"
        for k in range(0, 135, 50)
    ),
    "objects.json": "\n".join(json.dumps(r, indent=1) for r in RECORDS).encode(),
    "a.zip": zipped(("export/part.jsonl", LINES)),
    "two.zip": zipped(
        ("x/1.jsonl", LINES[: LINES.index(b"\n") + 1]),
        ("y/1.jsonl.gz", gzip.compress(LINES[LINES.index(b"\n") + 1 :])),
    ),
    "evil.zip": zipped(("../../../etc/evil.jsonl", LINES)),
}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pl.DataFrame]:
    path = write(tmp_path_factory.mktemp("plain") / "a.jsonl", RECORDS)
    return read(path).tables


@pytest.mark.parametrize("name", CONTAINERS)
def test_every_container_gives_the_same_tables(
    plain: dict[str, pl.DataFrame], tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_bytes(CONTAINERS[name])
    corpus = read(tmp_path / name)
    assert corpus.counts["read"] == corpus.counts["kept"] == 135
    for table in TABLES:
        found = corpus.table(table)
        if table == "documents":
            found, expected = (t.drop("file", "line") for t in (found, plain[table]))
            assert found.equals(expected)
        else:
            assert found.equals(plain[table]), table


def test_nothing_is_written_where_an_archive_points(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "evil.zip").write_bytes(CONTAINERS["evil.zip"])
    ingest([tmp_path / "in"], tmp_path / "out" / "deep" / "corpus")
    assert list(tmp_path.rglob("*evil.jsonl*")) == []


def test_one_part_or_many_without_the_scanner_give_the_same_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.jsonl", [*RECORDS, {"bad": 1}, *RECORDS[:3]])
    scanned = ingest([path], tmp_path / "scanned")
    monkeypatch.setenv("NETPOS_SCAN", "0")
    whole = ingest([path], tmp_path / "one")
    monkeypatch.setattr("netpos.ingest.readers.lens_json.BATCH_RECORDS", 7)
    cut = ingest([path], tmp_path / "two")
    assert len(cut.manifest["inputs"][0]["parts"]) > 10
    for table in TABLES:
        for other in (cut, scanned):
            assert other.table(table).equals(whole.table(table)), table


def test_there_is_at_least_one_core_also_where_the_system_does_not_say_which(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert cores() >= 1
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert cores() == 6
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores() == 1


def test_tables_made_piece_by_piece_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = [
        record(
            500 + n,
            cites=[n + 1, 900 + n % 9, 950 + n],
            cited_by=[700 + n],
            family=n // 2,
            inventors=[("DOE JANE", "SU"), ("ROE RICHARD", None)],
            applicants=[("ACME BV", "NL"), ("Acme B.V.", None), ("Beta Ltd", "XX")],
            symbols=["H01L 31/00", "g06n10/00", "G06N10/00"],
        )
        for n in range(40)
    ]
    path = write(tmp_path / "a.jsonl", [*RECORDS, *more])
    whole = ingest([path], tmp_path / "one")
    assert whole.table("outside").height > 50
    monkeypatch.setattr("netpos.ingest.citations._NAMED_AT_ONCE", 7)
    monkeypatch.setattr("netpos.ingest.citations._AT_ONCE", 11)
    monkeypatch.setattr("netpos.ingest.derive._AT_ONCE", 13)
    monkeypatch.setattr("netpos.ingest.derive._PARTIES_AT_ONCE", 17)
    monkeypatch.setattr("netpos.ingest.making._SIDE_BY_SIDE", 1)
    pieces = ingest([path], tmp_path / "two")
    for table in TABLES:
        assert pieces.table(table).equals(whole.table(table)), table
    assert pieces.manifest["residence_codes"] == whole.manifest["residence_codes"]
    assert pieces.counts == whole.counts


def test_duckdb_reads_the_corpus_without_netpos(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", RECORDS)
    ingest([tmp_path / "a.jsonl"], tmp_path / "c")
    query = f"""
        select x.residence, y.residence, count(*)
        from '{tmp_path}/c/citations.parquet' c
        join '{tmp_path}/c/applicants.parquet' x on x.family = c.citing_family
        join '{tmp_path}/c/applicants.parquet' y on y.family = c.cited_family
        where x.role = 'applicant' and y.role = 'applicant' group by all order by all
    """
    found = {(a, b): n for a, b, n in duckdb.sql(query).fetchall()}
    assert found["NL", "US"] == 6
    assert found["US", "US"] == 90
    documents = duckdb.sql(f"select * from '{tmp_path}/c/documents.parquet'").pl()
    assert documents.schema["lens_id"] == pl.String
    assert documents.height == 135


def test_a_corpus_of_another_version_is_refused_with_the_remedy(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", RECORDS[:3])
    ingest([path], tmp_path / "c")
    manifest = json.loads((tmp_path / "c" / "corpus.json").read_text())
    manifest["schema"] = 0
    (tmp_path / "c" / "corpus.json").write_text(json.dumps(manifest))
    with pytest.raises(InputError, match=r"version 0.*ingest the exports into a new folder"):
        open_corpus(tmp_path / "c")


def test_a_table_that_was_deleted_is_made_again(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", RECORDS[:9])
    ingest([path], tmp_path / "c")
    before = bytes_of(tmp_path / "c")
    (tmp_path / "c" / "citations.parquet").unlink()
    open_corpus(tmp_path / "c")
    assert bytes_of(tmp_path / "c") == before


def test_a_folder_without_a_corpus_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no corpus in this folder"):
        open_corpus(tmp_path)


def test_an_unknown_role_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="--role aunt"):
        ingest([write(tmp_path / "a.jsonl", RECORDS[:1])], tmp_path / "c", role="aunt")


def test_two_runs_into_one_folder_do_not_meet(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", RECORDS[:3])
    (tmp_path / "c").mkdir()
    with corpora._locked(tmp_path / "c"), pytest.raises(InputError, match="another netpos"):
        ingest([path], tmp_path / "c")
    assert ingest([path], tmp_path / "c").counts["kept"] == 3


def test_the_richest_of_several_forms_is_kept_and_the_ledger_says_which(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", RECORDS[:1])
    (tmp_path / "b.csv").write_text(
        f"Lens ID,Jurisdiction,Kind,Title\n{RECORDS[0]['lens_id']},EP,A1,x\n", encoding="utf-8"
    )
    corpus = read([tmp_path / "b.csv", tmp_path / "a.jsonl"])
    assert corpus.documents.select("form", "file").rows() == [("lens-json", "a.jsonl")]
    assert corpus.ledger.select("file", "line", "outcome", "reason").rows() == [
        ("b.csv", 2, "duplicate", f"{RECORDS[0]['lens_id']} is kept from a.jsonl:1")
    ]


def test_a_record_over_the_limit_is_rejected_and_the_next_ones_are_read(tmp_path: Path) -> None:
    long = json.dumps(record(1) | {"abstract": "x" * 50_000})
    rest = [json.dumps(record(k)) for k in (2, 3)]
    for name, text in (
        ("l.jsonl", "\n".join([rest[0], long, rest[1]])),
        ("l.json", "[" + ",".join([rest[0], long, rest[1]]) + "]"),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
        corpus = ingest([tmp_path / name], tmp_path / f"c-{name}", max_record=20_000)
        assert corpus.counts["kept"] == 2, name
        assert corpus.ledger.select("line", "outcome").rows() == [(2, "rejected")], name
        assert "larger than" in corpus.ledger["reason"][0]


SCRIPT = """
import sys
from netpos.ingest.corpus import ingest
ingest([sys.argv[1]], __import__("pathlib").Path(sys.argv[2]))
"""


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.glob("*.parquet")} | {
        "corpus.json": (folder / "corpus.json").read_bytes()
    }


def test_killed_at_any_moment_the_next_run_gives_the_same_bytes(tmp_path: Path) -> None:
    first = write(tmp_path / "a.jsonl", RECORDS[:60])
    second = write(tmp_path / "b.jsonl", RECORDS[40:])
    calm = tmp_path / "calm"
    ingest([first], calm)
    before = bytes_of(calm)
    started = time.monotonic()
    call = [sys.executable, "-c", SCRIPT, str(second)]
    subprocess.run([*call, str(calm)], cwd=ROOT, check=True)
    lasts = time.monotonic() - started
    after = bytes_of(calm)
    draw = random.Random(5)
    for number in range(10):
        folder = tmp_path / f"killed{number}"
        ingest([first], folder)
        run = subprocess.Popen([*call, str(folder)], cwd=ROOT)
        time.sleep(draw.uniform(0.3, 1.0) * lasts)
        run.send_signal(signal.SIGKILL)
        run.wait()
        found = bytes_of(folder)
        state = json.loads(found["corpus.json"])["state"]
        assert state == "building" or found in (before, after)
        ingest([second], folder)
        assert bytes_of(folder) == after
        assert [p for p in folder.rglob(".*") if p.name != ".lock"] == []


def test_files_with_other_endings_are_named_not_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    write(folder / "a.jsonl", [record(1)])
    write(folder / "b.data", [record(2)])
    with zipfile.ZipFile(folder / "c.zip", "w") as archive:
        archive.write(write(tmp_path / "d.jsonl", [record(3)]), "d.jsonl")
        archive.writestr("e.xlsx", "x")
    corpus = ingest([folder], tmp_path / "corpus")
    assert corpus.counts["read"] == 2
    assert [e["name"] for e in corpus.manifest["skipped"]] == ["b.data", "c.zip:e.xlsx"]
    assert "name the file by itself" in corpus.manifest["skipped"][0]["why"]
    again = ingest([folder / "b.data"], tmp_path / "corpus")
    assert again.counts["read"] == 3
