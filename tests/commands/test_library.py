"""A run in one call from Python."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import netpos
from netpos.errors import InputError, OptionError
from netpos.ingest.corpus import ingest
from tests.lens import QUANTUM, record, write

#: Small and quick: one technology, no draws, no other ways of counting.
QUICK = {"technologies": QUANTUM[1], "draws": 0, "sensitivity": False}
RECORDS = [
    record(1, applicants=[("ALPHA BV", "NL")], cites=[2, 3]),
    record(2, applicants=[("BETA GMBH", "DE")], cites=[3]),
    record(3, applicants=[("DELTA INC", "US")], cites=[1]),
]


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("synthetic") / "made.jsonl", RECORDS)


def test_the_tables_are_those_that_the_command_writes(export: Path, tmp_path: Path) -> None:
    more = QUICK | {"figures": False}
    memory = netpos.run(export, focal="Duitsland", years=(2015, 2020), **more)
    written = netpos.run(export, focal="DE", years=(2015, 2020), out=tmp_path / "out", **more)
    assert list(memory) == list(written)
    for name, table in memory.items():
        assert_frame_equal(table, written[name])
        assert_frame_equal(table, pl.read_parquet(tmp_path / "out" / "tables" / f"{name}.parquet"))
    manifest = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert written.manifest == manifest
    assert memory.manifest["options"] == manifest["options"]
    assert memory.manifest["counts"] == manifest["counts"]
    assert written.page == tmp_path / "out" / "index.html"
    assert all(path.is_file() for path in written.files.values())
    assert memory.page is memory.out is None
    assert not memory.files


def test_a_corpus_its_folder_and_several_files_are_the_same_data(
    export: Path, tmp_path: Path
) -> None:
    corpus = ingest([export], tmp_path / "corpus")
    found = [
        netpos.run(data, years=2018, **QUICK)
        for data in (
            export,
            str(export),
            [export],
            tmp_path / "corpus",
            corpus,
            netpos.read(export),
        )
    ]
    for one in found[1:]:
        assert_frame_equal(one.links, found[0].links)
    assert found[0].links.filter(technology="quantum", period="all")["weight"].sum() == 4


def test_results_show_themselves_in_a_line_and_in_a_notebook(export: Path) -> None:
    found = netpos.run(export, **QUICK)
    assert repr(found).startswith("Results(NL, 2015-2025, ")
    assert len(repr(found)) < 120
    html = found._repr_html_()
    assert "<code>countries</code>" in html
    assert found.warnings[0].split(":")[0] in html
    assert found.countries is found["countries"]
    assert "countries" in dir(found)
    assert found.countries.to_pandas().shape == found.countries.shape


def test_what_is_asked_for_and_is_not_there_is_named(export: Path) -> None:
    found = netpos.run(export, **QUICK)
    with pytest.raises(OptionError, match="did you mean countries"):
        _ = found["country"]
    with pytest.raises(AttributeError, match="no table 'contries'"):
        _ = found.contries


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"years": (2025, 2015)}, "the first lies after the last"),
        ({"years": ("2015", "2025")}, "write one, as 2020, or two"),
        ({"focal": "Netherlandia"}, "did you mean NL"),
        ({"technologies": "no_such.toml"}, "no such file"),
        ({"colour": "red"}, "colour"),
        ({"counting": "half"}, "choose fractional"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(
    export: Path, asked: dict[str, object], words: str
) -> None:
    with pytest.raises((OptionError, InputError), match=words) as error:
        netpos.run(export, **asked)
    assert "\n" not in str(error.value)


def test_data_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="neither exports nor a corpus"):
        netpos.run(pl.DataFrame({"a": [1]}))
    with pytest.raises(InputError):
        netpos.run(tmp_path / "nothing.jsonl")


def test_the_union_is_one_country(export: Path) -> None:
    found = netpos.run(export, focal="EU27", **QUICK)
    row = found.countries.filter(technology="quantum", period="all", country="EU27")
    assert row.select("families", "domestic", "given", "received").row(0) == (2.0, 1.0, 2.0, 1.0)
