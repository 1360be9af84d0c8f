"""The corpus folder: same tables from every container, whole after any interruption, readable."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import polars as pl
import pytest

from netpos.errors import InputError, OptionError
from netpos.ingest import corpus as corpora
from netpos.ingest.corpus import TABLES, ingest, open_corpus, read
from tests.conftest import ROOT
from tests.lens import record, toy_records, write

RECORDS = toy_records()


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
    reason = f"{RECORDS[0]['lens_id']} is kept from a.jsonl:1; from this copy: title"
    assert corpus.ledger.select("file", "line", "outcome", "reason").rows() == [
        ("b.csv", 2, "duplicate", reason)
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
    shutil.copytree(calm, tmp_path / "start")
    started = time.monotonic()
    call = [sys.executable, "-c", SCRIPT, str(second)]
    subprocess.run([*call, str(calm)], cwd=ROOT, check=True)
    lasts = time.monotonic() - started
    after = bytes_of(calm)
    draw = random.Random(5)
    for number in range(10):
        folder = shutil.copytree(tmp_path / "start", tmp_path / f"killed{number}")
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
