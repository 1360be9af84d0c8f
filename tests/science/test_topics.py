"""Which technology a work belongs to."""

from __future__ import annotations

from pathlib import Path

import pytest

from netpos.errors import InputError, OptionError
from netpos.science.records import Record
from netpos.science.topics import chooser, of_file, parse_technology, read_topics
from netpos.science.works import read_works
from tests.science.test_works import work, written


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
