"""The file of queries."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from netpos.analysis.technologies import Technology
from netpos.commands.query import FIELDS, lens_queries, written
from netpos.errors import InputError
from netpos.fetching.pieces import Piece, read_pieces

ONE = Technology("one", "One", "Een", ipc=("G06N10/00",))


def write(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_netpos_query_writes_is_read_and_sent_as_it_is(tmp_path: Path, encoding: str) -> None:
    queries = lens_queries([ONE], first=2019, last=2020, as_="api", counts={"one": {2019: 7}})
    (tmp_path / "q.json").write_text(written(queries), encoding=encoding)
    pieces = read_pieces(tmp_path / "q.json")
    assert [json.loads(p.body) for p in pieces] == [q.body for q in queries]
    assert [p.expected for p in pieces] == [7, None]
    assert [p.name for p in pieces] == [
        "one, 2019-01-01 to 2019-12-31",
        "one, 2020-01-01 to 2020-12-31",
    ]
    assert pieces[0].folder.startswith("one-2019-01-01-2019-12-31-")
    assert pieces[0].fields == {f.split(".")[0] for f in FIELDS}
    assert (pieces[0].size, pieces[0].scroll, pieces[0].expands) == (100, "1m", True)


def test_parts_and_expected_may_be_absent_and_keys_unknown(tmp_path: Path) -> None:
    request = {"query": {"match_all": {}}, "odd": [1.0, 2e30, "é\ud800"], "size": 7}
    (one,) = read_pieces(write(tmp_path / "q.json", {"request": request, "more": 1}))
    assert (one.expected, one.scroll, one.fields, one.lens_ids) == (None, None, None, None)
    assert json.loads(one.body) == request
    assert list(json.loads(one.body)) == list(request)
    assert one.name == f"query {one.ident}"


def test_the_same_request_twice_is_one(tmp_path: Path) -> None:
    of = [
        {"technology": t, "request": {"query": q}} for t, q in (("a", "x"), ("b", "y"), ("c", "x"))
    ]
    assert [p.about["technology"] for p in read_pieces(write(tmp_path / "q.json", of))] == [
        "a",
        "b",
    ]


def test_names_of_folders_are_fit_for_every_system() -> None:
    odd = Piece({"query": "x"}, {"technology": "../a:b\x1b\n", "from": "2", "to": 3, "part": 2})
    assert set(odd.folder) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert odd.name == "../a:b??, 2 to 3, part 2"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("# quantum, published 2019\nclass_cpc.symbol:(G06N10*)\n", ":1: not JSON"),
        ("", "not JSON"),
        ('[\n{"request": {"query": }}]', ":2: not JSON"),
        ("[" * 100_000, "not JSON (nested too deeply)"),
        ('[{"request": {"query": NaN}}]', "NaN is no number of JSON"),
        ([], "no queries"),
        ("7", "no queries"),
        ([7], "query 1 has no 'request'"),
        ([{"request": {"query": "x"}}, {}], "query 2 has no 'request'"),
        ([{"request": {"size": 3}}], "query 1 has no 'request' with a 'query'"),
        ([{"request": {"query": "x", "size": 0}}], "'size' is no number"),
        ([{"request": {"query": "x", "size": None}}], "'size' is no number"),
        ([{"request": {"query": "x", "size": True}}], "'size' is no number"),
        ([{"request": {"query": "x"}, "expected": -1}], "'expected' is no number"),
        ([{"request": {"query": "x"}, "expected": "7"}], "'expected' is no number"),
        ([{"request": {"query": "x", "scroll": 1}}], "'scroll' is no time"),
    ],
)
def test_a_file_of_something_else_is_one_line(tmp_path: Path, content: object, words: str) -> None:
    with pytest.raises(InputError) as error:
        read_pieces(write(tmp_path / "q.json", content))
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_no_file_no_folder_no_text(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"\xff\xfe\xfd")
    for path in (tmp_path / "none", tmp_path, tmp_path / "b", tmp_path / "b" / "c"):
        with pytest.raises(InputError):
            read_pieces(path)
