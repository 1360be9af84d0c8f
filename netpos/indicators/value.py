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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from netpos.graph.kernels import divide, significant
from netpos.graph.links import Citations, Mask, Shares, gathered
from netpos.indicators.markets import EpMarkets, live_markets, market_weights
from netpos.indicators.position import rank, share
from netpos.tables import rounded

Floats = NDArray[np.float64]
#: Weights of a pending application under which a rank must hold.
PENDING = (1.0, 0.5)
#: Families in a cell of the norm, below which it is pooled with neighbouring years.
LEAST_IN_CELL = 30
#: Citations expected of a family, below which its relevance is drawn towards the mean.
LEAST_CITED = 1.0
#: Part of the families' members that must be in the corpus.
ENOUGH_MEMBERS = 0.8
#: Nodes whose order is tested pair by pair; those behind them have no rank.
MOST_RANKED = 150


def relevance(cited_by: Floats, priority_year: Floats, fields: Mapping[str, Mask]) -> pl.DataFrame:
    r"""How often each family is cited, against families of its age and technology.

    .. math:: T_f = \frac{c_f + k_f}{E_f + k_f}, \qquad k_f = \max(0, 1 - E_f), \qquad
              E_f = \frac{1}{|F_f|} \sum_{t \in F_f} \bar c_{t,\,y(f)}

    with :math:`\bar c_{ty}` the mean over all families, in force or not, of technology :math:`t`
    and priority year :math:`y`. A cell of fewer than 30 families is pooled with as many years on
    both sides as it takes.

    Where fewer than one citation is expected one more or less says little: such families are drawn
    towards 1, the mean of their technology and year, by a gamma prior with that mean and the
    weight of the :math:`k_f` citations that are short of one, so that
    :math:`T_f = 1 + c_f - E_f`. The mean of a cell stays 1. From one expected citation on it is
    :math:`T_f = c_f / E_f`.

    Parameters
    ----------
    cited_by
        Distinct citing families of each row.
    priority_year
        Year of the earliest priority, NaN where unknown.
    fields
        Families of each technology.

    Returns
    -------
    One row per family in any technology: ``family``, ``fields`` (joined by a blank),
    ``cited_by_families``, ``expected`` (null without a year), ``relevance`` (0 where no family of
    its technologies is cited), and Boolean ``pooled``, ``shrunk`` (fewer than one citation is
    expected) and ``uncited`` (none is).

    References
    ----------
    docs/methods.md.

    Examples
    --------
    >>> c, year = np.array([8.0, 2, 5, 1, 9]), np.full(5, 2018.0)
    >>> relevance(c, year, {"ai": np.ones(5, dtype=bool)})["relevance"].to_list()
    [1.6, 0.4, 1.0, 0.2, 1.8]

    One citation to one of five young families does not make it worth five times the others:

    >>> relevance(np.array([1.0, 0, 0, 0, 0]), year, {"ai": np.ones(5, dtype=bool)})["relevance"]\
    ...     .to_list()
    [1.8, 0.8, 0.8, 0.8, 0.8]
    """
    names = np.full(cited_by.size, "", dtype=object)
    for field, inside in fields.items():
        names[inside] = names[inside] + f" {field}"
    norms, pooled, cited = _expected(cited_by, priority_year, fields)
    at = np.flatnonzero(names != "")
    norm = norms[at]
    found = pl.DataFrame(
        {
            "family": pl.Series(at, dtype=pl.Int32),
            "fields": pl.Series(names[at].tolist(), dtype=pl.String).str.strip_chars(),
            "cited_by_families": cited_by[at],
            "expected": norm,
            "relevance": _relevance(cited_by[at], norm, cited[at]),
            "pooled": pooled[at],
            "shrunk": norm < LEAST_CITED,
            "uncited": norm == 0,
        }
    )
    return found.with_columns(pl.col("expected", "relevance").fill_nan(None))


def _expected(
    cited_by: Floats, priority_year: Floats, fields: Mapping[str, Mask]
) -> tuple[Floats, Mask, Mask]:
    """Mean of what the fields of a row expect, if any took other years, if any is cited at all."""
    rows = cited_by.size
    expected, number = np.zeros(rows), np.zeros(rows)
    pooled, cited = np.zeros(rows, dtype=bool), np.zeros(rows, dtype=bool)
    for inside in fields.values():
        dated = inside & np.isfinite(priority_year)
        if not dated.any():
            continue
        mean, wide = _norm(cited_by[dated], priority_year[dated].astype(np.int64))
        expected[dated] += mean
        number[dated] += 1
        pooled[dated] |= wide
        cited[dated] |= bool(mean.any())
    return divide(expected, number), pooled, cited


def _relevance(cited_by: Floats, expected: Floats, cited: Mask) -> Floats:
    """Citations over those expected, drawn towards 1 where fewer than one is; NaN if not known."""
    found = np.where(
        expected < LEAST_CITED, LEAST_CITED + cited_by - expected, divide(cited_by, expected)
    )
    return np.where(np.isfinite(expected) & ~cited, 0.0, found)


def _norm(cited_by: Floats, year: NDArray[np.int64]) -> tuple[Floats, Mask]:
    """Mean citations in each family's year, and whether other years were needed for it."""
    at = year - year.min()
    span = int(at.max()) + 1
    counts = np.concatenate([[0], np.cumsum(np.bincount(at, minlength=span))])
    sums = np.concatenate([[0.0], np.cumsum(np.bincount(at, weights=cited_by, minlength=span))])
    mean, wide = np.zeros(span), np.zeros(span, dtype=bool)
    for k in np.unique(at).tolist():
        low, high = k, k + 1
        while counts[high] - counts[low] < LEAST_IN_CELL and (low > 0 or high < span):
            low, high = max(low - 1, 0), min(high + 1, span)
        mean[k] = (sums[high] - sums[low]) / (counts[high] - counts[low])
        wide[k] = counts[high] - counts[low] > counts[k + 1] - counts[k]
    return mean[at], wide[at]


# --- values -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Valuation:
    """Relevance and markets of families, under each choice that a rank must survive.

    ``relevance`` per row (0 where not known); ``markets[ep, pending]`` rows × markets;
    ``weight`` and ``error`` per market; ``table`` the components by family.
    """

    relevance: Floats
    markets: Mapping[tuple[str, float], csr_array]
    names: list[str]
    weight: Floats
    error: Floats
    table: pl.DataFrame

    @property
    def value(self) -> Floats:
        """Value of each row under the default choices."""
        found: Floats = self.relevance * (self.markets[_DEFAULT] @ self.weight)
        return found

    def outside(self, country: str) -> Floats:
        """Value of each row under the default choices without the market of a country."""
        weight = self.weight.copy()
        if country in self.names:
            weight[self.names.index(country)] = 0.0
        found: Floats = self.relevance * (self.markets[_DEFAULT] @ weight)
        return found


_DEFAULT = ("three", 1.0)


def valuation(
    documents: pl.DataFrame,
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
        See `live_markets`.
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
        A column is missing.

    References
    ----------
    docs/methods.md; Ernst and Omland 2011 (the idea).
    """
    weights = market_weights(gni)
    names = weights["country"].to_list()
    rows = cited_by.size
    matrices: dict[tuple[str, float], csr_array] = {}
    live = pl.DataFrame()
    for choice in product(get_args(EpMarkets), PENDING):
        found = live_markets(documents, data_date=data_date, ep=choice[0], pending=choice[1])
        matrices[choice] = _matrix(found, names, rows)
        if choice == _DEFAULT:
            live = found
    table = relevance(cited_by, priority_year, fields)
    score = np.zeros(rows)
    score[table["family"].to_numpy()] = table["relevance"].fill_null(0.0).to_numpy()
    weight = weights["weight"].to_numpy()
    coverage = matrices[_DEFAULT] @ weight
    code = pl.when(pl.col("part") < 1).then(pl.format("{}:{}", "market", "part"))
    about = live.group_by("family").agg(
        markets=code.otherwise("market").sort().str.join(" "),
        status_unknown=pl.col("unknown").any(),
        unweighted=(~pl.col("market").is_in(names)).any(),
    )
    basis = documents.group_by("family").agg(csv=(pl.col("form") == "lens-csv").any())
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
        score, matrices, names, weight, weights["error"].to_numpy(), rounded(full.select(_FAMILY))
    )


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


def _matrix(live: pl.DataFrame, names: list[str], rows: int) -> csr_array:
    known = live.filter(pl.col("market").is_in(names))
    market = known["market"].cast(pl.Enum(names)).to_physical().to_numpy().astype(np.int64)
    ends = (known["family"].to_numpy(), market)
    return csr_array((known["part"].to_numpy(), ends), shape=(rows, len(names)))


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
    docs/methods.md.
    """
    rows = np.flatnonzero(chosen)
    held = shares.matrix[rows]
    scored = csr_array(held.multiply(found.relevance[rows][:, None])).T.tocsr()
    here = np.unique(held.indices)
    scored = scored[here]
    per_market = {c: (scored @ m[rows]).toarray() for c, m in found.markets.items()}
    parts = per_market[_DEFAULT]
    names = [shares.names[k] for k in here.tolist()]
    value = parts @ found.weight
    columns = {kind: pl.Series(names, dtype=pl.String), "value": pl.Series(value, dtype=pl.Float64)}
    if kind == "country":
        place = {m: k for k, m in enumerate(found.names)}
        home = np.array([place.get(n, -1) for n in names], dtype=np.int64)
        at = np.arange(len(names))
        domestic = np.where(home >= 0, parts[at, home] * found.weight[home], 0.0)
        columns["value_foreign"] = pl.Series(np.maximum(value - domestic, 0.0), dtype=pl.Float64)
    low, high = _rank_bounds(list(per_market.values()), found.weight, found.error)
    table = rounded(pl.DataFrame(columns)).with_columns(
        value_share=share("value"),
        value_rank=rank("value"),
        value_rank_low=pl.Series(low, dtype=pl.Float64).fill_nan(None).cast(pl.Int64),
        value_rank_high=pl.Series(high, dtype=pl.Float64).fill_nan(None).cast(pl.Int64),
    )
    stable = (pl.col("value_rank_low") == pl.col("value_rank_high")).fill_null(value=False)
    return rounded(
        table.with_columns(
            value_rank=pl.when(stable).then(pl.col("value_rank")), value_rank_stable=stable
        )
    )


def _rank_bounds(
    per_market: Sequence[Floats], weight: Floats, error: Floats
) -> tuple[Floats, Floats]:
    """Best and worst rank of each node over all choices and all errors; NaN where not tested."""
    n = per_market[0].shape[0]
    base = per_market[0] @ weight
    top = np.sort(np.argsort(-significant(base), kind="stable")[:MOST_RANKED])
    surely = np.ones((top.size, top.size), dtype=bool)
    possibly = np.zeros((top.size, top.size), dtype=bool)
    reach = np.zeros(n)
    floor = np.full(n, np.inf)
    for a in per_market:
        value, slack = a @ weight, a @ (weight * error)
        reach, floor = np.maximum(reach, value + slack), np.minimum(floor, value - slack)
        b, held = a[top], significant(value[top])
        for k in range(top.size):
            gap, loose = held - held[k], np.abs(b - b[k]) @ (weight * error)
            loose[loose <= 1e-12 * (held + held[k])] = 0.0  # the same up to rounding
            surely[k] &= gap > loose
            possibly[k] |= gap > -loose
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
    left out where no share by value was drawn at all.

    Parameters
    ----------
    table
        Countries of one technology and period, with ``value_share`` and ``value_rank``.
    drawn
        ``country, indicator, low, high`` of the same technology and period.

    Examples
    --------
    >>> names = {"country": ["CN", "NL", "US"]}
    >>> table = pl.DataFrame(names | {"value_share": [0.2, 0.1, 0.7], "value_rank": [2, 3, 1]})
    >>> drawn = pl.DataFrame(names | {"indicator": ["value_share"] * 3, "low": [0.08, None, 0.5],
    ...     "high": [0.3, None, 0.8]})
    >>> drawn_ranks(table, drawn)["value_rank"].to_list()
    [None, None, 1]
    """
    shares = drawn.filter(pl.col("indicator") == "value_share")
    if not shares.height or not shares["low"].count():
        return table
    bounds = shares.select("country", low_="low", high_="high")
    both = table.join(bounds, on="country", how="left", maintain_order="left")
    ordered = pl.col("value_share").drop_nulls().sort()

    def ahead(of: str) -> pl.Expr:
        """How many countries have a larger share."""
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
    """Part of the stated members of the families that is in the corpus; null where none is stated.

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


def stock(
    documents: pl.DataFrame,
    pairs: Citations,
    shares: Shares,
    fields: Mapping[str, Mask],
    member: Mapping[str, Mask],
    published: Floats,
    priority_year: Floats,
    span: tuple[int, int],
    *,
    data_date: dt.date,
    gni: pl.DataFrame | None = None,
    weights: Floats | None = None,
) -> pl.DataFrame:
    r"""Value of the families alive at the end of each year, with the citations published by then.

    The norm of a year is taken over the families published by then. The year of the data date ends
    on that date.

    A citing document without a date counts in full in the year of the data date, as it does for the
    value of a period, and before in the part that dated ones would: with :math:`G(k)` the part of
    the dated citations that come at most k years after the family cited, a citation to a family of
    year :math:`s` counts :math:`G(y - s) / G(Y - s)` in year y, Y being the year of the data date.

    Parameters
    ----------
    documents, data_date, gni
        See `live_markets` and `market_weights`.
    pairs
        Citations between rows.
    shares
        Countries of each row.
    fields
        Families of each technology that serves as a field of the norm, see `relevance`.
    member
        Families of each technology to report, in the order wanted.
    published
        Year of publication of each row, documents outside the corpus included; NaN where unknown.
    priority_year
        Year of priority of each row, NaN where unknown.
    span
        First and last year.
    weights
        How many citing families each pair stands for, default 1.

    Returns
    -------
    ``technology, country, year, value, value_share``: a row for each country with a share in the
    technology; years after the data date have none. ``value_share`` is null where all are 0.

    References
    ----------
    docs/methods.md.
    """
    incomes = market_weights(gni)
    names, weight = incomes["country"].to_list(), incomes["weight"].to_numpy()
    rows, nodes = published.size, len(shares.names)
    years = range(span[0], min(span[1], data_date.year) + 1)
    if not len(years) or not member:
        return pl.DataFrame(schema=_STOCK)
    held = _by_technology(shares, member)
    present = held @ np.ones(rows) > 0
    held = held[present]
    at = np.flatnonzero(present)
    of_technology = [np.flatnonzero(at // nodes == t) for t in range(len(member))]
    found, parts = np.zeros((at.size, len(years))), np.full((at.size, len(years)), np.nan)
    cited_in = _cited_by_year(pairs, published, weights, data_date.year)
    for k, year in enumerate(years):
        day = min(dt.date(year, 12, 31), data_date)
        out = published <= year
        by_then = {name: inside & out for name, inside in fields.items()}
        if not any(inside.any() for inside in by_then.values()):
            continue  # nothing is valued yet
        cited_by = cited_in(year)
        expected, _, cited = _expected(cited_by, priority_year, by_then)
        score = np.nan_to_num(_relevance(cited_by, expected, cited), nan=0.0)
        live = live_markets(documents, data_date=data_date, day=day)
        found[:, k] = held @ (score * (_matrix(live, names, rows) @ weight))
        for here in of_technology:  # by Polars, so that no digit differs from those of `share`
            worth = pl.Series(found[here, k], dtype=pl.Float64)
            if (whole := worth.sum()) > 0:
                parts[here, k] = (worth / whole).to_numpy()
    table = pl.DataFrame(
        {
            "technology": pl.Series(list(member), dtype=pl.String).gather(
                np.repeat(at // nodes, len(years))
            ),
            "country": pl.Series(shares.names, dtype=pl.String).gather(
                np.repeat(at % nodes, len(years))
            ),
            "year": pl.Series(np.tile(np.array(years), at.size), dtype=pl.Int32),
            "value": found.ravel(),
            "value_share": parts.ravel(),
        }
    )
    return rounded(table)


def _cited_by_year(
    pairs: Citations, published: Floats, weights: Floats | None, last: int
) -> Callable[[int], Floats]:
    """Citing families of each row up to a year, undated ones in the part that dated ones are."""
    weight = np.ones(len(pairs)) if weights is None else weights
    of_citing, of_cited = gathered(published, pairs.citing), gathered(published, pairs.cited)
    dated = np.isfinite(of_citing)
    lag = of_citing - of_cited
    known = np.flatnonzero(np.isfinite(lag))
    most = int(lag[known].max(initial=0))
    late = np.clip(lag[known], 0, most).astype(np.int64)
    up_to = np.cumsum(np.bincount(late, weight[known], minlength=most + 1))

    def part(age: Floats) -> Floats:
        """Weight of the dated citations that come at most so many years after."""
        at = np.clip(np.nan_to_num(age, nan=-1.0), -1, most).astype(np.int64)
        return np.where(at < 0, 0.0, up_to[at])

    open_ = np.flatnonzero(~dated)
    in_the_end = part(last - of_cited[open_])

    def cited_by(year: int) -> Floats:
        counted = np.where(dated & (of_citing <= year), weight, 0.0)
        if year >= last:
            counted[open_] = weight[open_]
        else:
            by_then = divide(part(year - of_cited[open_]), in_the_end)
            counted[open_] = weight[open_] * np.nan_to_num(by_then, nan=0.0)
        found = np.bincount(pairs.cited, counted, minlength=published.size)
        return found.astype(np.float64)

    return cited_by


def _by_technology(shares: Shares, member: Mapping[str, Mask]) -> csr_array:
    """Shares of the families of each technology, a row for each technology and node in turn."""
    nodes = len(shares.names)
    row = np.repeat(np.arange(shares.matrix.shape[0]), np.diff(shares.matrix.indptr))
    parts = [np.flatnonzero(inside[row]) for inside in member.values()]
    where = np.concatenate(parts)
    first = np.repeat(np.arange(len(parts)) * nodes, [p.size for p in parts])
    share_of = shares.matrix.data[where]
    ends = (first + shares.matrix.indices[where], row[where])
    held = csr_array((share_of, ends), shape=(len(parts) * nodes, shares.matrix.shape[0]))
    held.sort_indices()
    return held


_STOCK = {
    "technology": pl.String,
    "country": pl.String,
    "year": pl.Int32,
    "value": pl.Float64,
    "value_share": pl.Float64,
}
