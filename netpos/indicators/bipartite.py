"""Who is specialised in what, as a matrix: M, its margins, and results per side of it.

Everything starts from a table of cells with a Boolean column ``presence`` (see
`netpos.indicators.specialisation.presence`): one row per (country, technology), absent pairs and
nulls count as not present. M is that table as a matrix of 0 and 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.errors import TableError
from netpos.indicators.specialisation import Array, grid
from netpos.tables import require

Kept = NDArray[np.bool_]


@dataclass(frozen=True)
class Complexity:
    """One value per country, one per technology, and what to know about them.

    Parameters
    ----------
    countries, products
        One row per country or technology of the input, in code-point order.
    notes
        Sentences that belong beside the numbers (what was left out, and why).
    with_diversity
        Pearson correlation of ECI with diversity, None where undefined. Known also where ECI is
        withheld because its sign is open (then for the sign that makes it positive).
    with_ubiquity
        Spearman correlation of PCI with ubiquity, for the same sign; None where undefined.
    """

    countries: pl.DataFrame
    products: pl.DataFrame
    notes: tuple[str, ...] = ()
    with_diversity: float | None = None
    with_ubiquity: float | None = None

    @property
    def rules_agree(self) -> bool:
        """Whether the two rules that give the eigenvector its sign say the same.

        One says that ECI rises with diversity, the other that PCI falls with ubiquity. A rule
        without a correlation says nothing.
        """
        return not (
            self.with_diversity
            and self.with_ubiquity
            and (self.with_diversity > 0) == (self.with_ubiquity > 0)
        )


class Bipartite(NamedTuple):
    """The matrix M with its margins; null and absent cells are 0."""

    countries: list[str]
    products: list[str]
    matrix: Array
    diversity: Array
    ubiquity: Array


def bipartite(cells: pl.DataFrame, country: str = "country", product: str = "product") -> Bipartite:
    """Read the presence matrix off a table of cells.

    Parameters
    ----------
    cells
        ``country``, ``product`` String, ``presence`` Boolean.
    country, product
        Names of the columns.

    Returns
    -------
    Bipartite

    Raises
    ------
    TableError
        A column is missing or of another type, a pair occurs twice, or there are fewer than two
        countries or two technologies, so that nothing can be compared.

    Examples
    --------
    >>> cells = pl.DataFrame({"country": ["NL", "NL", "DE"], "product": ["a", "b", "b"],
    ...                       "presence": [True, True, True]})
    >>> bipartite(cells).matrix.tolist()
    [[0.0, 1.0], [1.0, 1.0]]
    """
    require(cells, {"presence": pl.Boolean()}, name="cells")
    g = grid(cells, country, product, "presence", name="cells")
    for names, column in ((g.countries, country), (g.products, product)):
        if len(names) < 2:
            found = f"only '{names[0]}'" if names else "nothing"
            raise TableError(f"table 'cells': column '{column}' holds {found}, at least 2 needed")
    return Bipartite(g.countries, g.products, g.values, g.values.sum(1), g.values.sum(0))


def diversity(
    cells: pl.DataFrame, *, country: str = "country", product: str = "technology"
) -> pl.DataFrame:
    r"""Return in how many technologies each country is specialised.

    .. math:: k_{c,0} = \sum_t M_{ct}

    Parameters
    ----------
    cells
        ``country``, ``technology`` String, ``presence`` Boolean; absent pairs are not present.
    country, product
        Names of the columns, where they differ.

    Returns
    -------
    pl.DataFrame
        ``country``, ``diversity`` Int64 [technologies], sorted. 0 where no cell is present; null
        where each cell of the country is null.

    Raises
    ------
    TableError
        A column is missing or of another type, a pair occurs twice, or one country or technology
        stands alone.

    References
    ----------
    Hidalgo and Hausmann (2009), PNAS 106(26): 10570-10575, doi:10.1073/pnas.0900943106

    Examples
    --------
    >>> cells = pl.DataFrame({"country": ["NL", "NL", "DE"], "technology": ["a", "b", "b"],
    ...                       "presence": [True, True, True]})
    >>> diversity(cells).rows()
    [('DE', 1), ('NL', 2)]
    """
    bipartite(cells, country, product)
    return count(cells, country, "diversity")


def ubiquity(
    cells: pl.DataFrame, *, country: str = "country", product: str = "technology"
) -> pl.DataFrame:
    r"""Tell how many countries are specialised in each technology.

    .. math:: k_{t,0} = \sum_c M_{ct}

    Parameters
    ----------
    cells, country, product
        As for `diversity`.

    Returns
    -------
    pl.DataFrame
        ``technology``, ``ubiquity`` Int64 [countries], sorted; 0 and null as in `diversity`.

    Raises
    ------
    TableError
        As for `diversity`.

    References
    ----------
    Hidalgo and Hausmann (2009), PNAS 106(26): 10570-10575, doi:10.1073/pnas.0900943106

    Examples
    --------
    >>> cells = pl.DataFrame({"country": ["NL", "NL", "DE"], "technology": ["a", "b", "b"],
    ...                       "presence": [True, True, True]})
    >>> ubiquity(cells).rows()
    [('a', 1), ('b', 2)]
    """
    bipartite(cells, country, product)
    return count(cells, product, "ubiquity")


def standardise(values: pl.Series, *, ddof: float = 1.0) -> pl.Series:
    r"""Subtract the mean and divide by the standard deviation.

    .. math:: z_i = \frac{x_i - \bar x}{\sqrt{\sum_j (x_j - \bar x)^2 / (n - ddof)}}

    Parameters
    ----------
    values
        Numbers; nulls stay null and do not enter mean and deviation.
    ddof
        1 for the sample's deviation, 0 for the population's.

    Returns
    -------
    pl.Series
        Float64 [standard deviations]; all null when the values do not differ.

    Raises
    ------
    TableError
        ``values`` are not numbers.

    Examples
    --------
    >>> standardise(pl.Series([1.0, None, 3.0]), ddof=0.0).to_list()
    [-1.0, None, 1.0]
    """
    if not values.dtype.is_numeric():
        raise TableError(f"column '{values.name}' is {values.dtype}, expected numbers")
    x = values.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    known = np.isfinite(x)
    return series(values.name, spread(z_scores(x[known], ddof), known))


def count(cells: pl.DataFrame, key: str, name: str) -> pl.DataFrame:
    """Present cells per name: 0 where none is present, null where none is known."""
    present = pl.col("presence")
    known = pl.when(present.count() > 0).then(present.sum().cast(pl.Int64)).alias(name)
    return cells.group_by(key).agg(known).sort(key)


def series(name: str, values: Array) -> pl.Series:
    """Return numbers as a column, NaN and infinity as null, -0 as 0."""
    return pl.Series(name, np.where(np.isfinite(values), values + 0.0, np.nan)).fill_nan(None)


def named(key: str, names: list[str], **columns: Array) -> pl.DataFrame:
    """Return a table with one row per name."""
    keys = pl.Series(key, names, dtype=pl.String)
    return pl.DataFrame([keys, *(series(name, v) for name, v in columns.items())])


def spread(values: Array, kept: Kept) -> Array:
    """Return values of the kept places on all places, NaN elsewhere."""
    out = np.full(len(kept), np.nan)
    out[kept] = values
    return out


def deviation(x: Array, ddof: float) -> float:
    """Return the standard deviation; NaN where x does not differ by more than rounding."""
    if len(x) <= max(ddof, 1):
        return float("nan")
    found = float(np.sqrt(((x - x.mean()) ** 2).sum() / (len(x) - ddof)))
    return found if found > 8 * np.finfo(float).eps * np.abs(x).max() else float("nan")


def z_scores(x: Array, ddof: float) -> Array:
    """Return the distance to the mean in standard deviations; NaN where x does not differ."""
    return (x - x.mean()) / deviation(x, ddof) if len(x) else x
