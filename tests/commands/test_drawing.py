"""Graph files, maps and workbook of a run, by name and by what they say."""

from __future__ import annotations

import json
import re
import zipfile
from concurrent.futures import Future
from pathlib import Path

import polars as pl
import pytest

from netpos.analysis import UNION
from netpos.commands.beside import Asked
from netpos.commands.drawing import Begun
from netpos.viz.sheets import Sheet


def test_every_technology_has_its_graph_files_and_two_maps(demo: Path) -> None:
    ids = pl.read_csv(demo / "tables" / "technologies.csv")["technology"].unique().to_list()
    assert UNION in ids
    graphs = {p.name for p in (demo / "graphs").iterdir()}
    maps = {p.name for p in (demo / "maps").iterdir()}
    for technology in ids:
        assert {f"{technology}.gexf", f"{technology}.graphml"} <= graphs
        assert {f"{technology}.html", f"{technology}-organisations.html"} <= maps
    assert len(maps) == 2 * len(ids)


def test_what_is_written_beside_the_maps_is_listed_with_them(demo: Path) -> None:
    names = json.loads((demo / "run.json").read_text(encoding="utf-8"))["outputs"]
    folders = ("graphs", "maps", "tables")
    found = {f"{f}/{p.name}" for f in folders for p in (demo / f).iterdir()}
    assert "tables/netpos.xlsx" in found
    assert found == {n for n in names if n.startswith(tuple(f"{f}/" for f in folders))}
    assert len(names) == len(set(names))


def test_a_map_says_what_it_rests_on(demo: Path) -> None:
    html = (demo / "maps" / "quantum.html").read_text(encoding="utf-8")
    block = re.search(r'type="application/json">(.*?)</script>', html, re.S)
    assert block
    said = {o["label"]["en"]: o["value"]["en"] for o in json.loads(block[1])["context"]}
    row = (
        pl.read_csv(demo / "tables" / "technologies.csv")
        .filter((pl.col("technology") == "quantum") & (pl.col("period") == "all"))
        .row(0, named=True)
    )
    assert said["Families"] == f"{row['families']:,}"
    assert said["Coverage"].startswith(f"{100 * row['coverage']:.0f} %")
    assert said["Graph file"] == "graphs/quantum.gexf"


def test_a_map_of_organisations_names_the_table_of_all_its_links(demo: Path) -> None:
    html = (demo / "maps" / "quantum-organisations.html").read_text(encoding="utf-8")
    block = re.search(r'type="application/json">(.*?)</script>', html, re.S)
    assert block
    data = json.loads(block[1])
    assert (data["graph_file"], data["links_file"]) == (None, "tables/organisation_links.csv")
    assert (demo / data["links_file"]).exists()
    labels = {o["label"]["nl"]: o["value"]["nl"] for o in data["context"]}
    assert labels["Tabel van alle verbindingen"] == "tables/organisation_links.csv"
    assert "Graafbestand" not in labels  # which has the links between countries


@pytest.mark.parametrize("kind", ["", "-organisations"])
def test_each_period_of_a_map_has_its_own_links(demo: Path, kind: str) -> None:
    html = (demo / "maps" / f"quantum{kind}.html").read_text(encoding="utf-8")
    block = re.search(r'type="application/json">(.*?)</script>', html, re.S)
    assert block
    totals = {one["key"]: one["total"] for one in json.loads(block[1])["periods"]}
    name = "organisation_links" if kind else "links"
    links = pl.read_csv(demo / "tables" / f"{name}.csv").filter(
        (pl.col("technology") == "quantum") & (pl.col("citing") != pl.col("cited"))
    )
    assert totals == dict(links.group_by("period").len().iter_rows())
    assert len(set(totals.values())) == len(totals) == 3


def test_sheets_of_tables_that_have_changed_since_are_not_taken() -> None:
    one, other = pl.DataFrame({"a": [1]}), pl.DataFrame({"a": [2]})
    made: Future[dict[str, Sheet]] = Future()
    sheets = {k: Sheet((b"", b""), zipfile.ZipInfo(k), b"") for k in ("one", "other")}
    made.set_result(sheets)
    begun = Begun({"one": one, "other": other}, Asked(made, dict))
    assert begun.of({"one": one, "other": other, "late": one}) == sheets
    assert list(begun.of({"one": one, "other": other.clone()})) == ["one"]
