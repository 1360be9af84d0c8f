"""Damaged exports: no traceback, no hang, every record accounted for, whole records untouched."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path

import pytest

from netpos.errors import NetposError
from netpos.ingest.corpus import ingest, read
from netpos.ingest.readers.json_stream import objects
from tests.conftest import shared_real
from tests.fuzz import damage
from tests.lens import record

#: How many are damaged here; `make fuzz` goes on to thousands.
FILES = 150
GROUP = 10


@pytest.fixture(scope="module")
def real() -> Path | None:
    try:
        return shared_real()
    except pytest.skip.Exception:
        return None  # the synthetic exports remain


@pytest.mark.parametrize("start", range(0, FILES, GROUP))
def test_damaged_exports_are_read_as_far_as_they_are_whole(
    start: int, real: Path | None, tmp_path: Path
) -> None:
    for number in range(start, start + GROUP):
        case = damage.make_case(number, real)
        folder = tmp_path / str(number)
        folder.mkdir()
        assert damage.problems(case, folder) == [], (number, case.original.name, case.damage)


def test_every_kind_of_damage_meets_whole_files_and_lines_of_every_export(
    real: Path | None,
) -> None:
    cases = [damage.make_case(number, real) for number in range(FILES)]
    kinds = {made.__name__ for made in damage.BYTES} | {"values"}
    whole = {kind for c in cases if c.intact is None for kind in c.damage}
    within = {kind for c in cases if c.intact is not None for kind in c.damage}
    assert whole == kinds
    assert within == kinds - {"recoded"}
    assert {c.original.name for c in cases} == {o.name for o in damage.originals(real)}
    assert {c.suffix for c in cases} == {"", ".gz", ".zip"}
    assert sum(c.number % 12 == 0 for c in cases) > 10  # those are analysed as well


def test_a_case_is_the_same_each_time(real: Path | None) -> None:
    assert damage.make_case(7, real) == damage.make_case(7, real)


# --- damage found by the cases, small enough to see ----------------------------------------------


def lines_of(n: int) -> list[bytes]:
    return [json.dumps(record(k)).encode() for k in range(1, n + 1)]


@pytest.mark.parametrize("first", [b"[1]", b"[]", b"[", b"{[", b"null", b"]"])
def test_a_first_line_that_is_no_record_costs_no_other_line(first: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join([first, *lines_of(5)]))
    assert read(path).documents.height == 5


@pytest.mark.parametrize(
    "members",
    [b'[{"lens_id": "\xff\xfe"}]', b"[" * 10_000 + b"]" * 10_000, b'["\\ud800"]', b"9e999"],
)
def test_damage_in_the_extended_family_costs_at_most_its_record(
    members: bytes, tmp_path: Path
) -> None:
    whole = lines_of(3)
    part = b'"families": {"extended_family": {"members": ' + members + b"}, "
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join([whole[0].replace(b'"families": {', part), *whole[1:]]))
    corpus = read(path)
    assert corpus.documents.height >= 2
    assert corpus.counts["read"] == 3


def test_a_csv_record_above_the_limit_is_rejected(tmp_path: Path) -> None:
    head = "Lens ID,Jurisdiction,Kind,Title\n"
    rows = [f"000-000-000-000-0{k}9,EP,A1,{'x' * n}\n" for k, n in ((1, 10), (2, 50_000))]
    (tmp_path / "a.csv").write_text(head + "".join(rows), encoding="utf-8")
    corpus = ingest([tmp_path / "a.csv"], tmp_path / "c", max_record=10_000)
    assert corpus.ledger.select("line", "outcome").rows() == [(3, "rejected")]


def test_a_zip_archive_with_a_broken_directory_is_an_input_error(tmp_path: Path) -> None:
    case = damage.Case(0, damage.Original("a.jsonl", b""), b"\n".join(lines_of(2)), ())
    whole = bytearray(damage.zipped(case))
    end = whole.rindex(b"PK\x05\x06")
    whole[end + 16 : end + 20] = (2**31 - 1).to_bytes(4, "little")  # where the directory begins
    (tmp_path / "a.zip").write_bytes(whole)
    with pytest.raises(NetposError, match="zip"):
        read(tmp_path / "a.zip")


def test_records_that_do_not_end_cost_no_more_than_their_number() -> None:
    def seconds(n: int) -> float:
        broken = b"[" + b",\n".join([lines_of(1)[0][:-1]] * n) + b"]"
        began = time.process_time()
        assert sum(1 for _ in objects(io.BytesIO(broken), "array")) >= n
        return time.process_time() - began

    seconds(50)
    assert seconds(1600) < 24 * seconds(200)  # 8 times the work; 64 when it grows with the square
