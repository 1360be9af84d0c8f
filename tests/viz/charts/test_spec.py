"""Charts written straight as Vega-Lite are those that Altair writes and takes."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl

from netpos.viz.charts import spec as vl
from tests.viz.charts.drawing import valid

TABLE = pl.DataFrame({"a": [1.5, None, 2.5], "b": ["x", "y", "z"], "c": [1, 2, 3]})


def charts(of: Any) -> dict[str, Any]:
    """The same charts, written with either."""
    base = of.Chart(TABLE).encode(
        x=of.X("a:Q", title=None, scale=of.Scale(domain=[0, 2])),
        color=of.condition("datum.c > 1", of.value("red"), of.value("blue")),
    )
    bars = base.mark_bar(height={"band": 0.5}).encode(y=of.Y("b:N", sort=["z", "x"]), x2=of.X2("c"))
    texts = base.mark_text(dx=3).transform_filter("datum.c > 1").encode(text="b:N")
    both = of.layer(bars, texts).properties(width=100, title=["two", "lines"])
    other = of.Chart(TABLE.head(1)).mark_point(filled=True).encode(y=of.Y("c:O"))
    return {
        "one": bars.properties(height=20),
        "calculated": texts.transform_calculate(d="datum.c * 2"),
        "layers": both,
        "layers of two tables": of.layer(bars, other),
        "beside": of.hconcat(both, other, spacing=20),
        "above": of.vconcat(bars, texts, spacing=5),
        "facet": both.facet(facet=of.Facet("b:N", title=None), columns=2, spacing=9),
    }


def resolved(part: Any, sets: dict[str, Any]) -> Any:
    """Put tables where their names stand."""
    if isinstance(part, list):
        return [resolved(p, sets) for p in part]
    if not isinstance(part, dict):
        return part
    if set(part) == {"name"} and part["name"] in sets:
        return sets[part["name"]]
    return {k: resolved(v, sets) for k, v in part.items() if k not in ("datasets", "$schema")}


def test_every_kind_of_chart_is_what_altair_writes() -> None:
    theirs = charts(alt)
    for name, chart in charts(vl).items():
        mine, other = chart.to_dict(), theirs[name].to_dict()
        valid(chart)
        assert resolved(mine, mine["datasets"]) == resolved(other, other["datasets"]), name


def test_a_table_used_twice_stands_there_once_and_charts_do_not_change() -> None:
    base = vl.Chart(TABLE).mark_bar()
    one, two = base.encode(x=vl.X("a:Q")), base.encode(y=vl.Y("c:Q"))
    assert "encoding" not in base.to_dict()
    spec = vl.hconcat(vl.layer(one, vl.Chart(TABLE.head(1)).mark_bar()), two, spacing=1).to_dict()
    assert len(spec["datasets"]) == 2
    assert two.to_dict()["encoding"] == {"y": {"field": "c", "type": "quantitative"}}


def test_what_is_no_number_is_nothing_in_json() -> None:
    table = pl.DataFrame({"a": [float("nan"), float("inf"), 0.5], "b": ["x", None, "z"]})
    spec = vl.Chart(table).mark_bar().to_dict()
    assert spec["datasets"] == {
        "1": [{"a": None, "b": "x"}, {"a": None, "b": None}, {"a": 0.5, "b": "z"}]
    }
