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
from netpos.graph import strength
from netpos.graph.kernels import divide
from netpos.graph.links import gathered
from netpos.tables import Links, rounded

#: Indicators with bounds.
BOUNDED = ("balance_ratio", "received_share", "share_eu", "share_oecd_nato", "share_other")

Floats = NDArray[np.float64]


def bounds(
    study: Study,
    technology: str,
    span: Span,
    table: pl.DataFrame,
    *,
    by_country: pl.DataFrame,
    citing: Links,
) -> pl.DataFrame:
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
    by_country
        What `netpos.analysis.coverage.country_coverage` returned.
    citing
        Links of scope ``citing``.

    Returns
    -------
    ``country, indicator, value, low, high``, sorted as the table, then by indicator; bounds null
    where the value is.
    """
    names = table["country"].to_list()
    given, received = (_open(by_country, direction, names) for direction in ("given", "received"))
    lost = _without_owner(study, technology, span)
    foreign, blocs = _numbers(table, "given"), _of(strength.given(citing), names)
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
                .then(pl.Series(side[name], dtype=pl.Float64, nan_to_null=True))
                .alias(end)
                for end, side in (("low", low), ("high", high))
            ),
        ).with_row_index("at")
        for name in BOUNDED
    ]
    return rounded(pl.concat(parts).sort("at", "indicator").drop("at"))


def _numbers(table: pl.DataFrame, column: str) -> Floats:
    found: Floats = np.asarray(table[column].to_numpy(), dtype=np.float64)
    return found


def _of(values: pl.DataFrame, names: list[str]) -> Floats:
    """Return values by country, 0 for who has none."""
    held = dict(values.select(values.columns[0], "value").iter_rows())
    return np.array([held.get(name) or 0.0 for name in names])


def _open(by_country: pl.DataFrame, direction: str, names: list[str]) -> Floats:
    """Count citations of each country's families without a country at the other end."""
    rows = by_country.filter(pl.col("direction") == direction)
    return _of(rows.select("country", value=pl.col("citations") - pl.col("located")), names)


def _without_owner(study: Study, technology: str, span: Span) -> float:
    """Count links to families of the technology that have no country."""
    lost = gathered(~study.shares.located, study.pairs.cited)
    return float((study.links_mask(technology, span, scope="closed") & lost).sum())
