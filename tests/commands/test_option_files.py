"""The files that options name, kept with the results."""

from __future__ import annotations

from pathlib import Path

import pytest

from netpos.commands import explain
from netpos.errors import InputError
from tests.commands.small_runs import whole_run


@pytest.mark.parametrize("option", ["technologies", "residences", "totals"])
def test_a_file_of_an_option_that_was_edited_is_refused(tmp_path: Path, option: str) -> None:
    folder = whole_run(tmp_path)
    name = {"technologies": "two.toml", "residences": "places.csv", "totals": "totals.csv"}[option]
    path = tmp_path / name
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=rf"{name}: this file is not what it was"):
        explain.explain(folder, country="NL")
    path.unlink()  # what is kept with the results is what the run read
    assert explain.explain(folder, country="NL", indicator="received").value is not None
    kept = folder / "options" / f"{option}{path.suffix}"
    kept.write_text("other", encoding="utf-8")
    with pytest.raises(InputError, match="was changed"):
        explain.explain(folder, country="NL")
