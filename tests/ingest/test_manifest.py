"""The tables of a corpus belong together, or it is refused in one line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from netpos.cli import app
from netpos.errors import InputError
from netpos.ingest.corpus import TABLES, ingest, open_corpus
from tests.lens import QUANTUM, record, write


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    for name, count in (("one", 6), ("two", 9)):
        records = [record(n, cites=[n + 1], symbols=[f"G06N10/{n}0"]) for n in range(1, count)]
        ingest([write(folder / f"{name}.jsonl", records)], folder / name)
    return folder


@pytest.fixture
def corpus(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / "one", tmp_path / "corpus"))


def refused(corpus: Path, out: Path) -> str:
    """What analyse says, in one line, with exit code 2."""
    done = CliRunner().invoke(app, ["analyse", str(corpus), "--out", str(out), *QUANTUM])
    assert done.exit_code == 2, done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, lines
    return lines[0]


@pytest.mark.parametrize("name", TABLES)
def test_a_table_of_another_corpus_is_refused(
    made: Path, corpus: Path, tmp_path: Path, name: str
) -> None:
    other = (made / "two" / f"{name}.parquet").read_bytes()
    if other == (corpus / f"{name}.parquet").read_bytes():
        other += b"x"  # both ledgers are empty
    (corpus / f"{name}.parquet").write_bytes(other)
    assert "do not belong together" in refused(corpus, tmp_path / "out")


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGE = [flipped, emptied, cut, folder_instead]


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("name", ["documents", "citations"])
def test_a_damaged_table_is_refused(
    corpus: Path, tmp_path: Path, damage: Callable[[Path], None], name: str
) -> None:
    damage(corpus / f"{name}.parquet")
    assert f"{name}.parquet" in refused(corpus, tmp_path / "out")


def test_a_lost_table_is_made_again(made: Path, corpus: Path) -> None:
    (corpus / "families.parquet").unlink()
    found = open_corpus(corpus)
    assert found.families.equals(open_corpus(made / "one").families)


BAD = {
    "empty": "",
    "no JSON": "{",
    "a list": "[]",
    "nothing": "{}",
    "deep": "[" * 10_000 + "]" * 10_000,
    "deep objects": '{"schema":' * 10_000 + "1" + "}" * 10_000,
    "not UTF-8": "\udcff",
}


@pytest.mark.parametrize("name", BAD)
def test_a_manifest_that_is_none_is_refused(corpus: Path, tmp_path: Path, name: str) -> None:
    (corpus / "corpus.json").write_bytes(BAD[name].encode("utf-8", "surrogateescape"))
    assert "corpus.json" in refused(corpus, tmp_path / "out")


def changed(manifest: Any, at: list[str | int], value: object) -> None:
    *before, last = at
    for step in before:
        manifest = manifest[step]
    if value is None:
        del manifest[last]
    else:
        manifest[last] = value


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (["schema"], "4"),
        (["schema"], True),
        (["inputs"], None),
        (["inputs"], "text"),
        (["inputs", 0], 7),
        (["inputs", 0, "name"], None),
        (["inputs", 0, "read"], "many"),
        (["inputs", 0, "parts"], "text"),
        (["inputs", 0, "parts", 0], []),
        (["inputs", 0, "parts", 0, "stem"], "../../x"),
        (["inputs", 0, "notes"], 1),
        (["skipped"], "text"),
        (["skipped"], [1]),
        (["counts"], None),
        (["counts"], {}),
        (["counts", "read"], "text"),
        (["tables"], None),
        (["tables", "families"], "text"),
        (["residence_codes"], "text"),
        (["residence_codes"], ["text"]),
        (["residence_codes"], [{"code": "XX", "parties": 1, "reason": "unknown"}]),
        (["late"], None),
        (["late"], [{"file": "a", "line": 1, "lens_id": "b", "date": "soon"}]),
        (["incomplete"], 5),
        (["newest"], [1]),
        (["newest"], "soon"),
        (["inputs", 0, "pages"], []),
        (["inputs", 0, "pages", "totals"], {"many": 1}),
    ],
)
def test_a_manifest_without_a_key_or_with_another_kind_of_value_is_refused(
    corpus: Path, tmp_path: Path, at: list[str | int], value: object
) -> None:
    path = corpus / "corpus.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    changed(manifest, at, value)
    path.write_text(json.dumps(manifest), encoding="utf-8")
    assert "corpus" in refused(corpus, tmp_path / "out")


def test_a_corpus_of_before_is_refused_with_the_remedy(corpus: Path, tmp_path: Path) -> None:
    path = corpus / "corpus.json"
    manifest = json.loads(path.read_text(encoding="utf-8")) | {"schema": 3}
    path.write_text(json.dumps(manifest), encoding="utf-8")
    assert "ingest the exports into a new folder" in refused(corpus, tmp_path / "out")
    with pytest.raises(InputError, match="new folder"):
        ingest([write(tmp_path / "more.jsonl", [record(50)])], corpus)
