"""The data block of a map: everything that its script reads, as plain lists and numbers."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from typing import Any, TypeAlias

import polars as pl

from netpos import countries
from netpos.errors import TableError
from netpos.graph.balance import balance
from netpos.graph.centrality import pagerank
from netpos.graph.strength import domestic, given, partners, received
from netpos.tables import Links, require
from netpos.viz.maps import picture as map_picture
from netpos.viz.maps.layout import Placed
from netpos.viz.maps.picture import Edges, Picture
from netpos.viz.safe_html import template_text

#: Link rows that the periods may add, together; each gets an equal part, its strongest links.
PERIOD_LINKS = {"country": 20_000, "organisation": 8_000}

#: Columns that each period holds anyway; indicators that repeat them are not written twice.
PERIOD_COLUMNS = ("received", "given", "pagerank", "families")

#: Families shown behind a link.
FAMILIES = 3

LANGUAGES = ("en", "nl")

#: Lines of the context in the order shown; other keys follow in the order given.
CONTEXT = (
    "technology", "focal", "period", "data_date", "records", "families", "coverage",
    "located_given", "located_received", "counting", "by", "scope", "core", "left_out",
    "membership_year", "method", "graph_file", "links_file", "source", "version",
)  # fmt: skip


@cache
def _word_file() -> dict[str, Any]:
    return tomllib.loads(template_text("map_words.toml"))


def words(lang: str) -> dict[str, str]:
    """Return every sentence and label of a map in a language."""
    return dict(_word_file()[lang])


def significant(value: float | None) -> float | int | None:
    """Round to 12 significant digits, as the tables do; whole numbers become int, NaN None.

    Examples
    --------
    >>> significant(1 / 3), significant(4.0), significant(float("nan"))
    (0.333333333333, 4, None)
    """
    if value is None or not math.isfinite(value):
        return None
    short = float(f"{value:.12g}")
    return int(short) if short.is_integer() and abs(short) < 1e15 else short


def in_languages(text: object) -> dict[str, str]:
    """Give a text in both languages: as it is, or from a mapping with ``en`` and ``nl``.

    Examples
    --------
    >>> in_languages("optics"), in_languages({"en": "optics", "nl": "optica"})["nl"]
    ({'en': 'optics', 'nl': 'optics'}, 'optica')
    """
    if isinstance(text, Mapping):
        first = next((text[lang] for lang in LANGUAGES if lang in text), "")
        return {lang: str(text.get(lang, first)) for lang in LANGUAGES}
    return {lang: str(text) for lang in LANGUAGES}


def node_columns(
    nodes: Sequence[Mapping[str, Any]], shown: Picture, world: Placed | None
) -> dict[str, object]:
    """Turn the graph container's nodes into one list per attribute."""
    flat = [v for node in nodes for v in (node["x"], node["y"])]
    layouts = {"force": shown.force, "centre": shown.centre, "geography": world}
    columns: dict[str, object] = {
        "id": shown.ids,
        "en": [node["label"] for node in nodes],
        "bloc": shown.bloc,
        "community": shown.community,
        "core": shown.core,
        "families": [significant(v) for v in shown.families],
        "radial": flat,
    }
    for name, placed in layouts.items():
        if placed is not None:
            pairs = zip(placed.x, placed.y, strict=True)
            columns[name] = [v for pair in pairs for v in pair]
    if shown.names["nl"] != shown.names["en"]:
        columns["nl"] = shown.names["nl"]
    if shown.kind != "country":
        columns["country"] = shown.country
    return columns


def edge_rows(edges: Sequence[Mapping[str, Any]]) -> list[float | int | None]:
    """Turn the graph container's edges into one flat list: citing, cited, weight, citations."""
    return [
        value
        for edge in edges
        for value in (edge["from"], edge["to"], edge["value"], edge["citations"])
    ]


def _edge_values(edges: Edges) -> list[float | int | None]:
    rows: list[float | int | None] = []
    for i, j, w, c in zip(
        edges.citing.tolist(),
        edges.cited.tolist(),
        edges.weight.tolist(),
        edges.citations,
        strict=True,
    ):
        rows += (i, j, significant(w), c)
    return rows


def period_entry(
    shown: Picture, links: Links, key: str, edges: Edges, rows: list[float | int | None]
) -> dict[str, object]:
    """Return one period: its links, and what each node receives and gives, all links counted."""
    ids = shown.ids
    return {
        "key": key,
        "links": rows,
        "main": edges.main,
        "total": edges.total,
        "weight": significant(edges.weight_total),
        "received": _aligned(received(links), ids),
        "given": _aligned(given(links), ids),
        "pagerank": _aligned(pagerank(links), ids),
        "families": _aligned(links.nodes.select("node", "families"), ids),
    }


def later_entry(shown: Picture, links: Links, key: str, periods: int) -> dict[str, object]:
    """Return one of some periods of the slider, with its strongest links where there are too
    many.
    """
    most = min(map_picture.MOST_LINKS, PERIOD_LINKS[shown.kind] // max(1, periods))
    kept = map_picture.restrict(links, shown.ids, key)
    edges = map_picture.foreign_edges(kept, links, most)
    return period_entry(shown, links, key, edges, _edge_values(edges))


def add_ratios(
    entries: Sequence[dict[str, object]], residuals: pl.DataFrame, shown: Picture
) -> None:
    """Put citations over those expected, with their interval, into the entries of the periods.

    Raises
    ------
    TableError
        A column is missing.
    """
    columns = {"period": pl.String, "citing": pl.String, "cited": pl.String, "ratio": pl.Float64}
    require(residuals, columns, name="residuals")
    place = {node: k for k, node in enumerate(shown.ids)}
    for end in ("low", "high"):
        if end not in residuals.columns:
            residuals = residuals.with_columns(pl.lit(None, pl.Float64).alias(end))
    rows = residuals.drop_nulls("ratio").filter(pl.col("citing").is_in(shown.ids))
    for entry in entries:
        here = rows.filter(pl.col("period") == entry["key"])
        entry["ratios"] = {
            f"{place[i]}>{place[j]}": [significant(v) for v in found]
            for i, j, *found in here.select("citing", "cited", "ratio", "low", "high").iter_rows()
            if j in place
        }


def _aligned(table: pl.DataFrame, ids: Sequence[str]) -> list[float | int | None]:
    rows = dict(table.iter_rows())
    return [significant(rows.get(node)) for node in ids]


def small_indicators(links: Links) -> pl.DataFrame:
    """Tell what the links alone tell of each node, for maps that come without a table of
    indicators.
    """
    out = links.nodes.select(pl.col("node").alias(links.kind), "families")
    measures: list[tuple[str, Callable[[Links], pl.DataFrame]]] = [
        ("received", received),
        ("given", given),
        ("balance_ratio", balance),
        ("partners", partners),
        ("pagerank", pagerank),
    ]
    if links.kind == "country":
        measures.append(("domestic", domestic))
    for column, of in measures:
        values = of(links).select(links.kind, pl.col("value").alias(column))
        out = out.join(values, on=links.kind, how="left", maintain_order="left")
    return out


def rows_of(indicators: pl.DataFrame, links: Links, key: str) -> pl.DataFrame:
    """Pick the rows of a technology and period; a table without those columns is taken whole.

    Raises
    ------
    TableError
        The column that names the node is missing, or a node comes twice.
    """
    if links.kind not in indicators.columns:
        there = ", ".join(indicators.columns)
        message = f"table 'indicators': column '{links.kind}' is missing; it has: {there}"
        raise TableError(message)
    rows = indicators
    if "technology" in rows.columns and links.technology is not None:
        rows = rows.filter(pl.col("technology") == links.technology)
    if "period" in rows.columns:
        rows = rows.filter(pl.col("period") == key)
    twice = rows[links.kind].is_duplicated()
    if twice.any():
        node = rows[links.kind].filter(twice)[0]
        raise TableError(f"table 'indicators': {node} has more than one row in period '{key}'")
    return rows


def indicator_entry(
    rows: pl.DataFrame, shown: Picture, period: Mapping[str, object]
) -> dict[str, list[Any]]:
    """Return columns of a period's indicators that the panel knows, aligned with the nodes."""
    base = pl.DataFrame({shown.kind: shown.ids}, {shown.kind: pl.String})
    table = base.join(rows, on=shown.kind, how="left", maintain_order="left")
    known = _word_file()["indicators"]
    wanted = [
        column
        for name in (*known, "measurable", "core", "near_core")
        for column in (name, f"{name}_low", f"{name}_high", f"{name}_rank")
    ]
    wanted += ["family_rank", "family_rank_low", "family_rank_high"]
    wanted += ["international_rank", "received_rank_low", "received_rank_high"]
    entry: dict[str, list[Any]] = {}
    for column in dict.fromkeys(wanted):
        if column in table.columns and table[column].null_count() < table.height:
            series = table[column]
            if series.dtype == pl.Boolean:
                entry[column] = [None if v is None else int(v) for v in series.to_list()]
            else:
                entry[column] = [significant(v) for v in series.cast(pl.Float64).to_list()]
    for column in PERIOD_COLUMNS:
        if entry.get(column) == period[column]:
            del entry[column]
    return entry


def indicator_words() -> list[dict[str, Any]]:
    """Return names, definitions and formats of the indicators, in the order of the panel."""
    return [{"key": key, **entry} for key, entry in _word_file()["indicators"].items()]


#: Families behind each link, ``(citing, cited)``: ``(family_id, lens_id)`` and, where known,
#: ``title, organisations, year, person``, as `netpos.commands.map_evidence` tells them.
Evidence: TypeAlias = Mapping[tuple[str, str], Sequence[tuple[str, ...]]]
#: What gives them for some links.
EvidenceOf: TypeAlias = Callable[[Collection[tuple[str, str]]], Evidence]


def evidence_entry(
    evidence: Evidence | EvidenceOf | None, shown: Picture
) -> dict[str, list[list[str]]]:
    """Return families behind the links drawn by default, three each, by numbers of the two
    nodes.
    """
    main = shown.edges.main
    ends = (end[:main].tolist() for end in (shown.edges.citing, shown.edges.cited))
    drawn = {(shown.ids[i], shown.ids[j]): f"{i}>{j}" for i, j in zip(*ends, strict=True)}
    found = evidence(list(drawn)) if callable(evidence) else evidence or {}
    return {
        drawn[link]: [[str(part) for part in family] for family in families[:FAMILIES]]
        for link, families in sorted(found.items())
        if link in drawn
    }


def context_lines(
    context: Mapping[str, object] | None, links: Links, technology: object, focal: str
) -> list[dict[str, dict[str, str]]]:
    """Return the lines of the page that say what the map rests on, in both languages."""
    organisations = "organisation_" if links.kind == "organisation" else ""
    facts: dict[str, object] = {
        "technology": technology,
        "focal": {lang: countries.name(focal, lang) for lang in LANGUAGES},
        "period": links.period,
        "counting": links.counting,
        "scope": links.scope,
        "method": {lang: words(lang)[f"method_{links.kind}"] for lang in LANGUAGES},
        **(context or {}),
    }
    lines = []
    for key in (*CONTEXT, *(k for k in facts if k not in CONTEXT)):
        value = facts.get(key)
        if value is None or value == "":
            continue
        line: dict[str, dict[str, str]] = {"label": {}, "value": {}}
        for lang in LANGUAGES:
            said = words(lang)
            line["label"][lang] = said.get(f"context_{key}", key.replace("_", " "))
            text = in_languages(value)[lang]
            if key == "coverage" and isinstance(value, int | float):
                text = said["coverage_value"].format(share=percent(value, lang))
            elif isinstance(value, int | float) and not isinstance(value, bool):
                text = number(value, lang) if key != "membership_year" else str(value)
            elif key in ("counting", "scope", "by"):
                plain = said.get(f"{key}_{text}", text)
                text = said.get(f"{key}_{organisations}{text}", plain)
            line["value"][lang] = text
        lines.append(line)
    return lines


def number(value: float, lang: str) -> str:
    """Write a number as readers of a language do, to three significant digits below 1000.

    Examples
    --------
    >>> number(12345.678, "en"), number(12345.678, "nl"), number(0.12345, "nl")
    ('12,346', '12.346', '0,123')
    """
    if value == int(value) or abs(value) >= 1000:
        text = f"{value:,.0f}"
    else:
        digits = max(0, 2 - math.floor(math.log10(abs(value))))
        text = f"{value:,.{digits}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.translate(str.maketrans(",.", ".,")) if lang == "nl" else text


def percent(share: float, lang: str) -> str:
    """Write a share as a percentage.

    Examples
    --------
    >>> percent(0.8765, "en"), percent(0.0123, "nl")
    ('88 %', '1,2 %')
    """
    value = 100 * share
    text = f"{value:.0f}" if value >= 10 or value == 0 else f"{value:.1f}"
    return (text.replace(".", ",") if lang == "nl" else text) + " %"
