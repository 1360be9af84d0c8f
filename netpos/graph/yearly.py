"""Links of each year of a span, summed in one pass."""

from __future__ import annotations

import numpy as np
import polars as pl

from netpos.graph.kernels import Floats
from netpos.graph.links import Citations, Mask, Shares, Spread, gathered
from netpos.tables import Links

_AT_ONCE = 1 << 20  # entries looked at at a time


def yearly(
    chosen: Mask,
    pairs: Citations,
    spread: Spread,
    shares: Shares,
    member: Mask,
    years: Floats,
    span: tuple[int, int],
    *,
    always: str | None = None,
) -> dict[int, Links]:
    """Build the links of each year of a span.

    Parameters
    ----------
    chosen
        Which pairs are of the technology, whose citing family is of any year of the span.
    pairs, spread, shares, member, years, always
        As for `netpos.graph.links.build`.
    span
        First and last year.

    Returns
    -------
    dict
        Year -> links between countries, of which nodes have ``families`` alone: those that
        `netpos.graph.links.build` makes of the year by itself.
    """
    first, number, cells = span[0], span[1] - span[0] + 1, spread.ends[0].size
    weights, counts = np.zeros(number * cells), np.zeros(number * cells, dtype=np.int64)
    for begin in range(0, spread.pair.size, _AT_ONCE):  # sums go on in the order of the entries
        part = slice(begin, begin + _AT_ONCE)
        keep = np.flatnonzero(gathered(chosen, spread.pair[part]))
        year = gathered(years, pairs.citing[spread.pair[part][keep]]).astype(np.int64) - first
        at = year * cells + spread.cell[part][keep]
        np.add.at(weights, at, spread.weight[part][keep])
        np.add.at(counts, at, 1)
    rows = np.flatnonzero(member & (years >= first) & (years <= span[1]))
    of_year = years[rows][:, None] == np.arange(first, span[1] + 1)
    families = shares.matrix[rows].T @ of_year.astype(np.float64)
    names = pl.Series(shares.names, dtype=pl.String)
    found = {}
    for k in range(number):
        here = slice(k * cells, (k + 1) * cells)
        at = np.flatnonzero(weights[here] > 0)
        ends = [end[at] for end in spread.ends]
        there = families[:, k] > 0
        there[np.concatenate(ends).astype(np.int64)] = True
        if always in shares.names:
            there[shares.names.index(always)] = True
        nodes = pl.DataFrame({"node": names, "families": families[:, k]}).filter(pl.Series(there))
        if always is not None and always not in shares.names:
            nodes = pl.concat([nodes, pl.DataFrame({"node": [always], "families": [0.0]})])
        table = pl.DataFrame(
            {
                "citing": names.gather(ends[0]),
                "cited": names.gather(ends[1]),
                "weight": weights[here][at],
                "citations": counts[here][at],
            }
        )
        found[first + k] = Links(nodes.sort("node"), table)
    return found
