"""What an error says: what was wrong, where, and what to do, in one line."""

from __future__ import annotations

import pytest

from netpos.errors import InputError, NetposError, OptionError, TableError


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "broken"),
        ({"file": "a.csv"}, "a.csv: broken"),
        ({"file": "a.csv", "line": 3}, "a.csv:3: broken"),
        ({"remedy": "mend it"}, "broken; mend it"),
        ({"file": "a.csv", "line": 3, "remedy": "mend it"}, "a.csv:3: broken; mend it"),
        ({"line": 3}, "broken"),  # a line of no file says nothing
    ],
)
def test_an_error_of_a_file_names_the_place_and_the_remedy(given: dict, said: str) -> None:
    assert str(InputError("broken", **given)) == said


def test_every_mistake_of_the_input_is_caught_as_one_kind() -> None:
    for kind in (InputError, OptionError, TableError):
        with pytest.raises(NetposError, match="wrong"):
            raise kind("wrong")
