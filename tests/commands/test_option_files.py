"""The files that options name, kept with the results."""

from __future__ import annotations

from pathlib import Path

import pytest

from netpos.commands import explain
from netpos.commands import run as pipeline
from netpos.errors import InputError, NetposError
from netpos.options import FILES, make
from tests.commands.small_runs import RECORDS, whole_run
from tests.lens import write


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


#: A wrong value of every option that needs a table or a file to be checked, and what is said of it.
WRONG = {
    "technologies": ("[[technology]]\nid = 3\n", "key 'id'"),
    "residences": ("lens_id,land\n1,NL\n", "country"),
    "aliases": ("alias,becomes\nA,B\n", "name"),
    "memberships": ("iso2,name,eu_since\nNL,Netherlands,1958\n", "eu_from"),
    "totals": ("land,aantal\nNL,3\n", "country"),
    "complexity": ("technology,value\nquantum,1\n", "country"),
    "papers": ("no works", "works"),
    "focal": (None, "QX"),
    "benchmark": (None, "QX"),
    "compare_with": (None, "QX"),
    "citing_office": (None, "QX"),
}


@pytest.mark.parametrize("option", WRONG)
def test_what_is_wrong_with_an_option_is_told_before_an_export_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    text, said = WRONG[option]
    value = "QX"
    if text is not None:
        path = tmp_path / ("x.toml" if option == "technologies" else "x.csv")
        path.write_text(text, encoding="utf-8")
        value = str(path)
    monkeypatch.setattr(pipeline, "ingest", lambda *_, **__: pytest.fail("an export was read"))
    with pytest.raises(NetposError, match=said):
        pipeline.run(["none.jsonl"], tmp_path / "o", make({option: value}))
    assert not (tmp_path / "o").exists()


def test_every_option_that_names_a_file_is_tried_above() -> None:
    assert {*FILES, "papers"} - {"focus_areas"} <= set(WRONG)  # which goes with complexity


def test_focus_areas_are_checked_before_an_export_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values, areas = tmp_path / "c.csv", tmp_path / "a.csv"
    values.write_text("technology,complexity\nquantum,1\n", encoding="utf-8")
    areas.write_text("technology,focus_area\nnone,Digital\n", encoding="utf-8")
    monkeypatch.setattr(pipeline, "ingest", lambda *_, **__: pytest.fail("an export was read"))
    given = make({"complexity": str(values), "focus_areas": str(areas)})
    with pytest.raises(InputError, match="no technology 'none'"):
        pipeline.run(["none.jsonl"], tmp_path / "o", given)


@pytest.mark.parametrize("other", [{"narrow": True}, {"symbols": "ipc"}])
def test_what_would_do_nothing_to_the_whole_export_is_refused(
    tmp_path: Path, other: dict[str, object]
) -> None:
    export = write(tmp_path / "e.jsonl", RECORDS)
    with pytest.raises(NetposError, match="drop --narrow and --symbols"):
        pipeline.run([export], tmp_path / "o", make({"technologies": "all", **other}))
