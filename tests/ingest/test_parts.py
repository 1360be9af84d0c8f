"""Parts of a corpus as files."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from netpos.errors import InputError
from netpos.ingest.corpus import ingest
from tests.ingest.test_manifest import cut, emptied, folder_instead
from tests.lens import record, write


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


@pytest.mark.parametrize("damage", [emptied, cut, folder_instead, Path.unlink])
def test_a_damaged_part_is_refused_when_more_is_added(
    corpus: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    damage(next((corpus / "records").glob("*.records.parquet")))
    more = write(tmp_path / "more.jsonl", [record(50)])
    with pytest.raises(InputError, match="a part of the corpus"):
        ingest([more], corpus)


def test_a_part_with_other_records_is_refused(made: Path, corpus: Path, tmp_path: Path) -> None:
    (part,) = (corpus / "records").glob("*.records.parquet")
    (other,) = (made / "two" / "records").glob("*.records.parquet")
    shutil.copy(other, part)
    with pytest.raises(InputError, match="was replaced"):
        ingest([write(tmp_path / "more.jsonl", [record(50)])], corpus)
