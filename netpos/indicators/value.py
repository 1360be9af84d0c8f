r"""An open index of patent value: how often a family is cited, times the markets it protects.

.. math:: V_f = T_f \cdot M_f, \qquad T_f = c_f / E_f, \qquad
          M_f = \sum_m u_{fm}\, \mathrm{GNI}_m / \mathrm{GNI}_{US}

:math:`c_f` are the distinct families that cite family :math:`f`, :math:`E_f` the mean of that over
families of the same priority year and technology (where it is below one citation,
:math:`T_f = 1 + c_f - E_f`), and :math:`u_{fm}` tells whether the family is in
force in country :math:`m` (1), pending there (a weight to choose) or neither (0). Every component
is a column; the index is built after published descriptions of commercial ones and equals none.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from netpos.countries import union_members
from netpos.errors import TableError
from netpos.graph.kernels import significant
from netpos.graph.links import Mask, Shares
from netpos.indicators.markets import Live, choices, live_markets, market_weights
from netpos.indicators.position import rank_where_any, share
from netpos.indicators.relevance import relevance as relevance
from netpos.indicators.stock import stock as stock
from netpos.tables import rounded

Floats = NDArray[np.float64]
#: Part of the families' members that must be in the corpus.
ENOUGH_MEMBERS = 0.8
#: Nodes whose order is tested pair by pair; those behind them have no rank.
MOST_RANKED = 150
_ROWS = 4096  # rows made dense at a time


# --- values -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Valuation:
    """Relevance and markets of families, under each choice that a rank must survive.

    ``relevance`` per row (0 where not known); ``markets`` where each is in force or pending;
    ``weight`` and ``error`` per market; ``table`` the components by family.
    """

    relevance: Floats
    markets: Live
    names: list[str]
    weight: Floats
    error: Floats
    table: pl.DataFrame

    @cached_property
    def value(self) -> Floats:
        """Value of each row under the default choices."""
        found: Floats = self.relevance * (self.markets.matrix() @ self.weight)
        return found

    def outside(self, country: str) -> Floats:
        """Value of each row under the default choices without the market of a country."""
        weight = self.weight.copy()
        if country in self.names:
            weight[self.names.index(country)] = 0.0
        found: Floats = self.relevance * (self.markets.matrix() @ weight)
        return found


def valuation(
    documents: pl.DataFrame | Iterable[pl.DataFrame],
    cited_by: Floats,
    priority_year: Floats,
    fields: Mapping[str, Mask],
    *,
    data_date: dt.date,
    gni: pl.DataFrame | None = None,
) -> Valuation:
    """Value every family, with all components.

    Parameters
    ----------
    documents, data_date
        See `live_markets`. Of many documents some at a time: all of a family together, families in
        rising order from part to part.
    cited_by, priority_year, fields
        See `relevance`; as long as there are rows.
    gni
        See `market_weights`.

    Returns
    -------
    Valuation
        ``table`` is the family table: the columns of `relevance`, then ``markets`` (codes with a
        weight below 1 as ``CN:0.5``, joined by a blank), ``coverage`` [US = 1], ``value``,
        ``status_unknown`` (a market counts although the status is not known), ``unweighted`` (a
        market has no income in the table and counts nothing), ``basis``: ``members`` or ``csv``,
        an approximation, since a CSV gives one status and no members.

    Raises
    ------
    TableError
        A column is missing, or no part of the documents is given.

    References
    ----------
    Method notes (`netpos.docs_path`); Ernst and Omland 2011 (the idea).
    """
    weights = market_weights(gni)
    names = weights["country"].to_list()
    rows = cited_by.size
    seen: list[tuple[pl.DataFrame, pl.DataFrame]] = []

    def parts() -> Iterator[pl.DataFrame]:
        """Look at what stands in the table by the way: the documents are read once."""
        for part in [documents] if isinstance(documents, pl.DataFrame) else documents:
            seen.append((_about(part, names, data_date), _basis(part)))
            yield part

    markets = Live.of(parts(), names, rows, data_date=data_date)
    if not seen:
        raise TableError("valuation: there is no table of documents, not even one without rows")
    about, basis = (pl.concat(one) for one in zip(*seen, strict=True))
    table = relevance(cited_by, priority_year, fields)
    score = np.zeros(rows)
    score[table["family"].to_numpy()] = table["relevance"].fill_null(0.0).to_numpy()
    weight = weights["weight"].to_numpy()
    coverage = markets.matrix() @ weight
    at = table["family"].to_numpy()
    full = (
        table.join(about, on="family", how="left", maintain_order="left")
        .join(basis, on="family", how="left", maintain_order="left")
        .with_columns(
            pl.col("markets").fill_null(""),
            pl.col("status_unknown", "unweighted").fill_null(value=False),
            coverage=pl.Series(coverage[at], dtype=pl.Float64),
            basis=pl.when(pl.col("csv")).then(pl.lit("csv")).otherwise(pl.lit("members")),
        )
        .with_columns(value=pl.col("relevance") * pl.col("coverage"))
    )
    return Valuation(
        score, markets, names, weight, weights["error"].to_numpy(), rounded(full.select(_FAMILY))
    )


def _about(documents: pl.DataFrame, names: list[str], data_date: dt.date) -> pl.DataFrame:
    """Write the markets of each family under the default choices, and what is not known of them."""
    code = pl.when(pl.col("part") < 1).then(pl.format("{}:{}", "market", "part"))
    live = live_markets(documents, data_date=data_date)
    return live.group_by("family").agg(
        markets=code.otherwise("market").sort().str.join(" "),
        status_unknown=pl.col("unknown").any(),
        unweighted=(~pl.col("market").is_in(names)).any(),
    )


def _basis(documents: pl.DataFrame) -> pl.DataFrame:
    """Tell which families have a document from a CSV."""
    return documents.group_by("family").agg(csv=(pl.col("form") == "lens-csv").any())


_FAMILY = (
    "family",
    "fields",
    "cited_by_families",
    "expected",
    "relevance",
    "markets",
    "coverage",
    "value",
    "pooled",
    "shrunk",
    "uncited",
    "status_unknown",
    "unweighted",
    "basis",
)


def node_values(
    found: Valuation, shares: Shares, chosen: Mask, *, kind: str = "country"
) -> pl.DataFrame:
    r"""Value held by each country or organisation.

    .. math:: V_i = \sum_f a_i(f)\, V_f, \qquad
              V_i^{foreign} = \sum_f a_i(f)\, T_f \sum_{m \ne i} u_{fm}\, w_m

    A rank is given only where it survives the errors: it is the same with every set of EP markets
    (three, six, all), with pending applications at 1 and at .5, and with every income anywhere
    within its stated error. Two holders keep their order under the last as long as
    :math:`|V_i - V_j| > \sum_m w_m e_m |A_{im} - A_{jm}|`, :math:`A_{im}` being their value per
    unit of market :math:`m`.

    Parameters
    ----------
    found
        What `valuation` returned.
    shares
        Countries or organisations of each row.
    chosen
        Families of the technology and period.
    kind
        ``country`` or the name of another kind of node, which then has no ``value_foreign``.

    Returns
    -------
    One row per node with a share in the families chosen, sorted: ``value``, ``value_foreign``
    [both: US market × times as cited as usual], ``value_share`` (null where all are 0),
    ``value_rank`` (null where it does not survive), ``value_rank_low`` and ``value_rank_high``:
    the ranks possible (null behind the `MOST_RANKED` largest), ``value_rank_stable`` Boolean.

    References
    ----------
    Method notes (`netpos.docs_path`).
    """
    rows = np.flatnonzero(chosen)
    held = shares.matrix[rows]
    scored = csr_array(held.multiply(found.relevance[rows][:, None])).T.tocsr()
    here = np.unique(held.indices)
    scored = scored[here]
    some = np.zeros(found.relevance.size, dtype=bool)
    some[rows] = True
    per_market = [csr_array(scored @ found.markets.matrix(c, some)) for c in choices()]
    parts = per_market[0]
    names = [shares.names[k] for k in here.tolist()]
    value = _weighed(parts, found.weight)
    columns = {kind: pl.Series(names, dtype=pl.String), "value": pl.Series(value, dtype=pl.Float64)}
    if kind == "country":
        place = {m: k for k, m in enumerate(found.names)}
        domestic = np.zeros(len(names))
        for at, name in enumerate(names):  # of a bloc the markets of its members
            homes = [place[m] for m in (union_members(name) or (name,)) if m in place]
            held_at = parts[[at]].toarray()[0]
            domestic[at] = (held_at[homes] * found.weight[homes]).sum()
        columns["value_foreign"] = pl.Series(np.maximum(value - domestic, 0.0), dtype=pl.Float64)
    low, high = _rank_bounds(per_market, found.weight, found.error)
    table = rounded(pl.DataFrame(columns)).with_columns(
        value_share=share("value"),
        value_rank=rank_where_any("value"),
        value_rank_low=pl.Series(low, dtype=pl.Float64, nan_to_null=True).cast(pl.Int64),
        value_rank_high=pl.Series(high, dtype=pl.Float64, nan_to_null=True).cast(pl.Int64),
    )
    stable = (pl.col("value_rank_low") == pl.col("value_rank_high")).fill_null(value=False)
    return rounded(
        table.with_columns(
            value_rank=pl.when(stable).then(pl.col("value_rank")), value_rank_stable=stable
        )
    )


def _weighed(parts: csr_array, weight: Floats) -> Floats:
    """Return ``parts @ weight``, some rows at a time: dense, as its sums are those of all rows."""
    found = np.empty(parts.shape[0])
    for start in range(0, found.size, _ROWS):
        some = slice(start, start + _ROWS)
        found[some] = parts[some].toarray() @ weight
    return found


def _rank_bounds(
    per_market: Sequence[csr_array], weight: Floats, error: Floats
) -> tuple[Floats, Floats]:
    """Best and worst rank of each node over all choices and all errors; NaN where not tested."""
    n = per_market[0].shape[0]
    base = _weighed(per_market[0], weight)
    top = np.sort(np.argsort(-significant(base), kind="stable")[:MOST_RANKED])
    surely = np.ones((top.size, top.size), dtype=bool)
    possibly = np.zeros((top.size, top.size), dtype=bool)
    reach = np.zeros(n)
    floor = np.full(n, np.inf)
    slope = weight * error
    for a in per_market:
        value, slack = _weighed(a, weight), _weighed(a, slope)
        reach, floor = np.maximum(reach, value + slack), np.minimum(floor, value - slack)
        held = significant(value[top])
        of_top = a[top].toarray()
        some = np.flatnonzero(of_top.any(axis=0))  # most markets have none of these families
        b, by = of_top[:, some], slope[some]
        loose = np.zeros_like(surely, dtype=np.float64)
        for k in range(top.size - 1):
            loose[k, k + 1 :] = loose[k + 1 :, k] = np.abs(b[k + 1 :] - b[k]) @ by
        loose[loose <= 1e-12 * (held + held[:, None])] = 0.0  # the same up to rounding
        gap = held - held[:, None]
        surely &= gap > loose
        possibly |= gap > -loose
    best, worst = np.full(n, np.nan), np.full(n, np.nan)
    best[top] = 1 + surely.sum(axis=1)
    worst[top] = 1 + possibly.sum(axis=1)
    behind = np.setdiff1d(np.arange(n), top)
    if behind.size:
        open_end = floor[top] <= reach[behind].max()
        best[top[open_end]] = worst[top[open_end]] = np.nan
    return best, worst


def drawn_ranks(table: pl.DataFrame, drawn: pl.DataFrame) -> pl.DataFrame:
    """Leave out ranks by value that the draws do not bear out.

    A rank stands where it is the same with the share of the country at either end of its interval
    and the others at their values; where the share has no interval there is no rank. Nothing is
    left out in a run without draws, which gives neither intervals nor reasons.

    Parameters
    ----------
    table
        Countries of one technology and period, with ``value_share`` and ``value_rank``.
    drawn
        ``country, indicator, low, high, reason`` of the same technology and period.

    Examples
    --------
    >>> names = {"country": ["CN", "NL", "US"]}
    >>> table = pl.DataFrame(names | {"value_share": [0.2, 0.1, 0.7], "value_rank": [2, 3, 1]})
    >>> drawn = pl.DataFrame(names | {"indicator": ["value_share"] * 3, "low": [0.08, None, 0.5],
    ...     "high": [0.3, None, 0.8], "reason": [None, "too_few", None]})
    >>> drawn_ranks(table, drawn)["value_rank"].to_list()
    [None, None, 1]
    """
    shares = drawn.filter(pl.col("indicator") == "value_share")
    if not shares.height or not (shares["low"].count() or shares["reason"].count()):
        return table
    bounds = shares.select("country", low_="low", high_="high")
    both = table.join(bounds, on="country", how="left", maintain_order="left")
    ordered = pl.col("value_share").drop_nulls().sort()

    def ahead(of: str) -> pl.Expr:
        """Tell how many countries have a larger share."""
        return ordered.len() - ordered.search_sorted(pl.col(of), side="right")

    # at its upper end a country passes those below it; itself is ahead of its lower end
    own = (pl.col("value_share") > pl.col("low_")).cast(pl.Int64)
    best = 1 + ahead("high_").cast(pl.Int64)
    worst = 1 + ahead("low_").cast(pl.Int64) - own
    held = (best == pl.col("value_rank")) & (worst == pl.col("value_rank"))
    return both.with_columns(
        value_rank=pl.when(held.fill_null(value=False)).then(pl.col("value_rank"))
    ).drop("low_", "high_")


def members_in_corpus(families: pl.DataFrame, chosen: Mask) -> float | None:
    """Compute the part of the stated members of the families that is in the corpus; null where
    none is stated.

    Below `ENOUGH_MEMBERS` values are marked: markets of members that were not exported are missed.

    Examples
    --------
    >>> families = pl.DataFrame({"documents": [1, 3, 1], "family_size": [4, 3, None]})
    >>> members_in_corpus(families, np.array([True, True, True]))
    0.5714285714285714
    """
    inside = families.filter(pl.Series(chosen[: families.height]))
    stated = inside.filter(pl.col("family_size").is_not_null())
    total = int(stated["family_size"].sum())
    return int(stated["documents"].sum()) / total if total else None
