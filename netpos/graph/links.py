r"""Citations between families to links between countries or organisations.

A link exists once per (citing family, cited family); links inside a family are gone before. Its
weight is spread over the countries of both ends,

.. math:: W_{ij} = \sum_{(f, g)} a_i(f)\, a_j(g)

with the shares of the counting rule, so that with fractional shares the weights sum to the number
of links with both ends located. Sums run in the order of the family keys: neither file order nor
threads move a digit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from netpos.errors import OptionError
from netpos.graph import compiled
from netpos.graph.entries import Products, entries, stored
from netpos.graph.sorting import Rows as Rows
from netpos.graph.sorting import ordered
from netpos.tables import Links

Scope = Literal["closed", "citing", "cited"]
SCOPES = ("closed", "citing", "cited")
PHASES = ("all", "examiner", "applicant")
CATEGORIES = ("all", "XY", "A")
Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]
T = TypeVar("T", bound=np.generic)
_CHUNK = 250_000  # pairs
_AT_ONCE = 1 << 14  # numbers of rows that fit near the processor


def gathered(values: NDArray[T], at: Rows) -> NDArray[T]:
    """Return ``values[at]``, some rows at a time: NumPy makes every index one of 64 bits first.

    Examples
    --------
    >>> gathered(np.array([False, True]), np.array([1, 0, 1], dtype=np.int32)).tolist()
    [True, False, True]
    """
    if (found := compiled.gather(values, at)) is not None:
        return found
    out = np.empty(at.size, dtype=values.dtype)
    for start in range(0, at.size, _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        out[part] = values.take(at[part])
    return out


@dataclass(frozen=True)
class Shares:
    """Who holds which part of each family: a sparse matrix families × nodes.

    ``matrix[f, k]`` is the share of ``names[k]`` in family f by the counting rule; rows beyond the
    families are documents outside the corpus, all zero unless a look-up locates them.
    """

    names: list[str]
    matrix: csr_array

    @classmethod
    def of(cls, table: pl.DataFrame, node: str, rows: int) -> Shares:
        """Build from ``family, <node>, share``."""
        names = table[node].unique().drop_nulls().sort().to_list()
        at = table[node].cast(pl.Enum(names)).to_physical().to_numpy().astype(np.int32)
        shape = (rows, len(names))
        family = table["family"].to_numpy()
        if rows < 2**31:  # SciPy has pointers of 32 bits then
            family = family.astype(np.int32, copy=False)
        matrix = csr_array((table["share"].to_numpy(), (family, at)), shape=shape)
        matrix.sum_duplicates()
        return cls(names, matrix)

    def held_by(self, name: str) -> NDArray[np.float64]:
        """Return the share of one node in each row; of one that is not there, 0."""
        if name not in self.names:
            return np.zeros(self.matrix.shape[0])
        column: NDArray[np.float64] = self.matrix[:, [self.names.index(name)]].toarray().ravel()
        return column

    @cached_property
    def located(self) -> Mask:
        """Which rows have any share."""
        found = np.diff(self.matrix.indptr) > 0
        found.flags.writeable = False  # looked at by many
        return found


@dataclass(frozen=True)
class Citations:
    """Pairs of family numbers that cite each other, after the filters of a run.

    ``citing`` and ``cited`` are row numbers of `Shares`, Int32 from a corpus (what is reckoned with
    them may not fit into 32 bits); both sorted by (citing, cited).
    ``self_citation`` marks pairs whose families share an organisation; ``marked`` is that mask or
    a function that makes it, called when it is first asked for.
    """

    citing: Rows
    cited: Rows
    marked: Mask | Callable[[], Mask]
    families: int

    def __len__(self) -> int:
        return int(self.citing.size)

    def __reduce__(self) -> tuple[type[Citations], tuple[Rows, Rows, Mask, int]]:
        """Give another process the marks: what makes them stays here."""
        return Citations, (self.citing, self.cited, self.self_citation, self.families)

    @cached_property
    def self_citation(self) -> Mask:
        """Which pairs have families that share an organisation."""
        return self.marked() if callable(self.marked) else self.marked

    def kept(self, keep: Mask) -> Citations:
        """Keep only the pairs of the mask."""
        return Citations(
            self.citing[keep], self.cited[keep], lambda: self.self_citation[keep], self.families
        )


def filter_passes(phase: str, category: str) -> int:
    """Return the bit of ``citations.passes`` for a pair of filters.

    Raises
    ------
    OptionError
        A filter is unknown.
    """
    if phase not in PHASES:
        raise OptionError(f"--phase {phase}: unknown", remedy=f"choose {', '.join(PHASES)}")
    if category not in CATEGORIES:
        remedy = f"choose {', '.join(CATEGORIES)}"
        raise OptionError(f"--category {category}: unknown", remedy=remedy)
    return 1 << (3 * PHASES.index(phase) + CATEGORIES.index(category))


def citations(
    table: pl.DataFrame | pl.LazyFrame,
    families: int,
    *,
    organisations: Callable[[], Shares] | None = None,
    phase: str = "all",
    category: str = "all",
    office_bits: int | None = None,
) -> Citations:
    """Filter the citation table and number its ends.

    Parameters
    ----------
    table
        ``citing_family, cited_family, outside`` Int32 and ``passes`` UInt16; with
        ``office_bits`` also ``office_mask``. Of a table scanned only these are read.
    families
        Number of families in the corpus; documents outside are numbered from there.
    organisations
        Gives who holds the families, to mark links between families that share an organisation;
        called only if the marks are asked for.
    phase, category
        Which mentions count; one mention must pass both.
    office_bits
        Bits of ``office_mask``: keep links with a citing document of these offices.
    """
    keep = _passes(phase, category, office_bits)
    outside = pl.col("outside").cast(pl.Int32) + pl.lit(families, pl.Int32)
    ends = (
        table.lazy()
        .filter(keep)
        .select(
            citing=pl.coalesce("citing_family", outside).cast(pl.Int32),
            cited=pl.coalesce("cited_family", outside).cast(pl.Int32),
        )
        .collect()
    )
    citing, cited = (ends.drop_in_place(name).to_numpy() for name in ("citing", "cited"))
    if organisations is None:
        return Citations(citing, cited, np.zeros(citing.size, dtype=bool), families)
    return Citations(citing, cited, lambda: _shared(citing, cited, organisations()), families)


def _passes(phase: str, category: str, office_bits: int | None) -> pl.Expr:
    """Tell which rows of the citation table pass the filters."""
    keep = (pl.col("passes") & filter_passes(phase, category)) != 0
    if office_bits is not None:
        keep = keep & ((pl.col("office_mask") & office_bits) != 0)
    return keep


def passing(
    table: pl.DataFrame | pl.LazyFrame,
    *,
    phase: str = "all",
    category: str = "all",
    office_bits: int | None = None,
) -> Mask:
    """Tell of each row of the citation table whether `citations` with these filters has it."""
    found = table.lazy().select(_passes(phase, category, office_bits).alias("passes")).collect()
    return found["passes"].fill_null(value=False).to_numpy()


#: Pairs of organisations that one citation is spread over at most: as of 100 by 100 applicants.
MOST_OF_A_PAIR = 10_000


def too_wide(pairs: Citations, shares: Shares, most: int = MOST_OF_A_PAIR) -> Mask:
    """Return which pairs would be spread over more pairs of nodes than ``most``.

    Two records with thousands of applicants that cite one another would make millions of links of
    almost no weight.
    """
    held = np.diff(shares.matrix.indptr).astype(np.int64)
    if held.max(initial=0) ** 2 <= most:
        return np.broadcast_to(np.False_, len(pairs))
    found = np.zeros(len(pairs), dtype=bool)
    for start in range(0, len(pairs), _CHUNK):
        part = slice(start, start + _CHUNK)
        found[part] = held[pairs.citing[part]] * held[pairs.cited[part]] > most
    return found


def _shared(citing: Rows, cited: Rows, holders: Shares) -> Mask:
    """Which pairs have a holder in common."""
    held = holders.matrix.copy()
    held.data = np.ones_like(held.data)
    same = np.zeros(citing.size, dtype=bool)
    # only pairs with holders at both ends can share one
    located = holders.located
    some = np.flatnonzero(gathered(located, citing) & gathered(located, cited))
    for start in range(0, some.size, _CHUNK):
        part = some[start : start + _CHUNK]
        both = held[citing[part]].multiply(held[cited[part]])
        same[part] = np.asarray(both.sum(axis=1)).ravel() > 0
    return same


def select(
    pairs: Citations,
    member: Mask,
    years: NDArray[np.float64],
    span: tuple[int, int] | None,
    *,
    scope: Scope = "closed",
    known: Mask | None = None,
) -> Mask:
    """Tell which pairs count for a technology and period.

    Parameters
    ----------
    pairs
        All pairs.
    member
        Which rows are seed families of the technology; outside documents are not.
    years
        Year of each row by the chosen basis, NaN where unknown.
    span
        First and last year of the citing family; None = any.
    scope
        ``closed``: both ends in the technology. ``citing``: the citing end. ``cited``: the cited
        end.
    known
        For ``closed``, those by the citing end where they are known already.

    Raises
    ------
    OptionError
        ``scope`` is unknown.
    """
    if scope not in SCOPES:
        raise OptionError(f"--scope {scope}: unknown", remedy=f"choose {', '.join(SCOPES)}")
    if known is not None and scope == "closed":
        return known & gathered(member, pairs.cited)
    dated = np.ones(member.size, dtype=bool) if span is None else _within(years, span)
    chosen = gathered(dated if scope == "cited" else dated & member, pairs.citing)
    if scope in ("closed", "cited"):
        chosen &= gathered(member, pairs.cited)
    return chosen


def _within(years: NDArray[np.float64], span: tuple[int, int]) -> Mask:
    return (years >= span[0]) & (years <= span[1])


def _numbered(codes: Rows, limit: int) -> tuple[Ints, Rows]:
    """Return the distinct codes, all below the limit, in order, and the number of each code in
    them, written over the codes where these are of 32 bits.

    Examples
    --------
    >>> [found.tolist() for found in _numbered(np.array([7, 2, 7]), 9)]
    [[2, 7], [1, 0, 1]]
    """
    if limit > max(4 * codes.size, 1 << 16):  # a table of all codes would be larger than the sort
        order, number = ordered(codes), np.empty(codes.size, dtype=np.int32)
        distinct, known, last = [np.empty(0, dtype=np.int64)], 0, -1
        for start in range(0, codes.size, _CHUNK):
            at = order[start : start + _CHUNK]
            some = codes[at]
            new = np.diff(some, prepend=last) != 0
            number[at] = np.cumsum(new) + (known - 1)
            distinct.append(some[new])
            known, last = known + distinct[-1].size, int(some[-1])
        return np.concatenate(distinct), number
    seen = np.zeros(limit, dtype=bool)
    for start in range(0, codes.size, _CHUNK):
        seen[codes[start : start + _CHUNK]] = True
    number = (np.cumsum(seen) - 1).astype(np.int32)
    if codes.dtype != np.int32:
        return np.flatnonzero(seen), gathered(number, codes)
    for start in range(0, codes.size, _CHUNK):  # in place: codes are many
        some = codes[start : start + _CHUNK]
        some[:] = gathered(number, some)
    return np.flatnonzero(seen), codes


@dataclass(frozen=True)
class Spread:
    """Every pair spread over the nodes of its ends: one entry per (pair, citing, cited node).

    ``pair`` indexes the pairs, ``cell`` numbers the distinct (citing, cited) node pairs in order,
    ``weight``, to be indexed, is the product of both shares; ``ends`` gives the nodes of each
    cell. Made once, then summed for any selection of pairs.
    """

    pair: Rows
    cell: Rows
    weight: NDArray[np.float64] | Products
    ends: tuple[Rows, Rows]
    names: list[str]

    @classmethod
    def of(cls, pairs: Citations, shares: Shares, *, left_out: Mask | None = None) -> Spread:
        """Spread pairs over nodes; pairs with an end that nobody holds have no entry.

        Pairs ``left_out`` have none either.
        """
        if left_out is not None and left_out.any():
            at = np.flatnonzero(~left_out)
            marked = np.zeros(at.size, dtype=bool)
            some = Citations(pairs.citing[at], pairs.cited[at], marked, pairs.families)
            found = cls.of(some, shares)
            return replace(found, pair=at.astype(np.int32)[found.pair])
        m, n = shares.matrix, max(len(shares.names), 1)
        pair, code, weight = entries(pairs.citing, pairs.cited, m)
        cells, cell = _numbered(code, n * n)
        del code
        nodes = (cells // n).astype(np.int32), (cells % n).astype(np.int32)
        return cls(pair, cell, weight, nodes, shares.names)

    def total(self, chosen: Mask) -> pl.DataFrame:
        """Sum the entries of the chosen pairs.

        Returns
        -------
        pl.DataFrame
            ``citing, cited, weight, citations``, sorted; see `netpos.tables.Links`.
        """
        return self._named(*self.summed(chosen))

    def summed(self, chosen: Mask) -> tuple[Ints, NDArray[np.float64], Ints]:
        """Sum the entries of the chosen pairs, as numbers.

        Returns
        -------
        (cells, weights, entries)
            Cells with a weight in order, see `ends`; sums of the weights; numbers of entries.
        """
        n = self.ends[0].size
        weights, levels = stored(self.weight)
        done = compiled.sum_chosen(chosen, self.pair, self.cell, weights, n, levels)
        if done is not None:
            total, count = done
            at = np.flatnonzero(total > 0)
            return at, total[at], count[at]
        keep = np.flatnonzero(gathered(chosen, self.pair))
        cell, weight = self.cell[keep], self.weight[keep]
        del keep
        total = np.bincount(cell, weights=weight, minlength=n).astype(np.float64, copy=False)
        del weight
        count = np.bincount(cell, minlength=n)
        at = np.flatnonzero(total > 0)
        return at, total[at], count[at].astype(np.int64, copy=False)

    def _named(self, at: Ints, weight: NDArray[np.float64], citations: Ints) -> pl.DataFrame:
        """Cells as rows of `netpos.tables.Links`."""
        names = pl.Series(self.names, dtype=pl.String)
        citing, cited = (names.gather(end[at]) for end in self.ends)
        return pl.DataFrame(
            {"citing": citing, "cited": cited, "weight": weight, "citations": citations}
        )


def sizes(
    shares: Shares,
    member: Mask,
    years: NDArray[np.float64],
    span: tuple[int, int] | None,
    measures: Mapping[str, NDArray[np.number]] | None = None,
) -> pl.DataFrame:
    """Return families per node, and any measure of families summed by the same shares.

    Parameters
    ----------
    shares, member, years, span
        See `select`.
    measures
        Further values per row, e.g. 1 for families at two or more offices.

    Returns
    -------
    pl.DataFrame
        ``node``, ``families`` within the span, ``families_to_date`` up to its end, and one column
        per measure over the families within the span [by the counting rule].
    """
    rows = np.flatnonzero(member)
    at = years[rows]
    within = np.ones(rows.size) if span is None else _within(at, span).astype(np.float64)
    to_date = np.ones(rows.size) if span is None else (at <= span[1]).astype(np.float64)
    held = shares.matrix[rows].T
    columns = {"families": held @ within, "families_to_date": held @ to_date}
    columns |= {name: held @ (within * value[rows]) for name, value in (measures or {}).items()}
    return pl.DataFrame(
        {"node": pl.Series(shares.names, dtype=pl.String)}
        | {name: pl.Series(value, dtype=pl.Float64) for name, value in columns.items()}
    )


def build(
    chosen: Mask,
    spread: Spread,
    shares: Shares,
    member: Mask,
    years: NDArray[np.float64],
    span: tuple[int, int] | None,
    *,
    scope: Scope = "closed",
    kind: Literal["country", "organisation"] = "country",
    always: str | None = None,
    measures: Mapping[str, NDArray[np.number]] | None = None,
    technology: str | None = None,
    period: str | None = None,
    counting: str = "fractional",
) -> Links:
    """Build the links of one technology and period.

    Parameters
    ----------
    chosen
        Which pairs are in it; see `select`.
    spread, shares
        Those pairs, and all families, by node; see `Spread` and `Shares`.
    member, years, span
        Which families count in the size of a node; see `sizes`.
    scope
        How the pairs were chosen: travels with the result.
    kind
        What the nodes are.
    always
        A node kept also without families or links (the focal country).
    measures
        Further node columns, see `sizes`.
    technology, period, counting
        Names that travel with the result.
    """
    at, weight, citations = spread.summed(chosen)
    nodes = sizes(shares, member, years, span, measures)
    keep = nodes["families"].to_numpy() > 0
    for end in spread.ends:
        keep[end[at]] = True
    if always in shares.names:
        keep[shares.names.index(always)] = True
    nodes = nodes.filter(pl.Series(keep))
    if always is not None and always not in shares.names:
        zeros = {c: [0.0] for c in nodes.columns if c != "node"}
        nodes = pl.concat([nodes, pl.DataFrame({"node": [always], **zeros})])
    table = spread._named(at, weight, citations)
    return Links(nodes.sort("node"), table, kind, technology, period, counting, scope)
