"""What definitions of technologies find in a corpus."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from netpos.analysis.technologies import load_technologies
from netpos.commands.definitions import (
    Overlap,
    aligned,
    catches,
    check_definitions,
    checked_as_dict,
    checked_as_text,
    listed,
    write_template,
)
from netpos.errors import InputError
from netpos.ingest.corpus import ingest, open_corpus
from tests.lens import record, write

THREE = """
[[technology]]
id = "alpha"
name = "Alpha"
ipc = ["G06N10/", "G06N3/"]
exclude = ["G06N10/80", "A01B1/"]
core = ["G06N10/20", "G06N10/60"]
[[technology]]
id = "beta"
name_en = "Beta"
name_nl = "Bèta"
cpc = ["G06N10/20", "H01L21/"]
[[technology]]
id = "gamma"
name = "Gamma"
ipc = ["C12N"]
"""
#: alpha: 1, 2, 3; beta: 2, 3, 4; family 5 has only an excluded symbol, 6 is in none.
SEEDS = [
    record(1, symbols=["G06N10/00"]),
    record(2, symbols=["G06N10/20"]),
    record(3, symbols=["G06N10/00", "H01L21/02"]),
    record(4, symbols=["H01L21/02"]),
    record(5, symbols=["G06N10/80"]),
    record(6, symbols=["A61B5/00"]),
]


@pytest.fixture
def three(tmp_path: Path) -> Path:
    path = tmp_path / "three.toml"
    path.write_text(THREE, encoding="utf-8")
    return path


def test_what_each_definition_finds_adds_up_and_the_context_is_left_out(
    tmp_path: Path, three: Path
) -> None:
    ingest([write(tmp_path / "s.jsonl", SEEDS)], tmp_path / "corpus")
    around = write(tmp_path / "c.jsonl", [record(9, symbols=["C12N1/00"])])
    ingest([around], tmp_path / "corpus", role="context")
    checked = catches(open_corpus(tmp_path / "corpus"), load_technologies(three))
    found = {c.technology: (c.families, c.share, c.alone) for c in checked.caught}
    assert found == {"alpha": (3, 0.5, 1), "beta": (3, 0.5, 1), "gamma": (0, 0.0, 0)}
    assert (checked.families, checked.outside, checked.without_symbols) == (6, 2, 0)
    # each family is alone somewhere, shared or outside
    shared = 2
    assert sum(c.alone for c in checked.caught) + shared + checked.outside == checked.families
    assert checked.overlaps == (Overlap("alpha", "beta", 2, 2 / 3, 2 / 3),)
    patterns = {c.technology: (c.unused, c.idle) for c in checked.caught}
    assert patterns["alpha"] == (("G06N3/", "G06N10/60"), ("A01B1/",))
    assert patterns["beta"] == ((), ())
    assert patterns["gamma"] == (("C12N",), ())
    again = check_definitions(load_technologies(three), [tmp_path / "corpus"])
    alone = check_definitions(load_technologies(three), [tmp_path / "s.jsonl"])
    assert again == checked == alone
    text = checked_as_text(checked)
    assert "6 families in all; 2 (33.3%) in no technology." in text
    assert "Finds nothing: gamma." in text
    assert "alpha: no family has a symbol of G06N3/, G06N10/60." in text
    assert json.loads(json.dumps(checked_as_dict(checked)))["overlaps"][0]["families"] == 2


def test_the_first_and_the_last_family_are_looked_at(tmp_path: Path, three: Path) -> None:
    found = [record(1, symbols=["G06N10/00"]), record(2, symbols=["C12N1/00"])]
    ingest([write(tmp_path / "s.jsonl", found)], tmp_path / "corpus")
    checked = catches(open_corpus(tmp_path / "corpus"), load_technologies(three))
    assert [(c.technology, c.alone) for c in checked.caught] == [
        ("alpha", 1), ("beta", 0), ("gamma", 1),
    ]  # fmt: skip


def test_the_template_is_a_list_that_can_be_read_and_is_never_written_over(tmp_path: Path) -> None:
    path = write_template(tmp_path / "own.toml")
    before = path.read_bytes()
    assert [t.id for t in load_technologies(path)] == ["quantum_computing"]
    with pytest.raises(InputError, match="is there already"):
        write_template(path)
    assert path.read_bytes() == before
    # also what it shows behind a # is right
    shown = before.decode().replace("# [[", "[[")
    for key in ("exclude", "core", "focus_area", "note", "sources", "id", "name", "cpc"):
        shown = shown.replace(f"\n# {key} =", f"\n{key} =")
    path.write_text(shown, encoding="utf-8")
    first, second = load_technologies(path)
    assert all((first.exclude, first.core, first.note, first.sources))
    assert second.id == "batteries"


def test_a_template_goes_into_a_folder_that_is_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        write_template(tmp_path / "none" / "own.toml")


def test_the_list_says_names_and_numbers_of_patterns(three: Path) -> None:
    rows = [line.split() for line in listed(three).splitlines()]
    assert rows[1:] == [
        ["alpha", "2", "2", "Alpha"],
        ["beta", "2", "0", "Beta", "/", "Bèta"],
        ["gamma", "1", "0", "Gamma"],
    ]


def test_columns_of_numbers_stand_to_the_right() -> None:
    assert aligned([("a", "n"), ("xx", "10"), ("y", "9")]) == "a    n\nxx  10\ny    9"
