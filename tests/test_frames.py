"""Every public function that takes a table takes it from any library of frames."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal

import netpos
from netpos.errors import InputError, NetposError, OptionError, TableError
from netpos.tables import Links, as_links, frame

ROWS = {
    "citing": ["NL", "NL", "DE", "US", "CN", "NL"],
    "cited": ["DE", "US", "NL", "CN", "NL", "NL"],
    "weight": [3.0, 6.0, 2.0, 1.0, 4.0, 5.0],
    "citations": [3, 6, 2, 1, 4, 5],
}
FAMILIES = {"NL": 5.0, "DE": 20.0, "US": 60.0, "CN": 50.0}
TABLE = pl.DataFrame(ROWS)
#: What these functions need beside links.
MORE: dict[str, dict[str, Any]] = {
    "core_distance": {},
    "exposure": {"focal": "NL", "year": 2025},
    "dependents": {"focal": "NL"},
    "reciprocity": {"focal": "NL"},
    "similarity": {"year": 2025},
    "rao_stirling": {"distance": np.ones((4, 4)) - np.eye(4)},
    "sampled_betweenness": {"sources": 4},
}
OF_LINKS = sorted(
    name
    for name in netpos.__all__
    if inspect.isfunction(getattr(netpos, name))
    and next(iter(inspect.signature(getattr(netpos, name)).parameters), "") == "links"
    and name != "network_map"
)
FRAMES: dict[str, Callable[[pl.DataFrame], Any]] = {
    "polars": lambda table: table,
    "lazy": lambda table: table.lazy(),
    "pandas": lambda table: table.to_pandas(),
    "pandas with categories": lambda table: table.to_pandas().astype(
        {c: "category" for c in table.columns if table[c].dtype == pl.String}
    ),
    "pandas with an index": lambda table: table.to_pandas().set_index(
        pd.Index(range(3, 3 + table.height), name="row")
    ),
    "pyarrow": lambda table: table.to_arrow(),
}


def test_there_are_functions_of_links() -> None:
    assert len(OF_LINKS) >= 26


@pytest.mark.parametrize("name", OF_LINKS)
def test_a_function_of_links_takes_frames_of_any_library(name: str) -> None:
    function = getattr(netpos, name)
    more = MORE.get(name, {})
    expected = function(Links.from_table(TABLE), **more)
    for kind, made in FRAMES.items():
        assert_frame_equal(function(made(TABLE), **more), expected)
        assert isinstance(function(made(TABLE), **more), pl.DataFrame), kind


@pytest.mark.parametrize("name", OF_LINKS)
@pytest.mark.parametrize(
    "wrong",
    [[1, 2], "flows.csv", Path("flows.csv"), {"citing": ["NL"]}, TABLE.drop("weight"), None],
)
def test_what_is_no_table_of_links_is_refused_in_one_line(name: str, wrong: object) -> None:
    with pytest.raises(TableError, match="weight") as error:
        getattr(netpos, name)(wrong, **MORE.get(name, {}))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("kind", FRAMES)
def test_links_are_made_of_frames_with_families_as_frames(kind: str) -> None:
    made = FRAMES[kind]
    expected = Links.from_table(TABLE, FAMILIES)
    sizes = pl.DataFrame({"country": list(FAMILIES), "families": [5, 20, 60, 50]})
    found = Links.from_table(made(TABLE), made(sizes))
    assert_frame_equal(found.nodes, expected.nodes)
    assert_frame_equal(found.table, expected.table)


@pytest.mark.parametrize("kind", FRAMES)
def test_complexity_and_maps_take_frames_of_any_library(kind: str, tmp_path: Path) -> None:
    made = FRAMES[kind]
    matrix = pl.DataFrame(
        {"country": list("AABBCC"), "product": list("121323"), "value": [5.0, 1, 2, 4, 3, 3]}
    )
    for name, table in netpos.complexity_tables(made(matrix)).items():
        assert_frame_equal(table, netpos.complexity_tables(matrix)[name])
    rows = pl.DataFrame({"country": ["NL", "DE"], "balance_ratio": [0.5, -0.5]})
    page = netpos.network_map(made(TABLE), tmp_path / "a.html", indicators=made(rows))
    same = netpos.network_map(TABLE, tmp_path / "b" / "a.html", indicators=rows)
    assert page.read_bytes() == same.read_bytes()


def test_pandas_holds_namibia_and_unknown_apart() -> None:
    table = pd.DataFrame({"country": ["NA", None], "families": [1.0, float("nan")]})
    assert frame(table, "country", name="counts").rows() == [("NA", 1.0), (None, None)]


def test_a_missing_name_is_refused_as_pandas_reads_na_so() -> None:
    table = pd.DataFrame({"citing": ["NL", None], "cited": ["DE", "NL"], "weight": [1.0, 2.0]})
    with pytest.raises(TableError, match="a name is missing"):
        Links.from_table(table)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (pd.DataFrame({"citing": ["NL", 3], "cited": ["DE", "NL"], "weight": [1, 2]}), "citing"),
        (pd.DataFrame({"citing": ["NL"], "cited": ["DE"], "weight": ["1,5"]}), "weight"),
        (pd.DataFrame({"from": ["NL"], "to": ["DE"], "weight": [1.0]}), "citing"),
        (pd.DataFrame({"citing": [1], "cited": [2], "weight": [1.0]}), "citing"),
        (pa.table({"citing": ["NL"], "cited": ["DE"], "weight": [-1.0]}), "expected a number >= 0"),
        (pd.Series([1.0], name="weight"), "expected a frame"),
        (np.ones((2, 2)), "expected a frame"),
    ],
)
def test_wrong_columns_are_named_in_one_line(table: object, words: str) -> None:
    with pytest.raises(TableError, match=words) as error:
        netpos.balance(table)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["exposure", "dependents", "reciprocity", "similarity"])
def test_countries_are_found_by_the_names_that_people_type(name: str) -> None:
    function, more = getattr(netpos, name), {"year": 2025} if name[0] in "es" else {}
    expected = function(TABLE, focal="NL", **more)
    for typed in ("nl", "Holland", "Nederland", "NLD"):
        assert_frame_equal(function(TABLE, focal=typed, **more), expected)
    with pytest.raises(OptionError, match="country 'FR' is not in these links; there are CN, DE"):
        function(TABLE, focal="FR", **more)


def test_a_map_marks_the_country_that_is_meant_or_says_that_there_is_none(tmp_path: Path) -> None:
    page = netpos.network_map(TABLE, tmp_path / "a.html", focal="Holland")
    same = netpos.network_map(TABLE, tmp_path / "b" / "a.html", focal="NL")
    assert page.read_bytes() == same.read_bytes()
    with pytest.raises(OptionError, match="did you mean NL"):
        netpos.network_map(TABLE, tmp_path / "c.html", focal="Netherland")
    own = TABLE.with_columns(pl.col("citing", "cited").replace({"NL": "My region"}))
    assert netpos.network_map(own, tmp_path / "d.html", focal="My region").is_file()


def test_links_show_themselves_in_a_line_and_in_a_notebook() -> None:
    links = Links.from_table(TABLE, technology="<b>quantum</b>", period="2015-2025")
    assert repr(links) == (
        "Links(<b>quantum</b>, 2015-2025: 4 countries, 6 links, weight 21.0, fractional, closed)"
    )
    html = links._repr_html_()
    assert "&lt;b&gt;quantum" in html
    assert "<b>" not in html
    assert as_links(links) is links


def test_own_tables_are_read_from_frames_as_from_files(tmp_path: Path) -> None:
    flows = TABLE.with_columns(pl.col("citing").replace({"NL": "NA"}), technology=pl.lit("007"))
    flows.write_csv(tmp_path / "flows.csv")
    expected = netpos.read_links(tmp_path / "flows.csv")
    for made in FRAMES.values():
        assert_frame_equal(netpos.read_links(made(flows)), expected)
    matrix = pd.DataFrame({"exporter": ["A", "A", "B", "B"], "product": ["01", "02"] * 2,
                           "value": [1.5, 2, 3, float("nan")]})  # fmt: skip
    assert netpos.read_matrix(matrix).rows()[-1] == ("B", "02", None)
    with pytest.raises(InputError, match="the table given:2: weight is -1"):
        netpos.read_links(
            pd.DataFrame({"citing": ["A"] * 2, "cited": ["B"] * 2, "weight": [1, -1]})
        )


def test_tables_of_the_core_and_of_links_may_be_of_any_library() -> None:
    links = Links.from_table(TABLE, FAMILIES)
    core = netpos.core(links)
    expected = netpos.core_distance(links, core)
    assert_frame_equal(netpos.core_distance(links, core.to_pandas()), expected)
    same = Links(links.nodes.to_pandas(), links.table.to_arrow())
    assert_frame_equal(same.nodes, links.nodes)
    assert_frame_equal(same.table, links.table)
    assert netpos.rao_stirling(links, [[0.0] * 4] * 4)["value"].drop_nulls().to_list() == [0.0] * 4


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: netpos.read(pd.DataFrame({"a": [1]})), "exports of type DataFrame"),
        (lambda: netpos.read([]), "no exports are named"),
        (lambda: netpos.read([3]), "exports of type int"),
        (lambda: netpos.open_corpus("no such folder"), "no corpus in this folder"),
        (lambda: netpos.network_map(TABLE, "a.html", focal=None), "focal is of type NoneType"),
    ],
)
def test_what_names_nothing_is_refused_in_one_line(call: Callable[[], object], words: str) -> None:
    with pytest.raises(NetposError, match=words) as error:
        call()
    assert "\n" not in str(error.value)


def test_options_have_the_names_that_python_allows() -> None:
    assert netpos.Options(first=2016, last=2018).spans()[-1] == ("all", (2016, 2018))
