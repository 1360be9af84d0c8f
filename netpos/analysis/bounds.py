r"""How far an indicator could be off if every citation without a country went one way.

A citation is open when an end of it has no country. Nothing is assumed of where it leads: the
bounds of an indicator are its least and its largest value over all that the open citations could
be (Manski 2003). They hold whatever the truth is, and are wide where coverage is low.
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
    r"""Bounds of the indicators of each country, all open citations going either way.

    With :math:`u_i` the open citations that families of country i give, :math:`v_i` those that
    they receive (citing documents without a date may lie in the span), R and G citations received
    and given abroad, and e the foreign citations of scope ``citing`` that i gives to a bloc, of g:

    .. math:: \frac{R_i - G_i - u_i}{R_i + G_i + u_i} \le \mathrm{balance} \le
              \frac{R_i + v_i - G_i}{R_i + v_i + G_i}, \qquad
              \frac{e}{g + u_i} \le \mathrm{share} \le \frac{e + u_i}{g + u_i}, \qquad
              \frac{R_i}{R + V - v_i + X} \le \mathrm{received\ share} \le
              \frac{R_i + v_i + X_i}{R + v_i + X_i}

    R and V being sums over the countries, X the citations whose cited family is of the technology
    and has no country, :math:`X_i` those of them that i does not give itself.

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
    owner, everyone = _without_owner(study, technology, span, names)
    foreign, blocs = _numbers(table, "given"), _of_sources(study, technology, span, names)
    got = _numbers(table, "received")
    others = everyone - owner
    total = float(np.nansum(got))
    low = {
        "balance_ratio": divide(got - foreign - given, got + foreign + given),
        "received_share": divide(got, total + float(received.sum()) - received + everyone),
    }
    high = {
        "balance_ratio": divide(got + received - foreign, got + received + foreign),
        "received_share": divide(got + received + others, total + received + others),
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


def _without_owner(
    study: Study, technology: str, span: Span, names: list[str]
) -> tuple[Floats, float]:
    """Links to families of the technology without a country: those each country gives, and all."""
    pairs, lost = study.pairs, ~study.shares.located
    chosen = study.links_mask(technology, span, scope="closed") & gathered(lost, pairs.cited)
    return _by_country(study, pairs.citing[chosen], names), float(chosen.sum())


def _of_sources(study: Study, technology: str, span: Span, names: list[str]) -> Floats:
    """Foreign citations that each country gives in scope ``citing``."""
    spread = study.spread
    at, weight, _ = spread.summed(study.links_mask(technology, span, scope="citing"))
    abroad = spread.ends[0][at] != spread.ends[1][at]
    n = len(spread.names)
    sums = np.bincount(spread.ends[0][at][abroad], weight[abroad], minlength=n)
    held = dict(zip(spread.names, sums.tolist(), strict=True))
    return np.array([held.get(name, 0.0) for name in names])
