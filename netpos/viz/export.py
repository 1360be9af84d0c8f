"""What every exported file shares: clean names, plain values, and a network made ready to write."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from netpos import countries
from netpos.errors import TableError
from netpos.graph.strength import domestic, given, received
from netpos.tables import Links, rounded
from netpos.viz.maps.data import rows_of
from netpos.viz.maps.svg import PALETTE, node_size

#: Names of the blocs by their number in partitions; 0 = no country known.
BLOCS = ("unknown", "EU", "OECD or NATO", "other")

#: Words that readers of graph files use for themselves, in small letters.
RESERVED = (
    "id",
    "label",
    "pid",
    "parents",
    "spells",
    "start",
    "end",
    "weight",
    "viz",
    "source",
    "target",
)

#: Signs that XML does not allow or discourages, as a pattern.
ILLEGAL = "[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
_ILLEGAL = re.compile(ILLEGAL)
_SPACES = re.compile("[\t\n\r\u2028\u2029]+")

Value = int | float | str | None


def xml_text(text: str) -> str:
    r"""Take out what XML does not allow or discourages: control characters, surrogates.

    Line ends and tabs stay, and so do marks of writing direction.

    Examples
    --------
    >>> xml_text("a\x00b\x9f\ud800c\td")
    'abc\td'
    """
    return _ILLEGAL.sub("", text)


def one_line(text: str) -> str:
    r"""Clean a name for a graph file: `xml_text`, with line ends and tabs as one blank.

    Examples
    --------
    >>> one_line("A\r\nB\x07")
    'A B'
    """
    return _SPACES.sub(" ", xml_text(text))


def distinct(names: Iterable[str]) -> list[str]:
    """Mark the repeats of names with numbers that cleaning made equal, so that none is lost or
    merged.

    Parameters
    ----------
    names
        Names in order; the first of equal ones stays as it is.

    Examples
    --------
    >>> distinct(["a", "b", "a", "a (2)"])
    ['a', 'b', 'a (3)', 'a (2)']
    """
    wanted = list(names)
    used: set[str] = set()
    own = set(wanted)
    out = []
    for name in wanted:
        found, number = name, 1
        while found in used or (number > 1 and found in own):
            number += 1
            found = f"{name} ({number})"
        used.add(found)
        out.append(found)
    return out


@dataclass(frozen=True)
class Column:
    """An attribute of nodes: its name, its type in graph files, a value or None per node."""

    name: str
    kind: Literal["long", "double", "string"]
    values: list[Value]


@dataclass(frozen=True)
class Network:
    """A network ready to write: nodes by code point, foreign links by citing and cited node.

    Domestic links are the attribute ``domestic`` of their node; there are no loops. ``bloc`` is a
    number of `BLOCS`; ``core`` is 1 in the core, 2 near it, 3 outside, 0 unknown, and empty where
    nothing is known; ``node_years`` and ``edge_years`` are empty without yearly links.
    """

    kind: str
    title: str
    about: str
    ids: list[str]
    labels: list[str]
    bloc: list[int]
    core: list[int]
    columns: list[Column]
    positions: list[tuple[float, float] | None]
    colours: list[str]
    sizes: list[float]
    citing: list[int]
    cited: list[int]
    weights: list[float]
    citations: list[int | None]
    node_years: list[list[int]]
    edge_years: list[list[tuple[int, float]]]

    @property
    def placed(self) -> list[tuple[float, float]]:
        """Positions of all nodes, or an empty list where one has none."""
        found = [p for p in self.positions if p is not None]
        return found if len(found) == len(self.ids) else []


def network(
    links: Links,
    *,
    focal: str = "NL",
    indicators: pl.DataFrame | None = None,
    yearly: Mapping[int, Links] | None = None,
    positions: Mapping[str, tuple[float, float]] | None = None,
    title: str | None = None,
    year: int | None = None,
    memberships: pl.DataFrame | None = None,
) -> Network:
    """Make a network ready to write; see `netpos.viz.graph_files.graph_files`.

    Raises
    ------
    TableError
        A weight is no number; a year has a node or link that the whole span has not; an indicator
        is neither number, text, date nor Boolean.
    """
    table = _checked(links, "links").filter(pl.col("citing") != pl.col("cited"))
    nodes = links.nodes.sort("node")
    raw = nodes["node"].to_list()
    place = {node: i for i, node in enumerate(raw)}
    rows = _rows(links, nodes, indicators)
    if links.kind == "country":
        home: list[str | None] = list(raw)
        names = _names(rows, raw)
    else:
        home = rows["country"].to_list() if "country" in rows.columns else [None] * len(raw)
        names = []
    bloc = _blocs(home, year, memberships)
    marked = [
        int(node == focal or (focal not in place and c == focal))
        for node, c in zip(raw, home, strict=True)
    ]
    columns = [
        *_columns(rows.drop(links.kind, "name", strict=False)),
        Column("bloc", "string", [BLOCS[b] if b else None for b in bloc]),
        Column("focal", "long", list(marked)),
    ]
    titles = distinct(_free(one_line(c.name)) for c in columns)
    strength = dict(received(links).iter_rows())
    largest = max((v for v in strength.values() if v is not None), default=0.0)
    node_years, edge_years = _years(yearly or {}, place, table)
    where = positions or {}
    ids = distinct(one_line(node) or "(no name)" for node in raw)
    head = one_line(title or links.technology or "")
    span = f"{links.technology or ''} {links.period or ''}".strip()
    return Network(
        kind=links.kind,
        title=head,
        about=one_line(
            f"{head}; {span}; edges go from citing to cited, weight = citations between simple "
            f"families ({links.counting} counting, scope {links.scope}); citations within a node "
            "are its attribute domestic"
        ),
        ids=ids,
        labels=[one_line(name) for name in names] if links.kind == "country" else ids,
        bloc=bloc,
        core=_core(rows),
        columns=[
            Column(name, c.kind, c.values)
            for name, c in zip(titles, columns, strict=True)
            if any(v is not None for v in c.values)
        ],
        positions=[
            None if (p := where.get(n)) is None else (float(p[0]), float(p[1])) for n in raw
        ],
        colours=[[PALETTE["core"][0], *PALETTE["bloc"]][b] for b in bloc],
        sizes=[round(node_size(strength.get(node), largest), 3) for node in raw],
        citing=[place[node] for node in table["citing"]],
        cited=[place[node] for node in table["cited"]],
        weights=table["weight"].to_list(),
        citations=table["citations"].to_list(),
        node_years=node_years,
        edge_years=edge_years,
    )


def runs(years: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Return the first and last of each run of consecutive years.

    Examples
    --------
    >>> list(runs([2015, 2016, 2018]))
    [(2015, 2016), (2018, 2018)]
    """
    for i, year in enumerate(years):
        if i == 0 or years[i - 1] != year - 1:
            first = year
        if i == len(years) - 1 or years[i + 1] != year + 1:
            yield first, year


def _free(name: str) -> str:
    return f"{name}_" if name.lower() in RESERVED else name


def _checked(links: Links, name: str) -> pl.DataFrame:
    """Links with a weight above 0, sorted, rounded as the tables are."""
    weight = links.table["weight"]
    bad = weight.is_null() | ~weight.is_finite().fill_null(value=False) | (weight < 0)
    if bad.any():
        row = links.table.filter(bad).row(0, named=True)
        message = f"{name}: weight of {row['citing']} -> {row['cited']} is {row['weight']}"
        raise TableError(f"{message}, expected a number >= 0")
    kept = links.table.filter(pl.col("weight") > 0).sort("citing", "cited")
    return rounded(kept.select("citing", "cited", "weight", "citations"))


def _rows(links: Links, nodes: pl.DataFrame, indicators: pl.DataFrame | None) -> pl.DataFrame:
    """One row of indicators per node; what the links tell where the indicators do not say it."""
    out = nodes.select(pl.col("node").alias(links.kind))
    if indicators is not None:
        rows = rows_of(indicators, links, links.period or "all")
        rows = rows.drop("technology", "period", "domestic", strict=False)
        out = out.join(rows, on=links.kind, how="left", maintain_order="left")
    more = {"families": nodes["families"]}
    if links.kind == "organisation" and "country" in nodes.columns:
        more["country"] = nodes["country"].cast(pl.String)
    for name, of in (("received", received), ("given", given), ("domestic", domestic)):
        values = dict(of(links).iter_rows())
        more[name] = pl.Series([values[node] for node in nodes["node"]], dtype=pl.Float64)
    return rounded(out.with_columns([s.alias(n) for n, s in more.items() if n not in out.columns]))


def _names(rows: pl.DataFrame, codes: list[str]) -> list[str]:
    given_names = rows["name"].to_list() if "name" in rows.columns else [None] * len(codes)
    return [n or countries.name(code) for n, code in zip(given_names, codes, strict=True)]


def _columns(rows: pl.DataFrame) -> list[Column]:
    out = []
    for series in rows:
        dtype, name = series.dtype, series.name
        if dtype == pl.Boolean or dtype.is_integer():
            out.append(Column(name, "long", series.cast(pl.Int64).to_list()))
        elif dtype.is_float():
            out.append(Column(name, "double", series.to_list()))
        elif dtype in (pl.String, pl.Date, pl.Null, pl.Categorical, pl.Enum):
            texts = series.cast(pl.String).to_list()
            out.append(Column(name, "string", [None if t is None else one_line(t) for t in texts]))
        else:
            message = f"table 'indicators': column '{name}' is {dtype}"
            raise TableError(f"{message}; a graph file holds numbers, texts, dates and Booleans")
    return out


def _core(rows: pl.DataFrame) -> list[int]:
    if "core" not in rows.columns or rows["core"].is_null().all():
        return []
    near = rows["near_core"].to_list() if "near_core" in rows.columns else [False] * rows.height
    return [
        0 if core is None else 1 if core else 2 if close else 3
        for core, close in zip(rows["core"].to_list(), near, strict=True)
    ]


def _blocs(codes: list[str | None], year: int | None, table: pl.DataFrame | None) -> list[int]:
    if year is None:
        known = countries.memberships() if table is None else table
        latest = known.select("eu_from", "oecd_from", "nato_from").max().row(0)
        year = max((int(v) for v in latest if v is not None), default=0)
    found = countries.blocs(sorted({c for c in codes if c}), year, table)
    number = {code: 1 if eu else 2 if other else 3 for code, eu, other in found.iter_rows()}
    return [number.get(code, 0) if code else 0 for code in codes]


def _years(
    yearly: Mapping[int, Links], place: Mapping[str, int], table: pl.DataFrame
) -> tuple[list[list[int]], list[list[tuple[int, float]]]]:
    """Years in which each node has families or links, and weights of each link by year."""
    if not yearly:
        return [], []
    at = {pair: i for i, pair in enumerate(table.select("citing", "cited").iter_rows())}
    present: list[set[int]] = [set() for _ in place]
    weights: list[list[tuple[int, float]]] = [[] for _ in at]
    for year, links in sorted(yearly.items()):
        for node, families in links.nodes.select("node", "families").iter_rows():
            if node not in place:
                message = f"year {year}: node '{node}' is not among those of the whole span"
                raise TableError(message)
            if families is not None and math.isfinite(families) and families > 0:
                present[place[node]].add(year)
        for citing, cited, weight, _ in _checked(links, f"year {year}").iter_rows():
            for node in (citing, cited):
                if node not in place:
                    message = f"year {year}: node '{node}' is not among those of the whole span"
                    raise TableError(message)
                present[place[node]].add(year)
            if citing == cited:
                continue
            if (citing, cited) not in at:
                message = f"year {year}: the link {citing} -> {cited} is not in the whole span"
                raise TableError(message)
            weights[at[citing, cited]].append((year, weight))
    return [sorted(years) for years in present], weights
