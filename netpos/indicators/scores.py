r"""Scores across technologies: where the focal country stands strong, and where weak.

Each indicator is turned so that higher is better, then put on one scale over the technologies of
the run. Scores depend on which technologies those are: never compare them across runs with other
lists.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from netpos.errors import TableError
from netpos.graph.kernels import Floats, divide, significant
from netpos.tables import require, rounded

#: Indicators that are scored. Of the balances only the headline one; no distance to the core, which
#: is never compared across technologies; shares in the place of ranks.
SCORED = (
    "balance_ratio",
    "family_share",
    "received_share",
    "similarity",
    "source_effective",
    "value_share",
    "complexity",
)


def min_max(values: Floats) -> Floats:
    r"""Place between the smallest and the largest, :math:`(x - \min) / (\max - \min)`.

    .5 where all values are equal; NaN stays and does not enter; NaN with fewer than two values.

    Examples
    --------
    >>> min_max(np.array([-0.014, 0.002, 0.030, 0.010])).round(4).tolist()
    [0.0, 0.3636, 1.0, 0.5455]
    """
    x = significant(values)
    known = np.isfinite(x)
    if known.sum() < 2:
        return np.full(x.shape, np.nan)
    low, high = x[known].min(), x[known].max()
    if low == high:
        return np.where(known, 0.5, np.nan)
    return divide(x - low, high - low)


def z_scores(values: Floats) -> Floats:
    r"""Compute the distance from the mean in standard deviations of the values themselves (ddof 0).

    0 where all values are equal; NaN stays and does not enter; NaN with fewer than two values.

    Examples
    --------
    >>> z_scores(np.array([-0.014, 0.002, 0.030, 0.010])).round(4).tolist()
    [-1.3255, -0.3156, 1.4517, 0.1894]
    """
    x = significant(values)
    known = np.isfinite(x)
    if known.sum() < 2:
        return np.full(x.shape, np.nan)
    if x[known].min() == x[known].max():
        return np.where(known, 0.0, np.nan)
    return divide(x - x[known].mean(), x[known].std())


def scores(
    table: pl.DataFrame, columns: Sequence[str] = SCORED, *, union: str = "all"
) -> pl.DataFrame:
    r"""Score the focal country's indicators across technologies.

    Parameters
    ----------
    table
        One row per technology, of one period: ``technology`` and any of ``columns``; the union of
        all technologies is left out.
    columns
        Indicators. ``similarity`` :math:`S` is turned into :math:`(3 - S)/2`, so that higher =
        more alike; in all others higher is better as it is.
    union
        Name of the union.

    Returns
    -------
    ``technology, indicator, value, turned, min_max, z, flat``, technologies in the order of the
    table, then by indicator: the value, the value turned, its place between the smallest (0) and
    the largest (1), its z score (ddof 0); ``flat`` Boolean: all values are equal, so that the
    scores are .5 and 0. Scores are null with fewer than two technologies that have a value.

    Raises
    ------
    TableError
        A technology comes twice, or none of the columns is there.

    References
    ----------
    Method notes (`netpos.docs_path`).

    Examples
    --------
    >>> table = pl.DataFrame({"technology": ["ai", "quantum", "all"],
    ...     "similarity": [1.0, 2.0, 1.5]})
    >>> scores(table).select("technology", "turned", "min_max", "z").rows()
    [('ai', 1.0, 1.0, 1.0), ('quantum', 0.5, 0.0, -1.0)]
    """
    require(table, {"technology": pl.String}, name="technologies")
    kept = table.filter(pl.col("technology") != union)
    if kept["technology"].is_duplicated().any():
        raise TableError("table 'technologies' has a technology twice; give one period")
    there = sorted(c for c in columns if c in table.columns)
    if not there:
        raise TableError(f"table 'technologies' has none of the columns {', '.join(columns)}")
    parts = []
    for column in there:
        value = kept[column].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        turned = (3 - value) / 2 if column == "similarity" else value
        known = significant(turned[np.isfinite(turned)])
        parts.append(
            pl.DataFrame(
                {
                    "technology": kept["technology"],
                    "indicator": pl.Series([column] * kept.height, dtype=pl.String),
                    "value": value,
                    "turned": turned,
                    "min_max": min_max(turned),
                    "z": z_scores(turned),
                    "flat": pl.Series(
                        [known.size > 1 and bool(known.min() == known.max())] * kept.height,
                        dtype=pl.Boolean,
                    ),
                }
            ).with_row_index("at")
        )
    return rounded(pl.concat(parts).sort("at", "indicator").drop("at"))
