"""Which technologies a country is specialised in: RCA, its symmetric form, presence.

All functions take one row per (country, technology) and give the same rows back with a column more.
The names of the columns are keyword arguments, so that the same functions serve trade
(``product="product", value="value"``), regions or organisations.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.errors import TableError
from netpos.tables import require

#: RCA within this relative distance of 1 is taken as 1, so that sums of thirds cannot miss a tie.
TIE = 1e-12

Array = NDArray[np.float64]


class Grid(NamedTuple):
    """A table of cells as a matrix: names in code-point order, and where each row of it went."""

    countries: list[str]
    products: list[str]
    values: Array  # absent cells and nulls are 0
    row: NDArray[np.int64]  # per row of the table
    column: NDArray[np.int64]


def grid(cells: pl.DataFrame, country: str, product: str, value: str, *, name: str) -> Grid:
    """Spread a table with one row per (country, product) into a matrix.

    Parameters
    ----------
    cells
        ``country`` and ``product`` String, ``value`` numeric or Boolean; null counts as 0 here.
    country, product, value
        Names of the columns.
    name
        How an error calls the table.

    Returns
    -------
    Grid

    Raises
    ------
    TableError
        A column is missing or of another type; a name is null; a pair occurs twice; a value is
        negative, NaN or infinite.

    Examples
    --------
    >>> cells = pl.DataFrame({"country": ["NL", "DE"], "product": ["b", "a"], "value": [2.0, 3.0]})
    >>> grid(cells, "country", "product", "value", name="cells").values.tolist()
    [[3.0, 0.0], [0.0, 2.0]]
    """
    require(cells, {country: pl.String(), product: pl.String()}, name=name)
    values = _numbers(cells, [country, product], value, name=name)
    for column in (country, product):
        if cells[column].null_count():
            position = int(cells[column].is_null().arg_true()[0])
            raise TableError(f"table '{name}': column '{column}' is null in row {position}")
    twice = cells.select(country, product).is_duplicated()
    if twice.any():
        a, b = cells.select(country, product).row(int(twice.arg_true()[0]))
        raise TableError(f"table '{name}': {a}, {b} occurs more than once; add its values up first")
    countries, products = (cells[c].unique().sort() for c in (country, product))
    row, column_ = (
        cells[c].cast(pl.Enum(names)).to_physical().to_numpy().astype(np.int64)
        for c, names in ((country, countries), (product, products))
    )
    out = np.zeros((countries.len(), products.len()))
    out[row, column_] = values.fill_null(0.0).to_numpy()
    return Grid(countries.to_list(), products.to_list(), out, row, column_)


def rca(
    counts: pl.DataFrame,
    *,
    totals: pl.DataFrame | None = None,
    country: str = "country",
    product: str = "technology",
    value: str = "families",
) -> pl.DataFrame:
    r"""Compute revealed comparative advantage (Balassa index) of each country in each technology.

    .. math:: RCA_{ct} = \frac{X_{ct} / X_{c\cdot}}{X_{\cdot t} / X_{\cdot\cdot}}

    where :math:`X_{ct}` is the number of simple families of country c in technology t, and a dot
    sums over that index. RCA > 1: c holds more of t than its size predicts. Unbounded above and
    unstable for small counts: always report ``families`` beside it.

    Without ``totals`` the sums run over the technologies of the table (``rca_within``). With it,
    :math:`X_{c\cdot}` and :math:`X_{\cdot\cdot}` are taken from all patenting instead, and a
    family may count in several technologies.

    Parameters
    ----------
    counts
        One row per (country, technology): ``country`` String, ``technology`` String, ``families``
        >= 0 [fractional simple families]. Absent pairs count as zero and stay absent; null is not
        known and is left out of the sums.
    totals
        ``country`` String, ``families`` >= 0: all patenting of each country, also of countries
        that are not in ``counts``. A country without a total is left out of
        :math:`X_{\cdot t}` and its own values are null.
    country, product, value
        Names of the columns, where they differ.

    Returns
    -------
    pl.DataFrame
        ``counts`` plus ``rca`` Float64 [dimensionless, >= 0], rows in the input's order. Null
        where undefined: the value is null; the country, or the technology, holds no family at
        all; the total of the country is not known or smaller than its families in the technology.

    Raises
    ------
    TableError
        A column is missing or of another type, a value is negative, NaN or infinite, a pair occurs
        twice.

    References
    ----------
    Balassa (1965), The Manchester School 33(2): 99-123, doi:10.1111/j.1467-9957.1965.tb00050.x

    Examples
    --------
    NL holds 3 of the 4 photonics families, and 4 of all 8: (3/4) / (4/8) = 1.5.

    >>> counts = pl.DataFrame({"country": ["NL", "NL", "DE", "DE"],
    ...                        "technology": ["photonics", "quantum", "photonics", "quantum"],
    ...                        "families": [3.0, 1.0, 1.0, 3.0]})
    >>> rca(counts)["rca"].to_list()
    [1.5, 0.5, 0.5, 1.5]
    """
    cells, x, of_country, of_product, total = _parts(counts, totals, country, product, value)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = (x / of_country) / (of_product / total)
    return _add(counts, "rca", ratio, cells, value)


def symmetric_rca(
    counts: pl.DataFrame,
    *,
    totals: pl.DataFrame | None = None,
    country: str = "country",
    product: str = "technology",
    value: str = "families",
) -> pl.DataFrame:
    r"""Compute RCA brought to [-1, 1): 0 where a technology has the weight that size predicts.

    .. math:: SRCA_{ct} = \frac{RCA_{ct} - 1}{RCA_{ct} + 1}

    Parameters
    ----------
    counts, totals, country, product, value
        As for `rca`.

    Returns
    -------
    pl.DataFrame
        ``counts`` plus ``symmetric_rca`` Float64 [dimensionless]; null where `rca` is.

    Raises
    ------
    TableError
        As for `rca`.

    References
    ----------
    Laursen (2015), Eurasian Business Review 5: 99-115, doi:10.1007/s40821-015-0017-1

    Examples
    --------
    RCA is 1.5 and .5: .5/2.5 = .2 and -.5/1.5.

    >>> counts = pl.DataFrame({"country": ["NL", "NL", "DE", "DE"], "technology": list("pqpq"),
    ...                        "families": [3.0, 1.0, 1.0, 3.0]})
    >>> symmetric_rca(counts)["symmetric_rca"].round(4).to_list()
    [0.2, -0.3333, -0.3333, 0.2]
    """
    table = rca(counts, totals=totals, country=country, product=product, value=value)
    index = pl.col("rca")
    symmetric = ((index - 1) / (index + 1)).alias("symmetric_rca")
    return counts.with_columns(table.select(symmetric).to_series())


def presence(
    counts: pl.DataFrame,
    *,
    totals: pl.DataFrame | None = None,
    country: str = "country",
    product: str = "technology",
    value: str = "families",
) -> pl.DataFrame:
    r"""Tell whether a country is specialised in a technology: RCA >= 1.

    .. math:: M_{ct} = [X_{ct} X_{\cdot\cdot} \ge X_{c\cdot} X_{\cdot t} (1 - 10^{-12})]

    The comparison is made on the products, without a division. The small factor makes a tie a
    tie when sums of fractions (thirds, tenths) are off in the last digit; with whole counts it
    changes nothing as long as :math:`X_{c\cdot} X_{\cdot t} < 10^{12}`.

    Parameters
    ----------
    counts, totals, country, product, value
        As for `rca`.

    Returns
    -------
    pl.DataFrame
        ``counts`` plus ``presence`` Boolean, null where `rca` is.

    Raises
    ------
    TableError
        As for `rca`.

    References
    ----------
    Hidalgo and Hausmann (2009), PNAS 106(26): 10570-10575, doi:10.1073/pnas.0900943106

    Examples
    --------
    All shares are equal, so each RCA is exactly 1 and each country is present everywhere, although
    .1 + .1 + .1 is more than .3 in binary.

    >>> counts = pl.DataFrame({"country": list("AABBCC"), "technology": list("ststst"),
    ...                        "families": [0.1] * 6})
    >>> presence(counts)["presence"].all()
    True
    """
    cells, x, of_country, of_product, total = _parts(counts, totals, country, product, value)
    with np.errstate(invalid="ignore"):
        # a power of two, which changes no digit, keeps the products of large values finite
        scale = -int(np.frexp(total)[1])
        x, of_country, of_product = (np.ldexp(v, scale) for v in (x, of_country, of_product))
        present = x * np.ldexp(total, scale) >= of_country * of_product * (1 - TIE)
        known = (of_country > 0) & (of_product > 0) & np.isfinite(total)
    numbers = np.where(known, (present & (x > 0)).astype(float), np.nan)
    table = _add(counts, "presence", numbers, cells, value)
    return table.with_columns(pl.col("presence").cast(pl.Boolean))


def _numbers(table: pl.DataFrame, keys: list[str], value: str, *, name: str) -> pl.Series:
    """Return the column of values as Float64, nulls kept, after checking that each is a count."""
    if value not in table.columns:
        require(table, {value: pl.Float64()}, name=name)
    dtype = table.schema[value]
    if not (dtype.is_numeric() or dtype == pl.Boolean):
        raise TableError(f"table '{name}': column '{value}' is {dtype}, expected numbers")
    values = table[value].cast(pl.Float64)
    bad = (~values.is_finite() | (values < 0)).fill_null(False)
    if bad.any():
        position = int(bad.arg_true()[0])
        where = ", ".join(str(k) for k in table.select(keys).row(position))
        message = f"table '{name}': {value} of {where} is {values[position]}"
        raise TableError(f"{message}, expected a number >= 0")
    return values


def _parts(
    counts: pl.DataFrame, totals: pl.DataFrame | None, country: str, product: str, value: str
) -> tuple[Grid, Array, Array, Array, float]:
    """Return the cells, X_ct, X_c., X_.t and X_..; X_c. is NaN where its total cannot be right."""
    cells = grid(counts, country, product, value, name="counts")
    x = cells.values
    if totals is None:
        return cells, x, x.sum(1, keepdims=True), x.sum(0, keepdims=True), float(x.sum())
    require(totals, {country: pl.String()}, name="totals")
    if totals[country].is_duplicated().any() or totals[country].null_count():
        name = totals.filter(pl.col(country).is_duplicated() | pl.col(country).is_null())[country][
            0
        ]
        raise TableError(f"table 'totals': {name} occurs more than once; give one row per country")
    sizes = totals.select(country, _numbers(totals, [country], value, name="totals")).sort(country)
    known = pl.DataFrame({country: cells.countries}).join(
        sizes, on=country, how="left", maintain_order="left"
    )
    size = known[value].fill_null(float("nan")).to_numpy()[:, None]
    of_product = np.where(np.isnan(size), 0.0, x).sum(0, keepdims=True)
    fits = x <= size * (1 + TIE)
    return cells, x, np.where(fits, size, np.nan), of_product, float(sizes[value].sum())


def _add(counts: pl.DataFrame, name: str, values: Array, cells: Grid, value: str) -> pl.DataFrame:
    """Return the table with the cell values as a column: null for NaN, infinity and unknown
    counts.
    """
    found = values[cells.row, cells.column]
    column = pl.Series(name, np.where(np.isfinite(found), found, np.nan)).fill_nan(None)
    missing = counts[value].is_null()
    return counts.with_columns(
        pl.select(pl.when(missing).then(None).otherwise(column).alias(name)).to_series()
    )
