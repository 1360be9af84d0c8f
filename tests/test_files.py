"""Names of files, locks, writing whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from netpos.files import portable_name, write_text
from tests.portable import elsewhere


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("quantum", "quantum"),
        ("Quantum", "Quantum-1"),  # another name only by case
        ("CON", "CON-2"),
        ("con.x", "con-x"),
        ("a:b/c\\d*e", "a-b-c-d-e"),
        ("dot. ", "dot--"),
        ("été", "-t-"),
        ("", "6"),
        ("x" * 300, "x" * 100),
    ],
)
def test_a_name_of_the_user_becomes_one_that_every_system_takes(text: str, name: str) -> None:
    given = ["quantum", "Quantum", "CON", "con.x", "a:b/c\\d*e", "dot. ", "", "été", "x" * 300]
    taken: list[str] = []
    found = {}
    for each in given:
        found[each] = portable_name(each, taken)
        taken.append(found[each])
    assert found[text] == name
    assert not any(elsewhere.bad_name(n) for n in taken)
    assert len({n.casefold() for n in taken}) == len(taken)


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = write_text(tmp_path / "m.html", "old")
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        write_text(path, "new")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("m.html", "old")]
