r"""How far an indicator could be off if every citation without a country went one way.

A citation of a country's families is open when the family or document at its other end has no
country. Nothing is assumed of where that is: the bounds of an indicator are its least and its
largest value over all places, each open citation on its own (Manski 2003). The families located in
a country are taken to be all of its families. Bounds are wide where coverage is low.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.analysis.study import Span, Study
from netpos.graph.kernels import divide
from netpos.graph.links import Rows, gathered
from netpos.tables import rounded

#: Indicators with bounds.
BOUNDED = ("balance_ratio", "received_share", "share_eu", "share_oecd_nato", "share_other")

Floats = NDArray[np.float64]


def bounds(study: Study, technology: str, span: Span, table: pl.DataFrame) -> pl.DataFrame:
    r"""Return bounds of the indicators of each country, all open citations going either way.

    With :math:`u_i` the open citations that families of country i give, :math:`v_i` those that
    they receive (citing documents without a date may lie in the span), R and G citations received
    and given abroad, and e the foreign citations of scope ``citing`` that i gives to a bloc, of g:

    .. math:: \frac{R_i - G_i - u_i}{R_i + G_i + u_i} \le \mathrm{balance} \le
              \frac{R_i + v_i - G_i}{R_i + v_i + G_i}, \qquad
              \frac{e}{g + u_i} \le \mathrm{share} \le \frac{e + u_i}{g + u_i}, \qquad
              \frac{R_i}{R + V - v_i + X} \le \mathrm{received\ share} \le
              \frac{R_i + v_i}{R + v_i}

    R and V being sums over the countries, X the links whose cited family is of the technology and
    has no country.

    Parameters
    ----------
    study, technology, span
        Of a run.
    table
        Rows of the table of countries.

    Returns
    -------
    ``country, indicator, value, low, high``, sorted as the table, then by indicator; bounds null
    where the value is.
    """
    names = table["country"].to_list()
    given, received = _open(study, technology, span, names)
    lost = _without_owner(study, technology, span)
    foreign, blocs = _numbers(table, "given"), _of_sources(study, technology, span, names)
    got = _numbers(table, "received")
    total = float(np.nansum(got))
    low = {
        "balance_ratio": divide(got - foreign - given, got + foreign + given),
        "received_share": divide(got, total + float(received.sum()) - received + lost),
    }
    high = {
        "balance_ratio": divide(got + received - foreign, got + received + foreign),
        "received_share": divide(got + received, total + received),
    }
    for name in BOUNDED[2:]:
        part = _numbers(table, name) * blocs
        low[name] = divide(part, blocs + given)
        high[name] = divide(part + given, blocs + given)
    parts = [
        table.select(
            "country",
            pl.lit(name).alias("indicator"),
            pl.col(name).alias("value"),
            *(
                pl.when(pl.col(name).is_not_null())
                .then(pl.Series(side[name], dtype=pl.Float64).fill_nan(None))
                .alias(end)
                for end, side in (("low", low), ("high", high))
            ),
        ).with_row_index("at")
        for name in BOUNDED
    ]
    return rounded(pl.concat(parts).sort("at", "indicator").drop("at"))


def _numbers(table: pl.DataFrame, column: str) -> Floats:
    return table[column].cast(pl.Float64).fill_null(float("nan")).to_numpy()


def _by_country(study: Study, rows: Rows, names: list[str]) -> Floats:
    """Families counted by their shares, in the order of the names."""
    every = np.bincount(rows, minlength=study.rows).astype(np.float64)
    held = dict(zip(study.shares.names, (study.shares.matrix.T @ every).tolist(), strict=True))
    return np.array([held.get(name, 0.0) for name in names])


def _open(study: Study, technology: str, span: Span, names: list[str]) -> tuple[Floats, Floats]:
    """Citations of each country's families without a country at the other end: given, received."""
    pairs, lost = study.pairs, ~study.shares.located
    counted = study.counted
    given = counted & gathered(study.chosen(technology, span), pairs.citing)
    given &= gathered(lost, pairs.cited)
    received = counted & gathered(study.member[technology], pairs.cited)
    received &= gathered(study.may_lie_in_span(span), pairs.citing)
    received &= gathered(lost, pairs.citing)
    return (
        _by_country(study, pairs.citing[given], names),
        _by_country(study, pairs.cited[received], names),
    )


def _without_owner(study: Study, technology: str, span: Span) -> float:
    """Links to families of the technology that have no country."""
    lost = gathered(~study.shares.located, study.pairs.cited)
    return float((study.links_mask(technology, span, scope="closed") & lost).sum())


def _of_sources(study: Study, technology: str, span: Span, names: list[str]) -> Floats:
    """Foreign citations that each country gives in scope ``citing``."""
    spread = study.spread
    at, weight, _ = spread.summed(study.links_mask(technology, span, scope="citing"))
    abroad = spread.ends[0][at] != spread.ends[1][at]
    n = len(spread.names)
    sums = np.bincount(spread.ends[0][at][abroad], weight[abroad], minlength=n)
    held = dict(zip(spread.names, sums.tolist(), strict=True))
    return np.array([held.get(name, 0.0) for name in names])
