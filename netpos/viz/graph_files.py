"""Networks for Gephi (GEXF), any graph library (GraphML), Pajek and VOSviewer."""

from __future__ import annotations

import html
import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import polars as pl

from netpos.files import write_text
from netpos.tables import Links
from netpos.viz.export import BLOCS, Network, distinct, network, runs


def graph_files(
    links: Links,
    stem: str | os.PathLike[str],
    *,
    focal: str = "NL",
    indicators: pl.DataFrame | None = None,
    yearly: Mapping[int, Links] | None = None,
    positions: Mapping[str, tuple[float, float]] | None = None,
    title: str | None = None,
    year: int | None = None,
    memberships: pl.DataFrame | None = None,
) -> list[str]:
    """Write a network in four forms, each file whole or absent, the same bytes each time.

    ``<stem>.gexf`` (years as spells, positions, colours, sizes), ``.graphml``, ``.net`` with the
    partitions ``-bloc.clu`` and, where the core is known, ``-core.clu``, and ``.json`` (VOSviewer).
    Edges go from citing to cited. Citations within a node are no edges but its attribute
    ``domestic``. See `netpos.docs_path("formats.md")`.

    Parameters
    ----------
    links
        Nodes and links of the whole span; links of weight 0 are left out.
    stem
        Path of the files without ending; missing folders are made.
    focal
        Country whose node, or whose organisations, get ``focal`` = 1.
    indicators
        Columns of ``tables/countries.csv`` or ``tables/organisations.csv``; they become attributes
        of the nodes. None: families, citations received and given.
    yearly
        Links of single years, for the spells of GEXF. None: a network without time.
    positions
        Drawing positions by node, y down, as on the maps.
    title
        Name of the network; None: ``links.technology``.
    year
        Of the memberships behind ``bloc``; None: the latest that the table knows.
    memberships
        From `netpos.countries.memberships`; None for the shipped table.

    Returns
    -------
    list of str
        Names of the files written, without folder.

    Raises
    ------
    TableError
        A weight is no number; a year has a node or link that the whole span has not; a node has
        two rows of indicators, or a value that no graph file holds.

    Examples
    --------
    >>> import tempfile
    >>> links = Links.from_table(pl.DataFrame({"citing": ["NL"], "cited": ["DE"], "weight": [3.0]}))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     graph_files(links, f"{folder}/quantum")
    ...     print((Path(folder) / "quantum.net").read_text())
    ['quantum.gexf', 'quantum.graphml', 'quantum.net', 'quantum-bloc.clu', 'quantum.json']
    *Vertices 2
    1 "DE"
    2 "NL"
    *Arcs
    2 1 3.0
    <BLANKLINE>
    """
    ready = network(
        links,
        focal=focal,
        indicators=indicators,
        yearly=yearly,
        positions=positions,
        title=title,
        year=year,
        memberships=memberships,
    )
    files = graph_texts(ready)
    path = Path(stem)
    for ending, text in files.items():
        write_text(path.parent / f"{path.name}{ending}", text)
    return [f"{path.name}{ending}" for ending in files]


def graph_texts(net: Network) -> dict[str, str]:
    """Return a network in each form: ending of the file and text; see `graph_files`."""
    files = {
        ".gexf": "\n".join(_gexf(net)),
        ".graphml": "\n".join(_graphml(net)),
        ".net": "\n".join(_pajek(net)),
        "-bloc.clu": _partition(net.bloc),
    }
    if net.core:
        files["-core.clu"] = _partition(net.core)
    return files | {".json": _vosviewer(net)}


# --- GEXF -------------------------------------------------------------------------------------


def _gexf(net: Network) -> Iterator[str]:
    dynamic = bool(net.node_years)
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield (
        '<gexf xmlns="http://www.gexf.net/1.2draft" xmlns:viz="http://www.gexf.net/1.2draft/viz" '
        'version="1.2">'
    )
    yield f"<meta><creator>netpos</creator><description>{escape(net.about)}</description></meta>"
    mode = 'mode="dynamic" timeformat="date"' if dynamic else 'mode="static"'
    yield f'<graph defaultedgetype="directed" {mode}>'
    if net.columns:
        yield '<attributes class="node" mode="static">'
        for i, column in enumerate(net.columns):
            yield f'<attribute id="{i}" title={quoteattr(column.name)} type="{column.kind}"/>'
        yield "</attributes>"
    yield '<attributes class="edge" mode="static">'
    yield '<attribute id="citations" title="citations" type="long"/>'
    yield "</attributes>"
    if dynamic:
        yield '<attributes class="edge" mode="dynamic">'
        yield '<attribute id="weight_by_year" title="weight_by_year" type="double"/>'
        yield "</attributes>"
    yield "<nodes>"
    for i, node in enumerate(net.ids):
        yield f"<node id={quoteattr(node)} label={quoteattr(net.labels[i])}>"
        held = [
            f'<attvalue for="{k}" value={quoteattr(_text(v))}/>'
            for k, column in enumerate(net.columns)
            if (v := column.values[i]) is not None
        ]
        if held:
            yield f"<attvalues>{''.join(held)}</attvalues>"
        if dynamic:
            yield from _spells(net.node_years[i])
        where = net.positions[i]
        if where is not None:
            yield f'<viz:position x="{_text(where[0])}" y="{_text(_up(where[1]))}" z="0"/>'
        red, green, blue = (int(net.colours[i][k : k + 2], 16) for k in (1, 3, 5))
        yield f'<viz:color r="{red}" g="{green}" b="{blue}"/><viz:size value="{net.sizes[i]}"/>'
        yield "</node>"
    yield "</nodes>"
    yield "<edges>"
    for i, weight in enumerate(net.weights):
        citing, cited = quoteattr(net.ids[net.citing[i]]), quoteattr(net.ids[net.cited[i]])
        yield f'<edge id="{i}" source={citing} target={cited} weight="{weight}">'
        known = net.citations[i]
        held = [] if known is None else [f'<attvalue for="citations" value="{known}"/>']
        if dynamic:
            held += [
                f'<attvalue for="weight_by_year" value="{w}" {_span(y, y)}/>'
                for y, w in net.edge_years[i]
            ]
        if held:
            yield f"<attvalues>{''.join(held)}</attvalues>"
        if dynamic:
            yield from _spells([y for y, _ in net.edge_years[i]])
        yield "</edge>"
    yield "</edges>"
    yield "</graph>"
    yield "</gexf>\n"


def _spells(years: list[int]) -> Iterator[str]:
    if years:
        inside = "".join(f"<spell {_span(a, b)}/>" for a, b in runs(years))
        yield f"<spells>{inside}</spells>"


def _span(first: int, last: int) -> str:
    """Both days belong to the spell."""
    return f'start="{first:04d}-01-01" end="{last:04d}-12-31"'


def _up(y: float) -> float:
    """Turn y round: maps count it downwards, Gephi and VOSviewer upwards."""
    return 0 - y


def _text(value: float | str) -> str:
    return value if isinstance(value, str) else repr(value)


# --- GraphML ----------------------------------------------------------------------------------


def _graphml(net: Network) -> Iterator[str]:
    """Ids must be name tokens of XML; where a name is none, nodes are n0, n1, ... throughout."""
    tokens = all(re.fullmatch(r"[\w.:-]+", node, re.ASCII) for node in net.ids)
    ids = net.ids if tokens else [f"n{i}" for i in range(len(net.ids))]
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield (
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns '
        'http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">'
    )
    yield '<key id="title" for="graph" attr.name="title" attr.type="string"/>'
    yield '<key id="about" for="graph" attr.name="about" attr.type="string"/>'
    yield '<key id="name" for="node" attr.name="name" attr.type="string"/>'
    yield '<key id="label" for="node" attr.name="label" attr.type="string"/>'
    for i, column in enumerate(net.columns):
        name = quoteattr(column.name)
        yield f'<key id="n{i}" for="node" attr.name={name} attr.type="{column.kind}"/>'
    yield '<key id="weight" for="edge" attr.name="weight" attr.type="double"/>'
    yield '<key id="citations" for="edge" attr.name="citations" attr.type="long"/>'
    yield '<graph edgedefault="directed">'
    yield f'<data key="title">{escape(net.title)}</data>'
    yield f'<data key="about">{escape(net.about)}</data>'
    for i, node in enumerate(net.ids):
        held = "".join(
            f'<data key="n{k}">{escape(_text(v))}</data>'
            for k, column in enumerate(net.columns)
            if (v := column.values[i]) is not None
        )
        held = f'<data key="label">{escape(net.labels[i])}</data>{held}'
        yield f'<node id="{ids[i]}"><data key="name">{escape(node)}</data>{held}</node>'
    for i, weight in enumerate(net.weights):
        citing, cited = ids[net.citing[i]], ids[net.cited[i]]
        known = net.citations[i]
        more = "" if known is None else f'<data key="citations">{known}</data>'
        held = f'<data key="weight">{weight}</data>{more}'
        yield f'<edge source="{citing}" target="{cited}">{held}</edge>'
    yield "</graph>"
    yield "</graphml>\n"


# --- Pajek ------------------------------------------------------------------------------------


def _pajek(net: Network) -> Iterator[str]:
    """Pajek reads UTF-8 only where the file begins with a byte order mark, else ASCII."""
    labels = pajek_labels(net.ids)
    mark = "" if all(label.isascii() for label in labels) else "\ufeff"
    yield f"{mark}*Vertices {len(labels)}"
    places = [f" {x:.4f} {y:.4f} 0.5000" for x, y in _unit(net.placed)] or [""] * len(labels)
    for i, (label, place) in enumerate(zip(labels, places, strict=True), start=1):
        yield f'{i} "{label}"{place}'
    yield "*Arcs"
    for citing, cited, weight in zip(net.citing, net.cited, net.weights, strict=True):
        yield f"{citing + 1} {cited + 1} {weight}"
    yield ""


def pajek_labels(ids: list[str]) -> list[str]:
    r"""Return labels that Pajek can quote: ``"`` becomes ``'`` and the backslash ``/``.

    Examples
    --------
    >>> pajek_labels(['A "B" \\ C', "A 'B' / C", "NL"])
    ["A 'B' / C", "A 'B' / C (2)", 'NL']
    """
    return distinct(name.replace('"', "'").replace("\\", "/") for name in ids)


def _unit(places: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Positions in Pajek's square from 0 to 1, y down, with a margin of 0.05."""
    if not places:
        return []
    xs, ys = [x for x, _ in places], [y for _, y in places]
    wide = max(max(xs) - min(xs), max(ys) - min(ys)) or 1.0
    left, top = (max(xs) + min(xs) - wide) / 2, (max(ys) + min(ys) - wide) / 2
    return [(0.05 + 0.9 * (x - left) / wide, 0.05 + 0.9 * (y - top) / wide) for x, y in places]


def _partition(classes: list[int]) -> str:
    return "\n".join([f"*Vertices {len(classes)}", *map(str, classes), ""])


# --- VOSviewer --------------------------------------------------------------------------------


def _vosviewer(net: Network) -> str:
    """Undirected: the strength of a pair is the sum of both directions."""
    places = net.placed
    numbers = [c for c in net.columns if c.kind != "string"]
    sizes = [
        c
        for name in ("received", "given", "families", "domestic")
        for c in numbers
        if c.name == name and all(v is not None for v in c.values)
    ]
    scores = [c for c in numbers if c not in sizes]
    items: list[dict[str, object]] = []
    for i, (node, label) in enumerate(zip(net.ids, net.labels, strict=True)):
        item: dict[str, object] = {"id": i + 1, "label": label.replace("<", "‹").replace(">", "›")}
        if label != node:
            item["description"] = html.escape(node)
        if places:
            item |= {"x": places[i][0], "y": _up(places[i][1])}
        item["cluster"] = net.bloc[i] or len(BLOCS)
        item["weights"] = {c.name: c.values[i] for c in sizes}
        item["scores"] = {c.name: c.values[i] for c in scores}
        items.append(item)
    both: dict[tuple[int, int], float] = {}
    for citing, cited, weight in zip(net.citing, net.cited, net.weights, strict=True):
        pair = (min(citing, cited) + 1, max(citing, cited) + 1)
        both[pair] = both.get(pair, 0.0) + weight
    found = {
        "network": {
            "items": items,
            "links": [],
            "clusters": [{"cluster": k or len(BLOCS), "label": BLOCS[k]} for k in (1, 2, 3, 0)],
        },
        "info": {"title": net.title, "description": html.escape(net.about)},
    }
    text = json.dumps(found, allow_nan=False, ensure_ascii=False, indent=1) + "\n"
    # the encoder takes long over thousands of links: they are put in as it would write them
    rows = ",\n".join(
        f'   {{\n    "source_id": {a},\n    "target_id": {b},\n    "strength": {_twelve(w)}\n   }}'
        for (a, b), w in sorted(both.items())
    )
    # inside a text the quotation marks of this would be escaped
    return text.replace('"links": []', f'"links": [\n{rows}\n  ]', 1) if rows else text


def _twelve(weight: float) -> str:
    """Write a number to twelve digits as JSON does."""
    return repr(float(f"{weight:.12g}"))
