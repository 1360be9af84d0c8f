"""The tables that modules hand to each other, and the check each public function starts with.

Unknown is null everywhere, never an empty string, ``"NA"``, 0 or NaN. Identifiers are text even
when they look like numbers. Inside a corpus simple families are numbered by the order of their
``family_id``; ``families`` and ``documents`` hold the text, the other tables the number.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.errors import TableError

if TYPE_CHECKING:
    import igraph
    import networkx as nx
    import pandas as pd
    from scipy.sparse import csr_array

Schema = Mapping[str, pl.DataType | type[pl.DataType]]

#: One row per (citing, cited) pair of nodes; ``citing == cited`` are domestic links.
LINK_TABLE: Schema = {
    "citing": pl.String,
    "cited": pl.String,
    "weight": pl.Float64,
    "citations": pl.Int64,
}

#: One row per node of a link network: its simple families by the same counting rule as the links.
NODE_TABLE: Schema = {"node": pl.String, "families": pl.Float64}

#: Significant digits of every number in a table.
DIGITS = 12
#: Ranks of countries whose families may be listed, and what they rank.
RANKED = {"family_rank": "families", "received_rank": "received"}


class ArrowLike(Protocol):
    """A frame of any library that hands out its columns as Arrow."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return a capsule that holds an Arrow stream."""


#: What `frame` takes.
FrameLike: TypeAlias = "pl.DataFrame | pl.LazyFrame | pd.DataFrame | ArrowLike"


class Family(NamedTuple):
    """A family behind a number: its id, one of its Lens ids, and what it adds to the number."""

    family_id: str
    lens_id: str
    part: float


#: What Lens calls a document, and where it shows one.
LENS_ID = r"^(\d{3}-){4}\d{2}[\dX]$"
LENS_PAGE = "https://www.lens.org/lens/patent/"


class Owner(NamedTuple):
    """Who filed a family and when: its year, its organisations, whether a person filed too, and
    what it is called.
    """

    year: int | None
    organisations: tuple[str, ...]
    person: bool
    title: str | None = None


def frame(table: Any, columns: str, *, name: str) -> pl.DataFrame:  # noqa: ANN401 - a frame of any library
    """Return a table of any library of frames as a Polars frame.

    Parameters
    ----------
    table
        A frame of Polars (lazy ones are collected) or pandas, or whatever else hands out its
        columns as Arrow: pyarrow, DuckDB, Modin, cuDF. What pandas holds as NaN is unknown; its
        index is left out.
    columns
        The columns wanted, as the message names them.
    name
        How the message calls the table.

    Raises
    ------
    TableError
        It is no table, or has columns that mix texts and numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> frame(pd.DataFrame({"country": ["NL", "NA"]}), "country", name="counts").rows()
    [('NL',), ('NA',)]
    >>> frame([1, 2], "country, families", name="counts")
    Traceback (most recent call last):
    ...
    netpos.errors.TableError: table 'counts' is of type list, expected a frame (Polars, pandas or \
Arrow) with the columns country, families
    """
    coded = pl.selectors.categorical() | pl.selectors.enum()
    if isinstance(table, pl.DataFrame | pl.LazyFrame):
        return table.lazy().with_columns(coded.cast(pl.String)).collect()
    kind = type(table)
    of_pandas = kind.__module__.split(".")[0] == "pandas"
    try:
        if of_pandas and hasattr(table, "columns"):
            found: pl.DataFrame = pl.from_pandas(table)
            return found.with_columns(coded.cast(pl.String))
        if hasattr(table, "__arrow_c_stream__") and not (of_pandas or isinstance(table, pl.Series)):
            return pl.DataFrame(table).with_columns(coded.cast(pl.String))
    except (pl.exceptions.PolarsError, ValueError, TypeError) as error:  # Arrow's are ValueErrors
        reason = str(error).splitlines()[0]
        message = f"table '{name}' cannot be read ({reason}), expected the columns {columns}"
        raise TableError(message) from error
    wanted = f"expected a frame (Polars, pandas or Arrow) with the columns {columns}"
    if isinstance(table, str | os.PathLike):
        message = f"table '{name}' is a path, {wanted}: read the file first, as with netpos.read_"
        raise TableError(f"{message}{'matrix' if 'product' in columns else 'links'}")
    raise TableError(f"table '{name}' is of type {kind.__name__}, {wanted}")


def require(table: pl.DataFrame, schema: Schema, *, name: str) -> None:
    """Raise unless ``table`` has the columns of ``schema`` with these types; others may be there.

    Parameters
    ----------
    table
        The table to check.
    schema
        Column names and their Polars types.
    name
        How the message calls the table.

    Raises
    ------
    TableError
        A column is missing or has another type. The message lists what is there.

    Examples
    --------
    >>> require(pl.DataFrame({"country": ["NL"]}), {"families": pl.Float64}, name="counts")
    Traceback (most recent call last):
    ...
    netpos.errors.TableError: table 'counts': column 'families' is missing; it has: country
    """
    for column, dtype in schema.items():
        if column not in table.columns:
            there = ", ".join(table.columns) or "no columns"
            message = f"table '{name}': column '{column}' is missing; it has: {there}"
            raise TableError(message)
        if table.schema[column] != dtype:
            message = (
                f"table '{name}': column '{column}' is {table.schema[column]}, expected {dtype}"
            )
            raise TableError(message)


@dataclass(frozen=True)
class Links:
    r"""Countries (or organisations) and the citation links between them, for one selection.

    An edge goes from *citing* to *cited*; knowledge flows the other way. Weights are strengths.

    Parameters
    ----------
    nodes
        One row per node, sorted by ``node``: ``node`` String, ``families`` Float64 [simple
        families, same counting rule as the weights; null where not known]. Nodes without links
        stay. An optional column ``families_to_date`` Float64 holds the families published up to
        the end of the selection, the denominator of citations received per family.
    table
        One row per pair with ``weight`` > 0, sorted: ``citing``, ``cited`` String, ``weight``
        Float64 [family links by the counting rule], ``citations`` Int64 [pairs of families with a
        non-zero share in the cell]. Rows with ``citing == cited`` are domestic.
    kind
        ``"country"`` or ``"organisation"``: the name of the node column in results.
    technology, period, counting, scope
        What was selected and how it was counted; printed with results, never computed with.

    Examples
    --------
    >>> links = Links.from_table(pl.DataFrame({"citing": ["NL", "NL"], "cited": ["DE", "NL"],
    ...     "weight": [3.0, 4.0], "citations": [3, 4]}))
    >>> links.countries
    ['DE', 'NL']
    >>> links.matrix().tolist()
    [[0.0, 0.0], [3.0, 4.0]]
    >>> links.foreign().tolist()
    [[0.0, 0.0], [3.0, 0.0]]
    """

    nodes: pl.DataFrame
    table: pl.DataFrame
    kind: Literal["country", "organisation"] = "country"
    technology: str | None = None
    period: str | None = None
    counting: str = "fractional"
    scope: str = "closed"

    def __post_init__(self) -> None:
        for name, schema in (("nodes", NODE_TABLE), ("table", LINK_TABLE)):
            given = getattr(self, name)
            if not isinstance(given, pl.DataFrame):  # of another library
                object.__setattr__(self, name, frame(given, ", ".join(schema), name=name))
        require(self.nodes, NODE_TABLE, name="nodes")
        require(self.table, LINK_TABLE, name="links")

    @classmethod
    def from_table(
        cls,
        table: Any,  # noqa: ANN401 - a frame of any library
        families: Any = None,  # noqa: ANN401 - a frame of any library, or a mapping
        **about: Any,  # noqa: ANN401 - passed on to the dataclass fields unchanged
    ) -> Links:
        """Build from a link table and, where known, the families of each node.

        Parameters
        ----------
        table
            ``citing``, ``cited``, ``weight``; ``citations`` optional (null when absent, as 0
            would read as counted). Repeated pairs are added up, zero weights left out. A frame of
            Polars, pandas or Arrow, see `frame`.
        families
            ``{node: families}`` or a table ``node, families`` (``country`` for ``node`` will do);
            nodes named only there are kept as isolates.
        **about
            ``kind``, ``technology``, ``period``, ``counting``, ``scope``.

        Returns
        -------
        Links

        Raises
        ------
        TableError
            A column is missing, or a weight is negative, null or not finite.
        """
        table = frame(table, "citing, cited, weight", name="links")
        table = table.with_columns(pl.col(c).cast(pl.String) for c in _texts(table, _ENDS))
        require(table, {k: LINK_TABLE[k] for k in _ENDS}, name="links")
        for column in ("weight", "citations"):
            absent = column not in table.columns
            if (absent and column == "weight") or not (absent or _is_number(table[column])):
                require(table, {column: LINK_TABLE[column]}, name="links")
        if table.select(_ENDS).null_count().sum_horizontal().item():
            raise TableError("links: a name is missing, expected citing and cited in each row")
        weight = table["weight"].cast(pl.Float64)
        bad = weight.is_null() | weight.is_nan() | weight.is_infinite() | (weight < 0)
        if bad.any():
            row = table.row(int(bad.arg_true()[0]), named=True)
            message = f"links: weight of {row['citing']} -> {row['cited']} is {row['weight']}"
            raise TableError(f"{message}, expected a number >= 0")
        citations = (
            pl.col("citations").cast(pl.Int64)
            if "citations" in table.columns
            else pl.lit(None, pl.Int64).alias("citations")
        )
        merged = (
            table.select("citing", "cited", pl.col("weight").cast(pl.Float64), citations)
            .sort("citing", "cited", "weight", "citations")
            .group_by("citing", "cited", maintain_order=True)
            .agg(
                pl.col("weight").sum(),
                pl.when(pl.col("citations").is_null().any())
                .then(None)
                .otherwise(pl.col("citations").sum())
                .alias("citations"),
            )
            .filter(pl.col("weight") > 0)
            .sort("citing", "cited")
        )
        names = pl.concat([merged["citing"], merged["cited"]]).unique()
        if families is None:
            nodes = pl.DataFrame({"node": names, "families": [None] * len(names)}, NODE_TABLE)
        else:
            nodes = _sizes(families).join(
                pl.DataFrame({"node": names}), on="node", how="full", coalesce=True
            )
        return cls(nodes.sort("node"), merged, **about)

    def __repr__(self) -> str:
        """Say in one line what was selected and how large it is."""
        about = ", ".join(x for x in (self.technology, self.period) if x)
        plural = {"country": "countries"}.get(self.kind, f"{self.kind}s")
        total = self.table["weight"].sum()
        return (
            f"Links({f'{about}: ' if about else ''}{self.nodes.height:,} {plural}, "
            f"{self.table.height:,} links, weight {total:,.1f}, {self.counting}, {self.scope})"
        )

    def _repr_html_(self) -> str:
        """Show the line and the strongest links in a notebook."""
        strongest = self.table.sort(["weight", "citing", "cited"], descending=[True, False, False])
        return f"<p>{escape(repr(self))}</p>{strongest.head(10)._repr_html_()}"

    @property
    def countries(self) -> list[str]:
        """The nodes in code-point order: the row and column order of the matrices."""
        return self.nodes["node"].to_list()

    @property
    def families(self) -> NDArray[np.float64]:
        """Families per node, aligned with ``countries``; NaN where not known."""
        return self.nodes["families"].fill_null(float("nan")).to_numpy()

    @cached_property
    def _index(self) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
        position = pl.Enum(self.nodes["node"])
        i = self.table["citing"].cast(position).to_physical().to_numpy().astype(np.int32)
        j = self.table["cited"].cast(position).to_physical().to_numpy().astype(np.int32)
        return i, j, self.table["weight"].to_numpy()

    def sparse(self, *, domestic: bool = True) -> csr_array:
        """Return weights ``W[citing, cited]`` as a SciPy CSR array, domestic links on the diagonal.

        Made once and shared: do not write into it.
        """
        return self._whole if domestic else self._abroad

    @cached_property
    def _whole(self) -> csr_array:
        from scipy.sparse import coo_array

        i, j, w = self._index
        return coo_array((w, (i, j)), shape=(self.nodes.height, self.nodes.height)).tocsr()

    @cached_property
    def _abroad(self) -> csr_array:
        from scipy.sparse import coo_array

        i, j, w = self._index
        keep = (i != j) & (w != 0)
        shape = (self.nodes.height, self.nodes.height)
        if self.kind == "organisation":  # millions of links, of which no more is asked
            self.__dict__.pop("_index")
        found = coo_array((w[keep], (i[keep], j[keep])), shape=shape).tocsr()
        found.sort_indices()
        return found

    def matrix(self) -> NDArray[np.float64]:
        """Return weights ``W[citing, cited]``, dense, domestic links on the diagonal."""
        i, j, w = self._index
        out = np.zeros((self.nodes.height, self.nodes.height))
        out[i, j] = w
        return out

    def foreign(self) -> NDArray[np.float64]:
        """Return ``F``: the matrix with a zero diagonal. Row sums = given, column sums =
        received.
        """
        out = self.matrix()
        np.fill_diagonal(out, 0.0)
        return out

    def column(self, values: NDArray[np.float64], name: str = "value") -> pl.DataFrame:
        """Return one row per node with a value, NaN and infinity turned into null."""
        clean = np.where(np.isfinite(values), values, np.nan)
        series = pl.Series(name, clean, dtype=pl.Float64, nan_to_null=True)
        return pl.DataFrame([self.nodes["node"].alias(self.kind), series])

    def to_networkx(self, *, domestic: bool = True) -> nx.DiGraph[str]:
        """Return a networkx DiGraph.

        Edge attributes: ``weight`` [strength], ``distance`` [1/weight], ``citations`` (left out
        where not known). Node attribute: ``families`` (left out where not known).
        """
        import networkx as nx

        graph: nx.DiGraph[str] = nx.DiGraph()
        for node, families in self.nodes.select("node", "families").iter_rows():
            graph.add_node(node, **({} if families is None else {"families": families}))
        for citing, cited, weight, citations in self.table.select(list(LINK_TABLE)).iter_rows():
            if domestic or citing != cited:
                known = {} if citations is None else {"citations": citations}
                graph.add_edge(citing, cited, weight=weight, distance=1.0 / weight, **known)
        return graph

    def to_igraph(self, *, domestic: bool = True) -> igraph.Graph:
        """Return a directed igraph graph; vertex attribute ``name``, edge attribute ``weight``."""
        import igraph

        i, j, w = self._index
        keep = np.ones(len(w), dtype=bool) if domestic else i != j
        graph = igraph.Graph(
            n=self.nodes.height, edges=np.column_stack([i, j])[keep].tolist(), directed=True
        )
        graph.vs["name"] = self.countries
        graph.es["weight"] = w[keep].tolist()
        return graph

    def to_pandas(self) -> pd.DataFrame:
        """Return the link table as a pandas frame."""
        return self.table.to_pandas()


#: What public functions of links take: links, or a frame ``citing, cited, weight`` of any library.
LinksLike: TypeAlias = "Links | FrameLike"


def as_links(links: LinksLike) -> Links:
    """Return links; a frame ``citing, cited, weight`` is taken as links between countries.

    Raises
    ------
    TableError
        It is neither, or the frame lacks a column.

    Examples
    --------
    >>> as_links(pl.DataFrame({"citing": ["NL"], "cited": ["DE"], "weight": [2.0]}))
    Links(2 countries, 1 links, weight 2.0, fractional, closed)
    """
    return links if isinstance(links, Links) else Links.from_table(links)


_ENDS = ("citing", "cited")


def _texts(table: pl.DataFrame, columns: Iterable[str]) -> list[str]:
    """Columns without any value, which have no type."""
    return [c for c in columns if table.schema.get(c) == pl.Null]


def _is_number(column: pl.Series) -> bool:
    return column.dtype.is_numeric() or column.dtype == pl.Null


def _sizes(families: Any) -> pl.DataFrame:  # noqa: ANN401 - a frame of any library, or a mapping
    """Return families of nodes as a table."""
    if isinstance(families, Mapping):
        pairs = {"node": list(families), "families": list(families.values())}
        return pl.DataFrame(pairs, NODE_TABLE)
    table = frame(families, "node, families", name="families")
    if "node" not in table.columns and "country" in table.columns:
        table = table.rename({"country": "node"})
    table = table.with_columns(pl.col(c).cast(pl.String) for c in _texts(table, ["node"]))
    if "families" in table.columns and _is_number(table["families"]):
        table = table.with_columns(pl.col("families").cast(pl.Float64))
    require(table, NODE_TABLE, name="families")
    return table


def rounded(table: pl.DataFrame) -> pl.DataFrame:
    """Round floats to 12 significant digits and turn NaN and infinity into null.

    Examples
    --------
    >>> rounded(pl.DataFrame({"x": [1 / 3, float("nan")]}))["x"].to_list()
    [0.333333333333, None]
    """
    floats = [c for c, t in table.schema.items() if t.is_float()]
    if not floats:
        return table
    number = pl.col(floats)
    return table.with_columns(pl.when(number.is_finite()).then(number.round_sig_figs(DIGITS) + 0.0))
