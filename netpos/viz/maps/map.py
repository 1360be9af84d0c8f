"""Interactive network maps: one offline HTML file that can be mailed, opened and printed."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from netpos import countries
from netpos.countries.resolve import searched_names
from netpos.errors import OptionError
from netpos.files import write_text
from netpos.tables import Links, LinksLike, as_links, frame
from netpos.viz import safe_html
from netpos.viz.maps import data as map_data
from netpos.viz.maps import geography
from netpos.viz.maps.layout import ASPECT, Placed
from netpos.viz.maps.picture import MOST_LINKS, MOST_NODES, Picture, check_period, ordered, picture
from netpos.viz.maps.svg import (
    LABEL,
    LARGEST,
    PALETTE,
    SMALLEST,
    WIDEST,
    draw,
    map_svg,
    node_size,
    sector_spots,
)

__all__ = ["Sketch", "drawn", "map_svg", "network_map", "sketched"]

#: Scripts of the page, in order; together they are one script element.
SCRIPTS = (
    "map_state.js", "map_picture.js", "map_svg.js", "map_panel.js", "map_table.js", "map_save.js",
    "map.js",
)  # fmt: skip

SHAPES = ("dot", "square", "triangle")


@dataclass(frozen=True)
class Sketch:
    """A map with all its numbers, before anything is placed: little, whatever the network.

    ``data`` is what the page holds beside nodes, links, layouts and words.
    """

    shown: Picture
    entries: list[dict[str, Any]]
    data: dict[str, Any]


def network_map(
    links: LinksLike,
    path: str | os.PathLike[str],
    *,
    focal: str = "NL",
    title: str | Mapping[str, str] | None = None,
    technology: str | Mapping[str, str] | None = None,
    periods: Mapping[str, Links] | None = None,
    indicators: Any = None,  # noqa: ANN401 - a frame of any library
    evidence: map_data.Evidence | map_data.EvidenceOf | None = None,
    residuals: Any = None,  # noqa: ANN401 - a frame of any library
    context: Mapping[str, object] | None = None,
    lang: str = "en",
    seed: int = 0,
    synthetic: bool = False,
    core: Collection[str] | None = None,
) -> Path:
    """Write an interactive map of a citation network as one HTML file that needs nothing else.

    Parameters
    ----------
    links
        The whole span. A frame ``citing, cited, weight[, citations]`` (Polars, pandas, Arrow) is
        taken as links between countries.
    path
        Of the file to write; whole or absent, missing folders are made.
    focal
        Country to mark, by code or name (in a network of organisations: those of that country, or
        one organisation by name). Where it is not in the network the page says so.
    title
        Heading; None: a plain one with the technology. Texts may be mappings with ``en``, ``nl``.
    technology
        Name of the technology as printed; None: ``links.technology``.
    periods
        Links of each period, in the order of the slider. Nodes keep their positions.
    indicators
        Columns of ``tables/countries.csv`` or ``tables/organisations.csv``, any of them, with
        ``country`` or ``organisation`` and, where there are periods, ``period`` (the whole span
        under ``links.period``, else ``all``). None: what the links alone tell.
    evidence
        Families behind a link: ``{(citing, cited): [(family_id, lens_id), ...]}``, perhaps followed
        by ``title, organisations, year, person`` (``1`` where one filed too), or a function
        that gives them for the links drawn, called with a list of (citing, cited); three are shown.
        For other links the panel names the ``netpos explain`` call.
    residuals
        Rows of ``tables/residuals.csv`` of the technology, ``period, citing, cited, ratio`` and,
        where known, ``low, high``: the reader can then let the width of a link follow citations
        over those expected.
    context
        What is printed below the map: ``period, data_date, records, families, coverage`` [share],
        ``counting, by, scope, left_out, membership_year, method, source, version``, and of all
        links the ``graph_file`` or, before it, the table ``links_file``;
        other keys are printed by their name. ``results`` is the folder named in ``explain`` calls;
        without it the panel names none.
    lang
        Language in which the page opens, ``en`` or ``nl``; the reader can switch.
    seed
        Of the force layout.
    synthetic
        Show that the data are made up.
    core
        Codes of the core; None: from ``indicators``, else computed.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    OptionError
        A language other than en, nl; ``focal`` is no country and no node of the network.
    TableError
        A table lacks a column, a period has a node that the whole span has not, an indicator row
        comes twice.

    Notes
    -----
    The page holds at most 500 nodes and 10,000 links (the strongest; it says so and names the
    graph file), the periods together at most 20,000 links (8,000
    between organisations). Weights are rounded to 12 digits.

    Examples
    --------
    >>> import tempfile
    >>> table = pl.DataFrame({"citing": ["NL", "NL"], "cited": ["DE", "US"], "weight": [3.0, 6.0]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     text = network_map(table, f"{folder}/map.html").read_text(encoding="utf-8")
    >>> "Netherlands" in text, "Content-Security-Policy" in text
    (True, True)
    """
    sketch = sketched(
        links,
        Path(path).stem,
        focal=focal,
        title=title,
        technology=technology,
        periods=periods,
        indicators=indicators,
        evidence=evidence,
        residuals=residuals,
        context=context,
        lang=lang,
        seed=seed,
        synthetic=synthetic,
        core=core,
    )
    return write_text(path, drawn(sketch))


def sketched(
    links: LinksLike,
    stem: str,
    *,
    focal: str,
    title: str | Mapping[str, str] | None = None,
    technology: str | Mapping[str, str] | None = None,
    periods: Mapping[str, Links] | None = None,
    indicators: Any = None,  # noqa: ANN401 - a frame of any library
    evidence: map_data.Evidence | map_data.EvidenceOf | None = None,
    residuals: Any = None,  # noqa: ANN401 - a frame of any library
    context: Mapping[str, object] | None = None,
    lang: str = "en",
    seed: int = 0,
    synthetic: bool = False,
    core: Collection[str] | None = None,
) -> Sketch:
    """Work out everything that a map says; see `network_map`, ``stem`` is the name of its file."""
    if lang not in map_data.LANGUAGES:
        raise OptionError(f"lang '{lang}' is not a language of the maps", remedy="use en or nl")
    whole = ordered(as_links(links))
    if not isinstance(focal, str) or focal not in set(whole.nodes["node"]):
        focal = countries.focal_code(focal)
    if indicators is not None:
        indicators = frame(indicators, whole.kind, name="indicators")
    if residuals is not None:
        residuals = frame(residuals, "period, citing, cited, ratio", name="residuals")
    about = dict(context or {})
    key = whole.period or "all"
    rows = None if indicators is None else map_data.rows_of(indicators, whole, key)
    year = about.get("membership_year")
    shown = picture(
        whole,
        focal=focal,
        core=core,
        indicators=rows,
        year=year if isinstance(year, int) else None,
        seed=seed,
    )
    entries = [map_data.period_entry(shown, whole, key, shown.edges, [])]
    small = [] if indicators is not None else [map_data.small_indicators(whole)]
    del links
    whole = replace(whole, table=whole.table.clear())  # those of organisations take gigabytes
    names = [name for name in periods or {} if name != key]
    for name, span in _one_by_one(periods or {}, names):
        check_period(span, whole, name)
        entries.append(map_data.later_entry(shown, span, name, len(names)))
        if indicators is None:
            small.append(map_data.small_indicators(span))
        del span
    if residuals is not None:
        map_data.add_ratios(entries, residuals, shown)
    named = technology if technology is not None else whole.technology
    data: dict[str, Any] = {
        "kind": shown.kind,
        "lang": lang,
        "focal": shown.focal,
        "focal_name": shown.focal_names,
        "focal_code": focal,
        "title": _title(title, named, shown.kind),
        "file": stem,
        "explain": _explain(about.pop("results", None), whole, named),
        "synthetic": synthetic,
        "typed": searched_names(shown.ids) if shown.kind == "country" else {},
        "has_ratios": any(entry.get("ratios") for entry in entries),
        "has_core": shown.has_core,
        "heads": shown.community_heads,
        **dict.fromkeys(("ground", "apart", "land")),  # of the layouts, see `drawn`
        "style": {
            **PALETTE,
            "smallest": SMALLEST,
            "largest": LARGEST,
            "widest": WIDEST,
            "aspect": ASPECT,
            "label": LABEL,
        },
        "nodes_total": shown.nodes_total,
        "ceiling": [MOST_NODES, MOST_LINKS],
        "graph_file": about.get("graph_file"),
        "links_file": about.get("links_file"),
        "indicator_words": map_data.indicator_words(),
        "indicators": _indicators(shown, whole, small, indicators, entries),
        "evidence": map_data.evidence_entry(evidence, shown),
        "context": map_data.context_lines(about, whole, named, focal),
        "facts": _facts(about, whole),
    }
    return Sketch(shown, entries, data)


def _one_by_one(periods: Mapping[str, Links], names: Sequence[str]) -> Iterator[tuple[str, Links]]:
    """Yield periods, each of which may be made when it is asked for."""
    for name in names:
        yield name, ordered(periods[name])


def drawn(sketch: Sketch) -> str:
    """Place everything and return the page as text, the same wherever it is drawn."""
    shown, entries = sketch.shown, sketch.entries
    ringed = {"radial": shown.radial}
    if shown.centre is not None:
        ringed["centre"] = shown.centre
    world = _on_the_world(shown, entries)
    others = {"force": shown.force} | ({} if world is None else {"geography": world})
    data = sketch.data | {
        "ground": {name: _ground(placed) for name, placed in ringed.items()},
        "apart": {name: layout.apart for name, layout in {**ringed, **others}.items()},
        "land": None if world is None else geography.land().path,
        "words": {code: map_data.words(code) for code in map_data.LANGUAGES},
    }
    return _render(shown, world, data, entries, sketch.data["lang"])


def _on_the_world(shown: Picture, entries: Sequence[Mapping[str, Any]]) -> Placed | None:
    """Place countries on a map of the world, with room for every size that the page can show."""
    if shown.kind != "country":
        return None
    sizes = [0.0] * len(shown.ids)
    for entry in entries:
        for values in (entry["received"], entry["pagerank"], entry["families"]):
            largest = max((v for v in values if v), default=0.0)
            sizes = [max(s, node_size(v, largest)) for s, v in zip(sizes, values, strict=True)]
    return geography.geographic(shown.ids, sizes)


def _title(title: str | Mapping[str, str] | None, technology: object, kind: str) -> dict[str, str]:
    if title is not None:
        return map_data.in_languages(title)
    out = {}
    for lang in map_data.LANGUAGES:
        plain = map_data.words(lang)[f"title_{kind}"]
        name = map_data.in_languages(technology)[lang] if technology is not None else ""
        out[lang] = f"{plain}: {name}" if name else plain
    return out


def _explain(results: object, whole: Links, named: object) -> dict[str, str] | None:
    """Return what the panel's ``netpos explain`` call names; None: there is no such call."""
    if results is None:
        return None
    technology = whole.technology or map_data.in_languages(named or "all")["en"]
    return {"results": str(results), "technology": technology}


def _ground(placed: Placed) -> dict[str, object]:
    """Return what lies below the nodes of a layout with rings."""
    return {
        "rings": [ring.radius for ring in placed.rings if len(ring.members) > 1],
        "core_radius": placed.core_radius,
        "sectors": _sectors(placed),
    }


def _sectors(placed: Placed) -> list[dict[str, object]]:
    """Return the sectors of a layout with rings: where each begins, and where its name stands."""
    rims = [ring.radius for ring in placed.rings if len(ring.members) > 1]
    if len(placed.sectors) < 2 or not rims:
        return []
    return [
        {"bloc": group, "begin": round(begin, 4), "name": [round(x), round(y)]}
        for (group, begin, _), (x, y) in zip(placed.sectors, sector_spots(placed), strict=True)
    ]


def _facts(about: Mapping[str, object], links: Links) -> dict[str, object]:
    """Tell what the line below the heading says: period, data date, coverage."""
    period, date, coverage = about.get("period", links.period), about.get("data_date"), None
    if isinstance(about.get("coverage"), int | float):
        coverage = about["coverage"]
    return {
        "period": map_data.in_languages(period) if period is not None else None,
        "data_date": None if date is None else str(date),
        "coverage": coverage,
    }


def _indicators(
    shown: Picture,
    whole: Links,
    small: Sequence[pl.DataFrame],
    given: pl.DataFrame | None,
    entries: Sequence[Mapping[str, object]],
) -> dict[str, dict[str, list[Any]]]:
    """Per period; a table without periods holds for the whole span alone.

    ``small`` are those worked out here, where none are given.
    """
    first = str(entries[0]["key"])
    out = {}
    for k, entry in enumerate(entries):
        key = str(entry["key"])
        if given is None:
            rows = small[k]
        elif key == first or "period" in given.columns:
            rows = map_data.rows_of(given, whole, key)
        else:
            continue
        if rows.height:
            out[key] = map_data.indicator_entry(rows, shown, entry)
    return out


def _render(
    shown: Picture,
    world: Placed | None,
    data: Mapping[str, Any],
    entries: Sequence[Mapping[str, object]],
    lang: str,
) -> str:
    """Fill the graph container, print it through our own template."""
    from pyvis.network import Network

    net = Network(directed=True, cdn_resources="in_line")
    for i, name in enumerate(shown.names["en"]):
        place = {"x": shown.radial.x[i], "y": shown.radial.y[i]}
        net.add_node(i, label=name, shape=SHAPES[max(shown.bloc[i], 0)], **place)
    edges = shown.edges
    for i, j, weight, pairs in zip(
        edges.citing.tolist(),
        edges.cited.tolist(),
        edges.weight.tolist(),
        edges.citations,
        strict=True,
    ):
        net.add_edge(i, j, value=map_data.significant(weight), citations=pairs)

    def block(nodes: Sequence[Mapping[str, Any]], links: Sequence[Mapping[str, Any]]) -> str:
        spans = [{**entries[0], "links": map_data.edge_rows(links)}, *entries[1:]]
        return safe_html.json_block(
            {**data, "nodes": map_data.node_columns(nodes, shown, world), "periods": spans}
        )

    library = safe_html.vis_network()
    script = "".join(safe_html.template_text(name) for name in SCRIPTS)
    style = safe_html.template_text("map.css")
    net.templateEnv = safe_html.environment()
    net.path = "map.html.j2"
    net.templateEnv.globals.update(
        block=block,
        data=data,
        drawing=safe_html.inline_script(draw(shown, lang=lang, width=1080, height=640)),
        lang=lang,
        policy=safe_html.content_policy([library, script], [style]),
        scripts=[safe_html.inline_script(library), safe_html.inline_script(script)],
        style=safe_html.inline_script(style),
        t=map_data.words(lang),
    )
    html: str = net.generate_html()
    return html
